package step

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/takodeploy/tako/internal/target"
)

// nodeOf gives the machines that one node of a cluster sees, with a built-in
// worker in a folder of its own.
func nodeOf(t *testing.T) *Machines {
	t.Helper()
	dir, err := os.MkdirTemp("", "step-home-") // the agent may write there after the test
	if err != nil {
		t.Fatal(err)
	}
	m := &Machines{Pool: target.NewPool(target.Options{}), Dir: filepath.Join(dir, "worker")}
	t.Cleanup(func() {
		_ = m.Pool.Close()
		os.RemoveAll(dir)
	})
	return m
}

// TestAnotherNodeGoesOn lets a node die once the job has begun or its first
// line has come, and another go on: it finds the job where it runs, or says
// that it is lost; it never runs it again.
func TestAnotherNodeGoesOn(t *testing.T) {
	for _, dieAt := range []int{1, 2} {
		for _, reachable := range []bool{true, false} {
			t.Run(fmt.Sprintf("dies at %d, reachable %v", dieAt, reachable), func(t *testing.T) {
				first, second := nodeOf(t), nodeOf(t)
				dir := t.TempDir()
				script := bash(fmt.Sprintf("echo run >> %[1]s/runs; while [ -e %[1]s/runs ] && [ ! -e %[1]s/gate ]; do echo tick; sleep 0.2; done; echo two", dir))
				b := newBench(t, first)
				b.dieAt = dieAt
				script.Tools = &Tools{Home: first.Home}
				if _, err := runRemote(context.Background(), b.job(script, false), "script"); !errors.Is(err, errDied) {
					t.Fatalf("the first node ended with %v", err)
				}
				for deadline := time.Now().Add(20 * time.Second); ; <-time.After(10 * time.Millisecond) {
					if _, err := os.Stat(filepath.Join(dir, "runs")); err == nil {
						break
					}
					if time.Now().After(deadline) {
						t.Fatal("the script does not run")
					}
				}
				if !reachable { // as if it were on another machine
					if err := os.Remove(filepath.Join(first.Dir, idFile)); err != nil {
						t.Fatal(err)
					}
				}
				b.dieAt, b.reach = -1, second
				script.Tools = &Tools{Home: second.Home}
				write(t, filepath.Join(dir, "gate"), "")
				o, err := runRemote(context.Background(), b.job(script, true), "script")
				if err != nil {
					t.Fatal(err)
				}
				switch {
				case reachable && o.State != Succeeded:
					t.Errorf("it ended as %s: %s", o.State, o.Error)
				case !reachable && (o.State != Lost || !strings.Contains(o.Error, first.Dir)):
					t.Errorf("it ended as %s: %s", o.State, o.Error)
				}
				if runs := read(t, filepath.Join(dir, "runs")); runs != "run\n" {
					t.Errorf("it ran %d times", strings.Count(runs, "\n"))
				}
				if reachable && o.Done != nil {
					o.Done(context.Background())
				}
			})
		}
	}
}

// TestHomeStays names a worker's folder the same each time, and differently
// from another's.
func TestHomeStays(t *testing.T) {
	m, other := nodeOf(t), nodeOf(t)
	a, err := m.Home()
	if err != nil {
		t.Fatal(err)
	}
	b, err := m.Home()
	if err != nil || a != b {
		t.Errorf("%s and %s (%v)", a, b, err)
	}
	if c, err := other.Home(); err != nil || c == a {
		t.Errorf("two workers are %s (%v)", c, err)
	}
}
