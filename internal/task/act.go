package task

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/store"
)

// change reads a task and changes it in a transaction of its own.
func (q *Queue) change(ctx context.Context, id string, f func(*store.Tx, *Task) error) (*Task, error) {
	var t *Task
	err := q.journal.Do(ctx, func(tx *store.Tx) error {
		var err error
		if t, err = GetTx(tx, id); err != nil {
			return err
		}
		return f(tx, t)
	})
	return t, err
}

// Cancel asks a task to stop. One that has not begun ends at once; one that
// runs is told and ends within two minutes whatever its targets do; one that
// is stopping or has ended stays as it is.
func (q *Queue) Cancel(ctx context.Context, id string) (*Task, error) {
	return q.change(ctx, id, q.CancelTx)
}

// CancelTx is Cancel in the caller's transaction.
func (q *Queue) CancelTx(tx *store.Tx, t *Task) error {
	if t.State == Cancelling || t.Hold == Done {
		return nil
	}
	if t.State != Queued {
		// Since when it is to stop is what AbandonTx goes by.
		e := Event{Kind: EventCancel, At: q.now(), By: store.ActorOf(tx.Context()).UserID}
		if err := appendEvent(tx, t.ID, e); err != nil {
			return err
		}
	}
	return q.move(tx, t, Cancel, q.now())
}

// AbandonAfter is for how long a task that was canceled is left the chance to
// stop by itself.
const AbandonAfter = 10 * time.Minute

// AbandonTx ends a task that was asked to stop a while ago and has not, without
// waiting for what it has left behind.
func (q *Queue) AbandonTx(tx *store.Tx, t *Task) error {
	if t.State != Cancelling {
		return fault.New(fault.Conflict, "Only a task that is being canceled can be abandoned; %s is %s.", t.ID, strings.ToLower(string(t.State)))
	}
	var asked int64
	_, err := tx.QueryRow([]any{&asked}, "select coalesce(max(at), 0) from task_event where task = $1 and kind = $2", t.ID, string(EventCancel))
	if err != nil {
		return fmt.Errorf("look for when %s was canceled: %w", t.ID, err)
	}
	if may := fromMillis(asked).Add(AbandonAfter); asked > 0 && q.now().Before(may) {
		return fault.New(fault.Conflict, "Task %s is being canceled since %s. It can be abandoned from %s on if it has not stopped by then.",
			t.ID, fromMillis(asked).UTC().Format("15:04:05 UTC"), may.UTC().Format("15:04:05 UTC"))
	}
	t.Error = "The task was abandoned while it was being canceled; what it had begun may still run."
	return q.move(tx, t, Abandon, q.now())
}

// Mark sets the state of a task that has ended, when people know better.
func (q *Queue) Mark(ctx context.Context, id string, state State, reason string) (*Task, error) {
	return q.change(ctx, id, func(tx *store.Tx, t *Task) error {
		switch state {
		case t.State:
			return nil
		case Success:
			t.Error = ""
			return q.move(tx, t, MarkOK, q.now())
		case Failed:
			t.Error = reason
			return q.move(tx, t, MarkBad, q.now())
		}
		return fault.New(fault.Invalid, "The state of a task can be set to Success or Failed, not to %s.", state)
	})
}

// MoveToTop puts a waiting task before all others, save those that are moved
// there after it.
func (q *Queue) MoveToTop(ctx context.Context, id string) (*Task, error) {
	return q.change(ctx, id, func(tx *store.Tx, t *Task) error {
		if t.Hold != Waiting {
			return fault.New(fault.Conflict, "Task %s does not wait in the queue.", id)
		}
		old := *t
		t.Top, t.Place, t.Updated = true, -millis(q.now()), q.now()
		q.tell(tx, Change{Task: id, Kind: Enqueued, Status: t.Status})
		return write1(tx, t, &old)
	})
}

// StopSpace keeps a space's tasks from being started; those that have begun
// go on. The empty space is all of them.
func (q *Queue) StopSpace(ctx context.Context, space string) error {
	return q.journal.Do(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec("insert into task_stopped (space) values ($1) on conflict (space) do nothing", space)
		if err != nil {
			return fmt.Errorf("stop the queue: %w", err)
		}
		return nil
	})
}

// StartSpace undoes StopSpace.
func (q *Queue) StartSpace(ctx context.Context, space string) error {
	return q.journal.Do(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec("delete from task_stopped where space = $1", space); err != nil {
			return fmt.Errorf("start the queue: %w", err)
		}
		q.tell(tx, Change{Kind: Enqueued})
		return nil
	})
}

// Node is a server that carries out tasks.
type Node struct {
	Name     string
	Cap      int // how many tasks at once
	Draining bool
	Seen     int64 // Unix milliseconds of its last sign of life
	Since    int64 // when it started
	Active   int
}

// DefaultCap is how many tasks a node carries out at once unless told otherwise.
const DefaultCap = 5

// Join makes a node known, or known again after a restart, and puts what its
// earlier life has left behind up for taking. A cap of 0 keeps the one that it
// had.
func (q *Queue) Join(ctx context.Context, name string, limit int) error {
	return q.journal.Do(ctx, func(tx *store.Tx) error {
		now, err := q.dbNow(tx)
		if err != nil {
			return err
		}
		start := limit
		if start == 0 {
			start = DefaultCap
		}
		_, err = tx.Exec(`insert into task_node (name, cap, draining, seen, since) values ($1, $2, 0, $3, $3)
			on conflict (name) do update set seen = excluded.seen, since = excluded.since,
			cap = case when cast($4 as bigint) > 0 then cast($4 as bigint) else task_node.cap end`, name, start, millis(now), limit)
		if err != nil {
			return fmt.Errorf("join as node %s: %w", name, err)
		}
		if _, err := tx.Exec("update task set lease = 1 where hold = 'Held' and node = $1", name); err != nil {
			return fmt.Errorf("take up what node %s has left: %w", name, err)
		}
		return nil
	})
}

// SetNode changes a node's cap and whether it drains.
func (q *Queue) SetNode(ctx context.Context, name string, limit int, draining bool) error {
	return q.journal.Do(ctx, func(tx *store.Tx) error {
		n, err := tx.Exec("update task_node set cap = $1, draining = $2 where name = $3", limit, flag(draining), name)
		if err != nil {
			return fmt.Errorf("change node %s: %w", name, err)
		}
		if n == 0 {
			return fault.New(fault.NotFound, "There is no node %s.", name)
		}
		q.tell(tx, Change{Kind: Enqueued})
		return nil
	})
}

// Nodes lists the nodes that were ever seen, by name.
func (q *Queue) Nodes(ctx context.Context) ([]Node, error) {
	var nodes []Node
	err := q.store.View(ctx, func(tx *store.Tx) error {
		return tx.Query(func(scan func(...any) error) error {
			var n Node
			var draining int64
			err := scan(&n.Name, &n.Cap, &draining, &n.Seen, &n.Since, &n.Active)
			n.Draining = draining != 0
			nodes = append(nodes, n)
			return err
		}, `select name, cap, draining, seen, since,
			(select count(*) from task where hold = 'Held' and task.node = task_node.name) from task_node order by name`)
	})
	if err != nil {
		return nil, fmt.Errorf("list the nodes: %w", err)
	}
	return nodes, nil
}
