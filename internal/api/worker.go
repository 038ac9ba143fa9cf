package api

import (
	"encoding/json"
	"fmt"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

var _ = area(func(a *API) []Route {
	workers := a.crudOf(catalog.Workers)
	return []Route{
		{Method: "GET", Pattern: "S/workers", Handle: a.listWorkers, Query: []string{"isDisabled", "machinePartialName", "skip", "take"}, Summary: "List workers", Answer: workers.info},
		{Method: "GET", Pattern: "S/workers/discover", Handle: a.discoverWorker, Query: []string{"host", "port", "proxyId", "type"}, Summary: "Look at what answers at an address", Answer: workers.info},
		{Method: "GET", Pattern: "S/workers/operatingsystem/names/all", Handle: a.workerValues(func(w *catalog.Worker) string { return w.OperatingSystem }), Permission: "WorkerView", Summary: "The operating systems of workers"},
		{Method: "GET", Pattern: "S/workers/operatingsystem/shells/all", Handle: a.workerValues(func(w *catalog.Worker) string { return w.ShellName }), Permission: "WorkerView", Summary: "The shells of workers"},
		{Method: "GET", Pattern: "S/workers/{id}/connection", Handle: a.workerConnection, Summary: "What the last health check found"},
		{Method: "GET", Pattern: "S/workerpools/{id}/workers", Handle: a.poolWorkers, Query: []string{"isDisabled", "machinePartialName", "skip", "take"}, Summary: "The workers of a pool", Answer: workers.info},
		{Method: "GET", Pattern: "S/workerpools/dynamicworkertypes", Handle: a.dynamicWorkerTypes, Permission: "WorkerView", Summary: "The types of dynamic workers"},
		{Method: "GET", Pattern: "S/workerpools/supportedtypes", Handle: a.supportedPoolTypes, Permission: "WorkerView", Summary: "The types of worker pools"},
		{Method: "GET", Pattern: "S/workerpools/summary", Handle: a.poolsSummary, Permission: "WorkerView", Query: []string{"hideEmptyWorkerPools", "ids", "isDisabled", "machinePartialName", "partialName"}, Summary: "The worker pools with the state of their workers"},
		{Method: "PUT", Pattern: "S/workerpools/sortorder", Handle: a.arrange("WorkerEdit", catalog.ArrangeWorkerPools), Summary: "Put the worker pools in an order"},
	}
})

func (a *API) listWorkers(r *Request) (any, error) {
	h := a.crudOf(catalog.Workers)
	return a.machinePage(r, h, machineQuery(r, h))
}

func (a *API) workerValues(of func(*catalog.Worker) string) func(*Request) (any, error) {
	return func(r *Request) (any, error) {
		var values []string
		err := r.View(func(tx *store.Tx) error {
			all, _, err := catalog.Workers.List(tx, kind.Query{Space: r.Space})
			for _, w := range all {
				values = append(values, of(w))
			}
			return err
		})
		return distinct(values), err
	}
}

func (a *API) workerConnection(r *Request) (any, error) {
	w, err := findFor(r, catalog.Workers)
	if err != nil {
		return nil, err
	}
	return a.connection(r, &w.Base, w.Name, &w.Condition)
}

func (a *API) poolWorkers(r *Request) (any, error) {
	p, err := findFor(r, catalog.WorkerPools)
	if err != nil {
		return nil, err
	}
	h := a.crudOf(catalog.Workers)
	q := machineQuery(r, h)
	q.Refer = map[string][]string{"WorkerPoolIds": {p.ID}}
	return a.machinePage(r, h, q)
}

// dynamicWorkerTypes lists the machines that a host of servers lends. This
// server stands for itself and lends none.
func (a *API) dynamicWorkerTypes(*Request) (any, error) {
	return map[string]any{"Id": "DynamicWorkerTypes", "WorkerTypes": []any{}}, nil
}

func (a *API) supportedPoolTypes(*Request) (any, error) {
	return map[string]any{"SupportedPoolTypes": []string{catalog.StaticWorkerPool}}, nil
}

// arrange makes the route that puts resources of a type in the order of ids.
func (a *API) arrange(permission string, put func(tx *store.Tx, space string, ids []string) error) func(*Request) (any, error) {
	return func(r *Request) (any, error) {
		if err := r.Need(permission, At{}); err != nil {
			return nil, err
		}
		var ids []string
		if err := r.Read(&ids); err != nil {
			return nil, err
		}
		return nil, r.Do(func(tx *store.Tx) error { return put(tx, r.Space, ids) })
	}
}

// unsaved answers with a resource that is not stored: it has no id, and no
// links either.
func unsaved(r *Request, k kind.Any, resource any) (any, error) {
	var doc map[string]json.RawMessage
	err := r.View(func(tx *store.Tx) error {
		raw, err := k.Wire(tx, resource)
		if err != nil {
			return err
		}
		return json.Unmarshal(raw, &doc)
	})
	if err != nil {
		return nil, fmt.Errorf("describing what is not stored: %w", err)
	}
	doc["Id"], doc["Links"] = json.RawMessage("null"), json.RawMessage("{}")
	return doc, nil
}
