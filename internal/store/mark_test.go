package store_test

import (
	"context"
	"testing"

	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/store/storetest"
)

// TestMark shows that a mark lasts until something is written of what it stands
// for, and on SQLite no shorter.
func TestMark(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		of := map[string][]string{"places": {"standing", "Releases"}, "tasks": {"task"}, "scenery": {"Projects", "Tenants"}}
		marks := func() map[string]string {
			t.Helper()
			now := map[string]string{}
			for name, kinds := range of {
				err := db.View(ctx, func(tx *store.Tx) (err error) {
					now[name], err = tx.Mark(kinds...)
					return err
				})
				if err != nil || now[name] == "" {
					t.Fatalf("mark %q: %v", now[name], err)
				}
			}
			return now
		}
		put := func(kind, id string) func(tx *store.Tx) error {
			return func(tx *store.Tx) error {
				return tx.Put(&store.Document{ID: id, Kind: kind, Space: "Spaces-1", Name: id, Data: []byte("{}")})
			}
		}
		exec := func(text string) func(tx *store.Tx) error {
			return func(tx *store.Tx) error { _, err := tx.Exec(text); return err }
		}
		const (
			columns = "id, name, description, space, project, environment, tenant, runbook, created_by, tag, parent, parent_key, state, hold, node, error, pending, why, arguments, num, light, queue_time, class, place_rank, place, expiry, started, updated, completed, wake_at, epoch, lease, warnings, log_lines, log_bytes"
			values  = "'', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '{}', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0"
		)
		seen := map[string]bool{}
		for _, step := range []struct {
			what    string
			write   func(tx *store.Tx) error
			changes string
		}{
			{"a setting", func(tx *store.Tx) error { return tx.SetSetting("color", "blue") }, ""},
			{"a sign of life", exec("update task_node set seen = 1"), ""},
			{"a task", exec("insert into task (" + columns + ") values (" + values + ")"), "tasks"},
			{"a task again", exec("update task set lease = 1"), "tasks"},
			{"what is where", exec("insert into standing (project, environment, tenant, space, deployment, release, task) values ('', '', '', '', '', '', '')"), "places"},
			{"a release", put("Releases", "Releases-1"), "places"},
			{"a project", put("Projects", "Projects-1"), "scenery"},
			{"a machine", put("Machines", "Machines-1"), ""},
		} {
			before := marks()
			if err := db.Do(ctx, step.write); err != nil {
				t.Fatal(err)
			}
			for name, now := range marks() {
				switch changed := now != before[name]; {
				case name == step.changes && (!changed || seen[name+now]):
					t.Errorf("after %s the mark of %s is %s again", step.what, name, now)
				case name != step.changes && changed && db.Engine == store.SQLite:
					t.Errorf("%s changes the mark of %s from %s to %s", step.what, name, before[name], now)
				}
				seen[name+before[name]] = true
			}
		}
		if err := db.Do(ctx, func(tx *store.Tx) error {
			if m, err := tx.Mark("task"); m != "" || err != nil {
				t.Errorf("a unit that writes has the mark %q: %v", m, err)
			}
			return nil
		}); err != nil {
			t.Error(err)
		}
	})
}

// TestMarkOfAnEarlierUnit shows that a unit that has read what was before a
// commit does not get the mark of afterwards.
func TestMarkOfAnEarlierUnit(t *testing.T) {
	db := storetest.SQLite(t)
	err := db.View(context.Background(), func(tx *store.Tx) error {
		if err := tx.Query(func(func(...any) error) error { return nil }, "select id from task"); err != nil {
			return err
		}
		if m, err := tx.Mark("task"); m != "" || err != nil {
			t.Errorf("mark %q: %v", m, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
