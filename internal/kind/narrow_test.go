package kind

import (
	"reflect"
	"strings"
	"testing"

	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/store/storetest"
)

// TestNarrowListsLookAtFew holds that what is asked of a kind with a table of its
// own by one of its members is found by the member's index, not among all of
// the space.
func TestNarrowListsLookAtFew(t *testing.T) {
	db := storetest.SQLite(t)
	type deployed struct {
		Base
		ProjectID string `json:"ProjectId"`
	}
	k := &Kind[deployed]{Plural: "Deployments", Table: "deployment", form: compile(reflect.TypeFor[deployed]())}
	if err := db.Do(t.Context(), func(tx *store.Tx) error { return tx.Index(k.Table, k.Plural, "ProjectId") }); err != nil {
		t.Fatal(err)
	}
	for index, q := range map[string]Query{
		"deployment_of_space ":                      {Space: "Spaces-1"},
		"deployment_deployments_projectid_counted ": {Space: "Spaces-1", Match: map[string]string{"ProjectId": "Projects-1"}},
		"deployment_deployments_projectid_counted":  {Space: "Spaces-1", Where: []store.Where{{SQL: "data ->> 'ProjectId' in (?, ?)", Args: []any{"Projects-1", "Projects-2"}}}},
	} {
		text := "explain query plan select count(*) from deployment where kind = 'Deployments'"
		var args []any
		for _, w := range k.query(q).Where {
			text += " and (" + w.SQL + ")"
			args = append(args, w.Args...)
		}
		var plan []string
		err := db.View(t.Context(), func(tx *store.Tx) error {
			return tx.Query(func(scan func(...any) error) error {
				var n int
				var line string
				err := scan(&n, &n, &n, &line)
				plan = append(plan, line)
				return err
			}, text, args...)
		})
		if all := strings.Join(plan, "\n"); err != nil || !strings.Contains(all, index) {
			t.Errorf("%v: want %s:\n%s", err, index, all)
		}
	}
}
