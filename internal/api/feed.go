package api

import (
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/feed"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

var _ = area(func(a *API) []Route {
	return []Route{
		{Method: "GET", Pattern: "S/feeds/stats", Handle: a.feedStatistics, Permission: "FeedView", Summary: "How much the built-in feed holds"},
		{Method: "GET", Pattern: "S/feeds/{id}/packages", Handle: a.feedPackages, Permission: "FeedView", Query: []string{"filter", "includeMultipleVersions", "includeNotes", "includePreRelease", "packageId", "partialMatch", "preReleaseTag", "take", "versionRange"}, Summary: "Packages of a feed", Answer: []versionDocument{}},
		{Method: "GET", Pattern: "S/feeds/{id}/packages/search", Handle: a.searchPackages, Permission: "FeedView", Query: []string{"skip", "take", "term"}, Summary: "Find packages of a feed", Answer: pageOfAny{packageDescription{}}},
		{Method: "GET", Pattern: "S/feeds/{id}/packages/versions", Handle: a.packageVersions, Permission: "FeedView", Query: []string{"filter", "includePreRelease", "includeReleaseNotes", "packageId", "preReleaseTag", "skip", "take", "versionRange"}, Summary: "The versions of a package", Answer: pageOfAny{versionDocument{}}},
		{Method: "GET", Pattern: "S/feeds/{id}/packages/notes", Handle: a.versionNotes, Permission: "FeedView", Query: []string{"packageId", "version"}, Summary: "The release notes of a package"},
	}
})

// versionDocument is a version of a package in any feed.
type versionDocument struct {
	ID             string `json:"Id"`
	PackageID      string `json:"PackageId"`
	NuGetPackageID string `json:"NuGetPackageId"`
	FeedID         string `json:"FeedId"`
	NuGetFeedID    string `json:"NuGetFeedId"`
	Title          string
	Summary        string
	Version        string
	Description    string
	Published      *kind.Time
	ReleaseNotes   string
	FileExtension  string
	SizeBytes      int64
	Links          map[string]string
}

// openFeed finds the feed of the path.
func (a *API) openFeed(r *Request) (feed.Feed, *catalog.Feed, error) {
	var found *catalog.Feed
	err := r.View(func(tx *store.Tx) (err error) {
		found, err = catalog.Feeds.Find(tx, r.Space, r.Param("id"))
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	f, err := a.feeds().Impatient().At(r.Context(), r.Space, found.ID)
	return f, found, err
}

func versionOf(f *catalog.Feed, p *feed.Package, notes bool) versionDocument {
	d := versionDocument{
		ID: feed.WireID(p.ID, p.Version), PackageID: p.ID, NuGetPackageID: p.ID, FeedID: f.ID, NuGetFeedID: f.ID,
		Title: p.Title, Summary: p.Summary, Version: p.Version, Description: p.Description, FileExtension: p.Extension, SizeBytes: p.Size,
		Links: map[string]string{"Feed": f.Links["Self"]},
	}
	if d.Title == "" {
		d.Title = p.ID
	}
	if !p.Published.IsZero() {
		d.Published = &kind.Time{Time: p.Published}
	}
	if notes {
		d.ReleaseNotes = p.ReleaseNotes
	}
	if f.FeedType == catalog.FeedBuiltIn {
		d.Links["Self"] = "/api/" + f.SpaceID + "/packages/" + d.ID
		d.Links["Raw"] = d.Links["Self"] + "/raw"
	}
	return d
}

// selection reads from the query which versions are meant.
func (r *Request) selection() feed.Selection {
	s := feed.Selection{Range: r.Q("versionRange"), Tag: r.Q("preReleaseTag"), Filter: r.Q("filter")}
	if r.Q("includePreRelease") != "" {
		include := r.Bool("includePreRelease")
		s.PreReleases = &include
	}
	return s
}

func (a *API) packageVersions(r *Request) (any, error) {
	id := r.Q("packageId")
	if id == "" {
		return nil, fault.New(fault.Invalid, "The query value packageId is required.")
	}
	skip, take, err := r.Paging()
	if err != nil {
		return nil, err
	}
	f, of, err := a.openFeed(r)
	if err != nil {
		return nil, err
	}
	all, err := f.Versions(r.Context(), id)
	if err != nil {
		return nil, err
	}
	wanted := r.selection()
	wanted.Newest = take == 1 && skip == 0
	if all, err = wanted.From(f.Format(), all); err != nil {
		return nil, err
	}
	total := len(all)
	all = all[min(skip, total):]
	if take > 0 {
		all = all[:min(take, len(all))]
	}
	return pageOf(r, "PackageVersion", versionsOf(of, all, r.Bool("includeReleaseNotes")), total, skip, take)
}

func versionsOf(f *catalog.Feed, all []feed.Package, notes bool) []versionDocument {
	docs := make([]versionDocument, len(all))
	for i := range all {
		docs[i] = versionOf(f, &all[i], notes)
	}
	return docs
}

// packageDescription is a package without its versions.
type packageDescription struct {
	ID            string `json:"Id"`
	Name          string
	Description   string
	LatestVersion string
	Links         map[string]string
}

func (a *API) searchPackages(r *Request) (any, error) {
	skip, take, err := r.Paging()
	if err != nil {
		return nil, err
	}
	f, of, err := a.openFeed(r)
	if err != nil {
		return nil, err
	}
	found, total, err := f.Search(r.Context(), r.Q("term"), skip, take)
	if err != nil {
		return nil, err
	}
	docs := make([]packageDescription, len(found))
	for i := range found {
		p := &found[i]
		docs[i] = packageDescription{ID: p.ID, Name: p.ID, Description: p.Description, LatestVersion: p.Version,
			Links: map[string]string{"SearchPackageVersionsTemplate": of.Links["SearchPackageVersionsTemplate"]}}
	}
	return pageOf(r, "PackageDescription", docs, total, skip, take)
}

// feedPackages is the older form of searching and of listing versions; it
// answers a list without an envelope.
func (a *API) feedPackages(r *Request) (any, error) {
	f, of, err := a.openFeed(r)
	if err != nil {
		return nil, err
	}
	take, err := r.Int("take", takeDefault)
	if err != nil {
		return nil, err
	}
	ids := []string{r.Q("packageId")}
	if r.Bool("partialMatch") || ids[0] == "" {
		found, _, err := f.Search(r.Context(), ids[0], 0, take)
		if err != nil {
			return nil, err
		}
		ids = ids[:0]
		for i := range found {
			ids = append(ids, found[i].ID)
		}
	}
	many := r.Bool("includeMultipleVersions")
	list := []feed.Package{}
	for _, id := range ids {
		all, err := f.Versions(r.Context(), id)
		if err != nil {
			return nil, err
		}
		wanted := r.selection()
		wanted.Newest = !many
		if all, err = wanted.From(f.Format(), all); err != nil {
			return nil, err
		}
		if !many {
			all = all[:min(1, len(all))]
		}
		list = append(list, all...)
	}
	if take > 0 {
		list = list[:min(take, len(list))]
	}
	return versionsOf(of, list, r.Bool("includeNotes")), nil
}

func (a *API) versionNotes(r *Request) (any, error) {
	f, of, err := a.openFeed(r)
	if err != nil {
		return nil, err
	}
	all, err := f.Versions(r.Context(), r.Q("packageId"))
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].Version == r.Q("version") {
			return notesResult{Succeeded: true, Notes: all[i].ReleaseNotes, Published: versionOf(of, &all[i], false).Published}, nil
		}
	}
	return nil, fault.New(fault.NotFound, "The feed '%s' has no version %s of the package '%s'.", of.Name, r.Q("version"), r.Q("packageId"))
}

func (a *API) feedStatistics(r *Request) (any, error) {
	n, err := a.feeds().BuiltIn().Statistics(r.Context(), r.Space)
	return map[string]any{"TotalPackages": n, "Links": map[string]string{"Self": r.Base() + "/feeds/stats"}}, err
}
