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
