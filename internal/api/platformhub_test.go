package api

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/store"
)

func TestPlatformHub(t *testing.T) {
	h := newHarness(t)
	const accounts, credentials, repository = "/api/platformhub/accounts", "/api/platformhub/git-credentials", "/api/platformhub/versioncontrol"
	// What the Go client sends of each type.
	for _, body := range []map[string]any{
		{"Name": "aws", "AccountType": "AmazonWebServicesAccount", "AccessKey": "k", "SecretKey": newSecret("hub-secret")},
		{"Name": "aws oidc", "AccountType": "AmazonWebServicesOidcAccount", "RoleArn": "arn", "SessionDuration": "3600", "DeploymentSubjectKeys": []string{"space"}},
		{"Name": "azure", "AccountType": "AzureServicePrincipal", "SubscriptionNumber": "6bb1ae1c-5d3e-4a06-9a3e-3f3d4f1c5a10", "TenantId": "6bb1ae1c-5d3e-4a06-9a3e-3f3d4f1c5a11", "ClientId": "6bb1ae1c-5d3e-4a06-9a3e-3f3d4f1c5a12", "Password": newSecret("hub-secret")},
		{"Name": "gcp", "AccountType": "GoogleCloudAccount", "JsonKey": newSecret("hub-secret")},
		{"Name": "oidc", "AccountType": "GenericOidcAccount", "ExecutionSubjectKeys": []string{"space"}, "Audience": "a"},
		{"Name": "user", "AccountType": "UsernamePassword", "Username": "u", "Password": newSecret("hub-secret")},
	} {
		made := h.call(201, "POST", accounts, body)
		id := at(made, "Id").(string)
		got := h.call(200, "GET", accounts+"/"+id, nil)
		if d := cmp.Diff(made, got); d != "" || strings.Contains(text(t, got), "hub-secret") || at(got, "AccountType") != body["AccountType"] || at(got, "Links", "Self") != accounts+"/"+id {
			t.Errorf("%v %s", got, d)
		}
		if body["Name"] == "oidc" && at(got, "ExecutionSubjectKeys", 0) != "space" {
			t.Errorf("%v", got)
		}
	}
	user := h.call(200, "GET", accounts+"?partialName=user", nil)
	id := at(user, "Items", 0, "Id").(string)
	h.call(200, "PUT", accounts+"/"+id, map[string]any{"Name": "user", "AccountType": "UsernamePassword", "Username": "v", "Password": map[string]any{"HasValue": true, "NewValue": nil}})
	h.do(func(tx *store.Tx) error {
		a, err := catalog.PlatformHubAccounts.Get(tx, id)
		if err != nil {
			return err
		}
		if p, err := a.Password.Open(tx); err != nil || p != "hub-secret" || a.Username != "v" {
			t.Errorf("after a change: %v %q %q", err, p, a.Username)
		}
		return nil
	})
	h.call(400, "POST", accounts, map[string]any{"Name": "ssh", "AccountType": "SshKeyPair", "Username": "u"})
	h.call(200, "DELETE", accounts+"/"+id, nil)
	h.call(404, "GET", accounts+"/"+id, nil)

	git := at(h.call(201, "POST", credentials, map[string]any{"Name": "git", "Details": map[string]any{"Type": "UsernamePassword", "Username": "u", "Password": newSecret("hub-secret")},
		"RepositoryRestrictions": map[string]any{"Enabled": false, "AllowedRepositories": []string{}}}), "Id").(string)
	if got := h.call(200, "GET", repository, nil); at(got, "Url") != "" || at(got, "DefaultBranch") != "main" || at(got, "Credentials", "Type") != "Anonymous" {
		t.Errorf("%v", got)
	}
	h.call(400, "PUT", repository, map[string]any{"Url": "somewhere", "DefaultBranch": "main"})
	for range 2 {
		got := h.call(200, "PUT", repository, map[string]any{"Url": "https://git.example/hub.git", "DefaultBranch": "trunk", "BasePath": ".octopus", "Credentials": map[string]any{"Type": "Reference", "Id": git}})
		if at(got, "Credentials", "Id") != git || at(got, "DefaultBranch") != "trunk" || at(got, "Links", "Self") != repository {
			t.Errorf("%v", got)
		}
	}
	h.call(400, "DELETE", credentials+"/"+git, nil) // it is in use
	got := h.call(200, "PUT", repository, map[string]any{"Url": "https://git.example/hub.git", "DefaultBranch": "trunk", "Credentials": map[string]any{"Type": "UsernamePassword", "Username": "u", "Password": newSecret("hub-secret")}})
	if strings.Contains(text(t, got), "hub-secret") || at(got, "Credentials", "Password", "HasValue") != true {
		t.Errorf("%v", got)
	}
	h.call(200, "DELETE", credentials+"/"+git, nil)
	lead := []string{"X-Octopus-ApiKey", h.member("lea", "userroles-spacemanager")}
	for _, path := range []string{accounts, credentials, repository} {
		h.call(403, "GET", path, nil, lead...)
	}
	h.call(403, "PUT", repository, map[string]any{}, lead...)
	h.call(403, "POST", accounts, map[string]any{"Name": "x", "AccountType": "UsernamePassword", "Username": "u"}, lead...)
}

func TestKubernetesMonitors(t *testing.T) {
	h := newHarness(t)
	const monitors = "/api/Spaces-1/observability/kubernetes-monitors"
	env := h.make("environments", map[string]any{"Name": "Dev"}, map[string]any{"Name": "Prod"})
	var machines []string
	for i, name := range []string{"k1", "k2"} {
		machines = append(machines, h.make("machines", map[string]any{"Name": name, "EnvironmentIds": env[i : i+1], "Roles": []string{"k8s"}, "Endpoint": map[string]any{"CommunicationStyle": "TentaclePassive", "Uri": "https://k:10933", "Thumbprint": "ab12"}})...)
	}
	const one, two = "6bb1ae1c-5d3e-4a06-9a3e-3f3d4f1c5a10", "6bb1ae1c-5d3e-4a06-9a3e-3f3d4f1c5a11"
	made := h.call(201, "POST", monitors, map[string]any{"InstallationId": one, "MachineId": machines[0]})
	id, _ := at(made, "Resource", "Id").(string)
	token, _ := at(made, "AuthenticationToken").(string)
	if _, ok := at(made, "CertificateThumbprint").(string); id == "" || len(token) < 20 || !ok || at(made, "Resource", "InstallationId") != one || at(made, "Resource", "SpaceId") != "Spaces-1" {
		t.Fatalf("%v", made)
	}
	if got := h.call(200, "GET", monitors+"/"+id, nil); strings.Contains(text(t, got), "oken") || at(got, "Resource", "MachineId") != machines[0] {
		t.Errorf("%v", got)
	}
	again := h.call(201, "POST", monitors, map[string]any{"InstallationId": two, "MachineId": machines[0], "PreserveAuthenticationToken": true})
	if at(again, "Resource", "Id") != id || at(again, "AuthenticationToken") != nil || at(again, "Resource", "InstallationId") != two {
		t.Errorf("%v", again)
	}
	if again = h.call(201, "POST", monitors, map[string]any{"InstallationId": two, "MachineId": machines[0]}); at(again, "AuthenticationToken") == token || at(again, "AuthenticationToken") == nil {
		t.Errorf("%v", again)
	}
	h.call(400, "POST", monitors, map[string]any{"InstallationId": "one", "MachineId": machines[0]})
	h.call(404, "POST", monitors, map[string]any{"InstallationId": one, "MachineId": "Machines-99"})
	h.call(201, "POST", monitors, map[string]any{"InstallationId": one, "MachineId": machines[1]})
	dev := []string{"X-Octopus-ApiKey", h.member("dev", "userroles-environmentmanager", func(s *catalog.ScopedUserRole) { s.EnvironmentIDs = env[:1] })}
	if list := h.call(200, "GET", monitors, nil, dev...); each(list, "MachineId") != machines[0] {
		t.Errorf("who may see one environment sees %v", list)
	}
	h.call(403, "POST", monitors, map[string]any{"InstallationId": one, "MachineId": machines[1]}, dev...)
	h.call(403, "DELETE", monitors+"/"+id, nil, "X-Octopus-ApiKey", h.member("vic", "userroles-environmentviewer"))
	h.call(200, "DELETE", monitors+"/"+id, nil, dev...)
	h.call(404, "GET", monitors+"/"+id, nil)
	h.call(200, "DELETE", "/api/Spaces-1/machines/"+machines[1], nil)
	if list := h.call(200, "GET", monitors, nil); at(list, "TotalResults") != 0.0 {
		t.Errorf("a monitor outlives its target: %v", list)
	}
}
