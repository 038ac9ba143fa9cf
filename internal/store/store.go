// Package store keeps what the server knows: documents, references, audit
// events and sequences, on SQLite or PostgreSQL with the same behaviour.
//
// There is one way to write, Do, and one to read, View. SQL given to a Tx is
// portable: `$1` placeholders, `data ->> 'Member'` for document members.
// Statements are prepared once and kept. A package that owns tables of its own
// adds a file to migration/; see Migrations for the few words that differ
// between the engines.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib" // registers the "pgx" driver too
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/secret"
	_ "modernc.org/sqlite" // registers the "sqlite" driver
)

// Engine names a database engine.
type Engine string

// The two engines.
const (
	SQLite     Engine = "sqlite"
	PostgreSQL Engine = "postgresql"
)

// DB is an open database. It is safe for concurrent use.
type DB struct {
	Engine Engine
	URL    string      // the PostgreSQL URL, or the path of the SQLite file
	Key    *secret.Key // seals sensitive members; set before the first write

	write, read *sql.DB
	writer      *writer // of SQLite
	readers     readers // of SQLite
	memory      *memory // of SQLite
	statements  statements
	watchers    watchers
}

// Open opens (creating when absent) the database and brings its schema up to
// date. databaseURL is a PostgreSQL URL; empty means the SQLite file tako.db in
// dir.
func Open(ctx context.Context, dir, databaseURL string) (*DB, error) {
	return openAt(ctx, dir, databaseURL, newest)
}

// openAt opens a database and brings its schema to a version.
func openAt(ctx context.Context, dir, databaseURL string, version int64) (*DB, error) {
	db, err := open(dir, databaseURL)
	if err != nil {
		return nil, err
	}
	if err := db.waitReady(ctx); err != nil {
		db.Close()
		return nil, err
	}
	if err := db.Alone(ctx, func() error { return db.migrate(ctx, version) }); err != nil {
		db.Close()
		return nil, err
	}
	if db.Engine == SQLite {
		conn, err := db.write.Conn(ctx)
		if err != nil {
			db.Close()
			return nil, fmt.Errorf("taking the connection to write through: %w", err)
		}
		db.memory = newMemory()
		db.writer = &writer{session: session{conn: conn}, memory: db.memory}
	}
	return db, nil
}

func open(dir, databaseURL string) (*DB, error) {
	if databaseURL == "" {
		return openSQLite(filepath.Join(dir, "tako.db"))
	}
	u, err := url.Parse(databaseURL)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		return nil, fault.New(fault.Invalid, "DB_CONNECTION_STRING must be a PostgreSQL URL such as postgres://user:password@host:5432/tako; leave it out to use SQLite in the data folder")
	}
	// Who reads in the middle of writing must not have to wait for those who
	// write, so each has a pool.
	db := &DB{Engine: PostgreSQL, URL: databaseURL}
	settings, err := pgx.ParseConfig(databaseURL)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "DB_CONNECTION_STRING cannot be used")
	}
	for _, pool := range []**sql.DB{&db.write, &db.read} {
		*pool = stdlib.OpenDB(*settings, stdlib.OptionAfterConnect(endIdle))
		(*pool).SetMaxOpenConns(12)
		(*pool).SetMaxIdleConns(4)
		(*pool).SetConnMaxIdleTime(time.Minute)
	}
	return db, nil
}

// idleInUnit is for how long a unit of writing may ask nothing before the server
// ends it. A node that stands still in the middle of one, or whose machine is
// gone without a word, holds locks that all others wait for; they must be free
// again before its leases run out.
const idleInUnit = 5 * time.Second

func endIdle(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, fmt.Sprintf("set idle_in_transaction_session_timeout = %d", idleInUnit.Milliseconds()))
	return err
}

func openSQLite(path string) (*DB, error) {
	if err := MakeFolder(filepath.Dir(path)); err != nil {
		return nil, err
	}
	// The database is nobody else's to read, whatever folder it lies in; its
	// journal takes the same mode.
	if f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600); err == nil {
		f.Close()
	}
	dsn := func(extra string) string {
		return "file:" + (&url.URL{Path: path}).EscapedPath() +
			"?_pragma=busy_timeout(10000)&_pragma=journal_mode(wal)&_pragma=foreign_keys(on)" + extra
	}
	// One writer connection: SQLite has one writer anyway, and waiting in Go's
	// queue is cheaper and fairer than its busy handler. What its savepoints
	// could undo is kept in memory: a file of it is written and never read.
	write, err := sql.Open("sqlite", dsn("&_pragma=synchronous(full)&_pragma=cache_size(-2000)&_pragma=temp_store(memory)"))
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", path, err)
	}
	write.SetMaxOpenConns(1)
	read, err := sql.Open("sqlite", dsn("&_pragma=query_only(on)&_pragma=cache_size(-1000)"))
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", path, err)
	}
	read.SetMaxOpenConns(mostReaders + 2)
	read.SetMaxIdleConns(2)
	read.SetConnMaxIdleTime(30 * time.Second)
	return &DB{Engine: SQLite, URL: path, write: write, read: read, readers: readers{pool: read}}, nil
}

// waitReady gives a database server that is still starting up to 30 seconds.
func (db *DB) waitReady(ctx context.Context) error {
	deadline := time.Now().Add(30 * time.Second)
	for {
		err := db.write.PingContext(ctx)
		if err == nil {
			return nil
		}
		if db.Engine == SQLite && fault.Is(trouble(err), fault.Unavailable) {
			return fault.Wrap(fault.Unavailable, err, "The database file %s cannot be opened, because the disk that it is on is full. Make room on it and start the server again", db.URL)
		}
		if db.Engine == SQLite {
			return fault.New(fault.Unavailable, "The database file %s cannot be used: %v. If it is damaged, see what is wrong with 'tako admin check', and bring a backup back into an empty folder with 'tako admin restore'.", db.URL, err)
		}
		if time.Now().After(deadline) || ctx.Err() != nil {
			return fault.Wrap(fault.Unavailable, err, "the database cannot be reached")
		}
		slog.Warn("waiting for the database", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// Close closes all connections.
func (db *DB) Close() error {
	if db.memory != nil {
		db.memory.close()
	}
	db.statements.close()
	err := db.readers.close()
	if db.writer != nil {
		err = errors.Join(err, db.writer.close())
	}
	err = errors.Join(err, db.write.Close())
	return errors.Join(err, db.read.Close())
}

// Do runs f in one write transaction; on SQLite those that wait for each other
// share one, in which each fails alone. f may run more than once, when the
// database asks for a retry, so it must have no other effects; what must follow
// the commit goes through Tx.After.
func (db *DB) Do(ctx context.Context, f func(*Tx) error) error {
	if db.within(ctx) != nil {
		return errWithin
	}
	for attempt := 0; ; attempt++ {
		err := db.once(ctx, f)
		if err == nil || attempt == 9 || !retryable(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(rand.Int64N(int64(5*time.Millisecond) << attempt))):
		}
	}
}

func (db *DB) once(ctx context.Context, f func(*Tx) error) error {
	// The transaction must not be torn down half way because a client hung up:
	// a request that got as far as writing is finished.
	ctx = context.WithoutCancel(ctx)
	if db.writer != nil {
		return db.writer.run(ctx, db, f)
	}
	tx, err := db.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("beginning a transaction: %w", trouble(err))
	}
	t := &Tx{db: db, ctx: ctx, tx: tx}
	done := false
	defer func() {
		if !done {
			tx.Rollback()
		}
	}()
	if err := f(t); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("committing: %w", trouble(err))
	}
	done = true
	for _, after := range t.after {
		after()
	}
	return nil
}

// View runs f with a Tx that can only read. Its first query sees the newest
// committed state; later ones see it too, or what has been committed since.
func (db *DB) View(ctx context.Context, f func(*Tx) error) error {
	if t := db.within(ctx); t != nil {
		return f(t)
	}
	t := &Tx{db: db, ctx: ctx}
	if db.memory != nil {
		t.began = db.memory.commits.Load()
	}
	defer t.giveBack()
	return f(t)
}

// retryable reports serialization failures and deadlocks, which PostgreSQL asks
// to have tried again (SQLSTATE 40001, 40P01).
func retryable(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01")
}

// Duplicate reports whether err is the violation of a unique index.
func Duplicate(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "23505"
	}
	return err != nil && strings.Contains(err.Error(), "UNIQUE constraint failed")
}

// statements keeps the prepared statements of a pool.
type statements struct {
	mu sync.RWMutex
	prepared
}

func (s *statements) get(ctx context.Context, pool *sql.DB, text string) (*sql.Stmt, error) {
	s.mu.RLock()
	st := s.find(text)
	s.mu.RUnlock()
	if st != nil {
		return st, nil
	}
	st, err := pool.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if other := s.find(text); other != nil {
		st.Close()
		return other, nil
	}
	s.add(text, st)
	return st, nil
}

func (s *statements) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(math.MaxInt64)
}

// Ping reports whether the database answers.
func (db *DB) Ping(ctx context.Context) error { return db.read.PingContext(ctx) }
