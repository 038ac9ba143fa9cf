package api

import (
	"strings"

	"github.com/takodeploy/tako/internal/access"
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/rule"
	"github.com/takodeploy/tako/internal/store"
)

var _ = area(func(a *API) []Route {
	info := catalog.Tenants.Info()
	return []Route{
		{Method: "GET", Pattern: "S/tenants", Handle: a.listTenants, Query: []string{"isDisabled", "projectId", "skip", "tags", "take"}, Summary: "List tenants", Answer: info},
		{Method: "POST", Pattern: "S/tenants", Handle: a.createTenant, Query: []string{"clone"}, Summary: "Create a tenant, or clone one", Body: info, Answer: info},
		{Method: "GET", Pattern: "S/tenants/status", Handle: a.tenancyStatus, Summary: "Whether there are tenants"},
		{Method: "GET", Pattern: "S/tenants/tag-test", Handle: a.testTags, Query: []string{"tags", "tenantIds"}, Summary: "Which tenants have some tags"},
	}
})

// listTenants also narrows by project and by tags: of each tag set that is
// named, a tenant needs one of the tags.
func (a *API) listTenants(r *Request) (any, error) {
	h := a.crudOf(catalog.Tenants)
	skip, take, err := r.Paging()
	if err != nil {
		return nil, err
	}
	q := h.query(r)
	q.Skip, q.Take = skip, take
	if project := r.Q("projectId"); project != "" {
		q.Refer = map[string][]string{"ProjectEnvironments": {project}}
	}
	if r.Q("isDisabled") != "" {
		q.Match["IsDisabled"] = r.Q("isDisabled")
	}
	sets := map[string]*store.Where{}
	for _, tag := range r.List("tags") {
		set, _, _ := strings.Cut(strings.ToLower(tag), "/")
		w := sets[set]
		if w == nil {
			w = &store.Where{}
			sets[set] = w
		} else {
			w.SQL += " or "
		}
		w.SQL += "lower(cast(data -> 'TenantTags' as text)) like ? escape '!'"
		w.Args = append(w.Args, holding(tag))
	}
	for _, w := range sets {
		q.Where = append(q.Where, *w)
	}
	return h.page(r, q)
}

func (a *API) createTenant(r *Request) (any, error) {
	source := r.Q("clone")
	if source == "" {
		return a.crudOf(catalog.Tenants).create(r)
	}
	var want struct{ Name, Description string }
	if err := r.Read(&want); err != nil {
		return nil, err
	}
	var raw []byte
	err := r.Do(func(tx *store.Tx) error {
		from, err := catalog.Tenants.Find(tx, r.Space, source)
		if err != nil {
			return err
		}
		if err := r.NeedFor("TenantView", catalog.Tenants, from); err != nil {
			return err
		}
		if err := r.Need("TenantCreate", At{}); err != nil {
			return err
		}
		made, err := catalog.CloneTenant(tx, from, want.Name, want.Description)
		if err != nil {
			return err
		}
		raw, err = catalog.Tenants.Wire(tx, made)
		return err
	})
	return Created(Raw(raw)), err
}

func (a *API) tenancyStatus(r *Request) (any, error) {
	if !r.Rights.Anywhere(access.TenantView, r.Space) {
		return nil, r.Need("TenantView", At{})
	}
	enabled := false
	err := r.View(func(tx *store.Tx) error {
		n, err := tx.Count(store.Query{Kind: "Tenants", Where: []store.Where{{SQL: "space = ?", Args: []any{r.Space}}}})
		enabled = n > 0
		return err
	})
	return map[string]any{"Id": "tenants", "Enabled": enabled, "Links": map[string]string{"Self": r.Base() + "/tenants/status"}}, err
}

// tagTest says whether a tenant has the tags.
type tagTest struct {
	IsMatched   bool
	Reason      string
	MissingTags []string
}

func (a *API) testTags(r *Request) (any, error) {
	h := a.crudOf(catalog.Tenants)
	tags, ids := r.List("tags"), r.List("tenantIds")
	results := map[string]tagTest{}
	if len(ids) == 0 {
		return results, nil
	}
	err := r.View(func(tx *store.Tx) error {
		all, _, err := catalog.Tenants.List(tx, kind.Query{Space: r.Space, IDs: ids})
		for _, t := range all {
			if !h.maySee(r, t) {
				continue
			}
			result := tagTest{IsMatched: rule.MatchTags(tags, t.TenantTags), Reason: "The tenant has a tag of each of the tag sets.", MissingTags: []string{}}
			if !result.IsMatched {
				for _, tag := range tags {
					if !rule.MatchTags([]string{tag}, t.TenantTags) {
						result.MissingTags = append(result.MissingTags, tag)
					}
				}
				result.Reason = "The tenant lacks " + strings.Join(result.MissingTags, ", ") + "."
			}
			results[t.ID] = result
		}
		return err
	})
	return results, err
}
