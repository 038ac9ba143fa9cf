package step

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/takodeploy/tako/internal/blob"
	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/target"
	"github.com/takodeploy/tako/internal/variable"
)

// Tools are what the executors of one server have in common. Members that an
// executor needs and has not got are reported as a failure of the action.
type Tools struct {
	Store *store.DB
	// Blob keeps the contents of artifacts.
	Blob      blob.Store
	Artifacts Artifacts
	// Reach gives the way to a machine.
	Reach Reach
	// Home describes this node's own built-in worker; nil where no other node
	// can ever go on with what it has begun.
	Home func() (string, error)
	// Packages opens packages in feeds.
	Packages Packages
	// People finds persons and the members of teams.
	People People
	// Mail gives the settings for e-mail.
	Mail func(ctx context.Context) (Mail, error)
	// Seal and Open keep secrets unreadable in checkpoints; nil leaves them as
	// they are.
	Seal func(plain string) string
	Open func(sealed string) (string, error)
	// Installation is which one this is; jobs of others may share a machine.
	Installation string
	// Fate tells how the task has ended for which a job of this installation
	// was started, in the end of a sentence that begins with "which"; it is
	// empty while that has not ended or when nothing shows that it has.
	Fate func(ctx context.Context, taskID, ticket string) (string, error)
	// Patience is how long a job that runs on a machine which cannot be reached
	// any more is waited for; 0 is ten minutes.
	Patience time.Duration
	// Grace is how long an action that was told to stop is waited for; 0 is 105
	// seconds, so that its task has ended within two minutes.
	Grace time.Duration
}

// Reach opens ways to machines. The transport belongs to the caller until it
// calls release; what it costs to open one is shared with others.
type Reach interface {
	Reach(ctx context.Context, space string, place Place) (t target.Transport, release func(), err error)
}

// People knows who is who.
type People interface {
	// Person finds a user; one who is not there any more has only an id.
	Person(ctx context.Context, id string) (variable.Person, error)
	// Members are the active users of teams, each once.
	Members(ctx context.Context, space string, teamIDs []string) ([]variable.Person, error)
}

// opener opens a file, as often as it is called.
type opener = func() (io.ReadCloser, error)

// Packages opens packages of feeds.
type Packages interface {
	// Open finds a package and gives what identifies its file, and a function
	// that opens it as often as it is called.
	Open(ctx context.Context, space, feedID, packageID, version string) (runner.Package, func() (io.ReadCloser, error), error)
}

func (t *Tools) seal(plain string) string {
	if t == nil || t.Seal == nil {
		return plain
	}
	return t.Seal(plain)
}

func (t *Tools) open(sealed string) (string, error) {
	if t == nil || t.Open == nil {
		return sealed, nil
	}
	return t.Open(sealed)
}

func (t *Tools) patience() time.Duration {
	if t == nil || t.Patience == 0 {
		return 10 * time.Minute
	}
	return t.Patience
}

func (t *Tools) grace() time.Duration {
	if t == nil || t.Grace == 0 {
		return 105 * time.Second
	}
	return t.Grace
}

// graceLeft is what is left of the grace of a job that is to stop for a cause.
// A process that comes to a job which was canceled long before still gives its
// far end a moment to confirm, but no more: whoever runs the task does not wait
// anew either, and must not lose patience before the job has said how it stands.
func (t *Tools) graceLeft(cause error) time.Duration {
	grace := t.grace()
	var asked CanceledAt
	if !errors.As(cause, &asked) {
		return grace
	}
	return max(min(grace, time.Second), grace-time.Since(asked.Time))
}
