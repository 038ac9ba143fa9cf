package api

import (
	"strings"
	"testing"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/store"
)

// TestWhoMayAnswer asks a team, and lets others try.
func TestWhoMayAnswer(t *testing.T) {
	s := newShop(t, manual)
	bob := s.who("userroles-projectdeployer", func(*catalog.ScopedUserRole) {})
	eve := s.who("userroles-projectdeployer", func(*catalog.ScopedUserRole) {})
	me := s.text(bob.get("/api/users/me"), "Id")
	var team string
	s.do(func(tx *store.Tx) error {
		made := &catalog.Team{MemberUserIDs: []string{me}}
		made.Name = "Approvers"
		err := catalog.Teams.Put(tx, made)
		team = made.ID
		return err
	})
	s.api.forgetRights()
	process := s.get("/api/Spaces-1/deploymentprocesses/deploymentprocess-" + s.Project).(thing)
	process["Steps"] = []thing{{"Name": "Sign off", "Actions": []thing{{"Name": "Sign off", "ActionType": "Octopus.Manual",
		"Properties": thing{"Octopus.Action.Manual.Instructions": "Look", "Octopus.Action.Manual.ResponsibleTeamIds": team}}}}}
	s.put("/api/Spaces-1/deploymentprocesses/deploymentprocess-"+s.Project, process)
	s.work()
	s.post("/api/Spaces-1/releases/create/v1", thing{"ProjectName": "Web shop", "ReleaseVersion": "1.0.0"})
	started := s.post("/api/Spaces-1/deployments/create/untenanted/v1", thing{"ProjectName": "Web shop", "ReleaseVersion": "1.0.0", "EnvironmentNames": []string{"Dev"}})
	task := s.text(started, "DeploymentServerTasks.0.ServerTaskId")
	s.until("/api/tasks/"+task, "HasPendingInterruptions", "true")
	asked := s.get("/api/Spaces-1/interruptions?regarding=" + task + "&pendingOnly=true")
	question := "/api/Spaces-1/interruptions/" + s.text(asked, "Items.0.Id")
	answer := thing{"Notes": "looks good", "Result": "Proceed"}

	if got := eve.get(question); s.text(got, "CanTakeResponsibility") != "false" {
		t.Errorf("somebody else is offered it: %v", got)
	}
	for _, try := range []func() string{
		func() string { return eve.refused(403, "PUT", question+"/responsible", nil) },
		func() string { return eve.refused(403, "POST", question+"/submit", answer) },
	} {
		if why := try(); !strings.Contains(why, "Only members of the responsible teams") {
			t.Error(why)
		}
	}
	if got := bob.get(question); s.text(got, "CanTakeResponsibility") != "true" || s.text(got, "HasResponsibility") != "false" {
		t.Errorf("a member is not offered it: %v", got)
	}
	if why := bob.refused(409, "POST", question+"/submit", answer); !strings.Contains(why, "Take it with PUT "+question+"/responsible") {
		t.Error(why)
	}
	bob.want(200, "PUT", question+"/responsible", nil)
	if got := bob.get(question); s.text(got, "HasResponsibility") != "true" || s.text(bob.get(question+"/responsible"), "Id") != me {
		t.Errorf("a member has not got it: %v", got)
	}
	if done := bob.want(200, "POST", question+"/submit", answer); s.text(done, "IsPending") != "false" || s.text(done, "Form.Values.Notes") != "looks good" {
		t.Error(done)
	}
	if why := bob.refused(409, "POST", question+"/submit", answer); !strings.Contains(why, "answered already") {
		t.Error(why)
	}
	s.until("/api/tasks/"+task, "State", "Success")
	events := s.get("/api/Spaces-1/events?regarding=" + task)
	for _, want := range []string{"InterruptionResponsibilityTaken", "InterruptionSubmitted"} {
		if !strings.Contains(each(events, "Category"), want) {
			t.Errorf("no event %s in %s", want, each(events, "Category"))
		}
	}
}

// TestWhyItWaits asks the API why a deployment waits, and abandons one that was
// canceled a moment ago.
func TestWhyItWaits(t *testing.T) {
	s := newShop(t, thing{"Name": "Sign off", "Actions": []thing{{"Name": "Sign off", "ActionType": "Octopus.Manual",
		"Properties": thing{"Octopus.Action.Manual.Instructions": "Look", "Octopus.Action.Manual.BlockConcurrentDeployments": "True"}}}})
	s.work()
	s.post("/api/Spaces-1/releases/create/v1", thing{"ProjectName": "Web shop", "ReleaseVersion": "1.0.0"})
	deploy := func() string {
		made := s.post("/api/Spaces-1/deployments/create/untenanted/v1", thing{"ProjectName": "Web shop", "ReleaseVersion": "1.0.0", "EnvironmentNames": []string{"Dev"}})
		return s.text(made, "DeploymentServerTasks.0.ServerTaskId")
	}
	first := deploy()
	s.until("/api/tasks/"+first, "HasPendingInterruptions", "true")
	second := deploy()
	why := s.get("/api/tasks/" + second + "/why")
	if !strings.Contains(s.text(why, "Sentences.0"), "It waits for "+first) || s.text(why, "Waits") != "true" || s.text(s.get("/api/tasks/"+second), "Why") != s.text(why, "Sentences.0") {
		t.Error(why)
	}
	if behind := s.get("/api/tasks/" + second + "/queued-behind"); s.text(behind, "Items.0.Id") != first || s.text(behind, "TotalResults") != "1" {
		t.Error(behind)
	}
	if s.text(why, "Place") != "0" { // nobody knows when somebody answers
		t.Error(why)
	}
	if paused := s.get("/api/tasks/" + first + "/why"); !strings.Contains(s.text(paused, "Sentences.0"), "somebody to answer") {
		t.Error(paused)
	}
	if why := s.refused(409, "POST", "/api/tasks/"+first+"/abandon", nil); !strings.Contains(why, "Only a task that is being canceled can be abandoned") {
		t.Error(why)
	}
}
