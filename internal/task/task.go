package task

import (
	"encoding/json"
	"time"
)

// Task is one row of the queue, which is also what the wire shows of a task.
type Task struct {
	ID          string
	Num         int64 // in the order of creation
	Name        string
	Description string

	SpaceID       string
	ProjectID     string
	EnvironmentID string
	TenantID      string
	RunbookID     string
	Arguments     json.RawMessage
	CreatedBy     string // a user's id

	Status
	Class Class
	Top   bool // somebody moved it to the top
	Place int64
	Light bool
	Tag   string // concurrency tag
	// HasTag says that the task has the tag now. Invariant: at most one task
	// has a tag; a unique index sees to it.
	HasTag bool

	QueueTime time.Time
	Expiry    time.Time // zero for none
	Started   time.Time
	Updated   time.Time
	Completed time.Time
	WakeAt    time.Time // of a paused task that waits for a clock

	Node  string // the last that took it
	Epoch int64  // how often it was taken
	Lease time.Time

	Error    string
	Warnings bool
	// Pending are the types of the interruptions that wait for an answer.
	Pending []string
	// Why is what a paused task waits for, as a sentence.
	Why string

	// Parent is the task that waits for this one, and ParentKey the record
	// there; a second enqueueing under the same two finds the first.
	Parent    string
	ParentKey string

	LogLines int64
	LogBytes int64
}

// PickedUp reports whether a node has ever taken the task.
func (t *Task) PickedUp() bool { return t.Epoch > 0 }

// Duration is how long the task has run at a time, pauses included.
func (t *Task) Duration(now time.Time) time.Duration {
	switch {
	case t.Started.IsZero():
		return 0
	case !t.Completed.IsZero():
		return t.Completed.Sub(t.Started)
	}
	return now.Sub(t.Started)
}

// New is what a task is made of.
type New struct {
	Name          string
	Description   string
	SpaceID       string
	ProjectID     string
	EnvironmentID string
	TenantID      string
	RunbookID     string
	Arguments     any // marshalled as JSON
	CreatedBy     string
	Tag           string
	Class         Class     // zero is Normal
	QueueTime     time.Time // zero is now
	Expiry        time.Time // zero is never
	Light         bool
	Parent        string
	ParentKey     string
	// InPlaceOf gives the task the place in the queue of one that it supersedes.
	InPlaceOf *Task
}
