package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/takodeploy/tako/internal/secret"
)

// Tx is one unit of reading or writing. It is not safe for concurrent use.
type Tx struct {
	db    *DB
	ctx   context.Context
	after []func()

	// What a unit writes through; both are nil in one that only reads.
	tx     *sql.Tx // PostgreSQL
	writer *writer // SQLite

	reading       // what a unit that only reads, reads through, on SQLite
	began   int64 // such a unit: the last commit before it
}

// Context is the context the unit runs in, with the actor it acts for.
func (t *Tx) Context() context.Context { return t.ctx }

// For runs f for the actor of a context, where one unit does the writes of
// several. The unit outlives that context.
func (t *Tx) For(ctx context.Context, f func(*Tx) error) error {
	whole := t.ctx
	defer func() { t.ctx = whole }()
	t.ctx = context.WithoutCancel(ctx)
	return f(t)
}

// Within is a context in which View reads through this unit, and so sees what it
// has written. Do refuses there: a unit that waits for another inside itself
// would wait for ever.
func (t *Tx) Within() context.Context { return context.WithValue(t.ctx, unitKey{}, t) }

type unitKey struct{}

var errWithin = errors.New("a unit cannot write in the middle of another one")

// within is the unit of this database that a context belongs to; nil if none.
func (db *DB) within(ctx context.Context) *Tx {
	if t, ok := ctx.Value(unitKey{}).(*Tx); ok && t.db == db {
		return t
	}
	return nil
}

// Key seals and opens sensitive members.
func (t *Tx) Key() *secret.Key { return t.db.Key }

// Engine is the engine underneath, for the rare statement that must differ.
func (t *Tx) Engine() Engine { return t.db.Engine }

// Writable reports whether the unit may write.
func (t *Tx) Writable() bool { return t.tx != nil || t.writer != nil }

// After has f called once the transaction is committed; never when it is not.
func (t *Tx) After(f func()) { t.after = append(t.after, f) }

// statement is what runs one text again and again.
type statement interface {
	ExecContext(ctx context.Context, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, args ...any) (*sql.Rows, error)
}

// statement finds the prepared statement. The driver of PostgreSQL prepares on
// the connection that runs the text and remembers it there; taking a second
// connection for that would have units that hold one each wait for each other.
func (t *Tx) statement(text string) (statement, error) {
	switch {
	case t.tx != nil:
		return driverPrepared{t.tx, text}, nil
	case t.writer != nil:
		if !strings.HasPrefix(text, "select ") {
			t.writer.wrote = true
			t.writer.tables |= watchedIn(text)
		}
		return t.writer.statement(t.ctx, text)
	case t.db.Engine == PostgreSQL:
		return driverPrepared{t.db.read, text}, nil
	}
	return t.read(text)
}

// driverPrepared is a text that the driver keeps prepared.
type driverPrepared struct {
	on interface {
		ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error)
		QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error)
	}
	text string
}

func (p driverPrepared) ExecContext(ctx context.Context, args ...any) (sql.Result, error) {
	return p.on.ExecContext(ctx, p.text, args...)
}

func (p driverPrepared) QueryContext(ctx context.Context, args ...any) (*sql.Rows, error) {
	return p.on.QueryContext(ctx, p.text, args...)
}

// define runs a statement that changes the schema, which is worth no keeping.
func (t *Tx) define(text string) error {
	if t.writer != nil {
		_, err := t.writer.conn.ExecContext(t.ctx, text)
		return err
	}
	_, err := t.tx.ExecContext(t.ctx, text)
	return err
}

// Exec runs a statement and gives the number of rows it changed.
func (t *Tx) Exec(text string, args ...any) (int64, error) {
	t.beware(text)
	return t.exec(text, args...)
}

// exec is Exec for what is told to the memory by itself.
func (t *Tx) exec(text string, args ...any) (int64, error) {
	r, err := t.carryOut(text, args)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

func (t *Tx) carryOut(text string, args []any) (sql.Result, error) {
	if !t.Writable() {
		return nil, fmt.Errorf("writing through a read-only unit: %s", text)
	}
	st, err := t.statement(text)
	if err != nil {
		return nil, fmt.Errorf("preparing %q: %w", text, err)
	}
	r, err := st.ExecContext(t.ctx, args...)
	return r, trouble(err)
}

// insertNumbered adds one row to a table whose key the database numbers, and gives the
// number. SQLite tells it without a returning clause, which would cost as much
// again as the row.
func (t *Tx) insertNumbered(text string, args ...any) (id int64, err error) {
	t.beware(text)
	if t.db.Engine == PostgreSQL {
		_, err = t.QueryRow([]any{&id}, text+" returning id", args...)
		return id, err
	}
	r, err := t.carryOut(text, args)
	if err != nil {
		return 0, err
	}
	return r.LastInsertId()
}

// Query runs a query and calls scan for each row; scan is given the row's Scan.
func (t *Tx) Query(scan func(scan func(dest ...any) error) error, text string, args ...any) error {
	t.beware(text)
	st, err := t.statement(text)
	if err != nil {
		return fmt.Errorf("preparing %q: %w", text, err)
	}
	rows, err := st.QueryContext(t.ctx, args...)
	if err != nil {
		return trouble(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows.Scan); err != nil {
			return err
		}
	}
	return trouble(rows.Err())
}

// QueryRow reads the first row into dest; found is false when there is none.
func (t *Tx) QueryRow(dest []any, text string, args ...any) (found bool, err error) {
	err = t.Query(func(scan func(...any) error) error {
		if found {
			return nil
		}
		found = true
		return scan(dest...)
	}, text, args...)
	return found, err
}

// Next gives the next number of a named sequence, beginning with 1. Numbers of
// a transaction that fails are not used again by a later one on PostgreSQL
// only if that transaction committed; callers rely on uniqueness, not on
// density.
func (t *Tx) Next(sequence string) (int64, error) {
	var n int64
	_, err := t.QueryRow([]any{&n}, `insert into sequence (name, value) values ($1, 1)
		on conflict (name) do update set value = sequence.value + 1 returning value`, sequence)
	if err != nil {
		return 0, fmt.Errorf("taking a number of %s: %w", sequence, err)
	}
	return n, nil
}
