package catalog

import (
	"github.com/takodeploy/tako/internal/access"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// RightsOf compiles what a user may do from the user's teams and their roles.
func RightsOf(tx *store.Tx, userID string) (*access.Set, error) {
	grants, err := GrantsOf(tx, userID)
	if err != nil {
		return nil, err
	}
	return access.Compile(grants), nil
}

// GrantsOf gives what RightsOf compiles.
func GrantsOf(tx *store.Tx, userID string) ([]access.Grant, error) {
	all := kind.Query{AnySpace: true}
	teams, _, err := Teams.List(tx, all)
	if err != nil {
		return nil, err
	}
	roles, _, err := UserRoles.List(tx, all)
	if err != nil {
		return nil, err
	}
	scoped, _, err := ScopedUserRoles.List(tx, all)
	if err != nil {
		return nil, err
	}
	var t []access.Team
	for _, v := range teams {
		t = append(t, v.Access())
	}
	var r []access.Role
	for _, v := range roles {
		r = append(r, v.Access())
	}
	var s []access.ScopedRole
	for _, v := range scoped {
		s = append(s, v.Access())
	}
	return access.Grants(access.User{ID: userID}, t, r, s), nil
}

// GrantsOfTeam gives what being in a team gives, apart from what everyone has.
func GrantsOfTeam(tx *store.Tx, team *Team) ([]access.Grant, error) {
	roles, _, err := UserRoles.List(tx, kind.Query{AnySpace: true})
	if err != nil {
		return nil, err
	}
	scoped, _, err := ScopedUserRoles.List(tx, kind.Query{AnySpace: true, Refer: map[string][]string{"TeamId": {team.ID}}})
	if err != nil {
		return nil, err
	}
	var r []access.Role
	for _, v := range roles {
		r = append(r, v.Access())
	}
	var s []access.ScopedRole
	for _, v := range scoped {
		s = append(s, v.Access())
	}
	t := team.Access()
	t.MemberIDs = []string{"somebody"}
	return access.Grants(access.User{ID: "somebody"}, []access.Team{t}, r, s), nil
}
