package rule

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/takodeploy/tako/internal/fault"
)

func TestTargets(t *testing.T) {
	machine := func(name string, change func(*Machine)) Machine {
		m := Machine{ID: "Machines-" + name, Name: name, Environments: []string{"E1"}, Roles: []string{"web"}, Health: Healthy}
		if change != nil {
			change(&m)
		}
		return m
	}
	query := TargetQuery{Environment: "E1", Roles: []string{"web", "db"}}
	with := func(change func(*TargetQuery)) TargetQuery {
		q := query
		change(&q)
		return q
	}
	skip := with(func(q *TargetQuery) { q.Connectivity.SkipUnavailable = true })
	tenanted := with(func(q *TargetQuery) { q.Tenant, q.TenantTags = "T1", []string{"Ring/Alpha", "Region/EU"} })
	cases := []struct {
		name    string
		machine Machine
		query   TargetQuery
		want    LeftOutKind // empty is chosen
	}{
		{"8.1 in the environment with a tag", machine("a", nil), query, ""},
		{"8.1 tags ignore case", machine("a", func(m *Machine) { m.Roles = []string{"WEB"} }), query, ""},
		{"8.1 another environment", machine("a", func(m *Machine) { m.Environments = []string{"E2"} }), query, OtherEnvironment},
		{"8.1 other tags", machine("a", func(m *Machine) { m.Roles = []string{"mail"} }), query, OtherTags},
		{"8.1 disabled", machine("a", func(m *Machine) { m.Disabled = true }), query, IsDisabled},
		{"8.1 specific machines", machine("a", nil), with(func(q *TargetQuery) { q.Specific = []string{"Machines-b"} }), NotChosen},
		{"8.1 specific machine itself", machine("a", nil), with(func(q *TargetQuery) { q.Specific = []string{"Machines-a"} }), ""},
		{"8.1 excluded machine", machine("a", nil), with(func(q *TargetQuery) { q.Excluded = []string{"Machines-a"} }), WasExcluded},
		{"8.1 specific tags", machine("a", nil), with(func(q *TargetQuery) { q.SpecificTags = []string{"db"} }), NotChosen},
		{"8.1 specific tags by id", machine("a", func(m *Machine) { m.TagIDs = []string{"TagSets-1/Tags-1"} }), with(func(q *TargetQuery) { q.SpecificTags = []string{"TagSets-1/Tags-1"} }), ""},
		{"8.1 excluded tags", machine("a", nil), with(func(q *TargetQuery) { q.ExcludedTags = []string{"web"} }), WasExcluded},
		{"8.2 unavailable stays by default", machine("a", func(m *Machine) { m.Health = Unavailable }), query, ""},
		{"8.2 unavailable is skipped", machine("a", func(m *Machine) { m.Health = Unavailable }), skip, IsUnavailable},
		{"8.2 only for listed tags", machine("a", func(m *Machine) { m.Health = Unavailable }),
			with(func(q *TargetQuery) { q.Connectivity = Connectivity{SkipUnavailable: true, SkipRoles: []string{"db"}} }), ""},
		{"15.2 its policy lets it be offline", machine("a", func(m *Machine) { m.Health, m.MayBeOffline = Unavailable, true }), query, IsUnavailable},
		{"8.2 unhealthy stays by default", machine("a", func(m *Machine) { m.Health = Unhealthy }), skip, ""},
		{"8.2 unhealthy is excluded", machine("a", func(m *Machine) { m.Health = Unhealthy }), with(func(q *TargetQuery) { q.Connectivity.ExcludeUnhealthy = true }), IsUnhealthy},
		{"16.4 untenanted deployment, tenanted machine", machine("a", func(m *Machine) { m.Tenancy.Mode = Tenanted }), query, OtherTenant},
		{"16.4 untenanted deployment, machine for both", machine("a", func(m *Machine) { m.Tenancy = Tenancy{Mode: TenantedOrUntenanted, TenantIDs: []string{"T9"}} }), query, ""},
		{"16.4 tenanted deployment, untenanted machine", machine("a", nil), tenanted, OtherTenant},
		{"16.4 tenanted deployment, its machine", machine("a", func(m *Machine) { m.Tenancy = Tenancy{Mode: Tenanted, TenantIDs: []string{"T1"}} }), tenanted, ""},
		{"16.4 tenanted deployment, another's machine", machine("a", func(m *Machine) { m.Tenancy = Tenancy{Mode: Tenanted, TenantIDs: []string{"T2"}} }), tenanted, OtherTenant},
		{"16.4 inferred from tenants", machine("a", func(m *Machine) { m.Tenancy.TenantIDs = []string{"T1"} }), tenanted, ""},
		{"16.4 inferred from tags", machine("a", func(m *Machine) { m.Tenancy.TenantTags = []string{"Ring/Alpha"} }), query, OtherTenant},
		{"16.3 or within a tag set", machine("a", func(m *Machine) { m.Tenancy.TenantTags = []string{"Ring/Beta", "ring/alpha"} }), tenanted, ""},
		{"16.3 and across tag sets", machine("a", func(m *Machine) { m.Tenancy.TenantTags = []string{"Ring/Alpha", "Region/US"} }), tenanted, OtherTenant},
		{"16.3 tenants are united with tags", machine("a", func(m *Machine) {
			m.Tenancy = Tenancy{TenantIDs: []string{"T1"}, TenantTags: []string{"Region/US"}}
		}), tenanted, ""},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			set := Targets([]Machine{tc.machine}, tc.query)
			var got LeftOutKind
			if len(set.LeftOut) == 1 {
				got = set.LeftOut[0].Kind
				if !strings.HasPrefix(set.LeftOut[0].Reason, `"a" is left out: `) {
					t.Errorf("reason %q", set.LeftOut[0].Reason)
				}
			}
			if got != tc.want || len(set.Targets)+len(set.LeftOut) != 1 {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			if warned := len(set.Warnings) > 0; warned != (tc.want == "" && tc.machine.Health == Unavailable) {
				t.Errorf("warnings %q", set.Warnings)
			}
		})
	}
}

func TestRequireTargets(t *testing.T) {
	some := TargetSet{Targets: []Machine{{Name: "a"}}}
	none := TargetSet{LeftOut: []LeftOut{{Kind: IsDisabled, Reason: "off"}, {Kind: OtherEnvironment, Reason: "far"}}}
	if err := RequireTargets(nil, Connectivity{}); err != nil {
		t.Errorf("no step wants machines: %v", err)
	}
	if err := RequireTargets([]TargetSet{none, some}, Connectivity{}); err != nil {
		t.Errorf("one step has machines: %v", err)
	}
	if err := RequireTargets([]TargetSet{none}, Connectivity{AllowNoTargets: true}); err != nil {
		t.Errorf("none are allowed: %v", err)
	}
	err := RequireTargets([]TargetSet{none, none}, Connectivity{})
	f, ok := err.(*fault.Error)
	if !ok {
		t.Fatalf("got %v", err)
	}
	if diff := cmp.Diff([]string{"off"}, f.Details); diff != "" {
		t.Error(diff)
	}
}

func TestStreamsAndTenants(t *testing.T) {
	tenants := []StreamTenant{
		{ID: "T1", Connected: true, Tags: []string{"Ring/Alpha"}}, {ID: "T2", Connected: true, Environments: []string{"E1"}},
		{ID: "T3", Connected: true, Disabled: true}, {ID: "T4"},
	}
	for _, tc := range []struct {
		name string
		mode TenantMode
		tags []string
		want []string
	}{
		{"1.8 untenanted", Untenanted, nil, []string{""}},
		{"1.8 both", TenantedOrUntenanted, nil, []string{"", "T1", "T2"}},
		{"1.8 tenanted", Tenanted, nil, []string{"T1", "T2"}},
		{"1.8 channel's tenant tags", Tenanted, []string{"Ring/Alpha"}, []string{"T1"}},
	} {
		if diff := cmp.Diff(tc.want, Streams(tc.mode, tenants, tc.tags)); diff != "" {
			t.Errorf("%s: %s", tc.name, diff)
		}
	}
	if !tenants[0].ConnectedTo("E9") || !tenants[1].ConnectedTo("E1") || tenants[1].ConnectedTo("E2") || tenants[3].ConnectedTo("E1") {
		t.Error("16.2 an empty list of environments is all of them")
	}
	chosen := ChooseTenants(tenants, []string{"T2"}, []string{"Ring/Alpha"})
	if len(chosen) != 2 || len(ChooseTenants(tenants, nil, nil)) != 0 {
		t.Errorf("16.3 named tenants are united with tags, nothing chosen is nobody: %+v", chosen)
	}
}

func TestChooseWorker(t *testing.T) {
	pools := []Pool{{ID: "P1", Name: "Default", Default: true}, {ID: "P2", Name: "Linux"}, {ID: "P3", Name: "Cloud", Dynamic: true}}
	workers := []Worker{
		{ID: "W1", Name: "one", PoolIDs: []string{"P2"}, Health: Healthy, Busy: 2}, {ID: "W2", Name: "two", PoolIDs: []string{"P2"}, Health: HasWarnings, Busy: 1},
		{ID: "W3", Name: "three", PoolIDs: []string{"P2"}, Health: Unavailable}, {ID: "W4", Name: "four", PoolIDs: []string{"P2"}, Health: Unknown},
	}
	ill := []Worker{{ID: "W5", Name: "five", PoolIDs: []string{"P1", "P2"}, Health: Unhealthy}, {ID: "W6", Name: "six", PoolIDs: []string{"P1"}, Disabled: true, Health: Healthy}}
	for _, tc := range []struct {
		name    string
		workers []Worker
		query   WorkerQuery
		want    string
	}{
		{"8.9 least busy of the healthy", workers, WorkerQuery{Pool: "P2"}, "P2 W2"},
		{"8.9 the same worker again", workers, WorkerQuery{Pool: "P2", Prefer: "W1"}, "P2 W1"},
		{"8.9 not the same if it is ill", workers, WorkerQuery{Pool: "P2", Prefer: "W3"}, "P2 W2"},
		{"W01 no pool is the default, W02 built in without workers", workers, WorkerQuery{}, "P1 built in"},
		{"W02 unhealthy only fails", ill, WorkerQuery{}, `Worker pool "Default" has no healthy worker: five is unhealthy, six is disabled.`},
		{"W02 built in is for the default only", nil, WorkerQuery{Pool: "P2"}, `Worker pool "Linux" has no workers.`},
		{"W03 dynamic", nil, WorkerQuery{Pool: "P3"}, "P3 "},
		{"W04 pool by name", workers, WorkerQuery{Pool: "linux"}, "P2 W2"},
		{"W07 the target's pool", workers, WorkerQuery{TargetPool: "P2"}, "P2 W2"},
		{"no such pool", workers, WorkerQuery{Pool: "P9"}, `There is no worker pool "P9".`},
		{"8.9 unchecked if there is no other", workers[2:], WorkerQuery{Pool: "P2"}, "P2 W4"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, err := ChooseWorker(pools, tc.workers, tc.query)
			got := c.Pool.ID + " " + c.Worker.ID
			if c.BuiltIn {
				got += "built in"
			}
			if err != nil {
				got = err.Error()
			}
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
