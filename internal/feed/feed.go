// Package feed knows where packages come from: a space's own feed, whose
// packages lie in the blob store, the feed of a space's releases, and feeds
// elsewhere. One file is one type of feed; Feeds finds the right one.
package feed

import (
	"context"
	"io"
	"time"

	"github.com/takodeploy/tako/internal/blob"
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/version"
)

// Feed is one feed, whatever its type.
type Feed interface {
	// Format says how its versions are written and compared.
	Format() version.Format
	// Search lists the packages whose ids contain a term, and counts them.
	Search(ctx context.Context, term string, skip, take int) ([]Package, int, error)
	// Versions lists the versions of a package, the highest first; a package
	// that the feed does not know has none.
	Versions(ctx context.Context, packageID string) ([]Package, error)
	// Open finds one version and gives what identifies its file, and a function
	// that opens the file as often as it is called.
	Open(ctx context.Context, packageID, version string) (runner.Package, Opener, error)
}

// Opener opens a file, as often as it is called.
type Opener = func() (io.ReadCloser, error)

// Package describes a version of a package. What a feed does not tell is empty.
type Package struct {
	ID, Version                               string
	Title, Summary, Description, ReleaseNotes string
	Extension                                 string // with its dot
	Size                                      int64
	Hash                                      string // of the file, SHA-256 in lower-case hexadecimal
	Published                                 time.Time
}

// Offered is a version that a feed has, as far as choosing one needs it.
type Offered struct {
	Version   string
	Published time.Time
}

// Feeds finds feeds and asks them. It is safe for concurrent use.
type Feeds struct {
	DB    *store.DB
	Blobs blob.Store
}

// BuiltIn gives the spaces' own feeds.
func (f *Feeds) BuiltIn() *BuiltIn { return &BuiltIn{DB: f.DB, Blobs: f.Blobs} }

// At finds a feed of a space by its id, slug or name.
func (f *Feeds) At(ctx context.Context, space, feedID string) (Feed, error) {
	var found *catalog.Feed
	err := f.DB.View(ctx, func(tx *store.Tx) (err error) {
		found, err = catalog.Feeds.Find(tx, space, feedID)
		return err
	})
	if err != nil {
		return nil, err
	}
	return f.of(found)
}

func (f *Feeds) of(c *catalog.Feed) (Feed, error) {
	switch c.FeedType {
	case catalog.FeedBuiltIn:
		return &ownFeed{f.BuiltIn(), c.SpaceID}, nil
	case catalog.FeedOctopusProject:
		return &releaseFeed{f.DB, c.SpaceID}, nil
	}
	return nil, fault.New(fault.Invalid, "The feed '%s' is of the type %s, whose packages this server cannot read.", c.Name, c.FeedType)
}

// Format says how a feed's versions are written and compared.
func (f *Feeds) Format(ctx context.Context, space, feedID string) (version.Format, error) {
	var found *catalog.Feed
	err := f.DB.View(ctx, func(tx *store.Tx) (err error) {
		found, err = catalog.Feeds.Find(tx, space, feedID)
		return err
	})
	if err != nil {
		return 0, err
	}
	return FormatOf(found.FeedType), nil
}

// FormatOf gives the format of the versions of a type of feed.
func FormatOf(feedType string) version.Format {
	switch feedType {
	case "Maven":
		return version.Maven
	case "Docker", "AwsElasticContainerRegistry", "AzureContainerRegistry", "GoogleContainerRegistry":
		return version.Docker
	case catalog.FeedOctopusProject:
		return version.Octopus
	}
	return version.SemVer
}

// Versions lists the versions of a package that a feed offers.
func (f *Feeds) Versions(ctx context.Context, space, feedID, packageID string) ([]Offered, error) {
	at, err := f.At(ctx, space, feedID)
	if err != nil {
		return nil, err
	}
	all, err := at.Versions(ctx, packageID)
	if err != nil {
		return nil, err
	}
	offered := make([]Offered, len(all))
	for i := range all {
		offered[i] = Offered{all[i].Version, all[i].Published}
	}
	return offered, nil
}

// Has says whether a feed has a version of a package.
func (f *Feeds) Has(ctx context.Context, space, feedID, packageID, wanted string) (bool, error) {
	at, err := f.At(ctx, space, feedID)
	if err != nil {
		return false, err
	}
	if own, ok := at.(*ownFeed); ok {
		p, err := own.feed.Find(ctx, own.space, packageID, wanted)
		return p != nil, err
	}
	all, err := at.Versions(ctx, packageID)
	if err != nil {
		return false, err
	}
	want, err := version.Parse(at.Format(), wanted)
	if err != nil {
		return false, nil //nolint:nilerr // what is no version is not there
	}
	for i := range all {
		if v, err := version.Parse(at.Format(), all[i].Version); err == nil && v.Equal(want) {
			return true, nil
		}
	}
	return false, nil
}

// Open opens a package of a feed.
func (f *Feeds) Open(ctx context.Context, space, feedID, packageID, version string) (runner.Package, func() (io.ReadCloser, error), error) {
	at, err := f.At(ctx, space, feedID)
	if err != nil {
		return runner.Package{}, nil, err
	}
	return at.Open(ctx, packageID, version)
}
