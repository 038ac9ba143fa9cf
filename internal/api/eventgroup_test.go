package api

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEventGroupsAndAgents(t *testing.T) {
	h := newHarness(t)
	h.call(201, "POST", "/api/Spaces-1/environments", map[string]any{"Name": "Dev"}, "User-Agent", "octopus/9.9 (test)")
	groups := h.call(200, "GET", "/api/events/groups", nil).([]any)
	ids := []any{}
	for _, g := range groups {
		ids = append(ids, at(g, "Id"))
		if at(g, "Name") == "" || len(at(g, "EventCategories").([]any)) == 0 {
			t.Errorf("%v", g)
		}
	}
	if !slices.Contains(ids, "MachineAvailableForDeployment") {
		t.Errorf("%v", ids)
	}
	agent := map[string]any{"Id": "octopus/9.9 (test)", "Name": "octopus/9.9 (test)"}
	has := func(list any) bool {
		return slices.ContainsFunc(list.([]any), func(a any) bool { return cmp.Equal(a, any(agent)) })
	}
	if list := h.call(200, "GET", "/api/events/agents", nil); !has(list) {
		t.Errorf("%v", list)
	}
	h.call(403, "GET", "/api/events/agents", nil, "X-Octopus-ApiKey", h.member("eve", h.role("MachineView")))
	links := at(h.call(200, "GET", "/api", nil), "Links")
	for _, name := range []string{"EventGroups", "EventAgents", "UserAuthentication"} {
		if at(links, name) == nil {
			t.Errorf("the root does not link %s", name)
		}
	}
}

func TestSystemReport(t *testing.T) {
	h := newHarness(t, func(o *Options) { o.Logs = func() []LogEntry { return []LogEntry{{MessageText: "said before"}} } })
	a := h.send("GET", "/api/serverstatus/system-report", nil)
	z, err := zip.NewReader(bytes.NewReader(a.body), int64(len(a.body)))
	if err != nil || a.status != 200 || a.header.Get("Content-Type") != "application/zip" {
		t.Fatalf("%d %v", a.status, err)
	}
	found := map[string]any{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		var v any
		if err := json.NewDecoder(r).Decode(&v); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
		found[f.Name] = v
	}
	if at(found, "document-counts.json", "Global", "Spaces") != 1.0 || at(found, "system-info.json", "Version") == nil || at(found, "log.json", 0, "MessageText") != "said before" {
		t.Errorf("%v", found)
	}
	h.call(403, "GET", "/api/serverstatus/system-report", nil, "X-Octopus-ApiKey", h.member("eve", h.role("MachineView")))
}
