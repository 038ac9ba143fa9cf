package deploy_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/deploy"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

// lawn is an office with a parent environment, and a channel of the project
// whose releases go to ephemeral environments.
type lawn struct {
	*office
	parent  *catalog.Environment
	channel *catalog.Channel
}

func (o *office) lawn(template string) *lawn {
	o.t.Helper()
	l := &lawn{office: o, parent: &catalog.Environment{Type: catalog.ParentEnvironment}, channel: &catalog.Channel{ProjectID: o.project.ID, Type: catalog.EphemeralChannel}}
	l.parent.Name, l.parent.SpaceID = "Branches", space
	o.do(func(tx *store.Tx) error {
		if err := catalog.Environments.Put(tx, l.parent); err != nil {
			return err
		}
		l.channel.Name, l.channel.SpaceID, l.channel.ParentEnvironmentID = "Branches", space, l.parent.ID
		l.channel.EphemeralEnvironmentNameTemplate, l.channel.AutomaticEphemeralEnvironmentDeployments = template, template != ""
		return catalog.Channels.Put(tx, l.channel)
	})
	return l
}

// runbooks gives the project runbooks that make environments ready and take
// them down.
func (l *lawn) runbooks() {
	l.t.Helper()
	up := l.runbook("Up", nil, tell("Up", "up #{Octopus.Environment.Name}"))
	down := l.runbook("Down", nil, tell("Down", "down #{Octopus.Environment.Name}"))
	l.publish(up)
	l.publish(down)
	l.do(func(tx *store.Tx) error {
		p, err := catalog.Projects.Get(tx, l.project.ID)
		if err != nil {
			return err
		}
		p.ProvisioningRunbookID, p.DeprovisioningRunbookID = up.ID, down.ID
		return catalog.Projects.Put(tx, p)
	})
}

func (l *lawn) raise(name string) (e *catalog.Environment) {
	l.t.Helper()
	l.do(func(tx *store.Tx) (err error) {
		e, err = deploy.Raise(tx, l.project, name)
		return err
	})
	return e
}

func (l *lawn) state(environment string) (state deploy.EphemeralState) {
	l.t.Helper()
	l.do(func(tx *store.Tx) error {
		u, err := catalog.FindEnvironmentUse(tx, l.project.ID, environment)
		if err == nil {
			state, err = deploy.StateOf(tx, u)
		}
		return err
	})
	return state
}

func (l *lawn) there(name string) (there bool) {
	l.t.Helper()
	l.do(func(tx *store.Tx) error {
		_, err := catalog.Environments.Find(tx, space, name)
		there = err == nil
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		return err
	})
	return there
}

func (l *lawn) leave(in deploy.Leaving) (runs []deploy.MadeRun, err error) {
	l.t.Helper()
	err = l.db.Do(l.t.Context(), func(tx *store.Tx) (err error) {
		runs, err = l.service.Deprovision(tx, in)
		return err
	})
	return runs, err
}

func TestEphemeralEnvironments(t *testing.T) { each(t, testEphemeralEnvironments) }

func testEphemeralEnvironments(t *testing.T, o *office) {
	l := o.lawn("")
	l.runbooks()
	o.process(tell("Go", "#{Octopus.Environment.Name} #{Scoped}"))
	scoped := text("Scoped", "of the parent")
	scoped.Scope.Environment = []string{l.parent.ID}
	o.variables(scoped)
	e := l.raise("pr-1")
	if again := l.raise("PR-1"); again.ID != e.ID {
		t.Errorf("a second environment %s", again.ID)
	}
	if got := l.state(e.ID); got != deploy.NotProvisioned {
		t.Error(got)
	}
	r := o.release(deploy.NewRelease{Channel: "Branches"})
	if _, err := o.service.CreateDeployments(t.Context(), deploy.NewDeployments{Space: space, Release: r, Environments: []string{"Dev"}}); !strings.Contains(details(err), `"Dev" is not part of lifecycle "channel Branches"`) {
		t.Error(err)
	}
	usual := o.release(deploy.NewRelease{Channel: "Default"})
	if _, err := o.service.CreateDeployments(t.Context(), deploy.NewDeployments{Space: space, Release: usual, Environments: []string{"pr-1"}}); fault.CodeOf(err) != fault.Invalid {
		t.Error("a release of another channel went there:", err)
	}
	o.work()
	for range 2 { // provisioned once
		m := o.deploy(r, deploy.DeployOptions{}, "pr-1")
		if end := o.until(m[0].Task.ID, done); end.State != task.Success {
			t.Fatal(end.State, end.Error)
		}
	}
	want := []string{"Up@: up pr-1", "Go@: pr-1 of the parent", "Go@: pr-1 of the parent"}
	if diff := cmp.Diff(want, o.said()); diff != "" {
		t.Error(diff)
	}
	if got := l.state(e.ID); got != deploy.Provisioned {
		t.Error(got)
	}
	runs, err := l.leave(deploy.Leaving{Environment: e})
	if err != nil || len(runs) != 1 {
		t.Fatal(runs, err)
	}
	if end := o.until(runs[0].Task.ID, done); end.State != task.Success {
		t.Fatal(end.State, end.Error)
	}
	if said := o.said(); said[len(said)-1] != "Down@: down pr-1" || l.there("pr-1") {
		t.Error(said, "the environment is there:", l.there("pr-1"))
	}
	if _, err := o.queue.Get(t.Context(), runs[0].Task.ID); err != nil {
		t.Error("who waits for the task that took it down finds nothing:", err)
	}
}

// Where provisioning fails nothing is deployed, and the next deployment tries
// once more; where taking down fails the environment stays.
func TestEphemeralFailures(t *testing.T) { each(t, testEphemeralFailures) }

func testEphemeralFailures(t *testing.T, o *office) {
	l := o.lawn("")
	o.variables(text("Fails", "yes"))
	l.runbooks()
	o.process(tell("Go", "gone"))
	e := l.raise("pr-2")
	r := o.release(deploy.NewRelease{Channel: "Branches"})
	o.work()
	m := o.deploy(r, deploy.DeployOptions{}, "pr-2")
	end := o.until(m[0].Task.ID, done)
	if end.State != task.Failed || !strings.Contains(end.Error, "runbook that provisions") || slices.Contains(o.said(), "Go@: gone") {
		t.Error(end.State, end.Error, o.said())
	}
	if got := l.state(e.ID); got != deploy.ProvisioningFailed {
		t.Error(got)
	}
	runs, err := l.leave(deploy.Leaving{Environment: e, Project: o.project})
	if err != nil || len(runs) != 1 {
		t.Fatal(runs, err)
	}
	if end := o.until(runs[0].Task.ID, done); end.State != task.Failed {
		t.Error(end.State)
	}
	if got := l.state(e.ID); got != deploy.DeprovisioningFailed || !l.there("pr-2") {
		t.Error(got)
	}
}

func TestEphemeralByRelease(t *testing.T) { each(t, testEphemeralByRelease) }

func testEphemeralByRelease(t *testing.T, o *office) {
	l := o.lawn("#{Octopus.Release.CustomFields[Branch]}")
	o.process(tell("Go", "in #{Octopus.Environment.Name}"))
	o.do(func(tx *store.Tx) error {
		l.channel.CustomFieldDefinitions = []catalog.CustomFieldDefinition{{FieldName: "Branch"}}
		return catalog.Channels.Put(tx, l.channel)
	})
	o.work()
	made, err := o.service.CreateRelease(t.Context(), deploy.NewRelease{Space: space, Project: o.project.ID, Channel: "Branches", CustomFields: map[string]string{"Branch": "ava/new?"}})
	if err != nil || len(made.Automatic) != 1 {
		t.Fatal(err, made)
	}
	if end := o.until(made.Automatic[0].Task.ID, done); end.State != task.Success {
		t.Error(end.State, end.Error)
	}
	if diff := cmp.Diff([]string{"Go@: in ava-new"}, o.said()); diff != "" {
		t.Error(diff)
	}
	// What cannot be named is said, and keeps no release from being made.
	for field, why := range map[string]string{"": "has 1 to 50", strings.Repeat("x", 51): "has 51 letters", "Dev": "no ephemeral environment"} {
		made, err := o.service.CreateRelease(t.Context(), deploy.NewRelease{Space: space, Project: o.project.ID, Channel: "Branches", CustomFields: map[string]string{"Branch": field}})
		if err != nil || len(made.Automatic) != 0 {
			t.Fatal(err, made)
		}
		var message string
		o.do(func(tx *store.Tx) error {
			_, err := tx.QueryRow([]any{&message}, "select data ->> 'Message' from event where document = $1 and category = 'AutoDeployBlocked'", made.Release.ID)
			return err
		})
		if !strings.Contains(message, why) {
			t.Errorf("%q: %q", field, message)
		}
	}
}

func TestEphemeralEnvironmentsExpire(t *testing.T) { each(t, testEphemeralEnvironmentsExpire) }

func testEphemeralEnvironmentsExpire(t *testing.T, o *office) {
	l := o.lawn("")
	l.raise("old")
	now := time.Now()
	o.service.Now = func() time.Time { return now }
	reap := func(after time.Duration) bool {
		now = time.Now().Add(after)
		if err := o.service.Reap(t.Context()); err != nil {
			t.Fatal(err)
		}
		return !l.there("old")
	}
	rule := func(r *catalog.DeprovisioningRule) {
		o.do(func(tx *store.Tx) error {
			l.parent.AutomaticDeprovisioningRule = r
			return catalog.Environments.Put(tx, l.parent)
		})
	}
	if reap(6 * 24 * time.Hour) {
		t.Error("it went after six days")
	}
	rule(&catalog.DeprovisioningRule{})
	if reap(1000 * 24 * time.Hour) {
		t.Error("it went although that is switched off")
	}
	rule(&catalog.DeprovisioningRule{ExpiryHours: 2})
	if !reap(3 * time.Hour) {
		t.Error("it stays after three hours")
	}
	rule(nil)
	l.raise("old")
	if !reap(8 * 24 * time.Hour) {
		t.Error("it stays after eight days")
	}
}
