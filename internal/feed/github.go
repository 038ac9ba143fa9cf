package feed

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/version"
)

// github is the releases and tags of repositories. An id is owner/repository.
type github struct{ *remote }

func (f *github) Format() version.Format { return version.SemVer }

func (f *github) Search(ctx context.Context, term string, skip, take int) ([]Package, int, error) {
	size := min(max(take, 1), 100)
	var found struct {
		Total int `json:"total_count"`
		Items []struct {
			Name        string `json:"full_name"`
			Description string
		}
	}
	_, err := f.readJSON(ctx, f.at([]string{"search", "repositories"}, "q", term, "per_page", fmt.Sprint(size), "page", fmt.Sprint(skip/size+1)), &found)
	all := make([]Package, len(found.Items))
	for i, it := range found.Items {
		all[i] = Package{ID: it.Name, Description: it.Description}
	}
	return all, found.Total, err
}

// Versions gives the tags that are versions, with the notes of their releases.
func (f *github) Versions(ctx context.Context, id string) (all []Package, err error) {
	owner, name, ok := strings.Cut(id, "/")
	if !ok {
		return nil, nil
	}
	type release struct {
		Tag       string `json:"tag_name"`
		Name      string
		Body      string
		Published string `json:"published_at"`
		Draft     bool
	}
	releases := map[string]release{}
	const size = 100
	for n := 1; n <= mostPages; n++ {
		var list []release
		if _, err := f.readJSON(ctx, f.at([]string{"repos", owner, name, "releases"}, "per_page", fmt.Sprint(size), "page", fmt.Sprint(n)), &list); err != nil {
			return nil, absent(err)
		}
		for _, r := range list {
			if !r.Draft {
				releases[r.Tag] = r
			}
		}
		if len(list) < size {
			break
		}
	}
	for n := 1; n <= mostPages; n++ {
		var list []struct{ Name string }
		if _, err := f.readJSON(ctx, f.at([]string{"repos", owner, name, "tags"}, "per_page", fmt.Sprint(size), "page", fmt.Sprint(n)), &list); err != nil {
			return nil, absent(err)
		}
		for _, t := range list {
			if _, bad := version.Parse(version.SemVer, t.Name); bad == nil {
				r := releases[t.Name]
				all = append(all, Package{ID: id, Version: t.Name, Title: r.Name, ReleaseNotes: r.Body, Published: parseTime(r.Published), Extension: ".zip"})
			}
		}
		if len(list) < size {
			break
		}
	}
	return all, nil
}

func (f *github) Open(ctx context.Context, id, text string) (runner.Package, Opener, error) {
	owner, name, _ := strings.Cut(id, "/")
	return f.download(ctx, id, text, func(ctx context.Context) (io.ReadCloser, int64, string, error) {
		body, size, err := f.fetch(ctx, f.at([]string{"repos", owner, name, "zipball", text}), "")
		return body, size, ".zip", err
	})
}
