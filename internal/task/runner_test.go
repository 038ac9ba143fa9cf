package task

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/takodeploy/tako/internal/store"
)

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// serve runs a runner until the test ends.
func serve(t testing.TB, q *Queue, o RunnerOptions, handlers map[string]HandlerFunc) *Runner {
	t.Helper()
	if o.Node == "" {
		o.Node = "n"
	}
	o.Log = quiet()
	r := NewRunner(q, o)
	for name, h := range handlers {
		r.Handle(name, h)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return r
}

// await waits until a task is as wanted.
func await(t testing.TB, q *Queue, id string, want func(*Task) bool) *Task {
	t.Helper()
	l := q.Bus().Listen(16)
	defer l.Close()
	deadline := time.After(20 * time.Second)
	for {
		task := must[*Task](t)(q.Get(t.Context(), id))
		if want(task) {
			return task
		}
		select {
		case <-l.C:
		case <-time.After(50 * time.Millisecond):
		case <-deadline:
			t.Fatalf("task %s is still %s (%s)", id, task.Status, task.Error)
		}
	}
}

func final(t *Task) bool { return t.State.Final() }

func TestRunnerCarriesOut(t *testing.T) {
	q := NewQueue(open(t), Options{})
	serve(t, q, RunnerOptions{Cap: 3, Retry: []time.Duration{time.Millisecond}}, map[string]HandlerFunc{
		"Good": func(_ context.Context, x *Execution) (Outcome, error) {
			x.Say("", "", Info, "hello")
			return Outcome{Act: Succeed}, nil
		},
		"Bad":   func(context.Context, *Execution) (Outcome, error) { return Outcome{}, errors.New("broken") },
		"Panic": func(context.Context, *Execution) (Outcome, error) { panic("oh") },
		"Stop": func(ctx context.Context, x *Execution) (Outcome, error) {
			select {
			case <-x.Canceled():
				return Outcome{Act: Stop}, nil
			case <-ctx.Done():
				return Outcome{}, ctx.Err()
			}
		},
	})
	for name, want := range map[string]State{"Good": Success, "Bad": Failed, "Panic": Failed, "Unknown": Failed} {
		id := must[*Task](t)(q.Enqueue(t.Context(), New{Name: name})).ID
		if got := await(t, q, id, final); got.State != want || (want == Failed && got.Error == "") {
			t.Errorf("%s: %s %q", name, got.State, got.Error)
		}
	}
	id := must[*Task](t)(q.Enqueue(t.Context(), New{Name: "Stop"})).ID
	await(t, q, id, func(t *Task) bool { return t.Hold == Held })
	must[*Task](t)(q.Cancel(t.Context(), id))
	if got := await(t, q, id, final); got.State != Canceled {
		t.Errorf("%s", got.State)
	}
}

func TestStartsWithinMilliseconds(t *testing.T) {
	q := NewQueue(open(t), Options{})
	started := make(chan time.Time, 1)
	serve(t, q, RunnerOptions{Cap: 3, Poll: time.Hour}, map[string]HandlerFunc{
		"X": func(context.Context, *Execution) (Outcome, error) {
			started <- time.Now()
			return Outcome{Act: Succeed}, nil
		},
	})
	var worst time.Duration
	for range 20 {
		asked := time.Now()
		id := must[*Task](t)(q.Enqueue(t.Context(), New{Name: "X"})).ID
		worst = max(worst, (<-started).Sub(asked))
		await(t, q, id, final)
	}
	if worst > 500*time.Millisecond {
		t.Errorf("a queued task started after %s", worst)
	}
}

// TestAnotherNodeGoesOn has one runner vanish and another go on from the
// records.
func TestAnotherNodeGoesOn(t *testing.T) {
	db := open(t)
	q := NewQueue(db, Options{})
	lease := 300 * time.Millisecond
	reached := make(chan struct{})
	ctx, kill := context.WithCancel(context.Background())
	defer kill()
	dead := NewRunner(q, RunnerOptions{Node: "dead", Cap: 1, Lease: lease, Renew: time.Hour, Poll: time.Hour, Log: quiet()})
	dead.Handle("X", HandlerFunc(func(ctx context.Context, x *Execution) (Outcome, error) {
		if err := x.Save(ctx, Save{Records: []Record{{Key: Key{"1", "", 1}, State: StepStarting}}, Plan: []byte(`"the plan"`)}); err != nil {
			return Outcome{}, err
		}
		close(reached)
		<-ctx.Done()
		return Outcome{}, ctx.Err()
	}))
	go func() { _ = dead.Run(ctx) }()
	id := must[*Task](t)(q.Enqueue(t.Context(), New{Name: "X"})).ID
	<-reached
	// Its leases are never renewed, so it must let go before they end.
	other := NewQueue(db, Options{})
	serve(t, other, RunnerOptions{Node: "alive", Cap: 1, Poll: 20 * time.Millisecond}, map[string]HandlerFunc{
		"X": func(_ context.Context, x *Execution) (Outcome, error) {
			if len(x.Records) != 1 || string(x.Plan) != `"the plan"` {
				return Outcome{}, fmt.Errorf("found %v and %s", x.Records, x.Plan)
			}
			return Outcome{Act: Succeed}, nil
		},
	})
	if got := await(t, q, id, final); got.State != Success || got.Node != "alive" {
		t.Errorf("%s on %s: %s", got.State, got.Node, got.Error)
	}
}

func TestShutdownGivesBack(t *testing.T) {
	q := NewQueue(open(t), Options{})
	running := make(chan struct{}, 1)
	ctx, shutdown := context.WithCancel(context.Background())
	r := NewRunner(q, RunnerOptions{Node: "n", Cap: 1, Log: quiet()})
	r.Handle("X", HandlerFunc(func(ctx context.Context, x *Execution) (Outcome, error) {
		x.Say("", "", Info, "before the end")
		running <- struct{}{}
		<-ctx.Done()
		return Outcome{}, ctx.Err()
	}))
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	id := must[*Task](t)(q.Enqueue(t.Context(), New{Name: "X"})).ID
	<-running
	shutdown()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	got := must[*Task](t)(q.Get(t.Context(), id))
	if got.Status != (Status{Executing, Waiting}) || got.LogLines != 1 {
		t.Errorf("%s, %d lines", got.Status, got.LogLines)
	}
}

// TestShutdownLeavesWhatHangs stops a node whose handler does not let go.
func TestShutdownLeavesWhatHangs(t *testing.T) {
	q := NewQueue(open(t), Options{})
	r := NewRunner(q, RunnerOptions{Node: "n", Farewell: 10 * time.Millisecond, Log: quiet()})
	begun, release, left := make(chan struct{}), make(chan struct{}), make(chan struct{})
	r.Handle("X", HandlerFunc(func(ctx context.Context, _ *Execution) (Outcome, error) {
		defer close(left)
		close(begun)
		<-release
		return Outcome{}, ctx.Err()
	}))
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	must[*Task](t)(q.Enqueue(t.Context(), New{Name: "X"}))
	<-begun
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	close(release)
	<-left
	r.done.Wait()
}

// claimsOf counts the claims that were made on a queue.
func claimsOf(t testing.TB, q *Queue) (n int64) {
	t.Helper()
	err := q.store.View(t.Context(), func(tx *store.Tx) error {
		_, err := tx.QueryRow([]any{&n}, "select claims from task_gate")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// A node that is full looks at what is queued, and commits nothing for it.
func TestAFullNodeClaimsNothing(t *testing.T) {
	sqliteOnly(t)
	q := NewQueue(open(t), Options{})
	began, end := make(chan struct{}), make(chan struct{})
	r := serve(t, q, RunnerOptions{Cap: 1, Poll: time.Hour}, map[string]HandlerFunc{
		"First": func(context.Context, *Execution) (Outcome, error) {
			close(began)
			<-end
			return Outcome{Act: Succeed}, nil
		},
		"X": func(context.Context, *Execution) (Outcome, error) { return Outcome{Act: Succeed}, nil },
	})
	must[*Task](t)(q.Enqueue(t.Context(), New{Name: "First"}))
	<-began
	before := claimsOf(t, q)
	var last *Task
	for range 10 {
		last = must[*Task](t)(q.Enqueue(t.Context(), New{Name: "X"}))
		for len(r.wake) > 0 { // until the node has heard of it
			runtime.Gosched()
		}
	}
	if more := claimsOf(t, q) - before; more > 2 { // one finds that there is no room
		t.Errorf("%d claims while the node was full", more)
	}
	close(end)
	await(t, q, last.ID, final)
}

func TestIdleWritesNothing(t *testing.T) {
	sqliteOnly(t)
	q := NewQueue(open(t), Options{})
	r := NewRunner(q, RunnerOptions{Node: "n", Cap: 1, Poll: time.Millisecond, Log: quiet()})
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	claims := claimsOf(t, q)
	_ = r.Run(ctx)
	if more := claimsOf(t, q) - claims; more > 1 {
		t.Errorf("%d claims with nothing to claim", more)
	}
}

// BenchmarkDrain measures what the engine itself costs per task: enqueue,
// claim, a record started and ended with a few lines, and the end.
func BenchmarkDrain(b *testing.B) {
	q := NewQueue(open(b), Options{})
	var left atomic.Int64
	finished := make(chan struct{})
	handlers := map[string]HandlerFunc{"X": func(ctx context.Context, x *Execution) (Outcome, error) {
		r := Record{Key: Key{"1.1", "", 1}, State: StepStarting, Started: x.Now()}
		x.Say("", "", Info, "begin")
		if err := x.Save(ctx, Save{Records: []Record{r}, Plan: []byte(`{}`)}); err != nil {
			return Outcome{}, err
		}
		r.State, r.Ended = StepSucceeded, x.Now()
		x.Say("1.1", "", Info, "a line")
		err := x.Save(ctx, Save{Records: []Record{r}, Outcome: &Outcome{Act: Succeed}})
		if left.Add(-1) == 0 {
			close(finished)
		}
		return Outcome{}, err
	}}
	left.Store(int64(b.N))
	for i := range b.N {
		must[*Task](b)(q.Enqueue(b.Context(), New{Name: "X", ProjectID: fmt.Sprint(i % 7), Tag: fmt.Sprint(i)}))
	}
	b.ResetTimer()
	serve(b, q, RunnerOptions{Cap: 5}, handlers)
	<-finished
}

// The end of a task and the beginning of the next under its tag are one
// commit: whoever hears of the first finds the second begun.
func TestAnEndIsTheNextOnesBeginning(t *testing.T) {
	sqliteOnly(t) // where other nodes claim too, the next is taken a moment later
	q := NewQueue(open(t), Options{})
	var ids []string
	for range 3 {
		ids = append(ids, must[*Task](t)(q.Enqueue(t.Context(), New{Name: "X", Tag: "one"})).ID)
	}
	held := make(chan Hold, len(ids))
	defer q.bus.hint(func(c Change) {
		if c.Kind == Ended && c.Task != ids[2] {
			next, err := q.Get(context.Background(), ids[map[string]int{ids[0]: 1, ids[1]: 2}[c.Task]])
			if err != nil {
				t.Error(err)
				return
			}
			held <- next.Hold
		}
	})()
	serve(t, q, RunnerOptions{Cap: 3, Poll: time.Hour}, map[string]HandlerFunc{
		"X": func(context.Context, *Execution) (Outcome, error) { return Outcome{Act: Succeed}, nil },
	})
	await(t, q, ids[2], final)
	for range 2 {
		if got := <-held; got != Held {
			t.Errorf("the next task is %s", got)
		}
	}
}

// A task ends although the queue cannot be read for the next.
func TestAnEndNeedsNoNext(t *testing.T) {
	sqliteOnly(t)
	db := open(t)
	q := NewQueue(db, Options{})
	rename := func(from, to string) error {
		return db.Do(context.Background(), func(tx *store.Tx) error {
			_, err := tx.Exec("alter table " + from + " rename to " + to)
			return err
		})
	}
	serve(t, q, RunnerOptions{Cap: 3, Poll: 20 * time.Millisecond}, map[string]HandlerFunc{
		"X": func(context.Context, *Execution) (Outcome, error) {
			return Outcome{Act: Succeed}, rename("task_stopped", "away")
		},
		"Y": func(context.Context, *Execution) (Outcome, error) { return Outcome{Act: Succeed}, nil },
	})
	first := must[*Task](t)(q.Enqueue(t.Context(), New{Name: "X", Tag: "one"})).ID
	second := must[*Task](t)(q.Enqueue(t.Context(), New{Name: "Y", Tag: "one"})).ID
	if got := await(t, q, first, final); got.State != Success {
		t.Errorf("it ended as %s: %s", got.State, got.Error)
	}
	if err := rename("away", "task_stopped"); err != nil {
		t.Fatal(err)
	}
	await(t, q, second, final)
}

// starter is a handler that begins tasks as they are taken.
type starter struct {
	HandlerFunc
	begin func(ctx context.Context, x *Execution) (Save, Handler)
}

func (s starter) Begin(ctx context.Context, x *Execution) (Save, Handler) { return s.begin(ctx, x) }

// What a handler begins a task with is committed with the taking of it, which may
// be the end of another; what cannot begin so is carried out all the same.
func TestBeginsAsItIsTaken(t *testing.T) {
	q := NewQueue(open(t), Options{})
	first := Record{Key: Key{Path: "1"}, State: StepStarting}
	for name, c := range map[string]struct {
		save  Save
		fails bool // to begin, so that Run carries it out
		panic bool
	}{
		"begins":  {save: Save{Records: []Record{first}}},
		"leaves":  {fails: true},
		"panics":  {fails: true, panic: true},
		"refuses": {save: Save{Records: []Record{first}, Then: []func(*store.Tx) error{func(*store.Tx) error { return errors.New("no") }}}, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			var before []string // tasks in the order of their ends
			end := func(by string) HandlerFunc {
				return func(ctx context.Context, x *Execution) (Outcome, error) {
					_, records, err := q.Look(ctx, x.Task.ID)
					if want := map[string]int{"begin": 1, "run": 0}[by]; err != nil || len(records) != want {
						return Outcome{Act: Fail, Error: fmt.Sprintf("%d records when it is carried out: %v", len(records), err)}, nil
					}
					before = append(before, by)
					return Outcome{Act: Succeed}, nil
				}
			}
			r := NewRunner(q, RunnerOptions{Node: "n", Cap: 1, Log: quiet()})
			r.Handle(name, starter{end("run"), func(ctx context.Context, x *Execution) (Save, Handler) {
				var inside, outside *Task
				err := errors.Join(
					q.store.View(ctx, func(tx *store.Tx) (err error) { inside, err = GetTx(tx, x.Task.ID); return err }),
					q.store.View(t.Context(), func(tx *store.Tx) (err error) { outside, err = GetTx(tx, x.Task.ID); return err }),
				)
				switch {
				case err != nil || inside.State != Executing || outside.State != Queued:
					t.Errorf("it begins as %v, to others %v: %v", inside, outside, err)
				case c.panic:
					panic("oh")
				case c.save.Records == nil:
					return Save{}, nil
				}
				return c.save, end("begin")
			}})
			var made []*Task
			for range 3 {
				made = append(made, must[*Task](t)(q.Enqueue(t.Context(), New{Name: name})))
			}
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan error, 1)
			go func() { done <- r.Run(ctx) }()
			for _, m := range made {
				if got := await(t, q, m.ID, final); got.State != Success {
					t.Errorf("%s: %s", got.State, got.Error)
				}
			}
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
			by := "begin"
			if c.fails || q.shared() {
				by = "run"
			}
			if want := []string{by, by, by}; !slices.Equal(before, want) {
				t.Errorf("carried out by %q, not %q", before, want)
			}
		})
	}
}
