package feed

import (
	"context"
	"io"
	"strings"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/version"
)

// oci is a registry that holds packages, such as Helm charts, as artifacts.
type oci struct{ *registry }

func (f *oci) Format() version.Format { return version.SemVer }

func newOCI(r *remote) *oci {
	if r.base != nil && r.base.Scheme == "oci" {
		r.base.Scheme = "https"
	}
	f := &oci{newRegistry(r)}
	return f
}

// split takes the folder of the feed's address into the name of a repository.
func (f *oci) repository(id string) string {
	return strings.Trim(strings.Trim(f.base.Path, "/")+"/"+id, "/")
}

// root is the registry itself, without the folder.
func (f *oci) root() *registry {
	r := *f.remote
	base := *f.base
	base.Path = ""
	r.base = &base
	return newRegistry(&r)
}

func (f *oci) Search(ctx context.Context, term string, skip, take int) ([]Package, int, error) {
	prefix := strings.Trim(f.base.Path, "/")
	found, _, err := f.root().Search(ctx, term, 0, 0)
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Invalid) {
		// Many registries list nothing: then a term is the name itself.
		all, err := f.Versions(ctx, term)
		if err != nil || len(all) == 0 || term == "" {
			return nil, 0, err
		}
		return []Package{{ID: term}}, 1, nil
	}
	var all []Package
	for _, p := range found {
		if id, ok := strings.CutPrefix(p.ID, prefix); ok {
			all = append(all, Package{ID: strings.Trim(id, "/")})
		}
	}
	all, total := page(all, skip, take)
	return all, total, err
}

func (f *oci) Versions(ctx context.Context, id string) ([]Package, error) {
	tags, err := f.root().tags(ctx, f.repository(id))
	all := make([]Package, 0, len(tags))
	for _, t := range tags {
		// A tag cannot contain a plus sign.
		text := strings.ReplaceAll(t, "_", "+")
		if _, bad := version.Parse(version.SemVer, text); bad == nil {
			all = append(all, Package{ID: id, Version: text, Extension: ".tgz"})
		}
	}
	return all, err
}

func (f *oci) Open(ctx context.Context, id, text string) (runner.Package, Opener, error) {
	return f.download(ctx, id, text, func(ctx context.Context) (io.ReadCloser, int64, string, error) {
		r := f.root()
		parts := append([]string{"v2"}, strings.Split(f.repository(id), "/")...)
		var manifest struct {
			Layers []struct{ MediaType, Digest string }
		}
		ask, cancel := context.WithTimeout(ctx, lookTimeout)
		defer cancel()
		answer, err := r.open(ask, r.at(append(parts[:len(parts):len(parts)], "manifests", strings.ReplaceAll(text, "+", "_"))), "application/vnd.oci.image.manifest.v1+json")
		if err != nil {
			return nil, 0, "", err
		}
		err = decodeJSON(answer.Body, &manifest)
		drop(answer)
		if err != nil || len(manifest.Layers) == 0 {
			return nil, 0, "", f.say(fault.Invalid, "has %s %s in a form that cannot be read.", id, text)
		}
		layer := manifest.Layers[0]
		for _, l := range manifest.Layers {
			if strings.HasPrefix(l.MediaType, "application/vnd.cncf.helm.chart.content") {
				layer = l
			}
		}
		extension := ".tgz"
		if strings.Contains(layer.MediaType, "zip") && !strings.Contains(layer.MediaType, "gzip") {
			extension = ".zip"
		}
		body, size, err := r.fetch(ctx, r.at(append(parts[:len(parts):len(parts)], "blobs", layer.Digest)), "")
		return body, size, extension, err
	})
}
