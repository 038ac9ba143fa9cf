package deploy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/rule"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
	"github.com/takodeploy/tako/internal/variable"
)

// NewDeployments is what deployments of a release are made of: one for each
// environment, or for each tenant in the one environment.
type NewDeployments struct {
	Space        string
	Release      *catalog.Release
	Environments []string // ids, slugs or names
	Tenants      []string // ids, slugs or names
	TenantTags   []string // canonical names; whose tags pass is meant too
	DeployOptions
}

// DeployOptions are what a person decides about a deployment.
type DeployOptions struct {
	GuidedFailure            *bool // nil is what project and environment say
	ForcePackageDownload     *bool // nil is what the project says
	ForcePackageRedeployment bool
	SkipSteps                []string // ids, slugs or names of steps or actions
	SpecificMachines         []string // ids or names
	ExcludedMachines         []string
	SpecificTags             []string // target tags
	ExcludedTags             []string
	Variables                map[string]string // answers by variable name or element id
	QueueTime                time.Time
	Expiry                   time.Time
	Priority                 string // LifecycleDefault, On or Off
	Comments                 string
	UpdateVariables          bool // of the release, before
	FailTargetDiscovery      bool
	DebugMode                string
	// Freezes are those that the deployment is made in spite of, by id or name.
	Freezes      []string
	FreezeReason string
	// FromParent are values that a step of another deployment gives; they beat
	// those of the project.
	FromParent map[string]string
	// ParentSecrets names those of them that hold a secret.
	ParentSecrets []string
	// Parent and ParentKey name the record of the task that waits for it.
	Parent, ParentKey string
	// Allow is asked once for each deployment whether the caller may make it.
	Allow func(tx *store.Tx, project *catalog.Project, environment, tenant string) error
}

// MadeDeployment is a deployment with its task.
type MadeDeployment struct {
	Deployment *catalog.Deployment
	Task       *task.Task
}

// CreateDeployments makes deployments of a release, all of them or none.
func (s *Service) CreateDeployments(ctx context.Context, in NewDeployments) ([]MadeDeployment, error) {
	var made []MadeDeployment
	err := s.DB.Do(ctx, func(tx *store.Tx) (err error) {
		made, err = s.CreateDeploymentsTx(tx, in)
		return err
	})
	return made, err
}

// CreateDeploymentsTx is CreateDeployments in the caller's transaction.
func (s *Service) CreateDeploymentsTx(tx *store.Tx, in NewDeployments) ([]MadeDeployment, error) {
	r, err := catalog.Releases.Get(tx, in.Release.ID)
	if err != nil {
		return nil, err
	}
	if in.UpdateVariables {
		if err := s.updateVariables(tx, r); err != nil {
			return nil, err
		}
	}
	o, err := s.order(tx, r)
	if err != nil {
		return nil, err
	}
	if len(o.process.Steps) == 0 {
		return nil, fault.New(fault.Invalid, "Release %s has no steps, because the deployment process had none when it was created. Add a step and create another release.", r.Version)
	}
	pairs, err := o.pairs(tx, &in)
	if err != nil {
		return nil, err
	}
	for _, p := range pairs {
		if in.Allow == nil {
			break
		}
		if err := in.Allow(tx, o.project, p.environment.ID, p.tenantID()); err != nil {
			return nil, err
		}
	}
	var wrong fault.Complaints
	var made []MadeDeployment
	unknown := map[string]int{}
	for _, p := range pairs {
		m, err := s.deploy(tx, o, p, &in.DeployOptions, unknown)
		if fault.CodeOf(err) == fault.Invalid {
			complain(&wrong, err, p.title(len(pairs) > 1))
			continue
		}
		if err != nil {
			return nil, err
		}
		made = append(made, *m)
	}
	for name, times := range unknown {
		if times == len(pairs) {
			wrong.Add("Variables: '%s' is not a prompted variable of this release.", name)
		}
	}
	return made, wrong.Err()
}

// complain adds what is wrong with one deployment of several.
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

// deploy makes one deployment.
func (s *Service) deploy(tx *store.Tx, o *order, p pair, in *DeployOptions, unknown map[string]int) (*MadeDeployment, error) {
	progress, err := o.mayDeploy(p)
	if err != nil {
		return nil, err
	}
	d := &catalog.Deployment{ReleaseID: o.release.ID, EnvironmentID: p.environment.ID, TenantID: p.tenantID()}
	d.SpaceID, d.ProjectID, d.ChannelID = o.release.SpaceID, o.project.ID, o.channel.ID
	var wrong fault.Complaints
	if err := o.choose(tx, d, in, &wrong); err != nil {
		return nil, err
	}
	if err := o.needValues(tx, p, &wrong); err != nil {
		return nil, err
	}
	c := o.context(p)
	answers, names, err := o.answers(c, in.Variables)
	for _, name := range names {
		unknown[name]++
	}
	if err != nil {
		complain(&wrong, err, "")
	}
	if err := checkSchedule(in, s.now()); err != nil {
		complain(&wrong, err, "")
	}
	if p.tenant != nil {
		_, missing, err := tenantValues(tx, o.project, p.tenant, p.environment.ID)
		if err != nil {
			return nil, err
		}
		for i := range missing {
			wrong.Add("%s", missing[i].Sentence())
		}
	}
	// What is for later may find machines that are not there yet.
	if len(wrong) == 0 && !in.QueueTime.After(s.now()) {
		if err := o.requireTargets(tx, p, &d.Execution); err != nil {
			return nil, err
		}
	}
	if err := thaw(tx, o, p, in, s.now()); fault.CodeOf(err) == fault.Invalid {
		complain(&wrong, err, "")
	} else if err != nil {
		return nil, err
	}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	o.remember(d, answers, in)
	d.UseGuidedFailure = o.guided(p, c, answers, in.GuidedFailure)
	if d.Changes, err = changesOf(tx, o.release, d.EnvironmentID, d.TenantID); err != nil {
		return nil, err
	}
	if d.ChangesMarkdown, err = o.markdown(d.Changes, c, p); err != nil {
		return nil, err
	}
	return s.enqueue(tx, o, p, d, answers, in, progress)
}

// mayDeploy says whether the release may go there now.
func (o *order) mayDeploy(p pair) (*rule.Progression, error) {
	mode := rule.TenantMode(o.project.TenantedDeploymentMode)
	if !mode.AllowsTenant(p.tenantID()) {
		if p.tenant == nil {
			return nil, fault.New(fault.Invalid, "Project '%s' is deployed for tenants only; name a tenant.", o.project.Name)
		}
		return nil, fault.New(fault.Invalid, "Project '%s' is not deployed for tenants.", o.project.Name)
	}
	var stream *rule.StreamTenant
	if p.tenant != nil {
		t := tenantOf(p.tenant, o.project.ID)
		channel := channelOf(o.channel)
		switch {
		case t.Disabled:
			return nil, fault.New(fault.Invalid, "Tenant '%s' is disabled.", t.Name)
		case !t.ConnectedTo(p.environment.ID):
			return nil, fault.New(fault.Invalid, "Tenant '%s' is not connected to project '%s' in environment '%s'.", t.Name, o.project.Name, p.environment.Name)
		case !channel.AdmitsTenant(t.Tags):
			return nil, fault.New(fault.Invalid, "Channel '%s' is not for tenant '%s': it asks for the tags %s.", o.channel.Name, t.Name, rule.Quoted(o.channel.TenantTags, "and"))
		}
		stream = &t
	}
	progress := o.progress(stream)
	if ok, why := progress.CanDeploy(p.environment.ID); !ok {
		return nil, fault.New(fault.Invalid, "%s", why)
	}
	return progress, nil
}

// choose finds the machines, tags and steps that are named.
func (o *order) choose(tx *store.Tx, d *catalog.Deployment, in *DeployOptions, wrong *fault.Complaints) error {
	for _, list := range []struct {
		names []string
		ids   *[]string
	}{{in.SpecificMachines, &d.SpecificMachineIDs}, {in.ExcludedMachines, &d.ExcludedMachineIDs}} {
		for _, what := range list.names {
			m, err := catalog.Machines.Find(tx, o.release.SpaceID, strings.TrimSpace(what))
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
	d.SpecificTargetTagIDs, d.ExcludedTargetTagIDs = in.SpecificTags, in.ExcludedTags
	for _, what := range in.SkipSteps {
		d.SkipActions = append(d.SkipActions, o.skipped(what, wrong)...)
	}
	slices.Sort(d.SkipActions)
	d.SkipActions = slices.Compact(d.SkipActions)
	return nil
}

// skipped finds the actions that a name means: one, or all of a step.
func (o *order) skipped(what string, wrong *fault.Complaints) []string {
	var ids []string
	is := func(texts ...string) bool {
		return slices.ContainsFunc(texts, func(s string) bool { return s != "" && strings.EqualFold(s, strings.TrimSpace(what)) })
	}
	for i := range o.process.Steps {
		st := &o.process.Steps[i]
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
		wrong.Add("The process of this release has no step '%s' to skip.", what)
	}
	return ids
}

// context is the place of a deployment that variables are scoped to.
func (o *order) context(p pair) variable.Context {
	c := variable.Context{
		Environment: p.environment.ID, ParentEnvironment: p.environment.ParentEnvironmentID,
		Channel: o.channel.ID, Project: o.project.ID, ProcessOwner: o.project.ID,
	}
	if p.tenant != nil {
		c.Tenant, c.TenantTags = p.tenant.ID, p.tenant.TenantTags
	}
	return c
}

// answers are the values of the prompted variables.
func (o *order) answers(c variable.Context, given map[string]string) ([]variable.Value, []string, error) {
	form := variable.Prompts(o.values, c)
	return form.Apply(given)
}

// givenByParent describes the values of a deployment that a step of another
// one has given.
const givenByParent = "Given by the deployment that started this one"

// remember notes the answers in the deployment: open ones to be seen, all of
// them, sealed where they are secret, to be used.
func (o *order) remember(d *catalog.Deployment, answers []variable.Value, in *DeployOptions) {
	d.FormValues = map[string]string{}
	for _, v := range answers {
		text := v.Value
		d.Manifest = append(d.Manifest, catalog.Variable{
			Name: v.Name, Value: &text, Type: cmp.Or(v.Type, catalog.VariableString), IsSensitive: v.IsSensitive(),
			Scope: catalog.VariableScope{Machine: v.Scope.Machine, Action: v.Scope.Action, Role: v.Scope.Role},
		})
		if !v.IsSensitive() {
			d.FormValues[v.ID] = v.Value
		}
	}
	for _, name := range slices.Sorted(maps.Keys(in.FromParent)) {
		text := in.FromParent[name]
		v := catalog.Variable{Name: name, Value: &text, Type: catalog.VariableString, Description: givenByParent}
		if slices.Contains(in.ParentSecrets, name) {
			v.Type, v.IsSensitive = catalog.VariableSensitive, true
		}
		d.Manifest = append(d.Manifest, v)
	}
	d.ForcePackageDownload, d.ForcePackageRedeployment = o.project.ForcePackageDownload, in.ForcePackageRedeployment
	if in.ForcePackageDownload != nil {
		d.ForcePackageDownload = *in.ForcePackageDownload
	}
	d.FailTargetDiscovery = in.FailTargetDiscovery || o.project.FailTargetDiscovery
	d.DebugMode, d.Comments, d.Priority = in.DebugMode, in.Comments, in.Priority
	d.DeploymentFreezeOverrideReason = strings.TrimSpace(in.FreezeReason)
	d.TentacleRetentionPeriod = o.retention(d.EnvironmentID)
	if !in.QueueTime.IsZero() {
		d.QueueTime = &kind.Time{Time: in.QueueTime.UTC()}
	}
	if !in.Expiry.IsZero() {
		d.QueueTimeExpiry = &kind.Time{Time: in.Expiry.UTC()}
	}
}

// retention is how long targets of an environment keep what was deployed: the
// phase says so, or the nearest one before it that does, or the lifecycle.
func (o *order) retention(environment string) *catalog.RetentionPeriod {
	period := o.lifecycle.TentacleRetentionPolicy
	for i, phase := range rule.EffectivePhases(o.base.Phases, rule.Usable(o.base.Environments)) {
		if i < len(o.lifecycle.Phases) && o.lifecycle.Phases[i].TentacleRetentionPolicy != nil {
			period = *o.lifecycle.Phases[i].TentacleRetentionPolicy
		}
		if slices.Contains(phase.Environments, environment) {
			return &period
		}
	}
	return &period
}

// guided decides whether people are asked about failures: the deployment, a
// variable, the project and the environment may say so, in this order.
func (o *order) guided(p pair, c variable.Context, answers []variable.Value, asked *bool) bool {
	if asked != nil {
		return *asked
	}
	all := variable.Resolve(slices.Concat(o.values, answers), c)
	if _, ok := all.Lookup("Octopus.UseGuidedFailure"); ok {
		text, err := all.Dictionary().Evaluate("#{Octopus.UseGuidedFailure}")
		if err == nil && text != "" {
			return strings.EqualFold(strings.TrimSpace(text), "true")
		}
	}
	switch o.project.DefaultGuidedFailureMode {
	case "On":
		return true
	case "Off":
		return false
	}
	return p.environment.UseGuidedFailure
}

// farthest is how far ahead a deployment may be scheduled.
const farthest = 30 * 24 * time.Hour

func checkSchedule(in *DeployOptions, now time.Time) error {
	start := in.QueueTime
	switch {
	case !start.IsZero() && start.After(now.Add(farthest)):
		return fault.New(fault.Invalid, "RunAt is %s; a deployment can be scheduled at most 30 days ahead.", start.UTC().Format(time.RFC3339))
	case in.Expiry.IsZero():
		return nil
	case start.IsZero() || start.Before(now):
		start = now
	}
	if !in.Expiry.After(start) {
		return fault.New(fault.Invalid, "NoRunAfter is %s, which is not after the time at which the deployment is to start.", in.Expiry.UTC().Format(time.RFC3339))
	}
	return nil
}

// enqueue stores a deployment with its task.
func (s *Service) enqueue(tx *store.Tx, o *order, p pair, d *catalog.Deployment, answers []variable.Value, in *DeployOptions, progress *rule.Progression) (*MadeDeployment, error) {
	n, err := tx.Next("Deployments")
	if err != nil {
		return nil, err
	}
	d.ID = fmt.Sprintf("Deployments-%d", n)
	description := fmt.Sprintf("Deploy %s release %s to %s", o.project.Name, o.release.Version, p.environment.Name)
	if p.tenant != nil {
		description += " for " + p.tenant.Name
	}
	queued := task.New{
		Name: TaskDeploy, Description: description, SpaceID: d.SpaceID, ProjectID: o.project.ID, EnvironmentID: d.EnvironmentID,
		TenantID: d.TenantID, Arguments: deployArguments{d.ID}, CreatedBy: store.ActorOf(tx.Context()).UserID,
		Tag: o.tag(p, answers), Class: class(in.Priority, progress, d.EnvironmentID), Expiry: in.Expiry,
		Parent: in.Parent, ParentKey: in.ParentKey,
	}
	if in.QueueTime.After(s.now()) {
		queued.QueueTime = in.QueueTime
	} else if queued.InPlaceOf, err = s.supersede(tx, o, d); err != nil {
		return nil, err
	}
	t, err := s.Queue.EnqueueTx(tx, queued)
	if err != nil {
		return nil, err
	}
	d.TaskID = t.ID
	if err := catalog.Deployments.Put(tx, d); err != nil {
		return nil, err
	}
	if err := stand(tx, d); err != nil {
		return nil, err
	}
	err = tx.Append(&store.Event{
		Space: d.SpaceID, Category: "DeploymentQueued", Document: d.ID, Message: description + " was queued",
		Related: related(d), Comments: d.Comments,
	})
	return &MadeDeployment{d, t}, err
}

// related are the documents that an event about a deployment is about.
func related(d *catalog.Deployment) []string {
	all := []string{d.ProjectID, d.ReleaseID, d.EnvironmentID, d.ChannelID, d.TaskID}
	if d.TenantID != "" {
		all = append(all, d.TenantID)
	}
	return all
}

// concurrencyTag is the variable that overrides a task's concurrency tag.
const concurrencyTag = "Octopus.Task.ConcurrencyTag"

// tag is what keeps deployments of one project to one place apart.
func (o *order) tag(p pair, answers []variable.Value) string {
	tag := o.project.ID + "/" + p.environment.ID
	if p.tenant != nil {
		tag = p.tenant.ID + "/" + tag
	}
	all := variable.Resolve(slices.Concat(o.values, answers, variable.System(o.facts(p))), o.context(p))
	if _, ok := all.Lookup(concurrencyTag); !ok {
		return tag
	}
	text, err := all.Dictionary().Evaluate("#{" + concurrencyTag + "}")
	if text = strings.TrimSpace(text); err != nil || text == "" {
		return tag
	}
	return text
}

func class(priority string, progress *rule.Progression, environment string) task.Class {
	switch {
	case strings.EqualFold(priority, "On"), !strings.EqualFold(priority, "Off") && progress.IsPriority(environment):
		return task.Priority
	}
	return task.Normal
}

// facts are what is known of a deployment before there is one.
func (o *order) facts(p pair) variable.Facts {
	f := variable.Facts{
		Project:     variable.Ref{ID: o.project.ID, Name: o.project.Name},
		Environment: &variable.EnvironmentFacts{Ref: variable.Ref{ID: p.environment.ID, Name: p.environment.Name}, SortOrder: p.environment.SortOrder},
		Release: &variable.ReleaseFacts{
			ID: o.release.ID, Number: o.release.Version, Notes: o.release.ReleaseNotes, Created: o.release.Assembled.Time,
			CustomFields: o.release.CustomFields, ChannelName: o.channel.Name,
		},
	}
	if p.tenant != nil {
		f.Tenant = &variable.TenantFacts{Ref: variable.Ref{ID: p.tenant.ID, Name: p.tenant.Name}, Tags: p.tenant.TenantTags}
	}
	return f
}
