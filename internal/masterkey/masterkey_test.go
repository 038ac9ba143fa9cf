package masterkey

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/secret"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/store/storetest"
)

// TestMasterKeyIsLeftAlone: a server that is killed while it starts must not
// take the key with it, so a start writes the file only when there is none.
func TestMasterKeyIsLeftAlone(t *testing.T) {
	p := Place{DB: storetest.SQLite(t), Dir: t.TempDir()}
	first, err := p.Take(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	old := time.Unix(1_000_000_000, 0)
	if err := os.Chtimes(p.File(), old, old); err != nil {
		t.Fatal(err)
	}
	again, err := p.Take(t.Context())
	if err != nil || again.ID() != first.ID() {
		t.Fatalf("another key: %v", err)
	}
	info, err := os.Stat(p.File())
	if err != nil {
		t.Fatal(err)
	}
	if !info.ModTime().Equal(old) || info.Mode().Perm() != 0o600 {
		t.Errorf("the file was written again: %v, %v", info.ModTime(), info.Mode())
	}
	// What a kill during the first start leaves must not pass for the key.
	if err := os.WriteFile(p.File(), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Take(t.Context()); err == nil {
		t.Error("a new key was made for an old database")
	}
}

const (
	inJSON = `{"a":{"HasValue":true,"Sealed":"%s"},"b":"%s"}`
	plain1 = "first secret"
	plain2 = "second \" secret"
)

// sealSome stores secrets in a column of JSON, one of text, and one that no
// key opens.
func sealSome(t *testing.T, p Place, key *secret.Key) {
	t.Helper()
	json := strings.Replace(strings.Replace(inJSON, "%s", kind.Seal(key, plain1), 1), "%s", kind.Seal(key, plain2), 1)
	err := p.DB.Do(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(`insert into document (id, kind, space, owner, name, name_key, slug, version, shape, created, modified, data)
			values ('X-1', 'X', '', '', '', '', '', 7, '', 0, 0, $1)`, json)
		return errors.Join(err, tx.SetSetting("mail", "before "+kind.Seal(key, plain1)+" after"), tx.SetSetting("lost", kind.Seal(secret.NewKey(), "lost")))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// expect counts what is readable with the key.
func expect(t *testing.T, p Place, key *secret.Key, good, bad int) {
	t.Helper()
	all, lost, err := Unreadable(t.Context(), p.DB, key)
	n := 0
	for _, l := range lost {
		n += l.Values
	}
	if err != nil || all-n != good || n != bad {
		t.Errorf("the key opens %d of %d, and not %v: %v", all-n, all, lost, err)
	}
}

func TestRotate(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p := Place{DB: db, Dir: t.TempDir()}
		old, err := p.Take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		sealSome(t, p, old)
		expect(t, p, old, 3, 1)
		to := secret.NewKey()
		r, err := p.Rotate(t.Context(), to)
		if err != nil || r.Values != 3 || r.Unreadable != 1 {
			t.Fatalf("%+v, %v", r, err)
		}
		expect(t, p, to, 3, 1)
		expect(t, p, old, 0, 4)
		now, err := p.Take(t.Context())
		if err != nil || now.ID() != to.ID() {
			t.Errorf("%v, %v", now, err)
		}
		if kept, err := read(p.File() + "." + old.ID()); err != nil || kept == nil || kept.ID() != old.ID() {
			t.Errorf("the old key was not kept: %v, %v", kept, err)
		}
		var text string
		err = db.View(t.Context(), func(tx *store.Tx) error {
			_, err := tx.QueryRow([]any{&text}, "select cast(data as text) from document where id = 'X-1'")
			return err
		})
		if err != nil || !strings.HasPrefix(text, `{"a":{"HasValue":true,"Sealed":"sealed1.`+to.ID()) {
			t.Errorf("the document reads %s: %v", text, err)
		}
		if _, err := p.Rotate(t.Context(), to); !fault.Is(err, fault.Invalid) {
			t.Errorf("rotated to the same key: %v", err)
		}
	})
}

// TestRotationKilledBetweenItsSteps leaves what a kill after each step leaves.
func TestRotationKilledBetweenItsSteps(t *testing.T) {
	start := func(t *testing.T) (Place, *secret.Key, *secret.Key) {
		p := Place{DB: storetest.SQLite(t), Dir: t.TempDir()}
		old, err := p.Take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		sealSome(t, p, old)
		return p, old, secret.NewKey()
	}
	t.Run("before the database took the key", func(t *testing.T) {
		p, old, to := start(t)
		if err := keep(p.next(), to); err != nil {
			t.Fatal(err)
		}
		if key, err := p.Take(t.Context()); err != nil || key.ID() != old.ID() {
			t.Errorf("%v, %v", key, err)
		}
		again := secret.NewKey()
		if _, err := p.Rotate(t.Context(), again); err != nil {
			t.Fatal(err)
		}
		expect(t, p, again, 3, 1)
	})
	t.Run("before the key took its place", func(t *testing.T) {
		p, old, to := start(t)
		if _, err := p.Rotate(t.Context(), to); err != nil {
			t.Fatal(err)
		}
		// As if the last step had not been.
		err := errors.Join(os.Rename(p.File(), p.next()), os.Rename(p.File()+"."+old.ID(), p.File()))
		if err != nil {
			t.Fatal(err)
		}
		key, err := p.Take(t.Context())
		if err != nil || key.ID() != to.ID() {
			t.Fatalf("%v, %v", key, err)
		}
		for _, path := range []string{p.File(), p.File() + "." + old.ID()} {
			if k, err := read(path); err != nil || k == nil {
				t.Errorf("%s: %v, %v", path, k, err)
			}
		}
	})
}

// TestAKeyOfTheSettingsIsNamedWhenItIsOld says where the right one is.
func TestAKeyOfTheSettingsIsNamedWhenItIsOld(t *testing.T) {
	old := secret.NewKey()
	p := Place{DB: storetest.SQLite(t), Dir: t.TempDir(), Given: old.Text()}
	if _, err := p.Take(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(p.File()); err == nil {
		t.Error("a key that was given was written down")
	}
	to := secret.NewKey()
	if _, err := p.Rotate(t.Context(), to); err != nil {
		t.Fatal(err)
	}
	_, err := p.Take(t.Context())
	if err == nil || !strings.Contains(err.Error(), to.ID()) || !strings.Contains(err.Error(), filepath.Join(p.Dir, "master.key")) {
		t.Errorf("%v", err)
	}
	p.Given = ""
	if key, err := p.Take(t.Context()); err != nil || key.ID() != to.ID() {
		t.Errorf("%v, %v", key, err)
	}
}

// TestNodesAtWorkForbidARotation on PostgreSQL.
func TestNodesAtWorkForbidARotation(t *testing.T) {
	p := Place{DB: storetest.Postgres(t), Dir: t.TempDir()}
	if _, err := p.Take(t.Context()); err != nil {
		t.Fatal(err)
	}
	err := p.DB.Do(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec("insert into task_node (name, cap, draining, seen, since) values ('one', 1, 0, $1, 0)", time.Now().UnixMilli())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Rotate(t.Context(), secret.NewKey()); !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "node one") {
		t.Errorf("%v", err)
	}
}
