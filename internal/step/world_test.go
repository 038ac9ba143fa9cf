package step

import (
	"context"
	"errors"
	"testing"

	"github.com/takodeploy/tako/internal/blob"
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/feed"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/secret"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/target"
	"github.com/takodeploy/tako/internal/target/sshdtest"
)

// world is a database as a server has it at its first start, and its tools.
type world struct {
	t     *testing.T
	db    *store.DB
	blobs blob.Store
	tools *Tools
	env   string // an environment's id
}

const space = kind.DefaultSpace

func newWorld(t *testing.T) *world {
	t.Helper()
	db, err := store.Open(t.Context(), t.TempDir(), "")
	must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	db.Key = secret.NewKey()
	must(t, kind.Prepare(db))
	blobs, err := blob.OpenFolder(t.TempDir())
	must(t, err)
	pool := target.NewPool(target.Options{})
	t.Cleanup(func() { pool.Close() })
	w := &world{t: t, db: db, blobs: blobs, tools: NewTools(Kit{DB: db, Blobs: blobs, Dir: t.TempDir(), Pool: pool, Packages: &feed.Feeds{DB: db, Blobs: blobs}})}
	w.do(func(tx *store.Tx) error {
		if _, err := catalog.Seed(tx, catalog.AdminSeed{Email: "admin@example.test"}); err != nil {
			return err
		}
		e := &catalog.Environment{}
		e.Name, e.SpaceID = "Production", space
		if err := catalog.Environments.Put(tx, e); err != nil {
			return err
		}
		w.env = e.ID
		return nil
	})
	return w
}

func (w *world) do(f func(tx *store.Tx) error) {
	w.t.Helper()
	must(w.t, w.db.Do(context.Background(), f))
}

// machine makes a target of an SSH server, with an account of its own.
func (w *world) machine(name string, s *sshdtest.Server) string {
	w.t.Helper()
	var id string
	w.do(func(tx *store.Tx) error {
		account := &catalog.Account{AccountType: catalog.AccountSSH, Username: s.User}
		key := kind.NewSensitive(s.PrivateKey)
		account.Name, account.SpaceID, account.PrivateKeyFile = "key of "+name, space, &key
		if err := catalog.Accounts.Put(tx, account); err != nil {
			return err
		}
		m := &catalog.Machine{EnvironmentIDs: []string{w.env}, Roles: []string{"web"}}
		m.Name, m.SpaceID = name, space
		m.Endpoint = catalog.Endpoint{CommunicationStyle: catalog.StyleSSH, Host: s.Host, Port: s.Port, Fingerprint: s.Fingerprint, AccountID: account.ID}
		if err := catalog.Machines.Put(tx, m); err != nil {
			return err
		}
		id = m.ID
		return nil
	})
	return id
}

// policy changes the default policy of the space.
func (w *world) policy(change func(h *catalog.HealthCheckPolicy)) {
	w.t.Helper()
	w.do(func(tx *store.Tx) error {
		all, _, err := catalog.MachinePolicies.List(tx, kind.Query{Space: space})
		if err != nil {
			return err
		}
		change(&all[0].MachineHealthCheckPolicy)
		return catalog.MachinePolicies.Put(tx, all[0])
	})
}

func inline(script string) func(h *catalog.HealthCheckPolicy) {
	return func(h *catalog.HealthCheckPolicy) {
		h.BashHealthCheckPolicy = &catalog.ScriptPolicy{RunType: "Inline", ScriptBody: &script}
	}
}

// look reads a machine and the categories of the events about it, the oldest
// first.
func (w *world) look(id string) (m *catalog.Machine, events []string) {
	w.t.Helper()
	must(w.t, w.db.View(context.Background(), func(tx *store.Tx) (err error) {
		if m, err = catalog.Machines.Get(tx, id); err != nil {
			return err
		}
		list, _, err := tx.Events(store.EventQuery{Regarding: []string{id}})
		for _, e := range list {
			events = append([]string{e.Category}, events...)
		}
		return err
	}))
	return m, events
}

// details are the further sentences of an error.
func details(err error) []string {
	var known *fault.Error
	if errors.As(err, &known) {
		return known.Details
	}
	return nil
}
