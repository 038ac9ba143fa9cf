package host

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/takodeploy/tako/internal/runner"
)

// past remembers, for the next host, tickets that were completed a moment ago
// and whose folders were given back: a line for each, which tells that it ran
// and how it ended, and nothing of what it said.
type past struct {
	path string

	mu      sync.Mutex
	file    *os.File
	size    int64
	compact int64 // the size at which what is over is left out
	earlier map[string]runner.Exit
}

// pastFile is where, in the work folder. No ticket's name begins with a dot.
const pastFile = ".completed"

// pastSize is how large the file grows before it is looked through.
const pastSize = 256 << 10

// openPast reads what an earlier host has noted.
func openPast(path string) (*past, error) {
	p := &past{path: path, earlier: map[string]runner.Exit{}}
	if err := p.renew(p.recall); err != nil {
		return nil, fmt.Errorf("reading which tickets were completed: %w", err)
	}
	return p, nil
}

// note adds a ticket that is to be known until a time.
func (p *past) note(ticket string, exit runner.Exit, until time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.size > p.compact {
		if err := p.renew(func(string, runner.Exit) {}); err != nil {
			return err
		}
	}
	n, err := fmt.Fprintf(p.file, "%s %d %d %d\n", ticket, until.UnixMilli(), exit.Code, exit.Last)
	p.size += int64(n)
	return err
}

// find tells how a ticket ended that an earlier host has noted.
func (p *past) find(ticket string) (runner.Exit, bool) {
	exit, known := p.earlier[ticket]
	return exit, known
}

// recall makes an exit of what is known of a ticket.
func (p *past) recall(ticket string, exit runner.Exit) {
	if exit.Last > 0 || exit.Code != 0 {
		exit = outlived(exit)
	}
	p.earlier[ticket] = exit
}

// renew writes the file anew without what is over, and calls each for what is
// not. The caller holds p.mu.
func (p *past) renew(each func(ticket string, exit runner.Exit)) error {
	old, err := os.ReadFile(p.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var kept bytes.Buffer
	now := time.Now().UnixMilli()
	for line := range strings.Lines(string(old)) {
		var ticket string
		var until int64
		var exit runner.Exit
		// A line that a kill has cut short is no line.
		if n, _ := fmt.Sscanf(line, "%s %d %d %d\n", &ticket, &until, &exit.Code, &exit.Last); n == 4 && strings.HasSuffix(line, "\n") && until > now {
			kept.WriteString(line)
			each(ticket, exit)
		}
	}
	file, err := os.OpenFile(p.path+"-new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	if _, err = file.Write(kept.Bytes()); err == nil {
		err = os.Rename(p.path+"-new", p.path)
	}
	if err != nil {
		return errors.Join(err, file.Close())
	}
	if p.file != nil {
		p.file.Close()
	}
	p.file, p.size = file, int64(kept.Len())
	p.compact = max(pastSize, 2*p.size)
	return nil
}

// outlived is the end of a completed job whose lines are gone. They may have
// set outputs, so its own end would say too little.
func outlived(exit runner.Exit) runner.Exit {
	return runner.Exit{
		Code: runner.ExitUnknown, Lost: true, Started: exit.Started, Ended: exit.Ended,
		Reason: fmt.Sprintf("The job ended with exit code %d and was completed; the agent that kept its output ended since.", exit.Code),
	}
}
