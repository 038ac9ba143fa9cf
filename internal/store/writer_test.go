package store_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/store/storetest"
)

// TestUnitsFailAlone has many units wait for each other, so that they share
// transactions: those that fail or panic leave no trace and harm no other.
func TestUnitsFailAlone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		const units = 200
		mistake := errors.New("a mistake")
		var after sync.Map
		var wg sync.WaitGroup
		for i := range units {
			wg.Go(func() {
				id := fmt.Sprintf("Things-%d", i)
				defer func() {
					if p := recover(); (p != nil) != (i%5 == 3) {
						t.Errorf("unit %d: panic %v", i, p)
					}
				}()
				err := db.Do(ctx, func(tx *store.Tx) error {
					tx.After(func() { after.Store(id, true) })
					if err := tx.Put(thing(id, id)); err != nil {
						return err
					}
					switch i % 5 {
					case 2:
						return mistake
					case 3:
						panic(mistake)
					}
					return nil
				})
				if want := i%5 == 2; errors.Is(err, mistake) != want {
					t.Errorf("unit %d: %v", i, err)
				}
				// Whoever has returned has been committed.
				if d := get(t, db, id); (d != nil) == (i%5 == 2) {
					t.Errorf("unit %d: found %v after its end", i, d)
				}
			})
		}
		wg.Wait()
		for i := range units {
			id := fmt.Sprintf("Things-%d", i)
			lost := i%5 == 2 || i%5 == 3
			if d := get(t, db, id); (d == nil) != lost {
				t.Errorf("%s: found %v", id, d)
			}
			if _, ran := after.Load(id); ran == lost {
				t.Errorf("%s: what was to follow the commit ran: %v", id, ran)
			}
		}
	})
}

func get(t *testing.T, db *store.DB, id string) (d *store.Document) {
	t.Helper()
	if err := db.View(ctx, func(tx *store.Tx) (err error) { d, err = tx.Get("", id); return err }); err != nil {
		t.Error(err)
	}
	return d
}
