package host

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/runner"
)

// complete completes a ticket and waits until that is done.
func complete(t *testing.T, e *engine, name string) {
	t.Helper()
	e.mu.Lock()
	before := len(e.done)
	e.mu.Unlock()
	if err := e.complete(name); err != nil {
		t.Fatal(err)
	}
	eventually(t, name+" is completed", func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		return len(e.done) > before
	})
}

// The folder of a completed ticket serves the next at once; the ticket can be
// recalled all the same, and the next host knows that it ran.
func TestCompletedFolderIsLentAgain(t *testing.T) {
	home := t.TempDir()
	e := testEngine(t, home)
	e.options.Recall = time.Hour
	ran := filepath.Join(t.TempDir(), "ran")
	jobs := map[string]*runner.Job{
		"talks":  scriptJob("echo talks >> " + ran + "; echo said"),
		"floods": scriptJob("echo floods >> " + ran + "; seq 10000"),
		"silent": scriptJob("echo silent >> " + ran),
		"fails":  scriptJob("echo fails >> " + ran + "; exit 3"),
	}
	for _, name := range []string{"talks", "floods", "silent", "fails"} {
		k := begin(t, e, name, jobs[name])
		exit := finish(t, k)
		k.settle()
		said := linesOf(t, k)
		complete(t, e, name)
		if _, err := os.Stat(k.dir); !os.IsNotExist(err) {
			t.Errorf("%s still has its folder: %v", name, err)
		}
		k = begin(t, e, name, jobs[name])
		if diff := cmp.Diff(exit, finish(t, k)); diff != "" {
			t.Error(name, diff)
		}
		if diff := cmp.Diff(said, linesOf(t, k)); diff != "" {
			t.Error(name, diff)
		}
	}
	if folders, _ := filepath.Glob(filepath.Join(home, ".tako", "work", freePrefix+"*")); len(folders) != 1 {
		t.Errorf("folders: %q", folders)
	}
	next := testEngine(t, home)
	for name, want := range map[string]string{
		"talks": "ended with exit code 0 and was completed", "floods": "ended with exit code 0 and was completed",
		"fails": "ended with exit code 3 and was completed", "silent": "",
	} {
		exit := finish(t, begin(t, next, name, jobs[name]))
		if exit.Lost == (name == "silent") || exit.Last != 0 || !strings.Contains(exit.Reason, want) {
			t.Errorf("%s: %+v", name, exit)
		}
		if err := next.complete(name); err != nil {
			t.Error(err)
		}
	}
	if runs, err := os.ReadFile(ran); err != nil || string(runs) != "talks\nfloods\nsilent\nfails\n" {
		t.Errorf("what ran: %q, %v", runs, err)
	}
}

// A job that leaves files keeps its folder, for they may be asked for.
func TestFolderWithFilesIsKept(t *testing.T) {
	e := testEngine(t, t.TempDir())
	e.options.Recall = time.Hour
	k := begin(t, e, "leaves", scriptJob("echo x > kept"))
	finish(t, k)
	complete(t, e, "leaves")
	if text, err := os.ReadFile(filepath.Join(k.filesDir(), "kept")); err != nil || string(text) != "x\n" {
		t.Errorf("%q, %v", text, err)
	}
}

func TestPastIsForgotten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "past")
	p, err := openPast(path)
	if err != nil {
		t.Fatal(err)
	}
	over, later := time.Now().Add(-time.Second), time.Now().Add(time.Hour)
	for i := range 20000 {
		if err := p.note(fmt.Sprint("over-", i), runner.Exit{}, over); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 10 {
		if err := p.note(fmt.Sprint("kept-", i), runner.Exit{Code: i}, later); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Size() > 2*pastSize {
		t.Errorf("the file has %d bytes, %v", info.Size(), err)
	}
	if _, err := p.file.WriteString("torn " + fmt.Sprint(later.UnixMilli()) + " 0 1"); err != nil {
		t.Fatal(err)
	}
	again, err := openPast(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"kept-0": true, "kept-9": true, "over-19999": false, "torn": false} {
		if _, known := again.find(name); known != want {
			t.Errorf("%s is known: %v", name, known)
		}
	}
	if err := again.note("after", runner.Exit{}, later); err != nil {
		t.Fatal(err)
	}
	if third, err := openPast(path); err != nil || len(third.earlier) != 11 {
		t.Errorf("%d are known, %v", len(third.earlier), err)
	}
}
