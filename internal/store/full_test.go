package store

import (
	"strings"
	"testing"

	"github.com/takodeploy/tako/internal/fault"
)

// TestAFullDiskIsNamed writes until SQLite may take no further page, which it
// tells as it does that the disk is full, and goes on when there is room.
func TestAFullDiskIsNamed(t *testing.T) {
	db, err := Open(t.Context(), t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	limit := func(pages string) {
		t.Helper()
		if _, err := db.writer.conn.ExecContext(t.Context(), "pragma max_page_count = "+pages); err != nil {
			t.Fatal(err)
		}
	}
	large := func() error {
		return db.Do(t.Context(), func(tx *Tx) error { return tx.SetSetting("large", strings.Repeat("x", 1<<20)) })
	}
	limit("1") // which is as many as there are
	if err := large(); !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "The disk that the server's database is on is full, and nothing was changed.") {
		t.Fatal(err)
	}
	if err := db.View(t.Context(), func(tx *Tx) error {
		text, err := tx.Setting("large")
		if text != "" {
			t.Errorf("%d bytes were kept", len(text))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	limit("1000000")
	if err := large(); err != nil {
		t.Error(err)
	}
}
