package catalog

import (
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/access"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// Team is a set of users who are given roles together. One without a space
// belongs to the system and can be given roles in any space.
type Team struct {
	kind.Named
	Description            string           `json:"Description" kind:"max=1000"`
	MemberUserIDs          []string         `json:"MemberUserIds" kind:"ref=Users"`
	ExternalSecurityGroups []NamedReference `json:"ExternalSecurityGroups"`
	CanBeDeleted           bool             `json:"CanBeDeleted" kind:"readonly"`
	CanBeRenamed           bool             `json:"CanBeRenamed" kind:"readonly"`
	CanChangeRoles         bool             `json:"CanChangeRoles" kind:"readonly"`
	CanChangeMembers       bool             `json:"CanChangeMembers" kind:"readonly"`
}

// NamedReference names something that lies outside, with the name it is shown
// by.
type NamedReference struct {
	ID               string `json:"Id"`
	DisplayName      string `json:"DisplayName"`
	DisplayIDAndName bool   `json:"DisplayIdAndName"`
}

// Teams are the teams of the system and of all spaces.
var Teams = kind.Register(kind.Kind[Team]{
	Plural: "Teams",
	System: true,
	Links: map[string]string{
		"ScopedUserRoles": "./scopeduserroles{?skip,take,spaces,includeSystem}",
	},
	Permissions: rights("Team"),
	Rules:       teamRules,
	Changed:     teamChanged,
	Deleting:    dropScopedRoles,
})

// Access is the team as package access judges it.
func (t *Team) Access() access.Team {
	g := make([]string, len(t.ExternalSecurityGroups))
	for i, r := range t.ExternalSecurityGroups {
		g[i] = r.ID
	}
	return access.Team{ID: t.ID, Name: t.Name, SpaceID: t.SpaceID, MemberIDs: t.MemberUserIDs, ExternalGroupIDs: g}
}

// managesSpace reports whether the team is the one that a space is born with.
func (t *Team) managesSpace() bool {
	return t.SpaceID != "" && t.ID == access.TeamSpaceManagers(t.SpaceID)
}

// builtIn reports whether the server itself made the team.
func (t *Team) builtIn() bool {
	return t.managesSpace() || slices.Contains([]string{access.TeamEveryone, access.TeamAdministrators, access.TeamManagers}, t.ID)
}

func teamRules(_ *store.Tx, next, old *Team, c *fault.Complaints) error {
	next.CanBeDeleted, next.CanBeRenamed = !next.builtIn(), !next.builtIn()
	next.CanChangeMembers = next.ID != access.TeamEveryone
	next.CanChangeRoles = !next.builtIn() || next.ID == access.TeamEveryone
	next.MemberUserIDs = tidy(next.MemberUserIDs)
	if old == nil {
		return nil
	}
	if !next.CanBeRenamed && strings.TrimSpace(next.Name) != old.Name {
		c.Add("The team '%s' is built in and keeps its name.", old.Name)
	}
	if !next.CanChangeMembers && len(next.MemberUserIDs)+len(next.ExternalSecurityGroups) > 0 {
		c.Add("Every user is in the team '%s'; members cannot be named.", old.Name)
	}
	if next.ID == access.TeamAdministrators && len(next.MemberUserIDs)+len(next.ExternalSecurityGroups) == 0 {
		c.Add("The team '%s' must have a member, because nobody else could give anyone access.", old.Name)
	}
	return nil
}

// teamChanged keeps a space's list of its managers right.
func teamChanged(tx *store.Tx, now, old *Team) error {
	if !now.managesSpace() || slices.Equal(now.MemberUserIDs, old.MemberUserIDs) {
		return nil
	}
	space, err := kind.Of[Space]().Get(tx, now.SpaceID)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if slices.Equal(space.SpaceManagersTeamMembers, now.MemberUserIDs) {
		return nil
	}
	space.SpaceManagersTeamMembers = now.MemberUserIDs
	return kind.Of[Space]().Put(tx, space)
}

// dropScopedRoles deletes the roles that a team was given.
func dropScopedRoles(tx *store.Tx, gone *Team) error {
	if gone.builtIn() {
		return fault.New(fault.Invalid, "The team '%s' is built in and cannot be deleted.", gone.Name)
	}
	given, _, err := kind.Of[ScopedUserRole]().List(tx, kind.Query{AnySpace: true, Refer: map[string][]string{"TeamId": {gone.ID}}})
	if err != nil {
		return err
	}
	for _, s := range given {
		if err := kind.Of[ScopedUserRole]().Delete(tx, s.ID); err != nil {
			return err
		}
	}
	return nil
}

// without gives a copy of the list that lacks one text.
func without(list []string, text string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == text })
}
