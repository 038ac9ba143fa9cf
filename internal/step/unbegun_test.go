package step

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/takodeploy/tako/internal/target"
)

// TestAgentIsKilledUnderAWaitingJob kills the agent while one job runs and
// another waits for it: the first is lost, the second runs, once.
func TestAgentIsKilledUnderAWaitingJob(t *testing.T) {
	home, err := os.MkdirTemp("", "step-killed-")
	if err != nil {
		t.Fatal(err)
	}
	way, err := target.OpenLocal(target.Local{Dir: home}, target.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		way.Close()
		os.RemoveAll(home)
	})
	reach := reachFunc(func(Place) (target.Transport, error) { return way, nil })

	first, second := newBench(t, reach), newBench(t, reach)
	type end struct {
		outcome Outcome
		err     error
	}
	start := func(b *bench, ticket, body string) chan end {
		ended := make(chan end, 1)
		job := bash(body)
		job.Ticket, job.Place = ticket, Place{ID: "Machines-1", Name: "web"}
		go func() {
			o, err := Script.Run(context.Background(), b.job(job, false))
			ended <- end{o, err}
		}()
		return ended
	}
	firstEnd := start(first, "first", "echo $PPID; sleep 600")
	first.await("the first job's start", func() bool { return len(first.lines) > 0 })
	var pid int
	if _, err := fmt.Sscanf(first.text(), "Info: %d", &pid); err != nil {
		t.Fatal(err, first.text())
	}
	ran := filepath.Join(t.TempDir(), "ran")
	secondEnd := start(second, "second", "echo x >> "+ran+"; echo mine")
	second.await("the second job's waiting", func() bool { return len(second.lines) > 0 })
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) { // it is noted a moment after it is told
		data, err := os.ReadFile(filepath.Join(home, ".tako", "work", "second", "state"))
		if strings.Contains(string(data), "waits\n") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the far end has not noted that it waits: %q, %v", data, err)
		}
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if e := <-firstEnd; e.err != nil || e.outcome.State != Lost || !strings.Contains(e.outcome.Error, "was killed") {
		t.Errorf("the first: %+v", e)
	}
	e := <-secondEnd
	if e.err != nil || e.outcome.State != Succeeded || !strings.Contains(second.text(Info), "It had not begun, and is started again.\nInfo: mine\n") {
		t.Errorf("the second: %+v\n%s", e, second.text())
	}
	if data, err := os.ReadFile(ran); err != nil || string(data) != "x\n" {
		t.Errorf("ran: %q, %v", data, err)
	}
}
