package main

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/takodeploy/tako/e2e/process"
	"github.com/takodeploy/tako/internal/target/sshdtest"
)

// short is a trial that fits into a test.
func short(t *testing.T) options {
	t.Helper()
	if err := sshdtest.Available(); err != nil {
		process.Absent(t, err)
	}
	program, err := process.Built("TAKO_BINARY", "tako")
	if err != nil {
		process.Absent(t, err)
	}
	return options{program: program, agent: filepath.Join(filepath.Dir(program), "tako-agent"), deployments: 8, agents: 4, cap: 8, lines: 6,
		pause: 4 * time.Second, patience: 5 * time.Minute, seed: uint64(time.Now().UnixNano()), say: t.Logf}
}

// TestDeploymentsCannotBeKilled is a small trial; make crash is the whole one.
func TestDeploymentsCannotBeKilled(t *testing.T) {
	t.Parallel()
	sum, err := run(t.Context(), short(t), accidental, agents)
	if err != nil {
		t.Fatal(err)
	}
	if sum.kills == 0 || !sum.clean() {
		t.Error(sum)
	}
}

// TestBoundaries ends the server at each commit of a deployment in turn.
func TestBoundaries(t *testing.T) {
	t.Parallel()
	for _, point := range []string{"after:1", "before:2"} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			o := short(t)
			o.lines, o.shapes, o.deployments, o.agents = 1, 1, 0, 0
			sum, err := run(t.Context(), o, boundaries(point))
			if err != nil {
				t.Fatal(err)
			}
			if !sum.clean() {
				t.Errorf("%s: %q", sum, sum.wrong)
			}
		})
	}
}
