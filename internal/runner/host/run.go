package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/internal/runner/wire"
)

// settleAfter is how long an ended ticket waits for its Complete before it
// is written to disk for good.
const settleAfter = 200 * time.Millisecond

// run carries out one job from the lock to the exit.
func (e *engine) run(ctx context.Context, t *ticket, command runner.Command, job *runner.Job) {
	defer t.cancel(nil)
	spill := time.AfterFunc(settleAfter, t.out.spill)
	defer spill.Stop()
	began := time.Now().UTC()
	stdout := &lineWriter{out: t.out, kind: wire.RecordStdout}
	stderr := &lineWriter{out: t.out, kind: wire.RecordStderr}
	code, err := e.isolated(ctx, t, job, stdout, func(ctx context.Context) (int, error) {
		began = time.Now().UTC()
		return e.perform(ctx, t, command, job, stdout, stderr)
	})
	stdout.flush()
	stderr.flush()
	exit := runner.Exit{Code: code, Started: began, Ended: time.Now().UTC()}
	switch {
	case errors.Is(err, runner.ErrCanceled):
		exit.Code, exit.Canceled, exit.Reason = runner.ExitCanceled, true, "The job was canceled."
	case errors.Is(err, runner.ErrTimedOut):
		exit.Code, exit.TimedOut = runner.ExitTimeout, true
		exit.Reason = fmt.Sprintf("The job took longer than its limit of %s.", fault.Span(cmp.Or(job.Limit, job.Timeout)))
	case errors.Is(err, errLockTimeout):
		exit.Code, exit.TimedOut = runner.ExitTimeout, true
		exit.Reason = fmt.Sprintf("Other jobs on the machine held it for longer than %s.", fault.Span(job.Isolation.Timeout))
	case err != nil:
		if exit.Code == 0 {
			exit.Code = 1
		}
		exit.Reason = sentence(err)
		t.out.add(wire.RecordStderr, []byte(exit.Reason))
	}
	last, reason := t.out.finish()
	exit.Last = last
	if reason != "" {
		exit.Reason = strings.TrimSpace(exit.Reason + " " + reason)
	}
	t.finish(exit)
	e.ended()
	time.AfterFunc(settleAfter, t.settle)
}

func sentence(err error) string {
	if why := noRoom(err); why != "" && fault.CodeOf(err) == fault.Internal {
		return fmt.Sprintf("%s: %v", why, err)
	}
	return err.Error()
}

// noRoom says which bound of a disk an error speaks of; "" if of none.
func noRoom(err error) string {
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return "The machine's disk is full"
	case errors.Is(err, syscall.EDQUOT):
		return "The disk quota of the agent's user on the machine is used up"
	}
	return ""
}

var errLockTimeout = errors.New("other jobs held the machine")

// isolated runs work when the job's lock lets it, within the job's timeout.
func (e *engine) isolated(ctx context.Context, t *ticket, job *runner.Job, notice io.Writer, work func(context.Context) (int, error)) (int, error) {
	if level := job.Isolation.Level; level != "" {
		waiting := ctx
		if limit := job.Isolation.Timeout; limit > 0 {
			var stop context.CancelFunc
			waiting, stop = context.WithTimeoutCause(ctx, limit, errLockTimeout)
			defer stop()
		}
		as := runner.Ahead{Ticket: t.name, Title: job.Title, Owner: job.Owner}
		if as.Title == "" {
			as.Title = "ticket " + t.name
		}
		release, err := e.locks.acquire(waiting, job.Isolation.Name, as, level == runner.IsolationFull, func(holders []string) {
			what := "its turn"
			if len(holders) > 0 {
				what = strings.Join(holders, ", ")
			}
			fmt.Fprintf(notice, "##octopus[stdout-wait]\nWaiting for %s: another job uses this machine.\n##octopus[stdout-default]\n", what)
			t.queued()
		})
		if err != nil {
			return 0, err
		}
		defer release()
	}
	if err := t.turn(); err != nil {
		return 0, err
	}
	if job.Timeout > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeoutCause(ctx, job.Timeout, runner.ErrTimedOut)
		defer stop()
	}
	code, err := work(ctx)
	// A command that was interrupted says so in its own words; the reason
	// that counts is why it was interrupted.
	if ctx.Err() != nil && (err != nil || code != 0) {
		err = context.Cause(ctx)
	}
	return code, err
}

type result struct {
	code int
	err  error
}

// perform builds the job's surroundings and runs its command.
func (e *engine) perform(ctx context.Context, t *ticket, command runner.Command, job *runner.Job, stdout, stderr *lineWriter) (int, error) {
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	if err := placeFiles(t.filesDir(), job.Files); err != nil {
		return 0, err
	}
	env := &runner.Env{
		Job: job, Ticket: t.name, Home: e.options.Home, Root: e.root, Work: t.filesDir(),
		Stdout: stdout, Stderr: stderr, Vars: runner.NewVariables(job.Variables),
		Environ: e.environ, Grace: e.options.Grace, Started: t.processStarted,
		Ended: func() { stdout.flush(); stderr.flush() },
	}
	e.introduce(env.Vars)
	done := make(chan result, 1)
	go func() {
		var r result
		defer func() { done <- r }()
		defer func() {
			if p := recover(); p != nil {
				r = result{1, fmt.Errorf("the agent failed in command %s: %v\n%s", command.Name, p, debug.Stack())}
			}
		}()
		defer func() {
			env.Cleanup()
			t.lingers.Store(env.Lingers())
		}()
		r.code, r.err = command.Run(ctx, env)
	}()
	select {
	case r := <-done:
		return r.code, r.err
	case <-ctx.Done():
	}
	// Commands end their processes themselves; one that does not heed the
	// context is given up, so that nobody waits for it.
	abandon := time.NewTimer(e.options.Grace + 5*time.Second)
	defer abandon.Stop()
	select {
	case r := <-done:
		return r.code, r.err
	case <-abandon.C:
		t.lingers.Store(true)
		return runner.ExitFatal, context.Cause(ctx)
	}
}

// introduce lets a job know where on this machine it is, under the names that
// the field's scripts use.
func (e *engine) introduce(vars *runner.Variables) {
	for name, value := range map[string]string{
		"Octopus.Tentacle.Agent.ApplicationDirectoryPath": filepath.Join(e.root, "Applications"),
		"Octopus.Tentacle.Agent.ProgramDirectoryPath":     e.root,
		"Octopus.Tentacle.Agent.InstanceName":             "Tako",
	} {
		if vars.Text(name) == "" {
			vars.Set(name, value)
		}
	}
}

// placeFiles puts a job's files into its working directory.
func placeFiles(dir string, files []runner.File) error {
	for _, f := range files {
		if !filepath.IsLocal(f.Name) {
			return fmt.Errorf("file %q leads out of the working directory", f.Name)
		}
		path := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return fmt.Errorf("making the folder of file %s: %w", f.Name, err)
		}
		mode := os.FileMode(f.Mode).Perm()
		if mode == 0 {
			mode = 0o600
		}
		if err := os.WriteFile(path, f.Data, mode); err != nil {
			return fmt.Errorf("writing file %s: %w", f.Name, err)
		}
	}
	return nil
}

// describe gives an error a code that the caller can tell apart.
func describe(err error, doing string) error {
	var coded *wire.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &coded):
		return coded
	case noRoom(err) != "":
		return wire.Errorf(wire.CodeDiskFull, "%s: %s: %v.", noRoom(err), doing, err)
	case errors.Is(err, os.ErrNotExist):
		return wire.Errorf(wire.CodeNotFound, "%s: %v", doing, err)
	}
	return wire.Errorf(wire.CodeInternal, "%s: %v", doing, err)
}
