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
