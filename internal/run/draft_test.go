package run

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/takodeploy/tako/internal/plan"
)

func oneStep(name string, targets ...string) plan.Draft {
	return plan.Draft{Step: plan.Step{Name: name, OnTargets: len(targets) > 0, Targets: targets,
		Actions: []plan.Action{{Name: name, Type: "Octopus.Script"}}}}
}

func when(d plan.Draft, c plan.Condition, expression ...string) plan.Draft {
	d.Condition, d.Expression = c, strings.Join(expression, "")
	return d
}

func window(d plan.Draft, n int) plan.Draft { d.RollingWindow = n; return d }

func child(d plan.Draft, a plan.Action) plan.Draft {
	d.Actions = append(slices.Clone(d.Actions), a)
	return d
}

func retries(d plan.Draft, n int, backoff time.Duration) plan.Draft {
	d.Actions = slices.Clone(d.Actions)
	d.Actions[0].Retries, d.Actions[0].Backoff = n, backoff
	return d
}

func planOf(t *testing.T, o plan.Options, drafts ...plan.Draft) *plan.Plan {
	t.Helper()
	p, err := plan.Compose(drafts, o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
