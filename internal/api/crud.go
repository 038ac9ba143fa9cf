package api

import (
	"strings"

	"github.com/takodeploy/tako/internal/access"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

// kindRoutes gives the routes that every type has.
func (a *API) kindRoutes(k kind.Any) []Route {
	info := k.Info()
	if info.Hidden {
		return nil
	}
	at := "S/" + info.Path
	if info.System {
		at = info.Path
	}
	h := &crud{api: a, kind: k, info: info}
	name := strings.ToLower(info.Singular)
	return []Route{
		{Method: "GET", Pattern: at, Handle: h.list, Summary: "List " + info.Path, Answer: info},
		{Method: "GET", Pattern: at + "/all", Handle: h.all, Summary: "All " + info.Path, Answer: info},
		{Method: "GET", Pattern: at + "/{id}", Handle: h.get, Summary: "Get a " + name, Answer: info},
		{Method: "POST", Pattern: at, Handle: h.create, Summary: "Create a " + name, Body: info, Answer: info},
		{Method: "PUT", Pattern: at + "/{id}", Handle: h.update, Summary: "Change a " + name, Body: info, Answer: info},
		{Method: "DELETE", Pattern: at + "/{id}", Handle: h.delete, Summary: "Delete a " + name},
	}
}

// crud answers the five routes of one type.
type crud struct {
	api  *API
	kind kind.Any
	info kind.Info
}

// crudOf makes the five routes of a type available to hand-written ones.
func (a *API) crudOf(k kind.Any) *crud { return &crud{a, k, k.Info()} }

func (h *crud) list(r *Request) (any, error) {
	skip, take, err := r.Paging()
	if err != nil {
		return nil, err
	}
	q := h.query(r)
	q.Skip, q.Take = skip, take
	return h.page(r, q)
}

// query reads what every list understands.
func (h *crud) query(r *Request) kind.Query {
	q := kind.Query{Space: r.Space, IDs: r.List("ids"), PartialName: r.Q("partialName"), Name: r.Q("name"), Match: map[string]string{}}
	if h.info.System {
		q.Space = ""
	}
	for _, f := range h.info.Filters {
		if v := r.Q(f); v != "" {
			q.Match[f] = v
		}
	}
	return q
}

// page answers a query with what of it the caller may see.
func (h *crud) page(r *Request, q kind.Query) (any, error) {
	var page Page
	err := r.View(func(tx *store.Tx) error {
		asked := q
		asked.Take = max(q.Take, 1) // to the store, none is all
		items, total, err := h.visible(r, tx, asked)
		if err != nil {
			return err
		}
		page = r.PageOf(h.info.Type.Name(), h.marked(r, items), total, q.Skip, q.Take)
		return nil
	})
	return page, err
}

// visible lists what of a query the caller may see. A caller without limits,
// the ordinary case, costs one query; for others the rows are checked singly.
func (h *crud) visible(r *Request, tx *store.Tx, q kind.Query) ([][]byte, int, error) {
	view := access.Permission(h.info.Permissions.View)
	if view == "" || r.Rights.Reach(view, q.Space).All {
		return h.kind.ListRaw(tx, q)
	}
	if !r.Rights.Anywhere(view, q.Space) {
		if q.Space == "" {
			return nil, 0, r.Need(string(view), At{System: true})
		}
		return nil, 0, r.Need(string(view), At{})
	}
	skip, take := q.Skip, q.Take
	q.Skip, q.Take = 0, 0
	raw, _, err := h.kind.ListRaw(tx, q)
	if err != nil {
		return nil, 0, err
	}
	var seen [][]byte
	for _, item := range raw {
		res, err := h.kind.Parse(item)
		if err != nil {
			return nil, 0, err
		}
		if h.maySee(r, res) {
			seen = append(seen, item)
		}
	}
	total := len(seen)
	seen = seen[min(skip, total):]
	if take > 0 {
		seen = seen[:min(take, len(seen))]
	}
	return seen, total, nil
}

func (h *crud) maySee(r *Request, resource any) bool {
	if h.info.Permissions.View == "" {
		return true
	}
	return r.mayAt(h.info.Permissions.View, places(h.kind, resource))
}

func (h *crud) all(r *Request) (any, error) {
	var items [][]byte
	err := r.View(func(tx *store.Tx) (err error) {
		items, _, err = h.visible(r, tx, h.query(r))
		return err
	})
	return Raw(join(h.marked(r, items))), err
}

func (h *crud) space(r *Request) string {
	if h.info.System {
		return ""
	}
	return r.Space
}

func (h *crud) get(r *Request) (any, error) {
	var raw []byte
	err := r.View(func(tx *store.Tx) error {
		data, d, err := h.kind.FindRaw(tx, h.space(r), r.Param("id"))
		if err != nil || r.unknown(d.Space) {
			return h.missing(r, h.info.Permissions.View, err)
		}
		if !r.unlimited(h.info.Permissions.View, d.Space) {
			res, err := h.kind.GetAny(tx, d.ID)
			if err != nil {
				return err
			}
			if err := r.NeedFor(h.info.Permissions.View, h.kind, res); err != nil {
				return err
			}
		}
		r.revision = d.Version
		raw = data
		return nil
	})
	return Raw(raw), err
}

// missing is what is said of what is not there or is not to be known of. Who has a permission
// nowhere hears of that first, as of what is there.
func (h *crud) missing(r *Request, permission string, err error) error {
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	if h.info.System && r.nowhere(permission) {
		return r.Need(permission, At{System: true})
	}
	return h.kind.Missing(r.Param("id"))
}

// find finds the resource of the path for somebody who needs a permission on it.
func (h *crud) find(r *Request, tx *store.Tx, permission string) (any, error) {
	res, err := h.kind.FindAny(tx, h.space(r), r.Param("id"))
	if err != nil || r.unknown(kind.BaseOf(res).SpaceID) {
		return nil, h.missing(r, permission, err)
	}
	if err := r.NeedFor(permission, h.kind, res); err != nil {
		return nil, err
	}
	return res, r.match(kind.BaseOf(res).Revision())
}

// unlimited reports that the caller has a permission everywhere in a space.
func (r *Request) unlimited(permission, space string) bool {
	return permission == "" || r.Rights.Reach(access.Permission(permission), space).All
}

func (h *crud) create(r *Request) (any, error) {
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	res, err := h.kind.Decode(body)
	if err != nil {
		return nil, err
	}
	return h.add(r, res)
}

// add stores what somebody wants created.
func (h *crud) add(r *Request, res any) (any, error) {
	b := kind.BaseOf(res)
	b.ID, b.SpaceID = "", h.space(r)
	var raw []byte
	err := r.Do(func(tx *store.Tx) error {
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
		var err error
		raw, err = h.kind.Wire(tx, res)
		return err
	})
	return Created(Raw(raw)), err
}

func (h *crud) update(r *Request) (any, error) {
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	var raw []byte
	err = r.Do(func(tx *store.Tx) error {
		res, err := h.find(r, tx, h.info.Permissions.Edit)
		if err != nil {
			return err
		}
		old := before(res)
		if err := h.kind.Replace(body, res); err != nil {
			return err
		}
		// The change must not move it where the caller may not go.
		if err := r.NeedFor(h.info.Permissions.Edit, h.kind, res); err != nil {
			return err
		}
		if err := r.guard(tx, res, old); err != nil {
			return err
		}
		if err := h.kind.PutAny(tx, res); err != nil {
			return err
		}
		tx.After(h.changed)
		r.W.Header().Set("ETag", etag(kind.BaseOf(res).Revision()))
		raw, err = h.kind.Wire(tx, res)
		return err
	})
	return Raw(raw), err
}

func (h *crud) delete(r *Request) (any, error) {
	return nil, r.Do(func(tx *store.Tx) error {
		res, err := h.find(r, tx, h.info.Permissions.Delete)
		if err != nil {
			return err
		}
		if err := r.guard(tx, nil, res); err != nil {
			return err
		}
		if err := h.idle(tx, kind.BaseOf(res).ID); err != nil {
			return err
		}
		tx.After(h.changed)
		return h.kind.DeleteAny(tx, kind.BaseOf(res).ID)
	})
}

// idle refuses to delete a project or space under tasks that need it.
func (h *crud) idle(tx *store.Tx, id string) error {
	space, project := "", ""
	switch h.info.Plural {
	case "Projects":
		project = id
	case "Spaces":
		space = id
	default:
		return nil
	}
	unended, err := task.Unended(tx, space, project)
	if err == nil && unended != "" {
		return fault.New(fault.Conflict, "%s still has a task that has not ended (%s). Wait for it or cancel it before deleting the %s.", id, unended, strings.ToLower(h.info.Singular))
	}
	return err
}

// changed drops what was remembered of users' rights when they may be others.
func (h *crud) changed() {
	switch h.info.Plural {
	case "Users", "Teams", "UserRoles", "ScopedUserRoles", "Spaces":
		h.api.forgetRights()
	case "RateLimitingPolicies":
		h.api.limits.forget()
	}
}
