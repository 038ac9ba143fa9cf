package run

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/plan"
	"github.com/takodeploy/tako/internal/step"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

// farEnd is a machine that does what it is told once per ticket.
type farEnd struct {
	mu      sync.Mutex
	jobs    map[string]int // how often a ticket was really started
	effects []string
	fail    map[string]bool          // by "path@target#attempt"
	lines   int                      // written by each job
	block   map[string]chan struct{} // by path: held until closed
	started chan string
}

// ends finds the far end of a test by its task's description, because
// executors are registered once for all tests.
var ends sync.Map

type worker struct{}

var _ = step.Register("Test.Work", worker{})

func (worker) Run(ctx context.Context, j *step.Job) (step.Outcome, error) {
	value, _ := ends.Load(j.ProjectID)
	end := value.(*farEnd)
	key := fmt.Sprintf("%s@%s#%d", j.Path, j.Target, j.Attempt)
	end.mu.Lock()
	if end.jobs[j.Ticket] == 0 {
		end.jobs[j.Ticket]++
		end.effects = append(end.effects, key)
	}
	block, fails := end.block[j.Path], end.fail[key]
	end.mu.Unlock()
	select {
	case end.started <- key:
	default:
	}
	for i := j.Cursor + 1; i <= int64(end.lines); i++ {
		err := j.Take(ctx, step.Batch{
			Cursor: i, Lines: []step.Line{{Category: step.Info, Text: fmt.Sprintf("%s line %d", key, i)}},
			Outputs: []step.Output{{Name: fmt.Sprint("out", i), Value: key}}, Data: []byte("1"),
		})
		if err != nil {
			return step.Outcome{}, err
		}
	}
	if block != nil {
		select {
		case <-block:
		case <-ctx.Done():
			if j.Alive.Err() != nil {
				return step.Outcome{}, ctx.Err()
			}
			return step.Outcome{State: step.Canceled}, nil
		}
	}
	if fails {
		code := 1
		return step.Outcome{State: step.Failed, ExitCode: &code, Error: "exit code 1"}, nil
	}
	return step.Success(), nil
}

var _ = step.Register("Test.Manual", step.ExecutorFunc(func(_ context.Context, j *step.Job) (step.Outcome, error) {
	if j.Answer == nil {
		return step.Outcome{State: step.Paused, Pause: &step.Pause{Interruption: &step.Interruption{Title: "Go on?", Choices: []string{"Proceed", "Abort"}}}}, nil
	}
	if j.Answer.Choice == "Abort" {
		return step.Failure("It was aborted."), nil
	}
	return step.Success(), nil
}))

var _ = step.Register("Test.Child", step.ExecutorFunc(func(_ context.Context, j *step.Job) (step.Outcome, error) {
	if j.Answer == nil {
		return step.Outcome{State: step.Paused, Pause: &step.Pause{Child: &step.Child{Kind: "Test"}}}, nil
	}
	if j.Answer.Choice != "Success" {
		return step.Failure("The child ended as %s.", j.Answer.Choice), nil
	}
	return step.Success(), nil
}))

var _ = step.Register("Test.Sleep", step.ExecutorFunc(func(_ context.Context, j *step.Job) (step.Outcome, error) {
	if until := j.Started.Add(30 * time.Millisecond); time.Now().Before(until) {
		return step.Outcome{State: step.Paused, Pause: &step.Pause{Until: until}}, nil
	}
	return step.Success(), nil
}))

// stage is a source and scene for tests.
type stage struct {
	q     *task.Queue
	plan  *plan.Plan
	mu    sync.Mutex
	asked []Question
	ended []string
	told  plan.Standing // of the end
}

func (s *stage) Plan(context.Context) (*plan.Plan, error)                    { return s.plan, nil }
func (s *stage) Began(*store.Tx) error                                       { return nil }
func (s *stage) Open(context.Context, *task.Task, *plan.Plan) (Scene, error) { return s, nil }
func (s *stage) Secrets() []string                                           { return []string{"swordfish"} }
func (s *stage) Eval(e, _, _ string, so plan.Standing) (bool, error) {
	if e == "broken" {
		return false, errors.New("there is no such thing")
	}
	return e == "true" || so.Error() == "" && e == "ok", nil
}
func (s *stage) Fill(context.Context, *step.Job, plan.Standing) error { return nil }
func (s *stage) Place(_ context.Context, j *step.Job, _ plan.RunOn, _ string) (step.Place, error) {
	return step.Place{ID: j.Target, Name: j.Target}, nil
}

func (s *stage) Interrupt(tx *store.Tx, _ *task.Task, q Question) error {
	tx.After(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.asked = append(s.asked, q)
	})
	return nil
}

func (s *stage) Child(tx *store.Tx, t *task.Task, key string, _ step.Child) error {
	_, err := s.q.EnqueueTx(tx, task.New{Name: "Child", Parent: t.ID, ParentKey: key})
	return err
}

func (s *stage) Ended(tx *store.Tx, _ *task.Task, state task.State, so plan.Standing) error {
	tx.After(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.ended, s.told = append(s.ended, string(state)), so
	})
	return nil
}

func (s *stage) questions() []Question {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// database makes a database of the PostgreSQL server that TAKO_TEST_POSTGRES is
// the URL of; without one it is empty, which means SQLite.
func database(t *testing.T) string {
	at := os.Getenv("TAKO_TEST_POSTGRES")
	if at == "" {
		return ""
	}
	server, err := sql.Open("pgx", at)
	if err != nil {
		t.Fatal(err)
	}
	name := "tako_test_" + strings.ToLower(rand.Text())
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

// sealing are the options of a queue that seals what is sensitive.
var sealing = task.Options{
	Instance: "test", Seal: func(plain string) string { return hex.EncodeToString([]byte(plain)) },
	Open: func(sealed string) (string, error) {
		plain, err := hex.DecodeString(sealed)
		return string(plain), err
	},
}

type theater struct {
	*stage
	db  *store.DB
	end *farEnd
	id  string

	grace time.Duration // of its runners
}

func newTheater(t *testing.T, plan *plan.Plan) *theater {
	t.Helper()
	db, err := store.Open(t.Context(), t.TempDir(), database(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	q := task.NewQueue(db, sealing)
	end := &farEnd{jobs: map[string]int{}, fail: map[string]bool{}, block: map[string]chan struct{}{}, started: make(chan string, 100)}
	project := "Projects-" + t.Name()
	ends.Store(project, end)
	made, err := q.Enqueue(t.Context(), task.New{Name: "Deploy", Description: "Deploy", ProjectID: project, Tag: "tag"})
	if err != nil {
		t.Fatal(err)
	}
	return &theater{stage: &stage{q: q, plan: plan}, db: db, end: end, id: made.ID, grace: 50 * time.Millisecond}
}

// perform runs a node until the result is called.
func (h *theater) perform(t *testing.T, q *task.Queue) (leave func()) {
	return h.performAs(t, q, "n")
}

func (h *theater) performAs(t *testing.T, q *task.Queue, node string) (leave func()) {
	return h.performWith(t, q, node, 9)
}

func (h *theater) performWith(t *testing.T, q *task.Queue, node string, limit int) (leave func()) {
	return h.performOf(t, q, node, limit, h.stage)
}

func (h *theater) performOf(t *testing.T, q *task.Queue, node string, limit int, source Source) (leave func()) {
	r := task.NewRunner(q, task.RunnerOptions{
		Node: node, Cap: limit, Poll: 20 * time.Millisecond, Retry: []time.Duration{}, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	r.Handle("Deploy", &Runner{Source: source, Grace: h.grace, Quick: true})
	r.Handle("Child", task.HandlerFunc(func(context.Context, *task.Execution) (task.Outcome, error) {
		return task.Outcome{Act: task.Succeed}, nil
	}))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	var once sync.Once
	leave = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
	t.Cleanup(leave)
	return leave
}

func (h *theater) await(t *testing.T, want func(*task.Task) bool) *task.Task {
	t.Helper()
	l := h.q.Bus().Listen(16)
	defer l.Close()
	deadline := time.After(time.Minute)
	for {
		got, err := h.q.Get(t.Context(), h.id)
		if err != nil {
			t.Fatal(err)
		}
		if want(got) {
			return got
		}
		select {
		case <-l.C:
		case <-time.After(20 * time.Millisecond):
		case <-deadline:
			t.Fatalf("the task is still %s: %s\n%s", got.Status, got.Error, h.log(t))
		}
	}
}

// log is the task's log as text.
func (h *theater) log(t *testing.T) string {
	t.Helper()
	raw, err := h.q.Raw(t.Context(), h.id)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	var text strings.Builder
	if err := raw.Copy(t.Context(), &text); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

func ended(t *task.Task) bool  { return t.State.Final() }
func paused(t *task.Task) bool { return t.Hold == task.Paused }

func (h *theater) answer(t *testing.T, q Question, choice string) {
	t.Helper()
	err := h.db.Do(t.Context(), func(tx *store.Tx) error {
		return h.q.Signal(tx, h.id, task.Event{Kind: task.EventAnswer, Key: q.Key, Ref: q.Correlation, Text: choice})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func work(name string, targets ...string) plan.Draft {
	d := oneStep(name, targets...)
	d.Actions[0].Type = "Test.Work"
	return d
}

func typed(name, kind string) plan.Draft {
	d := oneStep(name)
	d.Actions[0].Type = kind
	return d
}

func TestRunToTheEnd(t *testing.T) {
	h := newTheater(t, planOf(t, plan.Options{Targets: []plan.Target{{ID: "a", Name: "web-a"}}}, work("one", "a", "b"), when(work("two"), plan.IfFailure), when(work("three"), plan.IfVariable, "ok"), work("four")))
	h.end.lines = 3
	h.perform(t, h.q)
	if got := h.await(t, ended); got.State != task.Success || got.Warnings {
		t.Errorf("%s %s", got.State, got.Error)
	}
	if diff := cmp.Diff([]string{"1.1@a#1", "1.1@b#1", "3.1@#1", "4.1@#1"}, sorted(h.end.effects)); diff != "" {
		t.Error(diff)
	}
	d, err := h.q.Details(t.Context(), h.id, 0, task.Narrow{})
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	for _, s := range d.Root.Children {
		seen = append(seen, s.Name+": "+s.Status)
	}
	if diff := cmp.Diff([]string{"Step 1: one: Success", "Step 2: two: Skipped", "Step 3: three: Success", "Step 4: four: Success"}, seen); diff != "" {
		t.Error(diff)
	}
	if a := d.Root.Children[0].Children[0]; a.Name != "web-a" || len(a.LogElements) != 3 {
		t.Errorf("%+v", a)
	}
	if diff := cmp.Diff([]string{"Success"}, h.ended); diff != "" {
		t.Error(diff)
	}
}

func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}

func TestGuidedFailureAsksAndPauses(t *testing.T) {
	h := newTheater(t, planOf(t, plan.Options{GuidedFailure: true}, retries(work("one", "a", "b"), 1, 0), work("two", "a", "b")))
	h.end.fail["1.1@a#1"], h.end.fail["1.1@a#2"] = true, true
	h.perform(t, h.q)
	got := h.await(t, paused)
	if diff := cmp.Diff([]string{GuidedFailure}, got.Pending); diff != "" || got.HasTag {
		t.Error(diff, got.HasTag)
	}
	asked := h.questions()
	if len(asked) != 1 || asked[0].Key.Attempt != 2 || !slices.Contains(asked[0].Choices, "Exclude") {
		t.Fatalf("%+v", asked)
	}
	h.answer(t, asked[0], "Exclude")
	if got := h.await(t, ended); got.State != task.Success || !got.Warnings || len(got.Pending) != 0 {
		t.Errorf("%s %s %v", got.State, got.Error, got.Warnings)
	}
	if diff := cmp.Diff([]string{"1.1@a#1", "1.1@a#2", "1.1@b#1", "2.1@b#1"}, sorted(h.end.effects)); diff != "" {
		t.Error(diff)
	}
}

func TestManualChildAndClock(t *testing.T) {
	approve := typed("approve", "Test.Manual")
	approve.Actions[0].Block = true
	h := newTheater(t, planOf(t, plan.Options{}, approve, typed("child", "Test.Child"), typed("sleep", "Test.Sleep"), work("last")))
	leave := h.perform(t, h.q)
	got := h.await(t, paused)
	if !got.HasTag || got.Why == "" {
		t.Errorf("the tag is free while the step blocks: %+v", got)
	}
	leave()
	h.perform(t, h.q) // another node goes on
	asked := h.questions()
	if len(asked) != 1 || asked[0].Type != ManualIntervention {
		t.Fatalf("%+v", asked)
	}
	h.answer(t, asked[0], "Proceed")
	if got := h.await(t, ended); got.State != task.Success {
		t.Errorf("%s %s", got.State, got.Error)
	}
	if _, total, err := h.q.List(t.Context(), task.Filter{ParentID: h.id}); err != nil || total != 1 {
		t.Errorf("%d children, %v", total, err)
	}
}

func TestCancelStopsWhatRuns(t *testing.T) {
	h := newTheater(t, planOf(t, plan.Options{}, work("one"), when(work("two"), plan.IfAlways)))
	h.end.block["1.1"] = make(chan struct{})
	h.perform(t, h.q)
	<-h.end.started
	if _, err := h.q.Cancel(t.Context(), h.id); err != nil {
		t.Fatal(err)
	}
	if got := h.await(t, ended); got.State != task.Canceled {
		t.Errorf("%s", got.State)
	}
	if diff := cmp.Diff([]string{"1.1@#1"}, h.end.effects); diff != "" {
		t.Error(diff)
	}
}

// TestCancelEndsWhatIsPutDown cancels tasks that hold no node because they wait
// for a person.
func TestCancelEndsWhatIsPutDown(t *testing.T) {
	for name, plan := range map[string]*plan.Plan{
		"manual": planOf(t, plan.Options{}, typed("approve", "Test.Manual"), work("last")),
		"guided": planOf(t, plan.Options{GuidedFailure: true}, work("one"), work("last")),
	} {
		t.Run(name, func(t *testing.T) {
			h := newTheater(t, plan)
			h.end.fail["1.1@#1"] = true
			h.perform(t, h.q)
			h.await(t, paused)
			if _, err := h.q.Cancel(t.Context(), h.id); err != nil {
				t.Fatal(err)
			}
			if got := h.await(t, ended); got.State != task.Canceled {
				t.Errorf("%s %s", got.State, got.Error)
			}
			if slices.Contains(h.end.effects, "2.1@#1") {
				t.Error("the last step ran")
			}
		})
	}
}

var _ = step.Register("Test.Hang", step.ExecutorFunc(func(_ context.Context, j *step.Job) (step.Outcome, error) {
	value, _ := ends.Load(j.ProjectID)
	<-value.(*farEnd).block[j.Path]
	return step.Success(), nil
}))

func TestCancelGivesUpOnWhatHangs(t *testing.T) {
	h := newTheater(t, planOf(t, plan.Options{}, typed("one", "Test.Hang")))
	hang := make(chan struct{})
	h.end.block["1.1"] = hang
	defer close(hang)
	h.perform(t, h.q)
	h.await(t, func(t *task.Task) bool { return t.Hold == task.Held })
	if _, err := h.q.Cancel(t.Context(), h.id); err != nil {
		t.Fatal(err)
	}
	if got := h.await(t, ended); got.State != task.Canceled {
		t.Errorf("%s %s", got.State, got.Error)
	}
	if log := h.log(t); !strings.Contains(log, "was given up; it may still run.") {
		t.Error(log)
	}
}

// TestTheNextNodeGivesUpInTime has a node take over what was canceled before,
// and hangs: the time that it had to stop does not begin anew.
func TestTheNextNodeGivesUpInTime(t *testing.T) {
	h := newTheater(t, planOf(t, plan.Options{}, typed("one", "Test.Hang")))
	h.grace = 90 * time.Second // anew, the task itself would be given up first
	hang := make(chan struct{})
	h.end.block["1.1"] = hang
	defer close(hang)
	h.perform(t, h.q)
	h.await(t, func(*task.Task) bool {
		var n int
		err := h.db.View(t.Context(), func(tx *store.Tx) error {
			_, err := tx.QueryRow([]any{&n}, "select count(*) from task_step where task = $1", h.id)
			return err
		})
		return err == nil && n > 0
	})
	if _, err := h.q.Cancel(t.Context(), h.id); err != nil {
		t.Fatal(err)
	}
	if got := h.endElsewhere(t); got.State != task.Canceled {
		t.Errorf("%s %s", got.State, got.Error)
	}
	if log := h.log(t); !strings.Contains(log, "It did not stop within 1m30s and was given up; it may still run.") {
		t.Error(log)
	}
}

// endElsewhere has another node take over a task that was canceled two minutes
// ago, and see it to its end.
func (h *theater) endElsewhere(t *testing.T) *task.Task {
	t.Helper()
	err := h.db.Do(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec("update task_event set at = at - 120000 where task = $1 and kind = $2", h.id, string(task.EventCancel))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	other := task.NewQueue(h.db, sealing)
	if err := other.Join(t.Context(), "n", 0); err != nil { // ends the leases
		t.Fatal(err)
	}
	h.performAs(t, other, "another")
	return h.await(t, ended)
}

func TestTimeout(t *testing.T) {
	d := work("one")
	d.Actions[0].Timeout = 20 * time.Millisecond
	h := newTheater(t, planOf(t, plan.Options{}, d))
	h.end.block["1.1"] = make(chan struct{})
	h.perform(t, h.q)
	if got := h.await(t, ended); got.State != task.Failed || !strings.Contains(got.Error, "longer than its limit") {
		t.Errorf("%s %s", got.State, got.Error)
	}
}

var _ = step.Register("Test.Trouble", step.ExecutorFunc(func(_ context.Context, j *step.Job) (step.Outcome, error) {
	value, _ := ends.Load(j.ProjectID)
	end := value.(*farEnd)
	if end.jobs[j.Ticket]++; end.jobs[j.Ticket] == 1 {
		return step.Outcome{}, errors.New("the network is down")
	}
	if !j.Again {
		return step.Failure("It does not know that it was called before."), nil
	}
	return step.Success(), nil
}))

func TestTroubleOfTheServerIsTriedAgain(t *testing.T) {
	h := newTheater(t, planOf(t, plan.Options{}, typed("one", "Test.Trouble")))
	h.perform(t, h.q)
	if got := h.await(t, ended); got.State != task.Success {
		t.Errorf("%s %s", got.State, got.Error)
	}
}

func TestUnknownActionTypeFails(t *testing.T) {
	h := newTheater(t, planOf(t, plan.Options{}, typed("one", "Test.Nobody"), when(work("two"), plan.IfFailure)))
	h.perform(t, h.q)
	if got := h.await(t, ended); got.State != task.Failed || !strings.Contains(got.Error, "Test.Nobody") {
		t.Errorf("%s %s", got.State, got.Error)
	}
}

// TestTakenOverAtEveryCommit has another node take the task after each of its
// commits in turn, while the first still believes that it has it, and compares
// with an undisturbed run: each effect, line and output must be there once.
func TestTakenOverAtEveryCommit(t *testing.T) {
	plan := planOf(t, plan.Options{}, child(window(work("one", "a", "b"), 1), plan.Action{Name: "one-b", Type: "Test.Work"}), typed("child", "Test.Child"), retries(work("two", "a", "b"), 1, 0))
	undisturbed := ""
	for at := 0; at < 40; at++ {
		done := false
		t.Run(fmt.Sprint("commit ", at), func(t *testing.T) {
			h := newTheater(t, plan)
			h.end.lines = 2
			h.end.fail["3.1@a#1"] = true
			taken, finished := make(chan struct{}), make(chan struct{})
			l := h.q.Bus().Listen(1000)
			defer l.Close()
			go func() {
				count := 0
				for c := range l.C {
					if c.Task != h.id {
						continue
					}
					if count++; count == at {
						close(taken)
					}
					if c.Kind == task.Ended {
						close(finished)
						return
					}
				}
			}()
			h.perform(t, h.q)
			select {
			case <-taken:
				other := task.NewQueue(h.db, sealing)
				if err := other.Join(t.Context(), "n", 0); err != nil { // ends the leases
					t.Fatal(err)
				}
				h.performAs(t, other, "another")
			case <-finished:
				done = at > 0
			}
			got := h.await(t, ended)
			if got.State != task.Success {
				t.Fatalf("%s %s", got.State, got.Error)
			}
			for ticket, n := range h.end.jobs {
				if n != 1 {
					t.Errorf("ticket %s was started %d times", ticket, n)
				}
			}
			shown := h.shown(t)
			if undisturbed == "" {
				undisturbed = shown
			}
			if diff := cmp.Diff(undisturbed, shown); diff != "" {
				t.Error(diff)
			}
		})
		if done {
			return
		}
	}
}

// shown is what people see of a run: its effects, its records and its log.
func (h *theater) shown(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintln(&b, strings.Join(sorted(h.end.effects), " "))
	for _, path := range []string{"1", "2", "3"} {
		for _, target := range []string{"a", "b"} {
			lines, err := h.q.LinesAt(t.Context(), h.id, path, target, 1, 1000)
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range lines {
				fmt.Fprintln(&b, path, target, l.Text)
			}
		}
	}
	return b.String()
}
