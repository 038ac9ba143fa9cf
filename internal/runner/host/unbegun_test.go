package host

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/takodeploy/tako/internal/runner"
)

// A job whose host is killed while it waits for its turn is started anew, with
// the log that others have read of it; one whose turn had come is not.
func TestUnbegunJobIsStartedAnew(t *testing.T) {
	home, ran := t.TempDir(), filepath.Join(t.TempDir(), "ran")
	e := testEngine(t, home)
	leave := filepath.Join(home, "leave")
	full := func(body string) *runner.Job {
		job := scriptJob(body)
		job.Isolation = runner.Isolation{Level: runner.IsolationFull}
		return job
	}
	holder := begin(t, e, "holder", full("while [ ! -e "+leave+" ]; do sleep 0.01; done"))
	eventually(t, "the first has its turn", holder.entered.Load)
	waiting := full("echo x >> " + ran + "; echo begun")
	k := begin(t, e, "waiting", waiting)
	noted := func(mark string) func() bool {
		return func() bool {
			data, err := os.ReadFile(filepath.Join(k.dir, stateFile))
			return err == nil && strings.Contains(string(data), mark)
		}
	}
	eventually(t, "the second waits", noted(waitMark))
	left, begun := t.TempDir(), t.TempDir() // what a kill leaves
	copyWork(t, home, left)
	if err := os.WriteFile(leave, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	finish(t, holder)
	finish(t, k)
	data, err := os.ReadFile(filepath.Join(k.dir, stateFile))
	if err != nil {
		t.Fatal(err)
	}
	until, _, _ := strings.Cut(string(data), "exit ")
	copyWork(t, home, begun)
	if err := os.WriteFile(filepath.Join(begun, ".tako", "work", "waiting", stateFile), []byte(until), 0o600); err != nil {
		t.Fatal(err)
	}

	if k, err := testEngine(t, begun).find("waiting"); err != nil || !k.exit.Lost || k.exit.Unbegun {
		t.Errorf("one whose turn had come: %+v, %v", k.exit, err)
	}
	next := testEngine(t, left)
	k, err = next.find("waiting")
	if err != nil || !k.exit.Lost || !k.exit.Unbegun || !strings.Contains(k.exit.Reason, "waited for its turn") {
		t.Fatalf("%+v, %v", k.exit, err)
	}
	read := k.exit.Last
	k = begin(t, next, "waiting", waiting)
	if exit := finish(t, k); exit.Code != 0 || exit.Lost || exit.Last <= read {
		t.Errorf("started anew: %+v after line %d", exit, read)
	}
	said := linesOf(t, k)
	if int64(len(said)) != k.exit.Last || !strings.Contains(said[0], "stdout-wait") || !strings.Contains(said[len(said)-1], "begun") {
		t.Errorf("the log is %q", said)
	}
	begin(t, next, "waiting", waiting)
	if data, err := os.ReadFile(ran); err != nil || string(data) != "x\nx\n" { // once with each engine
		t.Errorf("ran: %q, %v", data, err)
	}
}

// copyWork copies the tickets of one home to another.
func copyWork(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(filepath.Join(to, ".tako", "work"), os.DirFS(filepath.Join(from, ".tako", "work"))); err != nil {
		t.Fatal(err)
	}
}
