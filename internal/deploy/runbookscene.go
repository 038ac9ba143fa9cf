package deploy

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/plan"
	"github.com/takodeploy/tako/internal/rule"
	"github.com/takodeploy/tako/internal/run"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
	"github.com/takodeploy/tako/internal/variable"
)

// runs makes the plans of runs of runbooks.
type runs struct{ *Service }

// RunbookSource gives what the tasks of runbook runs are carried out with; it
// belongs into a Runner.
func (s *Service) RunbookSource() run.Source { return runs{s} }

// Open gives the scene of a run.
func (r runs) Open(ctx context.Context, t *task.Task, p *plan.Plan) (run.Scene, error) {
	g := &occasion{Service: r.Service, what: "RunbookRun", task: t, planned: p}
	if err := r.DB.View(ctx, g.loadRun); err != nil {
		return nil, err
	}
	return g, nil
}

// loadRun reads what a run of a runbook is made of.
func (g *occasion) loadRun(tx *store.Tx) error {
	var args runArguments
	if err := json.Unmarshal(g.task.Arguments, &args); err != nil {
		return fmt.Errorf("reading the arguments of %s: %w", g.task.ID, err)
	}
	r, err := catalog.RunbookRuns.Get(tx, args.RunbookRunID)
	if err != nil {
		return err
	}
	snapshot, err := catalog.RunbookSnapshots.Get(tx, r.RunbookSnapshotID)
	if err != nil {
		return err
	}
	if err := g.load(tx, r.ID, r.ProjectID, r.EnvironmentID, r.TenantID, &r.Execution); err != nil {
		return err
	}
	o, err := g.playbill(tx, snapshot)
	if err != nil {
		return err
	}
	g.steps, g.packages, g.given = o.steps, snapshot.SelectedPackages, o.values
	g.connectivity, g.context.ProcessOwner = connectivityOf(o.connectivity), o.owner
	if err := g.runbookFacts(tx, o, r); err != nil {
		return err
	}
	g.ended = func(tx *store.Tx, t *task.Task, state task.State, so plan.Standing) error {
		return g.runEnded(tx, t, o.runbook.ID, r.ID, state, so)
	}
	return g.finishLoad(tx)
}

// runbookFacts are what the server knows of a runbook and its run. What is
// known of deployments is known of runs under the same names, so that steps may
// be shared.
func (g *occasion) runbookFacts(tx *store.Tx, o *playbill, r *catalog.RunbookRun) error {
	f := o.facts(pair{g.environment, g.tenant}).Runbook
	f.Run, f.Created = variable.Ref{ID: r.ID, Name: r.Name}, r.CreatedOn.Time
	if v := o.snapshot.GitReference; v != nil {
		f.Git = variable.GitFacts{Ref: v.GitRef, CommitHash: v.GitCommit, BranchName: rule.ShortReference(v.GitRef)}
	}
	g.facts.Runbook = f
	return g.executionFacts(tx, r.ID, r.Name, &r.Execution)
}

// runEnded notes in the run how it went, and says so in the audit trail.
func (g *occasion) runEnded(tx *store.Tx, t *task.Task, runbookID, id string, state task.State, so plan.Standing) error {
	r, err := catalog.RunbookRuns.Get(tx, id)
	if err != nil {
		return err
	}
	r.FailureEncountered = state == task.Failed || len(so.Failures()) > 0
	r.DeployedToMachineIDs = deployedTo(so)
	if err := catalog.RunbookRuns.Put(tx, r); err != nil {
		return err
	}
	if state == task.Canceled {
		return nil // who canceled it has said so
	}
	how, message := outcome(t, state, so)
	err = tx.Append(&store.Event{Space: r.SpaceID, Category: "RunbookRun" + how, Document: r.ID, Related: relatedRun(r), Message: message})
	if err != nil || state != task.Success {
		return err
	}
	if gone, err := g.left(tx, r); err != nil || gone {
		return err
	}
	runbook, err := catalog.Runbooks.Get(tx, runbookID)
	if err != nil || !runbook.CancelRunningTasks {
		return err
	}
	return g.supersedeRunning(tx, affairOfRun(r), t)
}
