package footprint

import (
	"os/exec"
	"runtime"
	"strings"
	"testing"
)

// TestProgramsOfOthersAreWokenAsUsual looks at what programs are given that are
// forked by a process which may be woken later, and by one on their behalf.
func TestProgramsOfOthersAreWokenAsUsual(t *testing.T) {
	runtime.LockOSThread() // and not unlocked: the thread ends with the test
	if err := Coarse(); err != nil {
		t.Fatal(err)
	}
	forked := func() string {
		out, err := exec.Command("cat", "/proc/self/timerslack_ns").CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return strings.TrimSpace(string(out))
	}
	var fine string
	if err := Finely(func() error { fine = forked(); return nil }); err != nil {
		t.Fatal(err)
	}
	if ours := forked(); fine != "50000" || ours != "500000" {
		t.Errorf("another's program has %s ns, and one of ours %s", fine, ours)
	}
}
