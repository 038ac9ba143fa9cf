package store_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/store/storetest"
)

func note(tx *store.Tx, document string) error {
	return tx.Append(&store.Event{Space: "Spaces-1", Category: "Modified", Document: document, Related: []string{"Projects-1"}})
}

// follower reads the trail from a position on, a page at a time.
type follower struct {
	t    *testing.T
	db   *store.DB
	at   store.Position
	read []string
}

func (f *follower) look() {
	f.t.Helper()
	err := f.db.View(f.t.Context(), func(tx *store.Tx) error {
		for {
			page, err := tx.EventsSince(f.at, 3)
			if err != nil || len(page) == 0 {
				return err
			}
			for _, h := range page {
				if !h.After(f.at) {
					f.t.Errorf("%v comes after %v", h.Position, f.at)
				}
				f.at = h.Position
				f.read = append(f.read, h.Document)
			}
		}
	})
	if err != nil {
		f.t.Fatal(err)
	}
}

// until looks until so many were read: a unit that has answered may be under way
// for a moment still.
func (f *follower) until(count int) {
	f.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); len(f.read) < count && time.Now().Before(deadline); {
		f.look()
		runtime.Gosched()
	}
	f.look()
}

func newFollower(t *testing.T, db *store.DB) *follower {
	t.Helper()
	f := &follower{t: t, db: db}
	err := db.View(t.Context(), func(tx *store.Tx) (err error) {
		f.at, err = tx.EventsEnd()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestFollowersWaitForWhoIsLate lets a unit that took its id early commit late.
func TestFollowersWaitForWhoIsLate(t *testing.T) {
	db := storetest.Postgres(t)
	before := newFollower(t, db)
	var during *follower
	err := db.Do(t.Context(), func(tx *store.Tx) error {
		if err := note(tx, "late"); err != nil {
			return err
		}
		if err := db.Do(t.Context(), func(tx *store.Tx) error { return note(tx, "early") }); err != nil {
			return err
		}
		during = newFollower(t, db)
		before.look()
		during.look()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []*follower{before, during} {
		if len(f.read) > 0 {
			t.Errorf("%v was read while an earlier one could still come", f.read)
		}
		f.until(2)
		if diff := cmp.Diff([]string{"late", "early"}, f.read); diff != "" {
			t.Error(diff)
		}
	}
}

// TestFollowersWaitForNobodyElse has a transaction of another database of the
// same server go on, as those of other applications do, and reads as an account
// without rights of its own.
func TestFollowersWaitForNobodyElse(t *testing.T) {
	db, other := storetest.Postgres(t), storetest.Postgres(t)
	role := fmt.Sprint("plain_", os.Getpid())
	err := db.Do(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec("create role " + role)
		if err == nil {
			_, err = tx.Exec("grant select, insert on all tables in schema public to " + role)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = db.Do(context.Background(), func(tx *store.Tx) error {
			_, err := tx.Exec("drop owned by " + role)
			if err == nil {
				_, err = tx.Exec("drop role " + role)
			}
			return err
		})
	})
	err = other.Do(t.Context(), func(tx *store.Tx) error {
		if err := note(tx, "elsewhere"); err != nil {
			return err
		}
		f := newFollower(t, db)
		if err := db.Do(t.Context(), func(tx *store.Tx) error { return note(tx, "here") }); err != nil {
			return err
		}
		err := db.View(t.Context(), func(tx *store.Tx) error {
			var set string
			if _, err := tx.QueryRow([]any{&set}, "select set_config('role', $1, true)", role); err != nil {
				return err
			}
			page, err := tx.EventsSince(f.at, 3)
			for _, h := range page {
				f.read = append(f.read, h.Document)
			}
			return err
		})
		if diff := cmp.Diff([]string{"here"}, f.read); diff != "" {
			t.Error(diff)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestFollowersMissNothing reads while many write, some of them in vain.
func TestFollowersMissNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		if err := db.Do(t.Context(), func(tx *store.Tx) error { return note(tx, "past") }); err != nil {
			t.Fatal(err)
		}
		hints := make(chan struct{}, 1)
		defer db.Watch(func() {
			select {
			case hints <- struct{}{}:
			default:
			}
		})()
		f := newFollower(t, db)
		const writers, each = 6, 40
		var all sync.WaitGroup
		for w := range writers {
			all.Go(func() {
				for i := range each {
					err := db.Do(t.Context(), func(tx *store.Tx) error {
						if err := note(tx, fmt.Sprint(w, "-", i)); err != nil {
							return err
						}
						if i%5 == 4 {
							return fmt.Errorf("in vain")
						}
						return nil
					})
					if (err != nil) != (i%5 == 4) {
						t.Errorf("writing: %v", err)
					}
				}
			})
		}
		done := make(chan struct{})
		go func() { all.Wait(); close(done) }()
		for writing := true; writing; {
			select {
			case <-hints:
				f.look()
			case <-done:
				writing = false
			}
		}
		f.until(writers * each * 4 / 5)
		seen := map[string]int{}
		for _, d := range f.read {
			seen[d]++
		}
		for w := range writers {
			for i := range each {
				want := 1
				if i%5 == 4 {
					want = 0
				}
				if n := seen[fmt.Sprint(w, "-", i)]; n != want {
					t.Errorf("%d-%d was read %d times, want %d", w, i, n, want)
				}
			}
		}
		if len(f.read) != writers*each*4/5 {
			t.Errorf("%d events were read", len(f.read))
		}
	})
}

// An event is found by each of the documents that it is about, however many.
func TestEventIsAboutMany(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		related := []string{"Projects-1", "Projects-1", "Spaces-1"} // twice the same, and the document itself
		for i := range 40 {
			related = append(related, fmt.Sprintf("Machines-%d", i))
		}
		if err := db.Do(ctx, func(tx *store.Tx) error {
			return tx.Append(&store.Event{Category: "Modified", Document: "Spaces-1", Related: related})
		}); err != nil {
			t.Fatal(err)
		}
		for _, id := range related {
			if err := db.View(ctx, func(tx *store.Tx) error {
				_, n, err := tx.Events(store.EventQuery{Regarding: []string{id}})
				if n != 1 {
					t.Errorf("%d events are about %s", n, id)
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
	})
}
