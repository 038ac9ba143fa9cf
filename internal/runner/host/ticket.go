package host

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

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

	entered atomic.Bool // it has had its turn
	lingers atomic.Bool // something that it started may still be running
	parted  bool        // its folder was given back

	mu     sync.Mutex
	state  *os.File // open while the job runs
	queues bool     // it is noted that the job has to wait
}

// filesDir is the job's working directory.
func (t *ticket) filesDir() string { return filepath.Join(t.dir, filesName) }

// create makes the ticket's folder. It is prepared under another name and
// renamed, so a ticket's folder always says who runs it.
func (t *ticket) create(f *folders, o origin) error {
	data, err := json.Marshal(o)
	if err != nil {
		return err
	}
	dir, err := f.take()
	if err != nil {
		return err
	}
	clean := func(err error) error { os.RemoveAll(dir); return err }
	file, err := os.OpenFile(filepath.Join(dir, stateFile), os.O_WRONLY|os.O_TRUNC|os.O_APPEND, 0o600)
	if err != nil {
		return clean(err)
	}
	if _, err = file.Write(append(data, '\n')); err == nil {
		err = os.Rename(dir, t.dir)
	}
	if err != nil {
		file.Close()
		return clean(err)
	}
	t.state = file
	return nil
}

// revive takes the folder and the log of a job over that had not begun when its
// host was killed. What a follower has read of the log keeps its numbers.
func (t *ticket) revive(o origin) error {
	out, err := openOutput(t.dir)
	if err != nil {
		return err
	}
	if err := os.Truncate(out.path, out.size); err != nil {
		return err
	}
	out.sealed, out.ended, out.limit = false, false, t.out.limit
	t.out = out
	data, err := json.Marshal(o)
	if err != nil {
		return err
	}
	t.state, err = os.OpenFile(filepath.Join(t.dir, stateFile), os.O_WRONLY|os.O_TRUNC|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	if _, err = t.state.Write(append(data, '\n')); err != nil {
		t.state.Close()
	}
	return err
}

// queued notes that the job waits for its turn. Its log is on disk before that:
// who revives it must not use a number again that somebody has read.
func (t *ticket) queued() {
	t.out.spill()
	t.mu.Lock()
	defer t.mu.Unlock()
	_, err := t.state.WriteString(waitMark)
	t.queues = err == nil
}

// turn notes that the job's turn has come. It must not begin unless that can be
// told from then on.
func (t *ticket) turn() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.queues {
		if _, err := t.state.WriteString(turnMark); err != nil {
			return fmt.Errorf("noting that the job begins: %w", err)
		}
	}
	t.entered.Store(true)
	return nil
}

// processStarted notes a process that leads a session of the job, so that a
// later host can end what this one left behind.
func (t *ticket) processStarted(pid int, began uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.state != nil {
		fmt.Fprintf(t.state, "process %d %d\n", pid, began)
	}
}

// finish records how the job ended, first on disk and then for followers.
func (t *ticket) finish(exit runner.Exit) {
	t.mu.Lock()
	err := appendExit(t.state, exit)
	t.state.Close()
	t.state = nil
	t.mu.Unlock()
	if err != nil && exit.Reason == "" {
		exit.Reason = fmt.Sprintf("The end of the job could not be stored: %v.", err)
	}
	t.exit = exit
	close(t.exited)
	t.out.end()
}

// settle makes an ended ticket durable, unless it was completed meanwhile:
// most are, within milliseconds, and then no disk need spin. Its lines are
// written all the same, for the next host to recall.
func (t *ticket) settle() {
	t.out.spill()
	for _, name := range []string{logFile, stateFile} {
		if t.gone.Load() {
			return
		}
		if f, err := os.Open(filepath.Join(t.dir, name)); err == nil {
			_ = unix.Fdatasync(int(f.Fd()))
			f.Close()
		}
	}
}

// retire lets go of the ticket's log.
func (t *ticket) retire() {
	t.out.mu.Lock()
	defer t.out.mu.Unlock()
	if t.out.broken == nil {
		t.out.broken = os.ErrClosed
	}
	if t.out.held != nil {
		t.out.held.Close()
	}
}

// usage says what the ticket's folder went through.
func (t *ticket) usage() usage {
	t.out.mu.Lock()
	defer t.out.mu.Unlock()
	return usage{lingers: t.lingers.Load(), logged: t.out.spilled}
}

// completedTicket is a ticket of an earlier host that was completed and has no
// folder any more.
func completedTicket(name string, exit runner.Exit) *ticket {
	t := &ticket{name: name, ready: make(chan struct{}), exited: make(chan struct{}), cancel: func(error) {}, exit: exit, parted: true}
	t.out = &output{sealed: true, ended: true}
	t.gone.Store(true)
	close(t.ready)
	close(t.exited)
	return t
}

// unbegun reports whether the job was lost before its turn came, and nobody has
// seen to that yet.
func (t *ticket) unbegun() bool {
	select {
	case <-t.exited:
		return t.exit.Unbegun && !t.gone.Load()
	default:
		return false
	}
}

// waits reports whether the job's turn is still to come.
func (t *ticket) waits() bool {
	select {
	case <-t.exited:
		return false
	default:
		return !t.entered.Load()
	}
}
