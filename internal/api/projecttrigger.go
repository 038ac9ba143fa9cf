package api

import (
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

var _ = area(func(a *API) []Route {
	trigger, h := catalog.ProjectTriggers.Info(), a.crudOf(catalog.ProjectTriggers)
	return []Route{
		{Method: "GET", Pattern: "S/projecttriggers", Handle: a.triggers, Query: []string{"runbooks", "skip", "take"}, Summary: "List triggers", Answer: trigger},
		{Method: "GET", Pattern: "S/projecttriggers/{id}/status", Handle: a.triggerStatus, Summary: "When a trigger is due, and what came of it last", Answer: triggerStatus{}},
		{Method: "GET", Pattern: "S/scheduledprojecttriggers", Handle: a.scheduledTriggers, Query: []string{"runbooks", "skip", "take"}, Summary: "List triggers that go by the clock"},
		{Method: "GET", Pattern: "S/scheduledprojecttriggers/{id}", Handle: a.scheduledTrigger, Summary: "A trigger that goes by the clock", Answer: trigger},
		{Method: "GET", Pattern: "S/projects/{id}/triggers", Handle: a.projectTriggers, Query: []string{"runbooks", "skip", "take"}, Summary: "The triggers of a project"},
		{Method: "POST", Pattern: "S/projects/{id}/triggers", Handle: a.createProjectTrigger, Summary: "Create a trigger of a project", Body: trigger, Answer: trigger},
		{Method: "GET", Pattern: "S/projects/{id}/triggers/{trigger}", Handle: a.triggerInProject(h.get), Summary: "A trigger of a project", Answer: trigger},
		{Method: "PUT", Pattern: "S/projects/{id}/triggers/{trigger}", Handle: a.triggerInProject(h.update), Summary: "Change a trigger of a project", Body: trigger, Answer: trigger},
		{Method: "DELETE", Pattern: "S/projects/{id}/triggers/{trigger}", Handle: a.triggerInProject(h.delete), Summary: "Delete a trigger of a project"},
	}
})

// triggers lists triggers; runbooks narrows them to those that run one.
func (a *API) triggers(r *Request) (any, error) { return a.triggersWhere(r) }

func (a *API) triggersWhere(r *Request, where ...store.Where) (any, error) {
	h := a.crudOf(catalog.ProjectTriggers)
	skip, take, err := r.Paging()
	if err != nil {
		return nil, err
	}
	q := h.query(r)
	q.Skip, q.Take, q.Where = skip, take, append(q.Where, where...)
	if ids := r.List("runbooks"); len(ids) > 0 {
		q.Where = append(q.Where, anyValue("data -> 'Action' ->> 'RunbookId'", ids))
	}
	return h.page(r, q)
}

func (a *API) projectTriggers(r *Request) (any, error) {
	id, err := a.projectID(r, "TriggerView")
	if err != nil {
		return nil, err
	}
	return a.triggersWhere(r, store.Where{SQL: "data ->> 'ProjectId' = ?", Args: []any{id}})
}

func (a *API) createProjectTrigger(r *Request) (any, error) {
	id, err := a.projectID(r, "TriggerView")
	if err != nil {
		return nil, err
	}
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	res, err := catalog.ProjectTriggers.Decode(body)
	if err != nil {
		return nil, err
	}
	res.(*catalog.ProjectTrigger).ProjectID = id
	return a.crudOf(catalog.ProjectTriggers).add(r, res)
}

// triggerInProject answers for a trigger of a project as for the trigger
// itself.
func (a *API) triggerInProject(handle func(*Request) (any, error)) func(*Request) (any, error) {
	return func(r *Request) (any, error) {
		project, err := a.projectID(r, "TriggerView")
		if err != nil {
			return nil, err
		}
		what := r.Param("trigger")
		err = r.View(func(tx *store.Tx) error {
			found, _, err := catalog.ProjectTriggers.List(tx, kind.Query{Space: r.Space, Take: 1, Match: map[string]string{"ProjectId": project},
				Where: []store.Where{{SQL: "lower(?) in (lower(id), lower(name))", Args: []any{what}}}})
			if err != nil {
				return err
			}
			if len(found) == 0 {
				return fault.New(fault.NotFound, "The project has no trigger '%s'.", what)
			}
			r.params = []string{"id", found[0].ID}
			return nil
		})
		if err != nil {
			return nil, err
		}
		return handle(r)
	}
}

// byTheClock is the condition of triggers that are scheduled.
var byTheClock = store.Where{SQL: "data -> 'Filter' ->> 'FilterType' like '%Schedule'"}

func (a *API) scheduledTriggers(r *Request) (any, error) { return a.triggersWhere(r, byTheClock) }

func (a *API) scheduledTrigger(r *Request) (any, error) {
	err := r.View(func(tx *store.Tx) error {
		t, err := catalog.ProjectTriggers.Find(tx, r.Space, r.Param("id"))
		if err == nil && !t.Scheduled() {
			return fault.New(fault.NotFound, "Trigger '%s' does not go by the clock.", t.Name)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return a.crudOf(catalog.ProjectTriggers).get(r)
}

// triggerStatus is what the server knows of a trigger.
type triggerStatus struct {
	TriggerID   string `json:"TriggerId"`
	WaitsFor    string
	NextDue     kind.Time
	LastDue     kind.Time
	LastFired   kind.Time
	LastResult  string
	LastTaskIDs []string `json:"LastTaskIds"`
	Links       map[string]string
}

func (a *API) triggerStatus(r *Request) (any, error) {
	var status triggerStatus
	err := r.View(func(tx *store.Tx) error {
		t, err := catalog.ProjectTriggers.Find(tx, r.Space, r.Param("id"))
		if err != nil {
			return err
		}
		if err := r.NeedFor("TriggerView", catalog.ProjectTriggers, t); err != nil {
			return err
		}
		self := catalog.ProjectTriggers.SelfPath(t.SpaceID, t.ID)
		status = triggerStatus{TriggerID: t.ID, LastTaskIDs: []string{}, Links: map[string]string{"Self": self + "/status", "ProjectTrigger": self}}
		s, err := catalog.TriggerStates.Get(tx, catalog.TriggerStateID(t.ID))
		if fault.Is(err, fault.NotFound) {
			return nil // it has not been looked at yet
		}
		if err != nil {
			return err
		}
		status.WaitsFor, status.LastResult, status.LastTaskIDs = s.Waits, s.LastResult, append(status.LastTaskIDs, s.LastTasks...)
		status.NextDue = kind.Time{Time: s.DueAt()}
		status.LastDue, status.LastFired = kind.Time{Time: momentOf(s.LastDue)}, kind.Time{Time: momentOf(s.LastFired)}
		return nil
	})
	return status, err
}
