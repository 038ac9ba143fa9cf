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
	deployment := catalog.Deployments.Info()
	return []Route{
		{Method: "GET", Pattern: "S/deployments", Handle: a.deployments, Query: []string{"skip", "take", "taskState"}, Summary: "List deployments", Answer: deployment},
		{Method: "POST", Pattern: "S/deployments", Handle: a.createDeployment, Summary: "Deploy a release", Body: deployment, Answer: deployment},
		{Method: "POST", Pattern: "S/deployments/override", Handle: a.createDeployment, Summary: "Deploy a release in spite of a freeze", Body: deployment, Answer: deployment},
		{Method: "DELETE", Pattern: "S/deployments/{id}", Handle: a.deleteDeployment, Summary: "Delete a deployment with its task"},
		{Method: "GET", Pattern: "S/releases/{id}/deployments", Handle: a.releaseDeployments, Query: []string{"skip", "take"}, Summary: "The deployments of a release", Answer: deployment},
		{Method: "GET", Pattern: "S/releases/{id}/deployments/template", Handle: a.deploymentTemplate, Summary: "Where a release can be deployed", Answer: deploy.DeploymentTemplate{}},
		{Method: "GET", Pattern: "S/releases/{id}/deployments/preview/{environment}", Handle: a.deploymentPreview, Query: []string{"includeDisabledSteps", "queueTime"}, Summary: "What a deployment would do", Answer: deploy.Preview{}},
		{Method: "GET", Pattern: "S/releases/{id}/deployments/preview/{environment}/{tenant}", Handle: a.deploymentPreview, Query: []string{"includeDisabledSteps", "queueTime"}, Summary: "What a deployment would do", Answer: deploy.Preview{}},
		{Method: "POST", Pattern: "S/releases/{id}/deployments/previews", Handle: a.deploymentPreviews, Summary: "What deployments would do", Answer: []deploy.Preview{}},
		{Method: "GET", Pattern: "S/projects/{id}/deploymentprocesses/template", Handle: a.releaseTemplate, Query: []string{"channel", "releaseId"}, Summary: "What a release needs", Answer: deploy.ReleaseTemplate{}},
	}
})

// deployments lists deployments; the states of tasks are asked for in their
// table.
func (a *API) deployments(r *Request) (any, error) {
	h := a.crudOf(catalog.Deployments)
	skip, take, err := r.Paging()
	if err != nil {
		return nil, err
	}
	q := h.query(r)
	q.Skip, q.Take = skip, take
	q.Where = append(q.Where, r.narrowed(map[string]string{"projects": "ProjectId", "environments": "EnvironmentId", "tenants": "TenantId", "channels": "ChannelId"})...)
	return h.page(r, q)
}

// anyValue is the condition that a column has one of some values.
func anyValue(column string, values []string) store.Where {
	w := store.Where{}
	n := 1
	for n < len(values) {
		n *= 2 // few distinct statements
	}
	marks := make([]string, n)
	for i := range n {
		marks[i] = "?"
		w.Args = append(w.Args, values[min(i, len(values)-1)])
	}
	w.SQL = column + " in (" + strings.Join(marks, ", ") + ")"
	return w
}

// classicDeployment is a deployment as clients of before the commands send it.
type classicDeployment struct {
	catalog.Deployment
	DeploymentFreezeIDs   []string `json:"DeploymentFreezeIds"`
	DeploymentFreezeNames []string
	OverrideReason        string
}

func (a *API) createDeployment(r *Request) (any, error) {
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	var c classicDeployment
	if err := kind.Unmarshal(body, &c); err != nil {
		return nil, err
	}
	var sent struct{ UseGuidedFailure, ForcePackageDownload *bool }
	if err := json.Unmarshal(body, &sent); err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "The request body could not be read")
	}
	in := deploy.NewDeployments{Environments: []string{c.EnvironmentID}, DeployOptions: classicOptions(&c)}
	in.GuidedFailure = sent.UseGuidedFailure
	if sent.ForcePackageDownload != nil && *sent.ForcePackageDownload {
		in.ForcePackageDownload = sent.ForcePackageDownload
	}
	if c.TenantID != "" {
		in.Tenants = []string{c.TenantID}
	}
	err = r.View(func(tx *store.Tx) error {
		in.Release, err = catalog.Releases.Get(tx, c.ReleaseID)
		if fault.Is(err, fault.NotFound) || err == nil && in.Release.SpaceID != r.Space {
			return fault.New(fault.Invalid, "ReleaseId refers to '%s', which does not exist in space %s.", c.ReleaseID, r.Space)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	made, err := a.deployNow(r, in)
	if err != nil {
		return nil, err
	}
	raw, err := wireOf(r, catalog.Deployments, made[0].Deployment)
	return Created(raw), err
}

func classicOptions(c *classicDeployment) deploy.DeployOptions {
	return deploy.DeployOptions{
		ForcePackageRedeployment: c.ForcePackageRedeployment, SkipSteps: c.SkipActions, SpecificMachines: c.SpecificMachineIDs,
		ExcludedMachines: c.ExcludedMachineIDs, SpecificTags: c.SpecificTargetTagIDs, ExcludedTags: c.ExcludedTargetTagIDs,
		Variables: c.FormValues, QueueTime: momentOf(c.QueueTime), Expiry: momentOf(c.QueueTimeExpiry), Priority: c.Priority,
		Comments: c.Comments, FailTargetDiscovery: c.FailTargetDiscovery, DebugMode: c.DebugMode,
		Freezes: append(c.DeploymentFreezeNames, c.DeploymentFreezeIDs...), FreezeReason: c.OverrideReason + c.DeploymentFreezeOverrideReason,
	}
}

// redeploy deploys again what a task has deployed, to the same place and with
// the same choices.
func (a *API) redeploy(r *Request, t *task.Task) (any, error) {
	var again *deploy.NewDeployments
	err := r.View(func(tx *store.Tx) (err error) {
		again, err = a.Deploy.Again(tx, t)
		return err
	})
	if err != nil {
		return nil, err
	}
	r.Space = t.SpaceID
	made, err := a.deployNow(r, *again)
	if err != nil {
		return nil, err
	}
	return Created(taskOf(made[0].Task, time.Now())), nil
}

func (a *API) deleteDeployment(r *Request) (any, error) {
	return nil, r.Do(func(tx *store.Tx) error {
		d, err := catalog.Deployments.GetIn(tx, r.Space, r.Param("id"))
		if err != nil {
			return err
		}
		if err := r.NeedFor("DeploymentDelete", catalog.Deployments, d); err != nil {
			return err
		}
		return a.Deploy.Remove(tx, d)
	})
}

func (a *API) releaseDeployments(r *Request) (any, error) {
	rel, err := a.viewRelease(r, "ReleaseView")
	if err != nil {
		return nil, err
	}
	return a.listOf(r, catalog.Deployments, "ReleaseId", rel.ID)
}

func (a *API) deploymentTemplate(r *Request) (any, error) {
	var t deploy.DeploymentTemplate
	err := r.View(func(tx *store.Tx) error {
		rel, err := a.release(r, tx, "ReleaseView")
		if err != nil {
			return err
		}
		t, err = a.Deploy.DeploymentTemplate(tx, rel, func(environment, tenant string) (bool, error) {
			at := At{Project: rel.ProjectID, Environments: []string{environment}}
			if tenant != "" {
				at.Tenants = []string{tenant}
			}
			return r.May("DeploymentCreate", at)
		})
		return err
	})
	return t, err
}

func (a *API) deploymentPreview(r *Request) (any, error) {
	of := deploy.PreviewOf{EnvironmentID: r.Param("environment"), TenantID: r.Param("tenant")}
	if at := r.Q("queueTime"); at != "" {
		queued, err := kind.ParseTime(at)
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, err, "The query value queueTime must be a time such as 2026-12-24T18:00:00Z")
		}
		of.QueueTime = &queued
	}
	previews, err := a.previews(r, []deploy.PreviewOf{of}, r.Bool("includeDisabledSteps"))
	if err != nil {
		return nil, err
	}
	return previews[0], nil
}

func (a *API) deploymentPreviews(r *Request) (any, error) {
	var c wantedPreviews
	if err := r.Read(&c); err != nil {
		return nil, err
	}
	return a.previews(r, c.DeploymentPreviews, c.IncludeDisabledSteps)
}

func (a *API) previews(r *Request, wanted []deploy.PreviewOf, disabled bool) ([]deploy.Preview, error) {
	previews := []deploy.Preview{}
	err := r.View(func(tx *store.Tx) error {
		rel, err := a.release(r, tx, "ReleaseView")
		if err != nil {
			return err
		}
		if err := r.Need("ProcessView", At{Project: rel.ProjectID}); err != nil {
			return err
		}
		previews, err = a.Deploy.Previews(tx, rel, wanted, disabled)
		return err
	})
	return previews, err
}

func (a *API) releaseTemplate(r *Request) (any, error) {
	id, err := a.projectID(r, "ProcessView")
	if err != nil {
		return nil, err
	}
	return a.Deploy.ReleaseTemplate(r.Context(), r.Space, id, r.Param("gitRef"), r.Q("channel"), r.Q("releaseId"))
}
