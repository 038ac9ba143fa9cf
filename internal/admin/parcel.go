package admin

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/takodeploy/tako/internal/config"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/parcel"
	"github.com/takodeploy/tako/internal/store"
)

// Export writes projects, or what a space is set up with, into a file, or to out
// when its name is "-", and packages into a folder unless that is empty. The server may
// go on with its work.
func Export(ctx context.Context, c config.Storage, path, packages string, ask parcel.Ask, out io.Writer) (*parcel.Parcel, error) {
	if _, err := os.Stat(path); err == nil && path != "-" {
		return nil, fault.New(fault.Conflict, "%s is there already: give another name, or remove it.", path)
	}
	db, err := attachSealed(ctx, c)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	if ask.Packages = packages != ""; ask.Packages {
		if err := newFolder(packages); err != nil {
			return nil, err
		}
	}
	p, err := parcel.Pack(by(ctx, "tako admin export"), db, ask)
	if err != nil {
		return nil, err
	}
	if ask.Packages {
		if err := carryOut(ctx, c, db, packages, p.Packages); err != nil {
			return nil, err
		}
	}
	if path == "-" {
		return p, p.Write(out)
	}
	return p, writeWhole(path, p.Write)
}

// Arrival says how Import is to take an export in.
type Arrival struct {
	parcel.Arrival
	Packages string // the folder of packages; empty to do without them
}

// Import takes in what Export wrote, all of it or nothing, and then its packages. The
// server may go on with its work.
func Import(ctx context.Context, c config.Storage, path string, ask Arrival, in io.Reader) (parcel.Taken, error) {
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return parcel.Taken{}, fmt.Errorf("opening the export: %w", err)
		}
		defer f.Close()
		in = f
	}
	p, err := parcel.Read(bufio.NewReader(in))
	if err != nil {
		return parcel.Taken{}, err
	}
	db, err := attachSealed(ctx, c)
	if err != nil {
		return parcel.Taken{}, err
	}
	defer db.Close()
	if ask.Packages != "" {
		if err := lie(ask.Packages, p.Packages); err != nil {
			return parcel.Taken{}, err
		}
	}
	ctx = by(ctx, "tako admin import")
	taken, err := parcel.Take(ctx, db, p, ask.Arrival)
	if err == nil && ask.Packages != "" {
		err = bringIn(ctx, c, db, p, ask, &taken)
	}
	return taken, err
}

// attachSealed opens a database of this program's schema with its master key.
func attachSealed(ctx context.Context, c config.Storage) (*store.DB, error) {
	db, err := attachSame(ctx, c)
	if err != nil {
		return nil, err
	}
	if db.Key, err = Key(db, c).Find(ctx); err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

// by says in the audit trail which command it was.
func by(ctx context.Context, command string) context.Context {
	a := store.System
	a.Established = command
	return store.WithActor(ctx, a)
}

// writeWhole makes a file appear when it is whole.
func writeWhole(path string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+"-")
	if err != nil {
		return fmt.Errorf("making %s: %w", path, err)
	}
	defer os.Remove(f.Name())
	b := bufio.NewWriter(f)
	if err := errors.Join(write(b), b.Flush(), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return os.Rename(f.Name(), path)
}
