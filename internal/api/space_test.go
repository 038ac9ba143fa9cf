package api

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

func TestAccounts(t *testing.T) {
	h := newHarness(t)
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKeyWithPassphrase(key, "", []byte("open sesame"))
	if err != nil {
		t.Fatal(err)
	}
	secret := func(s string) map[string]any { return map[string]any{"HasValue": true, "NewValue": s} }
	ids := h.make("accounts",
		map[string]any{"Name": "Token", "AccountType": "Token", "Token": secret("t0ken")},
		map[string]any{"Name": "Key", "AccountType": "SshKeyPair", "Username": "root", "PrivateKeyFile": secret(base64.StdEncoding.EncodeToString(pem.EncodeToMemory(block))), "PrivateKeyPassphrase": secret("open sesame")},
		map[string]any{"Name": "Login", "AccountType": "UsernamePassword", "Username": "root", "Password": secret("pw")})
	h.lists("/api/Spaces-1/accounts", map[string]string{"": "Key Login Token", "?accountType=Token": "Token", "?accountType=usernamepassword,Token": "Login Token", "?accountType=AzureOidc": "", "?partialName=tok": "Token"})
	wire, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	a := h.send("GET", "/api/Spaces-1/accounts/key/pk", nil)
	if want := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(wire))) + " key\n"; a.status != 200 || string(a.body) != want {
		t.Errorf("%d %s, want %s", a.status, a.body, want)
	}
	h.call(404, "GET", "/api/Spaces-1/accounts/token/pk", nil)

	env := h.make("environments", map[string]any{"Name": "Dev"})
	h.make("machines", map[string]any{"Name": "box", "Roles": []string{"web"}, "EnvironmentIds": env,
		"Endpoint": map[string]any{"CommunicationStyle": "Ssh", "Host": "box", "AccountId": ids[1], "Fingerprint": "SHA256:abc"}})
	project := h.project("Shop")
	set := h.call(200, "GET", "/api/Spaces-1/variables/variableset-"+project, nil).(map[string]any)
	set["Variables"] = []any{map[string]any{"Name": "Cloud", "Type": "UsernamePasswordAccount", "Value": ids[2]}}
	h.call(200, "PUT", "/api/Spaces-1/variables/variableset-"+project, set)
	u := h.call(200, "GET", "/api/Spaces-1/accounts/key/usages", nil)
	if fmt.Sprint(at(u, "Targets", 0, "TargetName")) != "box" || len(at(u, "ProjectVariableSets").([]any)) != 0 {
		t.Errorf("%v", u)
	}
	u = h.call(200, "GET", "/api/Spaces-1/accounts/login/usages", nil)
	if at(u, "ProjectVariableSets", 0, "ProjectName") != "Shop" || len(at(u, "Targets").([]any)) != 0 {
		t.Errorf("%v", u)
	}
	if got := each(h.call(200, "GET", "/api/accounts/azureenvironments", nil), "Name"); !strings.HasPrefix(got, "AzureCloud ") {
		t.Error(got)
	}
}

func TestEnvironments(t *testing.T) {
	h := newHarness(t)
	ids := h.make("environments", map[string]any{"Name": "Dev", "Slug": ""}, map[string]any{"Name": "Test 1"}, map[string]any{"Name": "Prod"})
	parent := at(h.call(201, "POST", "/api/spaces/Spaces-1/parentEnvironments", map[string]any{"Name": "Previews"}), "Id").(string)
	h.lists("/api/Spaces-1/environments", map[string]string{"": "Dev Test 1 Prod", "?name=test%201": "Test 1", "/all": "Dev Test 1 Prod"})
	h.lists("/api/Spaces-1/environments/v2", map[string]string{"": "Dev Test 1 Prod Previews", "?type=Parent": "Previews", "?type=static&partialName=o": "Prod"})
	h.lists("/api/spaces/Spaces-1/parentEnvironments", map[string]string{"": "Previews", "?take=1": "Previews", "/all": "Previews"})
	for _, path := range []string{"dev", "Dev", "Test 1", "test-1", ids[0], "v2/" + parent} {
		h.call(200, "GET", "/api/Spaces-1/environments/"+strings.ReplaceAll(path, " ", "%20"), nil)
	}
	e := h.call(200, "GET", "/api/spaces/Spaces-1/parentEnvironments/"+parent, nil).(map[string]any)
	e["Description"] = "for branches"
	if got := at(h.call(200, "PUT", "/api/spaces/Spaces-1/parentEnvironments/"+parent, e), "Description"); got != "for branches" {
		t.Error(got)
	}
	h.call(404, "GET", "/api/spaces/Spaces-1/parentEnvironments/"+ids[0], nil)
	h.call(404, "DELETE", "/api/spaces/Spaces-1/parentEnvironments/"+ids[0], nil)
	h.call(200, "PUT", "/api/Spaces-1/environments/sortorder", []string{ids[2], ids[0]})
	h.lists("/api/Spaces-1/environments", map[string]string{"": "Prod Dev Test 1"})
	h.call(200, "DELETE", "/api/spaces/Spaces-1/parentEnvironments/"+parent, nil)

	l := h.make("lifecycles", map[string]any{"Name": "Two", "Phases": []any{map[string]any{"Name": "First", "AutomaticDeploymentTargets": ids[:1]}, map[string]any{"Name": "Rest"}}})
	p := h.call(200, "GET", "/api/Spaces-1/lifecycles/"+l[0]+"/preview", nil)
	if got := fmt.Sprint(at(p, "Phases", 1, "OptionalDeploymentTargets")); got != fmt.Sprintf("[%s %s]", ids[2], ids[1]) || at(p, "Phases", 0, "AutomaticDeploymentTargets", 0) != ids[0] {
		t.Errorf("%v", p)
	}
	if got := at(h.call(200, "GET", "/api/Spaces-1/lifecycles/default-lifecycle/preview", nil), "Phases", 2, "Name"); got != "Test 1" {
		t.Error(got)
	}
	h.project("Shop")
	if got := each(h.call(200, "GET", "/api/Spaces-1/lifecycles/default-lifecycle/projects", nil), "Name"); got != "Shop" {
		t.Error(got)
	}
	if got := each(h.call(200, "GET", "/api/Spaces-1/lifecycles/two/projects", nil), "Name"); got != "" {
		t.Error(got)
	}
}

func TestTagSets(t *testing.T) {
	h := newHarness(t)
	ids := h.make("tagsets", map[string]any{"Name": "A", "Scopes": []string{"Tenant"}}, map[string]any{"Name": "B", "Scopes": []string{"Environment", "Tenant"}}, map[string]any{"Name": "C", "Scopes": []string{"Project"}})
	h.lists("/api/Spaces-1/tagsets", map[string]string{"": "A B C", "?scopes=environment": "B", "?scopes=Tenant": "A B", "?scopes=Project,Environment": "B C", "/all": "A B C"})
	h.call(200, "PUT", "/api/Spaces-1/tagsets/sortorder", []string{ids[2], ids[1], ids[0]})
	h.lists("/api/Spaces-1/tagsets", map[string]string{"": "C B A"})
}

func TestSpaceSearch(t *testing.T) {
	h := newHarness(t)
	h.make("environments", map[string]any{"Name": "Shop floor"})
	project := h.project("Shop")
	h.make("tenants", map[string]any{"Name": "Workshop"})
	for _, base := range []string{"/api/spaces/Spaces-1", "/api/Spaces-1", "/api"} {
		got := h.call(200, "GET", base+"/search?keyword=SHOP", nil)
		if each(got, "Type") != "Project Environment Tenant" || at(got, 0, "Id") != project || at(got, 0, "Links", "Self") != "/api/Spaces-1/projects/"+project {
			t.Errorf("%s: %v", base, got)
		}
	}
	if got := h.call(200, "GET", "/api/Spaces-1/search", nil); len(got.([]any)) != 0 {
		t.Errorf("%v", got)
	}
	key := h.member("eve", "userroles-environmentviewer")
	if got := each(h.call(200, "GET", "/api/Spaces-1/search?keyword=shop", nil, "X-Octopus-ApiKey", key), "Name"); got != "Shop floor" {
		t.Errorf("eve finds %s", got)
	}
}

func TestRetentionPolicies(t *testing.T) {
	h := newHarness(t)
	p := h.call(200, "GET", "/api/Spaces-1/retentionpolicies?RetentionType=RunbookRetention", nil).(map[string]any)
	if p["QuantityToKeep"] != 100.0 || p["RetentionType"] != "RunbookRetention" {
		t.Errorf("%v", p)
	}
	p["QuantityToKeep"] = 7
	if got := at(h.call(200, "PUT", "/api/Spaces-1/retentionpolicies/"+p["Id"].(string), p), "QuantityToKeep"); got != 7.0 {
		t.Error(got)
	}
	h.call(404, "GET", "/api/Spaces-1/retentionpolicies?RetentionType=Whatever", nil)
	if got := h.call(200, "GET", "/api/Spaces-1/retentionpolicies", nil); at(got, "TotalResults") != 3.0 {
		t.Errorf("%v", got)
	}
}

func TestLogos(t *testing.T) {
	h := newHarness(t)
	project := h.project("Shop")
	tenant := h.make("tenants", map[string]any{"Name": "Acme"})
	picture := []byte("\x89PNG\r\n\x1a\n and so on")
	for _, path := range []string{"/api/Spaces-1/projects/" + project, "/api/Spaces-1/tenants/" + tenant[0], "/api/spaces/Spaces-1"} {
		h.call(404, "GET", path+"/logo", nil)
		if a := h.send("PUT", path+"/logo?fileName=logo.png", bytes.NewReader(picture)); a.status != 200 {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
		if a := h.send("GET", path+"/logo", nil); !bytes.Equal(a.body, picture) || a.header.Get("Content-Type") != "image/png" {
			t.Errorf("%s: %s %s", path, a.header, a.body)
		}
		if a := h.send("POST", path+"/logo?fileName=logo.svg", strings.NewReader("<svg onload='alert(1)'/>")); a.status != 400 {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
		h.call(200, "DELETE", path+"/logo", nil)
		h.call(404, "GET", path+"/logo", nil)
	}
}

func TestMachinePolicyTemplate(t *testing.T) {
	h := newHarness(t)
	p := h.call(200, "GET", "/api/Spaces-1/machinepolicies/template", nil).(map[string]any)
	if at(p, "MachineHealthCheckPolicy", "HealthCheckType") != "RunScript" || p["Id"] != nil {
		t.Errorf("%v", p)
	}
	p["Name"] = "Mine"
	h.call(201, "POST", "/api/Spaces-1/machinepolicies", p)
}
