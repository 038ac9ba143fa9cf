package deploy

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/plan"
	"github.com/takodeploy/tako/internal/rule"
	"github.com/takodeploy/tako/internal/setting"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
	"github.com/takodeploy/tako/internal/variable"
)

// commonFacts are what the server knows of a deployment or run as a whole.
func (g *occasion) commonFacts(tx *store.Tx) error {
	f := &g.facts
	places, err := tx.Lock([]string{g.project.SpaceID, g.project.ProjectGroupID})
	if err != nil {
		return err
	}
	f.Space = variable.Ref{ID: g.project.SpaceID, Name: places[g.project.SpaceID].Name}
	f.ProjectGroup = variable.Ref{ID: g.project.ProjectGroupID, Name: places[g.project.ProjectGroupID].Name}
	f.Project = variable.Ref{ID: g.project.ID, Name: g.project.Name}
	e := &variable.EnvironmentFacts{Ref: variable.Ref{ID: g.environment.ID, Name: g.environment.Name}, SortOrder: g.environment.SortOrder, MachinesInRole: map[string][]string{}}
	for i := range g.machines {
		m := &g.machines[i]
		if m.Disabled || !slices.Contains(m.Environments, g.environment.ID) {
			continue
		}
		for _, role := range m.Roles {
			e.MachinesInRole[role] = append(e.MachinesInRole[role], m.ID)
		}
	}
	f.Environment = e
	if g.tenant != nil {
		f.Tenant = &variable.TenantFacts{Ref: variable.Ref{ID: g.tenant.ID, Name: g.tenant.Name}, Tags: g.tenant.TenantTags}
	}
	t := g.task
	f.Task = &variable.TaskFacts{Ref: variable.Ref{ID: t.ID, Name: t.Name}, QueueTime: t.QueueTime, QueueTimeExpiry: t.Expiry, ConcurrencyTag: t.Tag}
	features, err := setting.Features.Get(tx)
	if err != nil {
		return err
	}
	g.builtIn = features.IsBuiltInWorkerEnabled
	base, err := setting.Address(tx, g.URL)
	if err != nil {
		return err
	}
	if base != "" {
		f.Server = &variable.ServerFacts{BaseURL: base, ServerURI: base, ProjectLink: base + "/app#/" + g.project.SpaceID + "/projects/" + g.project.Slug}
		if r := f.Runbook; r != nil {
			r.SnapshotLink = f.Server.ProjectLink + "/operations/runbooks/" + r.Runbook.ID + "/snapshots/" + r.Snapshot.ID
			r.RunLink = r.SnapshotLink + "/runs/" + g.id
		}
		if f.Release != nil {
			f.Server.ReleaseLink = base + "/app#/" + g.project.SpaceID + "/releases/" + f.Release.ID
			f.Deployment.Link = base + "/app#/" + g.project.SpaceID + "/deployments/" + g.id
		}
	}
	return nil
}

// releaseFacts are what the server knows of a release and its deployment.
func (g *occasion) releaseFacts(tx *store.Tx, r *catalog.Release, d *catalog.Deployment, channel *catalog.Channel) error {
	release := &variable.ReleaseFacts{ID: r.ID, Number: r.Version, Notes: r.ReleaseNotes, Created: r.Assembled.Time, CustomFields: r.CustomFields}
	if channel != nil {
		release.ChannelName = channel.Name
	}
	if v := r.VersionControlReference; v != nil {
		release.Git = variable.GitFacts{Ref: v.GitRef, CommitHash: v.GitCommit, BranchName: rule.ShortReference(v.GitRef)}
	}
	previous, err := catalog.Releases.PeekAll(tx, kind.Query{Space: r.SpaceID, Take: 1, Where: []store.Where{
		{SQL: "owner = ?", Args: []any{r.ProjectID}}, {SQL: "created < ?", Args: []any{r.Created().UnixMilli()}}}})
	if err != nil {
		return err
	}
	if len(previous) > 0 {
		release.Previous = variable.ReleaseRef{ID: previous[0].ID, Number: previous[0].Version}
	}
	if err := g.executionFacts(tx, d.ID, d.Name, &d.Execution); err != nil {
		return err
	}
	deployment := g.facts.Deployment
	deployment.Changes, deployment.ChangesMarkdown, deployment.PackageBuildInformation = jsonOf(d.Changes), d.ChangesMarkdown, jsonOf(r.BuildInformation)
	release.Package, release.Builds = jsonOf(r.BuildInformation), jsonOf(r.BuildInformation)
	if len(d.Changes) > 0 {
		items := changeOf(r).WorkItems
		deployment.WorkItems, release.WorkItems = jsonOf(items), jsonOf(items)
	}
	g.facts.Release = release
	return g.history(tx, d)
}

// executionFacts are what the server knows of a deployment or run by itself.
func (g *occasion) executionFacts(tx *store.Tx, id, name string, e *catalog.Execution) error {
	f := &variable.DeploymentFacts{
		ID: id, Name: name, Comments: e.Comments, Created: e.CreatedOn.Time, ForcePackageDownload: e.ForcePackageDownload,
		SpecificMachines: e.SpecificMachineIDs, ExcludedMachines: e.ExcludedMachineIDs,
	}
	g.facts.Deployment = f
	if g.planned != nil {
		g.target(g.planned.Targets)
	}
	user, err := catalog.Users.Peek(tx, e.DeployedByID)
	switch {
	case err == nil:
		f.CreatedBy = variable.Person{ID: user.ID, Username: user.Username, DisplayName: user.DisplayName, EmailAddress: user.EmailAddress}
	case fault.Is(err, fault.NotFound):
		f.CreatedBy = variable.Person{ID: e.DeployedByID, Username: e.DeployedBy, DisplayName: e.DeployedBy}
	default:
		return err
	}
	return nil
}

// target notes on which targets there is something to do.
func (g *occasion) target(all []plan.Target) {
	f := g.facts.Deployment
	for _, t := range all {
		f.Machines = append(f.Machines, t.ID)
		f.Targets = append(f.Targets, variable.Ref{ID: t.ID, Name: t.Name})
	}
}

// history finds what was deployed to the same place before.
func (g *occasion) history(tx *store.Tx, d *catalog.Deployment) error {
	last, err := successes(tx, d.ProjectID, d.EnvironmentID, d.TenantID, g.task.Num, 1)
	if err != nil || len(last) == 0 {
		return err
	}
	before, err := catalog.Deployments.Peek(tx, last[0])
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	r, err := catalog.Releases.Peek(tx, before.ReleaseID)
	if err != nil {
		return err
	}
	ref := variable.ReleaseRef{ID: r.ID, Number: r.Version}
	g.facts.Release.CurrentForEnvironment, g.facts.Release.PreviousForEnvironment = ref, ref
	g.facts.Deployment.PreviousSuccessfulID = before.ID
	return nil
}

// successes lists the last successful deployments of a project to a place,
// the newest first, of those whose tasks have a smaller number than before.
func successes(tx *store.Tx, project, environment, tenant string, before int64, take int) ([]string, error) {
	var ids []string
	err := tx.Query(func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		ids = append(ids, id)
		return err
	}, `select arguments ->> 'DeploymentId' from task where project = $1 and environment = $2 and tenant = $3
		and name = '`+TaskDeploy+`' and state = '`+string(task.Success)+`' and num < $4 order by num desc limit $5`, project, environment, tenant, before, take)
	if err != nil {
		return nil, fmt.Errorf("looking for earlier deployments: %w", err)
	}
	return ids, nil
}

// stepFacts are the steps and actions of the process, each under its name.
func (g *occasion) stepFacts() []variable.Value {
	var f variable.Facts
	for i := range g.steps {
		s := &g.steps[i]
		number := strconv.Itoa(i + 1)
		f.Steps = append(f.Steps, variable.StepFacts{Ref: variable.Ref{ID: s.ID, Name: s.Name}, Number: number})
		for j := range s.Actions {
			fact := g.action(s, &s.Actions[j])
			fact.Number = number + "." + strconv.Itoa(j+1)
			fact.Properties = nil
			f.Actions = append(f.Actions, *fact)
		}
	}
	return variable.System(f)
}

// action are the facts of an action.
func (g *occasion) action(s *catalog.Step, a *catalog.Action) *variable.ActionFacts {
	f := &variable.ActionFacts{
		Ref: variable.Ref{ID: a.ID, Name: a.Name}, TargetRoles: rolesOf(s), ContainerImage: a.Container.Image,
		TemplateID:      a.Properties["Octopus.Action.Template.Id"].Text,
		TemplateVersion: a.Properties["Octopus.Action.Template.Version"].Text,
		IsSkipped:       slices.Contains(g.execution.SkipActions, a.ID) || a.IsDisabled, Properties: map[string]variable.Property{},
	}
	for name, p := range a.Properties {
		if p.Secret == nil {
			f.Properties[name] = variable.Property{Value: p.Text}
		}
	}
	for i := range a.Packages {
		p := &a.Packages[i]
		f.Packages = append(f.Packages, variable.PackageFacts{Name: p.Name, PackageID: p.PackageID, PackageVersion: g.version(a, p), FeedID: p.FeedID})
	}
	return f
}

// version is the version that a package of an action has in this deployment.
func (g *occasion) version(a *catalog.Action, p *catalog.PackageReference) string {
	for i := range g.packages {
		s := &g.packages[i]
		if strings.EqualFold(cmp.Or(s.ActionName, s.StepName), a.Name) && strings.EqualFold(s.PackageReferenceName, p.Name) {
			return s.Version
		}
	}
	return p.Version
}

// stepFact are the facts of the step that runs.
func (g *occasion) stepFact(p *plan.Plan, s *catalog.Step) *variable.StepFacts {
	f := &variable.StepFacts{Ref: variable.Ref{ID: s.ID, Name: s.Name}, Number: pathOf(p, s.ID), Properties: map[string]variable.Property{}}
	for name, v := range s.Properties {
		if v.Secret == nil {
			f.Properties[name] = variable.Property{Value: v.Text}
		}
	}
	return f
}

// actionFact are the facts of the action that runs.
func (g *occasion) actionFact(p *plan.Plan, s *catalog.Step, a *catalog.Action) *variable.ActionFacts {
	f := g.action(s, a)
	for i := range p.Steps {
		for j := range p.Steps[i].Actions {
			if p.Steps[i].Actions[j].ID == a.ID {
				f.Number = p.Steps[i].Actions[j].Path
			}
		}
	}
	return f
}

func pathOf(p *plan.Plan, step string) string {
	for i := range p.Steps {
		if p.Steps[i].ID == step {
			return p.Steps[i].Path
		}
	}
	return ""
}

// machineFact are the facts of a target. Its secrets stay with who reaches it.
func machineFact(m *catalog.Machine, wanted []string) *variable.MachineFacts {
	f := &variable.MachineFacts{Ref: variable.Ref{ID: m.ID, Name: m.Name}, Roles: m.Roles, Hostname: cmp.Or(m.Endpoint.Host, m.URI)}
	for _, role := range m.Roles {
		if rule.ContainsFold(wanted, role) {
			f.TargetedRoles = append(f.TargetedRoles, role)
		}
	}
	return f
}

// statuses are what records are called in variables.
var statuses = map[task.StepState]variable.StepStatus{
	task.StepStarting: variable.StepRunning, task.StepRunning: variable.StepRunning, task.StepPaused: variable.StepRunning,
	task.StepSucceeded: variable.StepSucceeded, task.StepFailed: variable.StepFailed, task.StepCanceled: variable.StepCanceled,
	task.StepLost: variable.StepAbandoned, task.StepSkipped: variable.StepSkipped,
}

// worse orders what the parts of a step may have come to by what it says of
// the step.
var worse = []variable.StepStatus{variable.StepSkipped, variable.StepSucceeded, variable.StepCanceled, variable.StepAbandoned, variable.StepFailed, variable.StepRunning}

// progressFacts are how far the deployment has come.
func (g *occasion) progressFacts(so plan.Standing) []variable.Value {
	f := variable.Facts{}
	at := map[string]*variable.StepFacts{}
	for i := range so.Records {
		r := &so.Records[i]
		s, _ := so.Plan.Find(r.Path)
		if s == nil || s.ID == "" {
			continue
		}
		fact := at[s.ID]
		if fact == nil {
			fact = &variable.StepFacts{Ref: variable.Ref{ID: s.ID, Name: s.Name}, Status: variable.StepSkipped}
			at[s.ID] = fact
		}
		status := statuses[r.State]
		if slices.Index(worse, status) >= slices.Index(worse, fact.Status) {
			fact.Status = status
			fact.Error = cmp.Or(r.Error, fact.Error)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(at)) {
		f.Steps = append(f.Steps, *at[id])
	}
	values := variable.System(f)
	if message := so.Error(); message != "" {
		for _, name := range []string{"Octopus.Deployment.Error", "Octopus.Deployment.ErrorDetail"} {
			values = append(values, variable.Value{Name: name, Value: message, Type: variable.TypeString, Source: variable.FromSystem, Scope: variable.Scope{Private: true}})
		}
	}
	return values
}
