package host

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/takodeploy/tako/internal/runner"
)

// ticket is one job: running here, or found ended.
type ticket struct {
	name string
	dir  string
	out  *output

	ready  chan struct{} // closed when starting it succeeded or failed
	failed error         // why it could not be started; then it is unknown again

	cancel func(cause error)
	exited chan struct{} // closed when exit is set
	exit   runner.Exit
	gone   atomic.Bool // completed: nothing more need reach the disk

	mu      sync.Mutex
	started *os.File // the file that names the processes
}

// origin is the file "started": which process on which boot of which machine
// runs the ticket. A ticket whose folder has no "exit" and whose host is
// gone is Lost; that file tells why.
type origin struct {
	Command   string    `json:"command"`
	Machine   string    `json:"machine"`
	Boot      string    `json:"boot"`
	PID       int       `json:"pid"`
	StartTime uint64    `json:"startTime"` // of the process, in clock ticks since boot
	Started   time.Time `json:"started"`
}

// filesDir is the job's working directory.
func (t *ticket) filesDir() string { return filepath.Join(t.dir, "files") }

// create makes the ticket's folder. It is prepared under another name and
// renamed, so a ticket's folder always says who runs it.
func (t *ticket) create(work string, o origin) error {
	draft := filepath.Join(work, ".new-"+t.name)
	if err := os.RemoveAll(draft); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(draft, "files"), 0o700); err != nil {
		return err
	}
	clean := func(err error) error { os.RemoveAll(draft); return err }
	data, err := json.Marshal(o)
	if err != nil {
		return clean(err)
	}
	f, err := os.OpenFile(filepath.Join(draft, "started"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return clean(err)
	}
	if _, err := f.Write(append(data, '\n')); err != nil {
		f.Close()
		return clean(err)
	}
	if err := os.Rename(draft, t.dir); err != nil {
		f.Close()
		return clean(err)
	}
	t.started = f
	return nil
}

// processStarted notes a process that leads a session of the job, so that a
// later host can end what this one left behind.
func (t *ticket) processStarted(pid int, began uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.started != nil {
		fmt.Fprintf(t.started, "process %d %d\n", pid, began)
	}
}

// finish records how the job ended, first on disk and then for followers.
func (t *ticket) finish(exit runner.Exit) {
	t.mu.Lock()
	if t.started != nil {
		t.started.Close()
		t.started = nil
	}
	t.mu.Unlock()
	if !t.gone.Load() {
		if err := writeExit(t.dir, exit); err != nil && exit.Reason == "" {
			exit.Reason = fmt.Sprintf("The end of the job could not be stored: %v.", err)
		}
	}
	t.exit = exit
	close(t.exited)
	t.out.end()
}

func writeExit(dir string, exit runner.Exit) error {
	data, err := json.Marshal(exit)
	if err != nil {
		return err
	}
	draft := filepath.Join(dir, ".exit")
	if err := os.WriteFile(draft, data, 0o600); err != nil {
		return err
	}
	return os.Rename(draft, filepath.Join(dir, "exit"))
}

// settle makes an ended ticket durable, unless it was completed meanwhile:
// most are, within milliseconds, and then no disk need spin.
func (t *ticket) settle() {
	for _, name := range []string{"log", "exit"} {
		if t.gone.Load() {
			return
		}
		if f, err := os.Open(filepath.Join(t.dir, name)); err == nil {
			_ = unix.Fdatasync(int(f.Fd()))
			f.Close()
		}
	}
	if f, err := os.Open(t.dir); err == nil {
		_ = f.Sync()
		f.Close()
	}
}

// loadTicket reads a ticket that this process did not start. Without an exit
// its host is gone, for there is only one host at a time: it is Lost, and
// what its processes left behind is ended.
func loadTicket(name, dir string) (*ticket, error) {
	t := &ticket{name: name, dir: dir, ready: make(chan struct{}), exited: make(chan struct{}), cancel: func(error) {}}
	close(t.ready)
	out, err := openOutput(dir)
	if err != nil {
		return nil, fmt.Errorf("reading the log of ticket %s: %w", name, err)
	}
	t.out = out
	data, err := os.ReadFile(filepath.Join(dir, "exit"))
	if err == nil && json.Unmarshal(data, &t.exit) == nil {
		close(t.exited)
		return t, nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("reading the end of ticket %s: %w", name, err)
	}
	exit := runner.Exit{Code: runner.ExitUnknown, Lost: true, Reason: lostReason(dir), Last: out.seq, Ended: time.Now().UTC()}
	if err := writeExit(dir, exit); err != nil {
		return nil, fmt.Errorf("recording that ticket %s is lost: %w", name, err)
	}
	t.exit = exit
	close(t.exited)
	return t, nil
}
