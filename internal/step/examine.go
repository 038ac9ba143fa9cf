package step

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/internal/target"
	"github.com/takodeploy/tako/internal/variable"
)

// Checkup says how the health of one machine is to be checked.
type Checkup struct {
	ID      string // of the machine
	Name    string
	SpaceID string
	Ticket  string
	// Connectivity leaves out the script: that the machine answers is enough.
	Connectivity bool
	// Script is bash to run in place of the agent's own check.
	Script string
	// Facts are given to the script as variables.
	Facts []variable.Value
	// Timeout is how long all of it may take; 0 is five minutes.
	Timeout time.Duration
	// Nothing says that there is nothing to reach.
	Nothing bool
}

// Health is what a check has found.
type Health struct {
	Status  string // one of catalog's words
	Summary string // why, in a sentence or two
	Host    target.Host
	Lines   []Line
}

// maxHealthLines is how many lines of a health script are kept.
const maxHealthLines = 2000

// Examine checks a machine. Whatever is wrong with the machine is a finding;
// an error is the end of the context, or the server's own database being away.
func Examine(ctx context.Context, tools *Tools, c Checkup) (Health, error) {
	if c.Nothing {
		return Health{Status: catalog.Healthy, Summary: "There is nothing to connect to."}, nil
	}
	timeout := c.Timeout
	if timeout == 0 {
		timeout = 5 * time.Minute
	}
	timed, stop := context.WithTimeoutCause(ctx, timeout, ErrTimedOut)
	defer stop()
	h, err := examine(timed, tools, c)
	switch {
	case ctx.Err() != nil:
		return Health{}, ctx.Err()
	case fault.Is(err, fault.Away):
		return Health{}, err
	case errors.Is(context.Cause(timed), ErrTimedOut) && h.Status == "":
		status := catalog.Unavailable
		if h.Host.OS != "" {
			status = catalog.Unhealthy
		}
		return h.found(status, "The health check did not end within %v.", timeout), nil
	case err != nil && h.Host.OS != "" && !target.Temporary(err):
		return h.found(catalog.Unhealthy, "The health check could not be run: %s", sentence(plain(err))), nil
	case err != nil:
		return h.found(catalog.Unavailable, "%s", sentence(plain(err))), nil
	}
	return h, nil
}

func (h Health) found(status, format string, args ...any) Health {
	h.Status, h.Summary = status, fmt.Sprintf(format, args...)
	category := Info
	switch status {
	case catalog.HasWarnings:
		category = Warning
	case catalog.Unhealthy, catalog.Unavailable:
		category = Error
	}
	h.Lines = append(h.Lines, Line{Category: category, Text: h.Summary})
	return h
}

// examine connects and runs the script. An error leaves the judgement to the
// caller.
func examine(ctx context.Context, tools *Tools, c Checkup) (h Health, err error) {
	way, release, err := tools.Reach.Reach(ctx, c.SpaceID, Place{ID: c.ID, Name: c.Name})
	if err != nil {
		return h, err
	}
	defer release()
	if h.Host, err = way.Probe(ctx); err != nil {
		return h, err
	}
	h.Lines = append(h.Lines, Line{Category: Info, Text: fmt.Sprintf("%s is %s, %s %s on %s; jobs run as %s.",
		c.Name, h.Host.Hostname, h.Host.OS, h.Host.Kernel, h.Host.Arch, h.Host.User)})
	if c.Connectivity {
		return h.found(catalog.Healthy, "The machine answers."), nil
	}
	// The bookkeeping of a job's output serves here too, with the memory of
	// this process in the place of the record.
	sieve := &Job{Ticket: c.Ticket, Tools: tools, Take: func(_ context.Context, b Batch) error {
		h.Lines = append(h.Lines, b.Lines[:min(len(b.Lines), max(0, maxHealthLines-len(h.Lines)))]...)
		return nil
	}}
	in, err := newIntake(ctx, sieve)
	if err != nil {
		return h, err
	}
	values := append(c.Facts,
		variable.Value{Name: "Octopus.Action.Script.ScriptBody", Value: c.Script},
		variable.Value{Name: "Octopus.Action.Script.Syntax", Value: "Bash"},
		variable.Value{Name: "Octopus.Action.Script.SuppressEnvironmentLogging", Value: "True"})
	sieve.Variables = variable.Resolve(values, variable.Context{})
	vars, _ := variables(sieve)
	job := runner.Job{Command: "health", Title: "a health check", Variables: vars}
	if limit, ok := ctx.Deadline(); ok {
		job.Timeout = max(time.Until(limit), time.Second)
	}
	if err := way.Start(ctx, c.Ticket, job); err != nil {
		return h, err
	}
	exit, err := way.Follow(ctx, c.Ticket, 0, in.take)
	if err == nil {
		err = in.finish()
	}
	// A check leaves nothing behind, not even one that is given up.
	farewell, stop := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer stop()
	_ = way.Complete(farewell, c.Ticket)
	if err != nil {
		return h, err
	}
	return h.judge(exit, in.state.Result), nil
}

// judge turns the end of the script into a status.
func (h Health) judge(exit runner.Exit, result string) Health {
	var warning, trouble string
	for _, l := range h.Lines {
		if l.Category == Warning && warning == "" {
			warning = l.Text
		}
		if l.Category == Error || l.Category == Fatal {
			trouble = l.Text
		}
	}
	switch {
	case exit.Lost, exit.Canceled, exit.TimedOut:
		return h.found(catalog.Unhealthy, "The health check did not come to its end: %s", sentence(exit.Reason))
	case exit.Code != 0:
		why := result
		for _, other := range []string{exit.Reason, trouble} {
			if why == "" {
				why = other
			}
		}
		text := fmt.Sprintf("The health check failed with exit code %d.", exit.Code)
		if why != "" {
			text += " " + sentence(strings.TrimSpace(why))
		}
		return h.found(catalog.Unhealthy, "%s", text)
	case warning != "" || trouble != "":
		if warning == "" {
			warning = trouble
		}
		return h.found(catalog.HasWarnings, "The health check ended with warnings: %s", sentence(strings.TrimSpace(warning)))
	}
	return h.found(catalog.Healthy, "The machine answers, and the health check found nothing wrong.")
}
