package api

import (
	"slices"

	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/trigger"
)

var _ = area(func(a *API) []Route {
	return []Route{
		{Method: "GET", Pattern: "M/events/groups", Handle: a.eventGroups, Summary: "Groups of categories of audit events", Answer: []eventGroup{}},
		{Method: "GET", Pattern: "M/events/agents", Handle: a.eventAgents, Query: []string{"includeSystem"}, Summary: "The programs that audit events of late came by", Answer: []named{}},
	}
})

// eventGroup is a set of categories under one name, as triggers and
// subscriptions name it.
type eventGroup struct {
	named
	EventCategories []string
}

func (a *API) eventGroups(*Request) (any, error) {
	var all []eventGroup
	for _, g := range trigger.Groups {
		all = append(all, eventGroup{named{g.ID, g.Name}, g.Categories})
	}
	return all, nil
}

// agentEvents is how many of the latest events are looked at for their agents.
const agentEvents = 1000

// eventAgents lists by what programs the latest events that the caller may see
// came about.
func (a *API) eventAgents(r *Request) (any, error) {
	q := store.EventQuery{Take: agentEvents}
	if err := r.eventSpaces(&q, nil); err != nil {
		return nil, err
	}
	var events []*store.Event
	err := r.View(func(tx *store.Tx) (err error) {
		events, _, err = tx.Events(q)
		return err
	})
	agents := []named{}
	for _, e := range events {
		agent := named{e.Actor.UserAgent, e.Actor.UserAgent}
		if agent.ID != "" && !slices.Contains(agents, agent) {
			agents = append(agents, agent)
		}
	}
	return agents, err
}
