package store_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/store/storetest"
)

// TestUpgradeStopsQueues opens a database of before spaces stopped their queues,
// with spaces that say they are.
func TestUpgradeStopsQueues(t *testing.T) {
	for _, engine := range []store.Engine{store.SQLite, store.PostgreSQL} {
		t.Run(string(engine), func(t *testing.T) {
			dir, at := t.TempDir(), ""
			if engine == store.PostgreSQL {
				at = storetest.EmptyURL(t)
			}
			old, err := store.OpenAt(t.Context(), dir, at, 93)
			if err != nil {
				t.Fatal(err)
			}
			err = old.Do(t.Context(), func(tx *store.Tx) error {
				for id, data := range map[string]string{"Spaces-1": `{"TaskQueueStopped":false}`, "Spaces-2": `{"TaskQueueStopped":true}`, "Spaces-3": `{}`} {
					if err := tx.Put(&store.Document{ID: id, Kind: "Spaces", Name: id, Data: []byte(data)}); err != nil {
						return err
					}
				}
				return tx.Put(&store.Document{ID: "Teams-1", Kind: "Teams", Data: []byte(`{"TaskQueueStopped":true}`)})
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := old.Close(); err != nil {
				t.Fatal(err)
			}
			db, err := store.Open(t.Context(), dir, at)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			var stopped []string
			err = db.View(t.Context(), func(tx *store.Tx) error {
				return tx.Query(func(scan func(...any) error) error {
					var space string
					err := scan(&space)
					stopped = append(stopped, space)
					return err
				}, "select space from task_stopped")
			})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{"Spaces-2"}, stopped); diff != "" {
				t.Error(diff)
			}
		})
	}
}
