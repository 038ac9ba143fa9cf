package api

import (
	"cmp"
	"slices"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/setting"
	"github.com/takodeploy/tako/internal/store"
)

var _ = area(func(a *API) []Route {
	info := catalog.ActionTemplates.Info()
	const one = "communityactiontemplates/{id}"
	routes := []Route{
		{Method: "GET", Pattern: "communityactiontemplates", Handle: a.communityTemplates, Query: []string{"ids", "skip", "take"}, Summary: "Step templates that come with the server", Answer: pageOfAny{catalog.CommunityTemplate{}}},
		{Method: "GET", Pattern: "communityactiontemplates/all", Handle: a.allCommunityTemplates, Query: []string{"ids"}, Summary: "All step templates that come with the server", Answer: []catalog.CommunityTemplate{}},
		{Method: "GET", Pattern: one, Handle: a.communityTemplate, Summary: "A step template that comes with the server", Answer: catalog.CommunityTemplate{}},
	}
	for _, at := range []string{one + "/installation", one + "/installation/{space}"} {
		routes = append(routes,
			Route{Method: "POST", Pattern: at, Handle: a.installTemplate, Summary: "Install a step template in a space", Answer: info},
			Route{Method: "PUT", Pattern: at, Handle: a.updateTemplate, Summary: "Bring an installed step template up to date", Answer: info})
	}
	for _, at := range []string{one + "/actiontemplate", one + "/actiontemplate/{space}"} {
		routes = append(routes, Route{Method: "GET", Pattern: at, Handle: a.installedTemplate, Summary: "The step template of a space that was made of one that comes with the server", Answer: info})
	}
	return routes
})

// offered are the step templates that come with the server, unless they are
// switched off.
func (a *API) offered(r *Request) (all []*catalog.CommunityTemplate, err error) {
	err = r.View(func(tx *store.Tx) error {
		features, err := setting.Features.Get(tx)
		if err == nil && features.IsCommunityActionTemplatesEnabled {
			all = catalog.CommunityTemplates()
		}
		return err
	})
	if ids := r.List("ids"); len(ids) > 0 {
		all = slices.DeleteFunc(all, func(t *catalog.CommunityTemplate) bool { return !slices.Contains(ids, t.ID) })
	}
	return all, err
}

func (a *API) communityTemplates(r *Request) (any, error) {
	all, err := a.offered(r)
	if err != nil {
		return nil, err
	}
	return PageValues(r, "CommunityActionTemplate", all)
}

func (a *API) allCommunityTemplates(r *Request) (any, error) {
	all, err := a.offered(r)
	return append([]*catalog.CommunityTemplate{}, all...), err
}

func (a *API) communityTemplate(r *Request) (any, error) {
	return catalog.FindCommunityTemplate(r.Param("id"))
}

// withTemplate does something with a community step template in the space of the
// path, by default the first: in a unit that may change something, or not.
func withTemplate(r *Request, permission string, unit func(func(*store.Tx) error) error, do func(tx *store.Tx, t *catalog.CommunityTemplate, space string) (*catalog.ActionTemplate, error)) (any, error) {
	space := cmp.Or(r.Param("space"), kind.DefaultSpace)
	if err := r.Need(permission, At{Space: space}); err != nil {
		return nil, err
	}
	t, err := catalog.FindCommunityTemplate(r.Param("id"))
	if err != nil {
		return nil, err
	}
	var raw []byte
	err = unit(func(tx *store.Tx) error {
		made, err := do(tx, t, space)
		if err != nil {
			return err
		}
		raw, err = catalog.ActionTemplates.Wire(tx, made)
		return err
	})
	return Raw(raw), err
}

func (a *API) installTemplate(r *Request) (any, error) {
	raw, err := withTemplate(r, "ActionTemplateCreate", r.Do, func(tx *store.Tx, t *catalog.CommunityTemplate, space string) (*catalog.ActionTemplate, error) {
		features, err := setting.Features.Get(tx)
		if err != nil {
			return nil, err
		}
		if !features.IsCommunityActionTemplatesEnabled {
			return nil, fault.New(fault.Invalid, "Community step templates are switched off in the server's features.")
		}
		return t.Install(tx, space)
	})
	if err != nil {
		return nil, err
	}
	return Created(raw), nil
}

func (a *API) updateTemplate(r *Request) (any, error) {
	return withTemplate(r, "ActionTemplateEdit", r.Do, func(tx *store.Tx, t *catalog.CommunityTemplate, space string) (*catalog.ActionTemplate, error) {
		return t.Update(tx, space)
	})
}

func (a *API) installedTemplate(r *Request) (any, error) {
	return withTemplate(r, "ActionTemplateView", r.View, func(tx *store.Tx, t *catalog.CommunityTemplate, space string) (*catalog.ActionTemplate, error) {
		there, err := t.Installed(tx, space)
		if err == nil && there == nil {
			err = fault.New(fault.NotFound, "The community step template '%s' is not installed in this space.", t.Name)
		}
		return there, err
	})
}
