package store

import (
	"context"
	"fmt"
	"time"
)

// Integrity has the engine look for damage in the database file, and gives
// what it complains of. PostgreSQL keeps sums of its own pages and has no such
// command.
func (db *DB) Integrity(ctx context.Context) (complaints []string, err error) {
	if db.Engine != SQLite {
		return nil, db.Ping(ctx)
	}
	rows, err := db.read.QueryContext(ctx, "pragma integrity_check(20)")
	if err != nil {
		return nil, fmt.Errorf("checking the database: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return nil, fmt.Errorf("checking the database: %w", err)
		}
		if line != "ok" {
			complaints = append(complaints, line)
		}
	}
	return complaints, rows.Err()
}

// Ahead is by how much what was stored last, or the clock of the database, is
// ahead of this machine's clock.
func (db *DB) Ahead(ctx context.Context) (time.Duration, error) {
	var last int64
	query := "select coalesce(max(occurred), 0) from event where id = (select max(id) from event)"
	if db.Engine == PostgreSQL {
		query = "select cast(extract(epoch from clock_timestamp()) * 1000 as bigint)"
	}
	if err := db.read.QueryRowContext(ctx, query).Scan(&last); err != nil {
		return 0, fmt.Errorf("reading the newest time: %w", trouble(err))
	}
	return time.UnixMilli(last).Sub(time.Now()), nil
}

// LeaveJournal leaves it to another to move SQLite's journal into the file: to
// what copies the journal, and must see each page before that.
func (db *DB) LeaveJournal(ctx context.Context) error {
	db.writer.gate.Lock()
	defer db.writer.gate.Unlock()
	if _, err := db.writer.conn.ExecContext(ctx, "pragma wal_autocheckpoint = 0"); err != nil {
		return fmt.Errorf("leaving the journal alone: %w", err)
	}
	return nil
}
