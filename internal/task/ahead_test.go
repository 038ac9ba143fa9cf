package task

import (
	"testing"
	"time"
)

func TestAhead(t *testing.T) {
	sqliteOnly(t)
	c := newClock()
	q := NewQueue(open(t), Options{Now: c.now})
	if err := q.Join(t.Context(), "n", 1); err != nil {
		t.Fatal(err)
	}
	want := func(what string, executing, queued int, next time.Time) {
		t.Helper()
		got := must[Ahead](t)(q.Ahead(t.Context()))
		if got.Executing != executing || got.Queued != queued || !got.Next.Equal(next) {
			t.Errorf("%s: %+v", what, got)
		}
	}
	want("nothing", 0, 0, time.Time{})
	must[*Task](t)(q.Enqueue(t.Context(), New{Name: "X"}))
	at := c.now().Add(2 * time.Hour)
	must[*Task](t)(q.Enqueue(t.Context(), New{Name: "X", QueueTime: at.Add(time.Hour)}))
	must[*Task](t)(q.Enqueue(t.Context(), New{Name: "X", QueueTime: at}))
	want("one now, two later", 0, 1, at)
	must[[]*Task](t)(q.Claim(t.Context(), "n", time.Minute))
	want("one under way", 1, 0, at)
}
