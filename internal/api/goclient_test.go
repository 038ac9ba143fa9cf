package api

import (
	"encoding/base64"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// What follows is what the Go client reads and others do not.

func TestFreezesComeUnderTheirOwnName(t *testing.T) {
	v := newVillage(t)
	begin := time.Now().Add(time.Hour).UTC()
	for _, name := range []string{"A", "B"} {
		v.call(201, "POST", "/api/deploymentfreezes", map[string]any{"Name": name, "Start": begin, "End": begin.Add(time.Hour)})
	}
	page := v.call(200, "GET", "/api/deploymentfreezes?take=1", nil)
	got := []any{at(page, "Count"), at(page, "TotalResults"), at(page, "DeploymentFreezes", 0, "Name"), at(page, "DeploymentFreezes", 1), at(page, "Items", 0, "Name")}
	if d := cmp.Diff([]any{2.0, 2.0, "A", nil, "A"}, got); d != "" {
		t.Error(d)
	}
}

func TestRootOfSpace(t *testing.T) {
	h := newHarness(t)
	system, space := h.call(200, "GET", "/api", nil), h.call(200, "GET", "/api/Spaces-1", nil)
	for _, member := range []string{"Version", "ApiVersion"} {
		if at(system, member) == nil || at(space, member) != nil {
			t.Errorf("%s is %v of the system and %v of the space", member, at(system, member), at(space, member))
		}
	}
	if at(space, "Id") != "Spaces-1" || at(space, "Links", "Self") != "/api/Spaces-1" || at(space, "Links", "Projects") == nil {
		t.Errorf("%v", space)
	}
}

// Clients that see the newer form of tenants' variables switched on use no
// other, and look for what they may give a value to among the missing ones.
func TestMissingValuesTellTheirDefault(t *testing.T) {
	v := newVillage(t)
	if on := v.call(200, "GET", "/api/configuration/feature-toggles?Name=CommonVariableScopingFeatureToggle", nil); at(on, "FeatureToggles", 0, "IsEnabled") != true {
		t.Errorf("%v", on)
	}
	brand := map[string]any{"LibraryVariableSetId": v.library, "TemplateId": v.brandID, "Value": "red", "Scope": map[string]any{"EnvironmentIds": v.environments[:1]}}
	for range 2 { // in one environment the second time, and so still missing in the other
		c := v.call(200, "GET", "/api/Spaces-1/tenants/"+v.acme+"/commonvariables?IncludeMissingVariables=true", nil)
		got := []any{at(c, "MissingVariables", 2, "TemplateId"), at(c, "MissingVariables", 2, "Template", "DefaultValue"), at(c, "MissingVariables", 3)}
		if d := cmp.Diff([]any{v.brandID, "blue", nil}, got); d != "" {
			t.Error(d)
		}
		v.call(200, "PUT", "/api/Spaces-1/tenants/"+v.acme+"/commonvariables", map[string]any{"Variables": []any{brand}})
	}
	c := v.call(200, "GET", "/api/Spaces-1/tenants/"+v.acme+"/commonvariables?IncludeMissingVariables=true", nil)
	if d := cmp.Diff([]any{v.environments[1], nil}, []any{at(c, "MissingVariables", 2, "Scope", "EnvironmentIds", 0), at(c, "MissingVariables", 2, "Scope", "EnvironmentIds", 1)}); d != "" {
		t.Error(d)
	}
}

func TestArchiveCertificate(t *testing.T) {
	h := newHarness(t)
	id := h.make("certificates", map[string]any{"Name": "Web", "CertificateData": newSecret(base64.StdEncoding.EncodeToString(testCertificate(t)))})[0]
	path := "/api/Spaces-1/certificates/" + id
	if c := h.call(200, "POST", path+"/archive", nil); at(c, "Archived") == nil || at(c, "Id") != id {
		t.Errorf("archived: %v", c)
	}
	if c := h.call(200, "GET", path, nil); at(c, "Archived") == nil {
		t.Errorf("read: %v", c)
	}
	if c := h.call(200, "POST", path+"/unarchive", nil); at(c, "Archived") != nil {
		t.Errorf("unarchived: %v", c)
	}
	reader := h.member("eve", h.role("CertificateView", "EnvironmentView", "TenantView"))
	h.call(403, "POST", path+"/archive", nil, "X-Octopus-ApiKey", reader)
	h.call(404, "POST", "/api/Spaces-1/certificates/Certificates-99/archive", nil)
}

func TestRolesMayBeEmpty(t *testing.T) {
	h := newHarness(t)
	role := h.call(201, "POST", "/api/userroles", map[string]any{"Name": "None yet", "GrantedSpacePermissions": nil, "GrantedSystemPermissions": nil})
	if d := cmp.Diff([]any{}, at(role, "GrantedSpacePermissions")); d != "" {
		t.Error(d)
	}
}

// Clients take apart what they have made in any order: that a tenant may be
// deployed to an environment does not keep it.
func TestEnvironmentOfTenants(t *testing.T) {
	v := newVillage(t)
	tenant := "/api/Spaces-1/tenants/" + v.acme
	values := v.call(200, "GET", tenant+"/variables", nil).(map[string]any)
	project := at(values, "ProjectVariables", v.project).(map[string]any)
	project["Variables"] = map[string]any{v.environments[0]: map[string]any{v.url: "http://dev"}, v.environments[1]: map[string]any{v.url: "http://prod"}}
	v.call(200, "PUT", tenant+"/variables", values)
	v.call(200, "DELETE", "/api/Spaces-1/environments/"+v.environments[0], nil)
	if diff := cmp.Diff([]any{v.environments[1]}, at(v.call(200, "GET", tenant, nil), "ProjectEnvironments", v.project)); diff != "" {
		t.Error(diff)
	}
	left := at(v.call(200, "GET", tenant+"/variables", nil), "ProjectVariables", v.project, "Variables")
	if diff := cmp.Diff(map[string]any{v.environments[1]: map[string]any{v.url: "http://prod"}}, left); diff != "" {
		t.Error(diff)
	}
	v.call(200, "DELETE", "/api/Spaces-1/environments/"+v.environments[1], nil)
	if diff := cmp.Diff([]any{}, at(v.call(200, "GET", tenant, nil), "ProjectEnvironments", v.project)); diff != "" {
		t.Error(diff)
	}
}

func TestKeyThatIsNone(t *testing.T) {
	h := newHarness(t)
	id := h.make("accounts", map[string]any{"Name": "Later", "AccountType": "SshKeyPair", "Username": "u", "PrivateKeyFile": newSecret("put in later")})[0]
	if got := h.call(200, "GET", "/api/Spaces-1/accounts/"+id, nil); at(got, "PrivateKeyFile", "HasValue") != true {
		t.Errorf("%v", got)
	}
	refused := h.call(400, "GET", "/api/Spaces-1/accounts/"+id+"/pk", nil)
	if why := at(refused, "ErrorMessage"); why != "The private key of the account 'Later' cannot be read." {
		t.Error(why)
	}
}

func TestTemplateWithoutName(t *testing.T) {
	v := newVillage(t)
	p := v.call(200, "GET", "/api/Spaces-1/projects/"+v.project, nil).(map[string]any)
	p["Templates"] = append(p["Templates"].([]any), map[string]any{"DefaultValue": "x"}, map[string]any{"Label": "two"})
	p = v.call(200, "PUT", "/api/Spaces-1/projects/"+v.project, p).(map[string]any)
	one, two := at(p, "Templates", 2, "Id"), at(p, "Templates", 3, "Id")
	if one == "" || one == nil || one == two {
		t.Errorf("%v and %v", one, two)
	}
	p = v.call(200, "PUT", "/api/Spaces-1/projects/"+v.project, p).(map[string]any)
	if at(p, "Templates", 2, "Id") != one || at(p, "Templates", 3, "Id") != two {
		t.Errorf("%v", p["Templates"])
	}
	v.call(200, "GET", "/api/Spaces-1/tenants/"+v.acme+"/variables", nil)
}

func TestRestrictionsThatAreLeftOutStay(t *testing.T) {
	h := newHarness(t)
	limits := map[string]any{"Enabled": true, "AllowedRepositories": []any{"https://git.example/*"}}
	body := map[string]any{"Name": "G", "Details": map[string]any{"Type": "UsernamePassword", "Username": "u", "Password": newSecret("p4ssword")}, "RepositoryRestrictions": limits}
	path := "/api/Spaces-1/git-credentials/" + h.make("git-credentials", body)[0]
	body["Details"] = map[string]any{"Type": "UsernamePassword", "Username": "u", "Password": keptSecret}
	for _, said := range []any{nil, "nothing"} {
		body["RepositoryRestrictions"] = said
		if said != nil {
			delete(body, "RepositoryRestrictions")
		}
		if diff := cmp.Diff(limits, at(h.call(200, "PUT", path, body), "RepositoryRestrictions")); diff != "" {
			t.Errorf("%v: %s", said, diff)
		}
	}
	body["RepositoryRestrictions"] = map[string]any{"Enabled": false}
	if got := h.call(200, "PUT", path, body); at(got, "RepositoryRestrictions", "Enabled") != false {
		t.Errorf("%v", got)
	}
}

func TestWhoAsksIsMarkedInLists(t *testing.T) {
	h := newHarness(t)
	h.member("eve", h.role("TeamView"))
	me := at(h.call(200, "GET", "/api/users/me", nil), "Id")
	for _, path := range []string{"/api/users", "/api/users/all"} {
		list := h.call(200, "GET", path, nil)
		if items, paged := at(list, "Items").([]any); paged {
			list = items
		}
		marked := 0
		for _, u := range list.([]any) {
			if at(u, "IsRequestor") == true {
				marked++
			}
			if (at(u, "Id") == me) != (at(u, "IsRequestor") == true) {
				t.Errorf("%s: %v is marked %v", path, at(u, "Username"), at(u, "IsRequestor"))
			}
		}
		if marked != 1 || len(list.([]any)) < 2 {
			t.Errorf("%s: %d of %d are marked", path, marked, len(list.([]any)))
		}
	}
	for _, path := range []string{"/api/users/authentication", "/api/users/authentication/" + me.(string)} {
		how := h.call(200, "GET", path, nil)
		if at(how, "CanCurrentUserEditIdentitiesForUser") != true || at(how, "AuthenticationProviders", 0, "Name") == nil || at(how, "Links", "Self") != "/api/users/authentication/"+me.(string) {
			t.Errorf("%s: %v", path, how)
		}
	}
}
