package task

import (
	"testing"
	"time"

	"github.com/takodeploy/tako/internal/store"
)

func TestPace(t *testing.T) {
	sqliteOnly(t)
	c := newClock()
	q := NewQueue(open(t), Options{Now: c.now})
	ctx := t.Context()
	if err := q.Join(ctx, "n", 1); err != nil {
		t.Fatal(err)
	}
	pace := func() time.Duration { return must[time.Duration](t)(q.Pace(ctx, "X")) }
	if got := pace(); got != 0 {
		t.Errorf("nothing has run yet, and %s is given", got)
	}
	for _, run := range []struct {
		name string
		act  Act
		took time.Duration
	}{
		{"X", Succeed, time.Second}, {"X", Succeed, 2 * time.Second},
		{"X", Fail, time.Hour}, {"Y", Succeed, time.Hour}, // count for nothing
	} {
		must[*Task](t)(q.Enqueue(ctx, New{Name: run.name}))
		for _, claimed := range must[[]*Task](t)(q.Claim(ctx, "n", 2*time.Hour)) {
			c.pass(run.took)
			must[*Task](t)(q.change(ctx, claimed.ID, func(tx *store.Tx, one *Task) error { return q.move(tx, one, run.act, q.now()) }))
		}
	}
	if got := pace(); got != 1500*time.Millisecond {
		t.Errorf("tasks that took 1 s and 2 s take %s on average", got)
	}
	for range paceOf {
		must[*Task](t)(q.Enqueue(ctx, New{Name: "X"}))
		for _, claimed := range must[[]*Task](t)(q.Claim(ctx, "n", time.Hour)) {
			c.pass(3 * time.Second)
			must[*Task](t)(q.change(ctx, claimed.ID, func(tx *store.Tx, one *Task) error { return q.move(tx, one, Succeed, q.now()) }))
		}
	}
	if got := pace(); got != 3*time.Second {
		t.Errorf("what was long ago counts: %s", got)
	}
}
