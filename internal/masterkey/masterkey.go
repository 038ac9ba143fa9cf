// Package masterkey keeps the key that a server's secrets are sealed with: it
// finds it where it was given or kept, makes one for a first start, and puts
// another in its place, so that a kill at any moment loses neither key nor
// secret.
package masterkey

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/secret"
	"github.com/takodeploy/tako/internal/store"
)

// setting is where the database says which key it was written with.
const setting = "master key"

// Place is where the key of a server is.
type Place struct {
	DB    *store.DB
	Dir   string      // the data folder
	Given secret.Text // by the settings; else the one kept in the folder
}

// File is where the key is kept unless the settings give it.
func (p Place) File() string { return filepath.Join(p.Dir, "master.key") }

// next is where a rotation keeps the new key until the database has it.
func (p Place) next() string { return p.File() + ".next" }

// Take gives the key of a server that starts, and makes one at its first
// start. A key other than the one the database was first used with is refused:
// values could be written that nobody reads again.
func (p Place) Take(ctx context.Context) (*secret.Key, error) {
	key, known, err := p.find(ctx)
	if err != nil {
		return nil, err
	}
	if key == nil {
		key = secret.NewKey()
		if err := keep(p.File(), key); err != nil {
			return nil, fmt.Errorf("keeping the master key: %w", err)
		}
	}
	if known != "" {
		return key, nil
	}
	return key, p.DB.Do(ctx, func(tx *store.Tx) error { return tx.SetSetting(setting, key.ID()) })
}

// Find gives the key of a server that has been started before.
func (p Place) Find(ctx context.Context) (*secret.Key, error) {
	key, known, err := p.find(ctx)
	if err == nil && (key == nil || known == "") {
		return nil, fault.New(fault.NotFound, "There is no master key yet; the server makes one when it is first started.")
	}
	return key, err
}

// find gives the key, nil when there is none yet, and the id of the one that
// the database was written with, if it was.
func (p Place) find(ctx context.Context) (*secret.Key, string, error) {
	var known string
	if err := p.DB.View(ctx, func(tx *store.Tx) (err error) { known, err = tx.Setting(setting); return err }); err != nil {
		return nil, "", err
	}
	key, err := p.held()
	if err != nil {
		return nil, "", err
	}
	if known == "" || key != nil && key.ID() == known {
		return key, known, nil
	}
	// A rotation may have been killed after the database took the new key.
	next, err := read(p.next())
	if p.Given == "" && err == nil && next != nil && next.ID() == known {
		return next, known, p.install(key)
	}
	if key == nil {
		return nil, "", fault.New(fault.Invalid, "the database was written with master key %s, but none was given and %s does not exist; set MASTER_KEY to that key", known, p.File())
	}
	where := "set MASTER_KEY to the right one"
	if kept, err := read(p.File()); err == nil && kept != nil && kept.ID() == known {
		where = "that key is in " + p.File() + ": set MASTER_KEY to it, or leave it out"
	}
	return nil, "", fault.New(fault.Invalid, "the database was written with master key %s, but this server was given %s; %s", known, key.ID(), where)
}

// held is the key of the settings or the folder, or nil.
func (p Place) held() (*secret.Key, error) {
	if p.Given == "" {
		return read(p.File())
	}
	key, err := secret.ParseKey(p.Given.Reveal())
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "the master key (MASTER_KEY) cannot be read")
	}
	return key, nil
}

// read gives the key that a file holds, or nil when there is no file.
func read(path string) (*secret.Key, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the master key: %w", err)
	}
	key, err := secret.ParseKey(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "the master key in %s cannot be read", path)
	}
	return key, nil
}

// keep stores a key for good before anything is written with it: whatever
// happens meanwhile, the file is there as a whole or not at all.
func keep(path string, key *secret.Key) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+"-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(key.Text().Reveal() + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

func syncFolder(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Keep puts a key into the data folder of a server that is being restored. A
// key that is there already stays.
func (p Place) Keep(key *secret.Key) error {
	if kept, err := read(p.File()); err != nil || kept != nil {
		return err
	}
	if err := keep(p.File(), key); err != nil {
		return fmt.Errorf("keeping the master key: %w", err)
	}
	return nil
}

// ID names the key that a database was written with.
func ID(ctx context.Context, db *store.DB) (id string, err error) {
	err = db.View(ctx, func(tx *store.Tx) error { id, err = tx.Setting(setting); return err })
	return id, err
}
