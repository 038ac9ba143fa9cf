package retention

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/rule"
)

var now = time.Date(2026, 6, 30, 12, 0, 0, 0, time.UTC)

// history makes releases out of lines such as "0.0.1 staging production": the
// older first, each deployed where it says, a day after another. An
// environment may be followed by "!" for a failure, "~" for what has not
// ended, and preceded by a tenant as in "acme@staging". "/channel" and "-30d"
// set the channel and the age.
func history(lines ...string) []*Release {
	var all []*Release
	num := int64(0)
	for i, line := range lines {
		words := strings.Fields(line)
		r := &Release{ID: "Releases-" + words[0], Version: words[0], Channel: "default", Assembled: now.AddDate(0, 0, i-len(lines))}
		for _, w := range words[1:] {
			if channel, ok := strings.CutPrefix(w, "/"); ok {
				r.Channel = channel
				continue
			}
			var days int
			if n, _ := fmt.Sscanf(w, "-%dd", &days); n == 1 {
				r.Assembled = now.AddDate(0, 0, -days)
				continue
			}
			num++
			d := Deployment{Environment: strings.TrimRight(w, "!~"), Num: num, Success: !strings.HasSuffix(w, "!") && !strings.HasSuffix(w, "~"), Active: strings.HasSuffix(w, "~")}
			if tenant, at, ok := strings.Cut(d.Environment, "@"); ok {
				d.Tenant, d.Environment = tenant, at
			}
			r.Deployments = append(r.Deployments, d)
		}
		all = append(all, r)
	}
	return all
}

// golden is 15 releases on their way through two phases.
func golden() []*Release {
	var lines []string
	for n := 1; n <= 15; n++ {
		line := fmt.Sprintf("0.0.%d", n)
		if n <= 9 {
			line += " staging"
		}
		if n <= 6 {
			line += " production"
		}
		lines = append(lines, line)
	}
	return history(lines...)
}

func last(n int) Policy { return Policy{Count: n} }

func twoPhases(first, second Policy) []Phase {
	return []Phase{{"Staging", []string{"staging"}, first}, {"Production", []string{"production"}, second}}
}

func deleted(verdicts []Verdict) string {
	var gone []string
	for _, v := range verdicts {
		if v.Delete {
			gone = append(gone, v.Version)
		}
	}
	return strings.Join(gone, " ")
}

func TestJudge(t *testing.T) {
	days := func(n int) Policy { return Policy{Days: n} }
	for _, tt := range []struct {
		name     string
		releases []*Release
		shelf    Shelf
		want     string
	}{
		{"the worked example", golden(), Shelf{Policy: last(3), Phases: twoPhases(last(3), last(3))}, "0.0.12 0.0.11 0.0.10 0.0.1"},
		{"zero is for ever", golden(), Shelf{Phases: twoPhases(Policy{}, Policy{})}, ""},
		{"undeployed ones go by the lifecycle", golden(), Shelf{Policy: last(1), Phases: twoPhases(Policy{}, Policy{})}, "0.0.14 0.0.13 0.0.12 0.0.11 0.0.10"},
		{"what reached a phase that keeps everything stays, and does not count before it",
			history("0 staging", "1 staging", "2 staging production", "3 staging production", "4 staging production", "5 staging", "6 staging"),
			Shelf{Policy: last(9), Phases: twoPhases(last(1), Policy{})}, "0"},
		{"each phase has its own limit", golden(), Shelf{Policy: last(9), Phases: twoPhases(last(1), last(2))}, "0.0.2 0.0.1"},
		{"over the limit in every phase", golden(), Shelf{Policy: last(9), Phases: twoPhases(last(5), last(2))}, ""},
		{"order of assembling, not of the list", history("2 -2d", "1 -9d", "3 -1d"), Shelf{Policy: last(1)}, "2 1"},
		{"by days", history("1 -11d", "2 -10d", "3 -9d"), Shelf{Policy: days(10)}, "1"},
		{"by days in the phase", history("1 -30d staging", "2 -20d staging", "3 -10d staging", "4 -1d staging"),
			Shelf{Policy: Policy{}, Phases: twoPhases(days(15), Policy{})}, "2 1"},
		{"what runs stays", history("1 staging~", "2", "3"), Shelf{Policy: last(1), Phases: twoPhases(last(1), last(1))}, "2"},
		{"failures have reached the phase too", history("1 staging!", "2 staging", "3 staging", "4 staging"), Shelf{Policy: last(9), Phases: twoPhases(last(1), last(1))}, "1"},
		{"a failed newest is shown with what it was to replace, and that one's rollback", history("1 staging", "2 staging", "3 staging", "4 staging!"),
			Shelf{Policy: last(1), Phases: twoPhases(last(1), last(1))}, ""},
		{"a rollback is to another release", history("1 staging", "2 staging", "3 staging staging staging"), Shelf{Policy: last(1), Phases: twoPhases(last(1), last(1))}, ""},
		{"each tenant has a dashboard", history("1 a@staging", "2 b@staging", "3 staging", "4 staging", "5 staging", "6 staging"),
			Shelf{Policy: last(1), Phases: twoPhases(last(1), last(1))}, "3"},
		{"outside the lifecycle", history("1 lab", "2 lab", "3 lab", "4 lab", "5"), Shelf{Policy: last(1), Phases: twoPhases(Policy{}, Policy{})}, "1"},
		{"used by others", history("1", "2", "3"), Shelf{Policy: last(1), Used: map[string]string{"Releases-1": "used"}}, "2"},
		{"passing environments", history("1 -4d", "2 -4d feature", "3 -2d"), Shelf{Policy: last(1), Passing: true}, "1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := tt.shelf
			s.Now, s.Releases, s.Shown = now, tt.releases, Shown(tt.releases, false)
			verdicts := s.Judge()
			if got := deleted(verdicts); got != tt.want {
				t.Errorf("deleted %q, want %q", got, tt.want)
			}
			if len(verdicts) != len(tt.releases) {
				t.Errorf("%d of %d releases were judged", len(verdicts), len(tt.releases))
			}
			for _, v := range verdicts {
				if v.Reason == "" {
					t.Errorf("nothing says why %s is as it is", v.Version)
				}
			}
		})
	}
}

// TestReasonsOfTheWorkedExample compares what the log says.
func TestReasonsOfTheWorkedExample(t *testing.T) {
	s := Shelf{Now: now, Policy: last(3), Phases: twoPhases(last(3), last(3)), Releases: golden(), Shown: Shown(golden(), false)}
	got := map[string]string{}
	for _, v := range s.Judge() {
		got[v.Version] = v.Reason
	}
	want := map[string]string{
		"0.0.15": "it was not deployed, of which 0 of 3 were kept so far",
		"0.0.12": "it was not deployed, of which 3 of 3 are kept already",
		"0.0.9":  "it is on the dashboard",
		"0.0.8":  "a release on the dashboard can be rolled back to it",
		"0.0.7":  "deployed to Staging, of which 0 of 3 were kept so far",
		"0.0.6":  "it is on the dashboard",
		"0.0.5":  "a release on the dashboard can be rolled back to it",
		"0.0.4":  "deployed to Staging, of which 1 of 3 were kept so far; deployed to Production, of which 0 of 3 were kept so far",
		"0.0.2":  "deployed to Staging, of which 3 of 3 are kept already; deployed to Production, of which 2 of 3 were kept so far",
		"0.0.1":  "deployed to Staging, of which 3 of 3 are kept already; deployed to Production, of which 3 of 3 are kept already",
	}
	for version, reason := range want {
		if got[version] != reason {
			t.Errorf("%s: %q, want %q", version, got[version], reason)
		}
	}
}

func TestDiscreteChannelsHaveTheirOwnDashboards(t *testing.T) {
	releases := history("1 /old staging", "2 /old staging", "3 /old staging", "4 /new staging", "5 /new staging")
	names := func(shown map[string]string) string {
		var all []string
		for id := range shown {
			all = append(all, strings.TrimPrefix(id, "Releases-"))
		}
		slices.Sort(all)
		return strings.Join(all, " ")
	}
	if got := names(Shown(releases, false)); got != "4 5" {
		t.Errorf("together: %s", got)
	}
	if got := names(Shown(releases, true)); got != "2 3 4 5" {
		t.Errorf("apart: %s", got)
	}
}

func TestPhasesInherit(t *testing.T) {
	period := func(n int) *catalog.RetentionPeriod {
		return &catalog.RetentionPeriod{Strategy: catalog.RetainCount, Unit: "Items", QuantityToKeep: n}
	}
	fallback := catalog.RetentionPeriod{Strategy: catalog.RetainCount, Unit: "Days", QuantityToKeep: 30}
	stale := &catalog.RetentionPeriod{Strategy: catalog.RetainDefault, Unit: "Items", QuantityToKeep: 77}
	lifecycle := func(own *catalog.RetentionPeriod, phases ...*catalog.RetentionPeriod) *catalog.Lifecycle {
		l := &catalog.Lifecycle{ReleaseRetentionPolicy: *own}
		for i, p := range phases {
			l.Phases = append(l.Phases, catalog.Phase{Name: fmt.Sprint(i), OptionalDeploymentTargets: []string{fmt.Sprint(i)}, ReleaseRetentionPolicy: p})
		}
		return l
	}
	environments := []rule.LifecycleEnvironment{{ID: "0"}, {ID: "1"}, {ID: "2"}, {ID: "3"}}
	for _, tt := range []struct {
		name string
		l    *catalog.Lifecycle
		want []Policy
	}{
		{"from the nearest phase before, else the lifecycle", lifecycle(period(3), nil, nil, period(5), nil), []Policy{last(3), last(3), last(5), last(5)}},
		{"the space's default as it is now", lifecycle(stale, nil, period(2)), []Policy{{Days: 30}, last(2)}},
		{"a phase may say default", lifecycle(period(3), stale, nil), []Policy{{Days: 30}, {Days: 30}}},
		{"zero and for ever", lifecycle(period(0), &catalog.RetentionPeriod{ShouldKeepForever: true, QuantityToKeep: 4}), []Policy{{}}},
		{"no phases: one for each environment", lifecycle(period(4)), []Policy{last(4), last(4), last(4), last(4)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []Policy
			for _, p := range phasesOf(tt.l, environments, fallback) {
				got = append(got, p.Policy)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
