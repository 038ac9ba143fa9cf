package journey

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/takodeploy/tako/e2e/rest"
	"github.com/takodeploy/tako/internal/target/sshdtest"
)

const space = "/api/Spaces-1"

type object = rest.Object

func id(o object) string {
	s, _ := o["Id"].(string)
	return s
}

// objects gives the objects of a list.
func objects(v any) []object {
	list, _ := v.([]any)
	all := make([]object, 0, len(list))
	for _, one := range list {
		if o, ok := one.(object); ok {
			all = append(all, o)
		}
	}
	return all
}

func (w *world) get(path string) object {
	w.Helper()
	o, err := w.Get(path)
	if err != nil {
		w.Fatal(err)
	}
	return o
}

func (w *world) post(path string, body any) object {
	w.Helper()
	o, err := w.Post(path, body)
	if err != nil {
		w.Fatal(err)
	}
	return o
}

func (w *world) put(path string, body any) object {
	w.Helper()
	o, err := w.Put(path, body)
	if err != nil {
		w.Fatal(err)
	}
	return o
}

// refused sends what the server must refuse, and checks the status and parts
// of what it says.
func (w *world) refused(status int, method, path string, body any, says ...string) {
	w.Helper()
	w.problem(status, w.Do(method, path, body, nil), says...)
}

func (w *world) problem(status int, err error, says ...string) {
	w.Helper()
	var refusal *rest.Error
	if !errors.As(err, &refusal) {
		w.Fatalf("the server answered %v instead of %d", err, status)
	}
	if refusal.Status != status {
		w.Errorf("%v: want status %d", err, status)
	}
	for _, part := range says {
		if !strings.Contains(refusal.Error(), part) {
			w.Errorf("%v: does not say %q", err, part)
		}
	}
}

// furnish makes two environments with a lifecycle from one to the other.
func (w *world) furnish() {
	w.Helper()
	w.dev = id(w.post(space+"/environments", object{"Name": "Development"}))
	w.prod = id(w.post(space+"/environments", object{"Name": "Production"}))
	w.lifecycle = id(w.post(space+"/lifecycles", object{"Name": "Two steps", "Phases": []object{
		{"Name": "Development", "OptionalDeploymentTargets": []string{w.dev}},
		{"Name": "Production", "OptionalDeploymentTargets": []string{w.prod}},
	}}))
	w.group = id(objects(w.get(space + "/projectgroups?take=1")["Items"])[0])
	w.feed = id(objects(w.get(space + "/feeds?feedType=BuiltIn&take=1")["Items"])[0])
}

// project makes a project with a process.
func (w *world) project(name string, steps ...object) string {
	w.Helper()
	p := id(w.post(space+"/projects", object{"Name": name, "ProjectGroupId": w.group, "LifecycleId": w.lifecycle}))
	w.steps(p, steps...)
	return p
}

// steps gives a project another process.
func (w *world) steps(project string, steps ...object) {
	w.Helper()
	path := space + "/projects/" + project + "/deploymentprocesses"
	now := w.get(path)
	now["Steps"] = steps
	w.put(path, now)
}

// variables gives a project or library set other variables.
func (w *world) variables(owner string, all ...object) {
	w.Helper()
	path := space + "/variables/variableset-" + owner
	now := w.get(path)
	now["Variables"] = all
	w.put(path, now)
}

func text(name, value string) object {
	return object{"Name": name, "Value": value, "Type": "String", "Scope": object{}}
}

func hidden(name, value string) object {
	return object{"Name": name, "Value": value, "Type": "Sensitive", "IsSensitive": true, "Scope": object{}}
}

func step(name string, properties, action object) object {
	action["Name"] = name
	return object{"Name": name, "Condition": "Success", "StartTrigger": "StartAfterPrevious", "Properties": properties, "Actions": []object{action}}
}

// script is a step with a bash script on the built-in worker, or on the
// targets with a role.
func script(name, body, role string) object {
	of := object{}
	if role != "" {
		of["Octopus.Action.TargetRoles"] = role
	}
	return step(name, of, object{"ActionType": "Octopus.Script", "Properties": object{
		"Octopus.Action.RunOnServer": fmt.Sprint(role == ""), "Octopus.Action.Script.ScriptSource": "Inline",
		"Octopus.Action.Script.Syntax": "Bash", "Octopus.Action.Script.ScriptBody": body,
	}})
}

// unpack is a step that deploys a package to the targets with a role.
func (w *world) unpack(name, pkg, role string) object {
	return step(name, object{"Octopus.Action.TargetRoles": role}, object{"ActionType": "Octopus.TentaclePackage",
		"Packages":   []object{{"Name": "", "PackageId": pkg, "FeedId": w.feed, "AcquisitionLocation": "Server", "Properties": object{}}},
		"Properties": object{}})
}

// machines starts SSH servers and registers them as targets with the role web
// in Development; each is called web-1 and so on.
func (w *world) machines(n int, env ...string) ([]*sshdtest.Server, []object) {
	w.Helper()
	servers := sshdtest.New(w.T, n, env...)
	var all []object
	for i, s := range servers {
		w.Cleanup(func() { endAll(w.T, s.Dir) })
		name := fmt.Sprintf("web-%d", i+1)
		all = append(all, w.post(space+"/machines", object{"Name": name, "Roles": []string{"web"}, "EnvironmentIds": []string{w.dev}, "Endpoint": endpoint(s, w.account(name, s))}))
	}
	return servers, all
}

// account stores the key for an SSH server.
func (w *world) account(name string, s *sshdtest.Server) string {
	w.Helper()
	return id(w.post(space+"/accounts", object{"Name": name, "AccountType": "SshKeyPair", "Username": s.User, "PrivateKeyFile": newValue(base64.StdEncoding.EncodeToString([]byte(s.PrivateKey)))}))
}

func newValue(v string) object { return object{"HasValue": true, "NewValue": v} }

func endpoint(s *sshdtest.Server, account string) object {
	return object{"CommunicationStyle": "Ssh", "AccountId": account, "Host": s.Host, "Port": s.Port, "Fingerprint": s.Fingerprint, "DotNetCorePlatform": "linux-x64"}
}

// zipped makes a package of names and texts in turn.
func zipped(files ...string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		f, err := z.Create(files[i])
		if err == nil {
			_, err = f.Write([]byte(files[i+1]))
		}
		if err != nil {
			panic(err) // memory takes everything
		}
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// push stores a package in the built-in feed.
func (w *world) push(file string, content []byte) {
	w.Helper()
	if _, err := w.Upload(space+"/packages/raw", file, content); err != nil {
		w.Fatal(err)
	}
}

// release creates a release of a project and gives its version.
func (w *world) release(project string, more object) string {
	w.Helper()
	body := object{"SpaceIdOrName": "Spaces-1", "ProjectName": project}
	for k, v := range more {
		body[k] = v
	}
	v, _ := w.post(space+"/releases/create/v1", body)["ReleaseVersion"].(string)
	return v
}

// deploy deploys a release and gives the task.
func (w *world) deploy(project, version, environment string, more object) string {
	w.Helper()
	body := object{"SpaceIdOrName": "Spaces-1", "ProjectName": project, "ReleaseVersion": version, "EnvironmentNames": []string{environment}}
	for k, v := range more {
		body[k] = v
	}
	tasks := objects(w.post(space+"/deployments/create/untenanted/v1", body)["DeploymentServerTasks"])
	if len(tasks) != 1 {
		w.Fatalf("%d tasks were made instead of one", len(tasks))
	}
	task, _ := tasks[0]["ServerTaskId"].(string)
	return task
}

// wait waits for the end of a task and checks how it ended.
func (w *world) wait(task, state string) object {
	w.Helper()
	var t object
	w.until("the end of "+task, 2*time.Minute, func() bool {
		t = w.get("/api/tasks/" + task)
		return t["IsCompleted"] == true
	})
	if t["State"] != state {
		w.Fatalf("%s ended as %v instead of %s: %v\n%s", task, t["State"], state, t["ErrorMessage"], w.raw(task))
	}
	return t
}

// raw gives a task's log as text.
func (w *world) raw(task string) string {
	w.Helper()
	var log string
	if err := w.Do("GET", "/api/tasks/"+task+"/raw", nil, &log); err != nil {
		w.Fatal(err)
	}
	return log
}

// line is one line of a task's log.
type line struct{ Category, Text string }

// lines gives every line of a task's log, element after element.
func (w *world) lines(task string) []line {
	w.Helper()
	return linesOf(w.get("/api/tasks/" + task + "/details?verbose=true")["ActivityLogs"])
}

func linesOf(elements any) (all []line) {
	for _, e := range objects(elements) {
		for _, l := range objects(e["LogElements"]) {
			all = append(all, line{fmt.Sprint(l["Category"]), fmt.Sprint(l["MessageText"])})
		}
		all = append(all, linesOf(e["Children"])...)
	}
	return all
}
