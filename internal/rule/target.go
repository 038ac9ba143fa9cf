package rule

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/fault"
)

// Health is what the last health check found.
type Health string

// The health states, as on the wire.
const (
	Healthy     Health = "Healthy"
	HasWarnings Health = "HasWarnings"
	Unhealthy   Health = "Unhealthy"
	Unavailable Health = "Unavailable"
	Unknown     Health = "Unknown"
)

// Machine is a deployment target as far as choosing among targets needs it.
type Machine struct {
	ID, Name     string
	Environments []string
	Roles        []string // target tags
	TagIDs       []string // the same tags by id, for choices made by id
	Disabled     bool
	Health       Health
	Tenancy      Tenancy
	MayBeOffline bool // its policy says that it may be skipped when offline
}

// has says whether the machine carries one of the tags, by name or by id.
func (m *Machine) has(tags []string) bool {
	return meetsFold(m.Roles, tags) || meetsFold(m.TagIDs, tags)
}

// Connectivity is what a project or runbook wants done about machines that
// cannot be reached or are not well.
type Connectivity struct {
	SkipUnavailable  bool
	SkipRoles        []string // only machines with these tags are skipped; empty are all
	ExcludeUnhealthy bool
	AllowNoTargets   bool
}

// MaySkip says whether a machine that turns out to be unavailable is left out
// instead of failing the deployment.
func (c *Connectivity) MaySkip(m *Machine) bool {
	if m.MayBeOffline {
		return true
	}
	return c.SkipUnavailable && (len(c.SkipRoles) == 0 || m.has(c.SkipRoles))
}

// TargetQuery says which machines an action of a deployment wants.
type TargetQuery struct {
	Environment  string
	Tenant       string // empty is untenanted
	TenantTags   []string
	Roles        []string // of the action; empty asks for machines of any tag
	Specific     []string // machine ids chosen for this deployment; empty are all
	Excluded     []string // machine ids left out of this deployment
	SpecificTags []string // tags chosen for this deployment; empty are all
	ExcludedTags []string
	Connectivity Connectivity
}

// LeftOutKind says by which rule a machine was left out.
type LeftOutKind string

// The rules that leave machines out, in the order in which they are applied.
const (
	OtherEnvironment LeftOutKind = "OtherEnvironment"
	OtherTags        LeftOutKind = "OtherTags"
	IsDisabled       LeftOutKind = "Disabled"
	OtherTenant      LeftOutKind = "OtherTenant"
	NotChosen        LeftOutKind = "NotChosen"
	WasExcluded      LeftOutKind = "Excluded"
	IsUnavailable    LeftOutKind = "Unavailable"
	IsUnhealthy      LeftOutKind = "Unhealthy"
)

// LeftOut is a machine that an action does not run on, with the reason in one
// sentence.
type LeftOut struct {
	Machine Machine
	Kind    LeftOutKind
	Reason  string
}

// TargetSet is what an action runs on, sorted by name. Warnings are sentences
// about targets that are in it but may make trouble.
type TargetSet struct {
	Targets  []Machine
	LeftOut  []LeftOut
	Warnings []string
}

// Targets chooses the machines of an action.
func Targets(machines []Machine, q TargetQuery) TargetSet {
	var set TargetSet
	for i := range machines {
		m := &machines[i]
		kind, why := q.refuses(m)
		if kind != "" {
			set.LeftOut = append(set.LeftOut, LeftOut{*m, kind, fmt.Sprintf("%q is left out: %s.", m.Name, why)})
			continue
		}
		set.Targets = append(set.Targets, *m)
	}
	byName := func(a, b *Machine) int { return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID)) }
	slices.SortFunc(set.Targets, func(a, b Machine) int { return byName(&a, &b) })
	slices.SortFunc(set.LeftOut, func(a, b LeftOut) int { return byName(&a.Machine, &b.Machine) })
	for i := range set.Targets {
		if set.Targets[i].Health == Unavailable {
			set.Warnings = append(set.Warnings, fmt.Sprintf(
				"%q was unavailable at its last health check; if it still is, the deployment fails.", set.Targets[i].Name))
		}
	}
	return set
}

// refuses says by which rule, and why, a machine is not a target.
func (q *TargetQuery) refuses(m *Machine) (LeftOutKind, string) {
	switch {
	case !ContainsFold(m.Environments, q.Environment):
		return OtherEnvironment, "it is not in the environment"
	case len(q.Roles) > 0 && !meetsFold(m.Roles, q.Roles):
		return OtherTags, "it has none of the target tags " + Quoted(q.Roles, "and")
	case m.Disabled:
		return IsDisabled, "it is disabled"
	}
	if why := m.Tenancy.Refuses(q.Tenant, q.TenantTags); why != "" {
		return OtherTenant, why
	}
	switch {
	case len(q.Specific) > 0 && !ContainsFold(q.Specific, m.ID):
		return NotChosen, "the deployment is limited to other machines"
	case len(q.SpecificTags) > 0 && !m.has(q.SpecificTags):
		return NotChosen, "the deployment is limited to machines with other target tags"
	case ContainsFold(q.Excluded, m.ID):
		return WasExcluded, "it was excluded from this deployment"
	case len(q.ExcludedTags) > 0 && m.has(q.ExcludedTags):
		return WasExcluded, "machines with one of its target tags were excluded from this deployment"
	case m.Health == Unavailable && q.Connectivity.MaySkip(m):
		return IsUnavailable, "it is unavailable, and unavailable machines are skipped"
	case m.Health == Unhealthy && q.Connectivity.ExcludeUnhealthy:
		return IsUnhealthy, "it is unhealthy, and unhealthy machines are excluded"
	}
	return "", ""
}

// RequireTargets complains when the steps of a deployment that want machines
// have none between them, unless that is allowed. No sets at all are fine: the
// deployment wants no machines.
func RequireTargets(sets []TargetSet, c Connectivity) error {
	if len(sets) == 0 || c.AllowNoTargets {
		return nil
	}
	var reasons []string
	for _, set := range sets {
		if len(set.Targets) > 0 {
			return nil
		}
		for _, out := range set.LeftOut {
			if out.Kind != OtherEnvironment && out.Kind != OtherTags && !slices.Contains(reasons, out.Reason) {
				reasons = append(reasons, out.Reason)
			}
		}
	}
	err := fault.New(fault.Invalid, "There are no machines to deploy to.")
	err.Details = reasons
	return err
}
