package host

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/runner"
	_ "github.com/takodeploy/tako/internal/runner/command"
	"github.com/takodeploy/tako/internal/runner/wire"
)

var panics = runner.Register(runner.Command{Name: "test-panic", Run: func(context.Context, *runner.Env) (int, error) {
	panic("on purpose")
}})

var deaf = runner.Register(runner.Command{Name: "test-deaf", Run: func(_ context.Context, env *runner.Env) (int, error) {
	select {}
}})

var says = runner.Register(runner.Command{Name: "test-says", Run: func(_ context.Context, env *runner.Env) (int, error) {
	_, err := fmt.Fprintln(env.Stdout, "said")
	return 0, err
}})

func testEngine(t *testing.T, home string) *engine {
	t.Helper()
	e, err := newEngine(Options{Home: home, Grace: 50 * time.Millisecond, Recall: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func scriptJob(body string) *runner.Job {
	return &runner.Job{Command: "script", Variables: []runner.Variable{
		{Name: "Octopus.Action.Script.ScriptBody", Value: body},
		{Name: "Octopus.Action.Script.SuppressEnvironmentLogging", Value: "True"},
	}}
}

func begin(t *testing.T, e *engine, name string, job *runner.Job) *ticket {
	t.Helper()
	if err := e.start(name, job); err != nil {
		t.Fatal(err)
	}
	k, err := e.find(name)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func finish(t *testing.T, k *ticket) runner.Exit {
	t.Helper()
	select {
	case <-k.exited:
	case <-time.After(30 * time.Second):
		t.Fatalf("%s does not end", k.name)
	}
	return k.exit
}

func linesOf(t *testing.T, k *ticket) []string {
	t.Helper()
	r := &logReader{t: k}
	defer r.close()
	var data []byte
	for r.at < k.out.size {
		piece, err := r.next(k.out.size)
		if err != nil {
			t.Fatal(err)
		}
		data = append(data, piece...)
	}
	var list []string
	if err := scan(bytes.NewReader(data), 0, int64(len(data)), func(r wire.Record, _ int64) { list = append(list, string(r.Text)) }); err != nil {
		t.Fatal(err)
	}
	return list
}

func eventually(t *testing.T, what string, fact func() bool) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !fact() {
		if time.Now().After(deadline) {
			t.Fatalf("it never came true that %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func TestCommandPanics(t *testing.T) {
	exit := finish(t, begin(t, testEngine(t, t.TempDir()), "p", &runner.Job{Command: panics.Name}))
	if exit.Code != 1 || !strings.Contains(exit.Reason, "on purpose") {
		t.Errorf("%+v", exit)
	}
}

// A command that does not heed its cancellation is given up.
func TestCommandIsDeaf(t *testing.T) {
	e := testEngine(t, t.TempDir())
	k := begin(t, e, "d", &runner.Job{Command: deaf.Name})
	k.cancel(runner.ErrCanceled)
	if exit := finish(t, k); !exit.Canceled {
		t.Errorf("%+v", exit)
	}
}

// A folder that is lent again holds nothing of the ticket before.
func TestFoldersAreClean(t *testing.T) {
	e := testEngine(t, t.TempDir())
	for i, body := range []string{
		"echo one > f; mkdir -p d/e; echo out", "ls -A; pwd", "chmod 500 .; echo x", "ls -A", "sleep 60 & echo y", "ls -A; cat /dev/zero | head -c 100000", "ls -A",
	} {
		k := begin(t, e, fmt.Sprintf("t%d", i), scriptJob(body))
		if exit := finish(t, k); exit.Code != 0 {
			t.Fatalf("%q: %+v %v", body, exit, linesOf(t, k))
		}
		for _, line := range linesOf(t, k) {
			if line == "f" || line == "d" {
				t.Errorf("%q sees %s", body, line)
			}
		}
		if err := e.complete(k.name); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the ticket is gone", func() bool {
			e.mu.Lock()
			defer e.mu.Unlock()
			return len(e.tickets) == 0
		})
	}
	e.folders.mu.Lock()
	defer e.folders.mu.Unlock()
	if len(e.folders.free) != 1 {
		t.Errorf("free folders: %v", e.folders.free)
	}
}

// A server whose database was set back asks again for what it has completed,
// and finds it.
func TestRecall(t *testing.T) {
	e := testEngine(t, t.TempDir())
	e.options.Recall = time.Hour
	ran := filepath.Join(t.TempDir(), "ran")
	job := scriptJob("echo x >> " + ran + "; echo said")
	k := begin(t, e, "again", job)
	exit := finish(t, k)
	for range 2 {
		if err := e.complete("again"); err != nil {
			t.Fatal(err)
		}
		eventually(t, "it is completed", func() bool {
			e.mu.Lock()
			defer e.mu.Unlock()
			return len(e.done) == 1
		})
		k = begin(t, e, "again", job)
		if diff := cmp.Diff(exit, finish(t, k)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"said"}, linesOf(t, k)); diff != "" {
			t.Error(diff)
		}
	}
	if runs, err := os.ReadFile(ran); err != nil || string(runs) != "x\n" {
		t.Errorf("it ran %q, %v", runs, err)
	}
	e.release(k)
	if _, err := os.Stat(k.dir); !os.IsNotExist(err) {
		t.Errorf("the folder is still there: %v", err)
	}
}

// What a completed job said lies nowhere any more, though it can be recalled:
// not when the host goes on, when it leaves, or when it is killed.
func TestCompletedLogIsNotOnDisk(t *testing.T) {
	home := t.TempDir()
	e := testEngine(t, home)
	e.options.Recall = time.Hour
	for name, body := range map[string]string{
		"quick": "echo private words",
		"long":  "for i in $(seq 1000); do echo private words, many of them; done; echo private words",
	} {
		k := begin(t, e, name, scriptJob(body))
		finish(t, k)
		k.settle() // as a ticket that waited for its completion
		said := len(linesOf(t, k))
		if err := e.complete(name); err != nil {
			t.Fatal(err)
		}
		eventually(t, "it is off the disk", func() bool {
			return exec.Command("grep", "-rqa", "private words", home).Run() != nil
		})
		e.settle()
		if again := linesOf(t, k); len(again) != said || again[said-1] != "private words" {
			t.Errorf("%s: recalled are %d of %d lines", name, len(again), said)
		}
	}
	if found, _ := exec.Command("grep", "-rla", "private words", home).Output(); len(found) > 0 {
		t.Errorf("on disk: %s", found)
	}
	// The next host knows that it ran, and that what it said is gone.
	k, err := testEngine(t, home).find("long")
	if err != nil {
		t.Fatal(err)
	}
	if !k.exit.Lost || k.exit.Last != 0 || !strings.Contains(k.exit.Reason, "exit code 0 and was completed") {
		t.Errorf("%+v", k.exit)
	}
}

// What a quick job said is there for the next host when this one leaves at once.
func TestLeaveAtOnce(t *testing.T) {
	home := t.TempDir()
	e := testEngine(t, home)
	exit := finish(t, begin(t, e, "quick", &runner.Job{Command: says.Name}))
	e.settle()
	k, err := testEngine(t, home).find("quick")
	if err != nil {
		t.Fatal(err)
	}
	if k.out.seq != exit.Last || exit.Last != 1 {
		t.Errorf("%d lines are there of %d", k.out.seq, exit.Last)
	}
}

// The variables of a job are nowhere on disk while it runs.
func TestNothingOnDisk(t *testing.T) {
	home := t.TempDir()
	e := testEngine(t, home)
	word := "correct-horse-" + rand.Text()
	job := scriptJob("x='#{Secret}'; get_octopusvariable Secret > /dev/null; echo up; while [ ! -e ../go ]; do sleep 0.02; done")
	job.Variables = append(job.Variables, runner.Variable{Name: "Secret", Value: word, Sensitive: true})
	k := begin(t, e, "secret", job)
	eventually(t, "it runs", func() bool {
		k.out.mu.Lock()
		defer k.out.mu.Unlock()
		return k.out.seq > 0
	})
	found, _ := exec.Command("grep", "-rl", word, home).Output()
	if len(found) > 0 {
		t.Errorf("on disk: %s", found)
	}
	lines, _ := exec.Command("ps", "-eo", "args").Output()
	if strings.Contains(string(lines), word) {
		t.Error("the process list shows it")
	}
	if err := os.WriteFile(filepath.Join(k.dir, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	finish(t, k)
}

// A later host finds what an earlier one ended, and calls lost what it did
// not, with the reason.
func TestLoad(t *testing.T) {
	home := t.TempDir()
	e := testEngine(t, home)
	k := begin(t, e, "ended", scriptJob("echo a; echo b; exit 5"))
	exit := finish(t, k)
	k.settle()
	here := machine()
	put := func(name string, o origin, tail string) {
		dir := filepath.Join(e.work, name)
		if err := os.MkdirAll(filepath.Join(dir, filesName), 0o700); err != nil {
			t.Fatal(err)
		}
		data, _ := json.Marshal(o)
		log := wire.AppendRecord(nil, wire.Record{Kind: wire.RecordStdout, Seq: 1, Text: []byte("x")})
		log = append(log, 0, 0, 0, 99, 1) // a record that was being written
		for file, text := range map[string]string{stateFile: string(data) + "\n" + tail, logFile: string(log)} {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	put("killed", origin{Ticket: "killed", Machine: here.name, Boot: here.boot, PID: 4242}, "process 999999 5\nexit {\"code\":")
	put("rebooted", origin{Ticket: "rebooted", Machine: here.name, Boot: "another"}, "process 1 5\n")
	put("moved", origin{Ticket: "moved", Machine: "elsewhere", Boot: "another"}, "")
	put("stale", origin{Ticket: "somebody-else", Machine: here.name, Boot: here.boot}, "exit {\"code\":0}\n")
	later := testEngine(t, home)
	later.adopt()
	for name, want := range map[string]string{
		"killed": "process 4242", "rebooted": "restarted", "moved": "elsewhere", "stale": "not known",
	} {
		k, err := later.find(name)
		if err != nil {
			t.Fatal(err)
		}
		if !k.exit.Lost || !strings.Contains(k.exit.Reason, want) || k.exit.Last != 1 || k.exit.Code != runner.ExitUnknown {
			t.Errorf("%s: %+v", name, k.exit)
		}
		again, err := testEngine(t, home).find(name)
		if err != nil || again.exit.Reason != k.exit.Reason {
			t.Errorf("%s, read again: %+v %v", name, again.exit, err)
		}
	}
	k, err := later.find("ended")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(exit, k.exit); diff != "" || k.out.seq != 2 {
		t.Error(diff, k.out.seq)
	}
}

func TestSweep(t *testing.T) {
	e := testEngine(t, t.TempDir())
	old, fresh := begin(t, e, "old", scriptJob("echo a")), begin(t, e, "fresh", scriptJob("echo a"))
	running := begin(t, e, "running", scriptJob("sleep 30"))
	finish(t, old)
	finish(t, fresh)
	past := time.Now().Add(-48 * time.Hour)
	for _, k := range []*ticket{old, running} {
		if err := os.Chtimes(filepath.Join(k.dir, stateFile), past, past); err != nil {
			t.Fatal(err)
		}
	}
	part := filepath.Join(e.cache.dir, partPrefix+"1")
	if err := os.WriteFile(part, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(part, past, past); err != nil {
		t.Fatal(err)
	}
	e.sweep(time.Now().Add(-24 * time.Hour))
	for path, want := range map[string]bool{old.dir: false, fresh.dir: true, running.dir: true, part: false} {
		if _, err := os.Stat(path); (err == nil) != want {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := e.find("old"); err == nil {
		t.Error("the old one is still known")
	}
	running.cancel(runner.ErrCanceled)
	finish(t, running)
}

func TestOutputMarks(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, logFile)
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	o := &output{path: path, limit: 1 << 40}
	line := []byte(strings.Repeat("x", 900))
	for range 4000 {
		o.add(wire.RecordStdout, line)
	}
	if _, reason := o.finish(); reason != "" {
		t.Fatal(reason)
	}
	read, err := openOutput(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(o.marks, read.marks, cmp.AllowUnexported(mark{})); diff != "" || read.seq != 4000 {
		t.Error(diff)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, after := range []int64{0, 1, 278, 279, 280, 1999, 3999, 4000} {
		first := int64(0)
		from := o.from(after)
		_ = scan(f, from, o.size, func(r wire.Record, _ int64) {
			if first == 0 {
				first = r.Seq
			}
		})
		if first > after+1 || after+1-first > 300 {
			t.Errorf("after %d the reading begins at %d", after, first)
		}
	}
}

func TestSweepAgents(t *testing.T) {
	dir := t.TempDir()
	now := time.Now()
	for name, age := range map[string]time.Duration{"own": 99, "recent": 29, "old": 31} {
		path := filepath.Join(dir, name)
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		then := now.Add(-age * 24 * time.Hour)
		if err := os.Chtimes(path, then, then); err != nil {
			t.Fatal(err)
		}
	}
	sweepAgents(dir, filepath.Join(dir, "own", "tako-agent"), now)
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 || entries[0].Name() != "own" || entries[1].Name() != "recent" {
		t.Errorf("%v, %v", entries, err)
	}
}
