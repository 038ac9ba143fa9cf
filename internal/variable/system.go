package variable

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// timeLayout is how variables spell a moment: with the zone and seven digits
// of a second, which filters can read back.
const timeLayout = "2006-01-02T15:04:05.0000000-07:00"

// System turns facts into the variables that the server provides. Nothing a
// person defines overrides them.
func System(f Facts) []Value {
	s := &systemSet{values: make([]Value, 0, usual+10*(len(f.Steps)+len(f.Actions)))}
	s.ref("Octopus.Space", f.Space)
	s.ref("Octopus.ProjectGroup", f.ProjectGroup)
	s.ref("Octopus.Project", f.Project)
	s.ref("Octopus.WorkerPool", f.WorkerPool)
	s.environment(f.Environment)
	s.tenant(f.Tenant)
	s.release(f.Release)
	s.deployment(f.Deployment)
	s.runbook(f.Runbook)
	s.task(f.Task)
	s.machine(f.Machine)
	s.tentacle(f.Tentacle)
	if f.Step != nil {
		s.step("Octopus.Step", f.Step)
		s.properties("", f.Step.Properties)
	}
	if f.Action != nil {
		s.action("Octopus.Action", f.Action)
		s.properties("", f.Action.Properties)
		s.packages("Octopus.Action.Package", f.Action.Packages)
	}
	for i := range f.Steps {
		s.step("Octopus.Step["+f.Steps[i].Name+"]", &f.Steps[i])
	}
	for i := range f.Actions {
		base := "Octopus.Action[" + f.Actions[i].Name + "]"
		s.action(base, &f.Actions[i])
		s.packages(base+".Package", f.Actions[i].Packages)
	}
	s.server(f.Server)
	return s.values
}

// usual is how many variables the facts of a deployment become, most often.
const usual = 64

// systemSet collects built-in variables.
type systemSet struct{ values []Value }

// put adds a variable even when its value is empty: the fact is known to be empty.
func (s *systemSet) put(name, value string) { s.values = append(s.values, builtIn(name, value, false)) }

// opt adds a variable unless its value is empty: the fact is not known.
func (s *systemSet) opt(name, value string) {
	if value != "" {
		s.put(name, value)
	}
}

// builtIn is a variable that nothing overrides.
func builtIn(name, value string, sensitive bool) Value {
	v := Value{Name: name, Value: value, Type: TypeString, Sensitive: sensitive, Source: FromSystem, Scope: Scope{Private: true}}
	if sensitive {
		v.Type = TypeSensitive
	}
	return v
}

// ref adds the id and the name of something, if there is such a thing.
func (s *systemSet) ref(base string, r Ref) {
	if r != (Ref{}) {
		s.put(base+".Id", r.ID)
		s.put(base+".Name", r.Name)
	}
}

// moment adds a time, unless it is zero.
func (s *systemSet) moment(name string, t time.Time) {
	if !t.IsZero() {
		s.put(name, t.Format(timeLayout))
	}
}

// properties adds settings, sorted by name.
func (s *systemSet) properties(base string, all map[string]Property) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		s.values = append(s.values, builtIn(base+name, all[name].Value, all[name].Sensitive))
	}
}

// indexed adds one variable per entry of a map, sorted by key.
func (s *systemSet) indexed(base string, all map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(all)) {
		s.put(base+"["+key+"]", all[key])
	}
}

// list spells several ids in one value.
func list(ids []string) string { return strings.Join(ids, ",") }

func (s *systemSet) environment(e *EnvironmentFacts) {
	if e == nil {
		return
	}
	s.ref("Octopus.Environment", e.Ref)
	s.put("Octopus.Environment.SortOrder", number(e.SortOrder))
	for _, role := range slices.Sorted(maps.Keys(e.MachinesInRole)) {
		s.put("Octopus.Environment.MachinesInRole["+role+"]", list(e.MachinesInRole[role]))
	}
}

func (s *systemSet) tenant(t *TenantFacts) {
	if t == nil {
		return
	}
	s.ref("Octopus.Deployment.Tenant", t.Ref)
	s.put("Octopus.Deployment.Tenant.Tags", list(t.Tags))
}

func (s *systemSet) git(base string, g GitFacts) {
	s.opt(base+".Git.BranchName", g.BranchName)
	s.opt(base+".Git.TagName", g.TagName)
	s.opt(base+".Git.CommitHash", g.CommitHash)
	s.opt(base+".Git.Ref", g.Ref)
}

func (s *systemSet) release(r *ReleaseFacts) {
	if r == nil {
		return
	}
	s.put("Octopus.Release.Id", r.ID)
	s.put("Octopus.Release.Number", r.Number)
	s.put("Octopus.Release.Notes", r.Notes)
	s.moment("Octopus.Release.Created", r.Created)
	s.indexed("Octopus.Release.CustomFields", r.CustomFields)
	s.opt("Octopus.Release.Channel.Name", r.ChannelName)
	s.releaseRef("Octopus.Release.Previous", r.Previous)
	s.releaseRef("Octopus.Release.PreviousForEnvironment", r.PreviousForEnvironment)
	s.releaseRef("Octopus.Release.CurrentForEnvironment", r.CurrentForEnvironment)
	s.git("Octopus.Release", r.Git)
	s.opt("Octopus.Release.Package", r.Package)
	s.opt("Octopus.Release.Builds", r.Builds)
	s.opt("Octopus.Release.WorkItems", r.WorkItems)
}

func (s *systemSet) releaseRef(base string, r ReleaseRef) {
	s.opt(base+".Id", r.ID)
	s.opt(base+".Number", r.Number)
}

func (s *systemSet) deployment(d *DeploymentFacts) {
	if d == nil {
		return
	}
	s.put("Octopus.Deployment.Id", d.ID)
	s.put("Octopus.Deployment.Name", d.Name)
	s.put("Octopus.Deployment.Comments", d.Comments)
	s.moment("Octopus.Deployment.Created", d.Created)
	if d.CreatedBy != (Person{}) {
		s.put("Octopus.Deployment.CreatedBy.Id", d.CreatedBy.ID)
		s.put("Octopus.Deployment.CreatedBy.Username", d.CreatedBy.Username)
		s.put("Octopus.Deployment.CreatedBy.DisplayName", d.CreatedBy.DisplayName)
		s.put("Octopus.Deployment.CreatedBy.EmailAddress", d.CreatedBy.EmailAddress)
	}
	s.opt("Octopus.Deployment.Error", d.Error)
	s.opt("Octopus.Deployment.ErrorDetail", d.ErrorDetail)
	s.put("Octopus.Deployment.ForcePackageDownload", boolean(d.ForcePackageDownload))
	s.opt("Octopus.Deployment.PreviousSuccessful.Id", d.PreviousSuccessfulID)
	s.put("Octopus.Deployment.Machines", list(d.Machines))
	s.put("Octopus.Deployment.SpecificMachines", list(d.SpecificMachines))
	s.put("Octopus.Deployment.ExcludedMachines", list(d.ExcludedMachines))
	for _, target := range d.Targets {
		s.ref("Octopus.Deployment.Targets["+target.ID+"]", target)
	}
	s.ref("Octopus.Deployment.Trigger", d.Trigger)
	s.opt("Octopus.Deployment.Changes", d.Changes)
	s.opt("Octopus.Deployment.WorkItems", d.WorkItems)
	s.opt("Octopus.Deployment.PackageBuildInformation", d.PackageBuildInformation)
	s.opt("Octopus.Deployment.ChangesMarkdown", d.ChangesMarkdown)
	s.opt("Octopus.Web.DeploymentLink", d.Link)
}

func (s *systemSet) runbook(r *RunbookFacts) {
	if r == nil {
		return
	}
	s.ref("Octopus.Runbook", r.Runbook)
	s.ref("Octopus.RunbookRun", r.Run)
	s.moment("Octopus.RunbookRun.Created", r.Created)
	s.moment("Octopus.RunbookRun.CreatedUtc", r.Created.UTC())
	s.git("Octopus.RunbookRun", r.Git)
	s.ref("Octopus.RunbookSnapshot", r.Snapshot)
	s.opt("Octopus.RunbookSnapshot.Notes", r.SnapshotNotes)
	s.opt("Octopus.Web.RunbookRunLink", r.RunLink)
	s.opt("Octopus.Web.RunbookSnapshotLink", r.SnapshotLink)
}

func (s *systemSet) task(t *TaskFacts) {
	if t == nil {
		return
	}
	s.ref("Octopus.Task", t.Ref)
	s.moment("Octopus.Task.QueueTime", t.QueueTime)
	s.moment("Octopus.Task.QueueTimeExpiry", t.QueueTimeExpiry)
	s.indexed("Octopus.Task.Argument", t.Arguments)
	s.opt("Octopus.Task.ConcurrencyTag", t.ConcurrencyTag)
}

func (s *systemSet) machine(m *MachineFacts) {
	if m == nil {
		return
	}
	s.ref("Octopus.Machine", m.Ref)
	s.put("Octopus.Machine.Roles", list(m.Roles))
	s.opt("Octopus.Machine.Hostname", m.Hostname)
	s.put("Octopus.Tentacle.CurrentDeployment.TargetedRoles", list(m.TargetedRoles))
	s.properties("Octopus.Endpoint.", m.Endpoint)
}

func (s *systemSet) tentacle(t *TentacleFacts) {
	if t == nil {
		return
	}
	s.opt("Octopus.Tentacle.Agent.ApplicationDirectoryPath", t.ApplicationDirectoryPath)
	s.opt("Octopus.Tentacle.Agent.InstanceName", t.InstanceName)
	s.opt("Octopus.Tentacle.Agent.ProgramDirectoryPath", t.ProgramDirectoryPath)
	s.opt("Octopus.Tentacle.CurrentDeployment.PackageFilePath", t.CurrentPackageFilePath)
	s.opt("Octopus.Tentacle.PreviousInstallation.PackageVersion", t.PreviousPackageVersion)
	s.opt("Octopus.Tentacle.PreviousInstallation.PackageFilePath", t.PreviousPackageFilePath)
	s.opt("Octopus.Tentacle.PreviousInstallation.OriginalInstalledPath", t.PreviousOriginalInstalled)
	s.opt("Octopus.Tentacle.PreviousInstallation.CustomInstallationDirectory", t.PreviousCustomInstalledPath)
}

func (s *systemSet) step(base string, t *StepFacts) {
	s.ref(base, t.Ref)
	s.opt(base+".Number", t.Number)
	s.opt(base+".Status.Code", string(t.Status))
	s.opt(base+".Status.Error", t.Error)
	s.opt(base+".Status.ErrorDetail", t.ErrorDetail)
}

func (s *systemSet) action(base string, a *ActionFacts) {
	s.ref(base, a.Ref)
	s.opt(base+".Number", a.Number)
	if a.IsSkipped {
		s.put(base+".IsSkipped", boolean(true))
	}
	s.put(base+".TargetRoles", list(a.TargetRoles))
	s.opt(base+".Template.Id", a.TemplateID)
	s.opt(base+".Template.Version", a.TemplateVersion)
	s.opt(base+".Status.Error", a.Error)
	s.opt(base+".Status.ErrorDetail", a.ErrorDetail)
	s.opt(base+".Container.Image", a.ContainerImage)
}

func (s *systemSet) packages(base string, all []PackageFacts) {
	for i := range all {
		p, at := &all[i], base
		if p.Name != "" {
			at = base + "[" + p.Name + "]"
		}
		s.put(at+".PackageId", p.PackageID)
		s.put(at+".PackageVersion", p.PackageVersion)
		s.put(at+".FeedId", p.FeedID)
		s.opt(at+".OriginalPath", p.OriginalPath)
		s.opt(at+".ExtractedPath", p.ExtractedPath)
		s.opt(at+".PackageFilePath", p.PackageFilePath)
		s.opt(at+".PackageFileName", p.PackageFileName)
		s.opt(at+".InstallationDirectoryPath", p.InstallationDirectoryPath)
		s.image(at, p)
	}
}

// image adds what only container images have.
func (s *systemSet) image(at string, p *PackageFacts) {
	if p.Image == "" {
		return
	}
	s.put(at+".Image", p.Image)
	s.put(at+".Registry", p.Registry)
	s.put(at+".Version", p.PackageVersion)
	if p.FeedUserName != "" {
		s.put(at+".Feed.UserName", p.FeedUserName)
		s.values = append(s.values, builtIn(at+".Feed.Password", p.FeedPassword, true))
	}
}

func (s *systemSet) server(f *ServerFacts) {
	if f == nil {
		return
	}
	s.opt("Octopus.Web.BaseUrl", f.BaseURL)
	s.opt("Octopus.Web.ServerUri", f.ServerURI)
	s.opt("Octopus.Web.ProjectLink", f.ProjectLink)
	s.opt("Octopus.Web.ReleaseLink", f.ReleaseLink)
}
