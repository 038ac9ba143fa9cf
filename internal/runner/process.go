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

	"github.com/takodeploy/tako/internal/footprint"
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

const (
	// drainTime is how long the output of a process that has ended is
	// awaited when something it started keeps the pipe open.
	drainTime = time.Second
	// quickTime is how long a process is taken for one that is soon done.
	quickTime = 50 * time.Millisecond
	// killPatience is how long what was killed may take to be gone.
	killPatience = 2 * time.Second
)

// Exec runs a program to its end and gives its exit code; a program ended by
// a signal gives 128 and the signal's number. When ctx is over, the whole
// session of the program is asked to end, and killed after the grace.
func (e *Env) Exec(ctx context.Context, p Process) (int, error) {
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	path, err := lookPath(p.Path)
	if err != nil {
		return 0, err
	}
	stdin, err := devNull()
	if err != nil {
		return 0, err
	}
	if p.Stdout == nil {
		p.Stdout = e.Stdout
	}
	if p.Stderr == nil {
		p.Stderr = e.Stderr
	}
	if p.Dir == "" {
		p.Dir = e.Work
	}
	if p.Name == "" {
		p.Name = p.Path
	}
	var pipes drains
	attr := &syscall.ProcAttr{
		Dir: p.Dir, Env: append(e.marked(), p.Env...),
		Files: []uintptr{stdin, 0, 0}, Sys: &syscall.SysProcAttr{Setsid: true},
	}
	if attr.Files[1], err = pipes.add(p.Stdout); err == nil {
		attr.Files[2], err = pipes.add(p.Stderr)
	}
	pid, began := 0, ticksNow()
	if err == nil {
		err = footprint.Finely(func() (err error) {
			pid, err = syscall.ForkExec(path, append([]string{p.Name}, p.Args...), attr)
			return err
		})
	}
	pipes.closeWriters()
	if err != nil {
		pipes.closeReaders()
		return 0, fmt.Errorf("starting %s: %w", p.Path, err)
	}
	child := &child{pid: pid, began: began, ended: make(chan struct{}), read: pipes.start()}
	if e.Started != nil {
		e.Started(pid, child.began)
	}
	if child.attend(ctx, e) {
		e.linger()
	}
	e.ended()
	if child.status.Signaled() {
		return 128 + int(child.status.Signal()), nil
	}
	return child.status.ExitStatus(), nil
}

// child is a running process.
type child struct {
	pid    int
	began  uint64
	read   <-chan struct{} // closed when its pipes are at their end
	ended  chan struct{}   // closed when it is reaped
	status syscall.WaitStatus
}

// attend waits for the process's end and for the rest of its output, and
// reports whether something of it may go on. A process whose output ends is
// as a rule about to exit; one that goes on is watched without a thread.
func (c *child) attend(ctx context.Context, e *Env) (lingers bool) {
	quick := time.NewTimer(quickTime)
	defer quick.Stop()
	select {
	case <-c.read:
		if !c.reap(unix.WNOHANG) {
			go c.reap(0)
		}
	case <-quick.C:
		go c.watch()
	case <-ctx.Done():
		go c.watch()
	}
	select {
	case <-c.ended:
		c.awaitOutput(ctx.Done())
	case <-ctx.Done():
		c.end(e)
	}
	return unix.Kill(-c.pid, 0) == nil
}

// awaitOutput gives what is still in the pipes a moment.
func (c *child) awaitOutput(over <-chan struct{}) {
	select {
	case <-c.read:
		return
	default:
	}
	moment := time.NewTimer(drainTime)
	defer moment.Stop()
	select {
	case <-c.read:
	case <-moment.C:
	case <-over:
	}
}

// end asks the process and all that it started to end, kills after the grace
// what has not, and says what that was.
func (c *child) end(e *Env) {
	all := &family{mark: markOf(e.Work), leaders: []Leader{{c.pid, c.began}}}
	// Before anything ends it can still be seen who descends from whom.
	for _, p := range all.look() {
		if p.group != c.pid {
			_ = unix.Kill(p.pid, unix.SIGTERM)
		}
	}
	_ = unix.Kill(-c.pid, unix.SIGTERM)
	grace, stop := context.WithTimeout(context.Background(), e.Grace)
	defer stop()
	for _, over := range []<-chan struct{}{c.ended, c.read} {
		select {
		case <-over:
		case <-grace.Done():
		}
	}
	all.gone(grace.Done())
	left := all.kill(killPatience)
	if len(left) == 0 {
		<-c.ended
		c.awaitOutput(nil)
	}
	e.ended()
	e.tellEnded(all.others(c.pid, left), left)
	<-c.ended
}

// reap takes the process's status, if it has one.
func (c *child) reap(options int) bool {
	for {
		pid, err := syscall.Wait4(c.pid, &c.status, options, nil)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if pid == 0 && err == nil {
			return false
		}
		close(c.ended)
		return true
	}
}

// watch waits for the end through a descriptor of the process, where the
// kernel has such, and reaps it.
func (c *child) watch() {
	defer c.reap(0)
	fd, err := unix.PidfdOpen(c.pid, unix.PIDFD_NONBLOCK)
	if err != nil {
		return
	}
	f := os.NewFile(uintptr(fd), "pidfd")
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

// devNull is what every process has as its standard input.
var devNull = sync.OnceValues(func() (uintptr, error) {
	fd, err := unix.Open(os.DevNull, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, fmt.Errorf("opening %s: %w", os.DevNull, err)
	}
	return uintptr(fd), nil
})

var programs sync.Map // name to path

// lookPath finds a program and remembers where.
func lookPath(name string) (string, error) {
	if path, ok := programs.Load(name); ok {
		if unix.Access(path.(string), unix.X_OK) == nil {
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
