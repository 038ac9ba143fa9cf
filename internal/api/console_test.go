package api

import (
	"fmt"
	"strings"
	"testing"

	"github.com/takodeploy/tako/internal/catalog"
)

// Who may start tasks in one environment runs scripts on its targets, and on no
// others; workers are of the whole space.
func TestConsoleNeedsTheRightWhereItRuns(t *testing.T) {
	s := newShop(t)
	target := func(name string, environments ...string) string {
		return s.text(s.post("/api/Spaces-1/machines", with(tentacle(name, name), "Roles", []string{"web"}, "EnvironmentIds", environments)), "Id")
	}
	dev, both, prod := target("dev1", s.Dev), target("both1", s.Dev, s.Prod), target("prod1", s.Prod)
	pool := s.text(s.post("/api/Spaces-1/workerpools", thing{"Name": "Linux", "WorkerPoolType": "StaticWorkerPool"}), "Id")
	s.post("/api/Spaces-1/workers", with(tentacle("w1", "w1"), "WorkerPoolIds", []string{pool}))
	role := s.role("TaskCreate", "TaskView", "MachineView", "EnvironmentView")
	limited := s.who(role, func(r *catalog.ScopedUserRole) { r.EnvironmentIDs = []string{s.Dev} })
	asked := func(arguments thing) thing {
		arguments["ScriptBody"] = "true"
		return thing{"Name": "AdHocScript", "Arguments": arguments}
	}
	for _, c := range []struct {
		name      string
		arguments thing
		status    int
	}{
		{"a target of the environment", thing{"MachineIds": []string{dev}}, 201},
		{"what is in the environment alone", thing{"EnvironmentIds": []string{s.Dev}, "MachineIds": []string{dev}}, 201},
		{"a target that is elsewhere too", thing{"MachineIds": []string{both}}, 403},
		{"all of the environment, one of which is elsewhere too", thing{"EnvironmentIds": []string{s.Dev}}, 403},
		{"a target of another environment", thing{"MachineIds": []string{prod}}, 403},
		{"one of each", thing{"MachineIds": []string{dev, prod}}, 403},
		{"a tag", thing{"TargetRoles": []string{"web"}}, 403},
		{"workers", thing{"WorkerPoolIds": []string{pool}}, 403},
		{"a target, and workers", thing{"MachineIds": []string{dev}, "WorkerPoolIds": []string{pool}}, 403},
		{"nothing", thing{}, 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			limited.want(c.status, "POST", "/api/Spaces-1/tasks", asked(c.arguments))
			if c.name != "nothing" {
				s.want(201, "POST", "/api/Spaces-1/tasks", asked(c.arguments))
			}
		})
	}
	// What a script is confined to is not the client's to say.
	made := limited.post("/api/Spaces-1/tasks", asked(thing{"MachineIds": []string{dev}, "Asked": []thing{{"Id": prod, "EnvironmentIds": []string{s.Prod}}}}))
	id := s.text(made, "Id")
	if got := fmt.Sprint(limited.get("/api/tasks/" + id).(thing)["Arguments"]); !strings.Contains(got, dev+" ") && !strings.Contains(got, dev+"]") || strings.Contains(got, prod) {
		t.Errorf("the script is confined to %s", got)
	}
	if got := limited.get("/api/tasks/" + id); s.text(got, "EnvironmentId") != s.Dev {
		t.Errorf("the task is of no environment: %v", got)
	}
	limited.refused(403, "POST", "/api/Spaces-1/tasks", thing{"Name": "Health", "Arguments": thing{}})
	nobody := s.who(s.role("TaskView", "MachineView", "EnvironmentView"), func(*catalog.ScopedUserRole) {})
	if why := nobody.refused(403, "POST", "/api/Spaces-1/tasks", asked(thing{"MachineIds": []string{dev}})); !strings.Contains(why, "TaskCreate") {
		t.Error(why)
	}
	// A target that has gone to another environment is not reached by doing the same again.
	s.want(200, "POST", "/api/tasks/"+id+"/cancel", thing{})
	limited.want(201, "POST", "/api/tasks/rerun/"+id, thing{})
	moved := s.get("/api/Spaces-1/machines/" + dev).(thing)
	moved["EnvironmentIds"] = []string{s.Prod}
	s.put("/api/Spaces-1/machines/"+dev, moved)
	limited.refused(403, "POST", "/api/tasks/rerun/"+id, thing{})
	s.want(201, "POST", "/api/tasks/rerun/"+id, thing{})
}
