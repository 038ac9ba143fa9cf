package task

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestMovesAreDeterministic(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range Moves {
		key := m.From.String() + " " + string(m.Act)
		if seen[key] {
			t.Errorf("two moves for %s", key)
		}
		seen[key] = true
		if m.To.State.Final() != (m.To.Hold == Done) {
			t.Errorf("%s ends in %s", key, m.To)
		}
	}
}

func TestEveryStatusCanEnd(t *testing.T) {
	ends := map[Status]bool{}
	for range Moves {
		for _, m := range Moves {
			ends[m.From] = ends[m.From] || m.To.Hold == Done || ends[m.To]
		}
	}
	for _, m := range Moves {
		if !ends[m.From] {
			t.Errorf("%s never ends", m.From)
		}
	}
}

func TestAfter(t *testing.T) {
	got, err := Status{Queued, Waiting}.After(Claim)
	if err != nil || got != (Status{Executing, Held}) {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := (Status{Success, Done}).After(Cancel); err == nil {
		t.Error("a finished task was canceled")
	}
}

// TestRefusalsAreSentences reads what people are told who want what cannot be.
func TestRefusalsAreSentences(t *testing.T) {
	for _, c := range []struct {
		from Status
		act  Act
		want string
	}{
		{Status{Success, Done}, Cancel, "A task that has succeeded cannot be canceled."},
		{Status{Canceled, Done}, Cancel, "A task that was canceled cannot be canceled."},
		{Status{Executing, Held}, MarkBad, "A task that is executing cannot be marked as failed."},
		{Status{Queued, Waiting}, MarkOK, "A task that is queued cannot be marked as succeeded."},
		{Status{TimedOut, Done}, Abandon, "A task that has timed out cannot be abandoned."},
	} {
		if _, err := c.from.After(c.act); err == nil || err.Error() != c.want {
			t.Errorf("%s, %s: %v, want %s", c.from, c.act, err, c.want)
		}
	}
	for _, m := range Moves {
		if done[m.Act] == "" {
			t.Errorf("there is no word for what %q does", m.Act)
		}
	}
}

func TestDiagrams(t *testing.T) {
	for _, want := range []string{"Queued_Waiting --> Executing_Held: claim", "Executing_Paused --> Executing_Waiting: wake"} {
		if !strings.Contains(Diagram(), want) {
			t.Errorf("no %q in\n%s", want, Diagram())
		}
	}
	if !strings.Contains(StepDiagram(), "Starting --> Lost") {
		t.Error(StepDiagram())
	}
}

// TestTheStatesPageIsCurrent compares the page of the documentation with the
// tables that it shows.
func TestTheStatesPageIsCurrent(t *testing.T) {
	page, err := os.ReadFile("../../docs/states.md")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Page(), string(page)); diff != "" {
		t.Errorf("docs/states.md is stale; make generate writes it: %s", diff)
	}
}

func TestTicketsDiffer(t *testing.T) {
	seen := map[string]string{}
	for _, args := range [][]any{
		{"i", "t", Key{"1", "m", 1}}, {"it", "", Key{"1", "m", 1}}, {"i", "t", Key{"1m", "", 1}},
		{"i", "t", Key{"1", "m", 2}}, {"j", "t", Key{"1", "m", 1}},
	} {
		ticket := Ticket(args[0].(string), args[1].(string), args[2].(Key))
		if old, ok := seen[ticket]; ok {
			t.Errorf("%v and %s have one ticket", args, old)
		}
		seen[ticket] = args[2].(Key).String()
	}
	if a, b := Ticket("i", "t", Key{"1", "m", 1}), Ticket("i", "t", Key{"1", "m", 1}); a != b {
		t.Error("not deterministic")
	}
}

// A number that a task lost with the end of its database is given out again;
// what its namesake's steps are called at far ends that remember is another.
func TestTicketOfNamesake(t *testing.T) {
	key, q, asked := Key{"1.1", "", 1}, &Queue{}, time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	ticket := func(asked time.Time) string {
		return (&Execution{q: q, Task: Task{ID: "ServerTasks-1", QueueTime: asked}}).Ticket(key)
	}
	if ticket(asked) != ticket(asked.In(time.FixedZone("", 3600))) {
		t.Error("the same task has two tickets")
	}
	if ticket(asked) == ticket(asked.Add(time.Second)) {
		t.Error("two tasks have the same ticket")
	}
}
