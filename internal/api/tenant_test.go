package api

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// village is a harness with two tenants, connected to a project with templates
// that includes a library variable set with templates.
type village struct {
	*harness
	environments             []string
	project, library         string
	acme, globex             string
	url, password            string // templates of the project
	region, license, brandID string // templates of the library variable set
}

func newVillage(t *testing.T) *village {
	h := newHarness(t)
	v := &village{harness: h}
	v.environments = h.make("environments", map[string]any{"Name": "Dev"}, map[string]any{"Name": "Prod"})
	template := func(name, control, fallback string) map[string]any {
		return map[string]any{"Name": name, "DefaultValue": fallback, "DisplaySettings": map[string]string{"Octopus.ControlType": control}}
	}
	v.library = h.make("libraryvariablesets", map[string]any{"Name": "Common", "Templates": []any{template("Region", "SingleLineText", ""), template("License", "Sensitive", ""), template("Brand", "SingleLineText", "blue")}})[0]
	v.project = h.project("Shop")
	p := h.call(200, "GET", "/api/Spaces-1/projects/shop", nil).(map[string]any)
	p["Templates"] = []any{template("Url", "SingleLineText", ""), template("Password", "Sensitive", "")}
	p["IncludedLibraryVariableSetIds"] = []string{v.library}
	p["TenantedDeploymentMode"] = "TenantedOrUntenanted"
	p = h.call(200, "PUT", "/api/Spaces-1/projects/"+v.project, p).(map[string]any)
	v.url, v.password = at(p, "Templates", 0, "Id").(string), at(p, "Templates", 1, "Id").(string)
	l := h.call(200, "GET", "/api/Spaces-1/libraryvariablesets/"+v.library, nil)
	v.region, v.license, v.brandID = at(l, "Templates", 0, "Id").(string), at(l, "Templates", 1, "Id").(string), at(l, "Templates", 2, "Id").(string)
	ids := h.make("tenants", map[string]any{"Name": "Acme", "ProjectEnvironments": map[string]any{v.project: v.environments}}, map[string]any{"Name": "Globex", "ProjectEnvironments": map[string]any{}})
	v.acme, v.globex = ids[0], ids[1]
	return v
}

func newSecret(text string) map[string]any { return map[string]any{"HasValue": true, "NewValue": text} }

var keptSecret = map[string]any{"HasValue": true, "NewValue": nil}

func TestTenants(t *testing.T) {
	v := newVillage(t)
	v.make("tagsets", map[string]any{"Name": "Size", "Tags": []any{map[string]any{"Name": "Big"}, map[string]any{"Name": "Small"}}}, map[string]any{"Name": "Ring", "Tags": []any{map[string]any{"Name": "Alpha"}}})
	v.make("tenants", map[string]any{"Name": "Initech", "TenantTags": []string{"Size/Big", "Ring/Alpha"}}, map[string]any{"Name": "Hooli", "TenantTags": []string{"size/small"}, "IsDisabled": true})
	v.lists("/api/Spaces-1/tenants", map[string]string{
		"": "Acme Globex Hooli Initech", "?projectId=" + v.project: "Acme", "?isDisabled=true": "Hooli", "?name=acme": "Acme",
		"?tags=Size/Big,Size/Small": "Hooli Initech", "?tags=Size/Big,Size/Small,Ring/Alpha": "Initech", "?tags=Ring/Beta": "", "?partialName=o": "Globex Hooli",
	})
	initech := at(v.call(200, "GET", "/api/Spaces-1/tenants/initech", nil), "Id").(string)
	got := v.call(200, "GET", "/api/Spaces-1/tenants/tag-test?tenantIds="+v.acme+","+initech+"&tags=Size/Big", nil)
	if at(got, initech, "IsMatched") != true || at(got, v.acme, "IsMatched") != false || at(got, v.acme, "MissingTags", 0) != "Size/Big" {
		t.Errorf("%v", got)
	}
	if got := at(v.call(200, "GET", "/api/Spaces-1/tenants/status", nil), "Enabled"); got != true {
		t.Error(got)
	}
}

func TestTenantVariables(t *testing.T) {
	v := newVillage(t)
	path := "/api/Spaces-1/tenants/acme/variables"
	dev, prod := v.environments[0], v.environments[1]
	doc := v.call(200, "GET", path, nil).(map[string]any)
	if d := cmp.Diff(map[string]any{dev: map[string]any{}, prod: map[string]any{}}, at(doc, "ProjectVariables", v.project, "Variables")); d != "" {
		t.Error(d)
	}
	missing := func() string {
		var all []string
		for _, m := range v.call(200, "GET", "/api/Spaces-1/tenants/variables-missing?tenantId="+v.acme, nil).([]any) {
			for _, one := range at(m, "MissingVariables").([]any) {
				name := at(one, "VariableTemplateName").(string)
				if e := at(one, "EnvironmentId"); e != nil {
					name += "@" + fmt.Sprint(e)
				}
				all = append(all, name)
			}
		}
		return strings.Join(all, " ")
	}
	if got, want := missing(), "Url@"+dev+" Url@"+prod+" Password@"+dev+" Password@"+prod+" Region License"; got != want {
		t.Errorf("missing %s, want %s", got, want)
	}
	inProject := at(doc, "ProjectVariables", v.project, "Variables").(map[string]any)
	inProject[dev] = map[string]any{v.url: "https://dev", v.password: newSecret("s3cret-dev")}
	inProject[prod] = map[string]any{v.url: "https://prod"}
	at(doc, "LibraryVariables", v.library).(map[string]any)["Variables"] = map[string]any{v.region: "north", v.license: "plain but s3cret"}
	for _, method := range []string{"PUT", "POST"} { // both are in use; the second changes nothing
		a := v.send(method, path, strings.NewReader(text(t, doc)))
		if a.status != 200 || strings.Contains(string(a.body), "s3cret") || strings.Contains(string(a.body), "Sealed") {
			t.Fatalf("%d %s", a.status, a.body)
		}
		doc = a.json(v.harness).(map[string]any)
		if d := cmp.Diff(map[string]any{dev: map[string]any{v.url: "https://dev", v.password: keptSecret}, prod: map[string]any{v.url: "https://prod"}}, at(doc, "ProjectVariables", v.project, "Variables")); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff(map[string]any{v.region: "north", v.license: keptSecret}, at(doc, "LibraryVariables", v.library, "Variables")); d != "" {
			t.Error(d)
		}
	}
	if got := missing(); got != "Password@"+prod {
		t.Errorf("missing %s", got)
	}

	// The newer form of the same.
	p := v.call(200, "GET", "/api/Spaces-1/tenants/"+v.acme+"/projectvariables?IncludeMissingVariables=true", nil)
	if len(at(p, "Variables").([]any)) != 3 || at(p, "MissingVariables", 0, "Scope", "EnvironmentIds", 0) != prod || at(p, "MissingVariables", 0, "TemplateId") != v.password {
		t.Errorf("%v", p)
	}
	c := v.call(200, "GET", "/api/Spaces-1/tenants/"+v.acme+"/commonvariables?IncludeMissingVariables=", nil).(map[string]any)
	all := c["Variables"].([]any)
	if len(all) != 2 || at(all, 0, "LibraryVariableSetName") != "Common" || at(all, 0, "Value") != "north" {
		t.Fatalf("%v", c)
	}
	all[0].(map[string]any)["Value"] = "south"
	all = append(all, map[string]any{"LibraryVariableSetId": v.library, "TemplateId": v.region, "Value": "south-dev", "Scope": map[string]any{"EnvironmentIds": []string{dev}}})
	c = v.call(200, "PUT", "/api/Spaces-1/tenants/"+v.acme+"/commonvariables", map[string]any{"Variables": all}).(map[string]any)
	if got := each(map[string]any{"Items": c["Variables"]}, "Value"); got != "south south-dev map[HasValue:true NewValue:<nil>]" {
		t.Errorf("%s", got)
	}
	for name, body := range map[string]any{
		"two values":      map[string]any{"Variables": append(all, map[string]any{"LibraryVariableSetId": v.library, "TemplateId": v.region, "Value": "again"})},
		"no such set":     map[string]any{"Variables": []any{map[string]any{"LibraryVariableSetId": "LibraryVariableSets-99", "TemplateId": v.region, "Value": "x"}}},
		"no such":         map[string]any{"Variables": []any{map[string]any{"LibraryVariableSetId": v.library, "TemplateId": "x", "Value": "x"}}},
		"no such project": map[string]any{"Variables": []any{map[string]any{"ProjectId": v.project, "TemplateId": v.url, "Value": "x"}}},
	} {
		if a := v.send("PUT", "/api/Spaces-1/tenants/"+v.acme+"/commonvariables", strings.NewReader(text(t, body))); a.status != 400 {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	stale := map[string]any{"ConcurrencyToken": "1000", "ProjectVariables": map[string]any{}}
	v.call(409, "PUT", path, stale)

	// A value that is taken away, and one for all environments that one leaves.
	v.call(200, "PUT", "/api/Spaces-1/tenants/acme/projectvariables", map[string]any{"Variables": []any{map[string]any{"ProjectId": v.project, "TemplateId": v.url, "Value": "https://all", "Scope": map[string]any{"EnvironmentIds": v.environments}}}})
	doc = v.call(200, "PUT", path, map[string]any{"ProjectVariables": map[string]any{v.project: map[string]any{"Variables": map[string]any{dev: map[string]any{v.url: ""}}}}}).(map[string]any)
	if d := cmp.Diff(map[string]any{dev: map[string]any{}, prod: map[string]any{v.url: "https://all"}}, at(doc, "ProjectVariables", v.project, "Variables")); d != "" {
		t.Error(d)
	}

	// A clone has the values, and deleting takes them along.
	clone := v.call(201, "POST", "/api/Spaces-1/tenants?clone="+v.acme, map[string]any{"Name": "Acme 2", "Description": "d"})
	if at(clone, "ClonedFromTenantId") != v.acme {
		t.Errorf("%v", clone)
	}
	doc = v.call(200, "GET", "/api/Spaces-1/tenants/"+at(clone, "Id").(string)+"/variables", nil).(map[string]any)
	if d := cmp.Diff(map[string]any{v.region: "south", v.license: keptSecret}, at(doc, "LibraryVariables", v.library, "Variables")); d != "" {
		t.Error(d)
	}
	if got := v.call(200, "GET", "/api/Spaces-1/tenantvariables/all?projectId="+v.project, nil); each(got, "TenantName") != "Acme Acme 2" {
		t.Errorf("%v", got)
	}
	v.call(200, "DELETE", "/api/Spaces-1/tenants/"+at(clone, "Id").(string), nil)
	viewer := v.member("vera", "userroles-projectviewer")
	if a := v.send("PUT", path, strings.NewReader(text(t, map[string]any{"LibraryVariables": map[string]any{v.library: map[string]any{"Variables": map[string]any{v.region: "west"}}}})), "X-Octopus-ApiKey", viewer); a.status != 403 {
		t.Errorf("%d %s", a.status, a.body)
	}
}
