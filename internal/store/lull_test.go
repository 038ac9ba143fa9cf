package store

import (
	"database/sql"
	"os"
	"testing"
	"time"
)

func TestALullLastsUntilSomethingIsWrittenOrDue(t *testing.T) {
	now := time.Now()
	for _, c := range []struct {
		name  string
		until time.Time
		then  func(t *testing.T, db *DB)
		at    time.Time
		lasts bool
	}{
		{name: "nothing happens", at: now.Add(time.Second), lasts: true},
		{name: "nothing comes due, for long", at: now.Add(lullMost - time.Second), lasts: true},
		{name: "it is looked all the same in the end", at: now.Add(lullMost)},
		{name: "before something is due", until: now.Add(time.Minute), at: now.Add(59 * time.Second), lasts: true},
		{name: "something is due", until: now.Add(time.Minute), at: now.Add(time.Minute)},
		{name: "the clock was set back", at: now.Add(-time.Second)},
		{name: "a unit that could write has read", at: now, lasts: true, then: func(t *testing.T, db *DB) {
			unit(t, db, func(tx *Tx) error { _, err := tx.Setting("x"); return err })
		}},
		{name: "this process has written", at: now, then: func(t *testing.T, db *DB) {
			unit(t, db, func(tx *Tx) error { return tx.SetSetting("x", "2") })
			backdate(t, db, now.Add(-time.Minute))
		}},
		{name: "another process has written", at: now, then: func(t *testing.T, db *DB) {
			other, err := sql.Open("sqlite", db.URL)
			if err != nil {
				t.Fatal(err)
			}
			defer other.Close()
			if _, err := other.Exec("update setting set value = '3'"); err != nil {
				t.Fatal(err)
			}
			backdate(t, db, now.Add(-30*time.Second))
		}},
		{name: "something was written a moment ago", at: now, then: func(t *testing.T, db *DB) { backdate(t, db, time.Now()) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			db, err := Open(t.Context(), t.TempDir(), "")
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			unit(t, db, func(tx *Tx) error { return tx.SetSetting("x", "1") })
			backdate(t, db, now.Add(-time.Minute))
			var l Lull
			looked, lasts := l.Lasts(db, now)
			if lasts {
				t.Fatal("there is a lull before the first look")
			}
			l.Begin(looked, c.until)
			if c.then != nil {
				c.then(t, db)
			}
			if _, lasts := l.Lasts(db, c.at); lasts != c.lasts {
				t.Errorf("the lull lasts: %t, want %t", lasts, c.lasts)
			}
		})
	}
}

func TestThereIsNoLullAfterAWriteOfTheMoment(t *testing.T) {
	db, err := Open(t.Context(), t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	backdate(t, db, time.Now().Add(time.Hour)) // and be it a moment that is yet to come
	var l Lull
	looked, _ := l.Lasts(db, time.Now())
	l.Begin(looked, time.Time{})
	if _, lasts := l.Lasts(db, time.Now()); lasts {
		t.Error("a write at the same moment would not be noticed")
	}
}

func TestThereIsNoLullWhereOtherNodesWrite(t *testing.T) {
	db, now := &DB{Engine: PostgreSQL}, time.Now()
	var l Lull
	looked, _ := l.Lasts(db, now)
	l.Begin(looked, time.Time{})
	if _, lasts := l.Lasts(db, now); lasts {
		t.Error("what another node writes would not be noticed")
	}
}

// unit has f done in a unit that may write.
func unit(t *testing.T, db *DB, f func(*Tx) error) {
	t.Helper()
	if err := db.Do(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

// backdate makes the last write to the database one of another time.
func backdate(t *testing.T, db *DB, at time.Time) {
	t.Helper()
	if err := os.Chtimes(db.URL+"-wal", at, at); err != nil {
		t.Fatal(err)
	}
}
