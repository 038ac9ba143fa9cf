package variable

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestExplain(t *testing.T) {
	ctx := Context{
		Environment: "Environments-1", Machine: "Machines-1", MachineRoles: []string{"web"},
		Label: func(f Field, id string) string {
			return map[string]string{"Environments-1": "Test", "Environments-2": "Production", "Machines-1": "web-1"}[id]
		},
	}
	values := named("X",
		Value{ID: "1", Value: "a", Owner: "Shop"},
		Value{ID: "2", Value: "b", Owner: "Shop", Scope: Scope{Environment: []string{"Environments-1"}}},
		Value{ID: "3", Value: "c", Owner: "Shop", Scope: Scope{Machine: []string{"Machines-1"}}},
		Value{ID: "4", Value: "d", Owner: "Shop", Scope: Scope{Environment: []string{"Environments-2"}, Tenant: []string{"Tenants-1"}}},
		Value{ID: "5", Value: "e", Owner: "Shop", Scope: Scope{Machine: []string{"Machines-1"}}},
		Value{ID: "6", Value: "f", Owner: "Shop", Scope: Scope{Action: []string{"act"}}},
	)
	e := Explain(values, "x", ctx)
	var got []string
	for _, v := range e.Verdicts {
		got = append(got, v.Value.ID+" "+v.Reason)
	}
	want := []string{
		`3 Used: it matches by machine "web-1" and project, and nothing more specific applies.`,
		`5 Applies and is exactly as specific as the value from project "Shop", which is used because it comes first (by name, order of the sets, set and id).`,
		`2 Applies, but is outranked: machine "web-1" counts for more than environment "Test".`,
		`1 Applies, but is outranked: both match by project, but the one used also matches by machine "web-1".`,
		`4 Does not apply here: it is scoped to tenant "Tenants-1", but no tenant is deployed for, and it is scoped to environment "Production", but here it is "Test".`,
		`6 Does not apply here: it is scoped to step "act", but no step is running.`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if e.Summary != `"x" is "c", from project "Shop".` {
		t.Errorf("summary %q", e.Summary)
	}
	if diff := cmp.Diff([]Field{Tenant, Environment}, e.Verdicts[4].Lacks); diff != "" {
		t.Error(diff)
	}
}

func TestExplainHidesSecrets(t *testing.T) {
	e := Explain(named("P", Value{Value: "hunter22", Type: TypeSensitive}), "P", Context{})
	if w, ok := e.Winner(); !ok || w.Value.Value != "" || strings.Contains(e.Summary, "hunter22") {
		t.Errorf("%+v", e)
	}
}

func TestExplainNothing(t *testing.T) {
	if got := Explain(nil, "P", Context{}).Summary; got != `There is no variable "P".` {
		t.Error(got)
	}
	e := Explain(named("P", Value{Scope: Scope{Role: []string{"web"}}}), "P", Context{})
	if _, ok := e.Winner(); ok || e.Summary != `"P" has no value here: its only value does not apply.` {
		t.Errorf("%+v", e)
	}
}

// TestExplainAgreesWithResolve holds the explained winner against the resolved one.
func TestExplainAgreesWithResolve(t *testing.T) {
	for i := range ladder {
		values := named("X", ladder[i:]...)
		e := Explain(values, "X", here())
		w, ok := e.Winner()
		r, _ := Resolve(values, here()).Lookup("X")
		if !ok || w.Value.Value != r.Value || w.Rank != r.Rank {
			t.Errorf("%d: explained %+v, resolved %+v", i, w, r)
		}
		for _, v := range e.Verdicts {
			if v.Reason == "" {
				t.Errorf("%q has no reason", v.Value.Value)
			}
		}
	}
}
