package deploy_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/deploy"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/store/storetest"
	"github.com/takodeploy/tako/internal/task"
)

func TestSupersede(t *testing.T) { each(t, testSupersede) }

// testSupersede queues deployments of one project to one place while nobody
// carries them out, and looks at what is left when the last is queued.
func testSupersede(t *testing.T, o *office) {
	o.process(tell("First", "hi"), tell("Second", "there"))
	r := o.release(deploy.NewRelease{Version: "1.0.0"})
	all := deploy.DeployOptions{}
	skips := deploy.DeployOptions{SkipSteps: []string{"First"}}
	later := deploy.DeployOptions{QueueTime: time.Now().Add(time.Hour)}
	other := "Prod"
	o.do(func(tx *store.Tx) error { // any order of environments
		l, err := catalog.Lifecycles.Find(tx, space, "Default Lifecycle")
		if err != nil {
			return err
		}
		l.Phases = []catalog.Phase{{Name: "All", OptionalDeploymentTargets: []string{o.dev.ID, o.prod.ID}}}
		return catalog.Lifecycles.Put(tx, l)
	})
	type queued struct {
		options deploy.DeployOptions
		where   string
	}
	for _, tt := range []struct {
		name  string
		off   bool // the project does not want it
		queue []queued
		want  string // one letter for each: Q stays, C is canceled
		place int    // whose place the last has; -1 its own
	}{
		{"the older one", false, []queued{{all, "Dev"}, {all, "Dev"}}, "CQ", 0},
		{"each in turn, and the place of the first", false, []queued{{all, "Dev"}, {all, "Dev"}, {all, "Dev"}}, "CCQ", 0},
		{"not one that leaves steps out", false, []queued{{skips, "Dev"}, {all, "Dev"}}, "QQ", -1},
		{"not one behind such a one", false, []queued{{all, "Dev"}, {skips, "Dev"}, {all, "Dev"}}, "QQQ", -1},
		{"one before such a one", false, []queued{{skips, "Dev"}, {all, "Dev"}, {all, "Dev"}}, "QCQ", 1},
		{"not by one that leaves steps out", false, []queued{{all, "Dev"}, {skips, "Dev"}}, "QQ", -1},
		{"not one elsewhere", false, []queued{{all, other}, {all, "Dev"}}, "QQ", -1},
		{"not one for later", false, []queued{{later, "Dev"}, {all, "Dev"}}, "QQ", -1},
		{"not by one for later", false, []queued{{all, "Dev"}, {later, "Dev"}}, "QQ", -1},
		{"not when the project does not want it", true, []queued{{all, "Dev"}, {all, "Dev"}}, "QQ", -1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o.do(func(tx *store.Tx) error {
				p, err := catalog.Projects.Get(tx, o.project.ID)
				if err != nil {
					return err
				}
				p.CancelQueuedTasks = !tt.off
				return catalog.Projects.Put(tx, p)
			})
			var made []*task.Task
			for _, q := range tt.queue {
				made = append(made, o.deploy(r, q.options, q.where)[0].Task)
			}
			got := ""
			var letters = map[task.State]string{task.Queued: "Q", task.Canceled: "C"}
			for _, m := range made {
				now, err := o.queue.Get(t.Context(), m.ID)
				if err != nil {
					t.Fatal(err)
				}
				got += letters[now.State]
				if why := "superseded by Deployments-"; strings.Contains(now.Error, why) != (now.State == task.Canceled) {
					t.Errorf("%s is %s: %q", now.ID, now.State, now.Error)
				}
			}
			if got != tt.want {
				t.Errorf("they are %s, want %s", got, tt.want)
			}
			last := made[len(made)-1]
			if tt.place >= 0 && last.Place > made[tt.place].Place || tt.place < 0 && last.Place < last.QueueTime.UnixMilli() {
				t.Errorf("the last has the place %d; those before it %d", last.Place, made[0].Place)
			}
			if canceled := strings.Index(tt.want, "C"); canceled >= 0 {
				o.do(func(tx *store.Tx) error {
					events, _, err := tx.Events(store.EventQuery{Regarding: []string{made[canceled].ID}, Categories: []string{"TaskCanceled"}, Take: 9})
					if len(events) != 1 || !strings.Contains(events[0].Message, "superseded by Deployments-") {
						t.Errorf("the audit trail does not say why: %v", events)
					}
					return err
				})
			}
			for _, m := range made {
				if _, err := o.queue.Cancel(t.Context(), m.ID); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

var signOff = catalog.Step{Name: "Sign off", Actions: []catalog.Action{{Name: "Sign off", ActionType: "Octopus.Manual"}}}

// supersedes has the project push aside what waits, in the queue and for somebody.
func (o *office) supersedes() {
	o.do(func(tx *store.Tx) error {
		p, err := catalog.Projects.Get(tx, o.project.ID)
		if err != nil {
			return err
		}
		p.CancelQueuedTasks, p.CancelRunningTasks = true, true
		return catalog.Projects.Put(tx, p)
	})
}

// asked deploys until somebody is asked.
func (o *office) asked(r *catalog.Release, options deploy.DeployOptions) (id string) {
	id = o.deploy(r, options, "Dev")[0].Task.ID
	o.until(id, func(t *task.Task) bool { return t.Hold == task.Paused })
	return id
}

// proceed answers what a task asks.
func (o *office) proceed(id string) {
	o.t.Helper()
	var pending []*catalog.Interruption
	o.do(func(tx *store.Tx) (err error) {
		pending, err = catalog.PendingInterruptions(tx, space, id)
		return err
	})
	if _, err := o.service.Answer(o.t.Context(), deploy.Answered{ID: pending[0].ID, Values: map[string]string{"Result": "Proceed"}, UserID: "Users-1"}); err != nil {
		o.t.Fatal(err)
	}
}

func TestSuccessSupersedesWhatIsPaused(t *testing.T) { each(t, testSuccessSupersedesWhatIsPaused) }

// testSuccessSupersedesWhatIsPaused lets deployments wait for somebody, and then
// a newer one succeed.
func testSuccessSupersedesWhatIsPaused(t *testing.T, o *office) {
	o.supersedes()
	o.process(signOff, tell("Go", "go"))
	o.work()
	r := o.release(deploy.NewRelease{})
	partial, whole, newest := o.asked(r, deploy.DeployOptions{SkipSteps: []string{"Go"}}), o.asked(r, deploy.DeployOptions{}), o.asked(r, deploy.DeployOptions{})
	o.proceed(newest)
	var states []string
	for _, id := range []string{newest, whole} {
		end := o.until(id, done)
		states = append(states, string(end.State))
		if why := ", which has succeeded"; strings.Contains(end.Error, why) != (end.State == task.Canceled) {
			t.Errorf("%s is %s: %q", id, end.State, end.Error)
		}
	}
	if diff := cmp.Diff([]string{"Success", "Canceled"}, states); diff != "" {
		t.Error(diff)
	}
	if got := o.until(partial, func(*task.Task) bool { return true }); got.Hold != task.Paused {
		t.Errorf("one that leaves steps out is %s", got.Status)
	}
	o.proceed(partial)
	if got := o.until(partial, done); got.State != task.Success || slices.Contains(got.Pending, "ManualIntervention") {
		t.Errorf("%s", got.Status)
	}
}

// TestWhatMovesOnIsNotSuperseded has a deployment move on after a newer one has
// seen it wait and before it is canceled: it is left alone.
func TestWhatMovesOnIsNotSuperseded(t *testing.T) {
	for _, tt := range []struct {
		name    string
		process []catalog.Step
		older   func(o *office, r *catalog.Release) (id string)
		newer   func(o *office, r *catalog.Release) (pushes func()) // the older one aside
		moves   func(o *office, tx *store.Tx, id string) error
	}{
		{
			"it is claimed", []catalog.Step{tell("Go", "go")},
			func(o *office, r *catalog.Release) string {
				return o.deploy(r, deploy.DeployOptions{}, "Dev")[0].Task.ID
			},
			func(o *office, r *catalog.Release) func() {
				return func() { o.deploy(r, deploy.DeployOptions{}, "Dev") }
			},
			func(_ *office, tx *store.Tx, id string) error { // as a claim does, which is a unit of its own
				_, err := tx.Exec("update task set state = 'Executing', hold = 'Held', node = 'elsewhere', epoch = epoch + 1 where id = $1", id)
				return err
			},
		},
		{
			"somebody answers", []catalog.Step{signOff},
			func(o *office, r *catalog.Release) string {
				o.work()
				return o.asked(r, deploy.DeployOptions{})
			},
			func(o *office, r *catalog.Release) func() {
				id := o.asked(r, deploy.DeployOptions{})
				return func() {
					o.proceed(id)
					o.until(id, done)
				}
			},
			func(o *office, tx *store.Tx, id string) error {
				return o.queue.Signal(tx, id, task.Event{Kind: task.EventAnswer, At: time.Now()})
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := furnish(t, storetest.Postgres(t))
			o.supersedes()
			o.process(tt.process...)
			r := o.release(deploy.NewRelease{})
			old := tt.older(o, r)
			push := tt.newer(o, r)
			over := make(chan struct{})
			o.do(func(tx *store.Tx) error {
				if err := tt.moves(o, tx, old); err != nil {
					return err
				}
				go func() {
					defer close(over)
					push()
				}()
				storetest.AwaitBlocked(t, o.db, tx)
				return nil
			})
			<-over
			if got := o.until(old, func(*task.Task) bool { return true }); got.State != task.Executing || got.Error != "" {
				t.Errorf("it is %s: %s", got.Status, got.Error)
			}
		})
	}
}
