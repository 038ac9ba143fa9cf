package task

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/store"
)

// clock is a time that tests move by hand.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// open opens an empty store: a file, or a new database of the PostgreSQL
// server that the environment variable TAKO_TEST_POSTGRES is the URL of.
func open(t testing.TB) *store.DB {
	t.Helper()
	at := os.Getenv("TAKO_TEST_POSTGRES")
	if at != "" {
		at = newDatabase(t, at)
	}
	db, err := store.Open(context.Background(), t.TempDir(), at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func newDatabase(t testing.TB, at string) string {
	t.Helper()
	server, err := sql.Open("pgx", at)
	if err != nil {
		t.Fatal(err)
	}
	name := "tako_test_" + strings.ToLower(newSelf())
	if _, err := server.Exec("create database " + name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _ = server.Exec("drop database " + name + " with (force)")
		_ = server.Close()
	})
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// sqliteOnly skips tests that move the clock: on PostgreSQL leases go by the
// database's own.
func sqliteOnly(t testing.TB) {
	if os.Getenv("TAKO_TEST_POSTGRES") != "" {
		t.Skip("the clock of PostgreSQL cannot be moved")
	}
}

func TestTaskSurvivesTheStore(t *testing.T) {
	q := NewQueue(open(t), Options{})
	ctx := t.Context()
	made := must[*Task](t)(q.Enqueue(ctx, New{
		Name: "Deploy", Description: "Deploy x", SpaceID: "Spaces-1", ProjectID: "Projects-1", EnvironmentID: "Environments-1",
		TenantID: "Tenants-1", RunbookID: "", Arguments: map[string]any{"DeploymentId": "Deployments-1"}, CreatedBy: "Users-1",
		Tag: "Projects-1/Environments-1", Class: Priority, Expiry: time.Now().Add(time.Hour),
	}))
	got := must[*Task](t)(q.Get(ctx, made.ID))
	if diff := cmp.Diff(made, got); diff != "" {
		t.Error(diff)
	}
	if made.ID == "" || !strings.HasPrefix(made.ID, "ServerTasks-") {
		t.Error(made.ID)
	}
}

func TestClaimLifeCycle(t *testing.T) {
	sqliteOnly(t)
	c := newClock()
	q := NewQueue(open(t), Options{Now: c.now})
	ctx := t.Context()
	if err := q.Join(ctx, "n", 2); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for i := range 3 {
		ids = append(ids, must[*Task](t)(q.Enqueue(ctx, New{Name: "X", Description: fmt.Sprint(i), Tag: fmt.Sprint("tag", i/2)})).ID)
	}
	claim := func(node string) string {
		var got []string
		for _, task := range must[[]*Task](t)(q.Claim(ctx, node, 6*time.Second)) {
			got = append(got, task.ID)
		}
		return strings.Join(got, " ")
	}
	if got := claim("n"); got != ids[0]+" "+ids[2] {
		t.Fatalf("claimed %q: the second has the first one's tag", got)
	}
	why := must[Why](t)(q.WhyWaiting(ctx, ids[1]))
	if len(why.Sentences) != 1 || !strings.Contains(why.Sentences[0], ids[0]) {
		t.Errorf("why: %q", why.Sentences)
	}
	// The node dies; another takes over what it had, tag and all.
	if err := q.Join(ctx, "m", 2); err != nil {
		t.Fatal(err)
	}
	if got := claim("m"); got != "" {
		t.Fatalf("claimed %q although the leases hold", got)
	}
	c.pass(7 * time.Second)
	if got := claim("m"); got != ids[0]+" "+ids[2] {
		t.Fatalf("took over %q", got)
	}
	old := &Execution{Task: Task{ID: ids[0], Epoch: 1}, q: q, mask: newMasks(), stop: func(error) {}}
	if err := old.Save(ctx, Save{Logs: []Lines{{Lines: []Line{{Text: "late"}}}}}); !fenced(err) {
		t.Errorf("the dead node still writes: %v", err)
	}
	held := must[map[string]Task](t)(q.Renew(ctx, "n", 6*time.Second))
	if len(held) != 0 {
		t.Errorf("the dead node still holds %v", held)
	}
	now := &Execution{Task: Task{ID: ids[0], Epoch: 2}, q: q, mask: newMasks(), stop: func(error) {}}
	if err := now.Save(ctx, Save{Outcome: &Outcome{Act: Succeed}}); err != nil {
		t.Fatal(err)
	}
	if got := claim("m"); got != ids[1] {
		t.Errorf("claimed %q after the tag was free", got)
	}
}

func TestPauseWakesWithoutLosingEvents(t *testing.T) {
	sqliteOnly(t)
	c := newClock()
	q := NewQueue(open(t), Options{Now: c.now})
	ctx := t.Context()
	if err := q.Join(ctx, "n", 2); err != nil {
		t.Fatal(err)
	}
	id := must[*Task](t)(q.Enqueue(ctx, New{Name: "X", Tag: "a"})).ID
	signal := func(ref string) {
		t.Helper()
		err := q.store.Do(ctx, func(tx *store.Tx) error { return q.Signal(tx, id, Event{Kind: EventAnswer, Ref: ref, Text: "Proceed"}) })
		if err != nil {
			t.Fatal(err)
		}
	}
	status := func() Status { return must[*Task](t)(q.Get(ctx, id)).Status }
	exec := func() *Execution {
		t.Helper()
		tasks := must[[]*Task](t)(q.Claim(ctx, "n", 6*time.Second))
		if len(tasks) != 1 {
			t.Fatalf("claimed %v", tasks)
		}
		x := &Execution{Task: *tasks[0], q: q, mask: newMasks(), stop: func(error) {}}
		if err := x.load(ctx, false); err != nil {
			t.Fatal(err)
		}
		return x
	}
	x := exec()
	signal("early") // while it runs, before it pauses: must not be lost
	if err := x.Save(ctx, Save{Outcome: &Outcome{Pause: &Pause{Seen: x.Seen()}}}); err != nil {
		t.Fatal(err)
	}
	if got := status(); got != (Status{Executing, Waiting}) {
		t.Fatalf("%s, although there was news", got)
	}
	x = exec()
	if len(x.Events) != 1 || x.Events[0].Ref != "early" {
		t.Fatalf("events %v", x.Events)
	}
	if err := x.Save(ctx, Save{Pending: []string{"ManualIntervention"}, Outcome: &Outcome{Pause: &Pause{Seen: x.Seen(), KeepTag: true, Why: "It waits for a person."}}}); err != nil {
		t.Fatal(err)
	}
	task := must[*Task](t)(q.Get(ctx, id))
	if task.Hold != Paused || !task.HasTag || len(task.Pending) != 1 {
		t.Fatalf("%+v", task)
	}
	if why := must[Why](t)(q.WhyWaiting(ctx, id)); len(why.Sentences) != 1 || why.Sentences[0] != "It waits for a person." {
		t.Errorf("why: %v", why)
	}
	signal("answer")
	x = exec()
	if err := x.Save(ctx, Save{Outcome: &Outcome{Pause: &Pause{Seen: x.Seen(), Until: c.now().Add(time.Minute)}}}); err != nil {
		t.Fatal(err)
	}
	if got := must[[]*Task](t)(q.Claim(ctx, "n", time.Second)); len(got) != 0 {
		t.Fatal("claimed a paused task")
	}
	_, next, err := q.Due(ctx, "n")
	if err != nil || !next.Equal(c.now().Add(time.Minute)) {
		t.Errorf("next %v, %v", next, err)
	}
	c.pass(time.Minute)
	if due, _, _ := q.Due(ctx, "n"); !due {
		t.Error("the clock has struck and nothing is due")
	}
	x = exec()
	if err := x.Save(ctx, Save{Outcome: &Outcome{Act: Fail, Error: "no"}}); err != nil {
		t.Fatal(err)
	}
	if task := must[*Task](t)(q.Get(ctx, id)); task.State != Failed || task.Error != "no" || task.HasTag || task.Completed.IsZero() {
		t.Errorf("%+v", task)
	}
}

func TestCancelAtEveryStage(t *testing.T) {
	clock := time.Now()
	q := NewQueue(open(t), Options{Now: func() time.Time { return clock }})
	ctx := t.Context()
	abandon := func(id string) (*Task, error) { return q.change(ctx, id, q.AbandonTx) }
	if err := q.Join(ctx, "n", 9); err != nil {
		t.Fatal(err)
	}
	queued := must[*Task](t)(q.Enqueue(ctx, New{Name: "X"}))
	if got := must[*Task](t)(q.Cancel(ctx, queued.ID)); got.Status != (Status{Canceled, Done}) {
		t.Errorf("queued: %s", got.Status)
	}
	must[*Task](t)(q.Enqueue(ctx, New{Name: "X"}))
	held := must[[]*Task](t)(q.Claim(ctx, "n", time.Minute))[0]
	if got := must[*Task](t)(q.Cancel(ctx, held.ID)); got.Status != (Status{Cancelling, Held}) {
		t.Errorf("held: %s", got.Status)
	}
	x := &Execution{Task: *held, q: q, mask: newMasks(), stop: func(error) {}}
	if err := x.Save(ctx, Save{Outcome: &Outcome{Act: Stop}}); err != nil {
		t.Error(err)
	}
	must[*Task](t)(q.Enqueue(ctx, New{Name: "X"}))
	paused := must[[]*Task](t)(q.Claim(ctx, "n", time.Minute))[0]
	x = &Execution{Task: *paused, q: q, mask: newMasks(), stop: func(error) {}}
	if err := x.Save(ctx, Save{Outcome: &Outcome{Pause: &Pause{}}}); err != nil {
		t.Fatal(err)
	}
	if got := must[*Task](t)(q.Cancel(ctx, paused.ID)); got.Status != (Status{Cancelling, Waiting}) {
		t.Errorf("paused: %s", got.Status)
	}
	if err := q.SetNode(ctx, "n", 0, false); err != nil {
		t.Fatal(err)
	}
	if got := must[[]*Task](t)(q.Claim(ctx, "n", time.Minute)); len(got) != 1 || got[0].State != Cancelling {
		t.Errorf("a full node does not take what is being canceled: %v", got)
	}
	if _, err := abandon(held.ID); !fault.Is(err, fault.Conflict) {
		t.Errorf("what has ended is abandoned: %v", err)
	}
	clock = clock.Add(AbandonAfter - time.Second)
	if _, err := abandon(paused.ID); !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "can be abandoned from") {
		t.Errorf("abandoned before its time: %v", err)
	}
	clock = clock.Add(time.Second)
	if got := must[*Task](t)(abandon(paused.ID)); got.Status != (Status{Canceled, Done}) {
		t.Errorf("abandoned: %s", got.Status)
	}
	if got := must[*Task](t)(q.Mark(ctx, paused.ID, Success, "")); got.State != Success {
		t.Errorf("marked: %s", got.State)
	}
}

// stop keeps a space's tasks from being started, as saving the space does.
func stop(t testing.TB, q *Queue, space string) {
	change(t, q, "insert into task_stopped (space) values ($1)", space)
}

func start(t testing.TB, q *Queue, space string) {
	change(t, q, "delete from task_stopped where space = $1", space)
}

func change(t testing.TB, q *Queue, text string, args ...any) {
	t.Helper()
	err := q.store.Do(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(text, args...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestExpiryTopAndStop(t *testing.T) {
	sqliteOnly(t)
	c := newClock()
	q := NewQueue(open(t), Options{Now: c.now})
	ctx := t.Context()
	if err := q.Join(ctx, "n", 1); err != nil {
		t.Fatal(err)
	}
	expiring := must[*Task](t)(q.Enqueue(ctx, New{Name: "X", QueueTime: c.now().Add(time.Hour), Expiry: c.now().Add(2 * time.Hour)}))
	if got := must[[]*Task](t)(q.Claim(ctx, "n", time.Minute)); len(got) != 0 {
		t.Fatal("claimed before its time")
	}
	c.pass(3 * time.Hour)
	if got := must[[]*Task](t)(q.Claim(ctx, "n", time.Minute)); len(got) != 0 {
		t.Fatal("claimed after its expiry")
	}
	if got := must[*Task](t)(q.Get(ctx, expiring.ID)); got.State != TimedOut || got.Error == "" {
		t.Errorf("%s %q", got.State, got.Error)
	}
	first := must[*Task](t)(q.Enqueue(ctx, New{Name: "X", SpaceID: "Spaces-1"}))
	second := must[*Task](t)(q.Enqueue(ctx, New{Name: "X", SpaceID: "Spaces-1"}))
	must[*Task](t)(q.MoveToTop(ctx, second.ID))
	stop(t, q, "Spaces-1")
	if got := must[[]*Task](t)(q.Claim(ctx, "n", time.Minute)); len(got) != 0 {
		t.Fatal("claimed from a stopped queue")
	}
	if why := must[Why](t)(q.WhyWaiting(ctx, first.ID)); len(why.Sentences) == 0 || why.Sentences[0] != "The task queue of its space is stopped." {
		t.Errorf("%v", why)
	}
	start(t, q, "Spaces-1")
	if got := must[[]*Task](t)(q.Claim(ctx, "n", time.Minute)); len(got) != 1 || got[0].ID != second.ID {
		t.Errorf("claimed %v, want the one at the top", got)
	}
}

func TestChildIsMadeOnceAndWakesItsParent(t *testing.T) {
	q := NewQueue(open(t), Options{})
	ctx := t.Context()
	if err := q.Join(ctx, "n", 9); err != nil {
		t.Fatal(err)
	}
	parent := must[*Task](t)(q.Enqueue(ctx, New{Name: "X"}))
	p := must[[]*Task](t)(q.Claim(ctx, "n", time.Minute))[0]
	n := New{Name: "Y", Parent: parent.ID, ParentKey: "1.1@#1"}
	child := must[*Task](t)(q.Enqueue(ctx, n))
	if again := must[*Task](t)(q.Enqueue(ctx, n)); again.ID != child.ID {
		t.Errorf("two children: %s, %s", child.ID, again.ID)
	}
	x := &Execution{Task: *p, q: q, mask: newMasks(), stop: func(error) {}}
	if err := x.Save(ctx, Save{Outcome: &Outcome{Pause: &Pause{}}}); err != nil {
		t.Fatal(err)
	}
	k := must[[]*Task](t)(q.Claim(ctx, "n", time.Minute))[0]
	x = &Execution{Task: *k, q: q, mask: newMasks(), stop: func(error) {}}
	if err := x.Save(ctx, Save{Outcome: &Outcome{Act: Succeed}}); err != nil {
		t.Fatal(err)
	}
	woken := must[[]*Task](t)(q.Claim(ctx, "n", time.Minute))
	if len(woken) != 1 || woken[0].ID != parent.ID {
		t.Fatalf("woken %v", woken)
	}
	x = &Execution{Task: *woken[0], q: q, mask: newMasks(), stop: func(error) {}}
	if err := x.load(ctx, false); err != nil {
		t.Fatal(err)
	}
	if len(x.Events) != 1 || x.Events[0].Kind != EventChild || x.Events[0].Ref != "1.1@#1" || x.Events[0].Text != "Success" {
		t.Errorf("events %+v", x.Events)
	}
}

func TestRecordsLogsAndTree(t *testing.T) {
	q := NewQueue(open(t), Options{
		Seal: func(s string) string { return "sealed:" + s },
		Open: func(s string) (string, error) { return strings.TrimPrefix(s, "sealed:"), nil },
	})
	ctx := context.Background()
	if err := q.Join(ctx, "n", 9); err != nil {
		t.Fatal(err)
	}
	must[*Task](t)(q.Enqueue(ctx, New{Name: "X", Description: "the whole"}))
	task := must[[]*Task](t)(q.Claim(ctx, "n", time.Minute))[0]
	x := &Execution{Task: *task, q: q, mask: newMasks(), stop: func(error) {}}
	x.Mask("swordfish")
	code := 3
	at := x.Now()
	records := []Record{
		{Key: Key{"1.1", "m", 1}, State: StepFailed, ExitCode: &code, Error: "said swordfish", Started: at, Ended: at},
		{Key: Key{"1.1", "m", 2}, State: StepSucceeded, Cursor: 9, Outputs: map[string]Output{"a": {"1", false}, "b": {"swordfish", true}}, Started: at, Ended: at},
	}
	x.Say("", "", Info, "begin")
	err := x.Save(ctx, Save{
		Records: records, Plan: []byte(`{"a":1}`),
		Outline: &Outline{Steps: []Place{{"1", "Step one", []Place{{"1.1", "Step one", nil}}}, {"2", "Step two", []Place{{"2.1", "Step two", nil}}}}, Targets: map[string]string{"m": "machine"}},
		Logs:    []Lines{{"1.1", "m", []Line{{Category: Info, Text: "the swordfish"}, {Category: Warning, Text: "b"}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	back := must[[]Record](t)(func() (r []Record, err error) {
		err = q.store.View(ctx, func(tx *store.Tx) error { r, err = q.readRecords(tx, task.ID); return err })
		return
	}())
	records[0].Error = "said ********"
	if diff := cmp.Diff(records, back); diff != "" {
		t.Error(diff)
	}
	lines := must[[]PlacedLine](t)(q.Lines(ctx, task.ID, 1, 10))
	var got []string
	for _, l := range lines {
		got = append(got, fmt.Sprint(l.Number, l.Path, l.Target, " ", l.Text))
	}
	if diff := cmp.Diff([]string{"1 begin", "21.1m the ********", "31.1m b"}, got); diff != "" {
		t.Error(diff)
	}
	if at := must[[]PlacedLine](t)(q.LinesAt(ctx, task.ID, "1", "m", 3, 10)); len(at) != 1 || at[0].Text != "b" {
		t.Errorf("%v", at)
	}
	var raw strings.Builder
	if err := must[*Raw](t)(q.Raw(ctx, task.ID)).Copy(ctx, &raw); err != nil || strings.Count(raw.String(), "\n") != 4 || !strings.Contains(raw.String(), "== Step one (machine) ==") || strings.Contains(raw.String(), "swordfish") {
		t.Errorf("%v %s", err, raw.String())
	}
	d := must[*Details](t)(q.Details(ctx, task.ID, 0, Narrow{}))
	step := d.Root.Children[0]
	if step.Status != "Success" || step.Children[0].Name != "machine" || len(step.Children[0].LogElements) != 2 || d.Percent != 50 || d.Root.Children[1].Status != "Pending" {
		t.Errorf("%+v %+v percent %d", step, step.Children[0], d.Percent)
	}
	if !must[*Task](t)(q.Get(ctx, task.ID)).Warnings {
		t.Error("a warning left no trace")
	}
}

func TestLogLimit(t *testing.T) {
	q := NewQueue(open(t), Options{MaxLog: 1 << 20})
	ctx := t.Context()
	if err := q.Join(ctx, "n", 9); err != nil {
		t.Fatal(err)
	}
	must[*Task](t)(q.Enqueue(ctx, New{Name: "X"}))
	task := must[[]*Task](t)(q.Claim(ctx, "n", time.Minute))[0]
	x := &Execution{Task: *task, q: q, mask: newMasks(), stop: func(error) {}}
	flood := Lines{Path: "1.1"}
	for range 1000 {
		flood.Lines = append(flood.Lines, Line{Category: Info, Text: strings.Repeat("x", 100)})
	}
	for range 20 {
		if err := x.Save(ctx, Save{Logs: []Lines{flood}}); err != nil {
			t.Fatal(err)
		}
	}
	x.Say("", "", Error, "the end")
	if err := x.Save(ctx, Save{Outcome: &Outcome{Act: Succeed}}); err != nil {
		t.Fatal(err)
	}
	got := must[*Task](t)(q.Get(ctx, task.ID))
	if got.LogBytes > 1<<20 || got.LogBytes < 1<<19 {
		t.Errorf("%d bytes", got.LogBytes)
	}
	tail := must[[]PlacedLine](t)(q.Tail(ctx, task.ID, 2, Narrow{}))
	if len(tail) != 2 || !strings.Contains(tail[0].Text, "limit of 1 MiB") || tail[1].Text != "the end" {
		t.Errorf("%v", tail)
	}
}
