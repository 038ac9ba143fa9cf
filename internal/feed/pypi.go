package feed

import (
	"context"
	"io"
	"net/url"
	"path"
	"strings"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/version"
)

// pypi is a Python package index with the simple API in JSON.
type pypi struct{ *remote }

func (f *pypi) Format() version.Format { return version.Octopus }

type pypiFile struct {
	Filename string
	URL      string
	Uploaded string `json:"upload-time"`
	Size     int64
	Yanked   any
}

type pypiPackage struct {
	Versions []string
	Files    []pypiFile
}

// normalPython is a project's name as the index has it.
func normalPython(id string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(id), func(r rune) bool { return r == '-' || r == '_' || r == '.' }), "-")
}

func (f *pypi) project(ctx context.Context, id string) (p pypiPackage, at *url.URL, err error) {
	root := strings.TrimSuffix(f.base.String(), "/simple")
	address := root + "/simple/" + url.PathEscape(normalPython(id)) + "/"
	if at, err = url.Parse(address); err != nil {
		return p, nil, err
	}
	_, err = f.read(ctx, address, "application/vnd.pypi.simple.v1+json", func(body io.Reader) error { return decodeJSON(body, &p) })
	return p, at, err
}

// Search finds a project whose name is given whole: the index cannot be
// searched.
func (f *pypi) Search(ctx context.Context, term string, _, _ int) ([]Package, int, error) {
	if normalPython(term) == "" {
		return nil, 0, nil
	}
	all, err := f.Versions(ctx, term)
	if err != nil || len(all) == 0 {
		return nil, 0, err
	}
	return all[:1], 1, nil
}

func (f *pypi) Versions(ctx context.Context, id string) ([]Package, error) {
	p, _, err := f.project(ctx, id)
	if err != nil {
		return nil, absent(err)
	}
	var all []Package
	for _, v := range p.Versions {
		one := Package{ID: id, Version: v}
		if file := p.file(id, v); file != nil {
			one.Published, one.Size, one.Extension = parseTime(file.Uploaded), file.Size, pythonExtension(file.Filename)
			all = append(all, one)
		}
	}
	return highest(version.Octopus, all), nil
}

// file chooses the file of a version: the sources before what is built.
func (p *pypiPackage) file(id, text string) *pypiFile {
	var best *pypiFile
	prefix := normalPython(id) + "-" + text
	for i := range p.Files {
		file := &p.Files[i]
		name := file.Filename
		stem := normalPython(strings.TrimSuffix(name, pythonExtension(name)))
		wanted := normalPython(prefix)
		if pythonExtension(name) == "" || stem != wanted && !strings.HasPrefix(stem, wanted+"-") {
			continue
		}
		if best == nil || strings.HasSuffix(best.Filename, ".whl") && !strings.HasSuffix(name, ".whl") {
			best = file
		}
	}
	return best
}

func pythonExtension(name string) string {
	for _, e := range []string{".tar.gz", ".tar.bz2", ".zip", ".whl"} {
		if strings.HasSuffix(name, e) {
			return e
		}
	}
	return ""
}

func (f *pypi) Open(ctx context.Context, id, text string) (runner.Package, Opener, error) {
	return f.download(ctx, id, text, func(ctx context.Context) (io.ReadCloser, int64, string, error) {
		p, at, err := f.project(ctx, id)
		if err != nil {
			return nil, 0, "", err
		}
		file := p.file(id, text)
		if file == nil {
			return nil, 0, "", f.say(fault.NotFound, "has no file of %s %s.", id, text)
		}
		from, err := at.Parse(file.URL)
		if err != nil {
			return nil, 0, "", f.say(fault.Invalid, "keeps %s at an address that cannot be read.", path.Base(file.Filename))
		}
		body, size, err := f.fetch(ctx, from.String(), "")
		return body, size, pythonExtension(file.Filename), err
	})
}
