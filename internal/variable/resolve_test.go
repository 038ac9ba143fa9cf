package variable

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// here is a place where every kind of scope can match.
func here() Context {
	return Context{
		Environment: "Environments-1", Tenant: "Tenants-1", TenantTags: []string{"Ring/Alpha", "Region/EU"},
		Channel: "Channels-1", ProcessOwner: "Projects-1", Project: "Projects-1",
		Action: "act-1", Machine: "Machines-1", MachineRoles: []string{"web", "db"}, TargetRoles: []string{"web"},
	}
}

// ladder is one value per rank of the published precedence, strongest first.
var ladder = []Value{
	{Value: "action", Source: FromLibrary, Scope: Scope{Action: []string{"act-1"}}},
	{Value: "machine", Source: FromLibrary, Scope: Scope{Machine: []string{"Machines-1"}}},
	{Value: "targeted tag", Source: FromLibrary, Scope: Scope{Role: []string{"web"}}},
	{Value: "tag", Source: FromLibrary, Scope: Scope{Role: []string{"db"}}},
	{Value: "tenant", Source: FromLibrary, Scope: Scope{Tenant: []string{"Tenants-1"}}},
	{Value: "tenant tag", Source: FromLibrary, Scope: Scope{TenantTag: []string{"Ring/Alpha"}}},
	{Value: "environment", Source: FromLibrary, Scope: Scope{Environment: []string{"Environments-1"}}},
	{Value: "channel", Source: FromLibrary, Scope: Scope{Channel: []string{"Channels-1"}}},
	{Value: "process", Source: FromLibrary, Scope: Scope{ProcessOwner: []string{"Projects-1"}}},
	{Value: "project", Source: FromProject},
	{Value: "template default", Source: FromTenant, Scope: Scope{ProjectTemplate: true}},
	{Value: "library", Source: FromLibrary},
}

func TestPrecedenceLadder(t *testing.T) {
	for i := range ladder {
		t.Run("5."+ladder[i].Value, func(t *testing.T) {
			values := named("X", ladder[i:]...)
			slices.Reverse(values)
			got, _ := Resolve(values, here()).Lookup("x")
			if got == nil || got.Value != ladder[i].Value {
				t.Errorf("got %+v, want %q", got, ladder[i].Value)
			}
		})
	}
}

// named gives values a name.
func named(name string, values ...Value) []Value {
	out := slices.Clone(values)
	for i := range out {
		out[i].Name = name
	}
	return out
}

func TestResolveRules(t *testing.T) {
	env, tag := []string{"Environments-1"}, []string{"web"}
	cases := []struct {
		name   string
		values []Value
		ctx    func(*Context)
		want   string // "-" is no value
	}{
		{"5 or within a scope type", []Value{{Value: "v", Scope: Scope{Environment: []string{"other", "Environments-1"}}}}, nil, "v"},
		{"5 and between types", []Value{{Value: "v", Scope: Scope{Environment: env, Machine: []string{"other"}}}}, nil, "-"},
		{"5 two scopes beat one", []Value{
			{Value: "tag", Scope: Scope{Role: tag}}, {Value: "both", Scope: Scope{Role: tag, Environment: env}}}, nil, "both"},
		{"5 one strong beats two weak", []Value{
			{Value: "weak", Scope: Scope{Role: tag, Environment: env}}, {Value: "strong", Scope: Scope{Machine: []string{"Machines-1"}}}}, nil, "strong"},
		{"5 project beats library when equal", []Value{
			{Value: "lib", Source: FromLibrary, Scope: Scope{Environment: env}}, {Value: "proj", Scope: Scope{Environment: env}}}, nil, "proj"},
		{"5 library scoped beats project unscoped", []Value{
			{Value: "lib", Source: FromLibrary, Scope: Scope{Environment: env}}, {Value: "proj"}}, nil, "lib"},
		{"5 names ignore case", []Value{{Name: "x", Value: "v"}}, nil, "v"},
		{"5 ids ignore case", []Value{{Value: "v", Scope: Scope{Environment: []string{"ENVIRONMENTS-1"}}}}, nil, "v"},
		{"5 nothing applies", []Value{{Value: "v", Scope: Scope{Environment: []string{"other"}}}}, nil, "-"},
		{"5 channel and runbook never match", []Value{
			{Value: "v", Scope: Scope{Channel: []string{"Channels-1"}, ProcessOwner: []string{"Runbooks-1"}}}},
			func(c *Context) { c.Channel, c.ProcessOwner = "", "Runbooks-1" }, "-"},
		{"5 private beats everything", []Value{
			{Value: "user", Scope: Scope{Action: []string{"act-1"}, User: true}}, {Value: "system", Source: FromSystem, Scope: Scope{Private: true}}}, nil, "system"},
		{"5 parent beats trigger", []Value{
			{Value: "trigger", Scope: Scope{Trigger: true}}, {Value: "parent", Scope: Scope{ParentDeployment: true}}}, nil, "parent"},
		{"5 trigger beats prompted", []Value{
			{Value: "user", Scope: Scope{User: true}}, {Value: "trigger", Scope: Scope{Trigger: true}}}, nil, "trigger"},
		{"5 prompted beats scoped", []Value{
			{Value: "user", Scope: Scope{User: true}}, {Value: "action", Scope: Scope{Action: []string{"act-1"}}}}, nil, "user"},
		{"5 ephemeral environment inherits", []Value{{Value: "v", Scope: Scope{Environment: []string{"ParentEnvironments-1"}}}},
			func(c *Context) { c.Environment, c.ParentEnvironment = "Environments-9", "ParentEnvironments-1" }, "v"},
		{"5 own environment beats inherited", []Value{
			{Value: "inherited", Scope: Scope{Environment: []string{"p"}}}, {Value: "own", Scope: Scope{Environment: env}}},
			func(c *Context) { c.ParentEnvironment = "p" }, "own"},
		{"5 role without machine", []Value{{Value: "v", Scope: Scope{Role: tag}}},
			func(c *Context) { c.Machine, c.MachineRoles = "", nil }, "-"},
		{"5 explicit targeted tag", []Value{{Value: "v", Scope: Scope{TargetRole: []string{"db"}}}}, nil, "-"},
		{"5 action scope may name the step", []Value{{Value: "v", Scope: Scope{Action: []string{"step-1"}}}},
			func(c *Context) { c.Step = "step-1" }, "v"},
		{"5 untenanted has no tenant tags", []Value{{Value: "v", Scope: Scope{TenantTag: []string{"Ring/Alpha"}}}},
			func(c *Context) { c.Tenant, c.TenantTags = "", nil }, "-"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			ctx := here()
			if tc.ctx != nil {
				tc.ctx(&ctx)
			}
			got := "-"
			if r, ok := Resolve(named("X", tc.values...), ctx).Lookup("X"); ok {
				got = r.Value
			}
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestTiesAreRepeatableAndWarned(t *testing.T) {
	values := named("X",
		Value{ID: "3", Value: "c", Source: FromLibrary, Owner: "B", Order: 1},
		Value{ID: "2", Value: "b", Source: FromLibrary, Owner: "A", Order: 1},
		Value{ID: "1", Value: "a", Source: FromLibrary, Owner: "Z", Order: 2},
	)
	for range 20 {
		rand.Shuffle(len(values), func(i, j int) { values[i], values[j] = values[j], values[i] })
		r := Resolve(values, Context{})
		if got, _ := r.Lookup("X"); got.Value != "b" {
			t.Fatalf("got %q, want the first of the first set by name", got.Value)
		}
		w := r.Warnings()
		if len(w) != 1 || !strings.Contains(w[0], `library set "A"`) || !strings.Contains(w[0], `library set "B" or library set "Z"`) {
			t.Fatalf("warnings %q", w)
		}
	}
	off := append(slices.Clone(values), Value{Name: "octopusSuppressDuplicateVariableWarning", Value: "True"})
	if w := Resolve(off, Context{}).Warnings(); len(w) != 0 {
		t.Errorf("V11 warnings are turned off: %q", w)
	}
	same := Resolve(named("X", Value{ID: "1", Value: "a"}, Value{ID: "2", Value: "a"}), Context{})
	if w := same.Warnings(); len(w) != 0 {
		t.Errorf("equal values need no warning: %q", w)
	}
}

// TestIndexAgreesWithPlainRules compares the index with a direct application
// of the rules over random values and places.
func TestIndexAgreesWithPlainRules(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	pick := func(ids ...string) []string {
		if rng.IntN(3) > 0 {
			return nil
		}
		return []string{ids[rng.IntN(len(ids))]}
	}
	var values []Value
	for range 400 {
		values = append(values, Value{
			ID: string(rune('a' + rng.IntN(26))), Name: string(rune('A' + rng.IntN(20))), Value: string(rune('a' + rng.IntN(26))),
			Source: Source(rng.IntN(2)), Order: rng.IntN(3),
			Scope: Scope{Environment: pick("e1", "e2"), Machine: pick("m1", "m2"), Role: pick("r1", "r2"), Action: pick("a1", "a2"),
				Tenant: pick("t1"), Channel: pick("c1", "c2"), Private: rng.IntN(30) == 0},
		})
	}
	ix := NewIndex(values[:300]).With(values[300:380])
	for range 200 {
		ctx := Context{
			Environment: []string{"e1", "e2", "e3"}[rng.IntN(3)], Tenant: []string{"", "t1"}[rng.IntN(2)], Channel: "c1",
			Action: []string{"a1", "a2", ""}[rng.IntN(3)], Machine: "m1", MachineRoles: []string{"r1", "r2"}[:1+rng.IntN(2)], TargetRoles: pick("r1", "r2"),
		}
		got := map[string]string{}
		r := ix.For(ctx).At(ctx.spot(), values[380:]...)
		keys := []string{}
		for v := range r.All() {
			got[fold(v.Name)] = v.Value
			keys = append(keys, fold(v.Name))
		}
		if !slices.IsSorted(keys) {
			t.Fatalf("not sorted: %v", keys)
		}
		if diff := cmp.Diff(plain(values, ctx), got); diff != "" {
			t.Fatalf("context %+v: %s", ctx, diff)
		}
	}
}

// plain resolves by comparing everything with everything.
func plain(values []Value, ctx Context) map[string]string {
	best, rank := map[string]*Value{}, map[string]Rank{}
	p := newPlace(&ctx)
	for i := range values {
		v, key := &values[i], fold(values[i].Name)
		m := newMatcher(v)
		r, ok := m.match(&p)
		if !ok {
			continue
		}
		if b := best[key]; b == nil || r > rank[key] || r == rank[key] && tieBreak(v, b) < 0 {
			best[key], rank[key] = v, r
		}
	}
	out := map[string]string{}
	for key, v := range best {
		out[key] = v.Value
	}
	return out
}

func TestExtraValues(t *testing.T) {
	f := NewIndex(named("Octopus.Machine.Name", Value{Value: "mine"})).For(Context{})
	r := f.At(Spot{Machine: "m"}, Value{Name: "Octopus.Machine.Name", Value: "web-1", Scope: Scope{Private: true}}, Value{Name: "A", Value: "1"})
	if got, _ := r.Lookup("octopus.machine.name"); got.Value != "web-1" {
		t.Errorf("got %+v", got)
	}
	if got, ok := r.Lookup("a"); !ok || got.Value != "1" || r.Len() != 2 {
		t.Errorf("got %+v of %d", got, r.Len())
	}
	if got, _ := f.At(Spot{}).Lookup("octopus.machine.name"); got.Value != "mine" {
		t.Errorf("the frame changed: %+v", got)
	}
}
