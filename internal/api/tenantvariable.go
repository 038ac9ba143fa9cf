package api

import (
	"slices"
	"strconv"

	"github.com/takodeploy/tako/internal/access"
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

var _ = area(func(a *API) []Route {
	doc := tenantVariables{}
	return []Route{
		{Method: "GET", Pattern: "S/tenants/{id}/variables", Handle: a.tenantVariables, Summary: "The variables of a tenant", Answer: doc},
		{Method: "PUT", Pattern: "S/tenants/{id}/variables", Handle: a.setTenantVariables, Summary: "Change the variables of a tenant", Body: doc, Answer: doc},
		{Method: "POST", Pattern: "S/tenants/{id}/variables", Handle: a.setTenantVariables, Summary: "Change the variables of a tenant", Body: doc, Answer: doc},
		{Method: "GET", Pattern: "S/tenantvariables/all", Handle: a.allTenantVariables, Query: []string{"projectId"}, Summary: "The variables of all tenants", Answer: []tenantVariables{}},
	}
})

// tenantVariables is the form in which values are kept apart by environment and
// template.
type tenantVariables struct {
	ID               string `json:"Id"`
	TenantID         string `json:"TenantId"`
	TenantName       string
	SpaceID          string `json:"SpaceId"`
	ConcurrencyToken string
	ProjectVariables map[string]projectValues
	LibraryVariables map[string]libraryValues
	Links            map[string]string
}

type projectValues struct {
	ProjectID   string `json:"ProjectId"`
	ProjectName string
	Templates   []catalog.Parameter
	Variables   map[string]map[string]kind.Property // by environment and template
	Links       map[string]string
}

type libraryValues struct {
	LibraryVariableSetID   string `json:"LibraryVariableSetId"`
	LibraryVariableSetName string
	Templates              []catalog.Parameter
	Variables              map[string]kind.Property // by template
	Links                  map[string]string
}

// ledger is a tenant with its values and with what asks for them.
type ledger struct {
	tenant *catalog.Tenant
	stored *catalog.TenantVariables
	owners []catalog.TemplateOwner
}

func openLedger(tx *store.Tx, t *catalog.Tenant) (l *ledger, err error) {
	l = &ledger{tenant: t}
	if l.stored, err = catalog.TenantVariablesOf(tx, t); err != nil {
		return nil, err
	}
	l.owners, err = catalog.TemplateOwners(tx, t)
	return l, err
}

// eachLedger opens the ledgers of those tenants of a query that the caller may see,
// one after the other; what they have in common is read once.
func (a *API) eachLedger(r *Request, tx *store.Tx, q kind.Query, use func(*ledger) error) error {
	tenants, _, err := catalog.Tenants.List(tx, q)
	if err != nil {
		return err
	}
	stored, err := catalog.AllTenantVariables(tx, r.Space, tenants)
	if err != nil {
		return err
	}
	h := a.crudOf(catalog.Tenants)
	var templates catalog.Templates
	for _, t := range tenants {
		if !h.maySee(r, t) {
			continue
		}
		owners, err := templates.Owners(tx, t)
		if err != nil {
			return err
		}
		if err := use(&ledger{t, stored[t.ID], owners}); err != nil {
			return err
		}
	}
	return nil
}

// ledgerFor opens the ledger of the path's tenant.
func ledgerFor(r *Request, tx *store.Tx) (*ledger, error) {
	t, err := catalog.Tenants.Find(tx, r.Space, r.Param("id"))
	if err != nil {
		return nil, err
	}
	if err := r.NeedFor("TenantView", catalog.Tenants, t); err != nil {
		return nil, err
	}
	if !r.Rights.Anywhere(access.VariableView, r.Space) {
		return nil, r.Need("VariableView", At{Tenants: []string{t.ID}})
	}
	return openLedger(tx, t)
}

func (l *ledger) owner(id string) *catalog.TemplateOwner {
	for i := range l.owners {
		if l.owners[i].ID == id {
			return &l.owners[i]
		}
	}
	return nil
}

// at is where a value lies that an owner asks for.
func (l *ledger) at(o *catalog.TemplateOwner, environments []string) At {
	where := At{Tenants: []string{l.tenant.ID}, Environments: environments}
	if o.Project != nil {
		where.Project, where.Group = o.Project.ID, o.Project.ProjectGroupID
	}
	return where
}

// token changes whenever the values do.
func (l *ledger) token() string { return strconv.FormatInt(l.stored.Revision(), 10) }

// shownValue is a value without what must not leave the server.
func shownValue(p kind.Property) kind.Property {
	if p.Secret == nil {
		return p
	}
	return kind.Property{Secret: &kind.Sensitive{HasValue: p.Secret.HasValue || p.Secret.NewValue != nil, Hint: p.Secret.Hint}}
}

func shownTemplate(p catalog.Parameter) catalog.Parameter {
	p.DefaultValue = shownValue(p.DefaultValue)
	if p.DisplaySettings == nil {
		p.DisplaySettings = map[string]string{}
	}
	return p
}

func shownTemplates(all []catalog.Parameter) []catalog.Parameter {
	shown := make([]catalog.Parameter, len(all))
	for i := range all {
		shown[i] = shownTemplate(all[i])
	}
	return shown
}

// valueIn finds the value for a template in an environment: one that is for it
// before one that is for all. "" is no environment.
func (l *ledger) valueIn(owner, template, environment string) *catalog.TenantValue {
	var general *catalog.TenantValue
	for i := range l.stored.Values {
		v := &l.stored.Values[i]
		if v.OwnerID != owner || v.TemplateID != template {
			continue
		}
		if len(v.Environments) == 0 {
			general = v
		} else if slices.Contains(v.Environments, environment) {
			return v
		}
	}
	return general
}

// document is the ledger as far as the caller may see it.
func (l *ledger) document(r *Request) (*tenantVariables, error) {
	self := l.tenant.Links["Variables"]
	d := &tenantVariables{ID: l.stored.ID, TenantID: l.tenant.ID, TenantName: l.tenant.Name, SpaceID: l.tenant.SpaceID, ConcurrencyToken: l.token(),
		ProjectVariables: map[string]projectValues{}, LibraryVariables: map[string]libraryValues{}, Links: map[string]string{"Self": self, "Tenant": l.tenant.Links["Self"]}}
	for i := range l.owners {
		o := &l.owners[i]
		if o.Project == nil {
			if ok, err := r.May("VariableView", l.at(o, nil)); err != nil {
				return nil, err
			} else if ok {
				d.LibraryVariables[o.ID] = l.ofLibrary(o)
			}
			continue
		}
		shown := projectValues{o.ID, o.Name, shownTemplates(o.Templates), map[string]map[string]kind.Property{}, map[string]string{"Project": o.Project.Links["Self"]}}
		for _, environment := range o.Environments {
			ok, err := r.May("VariableView", l.at(o, []string{environment}))
			if err != nil {
				return nil, err
			}
			if ok {
				shown.Variables[environment] = l.ofProject(o, environment)
			}
		}
		ok, err := r.May("VariableView", l.at(o, nil))
		if err != nil {
			return nil, err
		}
		if len(shown.Variables) > 0 || len(o.Environments) == 0 && ok {
			d.ProjectVariables[o.ID] = shown
		}
	}
	return d, nil
}

func (l *ledger) ofProject(o *catalog.TemplateOwner, environment string) map[string]kind.Property {
	values := map[string]kind.Property{}
	for _, t := range o.Templates {
		if v := l.valueIn(o.ID, t.ID, environment); v != nil {
			values[t.ID] = shownValue(v.Value)
		}
	}
	return values
}

func (l *ledger) ofLibrary(o *catalog.TemplateOwner) libraryValues {
	values := libraryValues{o.ID, o.Name, shownTemplates(o.Templates), map[string]kind.Property{}, map[string]string{"LibraryVariableSet": "/api/" + l.tenant.SpaceID + "/libraryvariablesets/" + o.ID}}
	for _, t := range o.Templates {
		if v := l.valueIn(o.ID, t.ID, ""); v != nil {
			values.Variables[t.ID] = shownValue(v.Value)
		}
	}
	return values
}

func (a *API) tenantVariables(r *Request) (any, error) {
	var l *ledger
	var d *tenantVariables
	err := r.View(func(tx *store.Tx) (err error) {
		if l, err = ledgerFor(r, tx); err == nil {
			d, err = l.document(r)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	a.readings.note(r, l)
	return d, nil
}

func (a *API) allTenantVariables(r *Request) (any, error) {
	all := []*tenantVariables{}
	err := r.View(func(tx *store.Tx) error {
		q := kind.Query{Space: r.Space}
		if project := r.Q("projectId"); project != "" {
			q.Refer = map[string][]string{"ProjectEnvironments": {project}}
		}
		return a.eachLedger(r, tx, q, func(l *ledger) error {
			d, err := l.document(r)
			all = append(all, d)
			return err
		})
	})
	return all, err
}
