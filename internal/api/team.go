package api

import (
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// Teams and scoped roles lie in a space or in the system; their lists take
// which of them to show from the query.
var _ = area(func(a *API) []Route {
	var routes []Route
	for _, k := range []kind.Any{catalog.Teams, catalog.ScopedUserRoles} {
		h := &mixed{*a.crudOf(k)}
		at := "M/" + h.info.Path
		routes = append(routes,
			Route{Method: "GET", Pattern: at, Handle: h.list, Summary: "List " + h.info.Path, Answer: h.info},
			Route{Method: "GET", Pattern: at + "/all", Handle: h.all, Summary: "All " + h.info.Path, Answer: h.info},
			Route{Method: "GET", Pattern: at + "/{id}", Handle: h.get, Summary: "Get one", Answer: h.info},
			Route{Method: "POST", Pattern: at, Handle: h.createMixed, Summary: "Create one", Body: h.info, Answer: h.info},
			Route{Method: "PUT", Pattern: at + "/{id}", Handle: h.update, Summary: "Change one", Body: h.info, Answer: h.info},
			Route{Method: "DELETE", Pattern: at + "/{id}", Handle: h.delete, Summary: "Delete one"})
	}
	return append(routes,
		Route{Method: "GET", Pattern: "M/teams/{id}/scopeduserroles", Handle: a.teamRoles, Query: []string{"includeSystem", "skip", "spaces", "take"}, Summary: "The roles a team has"},
		Route{Method: "GET", Pattern: "teammembership", Handle: a.teamMembership, Query: []string{"userId"}, Summary: "The teams a user is in"})
})

type mixed struct{ crud }

func (h *mixed) mixedQuery(r *Request) kind.Query {
	q := h.query(r)
	q.AnySpace = true
	spaces := r.List("spaces")
	if r.Space != "" && !r.implicit {
		spaces = append(spaces, r.Space)
	}
	if len(spaces) == 0 || slices.Contains(spaces, "all") {
		return q
	}
	if r.Bool("includeSystem") || r.Q("includeSystem") == "" {
		spaces = append(spaces, "")
	}
	args := make([]any, len(spaces))
	for i, s := range spaces {
		args[i] = s
	}
	q.Where = append(q.Where, store.Where{SQL: "space in (" + strings.TrimSuffix(strings.Repeat("?, ", len(spaces)), ", ") + ")", Args: args})
	return q
}

// seen lists what of a query over several spaces the caller may see.
func (h *mixed) seen(r *Request, tx *store.Tx, q kind.Query) ([][]byte, error) {
	raw, _, err := h.kind.ListRaw(tx, q)
	if err != nil {
		return nil, err
	}
	var items [][]byte
	for _, item := range raw {
		res, err := h.kind.Parse(item)
		if err != nil {
			return nil, err
		}
		if h.maySee(r, res) {
			items = append(items, item)
		}
	}
	return items, nil
}

func (h *mixed) list(r *Request) (any, error) {
	skip, take, err := r.Paging()
	if err != nil {
		return nil, err
	}
	return h.pageOf(r, h.mixedQuery(r), skip, take)
}

func (h *mixed) pageOf(r *Request, q kind.Query, skip, take int) (any, error) {
	var items [][]byte
	err := r.View(func(tx *store.Tx) (err error) {
		items, err = h.seen(r, tx, q)
		return err
	})
	if err != nil {
		return nil, err
	}
	total := len(items)
	items = items[min(skip, total):]
	if take > 0 {
		items = items[:min(take, len(items))]
	}
	return r.PageOf(h.info.Type.Name(), items, total, skip, take), nil
}

func (h *mixed) all(r *Request) (any, error) {
	var items [][]byte
	err := r.View(func(tx *store.Tx) (err error) {
		items, err = h.seen(r, tx, h.mixedQuery(r))
		return err
	})
	return Raw(join(items)), err
}

// createMixed takes the space from the body, or from a path that names one.
func (h *mixed) createMixed(r *Request) (any, error) {
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	res, err := h.kind.Decode(body)
	if err != nil {
		return nil, err
	}
	b := kind.BaseOf(res)
	b.ID = ""
	if r.Space != "" && !r.implicit {
		b.SpaceID = r.Space
	}
	var raw []byte
	err = r.Do(func(tx *store.Tx) error {
		if err := r.NeedFor(h.info.Permissions.Create, h.kind, res); err != nil {
			return err
		}
		if err := r.guard(tx, res, nil); err != nil {
			return err
		}
		if err := h.kind.PutAny(tx, res); err != nil {
			return err
		}
		tx.After(h.changed)
		raw, err = h.kind.Wire(tx, res)
		return err
	})
	return Created(Raw(raw)), err
}

func (a *API) teamRoles(r *Request) (any, error) {
	skip, take, err := r.Paging()
	if err != nil {
		return nil, err
	}
	h := &mixed{*a.crudOf(catalog.ScopedUserRoles)}
	q := h.mixedQuery(r)
	q.Match["TeamId"] = r.Param("id")
	return h.pageOf(r, q, skip, take)
}

func (a *API) teamMembership(r *Request) (any, error) {
	user := r.Q("userId")
	if user == "" {
		user = r.Principal.UserID
	}
	if user != r.Principal.UserID {
		if err := r.Need("UserView", At{System: true}); err != nil {
			return nil, err
		}
	}
	return a.teamsSeen(r, user)
}
