package access

import (
	"fmt"
	"slices"
	"strings"
)

// Explanation says why a permission does or does not reach a resource.
type Explanation struct {
	Permission Permission
	Allowed    bool
	Sentence   string
	Reasons    []Reason // every role that has the permission there, fitting ones first
}

// Reason is what one role of one team contributes.
type Reason struct {
	TeamID, TeamName string
	RoleID, RoleName string
	Fits             bool
	Why              string // what the role is limited to, when that is why it does not fit
}

// Explain says why the permission does or does not reach the resource.
func (s *Set) Explain(p Permission, r Resource) Explanation {
	ex := Explanation{Permission: p, Allowed: s.Allows(p, r)}
	d, ok := Define(p)
	if !ok {
		ex.Sentence = fmt.Sprintf("There is no permission %s.", p)
		return ex
	}
	ex.Reasons = reasons(s.rights(d, r.SpaceID), d, r)
	if alone, has := unscoped[p]; has && len(r.EnvironmentIDs) == 0 {
		other, _ := Define(alone)
		ex.Reasons = append(ex.Reasons, reasons(s.rights(other, r.SpaceID), other, r)...)
	}
	slices.SortStableFunc(ex.Reasons, func(a, b Reason) int {
		switch {
		case a.Fits == b.Fits:
			return strings.Compare(a.TeamName+"\x00"+a.RoleName, b.TeamName+"\x00"+b.RoleName)
		case a.Fits:
			return -1
		}
		return 1
	})
	ex.Sentence = sentence(ex, r.SpaceID, d)
	return ex
}

// reasons judges each right alone; one fits when it reaches the resource at
// any of its places.
func reasons(rights []right, d Definition, r Resource) []Reason {
	environments, tenants := r.EnvironmentIDs, r.TenantIDs
	if len(environments) == 0 {
		environments = none
	}
	if len(tenants) == 0 {
		tenants = none
	}
	var all []Reason
	for _, have := range rights {
		g := have.grant
		reason := Reason{TeamID: g.TeamID, TeamName: g.TeamName, RoleID: g.RoleID, RoleName: g.RoleName}
		var missing Dimension
		for _, e := range environments {
			for _, t := range tenants {
				m := have.missing(d, r, e, t)
				reason.Fits = reason.Fits || m == 0
				missing |= m
			}
		}
		if missing != 0 {
			reason.Why = limitedTo(g, missing)
		}
		all = append(all, reason)
	}
	return all
}

// limitedTo names the limits of a grant in some dimensions.
func limitedTo(g *Grant, by Dimension) string {
	var parts []string
	add := func(noun string, ids []string) {
		if len(ids) > 0 {
			parts = append(parts, noun+" "+strings.Join(ids, ", "))
		}
	}
	if by&(Projects|ProjectGroups) != 0 {
		add("projects", g.ProjectIDs)
		add("project groups", g.ProjectGroupIDs)
	}
	if by&Environments != 0 {
		add("environments", g.EnvironmentIDs)
	}
	if by&Tenants != 0 {
		add("tenants", g.TenantIDs)
	}
	return "limited to " + strings.Join(parts, " and ")
}

func sentence(ex Explanation, spaceID string, d Definition) string {
	where := "in space " + spaceID
	if spaceID == "" || d.Level == System {
		where = "in the system"
	}
	if len(ex.Reasons) == 0 {
		return fmt.Sprintf("None of the user's teams has a role with %s %s.", ex.Permission, where)
	}
	first := ex.Reasons[0]
	given := fmt.Sprintf("team %s has %s by role %s", first.TeamName, ex.Permission, first.RoleName)
	if ex.Allowed {
		return strings.ToUpper(given[:1]) + given[1:] + "."
	}
	if first.Fits {
		return fmt.Sprintf("%s is needed everywhere the resource lies, but %s only %s.", ex.Permission, given, first.Why)
	}
	var have []string
	for _, r := range ex.Reasons {
		have = append(have, fmt.Sprintf("%s of team %s is %s", r.RoleName, r.TeamName, r.Why))
	}
	return fmt.Sprintf("No role with %s %s fits: %s.", ex.Permission, where, strings.Join(have, "; "))
}
