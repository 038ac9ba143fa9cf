package catalog

import (
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// ScopeValuesOf lists what the scopes of a set's variables may name: things of
// the whole space, and for a project's set its steps, channels and processes.
func ScopeValuesOf(tx *store.Tx, s *VariableSet) (*ScopeValues, error) {
	v := &ScopeValues{Environments: []ScopeValue{}, Machines: []ScopeValue{}, Actions: []ScopeValue{}, Roles: []ScopeValue{},
		Channels: []ScopeValue{}, TenantTags: []ScopeValue{}, Processes: []ProcessScopeValue{}}
	if err := spaceScopes(tx, s.SpaceID, v); err != nil {
		return nil, err
	}
	if s.ProjectID == "" && !strings.HasPrefix(s.OwnerID, "Projects-") {
		return v, nil
	}
	return v, projectScopes(tx, s.OwnerID, v)
}

func spaceScopes(tx *store.Tx, space string, v *ScopeValues) error {
	q := kind.Query{Space: space}
	environments, _, err := Environments.List(tx, q)
	if err != nil {
		return err
	}
	for _, e := range environments {
		v.Environments = append(v.Environments, ScopeValue{e.ID, e.Name})
	}
	machines, _, err := Machines.List(tx, q)
	if err != nil {
		return err
	}
	var roles []string
	for _, m := range machines {
		v.Machines = append(v.Machines, ScopeValue{m.ID, m.Name})
		roles = append(roles, m.Roles...)
	}
	slices.Sort(roles)
	for _, r := range slices.Compact(roles) {
		v.Roles = append(v.Roles, ScopeValue{r, r})
	}
	sets, _, err := TagSets.List(tx, q)
	if err != nil {
		return err
	}
	for _, set := range sets {
		for _, t := range set.Tags {
			v.TenantTags = append(v.TenantTags, ScopeValue{t.CanonicalTagName, t.CanonicalTagName})
		}
	}
	return nil
}

func projectScopes(tx *store.Tx, project string, v *ScopeValues) error {
	p, err := Projects.Get(tx, project)
	if fault.Is(err, fault.NotFound) {
		return nil // a snapshot whose project is gone
	}
	if err != nil {
		return err
	}
	v.Processes = append(v.Processes, ProcessScopeValue{p.ID, p.Name, "Deployment"})
	process, err := DeploymentProcesses.Get(tx, p.DeploymentProcessID)
	if err != nil {
		return err
	}
	for _, s := range process.Steps {
		for _, a := range s.Actions {
			v.Actions = append(v.Actions, ScopeValue{a.ID, a.Name})
		}
	}
	channels, _, err := Channels.List(tx, kind.Query{Space: p.SpaceID, Match: map[string]string{"ProjectId": p.ID}})
	if err != nil {
		return err
	}
	for _, c := range channels {
		v.Channels = append(v.Channels, ScopeValue{c.ID, c.Name})
	}
	runbooks, _, err := Runbooks.List(tx, kind.Query{Space: p.SpaceID, Match: map[string]string{"ProjectId": p.ID}})
	if err != nil {
		return err
	}
	for _, r := range runbooks {
		v.Processes = append(v.Processes, ProcessScopeValue{r.ID, r.Name, "Runbook"})
	}
	return nil
}
