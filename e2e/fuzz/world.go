package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/takodeploy/tako/e2e/rest"
)

// world is what the fuzzer knows of the server: its description, and documents
// that are there, by the collection that they lie in.
type world struct {
	*description
	client *rest.Client
	needed map[string]bool   // ids that the rights of who asks come from, which nothing may change
	named  map[string]string // ids of what the server was given first

	mu        sync.Mutex
	documents map[string][]object
	seeded    map[string]bool // ids that stay
}

// kept is how many documents of a collection are remembered.
const kept = 40

// place is a collection without the spelling of its space.
func place(path string) string {
	return strings.ToLower(strings.Replace(path, "/{spaceId}", "", 1))
}

// learn remembers the documents of an answer that came from a path.
func (w *world) learn(m *maker, path string, answer any) {
	at := place(path)
	switch v := answer.(type) {
	case object:
		if items, ok := v["Items"].([]any); ok {
			w.learn(m, path, items)
		} else if id, ok := v["Id"].(string); ok && id != "" {
			w.remember(m, strings.TrimSuffix(at, "/{id}"), v)
		}
	case []any:
		for _, item := range v {
			if v, ok := item.(object); ok && v["Id"] != nil {
				w.remember(m, strings.TrimSuffix(at, "/all"), v)
			}
		}
	}
}

func (w *world) remember(m *maker, at string, document object) {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := w.documents[at]
	same := func(d object) bool { return d["Id"] == document["Id"] }
	switch i := slices.IndexFunc(all, same); {
	case i >= 0:
		all[i] = document
	case len(all) < kept:
		w.documents[at] = append(all, document)
	default:
		if i := m.IntN(kept); !w.seeded[fmt.Sprint(all[i]["Id"])] {
			all[i] = document
		}
	}
}

// forget drops a document that is gone.
func (w *world) forget(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for at, all := range w.documents {
		w.documents[at] = slices.DeleteFunc(all, func(d object) bool { return d["Id"] == id })
	}
}

// some gives the id of something of a kind, or of any for ""; "" when nothing
// is known.
func (w *world) some(m *maker, kind string) string {
	at := "/api/" + strings.ToLower(kind)
	if kind == "" {
		w.mu.Lock()
		places := slices.Sorted(maps.Keys(w.documents))
		w.mu.Unlock()
		if len(places) == 0 {
			return ""
		}
		at = pick(m, places)
	}
	d := w.document(m, at)
	id, _ := d["Id"].(string)
	return id
}

// document gives a copy of one that is known at a place; nil when none is.
func (w *world) document(m *maker, at string) object {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := w.documents[at]
	if len(all) == 0 {
		return nil
	}
	return clone(pick(m, all))
}

func clone(v object) object {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // it came from JSON
	}
	var made object
	_ = json.Unmarshal(data, &made)
	return made
}

func (w *world) stays(id string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seeded[id]
}

// seed is what the server is given before anything is tried on it, in order;
// each text in braces stands for the id of what an earlier line made.
var seed = []struct{ at, body string }{
	{"environments", `{"Name":"Dev"}`},
	{"projectgroups", `{"Name":"Group"}`},
	{"lifecycles", `{"Name":"Line","Phases":[{"Name":"One","OptionalDeploymentTargets":["{environments}"]}]}`},
	{"libraryvariablesets", `{"Name":"Library","Templates":[{"Name":"Colour"}]}`},
	{"projects", `{"Name":"Shop","ProjectGroupId":"{projectgroups}","LifecycleId":"{lifecycles}","TenantedDeploymentMode":"TenantedOrUntenanted","IncludedLibraryVariableSetIds":["{libraryvariablesets}"]}`},
	{"channels", `{"Name":"Beta","ProjectId":"{projects}"}`},
	{"accounts", `{"Name":"Account","AccountType":"UsernamePassword","Username":"u","Password":{"HasValue":true,"NewValue":"p"}}`},
	{"tagsets", `{"Name":"Set","Tags":[{"Name":"Tag"}]}`},
	{"tenants", `{"Name":"Tenant","ProjectEnvironments":{"{projects}":["{environments}"]},"TenantTags":["Set/Tag"]}`},
	{"proxies", `{"Name":"Proxy","Host":"127.0.0.1","Port":1,"ProxyType":"HTTP"}`},
	{"machinepolicies", `{"Name":"Policy"}`},
	{"machines", `{"Name":"Box","Roles":["web"],"EnvironmentIds":["{environments}"],"Endpoint":{"CommunicationStyle":"None"}}`},
	{"workerpools", `{"Name":"Pool","WorkerPoolType":"StaticWorkerPool"}`},
	{"workers", `{"Name":"Worker","WorkerPoolIds":["{workerpools}"],"Endpoint":{"CommunicationStyle":"Ssh","Host":"127.0.0.1","Port":1,"AccountId":"{accounts}","Fingerprint":"SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8"}}`},
	{"feeds", `{"Name":"Feed","FeedType":"NuGet","FeedUri":"http://127.0.0.1:1/","DownloadAttempts":1,"DownloadRetryBackoffSeconds":0}`},
	{"git-credentials", `{"Name":"Git","Details":{"Type":"UsernamePassword","Username":"u","Password":{"HasValue":true,"NewValue":"p"}}}`},
	{"actiontemplates", `{"Name":"Template","ActionType":"Octopus.Script","Properties":{"Octopus.Action.Script.ScriptBody":"true"}}`},
	{"subscriptions", `{"Name":"Subscription","EventNotificationSubscription":{"WebhookURI":"http://127.0.0.1:1/"}}`},
	{"projecttriggers", `{"Name":"Trigger","ProjectId":"{projects}","Filter":{"FilterType":"MachineFilter","EventGroups":["MachineAvailableForDeployment"]},"Action":{"ActionType":"AutoDeploy"}}`},
	{"runbooks", `{"Name":"Book","ProjectId":"{projects}"}`},
	{"teams", `{"Name":"Team"}`},
	{"scopeduserroles", `{"TeamId":"{teams}","UserRoleId":"userroles-projectviewer"}`},
	{"parentenvironments", `{"Name":"Parent"}`},
	{"deploymentfreezes", `{"Name":"Freeze","Start":"2020-01-01T00:00:00Z","End":"2020-01-02T00:00:00Z","ProjectEnvironmentScope":{"{projects}":["{environments}"]}}`},
	{"build-information", `{"PackageId":"app","Version":"1.0.0","OctopusBuildInformation":{"Branch":"main"}}`},
	{"releases", `{"ProjectId":"{projects}","Version":"1.0.0"}`},
	{"deployments", `{"ReleaseId":"{releases}","EnvironmentId":"{environments}"}`},
	{"runbookSnapshots?publish=true", `{"Name":"Snapshot","ProjectId":"{projects}","RunbookId":"{runbooks}"}`},
	{"runbookRuns", `{"RunbookId":"{runbooks}","EnvironmentId":"{environments}"}`},
	{"tasks", `{"Name":"Health","SpaceId":"Spaces-1","Arguments":{"MachineIds":["{machines}"]}}`},
	{"artifacts", `{"Filename":"a.txt","ServerTaskId":"{tasks}"}`},
}

// steps are what the project and the runbook do.
const steps = `[{"Name":"Say","Actions":[{"Name":"Say","ActionType":"Octopus.Script","Properties":{"Octopus.Action.Script.ScriptSource":"Inline","Octopus.Action.Script.Syntax":"Bash","Octopus.Action.Script.ScriptBody":"echo said","Octopus.Action.RunOnServer":"true"}}]},
	{"Name":"Ask","Actions":[{"Name":"Ask","ActionType":"Octopus.Manual","Properties":{"Octopus.Action.Manual.Instructions":"Well?"}}]}]`

// furnish gives the server something of each sort.
func (w *world) furnish(m *maker, repository string) error {
	ids := w.named
	for _, s := range seed {
		made, err := w.client.Post("/api/Spaces-1/"+s.at, json.RawMessage(w.fill(s.body)))
		if err != nil {
			return fmt.Errorf("furnishing the server: %w", err)
		}
		at, _, _ := strings.Cut(s.at, "?")
		ids[at], _ = made["Id"].(string)
		w.seeded[ids[at]] = true
		w.remember(m, place("/api/"+at), made)
		owner := map[string]string{"projects": "deploymentprocesses/deploymentprocess-", "runbooks": "runbookProcesses/RunbookProcess-"}[at]
		if owner == "" {
			continue
		}
		if err := w.change("/api/Spaces-1/"+owner+ids[at], "Steps", steps); err != nil {
			return err
		}
	}
	if err := w.version(m, repository); err != nil {
		return err
	}
	var file bytes.Buffer
	z := zip.NewWriter(&file)
	if f, err := z.Create("a.txt"); err == nil {
		_, _ = f.Write([]byte("a"))
	}
	_ = z.Close()
	if _, err := w.client.Upload("/api/Spaces-1/packages/raw", "app.1.0.0.zip", file.Bytes()); err != nil {
		return fmt.Errorf("furnishing the server: %w", err)
	}
	return w.change("/api/Spaces-1/variables/variableset-"+ids["projects"], "Variables", `[{"Name":"a","Value":"b","Scope":{"Environment":["`+ids["environments"]+`"]}},{"Name":"c","Value":"d","Type":"Sensitive"}]`)
}

func (w *world) change(path, member, to string) error {
	o, err := w.client.Get(path)
	if err == nil {
		o[member] = json.RawMessage(to)
		_, err = w.client.Put(path, o)
	}
	if err != nil {
		return fmt.Errorf("furnishing the server: %w", err)
	}
	return nil
}

// version gives the server a project that is in Git, with a runbook there.
func (w *world) version(m *maker, repository string) error {
	if repository == "" {
		return nil
	}
	made, err := w.client.Post("/api/Spaces-1/projects", json.RawMessage(w.fill(`{"Name":"Git","ProjectGroupId":"{projectgroups}","LifecycleId":"{lifecycles}"}`)))
	if err != nil {
		return fmt.Errorf("furnishing the server: %w", err)
	}
	id := fmt.Sprint(made["Id"])
	w.named["git"], w.seeded[id] = id, true
	if err := w.change("/api/Spaces-1/deploymentprocesses/deploymentprocess-"+id, "Steps", steps); err != nil {
		return err
	}
	at := "/api/Spaces-1/projects/" + id
	if _, err = w.client.Post(at+"/git/convert", json.RawMessage(`{"VersionControlSettings":{"Url":"`+repository+`","DefaultBranch":"main"}}`)); err != nil {
		return fmt.Errorf("moving a project to Git: %w", err)
	}
	if _, err = w.client.Post(at+"/refs%2Fheads%2Fmain/runbooks/v2", json.RawMessage(`{"Name":"Book","Slug":"book"}`)); err != nil {
		return fmt.Errorf("a runbook in Git: %w", err)
	}
	if made, err = w.client.Get(at); err == nil {
		w.remember(m, "/api/projects", made)
	}
	return err
}
