// Package storetest gives tests a database of their own on each engine.
package storetest

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"testing"

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
func SQLite(t testing.TB) *store.DB { return open(t, t.TempDir(), "") }

// Postgres creates a database for the test and drops it afterwards.
func Postgres(t testing.TB) *store.DB { return open(t, "", PostgresURL(t)) }

// PostgresURL creates a database for the test and gives its URL.
func PostgresURL(t testing.TB) string {
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
	if _, err := admin.Exec("create database " + name); err != nil {
		t.Fatalf("creating a database for the test: %v", err)
	}
	t.Cleanup(func() {
		if _, err := admin.Exec("drop database " + name + " with (force)"); err != nil {
			t.Errorf("dropping the database of the test: %v", err)
		}
		admin.Close()
	})
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name[1:len(name)-1]
	return u.String()
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
