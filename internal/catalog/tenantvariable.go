package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// TenantVariables are one tenant's values for the templates of the projects
// that it is connected to, and of the library variable sets that these include.
type TenantVariables struct {
	kind.Base
	TenantID string        `json:"TenantId" kind:"required,ref=Tenants,within=tenant"`
	Values   []TenantValue `json:"Values"`

	named []store.Reference // what values name, as the rules found
}

// TenantValue is what a tenant has for one template, in some environments or,
// when none is named, in all.
type TenantValue struct {
	ID           string        `json:"Id"`
	OwnerID      string        `json:"OwnerId"` // of the template: a project or a library variable set
	TemplateID   string        `json:"TemplateId"`
	Environments []string      `json:"EnvironmentIds"`
	Value        kind.Property `json:"Value"`
}

// TenantVariableSets holds the values of all tenants, a document for each.
var TenantVariableSets = kind.Register(kind.Kind[TenantVariables]{
	Plural:      "TenantVariables",
	Singular:    "Tenant variables",
	Title:       "TenantId",
	Hidden:      true,
	Permissions: kind.All("VariableView", "VariableEdit"),
	Rules:       tenantValueRules,
	References:  func(v *TenantVariables) []store.Reference { return v.named },
	Created:     func(tx *store.Tx, made *TenantVariables) error { return notePast(tx, made, nil) },
	Changed:     notePast,
})

// TenantVariablesID is the id of what a tenant's values are kept in.
func TenantVariablesID(tenant string) string { return "tenantvariables-" + tenant }

// TenantVariablesOf gives the values of a tenant; those of one that has none
// yet are not stored.
func TenantVariablesOf(tx *store.Tx, t *Tenant) (*TenantVariables, error) {
	v, err := found(kind.Of[TenantVariables]().Get(tx, TenantVariablesID(t.ID)))
	if err != nil || v != nil {
		return v, err
	}
	return noTenantVariables(t), nil
}

func noTenantVariables(t *Tenant) *TenantVariables {
	v := &TenantVariables{TenantID: t.ID}
	v.ID, v.SpaceID = TenantVariablesID(t.ID), t.SpaceID
	return v
}

// fewTenants is for how many tenants values are asked for by name rather than all
// of a space being read.
const fewTenants = 256

// AllTenantVariables gives the values of some tenants of a space by the tenants'
// ids; those of a tenant that has none yet with none.
func AllTenantVariables(tx *store.Tx, space string, tenants []*Tenant) (map[string]*TenantVariables, error) {
	if len(tenants) == 0 {
		return nil, nil
	}
	q := kind.Query{Space: space}
	if len(tenants) <= fewTenants {
		for _, t := range tenants {
			q.IDs = append(q.IDs, TenantVariablesID(t.ID))
		}
	}
	all, _, err := kind.Of[TenantVariables]().List(tx, q)
	if err != nil {
		return nil, err
	}
	of := make(map[string]*TenantVariables, len(tenants))
	for _, v := range all {
		of[v.TenantID] = v
	}
	for _, t := range tenants {
		if of[t.ID] == nil {
			of[t.ID] = noTenantVariables(t)
		}
	}
	return of, nil
}

// Empty reports whether a value stands for none.
func (v *TenantValue) Empty() bool {
	if s := v.Value.Secret; s != nil {
		return !s.HasValue && (s.NewValue == nil || *s.NewValue == "")
	}
	return v.Value.Text == ""
}

// In reports whether the value holds in an environment.
func (v *TenantValue) In(environment string) bool {
	return len(v.Environments) == 0 || slices.Contains(v.Environments, environment)
}

// TemplateOwner is a project or library variable set that asks a tenant for
// values.
type TemplateOwner struct {
	ID, Name  string
	Project   *Project // nil for a library variable set
	Templates []Parameter
	// Environments are those in which the tenant needs the values.
	Environments []string
}

// Template finds one of the templates.
func (o *TemplateOwner) Template(id string) *Parameter {
	for i := range o.Templates {
		if o.Templates[i].ID == id {
			return &o.Templates[i]
		}
	}
	return nil
}

// TemplateOwners lists what asks a tenant for values: first the projects that
// the tenant is connected to, by name, then the library variable sets that they
// include.
func TemplateOwners(tx *store.Tx, t *Tenant) ([]TemplateOwner, error) {
	return new(Templates).Owners(tx, t)
}

// Templates are the owners of templates that one unit reads for many tenants.
// They are read once, and nobody may change them.
type Templates struct {
	projects map[string]*Project // nil for one that is gone
	sets     map[string]*LibraryVariableSet
	names    map[string]string // by which owners are in order, by id
}

// once reads a document unless it has been read.
func once[T any](tx *store.Tx, known *map[string]*T, id string) (*T, error) {
	if r, ok := (*known)[id]; ok {
		return r, nil
	}
	r, err := found(kind.Of[T]().Get(tx, id))
	if err != nil {
		return nil, err
	}
	if *known == nil {
		*known = map[string]*T{}
	}
	(*known)[id] = r
	return r, nil
}

// Owners is TemplateOwners.
func (k *Templates) Owners(tx *store.Tx, t *Tenant) (owners []TemplateOwner, err error) {
	var sets []TemplateOwner
	for id, environments := range t.ProjectEnvironments {
		p, err := once(tx, &k.projects, id)
		if err != nil {
			return nil, err
		}
		if p == nil {
			continue
		}
		owners = append(owners, TemplateOwner{p.ID, p.Name, p, p.Templates, environments})
		for _, set := range p.IncludedLibraryVariableSetIDs {
			if at := slices.IndexFunc(sets, func(o TemplateOwner) bool { return o.ID == set }); at >= 0 {
				sets[at].Environments = tidy(slices.Concat(sets[at].Environments, environments))
				continue
			}
			l, err := once(tx, &k.sets, set)
			if err != nil {
				return nil, err
			}
			if l != nil && len(l.Templates) > 0 {
				sets = append(sets, TemplateOwner{l.ID, l.Name, nil, l.Templates, slices.Clone(environments)})
			}
		}
	}
	byName := func(a, b TemplateOwner) int {
		return cmp.Or(strings.Compare(k.name(&a), k.name(&b)), strings.Compare(a.ID, b.ID))
	}
	slices.SortFunc(owners, byName)
	slices.SortFunc(sets, byName)
	return append(owners, sets...), nil
}

// name is what an owner is put in order by: to make it is worth doing once.
func (k *Templates) name(o *TemplateOwner) string {
	name, known := k.names[o.ID]
	if !known {
		if k.names == nil {
			k.names = map[string]string{}
		}
		name = strings.ToLower(o.Name)
		k.names[o.ID] = name
	}
	return name
}

// tenantValueRules gives ids to values, leaves out those that are none, seals
// those of sensitive templates, and refuses two for the same place. Values of
// what the tenant is not connected to any more stay: it may be again.
func tenantValueRules(tx *store.Tx, next, old *TenantVariables, c *fault.Complaints) error {
	if old != nil {
		next.TenantID = old.TenantID
	}
	t, err := found(kind.Of[Tenant]().Get(tx, next.TenantID))
	if err != nil || t == nil {
		return err // the missing tenant is complained of elsewhere
	}
	owners, err := TemplateOwners(tx, t)
	if err != nil {
		return err
	}
	next.named = nil
	next.Values = slices.DeleteFunc(next.Values, func(v TenantValue) bool { return v.Empty() })
	for i := range next.Values {
		v := &next.Values[i]
		v.Environments = tidy(v.Environments)
		if v.ID == "" {
			n, err := tx.Next("TenantVariables")
			if err != nil {
				return err
			}
			v.ID = fmt.Sprintf("TenantVariables-%d", n)
		}
		at := slices.IndexFunc(owners, func(o TemplateOwner) bool { return o.ID == v.OwnerID })
		if at < 0 {
			continue
		}
		p := owners[at].Template(v.TemplateID)
		if p == nil {
			continue
		}
		if p.Sensitive() && v.Value.Secret == nil {
			s := kind.NewSensitive(v.Value.Text)
			v.Value = kind.Property{Secret: &s}
		}
		if err := next.name(tx, v, p, old, c); err != nil {
			return err
		}
		for _, w := range next.Values[:i] {
			if w.OwnerID == v.OwnerID && w.TemplateID == v.TemplateID && overlap(w.Environments, v.Environments) {
				c.Add("The variable '%s' of '%s' has two values for the same environment.", p.Name, owners[at].Name)
			}
		}
	}
	return nil
}

// name notes what a value names, and refuses a new one that names nothing.
func (t *TenantVariables) name(tx *store.Tx, v *TenantValue, p *Parameter, old *TenantVariables, c *fault.Complaints) error {
	typed := typedOf(p.ValueType(), &v.Value)
	t.named = append(t.named, typed.references("Values")...)
	if old != nil && slices.ContainsFunc(old.Values, func(w TenantValue) bool {
		return w.OwnerID == v.OwnerID && w.TemplateID == v.TemplateID && typedOf(typed.typ, &w.Value) == typed
	}) {
		return nil
	}
	return typed.check(tx, t.SpaceID, "The tenant's value for '"+p.Name+"'", c)
}

// overlap reports whether two scopes have a place in common. A value without a
// scope gives way to those that have one.
func overlap(a, b []string) bool {
	if len(a) == 0 || len(b) == 0 {
		return len(a) == len(b)
	}
	return slices.ContainsFunc(a, func(id string) bool { return slices.Contains(b, id) })
}

// dropTenantVariables deletes the values of a tenant with it.
func dropTenantVariables(tx *store.Tx, gone *Tenant) error {
	v, err := found(kind.Of[TenantVariables]().Get(tx, TenantVariablesID(gone.ID)))
	if err != nil || v == nil {
		return err
	}
	if err := dropTenantValuePast(tx, gone.ID); err != nil {
		return err
	}
	return kind.Of[TenantVariables]().Remove(tx, v)
}

// dropTenantValues takes an environment out of the scopes of a tenant's values,
// and with it the values that were for no other.
func dropTenantValues(tx *store.Tx, t *Tenant, environment string) error {
	v, err := found(kind.Of[TenantVariables]().Get(tx, TenantVariablesID(t.ID)))
	if err != nil || v == nil {
		return err
	}
	in := func(id string) bool { return id == environment }
	if !slices.ContainsFunc(v.Values, func(one TenantValue) bool { return slices.ContainsFunc(one.Environments, in) }) {
		return nil
	}
	v.Values = slices.DeleteFunc(v.Values, func(one TenantValue) bool {
		return len(one.Environments) == 1 && in(one.Environments[0])
	})
	for i := range v.Values {
		v.Values[i].Environments = slices.DeleteFunc(v.Values[i].Environments, in)
	}
	return kind.Of[TenantVariables]().Put(tx, v)
}

// CloneTenant makes a tenant like another: its tags, its projects and its
// values.
func CloneTenant(tx *store.Tx, from *Tenant, name, description string) (*Tenant, error) {
	made := &Tenant{Description: description, TenantTags: slices.Clone(from.TenantTags), ProjectEnvironments: map[string][]string{}, ClonedFromTenantID: from.ID}
	made.SpaceID, made.Name = from.SpaceID, name
	for project, environments := range from.ProjectEnvironments {
		made.ProjectEnvironments[project] = slices.Clone(environments)
	}
	if err := kind.Of[Tenant]().Put(tx, made); err != nil {
		return nil, err
	}
	values, err := TenantVariablesOf(tx, from)
	if err != nil || len(values.Values) == 0 {
		return made, err
	}
	copied, err := TenantVariablesOf(tx, made)
	if err != nil {
		return nil, err
	}
	for _, v := range values.Values {
		v.ID = ""
		copied.Values = append(copied.Values, v)
	}
	return made, kind.Of[TenantVariables]().Put(tx, copied)
}
