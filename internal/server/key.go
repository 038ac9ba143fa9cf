package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/takodeploy/tako/internal/config"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/secret"
	"github.com/takodeploy/tako/internal/store"
)

// masterKey takes the key that was given, or the one kept in the data folder,
// or makes one on a first start. A key other than the one the database was
// first used with is refused: values could be written that nobody reads again.
func masterKey(ctx context.Context, db *store.DB, cfg *config.Server) (*secret.Key, error) {
	path := filepath.Join(cfg.DataDir, "master.key")
	text, made := string(cfg.MasterKey), false
	if text == "" {
		kept, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("reading the master key: %w", err)
		}
		text = strings.TrimSpace(string(kept))
	}
	var known string
	if err := db.View(ctx, func(tx *store.Tx) (err error) { known, err = tx.Setting("master key"); return err }); err != nil {
		return nil, err
	}
	if text == "" {
		if known != "" {
			return nil, fault.New(fault.Invalid, "the database was written with master key %s, but none was given and %s does not exist; set MASTER_KEY to that key", known, path)
		}
		text, made = string(secret.NewKey().Text()), true
	}
	key, err := secret.ParseKey(text)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "the master key (MASTER_KEY or %s) cannot be read", path)
	}
	if known != "" && known != key.ID() {
		return nil, fault.New(fault.Invalid, "the database was written with master key %s, but this server was given %s; set MASTER_KEY to the right one", known, key.ID())
	}
	if made {
		if err := keepKey(path, text); err != nil {
			return nil, fmt.Errorf("keeping the master key: %w", err)
		}
	}
	if known != "" {
		return key, nil
	}
	return key, db.Do(ctx, func(tx *store.Tx) error { return tx.SetSetting("master key", key.ID()) })
}

// keepKey stores the key for good before anything is written with it: whatever
// happens meanwhile, the file is there as a whole or not at all.
func keepKey(path, text string) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+"-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(text + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
