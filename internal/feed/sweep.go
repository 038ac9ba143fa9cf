package feed

import (
	"context"
	"errors"
	"time"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// unclaimedAfter is the age at which a file without a document is nobody's: an
// upload takes less.
const unclaimedAfter = 48 * time.Hour

// Sweep removes the files that no package has, such as those of uploads that a
// crash cut off and of spaces that are gone, and says how many there were.
func (b *BuiltIn) Sweep(ctx context.Context, now time.Time) (removed int, err error) {
	// Listed before the documents are read: what is written meanwhile is young.
	var old []string
	for info, err := range b.Blobs.List(ctx, "packages/") {
		if err != nil {
			return 0, err
		}
		if now.Sub(info.Modified) > unclaimedAfter {
			old = append(old, info.Name)
		}
	}
	if len(old) == 0 {
		return 0, nil
	}
	claimed := map[string]bool{}
	err = b.DB.View(ctx, func(tx *store.Tx) error {
		all, _, err := catalog.BuiltInPackages.List(tx, kind.Query{AnySpace: true})
		for _, p := range all {
			claimed[p.Blob] = true
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	for _, name := range old {
		if claimed[name] {
			continue
		}
		if err := b.Blobs.Delete(ctx, name); err != nil {
			return removed, err
		}
		removed++
	}
	return removed, nil
}

// cachedFor is how long a download from a feed elsewhere is kept.
const cachedFor = 30 * 24 * time.Hour

// Tidy removes files that nobody needs any more. It may run at any time, on
// every node.
func (f *Feeds) Tidy(ctx context.Context, now time.Time) error {
	_, swept := f.BuiltIn().Sweep(ctx, now)
	return errors.Join(swept, f.forget(ctx, now))
}

// forget removes downloads that are old.
func (f *Feeds) forget(ctx context.Context, now time.Time) error {
	var old []string
	for info, err := range f.Blobs.List(ctx, cacheFolder) {
		if err != nil {
			return err
		}
		if now.Sub(info.Modified) > cachedFor {
			old = append(old, info.Name)
		}
	}
	for _, name := range old {
		if err := f.Blobs.Delete(ctx, name); err != nil {
			return err
		}
	}
	return nil
}
