package api

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/health"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

// starter checks the arguments of a task that a client wants started, and
// gives what the task is made of; its description may stay empty.
type starter func(a *API, r *Request, space string, arguments json.RawMessage) (task.New, error)

// starters are the tasks that clients may start, by name.
var starters struct {
	sync.Mutex
	byName map[string]starter
}

// starts registers a task that clients may start; it is called from
// package-level variables only.
func starts(name string, s starter) bool {
	starters.Lock()
	defer starters.Unlock()
	if starters.byName == nil {
		starters.byName = map[string]starter{}
	}
	if starters.byName[name] != nil {
		panic("api: two starters of the task " + name)
	}
	starters.byName[name] = s
	return true
}

var _ = area(func(a *API) []Route {
	return []Route{{Method: "POST", Pattern: "M/tasks", Handle: a.startTask, Summary: "Start a task", Body: taskDocument{}, Answer: taskDocument{}}}
})

func findStarter(name string) (string, starter, []string) {
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
	return "", nil, names
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
	name, start, known := findStarter(c.Name)
	if start == nil {
		return nil, fault.New(fault.Invalid, "Name is %q; the tasks that can be started are %s.", c.Name, strings.Join(known, ", "))
	}
	space := r.Space
	if space == "" {
		space = c.SpaceID
	}
	if space == "" {
		space = kind.DefaultSpace
	}
	if err := r.Need("TaskCreate", At{Space: space}); err != nil {
		return nil, err
	}
	if len(c.Arguments) == 0 || string(c.Arguments) == "null" {
		c.Arguments = json.RawMessage("{}")
	}
	n, err := start(a, r, space, c.Arguments)
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
	var want health.Arguments
	if err := kind.Unmarshal(arguments, &want); err != nil {
		return task.New{}, err
	}
	if err := r.View(func(tx *store.Tx) error { return want.Check(tx, space) }); err != nil {
		return task.New{}, err
	}
	return task.New{Description: "Check the health of machines"}, nil
})
