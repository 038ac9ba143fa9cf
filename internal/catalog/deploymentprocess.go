package catalog

import (
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// A DeploymentProcess is what happens when a release of a project is deployed.
// Copies of it, made for releases, are documents of the same type.
type DeploymentProcess struct {
	kind.Base
	ProjectID      string  `json:"ProjectId" kind:"readonly,ref=Projects,filter,within=project"`
	Steps          []Step  `json:"Steps"`
	Version        int     `json:"Version" kind:"version"`
	LastSnapshotID *string `json:"LastSnapshotId" kind:"readonly"`

	// Settings are those of the same commit, in copies of processes in Git.
	Settings *DeploymentSettings `json:"Settings,omitempty" kind:"readonly"`

	born  bool // with its project, which is the only way
	gone  bool // with its project
	inGit bool // and not in the database
}

// DeploymentProcesses holds the processes of projects, and their snapshots.
var DeploymentProcesses = kind.Register(kind.Kind[DeploymentProcess]{
	Plural:      "DeploymentProcesses",
	Singular:    "Deployment process",
	Permissions: kind.All("ProcessView", "ProcessEdit"),
	Links: map[string]string{
		"Project":  "~/projects/<ProjectId>",
		"Template": "~/projects/<ProjectId>/deploymentprocesses/template{?channel,releaseId}",
	},
	Frozen: func(p *DeploymentProcess) bool { return IsSnapshot(p.ID) },
	Owner:  func(p *DeploymentProcess) string { return snapshotOf(p.ID) },
	Rules: func(tx *store.Tx, next, old *DeploymentProcess, c *fault.Complaints) error {
		var before []Step
		if old != nil {
			before = old.Steps
		} else if !next.born {
			return fault.New(fault.Invalid, "A deployment process comes with its project and cannot be created by itself.")
		}
		if old != nil && !next.inGit {
			if err := refuseInGit(tx, next.ProjectID, "process"); err != nil {
				return err
			}
		}
		return checkSteps(tx, next.SpaceID, next.Steps, before, c)
	},
	References: func(p *DeploymentProcess) []store.Reference { return stepReferences(p.SpaceID, p.Steps) },
	Outgoing:   func(p *DeploymentProcess) { p.Settings = nil },
	Changed:    followNames,
	Deleting: func(_ *store.Tx, p *DeploymentProcess) error {
		if !p.gone {
			return fault.New(fault.Invalid, "A deployment process goes with its project and cannot be deleted by itself.")
		}
		return nil
	},
})

// refuseInGit refuses to change in the database what a project has in Git.
func refuseInGit(tx *store.Tx, project, what string) error {
	p, err := found(kind.Of[Project]().Get(tx, project))
	if err == nil && p != nil && p.IsVersionControlled {
		return fault.New(fault.Invalid, "The %s of project '%s' is in Git. Change it on a branch, at /projects/%s/{gitRef}/..., or in the repository.", what, p.Name, p.ID)
	}
	return err
}
