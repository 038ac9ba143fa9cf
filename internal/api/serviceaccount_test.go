package api

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/access"
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/store"
)

func TestOIDCIdentities(t *testing.T) {
	h := newHarness(t)
	robot, other := h.robot("ci"), h.robot("other")
	base := "/api/serviceaccounts/" + robot + "/oidcidentities"
	// What the Go client sends.
	made := h.call(201, "POST", base+"/create/v1", map[string]any{"Id": "", "Issuer": "https://token.example.com/", "Name": "Main", "ServiceAccountId": robot, "Subject": "repo:a/b:*"})
	id, _ := at(made, "Id").(string)
	want := map[string]any{"Id": id, "Name": "Main", "ServiceAccountId": robot, "Issuer": "https://token.example.com", "Subject": "repo:a/b:*",
		"Links": map[string]any{"Self": base + "/" + id + "/v1"}}
	ignore := func(v any) any {
		m, _ := v.(map[string]any)
		delete(m, "LastModifiedOn")
		delete(m, "LastModifiedBy")
		return v
	}
	for _, got := range []any{made, h.call(200, "GET", at(made, "Links", "Self").(string), nil)} {
		if d := cmp.Diff(want, ignore(got)); d != "" {
			t.Error(d)
		}
	}
	changed := h.call(200, "PUT", base+"/"+id+"/v1", map[string]any{"Id": id, "Issuer": "https://token.example.com", "Name": "Main", "ServiceAccountId": other, "Subject": "repo:a/*", "Audience": "api://x"})
	if at(changed, "ServiceAccountId") != robot || at(changed, "Audience") != "api://x" || at(changed, "Subject") != "repo:a/*" {
		t.Errorf("%v", changed)
	}
	list := h.call(200, "GET", base+"/v1?skip=0&take=10", nil)
	if at(list, "Count") != 1.0 || at(list, "ExternalId") != robot || at(list, "ServerUrl") != h.server.URL || at(list, "OidcIdentities", 0, "Id") != id {
		t.Errorf("%v", list)
	}
	if list = h.call(200, "GET", base+"/v1?take=0", nil); at(list, "Count") != 1.0 || at(list, "OidcIdentities", 0) != nil {
		t.Errorf("%v", list)
	}
	for _, c := range []struct {
		status       int
		method, path string
		body         any
	}{
		{404, "GET", "/api/serviceaccounts/" + other + "/oidcidentities/" + id + "/v1", nil},
		{404, "DELETE", "/api/serviceaccounts/" + other + "/oidcidentities/" + id + "/v1", nil},
		{400, "GET", "/api/serviceaccounts/Users-1/oidcidentities/v1", nil},
		{400, "POST", base + "/create/v1", map[string]string{"Name": "Clear", "Issuer": "http://token.example.com", "Subject": "s"}},
		{400, "POST", base + "/create/v1", map[string]string{"Name": "MAIN", "Issuer": "https://token.example.com", "Subject": "s"}},
		{400, "POST", base + "/create/v1", map[string]string{"Name": "N"}},
		{200, "DELETE", base + "/" + id + "/v1", nil},
		{404, "GET", base + "/" + id + "/v1", nil},
	} {
		h.call(c.status, c.method, c.path, c.body)
	}
}

// Whoever may give an account an identity can be the account.
func TestOIDCIdentityNeedsTheRightsOfItsAccount(t *testing.T) {
	h := newHarness(t)
	robot := h.robot("ci")
	base := "/api/serviceaccounts/" + robot + "/oidcidentities"
	body := map[string]string{"Name": "N", "Issuer": "https://token.example.com", "Subject": "s"}
	id := at(h.call(201, "POST", base+"/create/v1", body), "Id").(string)
	outsider := h.member("bob", "userroles-projectlead")
	keeper := h.keeper("kim", "UserView", "UserEdit")
	for who, key := range map[string]string{"an outsider": outsider, "a keeper of users": keeper} {
		as := []string{"X-Octopus-ApiKey", key}
		see := map[bool]int{true: 200, false: 403}[who == "a keeper of users"]
		h.call(see, "GET", base+"/"+id+"/v1", nil, as...)
		h.call(see, "GET", base+"/v1", nil, as...)
		h.call(403, "POST", base+"/create/v1", map[string]string{"Name": "M", "Issuer": "https://token.example.com", "Subject": "s"}, as...)
		h.call(403, "PUT", base+"/"+id+"/v1", body, as...)
		if got := text(t, h.call(403, "DELETE", base+"/"+id+"/v1", nil, as...)); who == "a keeper of users" && !strings.Contains(got, "hand out rights") {
			t.Error(got)
		}
	}
	h.call(200, "PUT", base+"/"+id+"/v1", body)
}

// keeper makes a user who may do what belongs to the system, but nothing in
// any space.
func (h *harness) keeper(name string, permissions ...access.Permission) (key string) {
	h.Helper()
	h.do(func(tx *store.Tx) error {
		u := &catalog.User{Username: name, IsActive: true}
		if err := catalog.Users.Put(tx, u); err != nil {
			return err
		}
		role := &catalog.UserRole{Name: "Role of " + name, GrantedSystemPermissions: permissions}
		if err := catalog.UserRoles.Put(tx, role); err != nil {
			return err
		}
		team := &catalog.Team{MemberUserIDs: []string{u.ID}}
		team.Name = "Team of " + name
		if err := catalog.Teams.Put(tx, team); err != nil {
			return err
		}
		if err := catalog.ScopedUserRoles.Put(tx, &catalog.ScopedUserRole{TeamID: team.ID, UserRoleID: role.ID}); err != nil {
			return err
		}
		var err error
		key, err = mint(tx, h.api.Login, u.ID)
		return err
	})
	h.api.forgetRights()
	return key
}
