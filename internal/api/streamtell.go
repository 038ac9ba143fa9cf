package api

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

// newsAtOnce is how many changes a stream looks at before it sends them.
const newsAtOnce = 200

// taskNews is a change of a task's state, with what is known of the task now.
type taskNews struct {
	ID                       string  `json:"Id"`
	SpaceID                  *string `json:"SpaceId"`
	ProjectID                string  `json:"ProjectId,omitempty"`
	EnvironmentID            string  `json:"EnvironmentId,omitempty"`
	TenantID                 string  `json:"TenantId,omitempty"`
	Name, Description        string
	Change                   task.ChangeKind
	State                    task.State
	IsCompleted              bool
	IsPaused                 bool
	OccurredAt               kind.Time
	HasWarningsOrErrors      bool
	PendingInterruptionTypes []string
	LogLines                 int64
}

func taskNewsOf(f *task.Followed, t *task.Task) taskNews {
	n := taskNews{ID: t.ID, ProjectID: t.ProjectID, EnvironmentID: t.EnvironmentID, TenantID: t.TenantID, Name: t.Name, Description: t.Description,
		Change: f.Kind, State: f.Status.State, IsCompleted: f.Status.State.Final(), IsPaused: f.Status.Hold == task.Paused,
		OccurredAt: kind.Time{Time: f.At}, HasWarningsOrErrors: t.Warnings, PendingInterruptionTypes: append([]string{}, t.Pending...), LogLines: t.LogLines}
	if t.SpaceID != "" {
		n.SpaceID = &t.SpaceID
	}
	return n
}

// tellChanges tells the changes of tasks that the caller may see.
func (s *stream) tellChanges(ctx context.Context) (more bool, err error) {
	list, err := s.h.changesAfter(ctx, s.at.changes, newsAtOnce)
	if err != nil || len(list) == 0 {
		return false, err
	}
	ids := make([]string, 0, len(list))
	for i := range list {
		if !slices.Contains(ids, list[i].Task) {
			ids = append(ids, list[i].Task)
		}
	}
	var tasks map[string]*task.Task
	if err := s.r.View(func(tx *store.Tx) (err error) { tasks, err = task.ByID(tx, ids); return err }); err != nil {
		return false, err
	}
	for i := range list {
		f := &list[i]
		s.at.changes = f.Position
		t := tasks[f.Task]
		if t == nil || s.r.Space != "" && t.SpaceID != "" && t.SpaceID != s.r.Space {
			continue
		}
		if ok, err := s.r.May("TaskView", taskAt(t)); err != nil {
			return false, err
		} else if !ok {
			continue
		}
		followed := slices.Contains(s.following, t.ID)
		if followed {
			s.final[t.ID] = f.Status.State.Final()
			delete(s.read, t.ID)
		}
		if s.topics.tasks || followed {
			s.send("task", taskNewsOf(f, t))
		}
		s.stale("Tasks", t.ProjectID)
		if s.out.Len() > most {
			if err := s.flush(); err != nil {
				return false, err
			}
		}
	}
	return len(list) == newsAtOnce, nil
}

// stale notes what of a dashboard has changed.
func (s *stream) stale(keys ...string) {
	for _, k := range keys {
		if s.topics.dashboard && k != "" {
			s.keys[k] = true
		}
	}
}

// resourceNews says that a resource has changed, not how.
type resourceNews struct {
	ID      string  `json:"Id"`
	SpaceID *string `json:"SpaceId"`
	Kind    string
	Change  string // Created, Modified or Deleted
}

// tellEvents tells the changes of resources that the caller may see.
func (s *stream) tellEvents(ctx context.Context) (more bool, err error) {
	list, err := s.h.eventsAfter(ctx, s.at.events, newsAtOnce)
	if err != nil {
		return false, err
	}
	for i := range list {
		h := &list[i]
		s.at.events = h.Position
		if s.r.Space != "" && h.Space != s.r.Space {
			continue
		}
		for _, id := range about(h) {
			if err := s.tellResource(h, id); err != nil {
				return false, err
			}
		}
		if s.out.Len() > most {
			if err := s.flush(); err != nil {
				return false, err
			}
		}
	}
	return len(list) == newsAtOnce, nil
}

// about lists the resources that an event tells a change of. Interruptions
// leave none of their own when they are raised.
func about(h *store.Happened) []string {
	ids := []string{h.Document}
	for _, id := range h.Related {
		if strings.HasPrefix(id, "Interruptions-") && id != h.Document {
			ids = append(ids, id)
		}
	}
	return ids
}

func (s *stream) tellResource(h *store.Happened, id string) error {
	k := kindOf(id)
	if k == nil {
		return nil
	}
	name := k.Info().Plural
	event := "resource"
	wanted := s.topics.resources || slices.Contains(s.topics.kinds, name)
	switch name {
	case "Machines", "Workers":
		event, wanted = "machine", wanted || s.topics.machines
	case "Interruptions":
		event, wanted = "interruption", wanted || s.topics.interruptions
	}
	if !wanted && !s.topics.dashboard {
		return nil
	}
	if ok, err := s.seesChange(k, h, id); err != nil || !ok {
		return err
	}
	s.stale(name)
	if !wanted {
		return nil
	}
	n := resourceNews{ID: id, Kind: name, Change: h.Category}
	if h.Category != "Created" && h.Category != "Deleted" || id != h.Document {
		n.Change = "Modified"
	}
	if h.Space != "" {
		n.SpaceID = &h.Space
	}
	s.send(event, n)
	return nil
}

// owned are the kinds whose ids are made of what they belong to, such as
// deploymentprocess-Projects-1, by what those begin with.
var owned = map[string]string{
	"variableset": "VariableSets", "deploymentprocess": "DeploymentProcesses", "RunbookProcess": "RunbookProcesses",
}

// kindOf finds the kind of a resource by its id, nil if it has no routes.
func kindOf(id string) kind.Any {
	cut := strings.LastIndexByte(id, '-')
	if cut < 0 {
		return nil
	}
	plural := id[:cut]
	if first, _, _ := strings.Cut(id, "-"); owned[first] != "" {
		plural = owned[first]
	}
	k, ok := kind.Lookup(plural)
	if !ok || k.Info().Hidden {
		return nil
	}
	return k
}

// seesChange reports whether the caller may know of a change of a resource: as
// it is now, or as it was when it was deleted.
func (s *stream) seesChange(k kind.Any, h *store.Happened, id string) (bool, error) {
	info := k.Info()
	view := info.Permissions.View
	switch {
	case info.System && view == "":
		return s.r.May("AdministerSystem", At{System: true})
	case info.System:
		if !slices.Contains([]string{"Created", "Modified", "Deleted"}, h.Category) {
			return false, nil // who signs in is the audit trail's matter
		}
		return s.r.May(view, At{System: true})
	case view == "":
		return len(s.r.Rights.Permissions(h.Space)) > 0, nil
	case s.r.unlimited(view, h.Space):
		return true, nil
	}
	if h.Category == "Deleted" && id == h.Document {
		for _, at := range placesOf(h) {
			if ok, err := s.r.May(view, at); ok || err != nil {
				return ok, err
			}
		}
		return false, nil
	}
	var resource any
	err := s.r.View(func(tx *store.Tx) (err error) {
		resource, err = k.GetAny(tx, id)
		return err
	})
	if fault.Is(err, fault.NotFound) {
		return false, nil // its deletion follows
	}
	if err != nil {
		return false, err
	}
	return s.r.seesOne(k, resource)
}

// placesOf are where a deleted resource lay; its event names them.
func placesOf(h *store.Happened) []At {
	at := At{Space: h.Space}
	var projects []string
	for _, id := range h.Related {
		switch prefix, _, _ := strings.Cut(id, "-"); prefix {
		case "Projects":
			projects = append(projects, id)
		case "Environments":
			at.Environments = append(at.Environments, id)
		case "Tenants":
			at.Tenants = append(at.Tenants, id)
		}
	}
	if len(projects) == 0 {
		return []At{at}
	}
	var all []At
	for _, p := range projects {
		at.Project = p
		all = append(all, at)
	}
	return all
}

// nodesEvery is how often the nodes of a task are looked at at most.
const nodesEvery = 300 * time.Millisecond

// streamNode is a node of a task's tree, without what is below it and what it has
// written.
type streamNode struct {
	ID                 string `json:"Id"`
	Parent             string
	Name               string
	Status             string
	Started            kind.Time
	Ended              kind.Time
	ProgressPercentage int
	ProgressMessage    string
}

type nodeNews struct {
	Task               string
	ProgressPercentage int
	// Whole says that these are all nodes; otherwise those that have changed.
	Whole bool
	Nodes []streamNode
}

// tellNodes tells how far the parts of a task are.
func (s *stream) tellNodes(ctx context.Context, id string) error {
	d, err := s.r.api.Tasks.Details(ctx, id, -1, task.Narrow{})
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	told := s.nodes[id]
	news := nodeNews{Task: id, ProgressPercentage: d.Percent, Whole: told == nil, Nodes: []streamNode{}}
	if told == nil {
		told = map[string]streamNode{}
		s.nodes[id] = told
	}
	var walk func(e *task.Element, parent string)
	walk = func(e *task.Element, parent string) {
		n := streamNode{e.ID, parent, e.Name, e.Status, instant(e.Started), instant(e.Ended), e.ProgressPercentage, e.ProgressMessage}
		if before, ok := told[e.ID]; !ok || before != n {
			told[e.ID] = n
			news.Nodes = append(news.Nodes, n)
		}
		for _, c := range e.Children {
			walk(c, e.ID)
		}
	}
	walk(d.Root, "")
	if news.Whole || len(news.Nodes) > 0 {
		s.send("activity", news)
	}
	return nil
}

func instant(t *time.Time) kind.Time {
	if t == nil {
		return kind.Time{}
	}
	return kind.Time{Time: *t}
}
