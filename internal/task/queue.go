package task

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/takodeploy/tako/internal/blob"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/store"
)

// Options are what a queue needs to know of its server.
type Options struct {
	// Instance is a name of this installation that never changes; tickets are
	// made from it.
	Instance string
	// Seal and Open keep sensitive outputs unreadable at rest.
	Seal func(plain string) string
	Open func(sealed string) (string, error)
	// Blobs take the logs of tasks that have ended; nil leaves them where they are.
	Blobs blob.Store
	// SmallLog is how many bytes a log must have to be moved; a smaller one is
	// worth no blob of its own.
	SmallLog int64
	// MaxLog is how many bytes of log one task may store; 0 is 1 GiB.
	MaxLog int64
	// Patience is how long a page of a log is looked for before what was found is
	// given, which with the number of the next line lets even the longest log be
	// searched; 0 is 800 milliseconds.
	Patience time.Duration
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Queue is the durable part of the engine: tasks, their records, events and
// logs in the store. It has no goroutines; a Runner carries tasks out.
type Queue struct {
	store   *store.DB
	journal *journal
	bus     *Bus
	self    string // this process, among those that share the store
	turns   turns
	opts    Options

	empty, tidied store.Lull // in which nothing waits, and no log is to be moved
}

// NewQueue makes a queue over a store.
func NewQueue(st *store.DB, o Options) *Queue {
	if o.MaxLog == 0 {
		o.MaxLog = 1 << 30
	}
	if o.Patience == 0 {
		o.Patience = 800 * time.Millisecond
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Seal == nil {
		o.Seal = func(plain string) string { return plain }
		o.Open = func(sealed string) (string, error) { return sealed, nil }
	}
	return &Queue{store: st, journal: &journal{store: st}, bus: newBus(), self: newSelf(), opts: o}
}

// Bus tells what happens to tasks on this node as it is committed.
func (q *Queue) Bus() *Bus { return q.bus }

// now is the time to the millisecond, which is what is stored.
func (q *Queue) now() time.Time { return q.opts.Now().UTC().Truncate(time.Millisecond) }

// Enqueue adds a task in a transaction of its own.
func (q *Queue) Enqueue(ctx context.Context, n New) (*Task, error) {
	var t *Task
	err := q.journal.Do(ctx, func(tx *store.Tx) error {
		var err error
		t, err = q.EnqueueTx(tx, n)
		return err
	})
	return t, err
}

// EnqueueTx adds a task in the caller's transaction, with the documents that
// belong to it. A task with a parent is added once per parent and key: a
// second call gives the first one's task.
func (q *Queue) EnqueueTx(tx *store.Tx, n New) (*Task, error) {
	if n.Parent != "" {
		switch t, err := one(tx, "parent = $1 and parent_key = $2", n.Parent, n.ParentKey); {
		case err == nil:
			return t, nil
		case !fault.Is(err, fault.NotFound):
			return nil, err
		}
	}
	t, err := q.build(n)
	if err != nil {
		return nil, err
	}
	num, err := tx.Next("ServerTasks")
	if err != nil {
		return nil, fmt.Errorf("number a task: %w", err)
	}
	t.ID, t.Num = "ServerTasks-"+strconv.FormatInt(num, 10), num
	if _, err := tx.Exec(insertTask, append(t.fixedValues(), t.movingValues()...)...); err != nil {
		return nil, fmt.Errorf("enqueue %s: %w", t.Name, err)
	}
	return t, q.publish(tx, t, Enqueued)
}

func (q *Queue) build(n New) (*Task, error) {
	args := []byte("{}")
	if n.Arguments != nil {
		var err error
		if args, err = json.Marshal(n.Arguments); err != nil {
			return nil, fmt.Errorf("arguments of task %s: %w", n.Name, err)
		}
	}
	now := q.now()
	t := &Task{
		Name: n.Name, Description: n.Description, SpaceID: n.SpaceID, ProjectID: n.ProjectID,
		EnvironmentID: n.EnvironmentID, TenantID: n.TenantID, RunbookID: n.RunbookID, Arguments: args,
		CreatedBy: n.CreatedBy, Status: Status{Queued, Waiting}, Class: n.Class, Light: n.Light, Tag: n.Tag,
		QueueTime: n.QueueTime.UTC().Truncate(time.Millisecond), Expiry: n.Expiry.UTC().Truncate(time.Millisecond),
		Updated: now, Parent: n.Parent, ParentKey: n.ParentKey,
	}
	if t.Class == 0 {
		t.Class = Normal
	}
	if n.QueueTime.IsZero() {
		t.QueueTime = now
	}
	if n.Expiry.IsZero() {
		t.Expiry = time.Time{}
	} else if !t.Expiry.After(t.QueueTime) {
		return nil, fault.New(fault.Invalid, "The task would expire before its time to start.")
	}
	t.Place = millis(t.QueueTime)
	if n.InPlaceOf != nil {
		// Those of the same millisecond came later; a number would put them first.
		t.Place = min(t.Place, n.InPlaceOf.Place-1)
	}
	return t, nil
}

// locking is what a reading that a change follows ends with, so that nobody
// else changes the row in between. SQLite has one writer at a time anyway.
func locking(tx *store.Tx) string {
	if tx.Writable() && tx.Engine() == store.PostgreSQL {
		return " for update"
	}
	return ""
}

// one reads the task for which a condition holds.
func one(tx *store.Tx, where string, args ...any) (*Task, error) {
	var t *Task
	err := tx.Query(func(scan func(...any) error) (err error) {
		t, err = scanTask(scan)
		return err
	}, "select "+taskColumns+" from task where "+where+" limit 1"+locking(tx), args...)
	if err != nil {
		return nil, fmt.Errorf("read a task: %w", err)
	}
	if t == nil {
		return nil, fault.New(fault.NotFound, "There is no such task.")
	}
	return t, nil
}

// GetTx reads a task in the caller's transaction.
func GetTx(tx *store.Tx, id string) (*Task, error) {
	t, err := one(tx, "id = $1", id)
	if fault.Is(err, fault.NotFound) {
		return nil, fault.New(fault.NotFound, "There is no task %s.", id)
	}
	return t, err
}

// Get reads a task.
func (q *Queue) Get(ctx context.Context, id string) (*Task, error) {
	var t *Task
	err := q.store.View(ctx, func(tx *store.Tx) error {
		var err error
		t, err = GetTx(tx, id)
		return err
	})
	return t, err
}

// move is the one function that changes a task's state. It changes t too,
// applies what every such change entails, and writes the row if it still is
// as t was read; a Conflict says that it is not.
func (q *Queue) move(tx *store.Tx, t *Task, act Act, now time.Time) error {
	to, err := t.Status.After(act)
	if err != nil {
		return err
	}
	old := *t
	t.Status, t.Updated = to, now
	switch to.Hold {
	case Waiting:
		t.Lease, t.WakeAt, t.Why = time.Time{}, time.Time{}, ""
	case Held:
		// What is being canceled does nothing that a tag would have to keep apart.
		t.HasTag = t.HasTag || (t.Tag != "" && act == Claim && to.State == Executing)
		if t.Started.IsZero() {
			t.Started = now
		}
	case Paused:
		t.Lease = time.Time{}
	case Done:
		t.HasTag, t.Lease, t.Pending, t.Why = false, time.Time{}, nil, ""
		if t.Completed.IsZero() {
			t.Completed = now
		}
	}
	if act == Claim || act == Steal {
		t.Epoch++
	}
	if err := write1(tx, t, &old); err != nil {
		return err
	}
	if old.Hold == Done {
		if _, err := tx.Next(markings); err != nil {
			return err
		}
	}
	if to.Hold == Done && old.Hold != Done {
		if err := q.noteLog(tx, t); err != nil {
			return err
		}
		if err := q.tellParent(tx, t, now); err != nil {
			return err
		}
	}
	return q.publish(tx, t, kindOf(act))
}

// write1 writes the moving columns of t over what the row was when old was read.
func write1(tx *store.Tx, t, old *Task) error {
	n, err := tx.Exec(updateTask, append(t.movingValues(), old.ID, string(old.State), string(old.Hold), old.Epoch)...)
	if err != nil {
		return fmt.Errorf("change task %s: %w", t.ID, err)
	}
	if n == 1 {
		return nil
	}
	return fault.New(fault.Conflict, "Task %s was changed by somebody else.", t.ID)
}

// tellParent wakes the task that waits for one that has ended.
func (q *Queue) tellParent(tx *store.Tx, t *Task, now time.Time) error {
	if t.Parent == "" {
		return nil
	}
	data, err := json.Marshal(map[string]string{"TaskId": t.ID, "Error": t.Error})
	if err != nil {
		return fmt.Errorf("tell the parent of %s: %w", t.ID, err)
	}
	err = q.Signal(tx, t.Parent, Event{Kind: EventChild, Ref: t.ParentKey, At: now, Text: string(t.State), Data: data})
	if fault.Is(err, fault.NotFound) {
		return nil // the parent is gone, nobody waits
	}
	return err
}

// Signal appends an event to a task and wakes it if it is paused, in the
// caller's transaction. A task that has ended takes no events.
func (q *Queue) Signal(tx *store.Tx, id string, e Event) error {
	t, err := GetTx(tx, id)
	if err != nil {
		return err
	}
	if t.Hold == Done {
		return nil
	}
	if err := appendEvent(tx, id, e); err != nil {
		return err
	}
	if t.Hold != Paused {
		q.tell(tx, Change{Task: id, Kind: Signaled, Status: t.Status})
		return nil
	}
	return q.move(tx, t, Wake, q.now())
}

func appendEvent(tx *store.Tx, id string, e Event) error {
	_, err := tx.Exec(`insert into task_event (task, seq, kind, path, target, attempt, ref, at, by_user, text, data)
		select cast($1 as text), coalesce(max(seq), 0) + 1, cast($2 as text), cast($3 as text), cast($4 as text), cast($5 as bigint),
			cast($6 as text), cast($7 as bigint), cast($8 as text), cast($9 as text), cast($10 as text) from task_event where task = $11`,
		id, string(e.Kind), e.Path, e.Target, e.Attempt, e.Ref, millis(e.At), e.By, e.Text, string(e.Data), id)
	if err != nil {
		return fmt.Errorf("append an event to task %s: %w", id, err)
	}
	return nil
}

// Ahead is what a server has before it.
type Ahead struct {
	Executing int       // tasks that are under way, or wait for somebody within
	Queued    int       // tasks whose time has come, that wait for their turn
	Next      time.Time // when the first of those begins whose time has not come; zero if there is none
}

// Ahead tells what there is to do, now and later.
func (q *Queue) Ahead(ctx context.Context) (Ahead, error) {
	var a Ahead
	now := millis(q.now())
	err := q.store.View(ctx, func(tx *store.Tx) error {
		return tx.Query(func(scan func(...any) error) error {
			var state string
			var due, later, next int64
			if err := scan(&state, &due, &later, &next); err != nil {
				return err
			}
			if State(state) != Queued {
				a.Executing += int(due + later)
				return nil
			}
			a.Queued = int(due)
			if later > 0 {
				a.Next = fromMillis(next)
			}
			return nil
		}, "select state, coalesce(sum(case when queue_time <= $1 then 1 else 0 end), 0), coalesce(sum(case when queue_time > $1 then 1 else 0 end), 0), "+
			"coalesce(min(case when queue_time > $1 then queue_time end), 0) from task where state in ('Queued', 'Executing', 'Cancelling') group by state", now)
	})
	if err != nil {
		return a, fmt.Errorf("looking at what there is to do: %w", err)
	}
	return a, nil
}
