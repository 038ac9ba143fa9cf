package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/blob"
	"github.com/takodeploy/tako/internal/fault"
)

// What a start does when its data folder has no database.
const (
	StartNever    = "never"    // begins empty
	StartPresent  = "present"  // brings a backup back if there is one
	StartRequired = "required" // refuses to begin empty
)

// Start brings a backup back before the server opens its database.
type Start struct {
	Mode  string
	Place blob.Store // that this server's backup is kept in
	Hold  *Hold      // of the place; nil when nobody else can come

	// Name is that of a restore to do once, whatever the data folder has. It is
	// remembered in the place, so that no later start does it again.
	Name      string
	At        time.Time  // to go back to; the newest when zero
	From      blob.Store // the backup to read; Place when nil
	FromFiles blob.Store // the files that belong to it; nil when they are in the backup, or here already
}

// Bring brings back what is to be brought back; false when there was nothing to
// do. It can be broken off at any point and begun anew.
func (s Start) Bring(ctx context.Context, to Target) (Fetched, bool, error) {
	if s.Name != "" {
		done, err := s.done(ctx, to.Dir)
		if err != nil {
			return Fetched{}, false, err
		}
		if !done {
			f, err := s.goBack(ctx, to)
			return f, err == nil, err
		}
	}
	if s.Mode == StartNever || s.Mode == "" {
		return Fetched{}, false, nil
	}
	if has, err := there(to.Dir); has || err != nil {
		return Fetched{}, false, err
	}
	list, err := generations(ctx, s.Place)
	if err != nil {
		return Fetched{}, false, err
	}
	if len(list) == 0 && s.Mode == StartRequired {
		return Fetched{}, false, fault.New(fault.NotFound, "There is no database and no backup of one, and the server is not to begin empty (setting backup-restore): look whether backup-to names the right place.")
	}
	if len(list) == 0 {
		return Fetched{}, false, nil
	}
	f, err := Fetch(ctx, s.Place, time.Time{}, to)
	return f, err == nil, err
}

// mark is how the history that a named restore begins is named.
func (s Start) mark() string {
	sum := sha256.Sum256([]byte(s.Name))
	return hex.EncodeToString(sum[:4])
}

// there says whether a data folder has a database.
func there(dir string) (bool, error) {
	_, err := os.Stat(filepath.Join(dir, "tako.db"))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// done says whether the restore was done: the history that it began is in the
// place, or in the data folder of a server that has not copied it yet.
func (s Start) done(ctx context.Context, dir string) (bool, error) {
	mine, err := readGeneration(dir)
	if err != nil {
		return false, err
	}
	if strings.HasSuffix(mine, "-"+s.mark()) {
		return there(dir)
	}
	list, err := generations(ctx, s.Place)
	if err != nil {
		return false, err
	}
	for _, g := range list {
		if strings.HasSuffix(g, "-"+s.mark()) {
			return true, nil
		}
	}
	return false, nil
}

// goBack puts aside what the folder has, and brings back what the place had.
func (s Start) goBack(ctx context.Context, to Target) (Fetched, error) {
	if err := s.putAside(to.Dir); err != nil {
		return Fetched{}, err
	}
	from := s.From
	if from == nil {
		from = s.Place
	}
	if s.FromFiles != nil && to.Blobs != nil {
		if err := copyMissing(ctx, s.FromFiles, to.Blobs); err != nil {
			return Fetched{}, err
		}
	}
	// The history is named before the database is there: without one it means
	// nothing, and a database without it would be restored over and over.
	if _, err := beginGeneration(ctx, to.Dir, s.mark(), s.Hold); err != nil {
		return Fetched{}, err
	}
	return Fetch(ctx, from, s.At, to)
}

// putAside moves the database away that a restore replaces, and what belongs to
// it; an earlier one that was put aside for the same restore is older news.
func (s Start) putAside(dir string) error {
	aside := filepath.Join(dir, "before-"+s.mark())
	if err := os.MkdirAll(aside, 0o700); err != nil {
		return fmt.Errorf("putting the present database aside: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("putting the present database aside: %w", err)
	}
	// The database itself last: while it is there the move is not over.
	for _, last := range []bool{false, true} {
		for _, e := range entries {
			ours := strings.HasPrefix(e.Name(), "tako.db") || strings.HasPrefix(e.Name(), ".tako.db")
			if !ours || (e.Name() == "tako.db") != last {
				continue
			}
			if err := os.RemoveAll(filepath.Join(aside, e.Name())); err != nil {
				return fmt.Errorf("putting the present database aside: %w", err)
			}
			if err := os.Rename(filepath.Join(dir, e.Name()), filepath.Join(aside, e.Name())); err != nil {
				return fmt.Errorf("putting the present database aside: %w", err)
			}
		}
	}
	return nil
}

// copyMissing copies what the other store lacks.
func copyMissing(ctx context.Context, from, to blob.Store) error {
	have, err := listed(ctx, to, "")
	if err != nil {
		return err
	}
	for info, err := range from.List(ctx, "") {
		if err != nil {
			return fmt.Errorf("looking for the files of the backup: %w", err)
		}
		if h, ok := have[info.Name]; ok && h.Size == info.Size {
			continue
		}
		if err := copyBlob(ctx, from, info.Name, to, info.Name); err != nil {
			return err
		}
	}
	return nil
}
