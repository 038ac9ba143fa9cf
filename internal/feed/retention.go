package feed

import (
	"context"
	"fmt"
	"time"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// Retain deletes, in a space or in all of them, where the space's own feed says
// so, the packages that are older than the feed keeps them and that no release
// and no runbook snapshot has chosen, with what is known of their builds. It
// tells each, and says how many there were.
func (b *BuiltIn) Retain(ctx context.Context, now time.Time, space string, tell func(*catalog.BuiltInPackage)) (deleted int, err error) {
	var feeds []*catalog.Feed
	err = b.DB.View(ctx, func(tx *store.Tx) error {
		feeds, _, err = catalog.Feeds.List(tx, kind.Query{Space: space, AnySpace: space == "", Match: map[string]string{"FeedType": catalog.FeedBuiltIn}})
		return err
	})
	if err != nil {
		return 0, err
	}
	for _, f := range feeds {
		if f.DeleteUnreleasedPackagesAfterDays == nil || *f.DeleteUnreleasedPackagesAfterDays <= 0 {
			continue
		}
		n, err := b.retainIn(ctx, f, now.AddDate(0, 0, -*f.DeleteUnreleasedPackagesAfterDays), tell)
		deleted += n
		if err != nil {
			return deleted, fmt.Errorf("applying the retention of feed %s: %w", f.ID, err)
		}
	}
	return deleted, nil
}

func (b *BuiltIn) retainIn(ctx context.Context, f *catalog.Feed, before time.Time, tell func(*catalog.BuiltInPackage)) (deleted int, err error) {
	var old []*catalog.BuiltInPackage
	err = b.DB.View(ctx, func(tx *store.Tx) error {
		all, _, err := catalog.BuiltInPackages.List(tx, kind.Query{Space: f.SpaceID})
		if err != nil {
			return err
		}
		for _, p := range all {
			if p.Published.Before(before) {
				old = append(old, p)
			}
		}
		if len(old) == 0 || f.DeletePackagesAssociatedWithReleases != nil && *f.DeletePackagesAssociatedWithReleases {
			return nil
		}
		used, err := chosen(tx, f.SpaceID, nil)
		if err != nil {
			return err
		}
		kept := old[:0]
		for _, p := range old {
			if !used.has(p) {
				kept = append(kept, p)
			}
		}
		old = kept
		return nil
	})
	if err != nil {
		return 0, err
	}
	for _, p := range old {
		err := b.Delete(ctx, p)
		if fault.Is(err, fault.NotFound) {
			continue // somebody else was quicker
		}
		if err == nil {
			err = b.DB.Do(ctx, func(tx *store.Tx) error { return dropBuild(tx, p) })
		}
		if err != nil {
			return deleted, err
		}
		deleted++
		tell(p)
	}
	return deleted, nil
}

// dropBuild removes what is known of the build of a package that is gone.
func dropBuild(tx *store.Tx, p *catalog.BuiltInPackage) error {
	b, err := catalog.FindBuildInformation(tx, p.SpaceID, p.PackageID, p.Version)
	if err != nil || b == nil {
		return err
	}
	return catalog.BuildInformations.Remove(tx, b)
}

// buildDays is how long what is known of a build is kept when its package is in
// another feed, as far as anybody knows.
const buildDays = 100

// RetainBuilds removes what is known of old builds whose packages are not in
// the space's own feed and that no release has chosen, in a space or in all of
// them. It says how many there were.
func (b *BuiltIn) RetainBuilds(ctx context.Context, now time.Time, space string) (deleted int, err error) {
	var gone []*catalog.BuildInformation
	err = b.DB.View(ctx, func(tx *store.Tx) error {
		old, _, err := catalog.BuildInformations.List(tx, kind.Query{Space: space, AnySpace: space == "",
			Where: []store.Where{{SQL: "created < ?", Args: []any{now.AddDate(0, 0, -buildDays).UnixMilli()}}}})
		if err != nil {
			return err
		}
		used := map[string]*uses{}
		for _, i := range old {
			if p, err := catalog.FindPackage(tx, i.SpaceID, i.PackageID, i.Version); err != nil {
				return err
			} else if p != nil {
				continue
			}
			if used[i.SpaceID] == nil {
				if used[i.SpaceID], err = chosen(tx, i.SpaceID, nil); err != nil {
					return err
				}
			}
			if !used[i.SpaceID].hasVersion(i.PackageID, i.Version) {
				gone = append(gone, i)
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	for _, i := range gone {
		err := b.DB.Do(ctx, func(tx *store.Tx) error { return catalog.BuildInformations.Remove(tx, i) })
		if err == nil {
			deleted++
		} else if !fault.Is(err, fault.NotFound) {
			return deleted, err
		}
	}
	return deleted, nil
}
