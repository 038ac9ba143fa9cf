package variable

import "time"

// Facts are what the server knows of a deployment at one place. What is nil or
// empty is not known there and gives no variable, so that the same struct
// serves for a whole deployment, for one machine, and for one step.
type Facts struct {
	Space        Ref
	ProjectGroup Ref
	Project      Ref
	WorkerPool   Ref
	Environment  *EnvironmentFacts
	Tenant       *TenantFacts
	Release      *ReleaseFacts
	Deployment   *DeploymentFacts
	Runbook      *RunbookFacts
	Task         *TaskFacts
	Machine      *MachineFacts
	Tentacle     *TentacleFacts
	Step         *StepFacts
	Action       *ActionFacts
	Server       *ServerFacts

	// Steps and Actions are the process as it stands, each under its name as an
	// index, so that a template can go through them.
	Steps   []StepFacts
	Actions []ActionFacts
}

// Ref is something with an id and a name.
type Ref struct{ ID, Name string }

// EnvironmentFacts describe the environment deployed to.
type EnvironmentFacts struct {
	Ref
	SortOrder      int
	MachinesInRole map[string][]string // machine ids by target tag
}

// TenantFacts describe the tenant deployed for.
type TenantFacts struct {
	Ref
	Tags []string
}

// ReleaseRef is a release by id and version.
type ReleaseRef struct{ ID, Number string }

// GitFacts say which commit something was made from.
type GitFacts struct{ BranchName, TagName, CommitHash, Ref string }

// ReleaseFacts describe the release deployed. Package, Builds and WorkItems are
// JSON.
type ReleaseFacts struct {
	ID, Number, Notes      string
	Created                time.Time
	CustomFields           map[string]string
	ChannelName            string
	Previous               ReleaseRef
	PreviousForEnvironment ReleaseRef
	CurrentForEnvironment  ReleaseRef
	Git                    GitFacts
	Package                string
	Builds                 string
	WorkItems              string
}

// DeploymentFacts describe the deployment. Changes, WorkItems and
// PackageBuildInformation are JSON.
type DeploymentFacts struct {
	ID, Name, Comments      string
	Created                 time.Time
	CreatedBy               Person
	Error, ErrorDetail      string
	ForcePackageDownload    bool
	PreviousSuccessfulID    string
	Machines                []string // ids
	SpecificMachines        []string // ids
	ExcludedMachines        []string // ids
	Targets                 []Ref
	Trigger                 Ref
	Changes                 string
	WorkItems               string
	PackageBuildInformation string
	ChangesMarkdown         string
	Link                    string
}

// RunbookFacts describe the run of a runbook.
type RunbookFacts struct {
	Runbook       Ref
	Run           Ref
	Created       time.Time
	Snapshot      Ref
	SnapshotNotes string
	Git           GitFacts
	RunLink       string
	SnapshotLink  string
}

// TaskFacts describe the task that does the work.
type TaskFacts struct {
	Ref
	QueueTime       time.Time
	QueueTimeExpiry time.Time
	Arguments       map[string]string
	ConcurrencyTag  string
}

// MachineFacts describe the machine deployed to. Endpoint holds the properties
// under "type.property".
type MachineFacts struct {
	Ref
	Roles         []string
	Hostname      string
	TargetedRoles []string // the roles that the step asks for, of those it has
	Endpoint      map[string]Property
}

// TentacleFacts describe the agent on the machine.
type TentacleFacts struct {
	ApplicationDirectoryPath    string
	InstanceName                string
	ProgramDirectoryPath        string
	CurrentPackageFilePath      string
	PreviousPackageVersion      string
	PreviousPackageFilePath     string
	PreviousOriginalInstalled   string
	PreviousCustomInstalledPath string
}

// Property is a setting that may be a secret.
type Property struct {
	Value     string
	Sensitive bool
}

// StepStatus is the state of a step as variables spell it.
type StepStatus string

// The codes of a step's status.
const (
	StepPending   StepStatus = "Pending"
	StepSkipped   StepStatus = "Skipped"
	StepAbandoned StepStatus = "Abandoned"
	StepCanceled  StepStatus = "Canceled"
	StepRunning   StepStatus = "Running"
	StepSucceeded StepStatus = "Succeeded"
	StepFailed    StepStatus = "Failed"
)

// StepFacts describe a step.
type StepFacts struct {
	Ref
	Number             string
	Status             StepStatus
	Error, ErrorDetail string
	Properties         map[string]Property
}

// ActionFacts describe an action. Properties are the action's own settings,
// under their full names.
type ActionFacts struct {
	Ref
	Number             string
	IsSkipped          bool
	TargetRoles        []string
	TemplateID         string
	TemplateVersion    string
	Error, ErrorDetail string
	ContainerImage     string
	Properties         map[string]Property
	Packages           []PackageFacts
}

// PackageFacts describe a package of an action; the one with an empty Name is
// the action's own.
type PackageFacts struct {
	Name, PackageID, PackageVersion, FeedID                       string
	OriginalPath, ExtractedPath, PackageFilePath, PackageFileName string
	InstallationDirectoryPath                                     string
	Image, Registry, FeedUserName, FeedPassword                   string // container images
}

// ServerFacts describe the server, with links into its portal.
type ServerFacts struct {
	BaseURL     string
	ServerURI   string
	ProjectLink string
	ReleaseLink string
}
