package task

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/takodeploy/tako/internal/store"
)

func TestList(t *testing.T) {
	q := NewQueue(open(t), Options{})
	ctx := t.Context()
	for i := range 7 {
		must[*Task](t)(q.Enqueue(ctx, New{
			Name: []string{"Deploy", "Health"}[i%2], Description: fmt.Sprint("task 100%_", i), SpaceID: "Spaces-1",
			ProjectID: fmt.Sprint("Projects-", i%3), EnvironmentID: fmt.Sprint("Environments-", i%2), TenantID: fmt.Sprint("Tenants-", i%4), Arguments: map[string]string{"DeploymentId": fmt.Sprint("Deployments-", i)},
		}))
	}
	no := false
	for _, tt := range []struct {
		name  string
		f     Filter
		want  int
		total int
	}{
		{"all", Filter{}, 7, 7},
		{"page", Filter{Skip: 5, Take: 5}, 2, 7},
		{"name", Filter{Names: []string{"Health"}}, 3, 3},
		{"projects", Filter{ProjectIDs: []string{"Projects-0", "Projects-1"}, Names: []string{"Deploy"}}, 3, 3},
		{"active", Filter{Active: true, Interrupted: &no, Warnings: &no}, 7, 7},
		{"running", Filter{Running: true}, 0, 0},
		{"partial", Filter{PartialName: "100%_3"}, 1, 1},
		{"regarding", Filter{Regarding: "Deployments-4"}, 1, 1},
		{"space", Filter{Spaces: []string{"Spaces-2"}}, 0, 0},
		{"environment", Filter{Spaces: []string{"Spaces-1"}, EnvironmentIDs: []string{"Environments-1"}}, 3, 3},
		{"tenant", Filter{Spaces: []string{"Spaces-1"}, TenantIDs: []string{"Tenants-3"}}, 1, 1},
		{"names, states and spaces", Filter{Spaces: []string{"Spaces-1", ""}, Names: []string{"Deploy", "Other"}, States: []State{Queued, Failed}}, 4, 4},
		{"state and partial", Filter{States: []State{Queued}, PartialName: "100%_3"}, 1, 1},
		{"future", Filter{From: time.Now().Add(time.Hour)}, 0, 0},
	} {
		list, total, err := q.List(ctx, tt.f)
		if err != nil || len(list) != tt.want || total != tt.total {
			t.Errorf("%s: %d of %d, %v", tt.name, len(list), total, err)
		}
	}
	for want, spaces := range map[int][]string{7: nil, 0: {"", "Spaces-2"}} {
		if n := must[map[State]int](t)(q.Count(ctx, spaces...)); n[Queued] != want {
			t.Errorf("%v has %v", spaces, n)
		}
	}
	if n := must[map[State]int](t)(q.Count(ctx, "", "Spaces-1")); n[Queued] != 7 {
		t.Errorf("%v", n)
	}
}

// TestNarrowListsFindTheirIndex holds that what narrows a list also finds its
// rows: otherwise the list looks at every task that the space has ever had.
func TestNarrowListsFindTheirIndex(t *testing.T) {
	q := NewQueue(open(t), Options{})
	if q.store.Engine != store.SQLite {
		t.Skip("the plans of PostgreSQL depend on what the tables hold")
	}
	for index, f := range map[string]Filter{
		"task_project": {ProjectIDs: []string{"Projects-1"}}, "task_environment": {EnvironmentIDs: []string{"Environments-1"}},
		"task_tenant": {TenantIDs: []string{"Tenants-1"}}, "task_state": {Active: true}, "task_space": {},
	} {
		f.Spaces = []string{"Spaces-1"}
		w := f.query()
		err := q.store.View(t.Context(), func(tx *store.Tx) error {
			return tx.Query(func(scan func(...any) error) error {
				var plan string
				var n int
				err := scan(&n, &n, &n, &plan)
				if !strings.Contains(plan, index+" ") && !strings.HasPrefix(plan, "USE TEMP") {
					t.Errorf("%s: %s", index, plan)
				}
				return err
			}, "explain query plan select * from task where "+strings.Join(w.where, " and ")+" order by num desc", w.args...)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestLooksAtFew holds that what each claim asks is answered by an index of what
// it is about, not by all tasks of a state.
func TestLooksAtFew(t *testing.T) {
	q := NewQueue(open(t), Options{})
	if q.store.Engine != store.SQLite {
		t.Skip("the plans of PostgreSQL depend on what the tables hold")
	}
	for text, want := range map[string]string{
		strikes: "USING INDEX task_expiry",
	} {
		var plan []string
		err := q.store.View(t.Context(), func(tx *store.Tx) error {
			return tx.Query(func(scan func(...any) error) error {
				var line string
				var n int
				err := scan(&n, &n, &n, &line)
				plan = append(plan, line)
				return err
			}, "explain query plan "+text, 1)
		})
		if all := strings.Join(plan, "\n"); err != nil || !strings.Contains(all, want) {
			t.Errorf("%v: want %s:\n%s", err, want, all)
		}
	}
}
