package step

import (
	"context"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/internal/target"
)

// A job that waits for its turn on a machine is looked after from a little
// later on: most have had theirs by then.
const (
	firstLook = 2 * time.Second
	nextLook  = 10 * time.Second
)

// makeWay ends, while the job waits for its turn, what runs ahead of it though
// its task has ended: a task that is given up because its machine is out of
// reach leaves its job behind, which nobody else would ever end.
func (r *remote) makeWay(ctx context.Context) {
	shared, ok := r.way.(target.Shared)
	if !ok || r.job.Tools.Fate == nil || r.job.Tools.Installation == "" {
		return
	}
	ended := map[string]bool{}
	look := time.NewTimer(firstLook)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
		jobs, waits, err := shared.Ahead(ctx, r.job.Ticket)
		if err == nil && !waits || err != nil && !target.Temporary(err) {
			return // it had its turn, or the agent there is of a time before the question
		}
		for _, a := range jobs {
			// What cannot be seen or ended now is looked at again.
			if !ended[a.Ticket] && r.endOrphan(ctx, a) == nil {
				ended[a.Ticket] = true
			}
		}
		look.Reset(nextLook)
	}
}

// errStays says that a job is none that may be ended.
var errStays = fault.New(fault.Conflict, "The job is still seen through.")

// endOrphan ends a job of this installation if its task has ended.
func (r *remote) endOrphan(ctx context.Context, a runner.Ahead) error {
	tools := r.job.Tools
	if a.Owner.Installation != tools.Installation || a.Owner.Task == "" || a.Owner.Task == r.job.TaskID {
		return errStays
	}
	fate, err := tools.Fate(ctx, a.Owner.Task, a.Ticket)
	if err != nil {
		return err
	}
	if fate == "" {
		return errStays
	}
	if err := r.way.Cancel(ctx, a.Ticket); err != nil {
		return err
	}
	did := "still ran here"
	if a.Waits {
		did = "still waited here for its turn"
	}
	return r.job.Say(ctx, Highlight, "%s, which %s, %s and was ended.", a.Title, fate, did)
}
