package store_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/store/storetest"
)

// version asks the database itself.
func version(tx *store.Tx, id string) (v int64, err error) {
	_, err = tx.QueryRow([]any{&v}, "select version from document where id = $1", id)
	return v, err
}

// TestMemoryTellsTheTruth has documents changed, deleted and changed back in
// units of which many share a transaction and some fail, while others read them
// again and again: what is remembered is never older than what the database
// said in the same unit, nor than what was committed before it began.
func TestMemoryTellsTheTruth(t *testing.T) {
	db := storetest.SQLite(t)
	const documents, writers, changes = 3, 4, 60
	mistake := errors.New("a mistake")
	for i := range documents {
		if err := db.Do(ctx, func(tx *store.Tx) error { return tx.Put(thing(fmt.Sprint("Things-", i), fmt.Sprint("thing ", i))) }); err != nil {
			t.Fatal(err)
		}
	}
	var writing, reading sync.WaitGroup
	var mu sync.Mutex
	committed := map[string]int64{}
	done := make(chan struct{})
	for w := range writers {
		writing.Go(func() {
			for n := range changes {
				id := fmt.Sprint("Things-", (w+n)%documents)
				var made int64
				err := db.Do(ctx, func(tx *store.Tx) (err error) {
					if made, err = rewrite(tx, id); err == nil && n%3 == 2 {
						err = mistake
					}
					return err
				})
				if (n%3 == 2) != errors.Is(err, mistake) {
					t.Errorf("%v", err)
					return
				}
				if err == nil {
					mu.Lock()
					committed[id] = max(committed[id], made)
					mu.Unlock()
				}
			}
		})
	}
	for range 3 {
		reading.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-done:
					return
				default:
				}
				readBothWays(t, db, fmt.Sprint("Things-", n%documents), &mu, committed)
			}
		})
	}
	writing.Wait()
	close(done)
	reading.Wait()
}

// rewrite puts a document again, which the unit is to be told the truth about
// before and after, and gives its version.
func rewrite(tx *store.Tx, id string) (int64, error) {
	d, err := tx.Get("", id)
	if err != nil {
		return 0, err
	}
	if now, err := version(tx, id); err != nil || d == nil || d.Version != now {
		return 0, fmt.Errorf("who writes %s is given %v instead of version %d: %w", id, d, now, err)
	}
	next := *d
	if err := tx.Put(&next); err != nil {
		return 0, err
	}
	if d, err = tx.Get("", id); err != nil || d.Version != next.Version {
		return 0, fmt.Errorf("who has written version %d of %s is given %v: %w", next.Version, id, d, err)
	}
	return next.Version, nil
}

// readBothWays reads a document as it is remembered and as it is stored, in
// turns, and its list.
func readBothWays(t *testing.T, db *store.DB, id string, mu *sync.Mutex, committed map[string]int64) {
	mu.Lock()
	least := committed[id]
	mu.Unlock()
	err := db.View(ctx, func(tx *store.Tx) error {
		for range 3 {
			d, err := tx.Get("", id)
			if err != nil || d == nil || d.Version < least {
				return fmt.Errorf("%s is remembered as %v after version %d: %w", id, d, least, err)
			}
			stored, err := version(tx, id)
			if err != nil || stored < d.Version {
				return fmt.Errorf("%s is stored in version %d after version %d: %w", id, stored, d.Version, err)
			}
			least = stored
			list, err := tx.Survey(store.Query{Kind: "Things"})
			if err != nil {
				return err
			}
			for _, d := range list {
				if d.ID == id && d.Version < least {
					return fmt.Errorf("the list has version %d of %s after version %d", d.Version, id, least)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestMemoryForgets checks that what changes documents by other ways than
// putting them is noticed.
func TestMemoryForgets(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		read := func() (name string, listed int) {
			t.Helper()
			if err := db.View(ctx, func(tx *store.Tx) error {
				d, err := tx.Get("", "Things-1")
				if err != nil {
					return err
				}
				if d != nil {
					name = d.Name
				}
				list, err := tx.Survey(store.Query{Kind: "Things"})
				if err != nil {
					return err
				}
				listed = len(list)
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			return name, listed
		}
		do := func(f func(tx *store.Tx) error) {
			t.Helper()
			if err := db.Do(ctx, f); err != nil {
				t.Fatal(err)
			}
		}
		exec := func(text string) {
			t.Helper()
			do(func(tx *store.Tx) error { _, err := tx.Exec(text); return err })
		}
		expect := func(name string, listed int) {
			t.Helper()
			for range 2 {
				if n, l := read(); n != name || l != listed {
					t.Errorf("%q, %d in the list instead of %q, %d", n, l, name, listed)
				}
			}
		}
		expect("", 0)
		do(func(tx *store.Tx) error { return tx.Put(thing("Things-1", "one")) })
		expect("one", 1)
		exec("update document set name = 'uno' where id = 'Things-1'")
		expect("uno", 1)
		do(func(tx *store.Tx) error {
			d, err := tx.Get("", "Things-1")
			if err != nil {
				return err
			}
			gone := *d
			return tx.Delete(&gone)
		})
		expect("", 0)
	})
}

// TestMemoryIsWhatIsStored changes a few documents at random, in all the ways
// there are, and checks after each that they and their lists are given as the
// database has them, to who only reads and to who writes.
func TestMemoryIsWhatIsStored(t *testing.T) {
	db := storetest.SQLite(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	mistake := errors.New("a mistake")
	for range 400 {
		id := fmt.Sprint("Things-", r.IntN(4))
		same := func(tx *store.Tx) {
			for i := range 4 {
				sameAsStored(t, tx, fmt.Sprint("Things-", i))
			}
			sameLists(t, tx)
		}
		failing := r.IntN(4) == 0
		err := db.Do(ctx, func(tx *store.Tx) error {
			same(tx)
			for range 1 + r.IntN(2) {
				if err := changeSomehow(tx, r, id); err != nil {
					return err
				}
				same(tx)
			}
			if failing {
				return mistake
			}
			return nil
		})
		if err != nil && !(failing && errors.Is(err, mistake)) {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if err := db.View(ctx, func(tx *store.Tx) error { same(tx); same(tx); return nil }); err != nil || t.Failed() {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

// changeSomehow changes a document, makes it or deletes it.
func changeSomehow(tx *store.Tx, r *rand.Rand, id string) error {
	var d *store.Document
	before, err := tx.Get("", id)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%s is Called %d", id, r.IntN(1000))
	switch n := r.IntN(6); {
	case before == nil:
		d = thing(id, name)
	case n == 0:
		gone := *before
		return tx.Delete(&gone)
	case n == 1:
		_, err := tx.Exec("update document set name = $1 where id = $2", name, id)
		return err
	case n == 2:
		var version int64
		_, err := tx.QueryRow([]any{&version}, "update document set data = '{}', version = version + 1 where id = $1 returning version", id)
		return err
	default:
		next := *before
		next.Name, next.Slug, next.NameKey = name, fmt.Sprintf("%s-%d", strings.ToLower(id), r.IntN(1000)), ""
		if n == 3 {
			next.NameKey = "key of " + id
		}
		d = &next
	}
	d.Data = fmt.Appendf(nil, `{"Id": %q, "N": %d}`, id, r.IntN(1000))
	d.References = []store.Reference{{Field: "Other", Target: fmt.Sprint("Places-", r.IntN(2))}}
	return tx.Put(d)
}

func sameAsStored(t *testing.T, tx *store.Tx, id string) {
	t.Helper()
	remembered, err := tx.Get("", id)
	if err != nil {
		t.Fatal(err)
	}
	stored := &store.Document{}
	var created, modified int64
	var data, key string
	found, err := tx.QueryRow([]any{&stored.ID, &stored.Kind, &stored.Space, &stored.Owner, &stored.Name, &key, &stored.Slug, &stored.Version, &stored.Shape, &created, &modified, &data},
		"select id, kind, space, owner, name, name_key, slug, version, shape, created, modified, data from document where id = $1", id)
	if err != nil {
		t.Fatal(err)
	}
	if places, err := tx.Lock([]string{id}); err != nil || (places[id] != store.Place{}) != found || found && places[id].Name != stored.Name {
		t.Errorf("%s is said to be %v, stored as %q: %v", id, places, stored.Name, err)
	}
	if !found {
		if remembered != nil {
			t.Errorf("%s is remembered and gone", id)
		}
		return
	}
	stored.Created, stored.Modified, stored.Data = time.UnixMilli(created).UTC(), time.UnixMilli(modified).UTC(), []byte(data)
	if key != strings.ToLower(stored.Name) {
		stored.NameKey = key
	}
	if diff := cmp.Diff(stored, remembered, cmpopts.IgnoreUnexported(store.Document{})); diff != "" {
		t.Errorf("%s is stored (-) and remembered (+) differently:\n%s", id, diff)
	}
}

// sameLists compares lists, of which one depends on what documents refer to.
func sameLists(t *testing.T, tx *store.Tx) {
	t.Helper()
	const refers = "exists (select 1 from reference r where r.source = id and r.target = ?)"
	for _, q := range []store.Query{{Kind: "Things"}, {Kind: "Things", Where: []store.Where{{SQL: refers, Args: []any{"Places-1"}}}}} {
		remembered, err := tx.Survey(q)
		if err != nil {
			t.Fatal(err)
		}
		stored, err := tx.Find(q)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(stored, remembered, cmpopts.IgnoreUnexported(store.Document{})); diff != "" {
			t.Errorf("the list is stored (-) and remembered (+) differently:\n%s", diff)
		}
	}
}
