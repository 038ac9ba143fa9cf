package store

import (
	"encoding/json"
	"fmt"
	"math"
	"sync"
)

// Position is a place in a table that is only appended to and that has the
// columns id and xid. Who has read up to a position and goes on from there
// misses nothing and reads nothing twice, also when units commit in another
// order than that in which they took their ids: rows come in the order of
// their transactions, and those of a transaction only once none before it is
// still under way. SQLite has one writer, so there the ids alone are in order
// and xid is always 0.
type Position struct{ Xid, ID int64 }

// Place is the position itself, of whatever has one.
func (p Position) Place() Position { return p }

// After reports whether p lies behind another position.
func (p Position) After(q Position) bool {
	return p.Xid > q.Xid || p.Xid == q.Xid && p.ID > q.ID
}

// horizon gives the first transaction, on PostgreSQL, that may still append: all
// before it have ended. A snapshot counts the transactions of the whole server,
// and those of other databases on it, which may go on for hours, must hold
// nobody up here. Nor must the server's own tidying. Who is not proved to be
// such is waited for.
const horizon = `(
	select coalesce(min(x), txid_snapshot_xmax(txid_current_snapshot()))
	from txid_snapshot_xip(txid_current_snapshot()) x
	where not exists (
		select from pg_stat_activity a
		where a.backend_xid::text::bigint = x & 4294967295
		and (a.datid <> (select oid from pg_database where datname = current_database())
			or a.backend_type = 'autovacuum worker')))`

// End is the position behind everything that Since gives at present.
func (t *Tx) End(table string) (p Position, err error) {
	if t.db.Engine == PostgreSQL {
		p.ID = math.MaxInt64
		_, err = t.QueryRow([]any{&p.Xid}, "select "+horizon+" - 1")
	} else {
		// The table may have lost its last rows; its sequence has not.
		_, err = t.QueryRow([]any{&p.ID}, "select seq from sqlite_sequence where name = $1", table)
	}
	if err != nil {
		return p, fmt.Errorf("finding the end of %s: %w", table, err)
	}
	return p, nil
}

// Since reads at most limit rows behind a position, in order. Row is given
// each row's Scan, to which it passes destinations for xid, id and columns.
func (t *Tx) Since(table, columns string, p Position, limit int, row func(scan func(dest ...any) error) error) error {
	text := "select xid, id, " + columns + " from " + table
	args := []any{p.ID, limit}
	if t.db.Engine == PostgreSQL {
		text += " where xid > 0 and (xid, id) > ($3, $1) and xid < " + horizon + " order by xid, id limit $2"
		args = append(args, p.Xid)
	} else {
		text += " where id > $1 order by id limit $2"
	}
	if err := t.Query(row, text, args...); err != nil {
		return fmt.Errorf("reading %s: %w", table, err)
	}
	return nil
}

// Happened is an audit event as whoever follows the trail sees it.
type Happened struct {
	Position
	Space, Category, Document string
	Related                   []string
}

// EventsEnd is the position at the end of the audit trail.
func (t *Tx) EventsEnd() (Position, error) { return t.End("event") }

// EventsSince reads at most limit audit events behind a position.
func (t *Tx) EventsSince(p Position, limit int) (list []Happened, err error) {
	err = t.Since("event", "space, category, document, data", p, limit, func(scan func(...any) error) error {
		var h Happened
		var text string
		if err := scan(&h.Xid, &h.ID, &h.Space, &h.Category, &h.Document, &text); err != nil {
			return err
		}
		var d struct{ Related []string }
		if err := json.Unmarshal([]byte(text), &d); err != nil {
			return fmt.Errorf("decoding event %d: %w", h.ID, err)
		}
		h.Related = d.Related
		list = append(list, h)
		return nil
	})
	return list, err
}

// Recorded is an audit event with its place in the trail.
type Recorded struct {
	At Position
	Event
}

// TrailSince reads at most limit audit events behind a position, in whole.
func (t *Tx) TrailSince(p Position, limit int) (list []Recorded, err error) {
	err = t.Since("event", "space, category, document, user_id, username, occurred, data", p, limit, func(scan func(...any) error) error {
		var r Recorded
		var occurred int64
		var text string
		if err := scan(&r.At.Xid, &r.At.ID, &r.Space, &r.Category, &r.Document, &r.Actor.UserID, &r.Actor.Username, &occurred, &text); err != nil {
			return err
		}
		r.ID = r.At.ID
		err := r.decode(occurred, text)
		list = append(list, r)
		return err
	})
	return list, err
}

// watchers are told that the audit trail has grown.
type watchers struct {
	mu  sync.Mutex
	all map[*func()]struct{}
}

// Watch has f called whenever a unit of this process that appended to the
// audit trail has committed. It is a hint, and f must not block. The result
// ends that.
func (db *DB) Watch(f func()) (remove func()) {
	w := &db.watchers
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.all == nil {
		w.all = map[*func()]struct{}{}
	}
	w.all[&f] = struct{}{}
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.all, &f)
	}
}

func (w *watchers) tell() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for f := range w.all {
		(*f)()
	}
}
