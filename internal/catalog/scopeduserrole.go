package catalog

import (
	"github.com/takodeploy/tako/internal/access"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// ScopedUserRole gives a role to a team, for the system or in one space, where
// it can be limited further.
type ScopedUserRole struct {
	kind.Base
	UserRoleID      string   `json:"UserRoleId" kind:"required,ref=UserRoles"`
	TeamID          string   `json:"TeamId" kind:"required,ref=Teams,filter"`
	ProjectGroupIDs []string `json:"ProjectGroupIds" kind:"ref=ProjectGroups"`
	ProjectIDs      []string `json:"ProjectIds" kind:"ref=Projects"`
	EnvironmentIDs  []string `json:"EnvironmentIds" kind:"ref=Environments"`
	TenantIDs       []string `json:"TenantIds" kind:"ref=Tenants"`
}

// ScopedUserRoles say which team has which role where.
var ScopedUserRoles = kind.Register(kind.Kind[ScopedUserRole]{
	Plural:      "ScopedUserRoles",
	Singular:    "Scoped user role",
	System:      true,
	Order:       "created, id",
	Permissions: kind.Permissions{View: "TeamView", Create: "TeamEdit", Edit: "TeamEdit", Delete: "TeamEdit"},
	Rules:       scopedRoleRules,
})

// Access is the scoped role as package access judges it.
func (s *ScopedUserRole) Access() access.ScopedRole {
	return access.ScopedRole{ID: s.ID, TeamID: s.TeamID, RoleID: s.UserRoleID, SpaceID: s.SpaceID, Scope: access.Scope{
		ProjectIDs: s.ProjectIDs, ProjectGroupIDs: s.ProjectGroupIDs, EnvironmentIDs: s.EnvironmentIDs, TenantIDs: s.TenantIDs,
	}}
}

func scopedRoleRules(tx *store.Tx, next, _ *ScopedUserRole, c *fault.Complaints) error {
	if next.SpaceID != "" {
		if _, err := kind.Of[Space]().Get(tx, next.SpaceID); fault.Is(err, fault.NotFound) {
			c.Add("SpaceId refers to '%s', which does not exist.", next.SpaceID)
		} else if err != nil {
			return err
		}
	}
	role, err := found(kind.Of[UserRole]().Get(tx, next.UserRoleID))
	if err != nil || role == nil {
		return err
	}
	team, err := found(kind.Of[Team]().Get(tx, next.TeamID))
	if err != nil || team == nil {
		return err
	}
	if team.SpaceID != "" && next.SpaceID != "" && team.SpaceID != next.SpaceID {
		return nil // nobody learns here of teams in other spaces: for the check of references it is not there
	}
	for _, wrong := range access.Complaints(team.Access(), role.Access(), next.Access()) {
		c.Add("%s", wrong)
	}
	return nil
}

// found makes nil of what is not there: the check of references says so.
func found[T any](r *T, err error) (*T, error) {
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	return r, err
}
