package api

import (
	"maps"
	"slices"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// setTenantVariables replaces values. What the body does not name, a project or
// an environment, stays; of an environment that it names, all values are those
// of the body, save for what others wrote since the caller has read them.
func (a *API) setTenantVariables(r *Request) (any, error) {
	var sent tenantVariables
	if err := r.Read(&sent); err != nil {
		return nil, err
	}
	var d *tenantVariables
	err := a.editTenant(r, sent.ConcurrencyToken, func(e *edit) error {
		for _, id := range slices.Sorted(maps.Keys(sent.ProjectVariables)) {
			if o := e.owner(id, true); o != nil {
				for _, environment := range slices.Sorted(maps.Keys(sent.ProjectVariables[id].Variables)) {
					if !slices.Contains(o.Environments, environment) {
						e.wrong.Add("The tenant is not connected to the project '%s' in the environment '%s'.", o.Name, environment)
						continue
					}
					e.replace(o, environment, sent.ProjectVariables[id].Variables[environment])
				}
			}
		}
		for _, id := range slices.Sorted(maps.Keys(sent.LibraryVariables)) {
			if o := e.owner(id, false); o != nil {
				e.replace(o, "", sent.LibraryVariables[id].Variables)
			}
		}
		return nil
	}, func(l *ledger) (err error) {
		d, err = l.document(r)
		return err
	})
	return d, err
}

// edit is a change to a ledger that is being put together.
type edit struct {
	*ledger
	wrong   fault.Complaints
	changed []place
}

// place is where a value changed.
type place struct {
	owner       *catalog.TemplateOwner
	environment string // "" for all
}

func newEdit(l *ledger) *edit { return &edit{ledger: l} }

func (e *edit) owner(id string, project bool) *catalog.TemplateOwner {
	o := e.ledger.owner(id)
	switch {
	case o != nil && project == (o.Project != nil):
		return o
	case project:
		e.wrong.Add("The tenant is not connected to the project '%s'.", id)
	default:
		e.wrong.Add("No project of the tenant includes a library variable set '%s' with variables to fill in.", id)
	}
	return nil
}

// replace sets the values of an owner in an environment.
func (e *edit) replace(o *catalog.TemplateOwner, environment string, values map[string]kind.Property) {
	for id, value := range values {
		if o.Template(id) == nil && !(&catalog.TenantValue{Value: value}).Empty() {
			e.wrong.Add("'%s' has no variable template '%s'.", o.Name, id)
		}
	}
	for i := range o.Templates {
		template := o.Templates[i].ID
		have := e.valueIn(o.ID, template, environment)
		if environment == "" && have != nil && len(have.Environments) > 0 {
			have = nil
		}
		want := incoming(values[template], have)
		if have != nil && same(have.Value, want) || have == nil && (&catalog.TenantValue{Value: want}).Empty() {
			continue
		}
		e.changed = append(e.changed, place{o, environment})
		e.put(o, template, environment, want)
	}
}

// put sets one value in one environment and takes the environment away from the
// value that held there before.
func (e *edit) put(o *catalog.TemplateOwner, template, environment string, value kind.Property) {
	next := catalog.TenantValue{OwnerID: o.ID, TemplateID: template, Value: value}
	if environment != "" {
		next.Environments = []string{environment}
	}
	if have := e.valueIn(o.ID, template, environment); have != nil {
		switch {
		case len(have.Environments) == 1 && have.Environments[0] == environment, len(have.Environments) == 0 && environment == "":
			have.Value = value
			return
		case environment == "": // values for single environments stay
		case len(have.Environments) == 0 && (&next).Empty():
			// A value for all is taken away in one: it stays in the others.
			rest := slices.DeleteFunc(slices.Clone(o.Environments), func(id string) bool { return id == environment })
			if len(rest) == 0 {
				have.Value = kind.Property{}
			}
			have.Environments = rest
			return
		case len(have.Environments) > 0:
			have.Environments = slices.DeleteFunc(slices.Clone(have.Environments), func(id string) bool { return id == environment })
		}
	}
	e.stored.Values = append(e.stored.Values, next)
}

// incoming is a value as a client sent it, with the secret that it keeps.
func incoming(sent kind.Property, have *catalog.TenantValue) kind.Property {
	s := sent.Secret
	if s == nil {
		return sent
	}
	if s.HasValue && s.NewValue == nil {
		if have != nil && have.Value.Secret != nil {
			kept := *have.Value.Secret
			return kind.Property{Secret: &kept}
		}
		return kind.Property{}
	}
	return kind.Property{Secret: &kind.Sensitive{HasValue: s.HasValue, NewValue: s.NewValue, Hint: s.Hint}}
}

// same reports whether a value is the one that is stored.
func same(stored, value kind.Property) bool {
	if stored.Secret == nil || value.Secret == nil {
		return stored.Secret == nil && value.Secret == nil && stored.Text == value.Text
	}
	return value.Secret.NewValue == nil && value.Secret.HasValue == stored.Secret.HasValue && value.Secret.Sealed == stored.Secret.Sealed
}

// commit asks for the permissions on what changed, and stores it.
func (e *edit) commit(r *Request, tx *store.Tx) error {
	if err := e.wrong.Err(); err != nil {
		return err
	}
	if len(e.changed) == 0 {
		return nil
	}
	for _, p := range e.changed {
		var in []string
		if p.environment != "" {
			in = []string{p.environment}
		}
		if err := r.Need("VariableEdit", e.at(p.owner, in)); err != nil {
			return err
		}
	}
	return catalog.TenantVariableSets.Put(tx, e.stored)
}

var _ = area(func(a *API) []Route {
	common, project := &scoped{a, false}, &scoped{a, true}
	return []Route{
		{Method: "GET", Pattern: "S/tenants/{id}/commonvariables", Handle: common.get, Summary: "A tenant's values for library variable sets"},
		{Method: "PUT", Pattern: "S/tenants/{id}/commonvariables", Handle: common.put, Summary: "Change a tenant's values for library variable sets"},
		{Method: "GET", Pattern: "S/tenants/{id}/projectvariables", Handle: project.get, Summary: "A tenant's values for projects"},
		{Method: "PUT", Pattern: "S/tenants/{id}/projectvariables", Handle: project.put, Summary: "Change a tenant's values for projects"},
	}
})

// scoped is the form in which each value has a scope: that of library variable
// sets, or that of projects.
type scoped struct {
	*API
	project bool
}

type scopedValue struct {
	ID                     string `json:"Id"`
	ProjectID              string `json:"ProjectId,omitempty"`
	ProjectName            string `json:"ProjectName,omitempty"`
	LibraryVariableSetID   string `json:"LibraryVariableSetId,omitempty"`
	LibraryVariableSetName string `json:"LibraryVariableSetName,omitempty"`
	TemplateID             string `json:"TemplateId"`
	Template               *catalog.Parameter
	Value                  kind.Property
	Scope                  valueScope
}

type valueScope struct {
	EnvironmentIDs []string `json:"EnvironmentIds"`
}

type scopedValues struct {
	ID               string `json:"Id"`
	TenantID         string `json:"TenantId"`
	ConcurrencyToken string
	Variables        []scopedValue
	MissingVariables []scopedValue
	Links            map[string]string
}

func (s *scoped) value(o *catalog.TemplateOwner, p *catalog.Parameter, environments []string) scopedValue {
	shown := shownTemplate(*p)
	v := scopedValue{TemplateID: p.ID, Template: &shown, Scope: valueScope{append([]string{}, environments...)}}
	if s.project {
		v.ProjectID, v.ProjectName = o.ID, o.Name
	} else {
		v.LibraryVariableSetID, v.LibraryVariableSetName = o.ID, o.Name
	}
	return v
}

// document lists values and, as missing, the templates without one. Those with a
// default are among them: clients show it from there, and find there what they
// may give a value to.
func (s *scoped) document(r *Request, l *ledger, missing bool) (*scopedValues, error) {
	d := &scopedValues{ID: l.stored.ID, TenantID: l.tenant.ID, ConcurrencyToken: l.token(), Variables: []scopedValue{}, MissingVariables: []scopedValue{}, Links: map[string]string{"Self": r.URL.Path, "Tenant": l.tenant.Links["Self"]}}
	for i := range l.owners {
		o := &l.owners[i]
		if s.project != (o.Project != nil) {
			continue
		}
		for j := range o.Templates {
			p := &o.Templates[j]
			for k := range l.stored.Values {
				v := &l.stored.Values[k]
				if v.OwnerID != o.ID || v.TemplateID != p.ID {
					continue
				}
				ok, err := r.May("VariableView", l.at(o, v.Environments))
				if err != nil {
					return nil, err
				}
				if ok {
					shown := s.value(o, p, v.Environments)
					shown.ID, shown.Value = v.ID, shownValue(v.Value)
					d.Variables = append(d.Variables, shown)
				}
			}
			lack := slices.DeleteFunc(slices.Clone(o.Environments), func(e string) bool { return l.valueIn(o.ID, p.ID, e) != nil })
			if missing && (len(lack) > 0 || len(o.Environments) == 0 && l.valueIn(o.ID, p.ID, "") == nil) {
				d.MissingVariables = append(d.MissingVariables, s.value(o, p, lack))
			}
		}
	}
	return d, nil
}

func (s *scoped) get(r *Request) (any, error) {
	var l *ledger
	var d *scopedValues
	err := r.View(func(tx *store.Tx) (err error) {
		if l, err = ledgerFor(r, tx); err == nil {
			d, err = s.document(r, l, r.Bool("includeMissingVariables"))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	s.readings.note(r, l)
	return d, nil
}

// put replaces all values of the sort that the caller may see and has read.
func (s *scoped) put(r *Request) (any, error) {
	var sent struct {
		ConcurrencyToken string
		Variables        []scopedValue
	}
	if err := r.Read(&sent); err != nil {
		return nil, err
	}
	var d *scopedValues
	err := s.editTenant(r, sent.ConcurrencyToken, func(e *edit) error { return s.merge(r, e, sent.Variables) }, func(l *ledger) (err error) {
		d, err = s.document(r, l, r.Bool("includeMissingVariables"))
		return err
	})
	return d, err
}

func (s *scoped) merge(r *Request, e *edit, sent []scopedValue) error {
	before := e.stored.Values
	var next []catalog.TenantValue
	kept := map[string]bool{}
	for i := range sent {
		v := &sent[i]
		id := v.LibraryVariableSetID
		if s.project {
			id = v.ProjectID
		}
		o := e.owner(id, s.project)
		if o == nil {
			continue
		}
		if o.Template(v.TemplateID) == nil {
			e.wrong.Add("'%s' has no variable template '%s'.", o.Name, v.TemplateID)
			continue
		}
		for _, environment := range v.Scope.EnvironmentIDs {
			if !slices.Contains(o.Environments, environment) {
				e.wrong.Add("The tenant is not connected to '%s' in the environment '%s'.", o.Name, environment)
			}
		}
		made := catalog.TenantValue{OwnerID: id, TemplateID: v.TemplateID, Environments: v.Scope.EnvironmentIDs}
		have := find(before, v.ID, &made)
		made.Value = incoming(v.Value, have)
		if have != nil {
			made.ID, kept[have.ID] = have.ID, true
		}
		if have == nil || !same(have.Value, made.Value) || !slices.Equal(have.Environments, made.Environments) {
			e.touch(o, made.Environments)
			if have != nil {
				e.touch(o, have.Environments)
			}
		}
		next = append(next, made)
	}
	for _, v := range before {
		o := e.ledger.owner(v.OwnerID)
		if kept[v.ID] {
			continue
		}
		if o == nil || s.project != (o.Project != nil) {
			next = append(next, v)
			continue
		}
		ok, err := r.May("VariableView", e.at(o, v.Environments))
		if err != nil {
			return err
		}
		if !ok {
			next = append(next, v)
			continue
		}
		e.touch(o, v.Environments)
	}
	e.stored.Values = next
	return nil
}

// touch notes where values changed.
func (e *edit) touch(o *catalog.TemplateOwner, environments []string) {
	if len(environments) == 0 {
		e.changed = append(e.changed, place{o, ""})
	}
	for _, id := range environments {
		e.changed = append(e.changed, place{o, id})
	}
}

// find finds the stored value that a sent one replaces: by its id, or by what
// it is for.
func find(all []catalog.TenantValue, id string, like *catalog.TenantValue) *catalog.TenantValue {
	for i := range all {
		v := &all[i]
		if v.OwnerID == like.OwnerID && v.TemplateID == like.TemplateID && (id != "" && v.ID == id || id == "" && slices.Equal(v.Environments, like.Environments)) {
			return v
		}
	}
	return nil
}
