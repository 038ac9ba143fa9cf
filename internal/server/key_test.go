package server

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/takodeploy/tako/internal/config"
	"github.com/takodeploy/tako/internal/store"
)

// TestMasterKeyIsLeftAlone: a server that is killed while it starts must not
// take the key with it, so a start writes the file only when there is none.
func TestMasterKeyIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	db, err := store.Open(t.Context(), dir, "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	cfg := &config.Server{Storage: config.Storage{DataDir: dir}}
	first, err := masterKey(t.Context(), db, cfg)
	if err != nil {
		t.Fatal(err)
	}
	path, old := filepath.Join(dir, "master.key"), time.Unix(1_000_000_000, 0)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	again, err := masterKey(t.Context(), db, cfg)
	if err != nil || again.ID() != first.ID() {
		t.Fatalf("another key: %v", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if !info.ModTime().Equal(old) || info.Mode().Perm() != 0o600 {
		t.Errorf("the file was written again: %v, %v", info.ModTime(), info.Mode())
	}
	// What a kill during the first start leaves must not pass for the key.
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := masterKey(t.Context(), db, cfg); err == nil {
		t.Error("a new key was made for an old database")
	}
}
