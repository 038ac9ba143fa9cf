package api

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/deploy"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

var _ = area(func(a *API) []Route {
	run := catalog.RunbookRuns.Info()
	routes := []Route{
		{Method: "POST", Pattern: "S/runbook-runs/create/v1", Handle: a.runRunbook, Summary: "Run a runbook", Body: runRunbook{}, Answer: createdRuns{}},
		{Method: "POST", Pattern: "S/runbook-runs/git/create/v1", Handle: a.runGitRunbook, Summary: "Run a runbook of a Git repository", Body: runGitRunbook{}, Answer: createdRuns{}},
		{Method: "GET", Pattern: "S/runbookRuns", Handle: a.runbookRuns, Query: []string{"skip", "take", "taskState"}, Summary: "List runs of runbooks", Answer: run},
		{Method: "POST", Pattern: "S/runbookRuns", Handle: a.createRun, Summary: "Run a runbook", Body: run, Answer: run},
		{Method: "DELETE", Pattern: "S/runbookRuns/{id}", Handle: a.deleteRun, Summary: "Delete a run of a runbook with its task"},
		{Method: "POST", Pattern: "S/runbooks/{id}/runbookRuns", Handle: a.createRun, Summary: "Run a runbook", Body: run, Answer: run},
		{Method: "POST", Pattern: "S/projects/{id}/runbookRuns/{run}/retry/v1", Handle: a.retryRun, Summary: "Run a runbook again as before", Answer: createdRuns{}},
	}
	for _, at := range []string{"S/runbooks/{id}", "S/runbookSnapshots/{id}", "S/projects/{id}/runbooks/{runbook}"} {
		preview := at + "/runbookRuns/preview/{environment}"
		routes = append(routes,
			Route{Method: "GET", Pattern: preview, Handle: a.runPreview, Query: []string{"includeDisabledSteps"}, Summary: "What a run would do", Answer: deploy.RunPreview{}},
			Route{Method: "GET", Pattern: preview + "/{tenant}", Handle: a.runPreview, Query: []string{"includeDisabledSteps"}, Summary: "What a run would do", Answer: deploy.RunPreview{}},
			Route{Method: "POST", Pattern: at + "/runbookRuns/previews", Handle: a.runPreviews, Summary: "What runs would do", Body: wantedPreviews{}, Answer: []deploy.RunPreview{}})
	}
	for _, at := range []string{"S/runbooks/{id}/runbookRunTemplate", "S/projects/{id}/runbooks/{runbook}/runbookRunTemplate", "S/runbookSnapshots/{id}/runbookRuns/template"} {
		routes = append(routes, Route{Method: "GET", Pattern: at, Handle: a.runTemplate, Summary: "Where a runbook can be run", Answer: deploy.RunTemplate{}})
	}
	return routes
})

// runRunbook is the command that runs a runbook.
type runRunbook struct {
	execution
	RunbookName      string
	EnvironmentNames []string
	EnvironmentName  string // of clients that name one
	Tenants          []string
	TenantTags       []string
	Snapshot         string // id or name; empty is the published one
	Notes            string
}

// createdRuns answers it.
type createdRuns struct{ RunbookRunServerTasks []runTask }

type runTask struct {
	RunbookRunID string `json:"RunbookRunId"`
	ServerTaskID string `json:"ServerTaskId"`
}

func runsMade(made []deploy.MadeRun) createdRuns {
	answer := createdRuns{[]runTask{}}
	for _, m := range made {
		answer.RunbookRunServerTasks = append(answer.RunbookRunServerTasks, runTask{m.Run.ID, m.Task.ID})
	}
	return answer
}

func (a *API) runRunbook(r *Request) (any, error) {
	var c runRunbook
	if err := r.Read(&c); err != nil {
		return nil, err
	}
	p, err := a.projectNamed(r, c.ProjectName, "ProjectView")
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(c.RunbookName) == "" {
		return nil, fault.New(fault.Invalid, "RunbookName must not be empty.")
	}
	in := deploy.NewRuns{Environments: c.EnvironmentNames, Tenants: c.Tenants, TenantTags: c.TenantTags, DeployOptions: c.options()}
	in.Comments = c.Notes
	if c.EnvironmentName != "" {
		in.Environments = append(in.Environments, c.EnvironmentName)
	}
	err = r.View(func(tx *store.Tx) error {
		b, err := deploy.FindRunbook(tx, p, c.RunbookName)
		if err == nil {
			in.Snapshot, err = deploy.FindSnapshot(tx, b, c.Snapshot)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	made, err := a.runNow(r, in)
	if err != nil {
		return nil, err
	}
	return Created(runsMade(made)), nil
}

// runNow makes runs after asking for the permission to each. What has not been
// published may be run by who may change the runbook.
func (a *API) runNow(r *Request, in deploy.NewRuns) ([]deploy.MadeRun, error) {
	in.Allow = func(tx *store.Tx, p *catalog.Project, environment, tenant string) error {
		at := At{Project: p.ID, Group: p.ProjectGroupID, Environments: []string{environment}}
		if tenant != "" {
			at.Tenants = []string{tenant}
		}
		if err := r.Need("RunbookRunCreate", at); err != nil {
			return err
		}
		b, err := catalog.Runbooks.Get(tx, in.Snapshot.RunbookID)
		if err != nil || b.PublishedRunbookSnapshotID == in.Snapshot.ID {
			return err
		}
		return r.Need("RunbookEdit", At{Project: p.ID, Group: p.ProjectGroupID})
	}
	return a.Deploy.CreateRuns(r.Context(), in)
}

// runbookRuns lists runs; the states of tasks are asked for in their table.
func (a *API) runbookRuns(r *Request) (any, error) {
	h := a.crudOf(catalog.RunbookRuns)
	skip, take, err := r.Paging()
	if err != nil {
		return nil, err
	}
	q := h.query(r)
	q.Skip, q.Take = skip, take
	q.Where = append(q.Where, r.narrowed(map[string]string{
		"projects": "ProjectId", "environments": "EnvironmentId", "tenants": "TenantId", "runbooks": "RunbookId", "runbookSnapshots": "RunbookSnapshotId",
	})...)
	return h.page(r, q)
}

// narrowed gives the conditions of a query that names members of executions and
// states of their tasks.
func (r *Request) narrowed(members map[string]string) (all []store.Where) {
	for name, member := range members {
		if ids := r.List(name); len(ids) > 0 {
			all = append(all, anyValue("data ->> '"+member+"'", ids))
		}
	}
	states := r.List("taskState")
	if len(states) == 0 {
		return all
	}
	for i, text := range states {
		for _, s := range task.States {
			if strings.EqualFold(string(s), text) {
				states[i] = string(s)
			}
		}
	}
	w := anyValue("state", states)
	return append(all, store.Where{SQL: "exists (select 1 from task where task.id = data ->> 'TaskId' and " + w.SQL + ")", Args: w.Args})
}

// classicRun is a run as clients of before the command send it.
type classicRun struct {
	catalog.RunbookRun
	UseDefaultSnapshot *bool
}

func (a *API) createRun(r *Request) (any, error) {
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	var c classicRun
	if err := kind.Unmarshal(body, &c); err != nil {
		return nil, err
	}
	var sent struct{ UseGuidedFailure, ForcePackageDownload *bool }
	if err := json.Unmarshal(body, &sent); err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "The request body could not be read")
	}
	in := deploy.NewRuns{Environments: []string{c.EnvironmentID}, DeployOptions: deploy.DeployOptions{
		GuidedFailure: sent.UseGuidedFailure, SkipSteps: c.SkipActions, SpecificMachines: c.SpecificMachineIDs, ExcludedMachines: c.ExcludedMachineIDs,
		SpecificTags: c.SpecificTargetTagIDs, ExcludedTags: c.ExcludedTargetTagIDs, Variables: c.FormValues, QueueTime: momentOf(c.QueueTime),
		Expiry: momentOf(c.QueueTimeExpiry), Priority: c.Priority, Comments: c.Comments, FailTargetDiscovery: c.FailTargetDiscovery, DebugMode: c.DebugMode,
	}}
	if sent.ForcePackageDownload != nil && *sent.ForcePackageDownload {
		in.ForcePackageDownload = sent.ForcePackageDownload
	}
	if c.TenantID != "" {
		in.Tenants = []string{c.TenantID}
	}
	err = r.View(func(tx *store.Tx) error {
		in.Snapshot, err = a.snapshotToRun(r, tx, &c.RunbookRun)
		return err
	})
	if err != nil {
		return nil, err
	}
	made, err := a.runNow(r, in)
	if err != nil {
		return nil, err
	}
	raw, err := wireOf(r, catalog.RunbookRuns, made[0].Run)
	return Created(raw), err
}

// snapshotToRun finds the snapshot that a run is to be of: that of the body,
// else the published one of the runbook of the path or the body.
func (a *API) snapshotToRun(r *Request, tx *store.Tx, c *catalog.RunbookRun) (*catalog.RunbookSnapshot, error) {
	id := c.RunbookID
	if at := r.Param("id"); at != "" {
		id = at
	}
	if c.RunbookSnapshotID != "" {
		s, err := catalog.RunbookSnapshots.Get(tx, c.RunbookSnapshotID)
		if fault.Is(err, fault.NotFound) || err == nil && (s.SpaceID != r.Space || id != "" && !strings.EqualFold(s.RunbookID, id)) {
			return nil, fault.New(fault.Invalid, "RunbookSnapshotId refers to '%s', which is no snapshot of the runbook in space %s.", c.RunbookSnapshotID, r.Space)
		}
		return s, err
	}
	b, err := catalog.Runbooks.Get(tx, id)
	if fault.Is(err, fault.NotFound) || err == nil && b.SpaceID != r.Space {
		return nil, fault.New(fault.Invalid, "RunbookId refers to '%s', which does not exist in space %s. Give RunbookSnapshotId or RunbookId.", id, r.Space)
	}
	if err != nil {
		return nil, err
	}
	return deploy.FindSnapshot(tx, b, "")
}

func (a *API) deleteRun(r *Request) (any, error) {
	return nil, r.Do(func(tx *store.Tx) error {
		run, err := catalog.RunbookRuns.GetIn(tx, r.Space, r.Param("id"))
		if err != nil {
			return err
		}
		if err := r.NeedFor("RunbookRunDelete", catalog.RunbookRuns, run); err != nil {
			return err
		}
		return a.Deploy.RemoveRun(tx, run)
	})
}

func (a *API) retryRun(r *Request) (any, error) {
	id, err := a.projectID(r, "RunbookRunView")
	if err != nil {
		return nil, err
	}
	made, err := a.runAgain(r, func(tx *store.Tx) (*catalog.RunbookRun, error) {
		run, err := catalog.RunbookRuns.Get(tx, r.Param("run"))
		if fault.Is(err, fault.NotFound) || err == nil && (run.ProjectID != id || run.SpaceID != r.Space) {
			return nil, fault.New(fault.NotFound, "The project has no runbook run '%s'.", r.Param("run"))
		}
		return run, err
	})
	if err != nil {
		return nil, err
	}
	return Created(runsMade(made)), nil
}

// runAgain runs again what a run has run, in the same place and with the same
// choices.
func (a *API) runAgain(r *Request, find func(tx *store.Tx) (*catalog.RunbookRun, error)) ([]deploy.MadeRun, error) {
	var again *deploy.NewRuns
	err := r.View(func(tx *store.Tx) error {
		run, err := find(tx)
		if err == nil {
			again, err = a.Deploy.RunAgain(tx, run)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	r.Space = again.Snapshot.SpaceID
	return a.runNow(r, *again)
}

// rerun runs again what a task has run.
func (a *API) rerun(r *Request, t *task.Task) (any, error) {
	made, err := a.runAgain(r, func(tx *store.Tx) (*catalog.RunbookRun, error) { return deploy.RunOf(tx, t) })
	if err != nil {
		return nil, err
	}
	return Created(taskOf(made[0].Task, time.Now())), nil
}

// wantedPreviews are the places that previews are asked for.
type wantedPreviews struct {
	DeploymentPreviews   []deploy.PreviewOf
	IncludeDisabledSteps bool
}

// staged finds the runbook of the path, with the snapshot that is meant: that
// of the path, else the published one; nil is the runbook as it is now.
func (a *API) staged(r *Request, tx *store.Tx) (*catalog.Runbook, *catalog.RunbookSnapshot, error) {
	if r.Param("runbook") == "" && !runbookID.MatchString(r.Param("id")) {
		s, err := a.snapshot(r, tx, "RunbookView")
		if err != nil {
			return nil, nil, err
		}
		b, err := catalog.Runbooks.Get(tx, s.RunbookID)
		return b, s, err
	}
	b, err := a.runbook(r, tx, "RunbookView")
	if err != nil || b.PublishedRunbookSnapshotID == "" {
		return b, nil, err
	}
	s, err := deploy.FindSnapshot(tx, b, "")
	return b, s, err
}

func (a *API) runPreview(r *Request) (any, error) {
	all, err := a.previewRuns(r, []deploy.PreviewOf{{EnvironmentID: r.Param("environment"), TenantID: r.Param("tenant")}}, r.Bool("includeDisabledSteps"))
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

func (a *API) runPreviews(r *Request) (any, error) {
	var c wantedPreviews
	if err := r.Read(&c); err != nil {
		return nil, err
	}
	return a.previewRuns(r, c.DeploymentPreviews, c.IncludeDisabledSteps)
}

func (a *API) previewRuns(r *Request, wanted []deploy.PreviewOf, disabled bool) (all []deploy.RunPreview, err error) {
	err = r.View(func(tx *store.Tx) error {
		b, s, err := a.staged(r, tx)
		if err == nil {
			all, err = a.Deploy.RunPreviews(tx, b, s, wanted, disabled)
		}
		return err
	})
	return all, err
}

func (a *API) runTemplate(r *Request) (any, error) {
	var t *deploy.RunTemplate
	err := r.View(func(tx *store.Tx) error {
		b, s, err := a.staged(r, tx)
		if err != nil {
			return err
		}
		t, err = a.Deploy.RunTemplate(tx, b, s, r.mayRun(b.ProjectID))
		return err
	})
	return t, err
}

// mayRun asks whether the caller may run runbooks of a project at a place.
func (r *Request) mayRun(project string) func(environment, tenant string) (bool, error) {
	return func(environment, tenant string) (bool, error) {
		at := At{Project: project, Environments: []string{environment}}
		if tenant != "" {
			at.Tenants = []string{tenant}
		}
		return r.May("RunbookRunCreate", at)
	}
}
