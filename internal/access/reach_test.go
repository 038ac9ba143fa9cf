package access_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	. "github.com/takodeploy/tako/internal/access"
)

func TestReach(t *testing.T) {
	set := Compile([]Grant{
		give(scope("P1 G1 E1 T1"), DeploymentView, EnvironmentView, ProjectView, ProjectCreate, LifecycleView),
		give(scope("P2 E2"), DeploymentView, EnvironmentView, ProjectView, ProjectCreate),
	})
	for _, c := range []struct {
		p    Permission
		want Reach
	}{
		{DeploymentView, Reach{Areas: []Scope{scope("P1 G1 E1 T1"), scope("P2 E2")}}},
		{EnvironmentView, Reach{Areas: []Scope{scope("E1"), scope("E2")}}},
		{ProjectView, Reach{Areas: []Scope{scope("P1 G1 T1"), scope("P2")}}},
		{ProjectCreate, Reach{Areas: []Scope{scope("G1")}}},
		{LifecycleView, Reach{All: true}},
		{UserView, Reach{}},
		{"FlyToMoon", Reach{}},
	} {
		got := set.Reach(c.p, "Spaces-1")
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: %s", c.p, d)
		}
		if got.None() != (len(c.want.Areas) == 0 && !c.want.All) {
			t.Errorf("%s: None", c.p)
		}
	}
	deploy := set.Reach(DeploymentView, "Spaces-1")
	projects, groups, all := deploy.Projects()
	environments, allEnvironments := deploy.Environments()
	tenants, allTenants := deploy.Tenants()
	got := []any{projects, groups, all, environments, allEnvironments, tenants, allTenants}
	want := []any{ids("P1", "P2"), ids("G1"), false, ids("E1", "E2"), false, []string(nil), true}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	kept := Filter(set, ProjectView, []string{"P3", "P2", "P1"}, func(id string) Resource { return at(id) })
	if d := cmp.Diff(ids("P2", "P1"), kept); d != "" {
		t.Error(d)
	}
}

// TestAgreement draws grants and resources and checks what must hold between
// the ways of asking: each answer against a plain evaluation of the rules, and
// the reach as an outer bound.
func TestAgreement(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	pick := func(letter string, most int) []string {
		var some []string
		for i := range rnd.IntN(most + 1) {
			some = append(some, fmt.Sprintf("%s%d", letter, (i+rnd.IntN(2))%3))
		}
		return distinctOf(some)
	}
	definitions := Definitions()
	for range 20000 {
		d := definitions[rnd.IntN(len(definitions))]
		if d.Level&Space == 0 {
			continue
		}
		var grants []Grant
		for range rnd.IntN(4) {
			grants = append(grants, give(Scope{pick("P", 2), pick("G", 2), pick("E", 2), pick("T", 2)}, d.Permission))
		}
		r := Resource{SpaceID: "Spaces-1", ProjectID: fmt.Sprint("P", rnd.IntN(3)), ProjectGroupID: fmt.Sprint("G", rnd.IntN(3)),
			EnvironmentIDs: pick("E", 2), TenantIDs: pick("T", 2)}
		set := Compile(grants)
		got := set.Allows(d.Permission, r)
		if want := plainly(grants, d, r); got != want {
			t.Fatalf("%s on %+v with %+v: %v, plainly %v", d.Permission, r, grants, got, want)
		}
		if ex := set.Explain(d.Permission, r); ex.Allowed != got || got && !ex.Reasons[0].Fits {
			t.Fatalf("%s on %+v with %+v: %v, explained %+v", d.Permission, r, grants, got, ex)
		}
		projects, groups, all := set.Reach(d.Permission, "Spaces-1").Projects()
		if got && !all && !slices.Contains(projects, r.ProjectID) && !slices.Contains(groups, r.ProjectGroupID) {
			t.Fatalf("%s on %+v with %+v: allowed beyond its reach", d.Permission, r, grants)
		}
	}
}

func distinctOf(s []string) []string {
	slices.Sort(s)
	return slices.Compact(s)
}

// plainly evaluates the rules in the slowest and plainest way.
func plainly(grants []Grant, d Definition, r Resource) bool {
	orNone := func(s []string) []string {
		if len(s) == 0 {
			return []string{""}
		}
		return s
	}
	ok := func(g Grant, e, tenant string) bool {
		byProject := len(g.ProjectIDs)+len(g.ProjectGroupIDs) > 0
		inGroup := slices.Contains(g.ProjectGroupIDs, r.ProjectGroupID)
		if d.Restrict&Projects != 0 && byProject && !slices.Contains(g.ProjectIDs, r.ProjectID) && !inGroup {
			return false
		}
		if d.Restrict&ProjectGroups != 0 && byProject && !inGroup && (len(g.ProjectGroupIDs) > 0 || !d.Reads()) {
			return false
		}
		if d.Restrict&Environments != 0 && len(g.EnvironmentIDs) > 0 {
			if e == "" && (!d.Reads() || d.Explicit&Environments != 0) || e != "" && !slices.Contains(g.EnvironmentIDs, e) {
				return false
			}
		}
		if d.Restrict&Tenants != 0 && len(g.TenantIDs) > 0 {
			if tenant == "" && d.Explicit&Tenants != 0 || tenant != "" && !slices.Contains(g.TenantIDs, tenant) {
				return false
			}
		}
		return true
	}
	some, every := false, true
	for _, e := range orNone(r.EnvironmentIDs) {
		for _, tenant := range orNone(r.TenantIDs) {
			here := slices.ContainsFunc(grants, func(g Grant) bool { return ok(g, e, tenant) })
			some, every = some || here, every && here
		}
	}
	if d.Reads() {
		return some
	}
	return every
}

func BenchmarkAllows(b *testing.B) {
	set := Compile([]Grant{give(scope("P1 P2 G1 E1 E2"), DeploymentView), give(scope("P3 G2 E1 T1"), DeploymentView)})
	r := at("P3 G2 E1 T1")
	for b.Loop() {
		set.Allows(DeploymentView, r)
	}
}
