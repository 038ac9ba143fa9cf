package deploy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/plan"
	"github.com/takodeploy/tako/internal/rule"
	"github.com/takodeploy/tako/internal/run"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
	"github.com/takodeploy/tako/internal/variable"
	"github.com/takodeploy/tako/octostache"
)

// occasion is a deployment or runbook run with all that it is carried out with:
// what its plan is made from, and the Scene around the plan.
type occasion struct {
	*Service
	what         string // that is carried out, as events are named
	task         *task.Task
	planned      *plan.Plan // nil before there is one
	id           string     // of the deployment or run
	project      *catalog.Project
	environment  *catalog.Environment
	tenant       *catalog.Tenant
	channel      string // empty for a run
	steps        []catalog.Step
	packages     []catalog.SelectedPackage
	execution    *catalog.Execution
	connectivity rule.Connectivity
	machines     []rule.Machine
	byID         map[string]*catalog.Machine
	workers      []rule.Worker
	builtIn      bool // the built-in worker is switched on
	pools        []rule.Pool

	context variable.Context
	facts   variable.Facts
	given   []variable.Value // from variable sets, tenants and people
	values  []variable.Value // with what is known by itself
	frame   *variable.Frame
	hidden  map[string][]variable.Value // sensitive settings, by action id
	secrets []string

	// hold may refuse to begin; nil lets everything begin.
	hold func(context.Context) error
	// ended does what follows an end beyond what all have in common.
	ended func(tx *store.Tx, t *task.Task, state task.State, so plan.Standing) error

	mu     sync.Mutex
	worker string // that the deployment has used already
	known  variable.Expander
}

// deployments makes the plans of deployments.
type deployments struct{ *Service }

// Source gives what the tasks of deployments are carried out with; it belongs
// into a Runner.
func (s *Service) Source() run.Source { return deployments{s} }

// Plan computes the plan. What cannot begin is told to the audit trail.
func (g *occasion) Plan(ctx context.Context) (*plan.Plan, error) {
	p, err := g.plan()
	if err == nil && g.hold != nil {
		err = g.hold(ctx)
	}
	switch {
	case err == nil:
		g.planned = p
		return p, g.meet(p.Targets)
	case fault.Mendable(err):
		// Without a plan nothing ends that would say that it has failed.
		err = errors.Join(err, g.DB.Do(ctx, func(tx *store.Tx) error { return g.refused(tx, err) }))
	}
	return nil, err
}

// frozen refuses a deployment at whose beginning a freeze is under way that
// nobody has overridden.
func (g *occasion) frozen(ctx context.Context) error {
	if g.execution.DeploymentFreezeOverrideReason != "" {
		return nil
	}
	return g.DB.View(ctx, func(tx *store.Tx) error {
		frozen, err := FreezesAt(tx, g.project.ID, g.environment.ID, g.context.Tenant, g.now())
		if err != nil || len(frozen) == 0 {
			return err
		}
		return fault.New(fault.Invalid, "Deployment freeze '%s' is under way, so the deployment was not started.", frozen[0].Name)
	})
}

// Open gives the scene of a deployment.
func (d deployments) Open(ctx context.Context, t *task.Task, p *plan.Plan) (run.Scene, error) {
	g := &occasion{Service: d.Service, what: "Deployment", task: t, planned: p}
	g.hold = g.frozen
	if err := d.DB.View(ctx, g.loadDeployment); err != nil {
		return nil, err
	}
	return g, nil
}

// loadDeployment reads what a deployment is made of.
func (g *occasion) loadDeployment(tx *store.Tx) error {
	var args deployArguments
	if err := json.Unmarshal(g.task.Arguments, &args); err != nil {
		return fmt.Errorf("reading the arguments of %s: %w", g.task.ID, err)
	}
	d, err := catalog.Deployments.Peek(tx, args.DeploymentID)
	if err != nil {
		return err
	}
	r, err := catalog.Releases.Peek(tx, d.ReleaseID)
	if err != nil {
		return err
	}
	if err := g.load(tx, d.ID, d.ProjectID, d.EnvironmentID, d.TenantID, &d.Execution); err != nil {
		return err
	}
	process, err := catalog.DeploymentProcesses.Peek(tx, r.ProjectDeploymentProcessSnapshotID)
	if err != nil {
		return err
	}
	channel, err := catalog.Channels.Peek(tx, d.ChannelID)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	g.steps, g.packages, g.channel = process.Steps, r.SelectedPackages, d.ChannelID
	g.project = process.Governed(g.project)
	g.steps = append(g.provisioning(), g.steps...)
	g.connectivity = connectivityOf(g.project.ProjectConnectivityPolicy)
	if g.given, err = readValues(tx, g.project, r.ProjectVariableSetSnapshotID, r.LibraryVariableSetSnapshotIDs, true); err != nil {
		return err
	}
	g.context.Channel, g.context.ProcessOwner = d.ChannelID, g.project.ID
	if err := g.releaseFacts(tx, r, d, channel); err != nil {
		return err
	}
	g.ended = func(tx *store.Tx, t *task.Task, state task.State, so plan.Standing) error {
		return g.deploymentEnded(tx, t, d, r, state, so)
	}
	return g.finishLoad(tx)
}

// load reads what deployments and runbook runs have in common.
func (g *occasion) load(tx *store.Tx, id, project, environment, tenant string, e *catalog.Execution) (err error) {
	g.id, g.execution = id, e
	if g.project, err = catalog.Projects.Peek(tx, project); err != nil {
		return err
	}
	if g.environment, err = catalog.Environments.Peek(tx, environment); err != nil {
		return err
	}
	g.context = variable.Context{Environment: environment, ParentEnvironment: g.environment.ParentEnvironmentID, Project: project}
	if tenant != "" {
		if g.tenant, err = catalog.Tenants.Peek(tx, tenant); err != nil {
			return err
		}
		g.context.Tenant, g.context.TenantTags = tenant, g.tenant.TenantTags
	}
	if g.machines, g.byID, err = machinesOf(tx, g.environment); err != nil {
		return err
	}
	return g.loadWorkers(tx)
}

func (g *occasion) loadWorkers(tx *store.Tx) error {
	pools, err := catalog.WorkerPools.PeekAll(tx, kind.Query{Space: g.project.SpaceID})
	if err != nil {
		return err
	}
	for _, p := range pools {
		g.pools = append(g.pools, rule.Pool{ID: p.ID, Name: p.Name, Default: p.IsDefault, Dynamic: p.WorkerPoolType == catalog.DynamicWorkerPool})
	}
	workers, err := catalog.Workers.PeekAll(tx, kind.Query{Space: g.project.SpaceID})
	if err != nil {
		return err
	}
	for _, w := range workers {
		g.workers = append(g.workers, rule.Worker{ID: w.ID, Name: w.Name, PoolIDs: w.WorkerPoolIDs, Disabled: w.IsDisabled, Health: rule.Health(w.HealthStatus)})
	}
	return nil
}

// finishLoad adds the values that come from elsewhere than variable sets, and
// decides all that is the same everywhere.
func (g *occasion) finishLoad(tx *store.Tx) error {
	if g.tenant != nil {
		values, _, err := tenantValues(tx, g.project, g.tenant, g.environment.ID)
		if err != nil {
			return err
		}
		g.given = append(g.given, values...)
	}
	if id := g.execution.ManifestVariableSetID; id != "" {
		set, err := catalog.VariableSets.Peek(tx, id)
		if err != nil {
			return err
		}
		answers, err := valuesOf(tx, set, variable.FromPrompt, "", 0, true)
		if err != nil {
			return err
		}
		for i := range answers {
			switch set.Variables[i].Description {
			case givenByParent:
				answers[i].Scope.ParentDeployment, answers[i].Source = true, variable.FromParent
			case givenByTrigger:
				answers[i].Scope.Trigger, answers[i].Source = true, variable.FromTrigger
			default:
				answers[i].Scope.User = true
			}
		}
		g.given = append(g.given, answers...)
	}
	if err := g.commonFacts(tx); err != nil {
		return err
	}
	if err := g.hide(tx); err != nil {
		return err
	}
	g.known = variable.Remember(g.expand)
	return g.decide()
}

// decide decides all that is the same everywhere, of what was read.
func (g *occasion) decide() error {
	g.values = slices.Concat(g.given, variable.System(g.facts), g.stepFacts())
	g.frame = variable.NewIndex(g.values).For(g.context)
	return g.gatherSecrets()
}

// meet lets the targets of the plan be known, once there is one.
func (g *occasion) meet(targets []plan.Target) error {
	if len(targets) == 0 {
		return nil
	}
	g.target(targets)
	return g.decide()
}

// hide opens the sensitive settings of actions. They are no part of a plan,
// which is stored, and become variables where the action runs.
func (g *occasion) hide(tx *store.Tx) error {
	g.hidden = map[string][]variable.Value{}
	for i := range g.steps {
		for j := range g.steps[i].Actions {
			a := &g.steps[i].Actions[j]
			for name, p := range a.Properties {
				if p.Secret == nil {
					continue
				}
				plain, err := p.Secret.Open(tx)
				if err != nil {
					return err
				}
				g.hidden[a.ID] = append(g.hidden[a.ID], variable.Value{
					Name: name, Value: plain, Type: variable.TypeSensitive, Sensitive: true, Source: variable.FromSystem, Scope: variable.Scope{Private: true},
				})
			}
		}
	}
	return nil
}

// gatherSecrets lists what no log may show: every secret that the deployment
// has been given, wherever it applies.
func (g *occasion) gatherSecrets() error {
	var all []variable.Value
	add := func(v variable.Value) {
		v.Name, v.Scope, v.Type, v.Sensitive = fmt.Sprint("secret", len(all)), variable.Scope{}, variable.TypeSensitive, true
		all = append(all, v)
	}
	for _, v := range g.values {
		if v.IsSensitive() {
			add(v)
		}
	}
	for _, hidden := range g.hidden {
		for _, v := range hidden {
			add(v)
		}
	}
	// Most deployments have no secrets, and making texts takes all variables.
	text := sync.OnceValue(func() func(string) string { return variable.Texts(g.frame.At(variable.Spot{}).Dictionary()) })
	for _, v := range g.values {
		if !variable.IsTyped(v.Type) || v.Value == "" || v.Prompt != nil {
			continue
		}
		parts, err := g.parts(v.Type, text()(v.Value))
		if err != nil {
			continue // it is reported where it is used
		}
		for _, p := range parts {
			if p.Sensitive {
				add(variable.Value{Value: p.Value})
			}
		}
	}
	if g.secrets = nil; len(all) > 0 {
		g.secrets, _ = variable.Resolve(all, variable.Context{}).Secrets(text())
	}
	return nil
}

// parts is known for callers at the same time.
func (g *occasion) parts(typ, id string) ([]variable.Part, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.known(typ, id)
}

// Secrets are the values that no log may show.
func (g *occasion) Secrets() []string { return g.secrets }

// place finds the step and the action of a plan's path in the process.
func (g *occasion) process(p *plan.Plan, path string) (*catalog.Step, *catalog.Action) {
	s, a := p.Find(path)
	if s == nil {
		return nil, nil
	}
	i := slices.IndexFunc(g.steps, func(c catalog.Step) bool { return c.ID == s.ID })
	if i < 0 {
		return nil, nil
	}
	if a == nil {
		return &g.steps[i], nil
	}
	j := slices.IndexFunc(g.steps[i].Actions, func(c catalog.Action) bool { return c.ID == a.ID })
	if j < 0 {
		return &g.steps[i], nil
	}
	return &g.steps[i], &g.steps[i].Actions[j]
}

// at decides every variable at one place of the plan.
func (g *occasion) at(path, target string, so plan.Standing, more ...variable.Value) *variable.Resolution {
	s, a := g.process(so.Plan, path)
	spot := variable.Spot{Machine: target}
	extra := slices.Concat(more, g.progressFacts(so), variable.Outputs(outputs(so)))
	f := variable.Facts{}
	if s != nil {
		spot.Step, spot.TargetRoles = s.ID, rolesOf(s)
		f.Step = g.stepFact(so.Plan, s)
	}
	if a != nil {
		spot.Action = a.ID
		f.Action = g.actionFact(so.Plan, s, a)
		extra = append(extra, g.hidden[a.ID]...)
	}
	if m := g.machine(target); m != nil {
		spot.MachineRoles = m.Roles
		f.Machine = machineFact(m, spot.TargetRoles)
	}
	return g.frame.At(spot, append(extra, variable.System(f)...)...)
}

// Eval decides a condition. What cannot be evaluated is not true.
func (g *occasion) Eval(expression, path, target string, so plan.Standing) (bool, error) {
	value, null, err := g.at(path, target, so).Dictionary().EvaluateNullable(expression)
	return err == nil && !null && octostache.Truthy(value), err
}

// option is a whole number that a variable gives; 0 if it gives none.
func option(d *octostache.Dictionary, name string) int {
	n, _ := d.Int(name)
	return n
}

// outputs lists what the steps have put out so far, the oldest first.
func outputs(so plan.Standing) []variable.Output {
	var all []variable.Output
	for i := range so.Records {
		r := &so.Records[i]
		s, a := so.Plan.Find(r.Path)
		if a == nil {
			continue
		}
		for name, o := range r.Outputs {
			out := variable.Output{Action: a.Name, Name: name, Value: o.Value, Sensitive: o.Sensitive}
			if r.Target != "" {
				out.MachineID, out.MachineName = r.Target, so.Plan.TargetName(r.Target)
			}
			all = append(all, out)
			if len(s.Actions) == 1 && !strings.EqualFold(s.Name, a.Name) {
				out.Action = s.Name
				all = append(all, out)
			}
		}
	}
	return all
}
