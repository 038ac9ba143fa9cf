package task

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/store"
)

// Filter chooses tasks of a list; a zero member does not restrict.
type Filter struct {
	IDs            []string
	Spaces         []string // with "" for the tasks of no space
	States         []State
	Names          []string
	ProjectIDs     []string
	EnvironmentIDs []string
	TenantIDs      []string
	RunbookID      string
	Node           string
	Active         bool // Queued, Executing or Cancelling
	Running        bool // Executing or Cancelling
	Interrupted    *bool
	Warnings       *bool
	PartialName    string // part of the description
	Regarding      string // an id that the task's arguments or own columns name
	From, To       time.Time
	ParentID       string
	Skip, Take     int // Take 0 is all
	OldestFirst    bool
}

// query collects the conditions of a list. Lists of values are padded to a
// power of two, so that few distinct statements arise.
type query struct {
	where []string
	args  []any
}

func (w *query) add(condition string, args ...any) {
	for _, a := range args {
		w.args = append(w.args, a)
		condition = strings.Replace(condition, "?", fmt.Sprintf("$%d", len(w.args)), 1)
	}
	w.where = append(w.where, condition)
}

func in[S ~string](w *query, column string, values []S) {
	if len(values) == 0 {
		return
	}
	first := len(w.args) + 1
	for i := range roundUp(len(values)) {
		w.args = append(w.args, string(values[min(i, len(values)-1)]))
	}
	w.where = append(w.where, column+" in ("+holes(first, len(w.args))+")")
}

func (f *Filter) query() *query {
	w := &query{}
	in(w, "id", f.IDs)
	// The index of spaces must not be taken for one that finds fewer.
	space := "space"
	if len(f.IDs)+len(f.ProjectIDs)+len(f.EnvironmentIDs)+len(f.TenantIDs)+len(f.States) > 0 || f.Running || f.Active || f.ParentID != "" {
		space = "coalesce(space, '')"
	}
	in(w, space, f.Spaces)
	in(w, "name", f.Names)
	for i, ids := range [][]string{f.ProjectIDs, f.EnvironmentIDs, f.TenantIDs} {
		column := []string{"project", "environment", "tenant"}[i]
		in(w, column, ids)
		if len(ids) > 0 {
			w.add(column + " <> ''") // as the index has it
		}
	}
	in(w, "state", f.states())
	if f.RunbookID != "" {
		w.add("runbook = ?", f.RunbookID)
	}
	if f.Node != "" {
		w.add("node = ?", f.Node)
	}
	if f.ParentID != "" {
		w.add("parent = ?", f.ParentID)
	}
	if f.Interrupted != nil {
		w.add(map[bool]string{true: "pending <> ''", false: "pending = ''"}[*f.Interrupted])
	}
	if f.Warnings != nil {
		w.add("warnings = ?", flag(*f.Warnings))
	}
	if f.PartialName != "" {
		w.add("lower(description) like ? escape '!'", "%"+escapeLike(strings.ToLower(f.PartialName))+"%")
	}
	if id := f.Regarding; id != "" {
		w.add("(? in (project, environment, tenant, runbook, space, parent) or cast(arguments as text) like ? escape '!')",
			id, "%\""+escapeLike(id)+"\"%")
	}
	if !f.From.IsZero() {
		w.add("queue_time >= ?", millis(f.From))
	}
	if !f.To.IsZero() {
		w.add("queue_time <= ?", millis(f.To))
	}
	return w
}

// states are those that tasks of the list may be in; none is any.
func (f *Filter) states() []State {
	switch {
	case len(f.States) > 0:
		return f.States
	case f.Running:
		return []State{Executing, Cancelling}
	case f.Active:
		return []State{Queued, Executing, Cancelling}
	}
	return nil
}

func escapeLike(s string) string {
	return strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(s)
}

// List reads a page of tasks, the newest first, and how many there are in all.
func (q *Queue) List(ctx context.Context, f Filter) (tasks []*Task, total int, err error) {
	w := f.query()
	where := ""
	if len(w.where) > 0 {
		where = " where " + strings.Join(w.where, " and ")
	}
	order := " order by num desc"
	if f.OldestFirst {
		order = " order by num"
	}
	take := int64(f.Take)
	if f.Take <= 0 {
		take = 1 << 31
	}
	n := len(w.args)
	page := fmt.Sprintf("%s limit $%d offset $%d", order, n+1, n+2)
	err = q.store.View(ctx, func(tx *store.Tx) error {
		if total, err = f.count(tx, w, where); err != nil {
			return err
		}
		return tx.Query(func(scan func(...any) error) error {
			t, err := scanTask(scan)
			tasks = append(tasks, t)
			return err
		}, "select "+taskColumns+" from task"+where+page, append(w.args[:n:n], take, int64(f.Skip))...)
	})
	if err != nil {
		return nil, 0, fmt.Errorf("list tasks: %w", err)
	}
	return tasks, total, nil
}

// count says how many tasks a filter chooses, Skip and Take aside.
func (f *Filter) count(tx *store.Tx, w *query, where string) (total int, err error) {
	if is, ok := f.tallied(); ok {
		return tx.Tally(is)
	}
	_, err = tx.QueryRow([]any{&total}, "select count(*) from task"+where, w.args...)
	return total, err
}

// tallied gives what counts the tasks of a filter, if spaces, states and names
// are all that restricts them.
func (f *Filter) tallied() (store.Tallied, bool) {
	is := store.Tallied{Source: "task", Spaces: f.Spaces, Names: f.Names}
	for _, s := range f.states() {
		is.Parts = append(is.Parts, string(s))
	}
	rest := len(f.IDs) + len(f.ProjectIDs) + len(f.EnvironmentIDs) + len(f.TenantIDs) +
		len(f.RunbookID) + len(f.Node) + len(f.ParentID) + len(f.PartialName) + len(f.Regarding)
	return is, rest == 0 && f.Interrupted == nil && f.Warnings == nil && f.From.IsZero() && f.To.IsZero()
}

// Count counts tasks by state, of some spaces or, if none is named, of all.
func (q *Queue) Count(ctx context.Context, spaces ...string) (map[State]int, error) {
	counts := map[State]int{}
	err := q.store.View(ctx, func(tx *store.Tx) error {
		parts, err := tx.TallyByPart(store.Tallied{Source: "task", Spaces: spaces})
		for state, n := range parts {
			counts[State(state)] = n
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("count tasks: %w", err)
	}
	return counts, nil
}

// Rerun enqueues a task that does again what an ended one has done.
func (q *Queue) Rerun(ctx context.Context, id, by string) (*Task, error) {
	var again *Task
	_, err := q.change(ctx, id, func(tx *store.Tx, t *Task) (err error) {
		again, err = q.EnqueueTx(tx, New{
			Name: t.Name, Description: t.Description, SpaceID: t.SpaceID, ProjectID: t.ProjectID,
			EnvironmentID: t.EnvironmentID, TenantID: t.TenantID, RunbookID: t.RunbookID,
			Arguments: t.Arguments, CreatedBy: by, Tag: t.Tag, Class: t.Class, Light: t.Light,
		})
		return err
	})
	return again, err
}

// Purge removes ended tasks with all that belongs to them, in the caller's
// transaction.
func Purge(tx *store.Tx, ids ...string) error {
	for _, id := range ids {
		n, err := tx.Exec("delete from task where id = $1 and hold = 'Done'", id)
		if err != nil {
			return fmt.Errorf("remove task %s: %w", id, err)
		}
		if n == 0 {
			continue
		}
		for _, table := range []string{"task_plan", "task_step", "task_event"} {
			if _, err := tx.Exec("delete from "+table+" where task = $1", id); err != nil {
				return fmt.Errorf("remove task %s from %s: %w", id, table, err)
			}
		}
		if err := DeleteLogs(tx, id); err != nil {
			return err
		}
	}
	return nil
}

// Unended finds the oldest task of a project that has not ended, or with no
// project the oldest of a space that has begun and not ended: what only waits in
// a space goes with it. It is empty when there is none.
func Unended(tx *store.Tx, space, project string) (id string, err error) {
	where, owner := "space = $1 and state <> 'Queued'", space
	if project != "" {
		where, owner = "project = $1", project
	}
	_, err = tx.QueryRow([]any{&id}, "select id from task where "+where+" and hold <> 'Done' order by num limit 1", owner)
	if err != nil {
		return "", fmt.Errorf("look for tasks of %s that have not ended: %w", owner, err)
	}
	return id, nil
}

// paceOf is over how many of the last tasks of a name Pace looks.
const paceOf = 20

// Pace is how long tasks of a name took lately, on average; 0 if none has
// succeeded yet.
func (q *Queue) Pace(ctx context.Context, name string) (time.Duration, error) {
	var ms int64
	err := q.store.View(ctx, func(tx *store.Tx) error {
		_, err := tx.QueryRow([]any{&ms}, `select cast(coalesce(avg(took), 0) as bigint) from (select completed - started as took from task
			where name = $1 and state = 'Success' and started > 0 order by num desc limit $2) lately`, name, paceOf)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("look how long tasks named %s took: %w", name, err)
	}
	return time.Duration(ms) * time.Millisecond, nil
}
