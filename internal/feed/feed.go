// Package feed knows where packages come from: a space's own feed, whose
// packages lie in the blob store, the feed of a space's releases, and feeds
// elsewhere. One file is one type of feed; Feeds finds the right one.
package feed

import (
	"context"
	"io"
	"net/http"
	"strings"
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
	// S3 is the address of the service for feeds of that type; "" is Amazon's.
	S3 string
	// HTTP reaches feeds elsewhere; nil is the program's ordinary client.
	HTTP *http.Client
	// Silence is how long a download may bring nothing; 0 is as long as one look
	// at a feed may take.
	Silence time.Duration
	// Pushed is called in the transaction that adds a package to a space's own
	// feed, or replaces one; nil for nobody.
	Pushed func(tx *store.Tx, p *catalog.BuiltInPackage) error

	once bool // nothing is tried again
}

// Impatient gives the same feeds for somebody who waits for the answer: a feed
// that cannot answer is not asked again, however many attempts a download has.
func (f *Feeds) Impatient() *Feeds {
	same := *f
	same.once = true
	return &same
}

// BuiltIn gives the spaces' own feeds.
func (f *Feeds) BuiltIn() *BuiltIn { return &BuiltIn{DB: f.DB, Blobs: f.Blobs, Pushed: f.Pushed} }

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
	return f.of(ctx, found)
}

func (f *Feeds) of(ctx context.Context, c *catalog.Feed) (Feed, error) {
	switch c.FeedType {
	case catalog.FeedBuiltIn:
		return &ownFeed{f.BuiltIn(), c.SpaceID}, nil
	case catalog.FeedOctopusProject:
		return &releaseFeed{f.DB, c.SpaceID}, nil
	}
	r, err := f.opened(ctx, c)
	if err != nil {
		return nil, err
	}
	elsewhere, err := r.byType(ctx)
	if err != nil {
		return nil, err
	}
	return guarded{elsewhere}, nil
}

// byType makes the feed that the document describes.
func (r *remote) byType(ctx context.Context) (Feed, error) {
	c := r.feed
	switch c.FeedType {
	case "NuGet":
		if at := folderOf(c.FeedURI); at != "" {
			return &folder{r, at}, nil
		}
		if strings.HasSuffix(r.base.Path, ".json") || strings.Contains(r.base.Path, "/v3") {
			return &nuget{r}, nil
		}
		return &nuget2{r}, nil
	case "Docker", "AzureContainerRegistry", "GoogleContainerRegistry":
		return newRegistry(r), nil
	case "OciRegistry":
		return newOCI(r), nil
	case "Maven":
		return &maven{r}, nil
	case "GitHub":
		return &github{r}, nil
	case "Helm":
		return &helm{r}, nil
	case "Npm":
		return &npm{r}, nil
	case "PyPi":
		return &pypi{r}, nil
	case "AwsElasticContainerRegistry":
		return newECR(ctx, r)
	case "S3":
		return newBucket(ctx, r)
	case "GcsStorage":
		return newCloudStorage(ctx, r)
	}
	return nil, r.say(fault.Invalid, "is of the type %s, whose packages this server cannot read.", c.FeedType)
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
	case catalog.FeedOctopusProject, "PyPi", "ArtifactoryGeneric":
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
