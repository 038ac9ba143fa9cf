package step

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/internal/target"
)

// errGivenUp is why a job is not followed any more that was told to stop and
// has not.
var errGivenUp = errors.New("the action did not stop in time")

// follow sees the job to its end. When the action is to stop, the far end is
// told so, and the end is waited for a while.
func (r *remote) follow(ctx context.Context) (Outcome, error) {
	var way sync.WaitGroup
	defer way.Wait()
	watch, end := context.WithCancelCause(r.alive)
	defer end(nil)
	way.Go(func() { r.makeWay(watch) })
	stopping := context.AfterFunc(ctx, func() {
		if giveUp(ctx) == nil {
			r.stop(context.Cause(ctx), watch, end)
		}
	})
	defer stopping()
	take := func(lines []runner.Line) error {
		if err := r.heard(); err != nil {
			return err
		}
		return r.in.take(lines)
	}
	for {
		exit, err := r.way.Follow(watch, r.job.Ticket, r.in.seen, take)
		switch {
		case err == nil && exit.Unbegun && ctx.Err() == nil && r.revived < revivals:
			return Outcome{}, errUnbegun
		case err == nil:
			return r.end(ctx, exit)
		case errors.Is(context.Cause(watch), errGivenUp):
			return r.givenUp(ctx)
		case r.alive.Err() != nil:
			return Outcome{}, r.alive.Err()
		case !target.Temporary(err):
			return Outcome{}, err
		}
		o, err := r.wait(watch, err)
		switch {
		case errors.Is(context.Cause(watch), errGivenUp):
			return r.givenUp(ctx)
		case o != nil || err != nil:
			return deref(o), err
		}
	}
}

// stop tells the far end to stop, until it has heard it, and ends the watch
// when it does not stop in time.
func (r *remote) stop(cause error, watch context.Context, end context.CancelCauseFunc) {
	grace := time.AfterFunc(r.job.Tools.graceLeft(cause), func() { end(errGivenUp) })
	context.AfterFunc(watch, func() { grace.Stop() })
	for {
		err := r.way.Cancel(watch, r.job.Ticket)
		if err == nil || fault.Is(err, fault.NotFound) || watch.Err() != nil {
			return
		}
		pause := time.NewTimer(time.Second)
		select {
		case <-pause.C:
		case <-watch.Done():
			pause.Stop()
			return
		}
	}
}

// givenUp is the outcome of a job that did not stop.
func (r *remote) givenUp(ctx context.Context) (Outcome, error) {
	if err := r.in.finish(); err != nil {
		return Outcome{}, err
	}
	return stopped(context.Cause(ctx), fmt.Sprintf(
		"%s did not confirm within %v that it has stopped; it may still be running there.", r.place(), r.job.Tools.grace())), nil
}

// stopped is the outcome of an action that was stopped for a cause.
func stopped(cause error, note string) Outcome {
	o := Outcome{State: Canceled, Error: strings.TrimSpace("The action was canceled. " + note)}
	if errors.Is(cause, ErrTimedOut) {
		than := "it may"
		if up := (&timeUp{}); errors.As(cause, &up) {
			than = "its limit of " + fault.Span(up.limit)
		}
		o = Outcome{State: Failed, Error: strings.TrimSpace("The action took longer than " + than + " and was stopped. " + note)}
	}
	if note != "" {
		o.Lines = []Line{{Category: Warning, Text: note}}
	}
	return o
}

// end turns the exit into the outcome, after the last lines and the artifacts
// are kept.
func (r *remote) end(ctx context.Context, exit runner.Exit) (Outcome, error) {
	if err := r.in.finish(); err != nil {
		return Outcome{}, err
	}
	o := r.judge(ctx, exit)
	if !exit.Lost {
		if err := r.keepArtifacts(); err != nil {
			return Outcome{}, err
		}
	}
	o.Done = r.farewell()
	return o, nil
}

// farewell completes the ticket at the far end.
func (r *remote) farewell() func(ctx context.Context) {
	tools, space, place, ticket := r.job.Tools, r.job.SpaceID, r.at, r.job.Ticket
	return func(ctx context.Context) {
		if way, release, err := tools.Reach.Reach(ctx, space, place); err == nil {
			// What is not forgotten now is swept away by the far end itself.
			_ = way.Complete(ctx, ticket)
			release()
		}
	}
}

// judge says how the job ended.
func (r *remote) judge(ctx context.Context, exit runner.Exit) Outcome {
	code := exit.Code
	o := Outcome{State: Failed, ExitCode: &code}
	switch {
	case exit.Lost && ctx.Err() != nil && (exit.Unbegun || r.job.Cursor == 0 && r.in.seen == 0):
		// It was to stop before it came to run, as far as anybody knows.
		return stopped(context.Cause(ctx), "")
	case exit.Lost:
		o.State, o.ExitCode = Lost, nil
		o.Error = "The action vanished: " + sentence(exit.Reason)
	case exit.Canceled && ctx.Err() != nil:
		o = stopped(context.Cause(ctx), "")
		o.ExitCode = &code
	case exit.Canceled:
		o.Error = sentence("The action was canceled on the machine: " + exit.Reason)
	case exit.TimedOut:
		o.Error = sentence(exit.Reason)
	case exit.Code == 0:
		o.State = Succeeded
		if exit.Reason != "" {
			o.Lines = append(o.Lines, Line{Category: Warning, Text: exit.Reason})
		}
	case r.in.state.Result != "":
		o.Error = r.in.state.Result
	case exit.Reason != "":
		o.Error = sentence(exit.Reason)
	default:
		o.Error = fmt.Sprintf("The script ended with exit code %d.", exit.Code)
	}
	return o
}

// sentence ends a text like one.
func sentence(text string) string {
	text = strings.TrimSpace(text)
	if text == "" || strings.HasSuffix(text, ".") || strings.HasSuffix(text, "!") || strings.HasSuffix(text, "?") {
		return text
	}
	return text + "."
}
