package api

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/gitrepo/gittest"
)

// versioned is a server with a project, and a repository for it.
type versioned struct {
	*client
	origin  *gittest.Origin
	project string // its path
	id      string
}

const (
	scripted = "echo #{Greeting}"
	hush     = "Xyzzy-43"
)

func newVersioned(t *testing.T) *versioned {
	t.Helper()
	v := &versioned{client: newClient(t), origin: gittest.New(t)}
	v.api.Deploy.Git.Repositories.Certificates = v.origin.CA
	v.work()
	lifecycle := v.text(v.get("/api/Spaces-1/lifecycles/default-lifecycle"), "Id")
	group := v.text(v.get("/api/Spaces-1/projectgroups/default-project-group"), "Id")
	v.post("/api/Spaces-1/environments", thing{"Name": "Dev"})
	v.id = v.text(v.post("/api/Spaces-1/projects", thing{"Name": "Web shop", "LifecycleId": lifecycle, "ProjectGroupId": group}), "Id")
	v.project = "/api/Spaces-1/projects/" + v.id
	process := v.get(v.project + "/deploymentprocesses").(thing)
	process["Steps"] = []thing{{"Name": "Say it", "Actions": []thing{{"Name": "Say it", "ActionType": "Octopus.Script", "Properties": thing{
		"Octopus.Action.RunOnServer": "true", "Octopus.Action.Script.ScriptSource": "Inline", "Octopus.Action.Script.Syntax": "Bash", "Octopus.Action.Script.ScriptBody": scripted}}}}}
	process = v.put("/api/Spaces-1/deploymentprocesses/deploymentprocess-"+v.id, process).(thing)
	set := v.get(v.project + "/variables").(thing)
	set["Variables"] = []thing{{"Name": "Greeting", "Value": "hello"}, {"Name": "Secret", "Value": hush, "Type": "Sensitive", "IsSensitive": true,
		"Scope": thing{"Action": []string{v.text(process, "Steps.0.Actions.0.Id")}}}}
	v.put(v.project+"/variables", set)
	return v
}

func (v *versioned) settings() thing {
	return thing{"Type": "VersionControlled", "Url": v.origin.URL, "DefaultBranch": "main", "BasePath": ".octopus/shop",
		"Credentials": thing{"Type": "UsernamePassword", "Username": gittest.User, "Password": hidden(gittest.Password)}}
}

func (v *versioned) convert() {
	v.Helper()
	v.want(200, "POST", v.project+"/git/convert", thing{"CommitMessage": "Move to Git", "VersionControlSettings": v.settings()})
}

// show gives a file of the repository as it is on a branch.
func (v *versioned) show(branch, file string) string {
	v.Helper()
	return v.origin.Run(v.origin.Dir, "show", branch+":.octopus/shop/"+file)
}

// on is the path of a document on a branch.
func (v *versioned) on(branch, name string) string {
	return v.project + "/" + url.PathEscape("refs/heads/"+branch) + "/" + name
}

func TestConvertProject(t *testing.T) {
	v := newVersioned(t)
	v.convert()
	files := strings.Fields(v.origin.Run(v.origin.Dir, "ls-tree", "-r", "--name-only", "main", ".octopus/shop/"))
	want := []string{".octopus/shop/deployment_process.ocl", ".octopus/shop/deployment_settings.ocl", ".octopus/shop/schema_version.ocl", ".octopus/shop/variables.ocl"}
	if diff := cmp.Diff(want, files); diff != "" {
		t.Errorf("files, -want +got\n%s", diff)
	}
	if got := v.origin.Run(v.origin.Dir, "log", "-1", "--format=%s by %an", "main"); got != "Move to Git by ada" {
		t.Errorf("the commit is %q", got)
	}
	if got := v.show("main", "deployment_process.ocl"); !strings.HasPrefix(got, "step \"say-it\" {\n    name = \"Say it\"\n\n    action {\n        action_type = \"Octopus.Script\"") {
		t.Errorf("the process is %s", got)
	}
	if got := v.show("main", "variables.ocl"); got != "variable \"Greeting\" {\n    value \"hello\" {}\n}" {
		t.Errorf("the variables are %s", got)
	}
	p := v.get(v.project)
	for member, want := range map[string]string{"IsVersionControlled": "true", "PersistenceSettings.Type": "VersionControlled", "PersistenceSettings.Url": v.origin.URL, "PersistenceSettings.BasePath": ".octopus/shop",
		"PersistenceSettings.ConversionState.VariablesAreInGit": "true", "PersistenceSettings.Credentials.Password.HasValue": "true", "PersistenceSettings.Credentials.Password.NewValue": "<nil>",
		"Links.DeploymentProcess": v.project + "/{gitRef}/deploymentprocesses", "Links.ConvertToVcs": "<nil>"} {
		if got := v.text(p, member); got != want {
			t.Errorf("%s is %s, want %s", member, got, want)
		}
	}
	// The secret stays behind, for the same step.
	secrets := v.get(v.project + "/variables")
	if v.text(secrets, "Variables.0.Name") != "Secret" || len(at(secrets, "Variables").([]any)) != 1 {
		t.Errorf("the database keeps %v", secrets)
	}
	process := v.get(v.on("main", "deploymentprocesses"))
	if a, b := v.text(secrets, "Variables.0.Scope.Action.0"), v.text(process, "Steps.0.Actions.0.Id"); a != b {
		t.Errorf("the secret is for action %s, and the action is %s", a, b)
	}
	if text := v.refused(400, "POST", v.project+"/git/convert", thing{"VersionControlSettings": v.settings()}); !strings.Contains(text, "in Git already") {
		t.Error(text)
	}
	if text := v.refused(400, "PUT", v.project+"/deploymentprocesses", process); !strings.Contains(text, "is in Git. Change it on a branch") {
		t.Error(text)
	}
	secrets.(thing)["Variables"] = []thing{{"Name": "Plain", "Value": "x"}}
	if text := v.refused(400, "PUT", v.project+"/variables", secrets); !strings.Contains(text, "Variable 'Plain' is not sensitive") {
		t.Error(text)
	}
}

func TestConvertTakesOverWhatIsThere(t *testing.T) {
	v := newVersioned(t)
	theirs := "step \"theirs\" {\n    name = \"Theirs\"\n\n    action {\n        action_type = \"Octopus.Manual\"\n    }\n}"
	v.origin.Commit("main", "before", map[string]string{".octopus/shop/deployment_process.ocl": theirs})
	answer := v.want(200, "POST", v.project+"/git/convert", thing{"VersionControlSettings": v.settings()})
	if text := v.text(answer, "Messages.0"); !strings.Contains(text, "deployment_process.ocl is in the repository already") {
		t.Error(text)
	}
	if got := v.show("main", "deployment_process.ocl"); got != theirs {
		t.Errorf("the process is %s", got)
	}
	if got := v.text(v.get(v.on("main", "deploymentprocesses")), "Steps.0.Name"); got != "Theirs" {
		t.Errorf("the step is %s", got)
	}
}

func TestConvertRefuses(t *testing.T) {
	v := newVersioned(t)
	protected := with(v.settings(), "ProtectedDefaultBranch", true)
	for name, test := range map[string]struct {
		settings thing
		want     string
	}{
		"no address":       {thing{"DefaultBranch": "main"}, "PersistenceSettings.Url must be"},
		"another way":      {with(v.settings(), "Url", "file:///etc"), "PersistenceSettings.Url must be"},
		"password in it":   {with(v.settings(), "Url", "https://a:b@example.com/x.git"), "must not hold a user name"},
		"outside":          {with(v.settings(), "BasePath", "../x"), "PersistenceSettings.BasePath"},
		"no branch":        {with(v.settings(), "DefaultBranch", "trunk"), "'trunk' is not a branch"},
		"protected":        {protected, "Branch 'main' is protected"},
		"wrong password":   {with(v.settings(), "Credentials", thing{"Type": "UsernamePassword", "Username": "x", "Password": hidden("y")}), "does not admit these credentials"},
		"no such":          {with(v.settings(), "Credentials", thing{"Type": "Reference", "Id": "GitCredentials-99"}), "refers to 'GitCredentials-99'"},
		"without identity": {with(v.settings(), "Credentials", thing{"Type": "Anonymous"}), "does not admit these credentials"},
		"an app":           {with(v.settings(), "Credentials", thing{"Type": "GitHub", "Id": "x"}), "'GitHub' is not supported"},
	} {
		if text := v.refused(400, "POST", v.project+"/git/convert", thing{"VersionControlSettings": test.settings}); !strings.Contains(text, test.want) {
			t.Errorf("%s: %s", name, text)
		}
	}
	if got := v.text(v.get(v.project), "PersistenceSettings.Type"); got != "Database" {
		t.Errorf("the project is in %s", got)
	}
	v.want(200, "POST", v.project+"/git/convert", thing{"VersionControlSettings": protected, "InitialCommitBranchName": "convert"})
	if got := v.show("convert", "schema_version.ocl"); got != "version = 10" {
		t.Errorf("the first commit has %s", got)
	}
	if text := v.refused(400, "PUT", v.on("main", "deploymentsettings"), thing{}); !strings.Contains(text, "Branch 'main' is protected") {
		t.Error(text)
	}
}

func TestGitCredentialOfProject(t *testing.T) {
	v := newVersioned(t)
	credential := thing{"Name": "robot", "Details": thing{"Type": "UsernamePassword", "Username": gittest.User, "Password": hidden(gittest.Password)},
		"RepositoryRestrictions": thing{"Enabled": true, "AllowedRepositories": []string{"https://example.com/*"}}}
	made := v.post("/api/Spaces-1/git-credentials", credential).(thing)
	id := v.text(made, "Id")
	settings := with(v.settings(), "Credentials", thing{"Type": "Reference", "Id": id})
	answer := v.want(200, "POST", v.project+"/git/connectivity-test", settings)
	if text := v.text(answer, "Messages.0.Message"); v.text(answer, "Messages.0.Category") != "Error" || !strings.Contains(text, "its restrictions name other repositories") {
		t.Error(text)
	}
	made["RepositoryRestrictions"] = thing{"Enabled": false}
	v.put("/api/Spaces-1/git-credentials/"+id, made)
	if answer := v.want(200, "POST", v.project+"/git/connectivity-test", settings); v.text(answer, "Messages.0.Category") != "Info" {
		t.Errorf("the test says %v", answer)
	}
	v.want(200, "POST", v.project+"/git/convert", thing{"VersionControlSettings": settings})
	v.get(v.on("main", "deploymentprocesses"))
	if text := v.refused(400, "DELETE", "/api/Spaces-1/git-credentials/"+id, nil); !strings.Contains(text, "Web shop") {
		t.Error(text)
	}
}

func TestBranchesAndTags(t *testing.T) {
	v := newVersioned(t)
	v.convert()
	tip := v.origin.Run(v.origin.Dir, "rev-parse", "main")
	v.origin.Run(v.origin.Dir, "tag", "v1", "main")
	p := v.get(v.project).(thing)
	v.put(v.project, with(p, "PersistenceSettings", with(p["PersistenceSettings"].(thing), "ProtectedBranchNamePatterns", []string{"release/*"})))
	made := v.want(200, "POST", v.project+"/git/branches/v2", thing{"NewBranchName": "release/1", "BaseGitRef": "refs/heads/main"})
	if v.text(made, "Name") != "release/1" || v.text(made, "CanonicalName") != "refs/heads/release/1" || v.text(made, "IsProtected") != "true" {
		t.Errorf("made %v", made)
	}
	if got := v.origin.Run(v.origin.Dir, "rev-parse", "release/1"); got != tip {
		t.Errorf("the branch is at %s", got)
	}
	if text := v.refused(409, "POST", v.project+"/git/branches/v2", thing{"NewBranchName": "release/1", "BaseGitRef": "main"}); !strings.Contains(text, "has a branch 'release/1' already") {
		t.Error(text)
	}
	v.refused(400, "POST", v.project+"/git/branches/v2", thing{"NewBranchName": "a..b", "BaseGitRef": "main"})
	v.refused(404, "POST", v.project+"/git/branches/v2", thing{"NewBranchName": "x", "BaseGitRef": "nowhere"})
	all := v.get(v.project + "/git/branches?refresh=true")
	if v.text(all, "TotalResults") != "2" || v.text(all, "Items.0.Name") != "main" {
		t.Errorf("the branches are %v", all)
	}
	if found := v.get(v.project + "/git/branches?searchByName=LEASE&take=1"); v.text(found, "Items.0.Name") != "release/1" || v.text(found, "TotalResults") != "1" {
		t.Errorf("found %v", found)
	}
	for path, want := range map[string]string{"branches/release%2F1": "release/1", "branches/refs%2Fheads%2Fmain": "main", "tags/v1": "v1", "commits/" + tip[:8]: tip} {
		if got := v.text(v.get(v.project+"/git/"+path), "Name"); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	v.refused(404, "GET", v.project+"/git/branches/nowhere", nil)
	v.refused(404, "GET", v.project+"/git/tags/main", nil)
	if text := v.refused(400, "GET", "/api/Spaces-1/projects/"+v.text(v.post("/api/Spaces-1/projects", thing{"Name": "Other", "LifecycleId": p["LifecycleId"], "ProjectGroupId": p["ProjectGroupId"]}), "Id")+"/git/branches", nil); !strings.Contains(text, "is not in Git") {
		t.Error(text)
	}
}

func TestEditOnBranch(t *testing.T) {
	v := newVersioned(t)
	v.convert()
	v.want(200, "POST", v.project+"/git/branches/v2", thing{"NewBranchName": "work", "BaseGitRef": "main"})
	process := v.get(v.on("work", "deploymentprocesses")).(thing)
	process["Steps"].([]any)[0].(thing)["Condition"] = "Always"
	process["ChangeDescription"] = "Always say it"
	if got := v.text(v.put(v.on("work", "deploymentprocesses"), process), "Steps.0.Condition"); got != "Always" {
		t.Errorf("the answer has %s", got)
	}
	if got := v.origin.Run(v.origin.Dir, "log", "-1", "--format=%s", "work"); got != "Always say it" {
		t.Errorf("the commit is %q", got)
	}
	if got := v.origin.Run(v.origin.Dir, "diff", "--stat", "--format=", "main", "work"); !strings.Contains(got, "1 file changed, 1 insertion(+)") {
		t.Errorf("the change is %s", got)
	}
	if got := v.text(v.get(v.on("main", "deploymentprocesses")), "Steps.0.Condition"); got != "Success" {
		t.Errorf("main has %s", got)
	}
	settings := v.put(v.on("work", "deploymentsettings"), thing{"DefaultGuidedFailureMode": "On", "ChangeDescription": "Guide"})
	if v.text(settings, "DefaultGuidedFailureMode") != "On" || !strings.Contains(v.show("work", "deployment_settings.ocl"), `default_guided_failure_mode = "On"`) {
		t.Errorf("the settings are %v", settings)
	}
	set := v.get(v.on("work", "variables")).(thing)
	if v.text(set, "ScopeValues.Actions.0.Name") != "Say it" || v.text(set, "Variables.0.Name") != "Greeting" {
		t.Errorf("the variables are %v", set)
	}
	dev := v.text(v.get("/api/Spaces-1/environments"), "Items.0.Id")
	set["Variables"] = append(set["Variables"].([]any), thing{"Name": "Greeting", "Value": "hi", "Scope": thing{"Environment": []string{dev}, "Action": []string{v.text(set, "ScopeValues.Actions.0.Id")}}})
	v.put(v.on("work", "variables"), set)
	seen := v.text(v.get("/api/Spaces-1/variables/preview?project="+v.id+"&environment="+dev+"&gitRef=refs%2Fheads%2Fwork"), "Variables")
	if !strings.Contains(seen, "hi") || !strings.Contains(seen, "Secret") || strings.Contains(seen, hush) {
		t.Errorf("the preview of the branch is %s", seen)
	}
	if got := v.show("work", "variables.ocl"); got != "variable \"Greeting\" {\n    value \"hello\" {}\n\n    value \"hi\" {\n        action = [\"say-it\"]\n        environment = [\"dev\"]\n    }\n}" {
		t.Errorf("the variables are %s", got)
	}
	process["Steps"].([]any)[0].(thing)["Actions"].([]any)[0].(thing)["Properties"].(thing)["p"] = hidden(hush)
	if text := v.refused(400, "PUT", v.on("work", "deploymentprocesses"), process); !strings.Contains(text, "property p of action 'Say it' is sensitive") {
		t.Error(text)
	}
	if events := v.text(v.get("/api/Spaces-1/events?regarding="+v.id), "Items.0.Message"); !strings.Contains(events, "variables of project Web shop was changed on branch work") && !strings.Contains(events, "variables of project Web shop were changed on branch work") {
		t.Errorf("the audit trail says %s", events)
	}
	v.refused(400, "PUT", v.project+"/"+v.origin.Run(v.origin.Dir, "rev-parse", "work")+"/deploymentprocesses", process)
	v.refused(404, "GET", v.on("nowhere", "deploymentprocesses"), nil)
}

// TestStaleEdit holds that nobody overwrites what somebody else has committed,
// and that changes of different files do not disturb each other.
func TestStaleEdit(t *testing.T) {
	v := newVersioned(t)
	v.convert()
	read := v.send("GET", v.on("main", "deploymentsettings"), nil, "X-Octopus-ApiKey", v.as)
	tag := read.header.Get("ETag")
	if want := `"` + v.origin.Run(v.origin.Dir, "rev-parse", "main") + `"`; tag != want {
		t.Fatalf("the tag is %s, want %s", tag, want)
	}
	v.origin.Commit("main", "elsewhere", map[string]string{"README.md": "new"})
	edit := func(status int, body thing) any {
		t.Helper()
		return v.call(status, "PUT", v.on("main", "deploymentsettings"), body, "X-Octopus-ApiKey", v.as, "If-Match", tag)
	}
	edit(200, thing{"ReleaseNotesTemplate": "one"})
	text := v.text(edit(409, thing{"ReleaseNotesTemplate": "two"}), "ErrorMessage")
	if !strings.Contains(text, "has changed since commit") {
		t.Error(text)
	}
	if got := v.show("main", "deployment_settings.ocl"); !strings.Contains(got, "\nrelease_notes_template = \"one\"\n") {
		t.Errorf("the settings are %s", got)
	}
}

func TestReleaseFromGit(t *testing.T) {
	v := newVersioned(t)
	v.convert()
	first := v.origin.Run(v.origin.Dir, "rev-parse", "main")
	second := v.origin.Commit("feature", "other", map[string]string{
		".octopus/shop/variables.ocl":           "variable \"Greeting\" {\n    value \"bonjour\" {}\n}",
		".octopus/shop/deployment_settings.ocl": "release_notes_template = \"Notes of #{Octopus.Release.Number}\"\n\nconnectivity_policy {}\n\nversioning_strategy {\n    template = \"7.0.#{Octopus.Version.NextPatch}\"\n}",
	})
	made := v.post("/api/Spaces-1/releases/create/v1", thing{"ProjectName": "Web shop", "GitRef": "refs/heads/feature"})
	release := v.get("/api/Spaces-1/releases/" + v.text(made, "ReleaseId"))
	for member, want := range map[string]string{"VersionControlReference.GitRef": "refs/heads/feature", "VersionControlReference.GitCommit": second, "Version": "7.0.1", "ReleaseNotes": "Notes of 7.0.1"} {
		if got := v.text(release, member); got != want {
			t.Errorf("%s is %s, want %s", member, got, want)
		}
	}
	v.deploys("7.0.1", "bonjour")
	// What is committed later does not change the release, until it is asked to.
	v.origin.Commit("feature", "later", map[string]string{".octopus/shop/variables.ocl": "variable \"Greeting\" {\n    value \"salut\" {}\n}"})
	v.deploys("7.0.1", "bonjour")
	v.want(200, "POST", "/api/Spaces-1/releases/"+v.text(made, "ReleaseId")+"/snapshot-variables", nil)
	v.deploys("7.0.1", "salut")
	if got := v.text(v.get(v.on("feature", "deploymentprocesses/template")), "NextVersionIncrement"); got != "7.0.2" {
		t.Errorf("the next version on the branch is %s", got)
	}
	plain := v.post("/api/Spaces-1/releases", thing{"ProjectId": v.id, "Version": "8.0.0", "VersionControlReference": thing{"GitRef": "refs/heads/feature"}})
	if got := v.text(plain, "VersionControlReference.GitRef"); got != "refs/heads/feature" {
		t.Errorf("the release that names its reference itself is of %s", got)
	}
	v.deploys("8.0.0", "salut")
	pinned := v.post("/api/Spaces-1/releases/create/v1", thing{"ProjectName": "Web shop", "GitRef": "main", "GitCommit": first[:8], "ReleaseVersion": "1.0.0"})
	if got := v.text(v.get("/api/Spaces-1/releases/"+v.text(pinned, "ReleaseId")), "VersionControlReference.GitCommit"); got != first {
		t.Errorf("the release is of %s, want %s", got, first)
	}
	v.deploys("1.0.0", "hello")
	v.refused(404, "POST", "/api/Spaces-1/releases/create/v1", thing{"ProjectName": "Web shop", "GitRef": "nowhere"})
	v.refused(400, "POST", "/api/Spaces-1/releases/create/v1", thing{"ProjectName": "Web shop", "GitRef": "main", "GitCommit": "0123456789"})
	v.origin.Commit("broken", "broken", map[string]string{".octopus/shop/deployment_process.ocl": "step \"a\" {\n    action {\n        action_type = \"T\"\n        environments = [\"mars\"]\n    }\n}"})
	if text := v.refused(400, "POST", "/api/Spaces-1/releases/create/v1", thing{"ProjectName": "Web shop", "GitRef": "broken"}); !strings.Contains(text, ".octopus/shop/deployment_process.ocl, line 4: environments 'mars' does not exist") {
		t.Error(text)
	}
	channel := v.get(v.project + "/channels").(thing)["Items"].([]any)[0].(thing)
	v.put("/api/Spaces-1/channels/"+v.text(channel, "Id"), with(channel, "GitReferenceRules", []string{"release/*"}))
	if text := v.refused(400, "POST", "/api/Spaces-1/releases/create/v1", thing{"ProjectName": "Web shop", "GitRef": "main"}); !strings.Contains(text, `Git reference "refs/heads/main" does not satisfy channel`) {
		t.Error(text)
	}
}

// TestRunbookOfProjectInGit holds that a runbook in the database has the
// variables of the default branch.
func TestRunbookOfProjectInGit(t *testing.T) {
	v := newVersioned(t)
	v.convert()
	book := v.post("/api/Spaces-1/runbooks", thing{"Name": "Restart", "ProjectId": v.id, "MultiTenancyMode": "Untenanted", "EnvironmentScope": "All"})
	process := v.get("/api/Spaces-1/runbookProcesses/" + v.text(book, "RunbookProcessId")).(thing)
	process["Steps"] = v.get(v.on("main", "deploymentprocesses")).(thing)["Steps"]
	v.put("/api/Spaces-1/runbookProcesses/"+v.text(book, "RunbookProcessId"), process)
	// The deployment process of the branch is none of its business.
	v.origin.Commit("main", "broken", map[string]string{".octopus/shop/deployment_process.ocl": "broken"})
	v.post("/api/Spaces-1/runbookSnapshots?publish=true", thing{"Name": "One", "ProjectId": v.id, "RunbookId": v.text(book, "Id")})
	made := v.post("/api/Spaces-1/runbook-runs/create/v1", thing{"ProjectName": "Web shop", "RunbookName": "Restart", "EnvironmentNames": []string{"Dev"}})
	v.says(v.text(made, "RunbookRunServerTasks.0.ServerTaskId"), "hello")
}

// deploys deploys a release and expects a line of its log.
func (v *versioned) deploys(version, line string) {
	v.Helper()
	made := v.post("/api/Spaces-1/deployments/create/untenanted/v1", thing{"ProjectName": "Web shop", "ReleaseVersion": version, "EnvironmentNames": []string{"Dev"}})
	v.says(v.text(made, "DeploymentServerTasks.0.ServerTaskId"), line)
}

// says waits for a task to end and expects a line of its log.
func (v *versioned) says(task, line string) {
	v.Helper()
	v.until("/api/tasks/"+task, "IsCompleted", "true")
	raw := v.send("GET", "/api/tasks/"+task+"/raw", nil, "X-Octopus-ApiKey", v.as)
	if !strings.Contains(string(raw.body), line) {
		v.Errorf("the log has no %q: %s", line, raw.body)
	}
}

func anyPlace(*catalog.ScopedUserRole) {}

// TestGitRights holds that projects in Git ask for the same rights as others.
func TestGitRights(t *testing.T) {
	v := newVersioned(t)
	v.convert()
	viewer := v.who("userroles-projectviewer", anyPlace)
	process := viewer.want(200, "GET", v.on("main", "deploymentprocesses"), nil)
	viewer.want(403, "PUT", v.on("main", "deploymentprocesses"), process)
	viewer.want(403, "PUT", v.on("main", "deploymentsettings"), thing{})
	viewer.want(403, "POST", v.project+"/git/branches/v2", thing{"NewBranchName": "x", "BaseGitRef": "main"})
	viewer.want(403, "POST", v.project+"/git/connectivity-test", v.settings())
	viewer.want(403, "POST", v.project+"/git/convert", thing{})
	nobody := v.who("userroles-environmentviewer", anyPlace)
	nobody.want(403, "GET", v.on("main", "deploymentprocesses"), nil)
	nobody.want(403, "GET", v.on("main", "variables"), nil)
	nobody.want(403, "GET", v.project+"/git/branches", nil)
}
