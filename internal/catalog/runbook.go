package catalog

import (
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// A Runbook is a process of a project that is run on demand, without a release.
type Runbook struct {
	kind.Named
	Description                string                 `json:"Description" kind:"max=100000"`
	ProjectID                  string                 `json:"ProjectId" kind:"required,ref=Projects,filter,within=project"`
	RunbookProcessID           string                 `json:"RunbookProcessId" kind:"readonly"`
	PublishedRunbookSnapshotID string                 `json:"PublishedRunbookSnapshotId"`
	MultiTenancyMode           string                 `json:"MultiTenancyMode" kind:"enum=Untenanted|TenantedOrUntenanted|Tenanted"`
	ConnectivityPolicy         ConnectivityPolicy     `json:"ConnectivityPolicy"`
	EnvironmentScope           string                 `json:"EnvironmentScope" kind:"enum=All|Specified|FromProjectLifecycles"`
	Environments               []string               `json:"Environments" kind:"ref=Environments"`
	DefaultGuidedFailureMode   string                 `json:"DefaultGuidedFailureMode" kind:"enum=EnvironmentDefault|Off|On"`
	RunRetentionPolicy         RunbookRetentionPolicy `json:"RunRetentionPolicy"`
	ForcePackageDownload       bool                   `json:"ForcePackageDownload"`
	FailTargetDiscovery        bool                   `json:"FailTargetDiscovery"`
	CancelQueuedTasks          bool                   `json:"CancelQueuedTasks"`
	CancelRunningTasks         bool                   `json:"CancelRunningTasks"`
	RunbookTags                []string               `json:"RunbookTags"`
}

// RunbookRetentionPolicy says how many runs are kept in each environment.
type RunbookRetentionPolicy struct {
	QuantityToKeep    int    `json:"QuantityToKeep"`
	ShouldKeepForever bool   `json:"ShouldKeepForever"`
	Unit              string `json:"Unit" kind:"enum=Items|Days"`
	Strategy          string `json:"Strategy"` // Default, Forever or Count; older clients leave it out
}

// defaultRunsKept is how many runs of a runbook an environment keeps when
// nobody says otherwise.
const defaultRunsKept = 100

// Runbooks holds the runbooks of all projects.
var Runbooks = kind.Register(kind.Kind[Runbook]{
	Plural:      "Runbooks",
	Permissions: kind.All("RunbookView", "RunbookEdit"),
	Links: map[string]string{
		"Project":                       "~/projects/<ProjectId>",
		"RunbookSnapshotTemplate":       "./runbookSnapshotTemplate",
		"RunbookRunTemplate":            "./runbookRunTemplate",
		"RunbookRunPreview":             "./runbookRuns/preview/{environment}{/tenant}{?includeDisabledSteps}",
		"CreateRunbookRun":              "./runbookRuns",
		"RunbookSnapshots":              "./runbookSnapshots{/name}{?skip,take,searchByName}",
		"RunbookProcesses":              "~/runbookProcesses/<RunbookProcessId>",
		"RunbookRuns":                   "~/runbookRuns?runbooks=<Id>",
		"Progression":                   "~/progression/runbooks/<Id>",
		"TaskRunDashboardItemsTemplate": "~/progression/runbooks/taskRuns?runbookIds=<Id>",
	},
	Owner:      func(r *Runbook) string { return r.ProjectID },
	Rules:      runbookRules,
	References: func(r *Runbook) []store.Reference { return tagReferences(r.SpaceID, "RunbookTags", r.RunbookTags) },
	Created:    runbookCreated,
	Deleting:   runbookDeleting,
})

func runbookRules(tx *store.Tx, next, old *Runbook, c *fault.Complaints) error {
	next.RunbookProcessID = "RunbookProcess-" + next.ID
	if old != nil {
		next.ProjectID = old.ProjectID
	} else {
		next.CancelQueuedTasks, next.CancelRunningTasks = true, true
	}
	keepRuns(&next.RunRetentionPolicy, c)
	if err := checkTags(tx, next.SpaceID, "Runbook", "RunbookTags", &next.RunbookTags, c); err != nil {
		return err
	}
	if next.EnvironmentScope != "Specified" {
		next.Environments = nil
	}
	if next.PublishedRunbookSnapshotID == "" || old != nil && old.PublishedRunbookSnapshotID == next.PublishedRunbookSnapshotID {
		return nil
	}
	snapshot, err := RunbookSnapshots.Get(tx, next.PublishedRunbookSnapshotID)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	if err != nil || snapshot.RunbookID != next.ID {
		c.Add("PublishedRunbookSnapshotId refers to '%s', which is not a snapshot of this runbook.", next.PublishedRunbookSnapshotID)
	}
	return nil
}

// keepRuns makes the members of a retention policy agree.
func keepRuns(p *RunbookRetentionPolicy, c *fault.Complaints) {
	if p.Strategy != "" {
		oneOf(&p.Strategy, []string{"Default", "Forever", "Count"}, "RunRetentionPolicy.Strategy", c)
	}
	switch {
	case p.ShouldKeepForever || p.Strategy == "Forever":
		p.Strategy, p.ShouldKeepForever = "Forever", true
	case p.Strategy == "Default" || p.Strategy == "" && p.QuantityToKeep == 0:
		p.Strategy, p.QuantityToKeep = "Default", defaultRunsKept
	case p.QuantityToKeep <= 0:
		p.Strategy, p.ShouldKeepForever, p.QuantityToKeep = "Forever", true, 0
	default:
		p.Strategy = "Count"
	}
}

func runbookCreated(tx *store.Tx, made *Runbook) error {
	process := &RunbookProcess{RunbookID: made.ID, ProjectID: made.ProjectID, born: true}
	process.ID, process.SpaceID = made.RunbookProcessID, made.SpaceID
	return RunbookProcesses.Put(tx, process)
}

func runbookDeleting(tx *store.Tx, r *Runbook) error {
	mine := kind.Query{Space: r.SpaceID, Match: map[string]string{"RunbookId": r.ID}}
	if err := removeAll(tx, RunbookRuns, mine, nil); err != nil {
		return err
	}
	if err := removeAll(tx, RunbookSnapshots, mine, func(s *RunbookSnapshot) { s.gone = true }); err != nil {
		return err
	}
	mine.Where = []store.Where{{SQL: "owner = ''"}}
	return removeAll(tx, RunbookProcesses, mine, func(p *RunbookProcess) { p.gone = true })
}

// A RunbookProcess is what happens when a runbook runs. Copies of it, made for
// snapshots of the runbook, are documents of the same type.
type RunbookProcess struct {
	kind.Base
	RunbookID      string  `json:"RunbookId" kind:"readonly,ref=Runbooks,filter"`
	ProjectID      string  `json:"ProjectId" kind:"readonly,ref=Projects,filter,within=project"`
	Steps          []Step  `json:"Steps"`
	Version        int     `json:"Version" kind:"version"`
	LastSnapshotID *string `json:"LastSnapshotId" kind:"readonly"`

	born bool // with its runbook, which is the only way
	gone bool // with its runbook
}

// RunbookProcesses holds the processes of runbooks, and their snapshots.
var RunbookProcesses = kind.Register(kind.Kind[RunbookProcess]{
	Plural:      "RunbookProcesses",
	Singular:    "Runbook process",
	Path:        "runbookProcesses",
	Permissions: kind.All("RunbookView", "RunbookEdit"),
	Links: map[string]string{
		"Project":                 "~/projects/<ProjectId>",
		"Runbook":                 "~/runbooks/<RunbookId>",
		"RunbookSnapshotTemplate": "~/runbooks/<RunbookId>/runbookSnapshotTemplate",
	},
	Frozen: func(p *RunbookProcess) bool { return IsSnapshot(p.ID) },
	Owner:  func(p *RunbookProcess) string { return snapshotOf(p.ID) },
	Rules: func(tx *store.Tx, next, old *RunbookProcess, c *fault.Complaints) error {
		var before []Step
		if old != nil {
			before = old.Steps
		} else if !next.born {
			return fault.New(fault.Invalid, "A runbook process comes with its runbook and cannot be created by itself.")
		}
		return checkSteps(tx, next.SpaceID, next.Steps, before, c)
	},
	References: func(p *RunbookProcess) []store.Reference { return stepReferences(p.SpaceID, p.Steps) },
	Deleting: func(_ *store.Tx, p *RunbookProcess) error {
		if !p.gone {
			return fault.New(fault.Invalid, "A runbook process goes with its runbook and cannot be deleted by itself.")
		}
		return nil
	},
})
