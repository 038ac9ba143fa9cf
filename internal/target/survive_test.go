package target_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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

// A newer agent takes the home over from an older one that has no work, and
// is served by it as long as it has.
func TestNewerAgentTakesOver(t *testing.T) {
	home := homeDir(t)
	older := os.Getenv("TAKO_AGENT")
	data, err := os.ReadFile(older)
	must(t, err)
	newer := filepath.Join(t.TempDir(), "tako-agent")
	must(t, os.WriteFile(newer, data, 0o700))
	run := func(ticket, body string) (pid int, end func()) {
		tr, err := target.OpenLocal(target.Local{Dir: home}, target.Options{})
		must(t, err)
		must(t, tr.Start(within(t, 30*time.Second), ticket, script(body)))
		return hostPID(t, home, ticket), func() {
			if _, exit := follow(t, tr, ticket, 0); exit.Code != 0 {
				t.Errorf("%s: %+v", ticket, exit)
			}
			must(t, tr.Close())
		}
	}
	gate := filepath.Join(home, "gate")
	first, end := run("old-1", "while [ ! -e "+gate+" ]; do sleep 0.02; done")
	t.Setenv("TAKO_AGENT", newer)
	second, endSecond := run("new-1", "true")
	endSecond()
	if second != first {
		t.Errorf("host %d did not serve while it had work, %d did", first, second)
	}
	must(t, os.WriteFile(gate, nil, 0o600))
	end()
	// The host learns a moment after its callers that their conversations are
	// over; until then it goes on.
	attempt := 0
	eventually(t, "a newer host serves", func() bool {
		attempt++
		pid, end := run(fmt.Sprintf("new-again-%d", attempt), "true")
		end()
		return pid != first
	})
}
