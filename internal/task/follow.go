package task

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/store"
)

// Followed is a change of a task as the table keeps it, for those who follow
// them: unlike a Change it is never lost.
type Followed struct {
	store.Position
	Task   string
	Kind   ChangeKind
	Status Status
	At     time.Time
}

// followable is how long changes are kept. Who comes back later has to look at
// everything anew.
const followable = 3 * 24 * time.Hour

// publish records a change of a task's state, and tells it.
func (q *Queue) publish(tx *store.Tx, t *Task, kind ChangeKind) error {
	c := Change{Task: t.ID, Kind: kind, Status: t.Status, LogLines: t.LogLines}
	_, err := tx.Exec("insert into task_change (task, kind, state, hold, at) values ($1, $2, $3, $4, $5)",
		t.ID, string(kind), string(t.State), string(t.Hold), millis(q.now()))
	if err != nil {
		return fmt.Errorf("record a change of task %s: %w", t.ID, err)
	}
	q.tell(tx, c)
	return nil
}

// ChangesEnd is the position behind all changes so far.
func ChangesEnd(tx *store.Tx) (store.Position, error) { return tx.End("task_change") }

// ChangesSince reads at most limit changes behind a position.
func ChangesSince(tx *store.Tx, p store.Position, limit int) (list []Followed, err error) {
	err = tx.Since("task_change", "task, kind, state, hold, at", p, limit, func(scan func(...any) error) error {
		var f Followed
		var kind, state, hold string
		var at int64
		err := scan(&f.Xid, &f.ID, &f.Task, &kind, &state, &hold, &at)
		f.Kind, f.Status, f.At = ChangeKind(kind), Status{State(state), Hold(hold)}, fromMillis(at)
		list = append(list, f)
		return err
	})
	return list, err
}

// Reach says how long ago changes can be followed from.
func Reach() time.Duration { return followable - time.Hour }

// forget removes changes that are too old to be followed.
func (q *Queue) forget(ctx context.Context) error {
	const batch = 500
	before := millis(q.now().Add(-followable))
	for {
		var oldest, removed int64
		err := q.store.View(ctx, func(tx *store.Tx) error {
			_, err := tx.QueryRow([]any{&oldest}, "select at from task_change order by id limit 1")
			return err
		})
		if err != nil {
			return fmt.Errorf("look for old changes of tasks: %w", err)
		}
		if oldest == 0 || oldest >= before {
			return nil
		}
		err = q.journal.Do(ctx, func(tx *store.Tx) (err error) {
			// The oldest come first, so that nothing else has to be looked at.
			removed, err = tx.Exec("delete from task_change where at < $1 and id in (select id from task_change order by id limit $2)", before, batch)
			return err
		})
		if err != nil {
			return fmt.Errorf("forget old changes of tasks: %w", err)
		}
		if removed < batch {
			return nil
		}
	}
}

// ByID reads tasks by their ids; those that are gone are missing.
func ByID(tx *store.Tx, ids []string) (map[string]*Task, error) {
	found := make(map[string]*Task, len(ids))
	if len(ids) == 0 {
		return found, nil
	}
	w := &query{}
	in(w, "id", ids)
	err := tx.Query(func(scan func(...any) error) error {
		t, err := scanTask(scan)
		if err == nil {
			found[t.ID] = t
		}
		return err
	}, "select "+taskColumns+" from task where "+strings.Join(w.where, " and "), w.args...)
	if err != nil {
		return nil, fmt.Errorf("read tasks: %w", err)
	}
	return found, nil
}

// LogSize is how far a task has come, as far as anybody who watches it can see.
type LogSize struct{ Lines, Updated int64 }

// LogSizes tells how far tasks have come.
func (q *Queue) LogSizes(ctx context.Context, ids []string) (map[string]LogSize, error) {
	sizes := make(map[string]LogSize, len(ids))
	if len(ids) == 0 {
		return sizes, nil
	}
	w := &query{}
	in(w, "id", ids)
	err := q.store.View(ctx, func(tx *store.Tx) error {
		return tx.Query(func(scan func(...any) error) error {
			var id string
			var s LogSize
			err := scan(&id, &s.Lines, &s.Updated)
			sizes[id] = s
			return err
		}, "select id, log_lines, updated from task where "+strings.Join(w.where, " and "), w.args...)
	})
	if err != nil {
		return nil, fmt.Errorf("look how far tasks have come: %w", err)
	}
	return sizes, nil
}
