package task

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/store/storetest"
)

// openTwice opens one database as two nodes would.
func openTwice(t *testing.T) (a, b *store.DB) {
	t.Helper()
	if os.Getenv("TAKO_TEST_POSTGRES") == "" {
		t.Skip("needs PostgreSQL: TAKO_TEST_POSTGRES is not set")
	}
	a = open(t)
	if _, err := url.Parse(a.URL); err != nil {
		t.Fatal(err)
	}
	b, err := store.Open(t.Context(), "", a.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return a, b
}

// TestNodesHintEachOther enqueues on one node what only another can run, and
// does not let it poll.
func TestNodesHintEachOther(t *testing.T) {
	a, b := openTwice(t)
	here, there := NewQueue(a, Options{}), NewQueue(b, Options{})
	started := make(chan time.Time, 1)
	canceled := make(chan time.Time, 1)
	serve(t, there, RunnerOptions{Node: "there", Cap: 3, Poll: time.Hour}, map[string]HandlerFunc{
		"X": func(ctx context.Context, x *Execution) (Outcome, error) {
			started <- time.Now()
			select {
			case <-x.Canceled():
				canceled <- time.Now()
				return Outcome{Act: Stop}, nil
			case <-ctx.Done():
				return Outcome{}, ctx.Err()
			}
		},
	})
	// The listener may need a moment to connect; a first task waits for it.
	var took []time.Duration
	for i := range 10 {
		asked := time.Now()
		id := must[*Task](t)(here.Enqueue(t.Context(), New{Name: "X"})).ID
		select {
		case at := <-started:
			took = append(took, at.Sub(asked))
		case <-time.After(time.Minute):
			t.Fatalf("task %d was not started without a poll", i)
		}
		must[*Task](t)(here.Cancel(t.Context(), id))
		<-canceled
		await(t, here, id, final)
	}
	slices.Sort(took)
	t.Logf("queued to started across nodes: median %s, worst %s", took[len(took)/2], took[len(took)-1])
}

// TestNodesNeverShareATask lets two nodes race for many tasks.
func TestNodesNeverShareATask(t *testing.T) {
	a, b := openTwice(t)
	qa, qb := NewQueue(a, Options{}), NewQueue(b, Options{})
	var mu sync.Mutex
	runs, tags := map[string]int{}, map[string]int{}
	var all sync.WaitGroup
	h := func(ctx context.Context, x *Execution) (Outcome, error) {
		mu.Lock()
		runs[x.Task.ID]++
		tags[x.Task.Tag]++
		if tags[x.Task.Tag] > 1 {
			t.Errorf("two tasks run under %s", x.Task.Tag)
		}
		mu.Unlock()
		err := x.Save(ctx, Save{Records: []Record{{Key: Key{"1", "", 1}, State: StepStarting}}})
		runtime.Gosched()
		mu.Lock()
		tags[x.Task.Tag]--
		mu.Unlock()
		if err == nil {
			err = x.Save(ctx, Save{Outcome: &Outcome{Act: Succeed}})
		}
		all.Done()
		return Outcome{}, err
	}
	const count = 150
	all.Add(count)
	for i := range count {
		must[*Task](t)(qa.Enqueue(t.Context(), New{Name: "X", Tag: fmt.Sprint(i % 20), ProjectID: fmt.Sprint(i % 3)}))
	}
	serve(t, qa, RunnerOptions{Node: "a", Cap: 4}, map[string]HandlerFunc{"X": h})
	serve(t, qb, RunnerOptions{Node: "b", Cap: 4}, map[string]HandlerFunc{"X": h})
	all.Wait()
	mu.Lock()
	defer mu.Unlock()
	if len(runs) != count {
		t.Errorf("%d of %d tasks ran", len(runs), count)
	}
	for id, n := range runs {
		if n != 1 {
			t.Errorf("%s ran %d times", id, n)
		}
	}
}

// TestAClaimPassesOverWhatIsCanceledMeanwhile cancels a task after a claim has
// seen it wait and before it is taken.
func TestAClaimPassesOverWhatIsCanceledMeanwhile(t *testing.T) {
	a, b := openTwice(t)
	here, there := NewQueue(a, Options{}), NewQueue(b, Options{})
	ctx := t.Context()
	if err := there.Join(ctx, "n", 5); err != nil {
		t.Fatal(err)
	}
	canceled := must[*Task](t)(here.Enqueue(ctx, New{Name: "X"}))
	next := must[*Task](t)(here.Enqueue(ctx, New{Name: "X"}))
	type claimed struct {
		tasks []*Task
		err   error
	}
	got := make(chan claimed, 1)
	err := a.Do(ctx, func(tx *store.Tx) error {
		task, err := GetTx(tx, canceled.ID)
		if err != nil {
			return err
		}
		if err := here.CancelTx(tx, task); err != nil {
			return err
		}
		go func() {
			tasks, err := there.Claim(ctx, "n", time.Minute)
			got <- claimed{tasks, err}
		}()
		storetest.AwaitBlocked(t, b, tx)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if c := <-got; c.err != nil || len(c.tasks) != 1 || c.tasks[0].ID != next.ID {
		t.Errorf("%v are claimed: %v; want %s alone", c.tasks, c.err, next.ID)
	}
}

// TestAFloodIsHeldBack writes much more than may wait in memory.
func TestAFloodIsHeldBack(t *testing.T) {
	q := NewQueue(open(t), Options{MaxLog: 8 << 20})
	ctx := t.Context()
	if err := q.Join(ctx, "n", 9); err != nil {
		t.Fatal(err)
	}
	must[*Task](t)(q.Enqueue(ctx, New{Name: "X"}))
	task := must[[]*Task](t)(q.Claim(ctx, "n", time.Minute))[0]
	x := &Execution{Task: *task, q: q, mask: newMasks(), stop: func(error) {}}
	text := strings.Repeat("noise and more noise ", 50)
	batch := Save{Logs: []Lines{{Path: "1.1"}}}
	for range 64 {
		batch.Logs[0].Lines = append(batch.Logs[0].Lines, Line{Category: Info, Text: text})
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	most := uint64(0)
	for i := range 1000 { // 64 MiB
		if err := x.Later(ctx, batch); err != nil {
			t.Fatal(err)
		}
		if i%200 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&after)
			most = max(most, after.HeapAlloc)
		}
	}
	if most > before.HeapAlloc+16<<20 {
		t.Errorf("the heap grew from %d to %d MiB", before.HeapAlloc>>20, most>>20)
	}
	if err := x.Save(ctx, Save{Outcome: &Outcome{Act: Succeed}}); err != nil {
		t.Fatal(err)
	}
	if got := must[*Task](t)(q.Get(ctx, task.ID)); got.LogBytes > 9<<20 || got.LogBytes < 7<<20 {
		t.Errorf("%d bytes are stored", got.LogBytes)
	}
}
