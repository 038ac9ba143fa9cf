package store

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Event is one line of the audit trail. Document and Space are set by Put and
// Delete; the actor is taken from the unit's context.
type Event struct {
	ID       int64
	Space    string
	Category string // such as Created, Modified, DeploymentQueued
	Document string
	Related  []string // further documents the event is about
	Message  string
	Details  []Change
	Comments string

	Actor    Actor
	Occurred time.Time
}

// Change is one member that a mutation changed; values are JSON texts, already
// without secrets. An absent value is empty.
type Change struct {
	Path string          `json:"path"`
	Old  json.RawMessage `json:"old,omitempty"`
	New  json.RawMessage `json:"new,omitempty"`
}

type eventData struct {
	Message     string
	Details     []Change `json:",omitempty"`
	Comments    string   `json:",omitempty"`
	Related     []string `json:",omitempty"`
	IsService   bool     `json:",omitempty"`
	Established string   `json:",omitempty"`
	IP          string   `json:",omitempty"`
	UserAgent   string   `json:",omitempty"`
}

// decode fills in what the columns occurred and data hold.
func (e *Event) decode(occurred int64, data string) error {
	var d eventData
	if err := json.Unmarshal([]byte(data), &d); err != nil {
		return fmt.Errorf("decoding event %d: %w", e.ID, err)
	}
	e.Occurred = time.UnixMilli(occurred).UTC()
	e.Message, e.Details, e.Comments, e.Related = d.Message, d.Details, d.Comments, d.Related
	e.Actor.IsService, e.Actor.Established, e.Actor.IP, e.Actor.UserAgent = d.IsService, d.Established, d.IP, d.UserAgent
	return nil
}

// Append adds an event to the audit trail and sets its ID.
func (t *Tx) Append(e *Event) error {
	e.Actor = ActorOf(t.ctx)
	e.Occurred = time.Now().UTC().Truncate(time.Millisecond)
	data, err := json.Marshal(eventData{e.Message, e.Details, e.Comments, e.Related, e.Actor.IsService, e.Actor.Established, e.Actor.IP, e.Actor.UserAgent})
	if err != nil {
		return fmt.Errorf("encoding an audit event: %w", err)
	}
	e.ID, err = t.insertNumbered(`insert into event (space, category, document, user_id, username, occurred, data)
		values ($1, $2, $3, $4, $5, $6, $7)`,
		e.Space, e.Category, e.Document, e.Actor.UserID, e.Actor.Username, e.Occurred.UnixMilli(), string(data))
	if err != nil {
		return fmt.Errorf("recording an audit event: %w", err)
	}
	t.After(t.db.watchers.tell)
	return t.relate(e)
}

// relatedAtOnce is how many documents one statement takes: few texts of it
// arise, and an event is seldom about more.
const relatedAtOnce = 12

// relate notes what else an event is about.
func (t *Tx) relate(e *Event) error {
	for ids := range slices.Chunk(e.Related, relatedAtOnce) {
		args := []any{e.ID}
		var rows []string
		for _, id := range ids {
			if id != e.Document {
				args = append(args, id)
				rows = append(rows, fmt.Sprintf("($%d, cast($1 as bigint))", len(args)))
			}
		}
		if rows == nil {
			continue
		}
		text := "insert into event_related (document, event) values " + strings.Join(rows, ", ") + " on conflict do nothing"
		if _, err := t.Exec(text, args...); err != nil {
			return fmt.Errorf("recording what an audit event is about: %w", err)
		}
	}
	return nil
}

// EventQuery selects events, newest first. Empty members do not restrict.
type EventQuery struct {
	Spaces     []string // "" is the system
	Categories []string
	Users      []string
	Regarding  []string   // every one of these documents
	Any        []string   // at least one of these documents
	Groups     [][]string // of each list that is not empty, at least one
	Kinds      []string   // id prefixes of the document, such as "Projects"
	From, To   time.Time
	FromID     int64
	ToID       int64
	Skip, Take int
}

func (q *EventQuery) build() (string, []any) {
	var conds []string
	var args []any
	arg := func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	}
	in := func(column string, values []string) {
		if len(values) == 0 {
			return
		}
		var marks []string
		for _, v := range values {
			marks = append(marks, arg(v))
		}
		conds = append(conds, column+" in ("+strings.Join(marks, ", ")+")")
	}
	space := "space"
	if len(q.Regarding)+len(q.Any)+len(q.Groups) > 0 {
		space = "coalesce(space, '')" // what the events are about finds fewer than the index of spaces
	}
	in(space, q.Spaces)
	in("category", q.Categories)
	in("user_id", q.Users)
	about := func(id string) string {
		a := arg(id)
		return "id in (select id from event where document = " + a + " union select event from event_related where document = " + a + ")"
	}
	for _, id := range q.Regarding {
		conds = append(conds, about(id))
	}
	oneOf := func(values []string, cond func(string) string) {
		var some []string
		for _, v := range values {
			some = append(some, cond(v))
		}
		if len(some) > 0 {
			conds = append(conds, "("+strings.Join(some, " or ")+")")
		}
	}
	oneOf(q.Any, about)
	for _, ids := range q.Groups {
		oneOf(ids, about)
	}
	oneOf(q.Kinds, func(k string) string { return "document like " + arg(k+"-%") })
	conds = append(conds, q.between(arg)...)
	if len(conds) == 0 {
		return "", nil
	}
	return " where " + strings.Join(conds, " and "), args
}

// between is the first and last moment and id, as far as they are asked for.
func (q *EventQuery) between(arg func(any) string) (conds []string) {
	if !q.From.IsZero() {
		conds = append(conds, "occurred >= "+arg(q.From.UnixMilli()))
	}
	if !q.To.IsZero() {
		conds = append(conds, "occurred <= "+arg(q.To.UnixMilli()))
	}
	if q.FromID > 0 {
		conds = append(conds, "id >= "+arg(q.FromID))
	}
	if q.ToID > 0 {
		conds = append(conds, "id <= "+arg(q.ToID))
	}
	return conds
}

// Events reads a page of the audit trail and counts what the query selects.
func (t *Tx) Events(q EventQuery) (events []*Event, total int, err error) {
	if total, err = t.countEvents(&q); err != nil {
		return nil, 0, err
	}
	where, args := q.build()
	take := q.Take
	if take <= 0 {
		take = 30
	}
	args = append(args, take, q.Skip)
	events, err = t.readEvents(fmt.Sprintf("%s order by id desc limit $%d offset $%d", where, len(args)-1, len(args)), args...)
	if err != nil {
		return nil, 0, err
	}
	return events, total, nil
}

// countEvents says how many events a query selects, Skip and Take aside.
func (t *Tx) countEvents(q *EventQuery) (total int, err error) {
	if is, ok := q.tallied(); ok {
		return t.Tally(is)
	}
	where, args := q.build()
	if _, err := t.QueryRow([]any{&total}, "select count(*) from event"+where, args...); err != nil {
		return 0, fmt.Errorf("counting events: %w", err)
	}
	return total, nil
}
