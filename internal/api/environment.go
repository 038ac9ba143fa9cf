package api

import (
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

var _ = area(func(a *API) []Route {
	info := catalog.Environments.Info()
	static := &environmentSort{*a.crudOf(catalog.Environments), catalog.StaticEnvironment}
	parents := &environmentSort{*a.crudOf(catalog.Environments), catalog.ParentEnvironment}
	return []Route{
		{Method: "GET", Pattern: "S/environments", Handle: static.list, Summary: "List static environments", Answer: info},
		{Method: "GET", Pattern: "S/environments/all", Handle: static.all, Summary: "All static environments", Answer: info},
		{Method: "POST", Pattern: "S/environments", Handle: static.create, Summary: "Create an environment", Body: info, Answer: info},
		{Method: "GET", Pattern: "S/environments/v2", Handle: a.environmentsV2, Query: []string{"skip", "take", "type"}, Summary: "List environments of every sort", Answer: pageOfAny{info}},
		{Method: "GET", Pattern: "S/environments/v2/{id}", Handle: a.crudOf(catalog.Environments).get, Summary: "Get an environment of any sort", Answer: info},
		{Method: "GET", Pattern: "S/environments/summary", Handle: a.environmentsSummary, Query: []string{"hideEmptyEnvironments", "ids", "isDisabled", "machinePartialName", "partialName"}, Summary: "Environments with the state of their targets", Answer: environmentsSummary{}},
		{Method: "PUT", Pattern: "S/environments/sortorder", Handle: a.arrange("EnvironmentEdit", catalog.ArrangeEnvironments), Summary: "Put the environments in an order"},
		{Method: "GET", Pattern: "S/environments/{id}/machines", Handle: a.environmentMachines, Query: []string{"isDisabled", "machinePartialName", "skip", "take"}, Summary: "The deployment targets of an environment", Answer: catalog.Machines.Info()},
		{Method: "GET", Pattern: "S/parentenvironments", Handle: parents.list, Summary: "List parent environments", Answer: pageOfAny{info}},
		{Method: "GET", Pattern: "S/parentenvironments/all", Handle: parents.all, Summary: "All parent environments", Answer: info},
		{Method: "POST", Pattern: "S/parentenvironments", Handle: parents.create, Summary: "Create a parent environment", Body: info, Answer: info},
		{Method: "GET", Pattern: "S/parentenvironments/{id}", Handle: parents.get, Summary: "Get a parent environment", Answer: info},
		{Method: "PUT", Pattern: "S/parentenvironments/{id}", Handle: parents.update, Summary: "Change a parent environment", Body: info, Answer: info},
		{Method: "DELETE", Pattern: "S/parentenvironments/{id}", Handle: parents.delete, Summary: "Delete a parent environment"},
	}
})

// environmentSort answers for the environments of one sort. Clients of before there were
// several know static ones only.
type environmentSort struct {
	crud
	name string
}

func (s *environmentSort) query(r *Request) kind.Query {
	q := s.crud.query(r)
	if len(q.IDs) == 0 || s.name != catalog.StaticEnvironment {
		q.Match["Type"] = s.name
	}
	return q
}

func (s *environmentSort) list(r *Request) (any, error) {
	skip, take, err := r.Paging()
	if err != nil {
		return nil, err
	}
	q := s.query(r)
	q.Skip, q.Take = skip, take
	return s.page(r, q)
}

func (s *environmentSort) all(r *Request) (any, error) {
	var items [][]byte
	err := r.View(func(tx *store.Tx) (err error) {
		items, _, err = s.visible(r, tx, s.query(r))
		return err
	})
	return Raw(join(items)), err
}

// create creates an environment of the sort, whatever the body says.
func (s *environmentSort) create(r *Request) (any, error) {
	var e catalog.Environment
	if err := r.Read(&e); err != nil {
		return nil, err
	}
	e.Base, e.Type = kind.Base{SpaceID: r.Space}, s.name
	var raw []byte
	err := r.Do(func(tx *store.Tx) error {
		made := e // Do may run this again
		if err := r.NeedFor(s.info.Permissions.Create, s.kind, &made); err != nil {
			return err
		}
		if err := catalog.Environments.Put(tx, &made); err != nil {
			return err
		}
		var err error
		raw, err = catalog.Environments.Wire(tx, &made)
		return err
	})
	return Created(Raw(raw)), err
}

// mine fails unless the environment of the path is of the sort.
func (s *environmentSort) mine(r *Request) error {
	return r.View(func(tx *store.Tx) error {
		e, err := catalog.Environments.Find(tx, r.Space, r.Param("id"))
		if err == nil && e.Type != s.name {
			err = fault.New(fault.NotFound, "The environment '%s' is no %s environment.", e.Name, strings.ToLower(s.name))
		}
		return err
	})
}

func (s *environmentSort) get(r *Request) (any, error) {
	if err := s.mine(r); err != nil {
		return nil, err
	}
	return s.crud.get(r)
}

func (s *environmentSort) update(r *Request) (any, error) {
	if err := s.mine(r); err != nil {
		return nil, err
	}
	return s.crud.update(r)
}

func (s *environmentSort) delete(r *Request) (any, error) {
	if err := s.mine(r); err != nil {
		return nil, err
	}
	return s.crud.delete(r)
}

// environmentsV2 lists environments of every sort, or of those that the query
// names.
func (a *API) environmentsV2(r *Request) (any, error) {
	h := a.crudOf(catalog.Environments)
	skip, take, err := r.Paging()
	if err != nil {
		return nil, err
	}
	q := h.query(r)
	q.Skip, q.Take = skip, take
	delete(q.Match, "Type")
	var some []string
	var args []any
	for _, t := range r.List("type") {
		some, args = append(some, "lower(data ->> 'Type') = ?"), append(args, strings.ToLower(t))
	}
	if len(some) > 0 {
		q.Where = append(q.Where, store.Where{SQL: strings.Join(some, " or "), Args: args})
	}
	return h.page(r, q)
}

func (a *API) environmentMachines(r *Request) (any, error) {
	e, err := findFor(r, catalog.Environments)
	if err != nil {
		return nil, err
	}
	h := a.crudOf(catalog.Machines)
	q := machineQuery(r, h)
	if q.Refer == nil {
		q.Refer = map[string][]string{}
	}
	q.Refer["EnvironmentIds"] = []string{e.ID}
	return a.machinePage(r, h, q)
}
