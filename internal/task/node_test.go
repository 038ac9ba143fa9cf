package task

import (
	"testing"
	"time"

	"github.com/takodeploy/tako/internal/fault"
)

// TestNodesThatLeaveShareNoWork lets one of two nodes stop: what it would have
// taken is taken by the other at once.
func TestNodesThatLeaveShareNoWork(t *testing.T) {
	q := NewQueue(open(t), Options{})
	ctx := t.Context()
	for _, node := range []string{"here", "gone"} {
		if err := q.Join(ctx, node, 4); err != nil {
			t.Fatal(err)
		}
	}
	for range 4 {
		must[*Task](t)(q.Enqueue(ctx, New{Name: "X"}))
	}
	first := must[[]*Task](t)(q.Claim(ctx, "here", time.Minute))
	if len(first) == 0 || len(first) == 4 {
		t.Fatalf("of 4 tasks a node of two takes %d", len(first))
	}
	if err := q.Leave(ctx, "gone"); err != nil {
		t.Fatal(err)
	}
	if rest := must[[]*Task](t)(q.Claim(ctx, "here", time.Minute)); len(first)+len(rest) != 4 {
		t.Errorf("alone it takes %d and %d of 4", len(first), len(rest))
	}
}

// TestNodesAreForgotten removes a node once it is gone.
func TestNodesAreForgotten(t *testing.T) {
	q := NewQueue(open(t), Options{})
	ctx := t.Context()
	if err := q.Join(ctx, "old", 4); err != nil {
		t.Fatal(err)
	}
	if err := q.Forget(ctx, "old"); !fault.Is(err, fault.Conflict) {
		t.Errorf("removing a node that is alive: %v", err)
	}
	if err := q.Leave(ctx, "old"); err != nil {
		t.Fatal(err)
	}
	if err := q.Forget(ctx, "old"); err != nil {
		t.Error(err)
	}
	if nodes := must[[]Node](t)(q.Nodes(ctx)); len(nodes) != 0 {
		t.Errorf("%v", nodes)
	}
	if err := q.Forget(ctx, "never"); !fault.Is(err, fault.NotFound) {
		t.Errorf("removing a node that never was: %v", err)
	}
}
