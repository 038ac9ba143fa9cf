package task

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/store"
)

// errShutdown is why executions end when the server does.
var errShutdown = errors.New("the server is shutting down")

// errPanic is a mistake of the program, which trying again does not mend.
var errPanic = errors.New("internal error")

// RunnerOptions are a node's own settings.
type RunnerOptions struct {
	Node  string
	Cap   int // tasks at once; 0 keeps what is stored, at first DefaultCap
	Lease time.Duration
	Renew time.Duration
	Poll  time.Duration // how often the truth is looked at when nothing hints at a change
	// GiveUp is after how long a task that was canceled is ended although its
	// handler has not stopped; 0 is what keeps it within two minutes.
	GiveUp time.Duration
	// Farewell is how long handlers are waited for that are to let go because the
	// server stops; 0 is half a minute.
	Farewell time.Duration
	// Retry are the pauses after which a handler that ended with an error of
	// the server's own is called again, before its task fails.
	Retry []time.Duration
	Log   *slog.Logger
}

// Runner carries out tasks on one node: it claims them, hands them to the
// handlers of their names, and keeps their leases alive.
type Runner struct {
	q        *Queue
	o        RunnerOptions
	handlers map[string]Handler

	lease   sync.RWMutex // held while leases are renewed, shared while they are taken
	claims  bool         // it takes tasks; changed while lease is held
	mu      sync.Mutex
	running map[string]*Execution
	fence   *time.Timer // ends everything when leases could not be renewed
	wake    chan struct{}
	held    chan struct{} // has a value when something is first held
	done    sync.WaitGroup
}

// NewRunner makes a runner of the queue's tasks.
func NewRunner(q *Queue, o RunnerOptions) *Runner {
	if o.Lease == 0 {
		o.Lease = 6 * time.Second
	}
	if o.Renew == 0 {
		o.Renew = o.Lease / 3
	}
	if o.Poll == 0 {
		o.Poll = time.Second
	}
	if o.GiveUp == 0 {
		o.GiveUp = max(2*time.Minute-o.Renew-time.Second, time.Minute)
	}
	if o.Farewell == 0 {
		o.Farewell = 30 * time.Second
	}
	if o.Retry == nil {
		o.Retry = []time.Duration{time.Second, 5 * time.Second, 15 * time.Second}
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Runner{
		q: q, o: o, handlers: map[string]Handler{}, running: map[string]*Execution{},
		wake: make(chan struct{}, 1), held: make(chan struct{}, 1),
	}
}

// Handle registers the handler of a name, before Run.
func (r *Runner) Handle(name string, h Handler) {
	if _, taken := r.handlers[name]; taken {
		panic("task: two handlers for " + name)
	}
	r.handlers[name] = h
}

// Run carries out tasks until the context ends, then gives back what it has.
func (r *Runner) Run(ctx context.Context) error {
	if err := r.q.Join(ctx, r.o.Node, r.o.Cap); err != nil {
		return err
	}
	remove := r.q.bus.hint(r.hint)
	defer remove()
	stopListen := r.q.listen(ctx, r.o.Log)
	defer stopListen()
	renewing := make(chan struct{})
	go func() {
		defer close(renewing)
		r.renew(ctx)
	}()
	r.take(true)
	r.loop(ctx)
	r.take(false)
	r.mu.Lock()
	for _, x := range r.running {
		x.stop(errShutdown)
	}
	r.mu.Unlock()
	r.farewell()
	<-renewing
	if err := r.q.Leave(context.WithoutCancel(ctx), r.o.Node); err != nil {
		r.o.Log.Warn("the other nodes could not be told that this one stops", "error", err)
	}
	return nil
}

// farewell waits for what was told to stop. What hangs is left alone: nobody
// renews its lease any more.
func (r *Runner) farewell() {
	gone := make(chan struct{})
	go func() {
		r.done.Wait()
		close(gone)
	}()
	select {
	case <-gone:
	case <-time.After(r.o.Farewell):
		r.o.Log.Warn("some tasks do not let go; whoever runs next takes them up when their leases have run out")
	}
}

// take has tasks taken or not.
func (r *Runner) take(claims bool) {
	r.lease.Lock()
	defer r.lease.Unlock()
	r.claims = claims
}

// hint is called with each committed change; it must not block.
func (r *Runner) hint(c Change) {
	switch c.Kind {
	case Ended, Put:
		r.mu.Lock()
		x := r.running[c.Task]
		r.mu.Unlock()
		if x == nil || !x.handed.Load() {
			r.poke()
		}
	case Enqueued:
		r.poke()
	case Asked:
		r.poke()
		r.cancel(c.Task)
	case Signaled:
		r.mu.Lock()
		if x := r.running[c.Task]; x != nil {
			x.notice()
		}
		r.mu.Unlock()
	}
}

func (r *Runner) poke() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

func (r *Runner) cancel(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if x := r.running[id]; x != nil {
		x.cancelOnce()
	}
}

// loop claims whenever something hints that there is something to claim, and
// looks for itself now and then, which costs one small query. A claim after a hint
// is tried at once, unless the last one found nothing: a node that is full would
// commit one for each task that is queued.
func (r *Runner) loop(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	hinted, vain := true, false
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.wake:
			hinted = true
		case <-timer.C:
		}
		wait := r.o.Poll
		due, next, err := true, time.Time{}, error(nil)
		if !hinted || vain {
			due, next, err = r.q.Due(ctx, r.o.Node)
		}
		if err == nil && due {
			vain, err = r.claim(ctx)
		}
		hinted = false
		if until := time.Until(next); !next.IsZero() && until > 0 && until < wait {
			wait = until
		}
		if err != nil && ctx.Err() == nil {
			r.o.Log.Error("the queue cannot be read", "error", err)
		}
		timer.Reset(wait)
	}
}

// claim takes what the node may run now; vain if that is nothing.
func (r *Runner) claim(ctx context.Context) (vain bool, err error) {
	r.lease.RLock()
	defer r.lease.RUnlock()
	asked := time.Now()
	taken, err := r.takeAfter(ctx, nil, !r.q.shared())
	if err != nil && !r.q.shared() {
		// Nothing that a task begins with keeps the others waiting.
		r.o.Log.Warn("tasks cannot begin as they are taken; each begins by itself", "error", err)
		taken, err = r.takeAfter(ctx, nil, false)
	}
	if err == nil {
		r.begin(asked, taken)
	}
	return len(taken) == 0, err
}

// takeAfter commits a write, if any, together with the claim of what can run then.
// Of several that share a commit one is given all that was taken.
func (r *Runner) takeAfter(ctx context.Context, do func(*store.Tx) error, begins bool) (taken []*Execution, err error) {
	write := func(tx *store.Tx) error {
		taken = nil // of an earlier try
		if do == nil {
			return nil
		}
		return do(tx)
	}
	pick := func(tx *store.Tx) (err error) {
		taken, err = r.pickUp(tx, begins)
		return err
	}
	if r.q.shared() { // the gate is not waited for with others' rows in hand
		err = r.q.journal.Do(ctx, pick)
		return taken, err
	}
	err = r.q.journal.DoThen(ctx, write, &follow{r, pick})
	return taken, err
}

// pickUp claims in the caller's transaction. What begins has its first commit in
// it, where no other node waits for the gate meanwhile.
func (r *Runner) pickUp(tx *store.Tx, begins bool) ([]*Execution, error) {
	tasks, err := r.q.claim(tx, r.o.Node, r.o.Lease)
	if err != nil {
		return nil, err
	}
	taken := make([]*Execution, len(tasks))
	for i, t := range tasks {
		taken[i] = r.execution(t)
		if !begins || t.Epoch > 1 || t.State != Executing {
			continue
		}
		s, next := r.callBegin(tx.Within(), taken[i])
		if next == nil {
			taken[i] = r.execution(t) // without what was learnt in vain
			continue
		}
		if err := taken[i].begin(tx, s); err != nil {
			return nil, err
		}
		taken[i].begun = next
	}
	return taken, nil
}

// callBegin asks the handler what the task begins with. A mistake of the handler's
// is left for Run to show, which fails the task alone.
func (r *Runner) callBegin(ctx context.Context, x *Execution) (s Save, next Handler) {
	h, can := r.handlers[x.Task.Name].(Beginner)
	if !can {
		return s, nil
	}
	defer func() {
		if p := recover(); p != nil {
			r.o.Log.Error("a task's handler panicked when it was to begin", "task", x.Task.ID, "name", x.Task.Name, "panic", p, "stack", string(debug.Stack()))
			next = nil
		}
	}()
	return h.Begin(ctx, x)
}

// handOver has the end of a task committed together with the claim of what can
// run in its place, which saves a commit and the time until somebody looks. Where
// other nodes claim too, nobody is to wait for their gate with a task in hand, and
// the claim follows by itself.
func (r *Runner) handOver(ctx context.Context, x *Execution, c *commit) error {
	r.lease.RLock()
	defer r.lease.RUnlock()
	if r.q.shared() || !r.claims {
		return r.q.journal.Do(ctx, c.write)
	}
	asked, ended := time.Now(), false
	taken, err := r.takeAfter(ctx, func(tx *store.Tx) (err error) {
		err = c.write(tx)
		ended = err == nil
		x.handed.Store(ended)
		return err
	}, true)
	if err != nil {
		x.handed.Store(false)
		c.alone = ended // the end must not suffer for what was to follow
		return err
	}
	r.begin(asked, taken)
	return nil
}

// begin runs tasks whose leases were asked for at a time.
func (r *Runner) begin(asked time.Time, taken []*Execution) {
	if len(taken) == 0 {
		return
	}
	for _, x := range taken {
		if x.begun != nil {
			crash().at("after")
		}
	}
	r.mu.Lock()
	first := len(r.running) == 0
	if first {
		r.renewed(asked)
	}
	for _, x := range taken {
		r.start(x)
	}
	r.mu.Unlock()
	if first {
		select {
		case r.held <- struct{}{}:
		default:
		}
	}
}

// execution is a claimed task for a handler.
func (r *Runner) execution(t *Task) *Execution {
	ctx, stop := context.WithCancelCause(context.Background())
	x := &Execution{
		Task: *t, q: r.q, ctx: ctx, mask: newMasks(), stop: stop, handOver: r.handOver, stored: t.LogBytes, born: time.Now(),
		canceled: make(chan struct{}), changed: make(chan struct{}, 1),
	}
	if t.State == Cancelling {
		close(x.canceled)
	}
	return x
}

// start runs a claimed task in a goroutine of its own. The caller holds mu.
func (r *Runner) start(x *Execution) {
	id := x.Task.ID
	if old := r.running[id]; old != nil {
		old.stop(errFenced)
	}
	r.running[id] = x
	r.done.Add(1)
	go func() {
		defer r.done.Done()
		defer x.stop(nil)
		r.carryOut(x.ctx, x)
		r.mu.Lock()
		if r.running[id] == x {
			delete(r.running, id)
		}
		if len(r.running) == 0 && r.fence != nil {
			r.fence.Stop()
		}
		r.mu.Unlock()
	}()
}

// carryOut runs the handler and applies its outcome.
func (r *Runner) carryOut(ctx context.Context, x *Execution) {
	outcome, err := r.call(ctx, x, false)
	for _, pause := range r.o.Retry {
		if err == nil || ctx.Err() != nil || fenced(err) || fault.Mendable(err) || errors.Is(err, errPanic) {
			break
		}
		r.o.Log.Warn("a task's handler will be called again", "task", x.Task.ID, "name", x.Task.Name, "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(pause):
			outcome, err = r.call(ctx, x, true)
		}
	}
	if x.Ended() || errors.Is(context.Cause(ctx), errFenced) {
		return
	}
	// What is written now must be written although the execution was stopped.
	write := context.WithoutCancel(ctx)
	switch {
	case ctx.Err() != nil, store.Unreachable(err):
		// A database that is away is no fault of the task's.
		err = x.giveBack(write)
	case err != nil && !fenced(err):
		r.o.Log.Error("a task ended with an error", "task", x.Task.ID, "name", x.Task.Name, "error", err)
		x.Say("", "", Fatal, "%s", "The server could not go on with the task: "+err.Error())
		err = x.Save(write, Save{Outcome: &Outcome{Act: Fail, Error: err.Error()}})
	case err == nil:
		err = x.Save(write, Save{Outcome: &outcome})
	}
	if err != nil && !fenced(err) {
		// The lease runs out and the task is taken up again from its records.
		r.o.Log.Error("the end of a task cannot be written", "task", x.Task.ID, "error", err)
	}
}

func (r *Runner) call(ctx context.Context, x *Execution, again bool) (o Outcome, err error) {
	defer func() {
		if p := recover(); p != nil {
			r.o.Log.Error("a task's handler panicked", "task", x.Task.ID, "name", x.Task.Name, "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("%w: %v", errPanic, p)
		}
	}()
	h := r.handlers[x.Task.Name]
	switch {
	case x.begun != nil && !again:
		return x.begun.Run(ctx, x)
	case h == nil && x.Task.State == Cancelling:
		return Outcome{Act: Stop}, nil
	case h == nil:
		return Outcome{Act: Fail, Error: fmt.Sprintf("This server does not know how to carry out a task named %q.", x.Task.Name)}, nil
	}
	if err := x.load(ctx, again); err != nil {
		return Outcome{}, err
	}
	return h.Run(ctx, x)
}
