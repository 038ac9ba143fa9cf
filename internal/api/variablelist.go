package api

import (
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/store"
)

// A set of variables is seen variable by variable, in lists as well.
var _ = area(func(a *API) []Route {
	return []Route{
		{Method: "GET", Pattern: "S/variables", Handle: a.variableSets, Query: []string{"skip", "take"}, Summary: "List sets of variables", Answer: catalog.VariableSets.Info()},
		{Method: "GET", Pattern: "S/variables/all", Handle: a.allVariableSets, Summary: "All sets of variables", Answer: catalog.VariableSets.Info()},
	}
})

// seenSets lists the sets of which the caller may see variables; snapshots are
// listed only when they are asked for by id.
func (a *API) seenSets(r *Request) (items [][]byte, err error) {
	q := a.crudOf(catalog.VariableSets).query(r)
	if len(q.IDs) == 0 {
		q.Where = append(q.Where, store.Where{SQL: "owner = ''"})
	}
	if !r.Rights.Anywhere("VariableView", r.Space) && !r.Rights.Anywhere("LibraryVariableSetView", r.Space) {
		return nil, r.Need("VariableView", At{})
	}
	err = r.View(func(tx *store.Tx) error {
		all, _, err := catalog.VariableSets.List(tx, q)
		if err != nil {
			return err
		}
		for _, s := range all {
			raw, err := a.variablesFor(r, tx, s)
			if fault.Is(err, fault.Forbidden) {
				continue
			}
			if err != nil {
				return err
			}
			items = append(items, raw)
		}
		return nil
	})
	return items, err
}

func (a *API) variableSets(r *Request) (any, error) {
	items, err := a.seenSets(r)
	if err != nil {
		return nil, err
	}
	return r.PageFrom("VariableSet", items)
}

func (a *API) allVariableSets(r *Request) (any, error) {
	items, err := a.seenSets(r)
	return Raw(join(items)), err
}
