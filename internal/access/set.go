package access

import (
	"maps"
	"slices"
)

// Set is everything a user may do, compiled so that a check costs well under a
// microsecond. It never changes and is safe for concurrent use; the caller
// keeps one per user until that user's teams, roles or scopes change. The nil
// Set allows nothing.
type Set struct {
	system map[Permission][]right
	spaces map[string]map[Permission][]right
}

// right is a permission as one grant gives it.
type right struct {
	grant  *Grant
	scope  *scope
	limits Dimension // the dimensions in which this grant limits this permission
}

// scope is a Scope ready for look-ups.
type scope struct {
	projects, groups, environments, tenants map[string]struct{}
}

// Compile makes the set of some grants. Permissions of unknown name are left
// out: they can come from a newer server and mean nothing to this one.
func Compile(grants []Grant) *Set {
	s := &Set{system: map[Permission][]right{}, spaces: map[string]map[Permission][]right{}}
	for i := range grants {
		g := &grants[i]
		sc := compileScope(g.Scope)
		for _, p := range g.SystemPermissions {
			if d, ok := Define(p); ok && d.Level&System != 0 {
				s.system[p] = append(s.system[p], right{grant: g, scope: sc})
			}
		}
		if g.SpaceID == "" {
			continue
		}
		in := s.spaces[g.SpaceID]
		if in == nil {
			in = map[Permission][]right{}
			s.spaces[g.SpaceID] = in
		}
		for _, p := range g.Permissions {
			if d, ok := Define(p); ok && d.Level&Space != 0 {
				in[p] = append(in[p], right{g, sc, limits(d, sc)})
			}
		}
	}
	return s
}

func compileScope(s Scope) *scope {
	set := func(ids []string) map[string]struct{} {
		m := make(map[string]struct{}, len(ids))
		for _, id := range ids {
			m[id] = struct{}{}
		}
		return m
	}
	return &scope{set(s.ProjectIDs), set(s.ProjectGroupIDs), set(s.EnvironmentIDs), set(s.TenantIDs)}
}

// limits gives the dimensions in which the scope limits the permission: those
// where the scope names something and the permission knows the dimension.
func limits(d Definition, sc *scope) Dimension {
	var by Dimension
	byProject := len(sc.projects)+len(sc.groups) > 0
	switch {
	case d.Restrict&Projects != 0 && byProject:
		by |= Projects
	case d.Restrict&ProjectGroups != 0 && (len(sc.groups) > 0 || byProject && !d.Reads()):
		// A role for single projects must not let one add projects or change
		// groups everywhere, though it may show the groups.
		by |= ProjectGroups
	}
	if d.Restrict&Environments != 0 && len(sc.environments) > 0 {
		by |= Environments
	}
	if d.Restrict&Tenants != 0 && len(sc.tenants) > 0 {
		by |= Tenants
	}
	return by
}

// rights gives the rights that could apply to a permission in a space, or in
// the system when the space is empty or the permission is the system's alone.
func (s *Set) rights(d Definition, spaceID string) []right {
	switch {
	case s == nil:
		return nil
	case spaceID == "" || d.Level == System:
		return s.system[d.Permission]
	}
	return s.spaces[spaceID][d.Permission]
}

// unscoped is the permission that also gives a permission's right where the
// resource has no environment.
var unscoped = map[Permission]Permission{VariableView: VariableViewUnscoped, VariableEdit: VariableEditUnscoped}

// Allows reports whether the permission reaches the resource. To look at a
// thing that lies in several environments or belongs to several tenants, one
// of them is enough; to do anything else the permission is needed in each, by
// whichever roles.
func (s *Set) Allows(p Permission, r Resource) bool {
	d, ok := Define(p)
	if !ok {
		return false
	}
	if allows(s.rights(d, r.SpaceID), d, r) {
		return true
	}
	if alone, has := unscoped[p]; has && len(r.EnvironmentIDs) == 0 {
		return s.Allows(alone, r)
	}
	return false
}

// none stands for the single place of a resource without values.
var none = []string{""}

func allows(rights []right, d Definition, r Resource) bool {
	if len(rights) == 0 {
		return false
	}
	for _, have := range rights {
		if have.limits == 0 {
			return true
		}
	}
	environments, tenants := r.EnvironmentIDs, r.TenantIDs
	if len(environments) == 0 {
		environments = none
	}
	if len(tenants) == 0 {
		tenants = none
	}
	reads := d.Reads()
	for _, e := range environments {
		for _, t := range tenants {
			fits := slices.ContainsFunc(rights, func(have right) bool { return have.fits(d, r, e, t) })
			if fits == reads {
				return reads // one yes is enough to read, one no to refuse the rest
			}
		}
	}
	return !reads
}

// fits reports whether the right reaches the resource at one of its places.
func (have right) fits(d Definition, r Resource, environment, tenant string) bool {
	return have.missing(d, r, environment, tenant) == 0
}

// missing gives the first dimension in which the right does not reach the
// resource at one of its places, or 0.
func (have right) missing(d Definition, r Resource, environment, tenant string) Dimension {
	in := func(m map[string]struct{}, id string) bool {
		_, ok := m[id]
		return ok
	}
	sc := have.scope
	switch {
	case have.limits&Projects != 0 && !in(sc.projects, r.ProjectID) && !in(sc.groups, r.ProjectGroupID):
		return Projects
	case have.limits&ProjectGroups != 0 && !in(sc.groups, r.ProjectGroupID):
		return ProjectGroups
	case have.limits&Environments != 0 && environment == "" && (d.Explicit&Environments != 0 || !d.Reads()):
		// Nothing limits such a thing to an environment: it can be seen from
		// each, but only who has them all may change it.
		return Environments
	case have.limits&Environments != 0 && environment != "" && !in(sc.environments, environment):
		return Environments
	case have.limits&Tenants != 0 && tenant == "" && d.Explicit&Tenants != 0:
		return Tenants
	case have.limits&Tenants != 0 && tenant != "" && !in(sc.tenants, tenant):
		return Tenants
	}
	return 0
}

// Anywhere reports whether the permission reaches anything at all in the
// space, or in the system when the space is empty.
func (s *Set) Anywhere(p Permission, spaceID string) bool {
	d, ok := Define(p)
	return ok && len(s.rights(d, spaceID)) > 0
}

// Spaces gives the ids of the spaces in which the user may do anything, in
// order.
func (s *Set) Spaces() []string {
	ids := []string{}
	if s == nil {
		return ids
	}
	for id, in := range s.spaces {
		if len(in) > 0 {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// Permissions gives the names of the permissions that reach anything in the
// space, or in the system when the space is empty, in order.
func (s *Set) Permissions(spaceID string) []Permission {
	if s == nil {
		return nil
	}
	have := s.system
	if spaceID != "" {
		have = s.spaces[spaceID]
	}
	return slices.Sorted(maps.Keys(have))
}
