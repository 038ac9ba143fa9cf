package api

import (
	"fmt"
	"strings"
	"testing"

	"github.com/takodeploy/tako/internal/catalog"
)

func TestVariablePreview(t *testing.T) {
	h := newHarness(t)
	project := h.project("Shop")
	env := h.make("environments", map[string]any{"Name": "Dev"}, map[string]any{"Name": "Prod"})
	machine := h.make("machines", map[string]any{"Name": "web-1", "EnvironmentIds": env, "Roles": []string{"web"}, "Endpoint": map[string]any{"CommunicationStyle": "None"}})[0]
	library := h.make("libraryvariablesets", map[string]any{"Name": "Common"})[0]
	p := h.call(200, "GET", "/api/Spaces-1/projects/"+project, nil).(map[string]any)
	p["IncludedLibraryVariableSetIds"] = []string{library}
	h.call(200, "PUT", "/api/Spaces-1/projects/"+project, p)
	put := func(owner string, all ...any) {
		set := h.call(200, "GET", "/api/Spaces-1/variables/variableset-"+owner, nil).(map[string]any)
		set["Variables"] = all
		h.call(200, "PUT", "/api/Spaces-1/variables/variableset-"+owner, set)
	}
	value := func(name, value string, scope map[string]any) any {
		return map[string]any{"Name": name, "Type": "String", "Value": value, "Scope": scope}
	}
	in := func(environments ...string) map[string]any { return map[string]any{"Environment": environments} }
	put(project, value("Url", "plain", nil), value("Url", "of prod", in(env[1])), value("Url", "of web", map[string]any{"Environment": env[1:], "Role": []string{"web"}}),
		value("Only", "dev", in(env[0])), map[string]any{"Name": "Key", "Type": "Sensitive", "IsSensitive": true, "Value": "swordfish-9"})
	put(library, value("Url", "common", nil), value("Shared", "common", nil))

	base := "/api/Spaces-1/variables/preview?project=" + project
	find := func(v any, name string) any {
		for _, one := range at(v, "Variables").([]any) {
			if at(one, "Name") == name {
				return one
			}
		}
		return nil
	}
	for query, want := range map[string]string{
		"": "plain", "&environment=" + env[0]: "plain", "&environment=Prod": "of prod", "&environment=" + env[1] + "&role=web": "of web",
		"&environment=" + env[1] + "&machine=" + machine: "of web", "&role=web": "plain",
	} {
		got := h.call(200, "GET", base+query, nil)
		if v := find(got, "Url"); at(v, "Value") != want || at(v, "Explanation", "Summary") == "" || len(at(v, "Explanation", "Considered").([]any)) != 4 {
			t.Errorf("%s: %v", query, v)
		}
		if v := find(got, "Shared"); at(v, "Value") != "common" || at(v, "Explanation", "Considered", 0, "Owner") != "Common" {
			t.Errorf("%s: %v", query, v)
		}
		if v := find(got, "Key"); at(v, "Value") != nil || at(v, "IsSensitive") != true || at(v, "HasValue") != true || strings.Contains(text(t, got), "swordfish") {
			t.Errorf("%s: %v", query, v)
		}
	}
	got := h.call(200, "GET", base+"&environment="+env[1], nil)
	if v := find(got, "Only"); at(v, "HasValue") != false || !strings.Contains(fmt.Sprint(at(v, "Explanation", "Considered", 0, "Reason")), `"Dev"`) {
		t.Errorf("%v", v)
	}
	url := find(got, "Url")
	outcomes := each(at(url, "Explanation", "Considered"), "Outcome")
	if outcomes != "Won Outranked Outranked Elsewhere" {
		t.Errorf("%s: %v", outcomes, url)
	}
	if at(got, "OwnerId") != project || at(got, "ScopeValues", "Environments", 0, "Name") == nil {
		t.Errorf("%v", got)
	}

	// Who may see one environment's variables learns nothing of another's.
	dev := []string{"X-Octopus-ApiKey", h.member("dev", h.role("VariableView", "ProjectView", "EnvironmentView"), func(s *catalog.ScopedUserRole) { s.EnvironmentIDs = env[:1] })}
	h.call(403, "GET", base+"&environment="+env[1], nil, dev...)
	got = h.call(200, "GET", base+"&environment="+env[0], nil, dev...)
	if all := text(t, got); strings.Contains(all, "of prod") || strings.Contains(all, "common") || find(got, "Shared") != nil || at(find(got, "Only"), "Value") != "dev" {
		t.Errorf("%s", all)
	}
	for _, c := range []struct {
		status int
		query  string
	}{
		{400, "/api/Spaces-1/variables/preview"}, {404, "/api/Spaces-1/variables/preview?project=nothing"}, {404, base + "&environment=nothing"},
		{404, base + "&tenant=nothing"}, {404, base + "&channel=nothing"}, {404, base + "&runbook=nothing"}, {404, base + "&action=nothing"}, {404, base + "&machine=nothing"},
	} {
		h.call(c.status, "GET", c.query, nil)
	}
}
