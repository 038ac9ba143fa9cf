package catalog

import (
	"strings"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// A Project is what gets deployed: a process, variables, channels, releases
// and runbooks under one name.
type Project struct {
	kind.Named
	Description                                     string                    `json:"Description" kind:"max=100000"`
	IsDisabled                                      bool                      `json:"IsDisabled"`
	ProjectGroupID                                  string                    `json:"ProjectGroupId" kind:"required,ref=ProjectGroups,filter,within=group"`
	LifecycleID                                     string                    `json:"LifecycleId" kind:"required,ref=Lifecycles,filter"`
	VariableSetID                                   string                    `json:"VariableSetId" kind:"readonly"`
	DeploymentProcessID                             string                    `json:"DeploymentProcessId" kind:"readonly"`
	ClonedFromProjectID                             string                    `json:"ClonedFromProjectId,omitempty" kind:"readonly,filter"`
	AutoCreateRelease                               bool                      `json:"AutoCreateRelease"`
	IsVersionControlled                             bool                      `json:"IsVersionControlled"`
	PersistenceSettings                             PersistenceSettings       `json:"PersistenceSettings"`
	DiscreteChannelRelease                          bool                      `json:"DiscreteChannelRelease"`
	IncludedLibraryVariableSetIDs                   []string                  `json:"IncludedLibraryVariableSetIds" kind:"ref=LibraryVariableSets"`
	DefaultToSkipIfAlreadyInstalled                 bool                      `json:"DefaultToSkipIfAlreadyInstalled"`
	TenantedDeploymentMode                          string                    `json:"TenantedDeploymentMode" kind:"enum=Untenanted|TenantedOrUntenanted|Tenanted"`
	DefaultGuidedFailureMode                        string                    `json:"DefaultGuidedFailureMode" kind:"enum=EnvironmentDefault|Off|On"`
	VersioningStrategy                              *VersioningStrategy       `json:"VersioningStrategy"`
	ReleaseCreationStrategy                         *ReleaseCreationStrategy  `json:"ReleaseCreationStrategy"`
	Templates                                       []Parameter               `json:"Templates"`
	ProjectConnectivityPolicy                       ConnectivityPolicy        `json:"ProjectConnectivityPolicy"`
	AutoDeployReleaseOverrides                      []AutoDeployOverride      `json:"AutoDeployReleaseOverrides"`
	ReleaseNotesTemplate                            string                    `json:"ReleaseNotesTemplate"`
	DeploymentChangesTemplate                       string                    `json:"DeploymentChangesTemplate"`
	ForcePackageDownload                            bool                      `json:"ForcePackageDownload"`
	AllowIgnoreChannelRules                         *bool                     `json:"AllowIgnoreChannelRules"`
	FailTargetDiscovery                             bool                      `json:"FailTargetDiscovery"`
	CancelQueuedTasks                               bool                      `json:"CancelQueuedTasks"`
	CancelRunningTasks                              bool                      `json:"CancelRunningTasks"`
	ExecuteDeploymentsOnEventBasedPipeline          *bool                     `json:"ExecuteDeploymentsOnEventBasedPipeline,omitempty"`
	CombineHealthAndSyncStatusInDashboardLiveStatus *bool                     `json:"CombineHealthAndSyncStatusInDashboardLiveStatus,omitempty"`
	DefaultPowerShellEdition                        string                    `json:"DefaultPowerShellEdition,omitempty"`
	IsBadgesEnabled                                 bool                      `json:"IsBadgesEnabled"`
	Icon                                            *Icon                     `json:"Icon,omitempty"`
	ProjectTags                                     []string                  `json:"ProjectTags"`
	ProvisioningRunbookID                           string                    `json:"ProvisioningRunbookId,omitempty"`
	DeprovisioningRunbookID                         string                    `json:"DeprovisioningRunbookId,omitempty"`
	ExtensionSettings                               []ProjectExtensionSetting `json:"ExtensionSettings"`

	converting bool // to version control, by the server
}

// VersioningStrategy says how the next release is numbered: by a template, or
// like a package that it contains.
type VersioningStrategy struct {
	Template           string         `json:"Template"`
	DonorPackage       *ActionPackage `json:"DonorPackage,omitempty"`
	DonorPackageStepID *string        `json:"DonorPackageStepId,omitempty"`
}

// ActionPackage names a package of a process: an action and its reference,
// which is empty for the action's own package.
type ActionPackage struct {
	DeploymentAction string `json:"DeploymentAction"`
	PackageReference string `json:"PackageReference"`
}

// ReleaseCreationStrategy says which pushed package makes a new release, and
// in which channel.
type ReleaseCreationStrategy struct {
	ReleaseCreationPackage       *ActionPackage `json:"ReleaseCreationPackage"`
	ChannelID                    string         `json:"ChannelId,omitempty" kind:"ref=Channels"`
	ReleaseCreationPackageStepID string         `json:"ReleaseCreationPackageStepId,omitempty"`
}

// ConnectivityPolicy says what happens when targets are away.
type ConnectivityPolicy struct {
	SkipMachineBehavior         string   `json:"SkipMachineBehavior" kind:"enum=None|SkipUnavailableMachines"`
	TargetRoles                 []string `json:"TargetRoles"`
	AllowDeploymentsToNoTargets bool     `json:"AllowDeploymentsToNoTargets"`
	ExcludeUnhealthyTargets     bool     `json:"ExcludeUnhealthyTargets"`
}

// AutoDeployOverride fixes the release that new targets of an environment get.
type AutoDeployOverride struct {
	EnvironmentID string `json:"EnvironmentId" kind:"ref=Environments?"`
	TenantID      string `json:"TenantId,omitempty" kind:"ref=Tenants?"`
	ReleaseID     string `json:"ReleaseId"`
}

// ProjectExtensionSetting is kept for an issue tracker or the like.
type ProjectExtensionSetting struct {
	ExtensionID string `json:"ExtensionId"`
	Values      any    `json:"Values"`
}

// PersistenceSettings says where a project's process and settings live. It is
// never absent on the wire: clients follow it without asking.
type PersistenceSettings struct {
	Type                        string              `json:"Type" kind:"enum=Database|VersionControlled"`
	URL                         string              `json:"Url,omitempty"`
	Credentials                 *ProjectGitIdentity `json:"Credentials,omitempty"`
	DefaultBranch               string              `json:"DefaultBranch,omitempty"`
	BasePath                    string              `json:"BasePath,omitempty"`
	ProtectedDefaultBranch      bool                `json:"ProtectedDefaultBranch,omitempty"`
	ProtectedBranchNamePatterns []string            `json:"ProtectedBranchNamePatterns,omitempty"`
	ConversionState             *ConversionState    `json:"ConversionState,omitempty"`
}

// ProjectGitIdentity says how a project signs in to its Git repository.
type ProjectGitIdentity struct {
	Type     string          `json:"Type" kind:"enum=Anonymous|UsernamePassword|Reference|GitHub"`
	ID       string          `json:"Id,omitempty" kind:"ref=GitCredentials?"`
	Username string          `json:"Username,omitempty"`
	Password *kind.Sensitive `json:"Password,omitempty"`
}

// ConversionState says which parts of a project have moved to Git.
type ConversionState struct {
	VariablesAreInGit bool `json:"VariablesAreInGit"`
	RunbooksAreInGit  bool `json:"RunbooksAreInGit"`
}

// The two places where a project's process may live.
const (
	InDatabase        = "Database"
	InVersionControl  = "VersionControlled"
	defaultVersioning = "#{Octopus.Version.LastMajor}.#{Octopus.Version.LastMinor}.#{Octopus.Version.NextPatch}"
)

// Projects holds all projects.
var Projects = kind.Register(kind.Kind[Project]{
	Plural:      "Projects",
	Permissions: rights("Project"),
	Scopes:      map[string]string{"project": "Id"},
	Links: map[string]string{
		"Web":                   "/app#/<SpaceId>/projects/<Slug>",
		"Channels":              "./channels{/id}{?skip,take,partialName}",
		"Releases":              "./releases{/version}{?skip,take,searchByVersion}",
		"Progression":           "./progression{?releaseHistoryCount,aggregate}",
		"DeploymentProcess":     "./deploymentprocesses",
		"DeploymentSettings":    "./deploymentsettings",
		"Variables":             "~/variables/<VariableSetId>",
		"SensitiveVariables":    "~/variables/<VariableSetId>",
		"Runbooks":              "./runbooks{/id}{?skip,take,partialName}",
		"RunbookSnapshots":      "./runbookSnapshots{/name}{?skip,take,searchByName}",
		"Triggers":              "./triggers{/id}{?skip,take,partialName}",
		"Summary":               "./summary",
		"Logo":                  "./logo",
		"ConvertToVcs":          "./git/convert",
		"ConvertToGit":          "./git/convert",
		"GitConnectionTest":     "./git/connectivity-test",
		"MigrateVariablesToGit": "./git/migrate-variables",
		"Branches":              "./git/branches{/name}{?skip,take,searchByName,refresh}",
		"Tags":                  "./git/tags{/name}",
		"Commits":               "./git/commits{/hash}",
	},
	Rules: projectRules,
	References: func(p *Project) []store.Reference {
		return append(tagReferences(p.SpaceID, "ProjectTags", p.ProjectTags), parameterReferences("Templates", p.Templates)...)
	},
	Created:  projectCreated,
	Changed:  func(tx *store.Tx, now, _ *Project) error { return keepCreationTrigger(tx, now) },
	Deleting: projectDeleting,
	Outgoing: projectOutgoing,
})

func projectRules(tx *store.Tx, next, old *Project, c *fault.Complaints) error {
	next.VariableSetID = "variableset-" + next.ID
	next.DeploymentProcessID = "deploymentprocess-" + next.ID
	keepPersistence(next, old, c)
	if next.AllowIgnoreChannelRules == nil {
		yes := true
		next.AllowIgnoreChannelRules = &yes
	}
	if old == nil {
		// Newer deployments push older ones aside unless a project says otherwise.
		next.CancelQueuedTasks, next.CancelRunningTasks = true, true
	}
	versioningRules(next, c)
	if err := creationStep(tx, next); err != nil {
		return err
	}
	var before []Parameter
	if old != nil {
		before = old.Templates
	}
	checkParameters("Templates", next.Templates, before, c)
	if err := checkDefaults(tx, next.SpaceID, next.Templates, before, c); err != nil {
		return err
	}
	return checkTags(tx, next.SpaceID, "Project", "ProjectTags", &next.ProjectTags, c)
}

// keepPersistence lets only the server move a project to version control.
func keepPersistence(next, old *Project, c *fault.Complaints) {
	was := InDatabase
	if old != nil && old.PersistenceSettings.Type != "" {
		was = old.PersistenceSettings.Type
	}
	switch {
	case next.converting:
		next.converting = false
	case was == InDatabase:
		next.PersistenceSettings = PersistenceSettings{Type: InDatabase}
	case next.PersistenceSettings.Type != was:
		next.PersistenceSettings = old.PersistenceSettings
	default:
		next.PersistenceSettings.ConversionState = old.PersistenceSettings.ConversionState
	}
	next.IsVersionControlled = next.PersistenceSettings.Type == InVersionControl
	if next.IsVersionControlled {
		next.PersistenceSettings.Check(c)
	}
}

// Convert has the next Put move the project to where the settings say.
func (p *Project) Convert(to PersistenceSettings) { p.PersistenceSettings, p.converting = to, true }

// projectOutgoing fits the links to where the project's process lives: those
// of a project in Git are templates of a Git reference.
func projectOutgoing(p *Project) {
	if p.PersistenceSettings.Type != InVersionControl {
		delete(p.Links, "MigrateVariablesToGit")
		return
	}
	delete(p.Links, "ConvertToVcs")
	delete(p.Links, "ConvertToGit")
	self := p.Links["Self"]
	for name, part := range map[string]string{"DeploymentProcess": "deploymentprocesses", "DeploymentSettings": "deploymentsettings"} {
		p.Links[name] = self + "/{gitRef}/" + part
	}
	if s := p.PersistenceSettings.ConversionState; s != nil && s.VariablesAreInGit {
		p.Links["Variables"] = self + "/{gitRef}/variables"
		delete(p.Links, "MigrateVariablesToGit")
	}
}

func versioningRules(next *Project, c *fault.Complaints) {
	if next.VersioningStrategy == nil {
		next.VersioningStrategy = &VersioningStrategy{}
	}
	v := next.VersioningStrategy
	v.Template = strings.TrimSpace(v.Template)
	donor := v.DonorPackage != nil && v.DonorPackage.DeploymentAction != ""
	switch {
	case donor && v.Template != "":
		c.Add("VersioningStrategy takes either a Template or a DonorPackage, not both.")
	case !donor:
		v.DonorPackage, v.DonorPackageStepID = nil, nil
		if v.Template == "" {
			v.Template = defaultVersioning
		}
	}
	if s := next.ReleaseCreationStrategy; s == nil {
		next.ReleaseCreationStrategy = &ReleaseCreationStrategy{}
	} else if s.ReleaseCreationPackage != nil && s.ReleaseCreationPackage.DeploymentAction == "" {
		s.ReleaseCreationPackage = nil
	}
	if next.AutoCreateRelease && next.ReleaseCreationStrategy.ReleaseCreationPackage == nil {
		c.Add("ReleaseCreationStrategy must name the package whose arrival creates a release, because AutoCreateRelease is on.")
	}
}

// creationStep fills in the id of the action whose package creates releases:
// clients that name the action read the id back.
func creationStep(tx *store.Tx, next *Project) error {
	s := next.ReleaseCreationStrategy
	if s.ReleaseCreationPackage == nil || next.IsVersionControlled {
		return nil
	}
	process, err := DeploymentProcesses.Get(tx, next.DeploymentProcessID)
	if fault.Is(err, fault.NotFound) {
		return nil // a project that is being made has none yet
	}
	if err != nil {
		return err
	}
	for _, step := range process.Steps {
		for _, a := range step.Actions {
			if strings.EqualFold(a.Name, s.ReleaseCreationPackage.DeploymentAction) {
				s.ReleaseCreationPackageStepID = a.ID
			}
		}
	}
	return nil
}

// projectCreated gives a new project what every project has.
func projectCreated(tx *store.Tx, made *Project) error {
	process := &DeploymentProcess{ProjectID: made.ID, born: true}
	process.ID, process.SpaceID = made.DeploymentProcessID, made.SpaceID
	if err := DeploymentProcesses.Put(tx, process); err != nil {
		return err
	}
	if err := bearVariables(tx, made.SpaceID, made.ID); err != nil {
		return err
	}
	channel := &Channel{ProjectID: made.ID, IsDefault: true}
	channel.Name, channel.SpaceID = "Default", made.SpaceID
	if err := Channels.Put(tx, channel); err != nil {
		return err
	}
	return keepCreationTrigger(tx, made)
}

// projectDeleting deletes all that belongs to a project, in an order in which
// nothing is deleted before what refers to it.
func projectDeleting(tx *store.Tx, gone *Project) error {
	if s := gone.ReleaseCreationStrategy; s != nil && s.ChannelID != "" {
		gone.AutoCreateRelease, s.ChannelID = false, ""
		if err := kind.Of[Project]().Put(tx, gone); err != nil {
			return err
		}
	}
	mine := kind.Query{Space: gone.SpaceID, Match: map[string]string{"ProjectId": gone.ID}}
	live := mine
	live.Where = []store.Where{{SQL: "owner = ''"}}
	steps := []func() error{
		func() error { return DisconnectTenants(tx, gone.SpaceID, gone.ID) },
		func() error { return removeAll(tx, ProjectTriggers, mine, nil) },
		func() error { return removeAll(tx, EnvironmentUses, mine, nil) },
		func() error { return removeAll(tx, Releases, mine, nil) },
		func() error { return removeAll(tx, Runbooks, mine, nil) },
		func() error {
			return removeAll(tx, DeploymentProcesses, live, func(p *DeploymentProcess) { p.gone = true })
		},
		func() error { return dropVariables(tx, gone.VariableSetID) },
		func() error { return removeAll(tx, Channels, mine, func(c *Channel) { c.gone = true }) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
