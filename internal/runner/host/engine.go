// Package host is the long-lived process at the far end: one for each
// machine and account, started on demand, gone when idle. It runs jobs under
// tickets, keeps their output and their end on disk, and serves any number
// of connections. Jobs outlive connections; they do not outlive the host.
package host

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/internal/runner/wire"
)

// Options are a host's settings; the zero value of each means its default.
type Options struct {
	Home     string        // directory that holds .tako
	Idle     time.Duration // exit after so long without connections and jobs; 60 s
	LogLimit int64         // bytes of output kept of one job; 128 MiB
	Grace    time.Duration // between asking a process to end and killing it; 10 s
	Keep     time.Duration // ended tickets that nobody completed; 24 h
	Recall   time.Duration // completed tickets, for a server that was set back; 1 min

	// Once is for a machine that was made for one ticket: leave when it was
	// completed, and let the system's wish to end wait until then.
	Once bool
}

func (o Options) withDefaults() Options {
	if o.Idle == 0 {
		o.Idle = time.Minute
	}
	if o.LogLimit == 0 {
		o.LogLimit = 128 << 20
	}
	if o.Grace == 0 {
		o.Grace = 10 * time.Second
	}
	if o.Keep == 0 {
		o.Keep = 24 * time.Hour
	}
	if o.Recall == 0 {
		o.Recall = time.Minute
	}
	return o
}

// engine runs the jobs of one home.
type engine struct {
	options Options
	root    string // <home>/.tako
	work    string
	folders *folders
	past    *past
	cache   *cache
	locks   *isolation
	syncer  *syncer
	environ []string

	mu      sync.Mutex
	tickets map[string]*ticket
	active  int
	changed time.Time // when active last changed
	done    []*ticket // completed, oldest first; see recall
	used    bool      // a ticket was completed
}

func newEngine(options Options) (*engine, error) {
	options = options.withDefaults()
	root := filepath.Join(options.Home, ".tako")
	e := &engine{
		options: options, root: root, work: filepath.Join(root, "work"), locks: newIsolation(),
		environ: environment(root), tickets: map[string]*ticket{}, changed: time.Now(),
	}
	var err error
	if e.folders, err = newFolders(e.work); err != nil {
		return nil, err
	}
	if e.past, err = openPast(filepath.Join(e.work, pastFile)); err != nil {
		return nil, err
	}
	if e.cache, err = newCache(filepath.Join(root, "packages")); err != nil {
		return nil, err
	}
	if e.syncer, err = newSyncer(e.work); err != nil {
		return nil, err
	}
	return e, nil
}

// find gives a ticket that is known, from memory or from disk.
func (e *engine) find(name string) (*ticket, error) {
	if err := runner.CheckTicket(name); err != nil {
		return nil, wire.Errorf(wire.CodeInvalid, "%v", err)
	}
	e.mu.Lock()
	t := e.tickets[name]
	e.mu.Unlock()
	if t != nil {
		<-t.ready
		return t, t.failed
	}
	return e.load(name)
}

// load reads a ticket from disk; e.mu is held meanwhile, so that one that
// was left behind is judged once.
func (e *engine) load(name string) (*ticket, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if t := e.tickets[name]; t != nil {
		return t, nil
	}
	dir := filepath.Join(e.work, name)
	if _, err := os.Lstat(dir); err != nil {
		if exit, completed := e.past.find(name); completed {
			return completedTicket(name, exit), nil
		}
		if errors.Is(err, os.ErrNotExist) {
			return nil, wire.Errorf(wire.CodeNotFound, "The machine does not know ticket %s.", name)
		}
		return nil, err
	}
	t, err := loadTicket(name, dir)
	if err != nil {
		return nil, err
	}
	e.tickets[name] = t
	return t, nil
}

// start starts a job, or finds that its ticket is known. It returns when the
// ticket's folder is on disk for good, so that not even a power cut makes a
// second start run it again. One that had not begun when its host was killed is
// started anew.
func (e *engine) start(name string, job *runner.Job) error {
	if err := runner.CheckTicket(name); err != nil {
		return wire.Errorf(wire.CodeInvalid, "%v", err)
	}
	command, ok := runner.FindCommand(job.Command)
	if !ok {
		return wire.Errorf(wire.CodeInvalid, "The machine's agent knows no command %q; it knows %v.", job.Command, runner.CommandNames())
	}
	t := &ticket{
		name: name, dir: filepath.Join(e.work, name),
		ready: make(chan struct{}), exited: make(chan struct{}),
	}
	t.out = &output{path: filepath.Join(t.dir, logFile), limit: e.options.LogLimit}
	e.mu.Lock()
	if known := e.tickets[name]; known != nil {
		e.mu.Unlock()
		<-known.ready
		if !known.unbegun() {
			return known.failed
		}
		return e.launch(t, known, command, job)
	}
	_, completed := e.past.find(name)
	if _, err := os.Lstat(t.dir); err == nil || completed {
		e.mu.Unlock()
		left, err := e.load(name)
		if err != nil || !left.unbegun() {
			return err
		}
		return e.launch(t, left, command, job)
	}
	e.mu.Unlock()
	return e.launch(t, nil, command, job)
}

// launch runs a job under a ticket that is new, or in place of one whose job had
// not begun. Of several that try it at once, one does.
func (e *engine) launch(t, instead *ticket, command runner.Command, job *runner.Job) error {
	ctx, cancel := context.WithCancelCause(context.Background())
	t.cancel = cancel
	e.mu.Lock()
	if known := e.tickets[t.name]; known != instead {
		e.mu.Unlock()
		cancel(nil)
		<-known.ready
		return known.failed
	}
	e.tickets[t.name] = t
	e.active++
	e.mu.Unlock()

	here := machine()
	o := origin{
		Ticket: t.name, Command: job.Command, Machine: here.name, Boot: here.boot,
		PID: os.Getpid(), StartTime: ownStart(), Started: time.Now().UTC(),
	}
	var err error
	if instead != nil {
		err = t.revive(o)
	} else if err = t.create(e.folders, o); err == nil {
		if err = e.syncer.sync(); err != nil {
			t.state.Close()
			os.RemoveAll(t.dir)
		}
	}
	if err != nil {
		t.failed = describe(err, "making the folder of ticket "+t.name)
		e.drop(t)
		close(t.ready)
		cancel(nil)
		return t.failed
	}
	close(t.ready)
	go e.run(ctx, t, command, job)
	return nil
}

var ownStart = sync.OnceValue(func() uint64 { return runner.StartTime(os.Getpid()) })

// drop forgets a ticket that did not start.
func (e *engine) drop(t *ticket) {
	e.mu.Lock()
	delete(e.tickets, t.name)
	e.active--
	e.changed = time.Now()
	e.mu.Unlock()
}

// complete forgets a ticket that ended and removes its folder, a little later.
// One that still runs is canceled first.
func (e *engine) complete(name string) error {
	e.mu.Lock()
	e.used = true
	e.mu.Unlock()
	t, err := e.find(name)
	var coded *wire.Error
	if errors.As(err, &coded) && coded.Code == wire.CodeNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	if t.gone.Swap(true) {
		return nil
	}
	t.cancel(runner.ErrCanceled)
	go func() {
		<-t.exited
		e.recall(t)
	}()
	return nil
}

// recallMost is how many completed tickets are remembered at most.
const recallMost = 1000

// recall remembers a completed ticket for a while. A server whose database
// lost its last moments, because a standby took over or a copy was restored,
// asks for it once more: it must find the end and the lines again, or it would
// run the job a second time.
func (e *engine) recall(t *ticket) {
	if err := t.out.withdraw(); err != nil {
		slog.Warn("removing the log of a completed ticket", "ticket", t.name, "error", err)
	}
	e.part(t)
	var over *ticket
	e.mu.Lock()
	e.done = append(e.done, t)
	if len(e.done) > recallMost {
		over = e.done[0]
	}
	e.mu.Unlock()
	if over != nil {
		e.release(over)
	}
	time.AfterFunc(e.options.Recall, func() { e.release(t) })
}

// part gives the folder of a completed ticket back at once, where nothing that
// the job has left in it may be wanted again: what is recalled of it is in
// memory, and making folders takes longer than what most jobs do.
func (e *engine) part(t *ticket) {
	if t.lingers.Load() || !isEmpty(t.filesDir()) {
		return
	}
	err := e.past.note(t.name, t.exit, time.Now().Add(e.options.Recall))
	if err == nil {
		t.parted = true
		err = e.folders.give(t.dir, t.usage())
	}
	if err != nil {
		slog.Warn("giving back a ticket's folder", "ticket", t.name, "error", err)
	}
}

// release forgets a completed ticket for good.
func (e *engine) release(t *ticket) {
	e.mu.Lock()
	at := slices.Index(e.done, t)
	if at < 0 {
		e.mu.Unlock()
		return
	}
	e.done = slices.Delete(e.done, at, at+1)
	e.mu.Unlock()
	t.retire()
	if !t.parted {
		if err := e.folders.give(t.dir, t.usage()); err != nil {
			slog.Warn("removing a ticket's folder", "ticket", t.name, "error", err)
		}
	}
	e.mu.Lock()
	delete(e.tickets, t.name)
	e.mu.Unlock()
}

// settle writes what tickets still have in memory, before the host leaves.
func (e *engine) settle() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, t := range e.tickets {
		t.out.spill()
	}
}

// busy reports how many jobs run and since when that is so.
func (e *engine) busy() (int, time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.active, e.changed
}

// spent reports whether a machine for one ticket has served its purpose. One
// that was told to end has if it was given none.
func (e *engine) spent(told bool) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.options.Once && (e.used || told && len(e.tickets) == 0)
}

func (e *engine) ended() {
	e.mu.Lock()
	e.active--
	e.changed = time.Now()
	e.mu.Unlock()
}
