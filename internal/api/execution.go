package api

import (
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/deploy"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

var _ = area(func(a *API) []Route {
	return []Route{
		{Method: "POST", Pattern: "S/releases/create/v1", Handle: a.createReleaseCommand, Summary: "Create a release", Body: createRelease{}, Answer: createdRelease{}},
		{Method: "POST", Pattern: "S/deployments/create/untenanted/v1", Handle: a.deployUntenanted, Summary: "Deploy a release to environments", Body: deployUntenanted{}, Answer: createdDeployments{}},
		{Method: "POST", Pattern: "S/deployments/create/tenanted/v1", Handle: a.deployTenanted, Summary: "Deploy a release for tenants", Body: deployTenanted{}, Answer: createdDeployments{}},
	}
})

// The commands are sent by command lines and build servers, in camel case by
// some and in Pascal case by others; members match in any case.

// createRelease is the command that creates a release.
type createRelease struct {
	ProjectName           string
	PackageVersion        string
	GitCommit             string
	GitRef                string
	ReleaseVersion        string
	ChannelName           string
	Packages              []string
	GitResources          []string
	ReleaseNotes          string
	IgnoreIfAlreadyExists bool
	IgnoreChannelRules    bool
	PackagePrerelease     string
	CustomFields          map[string]string
}

// createdRelease answers it.
type createdRelease struct {
	ReleaseID                         string `json:"ReleaseId"`
	ReleaseVersion                    string
	AutomaticallyDeployedEnvironments []string
}

func (a *API) createReleaseCommand(r *Request) (any, error) {
	var c createRelease
	if err := r.Read(&c); err != nil {
		return nil, err
	}
	project, err := a.projectNamed(r, c.ProjectName, "ReleaseCreate")
	if err != nil {
		return nil, err
	}
	made, err := a.Deploy.CreateRelease(r.Context(), deploy.NewRelease{
		Space: r.Space, Project: project.ID, Channel: c.ChannelName, Version: c.ReleaseVersion, Packages: c.Packages, GitResources: c.GitResources,
		DefaultVersion: c.PackageVersion, Prerelease: c.PackagePrerelease, Notes: c.ReleaseNotes, GitRef: c.GitRef, GitCommit: c.GitCommit,
		CustomFields: c.CustomFields, IgnoreIfExists: c.IgnoreIfAlreadyExists, IgnoreRules: c.IgnoreChannelRules,
	})
	if err != nil {
		return nil, err
	}
	answer := createdRelease{made.Release.ID, made.Release.Version, []string{}}
	for _, d := range made.Automatic {
		answer.AutomaticallyDeployedEnvironments = append(answer.AutomaticallyDeployedEnvironments, d.Deployment.EnvironmentID)
	}
	if made.Existed {
		return answer, nil
	}
	return Created(answer), nil
}

// projectNamed finds a project by id, slug or name and asks for a permission
// on it.
func (a *API) projectNamed(r *Request, name, permission string) (p *catalog.Project, err error) {
	if strings.TrimSpace(name) == "" {
		return nil, fault.New(fault.Invalid, "ProjectName must not be empty.")
	}
	err = r.View(func(tx *store.Tx) error {
		p, err = catalog.Projects.Find(tx, r.Space, strings.TrimSpace(name))
		return err
	})
	if fault.Is(err, fault.NotFound) {
		return nil, fault.New(fault.NotFound, "There is no project '%s' in this space.", name)
	}
	if err != nil {
		return nil, err
	}
	return p, r.Need(permission, At{Project: p.ID, Group: p.ProjectGroupID})
}

// execution is what all commands that start something have in common.
type execution struct {
	ProjectName                    string
	ForcePackageDownload           *bool
	SpecificMachineNames           []string
	ExcludedMachineNames           []string
	SkipStepNames                  []string
	UseGuidedFailure               *bool
	Priority                       string
	RunAt                          *kind.Time
	NoRunAfter                     *kind.Time
	Variables                      map[string]string
	DeploymentFreezeNames          []string
	DeploymentFreezeOverrideReason string
}

func (e *execution) options() deploy.DeployOptions {
	o := deploy.DeployOptions{
		GuidedFailure: e.UseGuidedFailure, ForcePackageDownload: e.ForcePackageDownload, SkipSteps: e.SkipStepNames,
		SpecificMachines: e.SpecificMachineNames, ExcludedMachines: e.ExcludedMachineNames, Variables: e.Variables, Priority: e.Priority,
		QueueTime: momentOf(e.RunAt), Expiry: momentOf(e.NoRunAfter),
		Freezes: e.DeploymentFreezeNames, FreezeReason: e.DeploymentFreezeOverrideReason,
	}
	if e.ForcePackageDownload != nil && !*e.ForcePackageDownload {
		o.ForcePackageDownload = nil // clients send false for "not asked for"
	}
	return o
}

func momentOf(t *kind.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.Time
}

// deployUntenanted is the command that deploys a release to environments.
type deployUntenanted struct {
	execution
	ReleaseVersion           string
	EnvironmentNames         []string
	ForcePackageRedeployment bool
	UpdateVariableSnapshot   bool
}

// deployTenanted is the command that deploys a release for tenants.
type deployTenanted struct {
	execution
	ReleaseVersion           string
	EnvironmentName          string
	Tenants                  []string
	TenantTags               []string
	ForcePackageRedeployment bool
	UpdateVariableSnapshot   bool
}

// createdDeployments answers both.
type createdDeployments struct {
	DeploymentServerTasks []deploymentTask
}

type deploymentTask struct {
	DeploymentID string `json:"DeploymentId"`
	ServerTaskID string `json:"ServerTaskId"`
}

func (a *API) deployUntenanted(r *Request) (any, error) {
	var c deployUntenanted
	if err := r.Read(&c); err != nil {
		return nil, err
	}
	in := deploy.NewDeployments{Environments: c.EnvironmentNames, DeployOptions: c.options()}
	in.ForcePackageRedeployment, in.UpdateVariables = c.ForcePackageRedeployment, c.UpdateVariableSnapshot
	return a.deployCommand(r, c.ProjectName, c.ReleaseVersion, in)
}

func (a *API) deployTenanted(r *Request) (any, error) {
	var c deployTenanted
	if err := r.Read(&c); err != nil {
		return nil, err
	}
	if len(c.Tenants)+len(c.TenantTags) == 0 {
		return nil, fault.New(fault.Invalid, "Tenants or TenantTags must name at least one tenant.")
	}
	in := deploy.NewDeployments{Environments: []string{c.EnvironmentName}, Tenants: c.Tenants, TenantTags: c.TenantTags, DeployOptions: c.options()}
	in.ForcePackageRedeployment, in.UpdateVariables = c.ForcePackageRedeployment, c.UpdateVariableSnapshot
	return a.deployCommand(r, c.ProjectName, c.ReleaseVersion, in)
}

// deployCommand deploys the release of a version of a project.
func (a *API) deployCommand(r *Request, project, version string, in deploy.NewDeployments) (any, error) {
	p, err := a.projectNamed(r, project, "ProjectView")
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(version) == "" {
		return nil, fault.New(fault.Invalid, "ReleaseVersion must not be empty.")
	}
	err = r.View(func(tx *store.Tx) error {
		in.Release, err = releaseOf(tx, r.Space, p.ID, version)
		return err
	})
	if err != nil {
		return nil, err
	}
	made, err := a.deployNow(r, in)
	if err != nil {
		return nil, err
	}
	answer := createdDeployments{[]deploymentTask{}}
	for _, d := range made {
		answer.DeploymentServerTasks = append(answer.DeploymentServerTasks, deploymentTask{d.Deployment.ID, d.Task.ID})
	}
	return Created(answer), nil
}

// releaseOf finds a project's release by version, however it is spelt, or id.
func releaseOf(tx *store.Tx, space, project, version string) (*catalog.Release, error) {
	found, err := catalog.FindRelease(tx, space, project, strings.TrimSpace(version))
	if err != nil || found != nil {
		return found, err
	}
	byID, err := catalog.Releases.Get(tx, version)
	if err == nil && byID.ProjectID == project && byID.SpaceID == space {
		return byID, nil
	}
	if err != nil && !fault.Is(err, fault.NotFound) {
		return nil, err
	}
	return nil, fault.New(fault.NotFound, "The project has no release %s.", version)
}

// deployNow makes deployments after asking for the permission to each.
func (a *API) deployNow(r *Request, in deploy.NewDeployments) ([]deploy.MadeDeployment, error) {
	in.Space = r.Space
	in.Allow = func(_ *store.Tx, p *catalog.Project, environment, tenant string) error {
		at := At{Project: p.ID, Group: p.ProjectGroupID, Environments: []string{environment}}
		if tenant != "" {
			at.Tenants = []string{tenant}
		}
		return r.Need("DeploymentCreate", at)
	}
	if len(in.Freezes) > 0 {
		if err := r.Need("DeploymentFreezeAdminister", At{}); err != nil {
			return nil, err
		}
	}
	return a.Deploy.CreateDeployments(r.Context(), in)
}
