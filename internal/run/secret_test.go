package run

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/takodeploy/tako/internal/plan"
	"github.com/takodeploy/tako/internal/step"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

const open = "it is swordfish"

// Test.Blab says the scene's secret wherever an action can say something.
var _ = step.Register("Test.Blab", step.ExecutorFunc(func(ctx context.Context, j *step.Job) (step.Outcome, error) {
	if got := j.Masked(open); got != "it is ********" {
		return step.Failure("a job is given %q", got), nil
	}
	err := j.Take(ctx, step.Batch{
		Lines:   []step.Line{{Category: step.Warning, Text: open}, {Category: step.Info, Text: "it is swordf", Open: true}},
		Message: open, Progress: 10,
		Outputs: []step.Output{{Name: "open", Value: open}, {Name: "of swordfish", Value: "none"}},
	})
	if err != nil {
		return step.Outcome{}, err
	}
	return step.Failure("%s", open), nil
}))

// TestWhatAnActionSaysIsMasked looks for a secret that an action has said in
// the question about its failure, in the record, in what is told of the end,
// and in everything that is stored.
func TestWhatAnActionSaysIsMasked(t *testing.T) {
	h := newTheater(t, planOf(t, plan.Options{GuidedFailure: true}, typed("blab", "Test.Blab")))
	h.perform(t, h.q)
	h.await(t, paused)
	q := h.questions()[0]
	if q.Instructions != "it is ********" {
		t.Errorf("people are asked about %q", q.Instructions)
	}
	h.answer(t, q, string(plan.ChooseFail))
	done := h.await(t, ended)
	if !strings.Contains(done.Error, "it is ********") {
		t.Errorf("the task's error is %q", done.Error)
	}
	h.mu.Lock()
	told := h.told.Records
	h.mu.Unlock()
	if len(told) != 1 || told[0].Error != "it is ********" {
		t.Errorf("of the end is told: %+v", told)
	}
	_, records, err := h.q.Look(t.Context(), h.id)
	if err != nil || len(records) != 1 {
		t.Fatalf("%v %v", records, err)
	}
	if out := records[0].Outputs["open"]; out != (task.Output{Value: open, Sensitive: true}) {
		t.Errorf("the output is %+v", out)
	}
	if _, there := records[0].Outputs["of ********"]; !there {
		t.Errorf("the outputs are %v", records[0].Outputs)
	}
	h.find(t, "swordf")
}

// find looks for a text in what is stored of tasks, as it is and unpacked.
func (h *theater) find(t *testing.T, text string) {
	t.Helper()
	if log := h.log(t); strings.Contains(log, text) {
		t.Errorf("the log says %s", log)
	}
	err := h.db.View(t.Context(), func(tx *store.Tx) error {
		for _, from := range []string{"select data, '', '' from task_step", "select text, data, ref from task_event", "select description, error, why from task"} {
			var a, b, c string
			err := tx.Query(func(scan func(...any) error) error {
				if err := scan(&a, &b, &c); err != nil {
					return err
				}
				if all := a + b + c; strings.Contains(all, text) {
					t.Errorf("%s: %s", from, all)
				}
				return nil
			}, from)
			if err != nil {
				return fmt.Errorf("%s: %w", from, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
