package api

import (
	"strings"
	"testing"
	"time"

	"github.com/takodeploy/tako/internal/access"
	"github.com/takodeploy/tako/internal/catalog"
)

func TestServerStatus(t *testing.T) {
	lines := []LogEntry{{Number: 2, Category: "Warning", OccurredAt: time.Unix(1, 0).UTC(), MessageText: "later", Detail: "a=b"}, {Number: 1, Category: "Info", MessageText: "first"}}
	h := newHarness(t, func(o *Options) { o.Logs = func() []LogEntry { return lines } })
	status := h.call(200, "GET", "/api/serverstatus", nil)
	for _, m := range []string{"IsDatabaseEncrypted", "IsUpgradeAvailable", "IsInMaintenanceMode", "IsMajorMinorUpgrade", "IsPotentialClone"} {
		if _, ok := at(status, m).(bool); !ok {
			t.Errorf("%s is missing: %v", m, status)
		}
	}
	info := h.call(200, "GET", "/api/serverstatus/system-info", nil)
	if n, _ := at(info, "WorkingSetBytes").(float64); n < 1<<20 {
		t.Errorf("%v", info)
	}
	if _, err := catalog.ParseTimeSpan(at(info, "Uptime").(string)); err != nil || at(info, "Version") != "2026.1.0" {
		t.Errorf("%v: %v", err, info)
	}
	before := h.call(200, "GET", "/api/serverstatus/counts", nil)
	h.call(201, "POST", "/api/Spaces-1/environments", map[string]string{"Name": "E"})
	after := h.call(200, "GET", "/api/serverstatus/counts", nil)
	if n := at(before, "Infrastructure", "Environments").(float64); at(after, "Infrastructure", "Environments") != n+1 || at(after, "Global", "Spaces") != 1.0 || at(after, "Library", "VariableSets") != 0.0 || at(after, "Project", "Releases") != 0.0 {
		t.Errorf("%v", after)
	}
	logs := h.call(200, "GET", "/api/serverstatus/logs?take=1", nil)
	if at(logs, 0, "MessageText") != "later" || at(logs, 0, "Detail") != "" || at(logs, 1) != nil {
		t.Errorf("%v", logs)
	}
	if logs = h.call(200, "GET", "/api/serverstatus/logs?skip=0&includeDetail=true", nil); at(logs, 0, "Detail") != "a=b" || at(logs, 1, "Number") != 1.0 {
		t.Errorf("%v", logs)
	}
	if got := h.send("GET", "/api/serverstatus/extensions", nil); string(got.body) != "[]" {
		t.Errorf("%s", got.body)
	}
	lead := []string{"X-Octopus-ApiKey", h.member("lea", "userroles-projectlead")}
	for path, status := range map[string]int{"": 200, "/health": 200, "/timezones": 200, "/extensions": 200, "/system-info": 403, "/counts": 403, "/logs": 403} {
		h.call(status, "GET", "/api/serverstatus"+path, nil, lead...)
	}
	keeper := []string{"X-Octopus-ApiKey", h.keeper("kim", access.AdministerSystem)}
	h.call(200, "GET", "/api/serverstatus/logs", nil, keeper...)
}

func TestServerHealth(t *testing.T) {
	h := newHarness(t)
	health := func() any { return h.call(200, "GET", "/api/serverstatus/health", nil) }
	if got := health(); at(got, "IsOperatingNormally") != false || at(got, "IsEntireClusterDrainingTasks") != false {
		t.Errorf("without a node: %v", got)
	}
	if err := h.api.Tasks.Join(t.Context(), "node-1", 1); err != nil {
		t.Fatal(err)
	}
	if got := health(); at(got, "IsOperatingNormally") != true || at(got, "IsCompliantWithLicense") != true {
		t.Errorf("with a node: %v", got)
	}
	h.call(200, "PUT", "/api/octopusservernodes/OctopusServerNodes-node-1", map[string]any{"IsInMaintenanceMode": true})
	if got := health(); at(got, "IsOperatingNormally") != false || at(got, "IsEntireClusterDrainingTasks") != true || !strings.Contains(at(got, "Description").(string), "drained") {
		t.Errorf("with a drained node: %v", got)
	}
}

func TestTimezones(t *testing.T) {
	h := newHarness(t)
	zones, _ := h.call(200, "GET", "/api/serverstatus/timezones", nil).([]any)
	if len(zones) < 300 {
		t.Fatalf("%d zones", len(zones))
	}
	local, found := 0, map[string]string{}
	for _, z := range zones {
		id := at(z, "Id").(string)
		found[id], _ = at(z, "Name").(string)
		if at(z, "IsLocal") == true {
			local++
		}
		if _, err := time.LoadLocation(id); err != nil {
			t.Error(err)
		}
	}
	if found["Asia/Kolkata"] != "(UTC+05:30) Asia/Kolkata" || found["America/St_Johns"] == "" || local > 1 {
		t.Errorf("%q, %q, %d are local", found["Asia/Kolkata"], found["America/St_Johns"], local)
	}
	for offset, want := range map[int]string{0: "(UTC+00:00) X Y", -12600: "(UTC-03:30) X Y", 20700: "(UTC+05:45) X Y"} {
		if got := zoneLabel("X_Y", offset); got != want {
			t.Error(got)
		}
	}
}
