package feed

import (
	"context"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/version"
)

// helm is a repository of charts, which is an index and files.
type helm struct{ *remote }

func (f *helm) Format() version.Format { return version.SemVer }

type chart struct {
	Version     string    `yaml:"version"`
	Description string    `yaml:"description"`
	URLs        []string  `yaml:"urls"`
	Created     time.Time `yaml:"created"`
}

func (f *helm) index(ctx context.Context) (map[string][]chart, error) {
	var index struct {
		Entries map[string][]chart `yaml:"entries"`
	}
	_, err := f.read(ctx, f.at([]string{"index.yaml"}), "", func(body io.Reader) error { return yaml.NewDecoder(body).Decode(&index) })
	return index.Entries, err
}

func (f *helm) Search(ctx context.Context, term string, skip, take int) ([]Package, int, error) {
	index, err := f.index(ctx)
	if err != nil {
		return nil, 0, err
	}
	var all []Package
	for name, charts := range index {
		if strings.Contains(strings.ToLower(name), strings.ToLower(term)) && len(charts) > 0 {
			all = append(all, Package{ID: name, Version: charts[0].Version, Description: charts[0].Description})
		}
	}
	slices.SortFunc(all, func(a, b Package) int { return strings.Compare(a.ID, b.ID) })
	all, total := page(all, skip, take)
	return all, total, nil
}

func (f *helm) Versions(ctx context.Context, id string) ([]Package, error) {
	index, err := f.index(ctx)
	if err != nil {
		return nil, err
	}
	var all []Package
	for _, c := range index[id] {
		all = append(all, Package{ID: id, Version: c.Version, Description: c.Description, Published: c.Created, Extension: ".tgz"})
	}
	return all, nil
}

func (f *helm) Open(ctx context.Context, id, text string) (runner.Package, Opener, error) {
	return f.download(ctx, id, text, func(ctx context.Context) (io.ReadCloser, int64, string, error) {
		index, err := f.index(ctx)
		if err != nil {
			return nil, 0, "", err
		}
		for _, c := range index[id] {
			if c.Version != text || len(c.URLs) == 0 {
				continue
			}
			at, err := url.Parse(f.base.String() + "/")
			if err == nil {
				at, err = at.Parse(c.URLs[0])
			}
			if err != nil || at.Scheme != "http" && at.Scheme != "https" {
				return nil, 0, "", f.say(fault.Invalid, "keeps the chart %s %s at %q, which cannot be fetched.", id, text, c.URLs[0])
			}
			body, size, err := f.fetch(ctx, at.String(), "")
			return body, size, ".tgz", err
		}
		return nil, 0, "", f.say(fault.NotFound, "has no version %s of the chart %s.", text, id)
	})
}
