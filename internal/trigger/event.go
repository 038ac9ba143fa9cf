package trigger

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// most is how many events of a trigger are looked at; of more the newest count.
const most = 1000

// behind is how many events a state may lag behind before it is written though
// nothing has happened.
const behind = 20000

// lookAtEvents shows what has happened to the triggers that wait for it.
func (w *Watch) lookAtEvents(ctx context.Context, last int64, now time.Time) error {
	var waiting []*catalog.TriggerState
	err := w.DB.View(ctx, func(tx *store.Tx) error {
		if ok, err := w.anything(tx, last); err != nil || !ok {
			return err
		}
		for _, what := range []string{catalog.WaitsForMachine, catalog.WaitsForPush} {
			found, _, err := catalog.TriggerStates.List(tx, kind.Query{AnySpace: true, Match: map[string]string{"Waits": what}})
			if err != nil {
				return err
			}
			waiting = append(waiting, found...)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, s := range waiting {
		events, err := w.eventsFor(ctx, s, last)
		if err != nil {
			return err
		}
		if len(events) > 0 || last-s.Cursor > behind {
			if err := w.look(ctx, s.ID, now, &occasion{events: events, last: last}); err != nil {
				return fmt.Errorf("%s: %w", s.ID, err)
			}
		}
	}
	return nil
}

// anything says whether anything has happened since this node looked last that
// a trigger could wait for. Most of what happens is no such thing.
func (w *Watch) anything(tx *store.Tx, last int64) (bool, error) {
	if w.looked == 0 {
		return true, nil // the states tell where to begin
	}
	var one int
	found, err := tx.QueryRow([]any{&one}, "select 1 from event where id > $1 and id <= $2 and (document like 'Machines-%' or document like 'packages-%') limit 1", w.looked, last)
	if err != nil {
		return false, fmt.Errorf("looking for what has happened: %w", err)
	}
	return found, nil
}

// eventsFor reads the events that a trigger has not looked at, the oldest
// first.
func (w *Watch) eventsFor(ctx context.Context, s *catalog.TriggerState, last int64) (events []*store.Event, err error) {
	q := store.EventQuery{Spaces: []string{s.SpaceID}, Kinds: []string{"Machines"}, FromID: max(s.Cursor, w.looked) + 1, ToID: last, Take: most}
	if s.Waits == catalog.WaitsForPush {
		q.Kinds = []string{"packages"}
	}
	err = w.DB.View(ctx, func(tx *store.Tx) error {
		events, _, err = tx.Events(q)
		return err
	})
	slices.Reverse(events)
	return events, err
}

// Group is a set of categories of machine events under one name.
type Group struct {
	ID, Name   string
	Categories []string
}

// Groups are the sets of categories that a machine trigger can name. The first
// is every event of a machine.
var Groups = []Group{
	{"Machine", "Machine events", []string{
		"MachineCreated", "MachineAdded", "MachineDeleted", "MachineEnabled", "MachineDisabled", "MachineHealthy", "MachineHasWarnings", "MachineUnhealthy",
		"MachineUnavailable", "MachineCleanupFailed", "MachineDeploymentRelatedPropertyWasUpdated"}},
	{"MachineCritical", "Machine critical events", []string{"MachineCleanupFailed", "MachineAdded", "MachineDeleted", "MachineUnavailable"}},
	{"MachineAvailableForDeployment", "Machine becomes available for deployment", []string{"MachineEnabled", "MachineHealthy", "MachineHasWarnings"}},
	{"MachineUnavailableForDeployment", "Machine is no longer available for deployment", []string{"MachineDisabled", "MachineUnavailable", "MachineUnhealthy"}},
	{"MachineHealthChanged", "Machine health changed", []string{"MachineHealthy", "MachineHasWarnings", "MachineUnhealthy", "MachineUnavailable"}},
}

// InGroup gives the categories of a group, none if there is no such group.
func InGroup(id string) []string {
	for _, g := range Groups {
		if strings.EqualFold(g.ID, id) {
			return g.Categories
		}
	}
	return nil
}

// Categories are what the categories of triggers call an event: changes that
// people make are told apart by what they change.
func Categories(e *store.Event) []string {
	switch e.Category {
	case "Created":
		return []string{"Created", "MachineAdded", "MachineCreated"}
	case "Deleted":
		return []string{"Deleted", "MachineDeleted"}
	case "Modified":
	default:
		return []string{e.Category}
	}
	all := []string{"Modified"}
	for _, c := range e.Details {
		switch c.Path {
		case "IsDisabled":
			if string(c.New) == "true" {
				all = append(all, "MachineDisabled")
			} else {
				all = append(all, "MachineEnabled")
			}
		case "Roles", "EnvironmentIds", "TenantIds", "TenantTags", "TenantedDeploymentParticipation":
			all = append(all, "MachineDeploymentRelatedPropertyWasUpdated")
		}
	}
	return all
}

// wanted says whether a machine trigger waits for an event. One that names
// neither groups nor categories waits for machines to become available.
func wanted(f *catalog.TriggerFilter, e *store.Event) bool {
	named := slices.Clone(f.EventCategories)
	asked := f.EventGroups
	if len(asked)+len(named) == 0 {
		asked = []string{"MachineAvailableForDeployment"}
	}
	for _, g := range asked {
		if strings.EqualFold(g, "Machine") {
			return true
		}
		named = append(named, InGroup(g)...)
	}
	return slices.ContainsFunc(Categories(e), func(c string) bool {
		return slices.ContainsFunc(named, func(n string) bool { return strings.EqualFold(n, c) })
	})
}
