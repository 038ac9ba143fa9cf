package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// pidIn waits for a script to say in a file who it is.
func pidIn(t *testing.T, path string) int {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		data, _ := os.ReadFile(path)
		if pid, err := strconv.Atoi(strings.TrimSpace(string(data))); err == nil && strings.HasSuffix(string(data), "\n") {
			return pid
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s was not written", path)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// alive reports whether a process runs; one that only waits to be reaped does not.
func alive(pid int) bool {
	fields := statFields(pid)
	return len(fields) > 0 && fields[0] != "Z"
}

// stopped runs a script until each of its files holds a pid, and cancels it.
func (b *bench) stopped(t *testing.T, body string, files ...string) (pids []int) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(context.Background())
	done := make(chan error, 1)
	go func() {
		_, err := b.RunScript(ctx, Script{Syntax: Bash, Body: body})
		done <- err
	}()
	for _, name := range files {
		pid := pidIn(t, filepath.Join(b.Work, name))
		t.Cleanup(func() { _ = unix.Kill(pid, unix.SIGKILL) })
		pids = append(pids, pid)
	}
	cancel(ErrCanceled)
	if err := <-done; err != nil && !errors.Is(err, ErrCanceled) {
		t.Fatal(err)
	}
	return pids
}

const idle = `exec >/dev/null 2>&1; while :; do sleep 600 & wait $!; done`

func TestCancelEndsWhatLeftTheSession(t *testing.T) {
	tests := []struct{ name, script string }{
		{"in a session of its own", `setsid sh -c 'echo $$ > far; ` + idle + `' &`},
		{"deaf to being asked", `setsid sh -c 'trap "" TERM; echo $$ > far; ` + idle + `' &`},
		{"orphaned", `(setsid sh -c 'echo $$ > far; ` + idle + `' &)`},
		{"with an empty environment", `env -i PATH="$PATH" setsid sh -c 'echo $$ > far; ` + idle + `' &`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			pid := b.stopped(t, test.script+"\nsleep 600", "far")[0]
			if alive(pid) {
				t.Errorf("process %d lives on", pid)
			}
			if said := b.out.text(); !strings.Contains(said, fmt.Sprintf("sh (%d)", pid)) {
				t.Errorf("nothing is said of it: %q", said)
			}
		})
	}
}

func TestCancelSparesWhatIsMeantToStay(t *testing.T) {
	b := newBench(t)
	pid := b.stopped(t, `TAKO_JOB= setsid sh -c 'echo $$ > far; `+idle+`' &`+"\nsleep 600", "far")[0]
	if !alive(pid) || strings.Contains(b.out.text(), strconv.Itoa(pid)) {
		t.Errorf("process %d was ended: %q", pid, b.out.text())
	}
	_ = unix.Kill(-pid, unix.SIGKILL)
}

func TestKillJob(t *testing.T) {
	b := newBench(t)
	body := `setsid sh -c 'echo $$ > far; ` + idle + `' & echo $$ > near; wait`
	go func() { _, _ = b.RunScript(context.Background(), Script{Syntax: Bash, Body: body}) }()
	far, near := pidIn(t, filepath.Join(b.Work, "far")), pidIn(t, filepath.Join(b.Work, "near"))
	if killed := KillJob(b.Work, Leader{PID: near, Began: ticksNow()}); killed < 2 {
		t.Errorf("%d killed", killed)
	}
	for _, pid := range []int{far, near} {
		if alive(pid) {
			t.Errorf("process %d lives on", pid)
		}
	}
	// A pid that was given out again is nobody's session.
	if killed := KillJob("", Leader{PID: os.Getpid(), Began: 1}); killed != 0 {
		t.Errorf("%d killed of another session", killed)
	}
}

func TestWhatCouldNotBeEndedIsSaid(t *testing.T) {
	b := newBench(t)
	b.tellEnded([]member{{pid: 5, name: "sleep"}}, []survivor{{member{pid: 7, name: "sudo"}, unix.EPERM}})
	if got, want := b.out.text(), "Ended with the script: sleep (5).\n"; got != want {
		t.Errorf("%q", got)
	}
	if got := b.err.text(); !strings.Contains(got, "sudo (7): operation not permitted") || !strings.Contains(got, "could not be ended") {
		t.Errorf("%q", got)
	}
}
