package runner

import "strings"

// Variables is a job's set of variables. Names are compared without case and
// keep the spelling and the order in which they were first set. It is not
// for concurrent use: a job runs its commands one after the other.
type Variables struct {
	order []string            // keys in lower case, in the order first set
	byKey map[string]Variable // lower case name to variable
}

// NewVariables makes a set from a job's list; a later one of the same name
// replaces the earlier.
func NewVariables(list []Variable) *Variables {
	v := &Variables{byKey: make(map[string]Variable, len(list)), order: make([]string, 0, len(list))}
	for _, one := range list {
		v.put(one)
	}
	return v
}

func (v *Variables) put(one Variable) {
	key := strings.ToLower(one.Name)
	if old, ok := v.byKey[key]; ok {
		one.Name = old.Name
	} else {
		v.order = append(v.order, key)
	}
	v.byKey[key] = one
}

// Set sets one value; a variable that was sensitive stays so.
func (v *Variables) Set(name, value string) {
	old := v.byKey[strings.ToLower(name)]
	v.put(Variable{Name: name, Value: value, Sensitive: old.Sensitive})
}

// Raw is a variable's text as it was given, without evaluating it.
func (v *Variables) Raw(name string) (string, bool) {
	one, ok := v.byKey[strings.ToLower(name)]
	return one.Value, ok
}

// All lists the variables as given, in the order first set.
func (v *Variables) All() []Variable {
	list := make([]Variable, 0, len(v.order))
	for _, key := range v.order {
		list = append(list, v.byKey[key])
	}
	return list
}
