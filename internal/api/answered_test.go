package api

import (
	"testing"
)

// TestDelete makes one of each and deletes it: what nothing uses goes, and is
// gone for who asks again.
func TestDelete(t *testing.T) {
	s := newShop(t, manual)
	lifecycle := s.text(s.get("/api/Spaces-1/lifecycles/default-lifecycle"), "Id")
	project := s.text(s.get("/api/Spaces-1/projects/Web shop"), "Id")
	team := s.text(s.post("/api/teams", thing{"Name": "Crew"}), "Id")
	for _, one := range []struct {
		at   string
		body thing
	}{
		{"/api/userroles", thing{"Name": "Watcher", "GrantedSpacePermissions": []string{"ProjectView"}}},
		{"/api/scopeduserroles", thing{"TeamId": team, "UserRoleId": "userroles-projectviewer", "SpaceId": "Spaces-1"}},
		{"/api/Spaces-1/channels", thing{"Name": "Beta", "ProjectId": project, "LifecycleId": lifecycle}},
		{"/api/Spaces-1/runbooks", thing{"Name": "Book", "ProjectId": project}},
		{"/api/Spaces-1/lifecycles", thing{"Name": "Line"}},
		{"/api/Spaces-1/libraryvariablesets", thing{"Name": "Library"}},
		{"/api/Spaces-1/accounts", thing{"Name": "Account", "AccountType": "UsernamePassword", "Username": "u", "Password": hidden("p")}},
		{"/api/Spaces-1/workerpools", thing{"Name": "Pool", "WorkerPoolType": "StaticWorkerPool"}},
	} {
		path := one.at + "/" + s.text(s.post(one.at, one.body), "Id")
		s.get(path)
		s.delete(path)
		s.refused(404, "GET", path, nil)
	}
	space := s.post("/api/spaces", thing{"Name": "Side", "SpaceManagersTeamMembers": []string{s.text(s.get("/api/users/me"), "Id")}}).(thing)
	self := "/api/spaces/" + s.text(space, "Id")
	s.refused(400, "DELETE", self, nil)
	space["TaskQueueStopped"] = true
	s.put(self, space)
	s.delete(self)
	s.refused(404, "GET", self, nil)
}

// TestTenantedDeployment deploys to a tenant by name, and makes a snapshot of a
// runbook at its project.
func TestTenantedDeployment(t *testing.T) {
	s := newShop(t, manual)
	project := s.get("/api/Spaces-1/projects/Web shop").(thing)
	project["TenantedDeploymentMode"] = "TenantedOrUntenanted"
	id := s.text(project, "Id")
	s.put("/api/Spaces-1/projects/"+id, project)
	dev := s.text(s.get("/api/Spaces-1/environments?name=Dev"), "Items.0.Id")
	tenant := s.text(s.post("/api/Spaces-1/tenants", thing{"Name": "Acme", "ProjectEnvironments": thing{id: []string{dev}}}), "Id")
	s.post("/api/Spaces-1/releases/create/v1", thing{"ProjectName": "Web shop", "ReleaseVersion": "1.0.0"})
	made := s.post("/api/Spaces-1/deployments/create/tenanted/v1", thing{"ProjectName": "Web shop", "ReleaseVersion": "1.0.0", "EnvironmentName": "Dev", "Tenants": []string{"Acme"}})
	deployment := s.get("/api/Spaces-1/deployments/" + s.text(made, "DeploymentServerTasks.0.DeploymentId"))
	if got := s.text(deployment, "TenantId"); got != tenant {
		t.Errorf("the deployment is for %s, want %s", got, tenant)
	}

	book := s.text(s.post("/api/Spaces-1/runbooks", thing{"Name": "Book", "ProjectId": id}), "Id")
	process := s.get("/api/Spaces-1/runbookProcesses/RunbookProcess-" + book).(thing)
	process["Steps"] = []thing{manual}
	s.put("/api/Spaces-1/runbookProcesses/RunbookProcess-"+book, process)
	snapshot := s.post("/api/Spaces-1/projects/"+id+"/runbookSnapshots", thing{"Name": "First", "RunbookId": book, "ProjectId": id})
	if got := s.text(s.get("/api/Spaces-1/runbookSnapshots/"+s.text(snapshot, "Id")), "RunbookId"); got != book {
		t.Errorf("the snapshot is of %s, want %s", got, book)
	}
}
