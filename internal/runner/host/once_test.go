package host

import "testing"

// TestServesOnce leaves a machine that was made for one ticket when that was
// completed, and not before, whatever the system wishes.
func TestServesOnce(t *testing.T) {
	e := testEngine(t, t.TempDir())
	e.options.Once = true
	if e.spent(false) || !e.spent(true) {
		t.Error("one that has had no ticket goes only when it is told to")
	}
	finish(t, begin(t, e, "once-1", scriptJob("true")))
	if e.spent(false) || e.spent(true) {
		t.Error("it goes with an output that nobody has taken")
	}
	if err := e.complete("once-1"); err != nil {
		t.Fatal(err)
	}
	if !e.spent(false) {
		t.Error("it stays although its ticket was completed")
	}
	eventually(t, "the ticket's folder was given back", func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		return len(e.tickets) == 0
	})
	e.options.Once = false
	if e.spent(true) {
		t.Error("a machine for many tickets goes with one of them")
	}
}
