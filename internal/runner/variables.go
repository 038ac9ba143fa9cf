package runner

import (
	"strings"

	"github.com/takodeploy/tako/octostache"
)

// Variables is a job's set of variables: an Octostache dictionary that also
// knows which of them are sensitive. It is not for concurrent use: a job runs
// its commands one after the other.
type Variables struct {
	*octostache.Dictionary
	sensitive map[string]bool // lower case names
}

// NewVariables makes a set from a job's list; a later one of the same name
// replaces the earlier.
func NewVariables(list []Variable) *Variables {
	v := &Variables{Dictionary: octostache.New(), sensitive: map[string]bool{}}
	v.Grow(len(list))
	for _, one := range list {
		v.Set(one.Name, one.Value)
		if one.Sensitive {
			v.sensitive[strings.ToLower(one.Name)] = true
		}
	}
	return v
}

// Sensitive reports whether a variable's value must not be shown.
func (v *Variables) Sensitive(name string) bool { return v.sensitive[strings.ToLower(name)] }

// SetSensitive sets a value that must not be shown.
func (v *Variables) SetSensitive(name, value string) {
	v.Set(name, value)
	v.sensitive[strings.ToLower(name)] = true
}

// Text is a variable's evaluated value, "" when it has none.
func (v *Variables) Text(name string) string {
	value, _ := v.Get(name)
	return value
}

// All lists the variables as given, in the order first set.
func (v *Variables) All() []Variable {
	names := v.Names()
	list := make([]Variable, 0, len(names))
	for _, name := range names {
		raw, _ := v.Raw(name)
		list = append(list, Variable{Name: name, Value: raw, Sensitive: v.Sensitive(name)})
	}
	return list
}
