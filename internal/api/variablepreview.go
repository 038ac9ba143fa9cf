package api

import (
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/deploy"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/gitproject"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/variable"
)

// previewedSet is a set of variables as a place has it: one value of each.
type previewedSet struct {
	ID          string `json:"Id"`
	OwnerID     string `json:"OwnerId"`
	Version     int
	Variables   []previewed
	ScopeValues any
	Links       map[string]string
}

// previewed is a variable with the value that it has, and the reason. One that
// has no value here is listed too, because that is what people look for.
type previewed struct {
	ID          string `json:"Id"`
	Name        string
	Value       *string
	Type        string
	Scope       catalog.VariableScope
	IsEditable  bool
	IsSensitive bool
	HasValue    bool
	Prompt      *catalog.Prompt
	Explanation explained
}

// explained says why a variable has its value.
type explained struct {
	Summary    string
	Considered []considered
}

// considered is a value with what became of it: Won, Tied, Outranked or
// Elsewhere.
type considered struct {
	ID      string `json:"Id"`
	Value   *string
	Owner   string
	Scope   catalog.VariableScope
	Outcome string
	Reason  string
}

var outcomes = map[variable.Outcome]string{variable.Won: "Won", variable.Tied: "Tied", variable.Outranked: "Outranked", variable.Elsewhere: "Elsewhere"}

// preview collects what is asked for.
type preview struct {
	r           *Request
	tx          *store.Tx
	project     *catalog.Project
	environment *catalog.Environment
	tenant      *catalog.Tenant
	context     variable.Context
	names       map[string]string // ids as people call them
}

func (a *API) previewVariables(r *Request) (any, error) {
	var answer previewedSet
	revision, err := a.previewedRevision(r)
	if err != nil {
		return nil, err
	}
	err = r.View(func(tx *store.Tx) error {
		p := &preview{r: r, tx: tx, names: map[string]string{}}
		if err := p.open(); err != nil {
			return err
		}
		environment := ""
		if p.environment != nil {
			environment = p.environment.ID
		}
		values, err := deploy.ValuesFor(tx, p.project, revision, p.tenant, environment)
		if err != nil {
			return err
		}
		set, err := catalog.VariableSets.Get(tx, p.project.VariableSetID)
		if err != nil {
			return err
		}
		answer = previewedSet{ID: set.ID, OwnerID: p.project.ID, Version: set.Version, Variables: []previewed{}, Links: map[string]string{"Self": set.Links["Self"]}}
		if answer.ScopeValues, err = catalog.ScopeValuesOf(tx, set); err != nil {
			return err
		}
		answer.Variables, err = p.explain(values)
		return err
	})
	return answer, err
}

// previewedRevision reads the variables of a project in Git, after whether the
// caller may see what the query names.
func (a *API) previewedRevision(r *Request) (*gitproject.Revision, error) {
	p := &preview{r: r, names: map[string]string{}}
	err := r.View(func(tx *store.Tx) error {
		p.tx = tx
		return p.open()
	})
	if err != nil || !p.project.IsVersionControlled {
		return nil, err
	}
	return a.Deploy.VariablesAt(r.Context(), r.Space, p.project.ID, r.Q("gitRef"))
}

// open reads what the query names.
func (p *preview) open() (err error) {
	r, tx := p.r, p.tx
	if r.Q("project") == "" {
		return fault.New(fault.Invalid, "The query value project is missing: name the project whose variables are asked for.")
	}
	if p.project, err = catalog.Projects.Find(tx, r.Space, r.Q("project")); err != nil {
		return err
	}
	at := At{Project: p.project.ID, Group: p.project.ProjectGroupID}
	p.context.Project, p.context.ProcessOwner = p.project.ID, p.project.ID
	if id := r.Q("environment"); id != "" {
		if p.environment, err = catalog.Environments.Find(tx, r.Space, id); err != nil {
			return err
		}
		at.Environments = []string{p.environment.ID}
		p.context.Environment, p.context.ParentEnvironment = p.environment.ID, p.environment.ParentEnvironmentID
	}
	if id := r.Q("tenant"); id != "" {
		if p.tenant, err = catalog.Tenants.Find(tx, r.Space, id); err != nil {
			return err
		}
		at.Tenants = []string{p.tenant.ID}
		p.context.Tenant, p.context.TenantTags = p.tenant.ID, p.tenant.TenantTags
	}
	if err := r.Need("VariableView", at); err != nil {
		return err
	}
	return p.place()
}

// place reads where in the project and on which machine the place is.
func (p *preview) place() error {
	r, tx := p.r, p.tx
	if id := r.Q("channel"); id != "" {
		c, err := catalog.Channels.Find(tx, r.Space, id)
		if err != nil {
			return err
		}
		p.context.Channel = c.ID
	}
	process := p.project.DeploymentProcessID
	if id := r.Q("runbook"); id != "" {
		b, err := catalog.Runbooks.Find(tx, r.Space, id)
		if err != nil {
			return err
		}
		if b.ProjectID != p.project.ID {
			return fault.New(fault.Invalid, "The runbook '%s' is not of the project '%s'.", b.Name, p.project.Name)
		}
		p.context.ProcessOwner, process = b.ID, b.RunbookProcessID
	}
	if id := r.Q("action"); id != "" {
		if err := p.action(process, id); err != nil {
			return err
		}
	}
	if id := r.Q("machine"); id != "" {
		m, err := catalog.Machines.Find(tx, r.Space, id)
		if err != nil {
			return err
		}
		if err := r.NeedFor("MachineView", catalog.Machines, m); err != nil {
			return err
		}
		p.context.Machine, p.context.MachineRoles = m.ID, m.Roles
		p.names[m.ID] = m.Name
	}
	for _, role := range r.List("role") {
		if !slices.Contains(p.context.MachineRoles, role) {
			p.context.MachineRoles = append(slices.Clip(p.context.MachineRoles), role)
		}
	}
	p.context.Label = func(_ variable.Field, id string) string { return p.name(id) }
	return nil
}

// action finds the step and action of a process by their id or name.
func (p *preview) action(process, id string) error {
	var steps []catalog.Step
	if p.context.ProcessOwner == p.project.ID {
		d, err := catalog.DeploymentProcesses.Get(p.tx, process)
		if err != nil {
			return err
		}
		steps = d.Steps
	} else {
		b, err := catalog.RunbookProcesses.Get(p.tx, process)
		if err != nil {
			return err
		}
		steps = b.Steps
	}
	for i := range steps {
		for j := range steps[i].Actions {
			if x := &steps[i].Actions[j]; x.ID == id || strings.EqualFold(x.Name, id) {
				p.context.Step, p.context.Action = steps[i].ID, x.ID
				p.names[steps[i].ID], p.names[x.ID] = steps[i].Name, x.Name
				return nil
			}
		}
	}
	return fault.New(fault.NotFound, "The process has no action '%s'.", id)
}

// name is what people call an id; "" when it is none or is not for the caller.
func (p *preview) name(id string) string {
	if name, ok := p.names[id]; ok {
		return name
	}
	for _, d := range []string{"Environments-", "Channels-", "Tenants-", "Runbooks-", "Projects-", "Machines-"} {
		if strings.HasPrefix(id, d) {
			if found, err := p.tx.Get("", id); err == nil && found != nil && found.Space == p.r.Space {
				p.names[id] = found.Name
				return found.Name
			}
		}
	}
	return ""
}

// explain decides every variable that there is.
func (p *preview) explain(values []variable.Value) ([]previewed, error) {
	var names []string
	seen := map[string]bool{}
	for i := range values {
		if key := strings.ToLower(values[i].Name); !seen[key] {
			seen[key] = true
			names = append(names, values[i].Name)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	all := []previewed{}
	for _, name := range names {
		one, shown, err := p.one(variable.Explain(values, name, p.context))
		if err != nil {
			return nil, err
		}
		if shown {
			all = append(all, one)
		}
	}
	return all, nil
}

const notForYou = "You may not see this value."

// one tells of a variable what the caller may know. A value that the caller may
// not see still decides, but nothing of it is told; and where it is the only
// one, neither is the variable.
func (p *preview) one(e variable.Explanation) (v previewed, shown bool, err error) {
	v = previewed{Name: e.Name, Type: variable.TypeString, Explanation: explained{Summary: e.Summary, Considered: []considered{}}}
	hidden := false
	for i := range e.Verdicts {
		d := &e.Verdicts[i]
		c := considered{ID: d.Value.ID, Owner: d.Value.Owner, Scope: scopeOf(&d.Value), Outcome: outcomes[d.Outcome], Reason: d.Reason}
		ok, err := p.may(&d.Value)
		if err != nil {
			return v, false, err
		}
		switch {
		case !ok && d.Outcome == variable.Elsewhere:
			continue
		case !ok:
			hidden = true
			c = considered{Outcome: c.Outcome, Reason: notForYou}
		case !d.Value.IsSensitive():
			c.Value = &d.Value.Value
		}
		shown = shown || ok
		v.Explanation.Considered = append(v.Explanation.Considered, c)
		if d.Outcome == variable.Won {
			v.ID, v.Value, v.Scope, v.HasValue, v.IsSensitive, v.Type = c.ID, c.Value, c.Scope, true, ok && d.Value.IsSensitive(), d.Value.Type
			if q := d.Value.Prompt; ok && q != nil {
				v.Prompt = &catalog.Prompt{Label: q.Label, Description: q.Description, Required: q.Required, DisplaySettings: q.Display}
			}
		}
	}
	if hidden {
		v.Explanation.Summary = "A value decides here that you may not see in full."
		for i := range v.Explanation.Considered {
			v.Explanation.Considered[i].Reason = notForYouWhere(&v.Explanation.Considered[i])
		}
	}
	return v, shown, nil
}

// notForYouWhere keeps reasons from quoting what the caller may not see.
func notForYouWhere(c *considered) string {
	if c.Outcome == "Outranked" || c.Outcome == "Tied" {
		return "Applies, but another value is used."
	}
	return c.Reason
}

func (p *preview) may(v *variable.Value) (bool, error) {
	switch v.Source {
	case variable.FromLibrary:
		return p.r.May("LibraryVariableSetView", At{})
	case variable.FromTenant:
		return true, nil // as open asked for the tenant
	}
	return p.r.May("VariableView", At{Project: p.project.ID, Group: p.project.ProjectGroupID, Environments: v.Scope.Environment})
}

func scopeOf(v *variable.Value) catalog.VariableScope {
	s := &v.Scope
	return catalog.VariableScope{Environment: s.Environment, Machine: s.Machine, Action: s.Action, Role: s.Role, Channel: s.Channel, TenantTag: s.TenantTag, ProcessOwner: s.ProcessOwner}
}
