// Package trigger lets the triggers of projects fire: by the clock, when
// machines become available, and when packages or commits arrive.
//
// Each trigger has a state in the store (catalog.TriggerState). Whoever lets it
// fire changes the state in the same unit as it makes what the trigger is for:
// so an occasion is taken once, whatever nodes there are and whenever they stop.
package trigger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/deploy"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

// How often it is looked, and feeds and Git repositories are asked.
const (
	every     = 2 * time.Second
	feedEvery = 3 * time.Minute
)

// Watch lets triggers fire. Any number of nodes may run one at the same time.
type Watch struct {
	DB     *store.DB
	Deploy *deploy.Service
	// Now is the clock; nil is time.Now.
	Now func() time.Time

	// looked is the last event that this node has looked at. The states of
	// triggers to which nothing has happened are not written for that.
	looked int64
	quiet  store.Lull // in which nothing happens and nothing is due
}

func (w *Watch) now() time.Time {
	if w.Now != nil {
		return w.Now()
	}
	return time.Now()
}

// Run looks again and again until the context ends.
func (w *Watch) Run(ctx context.Context) error {
	ctx = store.WithActor(ctx, store.System)
	if err := w.Adopt(ctx); err != nil && ctx.Err() == nil {
		slog.Warn("triggers that have no state yet cannot be looked for", "error", err)
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := w.Tick(ctx); err != nil && ctx.Err() == nil {
				slog.Warn("some triggers could not fire and are tried again", "error", err)
			}
		}
	}
}

// Adopt gives states to triggers that were made when there were none.
func (w *Watch) Adopt(ctx context.Context) error {
	return w.DB.Do(ctx, func(tx *store.Tx) error {
		all, _, err := catalog.ProjectTriggers.List(tx, kind.Query{AnySpace: true, Where: []store.Where{
			{SQL: "not exists (select 1 from document s where s.kind = 'TriggerStates' and s.data ->> 'TriggerId' = document.id)"}}})
		if err != nil {
			return err
		}
		for _, t := range all {
			if err := t.Arm(tx, w.now()); err != nil && !fault.Mendable(err) {
				return err
			}
		}
		return nil
	})
}

// Tick lets everything fire that is due.
func (w *Watch) Tick(ctx context.Context) error {
	now := w.now()
	moment, lasts := w.quiet.Lasts(w.DB, now)
	if lasts {
		return nil
	}
	var due []string
	var last int64
	var next string
	err := w.DB.View(ctx, func(tx *store.Tx) error {
		states, _, err := catalog.TriggerStates.List(tx, kind.Query{AnySpace: true, Where: []store.Where{
			{SQL: "data ->> 'Due' > ''"}, {SQL: "data ->> 'Due' <= ?", Args: []any{catalog.DueText(now)}}}})
		if err != nil {
			return err
		}
		for _, s := range states {
			due = append(due, s.ID)
		}
		if _, err = tx.QueryRow([]any{&last}, "select coalesce(max(id), 0) from event"); err != nil {
			return err
		}
		_, err = tx.QueryRow([]any{&next}, "select coalesce(min(data ->> 'Due'), '') from document where kind = 'TriggerStates' and data ->> 'Due' > $1", catalog.DueText(now))
		return err
	})
	if err != nil {
		return err
	}
	if len(due) == 0 && last <= w.looked {
		w.quiet.Begin(moment, (&catalog.TriggerState{Due: next}).DueAt())
		return nil
	}
	var failed []error
	for _, id := range due {
		if err := w.look(ctx, id, now, nil); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", id, err))
		}
	}
	if last > w.looked {
		if err := w.lookAtEvents(ctx, last, now); err != nil {
			failed = append(failed, err)
		} else {
			w.looked = last
		}
	}
	return errors.Join(failed...)
}

// occasion is a trigger that has something to look at.
type occasion struct {
	*Watch
	state   *catalog.TriggerState
	trigger *catalog.ProjectTrigger
	project *catalog.Project
	now     time.Time
	// events are what has happened to machines or packages; last is the last
	// event that has been looked at.
	events []*store.Event
	last   int64
	allow  Allow   // for occasions that somebody makes
	came   *result // what came of it
}

// errRaced says that another node has taken the occasion.
var errRaced = errors.New("another node has done it")

// look lets a trigger fire, or finds that it need not. happened are the events
// that it waits for; nil is that its time has come.
func (w *Watch) look(ctx context.Context, id string, now time.Time, happened *occasion) error {
	o := &occasion{Watch: w, now: now}
	if happened != nil {
		o.events, o.last = happened.events, happened.last
	}
	err := w.DB.View(ctx, func(tx *store.Tx) error { return o.load(tx, id) })
	if fault.Is(err, fault.NotFound) {
		return nil // it was deleted
	}
	if err != nil || !o.open(happened != nil) {
		return err
	}
	err = o.fire(ctx)
	var why *fault.Error
	if errors.As(err, &why) && why.Code != fault.Internal && why.Code != fault.Conflict {
		reason := why.Message
		if len(why.Details) > 0 {
			reason = strings.Join(why.Details, " ")
		}
		err = w.DB.Do(ctx, func(tx *store.Tx) error { return o.take(tx, nothing("%s", reason)) })
	}
	if errors.Is(err, errRaced) || fault.Is(err, fault.Conflict) {
		return nil
	}
	return err
}

// open says that nobody has taken the occasion since it was found.
func (o *occasion) open(events bool) bool {
	if !events {
		due := o.state.DueAt()
		return !due.IsZero() && !due.After(o.now)
	}
	o.events = slices.DeleteFunc(o.events, func(e *store.Event) bool { return e.ID <= o.state.Cursor })
	return len(o.events) > 0 || o.last-o.state.Cursor > behind
}

func (o *occasion) load(tx *store.Tx, id string) (err error) {
	if o.state, err = catalog.TriggerStates.Get(tx, id); err != nil {
		return err
	}
	if o.trigger, err = catalog.ProjectTriggers.Get(tx, o.state.TriggerID); err != nil {
		return err
	}
	o.project, err = catalog.Projects.Get(tx, o.trigger.ProjectID)
	return err
}

// result is what came of an occasion.
type result struct {
	tasks   []string
	started []string // what each of them does
	missed  []string // why something was not started
	quiet   bool     // there is nothing to tell people
	fired   bool
	seen    map[string]string // versions that have been looked at
}

// nothing is the result of having started nothing.
func nothing(format string, args ...any) *result {
	return &result{missed: []string{fmt.Sprintf(format, args...)}}
}

func (r *result) add(t *task.Task) {
	r.tasks, r.started, r.fired = append(r.tasks, t.ID), append(r.started, fmt.Sprintf("%s (%s)", t.Description, t.ID)), true
}

// miss notes that something was not started, if a person could mend that.
func (r *result) miss(what string, err error) error {
	if fault.CodeOf(err) != fault.Invalid && fault.CodeOf(err) != fault.NotFound {
		return err
	}
	reason := err.Error()
	var f *fault.Error
	if errors.As(err, &f) && len(f.Details) > 0 {
		reason = strings.Join(f.Details, " ")
	}
	r.missed = append(r.missed, what+reason)
	return nil
}

func (r *result) sentence() string {
	var parts []string
	if len(r.started) > 0 {
		parts = append(parts, "Started "+strings.Join(r.started, ", ")+".")
	}
	but := "Nothing was started: "
	if len(r.started) > 0 {
		but = "Not all was started: "
	}
	for _, why := range r.missed {
		parts = append(parts, but+why)
	}
	return strings.Join(parts, " ")
}

// fire does what is to be done now.
func (o *occasion) fire(ctx context.Context) error {
	switch o.state.Waits {
	case catalog.WaitsForPush, catalog.WaitsForFeed:
		return o.packages(ctx)
	case catalog.WaitsForGit:
		return o.commits(ctx)
	case catalog.WaitsForMachine:
		return o.machines(ctx)
	case catalog.WaitsForTime:
		return o.act(ctx)
	}
	return o.DB.Do(ctx, func(tx *store.Tx) error { return o.take(tx, nothing("the trigger waits for nothing.")) })
}

// hold says why a trigger must not start anything now; nil if it may.
func (o *occasion) hold(tx *store.Tx) (*result, error) {
	if o.project.IsDisabled {
		return nothing("project '%s' is disabled.", o.project.Name), nil
	}
	if o.state.Waits == catalog.WaitsForCall {
		return nil, nil
	}
	for _, id := range o.state.LastTasks {
		t, err := task.GetTx(tx, id)
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if t.State == task.Queued {
			return nothing("%s (%s), which it started before, still waits in the queue.", t.Description, t.ID), nil
		}
	}
	return nil, nil
}

// take notes in the state that the occasion has been taken, and what came of
// it. It fails if somebody else has taken it.
func (o *occasion) take(tx *store.Tx, r *result) error {
	s, err := catalog.TriggerStates.Get(tx, o.state.ID)
	if fault.Is(err, fault.NotFound) {
		return errRaced
	}
	if err != nil {
		return err
	}
	if s.Revision() != o.state.Revision() {
		return errRaced
	}
	o.came = r
	at := kind.Time{Time: o.now.UTC()}
	if due := s.DueAt(); !due.IsZero() {
		at.Time = due
	}
	if s.Cursor = max(s.Cursor, o.last); r.seen != nil {
		s.Seen = r.seen
	}
	if s.Due, err = o.next(); err != nil {
		return err
	}
	if !r.quiet {
		s.LastDue, s.LastResult = &at, r.sentence()
		if r.fired {
			s.LastFired, s.LastTasks = &kind.Time{Time: o.now.UTC()}, r.tasks
		}
	}
	if err := catalog.TriggerStates.Put(tx, s); fault.Is(err, fault.Conflict) {
		return errRaced
	} else if err != nil || r.quiet {
		return err
	}
	category := "TriggerFired"
	if !r.fired {
		category = "TriggerStartedNothing"
	}
	return tx.Append(&store.Event{
		Space: o.trigger.SpaceID, Category: category, Document: o.trigger.ID, Related: append([]string{o.project.ID}, r.tasks...),
		Message: fmt.Sprintf("Trigger '%s': %s", o.trigger.Name, r.sentence()),
	})
}

// next is when the trigger is to be looked at again. Occasions that were missed
// have been made up for by this one.
func (o *occasion) next() (string, error) {
	switch o.state.Waits {
	case catalog.WaitsForFeed, catalog.WaitsForGit:
		return catalog.DueText(o.now.Add(feedEvery)), nil
	case catalog.WaitsForTime:
		table, err := o.trigger.Filter.Table()
		if err != nil {
			return "", nil // it cannot be due any more; the result has said so
		}
		if next, ok := table.Next(o.now); ok {
			return catalog.DueText(next), nil
		}
	}
	return "", nil
}
