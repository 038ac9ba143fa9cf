package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/takodeploy/tako/internal/footprint"
	"github.com/takodeploy/tako/internal/runner/socket"
	"github.com/takodeploy/tako/internal/runner/wire"
)

// host is a listening engine.
type host struct {
	engine   *engine
	listener *socket.Listener
	identity string

	mu       sync.Mutex
	sessions int
	changed  time.Time
	leaving  bool
	told     bool // by the system to end; for a host that serves once
}

// Serve is the host process: it takes the home, serves until idle, and
// returns nil then. ErrTaken means that another host is there already.
func Serve(ctx context.Context, options Options) error {
	listener, err := socket.Listen(filepath.Join(options.Home, ".tako"))
	if err != nil {
		return err
	}
	defer listener.Close()
	e, err := newEngine(options)
	if err != nil {
		return err
	}
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding the own program: %w", err)
	}
	h := &host{engine: e, listener: listener, identity: socket.Identity(program), changed: time.Now()}
	defer e.settle()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go e.sweepFrom(ctx, program)
	go h.leaveWhenIdle(ctx)
	go func() {
		<-ctx.Done()
		h.leave(true)
	}()
	for {
		conn, err := listener.AcceptUnix()
		if err != nil {
			h.mu.Lock()
			leaving := h.leaving
			h.mu.Unlock()
			if leaving {
				return nil
			}
			return fmt.Errorf("accepting a caller: %w", err)
		}
		go func() {
			caller, err := socket.Greet(conn)
			if err != nil {
				slog.Warn("caller refused", "error", err)
				conn.Close()
				return
			}
			h.serve(caller)
		}()
	}
}

// enter counts a caller in, unless the host is about to leave, or a caller
// of another build finds it without work: then it makes room.
func (h *host) enter(identity string) bool {
	active, _ := h.engine.busy()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.leaving {
		return false
	}
	if identity != h.identity && active == 0 && h.sessions == 0 {
		h.leaving = true
		h.listener.UnixListener.Close()
		return false
	}
	h.sessions++
	h.changed = time.Now()
	return true
}

func (h *host) serve(caller *socket.Accepted) {
	defer caller.Close()
	if !h.enter(caller.Identity) {
		_ = caller.Answer(socket.Retire)
		return
	}
	defer func() {
		h.mu.Lock()
		h.sessions--
		h.changed = time.Now()
		h.mu.Unlock()
	}()
	if caller.Answer(socket.Keep) != nil {
		return
	}
	var r io.Reader = caller.Conn
	var w io.Writer = caller.Conn
	if len(caller.Files) == 2 {
		r, w = caller.Files[0], caller.Files[1]
		// The caller's process lives as long as the conversation; when it is
		// killed, the conversation is over.
		go func() {
			_, _ = io.Copy(io.Discard, caller.Conn)
			caller.Close()
		}()
	}
	if _, err := io.WriteString(w, wire.Magic); err != nil {
		return
	}
	conn := wire.NewConn(r, w, caller, h.engine.serve)
	<-conn.Done()
}

// leave stops the host. Without force only an idle one leaves.
func (h *host) leave(force bool) bool {
	active, since := h.engine.busy()
	h.mu.Lock()
	defer h.mu.Unlock()
	idle := active == 0 && h.sessions == 0
	if !force && !(idle && h.engine.spent(h.told)) {
		if !idle || time.Since(since) < h.engine.options.Idle || time.Since(h.changed) < h.engine.options.Idle {
			return false
		}
	}
	if !h.leaving {
		h.leaving = true
		h.listener.UnixListener.Close()
	}
	return true
}

func (h *host) leaveWhenIdle(ctx context.Context) {
	every := max(h.engine.options.Idle/10, 10*time.Millisecond)
	ends := make(chan os.Signal, 1)
	if h.engine.options.Once {
		every = min(every, 250*time.Millisecond)
		signal.Notify(ends, syscall.SIGTERM)
		defer signal.Stop(ends)
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	var rested time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-ends:
			h.mu.Lock()
			h.told = true
			h.mu.Unlock()
		case <-tick.C:
			if h.leave(false) {
				return
			}
			rested = h.rest(rested)
		}
	}
}

// restAfter is after how long without a job memory is given back.
const restAfter = 5 * time.Second

// rest gives memory back, once after each span of work, and says of which one
// that was done; before is what it said the last time.
func (h *host) rest(before time.Time) time.Time {
	active, since := h.engine.busy()
	if active > 0 || since.Equal(before) || time.Since(since) < restAfter {
		return before
	}
	if err := footprint.Shrink(); err != nil {
		slog.Debug("the program's own pages cannot be given back", "error", err)
	}
	return since
}

// sweepFrom removes what is old, now and every hour.
func (e *engine) sweepFrom(ctx context.Context, program string) {
	e.adopt()
	for {
		e.sweep(time.Now().Add(-e.options.Keep))
		sweepAgents(filepath.Join(e.root, "agent"), program, time.Now())
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Hour):
		}
	}
}

// adopt judges the tickets that an earlier host left without an end, so that
// their processes do not run on beside new jobs. Those of another machine
// with the same home are let be.
func (e *engine) adopt() {
	entries, err := os.ReadDir(e.work)
	if err != nil {
		slog.Warn("reading the work folder", "error", err)
		return
	}
	for _, entry := range entries {
		name := entry.Name()
		if name[0] == '.' {
			continue
		}
		s := readState(name, filepath.Join(e.work, name))
		if s.exit != nil || s.origin != nil && s.origin.Machine != machine().name {
			continue
		}
		if t, err := e.find(name); err != nil {
			slog.Warn("judging a ticket left behind", "ticket", name, "error", err)
		} else {
			e.forget(t)
		}
	}
}

// forget takes an ended ticket out of memory; it is read back when wanted.
func (e *engine) forget(t *ticket) {
	select {
	case <-t.exited:
	default:
		return
	}
	e.mu.Lock()
	delete(e.tickets, t.name)
	e.mu.Unlock()
}

// sweep removes ended tickets that nobody completed.
func (e *engine) sweep(before time.Time) {
	e.cache.sweep(before)
	entries, err := os.ReadDir(e.work)
	if err != nil {
		return
	}
	for _, entry := range entries {
		name := entry.Name()
		dir := filepath.Join(e.work, name)
		info, err := os.Lstat(filepath.Join(dir, stateFile))
		if name[0] == '.' || err != nil || info.ModTime().After(before) || readState(name, dir).exit == nil {
			continue
		}
		if err := os.RemoveAll(dir); err != nil && !errors.Is(err, os.ErrNotExist) {
			slog.Warn("removing an old ticket", "ticket", name, "error", err)
		}
		e.mu.Lock()
		delete(e.tickets, name)
		e.mu.Unlock()
	}
}

// agentKeep is how long an agent program that nobody starts any more stays.
const agentKeep = 30 * 24 * time.Hour

// sweepAgents removes the programs of other versions. The time of a program's
// folder is when it was last in use, which this one's is now.
func sweepAgents(dir, own string, now time.Time) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		if path == filepath.Dir(own) {
			_ = os.Chtimes(path, now, now)
			continue
		}
		if info, err := entry.Info(); err == nil && entry.IsDir() && info.ModTime().Before(now.Add(-agentKeep)) {
			if err := os.RemoveAll(path); err != nil {
				slog.Warn("removing an old agent", "path", path, "error", err)
			}
		}
	}
}
