package deploy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/plan"
	"github.com/takodeploy/tako/internal/rule"
	"github.com/takodeploy/tako/internal/step"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
	"github.com/takodeploy/tako/internal/variable"
	"github.com/takodeploy/tako/version"
)

// Child creates the task that a record waits for. What a person could mend is
// told to the record, which then fails; so is that there is nothing to do.
func (g *occasion) Child(tx *store.Tx, t *task.Task, key string, c step.Child) error {
	var skipped string
	var err error
	switch c.Kind {
	case "Deployment":
		var want step.ChildDeployment
		if err := json.Unmarshal(c.Data, &want); err != nil {
			return fmt.Errorf("reading what step %s is to deploy: %w", key, err)
		}
		skipped, err = g.deployChild(tx, t, key, &want)
	case step.ProvisionChild:
		skipped, err = g.provision(tx, t, key)
	default:
		err = fault.New(fault.Invalid, "This server cannot start a %s from a step.", c.Kind)
	}
	switch {
	case err == nil && skipped != "":
		return g.answerChild(tx, t, key, task.Success, step.ChildResult{Skipped: skipped})
	case fault.Mendable(err):
		reason := err.Error()
		var f *fault.Error
		if errors.As(err, &f) && len(f.Details) > 0 {
			reason = strings.Join(f.Details, " ")
		}
		return g.answerChild(tx, t, key, task.Failed, step.ChildResult{Error: reason})
	}
	return err
}

// answerChild tells a record how what it waits for has ended.
func (g *occasion) answerChild(tx *store.Tx, t *task.Task, key string, state task.State, r step.ChildResult) error {
	data, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("answering %s: %w", key, err)
	}
	return g.Queue.Signal(tx, t.ID, task.Event{Kind: task.EventChild, Ref: key, At: g.now().UTC(), Text: string(state), Data: data})
}

// deployChild deploys the release that a step asks for to the place of this
// deployment, or says why it need not.
func (g *occasion) deployChild(tx *store.Tx, t *task.Task, key string, want *step.ChildDeployment) (skipped string, err error) {
	project, err := catalog.Projects.Find(tx, g.project.SpaceID, want.Project)
	if err != nil {
		return "", err
	}
	if project.ID == g.project.ID {
		return "", fault.New(fault.Invalid, "A deployment of project '%s' cannot deploy the project itself.", project.Name)
	}
	r, err := catalog.FindRelease(tx, g.project.SpaceID, project.ID, want.Version)
	if err != nil {
		return "", err
	}
	if r == nil {
		return "", fault.New(fault.NotFound, "Project '%s' has no release %s.", project.Name, want.Version)
	}
	in := NewDeployments{Space: r.SpaceID, Release: r, Environments: []string{g.environment.ID}}
	tenant := ""
	if g.tenant != nil && rule.TenantMode(project.TenantedDeploymentMode).AllowsTenant(g.tenant.ID) {
		tenant = g.tenant.ID
		in.Tenants = []string{tenant}
	}
	if skipped, err = current(tx, r, project, g.environment, tenant, want.Condition); err != nil || skipped != "" {
		return skipped, err
	}
	in.FromParent, in.ParentSecrets = want.Variables, want.Sensitive
	in.ForcePackageDownload, in.ForcePackageRedeployment = &g.execution.ForcePackageDownload, g.execution.ForcePackageRedeployment
	in.GuidedFailure = &g.execution.UseGuidedFailure
	in.Parent, in.ParentKey = t.ID, key
	in.FreezeReason = g.execution.DeploymentFreezeOverrideReason
	_, err = g.CreateDeploymentsTx(tx, in)
	return "", err
}

// current says why a release need not be deployed, by the step's condition.
func current(tx *store.Tx, r *catalog.Release, project *catalog.Project, environment *catalog.Environment, tenant, condition string) (string, error) {
	if condition == "" || strings.EqualFold(condition, "Always") {
		return "", nil
	}
	last, err := successes(tx, project.ID, environment.ID, tenant, 1<<62, 1)
	if err != nil || len(last) == 0 {
		return "", err
	}
	there, err := releaseDeployed(tx, last[0])
	if err != nil || there == nil {
		return "", err
	}
	if there.ID == r.ID {
		return fmt.Sprintf("Release %s of %s is in %s already.", r.Version, project.Name, environment.Name), nil
	}
	have, bad := version.Parse(version.Octopus, there.Version)
	next, worse := version.Parse(version.Octopus, r.Version)
	if strings.EqualFold(condition, "IfNewer") && bad == nil && worse == nil && next.Compare(have) <= 0 {
		return fmt.Sprintf("Release %s of %s is in %s, which is newer than %s.", there.Version, project.Name, environment.Name, r.Version), nil
	}
	return "", nil
}

// enrich adds what the steps of a child deployment have put out to the answer
// that its parent's record is given.
func (g *occasion) enrich(ctx context.Context, a *step.Answer) error {
	var r step.ChildResult
	if len(a.Data) == 0 || json.Unmarshal(a.Data, &r) != nil || r.TaskID == "" || len(r.Outputs) > 0 {
		return nil
	}
	text, records, err := g.Queue.Look(ctx, r.TaskID)
	if err != nil || text == nil {
		return err
	}
	var child plan.Plan
	if err := json.Unmarshal(text, &child); err != nil {
		return fmt.Errorf("reading the plan of %s: %w", r.TaskID, err)
	}
	const parent = "#"
	prefix := "Octopus.Action[" + parent + "].Output."
	for _, v := range variable.ChildOutputs(parent, outputs(plan.Standing{Plan: &child, Records: records})) {
		r.Outputs = append(r.Outputs, step.Output{Name: strings.TrimPrefix(v.Name, prefix), Value: v.Value, Sensitive: v.Sensitive})
	}
	slices.SortFunc(r.Outputs, func(a, b step.Output) int { return strings.Compare(a.Name, b.Name) })
	a.Data, err = json.Marshal(r)
	return err
}
