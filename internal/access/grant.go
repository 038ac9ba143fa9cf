package access

import "slices"

// TeamEveryone is the team that every user is in.
const TeamEveryone = "teams-everyone"

// Has reports whether the user is in the team, directly, by an external group,
// or because everyone is.
func (t Team) Has(u User) bool {
	return t.ID == TeamEveryone || slices.Contains(t.MemberIDs, u.ID) ||
		slices.ContainsFunc(t.ExternalGroupIDs, func(g string) bool { return slices.Contains(u.ExternalGroupIDs, g) })
}

// Teams gives those of the teams that the user is in.
func Teams(u User, teams []Team) []Team {
	var in []Team
	for _, t := range teams {
		if t.Has(u) {
			in = append(in, t)
		}
	}
	return in
}

// Grants gives what the user has: one grant for each scoped role of each of
// the user's teams that gives anything. Scoped roles of unknown teams or roles
// give nothing, and neither do those that Complaints would refuse.
func Grants(u User, teams []Team, roles []Role, scoped []ScopedRole) []Grant {
	mine := map[string]Team{}
	for _, t := range Teams(u, teams) {
		mine[t.ID] = t
	}
	byID := make(map[string]Role, len(roles))
	for _, r := range roles {
		byID[r.ID] = r
	}
	var grants []Grant
	for _, s := range scoped {
		t, in := mine[s.TeamID]
		r, known := byID[s.RoleID]
		if !in || !known || len(Complaints(t, r, s)) > 0 {
			continue
		}
		grants = append(grants, Grant{
			TeamID: t.ID, TeamName: t.Name, RoleID: r.ID, RoleName: r.Name, SpaceID: s.SpaceID,
			Permissions: r.SpacePermissions, SystemPermissions: r.SystemPermissions, Scope: s.Scope,
		})
	}
	return grants
}

// Complaints says what is wrong with giving the role to the team in this way,
// one sentence each; none when it is right.
func Complaints(t Team, r Role, s ScopedRole) []string {
	var wrong []string
	systemOnly := len(r.SpacePermissions) == 0
	switch {
	case systemOnly && t.SpaceID != "":
		wrong = append(wrong, "The role "+r.Name+" has only system permissions, so only a team of the system can have it.")
	case systemOnly && s.SpaceID != "":
		wrong = append(wrong, "The role "+r.Name+" has only system permissions, so it is given for the system, not for a space.")
	case !systemOnly && s.SpaceID == "":
		wrong = append(wrong, "The role "+r.Name+" has permissions in a space, so the space must be given.")
	}
	if t.SpaceID != "" && s.SpaceID != "" && t.SpaceID != s.SpaceID {
		wrong = append(wrong, "The team "+t.ID+" belongs to another space.")
	}
	return wrong
}
