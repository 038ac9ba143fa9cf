package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/takodeploy/tako/internal/blob"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/store"
)

// Target is where a backup is brought back to.
type Target struct {
	Dir         string // the data folder
	DatabaseURL string // of PostgreSQL; the file in the data folder when empty
	Blobs       blob.Store
}

// Restore brings an archive back. The target must not have a server's data.
// The archive is read twice: first its files are put in place and it is proven
// to be whole, then the database appears, all at once. Broken off, it can be
// begun anew.
func Restore(ctx context.Context, path string, to Target) (Manifest, Totals, error) {
	if err := to.vacant(ctx); err != nil {
		return Manifest{}, Totals{}, err
	}
	m, totals, err := restoreBlobs(ctx, path, to.Blobs)
	if err != nil {
		return m, totals, err
	}
	err = withArchive(path, func(a *Archive) error {
		if to.DatabaseURL != "" {
			return store.Load(ctx, to.Dir, to.DatabaseURL, m.Schema, a.Rows())
		}
		return to.stage(func(dir string) error { return store.Load(ctx, dir, "", m.Schema, a.Rows()) })
	})
	return m, totals, err
}

func withArchive(path string, f func(*Archive) error) error {
	file, err := os.Open(path)
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "The backup cannot be read")
	}
	defer file.Close()
	a, err := Read(file)
	if err != nil {
		return err
	}
	defer a.Close()
	return f(a)
}

func restoreBlobs(ctx context.Context, path string, blobs blob.Store) (m Manifest, totals Totals, err error) {
	err = withArchive(path, func(a *Archive) error {
		m = a.Manifest
		totals, err = a.Blobs(func(name string, r io.Reader, size int64) error {
			_, err := blobs.Put(ctx, name, r, size)
			return err
		})
		return err
	})
	return m, totals, err
}

// vacant refuses a target that has data: nothing is ever overwritten.
func (t Target) vacant(ctx context.Context) error {
	if t.DatabaseURL != "" {
		empty, err := store.Vacant(ctx, t.DatabaseURL)
		if err != nil || empty {
			return err
		}
		return fault.New(fault.Conflict, "The PostgreSQL database is in use by a server already: create an empty one to restore into.")
	}
	path := filepath.Join(t.Dir, "tako.db")
	if _, err := os.Stat(path); err == nil {
		return fault.New(fault.Conflict, "%s is there already: restore into an empty folder, or move what is there away first.", path)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("looking at the folder to restore into: %w", err)
	}
	return nil
}

// stage has f make a database in a folder beside, and then moves it to its
// place, so that it is there as a whole or not at all.
func (t Target) stage(f func(dir string) error) error {
	dir := filepath.Join(t.Dir, "restoring")
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("clearing what an earlier restore left: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making a folder to restore into: %w", err)
	}
	defer os.RemoveAll(dir)
	if err := f(dir); err != nil {
		return err
	}
	made := filepath.Join(dir, "tako.db")
	if info, err := os.Stat(made + "-wal"); err == nil && info.Size() > 0 {
		return fmt.Errorf("the restored database was not closed: %s is not empty", made+"-wal")
	}
	if err := syncFile(made); err != nil {
		return err
	}
	if err := os.Rename(made, filepath.Join(t.Dir, "tako.db")); err != nil {
		return fmt.Errorf("moving the restored database to its place: %w", err)
	}
	return syncFile(t.Dir)
}

// syncFile makes a file, or the entries of a folder, last.
func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("making the restored database last: %w", err)
	}
	return errors.Join(f.Sync(), f.Close())
}
