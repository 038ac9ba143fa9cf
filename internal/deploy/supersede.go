package deploy

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/plan"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

// affair is what a task is about that pushes others of its kind aside: a
// deployment, or the run of a runbook.
type affair struct {
	id      string
	space   string
	name    string // of its tasks
	place   [4]string
	related []string
	*catalog.Execution
}

// affairOf describes a deployment.
func affairOf(d *catalog.Deployment) *affair {
	return &affair{d.ID, d.SpaceID, TaskDeploy, [4]string{d.ProjectID, d.EnvironmentID, d.TenantID, ""}, related(d), &d.Execution}
}

// affairOfRun describes the run of a runbook.
func affairOfRun(r *catalog.RunbookRun) *affair {
	return &affair{r.ID, r.SpaceID, TaskRunbookRun, [4]string{r.ProjectID, r.EnvironmentID, r.TenantID, r.RunbookID}, relatedRun(r), &r.Execution}
}

// affairOfTask finds what a task is about; nil if that is gone.
func affairOfTask(tx *store.Tx, t *task.Task) (*affair, error) {
	var args struct {
		deployArguments
		runArguments
	}
	if err := json.Unmarshal(t.Arguments, &args); err != nil {
		return nil, fmt.Errorf("reading the arguments of %s: %w", t.ID, err)
	}
	var found *affair
	var err error
	if args.RunbookRunID != "" {
		var r *catalog.RunbookRun
		if r, err = catalog.RunbookRuns.Get(tx, args.RunbookRunID); err == nil {
			found = affairOfRun(r)
		}
	} else {
		var d *catalog.Deployment
		if d, err = catalog.Deployments.Get(tx, args.DeploymentID); err == nil {
			found = affairOf(d)
		}
	}
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	return found, err
}

// whole says that nothing is left out: no steps and no machines. Only such ones
// push others aside or are pushed aside.
func (a *affair) whole() bool {
	return len(a.SkipActions)+len(a.SpecificMachineIDs)+len(a.ExcludedMachineIDs)+len(a.SpecificTargetTagIDs)+len(a.ExcludedTargetTagIDs) == 0
}

// olderTasks asks for the tasks of a place in a status. Those of a project that
// wait or are put down have indexes of their own: the rest is compared so that no
// engine takes another one, which would lead through all that ever ran there.
func olderTasks(in task.Status) string {
	return fmt.Sprintf(`select id, num from task where project = $1 and hold = '%s' and coalesce(state, '') = '%s'
		and coalesce(environment, '') = $2 and coalesce(tenant, '') = $3 and coalesce(runbook, '') = $4 and coalesce(name, '') = $5`, in.Hold, in.State)
}

// older visits the tasks of the same project, environment, tenant and runbook
// in a status, the newest first, with what they are about. They stay in it until
// the transaction ends.
func (a *affair) older(tx *store.Tx, in task.Status, visit func(*task.Task, *affair) (more bool, err error)) error {
	type row struct {
		id  string
		num int64
	}
	var rows []row
	err := tx.Query(func(scan func(...any) error) error {
		var r row
		err := scan(&r.id, &r.num)
		rows = append(rows, r)
		return err
	}, olderTasks(in), a.place[0], a.place[1], a.place[2], a.place[3], a.name)
	if err != nil {
		return fmt.Errorf("listing older tasks: %w", err)
	}
	slices.SortFunc(rows, func(x, y row) int { return cmp.Compare(y.num, x.num) })
	for _, r := range rows {
		t, err := task.GetTx(tx, r.id)
		if err != nil {
			return err
		}
		if t.Status != in {
			continue // it was claimed, answered or ended before it was locked
		}
		old, err := affairOfTask(tx, t)
		if err != nil {
			return err
		}
		if old == nil {
			continue
		}
		if more, err := visit(t, old); err != nil || !more {
			return err
		}
	}
	return nil
}

// supersede cancels the older ones that still wait in the queue and that a new
// one makes pointless. It gives the task whose place the new one takes; nil if
// it pushes none aside.
func (s *Service) supersede(tx *store.Tx, a *affair, what string) (*task.Task, error) {
	if !a.whole() {
		return nil, nil
	}
	var first *task.Task
	err := a.older(tx, task.Status{State: task.Queued, Hold: task.Waiting}, func(t *task.Task, old *affair) (bool, error) {
		switch {
		case !old.whole() || t.Parent != "":
			return false, nil
		case t.QueueTime.After(s.now()):
			return true, nil // it is for later
		}
		first = t
		return true, s.cancel(tx, t, old, fmt.Sprintf("it is superseded by %s of %s", a.id, what))
	})
	return first, err
}

// supersedeRunning cancels older ones that have begun and wait for something,
// after a newer one has succeeded.
func (s *Service) supersedeRunning(tx *store.Tx, a *affair, own *task.Task) error {
	if !a.whole() {
		return nil
	}
	return a.older(tx, task.Status{State: task.Executing, Hold: task.Paused}, func(t *task.Task, old *affair) (bool, error) {
		if t.Num > own.Num || !old.whole() || t.Parent != "" {
			return true, nil
		}
		return true, s.cancel(tx, t, old, fmt.Sprintf("it is superseded by %s, which has succeeded", a.id))
	})
}

// cancel stops a task and says why, in the task and in the audit trail.
func (s *Service) cancel(tx *store.Tx, t *task.Task, a *affair, why string) error {
	t.Error = "The task was canceled: " + why + "."
	if err := s.Queue.CancelTx(tx, t); err != nil {
		return err
	}
	return tx.Append(&store.Event{
		Space: a.space, Category: "TaskCanceled", Document: t.ID, Related: append(a.related, a.id),
		Message: fmt.Sprintf("%s was canceled: %s", t.Description, why),
	})
}

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
	d, err := catalog.Deployments.Peek(tx, d.ID)
	if err != nil {
		return err
	}
	failed, targets := state == task.Failed || len(so.Failures()) > 0, deployedTo(so)
	// Answers hold what they name until here.
	if failed != d.FailureEncountered || !slices.Equal(targets, d.DeployedToMachineIDs) || len(d.FormValues) > 0 {
		if d, err = catalog.Deployments.Get(tx, d.ID); err != nil {
			return err
		}
		d.FailureEncountered, d.DeployedToMachineIDs = failed, targets
		if err := catalog.Deployments.Put(tx, d); err != nil {
			return err
		}
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
	r, err := catalog.Releases.Peek(tx, r.ID)
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
