package api

import (
	"strings"
	"testing"
	"time"

	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/trigger"
)

func TestTriggersOverHTTP(t *testing.T) {
	s := newStudio(t, manual)
	s.snapshot("?publish=true", thing{"Name": "One"})
	nightly := thing{"Name": "Nightly", "ProjectId": s.Project, "Description": "d",
		"Filter": thing{"FilterType": "CronExpressionSchedule", "CronExpression": "0 0 3 * * *", "Timezone": "Europe/Berlin"},
		"Action": thing{"ActionType": "RunRunbook", "RunbookId": s.Runbook, "EnvironmentIds": []string{s.Dev}, "TenantIds": []string{}, "TenantTags": []string{}}}
	id := s.text(s.post("/api/Spaces-1/projecttriggers", nightly), "Id")
	machine := s.text(s.post("/api/Spaces-1/projects/web-shop/triggers", thing{"Name": "Scale", "Filter": thing{"FilterType": "MachineFilter", "EnvironmentIds": []string{s.Dev}, "EventGroups": []string{"MachineAvailableForDeployment"}}, "Action": thing{"ActionType": "AutoDeploy"}}), "Id")
	hook := s.text(s.post("/api/Spaces-1/projecttriggers", thing{"Name": "Commit", "ProjectId": s.Project, "Filter": thing{"FilterType": "WebhookFilter", "RequireApiKey": true}, "Action": thing{"ActionType": "RunRunbook", "RunbookId": s.Runbook, "EnvironmentIds": []string{s.Dev}}}), "Id")
	for path, want := range map[string]string{
		"/projecttriggers": "3", "/projecttriggers?runbooks=" + s.Runbook: "2", "/projecttriggers?runbooks=Runbooks-99": "0",
		"/projects/" + s.Project + "/triggers": "3", "/scheduledprojecttriggers": "1", "/projects/web-shop/triggers?take=1": "3",
	} {
		if got := s.text(s.get("/api/Spaces-1"+path), "TotalResults"); got != want {
			t.Errorf("%s lists %s, want %s", path, got, want)
		}
	}
	for _, path := range []string{"/projecttriggers/" + id, "/projects/web-shop/triggers/" + id, "/projects/web-shop/triggers/nightly", "/scheduledprojecttriggers/" + id} {
		if got := s.get("/api/Spaces-1" + path); s.text(got, "Name") != "Nightly" {
			t.Error(got)
		}
	}
	s.refused(404, "GET", "/api/Spaces-1/scheduledprojecttriggers/"+machine, nil)
	if why := s.refused(400, "POST", "/api/Spaces-1/projecttriggers", with(with(thing{}, "Name", "X", "ProjectId", s.Project, "Action", nightly["Action"]), "Filter", thing{"FilterType": "CronExpressionSchedule", "CronExpression": "soon"})); !strings.Contains(why, "six fields") {
		t.Error(why)
	}
	if got := s.get("/api/Spaces-1/projecttriggers/" + hook + "/status"); s.text(got, "WaitsFor") != "Webhook" {
		t.Error(got)
	}
	// Put the clock forward, and it fires.
	w := &trigger.Watch{DB: s.api.DB, Deploy: s.api.Deploy, Now: func() time.Time { return time.Now().Add(25 * time.Hour) }}
	if err := w.Tick(store.WithActor(t.Context(), store.System)); err != nil {
		t.Fatal(err)
	}
	status := s.get("/api/Spaces-1/projecttriggers/" + id + "/status")
	if s.text(status, "LastTaskIds.0") == "<nil>" || s.text(status, "LastFired") == "<nil>" || s.text(status, "NextDue") == "<nil>" || !strings.Contains(s.text(status, "LastResult"), "Started Run Restart of Web shop in Dev") {
		t.Error(status)
	}
	run := s.get("/api/Spaces-1/runbookRuns")
	if s.text(run, "Items.0.DeployedBy") != "system" || !strings.Contains(s.text(run, "Items.0.Comments"), "Nightly") {
		t.Error(run)
	}
	if got := s.get("/api/Spaces-1/events?regarding=" + id); s.text(got, "Items.0.Category") != "TriggerFired" {
		t.Error(got)
	}
	changed := s.get("/api/Spaces-1/projects/web-shop/triggers/" + id).(thing)
	s.put("/api/Spaces-1/projects/web-shop/triggers/"+id, with(changed, "IsDisabled", true))
	if got := s.get("/api/Spaces-1/projecttriggers/" + id + "/status"); s.text(got, "WaitsFor") != "Nothing" || s.text(got, "NextDue") != "<nil>" {
		t.Error(got)
	}
	s.delete("/api/Spaces-1/projects/web-shop/triggers/nightly")
	s.delete("/api/Spaces-1/projecttriggers/" + machine)
	s.refused(404, "GET", "/api/Spaces-1/projecttriggers/"+id+"/status", nil)
}
