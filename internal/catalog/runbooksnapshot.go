package catalog

import (
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// A RunbookSnapshot is a runbook as it was when the snapshot was made: its
// process, variables, packages and settings.
type RunbookSnapshot struct {
	kind.Base
	Name                          string                `json:"Name" kind:"required,max=200"`
	RunbookID                     string                `json:"RunbookId" kind:"required,ref=Runbooks,filter"`
	ProjectID                     string                `json:"ProjectId" kind:"ref=Projects,filter,within=project"`
	Notes                         string                `json:"Notes"`
	FrozenRunbookProcessID        string                `json:"FrozenRunbookProcessId" kind:"readonly,ref=RunbookProcesses"`
	FrozenProjectVariableSetID    string                `json:"FrozenProjectVariableSetId" kind:"readonly,ref=VariableSets"`
	ProjectVariableSetSnapshotID  string                `json:"ProjectVariableSetSnapshotId" kind:"readonly,ref=VariableSets"`
	LibraryVariableSetSnapshotIDs []string              `json:"LibraryVariableSetSnapshotIds" kind:"readonly,ref=VariableSets"`
	Assembled                     kind.Time             `json:"Assembled" kind:"readonly"`
	SelectedPackages              []SelectedPackage     `json:"SelectedPackages"`
	SelectedGitResources          []SelectedGitResource `json:"SelectedGitResources"`
	GitReference                  *GitReference         `json:"GitReference,omitempty" kind:"readonly"`
	// FrozenRunbook is the runbook itself, whose settings are frozen too.
	FrozenRunbook *FrozenRunbook `json:"FrozenRunbook,omitempty" kind:"readonly"`

	gone bool // with its runbook
}

// FrozenRunbook holds the settings of a runbook that its runs go by.
type FrozenRunbook struct {
	Name                     string             `json:"Name"`
	Description              string             `json:"Description"`
	MultiTenancyMode         string             `json:"MultiTenancyMode"`
	ConnectivityPolicy       ConnectivityPolicy `json:"ConnectivityPolicy"`
	EnvironmentScope         string             `json:"EnvironmentScope"`
	Environments             []string           `json:"Environments"`
	DefaultGuidedFailureMode string             `json:"DefaultGuidedFailureMode"`
	ForcePackageDownload     bool               `json:"ForcePackageDownload"`
	FailTargetDiscovery      bool               `json:"FailTargetDiscovery"`
}

// RunbookSnapshots holds the snapshots of all runbooks.
var RunbookSnapshots = kind.Register(kind.Kind[RunbookSnapshot]{
	Plural:      "RunbookSnapshots",
	Singular:    "Runbook snapshot",
	Path:        "runbookSnapshots",
	Order:       newestFirst,
	Permissions: kind.All("RunbookView", "RunbookEdit"),
	Links: map[string]string{
		"Project":            "~/projects/<ProjectId>",
		"Runbook":            "~/runbooks/<RunbookId>",
		"RunbookRuns":        "~/runbookRuns?runbookSnapshots=<Id>",
		"RunbookRunTemplate": "./runbookRuns/template",
		"RunbookRunPreview":  "./runbookRuns/preview/{environment}{/tenant}{?includeDisabledSteps}",
		"SnapshotVariables":  "./snapshot-variables",
		"Artifacts":          "~/artifacts?regarding=<Id>",
	},
	Owner:    func(s *RunbookSnapshot) string { return s.RunbookID },
	Rules:    runbookSnapshotRules,
	Deleting: runbookSnapshotDeleting,
})

// runbookSnapshotRules freezes the runbook's settings when a snapshot is made.
// Its process and variables are frozen by whoever makes it.
func runbookSnapshotRules(tx *store.Tx, next, old *RunbookSnapshot, _ *fault.Complaints) error {
	next.FrozenProjectVariableSetID = next.ProjectVariableSetSnapshotID
	if old != nil {
		next.RunbookID, next.ProjectID = old.RunbookID, old.ProjectID
		return nil
	}
	next.Assembled = kind.Now()
	r, err := kind.Of[Runbook]().Get(tx, next.RunbookID)
	if fault.Is(err, fault.NotFound) {
		return nil // the tags complain
	}
	if err != nil {
		return err
	}
	next.ProjectID = r.ProjectID
	next.FrozenRunbook = Freeze(r)
	return nil
}

// Freeze copies the settings of a runbook that its runs go by.
func Freeze(r *Runbook) *FrozenRunbook {
	return &FrozenRunbook{
		r.Name, r.Description, r.MultiTenancyMode, r.ConnectivityPolicy, r.EnvironmentScope, r.Environments,
		r.DefaultGuidedFailureMode, r.ForcePackageDownload, r.FailTargetDiscovery,
	}
}

func runbookSnapshotDeleting(tx *store.Tx, s *RunbookSnapshot) error {
	if !s.gone {
		r, err := kind.Of[Runbook]().Get(tx, s.RunbookID)
		if err != nil {
			return err
		}
		if r.PublishedRunbookSnapshotID == s.ID {
			return fault.New(fault.Invalid, "Snapshot '%s' is the published one of runbook '%s' and cannot be deleted. Publish another one first.", s.Name, r.Name)
		}
	}
	if err := removeAll(tx, RunbookRuns, kind.Query{Space: s.SpaceID, Match: map[string]string{"RunbookSnapshotId": s.ID}}, nil); err != nil {
		return err
	}
	return dropSnapshots(tx, s.ID, append([]string{s.FrozenRunbookProcessID, s.ProjectVariableSetSnapshotID}, s.LibraryVariableSetSnapshotIDs...)...)
}

// A RunbookRun is a snapshot of a runbook run in an environment, for a tenant
// or for none.
type RunbookRun struct {
	kind.Base
	Name                   string `json:"Name"`
	RunbookSnapshotID      string `json:"RunbookSnapshotId" kind:"required,ref=RunbookSnapshots,filter"`
	FrozenRunbookProcessID string `json:"FrozenRunbookProcessId" kind:"readonly"`
	RunbookID              string `json:"RunbookId" kind:"ref=Runbooks,filter"`
	ProjectID              string `json:"ProjectId" kind:"readonly,ref=Projects,filter,within=project"`
	EnvironmentID          string `json:"EnvironmentId" kind:"required,ref=Environments,filter,within=environment"`
	TenantID               string `json:"TenantId,omitempty" kind:"ref=Tenants,filter,within=tenant"`
	Execution
}

// RunbookRuns holds all runs of runbooks.
var RunbookRuns = kind.Register(kind.Kind[RunbookRun]{
	Plural:      "RunbookRuns",
	Singular:    "Runbook run",
	Path:        "runbookRuns",
	Table:       "deployment",
	Order:       newestFirst,
	Repeats:     true,
	Permissions: kind.Permissions{View: "RunbookRunView", Create: "RunbookRunCreate", Edit: "RunbookRunCreate", Delete: "RunbookRunDelete"},
	Links: map[string]string{
		"Task":            "/api/tasks/<TaskId>",
		"Project":         "~/projects/<ProjectId>",
		"Environment":     "~/environments/<EnvironmentId>",
		"Runbook":         "~/runbooks/<RunbookId>",
		"RunbookSnapshot": "~/runbookSnapshots/<RunbookSnapshotId>",
		"Artifacts":       "~/artifacts?regarding=<Id>",
		"Interruptions":   "~/interruptions?regarding=<Id>",
		"Variables":       "~/variables/<ManifestVariableSetId>",
	},
	Owner:      func(r *RunbookRun) string { return r.ProjectID },
	Rules:      runbookRunRules,
	References: func(r *RunbookRun) []store.Reference { return r.answerReferences() },
	Created: func(tx *store.Tx, made *RunbookRun) error {
		return keepManifest(tx, &made.Base, &made.Execution)
	},
	Deleting: func(tx *store.Tx, gone *RunbookRun) error { return dropManifest(tx, gone.ManifestVariableSetID) },
})

func runbookRunRules(tx *store.Tx, next, old *RunbookRun, _ *fault.Complaints) error {
	next.begin(tx, &next.Base, old == nil)
	if old != nil {
		next.RunbookSnapshotID, next.RunbookID = old.RunbookSnapshotID, old.RunbookID
		next.EnvironmentID, next.TenantID = old.EnvironmentID, old.TenantID
		return nil
	}
	s, err := kind.Of[RunbookSnapshot]().Get(tx, next.RunbookSnapshotID)
	if fault.Is(err, fault.NotFound) {
		return nil // the tags complain
	}
	if err != nil {
		return err
	}
	next.RunbookID, next.ProjectID, next.FrozenRunbookProcessID = s.RunbookID, s.ProjectID, s.FrozenRunbookProcessID
	if next.Name == "" {
		places, err := tx.Lock([]string{next.EnvironmentID, next.RunbookID})
		if err != nil {
			return err
		}
		next.Name = "Run " + places[next.RunbookID].Name + " in " + places[next.EnvironmentID].Name
	}
	return nil
}
