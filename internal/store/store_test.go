package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/store/storetest"
)

var ctx = context.Background()

func put(t *testing.T, db *store.DB, d *store.Document) error {
	t.Helper()
	return db.Do(ctx, func(tx *store.Tx) error { c := *d; err := tx.Put(&c); *d = c; return err })
}

func thing(id, name string, refs ...store.Reference) *store.Document {
	return &store.Document{Kind: "Things", ID: id, Space: "Spaces-1", Name: name, Shape: "1", Data: []byte(`{"Id":"` + id + `","B":2,"A": 1}`), References: refs,
		Event: &store.Event{Category: "Created", Message: id + " was created", Related: []string{"Projects-1"}}}
}

func TestDocuments(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := thing("Things-1", "One")
		if err := put(t, db, d); err != nil {
			t.Fatal(err)
		}
		stale := *d
		d.Name, d.Event.Category = "Eins", "Modified"
		if err := put(t, db, d); err != nil || d.Version != 2 {
			t.Fatalf("version %d, %v", d.Version, err)
		}
		if err := put(t, db, &stale); !fault.Is(err, fault.Conflict) {
			t.Errorf("a stale write gave %v", err)
		}
		if err := put(t, db, thing("Things-2", "eins")); !fault.Is(err, fault.Conflict) {
			t.Errorf("a taken name gave %v", err)
		}
		err := db.View(ctx, func(tx *store.Tx) error {
			got, err := tx.Get("", "Things-1")
			if err != nil {
				return err
			}
			if diff := cmp.Diff(string(d.Data), string(got.Data)); diff != "" {
				t.Errorf("the data is not kept to the letter: %s", diff)
			}
			events, total, err := tx.Events(store.EventQuery{Regarding: []string{"Projects-1"}})
			if total != 2 || events[0].Category != "Modified" {
				t.Errorf("%d events, %+v", total, events)
			}
			if _, err := tx.Exec("delete from document"); err == nil {
				t.Error("a reading unit wrote")
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestAFailedUnitLeavesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		stop := errors.New("stop")
		after := false
		err := db.Do(ctx, func(tx *store.Tx) error {
			tx.After(func() { after = true })
			if err := tx.Put(thing("Things-1", "One")); err != nil {
				return err
			}
			return stop
		})
		if !errors.Is(err, stop) || after {
			t.Fatalf("%v, after ran: %t", err, after)
		}
		db.View(ctx, func(tx *store.Tx) error {
			if d, err := tx.Get("", "Things-1"); d != nil || err != nil {
				t.Errorf("%v, %v", d, err)
			}
			if _, total, _ := tx.Events(store.EventQuery{}); total != 0 {
				t.Errorf("%d events", total)
			}
			return nil
		})
	})
}

func TestReferences(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		for _, d := range []*store.Document{thing("Things-1", "One"), thing("Things-2", "Two", store.Reference{Field: "Next", Target: "Things-1"})} {
			if err := put(t, db, d); err != nil {
				t.Fatal(err)
			}
		}
		users := func() (u []store.User) {
			db.View(ctx, func(tx *store.Tx) (err error) { u, err = tx.UsedBy("Things-1", 10); return err })
			return u
		}
		if diff := cmp.Diff([]store.User{{ID: "Things-2", Kind: "Things", Field: "Next"}}, users()); diff != "" {
			t.Error(diff)
		}
		err := db.Do(ctx, func(tx *store.Tx) error {
			d, err := tx.Get("", "Things-2")
			if err != nil {
				return err
			}
			d.References = nil
			return tx.Put(d)
		})
		if err != nil || len(users()) != 0 {
			t.Errorf("%v, %v", err, users())
		}
	})
}

func TestFindAndCount(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		for i := range 12 {
			if err := put(t, db, thing(fmt.Sprintf("Things-%d", i), fmt.Sprintf("Thing %02d", 11-i))); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.Do(ctx, func(tx *store.Tx) error { return tx.Index("", "Things", "A") }); err != nil {
			t.Fatal(err)
		}
		q := store.Query{Kind: "Things", Where: []store.Where{{SQL: "data ->> 'Id' <> ?", Args: []any{"Things-11"}}, {SQL: "name_key like ? or id = ?", Args: []any{"thing 0%", "x"}}}, Skip: 2, Take: 3}
		db.View(ctx, func(tx *store.Tx) error {
			found, err := tx.Find(q)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, d := range found {
				names = append(names, d.Name)
			}
			n, err := tx.Count(q)
			if diff := cmp.Diff([]string{"Thing 03", "Thing 04", "Thing 05"}, names); diff != "" || n != 9 || err != nil {
				t.Errorf("%d, %v, %s", n, err, diff)
			}
			return nil
		})
	})
}

// TestWritersTogether has many writers take numbers and change one document:
// none may be lost, none given twice.
func TestWritersTogether(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		if err := put(t, db, thing("Things-1", "One")); err != nil {
			t.Fatal(err)
		}
		const writers, each = 8, 10
		var mu sync.Mutex
		seen := map[int64]bool{}
		var wg sync.WaitGroup
		for range writers {
			wg.Go(func() {
				for range each {
					var n int64
					for {
						err := db.Do(ctx, func(tx *store.Tx) (err error) {
							if n, err = tx.Next("numbers"); err != nil {
								return err
							}
							d, err := tx.Get("", "Things-1")
							if err != nil {
								return err
							}
							return tx.Put(d)
						})
						if fault.Is(err, fault.Conflict) {
							continue
						}
						if err != nil {
							t.Error(err)
						}
						break
					}
					mu.Lock()
					if seen[n] {
						t.Errorf("number %d was given twice", n)
					}
					seen[n] = true
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		db.View(ctx, func(tx *store.Tx) error {
			d, err := tx.Get("", "Things-1")
			if err != nil || d.Version != writers*each+1 {
				t.Errorf("version %d, %v", d.Version, err)
			}
			return nil
		})
	})
}

// TestADeletedReferenceIsNotMissed has a document refer to another while that
// one is deleted: one of the two must lose.
func TestADeletedReferenceIsNotMissed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		for i := range 20 {
			a, b := fmt.Sprintf("A-%d", i), fmt.Sprintf("B-%d", i)
			if err := put(t, db, thing(a, a)); err != nil {
				t.Fatal(err)
			}
			gone := errors.New("gone")
			var wg sync.WaitGroup
			var linked, deleted error
			wg.Go(func() {
				linked = db.Do(ctx, func(tx *store.Tx) error {
					there, err := tx.Lock([]string{a})
					if err != nil {
						return err
					}
					if _, ok := there[a]; !ok {
						return gone
					}
					return tx.Put(thing(b, b, store.Reference{Field: "A", Target: a}))
				})
			})
			wg.Go(func() {
				deleted = db.Do(ctx, func(tx *store.Tx) error {
					if err := tx.Hold(a); err != nil {
						return err
					}
					users, err := tx.UsedBy(a, 1)
					if err != nil {
						return err
					}
					if len(users) > 0 {
						return gone
					}
					d, err := tx.Get("", a)
					if err != nil {
						return err
					}
					return tx.Delete(d)
				})
			})
			wg.Wait()
			if (linked == nil) == (deleted == nil) {
				t.Fatalf("linking gave %v, deleting gave %v", linked, deleted)
			}
		}
	})
}

func TestEventFilters(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		alice := store.WithActor(ctx, store.Actor{UserID: "Users-1", Username: "alice", IP: "10.0.0.1", UserAgent: "x/1"})
		for i, e := range []store.Event{{Category: "Created", Document: "Projects-1", Space: "Spaces-1"}, {Category: "Modified", Document: "Projects-1", Space: "Spaces-1", Related: []string{"Environments-1"}}, {Category: "Created", Document: "Users-1"}} {
			c := ctx
			if i == 1 {
				c = alice
			}
			if err := db.Do(c, func(tx *store.Tx) error { return tx.Append(&e) }); err != nil {
				t.Fatal(err)
			}
		}
		for name, c := range map[string]struct {
			q    store.EventQuery
			want int
		}{
			"all":         {store.EventQuery{}, 3},
			"space":       {store.EventQuery{Spaces: []string{"Spaces-1"}}, 2},
			"system":      {store.EventQuery{Spaces: []string{""}}, 1},
			"user":        {store.EventQuery{Users: []string{"Users-1"}}, 1},
			"regarding":   {store.EventQuery{Regarding: []string{"Projects-1", "Environments-1"}}, 1},
			"any":         {store.EventQuery{Any: []string{"Users-1", "Environments-1"}}, 2},
			"groups":      {store.EventQuery{Groups: [][]string{{"Projects-1"}, nil, {"Environments-1"}}}, 1},
			"kind":        {store.EventQuery{Kinds: []string{"Users"}}, 1},
			"category":    {store.EventQuery{Categories: []string{"Created"}}, 2},
			"time":        {store.EventQuery{From: time.Now().Add(time.Hour)}, 0},
			"id":          {store.EventQuery{FromID: 2, ToID: 2}, 1},
			"page is two": {store.EventQuery{Take: 1, Skip: 1}, 3},
		} {
			db.View(ctx, func(tx *store.Tx) error {
				_, total, err := tx.Events(c.q)
				if err != nil || total != c.want {
					t.Errorf("%s: %d, %v; want %d", name, total, err, c.want)
				}
				return nil
			})
		}
	})
}

func TestAFileThatIsNoDatabaseIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tako.db")
	if err := os.WriteFile(path, []byte("no database, but long enough to be taken for the head of one"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), filepath.Dir(path), ""); err == nil || !strings.Contains(err.Error(), "The database file "+path+" cannot be used: ") {
		t.Errorf("%v", err)
	}
}

// TestFoldersThatCannotBe holds that each says what to do about it.
func TestFoldersThatCannotBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "data")} {
		if err := store.MakeFolder(dir); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "is a file or lies in one. Name a folder with --data") {
			t.Errorf("%s: %v", dir, err)
		}
	}
	if os.Geteuid() == 0 {
		return // who may write anywhere
	}
	closed := t.TempDir()
	if err := os.Chmod(closed, 0o500); err != nil {
		t.Fatal(err)
	}
	if err := store.MakeFolder(filepath.Join(closed, "data")); err == nil || !strings.Contains(err.Error(), "may not make the data folder") {
		t.Error(err)
	}
	if _, err := store.TakeLock(closed); err == nil || !strings.Contains(err.Error(), "may not write to the data folder") {
		t.Error(err)
	}
}

// Who reads in the context of a unit sees what the unit has written, and nobody
// waits there for a unit that could only begin when this one has ended.
func TestWithin(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		read := func(ctx context.Context) (found bool) {
			err := db.View(ctx, func(tx *store.Tx) error {
				d, err := tx.Get("", "Things-1")
				found = d != nil
				return err
			})
			if err != nil {
				t.Error(err)
			}
			return found
		}
		err := db.Do(ctx, func(tx *store.Tx) error {
			if err := tx.Put(thing("Things-1", "One")); err != nil {
				return err
			}
			if !read(tx.Within()) || read(ctx) {
				t.Error("what the unit has written is seen by others, or not by itself")
			}
			if err := db.Do(tx.Within(), func(*store.Tx) error { return nil }); err == nil {
				t.Error("a unit wrote inside another")
			}
			return nil
		})
		if err != nil || !read(ctx) {
			t.Errorf("afterwards it is not there, %v", err)
		}
	})
}
