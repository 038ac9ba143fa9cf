package runner

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"time"
)

// Why a running job's context is over.
var (
	ErrCanceled = errors.New("canceled")
	ErrTimedOut = errors.New("timed out")
)

// Env is the surroundings of one running job. Commands take everything from
// here and never from the process: many jobs share one process, so nothing
// may change its directory or its environment.
type Env struct {
	Job    *Job
	Ticket string
	Home   string    // the directory that holds .tako, as a rule the account's home
	Root   string    // <Home>/.tako
	Work   string    // the job's own directory, the working directory of its scripts
	Stdout io.Writer // lines; a part without an end of line waits for the rest
	Stderr io.Writer
	Vars   *Variables

	Environ []string                    // for the processes that the job starts, "NAME=value"
	Grace   time.Duration               // between asking a process to end and killing it
	Started func(pid int, began uint64) // told of each process that leads a session; may be nil
	// Ended is told when a process has said its last, so that nothing comes to
	// stand on a line that it has begun; may be nil.
	Ended func()

	mu      sync.Mutex
	cleanup []func()
	lingers bool
}

func (e *Env) ended() {
	if e.Ended != nil {
		e.Ended()
	}
}

// linger notes that something the job started may outlive it.
func (e *Env) linger() {
	e.mu.Lock()
	e.lingers = true
	e.mu.Unlock()
}

// Lingers reports whether something that the job started may still be at
// work in its folder.
func (e *Env) Lingers() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.lingers
}

// AtEnd has f called when the job's command has returned, last one first.
func (e *Env) AtEnd(f func()) {
	e.mu.Lock()
	e.cleanup = append(e.cleanup, f)
	e.mu.Unlock()
}

// Cleanup calls what AtEnd was given.
func (e *Env) Cleanup() {
	e.mu.Lock()
	list := e.cleanup
	e.cleanup = nil
	e.mu.Unlock()
	for i := len(list) - 1; i >= 0; i-- {
		list[i]()
	}
}

// PackagePath is where the cache keeps a package's file.
func (e *Env) PackagePath(p Package) (string, error) {
	name, err := p.FileName()
	if err != nil {
		return "", err
	}
	return filepath.Join(e.Root, "packages", name), nil
}

// Package finds a package of the job by its reference name, "" for the
// step's own.
func (e *Env) Package(name string) (Package, bool) {
	for _, p := range e.Job.Packages {
		if p.Name == name {
			return p, true
		}
	}
	return Package{}, false
}

// Printf writes one line to the job's standard output.
func (e *Env) Printf(format string, args ...any) {
	fmt.Fprintf(e.Stdout, format+"\n", args...)
}

// Errorf writes one line to the job's standard error.
func (e *Env) Errorf(format string, args ...any) {
	fmt.Fprintf(e.Stderr, format+"\n", args...)
}

// Verbosef writes one line that is shown only to who asks for details.
func (e *Env) Verbosef(format string, args ...any) {
	fmt.Fprintf(e.Stdout, "##octopus[stdout-verbose]\n"+format+"\n##octopus[stdout-default]\n", args...)
}

// Warnf writes one line that is shown as a warning.
func (e *Env) Warnf(format string, args ...any) {
	fmt.Fprintf(e.Stdout, "##octopus[stdout-warning]\n"+format+"\n##octopus[stdout-default]\n", args...)
}
