package deploy_test

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/deploy"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/rule"
	"github.com/takodeploy/tako/internal/run"
	"github.com/takodeploy/tako/internal/step"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/store/storetest"
	"github.com/takodeploy/tako/internal/task"
	"github.com/takodeploy/tako/internal/variable"
	"github.com/takodeploy/tako/version"
)

// told collects what the executor of tests was given, by project.
var told sync.Map

var _ = step.Register("Test.Tell", step.ExecutorFunc(func(ctx context.Context, j *step.Job) (step.Outcome, error) {
	d := j.Variables.Dictionary()
	text := variable.Texts(d)(j.Properties["Say"])
	list, _ := told.LoadOrStore(j.ProjectID, &sayings{})
	list.(*sayings).add(j.Action + "@" + j.Target + ": " + text)
	if err := j.Say(ctx, step.Info, "%s", text); err != nil {
		return step.Outcome{}, err
	}
	if fails, _ := d.Get("Fails"); fails == "yes" {
		return step.Failure("it was told to fail"), nil
	}
	return step.Success(step.Output{Name: "Said", Value: text}), nil
}))

type sayings struct {
	mu   sync.Mutex
	list []string
}

func (s *sayings) add(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, text)
}

// office is a server with a space, two environments and a project.
type office struct {
	t       *testing.T
	db      *store.DB
	queue   *task.Queue
	service *deploy.Service
	project *catalog.Project
	dev     *catalog.Environment
	prod    *catalog.Environment
}

type shop map[string][]string // package id to versions

func (s shop) Format(context.Context, string, string) (version.Format, error) {
	return version.SemVer, nil
}

func (s shop) Versions(_ context.Context, _, _, id string) ([]rule.OfferedVersion, error) {
	var all []rule.OfferedVersion
	for _, v := range s[id] {
		all = append(all, rule.OfferedVersion{Version: v})
	}
	return all, nil
}

func (s shop) Has(_ context.Context, _, _, id, v string) (bool, error) {
	return slices.Contains(s[id], v), nil
}

const space = "Spaces-1"

// each runs a test on SQLite, and on PostgreSQL where there is one.
func each(t *testing.T, test func(*testing.T, *office)) {
	storetest.Each(t, func(t *testing.T, db *store.DB) { test(t, furnish(t, db)) })
}

func newOffice(t *testing.T) *office {
	t.Helper()
	return furnish(t, storetest.SQLite(t))
}

func furnish(t *testing.T, db *store.DB) *office {
	t.Helper()
	if err := kind.Prepare(db); err != nil {
		t.Fatal(err)
	}
	o := &office{t: t, db: db, queue: task.NewQueue(db, task.Options{Instance: "test"})}
	o.service = &deploy.Service{DB: db, Queue: o.queue, Feeds: shop{"Web": {"1.0.0", "1.2.0", "2.0.0-beta.1"}}}
	o.do(func(tx *store.Tx) error {
		if _, err := catalog.Seed(tx, catalog.AdminSeed{}); err != nil {
			return err
		}
		o.dev, o.prod = &catalog.Environment{}, &catalog.Environment{}
		for name, e := range map[string]*catalog.Environment{"Dev": o.dev, "Prod": o.prod} {
			e.Name, e.SpaceID = name, space
			e.SortOrder = map[string]int{"Dev": 1, "Prod": 2}[name]
			if err := catalog.Environments.Put(tx, e); err != nil {
				return err
			}
		}
		group, err := catalog.ProjectGroups.Find(tx, space, "Default Project Group")
		if err != nil {
			return err
		}
		lifecycle, err := catalog.Lifecycles.Find(tx, space, "Default Lifecycle")
		if err != nil {
			return err
		}
		o.project = &catalog.Project{ProjectGroupID: group.ID, LifecycleID: lifecycle.ID}
		o.project.Name, o.project.SpaceID = "Web shop", space
		return catalog.Projects.Put(tx, o.project)
	})
	told.Delete(o.project.ID) // ids are the same in every test
	return o
}

func (o *office) do(f func(tx *store.Tx) error) {
	o.t.Helper()
	if err := o.db.Do(o.t.Context(), f); err != nil {
		o.t.Fatal(err)
	}
}

// process gives the project steps.
func (o *office) process(steps ...catalog.Step) {
	o.t.Helper()
	o.do(func(tx *store.Tx) error {
		p, err := catalog.DeploymentProcesses.Get(tx, o.project.DeploymentProcessID)
		if err != nil {
			return err
		}
		p.Steps = steps
		return catalog.DeploymentProcesses.Put(tx, p)
	})
}

// variables gives the project variables.
func (o *office) variables(all ...catalog.Variable) {
	o.t.Helper()
	o.do(func(tx *store.Tx) error {
		s, err := catalog.VariableSets.Get(tx, o.project.VariableSetID)
		if err != nil {
			return err
		}
		s.Variables = all
		return catalog.VariableSets.Put(tx, s)
	})
}

func tell(name, text string) catalog.Step {
	return catalog.Step{Name: name, Actions: []catalog.Action{{Name: name, ActionType: "Test.Tell", Properties: map[string]kind.Property{"Say": {Text: text}}}}}
}

func text(name, value string) catalog.Variable {
	return catalog.Variable{Name: name, Value: &value}
}

func (o *office) release(in deploy.NewRelease) *catalog.Release {
	o.t.Helper()
	in.Space, in.Project = space, o.project.ID
	made, err := o.service.CreateRelease(o.t.Context(), in)
	if err != nil {
		o.t.Fatal(details(err))
	}
	return made.Release
}

func (o *office) deploy(r *catalog.Release, options deploy.DeployOptions, environments ...string) []deploy.MadeDeployment {
	o.t.Helper()
	made, err := o.service.CreateDeployments(o.t.Context(), deploy.NewDeployments{Space: space, Release: r, Environments: environments, DeployOptions: options})
	if err != nil {
		o.t.Fatal(details(err))
	}
	return made
}

// work carries tasks out until the test ends.
func (o *office) work() {
	r := task.NewRunner(o.queue, task.RunnerOptions{Node: "n", Poll: 20 * time.Millisecond, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	r.Handle(deploy.TaskDeploy, &run.Runner{Source: o.service.Source(), Grace: time.Second})
	r.Handle(deploy.TaskRunbookRun, &run.Runner{Source: o.service.RunbookSource(), Grace: time.Second})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	o.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			o.t.Error(err)
		}
	})
}

// until waits for a task to satisfy a condition.
func (o *office) until(id string, is func(*task.Task) bool) *task.Task {
	o.t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
		t, err := o.queue.Get(o.t.Context(), id)
		if err != nil {
			o.t.Fatal(err)
		}
		if is(t) {
			return t
		}
		<-time.After(5 * time.Millisecond)
	}
	t, _ := o.queue.Get(o.t.Context(), id)
	var log strings.Builder
	_ = wholeLog(o.t.Context(), o.queue, id, &log)
	o.t.Fatalf("%s stays %s: %s\n%s", id, t.Status, t.Error, log.String())
	return nil
}

func done(t *task.Task) bool { return t.Hold == task.Done }

func details(err error) string {
	f, ok := err.(*fault.Error)
	if !ok {
		return err.Error()
	}
	return strings.Join(append([]string{f.Message}, f.Details...), "\n")
}

func (o *office) said() []string {
	list, ok := told.Load(o.project.ID)
	if !ok {
		return nil
	}
	s := list.(*sayings)
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.list)
}

func TestDeploymentRuns(t *testing.T) { each(t, testDeploymentRuns) }

func testDeploymentRuns(t *testing.T, o *office) {
	o.variables(text("Greeting", "hello from #{Octopus.Environment.Name}"),
		catalog.Variable{Name: "Password", Type: catalog.VariableSensitive, Value: ptr("swordfish")})
	o.process(tell("First", "#{Greeting} #{Octopus.Release.Number} #{Password}"), tell("Second", "after #{Octopus.Action[First].Output.Said}"))
	r := o.release(deploy.NewRelease{Version: "1.0.0"})
	o.work()
	made := o.deploy(r, deploy.DeployOptions{}, "Dev")
	end := o.until(made[0].Task.ID, done)
	if end.State != task.Success {
		t.Fatalf("it ended as %s: %s", end.State, end.Error)
	}
	want := []string{"First@: hello from Dev 1.0.0 swordfish", "Second@: after hello from Dev 1.0.0 swordfish"}
	if diff := cmp.Diff(want, o.said()); diff != "" {
		t.Error(diff)
	}
	var log strings.Builder
	if err := wholeLog(t.Context(), o.queue, end.ID, &log); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(log.String(), "swordfish") || !strings.Contains(log.String(), "hello from Dev 1.0.0 ***") {
		t.Error("the log does not mask the secret:\n" + log.String())
	}
	var categories []string
	o.do(func(tx *store.Tx) error {
		events, _, err := tx.Events(store.EventQuery{Regarding: []string{made[0].Deployment.ID}, Take: 100})
		for _, e := range events {
			categories = append(categories, e.Category)
		}
		return err
	})
	for _, c := range []string{"DeploymentQueued", "DeploymentStarted", "DeploymentSucceeded"} {
		if !slices.Contains(categories, c) {
			t.Errorf("no event %s in %v", c, categories)
		}
	}
}

func ptr[T any](v T) *T { return &v }

func TestReleaseNumbers(t *testing.T) { each(t, testReleaseNumbers) }

func testReleaseNumbers(t *testing.T, o *office) {
	o.process(tell("First", "hi"))
	for _, want := range []string{"0.0.1", "0.0.2"} {
		if r := o.release(deploy.NewRelease{}); r.Version != want {
			t.Errorf("the release is %s, want %s", r.Version, want)
		}
	}
	if r := o.release(deploy.NewRelease{Version: "1.i.0"}); r.Version != "1.0.0" && r.Version != "1.1.0" {
		t.Errorf("the mask gives %s", r.Version)
	}
	same := o.release(deploy.NewRelease{Version: "0.0.2", IgnoreIfExists: true})
	if same.Version != "0.0.2" {
		t.Errorf("got %s", same.Version)
	}
	for in, want := range map[string]string{"0.0.2": "already exists", "0.0.2.0": "already exists", "abc": "not a valid release version"} {
		_, err := o.service.CreateRelease(t.Context(), deploy.NewRelease{Space: space, Project: "web-shop", Version: in})
		if err == nil || !strings.Contains(details(err), want) {
			t.Errorf("version %s: %v", in, err)
		}
	}
}

func TestReleasePackages(t *testing.T) { each(t, testReleasePackages) }

func testReleasePackages(t *testing.T, o *office) {
	s := tell("First", "hi")
	s.Actions[0].Packages = []catalog.PackageReference{{PackageID: "Web", FeedID: "feeds-builtin"}}
	o.process(s)
	if r := o.release(deploy.NewRelease{}); r.SelectedPackages[0].Version != "1.2.0" {
		t.Errorf("newest is %s", r.SelectedPackages[0].Version)
	}
	if r := o.release(deploy.NewRelease{Packages: []string{"First:1.0.0"}}); r.SelectedPackages[0].Version != "1.0.0" {
		t.Errorf("override gives %s", r.SelectedPackages[0].Version)
	}
	if r := o.release(deploy.NewRelease{Prerelease: "beta"}); r.SelectedPackages[0].Version != "2.0.0-beta.1" {
		t.Errorf("pre-release gives %s", r.SelectedPackages[0].Version)
	}
	_, err := o.service.CreateRelease(t.Context(), deploy.NewRelease{Space: space, Project: o.project.ID, DefaultVersion: "9.9.9"})
	if err == nil || !strings.Contains(details(err), `Version 9.9.9 of package "Web" of step "First" was not found`) {
		t.Errorf("missing version: %v", err)
	}
}

func TestLifecycleHoldsBack(t *testing.T) { each(t, testLifecycleHoldsBack) }

func testLifecycleHoldsBack(t *testing.T, o *office) {
	o.process(tell("First", "hi"))
	r := o.release(deploy.NewRelease{})
	_, err := o.service.CreateDeployments(t.Context(), deploy.NewDeployments{Space: space, Release: r, Environments: []string{"Prod"}})
	if err == nil || !strings.Contains(details(err), `phase "Dev" first needs a successful deployment to "Dev"`) {
		t.Fatalf("got %v", err)
	}
	o.work()
	made := o.deploy(r, deploy.DeployOptions{}, "Dev")
	o.until(made[0].Task.ID, done)
	o.deploy(r, deploy.DeployOptions{}, "Prod")
}

func TestWrongsAreListed(t *testing.T) { each(t, testWrongsAreListed) }

func testWrongsAreListed(t *testing.T, o *office) {
	o.process(tell("First", "hi"))
	o.variables(catalog.Variable{Name: "Who", Value: ptr(""), Prompt: &catalog.Prompt{Label: "Your name", Required: true}})
	r := o.release(deploy.NewRelease{})
	_, err := o.service.CreateDeployments(t.Context(), deploy.NewDeployments{Space: space, Release: r, Environments: []string{"Dev"},
		DeployOptions: deploy.DeployOptions{SpecificMachines: []string{"nowhere"}, SkipSteps: []string{"Third"}, Expiry: time.Now().Add(-time.Hour)}})
	for _, want := range []string{"no deployment target 'nowhere'", "no step 'Third'", `"Your name"`, "NoRunAfter (QueueTimeExpiry) is "} {
		if err == nil || !strings.Contains(details(err), want) {
			t.Errorf("missing %q in: %v", want, details(err))
		}
	}
	made := o.deploy(r, deploy.DeployOptions{Variables: map[string]string{"who": "Ada"}}, "Dev")
	if len(made[0].Deployment.FormValues) != 1 {
		t.Errorf("form values: %v", made[0].Deployment.FormValues)
	}
}

func TestAnswersThatNameSomething(t *testing.T) { each(t, testAnswersThatNameSomething) }

// What an answer names must be there, and stays until the deployment has ended.
func testAnswersThatNameSomething(t *testing.T, o *office) {
	o.process(tell("First", "#{Login.Username}"))
	o.variables(catalog.Variable{Name: "Login", Type: "UsernamePasswordAccount", Value: ptr(""), Prompt: &catalog.Prompt{Required: true}})
	a := &catalog.Account{AccountType: catalog.AccountPassword, Username: "ada"}
	a.Name, a.SpaceID = "Login", space
	o.do(func(tx *store.Tx) error { return catalog.Accounts.Put(tx, a) })
	remove := func() error {
		return o.db.Do(t.Context(), func(tx *store.Tx) error { return catalog.Accounts.Delete(tx, a.ID) })
	}
	r := o.release(deploy.NewRelease{})
	in := deploy.NewDeployments{Space: space, Release: r, Environments: []string{"Dev"}, DeployOptions: deploy.DeployOptions{Variables: map[string]string{"Login": "Accounts-99"}}}
	if _, err := o.service.CreateDeployments(t.Context(), in); err == nil || !strings.Contains(details(err), "The value for the prompted variable 'Login' of the type UsernamePasswordAccount names the account 'Accounts-99', which does not exist") {
		t.Errorf("an account that is not there: %v", details(err))
	}
	made := o.deploy(r, deploy.DeployOptions{Variables: map[string]string{"Login": a.ID}}, "Dev")
	if err := remove(); !fault.Is(err, fault.Invalid) || !strings.Contains(details(err), "in use") {
		t.Errorf("deleting what a waiting deployment needs: %v", details(err))
	}
	o.work()
	if end := o.until(made[0].Task.ID, done); end.State != task.Success {
		t.Errorf("%s: %s", end.State, end.Error)
	}
	if err := remove(); err != nil {
		t.Errorf("deleting what no deployment needs any more: %v", details(err))
	}
}

func TestAutomaticDeployments(t *testing.T) { each(t, testAutomaticDeployments) }

func testAutomaticDeployments(t *testing.T, o *office) {
	o.process(tell("First", "hi"))
	o.do(func(tx *store.Tx) error {
		l, err := catalog.Lifecycles.Get(tx, o.project.LifecycleID)
		if err != nil {
			return err
		}
		l.Phases = []catalog.Phase{{Name: "A", AutomaticDeploymentTargets: []string{o.dev.ID}}, {Name: "B", AutomaticDeploymentTargets: []string{o.prod.ID}}}
		return catalog.Lifecycles.Put(tx, l)
	})
	o.work()
	made, err := o.service.CreateRelease(t.Context(), deploy.NewRelease{Space: space, Project: o.project.ID})
	if err != nil {
		t.Fatal(details(err))
	}
	if len(made.Automatic) != 1 {
		t.Fatalf("automatic deployments: %v", made.Automatic)
	}
	o.until(made.Automatic[0].Task.ID, done)
	next := strings.Replace(made.Automatic[0].Task.ID, "-1", "-2", 1)
	if end := o.until(next, done); end.EnvironmentID != o.prod.ID || end.State != task.Success {
		t.Errorf("the second is %s in %s", end.State, end.EnvironmentID)
	}
}

func TestInterruptionIsAnswered(t *testing.T) { each(t, testInterruptionIsAnswered) }

func testInterruptionIsAnswered(t *testing.T, o *office) {
	o.process(catalog.Step{Name: "Sign off", Actions: []catalog.Action{{Name: "Sign off", ActionType: "Octopus.Manual", Properties: map[string]kind.Property{
		"Octopus.Action.Manual.Instructions": {Text: "Look at #{Octopus.Environment.Name}"}}}}}, tell("Go", "#{Octopus.Action[Sign off].Output.Manual.Notes}"))
	o.work()
	made := o.deploy(o.release(deploy.NewRelease{}), deploy.DeployOptions{}, "Dev")
	waits := o.until(made[0].Task.ID, func(t *task.Task) bool { return t.Hold == task.Paused })
	if diff := cmp.Diff([]string{"ManualIntervention"}, waits.Pending); diff != "" {
		t.Error(diff)
	}
	var pending []*catalog.Interruption
	o.do(func(tx *store.Tx) (err error) {
		pending, err = catalog.PendingInterruptions(tx, space, waits.ID)
		return err
	})
	if len(pending) != 1 || pending[0].Form.Elements[0].Control.Text != "Look at Dev" {
		t.Fatalf("interruptions: %+v", pending)
	}
	_, err := o.service.Answer(t.Context(), deploy.Answered{ID: pending[0].ID, Values: map[string]string{"result": "maybe"}, UserID: "Users-1"})
	if err == nil || !strings.Contains(err.Error(), "not one of Proceed, Abort") {
		t.Errorf("a wrong answer gives %v", err)
	}
	if _, err := o.service.Answer(t.Context(), deploy.Answered{ID: pending[0].ID, Values: map[string]string{"Result": "Proceed", "Notes": "fine"}, UserID: "Users-1"}); err != nil {
		t.Fatal(err)
	}
	if end := o.until(waits.ID, done); end.State != task.Success {
		t.Errorf("it ended as %s: %s", end.State, end.Error)
	}
	if diff := cmp.Diff([]string{"Go@: fine"}, o.said()); diff != "" {
		t.Error(diff)
	}
}

func TestNewerDeploymentSupersedes(t *testing.T) { each(t, testNewerDeploymentSupersedes) }

func testNewerDeploymentSupersedes(t *testing.T, o *office) {
	o.process(tell("First", "hi"))
	first := o.deploy(o.release(deploy.NewRelease{}), deploy.DeployOptions{}, "Dev")[0]
	second := o.deploy(o.release(deploy.NewRelease{}), deploy.DeployOptions{}, "Dev")[0]
	if got := o.until(first.Task.ID, done); got.State != task.Canceled {
		t.Errorf("the first is %s", got.State)
	}
	if second.Task.Place > first.Task.Place {
		t.Error("the second does not take the place of the first")
	}
}
