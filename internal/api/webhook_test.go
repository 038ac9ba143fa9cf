package api

import (
	"bytes"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/login"
)

// TestWebhooksFireTriggers calls triggers as programs without an account do.
func TestWebhooksFireTriggers(t *testing.T) {
	s := newStudio(t, manual)
	s.snapshot("?publish=true", thing{"Name": "One"})
	run := thing{"ActionType": "RunRunbook", "RunbookId": s.Runbook, "EnvironmentIds": []string{s.Dev}}
	hook := func(name string, filter, action thing) thing {
		return thing{"Name": name, "ProjectId": s.Project, "Filter": with(filter, "FilterType", "WebhookFilter"), "Action": action}
	}
	for name, filter := range map[string]thing{"neither": {}, "both": {"Secret": hidden("s"), "RequireApiKey": true}} {
		if why := s.refused(400, "POST", "/api/Spaces-1/projecttriggers", hook(name, filter, run)); !strings.Contains(why, "Filter.Secret must") {
			t.Errorf("%s: %s", name, why)
		}
	}
	made := s.post("/api/Spaces-1/projecttriggers", hook("Alarm", thing{"Secret": hidden(sealed), "WebhookId": "mine"}, run)).(thing)
	address := "/api/Spaces-1/webhook/" + s.text(made, "Filter.WebhookId")
	if strings.HasSuffix(address, "mine") || strings.HasSuffix(address, "<nil>") {
		t.Error(address)
	}
	call := func(address string, body []byte, headers ...string) reply {
		return s.harness.send("POST", address, bytes.NewReader(body), append([]string{"X-Octopus-ApiKey", ""}, headers...)...)
	}
	const header = "X-Octopus-Webhook-Secret"
	for name, a := range map[string]reply{
		"no secret": call(address, nil), "a wrong secret": call(address, nil, header, "guessed"), "a key instead": call(address, nil, "X-Octopus-ApiKey", s.key),
		"another address": call("/api/Spaces-1/webhook/mine", nil, header, sealed),
	} {
		if a.status != 401 || !strings.Contains(string(a.body), header) {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	if got := s.get("/api/Spaces-1/events?eventCategories=TriggerCallRefused"); s.text(got, "TotalResults") != "3" || s.text(got, "Items.0.IpAddress") != "127.0.0.1" {
		t.Error(got)
	}
	if a := call(address, make([]byte, 5<<20+1), header, sealed); a.status != 413 || !strings.Contains(string(a.body), "more than 5242880 bytes") {
		t.Errorf("a body that is too large: %d %s", a.status, a.body)
	}

	// Each call is a run of its own, also of those that come at once.
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if a := call(address, []byte(`{"reason":"disk"}`), header, sealed); a.status != 200 || len(a.body) > 0 {
				t.Errorf("%d %s", a.status, a.body)
			}
		})
	}
	all.Wait()
	runs := s.get("/api/Spaces-1/runbookRuns")
	if s.text(runs, "TotalResults") != "4" || s.text(runs, "Items.0.DeployedBy") != "system" {
		t.Error(runs)
	}
	// The secret is kept by who does not send it, and the address by everybody.
	made = s.put("/api/Spaces-1/projecttriggers/"+s.text(made, "Id"), with(made, "Description", "new")).(thing)
	if a := call(address, nil, header, sealed); a.status != 200 || !strings.HasSuffix(address, s.text(made, "Filter.WebhookId")) {
		t.Errorf("%d %s", a.status, a.body)
	}
	s.put("/api/Spaces-1/projecttriggers/"+s.text(made, "Id"), with(made, "IsDisabled", true))
	if a := call(address, nil, header, sealed); a.status != 400 || !strings.Contains(string(a.body), "disabled") {
		t.Errorf("a disabled trigger: %d %s", a.status, a.body)
	}
}

// TestWebhooksOfKeys calls a trigger whose callers have accounts.
func TestWebhooksOfKeys(t *testing.T) {
	s := newStudio(t, manual)
	s.snapshot("?publish=true", thing{"Name": "One"})
	made := s.post("/api/Spaces-1/projecttriggers", thing{"Name": "Alarm", "ProjectId": s.Project, "Filter": thing{"FilterType": "WebhookFilter", "RequireApiKey": true},
		"Action": thing{"ActionType": "RunRunbook", "RunbookId": s.Runbook, "EnvironmentIds": []string{s.Dev, s.Prod}}})
	address := "/api/Spaces-1/webhook/" + s.text(made, "Filter.WebhookId")
	role := s.role("RunbookRunCreate", "RunbookRunView")
	half := s.member("half", role, func(r *catalog.ScopedUserRole) { r.EnvironmentIDs = []string{s.Dev} })
	whole := s.member("whole", role)
	for key, want := range map[string]int{"": 401, half: 403, whole: 200} {
		if a := s.harness.send("POST", address, nil, "X-Octopus-ApiKey", key); a.status != want {
			t.Errorf("%d, want %d: %s", a.status, want, a.body)
		}
	}
	runs := s.get("/api/Spaces-1/runbookRuns")
	if s.text(runs, "TotalResults") != "2" || s.text(runs, "Items.0.DeployedBy") != "whole" {
		t.Error(runs)
	}
}

// TestStrangersKeepNoCallerOut has somebody without a secret call until they are
// turned away: who has the secret is heard all the same.
func TestStrangersKeepNoCallerOut(t *testing.T) {
	s := newStudio(t, manual)
	s.snapshot("?publish=true", thing{"Name": "One"})
	s.api.Proxies = login.Proxies{netip.MustParsePrefix("127.0.0.0/8")}
	made := s.post("/api/Spaces-1/projecttriggers", thing{"Name": "Alarm", "ProjectId": s.Project, "Filter": thing{"FilterType": "WebhookFilter", "Secret": hidden(sealed)},
		"Action": thing{"ActionType": "RunRunbook", "RunbookId": s.Runbook, "EnvironmentIds": []string{s.Dev}}})
	call := func(from, secret string) reply {
		return s.harness.send("POST", "/api/Spaces-1/webhook/"+s.text(made, "Filter.WebhookId"), nil, "X-Octopus-ApiKey", "", "X-Forwarded-For", from, "X-Octopus-Webhook-Secret", secret)
	}
	for n := 0; ; n++ {
		a := call("203.0.113.9", "guessed")
		if a.status == 429 && n >= 60 {
			break
		}
		if a.status != 401 || n > 1000 {
			t.Fatalf("try %d: %d %s", n, a.status, a.body)
		}
	}
	if a := call("203.0.113.10", sealed); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
}
