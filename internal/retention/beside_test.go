package retention_test

import (
	"context"
	"os"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

// TestATaskGoesOnBesideRetention has a task write line after line while old tasks
// are removed, as a server would, and prints how long its commits take with that
// and without. TAKO_RETENTION_TASKS says how many there are to remove.
func TestATaskGoesOnBesideRetention(t *testing.T) {
	old := 100
	if n, err := strconv.Atoi(os.Getenv("TAKO_RETENTION_TASKS")); err == nil {
		old = n
	}
	each(t, func(a *attic) {
		a.pause = 0
		a.do(func(tx *store.Tx) error {
			for range old {
				if _, err := a.queue.EnqueueTx(tx, task.New{Name: "Old"}); err != nil {
					return err
				}
			}
			_, err := tx.Exec("update task set state = 'Success', hold = 'Done', epoch = 1, started = 1, completed = 2")
			return err
		})
		var phase atomic.Int32 // 0 alone, 1 beside, 2 over
		var took [2][]time.Duration
		warm, over := make(chan struct{}), make(chan struct{})
		a.handle("Beside", func(ctx context.Context, x *task.Execution) (task.Outcome, error) {
			defer close(over)
			for now := phase.Load(); now < 2; now = phase.Load() {
				at := time.Now()
				line := task.Lines{Lines: []task.Line{{Category: task.Info, Time: at, Text: "a line"}}}
				if err := x.Save(ctx, task.Save{Logs: []task.Lines{line}}); err != nil {
					return task.Outcome{}, err
				}
				if took[now] = append(took[now], time.Since(at)); now == 0 && len(took[0]) == 200 {
					close(warm)
				}
			}
			return task.Outcome{Act: task.Succeed}, nil
		})
		beside := a.enqueue(task.New{Name: "Beside"})
		<-warm
		phase.Store(1)
		a.retain()
		phase.Store(2)
		<-over
		a.await(beside)
		if a.count("Old") != 20 || len(took[1]) == 0 {
			a.Errorf("%d old tasks are left, and %d lines were written meanwhile", a.count("Old"), len(took[1]))
		}
		for i, when := range []string{"alone", "beside retention"} {
			slices.Sort(took[i])
			if n := len(took[i]); n > 0 {
				t.Logf("%s: %d commits %s, median %v, p99 %v, worst %v", a.db.Engine, n, when, took[i][n/2], took[i][n*99/100], took[i][n-1])
			}
		}
	})
}
