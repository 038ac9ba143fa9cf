package host

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/takodeploy/tako/internal/runner"
)

// origin is the first line of a ticket's state: which process on which boot
// of which machine runs it. A ticket without an end whose host is gone is
// Lost; the origin tells why.
type origin struct {
	Ticket    string    `json:"ticket"`
	Command   string    `json:"command"`
	Machine   string    `json:"machine"`
	Boot      string    `json:"boot"`
	PID       int       `json:"pid"`
	StartTime uint64    `json:"startTime"` // of the process, in clock ticks since boot
	Started   time.Time `json:"started"`
}

// state is what a ticket's state file says: the origin, that the job waits for
// its turn and then that this has come, a line for each process that leads a
// session of the job, and the exit as the last line.
type state struct {
	origin  *origin // nil when it cannot be read
	waits   bool
	leaders []runner.Leader
	exit    *runner.Exit // nil when it has not ended
}

// readState reads a ticket's state. A file of another ticket, as a power cut
// may leave it, counts as unreadable: the ticket is then Lost.
func readState(ticket, dir string) state {
	data, err := os.ReadFile(filepath.Join(dir, stateFile))
	if err != nil {
		return state{}
	}
	first, rest, ok := bytes.Cut(data, []byte("\n"))
	var o origin
	if !ok || json.Unmarshal(first, &o) != nil || o.Ticket != ticket {
		return state{}
	}
	s := state{origin: &o}
	for line := range strings.Lines(string(rest)) {
		s.waits = line == waitMark || s.waits && line != turnMark
		var l runner.Leader
		if n, _ := fmt.Sscanf(line, "process %d %d", &l.PID, &l.Began); n == 2 {
			s.leaders = append(s.leaders, l)
		}
		if text, ok := strings.CutPrefix(line, "exit "); ok && strings.HasSuffix(line, "\n") {
			exit := &runner.Exit{}
			if json.Unmarshal([]byte(text), exit) == nil {
				s.exit = exit
			}
		}
	}
	return s
}

// The lines that say of a job that it has to wait, and that it need not any
// more. What does not wait writes neither.
const (
	waitMark = "waits\n"
	turnMark = "turn\n"
)

// appendExit adds the exit to a ticket's state.
func appendExit(f *os.File, exit runner.Exit) error {
	data, err := json.Marshal(exit)
	if err != nil {
		return err
	}
	_, err = f.Write(append(append([]byte("exit "), data...), '\n'))
	return err
}

var machine = sync.OnceValue(func() (m struct{ name, boot string }) {
	m.name, _ = os.Hostname()
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	m.boot = strings.TrimSpace(string(boot))
	return m
})

// lost says in a sentence what became of a ticket without an end, and kills
// what its processes left behind: nobody follows them any more, and the next
// job must not meet them. It reports whether the job had not begun, which a
// machine that restarted cannot tell: the last marks may not have reached the
// disk.
func (s state) lost(dir string) (reason string, unbegun bool) {
	here := machine()
	switch o := s.origin; {
	case o == nil:
		return "It is not known how the job ended.", false
	case o.Machine != here.name:
		return fmt.Sprintf("The job ran on machine %s, which is now %s; it is not known how it ended.", o.Machine, here.name), false
	case o.Boot != here.boot:
		return "The machine restarted while the job ran.", false
	case s.waits:
		return fmt.Sprintf("The agent process %d was killed while the job waited for its turn; it had not begun.", o.PID), true
	}
	killed := runner.KillJob(filepath.Join(dir, filesName), s.leaders...)
	reason = fmt.Sprintf("The agent process %d that ran the job was killed.", s.origin.PID)
	if killed > 0 {
		reason += fmt.Sprintf(" %d processes that it left behind were ended.", killed)
	}
	return reason, false
}

// loadTicket reads a ticket that this process did not start. Without an exit
// its host is gone, for there is only one host at a time: it is Lost.
func loadTicket(name, dir string) (*ticket, error) {
	t := &ticket{name: name, dir: dir, ready: make(chan struct{}), exited: make(chan struct{}), cancel: func(error) {}}
	close(t.ready)
	out, err := openOutput(dir)
	if err != nil {
		return nil, fmt.Errorf("reading the log of ticket %s: %w", name, err)
	}
	t.out = out
	s := readState(name, dir)
	if s.exit == nil {
		reason, unbegun := s.lost(dir)
		s.exit = &runner.Exit{Code: runner.ExitUnknown, Lost: true, Unbegun: unbegun, Reason: reason, Last: out.seq, Ended: time.Now().UTC()}
		if err := s.store(name, dir); err != nil {
			return nil, fmt.Errorf("recording that ticket %s is lost: %w", name, err)
		}
	}
	t.exit = *s.exit
	if _, err := os.Lstat(out.path); errors.Is(err, os.ErrNotExist) && t.exit.Last > 0 {
		t.exit = outlived(t.exit)
	}
	close(t.exited)
	return t, nil
}

// store writes a state anew that had no end.
func (s state) store(ticket, dir string) error {
	if s.origin == nil {
		s.origin = &origin{Ticket: ticket, Machine: machine().name}
	}
	data, err := json.Marshal(s.origin)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, stateFile)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(data, '\n'))
	return errors.Join(err, appendExit(f, *s.exit), f.Close())
}
