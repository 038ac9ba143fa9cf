package store_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/store/storetest"
)

// miscounted lists, as of one moment, what the tally says otherwise than the rows.
func miscounted(t *testing.T, db *store.DB) {
	t.Helper()
	err := db.View(ctx, func(tx *store.Tx) error {
		return tx.Query(func(scan func(...any) error) error {
			var source, space, part, name string
			var n int
			err := scan(&source, &space, &part, &name, &n)
			t.Errorf("the tally of %s, %q, %s, %q is off by %d", source, space, part, name, n)
			return err
		}, `select source, space, part, name, cast(sum(n) as bigint) from (
			select source, space, part, name, n from tally
			union all select 'event', space, category, '', -1 from event
			union all select 'release', space, kind, '', -1 from release
			union all select 'deployment', space, kind, '', -1 from deployment
			union all select 'task', space, state, name, -1 from task
		) both_of_them group by source, space, part, name having sum(n) <> 0`)
	})
	if err != nil {
		t.Error(err)
	}
}

const insertTask = `insert into task (id, num, name, description, space, project, environment, tenant, runbook, arguments, created_by, light, tag, queue_time,
	parent, parent_key, state, hold, class, place_rank, place, expiry, started, updated, completed, wake_at, node, epoch, lease, error, warnings, pending, why, log_lines, log_bytes)
	values ($1, 1, $2, '', $3, '', '', '', '', '{}', '', 0, '', 0, '', '', $4, 'Done', 0, 0, 0, 0, 0, 0, 0, 0, '', 0, 0, '', 0, '', '', 0, 0)`

// anyChange changes something of what is counted.
func anyChange(tx *store.Tx, dice *rand.Rand, writer, n int) error {
	space := []string{"", "Spaces-1", "Spaces-2"}[dice.IntN(3)]
	state := []string{"Queued", "Executing", "Success"}[dice.IntN(3)]
	id := fmt.Sprintf("-%d-%d", writer, n)
	run := func(text string, args ...any) error {
		_, err := tx.Exec(text, args...)
		return err
	}
	switch dice.IntN(9) {
	case 0, 1:
		return tx.Append(&store.Event{Space: space, Category: state, Document: "Things-1"})
	case 2:
		return tx.Put(&store.Document{Table: "release", Kind: "Releases", ID: "Releases" + id, Space: space, Data: []byte("{}")})
	case 3:
		kind := []string{"Deployments", "RunbookRuns"}[dice.IntN(2)]
		return tx.Put(&store.Document{Table: "deployment", Kind: kind, ID: kind + id, Space: space, Data: []byte("{}")})
	case 4:
		return run(insertTask, "ServerTasks"+id, []string{"Deploy", "Health"}[dice.IntN(2)], space, state)
	case 5:
		return run("update task set state = $1 where id like $2", state, fmt.Sprintf("ServerTasks-%d-%%%d", writer, dice.IntN(10)))
	case 6:
		table := []string{"task", "release", "deployment"}[dice.IntN(3)]
		return run("delete from "+table+" where id like $1", fmt.Sprintf("%%-%d-%%%d", writer, dice.IntN(10)))
	case 7:
		_, err := tx.RemoveEvents(int64(n), dice.IntN(3))
		return err
	}
	if writer == 0 && dice.IntN(10) == 0 { // one writer, lest on PostgreSQL two wait for each other
		return run("delete from deployment where space = $1", space)
	}
	return nil
}

// TestTalliesAreExact changes what is counted at random, by several writers at
// once, some of whom take their changes back, and looks all the while.
func TestTalliesAreExact(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		undo := errors.New("undo")
		var writers sync.WaitGroup
		for writer := range 4 {
			writers.Go(func() {
				dice := rand.New(rand.NewPCG(uint64(writer), 11))
				for n := range 120 {
					err := db.Do(ctx, func(tx *store.Tx) error {
						for range 1 + dice.IntN(4) {
							n += 1000
							if err := anyChange(tx, dice, writer, n); err != nil {
								return err
							}
						}
						if dice.IntN(5) == 0 {
							return undo
						}
						return nil
					})
					if err != nil && !errors.Is(err, undo) {
						t.Error(err)
					}
					if dice.IntN(20) == 0 {
						miscounted(t, db)
					}
				}
			})
		}
		writers.Wait()
		miscounted(t, db)
		countedAlike(t, db)
	})
}

// countedAlike holds what is told of lists against the lists.
func countedAlike(t *testing.T, db *store.DB) {
	t.Helper()
	some := 0
	alike := func(what string, total, listed int) {
		if total != listed {
			t.Errorf("%s: %d are told of, %d are there", what, total, listed)
		}
		some += listed
	}
	err := db.View(ctx, func(tx *store.Tx) error {
		for _, spaces := range [][]string{nil, {""}, {"Spaces-1"}, {"Spaces-2", ""}} {
			for _, categories := range [][]string{nil, {"Queued"}, {"Success", "Executing"}, {"Nothing"}} {
				for _, q := range []store.EventQuery{{}, {FromID: 9}, {Kinds: []string{"Things"}}, {Users: []string{""}}} {
					q.Spaces, q.Categories, q.Take = spaces, categories, 10_000
					list, total, err := tx.Events(q)
					if err != nil {
						return err
					}
					alike(fmt.Sprintf("%+v", q), total, len(list))
				}
			}
		}
		for _, q := range []store.Query{{Table: "release", Kind: "Releases"}, {Table: "deployment", Kind: "Deployments"}, {Table: "deployment", Kind: "RunbookRuns"}, {Kind: "Things"}} {
			for _, where := range [][]store.Where{nil, {{SQL: "space = ?", Args: []any{"Spaces-1"}}}, {{SQL: "id like ?", Args: []any{"%1"}}}, {{SQL: "space = ?", Args: []any{""}}, {SQL: "id like ?", Args: []any{"%1"}}}} {
				q.Where = where
				list, err := tx.Find(q)
				if err != nil {
					return err
				}
				total, err := tx.Count(q)
				if err != nil {
					return err
				}
				alike(fmt.Sprintf("%+v", q), total, len(list))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if some == 0 {
		t.Error("nothing is there")
	}
}

// TestTalliesOfAnOlderDatabase opens one of before anything was counted.
func TestTalliesOfAnOlderDatabase(t *testing.T) {
	for _, engine := range []store.Engine{store.SQLite, store.PostgreSQL} {
		t.Run(string(engine), func(t *testing.T) {
			dir, at := t.TempDir(), ""
			if engine == store.PostgreSQL {
				at = storetest.EmptyURL(t)
			}
			old, err := store.OpenAt(ctx, dir, at, 96)
			if err != nil {
				t.Fatal(err)
			}
			dice := rand.New(rand.NewPCG(3, 3))
			err = old.Do(ctx, func(tx *store.Tx) error {
				for n := range 60 {
					if err := anyChange(tx, dice, 1, n+1000); err != nil {
						return err
					}
				}
				return nil
			})
			if err := errors.Join(err, old.Close()); err != nil {
				t.Fatal(err)
			}
			db, err := store.Open(ctx, dir, at)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			miscounted(t, db)
			countedAlike(t, db)
		})
	}
}
