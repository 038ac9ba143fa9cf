package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// writer is the one connection through which SQLite is written.
//
// Making a transaction durable costs more than most transactions do. So units
// that wait for each other share one: whoever is done while others wait leaves
// the transaction open for the next and returns when the last has committed it.
// A savepoint for each lets one fail alone.
type writer struct {
	waiting atomic.Int32 // units that are about to take the gate
	gate    sync.Mutex   // whoever holds it may use what follows

	session
	memory *memory
	guard  func(context.Context) error // says why nothing may be committed; nil when it always may
	open   *batch                      // left by the unit before; nil when there is none
	wrote  bool                        // in the transaction that is open
	tables uint8                       // which of the watched ones it may have changed
}

// batch is one transaction of several units.
type batch struct {
	units  int
	began  time.Time
	shared bool          // its units have savepoints
	done   chan struct{} // closed when it ended, with err
	err    error
}

// Bounds of a batch, so that the first does not wait long for the last.
const (
	batchUnits = 64
	batchLasts = 10 * time.Millisecond
)

// run has f done in a transaction, which is committed when it returns nil.
func (w *writer) run(ctx context.Context, db *DB, f func(*Tx) error) error {
	w.waiting.Add(1)
	w.gate.Lock()
	w.waiting.Add(-1)
	b, err := w.begin(ctx)
	if err != nil {
		w.gate.Unlock()
		return err
	}
	t := &Tx{db: db, ctx: ctx, writer: w}
	settled := false
	defer func() {
		if !settled { // f panicked
			w.leave(ctx, b, w.undo(ctx, b))
		}
	}()
	if failed := f(t); failed != nil {
		settled = true
		w.leave(ctx, b, w.undo(ctx, b))
		return failed
	}
	settled = true
	if b.shared {
		_, err = w.exec(ctx, "release unit")
	}
	w.leave(ctx, b, err)
	<-b.done
	if b.err != nil {
		return fmt.Errorf("committing: %w", b.err)
	}
	for _, after := range t.after {
		after()
	}
	return nil
}

// begin joins the transaction that was left open, or begins one.
func (w *writer) begin(ctx context.Context) (*batch, error) {
	b := w.open
	if b == nil {
		if _, err := w.exec(ctx, "begin immediate"); err != nil {
			return nil, fmt.Errorf("beginning a transaction: %w", err)
		}
		b = &batch{began: time.Now(), shared: w.waiting.Load() > 0, done: make(chan struct{})}
	}
	b.units++
	if !b.shared {
		return b, nil
	}
	if _, err := w.exec(ctx, "savepoint unit"); err != nil {
		w.end(ctx, b, err)
		return nil, fmt.Errorf("beginning a transaction: %w", err)
	}
	return b, nil
}

// undo takes back what the present unit did. An error means that the whole
// transaction is lost, which SQLite decides when a disk is full or broken.
func (w *writer) undo(ctx context.Context, b *batch) error {
	if !b.shared {
		return errUndone
	}
	w.memory.undo()
	_, err := w.exec(ctx, "rollback to unit")
	if err == nil {
		_, err = w.exec(ctx, "release unit")
	}
	return err
}

// errUndone ends a transaction of one unit that is to leave no trace.
var errUndone = errors.New("the transaction was rolled back")

// leave passes the transaction on to the next unit, or ends it, and opens the
// gate.
func (w *writer) leave(ctx context.Context, b *batch, err error) {
	if err == nil && b.shared && w.waiting.Load() > 0 && b.units < batchUnits && time.Since(b.began) < batchLasts {
		w.open = b
	} else {
		w.end(ctx, b, err)
	}
	w.gate.Unlock()
}

// end commits a transaction, or rolls it back because of err.
func (w *writer) end(ctx context.Context, b *batch, err error) {
	w.open = nil
	if err == nil && w.guard != nil {
		err = w.guard(ctx)
	}
	if err == nil {
		_, err = w.exec(ctx, "commit")
	}
	if err != nil {
		// Fails where SQLite has rolled back by itself.
		_, _ = w.exec(ctx, "rollback")
	}
	w.memory.settle(err == nil, w.tables)
	if w.wrote {
		w.memory.written.Add(1)
		w.wrote, w.tables = false, 0
	}
	b.err = err
	close(b.done)
}

func (w *writer) close() error {
	w.gate.Lock()
	defer w.gate.Unlock()
	return w.session.close()
}

// Guard has f asked before each commit from now on; its error undoes what was
// written. It is for a database file, which other servers cannot see.
func (db *DB) Guard(f func(context.Context) error) {
	db.writer.gate.Lock()
	defer db.writer.gate.Unlock()
	db.writer.guard = f
}
