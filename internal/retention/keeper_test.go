package retention_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/blob"
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/deploy"
	"github.com/takodeploy/tako/internal/feed"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/retention"
	"github.com/takodeploy/tako/internal/setting"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/store/storetest"
	"github.com/takodeploy/tako/internal/task"
)

// attic is a store with the tasks that keep it tidy.
type attic struct {
	*testing.T
	db    *store.DB
	queue *task.Queue
	blobs blob.Store
	dir   string
	now   time.Time
	pause time.Duration // of the keeper
}

func each(t *testing.T, test func(*attic)) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		if err := kind.Prepare(db); err != nil {
			t.Fatal(err)
		}
		a := &attic{T: t, db: db, queue: task.NewQueue(db, task.Options{Instance: "test"}), dir: t.TempDir(), now: time.Now(), pause: -1}
		var err error
		if a.blobs, err = blob.OpenFolder(a.dir); err != nil {
			t.Fatal(err)
		}
		a.do(func(tx *store.Tx) error {
			_, err := catalog.Seed(tx, catalog.AdminSeed{})
			return err
		})
		test(a)
	})
}

func (a *attic) do(f func(tx *store.Tx) error) {
	a.Helper()
	if err := a.db.Do(a.Context(), f); err != nil {
		a.Fatal(err)
	}
}

// work carries tasks out until the test ends; those of the names given are done
// at once.
func (a *attic) work(quick ...string) {
	a.handle("Quick", func(context.Context, *task.Execution) (task.Outcome, error) {
		return task.Outcome{Act: task.Succeed}, nil
	}, quick...)
}

// handle is work with another handler.
func (a *attic) handle(name string, h task.HandlerFunc, more ...string) {
	r := task.NewRunner(a.queue, task.RunnerOptions{Node: "n", Poll: 20 * time.Millisecond, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	for _, name := range append(more, name) {
		r.Handle(name, h)
	}
	r.Handle(retention.TaskName, &retention.Keeper{
		DB: a.db, Deploy: &deploy.Service{DB: a.db, Queue: a.queue, Blobs: a.blobs}, Feed: &feed.BuiltIn{DB: a.db, Blobs: a.blobs}, Blobs: a.blobs,
		Pause: a.pause, Now: func() time.Time { return a.now },
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	a.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			a.Error(err)
		}
	})
}

// await waits for a task to end.
func (a *attic) await(id string) *task.Task {
	a.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); <-time.After(5 * time.Millisecond) {
		t, err := a.queue.Get(a.Context(), id)
		if err != nil {
			a.Fatal(err)
		}
		if t.Hold == task.Done {
			return t
		}
	}
	a.Fatalf("%s does not end", id)
	return nil
}

func (a *attic) enqueue(n task.New) string {
	a.Helper()
	t, err := a.queue.Enqueue(a.Context(), n)
	if err != nil {
		a.Fatal(err)
	}
	return t.ID
}

func (a *attic) retain() {
	a.Helper()
	if end := a.await(a.enqueue(task.New{Name: retention.TaskName, Tag: retention.Tag})); end.State != task.Success {
		a.Fatalf("%s: %s", end.State, end.Error)
	}
}

// count tells how many tasks of a name there are.
func (a *attic) count(name string) (n int) {
	a.Helper()
	_, n, err := a.queue.List(a.Context(), task.Filter{Names: []string{name}, Take: 1})
	if err != nil {
		a.Fatal(err)
	}
	return n
}

// TestOldTasksGo keeps the last twenty of each name, and those of a month.
func TestOldTasksGo(t *testing.T) {
	each(t, func(a *attic) {
		a.work()
		for range 45 {
			a.await(a.enqueue(task.New{Name: "Quick"}))
		}
		waiting := a.enqueue(task.New{Name: "Quick", QueueTime: time.Now().Add(time.Hour)})
		if a.retain(); a.count("Quick") != 46 {
			a.Errorf("%d young tasks are left", a.count("Quick"))
		}
		a.now = a.now.AddDate(0, 0, 31)
		if a.retain(); a.count("Quick") != 21 {
			a.Errorf("%d tasks are left", a.count("Quick"))
		}
		if got, err := a.queue.Get(a.Context(), waiting); err != nil || got.State != task.Queued {
			a.Errorf("what waits: %v, %v", got, err)
		}
	})
}

// TestFilesOfNobodyGo removes what a crash between a document and its file has
// left behind.
func TestFilesOfNobodyGo(t *testing.T) {
	each(t, func(a *attic) {
		a.work()
		kept := &catalog.Artifact{Filename: "kept.txt"}
		kept.SpaceID = kind.DefaultSpace
		a.do(func(tx *store.Tx) error { return catalog.Artifacts.Put(tx, kept) })
		for _, name := range []string{kept.Blob(), "artifacts/Artifacts-999", "packages/other.zip"} {
			if _, err := a.blobs.Put(a.Context(), name, strings.NewReader("x"), 1); err != nil {
				a.Fatal(err)
			}
		}
		there := func() (names []string) {
			for info, err := range a.blobs.List(a.Context(), "") {
				if err != nil {
					a.Fatal(err)
				}
				names = append(names, info.Name)
			}
			return names
		}
		if a.retain(); len(there()) != 3 {
			a.Errorf("young files: %v", there())
		}
		a.now = a.now.Add(49 * time.Hour)
		a.retain()
		if diff := cmp.Diff([]string{kept.Blob(), "packages/other.zip"}, there()); diff != "" {
			a.Error(diff)
		}
	})
}

// TestOneAtATime enqueues two of the tasks and claims as many as may run.
func TestOneAtATime(t *testing.T) {
	each(t, func(a *attic) {
		first := a.enqueue(task.New{Name: retention.TaskName, Tag: retention.Tag})
		second := a.enqueue(task.New{Name: retention.TaskName, Tag: retention.Tag})
		if err := a.queue.Join(a.Context(), "n", 5); err != nil {
			a.Fatal(err)
		}
		got, err := a.queue.Claim(a.Context(), "n", time.Minute)
		if err != nil || len(got) != 1 || got[0].ID != first {
			a.Fatalf("%v, %v", got, err)
		}
		why, err := a.queue.WhyWaiting(a.Context(), second)
		if err != nil || len(why.Sentences) == 0 || !strings.Contains(why.Sentences[0], first) {
			a.Errorf("%v, %v", why, err)
		}
	})
}

func TestSchedule(t *testing.T) {
	each(t, func(a *attic) {
		const every = 4 * time.Hour
		clock := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		nodes := []*retention.Schedule{{DB: a.db, Queue: a.queue}, {DB: a.db, Queue: a.queue}}
		for _, n := range nodes {
			n.Now = func() time.Time { return clock }
		}
		for _, step := range []struct {
			after time.Duration
			want  int
			end   bool // what runs ends after it
		}{
			{0, 0, false},
			{every - time.Second, 0, false},
			{time.Second, 1, false},
			{every, 1, true}, // the last has not ended
			{time.Second, 2, true},
			{10 * every, 3, true}, // rounds that were missed are made up for by one
			{time.Minute, 3, false},
		} {
			clock = clock.Add(step.after)
			errs := make(chan error, len(nodes))
			for _, n := range nodes {
				go func() { errs <- n.Tick(a.Context()) }()
			}
			if err := errors.Join(<-errs, <-errs); err != nil {
				a.Fatal(err)
			}
			if got := a.count(retention.TaskName); got != step.want {
				a.Errorf("%s: %d tasks, want %d", clock, got, step.want)
			}
			if step.end {
				a.endAll()
			}
		}
		a.endAll()
		// Another schedule counts from the next look on.
		if err := a.db.Do(a.Context(), func(tx *store.Tx) error {
			return setting.Retention.Put(tx, setting.RetentionValues{CronExpression: "30 2 * * 0"})
		}); err != nil {
			a.Fatal(err)
		}
		for _, c := range []struct {
			now  time.Time
			want int
		}{{time.Date(2026, 1, 4, 2, 29, 0, 0, time.UTC), 3}, {time.Date(2026, 1, 4, 2, 30, 0, 0, time.UTC), 4}} {
			clock = c.now
			if err := nodes[0].Tick(a.Context()); err != nil {
				a.Fatal(err)
			}
			if got := a.count(retention.TaskName); got != c.want {
				a.Errorf("%s: %d tasks, want %d", clock, got, c.want)
			}
		}
	})
}

// endAll cancels what waits.
func (a *attic) endAll() {
	a.Helper()
	all, _, err := a.queue.List(a.Context(), task.Filter{Names: []string{retention.TaskName}, States: []task.State{task.Queued}})
	if err != nil {
		a.Fatal(err)
	}
	for _, t := range all {
		if _, err := a.queue.Cancel(a.Context(), t.ID); err != nil {
			a.Fatal(err)
		}
	}
}

func TestJudgeRuns(t *testing.T) {
	now := time.Date(2026, 6, 30, 12, 0, 0, 0, time.UTC)
	var runs []retention.Run
	for i := range 12 {
		e := "dev"
		if i%3 == 0 {
			e = "prod"
		}
		runs = append(runs, retention.Run{ID: fmt.Sprint(i), Environment: e, Created: now.AddDate(0, 0, -i), Active: i == 11})
	}
	for _, tt := range []struct {
		policy retention.Policy
		want   string
	}{
		{retention.Policy{}, ""},
		{retention.Policy{Count: 3}, "5 7 8 9 10"},
		{retention.Policy{Days: 8}, "9 10"},
	} {
		var gone []string
		for _, r := range retention.JudgeRuns(runs, tt.policy, now) {
			gone = append(gone, r.ID)
		}
		if got := strings.Join(gone, " "); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.policy, got, tt.want)
		}
	}
}
