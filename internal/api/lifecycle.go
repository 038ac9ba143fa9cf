package api

import (
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

var _ = area(func(a *API) []Route {
	return []Route{
		{Method: "GET", Pattern: "S/lifecycles/{id}/projects", Handle: a.lifecycleProjects, Summary: "The projects with a lifecycle", Answer: []catalog.Project{}},
		{Method: "GET", Pattern: "S/lifecycles/{id}/preview", Handle: a.lifecyclePreview, Summary: "A lifecycle with the environments that its phases really have", Answer: catalog.Lifecycles.Info()},
	}
})

// lifecycleProjects lists the projects that use a lifecycle themselves or in
// one of their channels. It is a plain list.
func (a *API) lifecycleProjects(r *Request) (any, error) {
	l, err := findFor(r, catalog.Lifecycles)
	if err != nil {
		return nil, err
	}
	h := a.crudOf(catalog.Projects)
	var items [][]byte
	err = r.View(func(tx *store.Tx) error {
		channels, _, err := catalog.Channels.List(tx, kind.Query{Space: r.Space, Refer: map[string][]string{"LifecycleId": {l.ID}}})
		if err != nil {
			return err
		}
		where := store.Where{SQL: "data ->> 'LifecycleId' = ?", Args: []any{l.ID}}
		for _, c := range channels {
			where.SQL += " or id = ?"
			where.Args = append(where.Args, c.ProjectID)
		}
		items, _, err = h.visible(r, tx, kind.Query{Space: r.Space, Where: []store.Where{where}})
		return err
	})
	return Raw(join(items)), err
}

// lifecyclePreview fills in what a lifecycle leaves open: one without phases
// has one for each environment, and a phase without environments has all that
// no earlier one names.
func (a *API) lifecyclePreview(r *Request) (any, error) {
	l, err := findFor(r, catalog.Lifecycles)
	if err != nil {
		return nil, err
	}
	var raw []byte
	err = r.View(func(tx *store.Tx) error {
		all, _, err := catalog.Environments.List(tx, kind.Query{Space: r.Space, Match: map[string]string{"Type": catalog.StaticEnvironment}})
		if err != nil {
			return err
		}
		named := map[string]bool{}
		for i := range l.Phases {
			p := &l.Phases[i]
			if len(p.Environments()) == 0 {
				for _, e := range all {
					if !named[e.ID] {
						p.OptionalDeploymentTargets = append(p.OptionalDeploymentTargets, e.ID)
					}
				}
				continue
			}
			for _, id := range p.Environments() {
				named[id] = true
			}
		}
		if len(l.Phases) == 0 {
			for _, e := range all {
				l.Phases = append(l.Phases, catalog.Phase{ID: e.ID, Name: e.Name, OptionalDeploymentTargets: []string{e.ID}})
			}
		}
		raw, err = catalog.Lifecycles.Wire(tx, l)
		return err
	})
	return Raw(raw), err
}
