package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Row is one row of a table by the names of its columns: texts, numbers
// (int64), bytes, or nil.
type Row struct {
	Table   string
	Columns []string
	Values  []any
}

// ownTable tells those of the engine, of what keeps its schema, and of what the
// database itself makes of the other tables.
func ownTable(name string) bool {
	return name == "goose_db_version" || name == tallies || strings.HasPrefix(name, "sqlite_") || strings.HasPrefix(name, "_litestream")
}

// Tables lists the tables that hold what the server knows.
func (db *DB) Tables(ctx context.Context) ([]string, error) {
	query := "select name from sqlite_master where type = 'table'"
	if db.Engine == PostgreSQL {
		query = "select table_name from information_schema.tables where table_schema = current_schema() and table_type = 'BASE TABLE'"
	}
	rows, err := db.read.QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("listing tables: %w", trouble(err))
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, fmt.Errorf("listing tables: %w", err)
		}
		if !ownTable(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, rows.Err()
}

// Dump gives every row of every table as of one moment, however long it takes
// and whatever is written meanwhile. What it gives Load takes, on either
// engine. The values are only good until f returns.
func (db *DB) Dump(ctx context.Context, f func(Row) error) error {
	tables, err := db.Tables(ctx)
	if err != nil {
		return err
	}
	// A transaction that reads sees one state: SQLite's by its journal,
	// PostgreSQL's when asked for.
	options := &sql.TxOptions{ReadOnly: db.Engine == PostgreSQL}
	if db.Engine == PostgreSQL {
		options.Isolation = sql.LevelRepeatableRead
	}
	tx, err := db.read.BeginTx(ctx, options)
	if err != nil {
		return fmt.Errorf("beginning to read everything: %w", trouble(err))
	}
	defer tx.Rollback()
	if db.Engine == PostgreSQL {
		// Who is given the rows may be slow, and they lock nothing.
		if _, err := tx.ExecContext(ctx, "set local idle_in_transaction_session_timeout = 0"); err != nil {
			return fmt.Errorf("beginning to read everything: %w", trouble(err))
		}
	}
	for _, table := range tables {
		if err := dumpTable(ctx, tx, table, f); err != nil {
			return fmt.Errorf("reading the table %s: %w", table, err)
		}
	}
	return nil
}

func dumpTable(ctx context.Context, tx *sql.Tx, table string, f func(Row) error) error {
	rows, err := tx.QueryContext(ctx, "select * from "+quoted(table))
	if err != nil {
		return trouble(err)
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return err
	}
	row := Row{Table: table}
	var into []any
	for _, c := range types {
		row.Columns = append(row.Columns, c.Name())
		into = append(into, new(any))
	}
	row.Values = make([]any, len(into))
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		for i, v := range into {
			row.Values[i] = plainValue(*v.(*any), types[i].DatabaseTypeName())
		}
		if err := f(row); err != nil {
			return err
		}
	}
	return trouble(rows.Err())
}

// plainValue makes what the drivers give alike: PostgreSQL's gives some texts
// as bytes, SQLite's may give a text where bytes are meant.
func plainValue(v any, column string) any {
	bytes := strings.EqualFold(column, "bytea") || strings.EqualFold(column, "blob")
	switch v := v.(type) {
	case []byte:
		if !bytes {
			return string(v)
		}
	case string:
		if bytes {
			return []byte(v)
		}
	}
	return v
}

// Load fills a database that is empty with rows of Dump, all or none of them,
// and brings it from the version of its schema at that time to the newest.
// next gives one row after the other, and no row at the end.
func Load(ctx context.Context, dir, databaseURL string, version int64, next func() (Row, error)) error {
	db, err := openAt(ctx, dir, databaseURL, version)
	if err != nil {
		return err
	}
	if err := errors.Join(db.load(ctx, next), db.Close()); err != nil {
		return err
	}
	if db, err = Open(ctx, dir, databaseURL); err != nil {
		return err
	}
	return db.Close()
}

func (db *DB) load(ctx context.Context, next func() (Row, error)) error {
	tables, err := db.Tables(ctx)
	if err != nil {
		return err
	}
	return db.Do(ctx, func(tx *Tx) error {
		// A migration leaves a row here and there, which the dump has too.
		for _, t := range tables {
			if _, err := tx.Exec("delete from " + quoted(t)); err != nil {
				return fmt.Errorf("emptying the table %s: %w", t, err)
			}
		}
		for {
			row, err := next()
			if err != nil {
				return err
			}
			if row.Table == "" {
				return tx.continueNumbers()
			}
			if !slices.Contains(tables, row.Table) {
				return fmt.Errorf("there is no table %s to fill", row.Table)
			}
			if err := tx.fill(row); err != nil {
				return fmt.Errorf("filling the table %s: %w", row.Table, err)
			}
		}
	})
}

// fill writes one row. The number of a transaction of another database means
// nothing here; this one's takes its place.
func (t *Tx) fill(row Row) error {
	var names, places []string
	var values []any
	for i, c := range row.Columns {
		if c == "xid" {
			continue
		}
		names, values = append(names, quoted(c)), append(values, row.Values[i])
		places = append(places, fmt.Sprintf("$%d", len(values)))
	}
	_, err := t.Exec("insert into "+quoted(row.Table)+" ("+strings.Join(names, ", ")+") values ("+strings.Join(places, ", ")+")", values...)
	return err
}

// continueNumbers has PostgreSQL count rows on from the highest number loaded;
// SQLite does by itself.
func (t *Tx) continueNumbers() error {
	if t.Engine() != PostgreSQL {
		return nil
	}
	for _, table := range []string{"event", "task_change"} {
		if _, err := t.Exec("select setval(pg_get_serial_sequence('" + table + "', 'id'), (select coalesce(max(id), 0) + 1 from " + table + "), false)"); err != nil {
			return fmt.Errorf("counting on in the table %s: %w", table, err)
		}
	}
	return nil
}

func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// Vacant reports whether a PostgreSQL database has no server's data yet.
func Vacant(ctx context.Context, databaseURL string) (bool, error) {
	db, err := openAt(ctx, "", databaseURL, asItIs)
	if err != nil {
		return false, err
	}
	defer db.Close()
	tables, err := db.Tables(ctx)
	if err != nil || !slices.Contains(tables, "setting") {
		return err == nil, err
	}
	used := false
	err = db.View(ctx, func(tx *Tx) error {
		used, err = tx.QueryRow([]any{new(string)}, "select name from setting limit 1")
		return err
	})
	return !used, err
}
