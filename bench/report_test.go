package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestReportKeepsTheRest replaces the section of what was measured again, and
// leaves those of other parts and of other programs.
func TestReportKeepsTheRest(t *testing.T) {
	file := filepath.Join(t.TempDir(), "RESULTS.md")
	if err := os.WriteFile(file, []byte("# Results\n\nOld.\n\n## The task engine\n\nold\n\n## Kills\n\nfour\n\n## Memory at rest\n\nkept\n\n## The portal\n\nfast\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := readReport(file)
	r.set("The task engine", "## The task engine\n\nnew\n")
	if err := r.write(file); err != nil {
		t.Fatal(err)
	}
	want := "# Results\n\n" + intro + "\n\n## Memory at rest\n\nkept\n\n## The task engine\n\nnew\n\n## Kills\n\nfour\n\n## The portal\n\nfast\n"
	if got := read(file); got != want {
		t.Errorf("the report is\n%s\ninstead of\n%s", got, want)
	}
}
