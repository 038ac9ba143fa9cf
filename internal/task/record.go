package task

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// Key names one record of a task: one action (or one step) on one target,
// tried for the Attempt-th time. Target is empty for what runs once.
type Key struct {
	Path    string
	Target  string
	Attempt int
}

// String gives "2.1@Machines-3#1".
func (k Key) String() string { return k.Path + "@" + k.Target + "#" + strconv.Itoa(k.Attempt) }

// Output is one variable that a step has set for later steps.
type Output struct {
	Value     string
	Sensitive bool `json:",omitempty"`
}

// Record is what is known of one action on one target, and all that a restart
// needs to go on: what is not in a record has not happened.
type Record struct {
	Key
	State    StepState
	Ticket   string            // the name under which its target knows it
	Worker   string            // the worker chosen for it, if it runs on one
	Cursor   int64             // the last line taken from its target
	ExitCode *int              // of its process, if it had one
	Error    string            // why it failed, for a person
	Reason   string            // why it was skipped, for a person
	Warnings bool              // it wrote a warning or an error to its log
	Ignored  bool              // it failed, and a person decided to go on
	Asked    string            // the correlation of the interruption that was raised for it
	Child    string            // the parent key of the task it waits for
	WakeAt   time.Time         // the time it waits for
	Progress int               // per cent
	Message  string            // beside the progress
	Outputs  map[string]Output // what it has set
	Data     json.RawMessage   // the executor's own checkpoint
	Started  time.Time
	Ended    time.Time
}

// Ticket is the name under which the far end knows one attempt of one action
// on one target. It is a pure function of its arguments, so that even a lost
// record leads back to the same ticket, and a second start finds the first.
func Ticket(instance, task string, key Key) string {
	h := sha256.New()
	for _, part := range []string{instance, task, key.Path, key.Target, strconv.Itoa(key.Attempt)} {
		// The length goes first so that no two lists of parts read the same.
		h.Write([]byte(strconv.Itoa(len(part)) + ":" + part))
	}
	sum := h.Sum(nil)
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:20]))
}

// EventKind says what an Event is about.
type EventKind string

// The kinds of events.
const (
	EventCancel   EventKind = "Cancel"   // somebody asked the task to stop
	EventAnswer   EventKind = "Answer"   // an interruption was submitted
	EventChild    EventKind = "Child"    // a child task has ended
	EventClock    EventKind = "Clock"    // a time has come; never stored
	EventRevision EventKind = "Revision" // the plan's targets have changed
)

// Event is something that happened to a task from outside its steps. Events
// are appended and never changed; together with the records they are all that
// a task's next move depends on.
type Event struct {
	Seq  int64
	Kind EventKind
	Key                  // the record it answers, when it answers one
	Ref  string          // the interruption's correlation, or the child's parent key
	At   time.Time       // when
	By   string          // who, if it was somebody
	Text string          // the choice, or the child's state
	Data json.RawMessage // the rest: form values, or a revision of the plan
}
