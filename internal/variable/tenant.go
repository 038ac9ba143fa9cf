package variable

import (
	"cmp"
	"strings"
)

// Template is a variable that every connected tenant has a value of its own for.
type Template struct {
	ID      string
	Name    string
	Default string
	Type    string // the variable's type; empty is a String
	// Optional templates may stay without a value.
	Optional  bool
	Sensitive bool
}

// TemplateSet is the templates of a project or of a library set. Those of a
// project have a value per environment.
type TemplateSet struct {
	Project   string // the project's id; empty for a library set
	Owner     string // the name of the project or set
	Order     int
	Templates []Template
}

// TenantValue is what one tenant has for a template. Environments is empty for
// a value of a library set that holds everywhere.
type TenantValue struct {
	TemplateID   string
	Environments []string
	Value        string
}

// Missing is a template for which a tenant has no value in an environment.
type Missing struct {
	Template    Template
	Owner       string
	Project     string
	Environment string
}

// Sentence says what is missing.
func (m *Missing) Sentence() string {
	return "The tenant has no value for variable \"" + m.Template.Name + "\" of \"" + m.Owner + "\", and there is no default."
}

// Tenanted turns a tenant's values of some template sets into variables, and
// lists the templates that have neither a value nor a default in each of the
// environments. A blank value counts as none.
func Tenanted(tenant string, sets []TemplateSet, given []TenantValue, environments []string) ([]Value, []Missing) {
	byTemplate := make(map[string][]*TenantValue, len(given))
	for i := range given {
		key := fold(given[i].TemplateID)
		byTemplate[key] = append(byTemplate[key], &given[i])
	}
	var values []Value
	var missing []Missing
	for i := range sets {
		set := &sets[i]
		for _, t := range set.Templates {
			mine := byTemplate[fold(t.ID)]
			values = append(values, set.values(tenant, t, mine)...)
			if t.Optional || strings.TrimSpace(t.Default) != "" {
				continue
			}
			for _, environment := range environments {
				if !hasValue(mine, environment) {
					missing = append(missing, Missing{Template: t, Owner: set.Owner, Project: set.Project, Environment: environment})
				}
			}
		}
	}
	return values, missing
}

// hasValue says whether a tenant's values cover an environment.
func hasValue(values []*TenantValue, environment string) bool {
	for _, v := range values {
		if strings.TrimSpace(v.Value) == "" {
			continue
		}
		if len(v.Environments) == 0 {
			return true
		}
		for _, id := range v.Environments {
			if strings.EqualFold(id, environment) {
				return true
			}
		}
	}
	return false
}

// values are the variables of one template: its default, which everything else
// overrides, and what the tenant has.
func (set *TemplateSet) values(tenant string, t Template, given []*TenantValue) []Value {
	base := Value{ID: t.ID, Name: t.Name, Type: cmp.Or(t.Type, TypeString), Sensitive: t.Sensitive, Source: FromTenant, Owner: set.Owner, Order: set.Order}
	if set.Project != "" {
		base.Scope.Project = []string{set.Project}
	}
	var out []Value
	if t.Default != "" {
		v := base
		v.Value, v.Scope = t.Default, Scope{ProjectTemplate: true}
		out = append(out, v)
	}
	for _, one := range given {
		if strings.TrimSpace(one.Value) == "" {
			continue
		}
		v := base
		v.Value = one.Value
		v.Scope.Tenant = []string{tenant}
		v.Scope.Environment = one.Environments
		out = append(out, v)
	}
	return out
}
