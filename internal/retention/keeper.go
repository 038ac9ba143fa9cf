package retention

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/blob"
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/deploy"
	"github.com/takodeploy/tako/internal/feed"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

// TaskName is the name of the tasks that apply the policies.
const TaskName = "Retention"

// Tag lets only one of them run at a time, wherever that is.
const Tag = "Retention"

// Keeper carries out the tasks that apply the policies: of all spaces, or of
// the space that a task is in. It may be stopped anywhere; the next goes by
// what is there then.
type Keeper struct {
	DB     *store.DB
	Deploy *deploy.Service
	Feed   *feed.BuiltIn
	Blobs  blob.Store
	// Pause is how long it rests after each removal, so that others are not
	// held up; 0 is ten milliseconds, less than 0 none.
	Pause time.Duration
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// errStopped says that the task was canceled.
var errStopped = errors.New("the task was canceled")

// round is one run of such a task.
type round struct {
	*Keeper
	x    *task.Execution
	now  time.Time
	path string
	// failed counts what could not be done and was left for the next time.
	failed int
}

// part is a step of the task.
type part struct {
	path, name string
	run        func(*round, context.Context) error
}

var parts = []part{
	{"1", "Releases", (*round).releases},
	{"2", "Runs of runbooks", (*round).runs},
	{"3", "Packages", (*round).packages},
	{"4", "Build information", (*round).builds},
	{"5", "Tasks", (*round).tasks},
	{"6", "Files", (*round).files},
	{"7", "Audit trail", (*round).trail},
}

// Run applies the policies.
func (k *Keeper) Run(ctx context.Context, x *task.Execution) (task.Outcome, error) {
	r := &round{Keeper: k, x: x, now: time.Now().UTC()}
	if k.Now != nil {
		r.now = k.Now().UTC()
	}
	if x.Plan == nil {
		o := &task.Outline{}
		for _, p := range parts {
			o.Steps = append(o.Steps, task.Place{Path: p.path, Name: p.name})
		}
		if err := x.Save(ctx, task.Save{Plan: json.RawMessage("{}"), Outline: o}); err != nil {
			return task.Outcome{}, err
		}
	}
	work, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	go func() {
		select {
		case <-x.Canceled():
			stop(errStopped)
		case <-work.Done():
		}
	}()
	for _, p := range parts {
		if err := r.part(ctx, work, p); err != nil {
			if errors.Is(context.Cause(work), errStopped) && ctx.Err() == nil {
				return task.Outcome{Act: task.Stop}, nil
			}
			return task.Outcome{}, err
		}
	}
	if r.failed > 0 {
		return task.Outcome{Act: task.Fail, Error: fmt.Sprintf("%d things could not be removed; the log says which and why.", r.failed)}, nil
	}
	return task.Outcome{Act: task.Succeed}, nil
}

// part carries out one step, unless that was done before a restart.
func (r *round) part(ctx, work context.Context, p part) error {
	for _, old := range r.x.Records {
		if old.Path == p.path && old.State.Ended() {
			return nil
		}
	}
	r.path = p.path
	rec := task.Record{Key: task.Key{Path: p.path, Attempt: 1}, State: task.StepStarting, Started: r.x.Now()}
	if err := r.x.Save(ctx, task.Save{Records: []task.Record{rec}}); err != nil {
		return err
	}
	before := r.failed
	err := p.run(r, work)
	rec.State, rec.Ended = task.StepSucceeded, r.x.Now()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case work.Err() != nil:
		rec.State = task.StepCanceled
		err = errStopped
	case err != nil:
		return fmt.Errorf("%s: %w", strings.ToLower(p.name), err)
	case r.failed > before:
		rec.State, rec.Error = task.StepFailed, fmt.Sprintf("%d could not be removed.", r.failed-before)
	}
	return errors.Join(err, r.x.Save(ctx, task.Save{Records: []task.Record{rec}}))
}

// say adds a line to the log.
func (r *round) say(c task.Category, format string, args ...any) {
	r.x.Say(r.path, "", c, format, args...)
}

// wrong notes that something was left, and why.
func (r *round) wrong(what string, err error) {
	r.failed++
	r.say(task.Error, "%s cannot be removed: %s", what, err)
}

// rest lets others go first, and ends when the task is to stop.
func (r *round) rest(ctx context.Context) error {
	pause := r.Pause
	if pause == 0 {
		pause = 10 * time.Millisecond
	}
	if pause < 0 {
		return ctx.Err()
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(pause):
		return nil
	}
}

// eachSpace visits the spaces that the task is about.
func (r *round) eachSpace(ctx context.Context, visit func(*catalog.Space) error) error {
	var all []*catalog.Space
	err := r.DB.View(ctx, func(tx *store.Tx) (err error) {
		q := kind.Query{AnySpace: true}
		if r.x.Task.SpaceID != "" {
			q.IDs = []string{r.x.Task.SpaceID}
		}
		all, _, err = catalog.Spaces.List(tx, q)
		return err
	})
	if err != nil {
		return err
	}
	for _, s := range all {
		if err := visit(s); err != nil {
			return fmt.Errorf("space %s: %w", s.Name, err)
		}
	}
	return nil
}
