package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	random "math/rand/v2"

	"github.com/jackc/pgx/v5"

	"github.com/takodeploy/tako/e2e/process"
	"github.com/takodeploy/tako/e2e/rest"
	"github.com/takodeploy/tako/internal/secret"
	"github.com/takodeploy/tako/internal/target/sshdtest"
)

// build is a server and the agent that it brings to machines.
type build struct{ server, agent string }

// world is one server, its targets, and what has been done to them.
type world struct {
	*rest.Client
	ctx  context.Context
	o    options
	dice *random.Rand
	dir  string

	*process.Server
	env  []string
	now  build // what runs
	next build // what the next upgrade brings

	targets []*sshdtest.Server
	shapes  []shape
	env1    string // the environment's id
	feed    string
	group   string
	cycle   string

	kills int
	did   map[string]int
	peak  int64 // of the server's memory
}

func newWorld(ctx context.Context, o options) (*world, error) {
	dir, err := os.MkdirTemp("", "tako-crash-")
	if err != nil {
		return nil, err
	}
	w := &world{ctx: ctx, o: o, dir: dir, dice: random.New(random.NewPCG(o.seed, 1)), did: map[string]int{}}
	if err := w.open(); err != nil {
		return nil, errors.Join(err, w.close(false))
	}
	return w, nil
}

func (w *world) open() (err error) {
	if err := os.MkdirAll(w.effects(), 0o755); err != nil {
		return err
	}
	if w.now.server, err = filepath.Abs(w.o.program); err != nil {
		return err
	}
	if w.now.agent, err = filepath.Abs(w.o.agent); err != nil {
		return err
	}
	if w.o.deployments > 0 { // only accidents upgrade
		if w.next, err = w.rebuild(); err != nil {
			return err
		}
	}
	listen, err := process.FreeAddress()
	if err != nil {
		return err
	}
	w.Server = &process.Server{Data: w.data(), Log: filepath.Join(w.dir, "server.log"), Listen: listen, Alone: true}
	key := "API-" + rand.Text()
	w.Client = &rest.Client{URL: w.Server.URL(), APIKey: key, HTTP: &http.Client{Timeout: time.Minute}}
	w.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + w.dir, "TAKO_URL=" + w.Server.URL(), "TASK_CAP=" + strconv.Itoa(w.o.cap),
		"TAKO_ADMIN_USERNAME=admin", "TAKO_ADMIN_PASSWORD=Pass-" + rand.Text(), "TAKO_ADMIN_API_KEY=" + key,
	}
	if w.o.postgres != "" {
		if err := w.onPostgres(); err != nil {
			return err
		}
	}
	if err := w.start(true); err != nil {
		return err
	}
	for i := range 8 {
		s, err := sshdtest.Start(sshdtest.Options{Dir: filepath.Join(w.dir, "machines", fmt.Sprintf("web-%d", i+1))})
		if err != nil {
			return err
		}
		w.targets = append(w.targets, s)
	}
	return nil
}

// rebuild makes a second build, which says another version of itself.
func (w *world) rebuild() (build, error) {
	next := build{server: w.now.server, agent: filepath.Join(w.dir, "next", "tako-agent")}
	const module = "github.com/takodeploy/tako/"
	made := [][]string{{"-ldflags", "-s -w -X " + module + "internal/runner/host.Version=2026.4.1", "-o", next.agent, module + "cmd/tako-agent"}}
	if w.o.rebuild {
		next.server = filepath.Join(w.dir, "next", "tako")
		made = append(made, []string{"-ldflags", "-s -w -X main.version=2026.4.1", "-o", next.server, module + "cmd/tako"})
	}
	for _, args := range made {
		cmd := exec.CommandContext(w.ctx, "go", append([]string{"build"}, args...)...)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if said, err := cmd.CombinedOutput(); err != nil {
			return next, fmt.Errorf("making the second build: %w: %s", err, said)
		}
	}
	return next, nil
}

// onPostgres makes a database for the server, which goes with its own server.
func (w *world) onPostgres() error {
	server, err := pgx.Connect(w.ctx, w.o.postgres)
	if err != nil {
		return err
	}
	defer server.Close(w.ctx)
	name := "crash_" + strings.ToLower(rand.Text())
	if _, err := server.Exec(w.ctx, "create database "+name); err != nil {
		return err
	}
	u, err := url.Parse(w.o.postgres)
	if err != nil {
		return err
	}
	u.Path = "/" + name
	w.env = append(w.env, "DB_CONNECTION_STRING="+u.String(), "MASTER_KEY="+string(secret.NewKey().Text()))
	return nil
}

func (w *world) effects() string { return filepath.Join(w.dir, "effects") }
func (w *world) data() string    { return filepath.Join(w.dir, "data") }

// start starts the server and, if that is wanted, waits until it answers.
func (w *world) start(wait bool, more ...string) error {
	w.Program, w.Env = w.now.server, append([]string{"TAKO_AGENT=" + w.now.agent}, w.env...)
	if !wait {
		return w.Launch(more...)
	}
	return w.Start(time.Minute, more...)
}

// signal ends the server with a signal and waits for its end.
func (w *world) signal(s syscall.Signal) error {
	if held, err := w.Memory("VmHWM"); err == nil {
		w.peak = max(w.peak, held)
	}
	if s == syscall.SIGKILL || w.Gone() {
		return w.Kill()
	}
	return w.Stop(time.Minute)
}

// size is how much the world takes on disk.
func (w *world) size() (sum int64) {
	_ = filepath.WalkDir(w.dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if info, err := d.Info(); err == nil {
				sum += info.Size()
			}
		}
		return nil
	})
	return sum
}

// until waits for a fact.
func (w *world) until(what string, patience time.Duration, fact func() (bool, error)) error {
	for deadline := time.Now().Add(patience); ; {
		if ok, err := fact(); ok || err != nil {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("waited %v in vain until %s", patience, what)
		}
		if err := w.sleep(20 * time.Millisecond); err != nil {
			return err
		}
	}
}

func (w *world) sleep(d time.Duration) error {
	select {
	case <-w.ctx.Done():
		return w.ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// close ends everything that was started and removes the folder.
func (w *world) close(keep bool) error {
	if w.Server != nil && !w.Gone() {
		_ = w.Kill()
	}
	for _, s := range w.targets {
		s.Stop()
	}
	err := process.EndAll(w.dir)
	if keep {
		w.o.say("the folder is %s", w.dir)
		return err
	}
	return errors.Join(err, os.RemoveAll(w.dir))
}
