package api

import (
	"encoding/json"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// summary counts machines by their state.
type summary struct {
	TotalMachines                int
	TotalDisabledMachines        int
	MachineHealthStatusSummaries map[string]int
	MachineEndpointSummaries     map[string]int
	TentacleUpgradesRequired     bool
	MachineIdsForCalamariUpgrade []string
	MachineIdsForTentacleUpgrade []string
}

func newSummary() summary {
	return summary{MachineHealthStatusSummaries: map[string]int{}, MachineEndpointSummaries: map[string]int{},
		MachineIdsForCalamariUpgrade: []string{}, MachineIdsForTentacleUpgrade: []string{}}
}

func (s *summary) count(id string, c *catalog.Condition) {
	s.TotalMachines++
	if c.IsDisabled {
		s.TotalDisabledMachines++
	}
	s.MachineHealthStatusSummaries[c.HealthStatus]++
	s.MachineEndpointSummaries[c.Endpoint.CommunicationStyle]++
	if v := c.Endpoint.TentacleVersionDetails; v != nil && (v.UpgradeRequired || v.UpgradeSuggested) {
		s.TentacleUpgradesRequired = s.TentacleUpgradesRequired || v.UpgradeRequired
		s.MachineIdsForTentacleUpgrade = append(s.MachineIdsForTentacleUpgrade, id)
	}
}

// tenancy counts machines by the tenants and tags that they are for.
type tenancy struct {
	MachineTenantSummaries    map[string]int
	MachineTenantTagSummaries map[string]int
}

func newTenancy() tenancy { return tenancy{map[string]int{}, map[string]int{}} }

func (t tenancy) count(m *catalog.Machine) {
	for _, id := range m.TenantIDs {
		t.MachineTenantSummaries[id]++
	}
	for _, tag := range m.TenantTags {
		t.MachineTenantTagSummaries[tag]++
	}
}

type environmentSummary struct {
	summary
	tenancy
	Environment json.RawMessage
}

type environmentsSummary struct {
	summary
	tenancy
	EnvironmentSummaries []environmentSummary
	Links                map[string]string
}

// environmentsSummary counts the targets of each environment. The machines are
// narrowed by the query as lists of them are, ids and partialName narrow the
// environments.
func (a *API) environmentsSummary(r *Request) (any, error) {
	h := a.crudOf(catalog.Environments)
	doc := environmentsSummary{summary: newSummary(), tenancy: newTenancy(), EnvironmentSummaries: []environmentSummary{}, Links: map[string]string{"Self": r.URL.Path}}
	all := a.counted
	if q := ownQuery(r, a.crudOf(catalog.Machines)); len(q.Match)+len(q.Where)+len(q.Refer) > 0 || q.PartialName != "" {
		all = func(r *Request) ([]*catalog.Machine, error) { return a.seenMachines(r, q) }
	}
	machines, err := all(r)
	if err != nil {
		return nil, err
	}
	of := map[string][]*catalog.Machine{}
	for _, m := range machines {
		for _, id := range m.EnvironmentIDs {
			of[id] = append(of[id], m)
		}
	}
	var raw [][]byte
	err = r.View(func(tx *store.Tx) (err error) {
		raw, _, err = h.visible(r, tx, kind.Query{Space: r.Space, IDs: r.List("ids"), PartialName: r.Q("partialName"), Match: map[string]string{"Type": catalog.StaticEnvironment}})
		return err
	})
	if err != nil {
		return nil, err
	}
	counted := map[string]bool{}
	for _, item := range raw {
		var e struct{ Id string }
		if err := json.Unmarshal(item, &e); err != nil {
			return nil, err
		}
		if len(of[e.Id]) == 0 && r.Bool("hideEmptyEnvironments") {
			continue
		}
		s := environmentSummary{summary: newSummary(), tenancy: newTenancy(), Environment: item}
		for _, m := range of[e.Id] {
			s.summary.count(m.ID, &m.Condition)
			s.tenancy.count(m)
			if !counted[m.ID] {
				doc.summary.count(m.ID, &m.Condition)
				doc.tenancy.count(m)
			}
			counted[m.ID] = true
		}
		doc.EnvironmentSummaries = append(doc.EnvironmentSummaries, s)
	}
	return doc, nil
}

// ownQuery is machineQuery where ids and names mean what holds the machines.
func ownQuery(r *Request, h *crud) kind.Query {
	q := machineQuery(r, h)
	q.IDs, q.Name, q.PartialName = nil, "", r.Q("machinePartialName")
	return q
}

type poolSummary struct {
	summary
	WorkerPool json.RawMessage
}

type poolsSummary struct {
	summary
	WorkerPoolSummaries []poolSummary
	Links               map[string]string
}

func (a *API) poolsSummary(r *Request) (any, error) {
	doc := poolsSummary{summary: newSummary(), WorkerPoolSummaries: []poolSummary{}, Links: map[string]string{"Self": r.URL.Path}}
	err := r.View(func(tx *store.Tx) error {
		workers, _, err := catalog.Workers.List(tx, ownQuery(r, a.crudOf(catalog.Workers)))
		if err != nil {
			return err
		}
		of := map[string][]*catalog.Worker{}
		for _, w := range workers {
			for _, id := range w.WorkerPoolIDs {
				of[id] = append(of[id], w)
			}
		}
		pools, _, err := catalog.WorkerPools.List(tx, kind.Query{Space: r.Space, IDs: r.List("ids"), PartialName: r.Q("partialName")})
		if err != nil {
			return err
		}
		counted := map[string]bool{}
		for _, p := range pools {
			if len(of[p.ID]) == 0 && r.Bool("hideEmptyWorkerPools") {
				continue
			}
			s := poolSummary{summary: newSummary()}
			if s.WorkerPool, err = catalog.WorkerPools.Wire(tx, p); err != nil {
				return err
			}
			for _, w := range of[p.ID] {
				s.count(w.ID, &w.Condition)
				if !counted[w.ID] {
					doc.count(w.ID, &w.Condition)
				}
				counted[w.ID] = true
			}
			doc.WorkerPoolSummaries = append(doc.WorkerPoolSummaries, s)
		}
		return nil
	})
	return doc, err
}
