package feed

import (
	"archive/zip"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/version"
)

// nuget is a feed of NuGet's third protocol, which begins at an index of
// services.
type nuget struct{ *remote }

func (f *nuget) Format() version.Format { return version.SemVer }

// service finds the address of a service by the beginning of its type.
func (f *nuget) service(ctx context.Context, kind string) (string, error) {
	var index struct {
		Resources []struct {
			ID   string `json:"@id"`
			Type any    `json:"@type"` // a text, or a list of texts
		}
	}
	if _, err := f.readJSON(ctx, f.base.String(), &index); err != nil {
		return "", err
	}
	for _, r := range index.Resources {
		if strings.HasPrefix(strings.TrimPrefix(fmt.Sprint(r.Type), "["), kind) {
			return strings.TrimRight(r.ID, "/"), nil
		}
	}
	return "", f.say(fault.Invalid, "has no service %s.", kind)
}

func (f *nuget) Search(ctx context.Context, term string, skip, take int) ([]Package, int, error) {
	at, err := f.service(ctx, "SearchQueryService")
	if err != nil {
		return nil, 0, err
	}
	var found struct {
		TotalHits int
		Data      []struct{ ID, Version, Title, Description, Summary string }
	}
	if _, err := f.readJSON(ctx, withQuery(at, "q", term, "skip", fmt.Sprint(skip), "take", fmt.Sprint(min(max(take, 1), 100)), "prerelease", "true", "semVerLevel", "2.0.0"), &found); err != nil {
		return nil, 0, err
	}
	all := make([]Package, len(found.Data))
	for i, d := range found.Data {
		all[i] = Package{ID: d.ID, Version: d.Version, Title: d.Title, Description: d.Description, Summary: d.Summary}
	}
	return all, found.TotalHits, nil
}

func (f *nuget) Versions(ctx context.Context, id string) ([]Package, error) {
	at, err := f.service(ctx, "PackageBaseAddress/3")
	if err != nil {
		return nil, err
	}
	var list struct{ Versions []string }
	if _, err := f.readJSON(ctx, at+"/"+url.PathEscape(strings.ToLower(id))+"/index.json", &list); err != nil {
		return nil, absent(err)
	}
	all := make([]Package, len(list.Versions))
	for i, v := range list.Versions {
		all[i] = Package{ID: id, Version: v, Extension: ".nupkg"}
	}
	slices.Reverse(all)
	return all, nil
}

func (f *nuget) Open(ctx context.Context, id, text string) (runner.Package, Opener, error) {
	return f.download(ctx, id, text, func(ctx context.Context) (io.ReadCloser, int64, string, error) {
		at, err := f.service(ctx, "PackageBaseAddress/3")
		if err != nil {
			return nil, 0, "", err
		}
		lower, v := url.PathEscape(strings.ToLower(id)), url.PathEscape(normalNuGet(text))
		body, size, err := f.fetch(ctx, at+"/"+lower+"/"+v+"/"+lower+"."+v+".nupkg", "")
		return body, size, ".nupkg", err
	})
}

// normalNuGet is a version as the addresses of files have it: at least three
// numbers, no fourth that is zero, no metadata, lower case.
func normalNuGet(text string) string {
	v, err := version.Parse(version.SemVer, text)
	if err != nil {
		return strings.ToLower(text)
	}
	plain := fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch)
	if v.Revision != 0 {
		plain += fmt.Sprintf(".%d", v.Revision)
	}
	if v.Prerelease != "" {
		plain += "-" + v.Prerelease
	}
	return strings.ToLower(plain)
}

// maxNuspec bounds the description that a NuGet package holds of itself.
const maxNuspec = 1 << 20

// readNuspec takes from a NuGet package what it says of itself. A package
// without a description, or with one that cannot be read, is one all the same:
// nothing here decides what is deployed.
func readNuspec(path string, p *catalog.BuiltInPackage) error {
	z, err := zip.OpenReader(path)
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "The package is named .nupkg, but it is no zip file")
	}
	defer z.Close()
	for _, f := range z.File {
		if !strings.HasSuffix(strings.ToLower(f.Name), ".nuspec") || strings.ContainsAny(f.Name, `/\`) {
			continue
		}
		r, err := f.Open()
		if err != nil {
			return fmt.Errorf("reading %s: %w", f.Name, err)
		}
		defer r.Close()
		var spec struct {
			Metadata struct {
				Title        string `xml:"title"`
				Summary      string `xml:"summary"`
				Description  string `xml:"description"`
				ReleaseNotes string `xml:"releaseNotes"`
			} `xml:"metadata"`
		}
		if xml.NewDecoder(io.LimitReader(r, maxNuspec)).Decode(&spec) != nil {
			return nil
		}
		m := spec.Metadata
		p.Title, p.Summary, p.Description, p.ReleaseNotes = m.Title, m.Summary, m.Description, m.ReleaseNotes
		return nil
	}
	return nil
}
