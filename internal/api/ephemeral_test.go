package api

import (
	"strings"
	"testing"
)

// lawn is a studio whose project has a channel for ephemeral environments.
func newLawn(t *testing.T) (s *studio, parent string) {
	s = newStudio(t, thing{"Name": "Quick", "Actions": []thing{{"Name": "Quick", "ActionType": "Acme.Nothing", "Properties": thing{}}}})
	parent = s.text(s.post("/api/spaces/Spaces-1/parentEnvironments", thing{"Name": "Branches"}), "Id")
	s.post("/api/Spaces-1/channels", thing{"Name": "Branches", "ProjectId": s.Project, "Type": "EphemeralEnvironment", "ParentEnvironmentId": parent,
		"EphemeralEnvironmentNameTemplate": "Ephemeral-{Octopus.Release.Number}", "AutomaticEphemeralEnvironmentDeployments": false})
	return s, parent
}

func TestEphemeralRoutes(t *testing.T) {
	s, parent := newLawn(t)
	raised := s.want(201, "POST", "/api/Spaces-1/projects/web-shop/environments/ephemeral", thing{"EnvironmentName": "pr-1", "SpaceID": "Spaces-1"})
	id := s.text(raised, "Id")
	if len(raised.(thing)) != 1 {
		t.Error(raised)
	}
	got := s.get("/api/Spaces-1/environments/v2?type=Ephemeral&partialName=PR-1")
	if s.text(got, "TotalResults") != "1" || s.text(got, "Items.0.Id") != id || s.text(got, "Items.0.ParentEnvironmentId") != parent {
		t.Error(got)
	}
	if got := s.get("/api/Spaces-1/environments"); s.text(got, "TotalResults") != "2" {
		t.Error("an ephemeral environment is among the static ones", got)
	}
	status := "/api/Spaces-1/projects/" + s.Project + "/environments/ephemeral/" + id
	if got := s.get(status + "/status"); s.text(got, "Status") != "NotProvisioned" {
		t.Error(got)
	}
	for body, why := range map[string]string{`{}`: "EnvironmentName must not be empty", `{"environmentName":"Dev"}`: "is no ephemeral environment of the parent"} {
		if got := s.refused(400, "POST", "/api/Spaces-1/projects/web-shop/environments/ephemeral", body); !strings.Contains(got, why) {
			t.Error(got)
		}
	}
	s.refused(404, "GET", "/api/Spaces-1/projects/"+s.Project+"/environments/ephemeral/"+s.Dev+"/status", nil)
	s.refused(404, "POST", "/api/Spaces-1/environments/ephemeral/"+s.Dev+"/deprovision", nil)
	s.refused(400, "DELETE", "/api/Spaces-1/parentenvironments/"+parent, nil)
	// Nothing was made ready, so there is nothing to run; the last who leaves takes it along.
	if got := s.want(200, "POST", status+"/deprovision", thing{}); len(got.(thing)) != 0 {
		t.Error(got)
	}
	s.refused(404, "GET", status+"/status", nil)
	again := s.text(s.post("/api/Spaces-1/projects/web-shop/environments/ephemeral", thing{"EnvironmentName": "pr-1"}), "Id")
	if got := s.want(200, "POST", "/api/Spaces-1/environments/ephemeral/"+again+"/deprovision", thing{}); len(at(got, "DeprovisioningRuns").([]any)) != 0 {
		t.Error(got)
	}
	if got := s.get("/api/Spaces-1/environments/v2?type=Ephemeral"); s.text(got, "TotalResults") != "0" {
		t.Error(got)
	}
}

func TestEphemeralDeprovisioningRuns(t *testing.T) {
	s, _ := newLawn(t)
	s.snapshot("?publish=true", thing{"Name": "One"})
	project := s.get("/api/Spaces-1/projects/" + s.Project).(thing)
	s.put("/api/Spaces-1/projects/"+s.Project, with(project, "DeprovisioningRunbookId", s.Runbook))
	process := s.get("/api/Spaces-1/deploymentprocesses/deploymentprocess-" + s.Project).(thing)
	process["Steps"] = []thing{manual}
	s.put("/api/Spaces-1/deploymentprocesses/deploymentprocess-"+s.Project, process)
	id := s.text(s.post("/api/Spaces-1/projects/web-shop/environments/ephemeral", thing{"EnvironmentName": "pr-1"}), "Id")
	release := s.text(s.post("/api/Spaces-1/releases", thing{"ProjectId": s.Project, "Version": "1.0.0", "ChannelId": s.text(s.get("/api/Spaces-1/projects/"+s.Project+"/channels?partialName=Branches"), "Items.0.Id")}), "Id")
	if got := s.get("/api/Spaces-1/releases/" + release + "/deployments/template"); s.text(got, "PromoteTo.0.Name") != "pr-1" || len(at(got, "PromoteTo").([]any)) != 1 {
		t.Error(got)
	}
	deployed := s.text(s.post("/api/Spaces-1/deployments", thing{"ReleaseId": release, "EnvironmentId": id}), "TaskId")
	status := "/api/Spaces-1/projects/" + s.Project + "/environments/ephemeral/" + id
	if got := s.get(status + "/status"); s.text(got, "Status") != "Provisioned" {
		t.Error(got)
	}
	if why := s.refused(409, "POST", status+"/deprovision", thing{}); !strings.Contains(why, deployed+" is at work") {
		t.Error(why)
	}
	s.want(200, "POST", "/api/tasks/"+deployed+"/cancel", nil)
	run := s.want(200, "POST", "/api/Spaces-1/environments/ephemeral/"+id+"/deprovision", thing{})
	same := s.want(200, "POST", status+"/deprovision", thing{})
	if s.text(run, "DeprovisioningRuns.0.RunbookRunId") != s.text(same, "DeprovisioningRun.RunbookRunId") || s.text(run, "DeprovisioningRuns.0.TaskId") == "<nil>" {
		t.Error(run, same)
	}
	if got := s.get(status + "/status"); s.text(got, "Status") != "Deprovisioning" {
		t.Error(got)
	}
	s.work()
	s.until("/api/tasks/"+s.text(run, "DeprovisioningRuns.0.TaskId"), "State", "Failed") // its runbook can do nothing
	if got := s.get(status + "/status"); s.text(got, "Status") != "DeprovisioningFailed" {
		t.Error(got)
	}
}
