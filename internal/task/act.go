package task

import (
	"context"
	"fmt"
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
		return fault.New(fault.Conflict, "Only a task that is being canceled can be abandoned; %s %s.", t.ID, t.State.said())
	}
	asked, err := askedToStop(tx, t.ID)
	if err != nil {
		return err
	}
	if may := asked.Add(AbandonAfter); !asked.IsZero() && q.now().Before(may) {
		return fault.New(fault.Conflict, "Task %s is being canceled since %s. It can be abandoned from %s on if it has not stopped by then.",
			t.ID, asked.UTC().Format("15:04:05 UTC"), may.UTC().Format("15:04:05 UTC"))
	}
	t.Error = "The task was abandoned while it was being canceled; what it had begun may still run."
	return q.move(tx, t, Abandon, q.now())
}

// askedToStop is when a task was canceled; zero if it was not.
func askedToStop(tx *store.Tx, id string) (time.Time, error) {
	var asked int64
	_, err := tx.QueryRow([]any{&asked}, "select coalesce(max(at), 0) from task_event where task = $1 and kind = $2", id, string(EventCancel))
	if err != nil {
		return time.Time{}, fmt.Errorf("look for when %s was canceled: %w", id, err)
	}
	return fromMillis(asked), nil
}

func (q *Queue) askedToStop(ctx context.Context, id string) (asked time.Time, err error) {
	err = q.store.View(ctx, func(tx *store.Tx) (err error) {
		asked, err = askedToStop(tx, id)
		return err
	})
	return asked, err
}

// giveUp ends tasks whose handlers have not stopped long after they were to,
// whatever these wait for. It goes by when they were asked to stop, perhaps on
// another node; the one that has them is left some time in any case.
func (r *Runner) giveUp(ctx context.Context, canceled []*Execution) error {
	for _, x := range canceled {
		now := r.q.now()
		if x.giveUpAt.IsZero() {
			asked, err := r.q.askedToStop(ctx, x.Task.ID)
			if err != nil {
				return err
			}
			x.giveUpAt = asked.Add(r.o.GiveUp)
			if least := now.Add(r.o.GiveUp / 12); x.giveUpAt.Before(least) {
				x.giveUpAt = least
			}
		}
		if now.Before(x.giveUpAt) || x.Ended() {
			continue
		}
		x.giveUpAt = now.Add(r.o.GiveUp / 12) // the next try, should this one fail
		go func() {
			const why = "The task did not stop in time after it was canceled and was given up; what it had begun may still run."
			r.o.Log.Warn("a canceled task does not stop and is given up", "task", x.Task.ID, "name", x.Task.Name)
			x.Say("", "", Warning, why)
			if err := x.Save(context.WithoutCancel(ctx), Save{Outcome: &Outcome{Act: Stop, Error: why}}); err != nil && !fenced(err) {
				r.o.Log.Error("a canceled task cannot be given up", "task", x.Task.ID, "error", err)
				return
			}
			x.stop(errFenced)
		}()
	}
	return nil
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

// markings is the sequence that counts how often a task was given another state
// after its end, by anybody.
const markings = "task markings"

// Markings counts how often the state of a task that had ended was changed: as
// long as it is the same, tasks that have ended are what they were.
func Markings(tx *store.Tx) (n int64, err error) {
	if _, err = tx.QueryRow([]any{&n}, "select value from sequence where name = $1", markings); err != nil {
		return 0, fmt.Errorf("counting what was changed of tasks that have ended: %w", err)
	}
	return n, nil
}

// MoveToTop puts a waiting task before all others, save those that are moved
// there after it.
func (q *Queue) MoveToTop(ctx context.Context, id string) (*Task, error) {
	return q.change(ctx, id, func(tx *store.Tx, t *Task) error {
		if t.Hold != Waiting {
			return fault.New(fault.Conflict, "Task %s does not wait in the queue.", id)
		}
		old := *t
		// Before those that were moved in this very millisecond, too.
		first := -millis(q.now())
		if _, err := tx.QueryRow([]any{&first}, "select coalesce(min(place), $1) from task where hold = 'Waiting' and place < $2", first, first+1); err != nil {
			return fmt.Errorf("look for the top of the queue: %w", err)
		}
		t.Top, t.Place, t.Updated = true, first-1, q.now()
		q.tell(tx, Change{Task: id, Kind: Enqueued, Status: t.Status})
		return write1(tx, t, &old)
	})
}
