package admin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/config"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/feed"
	"github.com/takodeploy/tako/internal/parcel"
	"github.com/takodeploy/tako/internal/store"
)

// newFolder makes the folder that packages are written into.
func newFolder(folder string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("making the folder of packages: %w", err)
	}
	there, err := os.ReadDir(folder)
	if err != nil {
		return fmt.Errorf("reading the folder of packages: %w", err)
	}
	if len(there) > 0 {
		return fault.New(fault.Conflict, "The folder %s is not empty: give an empty one for packages, or one that is not there.", folder)
	}
	return nil
}

// carryOut writes the files of packages into a folder.
func carryOut(ctx context.Context, c config.Storage, db *store.DB, folder string, packages []parcel.Package) error {
	blobs, err := Blobs(ctx, c.Blob)
	if err != nil {
		return err
	}
	own := &feed.BuiltIn{DB: db, Blobs: blobs}
	for _, p := range packages {
		from, err := own.Open(ctx, &catalog.BuiltInPackage{PackageID: p.ID, Version: p.Version, Blob: p.Blob, SizeBytes: p.Size, Hash: p.SHA256})
		if err != nil {
			return err
		}
		err = writeWhole(filepath.Join(folder, p.File), func(to io.Writer) error {
			_, err := io.Copy(to, from)
			return err
		})
		if err := errors.Join(err, from.Close()); err != nil {
			return err
		}
	}
	return nil
}

// lie looks whether all packages of a parcel lie in a folder as they were.
func lie(folder string, packages []parcel.Package) error {
	var wrong []string
	for _, p := range packages {
		if filepath.Base(p.File) != p.File || !filepath.IsLocal(p.File) {
			return fault.New(fault.Invalid, "The export names the file %q, which is no name of a package.", p.File)
		}
		sum, err := sumOf(filepath.Join(folder, p.File))
		switch {
		case errors.Is(err, os.ErrNotExist):
			wrong = append(wrong, p.File+" is not there.")
		case err != nil:
			return err
		case sum != p.SHA256:
			wrong = append(wrong, p.File+" is not as it was exported.")
		}
	}
	if len(wrong) > 0 {
		return &fault.Error{Code: fault.Invalid, Message: "The packages in " + folder + " are not those of the export: give the folder that it was made with.", Details: wrong}
	}
	return nil
}

func sumOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("reading a package: %w", err)
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", fmt.Errorf("reading a package: %w", err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// bringIn pushes the packages of a parcel that are not there, and says what became of
// each. What it was broken off at, it goes on with when it is done again.
func bringIn(ctx context.Context, c config.Storage, db *store.DB, p *parcel.Parcel, ask Arrival, taken *parcel.Taken) error {
	blobs, err := Blobs(ctx, c.Blob)
	if err != nil {
		return err
	}
	own, space := &feed.BuiltIn{DB: db, Blobs: blobs}, ""
	err = db.View(ctx, func(tx *store.Tx) error {
		s, err := catalog.Spaces.Find(tx, "", taken.Space)
		if fault.Is(err, fault.NotFound) && ask.Trial {
			return nil
		}
		if err == nil {
			space = s.ID
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, one := range p.Packages {
		there, err := own.Find(ctx, space, one.ID, one.Version)
		if err != nil {
			return err
		}
		name, mode := "package "+one.ID+" "+one.Version, feed.IgnoreIfExists
		switch {
		case there == nil:
			taken.Made = append(taken.Made, name)
		case there.Hash == one.SHA256:
			taken.Alike = append(taken.Alike, name)
			continue
		case !ask.Overwrite:
			taken.Left = append(taken.Left, name)
			continue
		default:
			mode = feed.OverwriteExisting
			taken.Changed = append(taken.Changed, name)
		}
		if ask.Trial {
			continue
		}
		if err := push(ctx, own, space, filepath.Join(ask.Packages, one.File), mode); err != nil {
			return err
		}
	}
	return nil
}

func push(ctx context.Context, own *feed.BuiltIn, space, path string, mode feed.Overwrite) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("reading a package: %w", err)
	}
	defer f.Close()
	_, _, err = own.Push(ctx, feed.Upload{Space: space, FileName: filepath.Base(path), Content: f, Size: -1, Mode: mode})
	return err
}
