// Package access decides who may do what. It is pure: from users, teams, roles
// and the scopes of roles it compiles a Set, and a Set answers whether a
// permission reaches a resource, why, and how far it reaches. Keeping it free
// of storage and requests makes the one place where rights are decided small
// enough to be tested rule by rule.
//
// The rules, in short: rights only add up, nothing takes one away. Each scoped
// role is judged alone, so that the limits of one never widen another. Inside
// a scoped role all dimensions must fit; across scoped roles one is enough. A
// limit counts only for permissions that know its dimension. Rights in the
// system give none inside a space.
package access

// User is who asks, as far as rights are concerned.
type User struct {
	ID               string
	ExternalGroupIDs []string // groups that an external directory says the user is in
}

// Team is a set of users. A team without a space belongs to the system and may
// be given roles in any space.
type Team struct {
	ID, Name         string
	SpaceID          string
	MemberIDs        []string
	ExternalGroupIDs []string
}

// Role is a named set of permissions.
type Role struct {
	ID, Name          string
	Description       string
	SpacePermissions  []Permission
	SystemPermissions []Permission
}

// ScopedRole gives a role to a team, within limits. An empty list limits
// nothing; projects and project groups are one dimension together.
type ScopedRole struct {
	ID             string
	TeamID, RoleID string
	SpaceID        string
	Scope
}

// Scope is the limits of a scoped role.
type Scope struct {
	ProjectIDs      []string
	ProjectGroupIDs []string
	EnvironmentIDs  []string
	TenantIDs       []string
}

// Grant is what one scoped role gives one user: space permissions within the
// scope in SpaceID, and system permissions everywhere in the system.
type Grant struct {
	TeamID, TeamName  string
	RoleID, RoleName  string
	SpaceID           string
	Permissions       []Permission
	SystemPermissions []Permission
	Scope
}

// Resource says where the thing lies that somebody wants to act on. Without a
// space it belongs to the system. A thing in several environments or for
// several tenants names them all; a thing without any names none.
type Resource struct {
	SpaceID        string
	ProjectID      string
	ProjectGroupID string // the group of that project, or the group itself
	EnvironmentIDs []string
	TenantIDs      []string
}
