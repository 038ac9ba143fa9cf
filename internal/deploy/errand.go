package deploy

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/rule"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/variable"
)

// errand is what is to be carried out at one place or several, without regard
// to what it is: a release of a project, or a snapshot of a runbook.
type errand struct {
	what    string // "release" or "runbook", for sentences about its process
	subject string // whose tenancy counts, for sentences
	verb    string // what is done with it, for sentences
	mode    rule.TenantMode

	project      *catalog.Project
	channel      *catalog.Channel // nil for a runbook
	owner        string           // of the process: the project or the runbook
	steps        []catalog.Step
	values       []variable.Value // secrets open
	connectivity catalog.ConnectivityPolicy
	guidedMode   string
	download     bool // packages, even where they are already
	discovery    bool // failing, fails the whole
}

// pair is one place at which an errand is carried out.
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

// title begins a sentence about one of several places.
func (p *pair) title(several bool) string {
	switch {
	case !several:
		return ""
	case p.tenant != nil:
		return p.tenant.Name + " in " + p.environment.Name + ": "
	}
	return p.environment.Name + ": "
}

// places are where an errand shall be carried out, as somebody has said it.
type places struct {
	environments, tenants, tags []string
}

// pairs finds the places that are meant.
func (e *errand) pairs(tx *store.Tx, in places) ([]pair, error) {
	var wrong fault.Complaints
	var environments []*catalog.Environment
	for _, what := range in.environments {
		found, err := catalog.Environments.Find(tx, e.project.SpaceID, strings.TrimSpace(what))
		if fault.Is(err, fault.NotFound) {
			wrong.Add("There is no environment '%s' in this space.", what)
			continue
		}
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(environments, func(known *catalog.Environment) bool { return known.ID == found.ID }) {
			environments = append(environments, found)
		}
	}
	if len(in.environments) == 0 {
		wrong.Add("EnvironmentNames must name at least one environment.")
	}
	tenanted := len(in.tenants)+len(in.tags) > 0
	var tenants []*catalog.Tenant
	named := 0
	if tenanted {
		var err error
		if tenants, named, err = e.tenants(tx, in, environments, &wrong); err != nil {
			return nil, err
		}
	}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	var pairs []pair
	for _, at := range environments {
		if !tenanted {
			pairs = append(pairs, pair{at, nil})
		}
		for i, t := range tenants {
			// Who is meant by tags is not meant where there is no connection.
			plain := tenantOf(t, e.project.ID)
			if i < named || plain.ConnectedTo(at.ID) {
				pairs = append(pairs, pair{at, t})
			}
		}
	}
	return pairs, nil
}

// tenants finds the tenants that are meant: first those named, then those
// whose tags pass and who are connected to an environment.
func (e *errand) tenants(tx *store.Tx, in places, environments []*catalog.Environment, wrong *fault.Complaints) (chosen []*catalog.Tenant, named int, err error) {
	for _, what := range in.tenants {
		t, err := catalog.Tenants.Find(tx, e.project.SpaceID, strings.TrimSpace(what))
		if fault.Is(err, fault.NotFound) {
			wrong.Add("There is no tenant '%s' in this space.", what)
			continue
		}
		if err != nil {
			return nil, 0, err
		}
		if !slices.ContainsFunc(chosen, func(known *catalog.Tenant) bool { return known.ID == t.ID }) {
			chosen = append(chosen, t)
		}
	}
	named = len(chosen)
	if len(in.tags) == 0 {
		return chosen, named, nil
	}
	all, plain, err := tenantsOf(tx, e.project.SpaceID, e.project.ID)
	if err != nil {
		return nil, 0, err
	}
	for i := range plain {
		t := &plain[i]
		there := func(at *catalog.Environment) bool { return t.ConnectedTo(at.ID) }
		if t.Disabled || !rule.MatchTags(in.tags, t.Tags) || !e.channelAdmits(t) || !slices.ContainsFunc(environments, there) ||
			slices.ContainsFunc(chosen[:named], func(known *catalog.Tenant) bool { return known.ID == t.ID }) {
			continue
		}
		chosen = append(chosen, all[i])
	}
	if len(chosen) == 0 {
		wrong.Add("No tenant with the tags %s is connected to project '%s' in the environment.", rule.Quoted(in.tags, "and"), e.project.Name)
	}
	return chosen, named, nil
}

func (e *errand) channelAdmits(t *rule.StreamTenant) bool {
	if e.channel == nil {
		return true
	}
	channel := channelOf(e.channel)
	return channel.AdmitsTenant(t.Tags)
}

// admits says whether a place may be one of the errand, as far as tenants go.
// It gives the tenant; nil is the untenanted stream.
func (e *errand) admits(p pair) (*rule.StreamTenant, error) {
	switch {
	case e.mode.AllowsTenant(p.tenantID()):
	case p.tenant == nil:
		return nil, fault.New(fault.Invalid, "%s is %s for tenants only; name a tenant.", e.subject, e.verb)
	default:
		return nil, fault.New(fault.Invalid, "%s is not %s for tenants.", e.subject, e.verb)
	}
	if p.tenant == nil {
		return nil, nil
	}
	t := tenantOf(p.tenant, e.project.ID)
	switch {
	case t.Disabled:
		return nil, fault.New(fault.Invalid, "Tenant '%s' is disabled.", t.Name)
	case !t.ConnectedTo(p.environment.ID):
		return nil, fault.New(fault.Invalid, "Tenant '%s' is not connected to project '%s' in environment '%s'.", t.Name, e.project.Name, p.environment.Name)
	case !e.channelAdmits(&t):
		return nil, fault.New(fault.Invalid, "Channel '%s' is not for tenant '%s': it asks for the tags %s.", e.channel.Name, t.Name, rule.Quoted(e.channel.TenantTags, "and"))
	}
	return &t, nil
}

// visit does something at every place, after asking whether the caller may,
// and gathers what is wrong with any of them.
func (e *errand) visit(tx *store.Tx, pairs []pair, in *DeployOptions, one func(p pair, unknown map[string]int) error) error {
	for _, p := range pairs {
		if in.Allow == nil {
			break
		}
		if err := in.Allow(tx, e.project, p.environment.ID, p.tenantID()); err != nil {
			return err
		}
	}
	var wrong fault.Complaints
	unknown := map[string]int{}
	for _, p := range pairs {
		err := one(p, unknown)
		if fault.CodeOf(err) == fault.Invalid {
			complain(&wrong, err, p.title(len(pairs) > 1))
			continue
		}
		if err != nil {
			return err
		}
	}
	for name, times := range unknown {
		if times == len(pairs) {
			wrong.Add("Variables: '%s' is not a prompted variable of this %s.", name, e.what)
		}
	}
	return wrong.Err()
}

// complain adds what is wrong with one place of several.
func complain(wrong *fault.Complaints, err error, prefix string) {
	sentences := []string{err.Error()}
	var f *fault.Error
	if errors.As(err, &f) && len(f.Details) > 0 {
		sentences = f.Details
	}
	for _, sentence := range sentences {
		if !slices.Contains(*wrong, prefix+sentence) {
			wrong.Add("%s", prefix+sentence)
		}
	}
}

// settle notes in an execution what a person decides about it, and complains
// of what cannot be. It gives the answers to what is asked.
func (s *Service) settle(tx *store.Tx, e *errand, p pair, x *catalog.Execution, in *DeployOptions, unknown map[string]int, wrong *fault.Complaints) ([]variable.Value, error) {
	if err := e.choose(tx, x, in, wrong); err != nil {
		return nil, err
	}
	if err := e.needValues(tx, p, wrong); err != nil {
		return nil, err
	}
	c := e.context(p)
	form := variable.Prompts(e.values, c)
	answers, names, err := form.Apply(in.Variables)
	for _, name := range names {
		unknown[name]++
	}
	if err != nil {
		complain(wrong, err, "")
	}
	for i := range answers {
		a := &answers[i]
		if err := catalog.CheckAnswer(tx, e.project.SpaceID, a.Name, a.Type, a.Value, wrong); err != nil {
			return nil, err
		}
	}
	if err := checkSchedule(in, s.now()); err != nil {
		complain(wrong, err, "")
	}
	// What is for later may find machines that are not there yet.
	if len(*wrong) == 0 && !in.QueueTime.After(s.now()) {
		if err := e.requireTargets(tx, p, x); fault.CodeOf(err) == fault.Invalid {
			complain(wrong, err, "")
		} else if err != nil {
			return nil, err
		}
	}
	e.remember(x, answers, in)
	x.UseGuidedFailure = e.guided(p, c, answers, in.GuidedFailure)
	return answers, nil
}

// choose finds the machines, tags and steps that are named.
func (e *errand) choose(tx *store.Tx, x *catalog.Execution, in *DeployOptions, wrong *fault.Complaints) error {
	for _, list := range []struct {
		names []string
		ids   *[]string
	}{{in.SpecificMachines, &x.SpecificMachineIDs}, {in.ExcludedMachines, &x.ExcludedMachineIDs}} {
		for _, what := range list.names {
			m, err := catalog.Machines.Find(tx, e.project.SpaceID, strings.TrimSpace(what))
			if fault.Is(err, fault.NotFound) {
				wrong.Add("There is no deployment target '%s' in this space.", what)
				continue
			}
			if err != nil {
				return err
			}
			*list.ids = append(*list.ids, m.ID)
		}
	}
	x.SpecificTargetTagIDs, x.ExcludedTargetTagIDs = in.SpecificTags, in.ExcludedTags
	for _, what := range in.SkipSteps {
		x.SkipActions = append(x.SkipActions, e.skipped(what, wrong)...)
	}
	slices.Sort(x.SkipActions)
	x.SkipActions = slices.Compact(x.SkipActions)
	return nil
}

// skipped finds the actions that a name means: one, or all of a step.
func (e *errand) skipped(what string, wrong *fault.Complaints) []string {
	var ids []string
	is := func(texts ...string) bool {
		return slices.ContainsFunc(texts, func(s string) bool { return s != "" && strings.EqualFold(s, strings.TrimSpace(what)) })
	}
	for i := range e.steps {
		st := &e.steps[i]
		whole := is(st.ID, st.Name, st.Slug)
		for j := range st.Actions {
			a := &st.Actions[j]
			if !whole && !is(a.ID, a.Name, a.Slug) {
				continue
			}
			if a.IsRequired {
				wrong.Add("Step '%s' is required and cannot be skipped.", a.Name)
			}
			ids = append(ids, a.ID)
		}
	}
	if ids == nil {
		wrong.Add("The process of this %s has no step '%s' to skip.", e.what, what)
	}
	return ids
}

// context is a place that variables are scoped to.
func (e *errand) context(p pair) variable.Context {
	c := variable.Context{
		Environment: p.environment.ID, ParentEnvironment: p.environment.ParentEnvironmentID, Project: e.project.ID, ProcessOwner: e.owner,
	}
	if e.channel != nil {
		c.Channel = e.channel.ID
	}
	if p.tenant != nil {
		c.Tenant, c.TenantTags = p.tenant.ID, p.tenant.TenantTags
	}
	return c
}

// Who has given values that no person has.
const (
	givenByParent  = "Given by the deployment that started this one"
	givenByTrigger = "Given by the trigger that started this"
)

// remember notes the answers: open ones to be seen, all of them, sealed where
// they are secret, to be used.
func (e *errand) remember(x *catalog.Execution, answers []variable.Value, in *DeployOptions) {
	x.FormValues = map[string]string{}
	for _, v := range answers {
		text := v.Value
		x.Manifest = append(x.Manifest, catalog.Variable{
			Name: v.Name, Value: &text, Type: cmp.Or(v.Type, catalog.VariableString), IsSensitive: v.IsSensitive(),
			Scope: catalog.VariableScope{Machine: v.Scope.Machine, Action: v.Scope.Action, Role: v.Scope.Role},
		})
		if !v.IsSensitive() {
			x.FormValues[v.ID] = v.Value
		}
	}
	for _, name := range slices.Sorted(maps.Keys(in.FromParent)) {
		text := in.FromParent[name]
		v := catalog.Variable{Name: name, Value: &text, Type: catalog.VariableString, Description: givenByParent}
		if slices.Contains(in.ParentSecrets, name) {
			v.Type, v.IsSensitive = catalog.VariableSensitive, true
		}
		x.Manifest = append(x.Manifest, v)
	}
	if t := in.Trigger; t.ID != "" {
		for name, text := range map[string]string{"Octopus.Deployment.Trigger.Id": t.ID, "Octopus.Deployment.Trigger.Name": t.Name} {
			x.Manifest = append(x.Manifest, catalog.Variable{Name: name, Value: &text, Type: catalog.VariableString, Description: givenByTrigger})
		}
	}
	x.ForcePackageDownload, x.ForcePackageRedeployment = e.download, in.ForcePackageRedeployment
	if in.ForcePackageDownload != nil {
		x.ForcePackageDownload = *in.ForcePackageDownload
	}
	x.FailTargetDiscovery = in.FailTargetDiscovery || e.discovery
	x.DebugMode, x.Comments, x.Priority = in.DebugMode, in.Comments, in.Priority
	if !in.QueueTime.IsZero() {
		x.QueueTime = &kind.Time{Time: in.QueueTime.UTC()}
	}
	if !in.Expiry.IsZero() {
		x.QueueTimeExpiry = &kind.Time{Time: in.Expiry.UTC()}
	}
}

// guided decides whether people are asked about failures: the execution, a
// variable, the project or runbook and the environment may say so, in this
// order.
func (e *errand) guided(p pair, c variable.Context, answers []variable.Value, asked *bool) bool {
	if asked != nil {
		return *asked
	}
	all := variable.Resolve(slices.Concat(e.values, answers), c)
	if _, ok := all.Lookup("Octopus.UseGuidedFailure"); ok {
		text, err := all.Dictionary().Evaluate("#{Octopus.UseGuidedFailure}")
		if err == nil && text != "" {
			return strings.EqualFold(strings.TrimSpace(text), "true")
		}
	}
	switch e.guidedMode {
	case "On":
		return true
	case "Off":
		return false
	}
	return p.environment.UseGuidedFailure
}

// farthest is how far ahead something may be scheduled.
const farthest = 30 * 24 * time.Hour

func checkSchedule(in *DeployOptions, now time.Time) error {
	start := in.QueueTime
	switch {
	case !start.IsZero() && start.After(now.Add(farthest)):
		return fault.New(fault.Invalid, "RunAt (QueueTime) is %s; a deployment can be scheduled at most 30 days ahead.", start.UTC().Format(time.RFC3339))
	case in.Expiry.IsZero():
		return nil
	case start.IsZero() || start.Before(now):
		start = now
	}
	if !in.Expiry.After(start) {
		return fault.New(fault.Invalid, "NoRunAfter (QueueTimeExpiry) is %s, which is not after the time at which the deployment is to start.", in.Expiry.UTC().Format(time.RFC3339))
	}
	return nil
}

// concurrencyTag is the variable that overrides a task's concurrency tag.
const concurrencyTag = "Octopus.Task.ConcurrencyTag"

// tag is what keeps tasks apart that must not run at the same time, unless a
// variable says otherwise.
func (e *errand) tag(p pair, answers []variable.Value, facts variable.Facts, usual string) string {
	all := variable.Resolve(slices.Concat(e.values, answers, variable.System(facts)), e.context(p))
	if _, ok := all.Lookup(concurrencyTag); !ok {
		return usual
	}
	text, err := all.Dictionary().Evaluate("#{" + concurrencyTag + "}")
	if text = strings.TrimSpace(text); err != nil || text == "" {
		return usual
	}
	return text
}

// facts are what is known of the place of an errand.
func (e *errand) facts(p pair) variable.Facts {
	f := variable.Facts{
		Project:     variable.Ref{ID: e.project.ID, Name: e.project.Name},
		Environment: &variable.EnvironmentFacts{Ref: variable.Ref{ID: p.environment.ID, Name: p.environment.Name}, SortOrder: p.environment.SortOrder},
	}
	if p.tenant != nil {
		f.Tenant = &variable.TenantFacts{Ref: variable.Ref{ID: p.tenant.ID, Name: p.tenant.Name}, Tags: p.tenant.TenantTags}
	}
	return f
}

// scout gives an occasion at a place that is only looked at: what applies there
// and on which machines. choices are those of what is to be made.
func (e *errand) scout(tx *store.Tx, p pair, choices *catalog.Execution) (*occasion, error) {
	c := e.context(p)
	g := &occasion{
		project: e.project, environment: p.environment, tenant: p.tenant, channel: c.Channel, steps: e.steps, context: c,
		execution: choices, connectivity: connectivityOf(e.connectivity),
	}
	var err error
	g.machines, g.byID, err = machinesOf(tx, p.environment)
	return g, err
}

// requireTargets refuses an errand whose steps want machines that are not
// there.
func (e *errand) requireTargets(tx *store.Tx, p pair, choices *catalog.Execution) error {
	if !slices.ContainsFunc(e.steps, func(s catalog.Step) bool { return len(rolesOf(&s)) > 0 }) {
		return nil
	}
	g, err := e.scout(tx, p, choices)
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
