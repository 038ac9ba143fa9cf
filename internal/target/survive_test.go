package target_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/internal/target"
)

// doomedServer is a process that starts a job, sees three lines, says so and
// waits to be killed.
func doomedServer() {
	tr, err := target.OpenLocal(target.Local{Dir: os.Getenv("TARGET_TEST_SERVER")}, target.Options{})
	if err == nil {
		err = tr.Start(context.Background(), "doomed-1", script("for i in $(seq 1 60); do echo $i; sleep 0.02; done"))
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	seen := 0
	_, err = tr.Follow(context.Background(), "doomed-1", 0, func(batch []runner.Line) error {
		if seen += len(batch); seen >= 3 {
			fmt.Println("cursor", seen)
			select {}
		}
		return nil
	})
	fmt.Println(err)
}

// The server dies in the middle; the next one follows to the end.
func TestServerKilled(t *testing.T) {
	home := homeDir(t)
	self, err := os.Executable()
	must(t, err)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), "TARGET_TEST_SERVER="+home)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	var cursor int64
	if _, err := fmt.Fscanf(out, "cursor %d\n", &cursor); err != nil {
		t.Fatal(err)
	}
	must(t, cmd.Process.Kill())
	_ = cmd.Wait()
	lines, exit := follow(t, openLocal(t, home), "doomed-1", cursor)
	if exit.Code != 0 || exit.Last != 60 || int64(len(lines)) != 60-cursor {
		t.Errorf("%+v, %d lines after %d", exit, len(lines), cursor)
	}
}

// A host without work and connections leaves, and the next call starts one.
func TestHostLeavesWhenIdle(t *testing.T) {
	home := homeDir(t)
	tr, err := target.OpenLocal(target.Local{Dir: home}, target.Options{Idle: 100 * time.Millisecond})
	must(t, err)
	defer tr.Close()
	must(t, tr.Start(within(t, 30*time.Second), "idle-1", script("echo x")))
	follow(t, tr, "idle-1", 0)
	pid := hostPID(t, home, "idle-1")
	eventually(t, "the host is gone", func() bool { return !exists(fmt.Sprintf("/proc/%d", pid)) })
	lines, exit := follow(t, tr, "idle-1", 0)
	if exit.Code != 0 || len(lines) != 1 {
		t.Errorf("%+v %v", exit, texts(lines))
	}
}
