package task

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/store"
)

// chunk is packed log lines on their way into the store.
type chunk struct {
	path, target string
	lines, size  int64
	bytes        []byte
}

// commit is a Save made ready: masked, packed and marshalled, so that the
// transaction holds up others as little as possible.
type commit struct {
	x        *Execution
	s        Save
	records  []string // the data column of each record
	chunks   []chunk
	lines    int64
	size     int64
	warnings bool
	refused  bool  // one of the caller's functions has failed
	turn     int64 // the number that the last try would give to this save
	now      time.Time
	alone    bool // it has failed for what was to be taken in its place, and is tried without
}

func (x *Execution) prepare(s Save) (*commit, error) {
	c := &commit{x: x, s: s, now: x.q.now()}
	for _, l := range s.Logs {
		c.pack(x, l)
	}
	for i := range s.Records {
		data, err := x.q.marshal(x, &s.Records[i])
		if err != nil {
			return nil, err
		}
		c.records = append(c.records, data)
		c.warnings = c.warnings || s.Records[i].Warnings || s.Records[i].State == StepFailed || s.Records[i].State == StepLost
	}
	return c, nil
}

func (c *commit) empty() bool {
	s := &c.s
	return len(c.records)+len(s.Events)+len(c.chunks)+len(s.Then) == 0 && s.Plan == nil && s.Pending == nil && s.Outcome == nil
}

// pack masks lines and makes chunks of them, as far as the limit of the log
// allows.
func (c *commit) pack(x *Execution, l Lines) {
	var size int
	var run []Line
	flush := func() {
		if len(run) > 0 {
			c.chunks = append(c.chunks, chunk{l.Path, l.Target, int64(len(run)), int64(size), pack(run)})
			c.lines += int64(len(run))
			c.size += int64(size)
			run, size = nil, 0
		}
	}
	for _, line := range l.Lines {
		if line.Time.IsZero() {
			line.Time = c.now
		}
		line.Text, line.Open = x.mask.line(line.Text, line.Open), false
		c.warnings = c.warnings || line.Category.bad()
		notice, keep := x.room(int64(len(line.Text))+16, line.Category)
		if notice != "" {
			line = Line{Category: Warning, Time: line.Time, Text: notice}
		} else if !keep {
			continue
		}
		run = append(run, line)
		if size += len(line.Text); size >= maxChunk {
			flush()
		}
	}
	flush()
}

// room accounts for a line. When the log is full it gives, once, the notice to
// be written in the line's place, and then keeps only errors, for a while.
func (x *Execution) room(size int64, c Category) (notice string, keep bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	limit := x.q.opts.MaxLog
	if x.stored+size <= limit || (x.full && (c == Error || c == Fatal) && x.stored+size <= limit+1<<20) {
		x.stored += size
		return "", true
	}
	if x.full {
		return "", false
	}
	x.full = true
	return fmt.Sprintf("The log of this task has reached its limit of %d MiB. The task goes on, but what it writes from here is not kept, except errors.", limit>>20), false
}

// write runs in the transaction; it may run more than once.
func (c *commit) write(tx *store.Tx) error {
	c.refused = false
	last, err := c.lock(tx)
	if err != nil {
		return err
	}
	id := c.x.Task.ID
	for i := range c.s.Records {
		if err := putRecord(tx, id, &c.s.Records[i], c.records[i]); err != nil {
			return err
		}
	}
	next := last - c.lines + 1
	for _, k := range c.chunks {
		_, err := tx.Exec("insert into task_log (task, first_line, last_line, path, target, size, bytes) values ($1, $2, $3, $4, $5, $6, $7)",
			id, next, next+k.lines-1, k.path, k.target, k.size, k.bytes)
		if err != nil {
			return fmt.Errorf("append to the log of %s: %w", id, err)
		}
		next += k.lines
	}
	for _, e := range c.s.Events {
		if err := appendEvent(tx, id, e); err != nil {
			return err
		}
	}
	if err := c.writePlan(tx); err != nil {
		return err
	}
	for _, then := range c.s.Then {
		if err := then(tx); err != nil {
			c.refused = true
			return err
		}
	}
	if c.s.Outcome == nil {
		c.x.q.tell(tx, Change{Task: id, Kind: Advanced, Status: c.x.Task.Status, LogLines: last})
		return nil
	}
	return c.finish(tx)
}

// errStored says that an earlier try of a save was committed after all.
var errStored = errors.New("it is stored already")

const lockTask = `update task set updated = $1, log_lines = log_lines + $2, log_bytes = log_bytes + $3,
	warnings = case when warnings = 1 then 1 else cast($4 as bigint) end, saves = saves + 1
	where id = $5 and epoch = $6 and hold = 'Held' returning log_lines, saves`

// lock makes sure that the task is still ours, keeps it so until the commit,
// and takes the numbers of the lines. It gives the number of the last.
//
// Invariant: only the holder counts saves, one at a time. When the answer to a
// commit was lost, the number that the next try is given therefore tells
// whether the commit took place.
func (c *commit) lock(tx *store.Tx) (int64, error) {
	var last, turn int64
	found, err := tx.QueryRow([]any{&last, &turn}, lockTask, millis(c.now), c.lines, c.size, flag(c.warnings), c.x.Task.ID, c.x.Task.Epoch)
	if err != nil {
		return 0, fmt.Errorf("lock task %s: %w", c.x.Task.ID, err)
	}
	if !found {
		return 0, c.let(tx)
	}
	if c.turn > 0 && turn == c.turn+1 {
		return 0, errStored
	}
	c.turn = turn
	return last, nil
}

// let says why the task is not ours any more: it may be because of this very
// save.
func (c *commit) let(tx *store.Tx) error {
	var turn int64
	_, err := tx.QueryRow([]any{&turn}, "select saves from task where id = $1 and epoch = $2", c.x.Task.ID, c.x.Task.Epoch)
	switch {
	case err != nil:
		return fmt.Errorf("look for what was saved of %s: %w", c.x.Task.ID, err)
	case c.turn > 0 && turn == c.turn:
		return errStored
	}
	return errFenced
}

func (c *commit) writePlan(tx *store.Tx) error {
	id := c.x.Task.ID
	if c.s.Plan != nil {
		outline, err := json.Marshal(c.s.Outline)
		if err != nil {
			return fmt.Errorf("outline of %s: %w", id, err)
		}
		_, err = tx.Exec(`insert into task_plan (task, plan, outline) values ($1, $2, $3)
			on conflict (task) do update set plan = excluded.plan, outline = excluded.outline`, id, string(c.s.Plan), string(outline))
		if err != nil {
			return fmt.Errorf("store the plan of %s: %w", id, err)
		}
	}
	if c.s.Pending == nil {
		return nil
	}
	_, err := tx.Exec("update task set pending = $1 where id = $2", strings.Join(c.s.Pending, ","), id)
	if err != nil {
		return fmt.Errorf("note what %s asks: %w", id, err)
	}
	return nil
}

// finish applies the outcome to the row.
func (c *commit) finish(tx *store.Tx) error {
	t, err := GetTx(tx, c.x.Task.ID)
	if err != nil {
		return err
	}
	o := c.s.Outcome
	// Who was told of the cancellation when the task was given to it, and still
	// wants to wait, would be given it again and again.
	if o.Pause == nil || c.x.Task.State == Cancelling {
		act := t.Status.ending(o.Act)
		if act != Stop || o.Error != "" { // who canceled it may have said why
			t.Error = c.x.mask.apply(o.Error)
		}
		if act == Fail && o.Act != Fail && t.Error == "" {
			t.Error = fmt.Sprintf("The task cannot end with %q.", o.Act)
		}
		t.Warnings = t.Warnings || act == Fail
		return c.x.q.move(tx, t, act, c.now)
	}
	var last int64
	if _, err := tx.QueryRow([]any{&last}, "select coalesce(max(seq), 0) from task_event where task = $1", t.ID); err != nil {
		return fmt.Errorf("look for new events of %s: %w", t.ID, err)
	}
	if t.State == Cancelling || last > o.Pause.Seen {
		return c.x.q.move(tx, t, PutBack, c.now)
	}
	t.HasTag = t.HasTag && o.Pause.KeepTag
	t.WakeAt, t.Why = o.Pause.Until.UTC().Truncate(time.Millisecond), o.Pause.Why
	if o.Pause.Until.IsZero() {
		t.WakeAt = time.Time{}
	}
	return c.x.q.move(tx, t, PutDown, c.now)
}

const upsertRecord = `insert into task_step (task, path, target, attempt, state, line_cursor, started, ended, data)
	values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
	on conflict (task, path, target, attempt) do update set state = excluded.state, line_cursor = excluded.line_cursor,
	started = excluded.started, ended = excluded.ended, data = excluded.data`

func putRecord(tx *store.Tx, id string, r *Record, data string) error {
	_, err := tx.Exec(upsertRecord, id, r.Path, r.Target, r.Attempt, string(r.State), r.Cursor, millis(r.Started), millis(r.Ended), data)
	if err != nil {
		return fmt.Errorf("write record %s of %s: %w", r.Key, id, err)
	}
	return nil
}

// rest is the part of a record that no query looks at.
type rest struct {
	Ticket   string            `json:",omitempty"`
	Worker   string            `json:",omitempty"`
	ExitCode *int              `json:",omitempty"`
	Error    string            `json:",omitempty"`
	Reason   string            `json:",omitempty"`
	Warnings bool              `json:",omitempty"`
	Ignored  bool              `json:",omitempty"`
	Asked    string            `json:",omitempty"`
	Child    string            `json:",omitempty"`
	WakeAt   int64             `json:",omitempty"`
	Progress int               `json:",omitempty"`
	Message  string            `json:",omitempty"`
	Outputs  map[string]Output `json:",omitempty"`
	Data     json.RawMessage   `json:",omitempty"`
}

func (q *Queue) marshal(x *Execution, r *Record) (string, error) {
	r.Error, r.Reason, r.Message = x.mask.apply(r.Error), x.mask.apply(r.Reason), x.mask.apply(r.Message)
	d := rest{
		Ticket: r.Ticket, Worker: r.Worker, ExitCode: r.ExitCode, Error: r.Error, Reason: r.Reason,
		Warnings: r.Warnings, Ignored: r.Ignored, Asked: r.Asked, Child: r.Child, WakeAt: millis(r.WakeAt), Progress: r.Progress,
		Message: r.Message, Data: r.Data,
	}
	for name, o := range r.Outputs {
		if d.Outputs == nil {
			d.Outputs = make(map[string]Output, len(r.Outputs))
		}
		if o.Sensitive {
			o.Value = q.opts.Seal(o.Value)
		}
		d.Outputs[name] = o
	}
	data, err := json.Marshal(d)
	if err != nil {
		return "", fmt.Errorf("record %s: %w", r.Key, err)
	}
	return string(data), nil
}

func (q *Queue) readRecords(tx *store.Tx, id string) ([]Record, error) {
	var records []Record
	err := tx.Query(func(scan func(...any) error) error {
		var r Record
		var state, data string
		var started, ended int64
		if err := scan(&r.Path, &r.Target, &r.Attempt, &state, &r.Cursor, &started, &ended, &data); err != nil {
			return err
		}
		var d rest
		if err := json.Unmarshal([]byte(data), &d); err != nil {
			return fmt.Errorf("record %s: %w", r.Key, err)
		}
		r.State, r.Started, r.Ended = StepState(state), fromMillis(started), fromMillis(ended)
		r.Ticket, r.Worker, r.ExitCode, r.Error, r.Reason = d.Ticket, d.Worker, d.ExitCode, d.Error, d.Reason
		r.Warnings, r.Ignored, r.Asked, r.Child, r.WakeAt = d.Warnings, d.Ignored, d.Asked, d.Child, fromMillis(d.WakeAt)
		r.Progress, r.Message, r.Outputs, r.Data = d.Progress, d.Message, d.Outputs, d.Data
		for name, o := range r.Outputs {
			if !o.Sensitive {
				continue
			}
			plain, err := q.opts.Open(o.Value)
			if err != nil {
				return fault.Wrap(fault.Internal, err, "output %s of %s cannot be read", name, r.Key)
			}
			o.Value = plain
			r.Outputs[name] = o
		}
		records = append(records, r)
		return nil
	}, "select path, target, attempt, state, line_cursor, started, ended, data from task_step where task = $1 order by path, target, attempt", id)
	if err != nil {
		return nil, fmt.Errorf("read the records of %s: %w", id, err)
	}
	return records, nil
}

func readEvents(tx *store.Tx, id string, after int64) ([]Event, error) {
	var events []Event
	err := tx.Query(func(scan func(...any) error) error {
		var e Event
		var kind, data string
		var at int64
		err := scan(&e.Seq, &kind, &e.Path, &e.Target, &e.Attempt, &e.Ref, &at, &e.By, &e.Text, &data)
		e.Kind, e.At = EventKind(kind), fromMillis(at)
		if data != "" {
			e.Data = json.RawMessage(data)
		}
		events = append(events, e)
		return err
	}, "select seq, kind, path, target, attempt, ref, at, by_user, text, data from task_event where task = $1 and seq > $2 order by seq", id, after)
	if err != nil {
		return nil, fmt.Errorf("read the events of %s: %w", id, err)
	}
	return events, nil
}
