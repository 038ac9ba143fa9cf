package api

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/takodeploy/tako/internal/access"
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// Freezes belong to the system and reach into spaces: a freeze is seen by who
// sees one of its projects, and made and changed by who administers freezes in
// each of their spaces.
var _ = area(func(a *API) []Route {
	h := &freezes{*a.crudOf(catalog.DeploymentFreezes)}
	return []Route{
		{Method: "GET", Pattern: "M/deploymentfreezes", Handle: h.list, Summary: "List deployment freezes", Answer: h.info},
		{Method: "GET", Pattern: "M/deploymentfreezes/all", Handle: h.all, Summary: "All deployment freezes", Answer: h.info},
		{Method: "GET", Pattern: "M/deploymentfreezes/{id}", Handle: h.get, Summary: "Get a deployment freeze", Answer: h.info},
		{Method: "POST", Pattern: "M/deploymentfreezes", Handle: h.create, Summary: "Create a deployment freeze", Body: h.info, Answer: h.info},
		{Method: "PUT", Pattern: "M/deploymentfreezes/{id}", Handle: h.update, Summary: "Change a deployment freeze", Body: h.info, Answer: h.info},
		{Method: "DELETE", Pattern: "M/deploymentfreezes/{id}", Handle: h.delete, Summary: "Delete a deployment freeze"},
	}
})

type freezes struct{ crud }

// freezePage is a page which has its items also under the name by which the Go
// client looks for them.
type freezePage struct {
	Page
	DeploymentFreezes json.RawMessage
	Count             int // of all pages
}

// projects are the projects that a freeze names.
func (h *freezes) projects(tx *store.Tx, f *catalog.DeploymentFreeze) ([]*catalog.Project, error) {
	var ids []string
	for id := range f.ProjectEnvironmentScope {
		ids = append(ids, id)
	}
	for _, t := range f.TenantProjectEnvironmentScope {
		ids = append(ids, t.ProjectID)
	}
	if f.OwnerID != "" {
		ids = append(ids, f.OwnerID)
	}
	slices.Sort(ids)
	var all []*catalog.Project
	for _, id := range slices.Compact(ids) {
		p, err := catalog.Projects.Get(tx, id)
		if fault.Is(err, fault.NotFound) {
			continue // the check of references says so
		}
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// sees reports whether the caller may see a freeze; one without projects is
// seen by whoever administers freezes anywhere.
func (h *freezes) sees(r *Request, tx *store.Tx, f *catalog.DeploymentFreeze) (bool, error) {
	projects, err := h.projects(tx, f)
	if err != nil {
		return false, err
	}
	for _, p := range projects {
		ok, err := r.May("ProjectView", At{Space: p.SpaceID, Project: p.ID, Group: p.ProjectGroupID})
		if ok || err != nil {
			return ok, err
		}
	}
	return len(projects) == 0 && h.administers(r), nil
}

func (h *freezes) administers(r *Request) bool {
	return slices.ContainsFunc(r.Rights.Spaces(), func(s string) bool { return r.Rights.Anywhere(access.DeploymentFreezeAdminister, s) })
}

// known refuses a scope with projects that are not there, or of which the caller
// must not learn that they are.
func (h *freezes) known(r *Request, tx *store.Tx, f *catalog.DeploymentFreeze) error {
	var c fault.Complaints
	for _, id := range slices.Sorted(maps.Keys(f.ProjectEnvironmentScope)) {
		p, err := catalog.Projects.Get(tx, id)
		if fault.Is(err, fault.NotFound) || err == nil && r.unknown(p.SpaceID) {
			c.Add("ProjectEnvironmentScope refers to the project '%s', which does not exist.", id)
		} else if err != nil {
			return err
		}
	}
	return c.Err()
}

// need asks who changes a freeze for the permission in all of its spaces.
func (h *freezes) need(r *Request, tx *store.Tx, f *catalog.DeploymentFreeze) error {
	projects, err := h.projects(tx, f)
	if err != nil {
		return err
	}
	for _, p := range projects {
		if err := r.Need("DeploymentFreezeAdminister", At{Space: p.SpaceID}); err != nil {
			return err
		}
	}
	if len(projects) == 0 && !h.administers(r) {
		return r.Need("DeploymentFreezeAdminister", At{Space: kind.DefaultSpace})
	}
	return nil
}

func (h *freezes) seen(r *Request) (items [][]byte, err error) {
	err = r.View(func(tx *store.Tx) error {
		all, _, err := catalog.DeploymentFreezes.List(tx, h.query(r))
		if err != nil {
			return err
		}
		for _, f := range all {
			ok, err := h.sees(r, tx, f)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			raw, err := catalog.DeploymentFreezes.Wire(tx, f)
			if err != nil {
				return err
			}
			items = append(items, raw)
		}
		return nil
	})
	return items, err
}

func (h *freezes) list(r *Request) (any, error) {
	items, err := h.seen(r)
	if err != nil {
		return nil, err
	}
	page, err := r.PageFrom(h.info.Type.Name(), items)
	return freezePage{page, page.Items, len(items)}, err
}

func (h *freezes) all(r *Request) (any, error) {
	items, err := h.seen(r)
	return Raw(join(items)), err
}

// find finds the freeze of the path; one that the caller may not see is not
// there.
func (h *freezes) find(r *Request, tx *store.Tx) (*catalog.DeploymentFreeze, error) {
	f, err := catalog.DeploymentFreezes.Find(tx, "", r.Param("id"))
	if err != nil {
		return nil, err
	}
	ok, err := h.sees(r, tx, f)
	if err == nil && !ok {
		err = catalog.DeploymentFreezes.Missing(r.Param("id"))
	}
	return f, err
}

func (h *freezes) get(r *Request) (any, error) {
	var raw []byte
	err := r.View(func(tx *store.Tx) error {
		f, err := h.find(r, tx)
		if err != nil {
			return err
		}
		r.revision = f.Revision()
		raw, err = catalog.DeploymentFreezes.Wire(tx, f)
		return err
	})
	return Raw(raw), err
}

func (h *freezes) create(r *Request) (any, error) {
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	var raw []byte
	err = r.Do(func(tx *store.Tx) error {
		made, err := catalog.DeploymentFreezes.Decode(body)
		if err != nil {
			return err
		}
		f := made.(*catalog.DeploymentFreeze)
		f.SpaceID = ""
		if err := h.known(r, tx, f); err != nil {
			return err
		}
		if err := h.need(r, tx, f); err != nil {
			return err
		}
		if err := catalog.DeploymentFreezes.Put(tx, f); err != nil {
			return err
		}
		raw, err = catalog.DeploymentFreezes.Wire(tx, f)
		return err
	})
	return Created(Raw(raw)), err
}

func (h *freezes) update(r *Request) (any, error) {
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	var raw []byte
	err = r.Do(func(tx *store.Tx) error {
		f, err := h.find(r, tx)
		if err != nil {
			return err
		}
		if err := h.need(r, tx, f); err != nil {
			return err
		}
		if err := r.match(f.Revision()); err != nil {
			return err
		}
		if err := catalog.DeploymentFreezes.Replace(body, f); err != nil {
			return err
		}
		if err := h.known(r, tx, f); err != nil {
			return err
		}
		if err := h.need(r, tx, f); err != nil {
			return err
		}
		if err := catalog.DeploymentFreezes.Put(tx, f); err != nil {
			return err
		}
		raw, err = catalog.DeploymentFreezes.Wire(tx, f)
		return err
	})
	return Raw(raw), err
}

func (h *freezes) delete(r *Request) (any, error) {
	return nil, r.Do(func(tx *store.Tx) error {
		f, err := h.find(r, tx)
		if err != nil {
			return err
		}
		if err := h.need(r, tx, f); err != nil {
			return err
		}
		return catalog.DeploymentFreezes.Remove(tx, f)
	})
}
