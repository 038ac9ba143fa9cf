package main

import (
	"strings"
	"testing"
)

func TestReport(t *testing.T) {
	var r Result
	r.Check("same", map[string]any{"b": 1, "a": "x"}, struct {
		A string `json:"a"`
		B int    `json:"b"`
	}{"x", 1})
	r.Check("other", 1, 2)
	r.Skip()
	var out strings.Builder
	code := report(&out, r)
	want := "FAIL other\n  got:  1\n  want: 2\n1 passed, 1 failed, 1 skipped\n"
	if out.String() != want || code != 1 {
		t.Errorf("report gave %q and exit %d, want %q and 1", out.String(), code, want)
	}
}

func TestRunUsage(t *testing.T) {
	var out, errOut strings.Builder
	if code := run([]string{"nothing", "x"}, &out, &errOut); code != 2 || !strings.Contains(errOut.String(), "unknown kind") {
		t.Errorf("exit %d, %q", code, errOut.String())
	}
	if code := run(nil, &out, &errOut); code != 2 {
		t.Errorf("exit %d without arguments, want 2", code)
	}
}
