package target_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/runner"
)

func TestConformance(t *testing.T) {
	tests := []struct {
		name string
		run  func(t *testing.T, p place)
	}{
		{"probe", testProbe},
		{"reachable", testReachable},
		{"run", testRun},
		{"start twice", testStartTwice},
		{"resume", testResume},
		{"cut", testCut},
		{"emit fails", testEmitFails},
		{"unknown ticket", testUnknown},
		{"bad ticket", testBadTicket},
		{"cancel", testCancel},
		{"timeout", testTimeout},
		{"stubborn", testStubborn},
		{"isolation", testIsolation},
		{"host killed", testHostKilled},
		{"huge output", testHugeOutput},
		{"long line", testLongLine},
		{"artifact", testArtifact},
		{"files", testFiles},
		{"put", testPut},
		{"put corrupt", testPutCorrupt},
		{"complete", testComplete},
		{"unknown command", testUnknownCommand},
		{"daemon", testDaemon},
		{"health", testHealth},
	}
	for _, p := range places(t) {
		t.Run(p.name, func(t *testing.T) {
			for _, test := range tests {
				t.Run(test.name, func(t *testing.T) { test.run(t, p) })
			}
		})
	}
}

func testProbe(t *testing.T, p place) {
	h, err := p.open(t).Probe(within(t, 30*time.Second))
	must(t, err)
	home := p.home
	if p.agentHome != "" {
		home = p.agentHome
	}
	if h.OS != "linux" || h.Arch == "" || h.DiskFree <= 0 || h.MemoryTotal <= 0 || h.Home != home || !slices.Contains(h.Shells, "Bash") {
		t.Errorf("%+v", h)
	}
	if (h.Fingerprint != "") != (p.name == "ssh") {
		t.Errorf("fingerprint %q", h.Fingerprint)
	}
}

func testReachable(t *testing.T, p place) {
	tr := p.open(t)
	for range 2 {
		must(t, tr.Reachable(within(t, 30*time.Second)))
	}
	must(t, tr.Close())
	if err := tr.Reachable(within(t, 30*time.Second)); err == nil {
		t.Error("what is closed reaches nothing")
	}
}

func testRun(t *testing.T, p place) {
	tr := p.open(t)
	must(t, tr.Start(within(t, 30*time.Second), "run-1", script("echo hello\necho trouble >&2\nexit 3")))
	lines, exit := follow(t, tr, "run-1", 0)
	got := texts(lines)
	slices.Sort(got)
	if diff := cmp.Diff([]string{"hello", "trouble"}, got); diff != "" {
		t.Error(diff)
	}
	if exit.Code != 3 || exit.Lost || exit.Canceled || exit.TimedOut || exit.Last != 2 || exit.Ended.IsZero() {
		t.Errorf("%+v", exit)
	}
	must(t, tr.Complete(within(t, 30*time.Second), "run-1"))
}

// A ticket is run once, whoever starts it and however often.
func testStartTwice(t *testing.T, p place) {
	one, two := p.open(t), p.open(t)
	mark := filepath.Join(p.home, "twice")
	job := script("echo ran >> " + mark + "; sleep 0.3; echo done")
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if err := one.Start(context.Background(), "twice-1", job); err != nil {
				t.Error(err)
			}
		})
		all.Go(func() {
			if err := two.Start(context.Background(), "twice-1", job); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	lines, exit := follow(t, two, "twice-1", 0)
	must(t, one.Start(within(t, 30*time.Second), "twice-1", job))
	again, exitAgain := follow(t, one, "twice-1", 0)
	if diff := cmp.Diff(lines, again); diff != "" || exit != exitAgain {
		t.Errorf("the second follower saw something else: %s %v %v", diff, exit, exitAgain)
	}
	data, _ := os.ReadFile(mark)
	if string(data) != "ran\n" {
		t.Errorf("it ran %d times", strings.Count(string(data), "ran"))
	}
}

// A new connection goes on from the cursor of the old one.
func testResume(t *testing.T, p place) {
	first := p.open(t)
	gate := filepath.Join(p.home, "resume-gate")
	must(t, first.Start(within(t, 30*time.Second), "resume-1",
		script("for i in 1 2 3; do echo $i; done; while [ ! -e "+gate+" ]; do sleep 0.02; done; echo 4; echo 5")))
	ctx, stop := context.WithCancel(context.Background())
	var seen []runner.Line
	_, err := first.Follow(ctx, "resume-1", 0, func(batch []runner.Line) error {
		if seen = append(seen, batch...); len(seen) == 3 {
			stop()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("following ended with %v", err)
	}
	must(t, first.Close())
	second := p.open(t)
	must(t, os.WriteFile(gate, nil, 0o600))
	lines, exit := follow(t, second, "resume-1", 3)
	if diff := cmp.Diff([]string{"4", "5"}, texts(lines)); diff != "" || exit.Code != 0 {
		t.Error(diff, exit)
	}
	lines, _ = follow(t, second, "resume-1", 5)
	if len(lines) != 0 {
		t.Errorf("nothing is after the last line, but %v came", texts(lines))
	}
}

// A connection that is cut is made again, without a line lost or doubled.
func testCut(t *testing.T, p place) {
	if p.cut == nil {
		t.Skip("there is no line to cut")
	}
	tr := p.open(t)
	gate := filepath.Join(p.home, "cut-gate-")
	must(t, tr.Start(within(t, 30*time.Second), "cut-1",
		script("for i in $(seq 1 40); do echo $i; [ $((i % 10)) != 0 ] || while [ ! -e "+gate+"$i ]; do sleep 0.02; done; done")))
	cuts := 0
	var lines []runner.Line
	told := 0
	exit, err := tr.Follow(within(t, 60*time.Second), "cut-1", 0, func(batch []runner.Line) error {
		if len(batch) == 0 {
			told++
		}
		lines = append(lines, batch...)
		if cuts < 3 && len(lines) > 10*cuts { // the first of what comes through a gate
			cuts++
			p.cut()
		}
		if len(lines)%10 == 0 {
			return os.WriteFile(gate+fmt.Sprint(len(lines)), nil, 0o600)
		}
		return nil
	})
	must(t, err)
	if told < 3 {
		t.Errorf("that the machine was heard of until the line was cut is told %d times", told)
	}
	if cuts != 3 || len(lines) != 40 || exit.Code != 0 || exit.Last != 40 {
		t.Errorf("%d cuts, %d lines, %+v", cuts, len(lines), exit)
	}
	for i, l := range lines {
		if l.Text != fmt.Sprint(i+1) {
			t.Fatalf("line %d says %s", i+1, l.Text)
		}
	}
}

func testEmitFails(t *testing.T, p place) {
	tr := p.open(t)
	must(t, tr.Start(within(t, 30*time.Second), "emit-1", script("echo x")))
	full := errors.New("the database is full")
	if _, err := tr.Follow(within(t, 30*time.Second), "emit-1", 0, func([]runner.Line) error { return full }); !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
	if lines, _ := follow(t, tr, "emit-1", 0); len(lines) != 1 {
		t.Errorf("%d lines", len(lines))
	}
}

func testUnknown(t *testing.T, p place) {
	tr := p.open(t)
	_, exit := follow(t, tr, "never-started", 0)
	if !exit.Lost || exit.Reason == "" {
		t.Errorf("%+v", exit)
	}
	if err := tr.Cancel(within(t, 30*time.Second), "never-started"); !fault.Is(err, fault.NotFound) {
		t.Errorf("canceling: %v", err)
	}
	must(t, tr.Complete(within(t, 30*time.Second), "never-started"))
}

func testBadTicket(t *testing.T, p place) {
	tr := p.open(t)
	for _, ticket := range []string{"", "..", "../x", "a/b", ".hidden", "a b", "a\x00b", strings.Repeat("x", 200)} {
		if err := tr.Start(within(t, 30*time.Second), ticket, script("true")); !fault.Is(err, fault.Invalid) {
			t.Errorf("ticket %q: %v", ticket, err)
		}
	}
}

func testCancel(t *testing.T, p place) {
	tr := p.open(t)
	must(t, tr.Start(within(t, 30*time.Second), "cancel-1", script("trap 'echo told; exit 9' TERM; echo up; while :; do sleep 0.05; done")))
	var lines []runner.Line
	began := time.Now()
	exit, err := tr.Follow(within(t, 30*time.Second), "cancel-1", 0, func(batch []runner.Line) error {
		lines = append(lines, batch...)
		if lines[len(lines)-1].Text == "up" {
			began = time.Now()
			return tr.Cancel(context.Background(), "cancel-1")
		}
		return nil
	})
	must(t, err)
	if !exit.Canceled || exit.Code != runner.ExitCanceled || time.Since(began) > time.Minute {
		t.Errorf("%+v after %v", exit, time.Since(began))
	}
	if got := texts(lines); !slices.Contains(got, "told") {
		t.Errorf("the script was not asked to end: %v", got)
	}
	must(t, tr.Cancel(within(t, 30*time.Second), "cancel-1"))
}

func testTimeout(t *testing.T, p place) {
	tr := p.open(t)
	job := script("sleep 60")
	job.Timeout = 300 * time.Millisecond
	must(t, tr.Start(within(t, 30*time.Second), "timeout-1", job))
	_, exit := follow(t, tr, "timeout-1", 0)
	if !exit.TimedOut || exit.Canceled || exit.Code != runner.ExitTimeout || exit.Reason == "" {
		t.Errorf("%+v", exit)
	}
}

// What ignores the signal is killed after the grace, with its children.
func testStubborn(t *testing.T, p place) {
	tr := p.open(t)
	pid := filepath.Join(p.home, "stubborn.pid")
	must(t, tr.Start(within(t, 30*time.Second), "stubborn-1",
		script("trap '' TERM; set -m; bash -c 'trap \"\" TERM; echo $$ > "+pid+"; while :; do sleep 1; done' & echo up; wait; while :; do sleep 1; done")))
	eventually(t, "the child runs", func() bool { data, _ := os.ReadFile(pid); return len(data) > 1 })
	must(t, tr.Cancel(within(t, 30*time.Second), "stubborn-1"))
	_, exit := follow(t, tr, "stubborn-1", 0)
	if !exit.Canceled {
		t.Errorf("%+v", exit)
	}
	data, _ := os.ReadFile(pid)
	eventually(t, "the child is gone", func() bool { return !exists("/proc/" + strings.TrimSpace(string(data))) })
}

// Two readers run together, a writer alone, and whoever comes after the
// writer waits for it.
func testIsolation(t *testing.T, p place) {
	tr := p.open(t)
	log := filepath.Join(p.home, "isolation.log")
	start := func(ticket, level string) {
		job := script("echo +" + ticket + " >> " + log + "; while [ ! -e " + p.home + "/go-" + ticket + " ]; do sleep 0.01; done; echo -" + ticket + " >> " + log)
		job.Isolation = runner.Isolation{Level: level, Name: "machine"}
		job.Title = "deployment " + ticket
		must(t, tr.Start(within(t, 30*time.Second), "iso-"+ticket, job))
	}
	read := func() string { data, _ := os.ReadFile(log); return strings.ReplaceAll(string(data), "\n", " ") }
	release := func(ticket string) { must(t, os.WriteFile(p.home+"/go-"+ticket, nil, 0o600)) }
	start("a", runner.IsolationNone)
	eventually(t, "a runs", func() bool { return strings.Contains(read(), "+a") })
	start("b", runner.IsolationNone)
	eventually(t, "b runs beside a", func() bool { return strings.Contains(read(), "+b") })
	start("c", runner.IsolationFull)
	start("d", runner.IsolationNone)
	for _, ticket := range []string{"a", "b", "c", "d"} {
		release(ticket)
		_, exit := follow(t, tr, "iso-"+ticket, 0)
		if exit.Code != 0 {
			t.Errorf("%s: %+v", ticket, exit)
		}
	}
	got := read()
	if i, j := strings.Index(got, "+c"), strings.Index(got, "+d"); i < strings.Index(got, "-a") || i < strings.Index(got, "-b") || j < strings.Index(got, "-c") {
		t.Error(got)
	}
	lines, _ := follow(t, tr, "iso-c", 0)
	if !strings.Contains(strings.Join(texts(lines), "\n"), "Waiting for deployment ") {
		t.Errorf("the one that waited did not say so: %v", texts(lines))
	}
}

type origin struct {
	PID int `json:"pid"`
}

func hostPID(t *testing.T, home, ticket string) int {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(home, ".tako/work", ticket, "state"))
	must(t, err)
	line, _, _ := bytes.Cut(data, []byte("\n"))
	var o origin
	must(t, json.Unmarshal(line, &o))
	return o.PID
}

// When the host is killed its jobs are lost: never run again, and what they
// left behind is ended.
func testHostKilled(t *testing.T, p place) {
	tr := p.open(t)
	mark := filepath.Join(p.home, "killed")
	job := script("echo ran >> " + mark + "; echo up; echo $$ > " + p.home + "/killed.pid; while :; do sleep 0.1; done")
	must(t, tr.Start(within(t, 30*time.Second), "killed-1", job))
	var lines []runner.Line
	killed := false
	exit, err := tr.Follow(within(t, 60*time.Second), "killed-1", 0, func(batch []runner.Line) error {
		lines = append(lines, batch...)
		if !killed {
			killed = true
			eventually(t, "the script runs", func() bool { data, _ := os.ReadFile(p.home + "/killed.pid"); return len(data) > 1 })
			return syscall.Kill(hostPID(t, p.home, "killed-1"), syscall.SIGKILL)
		}
		return nil
	})
	must(t, err)
	if !exit.Lost || !strings.Contains(exit.Reason, "killed") || exit.Last != 1 {
		t.Errorf("%+v", exit)
	}
	must(t, tr.Start(within(t, 30*time.Second), "killed-1", job))
	again, exit := follow(t, tr, "killed-1", 0)
	if !exit.Lost || len(again) != 1 {
		t.Errorf("%+v %v", exit, texts(again))
	}
	data, _ := os.ReadFile(mark)
	if string(data) != "ran\n" {
		t.Errorf("it ran %d times", strings.Count(string(data), "ran"))
	}
	pid, _ := os.ReadFile(p.home + "/killed.pid")
	eventually(t, "the script is gone", func() bool { return !exists("/proc/" + strings.TrimSpace(string(pid))) })
	must(t, tr.Start(within(t, 30*time.Second), "killed-2", script("echo fine")))
	if _, exit := follow(t, tr, "killed-2", 0); exit.Code != 0 {
		t.Errorf("after the kill: %+v", exit)
	}
}

// A flood is cut at the limit; its service messages still come through, and
// nobody's memory grows with it.
func testHugeOutput(t *testing.T, p place) {
	tr := p.open(t)
	must(t, tr.Start(within(t, 30*time.Second), "huge-1",
		script("yes 'a line of the flood that goes on and on' | head -c 60000000; echo \"##octopus[setVariable name='QQ==' value='Qg==']\"; echo last")))
	var count, bytes int64
	var ends []string
	host := hostPID(t, p.home, "huge-1")
	exit, err := tr.Follow(within(t, 3*time.Minute), "huge-1", 0, func(batch []runner.Line) error {
		if count == 0 { // a follower that sleeps holds up neither the job nor the memory
			eventually(t, "the job ended", func() bool {
				state, _ := os.ReadFile(filepath.Join(p.home, ".tako/work/huge-1/state"))
				return strings.Contains(string(state), "\nexit ")
			})
		}
		for _, l := range batch {
			count++
			bytes += int64(len(l.Text))
		}
		ends = append(ends, texts(batch)...)
		ends = ends[max(0, len(ends)-4):]
		return nil
	})
	must(t, err)
	if exit.Code != 0 || exit.Last != count {
		t.Errorf("%+v, %d lines", exit, count)
	}
	if bytes > 3<<20 || bytes < 1_500_000 {
		t.Errorf("%d bytes were kept", bytes)
	}
	if most := peakMemory(t, host); most > 64<<20 {
		t.Errorf("the host took %d MiB", most>>20)
	}
	all := strings.Join(ends, "\n")
	if !strings.Contains(all, "limit of 3 MiB") || !strings.Contains(all, "setVariable") || !strings.Contains(all, "lines after that were not kept") || strings.Contains(all, "\nlast") {
		t.Errorf("the end is %q", all)
	}
}

// peakMemory is the most memory that a process ever took.
func peakMemory(t *testing.T, pid int) int64 {
	t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	must(t, err)
	for line := range strings.Lines(string(data)) {
		var kib int64
		if n, _ := fmt.Sscanf(line, "VmHWM: %d kB", &kib); n == 1 {
			return kib << 10
		}
	}
	t.Fatal("the process has no peak")
	return 0
}

func testLongLine(t *testing.T, p place) {
	tr := p.open(t)
	must(t, tr.Start(within(t, 30*time.Second), "long-1", script("head -c 200000 /dev/zero | tr '\\0' x; echo; printf 'bad \\xff byte\\r\\n'; printf 'no end'")))
	lines, exit := follow(t, tr, "long-1", 0)
	var joined strings.Builder
	for _, l := range lines[:len(lines)-2] {
		joined.WriteString(l.Text)
	}
	if joined.Len() != 200000 || exit.Code != 0 {
		t.Errorf("%d bytes in %d lines, %+v", joined.Len(), len(lines), exit)
	}
	if diff := cmp.Diff([]string{"bad \uFFFD byte", "no end"}, texts(lines[len(lines)-2:])); diff != "" {
		t.Error(diff)
	}
}
