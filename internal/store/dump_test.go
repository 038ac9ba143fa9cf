package store_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/store/storetest"
)

// rowsOf gives the rows of a dump as texts, without what each database says in
// its own way.
func dumped(t *testing.T, db *store.DB) []store.Row {
	t.Helper()
	var rows []store.Row
	err := db.Dump(t.Context(), func(r store.Row) error {
		if i := slices.Index(r.Columns, "xid"); i >= 0 {
			r.Columns = slices.Delete(slices.Clone(r.Columns), i, i+1)
			r.Values = slices.Delete(slices.Clone(r.Values), i, i+1)
		}
		r.Values = slices.Clone(r.Values)
		rows = append(rows, r)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// fill writes a little of each kind of value.
func fillSome(t *testing.T, db *store.DB) {
	t.Helper()
	err := db.Do(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(`insert into task_log (task, first_line, last_line, path, target, size, bytes) values ('t', 1, 2, '', 'ä', 9007199254740993, $1)`, []byte{0, 255, '"', '\n'})
		_, err2 := tx.Exec(`insert into event (space, category, document, user_id, username, occurred, data) values ('s', 'c', 'd', 'u', 'n', 5, '{"b": 1, "a":"x"}')`)
		return errors.Join(err, err2, tx.SetSetting("one", "1"))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestDumpAndLoad copies each engine's database to each engine.
func TestDumpAndLoad(t *testing.T) {
	storetest.Each(t, func(t *testing.T, from *store.DB) {
		fillSome(t, from)
		rows := dumped(t, from)
		version, known, err := from.Schema(t.Context())
		if err != nil || version != known || version == 0 {
			t.Fatalf("the schema is %d of %d: %v", version, known, err)
		}
		copyTo := func(t *testing.T, dir, url string) {
			left := rows
			err := store.Load(t.Context(), dir, url, version, func() (r store.Row, err error) {
				if len(left) > 0 {
					r, left = left[0], left[1:]
				}
				return r, nil
			})
			if err != nil {
				t.Fatal(err)
			}
			to, err := store.Open(t.Context(), dir, url)
			if err != nil {
				t.Fatal(err)
			}
			defer to.Close()
			if diff := cmp.Diff(rows, dumped(t, to)); diff != "" {
				t.Error(diff)
			}
			fillMore(t, to)
		}
		t.Run("to sqlite", func(t *testing.T) { copyTo(t, t.TempDir(), "") })
		t.Run("to postgresql", func(t *testing.T) { copyTo(t, "", storetest.PostgresURL(t)) })
	})
}

// fillMore writes rows that are numbered by the database.
func fillMore(t *testing.T, db *store.DB) {
	t.Helper()
	err := db.Do(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(`insert into event (space, category, document, user_id, username, occurred, data) values ('s', 'c', 'd', 'u', 'n', 6, '{}')`)
		return err
	})
	if err != nil {
		t.Errorf("the copy cannot be written: %v", err)
	}
}

// TestADumpIsOfOneMoment writes while it is read.
func TestADumpIsOfOneMoment(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		fillSome(t, db)
		want, seen := len(dumped(t, db)), 0
		err := db.Dump(t.Context(), func(store.Row) error {
			if seen++; seen == 1 {
				fillMore(t, db)
			}
			return nil
		})
		if err != nil || seen != want {
			t.Errorf("%d rows instead of %d: %v", seen, want, err)
		}
	})
}

// TestLoadIsAllOrNothing breaks off in the middle.
func TestLoadIsAllOrNothing(t *testing.T) {
	dir, broken := t.TempDir(), errors.New("broken off")
	n := 0
	err := store.Load(t.Context(), dir, "", 80, func() (store.Row, error) {
		if n++; n > 1 {
			return store.Row{}, broken
		}
		return store.Row{Table: "setting", Columns: []string{"name", "value"}, Values: []any{"a", "b"}}, nil
	})
	if !errors.Is(err, broken) {
		t.Fatal(err)
	}
	db, err := store.Attach(t.Context(), dir, "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, r := range dumped(t, db) {
		if r.Table == "setting" {
			t.Errorf("%v was kept", r)
		}
	}
}

func TestAttachMakesNothing(t *testing.T) {
	dir := t.TempDir()
	if _, err := store.Attach(t.Context(), dir, ""); err == nil || !strings.Contains(err.Error(), "--data") {
		t.Errorf("%v", err)
	}
}
