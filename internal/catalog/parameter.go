package catalog

import (
	"strings"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// A Parameter is a value that a step template, a project or a library variable
// set asks for. Tenants answer the latter two.
type Parameter struct {
	ID              string            `json:"Id"`
	Name            string            `json:"Name" kind:"max=200"`
	Label           string            `json:"Label"`
	HelpText        string            `json:"HelpText"`
	DefaultValue    kind.Property     `json:"DefaultValue"`
	DisplaySettings map[string]string `json:"DisplaySettings"`
}

// ControlType is the key of a parameter's DisplaySettings that says how it is
// asked for.
const ControlType = "Octopus.ControlType"

// Sensitive says whether values of the parameter must never be shown.
func (p *Parameter) Sensitive() bool {
	return strings.EqualFold(p.DisplaySettings[ControlType], "Sensitive")
}

// ValueType is the type of the variables that answer the parameter; "" for plain
// text.
func (p *Parameter) ValueType() string {
	control := p.DisplaySettings[ControlType]
	if _, typed := valueTypes[control]; typed {
		return control
	}
	if p.Sensitive() {
		return VariableSensitive
	}
	return ""
}

// parameterReferences keeps what the defaults of parameters name.
func parameterReferences(member string, all []Parameter) (refs []store.Reference) {
	for i := range all {
		p := &all[i]
		refs = append(refs, typedOf(p.ValueType(), &p.DefaultValue).references(member)...)
	}
	return refs
}

// checkDefaults refuses new defaults that should name an account, a certificate
// or a worker pool and do not.
func checkDefaults(tx *store.Tx, space string, next, old []Parameter, c *fault.Complaints) error {
	was := map[string]typedValue{}
	for i := range old {
		was[old[i].ID] = typedOf(old[i].ValueType(), &old[i].DefaultValue)
	}
	for i := range next {
		p := &next[i]
		v := typedOf(p.ValueType(), &p.DefaultValue)
		if was[p.ID] == v {
			continue
		}
		if err := v.check(tx, space, "The default of '"+p.Name+"'", c); err != nil {
			return err
		}
	}
	return nil
}

// checkParameters gives ids to new parameters, lets those that have the name
// of an old one keep its id, and seals the defaults of sensitive ones.
func checkParameters(where string, next, old []Parameter, c *fault.Complaints) {
	ids := map[string]string{}
	for _, p := range old {
		ids[strings.ToLower(p.Name)] = p.ID
	}
	used, names := map[string]bool{}, map[string]bool{}
	for _, p := range next {
		used[p.ID] = true
	}
	seen := map[string]bool{}
	for i := range next {
		p := &next[i]
		key := strings.ToLower(strings.TrimSpace(p.Name))
		if p.ID == "" && key != "" && !used[ids[key]] {
			p.ID = ids[key]
		}
		if p.ID == "" || seen[p.ID] {
			p.ID = newGUID()
		}
		seen[p.ID] = true
		if key != "" && names[key] {
			c.Add("%s has more than one parameter named '%s'.", where, p.Name)
		}
		names[key] = true
		if p.Sensitive() && p.DefaultValue.Secret == nil {
			s := kind.Sensitive{}
			if p.DefaultValue.Text != "" {
				s = kind.NewSensitive(p.DefaultValue.Text)
			}
			p.DefaultValue = kind.Property{Secret: &s}
		}
	}
}
