package run

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/plan"
	"github.com/takodeploy/tako/internal/step"
	"github.com/takodeploy/tako/internal/task"
)

// misread is what comes of a read that found no database and was taken for
// somebody's mistake on the way up.
func misread() error {
	away := fault.Wrap(fault.Away, errors.New("connection refused"), "the database is away")
	return fault.Wrap(fault.Invalid, away, "The account cannot be used")
}

var _ = step.Register("Test.Misread", step.ExecutorFunc(func(_ context.Context, j *step.Job) (step.Outcome, error) {
	value, _ := ends.Load(j.ProjectID)
	end := value.(*farEnd)
	if end.jobs[j.Ticket]++; end.jobs[j.Ticket] == 1 {
		return step.Outcome{}, misread()
	}
	return step.Success(), nil
}))

// blind is a stage whose database is away at some of the first looks.
type blind struct {
	*stage
	opens, plans atomic.Int32 // that fail
}

func (b *blind) Open(context.Context, *task.Task, *plan.Plan) (Scene, error) {
	if b.opens.Add(-1) >= 0 {
		return nil, misread()
	}
	return b, nil
}

func (b *blind) Plan(ctx context.Context) (*plan.Plan, error) {
	if b.plans.Add(-1) >= 0 {
		return nil, misread()
	}
	return b.stage.Plan(ctx)
}

// TestNoTaskFailsWhileTheDatabaseIsAway loses the database at each read on the
// way to a step, and in the step.
func TestNoTaskFailsWhileTheDatabaseIsAway(t *testing.T) {
	h := newTheater(t, planOf(t, plan.Options{}, typed("one", "Test.Misread")))
	b := &blind{stage: h.stage}
	b.opens.Store(1)
	b.plans.Store(1)
	h.performOf(t, h.q, "node", 5, b)
	if got := h.await(t, ended); got.State != task.Success || strings.Contains(h.log(t), "Fatal") {
		t.Errorf("%s %s\n%s", got.State, got.Error, h.log(t))
	}
}
