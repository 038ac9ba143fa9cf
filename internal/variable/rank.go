package variable

import (
	"cmp"
	"slices"
	"strings"
)

// Field is one way to limit a value. The constants stand in the order of
// precedence, weakest first: a field's number is its bit in a Rank.
type Field int

// The fields, weakest first.
const (
	ProjectTemplate Field = iota
	Project
	ProcessOwner
	Channel
	InheritedEnvironment // the parent of an ephemeral environment
	Environment
	TenantTag
	Tenant
	Role
	TargetRole
	Machine
	Action
	User
	Trigger
	ParentDeployment
	Private

	fieldCount
)

// fieldNames are the words used for a field in a sentence.
var fieldNames = [...]string{
	"the default of a tenant template", "project", "process", "channel", "parent environment",
	"environment", "tenant tag", "tenant", "target tag", "target tag that the step asks for",
	"machine", "step", "an entered value", "a trigger's value", "a parent deployment's value",
	"a built-in value",
}

// String names the field as a sentence would.
func (f Field) String() string {
	if f < 0 || int(f) >= len(fieldNames) {
		return "unknown scope"
	}
	return fieldNames[f]
}

// Rank says how specific a value is at a place: the set of fields by which it
// matches. Ranks compare as numbers, so that the strongest field decides first
// and every further field adds to it.
type Rank uint32

// with adds a field.
func (r Rank) with(f Field) Rank { return r | 1<<f }

// Has says whether the value matches by the field.
func (r Rank) Has(f Field) bool { return r&(1<<f) != 0 }

// Fields lists the fields, strongest first.
func (r Rank) Fields() []Field {
	var fields []Field
	for f := fieldCount - 1; f >= 0; f-- {
		if r.Has(f) {
			fields = append(fields, f)
		}
	}
	return fields
}

// tokens is a set of folded ids, sorted.
type tokens []string

// newTokens folds and sorts ids.
func newTokens(ids []string) tokens {
	if len(ids) == 0 {
		return nil
	}
	t := make(tokens, 0, len(ids))
	for _, id := range ids {
		t = append(t, fold(strings.TrimSpace(id)))
	}
	slices.Sort(t)
	return t
}

// has says whether a folded id is in the set; nothing has the empty id.
func (t tokens) has(id string) bool {
	if id == "" {
		return false
	}
	_, found := slices.BinarySearch(t, id)
	return found
}

// meets says whether the two sets have a member in common.
func (t tokens) meets(other tokens) bool {
	for _, id := range other {
		if t.has(id) {
			return true
		}
	}
	return false
}

// matcher is a scope made ready for many comparisons.
type matcher struct {
	environment, tenant, tenantTag, channel, owner, project tokens
	action, machine, role, targetRole                       tokens
	flags                                                   Rank
}

// newMatcher prepares a value's scope. The project's own values carry the
// project's rank without a scope, which is how they beat the library's.
func newMatcher(v *Value) matcher {
	s := &v.Scope
	m := matcher{
		environment: newTokens(s.Environment), tenant: newTokens(s.Tenant),
		tenantTag: newTokens(s.TenantTag), channel: newTokens(s.Channel),
		owner: newTokens(s.ProcessOwner), project: newTokens(s.Project),
		action: newTokens(s.Action), machine: newTokens(s.Machine),
		role: newTokens(s.Role), targetRole: newTokens(s.TargetRole),
	}
	for field, set := range map[Field]bool{
		Private: s.Private, ParentDeployment: s.ParentDeployment, Trigger: s.Trigger, User: s.User,
		ProjectTemplate: s.ProjectTemplate, Project: v.Source == FromProject,
	} {
		if set {
			m.flags = m.flags.with(field)
		}
	}
	return m
}

// dynamic says whether the match depends on the step or the machine.
func (m *matcher) dynamic() bool {
	return m.action != nil || m.machine != nil || m.role != nil || m.targetRole != nil
}

// place is a Context made ready for many comparisons.
type place struct {
	environment, parent, tenant, channel, owner, project string
	action, step, machine                                string
	tenantTags, roles, targetRoles, targetedRoles        tokens
}

// newPlace folds a context.
func newPlace(c *Context) place {
	p := place{
		environment: fold(c.Environment), parent: fold(c.ParentEnvironment), tenant: fold(c.Tenant),
		channel: fold(c.Channel), owner: fold(c.ProcessOwner), project: fold(c.Project),
		tenantTags: newTokens(c.TenantTags),
	}
	p.setSpot(c.Action, c.Step, c.Machine, c.MachineRoles, c.TargetRoles)
	return p
}

// setSpot fills in the half of a place that varies within a deployment.
func (p *place) setSpot(action, step, machine string, machineRoles, targetRoles []string) {
	p.action, p.step, p.machine = fold(action), fold(step), fold(machine)
	p.roles, p.targetRoles = newTokens(machineRoles), newTokens(targetRoles)
	p.targetedRoles = nil
	for _, role := range p.roles {
		if p.targetRoles.has(role) {
			p.targetedRoles = append(p.targetedRoles, role)
		}
	}
}

// matchFixed compares what is the same for a whole deployment.
func (m *matcher) matchFixed(p *place) (Rank, bool) {
	r := m.flags
	if m.environment != nil {
		switch {
		case m.environment.has(p.environment):
			r = r.with(Environment)
		case m.environment.has(p.parent):
			r = r.with(InheritedEnvironment)
		default:
			return 0, false
		}
	}
	for _, one := range [...]struct {
		scope tokens
		is    string
		field Field
	}{{m.tenant, p.tenant, Tenant}, {m.channel, p.channel, Channel}, {m.owner, p.owner, ProcessOwner}, {m.project, p.project, Project}} {
		if one.scope == nil {
			continue
		}
		if !one.scope.has(one.is) {
			return 0, false
		}
		r = r.with(one.field)
	}
	if m.tenantTag != nil {
		if !m.tenantTag.meets(p.tenantTags) {
			return 0, false
		}
		r = r.with(TenantTag)
	}
	return r, true
}

// matchSpot compares what varies with the step and the machine. A target tag
// that the step asks for is worth more than one the machine merely has.
func (m *matcher) matchSpot(p *place) (Rank, bool) {
	var r Rank
	if m.action != nil {
		if !m.action.has(p.action) && !m.action.has(p.step) {
			return 0, false
		}
		r = r.with(Action)
	}
	if m.machine != nil {
		if !m.machine.has(p.machine) {
			return 0, false
		}
		r = r.with(Machine)
	}
	if m.role != nil {
		switch {
		case m.role.meets(p.targetedRoles):
			r = r.with(TargetRole)
		case m.role.meets(p.roles):
			r = r.with(Role)
		default:
			return 0, false
		}
	}
	if m.targetRole != nil {
		if !m.targetRole.meets(p.targetedRoles) {
			return 0, false
		}
		r = r.with(TargetRole)
	}
	return r, true
}

// match compares everything.
func (m *matcher) match(p *place) (Rank, bool) {
	fixed, ok := m.matchFixed(p)
	if !ok {
		return 0, false
	}
	spot, ok := m.matchSpot(p)
	return fixed | spot, ok
}

// tieBreak orders two values of one name that are equally specific. What it
// compares is arbitrary but never changes by chance: the spelling of the name,
// the order of the sets, the set, the id, and at last the value itself.
func tieBreak(a, b *Value) int {
	return cmp.Or(
		strings.Compare(a.Name, b.Name),
		cmp.Compare(a.Order, b.Order),
		strings.Compare(a.Owner, b.Owner),
		strings.Compare(a.ID, b.ID),
		strings.Compare(a.Value, b.Value),
	)
}
