package api

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/console"
	"github.com/takodeploy/tako/internal/deploy"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/health"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/retention"
	"github.com/takodeploy/tako/internal/step"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

var _ = area(func(a *API) []Route {
	return []Route{
		{Method: "GET", Pattern: "M/tasks", Handle: a.tasks, Query: []string{"active", "environment", "ids", "includeSystem", "name", "node", "parent", "partialName", "project", "regarding", "runbook", "running", "skip", "spaces", "states", "take", "tenant"}, Summary: "List tasks", Answer: pageOfAny{taskDocument{}}},
		{Method: "GET", Pattern: "M/tasks/tasktypes", Handle: a.taskTypes, Summary: "The types of tasks"},
		{Method: "GET", Pattern: "M/tasks/{id}", Handle: a.taskGet, Summary: "Get a task", Answer: taskDocument{}},
		{Method: "GET", Pattern: "M/tasks/{id}/why", Handle: a.taskWhy, Summary: "Why a task waits"},
		{Method: "GET", Pattern: "M/tasks/{id}/queued-behind", Handle: a.taskBehind, Query: []string{"skip", "take"}, Summary: "The tasks for which a task waits", Answer: pageOfAny{taskDocument{}}},
		{Method: "POST", Pattern: "M/tasks/{id}/cancel", Handle: a.taskCancel, Summary: "Stop a task", Answer: taskDocument{}},
		{Method: "POST", Pattern: "M/tasks/{id}/abandon", Handle: a.taskAbandon, Summary: "Give up a task that does not stop", Answer: taskDocument{}},
		{Method: "POST", Pattern: "M/tasks/{id}/state", Handle: a.taskState, Summary: "Set the state of a task that has ended", Answer: taskDocument{}},
		{Method: "POST", Pattern: "M/tasks/{id}/prioritize", Handle: a.taskPrioritize, Summary: "Move a task to the top of the queue", Answer: taskDocument{}},
		{Method: "POST", Pattern: "M/tasks/rerun/{id}", Handle: a.taskRerun, Summary: "Do again what a task has done", Answer: taskDocument{}},
	}
})

// taskDocument is a task as the wire has it.
type taskDocument struct {
	ID                                     string  `json:"Id"`
	SpaceID                                *string `json:"SpaceId"`
	EnvironmentID                          string  `json:"EnvironmentId,omitempty"`
	TenantID                               string  `json:"TenantId,omitempty"`
	ProjectID                              string  `json:"ProjectId,omitempty"`
	Name                                   string
	Description                            string
	Arguments                              json.RawMessage
	State                                  task.State
	Completed                              string
	QueueTime                              kind.Time
	QueueTimeExpiry                        kind.Time
	StartTime                              kind.Time
	LastUpdatedTime                        kind.Time
	CompletedTime                          kind.Time
	ServerNode                             string
	Duration                               string
	ErrorMessage                           string
	HasBeenPickedUpByProcessor             bool
	IsCompleted                            bool
	FinishedSuccessfully                   bool
	HasPendingInterruptions                bool
	PendingInterruptionTypes               []string
	HasPendingPreconditions                bool
	PendingPreconditionTypes               []string
	CanRerun                               bool
	HasWarningsOrErrors                    bool
	IsPrioritized                          bool
	EstimatedRemainingQueueDurationSeconds int
	// Why says what the task waits for, if it waits.
	Why   string `json:",omitempty"`
	Links map[string]string
}

// taskOf gives the wire form of a task.
func taskOf(t *task.Task, now time.Time) taskDocument {
	d := taskDocument{
		ID: t.ID, Name: t.Name, Description: t.Description, Arguments: t.Arguments, State: t.State, ProjectID: t.ProjectID,
		EnvironmentID: t.EnvironmentID, TenantID: t.TenantID, QueueTime: kind.Time{Time: t.QueueTime}, QueueTimeExpiry: kind.Time{Time: t.Expiry},
		StartTime: kind.Time{Time: t.Started}, LastUpdatedTime: kind.Time{Time: t.Updated}, CompletedTime: kind.Time{Time: t.Completed},
		ServerNode: t.Node, Duration: lasted(t.Duration(now)), ErrorMessage: t.Error, HasBeenPickedUpByProcessor: t.PickedUp(),
		IsCompleted: t.State.Final(), FinishedSuccessfully: t.State == task.Success, HasPendingInterruptions: len(t.Pending) > 0,
		PendingInterruptionTypes: t.Pending, PendingPreconditionTypes: []string{}, HasWarningsOrErrors: t.Warnings, IsPrioritized: t.Top,
		CanRerun: t.State.Final() && t.Parent == "", Why: t.Why, Completed: completed(t),
	}
	if d.PendingInterruptionTypes == nil {
		d.PendingInterruptionTypes = []string{}
	}
	if len(d.Arguments) == 0 {
		d.Arguments = json.RawMessage("{}")
	}
	if t.SpaceID != "" {
		d.SpaceID = &t.SpaceID
	}
	if t.State == task.Queued && t.QueueTime.After(now) {
		d.EstimatedRemainingQueueDurationSeconds = int(t.QueueTime.Sub(now) / time.Second)
	}
	d.Links = taskLinks(t)
	return d
}

func taskLinks(t *task.Task) map[string]string {
	self, space := "/api/tasks/"+t.ID, "/api"
	web := "/app#/tasks/" + t.ID
	if t.SpaceID != "" {
		space, web = "/api/"+t.SpaceID, "/app#/"+t.SpaceID+"/tasks/"+t.ID
	}
	return map[string]string{
		"Self": self, "Web": web, "Raw": self + "/raw", "Rerun": "/api/tasks/rerun/" + t.ID, "Cancel": self + "/cancel",
		"State": self + "/state", "Details": self + "/details{?verbose,tail,ranges}", "QueuedBehind": self + "/queued-behind{?skip,take}",
		"Prioritize": self + "/prioritize", "Why": self + "/why", "Abandon": self + "/abandon", "Log": self + "/log{?from,limit,level,path,target,q}",
		"Artifacts": space + "/artifacts?regarding=" + t.ID, "Interruptions": space + "/interruptions?regarding=" + t.ID,
	}
}

// completed says in words how far a task is.
func completed(t *task.Task) string {
	switch t.State {
	case task.Queued:
		return "Queued..."
	case task.Executing:
		return "Executing..."
	case task.Cancelling:
		return "Cancelling..."
	}
	return t.Completed.UTC().Format("Monday, 02 January 2006 3:04 PM -07:00")
}

// lasted says a duration in words.
func lasted(d time.Duration) string {
	plural := func(n int, unit string) string {
		if n == 1 {
			return "1 " + unit
		}
		return fmt.Sprintf("%d %ss", n, unit)
	}
	switch {
	case d <= 0:
		return ""
	case d < time.Second:
		return "less than a second"
	case d < time.Minute:
		return plural(int(d/time.Second), "second")
	case d < time.Hour:
		return plural(int(d/time.Minute), "minute")
	case d < 48*time.Hour:
		return plural(int(d/time.Hour), "hour")
	}
	return plural(int(d/(24*time.Hour)), "day")
}

// taskAt is where a task lies, for permissions.
func taskAt(t *task.Task) At {
	at := At{Space: t.SpaceID, Project: t.ProjectID, System: t.SpaceID == ""}
	if t.EnvironmentID != "" {
		at.Environments = []string{t.EnvironmentID}
	}
	if t.TenantID != "" {
		at.Tenants = []string{t.TenantID}
	}
	return at
}

// task reads a task that the caller may see.
func (r *Request) task(id string) (*task.Task, error) {
	t, err := r.api.Tasks.Get(r.Context(), id)
	if err == nil && t.SpaceID != "" && r.elsewhere(t.SpaceID) {
		err = fault.New(fault.NotFound, "There is no task %s.", id)
	}
	if err != nil {
		return nil, err
	}
	return t, r.Need("TaskView", taskAt(t))
}

// taskFor reads the task of the path and asks for a permission.
func (a *API) taskFor(r *Request, permission string) (*task.Task, error) {
	t, err := r.task(r.Param("id"))
	if err != nil || permission == "TaskView" {
		return t, err
	}
	return t, r.Need(permission, taskAt(t))
}

func (a *API) taskGet(r *Request) (any, error) {
	t, err := a.taskFor(r, "TaskView")
	if err != nil {
		return nil, err
	}
	d := taskOf(t, time.Now())
	if t.Hold == task.Waiting {
		why, err := a.whyWaits(r, t)
		if err != nil {
			return nil, err
		}
		d.Why = strings.Join(why.Sentences, " ")
		seconds, err := a.remaining(r, t, why.Turns)
		if err != nil {
			return nil, err
		}
		d.EstimatedRemainingQueueDurationSeconds += seconds
	}
	return d, nil
}

// remaining estimates for how many seconds a task still waits, from how long
// tasks of its kind took lately.
func (a *API) remaining(r *Request, t *task.Task, turns int) (int, error) {
	if turns == 0 {
		return 0, nil
	}
	each, err := a.Tasks.Pace(r.Context(), t.Name)
	return int((each * time.Duration(turns)).Seconds()), err
}

// taskWhy answers why a task does not run.
func (a *API) taskWhy(r *Request) (any, error) {
	t, err := a.taskFor(r, "TaskView")
	if err != nil {
		return nil, err
	}
	why, err := a.whyWaits(r, t)
	if err != nil {
		return nil, err
	}
	answer := struct {
		TaskID    string `json:"TaskId"`
		Waits     bool
		Sentences []string
		Behind    []string
		// Place is the task's likely place among those that wait to start, 1 for the
		// next; 0 if that cannot be told.
		Place int
	}{t.ID, t.Hold == task.Waiting || t.Hold == task.Paused, append([]string{}, why.Sentences...), append([]string{}, why.Behind...), why.Place}
	if t.Hold == task.Paused && t.Why != "" && len(answer.Sentences) == 0 {
		answer.Sentences = append(answer.Sentences, t.Why)
	}
	return answer, nil
}

func (a *API) taskBehind(r *Request) (any, error) {
	t, err := a.taskFor(r, "TaskView")
	if err != nil {
		return nil, err
	}
	why, err := a.Tasks.WhyWaiting(r.Context(), t.ID)
	if err != nil {
		return nil, err
	}
	documents := []taskDocument{}
	for _, id := range why.Behind {
		other, err := a.Tasks.Get(r.Context(), id)
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if ok, err := r.May("TaskView", taskAt(other)); err != nil {
			return nil, err
		} else if ok {
			documents = append(documents, taskOf(other, time.Now()))
		}
	}
	return PageValues(r, "Task", documents)
}

// audit records what somebody did to a task.
func (r *Request) audit(t *task.Task, category, message, comments string) error {
	return r.Do(func(tx *store.Tx) error { return appendTaskEvent(tx, t, category, message, comments) })
}

func appendTaskEvent(tx *store.Tx, t *task.Task, category, message, comments string) error {
	e := &store.Event{Space: t.SpaceID, Category: category, Document: t.ID, Message: message, Comments: comments}
	for _, id := range []string{t.ProjectID, t.EnvironmentID, t.TenantID} {
		if id != "" {
			e.Related = append(e.Related, id)
		}
	}
	var args struct {
		DeploymentID string `json:"DeploymentId"`
		RunbookRunID string `json:"RunbookRunId"`
	}
	// Arguments of other kinds name no document.
	if json.Unmarshal(t.Arguments, &args) == nil {
		for _, id := range []string{args.DeploymentID, args.RunbookRunID} {
			if id != "" {
				e.Related = append(e.Related, id)
			}
		}
	}
	return tx.Append(e)
}

func (a *API) taskCancel(r *Request) (any, error) {
	t, err := a.taskFor(r, "TaskCancel")
	if err != nil {
		return nil, err
	}
	before := t.State
	err = r.Do(func(tx *store.Tx) error {
		if t, err = task.GetTx(tx, t.ID); err != nil {
			return err
		}
		before = t.State
		if err := a.Tasks.CancelTx(tx, t); err != nil || t.State == before {
			return err
		}
		return appendTaskEvent(tx, t, "TaskCanceled", t.Description+" was canceled", "")
	})
	if err != nil {
		return nil, err
	}
	return taskOf(t, time.Now()), nil
}

func (a *API) taskAbandon(r *Request) (any, error) {
	t, err := a.taskFor(r, "TaskCancel")
	if err != nil {
		return nil, err
	}
	err = r.Do(func(tx *store.Tx) error {
		if t, err = task.GetTx(tx, t.ID); err != nil {
			return err
		}
		if err := a.Tasks.AbandonTx(tx, t); err != nil {
			return err
		}
		if err := deploy.CloseInterruptions(tx, t.SpaceID, t.ID); err != nil {
			return err
		}
		return appendTaskEvent(tx, t, "TaskAbandoned", t.Description+" was abandoned while it was being canceled", "")
	})
	if err != nil {
		return nil, err
	}
	return taskOf(t, time.Now()), nil
}

func (a *API) taskState(r *Request) (any, error) {
	t, err := a.taskFor(r, "TaskEdit")
	if err != nil {
		return nil, err
	}
	var c struct{ State, Reason string }
	if err := r.Read(&c); err != nil {
		return nil, err
	}
	var state task.State
	for _, s := range task.States {
		if strings.EqualFold(string(s), c.State) {
			state = s
		}
	}
	if state == "" {
		return nil, fault.New(fault.Invalid, "State is %q; it can be set to Success or Failed.", c.State)
	}
	if strings.TrimSpace(c.Reason) == "" {
		return nil, fault.New(fault.Invalid, "Reason must say why the state of the task is changed; it is kept in the audit trail.")
	}
	before := t.State
	if t, err = a.Tasks.Mark(r.Context(), t.ID, state, c.Reason); err != nil {
		return nil, err
	}
	message := fmt.Sprintf("The state of %s was changed from %s to %s", t.Description, before, t.State)
	return taskOf(t, time.Now()), r.audit(t, "TaskStateChanged", message, c.Reason)
}

func (a *API) taskPrioritize(r *Request) (any, error) {
	t, err := a.taskFor(r, "TaskPrioritize")
	if err != nil {
		return nil, err
	}
	if t, err = a.Tasks.MoveToTop(r.Context(), t.ID); err != nil {
		return nil, err
	}
	return taskOf(t, time.Now()), r.audit(t, "TaskPrioritized", t.Description+" was moved to the top of the queue", "")
}

// taskRerun does again what a task has done. What stands for a deployment is
// deployed again, with a deployment of its own.
func (a *API) taskRerun(r *Request) (any, error) {
	t, err := a.taskFor(r, "TaskView")
	if err != nil {
		return nil, err
	}
	if !t.State.Final() {
		return nil, fault.New(fault.Conflict, "%s has not ended yet.", t.Description)
	}
	switch t.Name {
	case deploy.TaskDeploy:
		return a.redeploy(r, t)
	case deploy.TaskRunbookRun:
		return a.rerun(r, t)
	}
	again, err := a.again(r, t)
	if err != nil {
		return nil, err
	}
	return Created(taskOf(again, time.Now())), nil
}

// again queues a task once more. What one reaches that is started narrowly may be
// elsewhere by now than it was then, so that it is asked for anew.
func (a *API) again(r *Request, t *task.Task) (*task.Task, error) {
	_, known, _ := findStarter(t.Name)
	if !known.narrow {
		if err := r.Need("TaskCreate", taskAt(t)); err != nil {
			return nil, err
		}
		return a.Tasks.Rerun(r.Context(), t.ID, r.Principal.UserID)
	}
	n, err := known.begin(a, r, t.SpaceID, t.Arguments)
	if err != nil {
		return nil, err
	}
	n.Name, n.SpaceID, n.CreatedBy = t.Name, t.SpaceID, r.Principal.UserID
	return a.Tasks.Enqueue(r.Context(), n)
}

func (a *API) taskTypes(*Request) (any, error) {
	type taskType struct {
		ID   string `json:"Id"`
		Name string
	}
	return []taskType{
		{deploy.TaskDeploy, "Deploy"}, {deploy.TaskRunbookRun, "Runbook run"}, {health.TaskName, "Health check"}, {console.TaskName, "Script console"},
		{retention.TaskName, "Apply retention policies"}, {step.MailTrialTask, "Test e-mail"},
	}, nil
}
