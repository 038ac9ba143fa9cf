package login

import (
	"database/sql"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/takodeploy/tako/internal/secret"
	"github.com/takodeploy/tako/internal/store"
)

// openStore opens an empty store: a file, or a new database of the PostgreSQL
// server that the environment variable TAKO_TEST_POSTGRES is the URL of.
func openStore(t *testing.T) *store.DB {
	t.Helper()
	at := os.Getenv("TAKO_TEST_POSTGRES")
	if at != "" {
		at = newDatabase(t, at)
	}
	db, err := store.Open(t.Context(), t.TempDir(), at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// newDatabase makes a database that goes with the test.
func newDatabase(t *testing.T, at string) string {
	t.Helper()
	server, err := sql.Open("pgx", at)
	if err != nil {
		t.Fatal(err)
	}
	name := "tako_test_" + strings.ToLower(secret.NewToken().Reveal()[:20])
	if _, err := server.Exec("create database " + name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := server.Exec("drop database " + name + " with (force)"); err != nil {
			t.Error(err)
		}
		_ = server.Close()
	})
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = name
	return u.String()
}
