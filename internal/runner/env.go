package runner

import (
	"fmt"
	"io"
	"path/filepath"
)

// Env is the surroundings of one running job. Commands take everything from
// here and never from the process: many jobs share one process, so nothing
// may change its directory or its environment.
type Env struct {
	Job    *Job
	Ticket string
	Home   string    // the account's home directory
	Root   string    // <Home>/.tako
	Work   string    // the job's own directory, the working directory of its scripts
	Stdout io.Writer // lines; a part without an end of line waits for the rest
	Stderr io.Writer
	Vars   *Variables

	// Environ is the environment for the processes that the job starts.
	Environ []string
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
