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
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/takodeploy/tako/e2e/process"
	"github.com/takodeploy/tako/e2e/rest"
	"github.com/takodeploy/tako/internal/secret"
	"github.com/takodeploy/tako/internal/store/storetest"
)

// world is one server of the built program, its data folder, and its client.
type world struct {
	*testing.T
	*rest.Client
	server             *process.Server
	dir, data, log     string
	database, password string

	// What most stories need; see furnish.
	dev, prod, lifecycle, group, feed string
}

// program gives the built server, or skips the test.
func program(t *testing.T) string {
	t.Helper()
	path, err := process.Built("TAKO_BINARY", "tako")
	if err != nil {
		process.Absent(t, err)
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
	listen, err := process.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	w.server = &process.Server{Program: path, Data: w.data, Log: w.log, Listen: listen}
	w.password = "Pass-" + string(secret.NewToken())
	w.Client = &rest.Client{URL: w.server.URL(), APIKey: "API-" + strings.ToUpper(fmt.Sprintf("%x", string(secret.NewToken())[:16])), HTTP: &http.Client{Timeout: time.Minute}}
	w.server.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TAKO_DATABASE=" + database, "TAKO_ADMIN_USERNAME=admin", "TAKO_ADMIN_PASSWORD=" + w.password, "TAKO_ADMIN_API_KEY=" + w.APIKey, "TAKO_URL=" + w.URL}, settings...)
	w.start()
	t.Cleanup(func() {
		w.stop()
		if t.Failed() {
			w.tellLog()
		}
	})
	return w
}

// endAll ends what was started from a folder.
func endAll(t *testing.T, dir string) {
	if err := process.EndAll(dir); err != nil {
		t.Error(err)
	}
}

// start starts the server and waits until it answers.
func (w *world) start() {
	w.Helper()
	if err := w.server.Start(time.Minute); err != nil {
		w.Fatal(err)
	}
}

// kill ends the server as a power cut would.
func (w *world) kill() {
	w.Helper()
	if err := w.server.Kill(); err != nil {
		w.Fatal(err)
	}
}

// stop ends the server as an operator would.
func (w *world) stop() {
	if err := w.server.Stop(30 * time.Second); err != nil {
		w.Error(err)
	}
}

func (w *world) tellLog() { w.Logf("the server's log:\n%s", w.server.Tail(20_000)) }

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

// resident gives the memory that the server holds now, in bytes.
func (w *world) resident() int64 {
	w.Helper()
	n, err := w.server.Memory("VmRSS")
	if err != nil {
		w.Fatal(err)
	}
	return n
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
