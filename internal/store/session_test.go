package store

import (
	"testing"
	"time"
)

// Connections that are not needed any more are closed though others are in use
// all the time.
func TestIdleReadersAreClosed(t *testing.T) {
	db, err := Open(t.Context(), t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	read := func(within func()) {
		t.Helper()
		if err := db.View(t.Context(), func(tx *Tx) error {
			_, err := tx.QueryRow([]any{new(string)}, "select value from setting")
			within()
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	read(func() { read(func() { read(func() {}) }) })
	if n := len(db.readers.free); n != 3 {
		t.Fatalf("%d connections are free", n)
	}
	for _, s := range db.readers.free {
		s.used = s.used.Add(-time.Hour)
	}
	read(func() {}) // with the one that was used last
	db.readers.shrink(time.Minute)
	if n := len(db.readers.free); n != 1 || db.readers.tidy == nil {
		t.Errorf("%d connections are free", n)
	}
	db.readers.shrink(0)
	if n := len(db.readers.free); n != 0 || db.readers.tidy != nil {
		t.Errorf("%d connections are free at rest", n)
	}
	read(func() {})
}
