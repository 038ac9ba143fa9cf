// Package storetest gives tests a database of their own on each engine.
package storetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/takodeploy/tako/internal/secret"
	"github.com/takodeploy/tako/internal/store"
)

// Variable names the environment variable with the URL of a PostgreSQL server
// on which tests may create databases.
const Variable = "TAKO_TEST_POSTGRES"

// Each runs a test on SQLite, and on PostgreSQL where Variable names a server.
func Each(t *testing.T, f func(t *testing.T, db *store.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { f(t, SQLite(t)) })
	t.Run("postgresql", func(t *testing.T) { f(t, Postgres(t)) })
}

// SQLite opens a new database in a folder of the test.
func SQLite(t testing.TB) *store.DB {
	t.Helper()
	file, err := blank()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "tako.db"), file, 0o600); err != nil {
		t.Fatal(err)
	}
	return open(t, dir, "")
}

// blank is the file of a new database. It is made once: else most of what tests
// do would be to make the same tables.
var blank = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "storetest-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	db, err := store.Open(context.Background(), dir, "")
	if err != nil {
		return nil, err
	}
	if err := db.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(dir, "tako.db"))
})

// Postgres creates a database for the test and drops it afterwards.
func Postgres(t testing.TB) *store.DB { return open(t, "", PostgresURL(t)) }

// PostgresURL creates a database for the test and gives its URL.
func PostgresURL(t testing.TB) string {
	t.Helper()
	return createdURL(t, blankPostgres)
}

// EmptyURL is PostgresURL without any table in the database.
func EmptyURL(t testing.TB) string {
	t.Helper()
	return createdURL(t, func() (string, error) { return "template0", nil })
}

func createdURL(t testing.TB, template func() (string, error)) string {
	t.Helper()
	at := os.Getenv(Variable)
	if at == "" {
		t.Skipf("%s names no PostgreSQL server; make test starts one", Variable)
	}
	admin, err := sql.Open("pgx", at)
	if err != nil {
		t.Fatal(err)
	}
	name := "tako_" + string(secret.NewToken())[:12]
	name = fmt.Sprintf("%q", name)
	model, err := template()
	if err != nil {
		t.Fatalf("making a database to copy for tests: %v", err)
	}
	if _, err := admin.Exec("create database " + name + " template " + model); err != nil {
		t.Fatalf("creating a database for the test: %v", err)
	}
	t.Cleanup(func() {
		if _, err := admin.Exec("drop database " + name + " with (force)"); err != nil {
			t.Errorf("dropping the database of the test: %v", err)
		}
		admin.Close()
	})
	made, err := databaseOf(at, name[1:len(name)-1])
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// AwaitBlocked returns when another transaction waits for what one has locked, on
// PostgreSQL.
func AwaitBlocked(t testing.TB, db *store.DB, holder *store.Tx) {
	t.Helper()
	var pid int64
	if _, err := holder.QueryRow([]any{&pid}, "select pg_backend_pid()"); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		blocked := 0
		err := db.View(t.Context(), func(tx *store.Tx) error {
			_, err := tx.QueryRow([]any{&blocked}, "select count(*) from pg_stat_activity where $1 = any(pg_blocking_pids(pid))", pid)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if blocked > 0 {
			return
		}
		<-time.After(5 * time.Millisecond)
	}
	t.Fatal("no transaction waits for what this one has locked")
}

func databaseOf(server, name string) (string, error) {
	u, err := url.Parse(server)
	if err != nil {
		return "", err
	}
	u.Path = "/" + name
	return u.String(), nil
}

// blankPostgres makes the new database that those of the process's tests are
// copied from, and drops what processes that have ended have left of theirs.
var blankPostgres = sync.OnceValues(func() (string, error) {
	at := os.Getenv(Variable)
	admin, err := sql.Open("pgx", at)
	if err != nil {
		return "", err
	}
	defer admin.Close()
	if err := dropModels(admin); err != nil {
		return "", err
	}
	name := fmt.Sprint(models, os.Getpid())
	if _, err := admin.Exec("create database " + name); err != nil {
		return "", err
	}
	made, err := databaseOf(at, name)
	if err != nil {
		return "", err
	}
	db, err := store.Open(context.Background(), "", made)
	if err != nil {
		return "", err
	}
	return name, db.Close()
})

// models begins the names of databases to copy; the process that made it follows.
const models = "tako_model_"

func dropModels(admin *sql.DB) error {
	rows, err := admin.Query("select datname from pg_database where starts_with(datname, $1)", models)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		pid, err := strconv.Atoi(strings.TrimPrefix(name, models))
		if err != nil || pid != os.Getpid() && !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			continue
		}
		// Another process may do the same: what is left is for the next one.
		_, _ = admin.Exec("drop database if exists " + name + " with (force)")
	}
	return rows.Err()
}

func open(t testing.TB, dir, databaseURL string) *store.DB {
	t.Helper()
	db, err := store.Open(context.Background(), dir, databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	db.Key = secret.NewKey()
	t.Cleanup(func() { db.Close() })
	return db
}
