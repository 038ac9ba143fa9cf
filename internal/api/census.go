package api

import (
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// census is of each target of a space what they are counted by. It is the same
// for everybody; who may see which is found out for each answer.
type census struct {
	mark     string // under which it was read
	machines []*countedMachine
}

// countedMachine is never changed: whoever finds that it is another now makes
// another.
type countedMachine struct {
	version store.Version
	places  []At
	catalog.Machine
}

// countedMachineSize is about what one takes.
const countedMachineSize = 2000

// counted gives what of all targets of the caller's space they are counted by,
// of those that the caller may see.
func (a *API) counted(r *Request) ([]*catalog.Machine, error) {
	all, err := a.censusOf(r)
	if err != nil {
		return nil, err
	}
	unlimited := r.unlimited("MachineView", r.Space)
	var seen []*catalog.Machine
	for _, m := range all {
		if unlimited || r.mayAt("MachineView", m.places) {
			seen = append(seen, &m.Machine)
		}
	}
	return seen, nil
}

func (a *API) censusOf(r *Request) ([]*countedMachine, error) {
	at := a.census.of(r.Space)
	at.mu.Lock()
	defer at.mu.Unlock()
	err := r.View(func(tx *store.Tx) error { return at.held.renew(tx, r.Space) })
	if err != nil {
		at.held = census{}
		return nil, err
	}
	if size := countedMachineSize * len(at.held.machines); size != at.size {
		a.census.fit(r.Space, at, size)
	}
	return at.held.machines, nil
}

// renew reads those targets again that have changed.
func (c *census) renew(tx *store.Tx, space string) error {
	mark, err := tx.Mark("Machines")
	if err != nil || mark != "" && c.mark == mark {
		return err
	}
	versions, err := catalog.Machines.Listed(tx, kind.Query{Space: space})
	if err != nil {
		return err
	}
	known := make(map[string]*countedMachine, len(versions))
	for _, m := range c.machines {
		known[m.version.ID] = m
	}
	now, _, err := renewed(versions, known, func(m *countedMachine, v store.Version) bool { return m.version == v }, func(ids []string) error {
		machines, _, err := catalog.Machines.List(tx, kind.Query{Space: space, IDs: ids})
		for _, m := range machines {
			known[m.ID] = countedOf(m)
		}
		return err
	})
	if err != nil {
		return err
	}
	c.mark, c.machines = mark, now
	return nil
}

// countedOf leaves out what nobody counts.
func countedOf(m *catalog.Machine) *countedMachine {
	c := &countedMachine{version: store.Version{ID: m.ID, Version: m.Revision()}, places: places(catalog.Machines, m)}
	c.ID, c.EnvironmentIDs, c.TenantIDs, c.TenantTags = m.ID, m.EnvironmentIDs, m.TenantIDs, m.TenantTags
	c.IsDisabled, c.HealthStatus = m.IsDisabled, m.HealthStatus
	c.Endpoint.CommunicationStyle, c.Endpoint.TentacleVersionDetails = m.Endpoint.CommunicationStyle, m.Endpoint.TentacleVersionDetails
	return c
}
