package api

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

func (h *harness) enqueue(n task.New) string {
	h.Helper()
	if n.Name == "" {
		n.Name = "X"
	}
	t, err := h.api.Tasks.Enqueue(h.Context(), n)
	if err != nil {
		h.Fatal(err)
	}
	return t.ID
}

func TestStreamTellsWhatHappens(t *testing.T) {
	h := newHarness(t)
	l := h.listen(h.server.URL, "/api/ui/events?topics=tasks,resources,dashboard")
	for name, want := range map[string]string{"Content-Type": "text/event-stream", "X-Accel-Buffering": "no", "Cache-Control": "no-store, no-transform"} {
		if got := l.header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	first, _ := l.next()
	if first.event != "ready" || first.data["Resumed"] != false || first.id == "" || !strings.HasPrefix(first.raw, "retry: ") {
		t.Errorf("the stream begins with %q", first.raw)
	}
	if m := l.until("dashboard", nil); fmt.Sprint(m.data["Keys"]) != "[*]" {
		t.Errorf("the dashboard is stale in %v", m.data)
	}
	id := h.enqueue(task.New{SpaceID: "Spaces-1", ProjectID: "Projects-7"})
	if m := l.until("task", is("Id", id)); m.data["State"] != "Queued" || m.data["Change"] != "Enqueued" || m.data["SpaceId"] != "Spaces-1" || m.data["IsCompleted"] != false {
		t.Errorf("%v", m.data)
	}
	if _, err := h.api.Tasks.Cancel(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if m := l.until("task", is("Id", id)); m.data["State"] != "Canceled" || m.data["IsCompleted"] != true {
		t.Errorf("%v", m.data)
	}
	group := fmt.Sprint(at(h.call(201, "POST", "/api/Spaces-1/projectgroups", thing{"Name": "New"}), "Id"))
	if m := l.until("resource", is("Id", group)); m.data["Kind"] != "ProjectGroups" || m.data["Change"] != "Created" || m.data["SpaceId"] != "Spaces-1" || len(m.data) != 4 {
		t.Errorf("%v", m.data)
	}
	h.call(200, "DELETE", "/api/Spaces-1/projectgroups/"+group, nil)
	if m := l.until("resource", is("Id", group)); m.data["Change"] != "Deleted" {
		t.Errorf("%v", m.data)
	}
	seen := ""
	for !strings.Contains(seen, "ProjectGroups") || !strings.Contains(seen, "Tasks") || !strings.Contains(seen, "Projects-7") {
		seen += fmt.Sprint(l.until("dashboard", nil).data["Keys"])
	}
}

// What a project has one of is called after the project, and told of all the same.
func TestStreamTellsOfWhatBelongsToAProject(t *testing.T) {
	h := newHarness(t)
	project := h.project("Shop")
	base := "/api/Spaces-1/projects/" + project
	runbook := h.call(201, "POST", base+"/runbooks", thing{"Name": "Restart"})
	l := h.listen(h.server.URL, "/api/ui/events?topics=resources")
	l.until("ready", nil)
	for kind, path := range map[string]string{
		"DeploymentProcesses": base + "/deploymentprocesses",
		"VariableSets":        "/api/Spaces-1/variables/variableset-" + project,
		"RunbookProcesses":    fmt.Sprint("/api/Spaces-1/runbookProcesses/", at(runbook, "RunbookProcessId")),
	} {
		document := h.call(200, "GET", path, nil)
		h.call(200, "PUT", path, document)
		if m := l.until("resource", is("Id", fmt.Sprint(at(document, "Id")))); m.data["Kind"] != kind || m.data["Change"] != "Modified" {
			t.Errorf("%s: %v", path, m.data)
		}
	}
}

// writer is a handler that says what it is given.
type writer struct {
	lines chan string
	done  chan struct{}
}

func (h *harness) writer(q *task.Queue) *writer {
	w := &writer{lines: make(chan string), done: make(chan struct{})}
	r := task.NewRunner(q, task.RunnerOptions{Node: "writer", Poll: 20 * time.Millisecond, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	r.Handle("Write", task.HandlerFunc(func(ctx context.Context, x *task.Execution) (task.Outcome, error) {
		key := task.Key{Path: "1.1", Attempt: 1}
		err := x.Save(ctx, task.Save{Plan: []byte("{}"), Outline: &task.Outline{Steps: []task.Place{{Path: "1", Name: "Write", Places: []task.Place{{Path: "1.1", Name: "Write"}}}}}})
		if err == nil {
			err = x.Save(ctx, task.Save{Records: []task.Record{{Key: key, State: task.StepRunning, Started: x.Now()}}})
		}
		for err == nil {
			select {
			case <-ctx.Done():
				err = ctx.Err()
			case text, ok := <-w.lines:
				if !ok {
					err = x.Save(ctx, task.Save{Records: []task.Record{{Key: key, State: task.StepSucceeded, Started: x.Now(), Ended: x.Now()}}})
					return task.Outcome{Act: task.Succeed}, err
				}
				x.Say("1.1", "", task.Info, "%s", text)
			}
		}
		return task.Outcome{}, err
	}))
	ctx, cancel := context.WithCancel(context.Background())
	go func() { defer close(w.done); _ = r.Run(ctx) }()
	h.Cleanup(func() { cancel(); <-w.done })
	return w
}

func TestStreamFollowsATask(t *testing.T) {
	h := newHarness(t)
	w := h.writer(h.api.Tasks)
	id := h.enqueue(task.New{Name: "Write", SpaceID: "Spaces-1"})
	l := h.listen(h.server.URL, "/api/Spaces-1/ui/events?topics=task:"+id+":log")
	if m := l.until("activity", nil); m.data["Whole"] != true || m.data["Task"] != id {
		t.Errorf("%v", m.data)
	}
	var took []time.Duration
	for i := range 12 {
		text := fmt.Sprint("line ", i+1)
		said := time.Now()
		w.lines <- text
		m := l.until("log", nil)
		took = append(took, time.Since(said))
		if line := at(m.data, "Lines", 0); at(line, "Number") != float64(i+1) || at(line, "MessageText") != text || at(line, "Node") != id+"/1@server" || m.data["Ended"] != false {
			t.Errorf("%v", m.data)
		}
	}
	slices.Sort(took)
	t.Logf("a line said reached the client after %s in the median, %s at worst", took[len(took)/2], took[len(took)-1])
	close(w.lines)
	status, ended := "", false
	for status != "Success" || !ended {
		switch m, ok := l.next(); {
		case !ok:
			t.Fatal("the stream has ended")
		case m.event == "log":
			ended = m.data["Ended"] == true
			if n := len(m.data["Lines"].([]any)); n != 0 {
				t.Errorf("%d more lines: %v", n, m.data)
			}
		case m.event == "activity":
			for _, n := range m.data["Nodes"].([]any) {
				if at(n, "Id") == id+"/1@server" {
					status = fmt.Sprint(at(n, "Status"))
				}
			}
		}
	}
	again := h.listen(h.server.URL, "/api/ui/events?topics=task:"+id+":log@5")
	if m := again.until("log", nil); m.data["From"] != float64(6) || len(m.data["Lines"].([]any)) != 7 || m.data["Ended"] != true {
		t.Errorf("from behind line 5: %v", m.data)
	}
}

// scene is some projects in a space, one of which somebody sees.
type scene struct {
	*harness
	projects []string
	group    string
}

func newScene(t *testing.T) *scene {
	s := &scene{harness: newHarness(t)}
	s.do(func(tx *store.Tx) error {
		groups, _, err := catalog.ProjectGroups.List(tx, kind.Query{Space: kind.DefaultSpace})
		if err != nil {
			return err
		}
		s.group = groups[0].ID
		cycles, _, err := catalog.Lifecycles.List(tx, kind.Query{Space: kind.DefaultSpace})
		if err != nil {
			return err
		}
		for i := range 2 {
			p := &catalog.Project{ProjectGroupID: s.group, LifecycleID: cycles[0].ID}
			p.Name = fmt.Sprint("Shop ", i)
			p.SpaceID = kind.DefaultSpace
			if err := catalog.Projects.Put(tx, p); err != nil {
				return err
			}
			s.projects = append(s.projects, p.ID)
		}
		return nil
	})
	return s
}

// touch changes a project.
func (s *scene) touch(id string) {
	s.Helper()
	s.do(func(tx *store.Tx) error {
		p, err := catalog.Projects.Get(tx, id)
		if err != nil {
			return err
		}
		p.Description = fmt.Sprint(p.Description, "!")
		return catalog.Projects.Put(tx, p)
	})
}

// TestStreamTellsOnlyWhatMayBeSeen has things happen in sight and out of it.
func TestStreamTellsOnlyWhatMayBeSeen(t *testing.T) {
	s := newScene(t)
	seen, hidden := s.projects[0], s.projects[1]
	role := s.role("ProjectView", "TaskView", "ProcessView")
	key := s.member("eve", role, func(r *catalog.ScopedUserRole) { r.ProjectIDs = []string{seen} })
	secret := s.enqueue(task.New{SpaceID: "Spaces-1", ProjectID: hidden, Description: "secret"})
	const all = "/api/ui/events?topics=tasks,resources,dashboard,machines,interruptions"
	if a := s.send("GET", all+",task:"+secret+":log", nil, "X-Octopus-ApiKey", key); a.status != 403 {
		t.Errorf("following a hidden task: %d %s", a.status, a.body)
	}
	none := s.member("nobody", role, func(r *catalog.ScopedUserRole) { r.ProjectIDs = []string{seen}; r.SpaceID = kind.DefaultSpace })
	if a := s.send("GET", "/api/Spaces-2/ui/events?topics=tasks", nil, "X-Octopus-ApiKey", none); a.status != 404 {
		t.Errorf("another space: %d %s", a.status, a.body)
	}
	mine := s.enqueue(task.New{SpaceID: "Spaces-1", ProjectID: seen})
	channels := [2]*catalog.Channel{s.channel(seen), s.channel(hidden)}
	l := s.listen(s.server.URL, all+",task:"+mine, "X-Octopus-ApiKey", key)
	l.until("ready", nil)

	s.touch(hidden)
	s.enqueue(task.New{SpaceID: "Spaces-1", ProjectID: hidden, Description: "secret"})
	s.enqueue(task.New{Description: "secret, of the system"})
	s.call(201, "POST", "/api/Spaces-1/environments", thing{"Name": "Secret"})
	s.call(201, "POST", "/api/Spaces-1/tagsets", thing{"Name": "Colours", "Tags": []thing{{"Name": "Red", "Color": "#ff0000"}}})
	for _, c := range channels {
		s.do(func(tx *store.Tx) error { return catalog.Channels.Delete(tx, c.ID) })
	}
	s.touch(seen)
	public := s.enqueue(task.New{SpaceID: "Spaces-1", ProjectID: seen})

	var got []string
	for !slices.Contains(got, "task "+public) || !slices.Contains(got, "resource "+seen+" Modified") {
		m, ok := l.next()
		if !ok {
			t.Fatal("the stream has ended")
		}
		if strings.Contains(m.raw, hidden+`"`) || strings.Contains(m.raw, channels[1].ID+`"`) || strings.Contains(m.raw, "secret") || strings.Contains(m.raw, "Environments-") {
			t.Errorf("told %s", m.raw)
		}
		switch m.event {
		case "task":
			got = append(got, fmt.Sprint("task ", m.data["Id"]))
		case "resource", "machine", "interruption":
			got = append(got, fmt.Sprint("resource ", m.data["Id"], " ", m.data["Change"]))
		}
	}
	slices.Sort(got)
	if want := fmt.Sprintf("[resource %s Deleted resource %s Modified resource TagSets-1 Created task %s]", channels[0].ID, seen, public); fmt.Sprint(got) != want {
		t.Errorf("told %v, want %s", got, want)
	}

	// Then the rights go.
	s.do(func(tx *store.Tx) error {
		grants, _, err := catalog.ScopedUserRoles.List(tx, kind.Query{AnySpace: true, Refer: map[string][]string{"UserRoleId": {role}}})
		for _, g := range grants {
			if err == nil {
				err = catalog.ScopedUserRoles.Remove(tx, g)
			}
		}
		return err
	})
	s.api.forgetRights()
	if _, err := s.api.Tasks.Cancel(t.Context(), mine); err != nil {
		t.Fatal(err)
	}
	watch := s.listen(s.server.URL, "/api/ui/events?topics=tasks&after="+l.last)
	watch.until("task", func(d thing) bool { return d["Id"] == mine && d["IsCompleted"] == true })
	s.api.Drain()
	for {
		m, ok := l.next()
		if !ok || m.event == "drain" {
			break
		}
		if m.event == "task" || m.event == "activity" {
			t.Errorf("told without a right: %s", m.raw)
		}
	}
}

// channel makes a channel of a project.
func (s *scene) channel(project string) *catalog.Channel {
	s.Helper()
	c := &catalog.Channel{ProjectID: project}
	c.Name = "Early"
	c.SpaceID = kind.DefaultSpace
	s.do(func(tx *store.Tx) error { return catalog.Channels.Put(tx, c) })
	return c
}
