package run

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/takodeploy/tako/internal/plan"
	"github.com/takodeploy/tako/internal/task"
)

// TestManyWaitAtOnce has hundreds of deployments wait for remote work at the
// same time and looks at what they cost.
func TestManyWaitAtOnce(t *testing.T) {
	const count = 500
	h := newTheater(t, planOf(t, plan.Options{}, work("one"), work("two")))
	block := make(chan struct{})
	h.end.block["1.1"] = block
	h.end.started = make(chan string, 2*count)
	h.end.lines = 3
	project := "Projects-" + t.Name()
	for i := 1; i < count; i++ {
		if _, err := h.q.Enqueue(t.Context(), task.New{Name: "Deploy", ProjectID: project, Tag: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.q.Join(t.Context(), "n", count); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	h.performKeeping(t)
	for range count {
		<-h.end.started
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	used := int64(after.HeapAlloc+after.StackInuse) - int64(before.HeapAlloc+before.StackInuse)
	t.Logf("%d deployments under way: %d KiB each", count, used/count/1024)
	if used > 100<<20 {
		t.Errorf("%d deployments take %d MiB", count, used>>20)
	}
	close(block)
	h.await(t, ended)
	l := h.q.Bus().Listen(16)
	defer l.Close()
	for {
		_, left, err := h.q.List(t.Context(), task.Filter{Active: true, Take: 1})
		if err != nil {
			t.Fatal(err)
		}
		if left == 0 {
			break
		}
		<-l.C
	}
}

// performKeeping runs a node with the cap that is stored.
func (h *theater) performKeeping(t *testing.T) { h.performWith(t, h.q, "n", 0) }
