package deploy

import (
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/rule"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/variable"
)

// order is what several deployments of one release have in common.
type order struct {
	*track
	process *catalog.DeploymentProcess
	values  []variable.Value // secrets open
}

func (s *Service) order(tx *store.Tx, r *catalog.Release) (*order, error) {
	k, err := trackOf(tx, r)
	if err != nil {
		return nil, err
	}
	o := &order{track: k}
	if k.project.IsDisabled {
		return nil, fault.New(fault.Invalid, "Project '%s' is disabled, so it cannot be deployed.", k.project.Name)
	}
	if o.process, err = catalog.DeploymentProcesses.Get(tx, r.ProjectDeploymentProcessSnapshotID); err != nil {
		return nil, err
	}
	o.values, err = readValues(tx, k.project, r.ProjectVariableSetSnapshotID, r.LibraryVariableSetSnapshotIDs, true)
	return o, err
}

// scout gives an occasion at a place that is only looked at: what applies there
// and on which machines. choices are those of a deployment that is to be made.
func (o *order) scout(tx *store.Tx, p pair, choices *catalog.Execution) (*occasion, error) {
	g := &occasion{
		project: o.project, environment: p.environment, tenant: p.tenant, channel: o.channel.ID, steps: o.process.Steps, context: o.context(p),
		execution: choices, connectivity: connectivityOf(o.project.ProjectConnectivityPolicy),
	}
	var err error
	g.machines, g.byID, err = machinesOf(tx, o.release.SpaceID, p.environment.ID)
	return g, err
}

// requireTargets refuses a deployment whose steps want machines that are not
// there.
func (o *order) requireTargets(tx *store.Tx, p pair, choices *catalog.Execution) error {
	if !slices.ContainsFunc(o.process.Steps, func(s catalog.Step) bool { return len(rolesOf(&s)) > 0 }) {
		return nil
	}
	g, err := o.scout(tx, p, choices)
	if err != nil {
		return err
	}
	var sets []rule.TargetSet
	for i := range g.steps {
		s := &g.steps[i]
		applies := func(a catalog.Action) bool { return g.notHere(&a) == "" }
		if roles := rolesOf(s); len(roles) > 0 && slices.ContainsFunc(s.Actions, applies) {
			sets = append(sets, rule.Targets(g.machines, g.query(roles)))
		}
	}
	return rule.RequireTargets(sets, g.connectivity)
}

// pair is one place that is deployed to.
type pair struct {
	environment *catalog.Environment
	tenant      *catalog.Tenant // nil is untenanted
}

func (p *pair) tenantID() string {
	if p.tenant == nil {
		return ""
	}
	return p.tenant.ID
}

// title begins a sentence about one of several deployments.
func (p *pair) title(several bool) string {
	switch {
	case !several:
		return ""
	case p.tenant != nil:
		return p.tenant.Name + " in " + p.environment.Name + ": "
	}
	return p.environment.Name + ": "
}

// pairs finds the places that are meant.
func (o *order) pairs(tx *store.Tx, in *NewDeployments) ([]pair, error) {
	var wrong fault.Complaints
	var environments []*catalog.Environment
	for _, what := range in.Environments {
		e, err := catalog.Environments.Find(tx, in.Space, strings.TrimSpace(what))
		if fault.Is(err, fault.NotFound) {
			wrong.Add("There is no environment '%s' in this space.", what)
			continue
		}
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(environments, func(known *catalog.Environment) bool { return known.ID == e.ID }) {
			environments = append(environments, e)
		}
	}
	if len(in.Environments) == 0 {
		wrong.Add("EnvironmentNames must name at least one environment.")
	}
	var tenants []*catalog.Tenant
	if len(in.Tenants)+len(in.TenantTags) > 0 {
		var err error
		if tenants, err = o.tenants(tx, in, environments, &wrong); err != nil {
			return nil, err
		}
	}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	var pairs []pair
	for _, e := range environments {
		if len(in.Tenants)+len(in.TenantTags) == 0 {
			pairs = append(pairs, pair{e, nil})
		}
		for _, t := range tenants {
			pairs = append(pairs, pair{e, t})
		}
	}
	return pairs, nil
}

// tenants finds the tenants that are meant: those named, and those whose tags
// pass and who can get the release in the environments.
func (o *order) tenants(tx *store.Tx, in *NewDeployments, environments []*catalog.Environment, wrong *fault.Complaints) ([]*catalog.Tenant, error) {
	var chosen []*catalog.Tenant
	for _, what := range in.Tenants {
		t, err := catalog.Tenants.Find(tx, in.Space, strings.TrimSpace(what))
		if fault.Is(err, fault.NotFound) {
			wrong.Add("There is no tenant '%s' in this space.", what)
			continue
		}
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(chosen, func(known *catalog.Tenant) bool { return known.ID == t.ID }) {
			chosen = append(chosen, t)
		}
	}
	if len(in.TenantTags) == 0 {
		return chosen, nil
	}
	named := len(chosen)
	all, plain, err := tenantsOf(tx, in.Space, o.project.ID)
	if err != nil {
		return nil, err
	}
	channel := channelOf(o.channel)
	for i := range plain {
		t := &plain[i]
		there := func(e *catalog.Environment) bool { return t.ConnectedTo(e.ID) }
		if t.Disabled || !rule.MatchTags(in.TenantTags, t.Tags) || !channel.AdmitsTenant(t.Tags) || !slices.ContainsFunc(environments, there) ||
			slices.ContainsFunc(chosen[:named], func(known *catalog.Tenant) bool { return known.ID == t.ID }) {
			continue
		}
		chosen = append(chosen, all[i])
	}
	if len(chosen) == 0 {
		wrong.Add("No tenant with the tags %s is connected to project '%s' in the environment.", rule.Quoted(in.TenantTags, "and"), o.project.Name)
	}
	return chosen, nil
}
