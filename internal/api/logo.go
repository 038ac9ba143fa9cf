package api

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// maxLogo is what a picture may weigh.
const maxLogo = 1 << 20

// logoTypes are the pictures that every browser shows and that hold no script.
var logoTypes = map[string]bool{"image/png": true, "image/jpeg": true, "image/gif": true, "image/webp": true}

func logoName(id string) string { return "logos/" + id }

var _ = area(func(a *API) []Route {
	var all []Route
	for _, k := range []kind.Any{catalog.Projects, catalog.Tenants, catalog.Spaces, catalog.ActionTemplates} {
		info := k.Info()
		l := &logo{a, k, info}
		at := "S/" + info.Path
		if info.System {
			at = info.Path
		}
		at += "/{id}/logo"
		all = append(all,
			Route{Method: "GET", Pattern: at, Handle: l.get, Summary: "The picture of a " + info.Singular},
			Route{Method: "POST", Pattern: at, Handle: l.set, Summary: "Set the picture of a " + info.Singular},
			Route{Method: "PUT", Pattern: at, Handle: l.set, Summary: "Set the picture of a " + info.Singular},
			Route{Method: "DELETE", Pattern: at, Handle: l.delete, Summary: "Remove the picture of a " + info.Singular})
	}
	return all
})

// logo keeps pictures of the resources of one type.
type logo struct {
	api  *API
	kind kind.Any
	info kind.Info
}

// of finds the resource of the path and asks for a permission on it.
func (l *logo) of(r *Request, permission string) (id string, err error) {
	space := r.Space
	if l.info.System {
		space = ""
	}
	err = r.View(func(tx *store.Tx) error {
		found, err := l.kind.FindAny(tx, space, r.Param("id"))
		if err != nil {
			return err
		}
		id = kind.BaseOf(found).ID
		return r.NeedFor(permission, l.kind, found)
	})
	return id, err
}

func (l *logo) get(r *Request) (any, error) {
	id, err := l.of(r, l.info.Permissions.View)
	if err != nil {
		return nil, err
	}
	picture, err := l.api.Blobs.Open(r.Context(), logoName(id))
	if fault.Is(err, fault.NotFound) {
		return nil, fault.New(fault.NotFound, "%s %s has no logo.", l.info.Singular, id)
	}
	if err != nil {
		return nil, err
	}
	defer picture.Close()
	data, err := io.ReadAll(picture)
	if err != nil {
		return nil, fmt.Errorf("reading a logo: %w", err)
	}
	h := r.W.Header()
	h.Set("Content-Type", http.DetectContentType(data))
	h.Set("Content-Length", strconv.Itoa(len(data)))
	h.Set("X-Content-Type-Options", "nosniff")
	r.written = true
	_, _ = r.W.Write(data) // a client that hung up learns nothing more
	return Done{}, nil
}

func (l *logo) set(r *Request) (any, error) {
	id, err := l.of(r, l.info.Permissions.Edit)
	if err != nil {
		return nil, err
	}
	_, content, _, err := r.upload()
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(content, maxLogo+1))
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "The upload broke off")
	}
	if len(data) > maxLogo {
		return nil, fault.New(fault.Invalid, "The logo must be at most 1 MiB.")
	}
	if found := http.DetectContentType(data); !logoTypes[found] {
		return nil, fault.New(fault.Invalid, "The logo must be a PNG, JPEG, GIF or WebP picture; it looks like %s.", found)
	}
	_, err = l.api.Blobs.Put(r.Context(), logoName(id), bytes.NewReader(data), int64(len(data)))
	return nil, err
}

func (l *logo) delete(r *Request) (any, error) {
	id, err := l.of(r, l.info.Permissions.Edit)
	if err != nil {
		return nil, err
	}
	return nil, l.api.Blobs.Delete(r.Context(), logoName(id))
}
