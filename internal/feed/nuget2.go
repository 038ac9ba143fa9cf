package feed

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/version"
)

// nuget2 is a feed of NuGet's second protocol, which is OData in Atom.
type nuget2 struct{ *remote }

func (f *nuget2) Format() version.Format { return version.SemVer }

type atom struct {
	Count   int `xml:"count"`
	Entries []struct {
		Title      string `xml:"title"`
		Summary    string `xml:"summary"`
		Properties struct {
			ID           string `xml:"Id"`
			Version      string
			Title        string
			Description  string
			ReleaseNotes string
			Published    string
			PackageSize  int64
		} `xml:"properties"`
	} `xml:"entry"`
	Links []struct {
		Rel  string `xml:"rel,attr"`
		Href string `xml:"href,attr"`
	} `xml:"link"`
}

func (a *atom) packages() []Package {
	all := make([]Package, len(a.Entries))
	for i := range a.Entries {
		p := &a.Entries[i].Properties
		id := p.ID
		if id == "" {
			id = a.Entries[i].Title
		}
		published, _ := time.Parse("2006-01-02T15:04:05", strings.SplitN(strings.TrimSuffix(p.Published, "Z"), ".", 2)[0])
		all[i] = Package{ID: id, Version: p.Version, Title: p.Title, Summary: a.Entries[i].Summary, Description: p.Description, ReleaseNotes: p.ReleaseNotes,
			Published: published, Size: p.PackageSize, Extension: ".nupkg"}
	}
	return all
}

func (a *atom) next() string {
	for _, l := range a.Links {
		if l.Rel == "next" {
			return l.Href
		}
	}
	return ""
}

// quote is a text of OData.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func (f *nuget2) Search(ctx context.Context, term string, skip, take int) ([]Package, int, error) {
	var found atom
	at := f.at([]string{"Search()"}, "searchTerm", quote(term), "targetFramework", "''", "includePrerelease", "true", "$filter", "IsAbsoluteLatestVersion", "$inlinecount", "allpages", "$skip", fmt.Sprint(skip), "$top", fmt.Sprint(min(max(take, 1), 100)))
	if err := f.readXML(ctx, at, &found); err != nil {
		return nil, 0, err
	}
	all := found.packages()
	return all, max(found.Count, skip+len(all)), nil
}

// mostPages bounds how long a listing in pages is followed.
const mostPages = 200

func (f *nuget2) Versions(ctx context.Context, id string) (all []Package, err error) {
	at := f.at([]string{"FindPackagesById()"}, "id", quote(id), "semVerLevel", "2.0.0")
	for range mostPages {
		var found atom
		if err := f.readXML(ctx, at, &found); err != nil {
			return nil, absent(err)
		}
		all = append(all, found.packages()...)
		if at = found.next(); at == "" {
			break
		}
	}
	return all, nil
}

func (f *nuget2) Open(ctx context.Context, id, text string) (runner.Package, Opener, error) {
	return f.download(ctx, id, text, func(ctx context.Context) (io.ReadCloser, int64, string, error) {
		body, size, err := f.fetch(ctx, f.at([]string{"package", id, text}), "")
		return body, size, ".nupkg", err
	})
}
