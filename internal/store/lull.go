package store

import (
	"os"
	"sync"
	"time"
)

// A Lull spares somebody who looks at the database again and again the looks
// that would find what the last one found: nothing has been written since, and
// what was found has not come due. A server at rest then touches next to
// nothing of its memory. On PostgreSQL, where other nodes write, there is none.
type Lull struct {
	mu    sync.Mutex
	on    bool
	since Moment
	until time.Time
}

// Moment is a state of the database, as it was before a look.
type Moment struct {
	sure  bool // that what is written later makes another moment
	at    time.Time
	units int64     // that have written in this process
	size  int64     // of what SQLite has written beside the file, by any process
	write time.Time // when it was written to
}

const (
	// lullMost is after how long it is looked all the same.
	lullMost = 10 * time.Minute
	// settled is how long ago the last write must have been. Before that a later
	// one may bear the same time, or not be seen by those who read yet.
	settled = 2 * time.Second
)

// Lasts says whether there is nothing to look for at a time. If there may be,
// the moment is what Begin is told when the look has found nothing.
func (l *Lull) Lasts(db *DB, now time.Time) (Moment, bool) {
	is := db.moment(now)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.on && is.sure && is.units == l.since.units && is.size == l.since.size && is.write.Equal(l.since.write) &&
		now.Before(l.until) && !now.Before(l.since.at) {
		return is, true
	}
	l.on = false
	return is, false
}

// Begin says that a look has found nothing that is due before until; if that is
// zero, nothing comes due by itself.
func (l *Lull) Begin(looked Moment, until time.Time) {
	latest := looked.at.Add(lullMost)
	if until.IsZero() || until.After(latest) {
		until = latest
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.on, l.since, l.until = looked.sure, looked, until
}

// Until is when it is looked again at the latest.
func (l *Lull) Until() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.until
}

// moment is the present one. Everything that SQLite commits it writes to a file
// beside the database first.
func (db *DB) moment(now time.Time) Moment {
	m := Moment{at: now}
	if db.memory == nil {
		return m
	}
	m.units = db.memory.written.Load()
	f, err := os.Stat(db.URL + "-wal")
	if err != nil {
		return m
	}
	m.size, m.write = f.Size(), f.ModTime()
	m.sure = time.Since(m.write) >= settled
	return m
}
