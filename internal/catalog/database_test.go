package catalog

import (
	"crypto/rand"
	"database/sql"
	"net/url"
	"os"
	"strings"
	"testing"
)

// NewDatabase makes a database of the PostgreSQL server that the environment
// variable TAKO_TEST_POSTGRES is the URL of; without it, SQLite is used.
func NewDatabase(t *testing.T) string {
	t.Helper()
	at := os.Getenv("TAKO_TEST_POSTGRES")
	if at == "" {
		return ""
	}
	server, err := sql.Open("pgx", at)
	if err != nil {
		t.Fatal(err)
	}
	name := "tako_test_" + strings.ToLower(rand.Text())
	if _, err := server.Exec("create database " + name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _ = server.Exec("drop database " + name + " with (force)")
		_ = server.Close()
	})
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}
