package trigger_test

import (
	"context"
	"fmt"
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
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/rule"
	"github.com/takodeploy/tako/internal/run"
	"github.com/takodeploy/tako/internal/step"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/store/storetest"
	"github.com/takodeploy/tako/internal/task"
	"github.com/takodeploy/tako/internal/trigger"
	"github.com/takodeploy/tako/version"
)

const space = "Spaces-1"

var _ = step.Register("Test.Nothing", step.ExecutorFunc(func(context.Context, *step.Job) (step.Outcome, error) { return step.Success(), nil }))

// shelf is a feed whose packages tests change.
type shelf struct {
	mu       sync.Mutex
	versions map[string][]string
}

func (s *shelf) put(id string, versions ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.versions[id] = append(s.versions[id], versions...)
}

func (s *shelf) Format(context.Context, string, string) (version.Format, error) {
	return version.SemVer, nil
}

func (s *shelf) Versions(_ context.Context, _, _, id string) (all []rule.OfferedVersion, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range s.versions[id] {
		all = append(all, rule.OfferedVersion{Version: v})
	}
	return all, nil
}

func (s *shelf) Has(_ context.Context, _, _, id, v string) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Contains(s.versions[id], v), nil
}

// yard is a server with a project, two environments and a clock of its own.
type yard struct {
	t         *testing.T
	db        *store.DB
	queue     *task.Queue
	service   *deploy.Service
	feed      *shelf
	project   *catalog.Project
	dev, prod *catalog.Environment
	clock     time.Time
	watch     *trigger.Watch
	made      int // triggers
}

func each(t *testing.T, test func(*testing.T, *yard)) {
	storetest.Each(t, func(t *testing.T, db *store.DB) { test(t, newYard(t, db)) })
}

func newYard(t *testing.T, db *store.DB) *yard {
	t.Helper()
	if err := kind.Prepare(db); err != nil {
		t.Fatal(err)
	}
	y := &yard{t: t, db: db, queue: task.NewQueue(db, task.Options{Instance: "test"}), feed: &shelf{versions: map[string][]string{}}, clock: time.Now()}
	y.service = &deploy.Service{DB: db, Queue: y.queue, Feeds: y.feed}
	y.watch = y.another()
	y.do(func(tx *store.Tx) error {
		if _, err := catalog.Seed(tx, catalog.AdminSeed{}); err != nil {
			return err
		}
		y.dev, y.prod = &catalog.Environment{}, &catalog.Environment{}
		for i, e := range []*catalog.Environment{y.dev, y.prod} {
			e.Name, e.SpaceID, e.SortOrder = []string{"Dev", "Prod"}[i], space, i
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
		y.project = &catalog.Project{ProjectGroupID: group.ID, LifecycleID: lifecycle.ID, TenantedDeploymentMode: "TenantedOrUntenanted"}
		y.project.Name, y.project.SpaceID = "Shop", space
		if err := catalog.Projects.Put(tx, y.project); err != nil {
			return err
		}
		return y.steps(tx, catalog.Step{Name: "Do", Actions: []catalog.Action{{Name: "Do", ActionType: "Test.Nothing"}}})
	})
	return y
}

// another makes a watch of another node, with the same clock.
func (y *yard) another() *trigger.Watch {
	return &trigger.Watch{DB: y.db, Deploy: y.service, Now: func() time.Time { return y.clock }}
}

func (y *yard) do(f func(tx *store.Tx) error) {
	y.t.Helper()
	if err := y.db.Do(y.t.Context(), f); err != nil {
		y.t.Fatal(err)
	}
}

func (y *yard) steps(tx *store.Tx, steps ...catalog.Step) error {
	p, err := catalog.DeploymentProcesses.Get(tx, y.project.DeploymentProcessID)
	if err != nil {
		return err
	}
	p.Steps = steps
	return catalog.DeploymentProcesses.Put(tx, p)
}

func (y *yard) trigger(f catalog.TriggerFilter, a catalog.TriggerAction) *catalog.ProjectTrigger {
	y.t.Helper()
	y.made++
	t := &catalog.ProjectTrigger{Name: fmt.Sprint("Trigger ", y.made), ProjectID: y.project.ID, Filter: f, Action: a}
	t.SpaceID = space
	y.do(func(tx *store.Tx) error { return catalog.ProjectTriggers.Put(tx, t) })
	return t
}

// nightly is due every day at three.
func nightly() catalog.TriggerFilter {
	return catalog.TriggerFilter{FilterType: catalog.FilterCron, CronExpression: "0 0 3 * * *", Timezone: "UTC"}
}

func (y *yard) state(t *catalog.ProjectTrigger) (s *catalog.TriggerState) {
	y.t.Helper()
	y.do(func(tx *store.Tx) (err error) {
		s, err = catalog.TriggerStates.Get(tx, catalog.TriggerStateID(t.ID))
		return err
	})
	return s
}

func (y *yard) tick() {
	y.t.Helper()
	if err := y.watch.Tick(y.t.Context()); err != nil {
		y.t.Fatal(err)
	}
}

// due puts the clock forward to when a trigger is due, and looks.
func (y *yard) due(t *catalog.ProjectTrigger) {
	y.t.Helper()
	y.clock = y.state(t).DueAt()
	y.tick()
}

// tasks lists what there is to do and was done.
func (y *yard) tasks() (all []string) {
	y.t.Helper()
	y.do(func(tx *store.Tx) error {
		all = nil
		return tx.Query(func(scan func(...any) error) error {
			var d string
			err := scan(&d)
			all = append(all, d)
			return err
		}, "select description from task order by num")
	})
	return all
}

// work carries out what is queued, and returns when all has ended.
func (y *yard) work() {
	y.t.Helper()
	r := task.NewRunner(y.queue, task.RunnerOptions{Node: "n", Poll: 10 * time.Millisecond, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	r.Handle(deploy.TaskDeploy, &run.Runner{Source: y.service.Source()})
	r.Handle(deploy.TaskRunbookRun, &run.Runner{Source: y.service.RunbookSource()})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	left := func() (n int) {
		y.do(func(tx *store.Tx) error {
			_, err := tx.QueryRow([]any{&n}, "select count(*) from task where hold <> 'Done'")
			return err
		})
		return n
	}
	for end := time.Now().Add(20 * time.Second); left() > 0; <-time.After(5 * time.Millisecond) {
		if time.Now().After(end) {
			y.t.Fatal("tasks do not end: ", y.tasks())
		}
	}
	cancel()
	if err := <-done; err != nil {
		y.t.Fatal(err)
	}
}

func (y *yard) release() *catalog.Release {
	y.t.Helper()
	made, err := y.service.CreateRelease(y.t.Context(), deploy.NewRelease{Space: space, Project: y.project.ID})
	if err != nil {
		y.t.Fatal(err)
	}
	return made.Release
}

// deployed makes a release and deploys it.
func (y *yard) deployed(in deploy.NewDeployments) *catalog.Release {
	y.t.Helper()
	in.Space = space
	if in.Release == nil {
		in.Release = y.release()
	}
	if _, err := y.service.CreateDeployments(y.t.Context(), in); err != nil {
		y.t.Fatal(err)
	}
	y.work()
	return in.Release
}

func (y *yard) runbook(name string, tags ...string) *catalog.Runbook {
	y.t.Helper()
	r := &catalog.Runbook{ProjectID: y.project.ID, RunbookTags: tags, MultiTenancyMode: "TenantedOrUntenanted"}
	r.Name, r.SpaceID = name, space
	y.do(func(tx *store.Tx) error {
		if err := catalog.Runbooks.Put(tx, r); err != nil {
			return err
		}
		p, err := catalog.RunbookProcesses.Get(tx, r.RunbookProcessID)
		if err != nil {
			return err
		}
		p.Steps = []catalog.Step{{Name: "Do", Actions: []catalog.Action{{Name: "Do", ActionType: "Test.Nothing"}}}}
		return catalog.RunbookProcesses.Put(tx, p)
	})
	return r
}

func (y *yard) publish(r *catalog.Runbook) {
	y.t.Helper()
	if _, err := y.service.CreateSnapshot(y.t.Context(), deploy.NewSnapshot{Runbook: r, Publish: true}); err != nil {
		y.t.Fatal(err)
	}
}

func (y *yard) want(what string, tasks ...string) {
	y.t.Helper()
	if diff := cmp.Diff(tasks, y.tasks()); diff != "" {
		y.t.Errorf("%s: %s", what, diff)
	}
}

func (y *yard) said(t *catalog.ProjectTrigger, want string) {
	y.t.Helper()
	if got := y.state(t).LastResult; !strings.Contains(got, want) {
		y.t.Errorf("the result %q does not say %q", got, want)
	}
}

func TestRunbookOnSchedule(t *testing.T) { each(t, testRunbookOnSchedule) }

func testRunbookOnSchedule(t *testing.T, y *yard) {
	book := y.runbook("Tidy up")
	nightly := y.trigger(nightly(), catalog.TriggerAction{ActionType: catalog.ActionRunRunbook, RunbookID: book.ID, EnvironmentIDs: []string{y.dev.ID, y.prod.ID}})
	y.tick()
	y.want("before it is due")
	y.due(nightly)
	y.want("nothing is published")
	y.said(nightly, "Nothing was started: Runbook 'Tidy up' has no published snapshot.")
	if s := y.state(nightly); s.LastFired != nil || s.LastDue == nil || !s.DueAt().Equal(s.LastDue.Add(24*time.Hour)) {
		t.Errorf("%+v", s)
	}
	y.publish(book)
	y.due(nightly)
	runs := []string{"Run Tidy up of Shop in Dev", "Run Tidy up of Shop in Prod"}
	y.want("when it is due", runs...)
	y.said(nightly, "Started Run Tidy up of Shop in Dev (ServerTasks-1), Run Tidy up of Shop in Prod (ServerTasks-2).")
	// What still waits is not added to.
	y.due(nightly)
	y.want("while the runs wait", runs...)
	y.said(nightly, "which it started before, still waits in the queue")
	y.work()
	// What was missed is made up for once, whatever nodes there are.
	y.clock = y.clock.Add(10 * 24 * time.Hour)
	others := []*trigger.Watch{y.watch, y.another(), y.another()}
	var all sync.WaitGroup
	for _, w := range others {
		all.Go(func() {
			for range 3 {
				if err := w.Tick(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	y.want("after ten days", append(runs, runs...)...)
	if s := y.state(nightly); !s.DueAt().After(y.clock) || s.DueAt().After(y.clock.Add(24*time.Hour)) || len(s.LastTasks) != 2 {
		t.Errorf("%+v", s)
	}
}

func TestTriggersThatAreOff(t *testing.T) { each(t, testTriggersThatAreOff) }

func testTriggersThatAreOff(t *testing.T, y *yard) {
	book := y.runbook("Tidy up")
	y.publish(book)
	one := y.trigger(nightly(), catalog.TriggerAction{ActionType: catalog.ActionRunRunbook, RunbookID: book.ID, EnvironmentIDs: []string{y.dev.ID}})
	change := func(f func()) {
		y.do(func(tx *store.Tx) (err error) {
			if one, err = catalog.ProjectTriggers.Get(tx, one.ID); err != nil {
				return err
			}
			if y.project, err = catalog.Projects.Get(tx, y.project.ID); err != nil {
				return err
			}
			f()
			if err := catalog.ProjectTriggers.Put(tx, one); err != nil {
				return err
			}
			return catalog.Projects.Put(tx, y.project)
		})
	}
	change(func() { one.IsDisabled = true })
	y.clock = y.clock.Add(48 * time.Hour)
	y.tick()
	if s := y.state(one); s.Due != "" || len(y.tasks()) > 0 {
		t.Errorf("a trigger that is off: %+v, %v", s, y.tasks())
	}
	// What was missed while it was off is not made up for.
	y.clock = time.Now()
	change(func() { one.IsDisabled, y.project.IsDisabled = false, true })
	y.tick()
	y.want("just after it is on again")
	y.due(one)
	y.want("while the project is off")
	y.said(one, "project 'Shop' is disabled.")
	change(func() { y.project.IsDisabled = false })
	y.due(one)
	y.want("with both on", "Run Tidy up of Shop in Dev")
	y.do(func(tx *store.Tx) error { return catalog.ProjectTriggers.Remove(tx, one) })
	y.clock = y.clock.Add(48 * time.Hour)
	y.tick()
	y.want("with the trigger gone", "Run Tidy up of Shop in Dev")
}

func TestDeployLatestRelease(t *testing.T) { each(t, testDeployLatestRelease) }

func testDeployLatestRelease(t *testing.T, y *yard) {
	no := false
	ada, bob := y.tenant("Ada", y.dev.ID, y.prod.ID), y.tenant("Bob", y.prod.ID)
	promote := catalog.TriggerAction{ActionType: catalog.ActionDeployLatest, SourceEnvironmentIDs: []string{y.dev.ID}, DestinationEnvironmentID: y.prod.ID, ShouldRedeployWhenReleaseIsCurrent: &no}
	plain := y.trigger(nightly(), promote)
	y.due(plain)
	y.said(plain, "Nothing was started: there is no release to deploy: none has been deployed successfully to where it comes from.")
	first := y.deployed(deploy.NewDeployments{Environments: []string{"Dev"}})
	y.release() // which has not been deployed
	y.due(plain)
	y.want("the first time", "Deploy Shop release 0.0.1 to Dev", "Deploy Shop release 0.0.1 to Prod")
	y.work()
	y.due(plain)
	y.said(plain, "release 0.0.1 is there already")
	promote.TenantIDs, promote.ShouldRedeployWhenReleaseIsCurrent = []string{ada.ID, bob.ID}, nil
	tenanted := y.trigger(nightly(), promote)
	y.deployed(deploy.NewDeployments{Release: first, Environments: []string{"Dev"}, Tenants: []string{ada.ID}})
	before := len(y.tasks())
	y.due(tenanted)
	// Bob has no Dev, and gets what others have there.
	if diff := cmp.Diff([]string{"Deploy Shop release 0.0.1 to Prod for Ada", "Deploy Shop release 0.0.1 to Prod for Bob"}, y.tasks()[before:]); diff != "" {
		t.Error(diff, y.state(tenanted).LastResult)
	}
	newest := y.trigger(nightly(), catalog.TriggerAction{ActionType: catalog.ActionDeployTo, EnvironmentID: y.dev.ID})
	before = len(y.tasks())
	y.due(newest)
	if got := y.tasks()[before:]; !slices.Contains(got, "Deploy Shop release 0.0.2 to Dev") {
		t.Error(got, y.state(newest).LastResult)
	}
}

func (y *yard) tenant(name string, environments ...string) *catalog.Tenant {
	y.t.Helper()
	t := &catalog.Tenant{ProjectEnvironments: map[string][]string{y.project.ID: environments}}
	t.Name, t.SpaceID = name, space
	y.do(func(tx *store.Tx) error { return catalog.Tenants.Put(tx, t) })
	return t
}

func TestDeployNewRelease(t *testing.T) { each(t, testDeployNewRelease) }

func testDeployNewRelease(t *testing.T, y *yard) {
	fresh := y.trigger(nightly(), catalog.TriggerAction{ActionType: catalog.ActionDeployNew, EnvironmentID: y.dev.ID})
	y.due(fresh)
	y.want("when it is due", "Deploy Shop release 0.0.1 to Dev")
	y.said(fresh, "Started release 0.0.1, Deploy Shop release 0.0.1 to Dev (ServerTasks-1).")
	// Where the release goes, its lifecycle decides.
	far := y.trigger(nightly(), catalog.TriggerAction{ActionType: catalog.ActionDeployNew, EnvironmentID: y.prod.ID})
	y.work()
	y.due(far)
	y.said(far, "Started release 0.0.")
	y.said(far, "cannot be deployed.")
	releases := y.releases()
	// Several nodes at once make one release.
	y.work()
	y.clock = y.state(fresh).DueAt()
	others := []*trigger.Watch{y.watch, y.another(), y.another()}
	var all sync.WaitGroup
	for _, w := range others {
		all.Go(func() {
			if err := w.Tick(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := y.releases(); got != releases+2 { // of either trigger one
		t.Errorf("%d releases, want %d", got, releases+2)
	}
}

func (y *yard) releases() (n int) {
	y.do(func(tx *store.Tx) error {
		_, err := tx.QueryRow([]any{&n}, "select count(*) from release")
		return err
	})
	return n
}

func TestFeedTriggers(t *testing.T) { each(t, testFeedTriggers) }

func testFeedTriggers(t *testing.T, y *yard) {
	unpack := catalog.Step{Name: "Unpack it", Actions: []catalog.Action{{Name: "Unpack it", ActionType: "Test.Nothing",
		Packages: []catalog.PackageReference{{PackageID: "Web", FeedID: catalog.BuiltInFeedID(space), AcquisitionLocation: "NotAcquired"}}}}}
	y.do(func(tx *store.Tx) error { return y.steps(tx, unpack) })
	watched := []catalog.ActionSlugPackage{{DeploymentActionSlug: "unpack-it"}}
	for name, f := range map[string]catalog.TriggerFilter{
		"another feed":     {FilterType: catalog.FilterFeed, Packages: watched},
		"the space's feed": {FilterType: catalog.FilterBuiltInFeed, Packages: watched},
	} {
		t.Run(name, func(t *testing.T) {
			y.t = t
			before := y.releases()
			one := y.trigger(f, catalog.TriggerAction{ActionType: catalog.ActionCreateRelease})
			defer y.do(func(tx *store.Tx) error { return catalog.ProjectTriggers.Remove(tx, one) })
			look := func() {
				t.Helper()
				if f.FilterType == catalog.FilterFeed {
					y.due(one)
					return
				}
				y.push("Web")
				y.tick()
			}
			n := before
			y.feed.put("Web", fmt.Sprintf("1.%d.0", 10*n))
			y.tick() // takes note
			if before == 0 && y.releases() != before {
				t.Errorf("what was there before made a release: %s", y.state(one).LastResult)
			}
			look()
			base := y.releases()
			y.feed.put("Web", fmt.Sprintf("1.%d.0", 10*n+5), "1.0.0-beta")
			look()
			if got := y.releases(); got != base+1 {
				t.Errorf("a new version made %d releases: %s", got-base, y.state(one).LastResult)
			}
			look()
			if got := y.releases(); got != base+1 {
				t.Errorf("nothing new made %d releases: %s", got-base-1, y.state(one).LastResult)
			}
		})
	}
}

// The setting of a project that a pushed package makes a release does so.
func TestProjectsCreateReleases(t *testing.T) { each(t, testProjectsCreateReleases) }

func testProjectsCreateReleases(t *testing.T, y *yard) {
	unpack := catalog.Step{Name: "Unpack it", Actions: []catalog.Action{{Name: "Unpack it", ActionType: "Test.Nothing",
		Packages: []catalog.PackageReference{{PackageID: "Web", FeedID: catalog.BuiltInFeedID(space), AcquisitionLocation: "NotAcquired"}}}}}
	y.do(func(tx *store.Tx) error { return y.steps(tx, unpack) })
	set := func(on bool) {
		y.do(func(tx *store.Tx) error {
			p, err := catalog.Projects.Get(tx, y.project.ID)
			if err != nil {
				return err
			}
			p.AutoCreateRelease = on
			p.ReleaseCreationStrategy = &catalog.ReleaseCreationStrategy{ReleaseCreationPackage: &catalog.ActionPackage{DeploymentAction: "Unpack it"}}
			return catalog.Projects.Put(tx, p)
		})
		y.tick()
	}
	for _, step := range []struct {
		on      bool
		version string
		want    int
	}{{true, "1.1.0", 1}, {true, "1.2.0", 2}, {false, "1.3.0", 2}, {false, "1.4.0", 2}} {
		y.feed.put("Web", step.version[:3]+"-before")
		set(step.on)
		y.feed.put("Web", step.version)
		y.push("Web")
		y.tick()
		if got := y.releases(); got != step.want {
			t.Errorf("on %t, %s: %d releases, want %d", step.on, step.version, got, step.want)
		}
	}
}

// push tells the audit trail of a package, as the feed does.
func (y *yard) push(id string) {
	y.t.Helper()
	y.do(func(tx *store.Tx) error {
		return tx.Append(&store.Event{Space: space, Category: "Created", Document: "packages-" + id + ".1", Message: "pushed"})
	})
}

func TestMachineTriggers(t *testing.T) { each(t, testMachineTriggers) }

func testMachineTriggers(t *testing.T, y *yard) {
	y.do(func(tx *store.Tx) error {
		return y.steps(tx, catalog.Step{Name: "Do", Properties: map[string]kind.Property{"Octopus.Action.TargetRoles": {Text: "web"}},
			Actions: []catalog.Action{{Name: "Do", ActionType: "Test.Nothing"}, {Name: "Skip", ActionType: "Test.Nothing"}}})
	})
	first := y.machine("one", "web")
	scale := y.trigger(catalog.TriggerFilter{FilterType: catalog.FilterMachine, EnvironmentIDs: []string{y.dev.ID}, EventGroups: []string{"MachineAvailableForDeployment"}},
		catalog.TriggerAction{ActionType: catalog.ActionAutoDeploy})
	y.healthy(first)
	y.tick()
	y.want("before anything was deployed")
	y.deployed(deploy.NewDeployments{Environments: []string{"Dev"}, DeployOptions: deploy.DeployOptions{SkipSteps: []string{"Skip"}}})
	once := []string{"Deploy Shop release 0.0.1 to Dev"}
	y.healthy(first)
	y.tick()
	y.want("to a machine that has it", once...)
	// Two at once get one deployment; others get none.
	second, third := y.machine("two", "web"), y.machine("three", "web")
	y.healthy(second)
	y.healthy(third)
	y.healthy(y.machine("four", "database"))
	y.unhealthy(first)
	y.tick()
	y.want("to new machines", append(once, once...)...)
	y.said(scale, "Started Deploy Shop release 0.0.1 to Dev (ServerTasks-2).")
	y.do(func(tx *store.Tx) error {
		d, err := catalog.Deployments.Get(tx, "Deployments-2")
		if diff := cmp.Diff([]string{second, third}, d.SpecificMachineIDs); diff != "" || len(d.SkipActions) != 1 || !strings.Contains(d.Comments, scale.Name) {
			t.Errorf("%+v %s", d, diff)
		}
		return err
	})
	// While that waits they need no other.
	y.healthy(second)
	y.tick()
	y.want("while it waits", append(once, once...)...)
	y.work()
	// A node that starts now has seen nothing, and does nothing again.
	if err := y.another().Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	y.want("after a restart", append(once, once...)...)
	// Somebody lets a machine take part again; a freeze does not keep it back.
	y.do(func(tx *store.Tx) error {
		f := &catalog.DeploymentFreeze{Start: kind.Time{Time: time.Now().Add(-time.Hour)}, End: kind.Time{Time: time.Now().Add(time.Hour)}, ProjectEnvironmentScope: map[string][]string{y.project.ID: {y.dev.ID}}}
		f.Name = "Christmas"
		return catalog.DeploymentFreezes.Put(tx, f)
	})
	fifth := y.machine("five", "web")
	for _, off := range []bool{true, false} {
		y.do(func(tx *store.Tx) error {
			m, err := catalog.Machines.Get(tx, fifth)
			if err != nil {
				return err
			}
			m.IsDisabled = off
			return catalog.Machines.Put(tx, m)
		})
	}
	y.tick()
	y.want("to a machine that is let in again", append(once, once[0], once[0])...)
	y.work()
	if got := y.state(scale).LastResult; !strings.Contains(got, "ServerTasks-3") {
		t.Error(got)
	}
}

func (y *yard) machine(name string, roles ...string) string {
	y.t.Helper()
	m := &catalog.Machine{EnvironmentIDs: []string{y.dev.ID}, Roles: roles}
	m.Name, m.SpaceID = name, space
	m.Endpoint = catalog.Endpoint{CommunicationStyle: catalog.StyleNone}
	y.do(func(tx *store.Tx) error { return catalog.Machines.Put(tx, m) })
	return m.ID
}

func (y *yard) healthy(id string)   { y.t.Helper(); y.tell(id, "MachineHealthy") }
func (y *yard) unhealthy(id string) { y.t.Helper(); y.tell(id, "MachineUnhealthy") }

// tell writes what a health check does of a machine whose health has changed.
func (y *yard) tell(id, category string) {
	y.t.Helper()
	y.do(func(tx *store.Tx) error {
		return tx.Append(&store.Event{Space: space, Category: category, Document: id, Message: category})
	})
}

// TestAdopt arms what was stored by a server that knew no states.
func TestAdopt(t *testing.T) { each(t, testAdopt) }

func testAdopt(t *testing.T, y *yard) {
	book := y.runbook("Tidy up")
	y.publish(book)
	one := y.trigger(nightly(), catalog.TriggerAction{ActionType: catalog.ActionRunRunbook, RunbookID: book.ID, EnvironmentIDs: []string{y.dev.ID}})
	y.do(func(tx *store.Tx) error {
		s, err := catalog.TriggerStates.Get(tx, catalog.TriggerStateID(one.ID))
		if err != nil {
			return err
		}
		return catalog.TriggerStates.Remove(tx, s)
	})
	for range 2 {
		if err := y.watch.Adopt(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	y.due(one)
	y.want("when it is due", "Run Tidy up of Shop in Dev")
}
