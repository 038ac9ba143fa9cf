package feed

import (
	"context"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/version"
)

// releaseFeed is the feed whose packages are projects and whose versions are
// their releases. It has no files: a step deploys them.
type releaseFeed struct {
	db    *store.DB
	space string
}

func (f *releaseFeed) Format() version.Format { return version.Octopus }

func (f *releaseFeed) Search(ctx context.Context, term string, skip, take int) (found []Package, total int, err error) {
	err = f.db.View(ctx, func(tx *store.Tx) error {
		all, n, err := catalog.Projects.List(tx, kind.Query{Space: f.space, PartialName: term, Skip: skip, Take: take})
		for _, p := range all {
			found = append(found, Package{ID: p.ID, Title: p.Name, Description: p.Description})
		}
		total = n
		return err
	})
	return found, total, err
}

func (f *releaseFeed) Versions(ctx context.Context, packageID string) (found []Package, err error) {
	err = f.db.View(ctx, func(tx *store.Tx) error {
		p, err := catalog.Projects.Find(tx, f.space, packageID)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		all, _, err := catalog.Releases.List(tx, kind.Query{Space: f.space, Match: map[string]string{"ProjectId": p.ID}})
		for _, r := range all {
			found = append(found, Package{ID: p.ID, Version: r.Version, Title: p.Name, ReleaseNotes: r.ReleaseNotes, Published: r.Assembled.Time})
		}
		return err
	})
	return found, err
}

func (f *releaseFeed) Open(context.Context, string, string) (runner.Package, Opener, error) {
	return runner.Package{}, nil, fault.New(fault.Invalid, "A release is no file that could be opened.")
}
