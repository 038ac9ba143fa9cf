package catalog

import (
	"fmt"
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/access"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// Space is a hard wall: everything but users, roles and settings lies in one.
type Space struct {
	kind.Base
	Name                     string   `json:"Name" kind:"required,max=50"`
	Slug                     string   `json:"Slug"`
	Description              string   `json:"Description" kind:"max=4000"`
	IsDefault                bool     `json:"IsDefault"`
	IsPrivate                bool     `json:"IsPrivate"`
	TaskQueueStopped         bool     `json:"TaskQueueStopped"`
	SpaceManagersTeams       []string `json:"SpaceManagersTeams" kind:"ref=Teams"`
	SpaceManagersTeamMembers []string `json:"SpaceManagersTeamMembers" kind:"ref=Users"`
	Icon                     *Icon    `json:"Icon,omitempty"`
}

// Spaces are the spaces of the installation.
var Spaces = kind.Register(kind.Kind[Space]{
	Plural: "Spaces",
	System: true,
	Links: map[string]string{
		"SpaceHome": "/api/<Id>",
		"Web":       "/app#/<Id>",
		"Logo":      "./logo",
		"Search":    "./search{?keyword}",
	},
	Permissions: rights("Space"),
	Rules:       spaceRules,
	Created:     furnish,
	Changed: func(tx *store.Tx, now, _ *Space) error {
		if err := assignManagers(tx, now); err != nil {
			return err
		}
		return stopQueue(tx, now.ID, now.TaskQueueStopped)
	},
	Deleting: emptySpace,
})

func spaceRules(tx *store.Tx, next, old *Space, c *fault.Complaints) error {
	next.SpaceManagersTeamMembers = tidy(next.SpaceManagersTeamMembers)
	own := access.TeamSpaceManagers(next.ID)
	next.SpaceManagersTeams = slices.DeleteFunc(tidy(next.SpaceManagersTeams), func(id string) bool {
		return strings.EqualFold(id, own)
	})
	if old != nil { // before that, the team is not there to be referred to
		next.SpaceManagersTeams = append([]string{own}, next.SpaceManagersTeams...)
	}
	if !next.IsDefault {
		return nil
	}
	others, _, err := kind.Of[Space]().List(tx, kind.Query{Where: []store.Where{{SQL: "id <> ?", Args: []any{next.ID}}}})
	if err != nil {
		return err
	}
	for _, s := range others {
		if s.IsDefault {
			c.Add("The space '%s' is the default; only one space can be.", s.Name)
		}
	}
	return nil
}

// assignManagers makes the teams and roles of a space follow its lists of
// managers.
func assignManagers(tx *store.Tx, s *Space) error {
	own, err := kind.Of[Team]().Get(tx, access.TeamSpaceManagers(s.ID))
	if err != nil {
		return err
	}
	if !slices.Equal(own.MemberUserIDs, s.SpaceManagersTeamMembers) {
		own.MemberUserIDs = s.SpaceManagersTeamMembers
		if err := kind.Of[Team]().Put(tx, own); err != nil {
			return err
		}
	}
	given, _, err := kind.Of[ScopedUserRole]().List(tx, kind.Query{Space: s.ID, Refer: map[string][]string{"UserRoleId": {access.RoleSpaceManager}}})
	if err != nil {
		return err
	}
	have := map[string]bool{}
	for _, g := range given {
		limited := len(g.EnvironmentIDs)+len(g.ProjectIDs)+len(g.ProjectGroupIDs)+len(g.TenantIDs) > 0
		switch {
		case limited:
		case slices.Contains(s.SpaceManagersTeams, g.TeamID) && !have[g.TeamID]:
			have[g.TeamID] = true
		default:
			if err := kind.Of[ScopedUserRole]().Delete(tx, g.ID); err != nil {
				return err
			}
		}
	}
	for _, team := range s.SpaceManagersTeams {
		if have[team] {
			continue
		}
		role := &ScopedUserRole{TeamID: team, UserRoleID: access.RoleSpaceManager}
		role.SpaceID = s.ID
		if err := kind.Of[ScopedUserRole]().Put(tx, role); err != nil {
			return err
		}
	}
	return nil
}

// stopQueue has the task queue start no tasks of a space, or start them again.
func stopQueue(tx *store.Tx, space string, stopped bool) error {
	text := "delete from task_stopped where space = $1"
	if stopped {
		text = "insert into task_stopped (space) values ($1) on conflict (space) do nothing"
	}
	if _, err := tx.Exec(text, space); err != nil {
		return fmt.Errorf("stopping or starting the task queue of %s: %w", space, err)
	}
	return nil
}

// furnish gives a new space what every space is born with.
func furnish(tx *store.Tx, s *Space) error {
	team := &Team{MemberUserIDs: s.SpaceManagersTeamMembers}
	team.ID, team.SpaceID = access.TeamSpaceManagers(s.ID), s.ID
	team.Name = "Space Managers"
	if err := kind.Of[Team]().Put(tx, team); err != nil {
		return err
	}
	for _, seed := range []func(*store.Tx, string) error{seedLifecycle, seedProjectGroup, seedFeeds, seedWorkerPool, seedMachinePolicy} {
		if err := seed(tx, s.ID); err != nil {
			return fmt.Errorf("furnishing the space %s: %w", s.ID, err)
		}
	}
	// Putting the space again lists its own team, gives the roles and may stop its queue.
	return kind.Of[Space]().Put(tx, s)
}

func seedProjectGroup(tx *store.Tx, space string) error {
	g := &ProjectGroup{}
	g.SpaceID, g.Name = space, "Default Project Group"
	return kind.Of[ProjectGroup]().Put(tx, g)
}

// emptySpace deletes all that a space holds, at once: nothing outside of a
// space refers to what is in it.
func emptySpace(tx *store.Tx, gone *Space) error {
	if gone.IsDefault {
		return fault.New(fault.Invalid, "The space '%s' is the default space and cannot be deleted.", gone.Name)
	}
	if !gone.TaskQueueStopped {
		return fault.New(fault.Invalid, "The space '%s' cannot be deleted while its task queue runs. Stop the task queue first.", gone.Name)
	}
	for _, table := range []string{"document", "release", "deployment"} {
		for _, text := range []string{
			"delete from reference where source in (select id from " + table + " where space = $1)",
			"delete from " + table + " where space = $1",
		} {
			if _, err := tx.Exec(text, gone.ID); err != nil {
				return fmt.Errorf("emptying the space %s: %w", gone.ID, err)
			}
		}
	}
	if err := stopQueue(tx, gone.ID, false); err != nil {
		return err
	}
	return thawMissing(tx)
}
