package catalog

import (
	"slices"

	"github.com/takodeploy/tako/internal/access"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// UserRole is a named set of permissions.
type UserRole struct {
	kind.Base
	Name        string `json:"Name" kind:"required,max=200"`
	Description string `json:"Description" kind:"max=1000"`
	// SupportedRestrictions are computed for a role that is built in; of another,
	// they are what was sent: what nobody wrote, tools that hold a role to a
	// file would take for a change that somebody made.
	SupportedRestrictions        []string            `json:"SupportedRestrictions"`
	SpacePermissionDescriptions  []string            `json:"SpacePermissionDescriptions" kind:"readonly"`
	SystemPermissionDescriptions []string            `json:"SystemPermissionDescriptions" kind:"readonly"`
	GrantedSpacePermissions      []access.Permission `json:"GrantedSpacePermissions"`
	GrantedSystemPermissions     []access.Permission `json:"GrantedSystemPermissions"`
	CanBeDeleted                 bool                `json:"CanBeDeleted" kind:"readonly"`
}

// UserRoles are the roles of the installation.
var UserRoles = kind.Register(kind.Kind[UserRole]{
	Plural:      "UserRoles",
	Singular:    "User role",
	System:      true,
	Permissions: kind.All("UserRoleView", "UserRoleEdit"),
	Rules:       roleRules,
	Deleting: func(_ *store.Tx, gone *UserRole) error {
		if !gone.CanBeDeleted {
			return fault.New(fault.Invalid, "The user role '%s' is built in and cannot be deleted.", gone.Name)
		}
		return nil
	},
})

// Access is the role as package access judges it.
func (r *UserRole) Access() access.Role {
	return access.Role{ID: r.ID, Name: r.Name, Description: r.Description,
		SpacePermissions: r.GrantedSpacePermissions, SystemPermissions: r.GrantedSystemPermissions}
}

// builtInRole reports whether the server itself made the role.
func builtInRole(id string) bool {
	return slices.ContainsFunc(access.BuiltInRoles(), func(r access.Role) bool { return r.ID == id })
}

func roleRules(_ *store.Tx, next, old *UserRole, c *fault.Complaints) error {
	next.CanBeDeleted = !builtInRole(next.ID)
	next.GrantedSpacePermissions = granted(next.GrantedSpacePermissions, access.Space, "space", c)
	next.GrantedSystemPermissions = granted(next.GrantedSystemPermissions, access.System, "system", c)
	if !next.CanBeDeleted {
		next.SupportedRestrictions = next.Access().Restrictions().Names()
	}
	next.SpacePermissionDescriptions = access.Describe(next.GrantedSpacePermissions)
	next.SystemPermissionDescriptions = access.Describe(next.GrantedSystemPermissions)
	if old != nil && next.ID == access.RoleSystemAdministrator && !slices.Equal(sorted(next.GrantedSystemPermissions), sorted(old.GrantedSystemPermissions)) {
		c.Add("The permissions of the role '%s' cannot be changed, because nobody else could give them back.", old.Name)
	}
	return nil
}

// granted checks the permissions of one level and drops repeated ones.
func granted(list []access.Permission, level access.Level, where string, c *fault.Complaints) []access.Permission {
	var kept []access.Permission
	for _, p := range list {
		d, ok := access.Define(p)
		switch {
		case !ok:
			c.Add("There is no permission '%s'.", p)
		case d.Level&level == 0:
			c.Add("The permission %s cannot be granted at the level of the %s.", p, where)
		case !slices.Contains(kept, p):
			kept = append(kept, p)
		}
	}
	return kept
}

func sorted(list []access.Permission) []access.Permission {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}
