package api

import (
	"slices"

	"github.com/takodeploy/tako/internal/access"
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

var _ = area(func(a *API) []Route {
	return []Route{
		{Method: "GET", Pattern: "S/tenants/variables-missing", Handle: a.missingVariables, Query: []string{"environmentId", "projectId", "tenantId"}, Summary: "The variables for which tenants have no value"},
	}
})

// missingVariable is a template without a value in an environment.
type missingVariable struct {
	ProjectID            string `json:"ProjectId,omitempty"`
	LibraryVariableSetID string `json:"LibraryVariableSetId,omitempty"`
	VariableTemplateName string
	VariableTemplateID   string `json:"VariableTemplateId"`
	EnvironmentID        string `json:"EnvironmentId,omitempty"`
	Links                map[string]string
}

type tenantMissing struct {
	TenantID         string `json:"TenantId"`
	MissingVariables []missingVariable
	Links            map[string]string
}

// lacks reports whether a tenant needs a value and has none.
func (l *ledger) lacks(o *catalog.TemplateOwner, p *catalog.Parameter, environment string) bool {
	if d := p.DefaultValue; d.Text != "" || d.Secret != nil && d.Secret.HasValue {
		return false
	}
	return l.valueIn(o.ID, p.ID, environment) == nil
}

func (l *ledger) missing(project, environment string) []missingVariable {
	all := []missingVariable{}
	for i := range l.owners {
		o := &l.owners[i]
		if project != "" && o.ID != project && (o.Project != nil || !l.includes(project, o.ID)) {
			continue
		}
		for j := range o.Templates {
			p := &o.Templates[j]
			m := missingVariable{VariableTemplateName: p.Name, VariableTemplateID: p.ID, Links: map[string]string{}}
			if o.Project == nil {
				m.LibraryVariableSetID = o.ID
				if l.lacks(o, p, "") && !l.everywhere(o, p) {
					all = append(all, m)
				}
				continue
			}
			for _, e := range o.Environments {
				if (environment == "" || e == environment) && l.lacks(o, p, e) {
					m.ProjectID, m.EnvironmentID = o.ID, e
					all = append(all, m)
				}
			}
		}
	}
	return all
}

// everywhere reports whether values for single environments leave none out.
func (l *ledger) everywhere(o *catalog.TemplateOwner, p *catalog.Parameter) bool {
	return len(o.Environments) > 0 && !slices.ContainsFunc(o.Environments, func(e string) bool { return l.lacks(o, p, e) })
}

// includes reports whether a project includes a library variable set.
func (l *ledger) includes(project, set string) bool {
	o := l.owner(project)
	return o != nil && o.Project != nil && slices.Contains(o.Project.IncludedLibraryVariableSetIDs, set)
}

// missingVariables answers for some tenants from what is stored, for all of a
// space from what is kept of it.
func (a *API) missingVariables(r *Request) (any, error) {
	if !r.Rights.Anywhere(access.TenantView, r.Space) {
		return nil, r.Need("TenantView", At{})
	}
	if len(r.List("tenantId")) == 0 && r.Q("projectId") == "" {
		return a.allMissing(r)
	}
	all := []tenantMissing{}
	err := r.View(func(tx *store.Tx) error {
		q := kind.Query{Space: r.Space, IDs: r.List("tenantId")}
		if project := r.Q("projectId"); project != "" {
			q.Where = []store.Where{{SQL: "id in (select source from reference where target = ? and source_kind = 'Tenants')", Args: []any{project}}}
		}
		return a.eachLedger(r, tx, q, func(l *ledger) error {
			if m := l.missing(r.Q("projectId"), r.Q("environmentId")); len(m) > 0 {
				all = append(all, tenantMissing{l.tenant.ID, m, map[string]string{"Self": l.tenant.Links["Self"]}})
			}
			return nil
		})
	})
	return all, err
}

// allMissing answers for all tenants that the caller may see.
func (a *API) allMissing(r *Request) (any, error) {
	all, err := a.missingOf(r)
	if err != nil {
		return nil, err
	}
	unlimited, environment := r.unlimited("TenantView", r.Space), r.Q("environmentId")
	p := newPatchwork()
	p.open("[")
	for _, t := range all {
		if !unlimited && !r.mayAt("TenantView", t.places) {
			continue
		}
		if environment == "" {
			p.item(t.whole)
		} else if some := t.in(environment); some != nil {
			p.item(patchOf(some))
		}
	}
	p.close("]")
	r.sendPatchwork(p)
	return Done{}, nil
}
