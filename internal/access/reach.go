package access

import (
	"slices"
)

// Reach says how far a permission goes in a space, for lists that are narrowed
// before they are read. A resource can be reached if one of the Areas has it.
type Reach struct {
	All   bool // no limits at all; Areas is empty then
	Areas []Scope
}

// Reach gives how far the permission goes in the space. Each area is the scope
// of one grant without the dimensions that the permission does not know; an
// empty list limits nothing, projects and groups being one dimension. The zero
// Reach goes nowhere.
func (s *Set) Reach(p Permission, spaceID string) Reach {
	d, ok := Define(p)
	if !ok {
		return Reach{}
	}
	var reach Reach
	for _, have := range s.rights(d, spaceID) {
		if have.limits == 0 {
			return Reach{All: true}
		}
		var area Scope
		if have.limits&Projects != 0 {
			area.ProjectIDs = have.grant.ProjectIDs
		}
		if have.limits&(Projects|ProjectGroups) != 0 {
			area.ProjectGroupIDs = have.grant.ProjectGroupIDs
			if len(area.ProjectIDs)+len(area.ProjectGroupIDs) == 0 {
				continue // a role for single projects, asked for groups
			}
		}
		if have.limits&Environments != 0 {
			area.EnvironmentIDs = have.grant.EnvironmentIDs
		}
		if have.limits&Tenants != 0 {
			area.TenantIDs = have.grant.TenantIDs
		}
		reach.Areas = append(reach.Areas, area)
	}
	return reach
}

// None reports whether the permission reaches nothing.
func (r Reach) None() bool { return !r.All && len(r.Areas) == 0 }

// Projects gives the projects and project groups beyond which the permission
// does not go; all is true when it may go to any. Whatever lies elsewhere is
// out of reach; what lies inside still has to pass Allows, because a role may
// be limited in other dimensions as well.
func (r Reach) Projects() (projects, groups []string, all bool) {
	all = r.All
	for _, a := range r.Areas {
		all = all || len(a.ProjectIDs)+len(a.ProjectGroupIDs) == 0
		projects = append(projects, a.ProjectIDs...)
		groups = append(groups, a.ProjectGroupIDs...)
	}
	if all {
		return nil, nil, true
	}
	return distinct(projects), distinct(groups), false
}

// Environments is Projects for environments.
func (r Reach) Environments() (ids []string, all bool) {
	return r.one(func(a Scope) []string { return a.EnvironmentIDs })
}

// Tenants is Projects for tenants.
func (r Reach) Tenants() (ids []string, all bool) {
	return r.one(func(a Scope) []string { return a.TenantIDs })
}

func (r Reach) one(of func(Scope) []string) (ids []string, all bool) {
	all = r.All
	for _, a := range r.Areas {
		all = all || len(of(a)) == 0
		ids = append(ids, of(a)...)
	}
	if all {
		return nil, true
	}
	return distinct(ids), false
}

// distinct gives the values once each, in order.
func distinct(ids []string) []string {
	slices.Sort(ids)
	return slices.Compact(ids)
}

// Filter gives the items that the permission reaches, in their order.
func Filter[T any](s *Set, p Permission, items []T, at func(T) Resource) []T {
	kept := make([]T, 0, len(items))
	for _, item := range items {
		if s.Allows(p, at(item)) {
			kept = append(kept, item)
		}
	}
	return kept
}
