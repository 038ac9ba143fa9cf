package api

import (
	"strings"
	"testing"
)

func TestRunbooksInGit(t *testing.T) {
	v := newVersioned(t)
	v.convert()
	if got := v.text(v.get(v.project), "PersistenceSettings.ConversionState.RunbooksAreInGit"); got != "true" {
		t.Error("a project without runbooks keeps them in the database:", got)
	}
	v.origin.Run(v.origin.Dir, "branch", "work", "main")
	made := v.want(201, "POST", v.on("work", "runbooks/v2"), thing{"Name": "Restart it", "Description": "Turns it off and on", "ChangeDescription": "Add a runbook",
		"RunRetentionPolicy": thing{"QuantityToKeep": 5}, "MultiTenancyMode": "Untenanted", "EnvironmentScope": "All"})
	if v.text(made, "Id") != "restart-it" || v.text(made, "Slug") != "restart-it" || v.text(made, "RunbookProcessId") != "RunbookProcess-restart-it" {
		t.Error(made)
	}
	if got := v.origin.Run(v.origin.Dir, "log", "-1", "--format=%s", "work"); got != "Add a runbook" {
		t.Error(got)
	}
	if got := v.get(v.on("main", "runbooks")); v.text(got, "TotalResults") != "0" {
		t.Error("the runbook is on another branch too", got)
	}
	process := v.get(v.on("work", "runbookProcesses/RunbookProcess-restart-it")).(thing)
	process["Steps"] = []thing{{"Name": "Say it", "Actions": []thing{{"Name": "Say it", "ActionType": "Octopus.Script", "Properties": thing{
		"Octopus.Action.RunOnServer": "true", "Octopus.Action.Script.ScriptSource": "Inline", "Octopus.Action.Script.Syntax": "Bash", "Octopus.Action.Script.ScriptBody": "echo #{Greeting} from #{Octopus.Runbook.Name}"}}}}}
	changed := v.put(v.on("work", "runbookProcesses/restart-it"), with(process, "ChangeDescription", "Give it a step"))
	if v.text(changed, "Steps.0.Actions.0.ActionType") != "Octopus.Script" {
		t.Error(changed)
	}
	if got := v.show("work", "runbooks/restart-it.ocl"); !strings.HasPrefix(got, "name = \"Restart it\"\ncancel_queued_tasks = true\n") || !strings.Contains(got, "quantity_to_keep = 5") || !strings.Contains(got, "step \"say-it\"") {
		t.Error(got)
	}
	list := v.get(v.on("work", "runbooks?partialName=RESTART&take=1"))
	if v.text(list, "TotalResults") != "1" || v.text(list, "Items.0.Name") != "Restart it" {
		t.Error(list)
	}
	book := v.get(v.on("work", "runbooks/restart-it")).(thing)
	if self := v.get(v.text(book, "Links.Self")); v.text(self, "Id") != "restart-it" {
		t.Error(self)
	}
	book["Description"] = "Twice"
	if got := v.put(v.on("work", "runbooks/restart-it"), book); v.text(got, "Description") != "Twice" {
		t.Error(got)
	}
	if got := v.get(v.on("work", "runbooks/restart-it/environments")).([]any); len(got) != 1 {
		t.Error(got)
	}
	if got := v.get(v.on("work", "runbooks/restart-it/runbookSnapshotTemplate")); v.text(got, "NextNameIncrement") != "Snapshot 1" || v.text(got, "RunbookId") != "restart-it" {
		t.Error(got)
	}
	dev := v.text(v.get("/api/Spaces-1/environments/Dev"), "Id")
	if got := v.get(v.on("work", "runbooks/restart-it/runbookRuns/preview/"+dev+"?includeDisabledSteps=true")); v.text(got, "StepsToExecute.0.ActionName") != "Say it" {
		t.Error(got)
	}
	where := v.get(v.on("work", "runbooks/restart-it/runbookRunTemplate"))
	if got := v.get(v.text(where, "Links.Self")); v.text(got, "PromoteTo.0.Id") != dev {
		t.Error(got)
	}
	if got := v.get(strings.TrimSuffix(v.text(where, "PromoteTo.0.Links.RunbookRunPreview"), "{?includeDisabledSteps}")); v.text(got, "StepsToExecute.0.ActionName") != "Say it" {
		t.Error(got)
	}
	v.refused(404, "GET", v.on("work", "runbooks/nothing"), nil)
	v.refused(400, "POST", v.on("work", "runbooks/v2"), thing{"Name": "Restart it"})
	command := thing{"projectName": "Web shop", "runbookName": "restart it", "environmentNames": []string{"dev"}, "gitRef": "refs/heads/work", "spaceIdOrName": "Default"}
	run := v.post("/api/Spaces-1/runbook-runs/git/create/v1", command)
	task := v.text(run, "RunbookRunServerTasks.0.ServerTaskId")
	if end := v.until("/api/tasks/"+task, "IsCompleted", "true"); v.text(end, "State") != "Success" {
		t.Fatal(end)
	}
	if log := v.send("GET", "/api/tasks/"+task+"/raw", nil, "X-Octopus-ApiKey", v.as); !strings.Contains(string(log.body), "hello from Restart it") {
		t.Errorf("%s", log.body)
	}
	got := v.get("/api/Spaces-1/runbookRuns/" + v.text(run, "RunbookRunServerTasks.0.RunbookRunId"))
	snapshot := v.get("/api/Spaces-1/runbookSnapshots/" + v.text(got, "RunbookSnapshotId"))
	if v.text(snapshot, "GitReference.GitRef") != "refs/heads/work" || v.text(snapshot, "FrozenRunbook.Description") != "Twice" {
		t.Error(snapshot)
	}
	if got := v.get(v.project + "/runbooks"); v.text(got, "TotalResults") != "0" {
		t.Error("what runs are counted with is listed as a runbook", got)
	}
	v.post(v.on("work", "runbooks/restart-it/run/v1"), thing{"Runs": []thing{{"EnvironmentId": dev}}})
	v.want(200, "DELETE", v.on("work", "runbooks/restart-it"), nil)
	v.refused(404, "GET", v.on("work", "runbooks/restart-it"), nil)
	v.refused(400, "POST", "/api/Spaces-1/runbook-runs/git/create/v1", with(command, "runbookName", ""))
}

// What is refused is not committed, and leaves the runbook as it can be read and
// changed.
func TestRunbooksInGitRefuse(t *testing.T) {
	v := newVersioned(t)
	v.convert()
	v.origin.Run(v.origin.Dir, "branch", "work", "main")
	v.want(201, "POST", v.on("work", "runbooks/v2"), thing{"Name": "Restart"})
	v.want(201, "POST", v.on("work", "runbooks/v2"), thing{"Name": "Shut down"})
	step := func() thing {
		return thing{"Name": "Say it", "Actions": []thing{{"Name": "Say it", "ActionType": "Octopus.Script", "Properties": thing{
			"Octopus.Action.RunOnServer": "true", "Octopus.Action.Script.ScriptSource": "Inline", "Octopus.Action.Script.Syntax": "Bash", "Octopus.Action.Script.ScriptBody": "true"}}}}
	}
	action := func(member string, value any) thing {
		s := step()
		s["Actions"].([]thing)[0][member] = value
		return thing{"Steps": []thing{s}}
	}
	steps := func(member string, value any) thing { return thing{"Steps": []thing{with(step(), member, value)}} }
	v.put(v.on("work", "runbookProcesses/restart"), steps("Condition", "always"))
	const book, process, made = "PUT runbooks/restart", "PUT runbookProcesses/restart", "POST runbooks/v2"
	long := strings.Repeat("x", 5000)
	var tests = []struct {
		request, want string
		body          thing
	}{
		{book, "MultiTenancyMode", thing{"MultiTenancyMode": "Perhaps"}},
		{book, "EnvironmentScope", thing{"EnvironmentScope": "Perhaps"}},
		{book, "DefaultGuidedFailureMode", thing{"DefaultGuidedFailureMode": "Perhaps"}},
		{book, "ConnectivityPolicy.SkipMachineBehavior", thing{"ConnectivityPolicy": thing{"SkipMachineBehavior": "Perhaps"}}},
		{book, "RunRetentionPolicy.Unit", thing{"RunRetentionPolicy": thing{"QuantityToKeep": 5, "Unit": "Perhaps"}}},
		{book, "RunRetentionPolicy.Strategy", thing{"RunRetentionPolicy": thing{"Strategy": "Perhaps"}}},
		{book, "Environments", thing{"EnvironmentScope": "Specified", "Environments": []string{"Environments-404"}}},
		{book, "Name must not be empty", thing{"Name": " "}},
		{book, "Name must have at most 200", thing{"Name": long}},
		{book, "The name 'shut DOWN' is already in use by runbook 'shut-down'", thing{"Name": " shut DOWN "}},
		{process, "Steps[0].Condition", steps("Condition", "Perhaps")},
		{process, "Steps[0].StartTrigger", steps("StartTrigger", "Perhaps")},
		{process, "Steps[0].PackageRequirement", steps("PackageRequirement", "Perhaps")},
		{process, "Steps[0].Actions[0].Condition", action("Condition", "Perhaps")},
		{process, "Steps[0].Actions[0].WorkerPoolId", action("WorkerPoolId", "WorkerPools-404")},
		{process, "Steps[0].Actions[0].Name must not be empty", action("Name", "")},
		{process, "ActionType (of 'Say it') must not be empty", action("ActionType", "")},
		{process, "Steps[0].Name must not be empty", thing{"Steps": []thing{with(action("Name", "")["Steps"].([]thing)[0], "Name", "")}}},
		{process, "Steps[0].Name must have at most 200", steps("Name", long)},
		{made, "MultiTenancyMode", thing{"Name": "New", "MultiTenancyMode": "Perhaps"}},
		{made, "EnvironmentScope", thing{"Name": "New", "EnvironmentScope": "Perhaps"}},
		{made, "DefaultGuidedFailureMode", thing{"Name": "New", "DefaultGuidedFailureMode": "Perhaps"}},
		{made, "ConnectivityPolicy.SkipMachineBehavior", thing{"Name": "New", "ConnectivityPolicy": thing{"SkipMachineBehavior": "Perhaps"}}},
		{made, "Name must not be empty", thing{"Name": " "}},
		{made, "Name must have at most 200", thing{"Name": long}},
		{made, "The name 'restart' is already in use by runbook 'restart'", thing{"Name": "restart", "Slug": "another"}},
	}
	before := v.origin.Run(v.origin.Dir, "rev-parse", "work")
	for _, test := range tests {
		method, path, _ := strings.Cut(test.request, " ")
		if got := v.refused(400, method, v.on("work", path), test.body); !strings.Contains(got, test.want) {
			t.Errorf("%s: the answer to what is wrong with %q is %.300s", test.request, test.want, got)
		}
		if now := v.origin.Run(v.origin.Dir, "rev-parse", "work"); now != before {
			t.Fatalf("%s: what is wrong with %q is committed", test.request, test.want)
		}
	}
	got := v.put(v.on("work", "runbooks/restart"), thing{"MultiTenancyMode": "tenanted", "DefaultGuidedFailureMode": ""})
	if v.text(got, "MultiTenancyMode") != "Tenanted" || v.text(got, "DefaultGuidedFailureMode") != "EnvironmentDefault" || v.text(got, "CancelQueuedTasks") != "true" {
		t.Error(got)
	}
	if got := v.get(v.on("work", "runbookProcesses/restart")); v.text(got, "Steps.0.Condition") != "Always" {
		t.Error(got)
	}
}

// A runbook whose file is broken hides none of the others, says what is wrong
// with it, and can be replaced and deleted from here.
func TestBrokenRunbookInGit(t *testing.T) {
	v := newVersioned(t)
	v.convert()
	v.origin.Run(v.origin.Dir, "branch", "work", "main")
	last := func() string { return v.origin.Run(v.origin.Dir, "log", "-1", "--format=%s", "work") }
	v.want(201, "POST", v.on("work", "runbooks/v2"), thing{"Name": "Restart it"})
	if got := last(); got != "Add runbook Restart it" {
		t.Error(got)
	}
	if events := v.text(v.get("/api/Spaces-1/events?regarding="+v.id), "Items.0.Message"); !strings.HasPrefix(events, "The runbook Restart it of project Web shop was added on branch work") {
		t.Error(events)
	}
	for file, content := range map[string]string{"cut": "name = \"Cut\nprocess {", "odd": "name = \"Odd\"\ncolour = \"red\"", "spare": "}"} {
		v.origin.Commit("work", "Break "+file, map[string]string{".octopus/shop/runbooks/" + file + ".ocl": content})
	}
	v.get(v.project + "/git/branches?refresh=true")
	list := v.get(v.on("work", "runbooks"))
	if v.text(list, "TotalResults") != "4" || v.text(list, "Items.2.Name") != "Restart it" || v.text(list, "Items.0.Id") != "cut" {
		t.Error(list)
	}
	if got := v.text(list, "Items.1.Description"); got != "This runbook cannot be read: .octopus/shop/runbooks/odd.ocl, line 2: The property 'colour' was not found on 'runbook'." {
		t.Error(got)
	}
	broken := v.refused(400, "GET", v.on("work", "runbooks/cut"), nil)
	if first, _, _ := strings.Cut(broken, "\n"); !strings.HasPrefix(first, ".octopus/shop/runbooks/cut.ocl, line 1") || strings.Count(first, "in quotes") != 1 {
		t.Error(broken)
	}
	v.get(v.on("work", "runbooks/restart%20it"))
	if got := v.put(v.on("work", "runbooks/odd"), thing{"Name": "Even", "Description": "Mended"}); v.text(got, "Id") != "odd" || v.text(got, "Description") != "Mended" {
		t.Error(got)
	}
	if got := v.show("work", "runbooks/odd.ocl"); !strings.HasPrefix(got, "name = \"Even\"\n") || strings.Contains(got, "colour") {
		t.Error(got)
	}
	v.put(v.on("work", "runbookProcesses/cut"), thing{"Steps": []thing{}})
	if got := v.get(v.on("work", "runbooks/cut")); v.text(got, "Name") != "cut" {
		t.Error(got)
	}
	v.want(200, "DELETE", v.on("work", "runbooks/spare"), nil)
	if got := last(); got != "Delete runbook spare" {
		t.Error(got)
	}
	if got := v.get(v.on("work", "runbooks")); v.text(got, "TotalResults") != "3" {
		t.Error(got)
	}
}
