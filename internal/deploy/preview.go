package deploy

import (
	"strconv"
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/rule"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/variable"
)

// Item names something.
type Item struct {
	ID   string `json:"Id"`
	Name string `json:"Name"`
}

// DeploymentTemplate says where a release can be deployed now.
type DeploymentTemplate struct {
	IsVariableSetModified        bool              `json:"IsVariableSetModified"`
	IsLibraryVariableSetModified bool              `json:"IsLibraryVariableSetModified"`
	IsDeploymentProcessModified  bool              `json:"IsDeploymentProcessModified"`
	IsGitResourceModified        bool              `json:"IsGitResourceModified"`
	PromoteTo                    []PromotionTarget `json:"PromoteTo"`
	TenantPromotions             []TenantPromotion `json:"TenantPromotions"`
	DeploymentNotes              string            `json:"DeploymentNotes"`
	Links                        map[string]string `json:"Links"`
}

// PromotionTarget is an environment to which a release can be deployed now.
type PromotionTarget struct {
	Item
	Links map[string]string `json:"Links"`
}

// TenantPromotion is a tenant for whom a release can be deployed now.
type TenantPromotion struct {
	Item
	PromoteTo []PromotionTarget `json:"PromoteTo"`
	Links     map[string]string `json:"Links"`
}

// DeploymentTemplate says where a release can be deployed now, of the places
// that the caller may deploy to.
func (s *Service) DeploymentTemplate(tx *store.Tx, r *catalog.Release, may func(environment, tenant string) (bool, error)) (DeploymentTemplate, error) {
	self := catalog.Releases.SelfPath(r.SpaceID, r.ID)
	t := DeploymentTemplate{PromoteTo: []PromotionTarget{}, TenantPromotions: []TenantPromotion{}, Links: map[string]string{"Self": self + "/deployments/template"}}
	k, err := trackOf(tx, r)
	if err != nil {
		return t, err
	}
	mode := rule.TenantMode(k.project.TenantedDeploymentMode)
	if mode.AllowsTenant("") {
		if t.PromoteTo, err = k.open(nil, self, may); err != nil {
			return t, err
		}
	}
	_, tenants, err := tenantsOf(tx, r.SpaceID, r.ProjectID)
	if err != nil {
		return t, err
	}
	channel := channelOf(k.channel)
	for i := range tenants {
		tenant := &tenants[i]
		if !mode.AllowsTenant(tenant.ID) || tenant.Disabled || !channel.AdmitsTenant(tenant.Tags) {
			continue
		}
		p := TenantPromotion{Item: Item{tenant.ID, tenant.Name}, Links: map[string]string{}}
		if p.PromoteTo, err = k.open(tenant, self, may); err != nil {
			return t, err
		}
		t.TenantPromotions = append(t.TenantPromotions, p)
	}
	return t, k.modified(tx, &t)
}

// open lists the environments that a release may go to for a tenant.
func (k *track) open(tenant *rule.StreamTenant, self string, may func(environment, tenant string) (bool, error)) ([]PromotionTarget, error) {
	targets := []PromotionTarget{}
	progress := k.progress(tenant)
	for _, id := range rule.LifecycleEnvironments(k.base.Phases, k.base.Environments) {
		if ok, _ := progress.CanDeploy(id); !ok {
			continue
		}
		preview, tenantID := self+"/deployments/preview/"+id, ""
		if tenant != nil {
			tenantID = tenant.ID
			preview += "/" + tenantID
		}
		if ok, err := may(id, tenantID); err != nil || !ok {
			if err != nil {
				return nil, err
			}
			continue
		}
		targets = append(targets, PromotionTarget{Item{id, k.environment(id).Name}, map[string]string{"Preview": preview + "{?includeDisabledSteps}"}})
	}
	return targets, nil
}

// modified says what has changed in the project since the release was made.
// What is in Git is not looked at: branches move all the time.
func (k *track) modified(tx *store.Tx, t *DeploymentTemplate) error {
	if k.release.VersionControlReference != nil {
		return nil
	}
	process, err := catalog.DeploymentProcesses.Get(tx, k.project.DeploymentProcessID)
	if err != nil {
		return err
	}
	t.IsDeploymentProcessModified = !isCopy(k.release.ProjectDeploymentProcessSnapshotID, process.ID, process.Version)
	t.IsVariableSetModified, t.IsLibraryVariableSetModified, err = variablesModified(tx, k.project, k.release.ProjectVariableSetSnapshotID, k.release.LibraryVariableSetSnapshotIDs)
	return err
}

// variablesModified says whether the variables of a project, and those of the
// library that it includes, have changed since snapshots of them were made.
// Those in Git are not looked at: branches move all the time.
func variablesModified(tx *store.Tx, project *catalog.Project, snapshot string, libraries []string) (own, library bool, err error) {
	if project.IsVersionControlled {
		return false, false, nil
	}
	same := func(snapshot, live string) (bool, error) {
		set, err := catalog.VariableSets.Get(tx, live)
		if err != nil {
			return false, err
		}
		return isCopy(snapshot, live, set.Version), nil
	}
	ok, err := same(snapshot, project.VariableSetID)
	if err != nil {
		return false, false, err
	}
	own = !ok
	live, err := librarySetsOf(tx, project)
	if err != nil {
		return false, false, err
	}
	library = len(libraries) != len(live)
	for i := range min(len(libraries), len(live)) {
		ok, err := same(libraries[i], live[i])
		if err != nil {
			return false, false, err
		}
		library = library || !ok
	}
	return own, library, nil
}

// isCopy says whether a snapshot is of a version of a document, which its id
// tells.
func isCopy(snapshot, live string, version int) bool {
	return strings.HasPrefix(snapshot, live+"-s-"+strconv.Itoa(version)+"-")
}

// PreviewOf names a place that a preview is asked for, and when, if not now.
type PreviewOf struct {
	EnvironmentID string     `json:"EnvironmentId"`
	TenantID      string     `json:"TenantId"`
	QueueTime     *kind.Time `json:"QueueTime,omitempty"`
}

// Preview says what a deployment would do and what it would ask.
type Preview struct {
	RunPreview
	Changes         []catalog.ReleaseChanges `json:"Changes"`
	ChangesMarkdown string                   `json:"ChangesMarkdown"`
	// Freezes keep the deployment back, unless somebody makes it in spite of them.
	Freezes []FreezeInForce `json:"Freezes"`
}

// RunPreview says what a deployment or the run of a runbook would do and what
// it would ask.
type RunPreview struct {
	StepsToExecute                []PreviewStep `json:"StepsToExecute"`
	Form                          catalog.Form  `json:"Form"`
	UseGuidedFailureModeByDefault bool          `json:"UseGuidedFailureModeByDefault"`
	// StepsLeftOut are the actions that do not apply there, and why.
	StepsLeftOut []StepLeftOut `json:"StepsLeftOut"`
	// Blocked says why it may not go there now; empty if it may.
	Blocked string            `json:"Blocked,omitempty"`
	Links   map[string]string `json:"Links"`
}

// PreviewStep is an action that a deployment would carry out.
type PreviewStep struct {
	ActionID                string           `json:"ActionId"`
	ActionName              string           `json:"ActionName"`
	ActionNumber            string           `json:"ActionNumber"`
	Roles                   []string         `json:"Roles"`
	MachineNames            []string         `json:"MachineNames"`
	Machines                []PreviewMachine `json:"Machines"`
	CanBeSkipped            bool             `json:"CanBeSkipped"`
	IsDisabled              bool             `json:"IsDisabled"`
	HasNoApplicableMachines bool             `json:"HasNoApplicableMachines"`
	UnavailableMachines     []Item           `json:"UnavailableMachines"`
	ExcludedMachines        []MachineOut     `json:"ExcludedMachines"`
	// Warning says what will go wrong there, as far as that is known already.
	Warning string `json:"Warning,omitempty"`
}

// PreviewMachine is a machine that an action would run on.
type PreviewMachine struct {
	Item
	HealthStatus      string `json:"HealthStatus"`
	HasLatestCalamari bool   `json:"HasLatestCalamari"`
	Thumbprint        string `json:"Thumbprint"`
}

// MachineOut is a machine that an action would not run on.
type MachineOut struct {
	Item
	Reason string `json:"Reason"`
}

// StepLeftOut is an action that would not be carried out.
type StepLeftOut struct {
	ActionID     string `json:"ActionId"`
	ActionName   string `json:"ActionName"`
	ActionNumber string `json:"ActionNumber"`
	Reason       string `json:"Reason"`
}

func (w *PreviewOf) pair(tx *store.Tx, space string) (p pair, err error) {
	if p.environment, err = catalog.Environments.Find(tx, space, w.EnvironmentID); err != nil || w.TenantID == "" {
		return p, err
	}
	p.tenant, err = catalog.Tenants.Find(tx, space, w.TenantID)
	return p, err
}

// Previews says what deployments of a release would do.
func (s *Service) Previews(tx *store.Tx, r *catalog.Release, wanted []PreviewOf, disabled bool) ([]Preview, error) {
	o, err := s.order(tx, r)
	if err != nil {
		return nil, err
	}
	previews := make([]Preview, 0, len(wanted))
	for _, w := range wanted {
		p, err := w.pair(tx, r.SpaceID)
		if err != nil {
			return nil, err
		}
		v := Preview{}
		if v.RunPreview, err = o.preview(tx, p, disabled); err != nil {
			return nil, err
		}
		if _, err := o.mayDeploy(p); fault.CodeOf(err) == fault.Invalid {
			v.Blocked = err.Error()
		}
		if v.Freezes, err = freezesOf(tx, o.project.ID, p, s.startOf(w.QueueTime)); err != nil {
			return nil, err
		}
		if v.Changes, err = changesOf(tx, r, p.environment.ID, p.tenantID()); err != nil {
			return nil, err
		}
		if v.ChangesMarkdown, err = o.markdown(v.Changes, o.context(p), p); err != nil {
			return nil, err
		}
		previews = append(previews, v)
	}
	return previews, nil
}

// preview says what the errand would do at a place and what it would ask.
func (e *errand) preview(tx *store.Tx, p pair, disabled bool) (RunPreview, error) {
	c := e.context(p)
	v := RunPreview{
		StepsToExecute: []PreviewStep{}, StepsLeftOut: []StepLeftOut{},
		Form: formOf(variable.Prompts(e.values, c)), UseGuidedFailureModeByDefault: e.guided(p, c, nil, nil), Links: map[string]string{},
	}
	g, err := e.scout(tx, p, &catalog.Execution{})
	if err != nil {
		return v, err
	}
	for i := range g.steps {
		for j := range g.steps[i].Actions {
			a := &g.steps[i].Actions[j]
			number := strconv.Itoa(i + 1)
			if len(g.steps[i].Actions) > 1 {
				number += "." + strconv.Itoa(j+1)
			}
			if why := g.notHere(a); why != "" && (!a.IsDisabled || !disabled) {
				v.StepsLeftOut = append(v.StepsLeftOut, StepLeftOut{a.ID, a.Name, number, why})
				continue
			}
			v.StepsToExecute = append(v.StepsToExecute, g.previewStep(&g.steps[i], a, number))
		}
	}
	return v, nil
}

func (g *occasion) previewStep(s *catalog.Step, a *catalog.Action, number string) PreviewStep {
	p := PreviewStep{
		ActionID: a.ID, ActionName: a.Name, ActionNumber: number, Roles: append([]string{}, rolesOf(s)...), IsDisabled: a.IsDisabled,
		// Who names the people who must decide does not want them passed over.
		CanBeSkipped: !a.IsRequired && a.Properties["Octopus.Action.Manual.ResponsibleTeamIds"].Text == "",
		MachineNames: []string{}, Machines: []PreviewMachine{}, UnavailableMachines: []Item{}, ExcludedMachines: []MachineOut{}, Warning: unknownType(a),
	}
	if len(p.Roles) == 0 {
		return p
	}
	set := rule.Targets(g.machines, g.query(p.Roles))
	for _, m := range set.Targets {
		full := g.byID[m.ID]
		p.MachineNames = append(p.MachineNames, m.Name)
		p.Machines = append(p.Machines, PreviewMachine{Item{m.ID, m.Name}, full.HealthStatus, full.HasLatestCalamari, full.Thumbprint})
		if m.Health == rule.Unavailable {
			p.UnavailableMachines = append(p.UnavailableMachines, Item{m.ID, m.Name})
		}
	}
	for _, out := range set.LeftOut {
		switch out.Kind {
		case rule.OtherEnvironment, rule.OtherTags:
		case rule.IsUnavailable:
			p.UnavailableMachines = append(p.UnavailableMachines, Item{out.Machine.ID, out.Machine.Name})
			fallthrough
		default:
			p.ExcludedMachines = append(p.ExcludedMachines, MachineOut{Item{out.Machine.ID, out.Machine.Name}, out.Reason})
		}
	}
	p.HasNoApplicableMachines = len(set.Targets) == 0
	return p
}

// formOf is what a deployment asks, as the wire has it.
func formOf(f variable.Form) catalog.Form {
	form := catalog.Form{Values: map[string]string{}, Elements: []catalog.FormElement{}}
	for i := range f.Elements {
		e := &f.Elements[i]
		form.Values[e.ID] = e.Default
		form.Elements = append(form.Elements, catalog.FormElement{
			Name: e.ID, IsValueRequired: e.Required && !e.HasDefault,
			Control: catalog.FormControl{Type: "VariableValue", Name: e.Name, Label: e.Caption(), Description: e.Description, Required: e.Required, DisplaySettings: e.Display},
		})
	}
	return form
}
