package api

import (
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/store"
)

var _ = area(func(a *API) []Route {
	return []Route{
		{Method: "GET", Pattern: "S/environments/{id}/singlyScopedVariableDetails", Handle: a.onlyHere, Summary: "The variables that only an environment has"},
	}
})

type scopedVariable struct {
	ID   string `json:"Id"`
	Name string
}

// onlyHere lists, by the owner of their set, the variables that are scoped to
// one environment and to no other: they mean nothing without it. Variables that
// the caller may not see are only said to exist.
func (a *API) onlyHere(r *Request) (any, error) {
	e, err := findFor(r, catalog.Environments)
	if err != nil {
		return nil, err
	}
	doc := struct {
		HasUnauthorizedProjectVariables            bool
		HasUnauthorizedLibraryVariableSetVariables bool
		VariableMap                                map[string][]scopedVariable
	}{VariableMap: map[string][]scopedVariable{}}
	err = r.View(func(tx *store.Tx) error {
		sets, _, err := catalog.VariableSets.List(tx, live(r))
		for _, s := range sets {
			view, _ := variablePermissions(s)
			for i := range s.Variables {
				v := &s.Variables[i]
				if len(v.Scope.Environment) != 1 || v.Scope.Environment[0] != e.ID {
					continue
				}
				ok, err := r.mayVariable(view, s, v)
				switch {
				case err != nil:
					return err
				case ok:
					doc.VariableMap[s.OwnerID] = append(doc.VariableMap[s.OwnerID], scopedVariable{v.ID, v.Name})
				case s.ProjectID != "":
					doc.HasUnauthorizedProjectVariables = true
				default:
					doc.HasUnauthorizedLibraryVariableSetVariables = true
				}
			}
		}
		return err
	})
	return doc, err
}
