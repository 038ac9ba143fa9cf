package api

import (
	"crypto/ed25519"
	"crypto/rand"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/task"
)

// make creates resources of the default space and gives their ids.
func (h *harness) make(collection string, bodies ...map[string]any) []string {
	h.Helper()
	var ids []string
	for _, b := range bodies {
		ids = append(ids, at(h.call(201, "POST", "/api/Spaces-1/"+collection, b), "Id").(string))
	}
	return ids
}

// lists checks what lists give, by name.
func (h *harness) lists(base string, want map[string]string) {
	h.Helper()
	for query, names := range want {
		if got := each(h.call(200, "GET", base+query, nil), "Name"); got != names {
			h.Errorf("%s%s gives %q, want %q", base, query, got, names)
		}
	}
}

func tentacle(name, thumbprint string) map[string]any {
	return map[string]any{"Name": name, "Endpoint": map[string]any{"CommunicationStyle": "TentaclePassive", "Thumbprint": thumbprint, "Uri": "https://" + name + ":10933/"}}
}

func with(m map[string]any, more ...any) map[string]any {
	for i := 0; i+1 < len(more); i += 2 {
		m[more[i].(string)] = more[i+1]
	}
	return m
}

func TestMachineLists(t *testing.T) {
	h := newHarness(t)
	env := h.make("environments", map[string]any{"Name": "Dev"}, map[string]any{"Name": "Prod"}, map[string]any{"Name": "Empty"})
	h.make("tagsets", map[string]any{"Name": "Region", "Tags": []any{map[string]any{"Name": "North"}}})
	tenant := h.make("tenants", map[string]any{"Name": "Acme"})
	ids := h.make("machines",
		with(tentacle("web1", "AABB"), "Roles", []string{"web", "Linux"}, "EnvironmentIds", env[:1], "IsDisabled", true),
		with(tentacle("web2", "CCDD"), "Roles", []string{"web-farm"}, "EnvironmentIds", env[:2], "TenantIds", tenant, "TenantedDeploymentParticipation", "tenanted"),
		map[string]any{"Name": "cloud", "Roles": []string{"CLOUD"}, "EnvironmentIds": env[1:2], "TenantTags": []string{"Region/North"},
			"Endpoint": map[string]any{"CommunicationStyle": "None"}})
	h.lists("/api/Spaces-1/machines", map[string]string{
		"":                                       "cloud web1 web2",
		"?take=2147483647":                       "cloud web1 web2",
		"?name=WEB1":                             "web1",
		"?partialName=web":                       "web1 web2",
		"?roles=WEB":                             "web1",
		"?roles=web,cloud":                       "cloud web1",
		"?roles=w%25":                            "",
		"?isDisabled=true":                       "web1",
		"?isDisabled=false":                      "cloud web2",
		"?commStyles=tentaclepassive":            "web1 web2",
		"?commStyles=None,Ssh":                   "cloud",
		"?deploymentTargetTypes=CloudRegion,Ssh": "cloud",
		"?deploymentTargetTypes=TentaclePassive": "web1 web2",
		"?deploymentTargetTypes=Kubernetes":      "",
		"?healthStatuses=unknown":                "cloud web1 web2",
		"?healthStatuses=Healthy":                "",
		"?environmentIds=" + env[0]:              "web1 web2",
		"?tenantIds=" + tenant[0]:                "web2",
		"?tenantTags=region/north":               "cloud",
		"?thumbprint=cc:dd":                      "web2",
		"?shellNames=Unknown&roles=web":          "web1",
		"?ids=" + ids[0] + "," + ids[2]:          "cloud web1",
		"?roles=web&isDisabled=false":            "",
		"?machinePartialName=2&roles=":           "web2",
		"?environmentIds=Environments-99":        "",
		"?IsDisabled=&partialName=&roles=,":      "cloud web1 web2",
	})
	h.lists("/api/Spaces-1/environments/dev/machines", map[string]string{"": "web1 web2", "?roles=web": "web1", "?environmentIds=" + env[1]: "web1 web2"})
	policy := at(h.call(200, "GET", "/api/machinepolicies/all", nil), 0, "Id").(string)
	h.lists("/api/Spaces-1/machinepolicies/"+policy+"/machines", map[string]string{"": "cloud web1 web2", "?partialName=1": "web1"})
	if d := cmp.Diff([]any{"CLOUD", "Linux", "web", "web-farm"}, h.call(200, "GET", "/api/Spaces-1/machineroles/all", nil)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]any{"Unknown"}, h.call(200, "GET", "/api/machines/operatingsystem/shells/all", nil)); d != "" {
		t.Error(d)
	}
	s := h.call(200, "GET", "/api/Spaces-1/environments/summary", nil)
	if at(s, "TotalMachines") != 3.0 || at(s, "TotalDisabledMachines") != 1.0 || at(s, "EnvironmentSummaries", 1, "TotalMachines") != 2.0 ||
		at(s, "MachineEndpointSummaries", "TentaclePassive") != 2.0 || at(s, "EnvironmentSummaries", 0, "Environment", "Name") != "Dev" || at(s, "MachineTenantTagSummaries", "Region/North") != 1.0 {
		t.Errorf("summary: %v", s)
	}
	s = h.call(200, "GET", "/api/Spaces-1/environments/summary?hideEmptyEnvironments=true&roles=cloud", nil)
	if l := at(s, "EnvironmentSummaries").([]any); len(l) != 1 || at(l[0], "Environment", "Name") != "Prod" {
		t.Errorf("summary: %v", s)
	}
	c := h.call(200, "GET", "/api/Spaces-1/machines/web1/connection", nil)
	want := map[string]any{"MachineId": ids[0], "Logs": []any{}, "Status": "Disabled", "CurrentTentacleVersion": "", "LastChecked": nil,
		"Links": map[string]any{"Self": "/api/Spaces-1/machines/" + ids[0] + "/connection", "Machine": "/api/Spaces-1/machines/" + ids[0]}}
	if d := cmp.Diff(want, c); d != "" {
		t.Error(d)
	}
	h.call(404, "GET", "/api/Spaces-1/machines/Machines-99/connection", nil)
	// Somebody who may see one environment only.
	key := h.member("eve", "userroles-environmentviewer", func(s *catalog.ScopedUserRole) { s.EnvironmentIDs = env[:1] })
	if got := each(h.call(200, "GET", "/api/Spaces-1/machines?roles=cloud,web,web-farm", nil, "X-Octopus-ApiKey", key), "Name"); got != "web1 web2" {
		t.Errorf("eve sees %s", got)
	}
	if d := cmp.Diff([]any{"Linux", "web", "web-farm"}, h.call(200, "GET", "/api/Spaces-1/machineroles/all", nil, "X-Octopus-ApiKey", key)); d != "" {
		t.Error(d)
	}
}

func TestWorkers(t *testing.T) {
	h := newHarness(t)
	pool := h.make("workerpools", map[string]any{"Name": "Linux", "WorkerPoolType": "StaticWorkerPool"})
	first := at(h.call(200, "GET", "/api/workerpools?name=Default%20Worker%20Pool", nil), "Items", 0, "Id").(string)
	h.make("workers", with(tentacle("w1", "AA"), "WorkerPoolIds", pool), with(tentacle("w2", "BB"), "WorkerPoolIds", []string{pool[0], first}, "IsDisabled", true))
	h.lists("/api/Spaces-1/workers", map[string]string{"": "w1 w2", "?isDisabled=true": "w2", "?workerPoolIds=" + first: "w2", "?name=w1": "w1", "?thumbprint=BB": "w2"})
	h.lists("/api/Spaces-1/workerpools/linux/workers", map[string]string{"": "w1 w2", "?isDisabled=false": "w1"})
	h.lists("/api/Spaces-1/workerpools/"+first+"/workers", map[string]string{"": "w2"})
	h.lists("/api/Spaces-1/workerpools", map[string]string{"": "Default Worker Pool Linux", "?isDefault=true": "Default Worker Pool"})
	h.call(200, "PUT", "/api/Spaces-1/workerpools/sortorder", []string{pool[0], first})
	h.lists("/api/Spaces-1/workerpools", map[string]string{"": "Linux Default Worker Pool"})
	h.call(400, "PUT", "/api/Spaces-1/workerpools/sortorder", []string{"WorkerPools-99"})
	s := h.call(200, "GET", "/api/Spaces-1/workerpools/summary", nil)
	if at(s, "TotalMachines") != 2.0 || at(s, "WorkerPoolSummaries", 0, "TotalDisabledMachines") != 1.0 || at(s, "WorkerPoolSummaries", 0, "WorkerPool", "Name") != "Linux" {
		t.Errorf("%v", s)
	}
	h.call(200, "GET", "/api/Spaces-1/workers/w1/connection", nil)
	if got := h.call(200, "GET", "/api/Spaces-1/workerpools/dynamicworkertypes", nil); len(at(got, "WorkerTypes").([]any)) != 0 {
		t.Errorf("%v", got)
	}
}

// sshServer answers one SSH connection after the other with its host key.
func sshServer(t *testing.T) (port int, fingerprint string) {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	config := &ssh.ServerConfig{NoClientAuth: true}
	config.AddHostKey(signer)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _, _, _ = ssh.NewServerConn(c, config)
			}()
		}
	}()
	return l.Addr().(*net.TCPAddr).Port, ssh.FingerprintSHA256(signer.PublicKey())
}

func TestDiscover(t *testing.T) {
	h := newHarness(t)
	port, fingerprint := sshServer(t)
	m := h.call(200, "GET", "/api/Spaces-1/machines/discover?host=127.0.0.1&type=ssh&port="+strconv.Itoa(port), nil)
	if at(m, "Endpoint", "Fingerprint") != fingerprint || at(m, "Endpoint", "CommunicationStyle") != "Ssh" || at(m, "Name") != "127.0.0.1" || at(m, "Id") != nil {
		t.Errorf("%v", m)
	}
	tls := httptest.NewTLSServer(http.NotFoundHandler())
	defer tls.Close()
	port = tls.Listener.Addr().(*net.TCPAddr).Port
	w := h.call(200, "GET", "/api/Spaces-1/workers/discover?host=127.0.0.1&port="+strconv.Itoa(port), nil)
	if thumb, _ := at(w, "Endpoint", "Thumbprint").(string); len(thumb) != 40 || at(w, "Thumbprint") != thumb || at(w, "Endpoint", "Uri") != "https://127.0.0.1:"+strconv.Itoa(port)+"/" {
		t.Errorf("%v", w)
	}
	tls.Close()
	for query, want := range map[string]string{
		"?host=127.0.0.1&port=" + strconv.Itoa(port): "No Tentacle answers",
		"?type=Ssh":                             "which is not the name",
		"?host=x&type=OfflineDrop":              "can be looked for",
		"?host=x&port=70000":                    "from 1 to 65535",
		"?host=127.0.0.1&proxyId=Proxies-99":    "",
		"?host=user@127.0.0.1&type=ssh&port=22": "which is not the name",
	} {
		a := h.send("GET", "/api/Spaces-1/machines/discover"+query, nil)
		if a.status != 400 && a.status != 404 || !strings.Contains(string(a.body), want) {
			t.Errorf("%s: %d %s", query, a.status, a.body)
		}
	}
	viewer := h.member("vera", "userroles-projectviewer")
	h.call(403, "GET", "/api/Spaces-1/machines/discover?host=127.0.0.1", nil, "X-Octopus-ApiKey", viewer)
	h.call(403, "GET", "/api/Spaces-1/workers/discover?host=127.0.0.1", nil, "X-Octopus-ApiKey", viewer)
}

// TestHealthOfNothing refuses a health check that names what is not there, and
// queues none.
func TestHealthOfNothing(t *testing.T) {
	h := newHarness(t)
	env := h.make("environments", map[string]any{"Name": "Dev"})
	machine := h.make("machines", with(tentacle("web1", "AABB"), "Roles", []string{"web"}, "EnvironmentIds", env))[0]
	for member, value := range map[string]any{"MachineIds": []string{machine, "Machines-99"}, "EnvironmentId": "Machines-99", "WorkerpoolId": "Machines-99", "MachinePolicyId": "Machines-99"} {
		got := h.call(400, "POST", "/api/Spaces-1/tasks", map[string]any{"Name": "Health", "Arguments": map[string]any{member: value}})
		if diff := cmp.Diff([]any{"Arguments." + member + " refers to 'Machines-99', which does not exist in space Spaces-1."}, at(got, "Errors")); diff != "" {
			t.Error(diff)
		}
	}
	misspelt := h.call(400, "POST", "/api/Spaces-1/tasks", map[string]any{"Name": "Health", "Arguments": map[string]any{"MachineId": machine, "environmentid": nil, "Other": nil}})
	if diff := cmp.Diff([]any{"Arguments.MachineId is not known to health checks. They know MachineIds, EnvironmentId, WorkerpoolId, MachinePolicyId, RestrictedTo, Timeout, MachineTimeout."}, at(misspelt, "Errors")); diff != "" {
		t.Error(diff)
	}
	if got := at(h.call(200, "GET", "/api/Spaces-1/tasks?name=Health", nil), "TotalResults"); got != 0.0 {
		t.Errorf("%v tasks were queued", got)
	}
	h.call(201, "POST", "/api/Spaces-1/tasks", map[string]any{"Name": "Health", "Arguments": map[string]any{"MachineIds": machine, "EnvironmentId": ""}})
}

func TestMachineTasks(t *testing.T) {
	h := newHarness(t)
	env := h.make("environments", map[string]any{"Name": "Dev"})
	ids := h.make("machines", with(tentacle("web1", "AABB"), "Roles", []string{"web"}, "EnvironmentIds", env), with(tentacle("web2", "AABB"), "Roles", []string{"web"}, "EnvironmentIds", env))
	for _, id := range []string{ids[0], ids[1], ids[0]} {
		if _, err := h.api.Tasks.Enqueue(t.Context(), task.New{Name: "Health", Description: "Check " + id, SpaceID: "Spaces-1", Arguments: map[string]any{"MachineIds": []string{id}}}); err != nil {
			t.Fatal(err)
		}
	}
	got := h.call(200, "GET", "/api/Spaces-1/machines/web1/tasks?take=1", nil)
	if at(got, "TotalResults") != 2.0 || at(got, "Items", 0, "Description") != "Check "+ids[0] || len(at(got, "Items").([]any)) != 1 {
		t.Errorf("%v", got)
	}
	if got := at(h.call(200, "GET", "/api/Spaces-1/machines/web1/tasks?type=Deploy", nil), "TotalResults"); got != 0.0 {
		t.Error(got)
	}
}
