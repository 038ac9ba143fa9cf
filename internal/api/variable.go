package api

import (
	"encoding/json"
	"slices"
	"sort"
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

var _ = area(func(a *API) []Route {
	return []Route{
		{Method: "GET", Pattern: "S/variables/{id}", Handle: a.variableSet, Summary: "A set of variables", Answer: catalog.VariableSets.Info()},
		{Method: "PUT", Pattern: "S/variables/{id}", Handle: a.updateVariableSet, Summary: "Change a set of variables", Body: catalog.VariableSets.Info(), Answer: catalog.VariableSets.Info()},
		{Method: "GET", Pattern: "S/projects/{id}/variables", Handle: a.projectVariables, Summary: "The variables of a project", Answer: catalog.VariableSet{}},
		{Method: "PUT", Pattern: "S/projects/{id}/variables", Handle: a.updateProjectVariables, Summary: "Change the variables of a project", Body: catalog.VariableSets.Info(), Answer: catalog.VariableSets.Info()},
		{Method: "GET", Pattern: "S/variables/preview", Handle: a.previewVariables, Query: []string{"gitRef"}, Summary: "Which values the variables of a project have at a place, and why", Answer: previewedSet{}},
		{Method: "GET", Pattern: "S/variables/names", Handle: a.variableNames, Query: []string{"project"}, Summary: "The names of variables a project can use"},
	}
})

// variablePermissions are those for the variables of a set: a project's are
// limited by project and environment, a library's are the library's.
func variablePermissions(s *catalog.VariableSet) (view, edit string) {
	if strings.HasPrefix(s.OwnerID, "LibraryVariableSets-") {
		return "LibraryVariableSetView", "LibraryVariableSetEdit"
	}
	return "VariableView", "VariableEdit"
}

// mayVariable reports whether the caller has a permission on one variable: at
// the environments that it is scoped to.
func (r *Request) mayVariable(permission string, s *catalog.VariableSet, v *catalog.Variable) (bool, error) {
	if strings.HasPrefix(permission, "Library") {
		return r.May(permission, At{})
	}
	return r.May(permission, At{Project: s.ProjectID, Environments: v.Scope.Environment})
}

func (a *API) variableSet(r *Request) (any, error) { return a.showVariables(r, r.Param("id")) }

func (a *API) projectVariables(r *Request) (any, error) {
	id, err := a.projectID(r, "ProjectView")
	if err != nil {
		return nil, err
	}
	return a.showVariables(r, "variableset-"+id)
}

func (a *API) showVariables(r *Request, id string) (any, error) {
	var raw []byte
	err := r.View(func(tx *store.Tx) error {
		s, err := catalog.VariableSets.Find(tx, r.Space, id)
		if err != nil {
			return err
		}
		raw, err = a.variablesFor(r, tx, s)
		return err
	})
	return Raw(raw), err
}

// variablesFor is the wire form of a set as far as the caller may see it.
func (a *API) variablesFor(r *Request, tx *store.Tx, s *catalog.VariableSet) ([]byte, error) {
	values, err := catalog.ScopeValuesOf(tx, s)
	if err != nil {
		return nil, err
	}
	return a.variablesWith(r, tx, s, values)
}

// variablesWith is variablesFor with what the scopes of the variables may name.
func (a *API) variablesWith(r *Request, tx *store.Tx, s *catalog.VariableSet, values *catalog.ScopeValues) ([]byte, error) {
	view, edit := variablePermissions(s)
	if !r.Rights.Anywhere(permissionOf(view), r.Space) {
		return nil, r.Need(view, At{Project: s.ProjectID})
	}
	shown := s.Variables[:0:0]
	for i := range s.Variables {
		v := s.Variables[i]
		ok, err := r.mayVariable(view, s, &v)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		if v.IsEditable, err = r.mayVariable(edit, s, &v); err != nil {
			return nil, err
		}
		shown = append(shown, v)
	}
	if len(shown) == 0 {
		if err := r.Need(view, At{Project: s.ProjectID}); err != nil && len(s.Variables) > 0 {
			return nil, err
		}
	}
	c := *s
	c.Variables = shown
	raw, err := catalog.VariableSets.Wire(tx, &c)
	if err != nil {
		return nil, err
	}
	return withMember(raw, "ScopeValues", values)
}

// withMember adds a member to a JSON object.
func withMember(object []byte, name string, value any) ([]byte, error) {
	data, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	out := append(slices.Clone(object[:len(object)-1]), `,"`+name+`":`...)
	return append(append(out, data...), '}'), nil
}

func (a *API) updateVariableSet(r *Request) (any, error) { return a.changeVariables(r, r.Param("id")) }

func (a *API) updateProjectVariables(r *Request) (any, error) {
	id, err := a.projectID(r, "ProjectView")
	if err != nil {
		return nil, err
	}
	return a.changeVariables(r, "variableset-"+id)
}

func (a *API) changeVariables(r *Request, id string) (any, error) {
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	var raw []byte
	err = r.Do(func(tx *store.Tx) error {
		s, err := catalog.VariableSets.Find(tx, r.Space, id)
		if err != nil {
			return err
		}
		before := slices.Clone(s.Variables)
		if err := catalog.VariableSets.Merge(body, s); err != nil {
			return err
		}
		if err := a.guardVariables(r, s, before); err != nil {
			return err
		}
		if err := catalog.VariableSets.Put(tx, s); err != nil {
			return err
		}
		raw, err = a.variablesFor(r, tx, s)
		return err
	})
	return Raw(raw), err
}

// guardVariables refuses changes to variables that the caller may not edit, and
// keeps those that the caller was not shown.
func (a *API) guardVariables(r *Request, s *catalog.VariableSet, before []catalog.Variable) error {
	view, edit := variablePermissions(s)
	next := map[string]*catalog.Variable{}
	for i := range s.Variables {
		next[s.Variables[i].ID] = &s.Variables[i]
	}
	old := map[string]*catalog.Variable{}
	need := func(v *catalog.Variable) error {
		if strings.HasPrefix(edit, "Library") {
			return r.Need(edit, At{})
		}
		return r.Need(edit, At{Project: s.ProjectID, Environments: v.Scope.Environment})
	}
	for i := range before {
		v := &before[i]
		old[v.ID] = v
		now, kept := next[v.ID]
		if kept && sameVariable(v, now) {
			continue
		}
		shown, err := r.mayVariable(view, s, v)
		if err != nil {
			return err
		}
		if !kept && !shown {
			s.Variables = append(s.Variables, *v)
			continue
		}
		if err := need(v); err != nil {
			return err
		}
	}
	for i := range s.Variables {
		v := &s.Variables[i]
		if was, ok := old[v.ID]; ok && sameVariable(was, v) {
			continue
		}
		if err := need(v); err != nil {
			return err
		}
	}
	if len(before) == 0 && len(s.Variables) == 0 {
		return need(&catalog.Variable{})
	}
	return nil
}

// sameVariable reports that a client sent a variable back as it was.
func sameVariable(a, b *catalog.Variable) bool {
	value := func(v *catalog.Variable) string {
		if v.Value == nil {
			return "\x00"
		}
		return *v.Value
	}
	form := func(v *catalog.Variable) string {
		data, _ := json.Marshal([]any{v.Name, v.Description, v.Type, v.Scope, v.Prompt})
		return string(data)
	}
	if a.Hidden() {
		return b.Value == nil && form(a) == form(b)
	}
	return value(a) == value(b) && form(a) == form(b)
}

func (a *API) variableNames(r *Request) (any, error) {
	seen := map[string]string{}
	err := r.View(func(tx *store.Tx) error {
		var owners []string
		if id := r.Q("project"); id != "" {
			p, err := catalog.Projects.Find(tx, r.Space, id)
			if err != nil {
				return err
			}
			if err := r.Need("VariableView", At{Project: p.ID, Group: p.ProjectGroupID}); err != nil {
				return err
			}
			owners = append([]string{p.ID}, p.IncludedLibraryVariableSetIDs...)
		} else {
			if err := r.Need("LibraryVariableSetView", At{}); err != nil {
				return err
			}
			sets, _, err := catalog.LibraryVariableSets.List(tx, kind.Query{Space: r.Space})
			if err != nil {
				return err
			}
			for _, s := range sets {
				owners = append(owners, s.ID)
			}
		}
		for _, o := range owners {
			s, err := catalog.VariableSets.Get(tx, "variableset-"+o)
			if err != nil {
				return err
			}
			for _, v := range s.Variables {
				seen[strings.ToLower(v.Name)] = v.Name
			}
		}
		return nil
	})
	names := []string{}
	for _, n := range seen {
		names = append(names, n)
	}
	sort.Strings(names)
	return names, err
}
