package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/takodeploy/tako/internal/secret"
)

// Tx is one unit of reading or writing. It is not safe for concurrent use.
type Tx struct {
	db    *DB
	ctx   context.Context
	pool  *sql.DB
	tx    *sql.Tx // nil when reading
	after []func()
}

// Context is the context the unit runs in, with the actor it acts for.
func (t *Tx) Context() context.Context { return t.ctx }

// Key seals and opens sensitive members.
func (t *Tx) Key() *secret.Key { return t.db.Key }

// Engine is the engine underneath, for the rare statement that must differ.
func (t *Tx) Engine() Engine { return t.db.Engine }

// Writable reports whether the unit may write.
func (t *Tx) Writable() bool { return t.tx != nil }

// After has f called once the transaction is committed; never when it is not.
func (t *Tx) After(f func()) { t.after = append(t.after, f) }

// statement finds the prepared statement. A SQLite writer has one connection,
// which the transaction holds: preparing through the pool would wait for ever,
// so a text that is new is prepared on the transaction itself.
func (t *Tx) statement(text string) (*sql.Stmt, func(), error) {
	if t.tx == nil {
		st, err := t.db.statements.get(t.ctx, t.pool, text)
		return st, func() {}, err
	}
	if t.db.Engine == SQLite {
		key := statementKey{t.pool, text}
		t.db.statements.mu.RLock()
		st := t.db.statements.kept[key]
		t.db.statements.mu.RUnlock()
		if st == nil {
			st, err := t.tx.PrepareContext(t.ctx, text)
			if err != nil {
				return nil, nil, err
			}
			t.prepareLater(text)
			return st, func() { st.Close() }, nil
		}
		return t.tx.StmtContext(t.ctx, st), func() {}, nil
	}
	st, err := t.db.statements.get(t.ctx, t.pool, text)
	if err != nil {
		return nil, nil, err
	}
	return t.tx.StmtContext(t.ctx, st), func() {}, nil
}

func (t *Tx) prepareLater(text string) {
	db, pool := t.db, t.pool
	t.After(func() {
		// Best effort: without it the next use prepares again.
		_, _ = db.statements.get(context.Background(), pool, text)
	})
}

// Exec runs a statement and gives the number of rows it changed.
func (t *Tx) Exec(text string, args ...any) (int64, error) {
	if t.tx == nil {
		return 0, fmt.Errorf("writing through a read-only unit: %s", text)
	}
	st, done, err := t.statement(text)
	if err != nil {
		return 0, fmt.Errorf("preparing %q: %w", text, err)
	}
	defer done()
	r, err := st.ExecContext(t.ctx, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// Query runs a query and calls scan for each row; scan is given the row's Scan.
func (t *Tx) Query(scan func(scan func(dest ...any) error) error, text string, args ...any) error {
	st, done, err := t.statement(text)
	if err != nil {
		return fmt.Errorf("preparing %q: %w", text, err)
	}
	defer done()
	rows, err := st.QueryContext(t.ctx, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
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
