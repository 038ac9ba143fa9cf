// Package journey drives the built server from outside, as people, scripts and
// accidents do: over HTTP, with signals, with real machines behind real SSH
// servers, on both databases. What it tests cannot be seen from inside one
// package: that a deployment outlives the server, that no secret lies anywhere,
// and that each mistake gets a sentence that helps.
package journey

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/takodeploy/tako/e2e/rest"
	"github.com/takodeploy/tako/internal/secret"
	"github.com/takodeploy/tako/internal/store/storetest"
)

// world is one server of the built program, its data folder, and its client.
type world struct {
	*testing.T
	*rest.Client
	dir, data, log     string
	database, password string
	listen             string
	env                []string
	process            *exec.Cmd
	ended              chan struct{}

	// What most stories need; see furnish.
	dev, prod, lifecycle, group, feed string
}

// program gives the built server, or skips the test.
func program(t *testing.T) string {
	t.Helper()
	path := os.Getenv("TAKO_BINARY")
	if path == "" {
		_, file, _, _ := runtime.Caller(0)
		path = filepath.Join(filepath.Dir(file), "..", "..", "bin", "tako")
	}
	if _, err := os.Stat(path); err != nil {
		t.Skipf("there is no built server at %s; make build makes it", path)
	}
	return path
}

// engines runs a story on SQLite, and on PostgreSQL where there is one.
func engines(t *testing.T, story func(w *world)) {
	t.Helper()
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		story(newWorld(t, ""))
	})
	t.Run("postgresql", func(t *testing.T) {
		t.Parallel()
		story(newWorld(t, storetest.PostgresURL(t)))
	})
}

// newWorld starts a server for the time of a test. settings are "NAME=value"
// of its environment.
func newWorld(t *testing.T, database string, settings ...string) *world {
	t.Helper()
	path := program(t)
	// The worker may still write while it leaves, so the folder is not the
	// test's own, whose removal must succeed.
	dir, err := os.MkdirTemp("", "tako-journey-")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{T: t, dir: dir, data: filepath.Join(dir, "data"), log: filepath.Join(dir, "server.log"), database: database}
	t.Cleanup(func() {
		endAll(t, dir)
		os.RemoveAll(dir)
	})
	w.listen = freeAddress(t)
	w.password = "Pass-" + string(secret.NewToken())
	w.Client = &rest.Client{URL: "http://" + w.listen, APIKey: "API-" + strings.ToUpper(fmt.Sprintf("%x", string(secret.NewToken())[:16])), HTTP: &http.Client{Timeout: time.Minute}}
	w.env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TAKO_DATABASE=" + database, "TAKO_ADMIN_USERNAME=admin", "TAKO_ADMIN_PASSWORD=" + w.password, "TAKO_ADMIN_API_KEY=" + w.APIKey, "TAKO_URL=" + w.URL}, settings...)
	w.process = exec.Command(path)
	w.start()
	t.Cleanup(func() {
		w.stop()
		if t.Failed() {
			w.tellLog()
		}
	})
	return w
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// start starts the server and waits until it answers.
func (w *world) start() {
	w.Helper()
	log, err := os.OpenFile(w.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		w.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command(w.process.Path, "server", "--data", w.data, "--listen", w.listen, "--polling-listen", "off")
	cmd.Env, cmd.Stdout, cmd.Stderr = w.env, log, log
	if err := cmd.Start(); err != nil {
		w.Fatal(err)
	}
	w.process, w.ended = cmd, make(chan struct{})
	go func(ended chan struct{}) { _ = cmd.Wait(); close(ended) }(w.ended)
	w.until("the server answers", 60*time.Second, func() bool {
		select {
		case <-w.ended:
			w.tellLog()
			w.Fatalf("the server ended: %s", cmd.ProcessState)
		default:
		}
		r, err := http.Get(w.URL + "/healthz")
		if err != nil {
			return false
		}
		r.Body.Close()
		return r.StatusCode == http.StatusOK
	})
}

// kill ends the server as a power cut would.
func (w *world) kill() {
	w.Helper()
	if err := w.process.Process.Kill(); err != nil {
		w.Fatal(err)
	}
	<-w.ended
}

// stop ends the server as an operator would.
func (w *world) stop() {
	select {
	case <-w.ended:
		return
	default:
	}
	_ = w.process.Process.Signal(syscall.SIGTERM)
	select {
	case <-w.ended:
	case <-time.After(30 * time.Second):
		w.Error("the server did not stop within 30 seconds")
		_ = w.process.Process.Kill()
		<-w.ended
	}
}

func (w *world) tellLog() {
	if text, err := os.ReadFile(w.log); err == nil {
		w.Logf("the server's log:\n%s", text[max(0, len(text)-20_000):])
	}
}

// until waits for a fact.
func (w *world) until(what string, patience time.Duration, fact func() bool) {
	w.Helper()
	for deadline := time.Now().Add(patience); ; {
		if fact() {
			return
		}
		if time.Now().After(deadline) {
			w.Fatalf("waited %s in vain: %s", patience, what)
		}
		<-time.After(20 * time.Millisecond)
	}
}

// processesOf gives the processes whose command line names a folder: agents
// outlive the server and its connections for a while.
func processesOf(dir string) (pids []int) {
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, line := range lines {
		text, err := os.ReadFile(line)
		if err != nil || !strings.Contains(string(text), dir) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(line))); err == nil && pid != os.Getpid() {
			pids = append(pids, pid)
		}
	}
	return pids
}

// endAll ends the processes that were started from a folder.
func endAll(t testing.TB, dir string) {
	for deadline := time.Now().Add(10 * time.Second); ; <-time.After(20 * time.Millisecond) {
		pids := processesOf(dir)
		if len(pids) == 0 {
			return
		}
		sig := syscall.SIGTERM
		if time.Now().After(deadline) {
			sig = syscall.SIGKILL
		}
		for _, pid := range pids {
			_ = syscall.Kill(pid, sig)
		}
		if time.Now().After(deadline.Add(5 * time.Second)) {
			t.Errorf("processes that do not end: %v", pids)
			return
		}
	}
}

// resident gives the memory that the server holds now, in bytes.
func (w *world) resident() int64 {
	w.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", w.process.Process.Pid))
	if err != nil {
		w.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			var kib int64
			if _, err := fmt.Sscan(rest, &kib); err == nil {
				return kib << 10
			}
		}
	}
	w.Fatal("the system does not say how much memory the server holds")
	return 0
}

// read gives a file's text, "" while it is not there.
func (w *world) read(path string) string {
	w.Helper()
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		w.Fatal(err)
	}
	return string(text)
}

func (w *world) write(path, text string) {
	w.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		w.Fatal(err)
	}
}
