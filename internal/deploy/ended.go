package deploy

import (
	"slices"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/plan"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

// Ended does what follows the end of the task, in its transaction.
func (g *occasion) Ended(tx *store.Tx, t *task.Task, state task.State, so plan.Standing) error {
	if err := CloseInterruptions(tx, g.project.SpaceID, t.ID); err != nil {
		return err
	}
	return g.ended(tx, t, state, so)
}

// CloseInterruptions takes back the questions that nobody needs to answer any
// more.
func CloseInterruptions(tx *store.Tx, space, taskID string) error {
	pending, err := catalog.PendingInterruptions(tx, space, taskID)
	if err != nil {
		return err
	}
	for _, i := range pending {
		i.IsPending = false
		if err := catalog.Interruptions.Put(tx, i); err != nil {
			return err
		}
	}
	return nil
}

// deploymentEnded notes in the deployment how it went, says so in the audit
// trail, and lets the release go on to where its lifecycle takes it by itself.
func (g *occasion) deploymentEnded(tx *store.Tx, t *task.Task, d *catalog.Deployment, r *catalog.Release, state task.State, so plan.Standing) error {
	d, err := catalog.Deployments.Get(tx, d.ID)
	if err != nil {
		return err
	}
	d.FailureEncountered = state == task.Failed || len(so.Failures()) > 0
	d.DeployedToMachineIDs = deployedTo(so)
	if err := catalog.Deployments.Put(tx, d); err != nil {
		return err
	}
	if state == task.Canceled {
		return nil // who canceled it has said so
	}
	how, message := outcome(t, state, so)
	err = tx.Append(&store.Event{Space: d.SpaceID, Category: "Deployment" + how, Document: d.ID, Related: related(d), Message: message})
	if err != nil || state != task.Success {
		return err
	}
	return g.succeeded(tx, t, d, r)
}

// outcome says how a task has ended: the end of the audit event's category, and
// its sentence.
func outcome(t *task.Task, state task.State, so plan.Standing) (how, message string) {
	switch state {
	case task.Success:
		return "Succeeded", t.Description + " succeeded"
	case task.TimedOut:
		return "Failed", t.Description + " took too long"
	}
	message = t.Description + " failed"
	if reason := so.Error(); reason != "" {
		message += ": " + reason
	}
	return "Failed", message
}

// succeeded lets follow what a success brings. The task's row is still as it
// was before the end, so what counts successes is told of this one.
func (g *occasion) succeeded(tx *store.Tx, t *task.Task, d *catalog.Deployment, r *catalog.Release) error {
	if g.project.CancelRunningTasks {
		if err := g.supersedeRunning(tx, affairOf(d), t); err != nil {
			return err
		}
	}
	r, err := catalog.Releases.Get(tx, r.ID)
	if err != nil {
		return err
	}
	_, err = g.automatic(tx, r, d)
	return err
}

// deployedTo lists the targets on which something was done.
func deployedTo(so plan.Standing) []string {
	var ids []string
	for i := range so.Records {
		r := &so.Records[i]
		if r.Target != "" && r.State != task.StepSkipped && !slices.Contains(ids, r.Target) {
			ids = append(ids, r.Target)
		}
	}
	slices.Sort(ids)
	return ids
}
