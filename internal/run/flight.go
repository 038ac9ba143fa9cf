package run

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"sync"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/plan"
	"github.com/takodeploy/tako/internal/step"
	"github.com/takodeploy/tako/internal/task"
)

var (
	zero      time.Time
	errLetGo  = errors.New("the task goes on elsewhere or later")
	errLanded = errors.New("the action has ended already")
)

// flight is one run of an executor.
type flight struct {
	n      *run
	key    task.Key
	action *plan.Action
	job    *step.Job
	cause  error // to be stopped from the beginning

	cancel context.CancelCauseFunc // asks the action to stop
	letGo  context.CancelCauseFunc // leaves it alone
	done   chan struct{}           // closed when it has landed

	mu      sync.Mutex
	over    bool
	outcome step.Outcome
	lost    bool // it ended because it was let go of
	given   *time.Timer
}

// job describes an attempt of an action.
func (n *run) job(r task.Record) *step.Job {
	s, a := n.plan.Find(r.Path)
	t := &n.x.Task
	j := &step.Job{
		TaskID: t.ID, SpaceID: t.SpaceID, ProjectID: t.ProjectID, EnvironmentID: t.EnvironmentID, TenantID: t.TenantID,
		Path: r.Path, Target: r.Target, Attempt: r.Attempt, Ticket: r.Ticket,
		StepName: s.Name, Action: a.Name, Type: a.Type, Properties: a.Properties, Packages: a.Packages, Extra: a.Extra,
		Cursor: r.Cursor, Data: r.Data, Started: r.Started, Masked: n.x.Masked,
	}
	if a.Type == plan.AcquireType {
		j.Packages = n.plan.PackagesFor(r.Target)
	}
	if r.Worker != "" {
		j.Place = step.Place{ID: r.Worker, Worker: true}
	}
	if a.Timeout > 0 {
		j.Deadline = r.Started.Add(a.Timeout)
	}
	return j
}

// board makes a flight that starts after the commit.
func (n *run) board(r task.Record, answer *task.Event, again bool) *flight {
	_, a := n.plan.Find(r.Path)
	f := &flight{n: n, key: r.Key, action: a, job: n.job(r), done: make(chan struct{})}
	f.job.Again = again
	if answer != nil {
		f.job.Answer = &step.Answer{Ref: answer.Ref, Choice: answer.Text, By: answer.By, At: answer.At, Data: answer.Data}
	}
	f.job.Take = f.take
	n.launch = append(n.launch, f)
	return f
}

// start runs the executor in a goroutine of its own.
func (f *flight) start(parent context.Context) {
	alive, letGo := context.WithCancelCause(parent)
	ctx, cancel := context.WithCancelCause(alive)
	f.letGo, f.job.Alive = letGo, alive
	f.cancel = func(cause error) {
		cancel(cause)
		f.giveUpLater(cause)
	}
	if f.cause != nil {
		f.cancel(f.cause)
	}
	var up *time.Timer
	if d := f.job.Deadline; !d.IsZero() {
		up = time.AfterFunc(max(0, d.Sub(f.n.x.Now())), func() { f.cancel(step.TimeUp(f.action.Timeout)) })
	}
	go func() {
		o := f.run(ctx, alive)
		if up != nil {
			up.Stop()
		}
		if o.State == step.Canceled && errors.Is(context.Cause(ctx), step.ErrTimedOut) {
			o.State = step.Failed
		}
		if o.Error == "" && o.State == step.Failed && errors.Is(context.Cause(ctx), step.ErrTimedOut) {
			o.Error = fmt.Sprintf("It ran longer than its limit of %s and was stopped.", fault.Span(f.action.Timeout))
		}
		f.land(o, o.State == "")
		letGo(nil)
		cancel(nil)
	}()
}

// giveUpLater ends the flight some time after it was asked to stop, whatever
// the executor does.
func (f *flight) giveUpLater(cause error) {
	grace := f.n.Grace
	if grace == 0 {
		grace = 110 * time.Second
	}
	// The executor gives up by itself and says more; this is for one that hangs.
	last := grace + grace/30
	if errors.Is(cause, step.ErrCanceled) {
		last = max(grace/30, last-f.n.canceledFor())
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.given != nil || f.over {
		return
	}
	f.given = time.AfterFunc(last, func() {
		o := step.Outcome{State: step.Canceled, Error: "It did not stop within " + grace.String() + " and was given up; it may still run."}
		if errors.Is(cause, step.ErrTimedOut) {
			o.State = step.Failed
		} else {
			o.Lines = []step.Line{{Category: step.Warning, Text: o.Error}}
		}
		f.land(o, false)
		f.letGo(errLetGo)
	})
}

// land ends the flight, once.
func (f *flight) land(o step.Outcome, lost bool) {
	f.mu.Lock()
	if f.over {
		f.mu.Unlock()
		return
	}
	f.over, f.outcome, f.lost = true, o, lost
	if f.given != nil {
		f.given.Stop()
	}
	f.mu.Unlock()
	defer close(f.done)
	select {
	case f.n.landed <- f:
	case <-f.job.Alive.Done():
		// Nobody receives any more; the record stays as it is.
	}
}

// run calls the executor until it has an outcome. An outcome without a state
// means that the job was let go of.
func (f *flight) run(ctx, alive context.Context) step.Outcome {
	patience := f.n.Patience
	if patience == 0 {
		patience = 10 * time.Minute
	}
	var begun time.Time // of the trouble that goes on
	for pause := time.Second; ; pause = min(2*pause, 30*time.Second) {
		called := time.Now()
		o, err := f.call(ctx, alive)
		if begun.IsZero() || time.Since(called) > patience {
			begun = time.Now() // what went on for so long had got over the last one
		}
		switch {
		case err == nil:
			return o
		case alive.Err() != nil:
			return step.Outcome{}
		case errors.Is(err, errPanic), fault.Mendable(err) && !fault.Is(err, fault.Unavailable):
			return step.Failure("%s", err.Error())
		case ctx.Err() != nil && f.job.Ticket != "" && errors.Is(err, ctx.Err()):
			return step.Outcome{State: step.Canceled}
		case time.Since(begun) > patience && !fault.Is(err, fault.Away):
			return step.Failure("The server could not go on with the action: %s", err.Error())
		}
		f.n.x.Say(f.key.Path, f.key.Target, task.Warning, "The server has trouble with the action and tries again: %s", err)
		f.job.Again = true
		select {
		case <-alive.Done():
		case <-time.After(pause):
		}
	}
}

// errPanic is a mistake of the program, which trying again does not mend.
var errPanic = errors.New("internal error")

func (f *flight) call(ctx, alive context.Context) (o step.Outcome, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w in %s: %v\n%s", errPanic, f.action.Type, p, debug.Stack())
		}
	}()
	executor, ok := step.Find(f.action.Type)
	if !ok {
		return step.Failure("This server has nothing that carries out steps of the type %s.", f.action.Type), nil
	}
	n := f.n
	if f.job.Place == (step.Place{}) || f.job.Place.Name == "" {
		if f.job.Place, err = n.scene.Place(alive, f.job, f.action.RunOn, f.action.WorkerPool); err != nil {
			return o, err
		}
	}
	if err := n.scene.Fill(alive, f.job, plan.Standing{Plan: n.plan, Records: n.book.list()}); err != nil {
		return o, err
	}
	r, _ := n.book.get(f.key)
	f.job.Cursor, f.job.Data = r.Cursor, r.Data
	return executor.Run(ctx, f.job)
}

// take keeps what the executor has learnt. Lines, the cursor that accounts for
// them and the checkpoint that belongs to it may be committed a little later,
// together: were they lost, all would be, and the far end would be asked for
// the lines again. What does not come from the far end's lines is committed
// before the executor goes on.
func (f *flight) take(ctx context.Context, b step.Batch) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.over {
		return errLanded
	}
	n := f.n
	n.x.Mask(b.Secrets...)
	r, _ := n.book.get(f.key)
	s := task.Save{Then: b.Then}
	changed := b.Cursor > 0 || len(b.Outputs) > 0 || b.Message != "" || b.Progress != 0 || b.Data != nil
	if len(b.Lines) > 0 {
		s.Logs = []task.Lines{{Path: f.key.Path, Target: f.key.Target, Lines: Lines(b.Lines)}}
	}
	for _, l := range b.Lines {
		if !r.Warnings && (l.Category == step.Warning || l.Category == step.Error) {
			r.Warnings, changed = true, true
		}
	}
	if changed {
		if r.State == task.StepStarting {
			r.State = task.StepRunning
		}
		r.Cursor = max(r.Cursor, b.Cursor)
		r.Outputs = n.merge(r.Outputs, b.Outputs)
		if b.Message != "" || b.Progress != 0 {
			r.Message, r.Progress = b.Message, b.Progress
		}
		if b.Data != nil {
			r.Data = b.Data
		}
		s.Records = []task.Record{r}
	}
	var err error
	if len(b.Then) > 0 || b.Data != nil && b.Cursor == 0 {
		err = n.x.Save(ctx, s)
	} else {
		err = n.x.Later(ctx, s)
	}
	if err == nil && changed {
		n.book.put(r)
	}
	return err
}

// merge adds outputs. One that shows a secret is one, whatever its script says.
func (n *run) merge(old map[string]task.Output, more []step.Output) map[string]task.Output {
	if len(more) == 0 {
		return old
	}
	merged := maps.Clone(old)
	if merged == nil {
		merged = map[string]task.Output{}
	}
	for _, o := range more {
		if o.Sensitive {
			n.x.Mask(o.Value)
		}
		sensitive := o.Sensitive || n.x.Masked(o.Value) != o.Value
		merged[n.x.Masked(o.Name)] = task.Output{Value: o.Value, Sensitive: sensitive}
	}
	return merged
}

func Lines(list []step.Line) []task.Line {
	out := make([]task.Line, len(list))
	for i, l := range list {
		out[i] = task.Line{Category: task.Category(l.Category), Time: l.Time, Text: l.Text, Open: l.Open}
	}
	return out
}
