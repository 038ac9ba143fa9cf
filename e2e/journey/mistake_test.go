package journey

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/takodeploy/tako/e2e/rest"
)

// as gives the same world to a subtest.
func (w *world) as(t *testing.T) *world {
	own := *w
	own.T = t
	return &own
}

// TestMistakes checks that each mistake gets the right status and a sentence
// that says what is wrong with what.
func TestMistakes(t *testing.T) {
	engines(t, func(w *world) {
		w.furnish()
		for _, mistake := range []struct {
			name string
			make func(w *world)
		}{
			{"duplicate names", duplicateNames},
			{"unknown references", unknownReferences},
			{"deletion of what is in use", deletionInUse},
			{"stale version", staleVersion},
			{"malformed bodies", malformedBodies},
			{"unknown enum", unknownEnum},
			{"paths and methods", pathsAndMethods},
			{"bad packages", badPackages},
			{"releases that cannot be", badReleases},
			{"deployments that cannot be", badDeployments},
			{"credentials", badCredentials},
		} {
			w.T.Run(mistake.name, func(t *testing.T) { mistake.make(w.as(t)) })
		}
	})
}

func duplicateNames(w *world) {
	w.refused(400, "POST", space+"/environments", object{"Name": " development "}, "The name 'development' is already in use by environment "+w.dev)
	p := w.project("Twice")
	w.refused(400, "POST", space+"/projects", object{"Name": "TWICE", "ProjectGroupId": w.group, "LifecycleId": w.lifecycle}, "The name 'TWICE' is already in use by project "+p)
	other := w.get(space + "/environments/" + w.prod)
	other["Name"] = "Development"
	w.refused(400, "PUT", space+"/environments/"+w.prod, other, "already in use by environment "+w.dev)
	w.refused(400, "POST", space+"/environments", object{"Name": "  "}, "Name must not be empty.")
}

func unknownReferences(w *world) {
	w.refused(400, "POST", space+"/projects", object{"Name": "Lost", "ProjectGroupId": "ProjectGroups-77", "LifecycleId": "Lifecycles-88"}, "ProjectGroups-77", "Lifecycles-88", "does not exist")
	w.refused(400, "POST", space+"/machines", object{"Name": "lost", "Roles": []string{"web"}, "EnvironmentIds": []string{"Environments-99"},
		"Endpoint": object{"CommunicationStyle": "None"}}, "EnvironmentIds", "Environments-99", "does not exist")
	w.refused(404, "GET", space+"/environments/Environments-99", nil, "Environments-99")
	w.refused(404, "GET", "/api/Spaces-77/environments", nil, "The space 'Spaces-77' does not exist.")
	w.refused(404, "GET", "/api/tasks/ServerTasks-99999", nil, "ServerTasks-99999")
}

func deletionInUse(w *world) {
	w.refused(400, "DELETE", space+"/environments/"+w.dev, nil, "Two steps")
	w.project("Holder")
	w.refused(400, "DELETE", space+"/lifecycles/"+w.lifecycle, nil, "Holder")
	w.refused(400, "DELETE", space+"/projectgroups/"+w.group, nil, "Holder")
	e := id(w.post(space+"/environments", object{"Name": "Unused"}))
	if err := w.Do("DELETE", space+"/environments/"+e, nil, nil); err != nil {
		w.Error(err)
	}
}

func staleVersion(w *world) {
	p := w.project("Stale")
	path := space + "/projects/" + p + "/deploymentprocesses"
	mine := w.get(path)
	w.steps(p, script("Somebody else's", "true", ""))
	mine["Steps"] = []object{script("Mine", "true", "")}
	w.refused(409, "PUT", path, mine, "Somebody else", "read it again")
	set := space + "/variables/variableset-" + p
	vars := w.get(set)
	w.variables(p, text("A", "1"))
	vars["Variables"] = []object{text("B", "2")}
	w.refused(409, "PUT", set, vars, "Somebody else")
	if got := objects(w.get(set)["Variables"]); len(got) != 1 || got[0]["Name"] != "A" {
		w.Errorf("the stale write came through: %v", got)
	}
}

// request sends what the client would not.
func (w *world) request(method, path, contentType, body string, header ...string) (int, string) {
	w.Helper()
	req, err := http.NewRequestWithContext(w.Context(), method, w.URL+path, strings.NewReader(body))
	if err != nil {
		w.Fatal(err)
	}
	req.Header.Set("X-Octopus-ApiKey", w.APIKey)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	answer, err := w.HTTP.Do(req)
	if err != nil {
		w.Fatal(err)
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(answer.Body)
	if err != nil {
		w.Fatal(err)
	}
	return answer.StatusCode, string(said)
}

// says checks an answer by status and parts.
func (w *world) says(status int, said string, want int, parts ...string) {
	w.Helper()
	if status != want {
		w.Errorf("status %d instead of %d: %s", status, want, said)
	}
	for _, part := range parts {
		if !strings.Contains(said, part) {
			w.Errorf("%s: does not say %q", said, part)
		}
	}
}

func malformedBodies(w *world) {
	for body, part := range map[string]string{
		`{"Name": "x",}`:      "not valid JSON",
		`{"Name": "x"`:        "not valid JSON",
		`[]`:                  "cannot be read as",
		`{"Name": 7}`:         "Name: a JSON number cannot be read as a text",
		`{"SortOrder": "ten"`: "not valid JSON",
		``:                    "A JSON body is required.",
	} {
		status, said := w.request("POST", space+"/environments", "application/json", body)
		w.says(status, said, 400, part, `"ErrorMessage"`)
	}
	deep := strings.Repeat(`{"a":`, 20_000) + "1" + strings.Repeat("}", 20_000)
	status, said := w.request("POST", space+"/environments", "application/json", deep)
	w.says(status, said, 400, `"ErrorMessage"`)
}

func unknownEnum(w *world) {
	w.refused(400, "POST", space+"/accounts", object{"Name": "odd", "AccountType": "Magic"}, "AccountType", "Magic", "not one of")
	w.refused(400, "POST", space+"/machines", object{"Name": "odd", "Roles": []string{"web"}, "EnvironmentIds": []string{w.dev}, "Endpoint": object{"CommunicationStyle": "Pigeon"}}, "CommunicationStyle", "Pigeon", "not one of")
	p := w.project("Enum")
	path := space + "/projects/" + p + "/deploymentprocesses"
	process := w.get(path)
	bad := script("S", "true", "")
	bad["Condition"] = "Sometimes"
	process["Steps"] = []object{bad}
	w.refused(400, "PUT", path, process, "Condition", "Sometimes")
	w.refused(400, "GET", space+"/environments?take=many", nil, "take", "many")
}

func pathsAndMethods(w *world) {
	w.refused(404, "GET", space+"/nothing", nil, "There is nothing at", "/nothing")
	w.refused(405, "DELETE", space+"/environments", nil, "DELETE is not possible here")
}

// bomb is a zip whose one file unpacks to far more than is allowed for its size.
func bomb(w *world) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	f, err := z.Create("zeros")
	if err != nil {
		w.Fatal(err)
	}
	block := make([]byte, 1<<20)
	for range 300 {
		if _, err := f.Write(block); err != nil {
			w.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		w.Fatal(err)
	}
	return b.Bytes()
}

func badPackages(w *world) {
	good := zipped("a.txt", "a")
	for name, content := range map[string][]byte{
		"Escape.1.0.0.zip":    zipped("../../etc/cron.d/evil", "x"),
		"Absolute.1.0.0.zip":  zipped("/etc/evil", "x"),
		"Bomb.1.0.0.zip":      bomb(w),
		"Text.1.0.0.zip":      []byte("this is no archive"),
		"Cut.1.0.0.zip":       good[:len(good)-10],
		"Noversion.zip":       good,
		"Program.1.0.0.exe":   good,
		"..%2fUp.1.0.0.zip":   good,
		"Empty.1.0.0.zip":     nil,
		"Backslash.1.0.0.zip": zipped(`..\..\evil`, "x"),
	} {
		part := map[string]string{
			"Escape.1.0.0.zip": "../../etc/cron.d/evil", "Absolute.1.0.0.zip": "/etc/evil", "Bomb.1.0.0.zip": "more than the", "Noversion.zip": "is not that of a package", "Program.1.0.0.exe": ".exe",
		}[name]
		_, err := w.Upload(space+"/packages/raw", name, content)
		if err == nil {
			w.Errorf("%s was taken", name)
			continue
		}
		w.problem(400, err, name, part)
	}
	w.push("Good.1.0.0.zip", good)
	_, err := w.Upload(space+"/packages/raw", "Good.1.0.0.zip", good)
	w.problem(400, err, "Good", "1.0.0", "already in the built-in feed", "OverwriteExisting")
	_, err = w.Upload(space+"/packages/raw?overwriteMode=Perhaps", "Good.1.0.0.zip", good)
	w.problem(400, err, "Perhaps", "not one of")

	// An upload that breaks off leaves nothing.
	boundary, head := "xyz", "--xyz\r\nContent-Disposition: form-data; name=\"file\"; filename=\"Broken.1.0.0.zip\"\r\n\r\n"
	status, said := w.request("POST", space+"/packages/raw", "multipart/form-data; boundary="+boundary, head+string(good))
	w.says(status, said, 400, "broke off")
	status, said = w.request("POST", space+"/packages/raw", "text/plain", "hello")
	w.says(status, said, 400, "multipart")
	if n := w.get(space + "/packages?nuGetPackageId=Broken")["TotalResults"]; n != float64(0) {
		w.Errorf("%v packages came of an upload that broke off", n)
	}
}

func badReleases(w *world) {
	p := w.project("Versions", w.unpack("Install", "Missing.Package", "web"))
	create := space + "/releases/create/v1"
	body := func(more object) object {
		o := object{"ProjectName": "Versions"}
		for k, v := range more {
			o[k] = v
		}
		return o
	}
	w.refused(400, "POST", create, body(nil), "Missing.Package")
	w.refused(400, "POST", create, body(object{"PackageVersion": "not a version"}), "not a version")
	w.push("Missing.Package.1.5.0.zip", zipped("a", "b"))
	w.refused(400, "POST", create, body(object{"PackageVersion": "9.9.9"}), "Missing.Package", "9.9.9")
	w.refused(400, "POST", create, body(object{"Packages": []string{"Nobody:1.0.0"}}), "Nobody")
	w.refused(404, "POST", create, object{"ProjectName": "No such"}, "No such")
	w.refused(400, "POST", create, body(object{"ReleaseVersion": "one"}), "one")

	channel := object{"Name": "Old ones", "ProjectId": p, "Rules": []object{{"VersionRange": "[1.0,1.4)", "Tag": "^$", "ActionPackages": []object{{"DeploymentAction": "Install", "PackageReference": ""}}}}}
	w.post(space+"/channels", channel)
	w.refused(400, "POST", create, body(object{"ChannelName": "Old ones", "PackageVersion": "1.5.0", "ReleaseVersion": "5.0.0"}), "1.5.0", "[1.0,1.4)")
	w.refused(400, "POST", create, body(object{"ChannelName": "No such channel"}), "No such channel")
	w.release("Versions", object{"ReleaseVersion": "1.0.0", "PackageVersion": "1.5.0", "ChannelName": "Default"})
	w.refused(400, "POST", create, body(object{"ReleaseVersion": "1.0.0", "PackageVersion": "1.5.0"}), "Release 1.0.0 already exists")
}

func badDeployments(w *world) {
	p := w.project("Going", script("S", "true", ""))
	w.release("Going", object{"ReleaseVersion": "1.0.0"})
	lost := id(w.post(space+"/environments", object{"Name": "Elsewhere"}))
	path := space + "/deployments/create/untenanted/v1"
	body := func(version string, environments ...string) object {
		return object{"ProjectName": "Going", "ReleaseVersion": version, "EnvironmentNames": environments}
	}
	w.refused(400, "POST", path, body("1.0.0", "Elsewhere"), "Elsewhere", "Two steps")
	w.refused(400, "POST", path, body("1.0.0", "Production"), `"Production"`, "Development")
	w.refused(404, "POST", path, body("7.0.0", "Development"), "no release 7.0.0")
	w.refused(400, "POST", path, body("1.0.0", "Nowhere"), "Nowhere")
	w.refused(400, "POST", path, body("1.0.0"), "nvironment")
	w.refused(400, "POST", path, object{"ProjectName": "Going", "ReleaseVersion": "1.0.0", "EnvironmentNames": []string{"Development"}, "RunAt": "2099-01-01T00:00:00Z"}, "RunAt")
	w.refused(400, "POST", path, object{"ProjectName": "Going", "ReleaseVersion": "1.0.0", "EnvironmentNames": []string{"Development"}, "SpecificMachineNames": []string{"ghost"}}, "ghost")
	w.refused(400, "POST", space+"/deployments/create/tenanted/v1", object{"ProjectName": "Going", "ReleaseVersion": "1.0.0", "EnvironmentName": "Development"}, "at least one tenant")
	w.steps(p, script("S", "true", "database"))
	w.release("Going", object{"ReleaseVersion": "2.0.0"})
	w.refused(400, "POST", path, body("2.0.0", "Development"), "no machines to deploy to")
	if err := w.Do("DELETE", space+"/environments/"+lost, nil, nil); err != nil {
		w.Error(err)
	}
}

func badCredentials(w *world) {
	stranger := &rest.Client{URL: w.URL, HTTP: w.HTTP}
	ask := func(key string, says ...string) {
		w.Helper()
		stranger.APIKey = key
		w.problem(401, stranger.Do("GET", "/api/users/me", nil, nil), says...)
	}
	ask("")
	ask("API-WRONG", "API key")
	ask(w.APIKey[:len(w.APIKey)-1]+"0", "API key")
	me := id(w.get("/api/users/me"))
	made := w.post("/api/users/"+me+"/apikeys", object{"Purpose": "soon over", "Expires": time.Now().Add(2 * time.Second).UTC().Format(time.RFC3339Nano)})
	key, _ := made["ApiKey"].(string)
	stranger.APIKey = key
	if _, err := stranger.Get("/api/users/me"); err != nil {
		w.Errorf("a key that is still good: %v", err)
	}
	w.until("the key expires", 20*time.Second, func() bool { return stranger.Do("GET", "/api/users/me", nil, nil) != nil })
	ask(key, "expired")
	made = w.post("/api/users/"+me+"/apikeys", object{"Purpose": "to be taken back"})
	key, _ = made["ApiKey"].(string)
	if err := w.Do("DELETE", fmt.Sprintf("/api/users/%s/apikeys/%s", me, id(made)), nil, nil); err != nil {
		w.Fatal(err)
	}
	ask(key, "API key")
	w.refused(401, "POST", "/api/users/login", object{"Username": "admin", "Password": "wrong"}, "The user name or the password is wrong.")
}
