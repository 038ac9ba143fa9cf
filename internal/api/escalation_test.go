package api

import (
	"strings"
	"testing"

	"github.com/takodeploy/tako/internal/access"
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// staff is a server with people of several ranks.
type staff struct {
	*client
	ids map[string]string // users and teams by name
	by  map[string]*client
}

func newStaff(t *testing.T) *staff {
	s := &staff{client: newClient(t), ids: map[string]string{}, by: map[string]*client{}}
	s.do(func(tx *store.Tx) error {
		for _, name := range []string{"manager", "helpdesk", "teamlead", "spacemanager", "dev", "other"} {
			u := &catalog.User{Username: name, IsActive: true}
			if err := catalog.Users.Put(tx, u); err != nil {
				return err
			}
			key, err := mint(tx, s.api.Login, u.ID)
			if err != nil {
				return err
			}
			s.ids[name], s.by[name] = u.ID, &client{s.harness, key}
		}
		return nil
	})
	join := func(team, member string) {
		doc := s.get("/api/teams/" + team).(thing)
		doc["MemberUserIds"] = append(doc["MemberUserIds"].([]any), s.ids[member])
		s.put("/api/teams/"+team, doc)
	}
	join(access.TeamManagers, "manager")
	join(access.TeamSpaceManagers("Spaces-1"), "spacemanager")
	give := func(member, space string, role thing) {
		id := s.text(s.post("/api/userroles", role), "Id")
		s.ids["role of "+member] = id
		team := s.text(s.post("/api/teams", thing{"Name": "Team of " + member, "MemberUserIds": []string{s.ids[member]}}), "Id")
		s.ids["team of "+member] = team
		s.ids["grant of "+member] = s.text(s.post("/api/scopeduserroles", thing{"TeamId": team, "UserRoleId": id, "SpaceId": space}), "Id")
	}
	give("helpdesk", "", thing{"Name": "Help desk", "GrantedSystemPermissions": []string{"UserView", "UserEdit", "UserRoleView", "UserRoleEdit", "TeamView", "TeamEdit", "TeamCreate"}})
	give("teamlead", "Spaces-1", thing{"Name": "Team lead", "GrantedSpacePermissions": []string{"TeamView", "TeamEdit", "TeamCreate", "ProjectView"}})
	give("dev", "Spaces-1", thing{"Name": "Dev", "GrantedSpacePermissions": []string{"ProjectView", "ProjectEdit"}})
	return s
}

// tries changes a member of what lies at a path.
func (s *staff) tries(status int, who, path, member string, value any) {
	s.Helper()
	doc := s.get(path).(thing)
	if list, ok := doc[member].([]any); ok {
		value = append(list, value)
	}
	doc[member] = value
	before := text(s.T, s.get(path))
	s.by[who].want(status, "PUT", path, doc)
	if status >= 400 && text(s.T, s.get(path)) != before {
		s.Errorf("%s changed %s of %s", who, member, path)
	}
}

func TestJoinTeams(t *testing.T) {
	s := newStaff(t)
	admins, managers := "/api/teams/"+access.TeamAdministrators, "/api/teams/"+access.TeamManagers
	spaceManagers := "/api/teams/" + access.TeamSpaceManagers("Spaces-1")
	s.tries(403, "manager", admins, "MemberUserIds", s.ids["manager"])
	s.tries(403, "manager", admins, "ExternalSecurityGroups", thing{"Id": "g"})
	s.tries(200, "manager", managers, "MemberUserIds", s.ids["other"])
	s.tries(403, "manager", spaceManagers, "MemberUserIds", s.ids["other"])
	s.tries(200, "manager", "/api/spaces/Spaces-1", "SpaceManagersTeamMembers", s.ids["other"]) // what SpaceEdit is for
	s.tries(403, "spacemanager", "/api/spaces/Spaces-1", "SpaceManagersTeamMembers", s.ids["dev"])
	s.tries(403, "helpdesk", "/api/spaces/Spaces-1", "SpaceManagersTeamMembers", s.ids["helpdesk"])
	s.tries(200, "manager", admins, "Description", "the ones in charge")
	for _, path := range []string{admins, managers} {
		s.tries(403, "helpdesk", path, "MemberUserIds", s.ids["helpdesk"])
		s.tries(403, "spacemanager", path, "MemberUserIds", s.ids["spacemanager"])
		s.tries(403, "teamlead", path, "MemberUserIds", s.ids["teamlead"])
		s.tries(403, "dev", path, "MemberUserIds", s.ids["dev"])
	}
	s.tries(403, "teamlead", spaceManagers, "MemberUserIds", s.ids["teamlead"])
	s.tries(403, "helpdesk", "/api/teams/"+s.ids["team of dev"], "MemberUserIds", s.ids["helpdesk"])
	s.tries(200, "helpdesk", "/api/teams/"+s.ids["team of helpdesk"], "MemberUserIds", s.ids["other"])
	s.tries(200, "spacemanager", spaceManagers, "MemberUserIds", s.ids["dev"])
}

func TestGiveRoles(t *testing.T) {
	s := newStaff(t)
	grant := func(status int, who, team, role, space string) {
		t.Helper()
		s.by[who].want(status, "POST", "/api/scopeduserroles", thing{"TeamId": s.ids["team of "+team], "UserRoleId": role, "SpaceId": space})
	}
	grant(403, "manager", "dev", access.RoleSystemAdministrator, "")
	grant(201, "manager", "dev", access.RoleSystemManager, "")
	grant(403, "helpdesk", "helpdesk", access.RoleSystemManager, "")
	grant(403, "teamlead", "teamlead", access.RoleSpaceManager, "Spaces-1")
	grant(403, "teamlead", "teamlead", s.ids["role of dev"], "Spaces-1")
	grant(201, "teamlead", "dev", s.ids["role of teamlead"], "Spaces-1")
	grant(201, "spacemanager", "dev", access.RoleSpaceManager, "Spaces-1")
	grant(201, "spacemanager", "dev", "userroles-projectlead", "Spaces-1")
	// A role of both levels gives its system permissions in the whole system.
	both := s.text(s.post("/api/userroles", thing{"Name": "Both", "GrantedSpacePermissions": []string{"ProjectView"}, "GrantedSystemPermissions": []string{"UserEdit"}}), "Id")
	grant(403, "spacemanager", "dev", both, "Spaces-1")

	path := "/api/scopeduserroles/" + s.ids["grant of dev"]
	s.tries(403, "teamlead", path, "UserRoleId", access.RoleSpaceManager)
	s.tries(403, "teamlead", path, "TeamId", s.ids["team of teamlead"])
	s.by["teamlead"].refused(403, "DELETE", path, nil)

	// A role that is in use must not grow beyond who changes it.
	s.tries(403, "helpdesk", "/api/userroles/"+s.ids["role of helpdesk"], "GrantedSystemPermissions", "AdministerSystem")
	s.tries(403, "helpdesk", "/api/userroles/"+s.ids["role of dev"], "GrantedSpacePermissions", "MachineEdit")
	s.tries(403, "manager", "/api/userroles/"+access.RoleSystemManager, "GrantedSystemPermissions", "AdministerSystem")
	s.tries(200, "manager", "/api/userroles/"+s.ids["role of dev"], "GrantedSpacePermissions", "MachineEdit")
	s.tries(200, "helpdesk", "/api/userroles/"+s.ids["role of dev"], "Description", "writes programs")
	unused := s.text(s.by["helpdesk"].post("/api/userroles", thing{"Name": "Unused", "GrantedSystemPermissions": []string{"AdministerSystem"}}), "Id")
	grant(403, "helpdesk", "helpdesk", unused, "")

	// The roles that built-in teams are for stay.
	for _, g := range s.get("/api/scopeduserroles/all").([]any) {
		if team := s.text(g, "TeamId"); strings.HasPrefix(team, "teams-") {
			if why := s.refused(400, "DELETE", "/api/scopeduserroles/"+s.text(g, "Id"), nil); !strings.Contains(why, "built in") {
				t.Error(why)
			}
		}
	}
}

func TestBecomeOthers(t *testing.T) {
	s := newStaff(t)
	admin := s.text(s.get("/api/users/me"), "Id")
	for _, c := range []struct {
		who, whom string
		may       bool
	}{
		{"manager", admin, false}, {"helpdesk", admin, false}, {"helpdesk", s.ids["manager"], false}, {"helpdesk", s.ids["spacemanager"], false},
		{"helpdesk", s.ids["dev"], false}, {"helpdesk", s.ids["other"], true}, {"manager", s.ids["dev"], true}, {"manager", s.ids["spacemanager"], true},
		{"manager", s.ids["helpdesk"], true}, {"spacemanager", s.ids["dev"], false},
	} {
		path := "/api/users/" + c.whom
		status := func(good int) int {
			if c.may {
				return good
			}
			return 403
		}
		doc := s.get(path).(thing)
		doc["Password"] = "Another-Secret-1"
		s.by[c.who].want(status(200), "PUT", path, doc)
		s.by[c.who].want(status(201), "POST", path+"/apikeys", thing{"Purpose": "mine now"})
		s.by[c.who].want(status(200), "PUT", path+"/revoke-sessions", nil)
		key := s.text(s.post(path+"/apikeys", thing{"Purpose": "theirs"}), "Id")
		s.by[c.who].want(status(200), "DELETE", path+"/apikeys/"+key, nil)
		if !c.may {
			s.by[c.who].refused(403, "DELETE", path, nil)
		}
	}
	s.by["helpdesk"].delete("/api/users/" + s.ids["other"])
}

// TestOtherPeople sees to it that a manager of one space learns nothing of what
// people may do in others.
func TestOtherPeople(t *testing.T) {
	s := newStaff(t)
	s.do(func(tx *store.Tx) error {
		return catalog.Spaces.Put(tx, &catalog.Space{Name: "Second", SpaceManagersTeamMembers: []string{s.ids["other"]}})
	})
	s.api.forgetRights()
	other := s.by["other"]
	base := "/api/users/" + s.ids["spacemanager"]
	if got := other.get(base + "/permissions"); len(at(got, "SpacePermissions").(thing)) != 0 || strings.Contains(text(t, at(got, "Teams")), "Spaces-1") {
		t.Errorf("permissions: %v", got)
	}
	for _, path := range []string{base + "/spaces", base + "/teams", "/api/teammembership?userId=" + s.ids["spacemanager"]} {
		if got := text(t, other.get(path)); strings.Contains(got, "Spaces-1") {
			t.Errorf("%s: %s", path, got)
		}
	}
	if got := each(other.get("/api/spaces"), "Id"); got != "Spaces-2" {
		t.Errorf("sees the spaces %s", got)
	}
	other.refused(403, "GET", "/api/spaces/Spaces-1", nil)
	other.get("/api/spaces/Spaces-2")
	if got := each(s.by["manager"].get("/api/spaces"), "Id"); got != "Spaces-1 Spaces-2" && got != "Spaces-2 Spaces-1" {
		t.Errorf("the manager sees the spaces %s", got)
	}
	// A manager of the system has no list of what is in spaces.
	for _, path := range []string{"/api/tasks?spaces=Spaces-1", "/api/events?spaces=Spaces-1&includeSystem=false", "/api/Spaces-1/tasks", "/api/Spaces-1/events", "/api/Spaces-1/projects"} {
		s.by["manager"].refused(403, "GET", path, nil)
	}
	if got := text(t, s.by["manager"].get("/api/events?take=1000")); strings.Contains(got, `"`+kind.DefaultSpace+`"`) && strings.Contains(got, `"SpaceId":"Spaces-1"`) {
		t.Error("the system's events are those of spaces as well")
	}
}
