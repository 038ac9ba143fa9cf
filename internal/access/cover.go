package access

import (
	"maps"
	"slices"
)

// Lack is a permission that one set has and another has not, or not as far.
type Lack struct {
	Permission Permission
	SpaceID    string // "" for the system
}

// Lacks gives the permissions of other that the set does not have as far as
// other has them, in order; none when whoever has the set could do everything
// that other allows. Each right of other must be covered by one right of the
// set: rights that only do so together do not count.
func (s *Set) Lacks(other *Set) []Lack {
	if other == nil {
		return nil
	}
	var lacks []Lack
	for _, p := range slices.Sorted(maps.Keys(other.system)) {
		if p != TaskViewLog && !s.Anywhere(p, "") {
			lacks = append(lacks, Lack{p, ""})
		}
	}
	for _, space := range slices.Sorted(maps.Keys(other.spaces)) {
		for _, p := range slices.Sorted(maps.Keys(other.spaces[space])) {
			if p != TaskViewLog && !s.covers(p, space, other.Reach(p, space)) {
				lacks = append(lacks, Lack{p, space})
			}
		}
	}
	return lacks
}

// covers reports whether the permission goes at least as far as a reach.
func (s *Set) covers(p Permission, space string, other Reach) bool {
	mine := s.Reach(p, space)
	if mine.All || other.None() {
		return true
	}
	if other.All {
		return false
	}
	for _, area := range other.Areas {
		if !slices.ContainsFunc(mine.Areas, func(a Scope) bool { return a.holds(area) }) {
			return false
		}
	}
	return true
}

// holds reports whether the other scope lies within this one.
func (s Scope) holds(other Scope) bool {
	within := func(outer, inner []string) bool {
		return len(outer) == 0 || len(inner) > 0 && !slices.ContainsFunc(inner, func(id string) bool { return !slices.Contains(outer, id) })
	}
	return within(slices.Concat(s.ProjectIDs, s.ProjectGroupIDs), slices.Concat(other.ProjectIDs, other.ProjectGroupIDs)) &&
		within(s.EnvironmentIDs, other.EnvironmentIDs) && within(s.TenantIDs, other.TenantIDs)
}
