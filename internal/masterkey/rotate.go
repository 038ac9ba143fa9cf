package masterkey

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/secret"
	"github.com/takodeploy/tako/internal/store"
)

// Rotation is what a change of the key came to.
type Rotation struct {
	Old, New   *secret.Key
	Values     int // that were sealed anew
	Unreadable int // that neither key opens; they were left as they are
}

// Rotate seals every secret with another key and makes that the server's. No
// server may run meanwhile. The steps, any of which may be the last before a
// kill:
//
//  1. The new key is put beside the old one.
//  2. One transaction seals all values anew and says which key the database is
//     written with. Before it the old key is the right one, after it the new.
//  3. The new key takes the old one's place, whose file is kept under its id,
//     for backups that are older. Whoever looks for the key next does this if
//     it was not done.
func (p Place) Rotate(ctx context.Context, to *secret.Key) (Rotation, error) {
	old, err := p.Find(ctx)
	if err != nil {
		return Rotation{}, err
	}
	r := Rotation{Old: old, New: to}
	if old.ID() == to.ID() {
		return r, fault.New(fault.Invalid, "The new master key is the present one: give another, or none to have one made.")
	}
	if err := p.alone(ctx); err != nil {
		return r, err
	}
	if err := keep(p.next(), to); err != nil {
		return r, fmt.Errorf("keeping the new master key: %w", err)
	}
	both := to.WithPrevious(old)
	err = p.DB.Do(ctx, func(tx *store.Tx) error {
		r.Values, r.Unreadable = 0, 0
		err := tx.Rewrite(secret.SealedMark, func(text store.Text) (string, error) {
			next, done, bad := kind.Reseal(both, text.Value)
			r.Values += done
			r.Unreadable += bad
			return next, nil
		})
		if err != nil {
			return fmt.Errorf("sealing secrets with the new key: %w", err)
		}
		return tx.SetSetting(setting, to.ID())
	})
	if err != nil {
		return r, err
	}
	return r, p.install(old)
}

// install puts the new key in the place of the old.
func (p Place) install(old *secret.Key) error {
	if old != nil {
		// A link first, so that there is no moment without a key.
		if err := os.Link(p.File(), p.File()+"."+old.ID()); err != nil && !errors.Is(err, fs.ErrExist) && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("keeping the old master key: %w", err)
		}
	}
	if err := os.Rename(p.next(), p.File()); err != nil {
		return fmt.Errorf("putting the new master key in its place: %w", err)
	}
	return syncFolder(p.Dir)
}

// aliveFor is how long after it was last seen a node may still be at work.
const aliveFor = 30 * time.Second

// alone refuses while a node of the cluster works: it would go on writing with
// the old key.
func (p Place) alone(ctx context.Context) error {
	return p.DB.View(ctx, func(tx *store.Tx) error {
		var name string
		found, err := tx.QueryRow([]any{&name}, "select name from task_node where seen > $1", time.Now().Add(-aliveFor).UnixMilli())
		if err != nil {
			return fmt.Errorf("looking for running nodes: %w", err)
		}
		// On a database file the lock of the folder tells more than the last
		// sign of life, which a server that has just stopped leaves too.
		if found && p.DB.Engine == store.PostgreSQL {
			return fault.New(fault.Conflict, "The node %s is at work, or was within the last %s: stop all nodes first, for they would go on writing with the old key.", name, aliveFor)
		}
		return nil
	})
}

// Lost is a stored text with secrets that the key does not open.
type Lost struct {
	Table, Row string
	Values     int
}

// Unreadable finds the secrets that the key does not open, and counts all.
func Unreadable(ctx context.Context, db *store.DB, key *secret.Key) (all int, lost []Lost, err error) {
	err = db.View(ctx, func(tx *store.Tx) error {
		return tx.Search(secret.SealedMark, func(text store.Text) error {
			good, bad := kind.CountSealed(key, text.Value)
			all += good + bad
			if bad > 0 {
				lost = append(lost, Lost{text.Table, text.Row, bad})
			}
			return nil
		})
	})
	return all, lost, err
}
