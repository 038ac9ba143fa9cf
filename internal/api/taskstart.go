package api

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/takodeploy/tako/internal/access"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/health"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

// starter checks the arguments of a task that a client wants started, and
// gives what the task is made of; its description may stay empty.
type starter func(a *API, r *Request, space string, arguments json.RawMessage) (task.New, error)

// startable is a task that clients may start.
type startable struct {
	start starter
	// narrow says that the starter asks itself for TaskCreate, where its task
	// reaches; for others it must hold in the whole space.
	narrow bool
}

// starters are the tasks that clients may start, by name.
var starters struct {
	sync.Mutex
	byName map[string]startable
}

// starts registers a task that clients may start; it is called from
// package-level variables only.
func starts(name string, s starter) bool { return register(name, startable{start: s}) }

// startsNarrowly does so for a starter that asks itself for the permission.
func startsNarrowly(name string, s starter) bool {
	return register(name, startable{start: s, narrow: true})
}

func register(name string, s startable) bool {
	starters.Lock()
	defer starters.Unlock()
	if starters.byName == nil {
		starters.byName = map[string]startable{}
	}
	if starters.byName[name].start != nil {
		panic("api: two starters of the task " + name)
	}
	starters.byName[name] = s
	return true
}

var _ = area(func(a *API) []Route {
	return []Route{{Method: "POST", Pattern: "M/tasks", Handle: a.startTask, Summary: "Start a task", Body: taskDocument{}, Answer: taskDocument{}}}
})

func findStarter(name string) (string, startable, []string) {
	starters.Lock()
	defer starters.Unlock()
	var names []string
	for known, s := range starters.byName {
		if strings.EqualFold(known, name) {
			return known, s, nil
		}
		names = append(names, known)
	}
	slices.Sort(names)
	return "", startable{}, names
}

// begin asks whether the caller may start the task where it reaches, and checks
// its arguments. Who may start tasks nowhere in the space learns of nothing in it.
func (s startable) begin(a *API, r *Request, space string, arguments json.RawMessage) (task.New, error) {
	if !s.narrow || !r.Rights.Anywhere(access.TaskCreate, space) {
		if err := r.Need("TaskCreate", At{Space: space}); err != nil {
			return task.New{}, err
		}
	}
	return s.start(a, r, space, arguments)
}

func (a *API) startTask(r *Request) (any, error) {
	var c struct {
		Name, Description string
		SpaceID           string `json:"SpaceId"`
		Arguments         json.RawMessage
		QueueTime         *kind.Time
		QueueTimeExpiry   *kind.Time
	}
	if err := r.Read(&c); err != nil {
		return nil, err
	}
	name, found, known := findStarter(c.Name)
	if found.start == nil {
		return nil, fault.New(fault.Invalid, "Name is %q; the tasks that can be started are %s.", c.Name, strings.Join(known, ", "))
	}
	space := r.Space
	if space == "" {
		space = c.SpaceID
	}
	if space == "" {
		space = kind.DefaultSpace
	}
	if len(c.Arguments) == 0 || string(c.Arguments) == "null" {
		c.Arguments = json.RawMessage("{}")
	}
	n, err := found.begin(a, r, space, c.Arguments)
	if err != nil {
		return nil, err
	}
	n.Name, n.SpaceID, n.CreatedBy = name, space, r.Principal.UserID
	n.QueueTime, n.Expiry = momentOf(c.QueueTime), momentOf(c.QueueTimeExpiry)
	if c.Description != "" {
		n.Description = c.Description
	}
	if n.Arguments == nil {
		n.Arguments = c.Arguments
	}
	var t *task.Task
	err = r.Do(func(tx *store.Tx) (err error) {
		if t, err = a.Tasks.EnqueueTx(tx, n); err != nil {
			return err
		}
		return appendTaskEvent(tx, t, "TaskQueued", t.Description+" was queued", "")
	})
	if err != nil {
		return nil, err
	}
	return Created(taskOf(t, time.Now())), nil
}

var _ = starts(health.TaskName, func(_ *API, r *Request, space string, arguments json.RawMessage) (task.New, error) {
	want, err := health.Read(arguments)
	if err != nil {
		return task.New{}, err
	}
	if err := r.View(func(tx *store.Tx) error { return want.Check(tx, space) }); err != nil {
		return task.New{}, err
	}
	return task.New{Description: "Check the health of machines"}, nil
})
