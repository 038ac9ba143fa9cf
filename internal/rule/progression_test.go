package rule

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// spaceEnvironments are four environments out of order, and one for a branch.
func spaceEnvironments() []LifecycleEnvironment {
	return []LifecycleEnvironment{
		{ID: "prod", Name: "Production", SortOrder: 3}, {ID: "dev", Name: "Dev", SortOrder: 0},
		{ID: "qa", Name: "QA", SortOrder: 1}, {ID: "stage", Name: "Staging", SortOrder: 2},
		{ID: "branch", Name: "feature-1", SortOrder: 9, Ephemeral: true},
	}
}

// threePhases are Dev, Test with two environments, and Production.
func threePhases() []Phase {
	return []Phase{
		{Name: "Dev", Automatic: []string{"dev"}},
		{Name: "Test", Manual: []string{"stage"}, Automatic: []string{"qa"}},
		{Name: "Production", Manual: []string{"prod"}},
	}
}

// succeeded are successful deployments to environments, "env" or "env/tenant".
func succeeded(where ...string) []PastDeployment {
	var out []PastDeployment
	for _, w := range where {
		environment, tenant, _ := strings.Cut(w, "/")
		out = append(out, PastDeployment{ID: "Deployments-" + w, Environment: environment, Tenant: tenant, Success: true})
	}
	return out
}

// failed are deployments that failed.
func failed(where ...string) []PastDeployment {
	out := succeeded(where...)
	for i := range out {
		out[i].Success = false
	}
	return out
}

// states spells each phase's progress with its first letters, "!" if blocked.
func states(p *Progression) string {
	var out []string
	for i := range p.Phases {
		word := string(p.Phases[i].Progress[:4])
		if p.Phases[i].Blocked {
			word += "!"
		}
		out = append(out, word)
	}
	return strings.Join(out, " ")
}

func TestProgress(t *testing.T) {
	with := func(change func([]Phase)) []Phase {
		phases := threePhases()
		change(phases)
		return phases
	}
	cases := []struct {
		name   string
		in     Promotion
		states string
		next   string
		needed int
		deploy string // environments that may be deployed to
	}{
		{"1.3 no phases: one per environment in sort order", Promotion{}, "Curr Pend Pend Pend", "dev", 1, "dev"},
		{"1.3 and the next after success", Promotion{Deployments: succeeded("dev")}, "Comp Curr Pend Pend", "qa", 1, "dev qa"},
		{"1.4 a phase without environments has those not listed earlier", Promotion{Phases: []Phase{{Name: "Dev", Manual: []string{"dev"}}, {Name: "Rest"}}, Deployments: succeeded("dev")},
			"Comp Curr", "qa stage prod", 3, "dev qa stage prod"},
		{"1.4 but those listed later", Promotion{Phases: []Phase{{Name: "Any"}, {Name: "Production", Manual: []string{"prod"}}}},
			"Curr Pend", "dev qa stage prod", 4, "dev qa stage prod"},
		{"1.5 all must succeed", Promotion{Phases: threePhases(), Deployments: succeeded("dev", "qa")}, "Comp Curr Pend", "stage", 1, "dev qa stage"},
		{"1.5 failure does not count", Promotion{Phases: threePhases(), Deployments: failed("dev")}, "Curr Pend Pend", "dev", 1, "dev"},
		{"1.5 success before a failure counts", Promotion{Phases: threePhases(), Deployments: append(succeeded("dev"), failed("dev")...)}, "Comp Curr Pend", "qa stage", 2, "dev qa stage"},
		{"1.5 a minimum is enough", Promotion{Phases: with(func(p []Phase) { p[1].Minimum = 1 }), Deployments: succeeded("dev", "qa")}, "Comp Comp Curr", "prod", 1, "dev qa stage prod"},
		{"1.5 a minimum beyond the phase is all of it", Promotion{Phases: with(func(p []Phase) { p[1].Minimum = 9 }), Deployments: succeeded("dev")}, "Comp Curr Pend", "qa stage", 2, "dev qa stage"},
		{"1.5 optional never gates", Promotion{Phases: with(func(p []Phase) { p[1].Optional = true }), Deployments: succeeded("dev")}, "Comp Curr Curr", "qa stage prod", 1, "dev qa stage prod"},
		{"1.5 optional is deployable only when reached", Promotion{Phases: with(func(p []Phase) { p[1].Optional = true })}, "Curr Pend Pend", "dev", 1, "dev"},
		{"1.6 all passed", Promotion{Phases: threePhases(), Deployments: succeeded("dev", "qa", "stage", "prod")}, "Comp Comp Comp", "", 0, "dev qa stage prod"},
		{"1.6 deleted environments are gone", Promotion{Phases: []Phase{{Name: "Old", Manual: []string{"gone"}}, {Name: "Dev", Manual: []string{"dev"}}}}, "Comp Curr", "dev", 1, "dev"},
		{"1.8 another tenant's success does not count", Promotion{Phases: threePhases(), Tenant: "T1", Deployments: succeeded("dev/T2", "dev")}, "Curr Pend Pend", "dev", 1, "dev"},
		{"1.8 the tenant's own does", Promotion{Phases: threePhases(), Tenant: "T1", Deployments: succeeded("dev/T1")}, "Comp Curr Pend", "qa stage", 2, "dev qa stage"},
		{"1.8 tenants do not count for the untenanted stream", Promotion{Phases: threePhases(), Deployments: succeeded("dev/T1")}, "Curr Pend Pend", "dev", 1, "dev"},
		{"1.8 environments without the tenant are not required", Promotion{Phases: threePhases(), Tenant: "T1", Connected: []string{"stage", "prod"}}, "Comp Curr Pend", "stage", 1, "stage"},
		{"1.9 a defect closes phases without success", Promotion{Phases: threePhases(), Prevented: true, Deployments: append(succeeded("dev"), failed("qa")...)}, "Comp Curr! Pend!", "", 0, "dev"},
		{"1.9 not those with one", Promotion{Phases: threePhases(), Prevented: true, Deployments: succeeded("dev", "qa")}, "Comp Curr Pend!", "stage", 1, "dev qa stage"},
		{"1.9 nor the first", Promotion{Phases: threePhases(), Prevented: true}, "Curr Pend! Pend!", "dev", 1, "dev"},
		{"1.9 optional phases are not exempt", Promotion{Phases: with(func(p []Phase) { p[1].Optional = true }), Prevented: true, Deployments: succeeded("dev")}, "Comp Curr! Curr!", "", 0, "dev"},
		{"1.9 per tenant", Promotion{Phases: threePhases(), Prevented: true, Tenant: "T1", Deployments: succeeded("dev/T1", "qa/T2")}, "Comp Curr! Pend!", "", 0, "dev"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			tc.in.Environments = spaceEnvironments()
			p := Progress(tc.in)
			var open []string
			for _, id := range []string{"dev", "qa", "stage", "prod", "branch", "gone"} {
				ok, why := p.CanDeploy(id)
				if ok != (why == "") {
					t.Errorf("%s: %v with reason %q", id, ok, why)
				}
				if ok {
					open = append(open, id)
				}
			}
			got := []any{states(p), strings.Join(p.NextDeployments, " "), p.NextDeploymentsMinimumRequired, strings.Join(open, " ")}
			if diff := cmp.Diff([]any{tc.states, tc.next, tc.needed, tc.deploy}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCanDeployReasons(t *testing.T) {
	three := Promotion{Lifecycle: "Default", Phases: threePhases()}
	minimum := three
	minimum.Phases = threePhases()
	minimum.Phases[1] = Phase{Name: "Test", Manual: []string{"qa", "stage"}, Minimum: 1}
	minimum.Deployments = succeeded("dev")
	defect := three
	defect.Prevented, defect.Defect, defect.Deployments = true, "Loses orders.", succeeded("dev")
	tenant := three
	tenant.Tenant, tenant.Connected = "T1", []string{"dev"}
	all := three
	all.Deployments = succeeded("dev")
	for _, tc := range []struct {
		name, environment string
		in                Promotion
		want              string
	}{
		{"1.6 not in the lifecycle", "branch", three, `Environment "branch" is not part of lifecycle "Default", so the release cannot be deployed there.`},
		{"1.5 gate with one environment", "prod", three, `Environment "Production" is in phase "Production", which is not reached yet: phase "Dev" first needs a successful deployment to "Dev".`},
		{"1.5 gate with all of several", "prod", all, `Environment "Production" is in phase "Production", which is not reached yet: phase "Test" first needs a successful deployment to "QA" and "Staging".`},
		{"1.5 gate with a minimum", "prod", minimum, `Environment "Production" is in phase "Production", which is not reached yet: phase "Test" first needs successful deployments to 1 of "QA" and "Staging".`},
		{"1.9 defect", "qa", defect, `The release has an unresolved defect (Loses orders), and phase "Test", which has environment "QA", has no successful deployment yet.`},
		{"1.8 tenant not there", "qa", tenant, `The tenant is not connected to environment "QA".`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.in.Environments = spaceEnvironments()
			if _, got := Progress(tc.in).CanDeploy(tc.environment); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestEntered(t *testing.T) {
	progress := func(change func(*Promotion)) *Progression {
		in := Promotion{Phases: threePhases(), Environments: spaceEnvironments()}
		change(&in)
		return Progress(in)
	}
	created := progress(func(*Promotion) {})
	inTest := progress(func(in *Promotion) { in.Deployments = succeeded("dev") })
	cases := []struct {
		name          string
		before, after *Progression
		want          []string
	}{
		{"1.7 creation enters the first phase", nil, created, []string{"dev"}},
		{"1.7 passing a gate enters the next", created, inTest, []string{"qa"}},
		{"1.7 nothing entered, nothing due", inTest, inTest, nil},
		{"1.7 not again where it was deployed", created, progress(func(in *Promotion) { in.Deployments = append(succeeded("dev"), failed("qa")...) }), nil},
		{"1.7 optional phases deploy nothing", nil, progress(func(in *Promotion) { in.Phases[0].Optional = true }), []string{"qa"}},
		{"1.8 only where the tenant is", nil, progress(func(in *Promotion) { in.Tenant, in.Connected = "T1", []string{"stage", "qa"} }), []string{"qa"}},
		{"1.9 a defect stops automatic deployments", created, progress(func(in *Promotion) { in.Deployments, in.Prevented = succeeded("dev"), true }), nil},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, Entered(tc.before, tc.after)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLifecycleOddsAndEnds(t *testing.T) {
	if EffectiveLifecycle("", "p") != "p" || EffectiveLifecycle("c", "p") != "c" {
		t.Error("1.1 the channel's lifecycle comes first")
	}
	phases := threePhases()
	phases[1].Priority = true
	p := Progress(Promotion{Phases: phases, Environments: spaceEnvironments(), Deployments: succeeded("dev")})
	if !p.IsPriority("qa") || p.IsPriority("dev") || p.IsPriority("prod") {
		t.Error("12.5 only the open priority phase jumps the queue")
	}
	if diff := cmp.Diff([]string{"dev", "qa", "stage", "prod"}, LifecycleEnvironments(nil, spaceEnvironments())); diff != "" {
		t.Errorf("1.11, 1.12: %s", diff)
	}
}
