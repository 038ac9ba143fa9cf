package deploy

import (
	"fmt"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

// whole says that a deployment leaves nothing out: no steps and no machines.
// Only such ones push others aside or are pushed aside.
func whole(d *catalog.Deployment) bool {
	return len(d.SkipActions)+len(d.SpecificMachineIDs)+len(d.ExcludedMachineIDs)+len(d.SpecificTargetTagIDs)+len(d.ExcludedTargetTagIDs) == 0
}

// older lists tasks of the same project, environment and tenant that satisfy a
// condition, the newest first, with their deployments.
func older(tx *store.Tx, d *catalog.Deployment, condition string, visit func(*task.Task, *catalog.Deployment) (more bool, err error)) error {
	var ids []string
	err := tx.Query(func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		ids = append(ids, id)
		return err
	}, "select id from task where project = $1 and environment = $2 and tenant = $3 and name = '"+TaskDeploy+"' and "+condition+" order by num desc",
		d.ProjectID, d.EnvironmentID, d.TenantID)
	if err != nil {
		return fmt.Errorf("listing older deployments: %w", err)
	}
	for _, id := range ids {
		found, _, err := kind.Of[catalog.Deployment]().List(tx, kind.Query{Space: d.SpaceID, Match: map[string]string{"TaskId": id}, Take: 1})
		if err != nil {
			return err
		}
		if len(found) == 0 {
			continue
		}
		t, err := task.GetTx(tx, id)
		if err != nil {
			return err
		}
		if more, err := visit(t, found[0]); err != nil || !more {
			return err
		}
	}
	return nil
}

// supersede cancels the older deployments that still wait in the queue and
// that a new one makes pointless. It gives the task whose place the new one
// takes; nil if it pushes none aside.
func (s *Service) supersede(tx *store.Tx, o *order, d *catalog.Deployment) (*task.Task, error) {
	if !o.project.CancelQueuedTasks || !whole(d) {
		return nil, nil
	}
	var first *task.Task
	err := older(tx, d, "state = 'Queued' and hold = 'Waiting'", func(t *task.Task, old *catalog.Deployment) (bool, error) {
		switch {
		case !whole(old) || t.Parent != "":
			return false, nil
		case t.QueueTime.After(s.now()):
			return true, nil // it is for later
		}
		first = t
		return true, s.cancel(tx, t, old, fmt.Sprintf("it is superseded by %s of release %s", d.ID, o.release.Version))
	})
	return first, err
}

// supersedeRunning cancels older deployments that have begun and wait for
// something, after a newer one has succeeded.
func (s *Service) supersedeRunning(tx *store.Tx, project *catalog.Project, d *catalog.Deployment, own *task.Task) error {
	if !project.CancelRunningTasks || !whole(d) {
		return nil
	}
	return older(tx, d, "state = 'Executing' and hold = 'Paused'", func(t *task.Task, old *catalog.Deployment) (bool, error) {
		if t.Num > own.Num || !whole(old) || t.Parent != "" {
			return true, nil
		}
		return true, s.cancel(tx, t, old, fmt.Sprintf("it is superseded by %s, which has succeeded", d.ID))
	})
}

// cancel stops a deployment and says why in the audit trail.
func (s *Service) cancel(tx *store.Tx, t *task.Task, d *catalog.Deployment, why string) error {
	if err := s.Queue.CancelTx(tx, t); err != nil {
		if fault.Is(err, fault.Conflict) {
			return nil // it has moved on by itself
		}
		return err
	}
	return tx.Append(&store.Event{
		Space: d.SpaceID, Category: "TaskCanceled", Document: t.ID, Related: append(related(d), d.ID),
		Message: fmt.Sprintf("%s was canceled: %s", t.Description, why),
	})
}
