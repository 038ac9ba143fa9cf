package api

import (
	"fmt"
	"strings"
	"testing"

	"github.com/takodeploy/tako/internal/catalog"
)

// studio is a shop with a runbook.
type studio struct {
	*shop
	Runbook string
}

func newStudio(t *testing.T, steps ...thing) *studio {
	s := &studio{shop: newShop(t)}
	made := s.post("/api/Spaces-1/runbooks", thing{"Name": "Restart", "ProjectId": s.Project, "MultiTenancyMode": "Untenanted", "EnvironmentScope": "All", "DefaultGuidedFailureMode": "EnvironmentDefault"})
	s.Runbook = s.text(made, "Id")
	process := s.get("/api/Spaces-1/runbookProcesses/" + s.text(made, "RunbookProcessId")).(thing)
	process["Steps"] = steps
	s.put("/api/Spaces-1/projects/"+s.Project+"/runbookProcesses/"+s.text(made, "RunbookProcessId"), process)
	return s
}

func (s *studio) snapshot(query string, more thing) string {
	s.Helper()
	return s.text(s.post("/api/Spaces-1/runbookSnapshots"+query, with(more, "ProjectId", s.Project, "RunbookId", s.Runbook)), "Id")
}

func TestRunbookCommand(t *testing.T) {
	s := newStudio(t, manual)
	s.work()
	command := thing{"projectName": "Web shop", "runbookName": "restart", "environmentNames": []string{"dev"}, "spaceIdOrName": "Default"}
	if why := s.refused(400, "POST", "/api/Spaces-1/runbook-runs/create/v1", command); !strings.Contains(why, "has no published snapshot") {
		t.Error(why)
	}
	template := s.get("/api/Spaces-1/runbooks/" + s.Runbook + "/runbookSnapshotTemplate")
	if s.text(template, "NextNameIncrement") != "Snapshot 1" || s.text(template, "RunbookId") != s.Runbook {
		t.Error(template)
	}
	published := s.snapshot("?publish=true", thing{"Name": s.text(template, "NextNameIncrement"), "Notes": "n"})
	runbook := s.get("/api/Spaces-1/projects/" + s.Project + "/runbooks/Restart").(thing)
	if s.text(runbook, "PublishedRunbookSnapshotId") != published {
		t.Error(runbook)
	}
	made := s.post("/api/Spaces-1/runbook-runs/create/v1", command)
	id, run := s.text(made, "RunbookRunServerTasks.0.ServerTaskId"), s.text(made, "RunbookRunServerTasks.0.RunbookRunId")
	s.until("/api/tasks/"+id, "HasPendingInterruptions", "true")
	question := s.text(s.get("/api/Spaces-1/interruptions?regarding="+id+"&pendingOnly=true"), "Items.0.Id")
	s.want(200, "PUT", "/api/Spaces-1/interruptions/"+question+"/responsible", nil)
	s.want(200, "POST", "/api/Spaces-1/interruptions/"+question+"/submit", thing{"Result": "Proceed"})
	end := s.until("/api/tasks?runbook="+s.Runbook+"&name=RunbookRun", "Items.0.IsCompleted", "true")
	if s.text(end, "TotalResults") != "1" || s.text(end, "Items.0.State") != "Success" || s.text(end, "Items.0.Arguments.RunbookRunId") != run {
		t.Error(end)
	}
	got := s.get("/api/Spaces-1/runbookRuns?runbooks=" + s.Runbook + "&environments=" + s.Dev + "&taskState=success")
	if s.text(got, "Items.0.Id") != run || s.text(got, "Items.0.RunbookSnapshotId") != published || s.text(got, "Items.0.Name") == "" {
		t.Error(got)
	}
	if got := s.get("/api/Spaces-1/runbookRuns?runbooks=" + s.Runbook + "&taskState=failed"); s.text(got, "TotalResults") != "0" {
		t.Error(got)
	}
	// Again by the task and by the run.
	s.post("/api/tasks/rerun/"+id, nil)
	s.post("/api/Spaces-1/projects/"+s.Project+"/runbookRuns/"+run+"/retry/v1", nil)
	if got := s.get("/api/Spaces-1/runbookRuns"); s.text(got, "TotalResults") != "3" {
		t.Error(got)
	}
	if got := s.get("/api/Spaces-1/progression/runbooks/" + s.Runbook); s.text(got, "Environments.1.Name") != "Prod" || len(at(got, "RunbookRuns", s.Dev).([]any)) != 1 {
		t.Error(got) // of three runs the last
	}
	for query, want := range map[string]int{"": 1, "?runbookIds=" + s.Runbook: 1, "?projectIds=" + s.Project + "&environmentIds=" + s.Dev: 1, "?environmentIds=" + s.Prod: 0, "?projectIds=Projects-99": 0} {
		if got := s.get("/api/Spaces-1/progression/runbooks/taskRuns" + query); len(at(got, "Items").([]any)) != want || want > 0 && s.text(got, "Items.0.RunbookName") != "Restart" {
			t.Error(query, got)
		}
	}
	if why := s.refused(400, "POST", "/api/Spaces-1/runbook-runs/git/create/v1", with(command, "gitRef", "refs/heads/main")); !strings.Contains(why, "not in Git") {
		t.Error(why)
	}
	if why := s.refused(404, "POST", "/api/Spaces-1/runbook-runs/create/v1", with(command, "runbookName", "Nothing")); !strings.Contains(why, "has no runbook 'Nothing'") {
		t.Error(why)
	}
}

func TestRunbookPaths(t *testing.T) {
	s := newStudio(t, manual)
	other := s.text(s.post("/api/Spaces-1/projects", thing{"Name": "Other", "LifecycleId": s.text(s.get("/api/Spaces-1/lifecycles"), "Items.0.Id"), "ProjectGroupId": s.text(s.get("/api/Spaces-1/projectgroups"), "Items.0.Id")}), "Id")
	theirs := s.post("/api/Spaces-1/projects/"+other+"/runbooks", thing{"Name": "Restart", "ProjectId": s.Project, "EnvironmentScope": "Specified", "Environments": []string{s.Prod}})
	if s.text(theirs, "ProjectId") != other {
		t.Error(theirs)
	}
	// A name means nothing outside a project, whosever runbook it is.
	s.refused(404, "GET", "/api/Spaces-1/runbooks/Restart", nil)
	s.refused(404, "DELETE", "/api/Spaces-1/runbooks/restart", nil)
	for _, path := range []string{s.Runbook, "restart", "Restart"} {
		if got := s.get("/api/Spaces-1/projects/" + s.Project + "/runbooks/" + path); s.text(got, "Id") != s.Runbook {
			t.Error(got)
		}
	}
	if got := s.get("/api/Spaces-1/projects/other/runbooks?partialName=rest&take=2147483647"); s.text(got, "TotalResults") != "1" || s.text(got, "Items.0.Id") != s.text(theirs, "Id") {
		t.Error(got)
	}
	if got := s.get("/api/Spaces-1/runbooks?projectIds=" + other); s.text(got, "TotalResults") != "1" {
		t.Error(got)
	}
	if got := s.get("/api/Spaces-1/runbooks/" + s.text(theirs, "Id") + "/environments").([]any); len(got) != 1 || s.text(got, "0.Name") != "Prod" {
		t.Error(got)
	}
	if got := s.get("/api/Spaces-1/projects/" + s.Project + "/runbooks/restart/environments").([]any); len(got) != 2 {
		t.Error(got)
	}
	s.refused(404, "GET", "/api/Spaces-1/projects/other/runbookProcesses/RunbookProcess-"+s.Runbook, nil)
	first, second := s.snapshot("", thing{"Name": "One"}), s.snapshot("", thing{})
	if got := s.get("/api/Spaces-1/projects/" + s.Project + "/runbooks/" + s.Runbook + "/runbookSnapshots?searchByName=one"); s.text(got, "Items.0.Id") != first || s.text(got, "TotalResults") != "1" {
		t.Error(got)
	}
	for _, path := range []string{"/runbooks/" + s.Runbook + "/runbookSnapshots/one", "/projects/" + s.Project + "/runbookSnapshots/One", "/projects/web-shop/runbooks/restart/runbookSnapshots/" + first, "/runbookSnapshots/" + first} {
		if got := s.get("/api/Spaces-1" + path); s.text(got, "Name") != "One" || s.text(got, "Assembled") == "<nil>" {
			t.Error(got)
		}
	}
	if got := s.get("/api/Spaces-1/projects/" + s.Project + "/runbookSnapshots"); s.text(got, "TotalResults") != "2" {
		t.Error(got)
	}
	if got := s.get("/api/Spaces-1/runbookProcesses"); s.text(got, "TotalResults") != "2" {
		t.Error(got) // frozen ones are no processes of their own
	}
	for _, at := range []string{"/runbooks/" + s.Runbook, "/runbookSnapshots/" + first, "/projects/" + s.Project + "/runbooks/restart"} {
		if got := s.get("/api/Spaces-1" + at + "/runbookRuns/preview/" + s.Dev); s.text(got, "StepsToExecute.0.ActionName") != "Sign off" {
			t.Error(got)
		}
		if got := s.want(200, "POST", "/api/Spaces-1"+at+"/runbookRuns/previews", thing{"DeploymentPreviews": []thing{{"EnvironmentId": s.Dev}, {"EnvironmentId": s.Prod}}}).([]any); len(got) != 2 {
			t.Error(got)
		}
	}
	for _, at := range []string{"/runbooks/" + s.Runbook + "/runbookRunTemplate", "/runbookSnapshots/" + first + "/runbookRuns/template"} {
		if got := s.get("/api/Spaces-1" + at); s.text(got, "PromoteTo.1.Name") != "Prod" {
			t.Error(got)
		}
	}
	set := s.get("/api/Spaces-1/variables/variableset-" + s.Project).(thing)
	set["Variables"] = []thing{{"Name": "Answer", "Value": "42"}}
	s.put("/api/Spaces-1/variables/variableset-"+s.Project, set)
	refreshed := s.want(200, "POST", "/api/Spaces-1/runbookSnapshots/"+first+"/snapshot-variables", nil)
	if set := s.get("/api/Spaces-1/variables/" + s.text(refreshed, "ProjectVariableSetSnapshotId")); s.text(set, "Variables.0.Name") != "Answer" {
		t.Error(set)
	}
	run := s.post("/api/Spaces-1/runbookRuns", thing{"RunbookId": s.Runbook, "RunbookSnapshotId": second, "EnvironmentId": s.Dev, "Comments": "c"})
	if s.text(run, "RunbookId") != s.Runbook || s.text(run, "FrozenRunbookProcessId") == "" || s.text(run, "Comments") != "c" {
		t.Error(run)
	}
	if why := s.refused(409, "DELETE", "/api/Spaces-1/runbookRuns/"+s.text(run, "Id"), nil); !strings.Contains(why, "still runs") {
		t.Error(why)
	}
	s.refused(409, "DELETE", "/api/Spaces-1/runbooks/"+s.Runbook, nil)
	s.want(200, "POST", "/api/tasks/"+s.text(run, "TaskId")+"/cancel", nil)
	s.delete("/api/Spaces-1/runbookRuns/" + s.text(run, "Id"))
	s.delete("/api/Spaces-1/runbookSnapshots/" + first)
	s.delete("/api/Spaces-1/projects/" + s.Project + "/runbooks/restart")
	s.refused(404, "GET", "/api/Spaces-1/runbookSnapshots/"+second, nil)
	s.refused(404, "GET", "/api/tasks/"+s.text(run, "TaskId"), nil)
}

// TestRunbookRights lets those who may only run runbooks run what was published
// for them, and nothing else.
func TestRunbookRights(t *testing.T) {
	s := newStudio(t, manual)
	draft := s.snapshot("", thing{"Name": "Draft"})
	published := s.snapshot("?publish=true", thing{"Name": "Published"})
	command := func(snapshot, environment string) thing {
		return thing{"ProjectName": s.Project, "RunbookName": s.Runbook, "EnvironmentNames": []string{environment}, "Snapshot": snapshot}
	}
	consumer := s.who("userroles-runbookconsumer", func(r *catalog.ScopedUserRole) { r.EnvironmentIDs = []string{s.Dev} })
	viewer := s.who("userroles-projectviewer", everywhereThere)
	for _, c := range []struct {
		who                   *client
		snapshot, environment string
		status                int
	}{
		{consumer, "", s.Dev, 201}, {consumer, published, s.Dev, 201}, {consumer, draft, s.Dev, 403}, {consumer, "", s.Prod, 403},
		{viewer, "", s.Dev, 403}, {s.client, draft, s.Prod, 201},
	} {
		c.who.want(c.status, "POST", "/api/Spaces-1/runbook-runs/create/v1", command(c.snapshot, c.environment))
	}
	consumer.want(403, "POST", "/api/Spaces-1/runbookSnapshots", thing{"ProjectId": s.Project, "RunbookId": s.Runbook})
	consumer.want(403, "DELETE", "/api/Spaces-1/runbooks/"+s.Runbook, nil)
	runs := consumer.get("/api/Spaces-1/runbookRuns")
	if got := fmt.Sprint(s.text(runs, "TotalResults"), s.text(runs, "Items.0.EnvironmentId")); got != "2"+s.Dev {
		t.Error(got) // and not the one in Prod
	}
}
