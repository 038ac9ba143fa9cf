package api

import (
	"strings"
	"testing"
)

func TestBuildInformation(t *testing.T) {
	h := newHarness(t)
	body := func(version, mode string) map[string]any {
		return map[string]any{"SpaceId": "Spaces-1", "PackageId": "Acme.Web", "Version": version, "OverwriteMode": mode, "OctopusBuildInformation": map[string]any{
			"BuildEnvironment": "GitHub Actions", "BuildNumber": "7", "Branch": "main", "VcsType": "Git", "VcsRoot": "https://github.com/acme/web.git", "VcsCommitNumber": "abc123",
			"Commits": []any{map[string]any{"Id": "abc123", "Comment": "Fix it"}}}}
	}
	b := h.call(201, "POST", "/api/Spaces-1/build-information", body("1.0.0", ""))
	if at(b, "VcsCommitUrl") != "https://github.com/acme/web/commit/abc123" || at(b, "Commits", 0, "LinkUrl") != "https://github.com/acme/web/commit/abc123" || at(b, "PackageId") != "Acme.Web" {
		t.Errorf("%v", b)
	}
	h.call(400, "POST", "/api/Spaces-1/build-information", body("1.0.0", "FailIfExists"))
	if got := h.call(200, "POST", "/api/Spaces-1/build-information?overwriteMode=OverwriteExisting", body("1.0.0", "")); at(got, "Id") != at(b, "Id") {
		t.Errorf("%v", got)
	}
	h.call(200, "POST", "/api/Spaces-1/build-information", body("1.0.0", "IgnoreIfExists"))
	h.call(201, "POST", "/api/Spaces-1/build-information", body("1.10.0", ""))
	h.call(201, "POST", "/api/Spaces-1/build-information", body("1.9.0", ""))
	h.call(400, "POST", "/api/Spaces-1/build-information", map[string]any{"PackageId": "x", "Version": "1"})
	for query, want := range map[string]string{"": "1.10.0 1.9.0 1.0.0", "?packageId=acme.web&filter=1.9": "1.9.0", "?latest=true": "1.10.0", "?packageId=x": ""} {
		if got := each(h.call(200, "GET", "/api/Spaces-1/build-information"+query, nil), "Version"); got != want {
			t.Errorf("%s gives %s, want %s", query, got, want)
		}
	}
	h.push("file", "Acme.Web.1.10.zip", "", zipOf(t, "a", "b"))
	if got := at(h.call(200, "GET", "/api/Spaces-1/packages/Acme.Web.1.10.0", nil), "PackageVersionBuildInformation", "BuildNumber"); got != "7" {
		t.Errorf("%v", got)
	}
	h.call(200, "DELETE", "/api/Spaces-1/build-information/"+at(b, "Id").(string), nil)
	ids := each(h.call(200, "GET", "/api/Spaces-1/build-information", nil), "Id")
	h.call(200, "DELETE", "/api/Spaces-1/build-information/bulk?ids="+strings.ReplaceAll(ids, " ", ","), nil)
	if got := each(h.call(200, "GET", "/api/Spaces-1/build-information", nil), "Id"); got != "" {
		t.Error(got)
	}
}

func TestCommitURL(t *testing.T) {
	for root, want := range map[string]string{
		"https://github.com/a/b.git": "https://github.com/a/b/commit/c", "https://gitlab.example.com/a/b": "https://gitlab.example.com/a/b/-/commit/c",
		"https://bitbucket.org/a/b/": "https://bitbucket.org/a/b/commits/c", "https://user:secret@github.com/a/b": "https://github.com/a/b/commit/c",
		"git@github.com:a/b.git": "", "javascript:alert(1)": "", "https://example.com/a": "", "": "",
	} {
		if got := commitURL(root, "c"); got != want {
			t.Errorf("%s: %s, want %s", root, got, want)
		}
	}
}

func TestActionTemplates(t *testing.T) {
	h := newHarness(t)
	id := h.make("actiontemplates", map[string]any{"Name": "Greet", "ActionType": "Octopus.Script", "Properties": map[string]string{"Octopus.Action.Script.ScriptBody": "echo hi"}})[0]
	v := h.call(200, "GET", "/api/Spaces-1/actiontemplates/"+id, nil).(map[string]any)
	v["Properties"] = map[string]string{"Octopus.Action.Script.ScriptBody": "echo hello"}
	h.call(200, "PUT", "/api/Spaces-1/actiontemplates/"+id, v)
	if got := at(h.call(200, "GET", "/api/Spaces-1/actiontemplates/"+id+"/versions/0", nil), "Properties", "Octopus.Action.Script.ScriptBody"); got != "echo hi" {
		t.Error(got)
	}
	h.call(404, "GET", "/api/Spaces-1/actiontemplates/"+id+"/versions/9", nil)
	h.call(404, "GET", "/api/Spaces-1/actiontemplates/"+id+"/versions/x", nil)
	found := h.call(200, "GET", "/api/Spaces-1/actiontemplates/search", nil)
	if names := each(found, "Type"); !strings.Contains(names, "Octopus.TentaclePackage") || strings.Contains(names, "Tako.") || !strings.Contains(each(found, "Name"), "Greet") {
		t.Error(names)
	}
	if got := each(h.call(200, "GET", "/api/Spaces-1/actiontemplates/search?type=octopus.script", nil), "Name"); got != "Greet Run a Script" {
		t.Error(got)
	}
	if got := each(h.call(200, "GET", "/api/Spaces-1/actiontemplates/categories", nil), "Id"); !strings.HasPrefix(got, "Script Package") {
		t.Error(got)
	}
	project := h.project("Shop")
	p := h.call(200, "GET", "/api/Spaces-1/projects/"+project+"/deploymentprocesses", nil).(map[string]any)
	p["Steps"] = []any{map[string]any{"Name": "Hi", "Actions": []any{map[string]any{"Name": "Hi", "ActionType": "Octopus.Script", "Properties": map[string]string{
		"Octopus.Action.RunOnServer": "true", "Octopus.Action.Script.ScriptBody": "x", "Octopus.Action.Template.Id": id, "Octopus.Action.Template.Version": "0"}}}}}
	h.call(200, "PUT", "/api/Spaces-1/projects/"+project+"/deploymentprocesses", p)
	use := h.call(200, "GET", "/api/Spaces-1/actiontemplates/"+id+"/usage", nil)
	if at(use, 0, "ProjectName") != "Shop" || at(use, 0, "ActionName") != "Hi" || at(use, 0, "Version") != "0" || at(use, 0, "ProcessType") != "Deployment" {
		t.Errorf("%v", use)
	}
}
