package catalog_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	. "github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/secret"
	"github.com/takodeploy/tako/internal/store"
)

// room is a database as it is after the first start.
type room struct {
	*testing.T
	db    *store.DB
	admin *User
}

func newRoom(t *testing.T) *room {
	t.Helper()
	db, err := store.Open(context.Background(), t.TempDir(), NewDatabase(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.Key = secret.NewKey()
	if err := kind.Prepare(db); err != nil {
		t.Fatal(err)
	}
	r := &room{T: t, db: db}
	r.do(func(tx *store.Tx) error {
		s, err := Seed(tx, AdminSeed{Username: "ada", Email: "ada@example.com"})
		r.admin = s.Admin
		return err
	})
	return r
}

func (r *room) do(f func(tx *store.Tx) error) {
	r.Helper()
	if err := r.db.Do(context.Background(), f); err != nil {
		r.Fatal(explain(err))
	}
}

func explain(err error) string {
	text := err.Error()
	if f, ok := err.(*fault.Error); ok {
		text += "\n" + strings.Join(f.Details, "\n")
	}
	return text
}

// post creates a resource of the default space from what a client sends.
func post[T any](r *room, k *kind.Kind[T], body string) (made *T, err error) {
	err = r.db.Do(context.Background(), func(tx *store.Tx) error {
		v, err := k.Decode([]byte(body))
		if err != nil {
			return err
		}
		if !k.Info().System {
			kind.BaseOf(v).SpaceID = kind.DefaultSpace
		}
		made = v.(*T)
		return k.Put(tx, made)
	})
	return made, err
}

// create is post where nothing may go wrong.
func create[T any](r *room, k *kind.Kind[T], body string) *T {
	r.Helper()
	made, err := post(r, k, body)
	if err != nil {
		r.Fatal(explain(err))
	}
	return made
}

// put changes a resource as a client does.
func put[T any](r *room, k *kind.Kind[T], id, body string) (changed *T, err error) {
	err = r.db.Do(context.Background(), func(tx *store.Tx) error {
		if changed, err = k.Get(tx, id); err != nil {
			return err
		}
		if err := k.Merge([]byte(body), changed); err != nil {
			return err
		}
		return k.Put(tx, changed)
	})
	return changed, err
}

func change[T any](r *room, k *kind.Kind[T], id, body string) *T {
	r.Helper()
	changed, err := put(r, k, id, body)
	if err != nil {
		r.Fatal(explain(err))
	}
	return changed
}

func remove[T any](r *room, k *kind.Kind[T], id string) error {
	return r.db.Do(context.Background(), func(tx *store.Tx) error { return k.Delete(tx, id) })
}

func get[T any](r *room, k *kind.Kind[T], id string) (got *T) {
	r.Helper()
	r.do(func(tx *store.Tx) (err error) {
		got, err = k.Get(tx, id)
		return err
	})
	return got
}

// wire gives what a client sees.
func wire[T any](r *room, k *kind.Kind[T], id string) (text string, members map[string]any) {
	r.Helper()
	r.do(func(tx *store.Tx) error {
		space := kind.DefaultSpace
		if k.Info().System {
			space = ""
		}
		raw, _, err := k.FindRaw(tx, space, id)
		if err != nil {
			return err
		}
		text = string(raw)
		return json.Unmarshal(raw, &members)
	})
	return text, members
}

// refused checks that an error is one that a client can act on and says why.
func refused(t *testing.T, err error, why string) {
	t.Helper()
	if why == "" {
		if err != nil {
			t.Errorf("refused: %s", explain(err))
		}
		return
	}
	if err == nil {
		t.Errorf("not refused; want %q", why)
		return
	}
	if fault.CodeOf(err) == fault.Internal || !strings.Contains(explain(err), why) {
		t.Errorf("refused with %q; want %q", explain(err), why)
	}
}
