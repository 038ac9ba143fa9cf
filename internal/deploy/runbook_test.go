package deploy_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/deploy"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

// runbook adds a runbook to the project.
func (o *office) runbook(name string, change func(r *catalog.Runbook), steps ...catalog.Step) *catalog.Runbook {
	o.t.Helper()
	r := &catalog.Runbook{ProjectID: o.project.ID}
	r.Name, r.SpaceID = name, space
	if change != nil {
		change(r)
	}
	o.do(func(tx *store.Tx) error { return catalog.Runbooks.Put(tx, r) })
	o.rewrite(r, steps...)
	return r
}

// rewrite gives a runbook other steps.
func (o *office) rewrite(r *catalog.Runbook, steps ...catalog.Step) {
	o.t.Helper()
	o.do(func(tx *store.Tx) error {
		p, err := catalog.RunbookProcesses.Get(tx, r.RunbookProcessID)
		if err != nil {
			return err
		}
		p.Steps = steps
		return catalog.RunbookProcesses.Put(tx, p)
	})
}

// publish makes a snapshot of a runbook and publishes it.
func (o *office) publish(r *catalog.Runbook) *catalog.RunbookSnapshot {
	o.t.Helper()
	made, err := o.service.CreateSnapshot(o.t.Context(), deploy.NewSnapshot{Runbook: r, Publish: true})
	if err != nil {
		o.t.Fatal(details(err))
	}
	return made
}

// perform runs a snapshot.
func (o *office) perform(s *catalog.RunbookSnapshot, options deploy.DeployOptions, environments ...string) []deploy.MadeRun {
	o.t.Helper()
	made, err := o.service.CreateRuns(o.t.Context(), deploy.NewRuns{Snapshot: s, Environments: environments, DeployOptions: options})
	if err != nil {
		o.t.Fatal(details(err))
	}
	return made
}

func (o *office) tenant(name string, environments ...string) *catalog.Tenant {
	o.t.Helper()
	t := &catalog.Tenant{ProjectEnvironments: map[string][]string{o.project.ID: environments}}
	t.Name, t.SpaceID = name, space
	o.do(func(tx *store.Tx) error { return catalog.Tenants.Put(tx, t) })
	return t
}

func TestRunbookRuns(t *testing.T) { each(t, testRunbookRuns) }

func testRunbookRuns(t *testing.T, o *office) {
	r := o.runbook("Restart", nil,
		tell("First", "#{Octopus.Runbook.Name} #{Octopus.RunbookRun.Id} #{Octopus.RunbookSnapshot.Name} in #{Octopus.Environment.Name}: #{Who} #{Octopus.Deployment.Id}#{if Octopus.Release.Id}release#{/if}"),
		tell("Second", "after #{Octopus.Action[First].Output.Said | ToUpper}"))
	mine, other := text("Who", "the runbook"), text("Who", "the project")
	mine.Scope.ProcessOwner, other.Scope.ProcessOwner = []string{r.ID}, []string{o.project.ID}
	o.variables(mine, other)
	s := o.publish(r)
	// What has been frozen stays as it was.
	o.rewrite(r, tell("Changed", "not this"))
	o.variables(text("Who", "nobody"))
	o.work()
	made := o.perform(s, deploy.DeployOptions{}, "Dev")
	end := o.until(made[0].Task.ID, done)
	if end.State != task.Success || end.RunbookID != r.ID || end.Name != "RunbookRun" || end.Description != "Run Restart of Web shop in Dev" {
		t.Fatalf("it ended as %s: %s %+v", end.State, end.Error, end)
	}
	want := []string{"First@: Restart RunbookRuns-1 Snapshot 1 in Dev: the runbook RunbookRuns-1", "Second@: after RESTART RUNBOOKRUNS-1 SNAPSHOT 1 IN DEV: THE RUNBOOK RUNBOOKRUNS-1"}
	if diff := cmp.Diff(want, o.said()); diff != "" {
		t.Error(diff)
	}
	o.do(func(tx *store.Tx) error {
		run, err := catalog.RunbookRuns.Get(tx, made[0].Run.ID)
		if err != nil {
			return err
		}
		if run.TaskID != end.ID || run.FailureEncountered || run.RunbookID != r.ID || run.FrozenRunbookProcessID != s.FrozenRunbookProcessID {
			t.Errorf("%+v", run)
		}
		events, _, err := tx.Events(store.EventQuery{Regarding: []string{run.ID}, Take: 10})
		var got []string
		for _, e := range events {
			got = append(got, e.Category)
		}
		slices.Sort(got)
		if diff := cmp.Diff([]string{"Created", "Modified", "RunbookRunQueued", "RunbookRunStarted", "RunbookRunSucceeded"}, got); diff != "" {
			t.Errorf("%v %s", got, diff)
		}
		return err
	})
}

func TestRunbookWhereItRuns(t *testing.T) { each(t, testRunbookWhereItRuns) }

func testRunbookWhereItRuns(t *testing.T, o *office) {
	ada := o.tenant("Ada", o.dev.ID, o.prod.ID)
	o.tenant("Bob", o.dev.ID)
	off := &catalog.Tenant{IsDisabled: true, ProjectEnvironments: map[string][]string{o.project.ID: {o.dev.ID}}}
	off.Name, off.SpaceID = "Off", space
	o.do(func(tx *store.Tx) error {
		if err := catalog.Tenants.Put(tx, off); err != nil {
			return err
		}
		l, err := catalog.Lifecycles.Get(tx, o.project.LifecycleID)
		if err != nil {
			return err
		}
		l.Phases = []catalog.Phase{{Name: "A", OptionalDeploymentTargets: []string{o.dev.ID}}}
		return catalog.Lifecycles.Put(tx, l)
	})
	for name, c := range map[string]struct {
		change                func(r *catalog.Runbook)
		environments, tenants []string
		runs                  int
		complaint             string
	}{
		"everywhere":           {func(*catalog.Runbook) {}, []string{"Dev", o.prod.ID}, nil, 2, ""},
		"not specified":        {func(r *catalog.Runbook) { r.EnvironmentScope, r.Environments = "Specified", []string{o.prod.ID} }, []string{"Dev"}, nil, 0, "Runbook 'not specified' does not run in environment 'Dev': its environment scope is Specified."},
		"specified":            {func(r *catalog.Runbook) { r.EnvironmentScope, r.Environments = "Specified", []string{o.prod.ID} }, []string{"Prod"}, nil, 1, ""},
		"of no lifecycle":      {func(r *catalog.Runbook) { r.EnvironmentScope = "FromProjectLifecycles" }, []string{"Dev", "Prod"}, nil, 0, "Prod: Runbook 'of no lifecycle' does not run in environment 'Prod'"},
		"of a lifecycle":       {func(r *catalog.Runbook) { r.EnvironmentScope = "FromProjectLifecycles" }, []string{"Dev"}, nil, 1, ""},
		"for no tenant":        {func(*catalog.Runbook) {}, []string{"Dev"}, []string{"Ada"}, 0, "Runbook 'for no tenant' is not run for tenants."},
		"for tenants only":     {func(r *catalog.Runbook) { r.MultiTenancyMode = "Tenanted" }, []string{"Dev"}, nil, 0, "is run for tenants only; name a tenant."},
		"for tenants":          {func(r *catalog.Runbook) { r.MultiTenancyMode = "Tenanted" }, []string{"Dev"}, []string{"Ada", "Bob"}, 2, ""},
		"not connected":        {func(r *catalog.Runbook) { r.MultiTenancyMode = "Tenanted" }, []string{"Dev", "Prod"}, []string{ada.ID, "Bob"}, 0, "Tenant 'Bob' is not connected to project 'Web shop' in environment 'Prod'."},
		"for one switched off": {func(r *catalog.Runbook) { r.MultiTenancyMode = "Tenanted" }, []string{"Dev"}, []string{"Off"}, 0, "Tenant 'Off' is disabled."},
		"nowhere":              {func(*catalog.Runbook) {}, []string{"Moon"}, nil, 0, "There is no environment 'Moon'"},
	} {
		t.Run(name, func(t *testing.T) {
			r := o.runbook(name, c.change, tell("Say", "x"))
			made, err := o.service.CreateRuns(t.Context(), deploy.NewRuns{Snapshot: o.publish(r), Environments: c.environments, Tenants: c.tenants})
			if c.complaint != "" {
				if err == nil || fault.CodeOf(err) != fault.Invalid || !strings.Contains(details(err), c.complaint) {
					t.Errorf("%v does not say %q", err, c.complaint)
				}
				return
			}
			if err != nil || len(made) != c.runs {
				t.Errorf("%d runs, %v", len(made), err)
			}
		})
	}
}

func TestRunbookAsks(t *testing.T) { each(t, testRunbookAsks) }

func testRunbookAsks(t *testing.T, o *office) {
	r := o.runbook("Ask", func(r *catalog.Runbook) { r.DefaultGuidedFailureMode = "On" }, tell("Say", "#{Name} #{if Octopus.Deployment.Trigger.Name}#{Octopus.Deployment.Trigger.Name}#{/if}"))
	prompt := &catalog.Prompt{Label: "Your name", Required: true}
	mine, other := catalog.Variable{Name: "Name", Prompt: prompt}, catalog.Variable{Name: "Other", Prompt: prompt}
	mine.Scope.ProcessOwner, other.Scope.ProcessOwner = []string{r.ID}, []string{o.project.ID}
	o.variables(mine, other)
	s := o.publish(r)
	for given, want := range map[string]string{"": "A value is required for variable \"Your name\".", "Other": "Variables: 'Other' is not a prompted variable of this runbook."} {
		in := deploy.NewRuns{Snapshot: s, Environments: []string{"Dev"}, DeployOptions: deploy.DeployOptions{Variables: map[string]string{}}}
		if given != "" {
			in.Variables[given] = "x"
		}
		if _, err := o.service.CreateRuns(t.Context(), in); err == nil || !strings.Contains(details(err), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	var preview []deploy.RunPreview
	o.do(func(tx *store.Tx) (err error) {
		preview, err = o.service.RunPreviews(tx, r, s, []deploy.PreviewOf{{EnvironmentID: o.dev.ID}}, false)
		return err
	})
	if p := preview[0]; len(p.Form.Elements) != 1 || p.Form.Elements[0].Control.Label != "Your name" || !p.UseGuidedFailureModeByDefault || len(p.StepsToExecute) != 1 {
		t.Errorf("%+v", p)
	}
	o.work()
	options := deploy.DeployOptions{Variables: map[string]string{"name": "Eve"}}
	options.Trigger.ID, options.Trigger.Name = "ProjectTriggers-1", "Nightly"
	first := o.until(o.perform(s, options, "Dev")[0].Task.ID, done)
	// Run again it gives the same answers.
	var again *deploy.NewRuns
	o.do(func(tx *store.Tx) error {
		run, err := deploy.RunOf(tx, first)
		if err != nil {
			return err
		}
		again, err = o.service.RunAgain(tx, run)
		return err
	})
	made, err := o.service.CreateRuns(t.Context(), *again)
	if err != nil {
		t.Fatal(details(err))
	}
	o.until(made[0].Task.ID, done)
	if diff := cmp.Diff([]string{"Say@: Eve Nightly", "Say@: Eve "}, o.said()); diff != "" || !made[0].Run.UseGuidedFailure {
		t.Error(diff)
	}
}

func TestRunbookSnapshots(t *testing.T) { each(t, testRunbookSnapshots) }

func testRunbookSnapshots(t *testing.T, o *office) {
	unpack := catalog.Step{Name: "Unpack", Actions: []catalog.Action{{Name: "Unpack", ActionType: "Test.Tell", Properties: map[string]kind.Property{"Say": {Text: "#{Octopus.Action.Package.PackageVersion}"}},
		Packages: []catalog.PackageReference{{PackageID: "Web", FeedID: catalog.BuiltInFeedID(space), AcquisitionLocation: "NotAcquired"}}}}}
	r := o.runbook("Patch", nil, unpack)
	if _, err := func() (s *catalog.RunbookSnapshot, err error) {
		o.do(func(tx *store.Tx) error { s, err = deploy.FindSnapshot(tx, r, ""); return nil })
		return s, err
	}(); err == nil || !strings.Contains(err.Error(), "Runbook 'Patch' has no published snapshot") {
		t.Errorf("without a published snapshot: %v", err)
	}
	newest := o.publish(r)
	named, err := o.service.CreateSnapshot(t.Context(), deploy.NewSnapshot{Runbook: r, Name: "By hand", Packages: []string{"Unpack:1.0.0"}})
	if err != nil {
		t.Fatal(details(err))
	}
	for version, s := range map[string]*catalog.RunbookSnapshot{"1.2.0": newest, "1.0.0": named} {
		if got := s.SelectedPackages; len(got) != 1 || got[0].Version != version {
			t.Errorf("%s has chosen %+v", s.Name, got)
		}
	}
	for name, in := range map[string]deploy.NewSnapshot{
		"The name 'by hand' is already in use":  {Runbook: r, Name: "by hand"},
		"Version 9.9.9":                         {Runbook: r, Packages: []string{"Unpack:9.9.9"}},
		"the process has no package '' of a st": {Runbook: r, Selected: []catalog.SelectedPackage{{ActionName: "Nothing", Version: "1"}}},
	} {
		if _, err := o.service.CreateSnapshot(t.Context(), in); err == nil || !strings.Contains(details(err), name) {
			t.Errorf("%v does not say %q", err, name)
		}
	}
	template, err := o.service.SnapshotTemplate(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	o.do(func(tx *store.Tx) error {
		if template.NextNameIncrement != "Snapshot 2" || len(template.Packages) != 1 || template.Packages[0].VersionSelectedLastRelease != "1.0.0" || template.Packages[0].PackageID != "Web" {
			t.Errorf("%+v", template)
		}
		current, err := catalog.Runbooks.Get(tx, r.ID)
		if err != nil {
			return err
		}
		published, err := deploy.FindSnapshot(tx, current, "")
		if err != nil || published.ID != newest.ID {
			t.Errorf("published is %+v, %v", published, err)
		}
		found, err := deploy.FindSnapshot(tx, current, "by HAND")
		if err != nil || found.ID != named.ID {
			t.Errorf("by name: %+v, %v", found, err)
		}
		run, err := o.service.RunTemplate(tx, current, newest, func(environment, _ string) (bool, error) { return environment == o.dev.ID, nil })
		if err != nil || len(run.PromoteTo) != 1 || run.PromoteTo[0].ID != o.dev.ID || run.IsRunbookProcessModified || run.IsVariableSetModified {
			t.Errorf("template of a run: %+v, %v", run, err)
		}
		return catalog.RunbookSnapshots.Remove(tx, named)
	})
	o.work()
	o.until(o.perform(newest, deploy.DeployOptions{}, "Dev")[0].Task.ID, done)
	if diff := cmp.Diff([]string{"Unpack@: 1.2.0"}, o.said()); diff != "" {
		t.Error(diff)
	}
}

func TestRunbookRunsSupersede(t *testing.T) { each(t, testRunbookRunsSupersede) }

func testRunbookRunsSupersede(t *testing.T, o *office) {
	r := o.runbook("Restart", nil, tell("Say", "x"))
	other := o.publish(o.runbook("Other", nil, tell("Say", "x")))
	s := o.publish(r)
	first, elsewhere := o.perform(s, deploy.DeployOptions{}, "Dev")[0], o.perform(other, deploy.DeployOptions{}, "Dev")[0]
	later := o.perform(s, deploy.DeployOptions{QueueTime: time.Now().Add(time.Hour)}, "Dev")[0]
	second := o.perform(s, deploy.DeployOptions{}, "Dev")[0]
	state := func(m deploy.MadeRun) task.State {
		got, err := o.queue.Get(t.Context(), m.Task.ID)
		if err != nil {
			t.Fatal(err)
		}
		return got.State
	}
	got := []task.State{state(first), state(elsewhere), state(later), state(second)}
	if diff := cmp.Diff([]task.State{task.Canceled, task.Queued, task.Queued, task.Queued}, got); diff != "" {
		t.Error(diff)
	}
	o.do(func(tx *store.Tx) error {
		err := o.service.RemoveRun(tx, second.Run)
		if !fault.Is(err, fault.Conflict) {
			t.Errorf("a run that waits is removed: %v", err)
		}
		return o.service.RemoveRun(tx, first.Run)
	})
	if _, err := o.queue.Get(t.Context(), first.Task.ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("the task of a removed run: %v", err)
	}
}

// TestRealRunbook runs scripts of a runbook on the built-in worker, while node
// after node stops. Every script runs once.
func TestRealRunbook(t *testing.T) {
	p := newPlant(t)
	ran := t.TempDir() + "/ran"
	r := p.runbook("Restart", nil,
		script("First", `echo first >> `+ran+`; for i in $(seq 20); do echo "line $i"; sleep 0.05; done; set_octopusvariable Last "$i"`),
		script("Second", `echo second >> `+ran+`; echo "#{Octopus.Runbook.Name} said #{Octopus.Action[First].Output.Last} $(get_octopusvariable Octopus.RunbookSnapshot.Name)"`))
	made := p.perform(p.publish(r), deploy.DeployOptions{}, "Dev")
	id := made[0].Task.ID
	var end *task.Task
	for n := 0; end == nil && n < 40; n++ {
		end = p.workFor(fmt.Sprint("node", n), time.Duration(500+100*n)*time.Millisecond, id)
	}
	if end == nil || end.State != task.Success {
		t.Fatalf("%+v\n%s", end, p.log(id))
	}
	lines, err := os.ReadFile(ran)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("first\nsecond\n", string(lines)); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(p.log(id), "Restart said 20 Snapshot 1") {
		t.Error(p.log(id))
	}
}
