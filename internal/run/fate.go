package run

import (
	"context"
	"slices"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/task"
)

// Fate tells from the database, so whichever node has run it, how the task has
// ended that a job was started for: step.Tools.Fate. A job counts as the task's
// only while a record names its ticket, for a database that lost its last
// moments gives the numbers of tasks out again.
func Fate(q *task.Queue) func(ctx context.Context, taskID, ticket string) (string, error) {
	return func(ctx context.Context, taskID, ticket string) (string, error) {
		// The records first: should the task be run once more in between, it is
		// no longer at its end.
		_, records, err := q.Look(ctx, taskID)
		if err != nil {
			return "", err
		}
		t, err := q.Get(ctx, taskID)
		switch {
		case fault.Is(err, fault.NotFound):
			return "", nil // tasks are not deleted: the database was set back, or is a copy of another's
		case err != nil:
			return "", err
		case !t.State.Final():
			return "", nil
		}
		if !slices.ContainsFunc(records, func(r task.Record) bool { return r.Ticket == ticket }) {
			return "", nil
		}
		return "has ended as " + string(t.State), nil
	}
}
