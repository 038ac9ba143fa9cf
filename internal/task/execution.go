package task

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/takodeploy/tako/internal/store"
)

// Handler carries out the tasks of one name.
type Handler interface {
	// Run carries the task out, from its records on if it was begun before.
	// When it returns, everything that it has saved is committed, and the
	// outcome is applied unless Save was given one already. It must return
	// soon when its context ends, with the context's error; the task then goes
	// on elsewhere or later. Any other error ends the task as failed.
	Run(ctx context.Context, x *Execution) (Outcome, error)
}

// HandlerFunc is a function as a Handler.
type HandlerFunc func(ctx context.Context, x *Execution) (Outcome, error)

// Run calls the function.
func (f HandlerFunc) Run(ctx context.Context, x *Execution) (Outcome, error) { return f(ctx, x) }

// Beginner is a handler that can say at once what the first commit of a task
// holds, so that it is part of the one in which the task is taken.
type Beginner interface {
	Handler
	// Begin is given a task that was never begun. It only reads, in a context that
	// lets it see what the transaction has written so far. The handler that it
	// gives goes on once the save is committed; nil leaves all to Run.
	Begin(ctx context.Context, x *Execution) (Save, Handler)
}

// Outcome is how a run of a handler ended: with an end of the task, or with
// the task put down until something happens.
type Outcome struct {
	// Act is Succeed, Fail, RunOut, or Stop after a cancellation.
	Act   Act
	Error string // why, for a person
	Pause *Pause
}

// Pause puts a task down. It costs nothing until an event or the clock wakes it.
type Pause struct {
	Until   time.Time // zero if only an event wakes it
	KeepTag bool      // others of its concurrency tag stay out meanwhile
	Why     string    // what it waits for, as a sentence
	// Seen is the number of the last event that the handler has looked at: if
	// there is a newer one the task is not put down but runs again.
	Seen int64
}

// Lines are log lines of one place of a task; the empty path is the task as a
// whole.
type Lines struct {
	Path   string
	Target string
	Lines  []Line
}

// Save is what is committed together: all of it or nothing.
type Save struct {
	Records []Record // new, or in place of what was there
	Events  []Event
	Logs    []Lines
	// Plan is stored once, with the outline of its steps.
	Plan    json.RawMessage
	Outline *Outline
	// Pending replaces the types of the interruptions that wait, unless nil.
	Pending []string
	// Then runs in the transaction, after the task's row is locked.
	Then []func(*store.Tx) error
	// Outcome ends this run of the task.
	Outcome *Outcome
}

// Execution is a task in the hands of a handler. Its writes fail once another
// node has the task.
type Execution struct {
	// Task is the row as it was claimed.
	Task    Task
	Records []Record
	Events  []Event
	Plan    json.RawMessage

	q        *Queue
	mask     *masks
	born     time.Time
	canceled chan struct{}
	changed  chan struct{}
	stop     context.CancelCauseFunc
	begun    Handler                                          // goes on with what was begun as it was taken; nil if nothing was
	handOver func(context.Context, *Execution, *commit) error // commits an end; nil without a runner
	handed   atomic.Bool                                      // its end has claimed what could run in its place
	giveUpAt time.Time                                        // of what was canceled; only for the renewal of leases

	ctx   context.Context // ends when the task is lost or the server stops
	order sync.Mutex      // held while a save enters the journal

	mu      sync.Mutex
	waiting Save // records and lines for the next commit
	size    int
	flush   *time.Timer
	stored  int64 // bytes of log
	full    bool  // the log has reached its limit
	ended   bool
	gap     error // why something was given up that later saves build on
}

// flushAfter is how long a line may wait to be committed.
const flushAfter = 100 * time.Millisecond

// saveFor is for how long a save is tried again while the store has trouble.
const saveFor = 30 * time.Second

// maxWaiting is how many bytes of lines may wait.
const maxWaiting = 256 << 10

// Canceled is closed when somebody wants the task to stop.
func (x *Execution) Canceled() <-chan struct{} { return x.canceled }

// Changed has a value whenever events were appended to the task from outside;
// Reload reads them.
func (x *Execution) Changed() <-chan struct{} { return x.changed }

// cancelOnce tells the handler that somebody wants the task to stop. The
// runner's lock keeps it from being called twice at a time.
func (x *Execution) cancelOnce() {
	select {
	case <-x.canceled:
	default:
		close(x.canceled)
	}
}

// notice tells the handler that there may be new events.
func (x *Execution) notice() {
	select {
	case x.changed <- struct{}{}:
	default:
	}
}

// giveBack returns the task to the queue.
func (x *Execution) giveBack(ctx context.Context) error {
	if err := x.Save(ctx, Save{}); err != nil {
		return err
	}
	_, err := x.q.change(ctx, x.Task.ID, func(tx *store.Tx, t *Task) error {
		if t.Epoch != x.Task.Epoch {
			return errFenced
		}
		return x.q.move(tx, t, PutBack, x.q.now())
	})
	return err
}

// Ticket is the name under which the far end knows a record of this task. When
// the task was asked for is part of it: a database that lost its last moments
// gives the task's number out again.
func (x *Execution) Ticket(key Key) string {
	return Ticket(x.q.opts.Instance, fmt.Sprintf("%s@%d", x.Task.ID, millis(x.Task.QueueTime)), key)
}

// Now is the engine's clock.
func (x *Execution) Now() time.Time { return x.q.now() }

// Mask keeps secrets out of everything that is saved from now on.
func (x *Execution) Mask(secrets ...string) { x.mask.add(secrets...) }

// Masked gives a text as it may be shown.
func (x *Execution) Masked(text string) string { return x.mask.apply(text) }

// Say adds a line to the log. It is committed with the next Save, or a little
// later by itself.
func (x *Execution) Say(path, target string, c Category, format string, args ...any) {
	text := format
	if len(args) > 0 {
		text = fmt.Sprintf(format, args...)
	}
	x.later(Save{Logs: []Lines{{path, target, []Line{{Category: c, Time: x.q.now(), Text: text}}}}})
}

// Later saves records and lines with the next Save, or a little later by
// itself, all together. It is for what can be learnt again if it is lost: the
// lines of a target together with the cursor that accounts for them. When much
// waits already it returns only after the commit, so that a flood is held back
// at its source.
func (x *Execution) Later(ctx context.Context, s Save) error {
	if x.later(s) < maxWaiting {
		return nil
	}
	return x.Save(ctx, Save{})
}

// later adds to what waits and gives its size.
func (x *Execution) later(s Save) int {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, l := range s.Logs {
		for i := range l.Lines {
			x.size += len(l.Lines[i].Text)
		}
		if n := len(x.waiting.Logs); n > 0 && x.waiting.Logs[n-1].Path == l.Path && x.waiting.Logs[n-1].Target == l.Target {
			x.waiting.Logs[n-1].Lines = append(x.waiting.Logs[n-1].Lines, l.Lines...)
		} else {
			x.waiting.Logs = append(x.waiting.Logs, Lines{l.Path, l.Target, append([]Line(nil), l.Lines...)})
		}
	}
	x.waiting.Records = append(x.waiting.Records, s.Records...)
	if x.flush == nil && !x.ended {
		x.flush = time.AfterFunc(flushAfter, func() { _ = x.Save(context.Background(), Save{}) })
	}
	return x.size
}

// take adds what waits to a save, and gives it.
func (x *Execution) take(s *Save) (w Save) {
	x.mu.Lock()
	defer x.mu.Unlock()
	w = x.waiting
	x.waiting, x.size = Save{}, 0
	if x.flush != nil {
		x.flush.Stop()
		x.flush = nil
	}
	s.Logs = append(w.Logs, s.Logs...)
	records := append(w.Records, s.Records...)
	if len(records) < 2 {
		s.Records = records
		return w
	}
	last := make(map[Key]int, len(records))
	for i := range records {
		last[records[i].Key] = i
	}
	s.Records = nil
	for i := range records {
		if last[records[i].Key] == i {
			s.Records = append(s.Records, records[i])
		}
	}
	return w
}

// failed sees to it that no cursor is ever stored without the lines that it
// accounts for. What a save that was refused had taken along waits for the next.
// After one that cannot be stored the task can only fail. Of one that was given
// up while the store was away nobody knows whether it is stored, so that nothing
// may follow: the task is left to whoever takes it up from its records.
func (x *Execution) failed(w Save, err error, refused bool) {
	switch {
	case refused:
		x.mu.Lock()
		defer x.mu.Unlock()
		x.waiting.Logs = append(w.Logs, x.waiting.Logs...)
		x.waiting.Records = append(w.Records, x.waiting.Records...)
	case fenced(err), store.Unreachable(err), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		x.gap = errFenced
		x.stop(errFenced)
	default:
		x.gap = err
	}
}

// Save commits a change of the task together with what was said before. It
// returns when the change is on disk. While the store has trouble it tries
// again; an error means that the task is another's now, or that one of the
// change's own functions has refused.
func (x *Execution) Save(ctx context.Context, s Save) error {
	// Invariant: the saves of one task are committed in the order in which
	// their records were taken, or an older state could overwrite a newer one.
	x.order.Lock()
	defer x.order.Unlock()
	if x.gap != nil && (fenced(x.gap) || s.Outcome == nil || s.Outcome.Act != Fail) {
		return x.gap
	}
	w := x.take(&s)
	c, err := x.prepare(s)
	if err != nil || c.empty() {
		return err
	}
	if err = x.store(ctx, c); err != nil {
		x.failed(w, err, c.refused)
		return err
	}
	if s.Outcome != nil {
		x.mu.Lock()
		x.ended = true
		x.mu.Unlock()
	}
	return nil
}

// store commits, again and again while the store has trouble.
func (x *Execution) store(ctx context.Context, c *commit) error {
	crash().at("before")
	err := x.try(ctx, c)
	until := time.Now().Add(saveFor)
	for pause := 20 * time.Millisecond; err != nil && err != errStored && !fenced(err) && !c.refused && x.alive(ctx) && time.Now().Before(until); pause = min(2*pause, time.Second) {
		slog.Warn("a task's progress cannot be stored and is tried again", "task", x.Task.ID, "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(pause):
			err = x.try(ctx, c)
		}
	}
	crash().at("after")
	if err == errStored {
		// Its hints were lost with the answer.
		x.q.bus.send(Change{Task: x.Task.ID, Kind: Advanced, Status: x.Task.Status})
		return nil
	}
	return err
}

// try commits once. With an end, what can run in the task's place is taken.
func (x *Execution) try(ctx context.Context, c *commit) error {
	if c.s.Outcome == nil || x.handOver == nil || c.alone {
		return x.q.journal.Do(ctx, c.write)
	}
	return x.handOver(ctx, x, c)
}

// begin writes what the task begins with into the transaction that takes it.
func (x *Execution) begin(tx *store.Tx, s Save) error {
	c, err := x.prepare(s)
	if err == nil {
		err = c.write(tx)
	}
	if err != nil {
		return fmt.Errorf("begin task %s: %w", x.Task.ID, err)
	}
	crash().at("before")
	return nil
}

// alive reports whether there is any use in trying to write again: the lease
// has not run out meanwhile.
func (x *Execution) alive(ctx context.Context) bool {
	return ctx.Err() == nil && (x.ctx == nil || x.ctx.Err() == nil)
}

// Ended reports whether a Save has ended this run.
func (x *Execution) Ended() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.ended
}

// Reload reads the events that were appended since, and adds them to Events.
func (x *Execution) Reload(ctx context.Context) error {
	var seen int64
	for _, e := range x.Events {
		seen = max(seen, e.Seq)
	}
	return x.q.store.View(ctx, func(tx *store.Tx) error {
		events, err := readEvents(tx, x.Task.ID, seen)
		x.Events = append(x.Events, events...)
		return err
	})
}

// Seen is the number of the last event that was read.
func (x *Execution) Seen() int64 {
	var seen int64
	for _, e := range x.Events {
		seen = max(seen, e.Seq)
	}
	return seen
}

// View reads from the store.
func (x *Execution) View(ctx context.Context, f func(*store.Tx) error) error {
	return x.q.store.View(ctx, f)
}

// load reads what a restart needs. A task that was never begun has nothing.
func (x *Execution) load(ctx context.Context, again bool) error {
	if x.Task.Epoch <= 1 && !again {
		return nil
	}
	return x.q.store.View(ctx, func(tx *store.Tx) error {
		var err error
		if x.Records, err = x.q.readRecords(tx, x.Task.ID); err != nil {
			return err
		}
		if x.Events, err = readEvents(tx, x.Task.ID, 0); err != nil {
			return err
		}
		var plan string
		if _, err = tx.QueryRow([]any{&plan}, "select plan from task_plan where task = $1", x.Task.ID); err != nil {
			return fmt.Errorf("read the plan of %s: %w", x.Task.ID, err)
		}
		if plan != "" {
			x.Plan = json.RawMessage(plan)
		}
		return nil
	})
}
