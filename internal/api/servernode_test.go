package api

import (
	"strings"
	"testing"
)

func TestServerNodes(t *testing.T) {
	c := newClient(t)
	tasks := c.api.Tasks
	for i, name := range []string{"alpha", "beta"} {
		if err := tasks.Join(t.Context(), name, 3*(1-i)); err != nil {
			t.Fatal(err)
		}
	}
	all := c.get("/api/octopusservernodes").(map[string]any)
	if all["TotalResults"] != float64(2) || all["ItemType"] != "OctopusServerNode" {
		t.Errorf("%v", all)
	}
	beta := c.get("/api/octopusservernodes/OctopusServerNodes-beta").(map[string]any)
	if beta["MaxConcurrentTasks"] != float64(5) || beta["IsInMaintenanceMode"] != false || beta["IsOffline"] != false {
		t.Errorf("%v", beta)
	}
	beta["MaxConcurrentTasks"], beta["IsInMaintenanceMode"] = 7, true
	c.put("/api/octopusservernodes/OctopusServerNodes-beta", beta)
	if again := c.get("/api/octopusservernodes/beta").(map[string]any); again["MaxConcurrentTasks"] != float64(7) || again["IsInMaintenanceMode"] != true {
		t.Errorf("%v", again)
	}
	c.put("/api/octopusservernodes/beta", map[string]any{"IsInMaintenanceMode": false})
	// A restart leaves what was set, unless the node is told a number.
	if err := tasks.Join(t.Context(), "beta", 0); err != nil {
		t.Fatal(err)
	}
	if again := c.get("/api/octopusservernodes/beta").(map[string]any); again["MaxConcurrentTasks"] != float64(7) || again["IsInMaintenanceMode"] != false {
		t.Errorf("%v", again)
	}
	summary := c.get("/api/octopusservernodes/summary").(map[string]any)
	if nodes := summary["Nodes"].([]any); len(nodes) != 2 || nodes[0].(map[string]any)["Name"] != "alpha" {
		t.Errorf("%v", summary)
	}
	details := c.get("/api/octopusservernodes/alpha/details").(map[string]any)
	if running, ok := details["RunningTasks"].([]any); !ok || len(running) != 0 {
		t.Errorf("%v", details)
	}
	for body, says := range map[string]string{
		`{"MaxConcurrentTasks":0}`: "MaxConcurrentTasks is 0", `{"Name":"gamma"}`: "node-name", `{"MaxConcurrentTasks":"x"}`: "MaxConcurrentTasks",
	} {
		if got := c.refused(400, "PUT", "/api/octopusservernodes/alpha", body); !strings.Contains(got, says) {
			t.Errorf("%s: %s", body, got)
		}
	}
	c.refused(404, "GET", "/api/octopusservernodes/gamma", nil)
	c.refused(409, "DELETE", "/api/octopusservernodes/beta", nil) // it is alive
	if err := tasks.Leave(t.Context(), "alpha"); err != nil {
		t.Fatal(err)
	}
	c.delete("/api/octopusservernodes/alpha")
	c.refused(404, "GET", "/api/octopusservernodes/alpha", nil)
	events := c.get("/api/events?regarding=OctopusServerNodes-beta").(map[string]any)
	if events["TotalResults"] != float64(2) {
		t.Errorf("the audit trail has %v", events["TotalResults"])
	}
}
