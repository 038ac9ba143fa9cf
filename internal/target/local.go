package target

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/runner/socket"
	"github.com/takodeploy/tako/internal/runner/wire"
	"github.com/takodeploy/tako/internal/target/agentbin"
)

// Local is the built-in worker: jobs run on the server's own machine, as the
// server's own account, in a process that outlives the server.
type Local struct {
	Dir string   // directory that holds .tako
	Env []string // environment of the jobs; nil for the server's own without its settings
}

// OpenLocal makes the way to the built-in worker. It connects when it is
// first used.
func OpenLocal(local Local, options Options) (Transport, error) {
	return openLocal(local, options)
}

func openLocal(local Local, options Options) (*remote, error) {
	dir, err := filepath.Abs(local.Dir)
	if err != nil || local.Dir == "" {
		return nil, fault.New(fault.Invalid, "The built-in worker needs a directory.")
	}
	d := &localDialer{dir: dir, env: local.Env}
	if d.env == nil {
		d.env = ownEnvironment()
	}
	return newRemote("the built-in worker", options, d.dial), nil
}

// ownEnvironment leaves out the server's settings, which hold secrets, save
// those that are meant for agents.
func ownEnvironment() []string {
	env := []string{}
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		agents := strings.HasPrefix(name, "TAKO_AGENT_")
		if agents || !strings.HasPrefix(name, "TAKO_") && !strings.HasPrefix(name, "ADMIN_") && !strings.HasPrefix(name, "MASTER_KEY") && !strings.HasPrefix(name, "DB_CONNECTION_STRING") {
			env = append(env, pair)
		}
	}
	return env
}

type localDialer struct {
	dir string
	env []string
}

// dial makes two tries: a host that dies before it speaks was asked nothing.
func (d *localDialer) dial(ctx context.Context) (*link, error) {
	l, err := d.dialOnce(ctx)
	var early *earlyEnd
	if errors.As(err, &early) && ctx.Err() == nil {
		return d.dialOnce(ctx)
	}
	return l, err
}

func (d *localDialer) dialOnce(ctx context.Context) (*link, error) {
	agent, err := d.agent()
	if err != nil {
		return nil, err
	}
	caller := socket.Caller{Home: d.dir, Agent: agent, Env: d.env}
	conn, err := caller.Dial(ctx)
	if errors.Is(err, syscall.ENOSPC) || err != nil && fullDisk(err.Error()) {
		return nil, newProblem(fault.Unavailable, ErrDiskFull, err, "The disk is full: the built-in worker in %s cannot be started.", d.dir)
	}
	if err != nil {
		return nil, newProblem(fault.Unavailable, ErrUnreachable, err, "The built-in worker in %s cannot be started.", d.dir)
	}
	r, err := awaitMagic(conn)
	if err != nil {
		conn.Close()
		return nil, newProblem(fault.Unavailable, ErrDisconnected, err, "The built-in worker in %s hung up.", d.dir)
	}
	return &link{Conn: wire.NewConn(r, conn, conn, nil)}, nil
}

// agent is the program: a file that is there, or the embedded one unpacked
// into the worker's directory.
func (d *localDialer) agent() (string, error) {
	b, err := agentbin.Find(runtime.GOOS, runtime.GOARCH)
	if err != nil {
		return "", newProblem(fault.Unavailable, ErrPlatform, err, "The built-in worker has no agent.")
	}
	if b.Path != "" {
		return b.Path, nil
	}
	dir := filepath.Join(d.dir, ".tako", "agent", b.Hash)
	path := filepath.Join(dir, "tako-agent")
	if info, err := os.Stat(path); err == nil && info.Size() == b.Size {
		return path, nil
	}
	data, err := b.Bytes()
	if err == nil {
		err = install(dir, path, data)
	}
	if err != nil {
		return "", fmt.Errorf("unpacking the agent into %s: %w", dir, err)
	}
	return path, nil
}

// piece is how much of the agent is written at once. Linux keeps what was written
// in one go in one piece, and from 6.18 on maps all of a piece where a byte of it
// is touched: an agent at rest would have 2 MiB of its code in memory for that.
const piece = 16 << 10

func install(dir, path string, data []byte) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".tako-agent-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	for some := range slices.Chunk(data, piece) {
		if _, err := f.Write(some); err != nil {
			f.Close()
			return err
		}
	}
	if err := f.Chmod(0o700); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
