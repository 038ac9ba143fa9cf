package api

import (
	"time"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/task"
)

var _ = area(func(a *API) []Route {
	return []Route{
		{Method: "GET", Pattern: "S/machines/{id}/tasks", Handle: a.machineTasks, Query: []string{"skip", "take", "type"}, Summary: "The tasks that a deployment target took part in", Answer: pageOfAny{taskDocument{}}},
	}
})

func (a *API) machineTasks(r *Request) (any, error) {
	m, err := findFor(r, catalog.Machines)
	if err != nil {
		return nil, err
	}
	skip, take, err := r.Paging()
	if err != nil {
		return nil, err
	}
	ids, err := tasksOf(r, m.ID, r.Q("type"))
	if err != nil {
		return nil, err
	}
	docs := []taskDocument{}
	if len(ids) > 0 {
		found, _, err := a.Tasks.List(r.Context(), task.Filter{IDs: ids})
		if err != nil {
			return nil, err
		}
		if found, err = r.seen(found); err != nil {
			return nil, err
		}
		for _, t := range found {
			docs = append(docs, taskOf(t, time.Now()))
		}
	}
	total := len(docs)
	docs = docs[min(skip, total):]
	if take > 0 {
		docs = docs[:min(take, len(docs))]
	}
	return pageOf(r, "Task", docs, total, skip, take)
}
