package feed

import (
	"context"
	"fmt"
	"io"

	"github.com/takodeploy/tako/internal/blob"
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/version"
)

// BuiltIn are the spaces' own feeds. What is known of a package is a document,
// its file a blob; a package is there from when its document is committed.
type BuiltIn struct {
	DB    *store.DB
	Blobs blob.Store
	// Pushed is as in Feeds.
	Pushed func(tx *store.Tx, p *catalog.BuiltInPackage) error
}

// Find finds a package by id and version; nil when there is none.
func (b *BuiltIn) Find(ctx context.Context, space, packageID, version string) (p *catalog.BuiltInPackage, err error) {
	err = b.DB.View(ctx, func(tx *store.Tx) error {
		p, err = catalog.FindPackage(tx, space, packageID, version)
		return err
	})
	return p, err
}

// Get is Find, with an error for what is not there.
func (b *BuiltIn) Get(ctx context.Context, space, packageID, version string) (*catalog.BuiltInPackage, error) {
	p, err := b.Find(ctx, space, packageID, version)
	if err == nil && p == nil {
		return nil, missing(packageID, version)
	}
	return p, err
}

func missing(packageID, version string) error {
	return fault.New(fault.NotFound, "The package '%s' of version '%s' is not in the built-in feed.", packageID, version)
}

// Open opens the file of a package; Damaged if it is not as long as it was.
func (b *BuiltIn) Open(ctx context.Context, p *catalog.BuiltInPackage) (*blob.Checked, error) {
	r, err := b.Blobs.Open(ctx, p.Blob)
	if fault.Is(err, fault.NotFound) {
		return nil, fault.Wrap(fault.NotFound, err, "The file of package %s %s is gone from the store", p.PackageID, p.Version)
	}
	if err != nil {
		return nil, fmt.Errorf("opening package %s %s: %w", p.PackageID, p.Version, err)
	}
	c, err := blob.Check(r, p.SizeBytes, p.Hash, fmt.Sprintf("package %s %s", p.PackageID, p.Version))
	if err != nil {
		r.Close()
		return nil, err
	}
	return c, nil
}

// Delete removes packages, all of them or none, and then their files.
func (b *BuiltIn) Delete(ctx context.Context, packages ...*catalog.BuiltInPackage) error {
	return b.DB.Do(ctx, func(tx *store.Tx) error {
		for _, p := range packages {
			now, err := catalog.FindPackage(tx, p.SpaceID, p.PackageID, p.Version)
			if err != nil {
				return err
			}
			if now == nil {
				return missing(p.PackageID, p.Version)
			}
			if err := catalog.BuiltInPackages.Remove(tx, now); err != nil {
				return err
			}
			if err := record(tx, now, "Deleted", "was deleted from"); err != nil {
				return err
			}
			b.discardLater(tx, now.Blob)
		}
		return nil
	})
}

// record writes the audit event about a package: the kernel's would name the
// version alone.
func record(tx *store.Tx, p *catalog.BuiltInPackage, category, verb string) error {
	return tx.Append(&store.Event{Space: p.SpaceID, Category: category, Document: WireID(p.PackageID, p.Version),
		Message: fmt.Sprintf("Package %s version %s %s the built-in feed", p.PackageID, p.Version, verb)})
}

// WireID is the id of a package as clients know it.
func WireID(packageID, version string) string { return "packages-" + packageID + "." + version }

// describe gives what feeds of every type tell.
func describe(p *catalog.BuiltInPackage) Package {
	return Package{ID: p.PackageID, Version: p.Version, Title: p.Title, Summary: p.Summary, Description: p.Description, ReleaseNotes: p.ReleaseNotes,
		Extension: p.FileExtension, Size: p.SizeBytes, Hash: p.Hash, Published: p.Published.Time}
}

// ownFeed is one space's own feed as a Feed.
type ownFeed struct {
	feed  *BuiltIn
	space string
}

func (f *ownFeed) Format() version.Format { return version.SemVer }

func (f *ownFeed) Search(ctx context.Context, term string, skip, take int) (found []Package, total int, err error) {
	err = f.feed.DB.View(ctx, func(tx *store.Tx) error {
		ids, n, err := catalog.PackageIDs(tx, f.space, term, skip, take)
		if err != nil {
			return err
		}
		total = n
		for _, id := range ids {
			latest, _, err := catalog.PackageVersions(tx, catalog.PackageQuery{Space: f.space, PackageID: id, Take: 1})
			if err != nil {
				return err
			}
			if len(latest) == 1 {
				found = append(found, describe(latest[0]))
			}
		}
		return nil
	})
	return found, total, err
}

func (f *ownFeed) Versions(ctx context.Context, packageID string) ([]Package, error) {
	var found []Package
	err := f.feed.DB.View(ctx, func(tx *store.Tx) error {
		all, _, err := catalog.PackageVersions(tx, catalog.PackageQuery{Space: f.space, PackageID: packageID})
		for _, p := range all {
			found = append(found, describe(p))
		}
		return err
	})
	return found, err
}

func (f *ownFeed) Open(ctx context.Context, packageID, version string) (runner.Package, Opener, error) {
	p, err := f.feed.Get(ctx, f.space, packageID, version)
	if err != nil {
		return runner.Package{}, nil, err
	}
	file := runner.Package{ID: p.PackageID, Version: p.Version, Hash: p.Hash, Extension: p.FileExtension, Size: p.SizeBytes}
	return file, func() (io.ReadCloser, error) {
		c, err := f.feed.Open(ctx, p)
		if err != nil {
			return nil, err
		}
		return c.Reader, nil // whom it goes to compares the hash
	}, nil
}
