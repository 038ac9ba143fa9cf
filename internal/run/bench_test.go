package run

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"syscall"
	"testing"
	"time"

	"github.com/takodeploy/tako/internal/plan"
	"github.com/takodeploy/tako/internal/step"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

var _ = step.Register("Test.Quick", step.ExecutorFunc(func(ctx context.Context, j *step.Job) (step.Outcome, error) {
	err := j.Take(ctx, step.Batch{Cursor: 2, Lines: []step.Line{{Category: step.Info, Text: "one"}, {Category: step.Info, Text: "two"}}})
	code := 0
	return step.Outcome{State: step.Succeeded, ExitCode: &code}, err
}))

// BenchmarkTrivialDeployments measures what the engine costs per deployment of
// one step, from the enqueueing to the end, with nothing done at the far end.
func BenchmarkTrivialDeployments(b *testing.B) {
	db, err := store.Open(b.Context(), b.TempDir(), "")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	q := task.NewQueue(db, task.Options{Instance: "test"})
	plan, err := plan.Compose([]plan.Draft{typed("one", "Test.Quick")}, plan.Options{})
	if err != nil {
		b.Fatal(err)
	}
	r := task.NewRunner(q, task.RunnerOptions{Node: "n", Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	r.Handle("Deploy", &Runner{Source: &stage{q: q, plan: plan}})
	l := q.Bus().Listen(100000)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	before := cpu()
	b.ResetTimer()
	for i := range b.N {
		if _, err := q.Enqueue(b.Context(), task.New{Name: "Deploy", ProjectID: fmt.Sprint("P", i%9), Tag: fmt.Sprint(i)}); err != nil {
			b.Fatal(err)
		}
	}
	for left := b.N; left > 0; {
		if c := <-l.C; c.Kind == task.Ended {
			left--
		}
	}
	b.ReportMetric(float64((cpu()-before).Microseconds())/float64(b.N), "cpu-µs/op")
	cancel()
	<-done
}

func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
