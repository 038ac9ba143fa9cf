package api

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/catalog"
)

// TestKeptGapsAreExact plays changes on two nodes and compares what each of them
// says of all tenants from what it keeps with what it finds out of named ones, of
// which nothing is kept, for somebody who sees all and for somebody who sees one.
func TestKeptGapsAreExact(t *testing.T) {
	v := newVillage(t)
	c := &client{harness: v.harness, as: v.key}
	other := c.node()
	second := v.harness.project("Cellar")
	tenants := []string{v.acme, v.globex}
	limited := c.who(c.role("TenantView"), func(r *catalog.ScopedUserRole) { r.TenantIDs = []string{v.acme} })
	dice := rand.New(rand.NewPCG(7, 5))
	sizes := map[int]bool{}
	change := func(path string, f func(thing)) {
		o := c.get(path).(thing)
		f(o)
		c.put(path, o)
	}
	for n := range 80 {
		tenant := tenants[dice.IntN(len(tenants))]
		switch at := "/api/Spaces-1/tenants/" + tenant; dice.IntN(7) {
		case 0:
			change(at, func(o thing) {
				o["ProjectEnvironments"] = thing{v.project: v.environments[:dice.IntN(3)], second: v.environments[:dice.IntN(3)]}
			})
		case 1:
			change(at, func(o thing) { o["Name"] = fmt.Sprintf("%c%d", 'A'+rune(dice.IntN(26)), n) })
		case 2:
			change(at+"/variables", func(o thing) {
				of, connected := o["ProjectVariables"].(thing)[v.project].(thing)
				if !connected {
					return
				}
				values := of["Variables"].(thing)
				for environment := range values {
					values[environment] = []thing{{}, {v.url: "https://here"}, {v.url: "https://here", v.password: newSecret("x")}}[dice.IntN(3)]
				}
			})
		case 3:
			change("/api/Spaces-1/projects/"+v.project, func(o thing) {
				o["IncludedLibraryVariableSetIds"] = [][]string{{}, {v.library}}[dice.IntN(2)]
			})
		case 4:
			change("/api/Spaces-1/libraryvariablesets/"+v.library, func(o thing) {
				o["Templates"].([]any)[0].(thing)["DefaultValue"] = []string{"", "north"}[dice.IntN(2)]
			})
		case 5:
			tenants = append(tenants, v.make("tenants", map[string]any{"Name": fmt.Sprintf("New %d", n), "ProjectEnvironments": map[string]any{v.project: v.environments}})...)
		case 6:
			if at := len(tenants) - 1; at > 1 {
				c.send("DELETE", "/api/Spaces-1/tenants/"+tenants[at], nil, "X-Octopus-ApiKey", c.as)
				tenants = tenants[:at]
			}
		}
		for _, environment := range []string{"", v.environments[0], v.environments[1]} {
			for _, key := range []string{c.as, limited.as} {
				path := "/api/Spaces-1/tenants/variables-missing?environmentId=" + environment
				want := v.harness.send("GET", path+"&tenantId="+strings.Join(tenants, ","), nil, "X-Octopus-ApiKey", key)
				var lacking []json.RawMessage
				if err := json.Unmarshal(want.body, &lacking); err != nil || want.status != 200 {
					t.Fatalf("%d %v %s", want.status, err, want.body)
				}
				sizes[len(lacking)] = true
				for i, node := range []*harness{v.harness, other} {
					got := node.send("GET", path, nil, "X-Octopus-ApiKey", key)
					if diff := cmp.Diff(string(want.body), string(got.body)); diff != "" || got.status != 200 {
						t.Fatalf("change %d, node %d, environment %q: kept, not as it is: %d %s", n, i, environment, got.status, diff)
					}
					again := node.send("GET", path, nil, "X-Octopus-ApiKey", key, "If-None-Match", got.header.Get("ETag"))
					if again.status != 304 || len(again.body) > 0 {
						t.Fatalf("asked again: %d %s", again.status, again.body)
					}
				}
			}
		}
	}
	for size := range 3 {
		if !sizes[size] {
			t.Errorf("never did %d tenants lack something", size)
		}
	}
}

// TestKeptCensusIsExact plays changes of targets and compares the counts of the
// environments, made from what is kept, with those of a narrowed list that
// leaves nothing out, which is read anew.
func TestKeptCensusIsExact(t *testing.T) {
	h := newHarness(t)
	c := &client{harness: h, as: h.key}
	other := c.node()
	environments := h.make("environments", map[string]any{"Name": "Dev"}, map[string]any{"Name": "Prod"})
	limited := c.who(c.role("MachineView", "EnvironmentView"), func(r *catalog.ScopedUserRole) { r.EnvironmentIDs = environments[:1] })
	dice := rand.New(rand.NewPCG(3, 8))
	totals := map[any]bool{}
	var machines []string
	for n := range 50 {
		switch dice.IntN(4) {
		case 0, 1:
			machines = append(machines, h.make("machines", map[string]any{"Name": fmt.Sprintf("m%d", n), "Roles": []string{"web"}, "EnvironmentIds": environments[dice.IntN(2):], "Endpoint": map[string]any{"CommunicationStyle": "None"}})...)
		case 2:
			if len(machines) > 0 {
				path := "/api/Spaces-1/machines/" + machines[dice.IntN(len(machines))]
				o := c.get(path).(thing)
				o["IsDisabled"], o["EnvironmentIds"] = dice.IntN(2) == 0, environments[dice.IntN(2):]
				c.put(path, o)
			}
		case 3:
			if len(machines) > 0 {
				at := dice.IntN(len(machines))
				c.send("DELETE", "/api/Spaces-1/machines/"+machines[at], nil, "X-Octopus-ApiKey", c.as)
				machines = slices.Delete(machines, at, at+1)
			}
		}
		for _, key := range []string{c.as, limited.as} {
			path := "/api/Spaces-1/environments/summary"
			want := h.send("GET", path+"?commStyles=None", nil, "X-Octopus-ApiKey", key)
			if want.status != 200 {
				t.Fatalf("%d %s", want.status, want.body)
			}
			totals[at(want.json(h), "TotalMachines")] = true
			for i, node := range []*harness{h, other} {
				got := node.send("GET", path, nil, "X-Octopus-ApiKey", key)
				if diff := cmp.Diff(want.json(h), got.json(h)); diff != "" {
					t.Fatalf("change %d, node %d: kept, not as it is: %s", n, i, diff)
				}
			}
		}
	}
	if len(totals) < 5 {
		t.Errorf("only %v were ever counted", totals)
	}
}

// TestPatchwork shows that a patchwork is written whole whatever its size, and
// that its ETag is that of its text.
func TestPatchwork(t *testing.T) {
	tags := map[string]string{}
	for _, size := range []int{0, 1, sheet - 3, sheet - 2, sheet, 3*sheet + 5} {
		for _, items := range [][]string{{}, {strings.Repeat("1", max(size, 1))}, {"1", strings.Repeat("2", max(size, 1)), "", "3"}} {
			p := newPatchwork()
			p.open("[")
			var wanted []string
			for _, item := range items {
				p.item(patchOf([]byte(item)))
				if item != "" {
					wanted = append(wanted, item)
				}
			}
			p.close("]")
			want := "[" + strings.Join(wanted, ",") + "]"
			w := httptest.NewRecorder()
			r := &Request{Request: httptest.NewRequest("GET", "/", nil), W: w}
			r.sendPatchwork(p)
			tag := w.Header().Get("ETag")
			if got := w.Body.String(); got != want || w.Header().Get("Content-Length") != fmt.Sprint(len(want)) {
				t.Errorf("%d bytes, not %d", len(got), len(want))
			}
			if before, known := tags[tag]; known && before != want {
				t.Errorf("two answers have the ETag %s", tag)
			}
			tags[tag] = want
		}
	}
}
