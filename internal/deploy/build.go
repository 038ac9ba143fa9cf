package deploy

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/plan"
	"github.com/takodeploy/tako/internal/rule"
	"github.com/takodeploy/tako/internal/step"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/variable"
	"github.com/takodeploy/tako/octostache"
)

// onServer are the action types whose work the server does itself.
var onServer = []string{"Octopus.Manual", "Octopus.Email", "Octopus.DeployRelease", step.ProvisionType}

// healthCheck is the action type that looks at targets instead of working on
// them, and so brings a limit of its own.
const healthCheck = "Octopus.HealthCheck"

// plan makes the plan: what applies here, and on which machines.
func (g *occasion) plan() (*plan.Plan, error) {
	everywhere := g.frame.At(variable.Spot{}).Dictionary()
	o := plan.Options{
		GuidedFailure: g.execution.UseGuidedFailure, MaxParallelism: option(everywhere, "Octopus.Action.MaxParallelism"),
		AcquireParallelism: option(everywhere, "Octopus.Acquire.MaxParallelism"),
	}
	b := &builder{occasion: g, everywhere: everywhere, seen: map[string]bool{}}
	for i := range g.steps {
		b.step(&g.steps[i])
	}
	if err := rule.RequireTargets(b.sets, g.connectivity); err != nil {
		return nil, err
	}
	o.Targets, o.Notes = b.targets, append(b.notes, g.frame.At(variable.Spot{}).Warnings()...)
	return plan.Compose(b.drafts, o)
}

// builder makes the drafts of a plan's steps.
type builder struct {
	*occasion
	everywhere *octostache.Dictionary
	drafts     []plan.Draft
	sets       []rule.TargetSet
	targets    []plan.Target
	notes      []string
	seen       map[string]bool // targets and notes
}

func (b *builder) note(sentence string) {
	if !b.seen["note "+sentence] {
		b.seen["note "+sentence] = true
		b.notes = append(b.notes, sentence)
	}
}

// step makes the draft of one step.
func (b *builder) step(s *catalog.Step) {
	d := plan.Draft{
		Step: plan.Step{
			ID: s.ID, Name: s.Name, Condition: plan.Condition(s.Condition), Start: plan.StartTrigger(s.StartTrigger),
			Expression: s.Properties[catalog.SettingStepCondition].Text, Roles: rolesOf(s),
		},
		Requirement: plan.Requirement(s.PackageRequirement),
	}
	d.OnTargets = len(d.Roles) > 0
	d.RollingWindow = b.whole("Step '"+s.Name+"'", s.Properties, catalog.SettingWindow)
	applies, left := 0, 0
	for i := range s.Actions {
		a := b.action(&s.Actions[i], d.OnTargets)
		d.OwnConcurrency = d.OwnConcurrency || a.Type == healthCheck
		switch {
		case a.Skip == "":
			applies++
		case slices.Contains(b.execution.SkipActions, a.ID):
			left++
		}
		d.Actions = append(d.Actions, a)
	}
	if applies == 0 && len(d.Actions) > 0 {
		d.UserSkip = left > 0
		d.Skip = d.Actions[0].Skip
	}
	if d.OnTargets && d.Skip == "" {
		d.Targets = b.machinesFor(d.Roles)
	}
	b.drafts = append(b.drafts, d)
}

// text evaluates a setting with what holds everywhere.
func (b *builder) text(setting string) string {
	value, err := b.everywhere.Evaluate(setting)
	if err != nil {
		return setting
	}
	return value
}

// whole is a setting that is a whole number. One that has become something else
// by its variables counts as not given, and the log says so.
func (b *builder) whole(owner string, properties map[string]kind.Property, name string) int {
	n, complaint := catalog.WholeSetting(name, b.text(properties[name].Text))
	if complaint != "" {
		b.note(owner + ": the property " + complaint + " It counts as not given.")
	}
	return n
}

// query says which machines steps with the roles want.
func (g *occasion) query(roles []string) rule.TargetQuery {
	e := g.execution
	return rule.TargetQuery{
		Environment: g.environment.ID, Tenant: g.context.Tenant, TenantTags: g.context.TenantTags, Roles: roles,
		Specific: e.SpecificMachineIDs, Excluded: e.ExcludedMachineIDs,
		SpecificTags: e.SpecificTargetTagIDs, ExcludedTags: e.ExcludedTargetTagIDs, Connectivity: g.connectivity,
	}
}

// machinesFor chooses the targets of a step and notes what is left out.
func (b *builder) machinesFor(roles []string) []string {
	set := rule.Targets(b.machines, b.query(roles))
	b.sets = append(b.sets, set)
	for _, out := range set.LeftOut {
		if out.Kind != rule.OtherEnvironment && out.Kind != rule.OtherTags {
			b.note(out.Reason)
		}
	}
	for _, warning := range set.Warnings {
		b.note(warning)
	}
	var ids []string
	for _, m := range set.Targets {
		ids = append(ids, m.ID)
		if !b.seen[m.ID] {
			b.seen[m.ID] = true
			b.targets = append(b.targets, plan.Target{ID: m.ID, Name: m.Name})
		}
	}
	return ids
}

// action makes one action of a step.
func (b *builder) action(a *catalog.Action, onTargets bool) plan.Action {
	made := plan.Action{
		ID: a.ID, Name: a.Name, Type: a.ActionType, Condition: plan.Condition(a.Condition),
		Expression: a.Properties[catalog.SettingActionCondition].Text, Required: a.IsRequired,
		Skip: b.notHere(a), Properties: map[string]string{},
		Block: flagged(b.text(a.Properties["Octopus.Action.Manual.BlockConcurrentDeployments"].Text)),
	}
	if why := unknownType(a); why != "" && made.Skip == "" {
		b.note(why)
	}
	for name, p := range a.Properties {
		if p.Secret == nil {
			made.Properties[name] = p.Text
		}
	}
	made.RunOn = runOn(a, onTargets)
	if made.RunOn != plan.OnServer {
		made.WorkerPool = b.pool(a)
	}
	owner := "Action '" + a.Name + "'"
	made.Retries = b.whole(owner, a.Properties, catalog.SettingRetries)
	made.Backoff = time.Duration(b.whole(owner, a.Properties, catalog.SettingBackoff)) * time.Second
	made.Timeout = time.Duration(b.whole(owner, a.Properties, catalog.SettingTimeout)) * time.Minute
	for i := range a.Packages {
		made.Packages = append(made.Packages, b.packageOf(a, &a.Packages[i]))
	}
	return made
}

// unknownType warns of an action that nothing here carries out. Its process is
// kept as it is, since other servers and later versions know more types.
func unknownType(a *catalog.Action) string {
	if _, known := step.Find(a.ActionType); known {
		return ""
	}
	return fmt.Sprintf("Action '%s' has the type '%s', which this server does not know; it will fail when its turn comes.", a.Name, a.ActionType)
}

// runOn says where the work of an action happens.
func runOn(a *catalog.Action, onTargets bool) plan.RunOn {
	worker := flagged(a.Properties["Octopus.Action.RunOnServer"].Text)
	switch {
	case slices.Contains(onServer, a.ActionType):
		return plan.OnServer
	case onTargets && worker:
		return plan.OnWorkerForTarget
	case onTargets:
		return plan.OnTarget
	}
	return plan.OnWorker
}

func flagged(text string) bool { return strings.EqualFold(strings.TrimSpace(text), "true") }

// pool is the worker pool that an action names, by itself or by a variable.
func (b *builder) pool(a *catalog.Action) string {
	if a.WorkerPoolID != "" || a.WorkerPoolVariable == "" {
		return a.WorkerPoolID
	}
	value, _ := b.everywhere.Get(a.WorkerPoolVariable)
	return value
}

// packageOf is a package of an action at the version of this deployment.
func (b *builder) packageOf(a *catalog.Action, p *catalog.PackageReference) step.Package {
	made := step.Package{
		Reference: p.Name, PackageID: b.text(p.PackageID), FeedID: b.text(p.FeedID), Version: b.text(b.version(a, p)),
		Acquire: step.Acquire(p.AcquisitionLocation), Extract: flagged(p.Properties["Extract"]), Properties: p.Properties,
	}
	switch {
	case strings.EqualFold(p.AcquisitionLocation, string(step.ByTarget)):
		made.Acquire = step.ByTarget
	case strings.EqualFold(p.AcquisitionLocation, string(step.ByNobody)):
		made.Acquire = step.ByNobody
	case a.ActionType == "Octopus.DeployRelease":
		made.Acquire = step.ByNobody // its version is that of a release
	default:
		made.Acquire = step.ByServer
	}
	return made
}

// notHere says why an action does not apply to this deployment; "" if it does.
func (g *occasion) notHere(a *catalog.Action) string {
	switch {
	case a.IsDisabled:
		return "It is disabled."
	case slices.Contains(g.execution.SkipActions, a.ID):
		return "It was left out of this run."
	case len(a.Environments) > 0 && !g.among(a.Environments):
		return "It does not run in environment \"" + g.environment.Name + "\"."
	case g.among(a.ExcludedEnvironments):
		return "It is kept out of environment \"" + g.environment.Name + "\"."
	case len(a.Channels) > 0 && g.channel != "" && !slices.Contains(a.Channels, g.channel):
		return "It does not run for releases of this channel."
	case len(a.TenantTags) > 0 && (g.tenant == nil || !rule.MatchTags(a.TenantTags, g.tenant.TenantTags)):
		if g.tenant == nil {
			return "It runs for tenants with certain tags only."
		}
		return "It does not run for tenant \"" + g.tenant.Name + "\"."
	}
	return ""
}

// among says that a list has the environment or the parent of an ephemeral one.
func (g *occasion) among(environments []string) bool {
	return slices.Contains(environments, g.environment.ID) || g.environment.ParentEnvironmentID != "" && slices.Contains(environments, g.environment.ParentEnvironmentID)
}

// Began appends the audit event of the beginning.
func (g *occasion) Began(tx *store.Tx) error { return g.tell(tx, "Started", "was started") }

// refused appends the audit events of what could not begin, once however often
// it is tried.
func (g *occasion) refused(tx *store.Tx, why error) error {
	// The events of one deployment are few and those of a category many: the
	// engine is kept from looking through the latter.
	var one int
	said, err := tx.QueryRow([]any{&one}, "select 1 from event where document = $1 and category || '' = $2 limit 1", g.id, g.what+"Failed")
	if err != nil || said {
		return err
	}
	if err := g.Began(tx); err != nil {
		return err
	}
	return g.tell(tx, "Failed", "failed: "+why.Error())
}

// tell appends an audit event.
func (g *occasion) tell(tx *store.Tx, category, verb string) error {
	return tx.Append(&store.Event{
		Space: g.project.SpaceID, Category: g.what + category, Document: g.id, Related: g.related(), Message: g.task.Description + " " + verb,
	})
}

// related are the documents that an event about the deployment is about.
func (g *occasion) related() []string {
	all := []string{g.project.ID, g.environment.ID, g.task.ID}
	if g.tenant != nil {
		all = append(all, g.tenant.ID)
	}
	if g.channel != "" {
		all = append(all, g.channel)
	}
	if r := g.facts.Release; r != nil {
		all = append(all, r.ID)
	}
	if r := g.facts.Runbook; r != nil {
		all = append(all, r.Runbook.ID, r.Snapshot.ID)
	}
	return all
}

// chooseWorker chooses a worker for an action.
func (g *occasion) chooseWorker(j *step.Job, pool string) (step.Place, error) {
	q := rule.WorkerQuery{Pool: pool}
	if m := g.machine(j.Target); m != nil {
		q.TargetPool = m.Endpoint.DefaultWorkerPoolID
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	q.Prefer = g.worker
	choice, err := rule.ChooseWorker(g.pools, g.workers, q)
	switch {
	case err != nil:
		return step.Place{}, err
	case choice.Pool.Dynamic:
		return step.Place{}, fault.New(fault.Unavailable, "Worker pool %q makes its workers when they are asked for, and this server has nothing to make them with.", choice.Pool.Name)
	case choice.BuiltIn && !g.builtIn:
		return step.Place{}, fault.New(fault.Unavailable, "Worker pool %q has no worker, and the built-in worker is switched off in the server's features (IsBuiltInWorkerEnabled). Add a worker to the pool, or switch the built-in worker on.", choice.Pool.Name)
	case choice.BuiltIn:
		return step.Place{Name: "the built-in worker", Worker: true}, nil
	}
	g.worker = choice.Worker.ID
	return step.Place{ID: choice.Worker.ID, Name: choice.Worker.Name, Worker: true}, nil
}

// machine finds a target. One that has joined since the deployment began, as a
// health check finds them, is read when it is first asked for.
func (g *occasion) machine(id string) *catalog.Machine {
	if id == "" {
		return nil
	}
	g.mu.Lock()
	m := g.byID[id]
	g.mu.Unlock()
	if m != nil || !strings.HasPrefix(id, "Machines-") {
		return m
	}
	err := g.DB.View(context.Background(), func(tx *store.Tx) (err error) {
		m, err = catalog.Machines.Get(tx, id)
		return err
	})
	if err != nil {
		return nil // the caller says that it is not there
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.byID[id] = m
	return m
}

// runnable says whether actions can run on the target itself; on others a
// worker works for it.
func runnable(m *catalog.Machine) bool {
	switch m.Endpoint.CommunicationStyle {
	case catalog.StyleSSH, catalog.StyleListening, catalog.StylePolling, catalog.StyleKubernetesAgent:
		return true
	}
	return false
}

// Place chooses where an action runs.
func (g *occasion) Place(_ context.Context, j *step.Job, on plan.RunOn, pool string) (step.Place, error) {
	if j.Place.ID != "" {
		return g.named(j.Place), nil
	}
	m := g.machine(j.Target)
	switch {
	case on == plan.OnServer:
		return step.Place{}, nil
	case on == plan.OnTarget && j.Target != "" && m == nil:
		return step.Place{}, fault.New(fault.NotFound, "Target %s does not exist any more.", j.Target)
	case on == plan.OnTarget && m != nil && runnable(m):
		return step.Place{ID: m.ID, Name: m.Name}, nil
	}
	return g.chooseWorker(j, pool)
}

// named fills in the name of a place.
func (g *occasion) named(p step.Place) step.Place {
	if m := g.machine(p.ID); m != nil {
		p.Name = m.Name
		return p
	}
	for _, w := range g.workers {
		if w.ID == p.ID {
			p.Name, p.Worker = w.Name, true
			g.mu.Lock()
			g.worker = w.ID
			g.mu.Unlock()
		}
	}
	return p
}

// Fill completes a job: its variables and tools.
func (g *occasion) Fill(ctx context.Context, j *step.Job, so plan.Standing) error {
	var more []variable.Value
	if j.Place.Worker {
		for _, w := range g.workers {
			if w.ID == j.Place.ID && len(w.PoolIDs) > 0 {
				more = append(more, variable.System(variable.Facts{WorkerPool: g.poolRef(w.PoolIDs[0])})...)
			}
		}
	}
	r := g.at(j.Path, j.Target, so, more...)
	text := variable.Texts(r.Dictionary())
	if err := r.Expand(text, g.parts); err != nil {
		return fault.Wrap(fault.Invalid, err, "A variable cannot be used")
	}
	j.Variables, j.Tools = r, g.Tools
	if j.Answer != nil && j.Type == "Octopus.DeployRelease" {
		return g.enrich(ctx, j.Answer)
	}
	return nil
}

func (g *occasion) poolRef(id string) variable.Ref {
	for _, p := range g.pools {
		if p.ID == id {
			return variable.Ref{ID: p.ID, Name: p.Name}
		}
	}
	return variable.Ref{ID: id}
}
