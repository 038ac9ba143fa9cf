// Package runner is what happens on the machine where a step runs: the job
// that a server hands over, the commands that carry it out, and the lines
// and the exit that come back.
//
// It knows nothing of the server. The server imports its types to describe
// a job; tako-agent links it to run one.
package runner

import (
	"fmt"
	"regexp"
	"time"
)

// Variable is one name and value that a job was given. Value may still hold
// Octostache expressions, which are evaluated where the job runs.
type Variable struct {
	Name      string
	Value     string // any bytes
	Sensitive bool
}

// Package names a package in the far end's cache. Name is the reference's
// name, "" for the step's own package; Hash is the SHA-256 of the file in
// lower case hex; Extension starts with a dot (".zip", ".tar.gz").
type Package struct {
	Name      string `json:"name,omitempty"`
	ID        string `json:"id,omitempty"`
	Version   string `json:"version,omitempty"`
	Hash      string `json:"hash"`
	Extension string `json:"extension,omitempty"`
	Size      int64  `json:"size"`
}

// File is a small file put into the job's working directory before it
// starts. Name may hold directories but never leads out of that directory.
type File struct {
	Name string `json:"name"`
	Data []byte `json:"-"`
	Mode uint32 `json:"mode,omitempty"` // 0 means 0600
}

// The levels of isolation between the jobs of one machine and account.
const (
	IsolationNone = "none" // runs beside others; waits for a job with full isolation
	IsolationFull = "full" // runs alone
)

// Isolation says which jobs of one machine may run at the same time: those
// of one Name are readers (none) and writers (full) of one fair lock.
type Isolation struct {
	Level   string        `json:"level,omitempty"` // "" takes no part in the lock at all
	Name    string        `json:"name,omitempty"`  // "" is the machine's own lock
	Timeout time.Duration `json:"timeout,omitempty"`
}

// Job is one thing to do on a machine, complete in itself.
type Job struct {
	Command   string        `json:"command"`            // "script", "package", "transfer", "health"
	Title     string        `json:"title,omitempty"`    // what people call it; shown to jobs that wait for it
	Owner     Owner         `json:"owner,omitzero"`     // whose it is; told to jobs that wait for it
	Variables []Variable    `json:"-"`                  // travel beside the JSON
	Packages  []Package     `json:"packages,omitempty"` // already put into the cache
	Files     []File        `json:"files,omitempty"`
	Timeout   time.Duration `json:"timeout,omitempty"` // 0 means none; counts from when it starts to run
	Limit     time.Duration `json:"limit,omitempty"`   // as somebody has set it; Timeout is what is left of it
	Isolation Isolation     `json:"isolation"`
}

// Owner says for which task of which installation a job is. Several of them may
// share a machine.
type Owner struct {
	Installation string `json:"installation,omitempty"`
	Task         string `json:"task,omitempty"`
}

// Ahead is a job for which another one waits.
type Ahead struct {
	Ticket string `json:"ticket"`
	Title  string `json:"title"`
	Owner  Owner  `json:"owner,omitzero"`
	Waits  bool   `json:"waits,omitempty"` // for its turn too, which comes first
}

// The streams of a line.
const (
	Stdout = "stdout"
	Stderr = "stderr"
)

// Line is one line of a job's output. Seq starts at 1 and has no gaps.
type Line struct {
	Seq    int64
	Time   time.Time
	Stream string // Stdout or Stderr
	Text   string // valid UTF-8 without its line end
	Open   bool   // its end never came: the stream was over first
}

// Exit is how a job ended. Lost means that its end was not seen: the machine
// restarted or the process that ran it was killed, so nobody can tell how
// much of it was done. Unbegun says of a lost job that it still waited for its
// turn then: starting it again runs nothing twice. Reason is a sentence for
// people, "" after a normal end.
type Exit struct {
	Code     int       `json:"code"`
	Lost     bool      `json:"lost,omitempty"`
	Unbegun  bool      `json:"unbegun,omitempty"`
	Canceled bool      `json:"canceled,omitempty"`
	TimedOut bool      `json:"timedOut,omitempty"`
	Reason   string    `json:"reason,omitempty"`
	Last     int64     `json:"last"` // the last line's Seq
	Started  time.Time `json:"started,omitzero"`
	Ended    time.Time `json:"ended,omitzero"`
}

// CheckTicket reports what is wrong with a ticket's name; a ticket becomes a
// folder's name, so it is letters, digits, '_' and '-' only.
func CheckTicket(ticket string) error {
	fits := ticket != "" && len(ticket) <= 128 && ticket[0] != '_' && ticket[0] != '-'
	for _, c := range []byte(ticket) {
		fits = fits && (c == '_' || c == '-' || '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z')
	}
	if !fits {
		return fmt.Errorf("ticket %q is not 1 to 128 letters, digits, '_' or '-'", ticket)
	}
	return nil
}

var (
	hashForm      = regexp.MustCompile(`^[0-9a-f]{64}$`)
	extensionForm = regexp.MustCompile(`^(\.[A-Za-z0-9]{1,12}){0,3}$`)
)

// FileName is the package's name in the cache: its hash and extension.
func (p Package) FileName() (string, error) {
	if !hashForm.MatchString(p.Hash) {
		return "", fmt.Errorf("package %s %s: hash %q is not a SHA-256 in lower case hex", p.ID, p.Version, p.Hash)
	}
	if !extensionForm.MatchString(p.Extension) {
		return "", fmt.Errorf("package %s %s: extension %q is not one", p.ID, p.Version, p.Extension)
	}
	return p.Hash + p.Extension, nil
}

// Exit codes that no script gave.
const (
	ExitFatal    = -41 // the far end itself could not do its work
	ExitCanceled = -43
	ExitTimeout  = -44
	ExitUnknown  = -46 // the job was lost
)
