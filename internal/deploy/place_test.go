package deploy_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/deploy"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

// machine adds a deployment target.
func (o *office) machine(name string, environment *catalog.Environment, roles ...string) *catalog.Machine {
	o.t.Helper()
	m := &catalog.Machine{EnvironmentIDs: []string{environment.ID}, Roles: roles}
	m.Name, m.SpaceID = name, space
	o.do(func(tx *store.Tx) error {
		a := &catalog.Account{AccountType: catalog.AccountPassword, Username: "ada", Password: &kind.Sensitive{HasValue: true, NewValue: ptr("x")}}
		a.Name, a.SpaceID = "account of "+name, space
		if err := catalog.Accounts.Put(tx, a); err != nil {
			return err
		}
		m.Endpoint = catalog.Endpoint{CommunicationStyle: catalog.StyleSSH, Host: name + ".example", Port: 22, AccountID: a.ID, Fingerprint: "SHA256:x"}
		return catalog.Machines.Put(tx, m)
	})
	return m
}

// on makes a step run on targets with a tag.
func on(role string, s catalog.Step) catalog.Step {
	s.Properties = map[string]kind.Property{"Octopus.Action.TargetRoles": {Text: role}}
	return s
}

func TestTargetsAndTheirVariables(t *testing.T) { each(t, testTargetsAndTheirVariables) }

func testTargetsAndTheirVariables(t *testing.T, o *office) {
	a, b := o.machine("a", o.dev, "web"), o.machine("b", o.dev, "web", "db")
	o.machine("c", o.prod, "web")
	scoped := text("Who", "the database")
	scoped.Scope.Role = []string{"db"}
	o.variables(text("Who", "a web server"), scoped)
	o.process(on("web", tell("First", "#{Who} #{Octopus.Machine.Name} of #{Octopus.Deployment.Machines}")))
	r := o.release(deploy.NewRelease{})
	o.work()
	all := o.deploy(r, deploy.DeployOptions{}, "Dev")[0]
	end := o.until(all.Task.ID, done)
	want := []string{"First@" + a.ID + ": a web server a of " + a.ID + "," + b.ID, "First@" + b.ID + ": the database b of " + a.ID + "," + b.ID}
	got := o.said()
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" || end.State != task.Success {
		t.Errorf("%s: %s\n%s", end.State, end.Error, diff)
	}
	told.Delete(o.project.ID)
	o.until(o.deploy(r, deploy.DeployOptions{ExcludedMachines: []string{"a"}}, "Dev")[0].Task.ID, done)
	o.until(o.deploy(r, deploy.DeployOptions{SpecificMachines: []string{a.ID}}, "Dev")[0].Task.ID, done)
	want = []string{"First@" + b.ID + ": the database b of " + b.ID, "First@" + a.ID + ": a web server a of " + a.ID}
	if diff := cmp.Diff(want, o.said()); diff != "" {
		t.Error(diff)
	}
	o.do(func(tx *store.Tx) error {
		d, err := catalog.Deployments.Get(tx, all.Deployment.ID)
		if diff := cmp.Diff([]string{a.ID, b.ID}, d.DeployedToMachineIDs); diff != "" {
			t.Error(diff)
		}
		return err
	})
}

func TestNoTargets(t *testing.T) { each(t, testNoTargets) }

func testNoTargets(t *testing.T, o *office) {
	o.process(on("web", tell("First", "hi")))
	r := o.release(deploy.NewRelease{})
	in := deploy.NewDeployments{Space: space, Release: r, Environments: []string{"Dev"}}
	if _, err := o.service.CreateDeployments(t.Context(), in); err == nil || !strings.Contains(details(err), "There are no machines to deploy to") {
		t.Errorf("got %v", err)
	}
	o.work()
	// What is scheduled is looked at when it begins.
	made := o.deploy(r, deploy.DeployOptions{QueueTime: time.Now().Add(time.Second)}, "Dev")[0]
	end := o.until(made.Task.ID, done)
	if end.State != task.Failed || !strings.Contains(end.Error, "There are no machines to deploy to") {
		t.Errorf("%s: %s", end.State, end.Error)
	}
	o.do(func(tx *store.Tx) error {
		events, _, err := tx.Events(store.EventQuery{Regarding: []string{made.Deployment.ID}, Categories: []string{"DeploymentFailed"}})
		if len(events) != 1 {
			t.Errorf("%d events of a failure", len(events))
		}
		return err
	})
}

func TestTenants(t *testing.T) { each(t, testTenants) }

func testTenants(t *testing.T, o *office) {
	o.process(tell("First", "for #{Octopus.Deployment.Tenant.Name}"))
	o.do(func(tx *store.Tx) error {
		p, err := catalog.Projects.Get(tx, o.project.ID)
		if err != nil {
			return err
		}
		p.TenantedDeploymentMode = catalog.TenantedOrUntenanted
		if err := catalog.Projects.Put(tx, p); err != nil {
			return err
		}
		set := &catalog.TagSet{Tags: []catalog.Tag{{Name: "East", Color: "#ffffff"}, {Name: "West", Color: "#000000"}}}
		set.Name, set.SpaceID = "Region", space
		if err := catalog.TagSets.Put(tx, set); err != nil {
			return err
		}
		for name, tag := range map[string]string{"Acme": "Region/East", "Globex": "Region/East", "Initech": "Region/West"} {
			tenant := &catalog.Tenant{TenantTags: []string{tag}, ProjectEnvironments: map[string][]string{o.project.ID: {o.dev.ID}}}
			if name == "Acme" {
				tenant.ProjectEnvironments[o.project.ID] = []string{o.dev.ID, o.prod.ID}
			}
			tenant.Name, tenant.SpaceID = name, space
			if err := catalog.Tenants.Put(tx, tenant); err != nil {
				return err
			}
		}
		return nil
	})
	r := o.release(deploy.NewRelease{})
	o.work()
	made, err := o.service.CreateDeployments(t.Context(), deploy.NewDeployments{Space: space, Release: r, Environments: []string{"Dev"}, Tenants: []string{"initech"}, TenantTags: []string{"Region/East"}})
	if err != nil {
		t.Fatal(details(err))
	}
	var names []string
	for _, m := range made {
		o.until(m.Task.ID, done)
		names = append(names, m.Task.Description)
	}
	slices.Sort(names)
	want := []string{"Deploy Web shop release 0.0.1 to Dev for Acme", "Deploy Web shop release 0.0.1 to Dev for Globex", "Deploy Web shop release 0.0.1 to Dev for Initech"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
	_, err = o.service.CreateDeployments(t.Context(), deploy.NewDeployments{Space: space, Release: r, Environments: []string{"Prod"}, Tenants: []string{"Acme", "Globex"}})
	if err == nil || !strings.Contains(details(err), "Globex in Prod: Tenant 'Globex' is not connected to project 'Web shop' in environment 'Prod'.") || strings.Contains(details(err), "Acme in") {
		t.Errorf("got %v", details(err))
	}
	// Each tenant goes its own way: the untenanted stream has not been to Dev.
	_, err = o.service.CreateDeployments(t.Context(), deploy.NewDeployments{Space: space, Release: r, Environments: []string{"Prod"}})
	if err == nil || !strings.Contains(details(err), "first needs a successful deployment") {
		t.Errorf("got %v", details(err))
	}
	var template deploy.DeploymentTemplate
	o.do(func(tx *store.Tx) error {
		template, err = o.service.DeploymentTemplate(tx, r, func(string, string) (bool, error) { return true, nil })
		return err
	})
	if len(template.PromoteTo) != 1 || len(template.TenantPromotions) != 3 || len(template.TenantPromotions[0].PromoteTo) != 2 {
		t.Errorf("%+v", template)
	}
}

func TestFrozen(t *testing.T) { each(t, testFrozen) }

func testFrozen(t *testing.T, o *office) {
	o.process(tell("First", "hi"))
	r := o.release(deploy.NewRelease{})
	now := time.Now()
	o.do(func(tx *store.Tx) error {
		return catalog.DeploymentFreezes.Put(tx, &catalog.DeploymentFreeze{Name: "Holidays", Start: kind.Time{Time: now.Add(-time.Hour)}, End: kind.Time{Time: now.Add(time.Hour)},
			ProjectEnvironmentScope: map[string][]string{o.project.ID: {o.dev.ID}}})
	})
	in := deploy.NewDeployments{Space: space, Release: r, Environments: []string{"Dev"}}
	if _, err := o.service.CreateDeployments(t.Context(), in); err == nil || !strings.Contains(details(err), "freeze 'Holidays'") {
		t.Errorf("got %v", err)
	}
	in.Freezes = []string{"holidays"}
	if _, err := o.service.CreateDeployments(t.Context(), in); err == nil || !strings.Contains(details(err), "DeploymentFreezeOverrideReason") {
		t.Errorf("got %v", err)
	}
	in.FreezeReason = "it burns"
	made, err := o.service.CreateDeployments(t.Context(), in)
	if err != nil {
		t.Fatal(details(err))
	}
	o.work()
	if end := o.until(made[0].Task.ID, done); end.State != task.Success {
		t.Errorf("%s: %s", end.State, end.Error)
	}
	in.Freezes, in.FreezeReason, in.QueueTime = nil, "", now.Add(2*time.Hour)
	if _, err := o.service.CreateDeployments(t.Context(), in); err != nil {
		t.Errorf("after the freeze: %v", details(err))
	}
}

func TestGuidedFailure(t *testing.T) { each(t, testGuidedFailure) }

func testGuidedFailure(t *testing.T, o *office) {
	o.variables(text("Fails", "yes"), text("Octopus.UseGuidedFailure", "True"))
	o.process(tell("First", "hi"))
	o.work()
	made := o.deploy(o.release(deploy.NewRelease{}), deploy.DeployOptions{}, "Dev")[0]
	if !made.Deployment.UseGuidedFailure {
		t.Error("the variable does not turn guided failure on")
	}
	id := made.Task.ID
	o.until(id, func(t *task.Task) bool { return t.Hold == task.Paused })
	var pending []*catalog.Interruption
	o.do(func(tx *store.Tx) (err error) {
		pending, err = catalog.PendingInterruptions(tx, space, id)
		return err
	})
	var offered []string
	for _, e := range pending[0].Form.Elements {
		for _, b := range e.Control.Buttons {
			offered = append(offered, b.Value)
		}
	}
	if diff := cmp.Diff([]string{"Fail", "Retry", "Ignore"}, offered); diff != "" || pending[0].Type != "GuidedFailure" {
		t.Errorf("%s: %s", pending[0].Type, diff)
	}
	if _, err := o.service.Answer(t.Context(), deploy.Answered{ID: pending[0].ID, Values: map[string]string{"Guidance": "Ignore"}, UserID: "Users-1"}); err != nil {
		t.Fatal(err)
	}
	if end := o.until(id, done); end.State != task.Success || len(end.Pending) != 0 {
		t.Errorf("%s: %s", end.State, end.Error)
	}
}

func TestSecretAnswersAreSealed(t *testing.T) { each(t, testSecretAnswersAreSealed) }

func testSecretAnswersAreSealed(t *testing.T, o *office) {
	o.variables(catalog.Variable{Name: "Pin", Type: catalog.VariableSensitive, Prompt: &catalog.Prompt{Label: "The pin", Required: true}})
	o.process(tell("First", "#{Pin}"))
	r := o.release(deploy.NewRelease{})
	o.work()
	made := o.deploy(r, deploy.DeployOptions{Variables: map[string]string{"Pin": "hunter22"}}, "Dev")[0]
	o.until(made.Task.ID, done)
	if diff := cmp.Diff([]string{"First@: hunter22"}, o.said()); diff != "" {
		t.Error(diff)
	}
	var again *deploy.NewDeployments
	o.do(func(tx *store.Tx) error {
		for _, table := range []string{"deployment", "document", "event", "task", "task_plan", "task_step"} {
			column := map[string]string{"task": "arguments", "task_plan": "plan"}[table]
			if column == "" {
				column = "data"
			}
			n := 0
			if _, err := tx.QueryRow([]any{&n}, "select count(*) from "+table+" where cast("+column+" as text) like '%hunter22%'"); err != nil {
				return err
			}
			if n > 0 && table != "task_step" { // the executor of the test puts it out itself
				t.Errorf("%s holds the secret in clear", table)
			}
		}
		var err error
		ended, err := task.GetTx(tx, made.Task.ID)
		if err != nil {
			return err
		}
		again, err = o.service.Again(tx, ended)
		return err
	})
	if again.Variables["Pin"] != "hunter22" {
		t.Errorf("again with %v", again.Variables)
	}
}

func TestVariablesOfAReleaseCanBeUpdated(t *testing.T) { each(t, testVariablesOfAReleaseCanBeUpdated) }

func testVariablesOfAReleaseCanBeUpdated(t *testing.T, o *office) {
	o.variables(text("Greeting", "old"))
	o.process(tell("First", "#{Greeting}"))
	r := o.release(deploy.NewRelease{})
	o.variables(text("Greeting", "new"))
	o.work()
	o.until(o.deploy(r, deploy.DeployOptions{}, "Dev")[0].Task.ID, done)
	if _, err := o.service.UpdateVariables(t.Context(), r.ID); err != nil {
		t.Fatal(err)
	}
	o.until(o.deploy(r, deploy.DeployOptions{}, "Dev")[0].Task.ID, done)
	if diff := cmp.Diff([]string{"First@: old", "First@: new"}, o.said()); diff != "" {
		t.Error(diff)
	}
}
