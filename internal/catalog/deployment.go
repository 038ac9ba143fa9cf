package catalog

import (
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// A Deployment is a release put into an environment, for a tenant or for none.
// What happens in it is its task's to tell.
type Deployment struct {
	kind.Base
	Name                string           `json:"Name"`
	ReleaseID           string           `json:"ReleaseId" kind:"required,ref=Releases,filter"`
	ProjectID           string           `json:"ProjectId" kind:"readonly,ref=Projects,filter,within=project"`
	ChannelID           string           `json:"ChannelId" kind:"readonly,ref=Channels,filter"`
	EnvironmentID       string           `json:"EnvironmentId" kind:"required,ref=Environments,filter,within=environment"`
	TenantID            string           `json:"TenantId,omitempty" kind:"ref=Tenants,filter,within=tenant"`
	DeploymentProcessID string           `json:"DeploymentProcessId" kind:"readonly"`
	Changes             []ReleaseChanges `json:"Changes" kind:"readonly"`
	ChangesMarkdown     string           `json:"ChangesMarkdown" kind:"readonly"`
	Execution
}

// Execution holds what deployments and runbook runs have in common.
type Execution struct {
	ForcePackageDownload     bool              `json:"ForcePackageDownload"`
	ForcePackageRedeployment bool              `json:"ForcePackageRedeployment"`
	SkipActions              []string          `json:"SkipActions"`
	SpecificMachineIDs       []string          `json:"SpecificMachineIds"`
	ExcludedMachineIDs       []string          `json:"ExcludedMachineIds"`
	SpecificTargetTagIDs     []string          `json:"SpecificTargetTagIds"`
	ExcludedTargetTagIDs     []string          `json:"ExcludedTargetTagIds"`
	ManifestVariableSetID    string            `json:"ManifestVariableSetId" kind:"readonly"`
	TaskID                   string            `json:"TaskId" kind:"readonly,filter"`
	UseGuidedFailure         bool              `json:"UseGuidedFailure"`
	DebugMode                string            `json:"DebugMode,omitempty"`
	FailTargetDiscovery      bool              `json:"FailTargetDiscovery"`
	Priority                 string            `json:"Priority" kind:"enum=LifecycleDefault|On|Off"`
	Comments                 string            `json:"Comments"`
	FormValues               map[string]string `json:"FormValues"`
	QueueTime                *kind.Time        `json:"QueueTime"`
	QueueTimeExpiry          *kind.Time        `json:"QueueTimeExpiry"`
	CreatedOn                kind.Time         `json:"Created" kind:"readonly"`
	TentacleRetentionPeriod  *RetentionPeriod  `json:"TentacleRetentionPeriod,omitempty" kind:"readonly"`
	DeployedBy               string            `json:"DeployedBy" kind:"readonly"`
	DeployedByID             string            `json:"DeployedById" kind:"readonly"`
	FailureEncountered       bool              `json:"FailureEncountered" kind:"readonly"`
	DeployedToMachineIDs     []string          `json:"DeployedToMachineIds" kind:"readonly"`
	// DeploymentFreezeOverrideReason says why a freeze did not hold it back.
	DeploymentFreezeOverrideReason string `json:"DeploymentFreezeOverrideReason,omitempty" kind:"readonly"`

	// Manifest is given by whoever creates the deployment: the values that it
	// has beside those of its snapshots, such as the answers to prompts. They
	// are stored as a variable set of their own, with secrets sealed.
	Manifest []Variable `json:"-"`
}

// ReleaseChanges is what a release brings that was not there before.
type ReleaseChanges struct {
	Version          string `json:"Version"`
	ReleaseNotes     string `json:"ReleaseNotes"`
	BuildInformation []any  `json:"BuildInformation"`
	WorkItems        []any  `json:"WorkItems"`
	Commits          []any  `json:"Commits"`
}

// Deployments holds all deployments.
var Deployments = kind.Register(kind.Kind[Deployment]{
	Plural:      "Deployments",
	Table:       "deployment",
	Order:       newestFirst,
	Repeats:     true,
	Permissions: kind.Permissions{View: "DeploymentView", Create: "DeploymentCreate", Edit: "DeploymentCreate", Delete: "DeploymentDelete"},
	Links: map[string]string{
		"Task":          "/api/tasks/<TaskId>",
		"Release":       "~/releases/<ReleaseId>",
		"Project":       "~/projects/<ProjectId>",
		"Environment":   "~/environments/<EnvironmentId>",
		"Web":           "/app#/<SpaceId>/deployments/<Id>",
		"Artifacts":     "~/artifacts?regarding=<Id>",
		"Interruptions": "~/interruptions?regarding=<Id>",
		"Variables":     "~/variables/<ManifestVariableSetId>",
	},
	Owner:      func(d *Deployment) string { return d.ProjectID },
	Rules:      deploymentRules,
	References: func(d *Deployment) []store.Reference { return d.answerReferences() },
	Created: func(tx *store.Tx, made *Deployment) error {
		return keepManifest(tx, &made.Base, &made.Execution)
	},
	Deleting: func(tx *store.Tx, gone *Deployment) error { return dropManifest(tx, gone.ManifestVariableSetID) },
})

func deploymentRules(tx *store.Tx, next, old *Deployment, c *fault.Complaints) error {
	next.begin(tx, &next.Base, old == nil)
	if old != nil {
		next.ReleaseID, next.EnvironmentID, next.TenantID = old.ReleaseID, old.EnvironmentID, old.TenantID
		return nil
	}
	release, err := kind.Of[Release]().Get(tx, next.ReleaseID)
	if fault.Is(err, fault.NotFound) {
		return nil // the tags complain
	}
	if err != nil {
		return err
	}
	next.ProjectID, next.ChannelID = release.ProjectID, release.ChannelID
	next.DeploymentProcessID = release.ProjectDeploymentProcessSnapshotID
	if next.Name == "" {
		environment, err := tx.Lock([]string{next.EnvironmentID})
		if err != nil {
			return err
		}
		next.Name = "Deploy to " + environment[next.EnvironmentID].Name
	}
	return nil
}

// begin fills in what every deployment and runbook run begins with.
func (e *Execution) begin(tx *store.Tx, b *kind.Base, created bool) {
	if !created {
		return
	}
	actor := store.ActorOf(tx.Context())
	e.CreatedOn, e.DeployedBy, e.DeployedByID = kind.Now(), actor.Username, actor.UserID
	if len(e.Manifest) > 0 {
		e.ManifestVariableSetID = "variableset-" + b.ID
	}
}

// keepManifest stores the values that only this deployment has.
func keepManifest(tx *store.Tx, b *kind.Base, e *Execution) error {
	if len(e.Manifest) == 0 {
		return nil
	}
	set := &VariableSet{OwnerID: b.ID, Variables: e.Manifest}
	set.ID, set.SpaceID = e.ManifestVariableSetID, b.SpaceID
	for i := range set.Variables {
		v := &set.Variables[i]
		if v.ID == "" {
			v.ID = newGUID()
		}
		checkVariable(v, nil)
	}
	return VariableSets.Put(tx, set)
}

func dropManifest(tx *store.Tx, id string) error {
	if id == "" {
		return nil
	}
	return dropVariables(tx, id)
}
