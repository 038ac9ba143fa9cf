package health_test

import (
	"context"
	"errors"
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
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/health"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/internal/secret"
	"github.com/takodeploy/tako/internal/step"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/target"
	"github.com/takodeploy/tako/internal/task"
)

// ward is a server whose machines are as well as a test says.
type ward struct {
	t     *testing.T
	db    *store.DB
	queue *task.Queue
	env   string
	now   time.Time

	mu    sync.Mutex
	ill   map[string]int           // machine id to exit code; -1 cannot be reached
	stuck map[string]chan struct{} // closed when the check may end
	seen  []string                 // the machines that were checked
}

func newWard(t *testing.T) *ward {
	t.Helper()
	db, err := store.Open(t.Context(), t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	db.Key = secret.NewKey()
	if err := kind.Prepare(db); err != nil {
		t.Fatal(err)
	}
	w := &ward{t: t, db: db, queue: task.NewQueue(db, task.Options{Instance: "test"}), ill: map[string]int{}, stuck: map[string]chan struct{}{},
		now: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)}
	w.do(func(tx *store.Tx) error {
		if _, err := catalog.Seed(tx, catalog.AdminSeed{}); err != nil {
			return err
		}
		e := &catalog.Environment{}
		e.Name, e.SpaceID = "Production", kind.DefaultSpace
		err := catalog.Environments.Put(tx, e)
		w.env = e.ID
		return err
	})
	return w
}

func (w *ward) do(f func(tx *store.Tx) error) {
	w.t.Helper()
	if err := w.db.Do(context.Background(), f); err != nil {
		w.t.Fatal(err)
	}
}

// start runs tasks until the returned function is called.
func (w *ward) start() (stop func()) {
	tools := &step.Tools{Store: w.db, Reach: w}
	r := task.NewRunner(w.queue, task.RunnerOptions{Node: "one", Cap: 5, Poll: 20 * time.Millisecond, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	r.Handle(health.TaskName, &health.Checker{Tools: tools, Parallel: 2})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- r.Run(ctx) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Error(err)
		}
	}
}

func (w *ward) machine(name string) string {
	w.t.Helper()
	var id string
	w.do(func(tx *store.Tx) error {
		accounts, _, err := catalog.Accounts.List(tx, kind.Query{Space: kind.DefaultSpace})
		if err != nil {
			return err
		}
		if len(accounts) == 0 {
			password := kind.NewSensitive("x")
			a := &catalog.Account{AccountType: catalog.AccountPassword, Username: "me", Password: &password}
			a.Name, a.SpaceID = "account", kind.DefaultSpace
			if err := catalog.Accounts.Put(tx, a); err != nil {
				return err
			}
			accounts = append(accounts, a)
		}
		m := &catalog.Machine{EnvironmentIDs: []string{w.env}, Roles: []string{"web"}}
		m.Name, m.SpaceID = name, kind.DefaultSpace
		m.Endpoint = catalog.Endpoint{CommunicationStyle: catalog.StyleSSH, Host: name, Fingerprint: "SHA256:x", AccountID: accounts[0].ID}
		err = catalog.Machines.Put(tx, m)
		id = m.ID
		return err
	})
	return id
}

// policy changes the default policy.
func (w *ward) policy(change func(p *catalog.MachinePolicy)) {
	w.t.Helper()
	w.do(func(tx *store.Tx) error {
		all, _, err := catalog.MachinePolicies.List(tx, kind.Query{Space: kind.DefaultSpace})
		if err != nil {
			return err
		}
		change(all[0])
		return catalog.MachinePolicies.Put(tx, all[0])
	})
}

func (w *ward) enqueue(a health.Arguments) *task.Task {
	w.t.Helper()
	t, err := w.queue.Enqueue(context.Background(), task.New{Name: health.TaskName, SpaceID: kind.DefaultSpace, Arguments: a})
	if err != nil {
		w.t.Fatal(err)
	}
	return t
}

// await waits until a task is as wanted.
func (w *ward) await(id string, ok func(t *task.Task) bool) *task.Task {
	w.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		t, err := w.queue.Get(context.Background(), id)
		if err != nil {
			w.t.Fatal(err)
		}
		if ok(t) {
			return t
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("task %s is %s", id, t.Status)
		}
		<-time.After(5 * time.Millisecond)
	}
}

func ended(t *task.Task) bool { return t.State.Final() }

// checked lists the machines that were looked at since it was last called.
func (w *ward) checked() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := w.seen
	w.seen = nil
	slices.Sort(seen)
	return seen
}

func (w *ward) health(id string) string {
	w.t.Helper()
	var status string
	w.do(func(tx *store.Tx) error {
		m, err := catalog.Machines.Get(tx, id)
		if err == nil {
			status = m.HealthStatus
		}
		return err
	})
	return status
}

// Reach gives a way to a machine that is as well as the test says.
func (w *ward) Reach(_ context.Context, _ string, place step.Place) (target.Transport, func(), error) {
	return &bed{ward: w, id: place.ID}, func() {}, nil
}

// bed is a machine in the ward.
type bed struct {
	*ward
	id string
}

func (b *bed) Probe(ctx context.Context) (target.Host, error) {
	b.mu.Lock()
	b.seen = append(b.seen, b.id)
	code, stuck := b.ill[b.id], b.stuck[b.id]
	b.mu.Unlock()
	if stuck != nil {
		select {
		case <-stuck:
		case <-ctx.Done():
			return target.Host{}, ctx.Err()
		}
	}
	if code == -1 {
		return target.Host{}, fault.New(fault.Unavailable, "Nobody is at home.")
	}
	return target.Host{OS: "linux", Arch: "amd64"}, nil
}

func (b *bed) Follow(_ context.Context, _ string, _ int64, emit func([]runner.Line) error) (runner.Exit, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	err := emit([]runner.Line{{Seq: 1, Stream: runner.Stdout, Text: "feeling fine"}})
	return runner.Exit{Code: b.ill[b.id], Last: 1}, err
}

func (b *bed) Reachable(context.Context) error                   { return nil }
func (b *bed) Has(context.Context, runner.Package) (bool, error) { return false, nil }
func (b *bed) Start(context.Context, string, runner.Job) error   { return nil }
func (b *bed) Cancel(context.Context, string) error              { return nil }
func (b *bed) Complete(context.Context, string) error            { return nil }
func (b *bed) Close() error                                      { return nil }
func (b *bed) Put(context.Context, runner.Package, func() (io.ReadCloser, error)) (bool, error) {
	return false, nil
}
func (b *bed) Get(context.Context, string, string) (io.ReadCloser, int64, error) {
	return nil, 0, errors.ErrUnsupported
}

func TestHealthTask(t *testing.T) {
	w := newWard(t)
	well, ill, away := w.machine("well"), w.machine("ill"), w.machine("away")
	w.ill[ill], w.ill[away] = 3, -1
	defer w.start()()
	tests := []struct {
		name  string
		args  health.Arguments
		seen  []string
		state task.State
		err   string
	}{
		{"all", health.Arguments{}, []string{well, ill, away}, task.Failed, "2 of 3 machines are not well."},
		{"one", health.Arguments{MachineIDs: health.IDList{well}}, []string{well}, task.Success, ""},
		{"one that is away", health.Arguments{MachineIDs: health.IDList{away}}, []string{away}, task.Failed, "away is not well: Nobody is at home."},
		{"environment", health.Arguments{EnvironmentID: w.env}, []string{well, ill, away}, task.Failed, "2 of 3 machines are not well."},
		{"another environment", health.Arguments{EnvironmentID: "Environments-99"}, nil, task.Success, ""},
		{"workers", health.Arguments{RestrictedTo: "Workers"}, nil, task.Success, ""},
	}
	for _, tt := range tests {
		got := w.await(w.enqueue(tt.args).ID, ended)
		if got.State != tt.state || got.Error != tt.err {
			t.Errorf("%s: %s %q", tt.name, got.State, got.Error)
		}
		slices.Sort(tt.seen)
		if diff := cmp.Diff(tt.seen, w.checked()); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
	got := []string{w.health(well), w.health(ill), w.health(away)}
	if diff := cmp.Diff([]string{catalog.Healthy, catalog.Unhealthy, catalog.Unavailable}, got); diff != "" {
		t.Error(diff)
	}
	w.policy(func(p *catalog.MachinePolicy) {
		p.MachineConnectivityPolicy.MachineConnectivityBehavior = "MayBeOfflineAndCanBeSkipped"
	})
	if got := w.await(w.enqueue(health.Arguments{MachineIDs: health.IDList{away}}).ID, ended); got.State != task.Success {
		t.Errorf("one that may be away: %s %q", got.State, got.Error)
	}
}

// TestHealthTaskGoesOn ends the process in the middle: machines that were
// checked are not checked again.
func TestHealthTaskGoesOn(t *testing.T) {
	w := newWard(t)
	var ids []string
	for i := range 4 {
		ids = append(ids, w.machine(fmt.Sprint("m", i)))
	}
	gate := make(chan struct{})
	w.stuck[ids[3]] = gate
	stop := w.start()
	id := w.enqueue(health.Arguments{}).ID
	w.await(id, func(*task.Task) bool {
		w.mu.Lock()
		begun := len(w.seen) == len(ids)
		w.mu.Unlock()
		return begun && w.health(ids[0]) == catalog.Healthy && w.health(ids[1]) == catalog.Healthy && w.health(ids[2]) == catalog.Healthy
	})
	stop()
	if diff := cmp.Diff(ids, w.checked()); diff != "" {
		t.Error(diff)
	}
	close(gate)
	defer w.start()()
	if got := w.await(id, ended); got.State != task.Success {
		t.Errorf("%s %q", got.State, got.Error)
	}
	if diff := cmp.Diff(ids[3:], w.checked()); diff != "" {
		t.Error(diff)
	}
}

func TestHealthTaskIsCanceled(t *testing.T) {
	w := newWard(t)
	for i := range 4 {
		w.stuck[w.machine(fmt.Sprint("m", i))] = make(chan struct{})
	}
	defer w.start()()
	id := w.enqueue(health.Arguments{}).ID
	w.await(id, func(*task.Task) bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return len(w.seen) == 2
	})
	if _, err := w.queue.Cancel(context.Background(), id); err != nil {
		t.Fatal(err)
	}
	if got := w.await(id, ended); got.State != task.Canceled {
		t.Errorf("%s %q", got.State, got.Error)
	}
	late := w.enqueue(health.Arguments{Timeout: health.TimeSpan(50 * time.Millisecond)}).ID
	if got := w.await(late, ended); got.State != task.TimedOut || !strings.Contains(got.Error, "before 4 of 4 machines") {
		t.Errorf("%s %q", got.State, got.Error)
	}
}

// queued lists the descriptions of the tasks that wait, the oldest first.
func (w *ward) queued() []string {
	w.t.Helper()
	tasks, _, err := w.queue.List(context.Background(), task.Filter{})
	if err != nil {
		w.t.Fatal(err)
	}
	slices.SortFunc(tasks, func(a, b *task.Task) int { return int(a.Num - b.Num) })
	var all []string
	for _, t := range tasks {
		if !t.State.Final() {
			all = append(all, t.Description)
		}
	}
	return all
}

const (
	regular = "Check the health of the machines with the policy Default Machine Policy"
	fresh   = "Check the health of a new machine"
)

// tick lets time pass and two nodes look; it gives what waits then.
func (w *ward) tick(after time.Duration) []string {
	w.t.Helper()
	w.now = w.now.Add(after)
	s := &health.Schedule{DB: w.db, Queue: w.queue, Now: func() time.Time { return w.now }}
	if err := errors.Join(s.Tick(context.Background()), s.Tick(context.Background())); err != nil {
		w.t.Fatal(err)
	}
	return w.queued()
}

func TestHealthSchedule(t *testing.T) {
	w := newWard(t)
	if got := w.tick(0); got != nil {
		t.Errorf("without machines: %q", got)
	}
	id := w.machine("m")
	if diff := cmp.Diff([]string{fresh}, w.tick(0)); diff != "" {
		t.Error(diff)
	}
	stop := w.start()
	for len(w.queued()) > 0 {
		<-time.After(5 * time.Millisecond)
	}
	stop()
	if got := w.health(id); got != catalog.Healthy {
		t.Errorf("after its first check the machine is %s", got)
	}
	if got := w.tick(59 * time.Minute); got != nil {
		t.Errorf("too early: %q", got)
	}
	if diff := cmp.Diff([]string{regular}, w.tick(time.Minute)); diff != "" {
		t.Error(diff)
	}
	// The last round has not ended: there is no other beside it.
	if diff := cmp.Diff([]string{regular}, w.tick(2*time.Hour)); diff != "" {
		t.Error(diff)
	}
}

func TestHealthByTimes(t *testing.T) {
	w := newWard(t)
	w.machine("m")
	w.tick(0)
	w.finish()
	cron := "0 30 3 * * *"
	w.policy(func(p *catalog.MachinePolicy) {
		p.MachineHealthCheckPolicy.HealthCheckCron, p.MachineHealthCheckPolicy.HealthCheckCronTimezone = &cron, "Europe/Berlin"
	})
	w.now = time.Date(2026, 11, 5, 2, 29, 59, 0, time.UTC) // 3:29:59 there
	w.setRound(w.now.Add(-time.Hour))
	if got := w.tick(0); got != nil {
		t.Errorf("before its time: %q", got)
	}
	if diff := cmp.Diff([]string{regular}, w.tick(time.Second)); diff != "" {
		t.Error(diff)
	}
	w.finish()
	if got := w.tick(time.Hour); got != nil {
		t.Errorf("after its time: %q", got)
	}
}

func TestMachinesThatStayAway(t *testing.T) {
	w := newWard(t)
	id := w.machine("m")
	w.tick(0)
	w.finish()
	w.policy(func(p *catalog.MachinePolicy) {
		p.MachineCleanupPolicy = catalog.CleanupPolicy{DeleteMachinesBehavior: "DeleteUnavailableMachines", DeleteMachinesElapsedTimeSpan: "2.00:00:00"}
	})
	w.do(func(tx *store.Tx) error {
		return step.RecordHealth(tx, id, step.Health{Status: catalog.Unavailable}, w.now)
	})
	w.tick(24 * time.Hour)
	if got := w.health(id); got != catalog.Unavailable {
		t.Error(got)
	}
	w.tick(24 * time.Hour)
	err := w.db.View(context.Background(), func(tx *store.Tx) error { _, err := catalog.Machines.Get(tx, id); return err })
	if !fault.Is(err, fault.NotFound) {
		t.Errorf("the machine is still there: %v", err)
	}
}

// finish ends the tasks that wait.
func (w *ward) finish() {
	w.t.Helper()
	tasks, _, err := w.queue.List(context.Background(), task.Filter{})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, t := range tasks {
		if !t.State.Final() {
			if _, err := w.queue.Cancel(context.Background(), t.ID); err != nil {
				w.t.Fatal(err)
			}
		}
	}
}

// setRound makes the last round of the default policy one of a time.
func (w *ward) setRound(at time.Time) {
	w.t.Helper()
	w.do(func(tx *store.Tx) error {
		all, _, err := catalog.MachinePolicies.List(tx, kind.Query{Space: kind.DefaultSpace})
		if err != nil {
			return err
		}
		return tx.SetSetting("health-round/"+all[0].ID, `{"At":"`+at.Format(time.RFC3339)+`"}`)
	})
}
