package api

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/takodeploy/tako/internal/access"
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/store"
)

// The names of all that a world has in its first space hold one of these words,
// and all of its secrets the other, so that neither can leave unnoticed.
const (
	private = "Zeta"
	sealed  = "Xyzzy-42"
)

// world is a server with one resource of each sort in the first space, and a
// second space that has only what it was born with.
type world struct {
	*client
	ids    map[string]string // by the path of the collection
	bodies map[string]thing  // what was sent to create them
	second *client           // the manager of the second space
	nobody *client           // who is in no team
	self   string            // nobody's id
	key    string            // a certificate with its private key
}

func hidden(text string) thing { return thing{"HasValue": true, "NewValue": text} }

func newWorld(t *testing.T) *world {
	w := &world{client: newClient(t), ids: map[string]string{}, bodies: map[string]thing{}}
	w.put("/api/users/"+w.text(w.get("/api/users/me"), "Id"), thing{"Username": "ada", "DisplayName": private + " Ada", "IsActive": true})
	w.furnish()
	w.second = &client{w.harness, ""}
	w.nobody = &client{w.harness, ""}
	w.do(func(tx *store.Tx) error {
		two := &catalog.User{Username: "two", IsActive: true}
		if err := catalog.Users.Put(tx, two); err != nil {
			return err
		}
		none := &catalog.User{Username: "none", IsActive: true}
		if err := catalog.Users.Put(tx, none); err != nil {
			return err
		}
		w.self = none.ID
		err := catalog.Spaces.Put(tx, &catalog.Space{Name: "Second", SpaceManagersTeamMembers: []string{two.ID}})
		if err != nil {
			return err
		}
		if w.second.as, err = mint(tx, w.api.Login, two.ID); err != nil {
			return err
		}
		w.nobody.as, err = mint(tx, w.api.Login, none.ID)
		return err
	})
	w.api.forgetRights()
	return w
}

// add creates a resource of the first space.
func (w *world) add(collection string, body thing) string {
	w.Helper()
	if _, ok := body["Name"]; !ok {
		body["Name"] = private + " " + collection
	}
	id := w.text(w.post("/api/Spaces-1/"+collection, body), "Id")
	w.ids[collection], w.bodies[collection] = id, body
	return id
}

func (w *world) furnish() {
	w.Helper()
	prod := w.text(w.post("/api/Spaces-1/environments", thing{"Name": private + " prod"}), "Id")
	dev := w.add("environments", thing{})
	group := w.add("projectgroups", thing{})
	lifecycle := w.add("lifecycles", thing{"Phases": []thing{{"Name": private, "OptionalDeploymentTargets": []string{dev, prod}}}})
	library := w.add("libraryvariablesets", thing{"Templates": []thing{{"Name": "Colour", "Label": private}}})
	project := w.add("projects", thing{"ProjectGroupId": group, "LifecycleId": lifecycle, "TenantedDeploymentMode": "TenantedOrUntenanted", "IncludedLibraryVariableSetIds": []string{library}})
	account := w.add("accounts", thing{"AccountType": "UsernamePassword", "Username": "u", "Password": hidden(sealed)})
	w.add("tagsets", thing{"Tags": []thing{{"Name": private + " tag"}}})
	w.add("tenants", thing{"ProjectEnvironments": map[string][]string{project: {dev}}})
	w.add("proxies", thing{"Host": "proxy", "Port": 80, "ProxyType": "HTTP", "Username": "u", "Password": hidden(sealed)})
	w.add("machinepolicies", thing{})
	w.add("machines", with(tentacle(private+"box", "AABB"), "Roles", []string{private + "-role"}, "EnvironmentIds", []string{dev}))
	pool := w.add("workerpools", thing{"WorkerPoolType": "StaticWorkerPool"})
	w.add("workers", with(tentacle(private+"worker", "CCDD"), "WorkerPoolIds", []string{pool}))
	w.add("feeds", thing{"FeedType": "NuGet", "FeedUri": "https://127.0.0.1:1/", "DownloadAttempts": 1, "DownloadRetryBackoffSeconds": 0, "Username": "u", "Password": hidden(sealed)})
	w.add("git-credentials", thing{"Details": thing{"Type": "UsernamePassword", "Username": "u", "Password": hidden(sealed)}})
	w.add("actiontemplates", thing{"ActionType": "Octopus.Script", "Properties": thing{}})
	w.add("subscriptions", thing{"EventNotificationSubscription": thing{"WebhookURI": "https://127.0.0.1:1/", "WebhookHeaderKey": "k", "WebhookHeaderValue": "v"}})
	w.add("projecttriggers", thing{"ProjectId": project, "Filter": thing{"FilterType": "MachineFilter", "EnvironmentIds": []string{dev}, "EventGroups": []string{"MachineAvailableForDeployment"}}, "Action": thing{"ActionType": "AutoDeploy"}})
	w.add("runbooks", thing{"ProjectId": project})
	w.ids["parentenvironments"] = w.text(w.post("/api/Spaces-1/parentenvironments", thing{"Name": private + " parent"}), "Id")
	w.bodies["parentenvironments"] = thing{"Name": private + " parent"}
	w.ids["retentionpolicies"] = w.text(w.get("/api/Spaces-1/retentionpolicies"), "Items.0.Id")
	w.ids["deploymentfreezes"] = w.text(w.post("/api/deploymentfreezes", thing{"Name": private, "Start": time.Now().Add(-2 * time.Hour), "End": time.Now().Add(-time.Hour), "ProjectEnvironmentScope": map[string][]string{project: {dev}}}), "Id")
	set := w.get("/api/Spaces-1/variables/variableset-" + project).(thing)
	set["Variables"] = []thing{{"Name": private, "Value": private, "Type": "String"}, {"Name": private + "Secret", "Value": sealed, "Type": "Sensitive", "IsSensitive": true}, {"Name": private + "Prod", "Value": private + "InProd", "Scope": thing{"Environment": []string{prod}}},
		{"Name": "Account", "Value": account, "Type": "UsernamePasswordAccount"}}
	w.put("/api/Spaces-1/variables/variableset-"+project, set)
	w.ids["variables"] = "variableset-" + project
	w.ids["deploymentprocesses"] = "deploymentprocess-" + project
	w.ids["prod"], w.ids["library"] = prod, library
	w.run(project)
	w.rest()
}

// run makes what comes of deploying: releases, tasks, interruptions, artifacts.
func (w *world) run(project string) {
	w.Helper()
	w.ids["channels"] = w.text(w.get("/api/Spaces-1/projects/"+project+"/channels"), "Items.0.Id")
	process := w.get("/api/Spaces-1/deploymentprocesses/deploymentprocess-" + project).(thing)
	process["Steps"] = []thing{{"Name": private, "Actions": []thing{{"Name": private, "ActionType": "Octopus.Manual", "Properties": thing{"Octopus.Action.Manual.Instructions": private}}}}}
	w.put("/api/Spaces-1/deploymentprocesses/deploymentprocess-"+project, process)
	w.work()
	w.ids["releases"] = w.text(w.post("/api/Spaces-1/releases/create/v1", thing{"ProjectName": project, "ReleaseVersion": "1.0.0", "ReleaseNotes": private}), "ReleaseId")
	made := w.post("/api/Spaces-1/deployments/create/untenanted/v1", thing{"ProjectName": project, "ReleaseVersion": "1.0.0", "EnvironmentNames": []string{w.ids["environments"]}})
	w.ids["deployments"] = w.text(made, "DeploymentServerTasks.0.DeploymentId")
	w.ids["tasks"] = w.text(made, "DeploymentServerTasks.0.ServerTaskId")
	w.until("/api/tasks/"+w.ids["tasks"], "HasPendingInterruptions", "true")
	w.ids["interruptions"] = w.text(w.get("/api/Spaces-1/interruptions"), "Items.0.Id")
	w.ids["runbookprocesses"] = "RunbookProcess-" + w.ids["runbooks"]
	steps := w.get("/api/Spaces-1/runbookProcesses/" + w.ids["runbookprocesses"]).(thing)
	steps["Steps"] = process["Steps"]
	w.put("/api/Spaces-1/runbookProcesses/"+w.ids["runbookprocesses"], steps)
	w.ids["runbooksnapshots"] = w.text(w.post("/api/Spaces-1/runbookSnapshots?publish=true", thing{"Name": private, "Notes": private, "ProjectId": project, "RunbookId": w.ids["runbooks"]}), "Id")
	run := w.post("/api/Spaces-1/runbookRuns", thing{"RunbookId": w.ids["runbooks"], "EnvironmentId": w.ids["environments"], "Comments": private})
	w.ids["runbookruns"] = w.text(run, "Id")
	w.until("/api/tasks/"+w.text(run, "TaskId"), "HasPendingInterruptions", "true")
	w.ids["artifacts"] = w.text(w.post("/api/Spaces-1/artifacts", thing{"Filename": private + ".txt", "ServerTaskId": w.ids["tasks"]}), "Id")
	w.want(200, "PUT", "/api/Spaces-1/artifacts/"+w.ids["artifacts"]+"/content", private+" content")
}

// rest makes what is not made of JSON, or lies between the spaces.
func (w *world) rest() {
	w.Helper()
	if a := w.push("file", private+".1.0.0.zip", "", zipOf(w.T, private, private)); a.status != 201 {
		w.Fatalf("%d %s", a.status, a.body)
	}
	w.ids["packages"] = "packages-" + private + ".1.0.0"
	w.ids["build-information"] = w.text(w.post("/api/Spaces-1/build-information", thing{"PackageId": private, "Version": "1.0.0", "OctopusBuildInformation": thing{"Branch": private}}), "Id")
	w.ids["teams"] = w.text(w.post("/api/Spaces-1/teams", thing{"Name": private}), "Id")
	w.ids["scopeduserroles"] = w.text(w.post("/api/Spaces-1/scopeduserroles", thing{"TeamId": w.ids["teams"], "UserRoleId": "userroles-projectviewer"}), "Id")
	w.ids["userroles"] = "userroles-projectviewer"
	robot := w.text(w.post("/api/users", thing{"Username": private + "-robot", "IsService": true, "IsActive": true}), "Id")
	w.ids["serviceaccounts"] = robot
	w.ids["serviceaccounts/"+robot+"/oidcidentities"] = w.text(w.post("/api/serviceaccounts/"+robot+"/oidcidentities/create/v1", thing{"Name": private, "Issuer": "https://issuer.example", "Subject": private}), "Id")
	w.ids["observability/kubernetes-monitors"] = w.text(w.post("/api/Spaces-1/observability/kubernetes-monitors", thing{"InstallationId": "6bb1ae1c-5d3e-4a06-9a3e-3f3d4f1c5a10", "MachineId": w.ids["machines"]}), "Resource.Id")
	w.ids["platformhub/accounts"] = w.text(w.post("/api/platformhub/accounts", thing{"Name": private, "AccountType": "UsernamePassword", "Username": "u", "Password": hidden(sealed)}), "Id")
	w.ids["platformhub/git-credentials"] = w.text(w.post("/api/platformhub/git-credentials", thing{"Name": private, "Details": thing{"Username": "u", "Password": hidden(sealed)}}), "Id")
	w.ids["spaces"] = "Spaces-1"
	w.ids["users"] = w.text(w.get("/api/users/me"), "Id")
	w.ids["apikeys"] = w.text(w.get("/api/users/me/apikeys"), "Items.0.Id")
	w.ids["events"] = w.text(w.get("/api/Spaces-1/events?includeSystem=false"), "Items.0.Id")
	w.key = base64.StdEncoding.EncodeToString(testCertificate(w.T))
	w.add("certificates", thing{"CertificateData": hidden(w.key), "Password": hidden(sealed)})
}

// testCertificate makes a certificate with its key, as PEM.
func testCertificate(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: private}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	half, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: half}), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})...)
}

// snapshot describes all that is stored, but for sessions and counters; within
// narrows it to a space.
func (w *world) snapshot(within string) string {
	w.Helper()
	var b strings.Builder
	err := w.api.DB.View(w.Context(), func(tx *store.Tx) error {
		for _, q := range []string{
			"select id, cast(version as text) from document where $1 in ('', space) or space = '' order by id",
			"select id, cast(version as text) from release where $1 in ('', space) order by id",
			"select id, cast(version as text) from deployment where $1 in ('', space) order by id",
			"select id, state from task where $1 in ('', space) order by id",
			"select 'event', cast(count(*) as text) from event where $1 in ('', space)",
			"select id, user_id from api_key where $1 <> '-' order by id",
			"select user_id, hash from password where $1 <> '-' order by user_id",
			"select name, value from setting where $1 = '' order by name",
		} {
			err := tx.Query(func(scan func(...any) error) error {
				var id, what string
				err := scan(&id, &what)
				fmt.Fprintln(&b, id, what)
				return err
			}, q, within)
			if err != nil {
				return fmt.Errorf("%s: %w", q, err)
			}
		}
		return nil
	})
	if err != nil {
		w.Fatal(err)
	}
	return b.String()
}

// unchanged holds what is in the database against a snapshot of before.
func (w *world) unchanged(within, before string) {
	w.Helper()
	if after := w.snapshot(within); after != before {
		w.Errorf("something changed:\n%s", lines(before, after))
	}
}

// request is one way to use a route.
type request struct {
	route  Route
	method string
	path   string
	body   any
}

// requests gives the ways to use a route on what is in the world, from each of
// the bases of space routes.
func (w *world) requests(r Route, bases ...string) (all []request) {
	prefix, rest, _ := strings.Cut(r.Pattern, "/")
	switch prefix {
	case "S":
		if rest == "" {
			bases = slices.DeleteFunc(slices.Clone(bases), func(b string) bool { return b == "/api" })
		}
	case "M":
		bases = append([]string{"/api"}, bases...)
	default:
		bases, rest = []string{"/api"}, r.Pattern
	}
	segments := strings.Split(rest, "/")
	for i, s := range segments {
		switch {
		case s == "{id}":
			segments[i] = w.ids[strings.ToLower(strings.Join(segments[:i], "/"))]
			if segments[i] == "" {
				segments[i] = w.ids[strings.ToLower(segments[0])]
			}
			if segments[i] == "" {
				segments[i] = segments[0] + "-1"
			}
		case s == "{version}" && segments[0] == "actiontemplates":
			segments[i] = "0"
		case s == "{version}", s == "{base}":
			segments[i] = "1.0.0"
		case s == "{account}":
			segments[i] = w.ids["serviceaccounts"]
		case s == "{section}":
			segments[i] = "server"
		case s == "{channel}", s == "{environment}", s == "{tenant}", s == "{runbook}":
			segments[i] = w.ids[strings.Trim(s, "{}")+"s"]
		case s == "{process}", s == "{snapshot}", s == "{run}":
			segments[i] = w.ids["runbook"+map[string]string{"{process}": "processes", "{snapshot}": "snapshots", "{run}": "runs"}[s]]
		case s == "{key}":
			segments[i] = w.ids["apikeys"]
		case strings.HasPrefix(s, "{"):
			segments[i] = "1"
		}
	}
	for _, base := range bases {
		all = append(all, request{r, r.Method, strings.TrimSuffix(base+"/"+strings.Join(segments, "/"), "/"), w.body(r, rest)})
	}
	return all
}

// body is what a client could plausibly send.
func (w *world) body(r Route, rest string) any {
	if r.Method == "GET" || r.Method == "DELETE" {
		return nil
	}
	collection, sub, _ := strings.Cut(rest, "/")
	switch rest {
	case "tasks":
		return thing{"Name": "Health", "SpaceId": "Spaces-1", "Arguments": thing{"MachineIds": []string{w.ids["machines"]}}}
	case "releases/create/v1":
		return thing{"ProjectName": w.ids["projects"], "ReleaseVersion": "7.0.0"}
	case "releases":
		return thing{"ProjectId": w.ids["projects"], "Version": "7.0.0"}
	case "deployments", "deployments/override":
		return thing{"ReleaseId": w.ids["releases"], "EnvironmentId": w.ids["environments"]}
	case "deployments/create/untenanted/v1":
		return thing{"ProjectName": w.ids["projects"], "ReleaseVersion": "1.0.0", "EnvironmentNames": []string{w.ids["environments"]}}
	case "deployments/create/tenanted/v1":
		return thing{"ProjectName": w.ids["projects"], "ReleaseVersion": "1.0.0", "EnvironmentName": w.ids["environments"], "Tenants": []string{w.ids["tenants"]}}
	case "runbook-runs/create/v1":
		return thing{"ProjectName": w.ids["projects"], "RunbookName": w.ids["runbooks"], "EnvironmentNames": []string{w.ids["environments"]}}
	case "runbookRuns":
		return thing{"RunbookId": w.ids["runbooks"], "EnvironmentId": w.ids["environments"]}
	case "runbookSnapshots":
		return thing{"RunbookId": w.ids["runbooks"], "ProjectId": w.ids["projects"]}
	case "teams":
		return thing{"Name": "Intruders", "SpaceId": "Spaces-1", "MemberUserIds": []string{w.self}}
	case "scopeduserroles":
		return thing{"TeamId": w.ids["teams"], "UserRoleId": "userroles-spacemanager", "SpaceId": "Spaces-1"}
	case "userroles":
		return thing{"Name": "Intruder", "GrantedSystemPermissions": []access.Permission{access.AdministerSystem}}
	case "users":
		return thing{"Username": "intruder", "Password": "Secret-123456"}
	case "spaces":
		return thing{"Name": "Intruders", "SpaceManagersTeamMembers": []string{w.self}}
	case "artifacts":
		return thing{"Filename": "x", "ServerTaskId": w.ids["tasks"]}
	case "build-information":
		return thing{"PackageId": "x", "Version": "1.0.0", "OctopusBuildInformation": thing{}}
	case "dashboardconfiguration":
		return thing{}
	}
	switch {
	case strings.HasSuffix(rest, "sortorder"):
		return []string{}
	case strings.HasSuffix(rest, "/apikeys"):
		return thing{"Purpose": "intrusion"}
	case strings.HasSuffix(rest, "/state"):
		return thing{"State": "Failed", "Reason": "intrusion"}
	case strings.HasSuffix(rest, "/submit"):
		return thing{"Result": "Proceed"}
	case sub != "" && r.Method == "PUT" && strings.Count(rest, "/") == 1 && w.ids[collection] != "":
		base := "/api/"
		if strings.HasPrefix(r.Pattern, "S/") {
			base = "/api/Spaces-1/"
		}
		a := w.send("GET", base+collection+"/"+w.ids[collection], nil)
		if a.status == 200 {
			body := a.json(w.harness).(thing)
			body["Description"] = "Intruders were here"
			if collection == "users" {
				body["Password"] = "Secret-123456"
			}
			return body
		}
	case w.bodies[collection] != nil && sub == "":
		body := thing{}
		for k, v := range w.bodies[collection] {
			body[k] = v
		}
		body["Name"] = "Intruder"
		return body
	}
	return thing{"Name": "Intruder", "Description": "Intruders were here"}
}

// ask sends a request as somebody.
func (c *client) ask(q request, query string) reply {
	c.Helper()
	headers := []string{"X-Octopus-ApiKey", c.as}
	var data []byte
	if q.body != nil {
		var err error
		if data, err = json.Marshal(q.body); err != nil {
			c.Fatal(err)
		}
	}
	path := q.path
	if query != "" {
		path += "?" + query
	}
	return c.send(q.method, path, bytes.NewReader(data), headers...)
}

// soon waits for a fact, and ends a test that waits for it in vain.
func soon(t testing.TB, fact string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !so(); <-time.After(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("in a minute it did not come to this: %s", fact)
		}
	}
}
