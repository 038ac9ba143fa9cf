package store

import (
	"context"
	"database/sql"
	"math"
	"sync"
	"time"
)

// session is one connection to SQLite with its prepared statements.
type session struct {
	conn *sql.Conn
	prepared
	used time.Time // when it was last given back
}

func (s *session) exec(ctx context.Context, text string, args ...any) (sql.Result, error) {
	st, err := s.statement(ctx, text)
	if err != nil {
		return nil, err
	}
	r, err := st.ExecContext(ctx, args...)
	return r, trouble(err)
}

// statement finds a prepared statement of the connection.
func (s *session) statement(ctx context.Context, text string) (*sql.Stmt, error) {
	if st := s.find(text); st != nil {
		return st, nil
	}
	st, err := s.conn.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	s.add(text, st)
	return st, nil
}

func (s *session) close() error {
	s.drop(math.MaxInt64)
	if s.conn == nil {
		return nil
	}
	return s.conn.Close()
}

// readers lends connections to units that read.
//
// SQLite forgets what it has read of its file as soon as somebody has written
// and a statement begins anew. So the statements of a unit share a transaction,
// and with it a connection. Who finds none free takes one from the pool for
// each statement: nobody ever waits for another unit, which may be the one that
// it is part of.
type readers struct {
	pool *sql.DB

	mu     sync.Mutex
	free   []*session // the one used last at the end
	lent   int
	closed bool
	tidy   *time.Timer // runs while any is free
}

const (
	// mostReaders is how many connections are lent at a time.
	mostReaders = 4
	// readerIdle is after how long without use they are closed.
	readerIdle = 30 * time.Second
)

// take lends a connection; nil if there is none.
func (r *readers) take(ctx context.Context) *session {
	r.mu.Lock()
	if n := len(r.free); n > 0 {
		s := r.free[n-1]
		r.free = r.free[:n-1]
		r.lent++
		r.mu.Unlock()
		return s
	}
	if r.lent >= mostReaders || r.closed {
		r.mu.Unlock()
		return nil
	}
	r.lent++
	r.mu.Unlock()
	conn, err := r.pool.Conn(ctx)
	if err != nil {
		r.mu.Lock()
		r.lent--
		r.mu.Unlock()
		return nil
	}
	return &session{conn: conn}
}

// give takes a connection back; one that is spoilt is closed.
func (r *readers) give(s *session, spoilt bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lent--
	if spoilt || r.closed {
		_ = s.close() // it only read
		return
	}
	s.used = time.Now()
	r.free = append(r.free, s)
	if r.tidy == nil {
		r.tidy = time.AfterFunc(readerIdle, func() { r.shrink(readerIdle) })
	}
}

// shrink closes the connections that nobody has wanted for so long. Since the
// one used last is lent first, those that are not needed come to rest.
func (r *readers) shrink(idle time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.free) > 0 && time.Since(r.free[0].used) >= idle {
		_ = r.free[0].close()
		r.free = r.free[1:]
	}
	switch {
	case r.tidy == nil:
	case len(r.free) == 0:
		r.tidy.Stop()
		r.tidy = nil
	default:
		r.tidy.Reset(readerIdle)
	}
}

func (r *readers) close() error {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.shrink(0)
	return nil
}

// reading is what a unit reads through.
type reading struct {
	reader *session
	reads  int
	pooled bool // it has no connection of its own
	begun  bool // its statements share a transaction
}

// read finds the statement of a unit that reads. The first is a transaction by
// itself; most units need no more.
func (t *Tx) read(text string) (statement, error) {
	if t.reader == nil && !t.pooled {
		t.reader = t.db.readers.take(t.ctx)
		t.pooled = t.reader == nil
	}
	if t.pooled {
		return t.db.statements.get(t.ctx, t.db.read, text)
	}
	if t.reads++; t.reads == 2 {
		if _, err := t.reader.exec(context.WithoutCancel(t.ctx), "begin"); err != nil {
			return nil, err
		}
		t.begun = true
	}
	return t.reader.statement(t.ctx, text)
}

// giveBack ends the unit's transaction and gives its connection back. A unit
// that is used after that reads from the pool.
func (t *Tx) giveBack() {
	s, begun := t.reader, t.begun
	t.reading = reading{pooled: true}
	if s == nil {
		return
	}
	var err error
	if begun {
		_, err = s.exec(context.WithoutCancel(t.ctx), "commit")
	}
	t.db.readers.give(s, err != nil)
}
