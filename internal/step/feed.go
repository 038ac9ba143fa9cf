package step

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"sync"

	"github.com/takodeploy/tako/internal/blob"
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/internal/store"
)

// OwnFeeds opens the packages of the spaces' own feeds.
type OwnFeeds struct {
	DB    *store.DB
	Blobs blob.Store

	hashes sync.Map // the SHA-256 of blobs, which never change, by name
}

// Open finds a package and gives its file.
func (f *OwnFeeds) Open(ctx context.Context, space, feedID, packageID, version string) (runner.Package, func() (io.ReadCloser, error), error) {
	var p *catalog.BuiltInPackage
	err := f.DB.View(ctx, func(tx *store.Tx) error {
		feed, err := catalog.Feeds.Get(tx, feedID)
		if err != nil {
			return err
		}
		if feed.FeedType != catalog.FeedBuiltIn || feed.SpaceID != space {
			return fault.New(fault.Invalid, "Packages cannot be taken from the feed %s, which is of the type %s.", feed.Name, feed.FeedType)
		}
		p, err = catalog.FindPackage(tx, space, packageID, version)
		if err == nil && p == nil {
			err = fault.New(fault.NotFound, "The feed %s has no package %s %s.", feed.Name, packageID, version)
		}
		return err
	})
	if err != nil {
		return runner.Package{}, nil, err
	}
	open := func() (io.ReadCloser, error) { return f.Blobs.Open(context.WithoutCancel(ctx), p.Blob) }
	hash, err := f.hash(p, open)
	if err != nil {
		return runner.Package{}, nil, err
	}
	return runner.Package{ID: p.PackageID, Version: p.Version, Hash: hash, Extension: p.FileExtension, Size: p.SizeBytes}, open, nil
}

// hash gives the SHA-256 of a package's content, by which far ends know it.
// What the feed stores may be another digest.
func (f *OwnFeeds) hash(p *catalog.BuiltInPackage, open opener) (string, error) {
	if len(p.Hash) == 2*sha256.Size {
		return p.Hash, nil
	}
	// A package that is replaced under its name has another digest.
	key := p.Blob + " " + p.Hash
	if known, ok := f.hashes.Load(key); ok {
		return known.(string), nil
	}
	content, err := open()
	if err != nil {
		return "", err
	}
	defer content.Close()
	h := sha256.New()
	if _, err := io.Copy(h, content); err != nil {
		return "", fmt.Errorf("reading package %s %s: %w", p.PackageID, p.Version, err)
	}
	hash := hex.EncodeToString(h.Sum(nil))
	f.hashes.Store(key, hash)
	return hash, nil
}
