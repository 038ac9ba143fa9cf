package api

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/takodeploy/tako/internal/access"
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/step"
	"github.com/takodeploy/tako/internal/store"
)

var _ = area(func(a *API) []Route {
	info := catalog.ActionTemplates.Info()
	return []Route{
		{Method: "GET", Pattern: "S/actiontemplates/categories", Handle: a.stepCategories, Summary: "The categories of steps"},
		{Method: "GET", Pattern: "S/actiontemplates/search", Handle: a.searchSteps, Query: []string{"type"}, Summary: "The steps that a process can have", Answer: []stepChoice{}},
		{Method: "GET", Pattern: "S/actiontemplates/{id}/versions/{version}", Handle: a.templateVersion, Summary: "A step template as it was", Answer: info},
		{Method: "GET", Pattern: "S/actiontemplates/{id}/usage", Handle: a.templateUsage, Summary: "The actions that are made from a step template", Answer: []templateUse{}},
	}
})

// stepKind says of a built-in type of action what people choose it by.
type stepKind struct {
	name, description, category, keywords string
	features                              []string
}

// The categories, in the order in which they are shown.
var stepCategories = [][2]string{
	{"Script", "Script"}, {"Package", "Package"}, {"Manual", "Manual intervention and notification"}, {"Kubernetes", "Kubernetes"},
	{"Terraform", "Terraform"}, {"Aws", "AWS"}, {"Azure", "Azure"}, {"Google", "Google Cloud"}, {"Other", "Other"}, {"StepTemplate", "Step templates"},
}

// stepKinds describes the types of action that the public clients know. Those
// that this server has no executor for are not offered.
var stepKinds = map[string]stepKind{
	"Octopus.Script":                            {"Run a Script", "Runs a script on deployment targets or on a worker.", "Script", "bash powershell python", nil},
	"Octopus.TentaclePackage":                   {"Deploy a Package", "Unpacks a package on deployment targets, with scripts, configuration and variables.", "Package", "zip nupkg tar", []string{"Octopus.Features.CustomDirectory", "Octopus.Features.CustomScripts", "Octopus.Features.ConfigurationVariables", "Octopus.Features.ConfigurationTransforms", "Octopus.Features.JsonConfigurationVariables", "Octopus.Features.SubstituteInFiles"}},
	"Octopus.TransferPackage":                   {"Transfer a Package", "Puts a package into a folder of deployment targets, as it is.", "Package", "copy file", nil},
	"Octopus.Manual":                            {"Manual Intervention Required", "Waits until a person says whether to go on.", "Manual", "approval sign-off", nil},
	"Octopus.Email":                             {"Send an Email", "Sends a message to people and teams.", "Manual", "mail smtp notify", nil},
	"Octopus.HealthCheck":                       {"Health Check", "Checks the deployment targets in the middle of a deployment, and leaves out those that are not well.", "Other", "machine target", nil},
	"Octopus.DeployRelease":                     {"Deploy a Release", "Deploys a release of another project.", "Other", "project child", nil},
	"Octopus.KubernetesDeployRawYaml":           {"Deploy Kubernetes YAML", "Applies resources to a cluster.", "Kubernetes", "k8s manifest", nil},
	"Octopus.Kubernetes.Kustomize":              {"Deploy with Kustomize", "Applies a kustomization to a cluster.", "Kubernetes", "k8s", nil},
	"Octopus.HelmChartUpgrade":                  {"Deploy a Helm Chart", "Installs or upgrades a release of a chart.", "Kubernetes", "k8s helm", nil},
	"Octopus.KubernetesRunScript":               {"Run a kubectl Script", "Runs a script that can reach a cluster.", "Kubernetes", "k8s kubectl", nil},
	"Octopus.TerraformApply":                    {"Apply a Terraform Template", "Creates and changes resources.", "Terraform", "opentofu", nil},
	"Octopus.TerraformDestroy":                  {"Destroy Terraform Resources", "Destroys resources.", "Terraform", "opentofu", nil},
	"Octopus.TerraformPlan":                     {"Plan to Apply a Terraform Template", "Says what applying would change.", "Terraform", "opentofu", nil},
	"Octopus.TerraformPlanDestroy":              {"Plan a Terraform Destroy", "Says what destroying would change.", "Terraform", "opentofu", nil},
	"Octopus.AwsRunScript":                      {"Run an AWS CLI Script", "Runs a script that is signed in to AWS.", "Aws", "amazon", nil},
	"Octopus.AwsRunCloudFormation":              {"Deploy an AWS CloudFormation Template", "Creates or changes a stack.", "Aws", "amazon", nil},
	"Octopus.AwsUploadS3":                       {"Upload to S3", "Puts a package or its files into a bucket.", "Aws", "amazon bucket", nil},
	"Octopus.AzurePowerShell":                   {"Run an Azure Script", "Runs a script that is signed in to Azure.", "Azure", "microsoft", nil},
	"Octopus.AzureWebApp":                       {"Deploy an Azure Web App", "Deploys a package to a web app.", "Azure", "microsoft", nil},
	"Octopus.AzureAppService":                   {"Deploy an Azure App Service", "Deploys a package or an image to an app service.", "Azure", "microsoft", nil},
	"Octopus.AzureResourceGroup":                {"Deploy an Azure Resource Manager Template", "Creates or changes resources.", "Azure", "microsoft arm bicep", nil},
	"Octopus.GoogleCloudScripting":              {"Run gcloud in a Script", "Runs a script that is signed in to Google Cloud.", "Google", "gcp", nil},
	"Octopus.IIS":                               {"Deploy to IIS", "Deploys a web site or application to IIS.", "Other", "windows web", nil},
	"Octopus.WindowsService":                    {"Deploy a Windows Service", "Deploys a package as a service of Windows.", "Other", "windows", nil},
	"Octopus.Nginx":                             {"Deploy to NGINX", "Deploys a package and configures NGINX.", "Other", "web", nil},
	"Octopus.DockerRun":                         {"Run a Docker Container", "Starts a container.", "Other", "container", nil},
	"Octopus.DockerNetwork":                     {"Create a Docker Network", "Creates a network for containers.", "Other", "container", nil},
	"Octopus.DockerStop":                        {"Stop a Docker Resource", "Stops containers and networks.", "Other", "container", nil},
	"Octopus.JavaArchive":                       {"Deploy a Java Archive", "Deploys a jar, war, ear or rar file.", "Other", "java", nil},
	"Octopus.TomcatDeploy":                      {"Deploy to Tomcat via Manager", "Deploys an application to Tomcat.", "Other", "java", nil},
	"Octopus.Certificate.Import":                {"Import a Certificate", "Puts a certificate into a store.", "Other", "tls", nil},
	"Octopus.JiraIntegration.ServiceDeskAction": {"Jira Service Desk Change Request", "Opens a change request.", "Other", "jira", nil},
}

type stepCategory struct {
	ID           string `json:"Id"`
	Name         string
	DisplayOrder int
	Links        map[string]string
}

func (a *API) stepCategories(*Request) (any, error) {
	all := make([]stepCategory, len(stepCategories))
	for i, c := range stepCategories {
		all[i] = stepCategory{c[0], c[1], (i + 1) * 10, map[string]string{}}
	}
	return all, nil
}

// stepChoice is one step that can be put into a process.
type stepChoice struct {
	ID                        string `json:"Id"`
	Type                      string
	Name                      string
	Description               string
	Keywords                  string
	Author                    string
	Website                   string
	IsInstalled               bool
	IsBuiltIn                 bool
	SpaceID                   string `json:"SpaceId,omitempty"`
	Category                  string
	Categories                []string
	Features                  []string
	CommunityActionTemplateID string `json:"CommunityActionTemplateId,omitempty"`
	HasUpdate                 bool
	Links                     map[string]string
}

func (a *API) searchSteps(r *Request) (any, error) {
	wanted := r.Q("type")
	all := []stepChoice{}
	for _, t := range step.Types() {
		if strings.HasPrefix(t, "Octopus.") && (wanted == "" || strings.EqualFold(t, wanted)) {
			all = append(all, builtInStep(t))
		}
	}
	if r.Rights.Anywhere(access.ActionTemplateView, r.Space) {
		err := r.View(func(tx *store.Tx) error {
			templates, _, err := catalog.ActionTemplates.List(tx, kind.Query{Space: r.Space})
			for _, t := range templates {
				if wanted == "" || strings.EqualFold(t.ActionType, wanted) {
					all = append(all, stepChoice{ID: t.ID, Type: t.ActionType, Name: t.Name, Description: t.Description, IsInstalled: true, SpaceID: t.SpaceID,
						Category: "StepTemplate", Categories: []string{"StepTemplate"}, Features: []string{}, CommunityActionTemplateID: t.CommunityActionTemplateID, HasUpdate: hasUpdate(t), Links: t.Links})
				}
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(all, func(x, y stepChoice) int {
		return cmp.Compare(strings.ToLower(x.Name), strings.ToLower(y.Name))
	})
	return all, nil
}

func builtInStep(actionType string) stepChoice {
	k, ok := stepKinds[actionType]
	if !ok {
		k = stepKind{name: strings.TrimPrefix(actionType, "Octopus."), category: "Other"}
	}
	return stepChoice{ID: actionType, Type: actionType, Name: k.name, Description: k.description, Keywords: k.keywords, Author: "Tako", IsInstalled: true, IsBuiltIn: true,
		Category: k.category, Categories: []string{k.category}, Features: append([]string{}, k.features...), Links: map[string]string{}}
}

func (a *API) templateVersion(r *Request) (any, error) {
	n, err := strconv.Atoi(r.Param("version"))
	if err != nil {
		return nil, fault.New(fault.NotFound, "'%s' is not the number of a version.", r.Param("version"))
	}
	live, err := findFor(r, catalog.ActionTemplates)
	if err != nil {
		return nil, err
	}
	var raw []byte
	err = r.View(func(tx *store.Tx) error {
		was, err := catalog.ActionTemplateAt(tx, live.ID, n)
		if err != nil {
			return err
		}
		raw, err = catalog.ActionTemplates.Wire(tx, was)
		return err
	})
	return Raw(raw), err
}

// The properties in which an action says which step template it is made from.
const (
	templateID      = "Octopus.Action.Template.Id"
	templateVersion = "Octopus.Action.Template.Version"
)

// templateUse is one action that is made from a step template.
type templateUse struct {
	ActionTemplateID string `json:"ActionTemplateId"`
	ProcessType      string
	ProcessID        string `json:"ProcessId"`
	ProjectID        string `json:"ProjectId"`
	ProjectName      string
	ProjectSlug      string
	RunbookID        string `json:"RunbookId,omitempty"`
	RunbookName      string `json:"RunbookName,omitempty"`
	StepID           string `json:"StepId"`
	StepName         string
	ActionID         string `json:"ActionId"`
	ActionName       string
	Version          string
}

func (a *API) templateUsage(r *Request) (any, error) {
	t, err := findFor(r, catalog.ActionTemplates)
	if err != nil {
		return nil, err
	}
	all := []templateUse{}
	err = r.View(func(tx *store.Tx) error {
		processes, _, err := catalog.DeploymentProcesses.List(tx, live(r))
		if err != nil {
			return err
		}
		for _, p := range processes {
			use := templateUse{ActionTemplateID: t.ID, ProcessType: "Deployment", ProcessID: p.ID, ProjectID: p.ProjectID}
			if all, err = usesOf(r, tx, all, use, p.Steps, "ProcessView"); err != nil {
				return err
			}
		}
		runbooks, _, err := catalog.RunbookProcesses.List(tx, live(r))
		if err != nil {
			return err
		}
		for _, p := range runbooks {
			use := templateUse{ActionTemplateID: t.ID, ProcessType: "Runbook", ProcessID: p.ID, ProjectID: p.ProjectID, RunbookID: p.RunbookID}
			if all, err = usesOf(r, tx, all, use, p.Steps, "RunbookView"); err != nil {
				return err
			}
		}
		return nil
	})
	return all, err
}

// usesOf adds the actions of one process that are made from a step template.
func usesOf(r *Request, tx *store.Tx, all []templateUse, use templateUse, steps []catalog.Step, permission string) ([]templateUse, error) {
	for i := range steps {
		for j := range steps[i].Actions {
			action := &steps[i].Actions[j]
			if action.Properties[templateID].Text != use.ActionTemplateID {
				continue
			}
			project, err := catalog.Projects.Get(tx, use.ProjectID)
			if err != nil {
				return nil, err
			}
			if ok, err := r.May(permission, At{Project: project.ID, Group: project.ProjectGroupID}); err != nil || !ok {
				return all, err
			}
			if use.RunbookID != "" {
				runbook, err := catalog.Runbooks.Get(tx, use.RunbookID)
				if err != nil {
					return nil, err
				}
				use.RunbookName = runbook.Name
			}
			use.ProjectName, use.ProjectSlug = project.Name, project.Slug
			use.StepID, use.StepName, use.ActionID, use.ActionName = steps[i].ID, steps[i].Name, action.ID, action.Name
			use.Version = action.Properties[templateVersion].Text
			all = append(all, use)
		}
	}
	return all, nil
}

// hasUpdate says that a step template was made of one that comes with the server
// and is no longer like it.
func hasUpdate(t *catalog.ActionTemplate) bool {
	if t.CommunityActionTemplateID == "" {
		return false
	}
	from, err := catalog.FindCommunityTemplate(t.CommunityActionTemplateID)
	return err == nil && from.Newer(t)
}
