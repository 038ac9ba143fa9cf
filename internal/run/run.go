// Package run carries out tasks that follow a plan: a loop that asks plan.Next
// what to do now, commits the answers, does them, and may be killed anywhere.
package run

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/plan"
	"github.com/takodeploy/tako/internal/step"
	"github.com/takodeploy/tako/internal/task"
)

// Runner carries out tasks that follow a plan. It is the handler of their
// names.
type Runner struct {
	Source Source
	// Quick says that a plan takes the database alone to make: that is done while
	// nobody else writes, in the transaction that takes the task.
	Quick bool
	// Grace is how long an action that is to stop is waited for; 0 is 110
	// seconds. Executors give up before that by themselves, and a task that is
	// canceled has ended within two minutes.
	Grace time.Duration
	// Patience is for how long an executor that fails for a reason of the
	// server's own is called again; 0 is ten minutes.
	Patience time.Duration
	// Unseal opens what executors have sealed in their checkpoints; nil is for
	// those that seal nothing.
	Unseal func(sealed string) (string, error)
}

// shortWait is how long a plan that waits only for a clock keeps its place
// rather than being put down.
const shortWait = 5 * time.Second

// groundWait is how long a run that ends waits for its executors to let go.
const groundWait = 10 * time.Second

// run is one pick-up of a task.
type run struct {
	*Runner
	x       *task.Execution
	plan    *plan.Plan
	scene   Scene
	book    *book
	flights map[task.Key]*flight
	landed  chan *flight

	next     task.Save               // what the next commit holds
	fresh    []task.Event            // events that it appends
	launch   []*flight               // what starts after it
	forget   []func(context.Context) // what far ends may forget after it
	again    bool                    // it changes what there is to decide
	timer    *time.Timer
	pending  []string
	canceled bool
}

// Run carries the plan out, from the records on if it was begun before.
func (r *Runner) Run(ctx context.Context, x *task.Execution) (task.Outcome, error) {
	n := r.of(x)
	if err := n.open(ctx); err != nil {
		if fault.Mendable(err) {
			x.Say("", "", task.Fatal, "%s", err.Error())
			return task.Outcome{Act: task.Fail, Error: err.Error()}, nil
		}
		return task.Outcome{}, err
	}
	if err := n.maskAgain(); err != nil {
		return task.Outcome{}, err
	}
	return n.goOn(ctx, n.turn)
}

func (r *Runner) of(x *task.Execution) *run {
	return &run{Runner: r, x: x, flights: map[task.Key]*flight{}, landed: make(chan *flight), pending: x.Task.Pending}
}

// Begin makes the plan of a task that was never begun, and takes the first turn
// as far as its commit. What has no plan, or ends at once, is left to Run.
func (r *Runner) Begin(ctx context.Context, x *task.Execution) (task.Save, task.Handler) {
	n := r.of(x)
	if !r.Quick || n.open(ctx) != nil {
		return task.Save{}, nil
	}
	n.think(ctx)
	if n.next.Outcome != nil || len(n.fresh) > 0 {
		return task.Save{}, nil
	}
	s := n.take()
	return s, task.HandlerFunc(func(ctx context.Context, _ *task.Execution) (task.Outcome, error) {
		return n.goOn(ctx, func(ctx context.Context) (bool, error) { return n.follow(ctx, s) })
	})
}

// goOn takes turn after turn until the run is over.
func (n *run) goOn(ctx context.Context, turn func(context.Context) (done bool, err error)) (task.Outcome, error) {
	// Whatever happens, nothing of this run may write after it has returned.
	defer n.ground()
	for ; ; turn = n.turn {
		done, err := turn(ctx)
		if err != nil || done {
			return task.Outcome{}, err
		}
		if n.again {
			n.again = false
			continue
		}
		if err := n.wait(ctx); err != nil {
			return task.Outcome{}, err
		}
	}
}

// open reads the plan, or makes it at the first pick-up.
func (n *run) open(ctx context.Context) (err error) {
	n.book = newBook(n.x.Records)
	if n.x.Plan != nil {
		if err := json.Unmarshal(n.x.Plan, &n.plan); err != nil {
			return fmt.Errorf("read the plan: %w", err)
		}
	}
	if n.scene, err = n.Source.Open(ctx, &n.x.Task, n.plan); err != nil {
		return err
	}
	n.x.Mask(n.scene.Secrets()...)
	if n.plan != nil {
		return nil
	}
	return n.makePlan(ctx)
}

// makePlan has the plan made and stored with the next commit.
func (n *run) makePlan(ctx context.Context) (err error) {
	if n.plan, err = n.scene.Plan(ctx); err != nil {
		return err
	}
	text, err := json.Marshal(n.plan)
	if err != nil {
		return fmt.Errorf("store the plan: %w", err)
	}
	n.next.Plan, n.next.Outline = text, plan.Outline(n.plan)
	for _, note := range n.plan.Notes {
		n.say(task.Key{}, task.Info, note)
	}
	n.next.Then = append(n.next.Then, n.scene.Began)
	n.x.Mask(n.scene.Secrets()...) // some depend on the plan's targets
	return nil
}

// maskAgain hides what steps before a restart have made secret.
func (n *run) maskAgain() error {
	unseal := n.Unseal
	if unseal == nil {
		unseal = func(sealed string) (string, error) { return sealed, nil }
	}
	for i := range n.x.Records {
		r := &n.x.Records[i]
		masks, err := step.Masks(r.Data, unseal)
		if err != nil {
			return fmt.Errorf("record %s: %w", r.Key, err)
		}
		n.x.Mask(masks...)
		for _, o := range r.Outputs {
			if o.Sensitive {
				n.x.Mask(o.Value)
			}
		}
	}
	return nil
}

// turn asks what to do now, commits the answers together with what has been
// learnt since, and does them. It reports whether the run is over.
func (n *run) turn(ctx context.Context) (done bool, err error) {
	n.think(ctx)
	return n.commit(ctx)
}

// think makes the next commit.
func (n *run) think(ctx context.Context) {
	n.noteCancel()
	n.noteAnswers()
	w := waits{asked: []string{}}
	for _, d := range n.decide() {
		n.carryOut(ctx, d, &w)
	}
	slices.Sort(w.asked)
	w.asked = slices.Compact(w.asked)
	n.ring(w.clock)
	if !slices.Equal(w.asked, n.pending) && n.next.Outcome == nil {
		n.next.Pending, n.pending = w.asked, w.asked
	}
	idle := len(n.flights)+len(n.launch) == 0 && !n.again && n.next.Outcome == nil
	if idle && (w.clock.IsZero() || w.clock.Sub(n.x.Now()) > shortWait) {
		n.next.Outcome = &task.Outcome{Pause: &task.Pause{Until: w.clock, KeepTag: w.block, Why: w.why(), Seen: n.x.Seen()}}
	}
}

// decide asks Next.
func (n *run) decide() []plan.Decision {
	events := append(slices.Clone(n.x.Events), n.fresh...)
	events = append(events, task.Event{Kind: task.EventClock, At: n.x.Now()})
	if n.canceled {
		events = append(events, task.Event{Kind: task.EventCancel})
	}
	records := n.book.list()
	so := plan.Standing{Plan: n.plan, Records: records}
	return plan.Next(n.plan, records, events, func(expression, path, target string) (bool, error) {
		return n.scene.Eval(expression, path, target, so)
	})
}

// waits sums up what a plan waits for.
type waits struct {
	clock time.Time
	block bool
	asked []string
	kinds []plan.WaitFor
}

func (w *waits) add(d plan.Decision) {
	w.block = w.block || d.Block
	if !slices.Contains(w.kinds, d.For) {
		w.kinds = append(w.kinds, d.For)
	}
	if d.For == plan.ForClock && (w.clock.IsZero() || d.Until.Before(w.clock)) {
		w.clock = d.Until
	}
}

// why says it as a sentence.
func (w *waits) why() string {
	var parts []string
	for _, kind := range w.kinds {
		switch kind {
		case plan.ForPerson:
			parts = append(parts, "for somebody to answer")
		case plan.ForChild:
			parts = append(parts, "for a task that it has started")
		case plan.ForClock:
			parts = append(parts, "until "+w.clock.UTC().Format("2006-01-02 15:04:05 UTC"))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "It waits " + strings.Join(parts, " and ") + "."
}

// take gives the next commit, to which nothing is added any more.
func (n *run) take() task.Save {
	s := n.next
	s.Events = n.fresh
	n.next, n.fresh = task.Save{}, nil
	return s
}

// commit writes what the turn has decided, then starts what it has decided to
// start.
func (n *run) commit(ctx context.Context) (done bool, err error) {
	s := n.take()
	if err := n.x.Save(ctx, s); err != nil {
		return false, err
	}
	return n.follow(ctx, s)
}

// follow does what follows a commit.
func (n *run) follow(ctx context.Context, s task.Save) (done bool, err error) {
	for _, done := range n.forget {
		go tidyUp(done)
	}
	n.forget = nil
	if s.Outcome != nil {
		return true, nil
	}
	if len(s.Events) > 0 {
		if err := n.x.Reload(ctx); err != nil {
			return false, err
		}
	}
	for _, f := range n.launch {
		n.flights[f.key] = f
		f.start(ctx)
	}
	n.launch = nil
	return false, nil
}

// tidyWait is how long a far end that is to forget a job is talked to. One that
// does not hear it sweeps up by itself.
const tidyWait = time.Minute

// tidyUp tells a far end that the outcome of its job is on record.
func tidyUp(done func(context.Context)) {
	ctx, stop := context.WithTimeout(context.Background(), tidyWait)
	defer stop()
	done(ctx)
}

// wait returns when anything has changed.
func (n *run) wait(ctx context.Context) error {
	cancel := n.x.Canceled()
	if n.canceled {
		cancel = nil
	}
	var clock <-chan time.Time
	if n.timer != nil {
		clock = n.timer.C
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case f := <-n.landed:
		n.land(f)
	case <-cancel: // noted by the next turn
	case <-n.x.Changed():
		if err := n.x.Reload(ctx); err != nil {
			return err
		}
	case <-clock:
	}
	// What has happened at the same time is committed at the same time.
	for {
		select {
		case f := <-n.landed:
			n.land(f)
		default:
			return nil
		}
	}
}

// noteCancel notes that the task is to stop: while it runs, or before it was
// picked up, as when it waited for a person.
func (n *run) noteCancel() {
	select {
	case <-n.x.Canceled():
	default:
		return
	}
	if n.canceled {
		return
	}
	n.canceled = true
	told := func(e task.Event) bool { return e.Kind == eventTold }
	if !slices.ContainsFunc(n.x.Events, told) {
		n.say(task.Key{}, task.Warning, "The task is being canceled.")
		n.fresh = append(n.fresh, task.Event{Kind: eventTold, At: n.x.Now()})
	}
}

// eventTold is noted when the log says that the task is being canceled, which
// those who go on with it need not repeat.
const eventTold task.EventKind = "CancelTold"

// canceledFor is for how long the task is being canceled, by this run or by the
// one before it.
func (n *run) canceledFor() time.Duration {
	for _, e := range slices.Backward(n.x.Events) {
		if e.Kind == task.EventCancel {
			return n.x.Now().Sub(e.At)
		}
	}
	return 0
}

// asked is why what runs is to stop, with since when.
func (n *run) asked() error {
	return step.CanceledAt{Time: time.Now().Add(-n.canceledFor())}
}

// ring sets the clock that ends the wait.
func (n *run) ring(at time.Time) {
	if n.timer != nil {
		n.timer.Stop()
		n.timer = nil
	}
	if !at.IsZero() {
		n.timer = time.NewTimer(max(0, at.Sub(n.x.Now())))
	}
}

// ground lets go of everything that still runs and waits for it.
func (n *run) ground() {
	n.ring(time.Time{})
	for _, f := range n.flights {
		f.letGo(errLetGo)
	}
	limit := time.NewTimer(groundWait)
	defer limit.Stop()
	for _, f := range n.flights {
		select {
		case <-f.done:
		case <-limit.C:
			return // it hangs; what it still writes is refused
		}
	}
}
