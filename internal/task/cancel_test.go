package task

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"
)

// TestCancelingCostsAFewRuns cancels tasks whose handlers take no notice, or
// take it badly. What is counted is how often the queue gives them out: a task
// that is asked to stop must not be taken up again and again.
func TestCancelingCostsAFewRuns(t *testing.T) {
	pause := Outcome{Pause: &Pause{Why: "It waits for rain."}}
	for _, tt := range []struct {
		name  string
		run   func(x *Execution) (Outcome, error)
		early bool // canceled while it runs, and not only once it is put down
		want  State
		runs  int64 // at most
	}{
		{"always wants to wait", func(*Execution) (Outcome, error) { return pause, nil }, false, Canceled, 2},
		{"wants to wait although told", func(x *Execution) (Outcome, error) {
			if x.Task.State == Executing {
				<-x.Canceled()
			}
			return pause, nil
		}, true, Canceled, 2},
		{"says that time is up", func(x *Execution) (Outcome, error) {
			if x.Task.State == Executing {
				return pause, nil
			}
			return Outcome{Act: RunOut, Error: "Time is up."}, nil
		}, false, Canceled, 2},
		{"says nothing", func(x *Execution) (Outcome, error) {
			if x.Task.State == Executing {
				return pause, nil
			}
			return Outcome{}, nil
		}, false, Canceled, 2},
		{"fails in the meantime", func(x *Execution) (Outcome, error) {
			<-x.Canceled()
			return Outcome{Act: Fail, Error: "broken"}, nil
		}, true, Failed, 1},
		{"stops what nobody has canceled", func(*Execution) (Outcome, error) { return Outcome{Act: Stop}, nil }, false, Failed, 1},
		{"breaks down", func(x *Execution) (Outcome, error) {
			if x.Task.State == Executing {
				return pause, nil
			}
			return Outcome{}, fmt.Errorf("disk on fire")
		}, false, Failed, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q := NewQueue(open(t), Options{})
			var runs atomic.Int64
			begun := make(chan struct{}, 16)
			serve(t, q, RunnerOptions{Retry: []time.Duration{time.Millisecond}}, map[string]HandlerFunc{
				"X": func(_ context.Context, x *Execution) (Outcome, error) {
					runs.Add(1)
					select {
					case begun <- struct{}{}:
					default:
					}
					return tt.run(x)
				},
			})
			id := must[*Task](t)(q.Enqueue(t.Context(), New{Name: "X"})).ID
			<-begun
			if !tt.early {
				await(t, q, id, func(t *Task) bool { return t.Hold == Paused || t.Hold == Done })
			}
			must[*Task](t)(q.Cancel(t.Context(), id))
			end := await(t, q, id, final)
			if end.State != tt.want || end.Hold != Done {
				t.Errorf("it is %s (%s), want %s", end.Status, end.Error, tt.want)
			}
			if n := runs.Load(); n > tt.runs || end.Epoch > tt.runs {
				t.Errorf("it was run %d times and given out %d times, at most %d are needed", n, end.Epoch, tt.runs)
			}
		})
	}
}

// TestNobodyKnowsHowToCancel cancels a task whose handler is gone, as after a
// server was replaced by one that does less.
func TestNobodyKnowsHowToCancel(t *testing.T) {
	q := NewQueue(open(t), Options{})
	ctx := t.Context()
	if err := q.Join(ctx, "old", 5); err != nil {
		t.Fatal(err)
	}
	id := must[*Task](t)(q.Enqueue(ctx, New{Name: "Forgotten", Tag: "tag"})).ID
	held := must[[]*Task](t)(q.Claim(ctx, "old", time.Minute))[0]
	x := &Execution{Task: *held, q: q, mask: newMasks(), stop: func(error) {}}
	if err := x.Save(ctx, Save{Outcome: &Outcome{Pause: &Pause{KeepTag: true}}}); err != nil {
		t.Fatal(err)
	}
	must[*Task](t)(q.Cancel(ctx, id))
	serve(t, q, RunnerOptions{Node: "new"}, nil)
	if end := await(t, q, id, final); end.State != Canceled || end.Epoch != 2 || end.HasTag {
		t.Errorf("it is %s after being given out %d times, tag held: %v", end.Status, end.Epoch, end.HasTag)
	}
}

// TestCancelOutlivesItsNode cancels what a node holds that never comes back.
func TestCancelOutlivesItsNode(t *testing.T) {
	q := NewQueue(open(t), Options{})
	ctx := t.Context()
	if err := q.Join(ctx, "gone", 5); err != nil {
		t.Fatal(err)
	}
	id := must[*Task](t)(q.Enqueue(ctx, New{Name: "X"})).ID
	must[[]*Task](t)(q.Claim(ctx, "gone", time.Millisecond))
	must[*Task](t)(q.Cancel(ctx, id))
	var told atomic.Int64
	serve(t, q, RunnerOptions{Node: "here", Poll: 10 * time.Millisecond}, map[string]HandlerFunc{
		"X": func(_ context.Context, x *Execution) (Outcome, error) {
			select {
			case <-x.Canceled():
				told.Add(1)
			default:
			}
			return Outcome{Act: Stop}, nil
		},
	})
	if end := await(t, q, id, final); end.State != Canceled || told.Load() != 1 || end.Epoch != 2 {
		t.Errorf("it is %s, told %d times, given out %d times", end.Status, told.Load(), end.Epoch)
	}
}

// TestADrainingNodeStillCancels: what is being canceled only has to be told so,
// whether it waits or its node is gone.
func TestADrainingNodeStillCancels(t *testing.T) {
	q := NewQueue(open(t), Options{})
	ctx := t.Context()
	for _, node := range []string{"gone", "here"} {
		if err := q.Join(ctx, node, 5); err != nil {
			t.Fatal(err)
		}
	}
	id := must[*Task](t)(q.Enqueue(ctx, New{Name: "X"})).ID
	must[[]*Task](t)(q.Claim(ctx, "gone", -time.Minute))
	must[*Task](t)(q.Cancel(ctx, id))
	if err := q.SetNode(ctx, "here", 5, true); err != nil {
		t.Fatal(err)
	}
	if got := must[[]*Task](t)(q.Claim(ctx, "here", time.Minute)); len(got) != 1 || got[0].ID != id {
		t.Errorf("the draining node leaves it: %v", got)
	}
}

// TestWhatDoesNotStopIsGivenUp cancels what takes no notice at all: here, and
// when another node was asked long ago.
func TestWhatDoesNotStopIsGivenUp(t *testing.T) {
	for _, tt := range []struct {
		name  string
		early bool // it was canceled on a node that is gone
	}{{"here", false}, {"elsewhere", true}} {
		t.Run(tt.name, func(t *testing.T) {
			c := newClock()
			q := NewQueue(open(t), Options{Now: c.now})
			ctx := t.Context()
			id := must[*Task](t)(q.Enqueue(ctx, New{Name: "X", Tag: "tag"})).ID
			if tt.early {
				if err := q.Join(ctx, "gone", 5); err != nil {
					t.Fatal(err)
				}
				must[[]*Task](t)(q.Claim(ctx, "gone", -time.Minute))
				must[*Task](t)(q.Cancel(ctx, id))
				c.pass(time.Hour)
			}
			begun, release, refused := make(chan struct{}), make(chan struct{}), make(chan error, 1)
			serve(t, q, RunnerOptions{Node: "here", Lease: time.Hour, Renew: 10 * time.Millisecond}, map[string]HandlerFunc{
				"X": func(ctx context.Context, x *Execution) (Outcome, error) {
					close(begun)
					<-release
					refused <- x.Save(context.WithoutCancel(ctx), Save{Records: []Record{{Key: Key{"1", "", 1}, State: StepStarting}}})
					return Outcome{Act: Succeed}, nil
				},
			})
			defer func() {
				close(release)
				if err := <-refused; !fenced(err) {
					t.Errorf("the handler still writes: %v", err)
				}
			}()
			<-begun
			if !tt.early {
				must[*Task](t)(q.Cancel(ctx, id))
			}
			// Whether it has its time is a matter of when its node looks; that it
			// still has some shows in that it is not given up before.
			if got := must[*Task](t)(q.Get(ctx, id)); got.State != Cancelling {
				t.Fatalf("it is %s at once", got.Status)
			}
			end := await(t, q, id, func(got *Task) bool {
				if !final(got) {
					c.pass(time.Second)
				}
				return final(got)
			})
			if end.State != Canceled || end.HasTag || end.Error == "" {
				t.Errorf("it is %s: %q, tag held: %v", end.Status, end.Error, end.HasTag)
			}
			if asked := must[time.Time](t)(q.askedToStop(ctx, id)); end.Completed.Sub(asked) < 100*time.Second {
				t.Errorf("it had %v to stop", end.Completed.Sub(asked))
			}
		})
	}
}
