package step

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/internal/target"
)

// remote is a job that runs at a far end, and this process that sees it
// through. A restart goes the same way: starting is done once per ticket
// whoever asks, and lines are followed from the cursor.
type remote struct {
	job   *Job
	alive context.Context // the process has the job
	at    Place           // where it runs
	way   target.Transport
	in    *intake
	// begun says that the job may run at the far end already, so that not
	// reaching it is no failure of the action but a reason to wait.
	begun    bool
	packages []runner.Package // that are there
	acquired bool
	// missed is since when the far end cannot be reached.
	missed  time.Time
	revived int // how often it was started again
}

// runRemote runs a command at the job's place.
func runRemote(ctx context.Context, job *Job, command string) (Outcome, error) {
	if job.Tools == nil || job.Tools.Reach == nil {
		return Failure("This server has no way to any machine."), nil
	}
	r := &remote{job: job, alive: job.Alive, begun: job.Again}
	if r.alive == nil {
		r.alive = context.WithoutCancel(ctx)
	}
	if ctx.Err() != nil && !job.Again {
		return stopped(context.Cause(ctx), ""), giveUp(ctx)
	}
	var err error
	if r.in, err = newIntake(r.alive, job); err != nil {
		return Outcome{}, err
	}
	if r.at, err = r.settle(); err != nil {
		return Outcome{}, err
	}
	way, release, err := job.Tools.Reach.Reach(r.alive, job.SpaceID, r.at)
	if errors.Is(err, errElsewhere) || errors.Is(err, target.ErrGone) {
		return Outcome{State: Lost, Error: plain(err)}, nil
	}
	if err != nil {
		return r.unreachable(err)
	}
	defer release()
	r.way = way
	return r.run(ctx, command)
}

// giveUp is the context's own error when it ended for the process and not for
// the action.
func giveUp(ctx context.Context) error {
	if cause := context.Cause(ctx); !errors.Is(cause, ErrCanceled) && !errors.Is(cause, ErrTimedOut) {
		return cause
	}
	return nil
}

// unreachable is the outcome of a job whose place cannot even be worked out.
func (r *remote) unreachable(err error) (Outcome, error) {
	if r.alive.Err() != nil {
		return Outcome{}, err
	}
	if fault.Is(err, fault.Away) || !fault.Mendable(err) && !target.Temporary(err) {
		return Outcome{}, err
	}
	return Failure("%s", plain(err)), nil
}

// longAgo is how old a job must be for its ticket to be forgotten at the far
// end, where tickets are kept for a day. Starting it then might run it twice.
const longAgo = 12 * time.Hour

func (r *remote) run(ctx context.Context, command string) (Outcome, error) {
	followed := r.job.Cursor > 0 || r.job.Again && time.Since(r.job.Started) > longAgo
	for {
		if !followed && ctx.Err() == nil {
			outcome, err := r.start(ctx, command)
			if outcome != nil || err != nil {
				return deref(outcome), err
			}
		}
		o, err := r.follow(ctx)
		if !errors.Is(err, errUnbegun) {
			return o, err
		}
		followed = false
		r.revived++
		if err := r.in.say1(Info, "The agent on the machine was ended while this waited for its turn there. It had not begun, and is started again."); err != nil {
			return Outcome{}, err
		}
	}
}

// errUnbegun says that the job was lost while it waited for its turn.
var errUnbegun = errors.New("the job had not begun")

// revivals is how often a job is started again that was lost while it waited.
// Who loses its agent more often will not get far with it either.
const revivals = 10

func deref(o *Outcome) Outcome {
	if o == nil {
		return Outcome{}
	}
	return *o
}

// start brings the job to the far end and starts it. An outcome says that it
// did not come to that.
func (r *remote) start(ctx context.Context, command string) (*Outcome, error) {
	for {
		err := r.startOnce(ctx, command)
		switch {
		case err == nil:
			return nil, nil
		case r.alive.Err() != nil:
			return nil, r.alive.Err()
		case errors.Is(err, target.ErrGone):
			return nil, nil // how it ended is seen where it is followed
		case ctx.Err() != nil && r.begun:
			return nil, nil // it is stopped where it is followed
		case ctx.Err() != nil:
			o := stopped(context.Cause(ctx), "")
			return r.unbegun(o), nil
		case r.begun && target.Temporary(err):
			if o, err := r.wait(ctx, err); o != nil || err != nil {
				return o, err
			}
		default:
			if !fault.Mendable(err) {
				return nil, err
			}
			return r.unbegun(Failure("%s", plain(err))), nil
		}
	}
}

// unbegun lets go of a far end that was made for the job alone.
func (r *remote) unbegun(o Outcome) *Outcome {
	if _, ok := r.way.(target.Anchored); ok {
		o.Done = r.farewell()
	}
	return &o
}

// anchor makes the far end, if it is the job's own, and notes what leads back
// to it, to be kept before the job is started.
func (r *remote) anchor(ctx context.Context) error {
	a, ok := r.way.(target.Anchored)
	if !ok {
		return nil
	}
	at, err := a.Anchor(ctx, func(reason string) error { return r.in.say1(WaitLine, "%s", sentence(reason)) })
	if err == nil && r.at.Home != at {
		r.at.Home = at
		r.in.state.Home, r.in.changed = at, true
	}
	return err
}

// startOnce makes one try. Until the job itself is sent, failing has no
// consequences at the far end.
func (r *remote) startOnce(ctx context.Context, command string) error {
	if err := r.anchor(ctx); err != nil {
		return err
	}
	if !r.acquired {
		packages, err := acquire(ctx, r.job, r.way, r.in)
		if err != nil {
			return err
		}
		r.packages, r.acquired = packages, true
	}
	if len(r.packages) == 0 && !r.begun {
		if err := r.way.Reachable(ctx); err != nil {
			return err
		}
	}
	job, before := build(r.job, command, r.packages)
	if target.IsPodAnchor(r.at.Home) {
		before = append([]Line{{Category: Verbose, Text: "Runs in the pod " + target.PodName(r.job.Ticket) + "."}}, before...)
	}
	if err := r.in.tell(before); err != nil {
		return err
	}
	if err := r.in.commit(); err != nil { // where it runs, before it does
		return err
	}
	r.begun = true
	if err := r.way.Start(ctx, r.job.Ticket, job); err != nil {
		return err
	}
	return r.heard()
}

// heard notes that the far end answers, and says so if it did not for a while.
func (r *remote) heard() error {
	if r.missed.IsZero() {
		return nil
	}
	gone := time.Since(r.missed)
	r.missed = time.Time{}
	return r.in.say1(Info, "%s is back after %s. This goes on.", r.place(), fault.Span(gone.Round(time.Millisecond)))
}

// wait sits out that the far end cannot be reached, for as long as there is
// patience. The time is counted by this process: after a restart it begins
// anew, which errs on the side of not losing the job.
func (r *remote) wait(ctx context.Context, cause error) (*Outcome, error) {
	patience := r.job.Tools.patience()
	if r.missed.IsZero() {
		r.missed = time.Now()
		if err := r.in.say1(WaitLine, "%s Nothing is heard of %s. Waiting up to %s for it to come back: see that the machine is up, reachable and not out of memory or disk; what it has done is not lost. Cancel the task to wait no longer.",
			sentence(plain(cause)), r.place(), fault.Span(patience)); err != nil {
			return nil, err
		}
	}
	since := time.Since(r.missed)
	if since >= patience {
		o := Outcome{State: Lost, Error: fmt.Sprintf(
			"%s could not be reached for %v. Nobody knows how far the action came: %s", r.place(), patience, plain(cause))}
		return &o, nil
	}
	pause := time.NewTimer(min(max(since/4, 200*time.Millisecond), 10*time.Second, patience-since))
	defer pause.Stop()
	select {
	case <-pause.C:
		return nil, nil
	case <-ctx.Done():
		return nil, r.alive.Err()
	case <-r.alive.Done():
		return nil, r.alive.Err()
	}
}

// place names where the job runs.
func (r *remote) place() string {
	switch {
	case target.IsPodAnchor(r.at.Home):
		return "The worker pod"
	case r.job.Place.ID == "":
		return "The server"
	case r.job.Place.Name != "":
		return r.job.Place.Name
	}
	return r.job.Place.ID
}

// plain is what an error says to a person.
func plain(err error) string {
	var known *fault.Error
	if errors.As(err, &known) {
		return known.Error()
	}
	return err.Error()
}
