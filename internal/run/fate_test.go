package run

import (
	"testing"

	"github.com/takodeploy/tako/internal/plan"
	"github.com/takodeploy/tako/internal/task"
)

func TestFate(t *testing.T) {
	h := newTheater(t, planOf(t, plan.Options{}, work("one")))
	h.end.block["1.1"] = make(chan struct{})
	h.perform(t, h.q)
	<-h.end.started
	// Another node asks, which has not run the task.
	fate := Fate(task.NewQueue(h.db, sealing))
	_, records, err := h.q.Look(t.Context(), h.id)
	if err != nil || len(records) != 1 {
		t.Fatal(records, err)
	}
	check := func(id, ticket, want string) {
		t.Helper()
		if got, err := fate(t.Context(), id, ticket); got != want || err != nil {
			t.Errorf("%s of %s %q, %v", ticket, id, got, err)
		}
	}
	check(h.id, records[0].Ticket, "")
	if _, err := h.q.Cancel(t.Context(), h.id); err != nil {
		t.Fatal(err)
	}
	h.await(t, ended)
	check(h.id, records[0].Ticket, "has ended as Canceled")
	check(h.id, "another", "")
	check("ServerTasks-999", records[0].Ticket, "")
}
