package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/store/storetest"
)

// count counts the things that a unit sees.
func count(t *testing.T, tx *store.Tx) int {
	t.Helper()
	n, err := tx.Count(store.Query{Kind: "Things"})
	if err != nil {
		t.Error(err)
	}
	return n
}

func putThing(t *testing.T, db *store.DB, id string) {
	t.Helper()
	if err := db.Do(ctx, func(tx *store.Tx) error { return tx.Put(thing(id, id)) }); err != nil {
		t.Fatal(err)
	}
}

// A unit sees what was committed before it, and no unit keeps others from
// writing or from reading what is newer.
func TestUnitsThatReadSeeWhatIsCommitted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		for i := range 20 {
			err := db.View(ctx, func(tx *store.Tx) error {
				if got := count(t, tx); got != i {
					t.Errorf("%d things are seen and not %d", got, i)
				}
				count(t, tx)
				putThing(t, db, fmt.Sprintf("Things-%d", i))
				if got := count(t, tx); got != i && got != i+1 {
					t.Errorf("%d things are seen while there are %d", got, i+1)
				}
				return db.View(ctx, func(tx *store.Tx) error {
					if got := count(t, tx); got != i+1 {
						t.Errorf("%d things are seen and not %d", got, i+1)
					}
					return nil
				})
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}

// Units that read within each other, many at a time, do not wait for each
// other; nor does an error, a panic or the end of a context spoil anything.
func TestUnitsThatReadWithinEachOther(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		putThing(t, db, "Things-1")
		mistake := errors.New("a mistake")
		var within func(ctx context.Context, depth int) error
		within = func(ctx context.Context, depth int) error {
			return db.View(ctx, func(tx *store.Tx) error {
				if ctx.Err() == nil && (count(t, tx) != 1 || count(t, tx) != 1) {
					t.Error("the thing is not seen")
				}
				if depth == 0 {
					return mistake
				}
				return within(ctx, depth-1)
			})
		}
		var together, wg sync.WaitGroup
		together.Add(8)
		for i := range 8 {
			wg.Go(func() {
				ctx, stop := context.WithCancel(ctx)
				defer stop()
				err := db.View(ctx, func(tx *store.Tx) error {
					count(t, tx)
					count(t, tx)
					together.Done()
					together.Wait() // each has what it reads through
					return within(ctx, 5)
				})
				if !errors.Is(err, mistake) {
					t.Error(err)
				}
				func() {
					defer func() { _ = recover() }()
					_ = db.View(ctx, func(tx *store.Tx) error {
						count(t, tx)
						count(t, tx)
						panic(mistake)
					})
				}()
				_ = db.View(ctx, func(tx *store.Tx) error {
					count(t, tx)
					stop()
					_, _ = tx.Get("document", fmt.Sprintf("Things-%d", i)) // may fail
					return nil
				})
			})
		}
		wg.Wait()
		putThing(t, db, "Things-2")
		for range 10 {
			if err := db.View(ctx, func(tx *store.Tx) error {
				if got := count(t, tx) + count(t, tx); got != 4 {
					t.Errorf("%d", got)
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// A unit that is used after its end reads all the same, and what it reads is
// new.
func TestUnitOutlivesItsEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		var kept *store.Tx
		if err := db.View(ctx, func(tx *store.Tx) error {
			kept = tx
			count(t, tx)
			count(t, tx)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		putThing(t, db, "Things-1")
		if got := count(t, kept); got != 1 {
			t.Errorf("%d things are seen", got)
		}
	})
}

// Filters make more forms of statements than are kept, and none of them fails.
func TestStatementsOfManyForms(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		putThing(t, db, "Things-1")
		many := func(tx *store.Tx) error {
			for i := range 1500 {
				n, err := tx.Count(store.Query{Kind: "Things", Where: []store.Where{{SQL: fmt.Sprintf("%d = %d", i, i)}}})
				if err != nil || n != 1 {
					return fmt.Errorf("form %d: %d things, %w", i, n, err)
				}
			}
			return nil
		}
		for name, unit := range map[string]func(func(*store.Tx) error) error{
			"a unit that reads":  func(f func(*store.Tx) error) error { return db.View(ctx, f) },
			"a unit that writes": func(f func(*store.Tx) error) error { return db.Do(ctx, f) },
		} {
			if err := unit(many); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		var late *store.Tx // reads from the pool
		if err := db.View(ctx, func(tx *store.Tx) error { late = tx; return nil }); err != nil {
			t.Fatal(err)
		}
		if err := many(late); err != nil {
			t.Errorf("a unit that is over: %v", err)
		}
	})
}
