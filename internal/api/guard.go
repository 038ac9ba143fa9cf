package api

import (
	"fmt"
	"slices"

	"github.com/takodeploy/tako/internal/access"
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// Nobody may hand out more than they have: see docs/decisions/013-escalation.md.
// guard refuses changes to teams, roles and the roles of teams by which the
// caller, or anybody else, would come by rights that the caller has not got.
// next is nil for a deletion, old for what is new.
func (r *Request) guard(tx *store.Tx, next, old any) error {
	switch n := next.(type) {
	case *catalog.Team:
		o, _ := old.(*catalog.Team)
		return r.guardTeam(tx, n, o)
	case *catalog.UserRole:
		o, _ := old.(*catalog.UserRole)
		return r.guardRole(tx, n, o)
	case *catalog.ScopedUserRole:
		o, _ := old.(*catalog.ScopedUserRole)
		return r.guardGrant(tx, n, o)
	}
	if o, ok := old.(*catalog.ScopedUserRole); ok && next == nil {
		return r.guardGrant(tx, nil, o)
	}
	return nil
}

// before copies what guard compares a change with.
func before(resource any) any {
	switch v := resource.(type) {
	case *catalog.Team:
		c := *v
		c.MemberUserIDs = slices.Clone(v.MemberUserIDs)
		c.ExternalSecurityGroups = slices.Clone(v.ExternalSecurityGroups)
		return &c
	case *catalog.UserRole:
		c := *v
		c.GrantedSpacePermissions = slices.Clone(v.GrantedSpacePermissions)
		c.GrantedSystemPermissions = slices.Clone(v.GrantedSystemPermissions)
		return &c
	case *catalog.ScopedUserRole:
		c := *v
		return &c
	}
	return nil
}

// guardTeam asks who changes a team's members for all that the team may do.
func (r *Request) guardTeam(tx *store.Tx, next, old *catalog.Team) error {
	if old == nil || slices.Equal(next.MemberUserIDs, old.MemberUserIDs) && slices.Equal(next.ExternalSecurityGroups, old.ExternalSecurityGroups) {
		return nil
	}
	grants, err := catalog.GrantsOfTeam(tx, old)
	if err != nil {
		return fmt.Errorf("finding the rights of a team: %w", err)
	}
	return r.holds(grants, "change who is in the team '"+old.Name+"'")
}

// guardRole asks who adds permissions to a role for them wherever the role has
// been given.
func (r *Request) guardRole(tx *store.Tx, next, old *catalog.UserRole) error {
	if old == nil {
		return nil // a role gives nothing until a team has it
	}
	added := func(next, old []access.Permission) []access.Permission {
		return slices.DeleteFunc(slices.Clone(next), func(p access.Permission) bool { return slices.Contains(old, p) })
	}
	inSpace := added(next.GrantedSpacePermissions, old.GrantedSpacePermissions)
	inSystem := added(next.GrantedSystemPermissions, old.GrantedSystemPermissions)
	if len(inSpace)+len(inSystem) == 0 {
		return nil
	}
	given, _, err := catalog.ScopedUserRoles.List(tx, kind.Query{AnySpace: true, Refer: map[string][]string{"UserRoleId": {old.ID}}})
	if err != nil {
		return fmt.Errorf("finding where a role has been given: %w", err)
	}
	grants := make([]access.Grant, len(given))
	for i, g := range given {
		grants[i] = access.Grant{RoleID: old.ID, SpaceID: g.SpaceID, Permissions: inSpace, SystemPermissions: inSystem, Scope: g.Access().Scope}
	}
	return r.holds(grants, "add to the role '"+old.Name+"'")
}

// guardGrant asks who gives a team a role, or takes one away, for what the role
// gives there. What the built-in teams are made of stays as it is.
func (r *Request) guardGrant(tx *store.Tx, next, old *catalog.ScopedUserRole) error {
	for _, s := range []*catalog.ScopedUserRole{old, next} {
		if s == nil {
			continue
		}
		if s == old && builtInGrant(s) {
			return fault.New(fault.Invalid, "The team is built in and keeps the role that it is for.")
		}
		role, err := catalog.UserRoles.Get(tx, s.UserRoleID)
		if fault.Is(err, fault.NotFound) {
			continue // the check of references says so
		}
		if err != nil {
			return err
		}
		grant := access.Grant{RoleID: role.ID, SpaceID: s.SpaceID, Permissions: role.GrantedSpacePermissions, SystemPermissions: role.GrantedSystemPermissions, Scope: s.Access().Scope}
		if err := r.holds([]access.Grant{grant}, "decide who has the role '"+role.Name+"'"); err != nil {
			return err
		}
	}
	return nil
}

// builtInGrant reports whether a built-in team has the role that it is for.
func builtInGrant(s *catalog.ScopedUserRole) bool {
	switch s.TeamID {
	case access.TeamAdministrators:
		return s.UserRoleID == access.RoleSystemAdministrator
	case access.TeamManagers:
		return s.UserRoleID == access.RoleSystemManager
	case access.TeamSpaceManagers(s.SpaceID):
		return s.UserRoleID == access.RoleSpaceManager
	}
	return false
}

// guardUser asks who changes another user, or acts on the ways in which the
// user proves who that is, for all that the user may do: whoever can set a
// password can be that user.
func (r *Request) guardUser(tx *store.Tx, user string) error {
	if user == r.Principal.UserID {
		return nil
	}
	grants, err := catalog.GrantsOf(tx, user)
	if err != nil {
		return fmt.Errorf("finding the rights of a user: %w", err)
	}
	return r.holds(grants, "act on this user")
}

// holds fails unless the caller could do all that the grants allow. An
// administrator of the system may hand out everything; who may name the
// managers of any space could come by any right in spaces anyway.
func (r *Request) holds(grants []access.Grant, what string) error {
	if r.Rights.Allows(access.AdministerSystem, access.Resource{}) {
		return nil
	}
	anySpace := r.Rights.Allows(access.SpaceEdit, access.Resource{})
	var details []string
	for _, l := range r.Rights.Lacks(access.Compile(grants)) {
		if l.SpaceID != "" && anySpace {
			continue
		}
		where := "the system"
		if l.SpaceID != "" {
			where = "space " + l.SpaceID
		}
		details = append(details, fmt.Sprintf("That takes %s in %s, which you do not have there, or not as far.", l.Permission, where))
		if len(details) == 5 {
			break
		}
	}
	if details == nil {
		return nil
	}
	return &fault.Error{Code: fault.Forbidden, Message: "You cannot " + what + ", because that would hand out rights that you do not have yourself.", Details: details}
}
