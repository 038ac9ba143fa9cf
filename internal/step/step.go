// Package step carries out the actions of a process: one executor per action
// type, registered under the type's name.
//
// An executor is given a Job, complete in itself, and says how it ended. It
// may be killed anywhere and run again for the same record, so whatever it
// does elsewhere goes by the job's ticket, and whatever it learns is handed to
// Job.Take, which keeps each line and each output exactly once.
package step

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/variable"
)

// Why the context of Run ends while the process goes on with the job: it is to
// be stopped, and Run says how it ended. See Job.Alive.
var (
	ErrCanceled = errors.New("the action was canceled")
	ErrTimedOut = errors.New("the action's time is up")
)

// timeUp is ErrTimedOut with the limit that was set.
type timeUp struct{ limit time.Duration }

func (*timeUp) Error() string { return ErrTimedOut.Error() }

func (*timeUp) Unwrap() error { return ErrTimedOut }

// TimeUp is ErrTimedOut for an action that has reached a limit.
func TimeUp(limit time.Duration) error { return &timeUp{limit} }

// CanceledAt is ErrCanceled with when that was asked for, which may be long
// before this process has come to the job.
type CanceledAt struct{ Time time.Time }

func (CanceledAt) Error() string { return ErrCanceled.Error() }

// Is makes it an ErrCanceled.
func (CanceledAt) Is(err error) bool { return err == ErrCanceled }

// Executor carries out the actions of one type. Run may be called again for a
// job that it has run before (Job.Again), and must then attach to what is
// there. An error is the server's own trouble, not the action's: the record
// stays as it is and Run is called again a little later.
type Executor interface {
	Run(ctx context.Context, job *Job) (Outcome, error)
}

// ExecutorFunc is a function as an Executor.
type ExecutorFunc func(ctx context.Context, job *Job) (Outcome, error)

// Run calls the function.
func (f ExecutorFunc) Run(ctx context.Context, job *Job) (Outcome, error) { return f(ctx, job) }

var registry = map[string]Executor{}

// Register makes an executor known under an action type and gives it back, so
// that a package-level variable can do it. A second one of a type is a mistake
// of the program and panics.
func Register[E Executor](actionType string, e E) E {
	if _, taken := registry[actionType]; taken {
		panic("step: two executors for " + actionType)
	}
	registry[actionType] = e
	return e
}

// Find gives the executor of an action type.
func Find(actionType string) (Executor, bool) {
	e, ok := registry[actionType]
	return e, ok
}

// Types lists the action types that have an executor, in order.
func Types() []string { return slices.Sorted(maps.Keys(registry)) }

// Job is one attempt of one action on one target.
type Job struct {
	TaskID        string
	SpaceID       string
	ProjectID     string
	EnvironmentID string
	TenantID      string

	// Path is the position of the action ("2.1"), Target the machine's id or
	// empty, Attempt counts from 1. Ticket is made from them and names the
	// work at the far end.
	Path    string
	Target  string
	Attempt int
	Ticket  string

	StepName   string
	Action     string // its name
	Type       string
	Properties map[string]string
	Packages   []Package
	Extra      json.RawMessage

	// Place is where to run: the target itself, or the worker chosen for it.
	Place Place
	// Variables are all that hold for this action on this target.
	Variables *variable.Resolution

	// Again says that the job was started before, by a process that is gone or
	// before it paused.
	Again bool
	// Cursor is the sequence number of the last line that was taken.
	Cursor int64
	// Data is what the executor last handed to Take as its checkpoint.
	Data json.RawMessage
	// Answer is what a paused job waited for.
	Answer *Answer
	// Started is when the record began; time limits count from it.
	Started time.Time
	// Deadline is when the action's time is up; zero if it has no limit. The
	// context ends then.
	Deadline time.Time
	// Alive ends when this process has to let go of the job: it shuts down, or
	// another has taken the task. The context of Run ends then too, but also,
	// with the cause ErrCanceled or ErrTimedOut, when the action is to stop; an
	// executor then uses Alive to stop it and to see it end. Nil never ends.
	Alive context.Context
	// Tools are what the executors of this server have in common.
	Tools *Tools
	// Masked gives a text as it may be shown; nil leaves it as it is.
	Masked func(text string) string

	// Take keeps a batch: it returns when the lines, the outputs and the
	// cursor are committed, all or none. An error means that another
	// process has the task now, or that the job is being stopped; give up.
	Take func(ctx context.Context, b Batch) error
}

// Place is a machine on which an action runs. The server itself has no ID.
type Place struct {
	ID     string
	Name   string
	Worker bool // it is a worker and not the target
	// Home is which node's built-in worker it is, empty for this one's; or the
	// worker pod that the job has.
	Home string
	// Ticket and Task name the work that a worker pod is for.
	Ticket, Task string
}

// Package is one package that an action uses, at the version that the release
// has fixed.
type Package struct {
	Reference string `json:",omitempty"` // empty for the action's primary package
	PackageID string
	Version   string
	FeedID    string
	// Acquire is where the package is fetched to.
	Acquire    Acquire
	Extract    bool              `json:",omitempty"`
	Properties map[string]string `json:",omitempty"`
}

// Acquire says where a package is fetched to before the steps that use it.
type Acquire string

// The places where a package can be fetched to.
const (
	ByServer Acquire = "Server"          // the server fetches and sends it on
	ByTarget Acquire = "ExecutionTarget" // the target fetches it itself
	ByNobody Acquire = "NotAcquired"     // only its name and version are used
)

// Category is the kind of a log line.
type Category string

// The categories that the wire knows and an executor may use.
const (
	Verbose   Category = "Verbose"
	Info      Category = "Info"
	Highlight Category = "Highlight"
	WaitLine  Category = "Wait"
	Warning   Category = "Warning"
	Error     Category = "Error"
	Fatal     Category = "Fatal"
)

// Line is one line of a log.
type Line struct {
	Category Category
	Time     time.Time // zero is now
	Text     string
	// Open says that the line was broken off, perhaps within a secret.
	Open bool
}

// Output is a variable that the action sets for later steps.
type Output struct {
	Name      string
	Value     string
	Sensitive bool
}

// Batch is what an executor has learnt and wants kept.
type Batch struct {
	// Cursor is the sequence number of the last line that the batch accounts
	// for; 0 leaves it as it is.
	Cursor  int64
	Lines   []Line
	Outputs []Output
	// Progress is in per cent; Message stands beside it. Both are left as they
	// are when Message is empty and Progress is 0.
	Progress int
	Message  string
	// Secrets are values that must be masked from now on.
	Secrets []string
	// Data replaces the executor's checkpoint unless it is nil.
	Data json.RawMessage
	// Then runs in the transaction of the batch, for documents that come with
	// it. It may run more than once.
	Then []func(*store.Tx) error
}

func (j *Job) masked(text string) string {
	if j.Masked == nil {
		return text
	}
	return j.Masked(text)
}

// Say keeps one line.
func (j *Job) Say(ctx context.Context, c Category, format string, args ...any) error {
	text := format
	if len(args) > 0 {
		text = fmt.Sprintf(format, args...)
	}
	return j.Take(ctx, Batch{Lines: []Line{{Category: c, Text: text}}})
}

// State is how a job ended.
type State string

// The ways in which a job can end.
const (
	Succeeded State = "Succeeded"
	Failed    State = "Failed"
	Canceled  State = "Canceled"
	Lost      State = "Lost"   // it vanished with its host; nobody knows how far it came
	Paused    State = "Paused" // it waits, see Outcome.Pause
)

// Outcome is how a job ended.
type Outcome struct {
	State    State
	ExitCode *int
	Error    string // why it failed, one sentence for a person
	Outputs  []Output
	// Lines end the job's log.
	Lines []Line
	Pause *Pause
	// Revision changes the targets of later steps.
	Revision *Revision
	// Done is called once, best effort, after the outcome is committed, unless
	// it is nil: only then may the far end forget the job.
	Done func(ctx context.Context)
}

// Pause says what a paused job waits for: exactly one of the three.
type Pause struct {
	Interruption *Interruption // a person
	Child        *Child        // another task
	Until        time.Time     // a time
}

// Interruption asks people something. It is raised once per record, however
// often the job is run.
type Interruption struct {
	Title        string
	Instructions string
	TeamIDs      []string
	// Choices are the buttons ("Proceed", "Abort").
	Choices []string
	Data    json.RawMessage // for executors of their own kind
}

// Child asks for a task to be created and waited for, once per record.
type Child struct {
	// Kind says who creates it ("Deployment"); Data is for that creator.
	Kind string
	Data json.RawMessage
	// Forget does not wait for it.
	Forget bool
}

// Answer is what a paused job waited for.
type Answer struct {
	Ref    string // the interruption or the task
	Choice string // the button, or the child's state
	By     string // the id of who answered
	At     time.Time
	Data   json.RawMessage // form values, or the child's outputs
}

// Target is a machine that a revision brings into a plan.
type Target struct {
	ID   string
	Name string
}

// Revision is a change of the targets for the steps after the step that found
// it.
type Revision struct {
	// Exclude leaves targets out of every later step; the value says why.
	Exclude map[string]string `json:",omitempty"`
	// Include are targets that later steps with any of their roles also run on.
	Include []Included `json:",omitempty"`
}

// Included is a target that a revision brings in.
type Included struct {
	Target
	Roles []string
}

// Success is the outcome of a job that ended well.
func Success(outputs ...Output) Outcome { return Outcome{State: Succeeded, Outputs: outputs} }

// Failure is the outcome of a job that failed for a reason that a person is
// told.
func Failure(format string, args ...any) Outcome {
	return Outcome{State: Failed, Error: fmt.Sprintf(format, args...)}
}
