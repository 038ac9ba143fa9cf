// Command bench measures the server beside what it is compared with, on this
// machine and in one run, and writes bench/RESULTS.md. bench/run builds what
// it needs and starts it.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"
)

// bench is what the parts share.
type bench struct {
	dir      string // for everything that the run writes
	bin      string // where the programs are
	rounds   int
	load     time.Duration // how long one burst of requests lasts
	rest     time.Duration // how long a server rests before its memory is read
	drain    int           // deployments queued at once
	machines int           // SSH targets
	crowd    int           // deployments in hand at once
	shrink   int           // by how much the large space is smaller than it should be
	keep     bool          // leave dir
	space    string        // folder that keeps the large space for other runs

	mu   sync.Mutex
	undo []func() // what stops what was started, last first
}

// part can be chosen by name; one that takes long is only measured by name.
type part struct {
	name, title string
	run         func(*bench) ([]row, error)
	long        bool
}

var parts = []part{
	{"idle", "Memory at rest", (*bench).idle, false},
	{"start", "Cold start with an existing database", (*bench).start, false},
	{"api", "API at 32 connections", (*bench).api, false},
	{"task", "One-step script deployments on the built-in worker", (*bench).task, false},
	{"engine", "The task engine", (*bench).engine, false},
	{"scale", "A large space, at 8 connections", (*bench).scale, true},
	{"ssh", "A package to SSH targets", (*bench).ssh, false},
	{"many", "Many deployments in hand", (*bench).many, true},
}

func main() {
	b := &bench{}
	out := flag.String("out", "bench/RESULTS.md", "file for the results; \"\" for none")
	flag.StringVar(&b.bin, "bin", "bin", "folder of the programs tako and bench-peer")
	flag.IntVar(&b.rounds, "rounds", 5, "how often everything is measured")
	flag.DurationVar(&b.load, "load", 4*time.Second, "how long one burst of requests lasts")
	flag.DurationVar(&b.rest, "rest", time.Minute, "how long a server rests before its memory is read")
	flag.IntVar(&b.drain, "drain", 200, "deployments that are queued at once")
	flag.IntVar(&b.machines, "machines", 50, "SSH targets")
	flag.IntVar(&b.crowd, "many", 500, "deployments in hand at once")
	flag.IntVar(&b.shrink, "shrink", 1, "divide the large space by")
	flag.StringVar(&b.space, "space", "", "folder that keeps the large space for other runs; its database on PostgreSQL too")
	flag.BoolVar(&b.keep, "keep", false, "leave the folder with the servers' data")
	flag.Parse()
	if err := b.measure(*out, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func (b *bench) measure(out string, names []string) (err error) {
	if b.bin, err = filepath.Abs(b.bin); err != nil {
		return err
	}
	if b.dir, err = os.MkdirTemp("", "tako-bench-"); err != nil {
		return err
	}
	if b.keep {
		fmt.Fprintln(os.Stderr, "folder:", b.dir)
	} else {
		b.later(func() { os.RemoveAll(b.dir) })
	}
	defer b.stop(0)
	// Who interrupts the run does not want its servers to go on.
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-interrupted
		b.stop(0)
		os.Exit(130)
	}()
	for _, name := range names {
		if !slices.ContainsFunc(parts, func(p part) bool { return p.name == name }) {
			return fmt.Errorf("there is no part %q; there are idle, start, api, task, engine, scale, ssh and many", name)
		}
	}
	report := readReport(out)
	for _, p := range parts {
		if len(names) == 0 && p.long || len(names) > 0 && !slices.Contains(names, p.name) {
			continue
		}
		fmt.Fprintln(os.Stderr, "measuring:", p.title)
		before := len(b.undo)
		rows, err := p.run(b)
		b.stop(before)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		section := render(p.title, rows)
		fmt.Println(section)
		report.set(p.title, section)
		if err := report.write(out); err != nil {
			return err
		}
	}
	return nil
}

// later has f called when the part ends.
func (b *bench) later(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.undo = append(b.undo, f)
}

// stop calls what later was given, down to a level. Who comes second, when the
// run is interrupted, leaves only after all is undone.
func (b *bench) stop(level int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.undo) > level {
		f := b.undo[len(b.undo)-1]
		b.undo = b.undo[:len(b.undo)-1]
		f()
	}
}
