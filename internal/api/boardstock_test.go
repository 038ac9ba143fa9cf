package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/deploy"
	"github.com/takodeploy/tako/internal/task"
)

// TestKeptBoardsAreExact plays changes on two nodes and compares what each of
// them answers from what it keeps with what a node makes that keeps nothing.
func TestKeptBoardsAreExact(t *testing.T) {
	s := newShop(t, manual)
	other, forgetful := s.node(), s.node()
	states := map[string]bool{}
	see := func(b board) {
		states[fmt.Sprint(len(b.Items))] = true
		for _, item := range b.Items {
			states[item.State] = true
		}
	}
	all := s.role("ProjectView", "ReleaseView", "DeploymentView", "TaskView", "EnvironmentView", "TenantView")
	limited := s.who(all, func(r *catalog.ScopedUserRole) { r.EnvironmentIDs = []string{s.Dev} })
	tenant := s.text(s.post("/api/Spaces-1/tenants", thing{"Name": "Acme", "ProjectEnvironments": thing{}}), "Id")
	dice := rand.New(rand.NewPCG(4, 2))
	var releases, tasks []string
	marked := 0
	for n := range 60 {
		switch dice.IntN(7) {
		case 0:
			releases = append(releases, s.text(s.post("/api/Spaces-1/releases", thing{"ProjectId": s.Project, "Version": fmt.Sprintf("1.0.%d", n)}), "Id"))
		case 1:
			if len(releases) == 0 {
				continue
			}
			made := s.post("/api/Spaces-1/deployments", thing{"ReleaseId": releases[dice.IntN(len(releases))], "EnvironmentId": s.Dev})
			tasks = append(tasks, s.text(made, "TaskId"))
		case 2:
			if len(tasks) > 0 {
				s.send("POST", "/api/tasks/"+tasks[len(tasks)-1]+"/cancel", nil, "X-Octopus-ApiKey", s.as)
			}
		case 3:
			p := s.get("/api/Spaces-1/projects/" + s.Project).(thing)
			p["Name"] = fmt.Sprintf("Shop %d", n)
			s.put("/api/Spaces-1/projects/"+s.Project, p)
		case 4:
			o := s.get("/api/Spaces-1/tenants/" + tenant).(thing)
			o["Name"] = fmt.Sprintf("Tenant %d", n)
			s.put("/api/Spaces-1/tenants/"+tenant, o)
		case 5:
			if len(tasks) > 0 {
				s.send("POST", "/api/tasks/"+tasks[len(tasks)-1]+"/cancel", nil, "X-Octopus-ApiKey", s.as)
				for _, node := range []*harness{s.harness, other} {
					see(boardOf(t, node, "/api/Spaces-1/dashboard", s.as)) // which keeps that it has ended
				}
				state := fmt.Sprintf(`{"State": %q, "Reason": "so"}`, []string{"Success", "Failed"}[marked%2])
				marked++
				s.send("POST", "/api/tasks/"+tasks[len(tasks)-1]+"/state", strings.NewReader(state), "X-Octopus-ApiKey", s.as)
			}
		case 6:
			if len(releases) > 0 {
				s.send("DELETE", "/api/Spaces-1/releases/"+releases[0], nil, "X-Octopus-ApiKey", s.as)
				releases = releases[1:]
			}
		}
		for _, path := range []string{"/api/Spaces-1/dashboard", "/api/Spaces-1/dashboard/dynamic?projects=" + s.Project} {
			for _, who := range []*client{s.client, limited} {
				forgetful.api.stocks = shelves[stockroom]{}
				want := boardOf(t, forgetful, path, who.as)
				for i, node := range []*harness{s.harness, other} {
					if diff := cmp.Diff(want, boardOf(t, node, path, who.as)); diff != "" {
						t.Fatalf("change %d, node %d, %s: kept, not as it is: %s", n, i, path, diff)
					}
				}
				see(want)
			}
		}
	}
	for _, state := range []string{"0", "Queued", "Canceled", "Success", "Failed"} {
		if !states[state] {
			t.Errorf("no board had %s: %v", state, states)
		}
	}
}

// TestOrderOfBoards gives the same order to cells that were all read at once, as
// after a start, and to those that were read one after the other.
func TestOrderOfBoards(t *testing.T) {
	var cells []deploy.Cell
	for _, id := range []string{"Deployments-9", "Deployments-100", "Deployments-10", "Deployments-11"} {
		cells = append(cells, deploy.Cell{DeploymentID: id})
	}
	var kept []*stockCell
	for i := range cells {
		for _, from := range [][]*stockCell{kept, nil} {
			read := cells[i : i+1]
			if from == nil {
				read = cells[:i+1]
			}
			got, err := stocked(slices.Clone(from), read, "Spaces-1")
			if err != nil {
				t.Fatal(err)
			}
			if from != nil || i == 0 {
				kept = got
			}
			if !slices.EqualFunc(got, kept, func(a, b *stockCell) bool { return a.id == b.id }) {
				t.Errorf("after %d: another order", i+1)
			}
		}
	}
	var ids []string
	for _, c := range kept {
		ids = append(ids, c.id)
	}
	if diff := cmp.Diff([]string{"Deployments-100", "Deployments-11", "Deployments-10", "Deployments-9"}, ids); diff != "" {
		t.Error(diff)
	}
}

// boardOf asks for a board and holds it against its schema.
func boardOf(t *testing.T, node *harness, path, key string) (b board) {
	t.Helper()
	got := node.send("GET", path, nil, "X-Octopus-ApiKey", key)
	if got.status != 200 {
		t.Fatalf("%s: %d %s", path, got.status, got.body)
	}
	strict := json.NewDecoder(bytes.NewReader(got.body))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&b); err != nil {
		t.Fatal(err)
	}
	if again, err := json.Marshal(b); err != nil || !bytes.Equal(again, got.body) {
		t.Fatalf("%v: not as the schema has it:\n%s\n%s", err, got.body, again)
	}
	return b
}

// node is another server on the same database.
func (c *client) node() *harness {
	c.Helper()
	o := c.api.Options
	o.Tasks = task.NewQueue(o.DB, task.Options{Instance: "test"})
	made, err := New(o)
	if err != nil {
		c.Fatal(err)
	}
	h := &harness{T: c.T, api: made, key: c.key, server: httptest.NewServer(made)}
	c.Cleanup(h.server.Close)
	return h
}
