package feed

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/version"
)

// npm is a registry of npm's protocol.
type npm struct{ *remote }

func (f *npm) Format() version.Format { return version.SemVer }

func (f *npm) Search(ctx context.Context, term string, skip, take int) ([]Package, int, error) {
	var found struct {
		Total   int
		Objects []struct {
			Package struct{ Name, Version, Description string }
		}
	}
	_, err := f.readJSON(ctx, f.at([]string{"-", "v1", "search"}, "text", term, "size", fmt.Sprint(min(max(take, 1), 250)), "from", fmt.Sprint(skip)), &found)
	all := make([]Package, len(found.Objects))
	for i, o := range found.Objects {
		all[i] = Package{ID: o.Package.Name, Version: o.Package.Version, Description: o.Package.Description}
	}
	return all, found.Total, err
}

type npmPackage struct {
	Versions map[string]struct {
		Description string
		Dist        struct{ Tarball string }
	}
	Time map[string]any // dates, but for one member of packages that were withdrawn
}

func (f *npm) document(ctx context.Context, id string) (p npmPackage, err error) {
	_, err = f.readJSON(ctx, f.base.String()+"/"+strings.ReplaceAll(url.PathEscape(id), "%40", "@"), &p)
	return p, err
}

func (f *npm) Versions(ctx context.Context, id string) ([]Package, error) {
	p, err := f.document(ctx, id)
	if err != nil {
		return nil, absent(err)
	}
	var all []Package
	for v, d := range p.Versions {
		when, _ := p.Time[v].(string)
		all = append(all, Package{ID: id, Version: v, Description: d.Description, Published: parseTime(when), Extension: ".tgz"})
	}
	return highest(version.SemVer, all), nil
}

func (f *npm) Open(ctx context.Context, id, text string) (runner.Package, Opener, error) {
	return f.download(ctx, id, text, func(ctx context.Context) (io.ReadCloser, int64, string, error) {
		p, err := f.document(ctx, id)
		if err != nil {
			return nil, 0, "", err
		}
		v, ok := p.Versions[text]
		if !ok || v.Dist.Tarball == "" {
			return nil, 0, "", f.say(fault.NotFound, "has no version %s of %s.", text, id)
		}
		body, size, err := f.fetch(ctx, v.Dist.Tarball, "")
		return body, size, ".tgz", err
	})
}
