package api

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestOmittedMembersAreEmpty sends what clients send that leave out whatever is
// empty: the last project of a tenant, the last rule of a channel, a
// description that was deleted.
func TestOmittedMembersAreEmpty(t *testing.T) {
	v := newVillage(t)
	tenant := "/api/Spaces-1/tenants/" + v.acme
	now := v.call(200, "GET", tenant, nil).(map[string]any)
	now["Description"] = "A customer"
	now = v.call(200, "PUT", tenant, now).(map[string]any)
	if now["Description"] != "A customer" {
		t.Fatalf("%v", now)
	}
	delete(now, "Description")
	delete(now, "ProjectEnvironments")
	delete(now, "Slug")
	now = v.call(200, "PUT", tenant, now).(map[string]any)
	if diff := cmp.Diff([]any{"", map[string]any{}, "acme"}, []any{now["Description"], now["ProjectEnvironments"], now["Slug"]}); diff != "" {
		t.Error(diff)
	}
	// So are lists whose entries may hold secrets: the last step of a process,
	// the templates of a project or of a library variable set.
	process := "/api/Spaces-1/projects/" + v.project + "/deploymentprocesses"
	steps := v.call(200, "GET", process, nil).(map[string]any)
	steps["Steps"] = []any{map[string]any{"Name": "one", "Actions": []any{map[string]any{"Name": "one", "ActionType": "Octopus.Script"}}}}
	v.call(200, "PUT", process, steps)
	for path, member := range map[string]string{
		process:                               "Steps",
		"/api/Spaces-1/projects/" + v.project: "Templates",
		"/api/Spaces-1/libraryvariablesets/" + v.library: "Templates",
	} {
		now := v.call(200, "GET", path, nil).(map[string]any)
		if list, _ := now[member].([]any); len(list) == 0 {
			t.Fatalf("%s of %s: %v", member, path, now[member])
		}
		delete(now, member)
		now = v.call(200, "PUT", path, now).(map[string]any)
		if diff := cmp.Diff(any([]any{}), now[member]); diff != "" {
			t.Errorf("%s of %s: %s", member, path, diff)
		}
	}
	// What is left out because it cannot be read stays.
	account := v.make("accounts", map[string]any{"Name": "a", "AccountType": "UsernamePassword", "Username": "u", "Password": newSecret("s3cret-word")})[0]
	got := v.call(200, "PUT", "/api/Spaces-1/accounts/"+account, map[string]any{"Name": "a", "AccountType": "UsernamePassword", "Username": "u"})
	if at(got, "Password", "HasValue") != true {
		t.Errorf("the password is lost: %v", got)
	}
}

// TestIdOfTheBody refuses to write over one thing what was read of another.
func TestIdOfTheBody(t *testing.T) {
	h := newHarness(t)
	ids := h.make("environments", map[string]any{"Name": "Dev"}, map[string]any{"Name": "Prod"})
	for _, id := range []any{ids[0], "environments-1", "", nil} {
		h.call(200, "PUT", "/api/Spaces-1/environments/"+ids[0], map[string]any{"Id": id, "Name": "Development"})
	}
	h.call(200, "PUT", "/api/Spaces-1/environments/development", map[string]any{"Id": ids[0], "Name": "Dev"})
	refused := h.call(400, "PUT", "/api/Spaces-1/environments/"+ids[0], map[string]any{"Id": ids[1], "Name": "Prod again"})
	if why, _ := at(refused, "ErrorMessage").(string); !strings.Contains(why, "Id is "+ids[1]) || !strings.Contains(why, "for "+ids[0]) {
		t.Error(why)
	}
	if name := at(h.call(200, "GET", "/api/Spaces-1/environments/"+ids[0], nil), "Name"); name != "Dev" {
		t.Errorf("it is %v now", name)
	}
}

// TestLinksThatAreFollowedAsTheyAre checks links that clients do not expand.
func TestLinksThatAreFollowedAsTheyAre(t *testing.T) {
	v := newVillage(t)
	group := v.call(200, "GET", "/api/Spaces-1/projectgroups?take=1", nil)
	link, _ := at(group, "Items", 0, "Links", "Projects").(string)
	if strings.Contains(link, "{") {
		t.Errorf("the link to the projects of a group is a template: %s", link)
	}
	if page := v.call(200, "GET", link, nil); at(page, "TotalResults") == nil {
		t.Errorf("%v", page)
	}
}

// TestKubernetesTargetsSayHowToSignIn adds a cluster without saying how. The Go
// client falls over a type that it does not know, and it does not know None.
func TestKubernetesTargetsSayHowToSignIn(t *testing.T) {
	v := newVillage(t)
	m := v.call(201, "POST", "/api/Spaces-1/machines", map[string]any{"Name": "k8s", "Roles": []string{"web"}, "EnvironmentIds": v.environments[:1],
		"Endpoint": map[string]any{"CommunicationStyle": "Kubernetes", "ClusterUrl": "https://k:6443"}})
	if got := at(m, "Endpoint", "Authentication", "AuthenticationType"); got != "KubernetesStandard" {
		t.Errorf("the type is %v", got)
	}
}
