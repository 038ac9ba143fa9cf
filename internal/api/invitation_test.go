package api

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/takodeploy/tako/internal/access"
)

func TestInvitations(t *testing.T) {
	h := newHarness(t)
	team := h.make("teams", map[string]any{"Name": "Deployers"})[0]
	h.make("scopeduserroles", map[string]any{"TeamId": team, "UserRoleId": "userroles-environmentviewer", "SpaceId": "Spaces-1"})
	gone := h.make("teams", map[string]any{"Name": "Gone"})[0]
	invite := func(body map[string]any) string {
		return at(h.call(201, "POST", "/api/users/invitations", body), "InvitationCode").(string)
	}
	h.call(201, "POST", "/api/users", map[string]any{"Username": "taken", "Password": "Passw0rd-taken-1"})
	code := invite(map[string]any{"AddToTeamIds": []string{team, gone, team}})
	h.call(200, "DELETE", "/api/teams/"+gone, nil)
	anybody := func(status int, body map[string]any) any {
		return h.call(status, "POST", "/api/users/register", body, "X-Octopus-ApiKey", "")
	}
	newcomer := map[string]any{"Username": "nina", "Password": "Passw0rd-nina-1", "EmailAddress": "nina@example.com", "InvitationCode": code}
	for what, wrong := range map[string]map[string]any{
		"no code":          {"InvitationCode": ""},
		"another code":     {"InvitationCode": code[1:]},
		"no password":      {"Password": ""},
		"a name in use":    {"Username": "taken"},
		"no name":          {"Username": ""},
		"a short password": {"Password": "x"},
	} {
		body := map[string]any{}
		for k, v := range newcomer {
			body[k] = v
		}
		for k, v := range wrong {
			body[k] = v
		}
		sent, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		if got := h.send("POST", "/api/users/register", bytes.NewReader(sent), "X-Octopus-ApiKey", ""); got.status != 400 && got.status != 409 {
			t.Errorf("%s: %d %s", what, got.status, got.body)
		}
	}
	user := anybody(201, newcomer)
	if at(user, "Username") != "nina" || at(user, "DisplayName") != "nina" || at(user, "IsActive") != true {
		t.Errorf("%v", user)
	}
	if said := text(t, anybody(400, map[string]any{"Username": "second", "Password": "Passw0rd-nina-1", "InvitationCode": code})); !strings.Contains(said, "still good") {
		t.Error(said)
	}
	teams := h.call(200, "GET", "/api/users/"+at(user, "Id").(string)+"/teams", nil)
	if !strings.Contains(text(t, teams), team) {
		t.Errorf("%v", teams)
	}
	h.call(200, "POST", "/api/users/login", map[string]any{"Username": "nina", "Password": "Passw0rd-nina-1"}, "X-Octopus-ApiKey", "")
	for _, expires := range []time.Time{time.Now().Add(-time.Minute), time.Now().AddDate(1, 0, 0)} {
		h.call(400, "POST", "/api/users/invitations", map[string]any{"Expires": expires})
	}
	h.call(404, "POST", "/api/users/invitations", map[string]any{"AddToTeamIds": []string{"Teams-999"}})
	if events := text(t, h.call(200, "GET", "/api/events?take=100", nil)); strings.Contains(events, code) {
		t.Error("the audit trail tells the code")
	}
}

// Nobody invites people into a team that may do more than they may.
func TestInvitingHandsOutNoMore(t *testing.T) {
	h := newHarness(t)
	plain := map[string]any{}
	managers := map[string]any{"AddToTeamIds": []string{access.TeamManagers}}
	keeper := h.keeper("kim", "UserInvite", "TeamEdit", "TeamView")
	h.call(201, "POST", "/api/users/invitations", plain, "X-Octopus-ApiKey", keeper)
	if said := text(t, h.call(403, "POST", "/api/users/invitations", managers, "X-Octopus-ApiKey", keeper)); !strings.Contains(said, "hand out rights") {
		t.Error(said)
	}
	h.call(403, "POST", "/api/users/invitations", managers, "X-Octopus-ApiKey", h.keeper("ida", "UserInvite"))
	h.call(403, "POST", "/api/users/invitations", plain, "X-Octopus-ApiKey", h.member("bob", "userroles-projectlead"))
}

// The code of an invitation lets in only while whoever invited could still do so.
func TestInvitationsNeedTheirInviter(t *testing.T) {
	type scene struct {
		*harness
		inviter, key, team string
	}
	change := func(s scene, member string, value any) {
		user := s.call(200, "GET", "/api/users/"+s.inviter, nil).(map[string]any)
		user[member] = value
		s.call(200, "PUT", "/api/users/"+s.inviter, user)
	}
	leave := func(s scene) {
		for _, v := range s.call(200, "GET", "/api/teams/all", nil).([]any) {
			if team := v.(map[string]any); team["Name"] == "Team of kim" {
				team["MemberUserIds"] = []string{}
				s.call(200, "PUT", "/api/teams/"+team["Id"].(string), team)
			}
		}
	}
	give := func(s scene, role string) {
		s.call(201, "POST", "/api/scopeduserroles", map[string]any{"TeamId": s.team, "UserRoleId": role})
	}
	for _, c := range []struct {
		name string
		then func(scene)
		says string // "" for who is let in
	}{
		{"nothing happens", func(scene) {}, ""},
		{"the team is deleted", func(s scene) { s.call(200, "DELETE", "/api/teams/"+s.team, nil) }, ""},
		{"the inviter gets another name", func(s scene) { change(s, "Username", "kimberly") }, ""},
		{"the team becomes administrators", func(s scene) { give(s, access.RoleSystemAdministrator) }, "Ask kim or an administrator"},
		{"the inviter may invite nobody any more", leave, "Ask kim or an administrator"},
		{"the inviter is disabled", func(s scene) { change(s, "IsActive", false) }, "Ask an administrator"},
		{"the inviter is deleted", func(s scene) { s.call(200, "DELETE", "/api/users/"+s.inviter, nil) }, "Ask an administrator"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHarness(t)
			s := scene{harness: h, key: h.keeper("kim", "UserInvite", "TeamEdit", "TeamView")}
			s.inviter = at(h.call(200, "GET", "/api/users/me", nil, "X-Octopus-ApiKey", s.key), "Id").(string)
			s.team = at(h.call(201, "POST", "/api/teams", map[string]any{"Name": "Empty"}), "Id").(string)
			made := h.call(201, "POST", "/api/users/invitations", map[string]any{"AddToTeamIds": []string{s.team}}, "X-Octopus-ApiKey", s.key)
			c.then(s)
			body := map[string]any{"Username": "nina", "Password": "Passw0rd-nina-1", "InvitationCode": at(made, "InvitationCode")}
			status := 201
			if c.says != "" {
				status = 403
			}
			said := text(t, h.call(status, "POST", "/api/users/register", body, "X-Octopus-ApiKey", ""))
			if !strings.Contains(said, c.says) {
				t.Error(said)
			}
			if users := text(t, h.call(200, "GET", "/api/users?take=100", nil)); strings.Contains(users, "nina") != (c.says == "") {
				t.Error(users)
			}
			if left := text(t, h.call(200, "GET", "/api/users/invitations", nil)); strings.Contains(left, at(made, "Id").(string)) != (c.says != "") {
				t.Error(left)
			}
		})
	}
}

// A refused code is good again as soon as the inviter may do what it does.
func TestRefusedInvitationsAreNotUsedUp(t *testing.T) {
	h := newHarness(t)
	team := at(h.call(201, "POST", "/api/teams", map[string]any{"Name": "Empty"}), "Id").(string)
	key := h.keeper("kim", "UserInvite", "TeamEdit", "TeamView")
	code := at(h.call(201, "POST", "/api/users/invitations", map[string]any{"AddToTeamIds": []string{team}}, "X-Octopus-ApiKey", key), "InvitationCode")
	body := map[string]any{"Username": "nina", "Password": "Passw0rd-nina-1", "InvitationCode": code}
	given := at(h.call(201, "POST", "/api/scopeduserroles", map[string]any{"TeamId": team, "UserRoleId": access.RoleSystemManager}), "Id").(string)
	h.call(403, "POST", "/api/users/register", body, "X-Octopus-ApiKey", "")
	h.call(200, "DELETE", "/api/scopeduserroles/"+given, nil)
	h.call(201, "POST", "/api/users/register", body, "X-Octopus-ApiKey", "")
}

// What is outstanding is seen, without its codes, and taken back.
func TestOutstandingInvitations(t *testing.T) {
	h := newHarness(t)
	team := h.make("teams", map[string]any{"Name": "Deployers"})[0]
	me := at(h.call(200, "GET", "/api/users/me", nil), "Id")
	late := h.call(201, "POST", "/api/users/invitations", map[string]any{"AddToTeamIds": []string{team}, "Expires": time.Now().AddDate(0, 0, 20)})
	soon := h.call(201, "POST", "/api/users/invitations", map[string]any{})
	list := h.call(200, "GET", "/api/users/invitations", nil)
	if at(list, "TotalResults") != 2.0 || at(list, "Items", 0, "Id") != at(soon, "Id") || at(list, "Items", 1, "Id") != at(late, "Id") {
		t.Fatalf("not those two, the one that ends first before the other: %v", list)
	}
	if at(list, "Items", 1, "InvitedBy") != me || at(list, "Items", 1, "AddToTeamIds", 0) != team || at(list, "Items", 1, "Expires") != at(late, "Expires") {
		t.Error(list)
	}
	if said := text(t, list); strings.Contains(said, "Code") || strings.Contains(said, at(late, "InvitationCode").(string)) {
		t.Error(said)
	}
	nobody := h.keeper("eve", "TeamEdit")
	h.call(403, "GET", "/api/users/invitations", nil, "X-Octopus-ApiKey", nobody)
	path := "/api/users/invitations/" + at(late, "Id").(string)
	h.call(403, "DELETE", path, nil, "X-Octopus-ApiKey", nobody)
	h.call(200, "DELETE", path, nil, "X-Octopus-ApiKey", h.keeper("kim", "UserInvite"))
	h.call(404, "DELETE", path, nil)
	h.call(400, "POST", "/api/users/register", map[string]any{"Username": "nina", "Password": "Passw0rd-nina-1", "InvitationCode": at(late, "InvitationCode")}, "X-Octopus-ApiKey", "")
	if list := h.call(200, "GET", "/api/users/invitations?take=1", nil); at(list, "TotalResults") != 1.0 || at(list, "Items", 0, "Id") != at(soon, "Id") {
		t.Error(list)
	}
}
