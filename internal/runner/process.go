package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Process is a program to run for a job. Its output becomes the job's lines.
type Process struct {
	Path string   // program, looked up in PATH when it has no slash
	Args []string // without the program's own name
	Name string   // argv[0], "" for Path
	Dir  string   // "" for the job's working directory
	Env  []string // added to the job's environment

	Stdout io.Writer // nil for the job's own
	Stderr io.Writer
}

// drainTime is how long the output of a process that has ended is awaited
// when something it started keeps the pipe open.
const drainTime = time.Second

// Exec runs a program to its end and gives its exit code; a program ended by
// a signal gives 128 and the signal's number. When ctx is over, the whole
// session of the program is asked to end, and killed after the grace.
func (e *Env) Exec(ctx context.Context, p Process) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, context.Cause(ctx)
	}
	path, err := lookPath(p.Path)
	if err != nil {
		return 0, err
	}
	stdout, stderr, dir := p.Stdout, p.Stderr, p.Dir
	if stdout == nil {
		stdout = e.Stdout
	}
	if stderr == nil {
		stderr = e.Stderr
	}
	if dir == "" {
		dir = e.Work
	}
	name := p.Name
	if name == "" {
		name = p.Path
	}
	var pipes drains
	cmd := &exec.Cmd{
		Path: path, Args: append([]string{name}, p.Args...), Dir: dir,
		Env: append(e.Environ[:len(e.Environ):len(e.Environ)], p.Env...),
	}
	pidfd := -1
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, PidFD: &pidfd}
	if cmd.Stdout, err = pipes.add(stdout); err == nil {
		cmd.Stderr, err = pipes.add(stderr)
	}
	if err == nil {
		err = cmd.Start()
	}
	pipes.closeWriters()
	if err != nil {
		pipes.closeReaders()
		return 0, fmt.Errorf("starting %s: %w", p.Path, err)
	}
	began := StartTime(cmd.Process.Pid)
	if e.Started != nil {
		e.Started(cmd.Process.Pid, began)
	}
	read := pipes.start()
	ended := make(chan struct{})
	go func() {
		awaitExit(pidfd)
		_ = cmd.Wait()
		close(ended)
	}()
	e.attend(ctx, cmd.Process.Pid, began, ended, read)
	state := cmd.ProcessState
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal()), nil
	}
	return state.ExitCode(), nil
}

// attend waits for a process's end and for the rest of its output.
func (e *Env) attend(ctx context.Context, pid int, began uint64, ended, read <-chan struct{}) {
	select {
	case <-ended:
		select {
		case <-read:
		case <-time.After(drainTime):
		case <-ctx.Done():
		}
		return
	case <-ctx.Done():
	}
	_ = unix.Kill(-pid, unix.SIGTERM)
	grace := time.NewTimer(e.Grace)
	defer grace.Stop()
	select {
	case <-grace.C:
	case <-both(ended, read):
	}
	KillSession(pid, began)
	<-ended
	select {
	case <-read:
	case <-time.After(drainTime):
	}
}

func both(a, b <-chan struct{}) <-chan struct{} {
	done := make(chan struct{})
	go func() { <-a; <-b; close(done) }()
	return done
}

// awaitExit waits for a process without holding a thread, where the kernel
// can tell by a descriptor. It takes the descriptor over.
func awaitExit(pidfd int) {
	if pidfd < 0 {
		return
	}
	if unix.SetNonblock(pidfd, true) != nil {
		unix.Close(pidfd)
		return
	}
	f := os.NewFile(uintptr(pidfd), "pidfd")
	defer f.Close()
	raw, err := f.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Read(func(fd uintptr) bool {
		set := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(set, 0)
		return n > 0 || err != nil && !errors.Is(err, unix.EINTR)
	})
}

// drains reads the pipes of one process into their writers. A process that
// prints nothing holds no buffer.
type drains struct {
	readers, writers []*os.File
	to               []io.Writer
}

func (d *drains) add(to io.Writer) (*os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("making a pipe: %w", err)
	}
	d.readers, d.writers, d.to = append(d.readers, r), append(d.writers, w), append(d.to, to)
	return w, nil
}

func (d *drains) closeWriters() {
	for _, w := range d.writers {
		w.Close()
	}
}

func (d *drains) closeReaders() {
	for _, r := range d.readers {
		r.Close()
	}
}

// start reads until every pipe is at its end, which closes the channel. What
// outlives its job goes on writing into a pipe that is still read.
func (d *drains) start() <-chan struct{} {
	done := make(chan struct{})
	var left sync.WaitGroup
	for i := range d.readers {
		left.Go(func() { drain(d.readers[i], d.to[i]) })
	}
	go func() { left.Wait(); close(done) }()
	return done
}

var drainBuffers = sync.Pool{New: func() any { b := make([]byte, 64<<10); return &b }}

func drain(r *os.File, to io.Writer) {
	defer r.Close()
	raw, err := r.SyscallConn()
	if err != nil {
		return
	}
	over := false
	for !over {
		err := raw.Read(func(fd uintptr) bool {
			buf := drainBuffers.Get().(*[]byte)
			defer drainBuffers.Put(buf)
			n, err := unix.Read(int(fd), *buf)
			if errors.Is(err, unix.EAGAIN) {
				return false
			}
			if errors.Is(err, unix.EINTR) {
				return true
			}
			if n <= 0 || err != nil {
				over = true
				return true
			}
			_, err = to.Write((*buf)[:n])
			over = err != nil
			return true
		})
		if err != nil {
			return
		}
	}
}

var programs sync.Map // name to path

// lookPath finds a program and remembers where.
func lookPath(name string) (string, error) {
	if path, ok := programs.Load(name); ok {
		if _, err := os.Stat(path.(string)); err == nil {
			return path.(string), nil
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("the machine has no program %s: %w", name, err)
	}
	programs.Store(name, path)
	return path, nil
}
