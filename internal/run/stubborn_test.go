package run

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/takodeploy/tako/internal/plan"
	"github.com/takodeploy/tako/internal/step"
	"github.com/takodeploy/tako/internal/task"
)

// The far end of this one heeds only what was asked of it a minute ago.
var _ = step.Register("Test.Stubborn", step.ExecutorFunc(func(ctx context.Context, j *step.Job) (step.Outcome, error) {
	<-ctx.Done()
	var asked step.CanceledAt
	if errors.As(context.Cause(ctx), &asked) && time.Since(asked.Time) >= time.Minute {
		return step.Outcome{State: step.Canceled, Lines: []step.Line{{Category: step.Warning, Text: "It may still be running there."}}}, nil
	}
	<-j.Alive.Done()
	return step.Outcome{}, ctx.Err()
}))

// TestTheNextNodeKnowsSinceWhen has a node take over what was canceled before.
// Its executors count from the cancellation, and the log says once that the
// task is being canceled.
func TestTheNextNodeKnowsSinceWhen(t *testing.T) {
	const told = "The task is being canceled."
	h := newTheater(t, planOf(t, plan.Options{}, typed("one", "Test.Stubborn")))
	h.grace = 5 * time.Minute
	h.perform(t, h.q)
	h.await(t, func(t *task.Task) bool { return t.Hold == task.Held })
	if _, err := h.q.Cancel(t.Context(), h.id); err != nil {
		t.Fatal(err)
	}
	h.await(t, func(*task.Task) bool { return strings.Contains(h.log(t), told) })
	if got := h.endElsewhere(t); got.State != task.Canceled {
		t.Errorf("%s %s", got.State, got.Error)
	}
	log := h.log(t)
	if strings.Count(log, told) != 1 || !strings.Contains(log, "It may still be running there.") {
		t.Error(log)
	}
}
