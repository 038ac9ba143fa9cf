package deploy_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/deploy"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

// another makes a second project in the office.
func (o *office) another(name string) *office {
	o.t.Helper()
	other := *o
	other.project = &catalog.Project{ProjectGroupID: o.project.ProjectGroupID, LifecycleID: o.project.LifecycleID}
	other.project.Name, other.project.SpaceID = name, space
	o.do(func(tx *store.Tx) error { return catalog.Projects.Put(tx, other.project) })
	told.Delete(other.project.ID)
	return &other
}

// deployRelease is a step that deploys a release of a project.
func deployRelease(o *office, condition string) catalog.Step {
	return catalog.Step{Name: "Child", Actions: []catalog.Action{{
		Name: "Child", ActionType: "Octopus.DeployRelease", Packages: []catalog.PackageReference{{PackageID: o.project.ID, FeedID: "feeds-octopusproject"}},
		Properties: map[string]kind.Property{
			"Octopus.Action.DeployRelease.ProjectId": {Text: o.project.ID}, "Octopus.Action.DeployRelease.DeploymentCondition": {Text: condition},
			"Octopus.Action.DeployRelease.Variables": {Text: `{"Greeting":"from the parent"}`},
		},
	}}}
}

func TestDeployARelease(t *testing.T) { each(t, testDeployARelease) }

func testDeployARelease(t *testing.T, o *office) {
	child := o.another("Child")
	child.variables(text("Greeting", "own"))
	child.process(tell("Inner", "#{Greeting}"))
	child.release(deploy.NewRelease{Version: "3.0.0"})
	o.service.Feeds = shop{child.project.ID: {"3.0.0"}}
	o.process(deployRelease(child, "IfNotCurrentVersion"), tell("After", "#{Octopus.Action[Child].Output.Deployment[Inner].Said}"))
	r := o.release(deploy.NewRelease{})
	o.work()
	end := o.until(o.deploy(r, deploy.DeployOptions{}, "Dev")[0].Task.ID, done)
	if diff := cmp.Diff([]string{"After@: from the parent"}, o.said()); diff != "" || end.State != task.Success {
		t.Errorf("%s: %s\n%s", end.State, end.Error, diff)
	}
	if diff := cmp.Diff([]string{"Inner@: from the parent"}, child.said()); diff != "" {
		t.Error(diff)
	}
	again := o.until(o.deploy(r, deploy.DeployOptions{}, "Dev")[0].Task.ID, done)
	var log strings.Builder
	if err := wholeLog(t.Context(), o.queue, again.ID, &log); err != nil {
		t.Fatal(err)
	}
	if len(child.said()) != 1 || again.State != task.Success || !strings.Contains(log.String(), "is in Dev already") {
		t.Errorf("%s: %s %v\n%s", again.State, again.Error, child.said(), log.String())
	}
	// To Prod the child may not go, since it was never in Dev.
	child.release(deploy.NewRelease{Version: "4.0.0"})
	o.service.Feeds = shop{child.project.ID: {"4.0.0"}}
	o.do(func(tx *store.Tx) error {
		free := &catalog.Lifecycle{Phases: []catalog.Phase{{Name: "Any", OptionalDeploymentTargets: []string{o.dev.ID, o.prod.ID}, MinimumEnvironmentsBeforePromotion: 1}}}
		free.Name, free.SpaceID = "Free", space
		if err := catalog.Lifecycles.Put(tx, free); err != nil {
			return err
		}
		p, err := catalog.Projects.Get(tx, o.project.ID)
		if err != nil {
			return err
		}
		p.LifecycleID = free.ID
		return catalog.Projects.Put(tx, p)
	})
	fourth := o.release(deploy.NewRelease{})
	failed := o.until(o.deploy(fourth, deploy.DeployOptions{}, "Prod")[0].Task.ID, done)
	if failed.State != task.Failed || !strings.Contains(failed.Error, "first needs a successful deployment") {
		t.Errorf("%s: %s", failed.State, failed.Error)
	}
}
