package retention_test

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/store"
)

// happen puts events into the trail that happened so many days ago.
func (a *attic) happen(days, count int) {
	a.Helper()
	a.do(func(tx *store.Tx) error {
		for i := range count {
			e := &store.Event{Category: "Modified", Document: "Projects-1", Related: []string{"Projects-1", "Environments-2"}, Message: fmt.Sprint(days, " days ago ", i)}
			if err := tx.Append(e); err != nil {
				return err
			}
			at := a.now.AddDate(0, 0, -days).UnixMilli()
			if _, err := tx.Exec("update event set occurred = $1 where id = $2", at, e.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// trail gives the messages in the files, by their names, and of the database.
func (a *attic) trail() (files map[string][]string, kept []string) {
	a.Helper()
	files = map[string][]string{}
	for info, err := range a.blobs.List(a.Context(), store.EventArchives) {
		if err != nil {
			a.Fatal(err)
		}
		f, err := a.blobs.Open(a.Context(), info.Name)
		if err != nil {
			a.Fatal(err)
		}
		text, err := io.ReadAll(f)
		if err != nil {
			a.Fatal(err)
		}
		f.Close()
		for line := range strings.Lines(string(text)) {
			var e struct {
				ID, Message string
				Occurred    time.Time
			}
			if err := json.Unmarshal([]byte(line), &e); err != nil || !strings.HasPrefix(e.ID, "Events-") || e.Occurred.IsZero() {
				a.Errorf("%s: %v", line, err)
			}
			files[info.Name] = append(files[info.Name], e.Message)
		}
	}
	a.do(func(tx *store.Tx) error {
		events, _, err := tx.Events(store.EventQuery{Take: 10_000, Regarding: []string{"Environments-2"}})
		for _, e := range events {
			kept = append(kept, e.Message)
		}
		slices.Reverse(kept)
		return err
	})
	return files, kept
}

// TestOldEventsAreArchived moves what is old into files and leaves the rest, also
// after a crash in the middle of a file.
func TestOldEventsAreArchived(t *testing.T) {
	each(t, func(a *attic) {
		a.do(func(tx *store.Tx) error { _, err := tx.Exec("delete from event"); return err }) // of the seed
		a.happen(120, 3)
		a.happen(91, 450)
		a.happen(89, 2)
		a.happen(0, 1)
		_, all := a.trail()
		a.work()
		a.retain()
		files, kept := a.trail()
		if len(files) != 1 {
			t.Fatalf("%d files", len(files))
		}
		for name, messages := range files {
			if diff := cmp.Diff(all, append(slices.Clone(messages), kept...)); diff != "" || len(kept) != 3 {
				t.Errorf("%s: %d are left\n%.2000s", name, len(kept), diff)
			}
			if want := store.EventArchives + a.now.AddDate(0, 0, -120).UTC().Format(time.DateOnly); !strings.HasPrefix(name, want) {
				t.Errorf("the file is %s, not %s", name, want)
			}
		}
		a.do(func(tx *store.Tx) error {
			var n int
			_, err := tx.QueryRow([]any{&n}, "select count(*) from event_related where event not in (select id from event)")
			if err != nil || n > 0 {
				t.Errorf("%d relations are left, %v", n, err)
			}
			return nil
		})
		// The next file was begun before a crash: it is written anew, and once.
		a.now = a.now.AddDate(0, 0, 2)
		var first int64
		a.do(func(tx *store.Tx) error {
			_, err := tx.QueryRow([]any{&first}, "select min(id) from event")
			return err
		})
		name := fmt.Sprintf("%s%s-%d.jsonl", store.EventArchives, a.now.AddDate(0, 0, -91).UTC().Format(time.DateOnly), first)
		if _, err := a.blobs.Put(a.Context(), name, strings.NewReader("half a li"), 9); err != nil {
			t.Fatal(err)
		}
		a.retain()
		files, left := a.trail()
		if diff := cmp.Diff(kept[:2], files[name]); diff != "" || len(files) != 2 || len(left) != 1 {
			t.Errorf("%d files, %q are left\n%s", len(files), left, diff)
		}
	})
}
