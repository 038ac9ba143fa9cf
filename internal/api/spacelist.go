package api

import (
	"slices"

	"github.com/takodeploy/tako/internal/access"
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/store"
)

// Every client begins with the list of spaces, so that whoever may do anything
// in a space sees the space; SpaceView shows all of them.
var _ = area(func(a *API) []Route {
	h := &spaceCrud{*a.crudOf(catalog.Spaces)}
	return []Route{
		{Method: "GET", Pattern: "spaces", Handle: h.list, Summary: "List spaces", Answer: h.info},
		{Method: "GET", Pattern: "spaces/all", Handle: h.all, Summary: "All spaces", Answer: h.info},
		{Method: "GET", Pattern: "spaces/{id}", Handle: h.get, Summary: "Get a space", Answer: h.info},
	}
})

type spaceCrud struct{ crud }

// only limits a caller without SpaceView to the own spaces.
func (h *spaceCrud) only(r *Request) map[string][]string {
	if r.Rights.Allows(access.SpaceView, access.Resource{}) {
		return nil
	}
	return map[string][]string{"Id": r.Rights.Spaces()}
}

func (h *spaceCrud) list(r *Request) (any, error) {
	skip, take, err := r.Paging()
	if err != nil {
		return nil, err
	}
	q := h.query(r)
	q.Skip, q.Take, q.Only = skip, take, h.only(r)
	var page Page
	err = r.View(func(tx *store.Tx) error {
		items, total, err := h.kind.ListRaw(tx, q)
		page = r.PageOf(h.info.Type.Name(), items, total, skip, take)
		return err
	})
	return page, err
}

func (h *spaceCrud) all(r *Request) (any, error) {
	q := h.query(r)
	q.Only = h.only(r)
	var items [][]byte
	err := r.View(func(tx *store.Tx) (err error) {
		items, _, err = h.kind.ListRaw(tx, q)
		return err
	})
	return Raw(join(items)), err
}

func (h *spaceCrud) get(r *Request) (any, error) {
	var raw []byte
	err := r.View(func(tx *store.Tx) error {
		data, d, err := h.kind.FindRaw(tx, "", r.Param("id"))
		if err != nil {
			return err
		}
		if !slices.Contains(r.Rights.Spaces(), d.ID) {
			if err := r.Need(h.info.Permissions.View, At{System: true}); err != nil {
				return err
			}
		}
		r.revision = d.Version
		raw = data
		return nil
	})
	return Raw(raw), err
}
