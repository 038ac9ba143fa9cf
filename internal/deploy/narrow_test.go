package deploy

import (
	"strings"
	"testing"

	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

// TestEndsLookAtFew holds that the end of a deployment does not look at all that
// ever ran in its project, nor at all questions that were ever asked.
func TestEndsLookAtFew(t *testing.T) {
	db, err := store.Open(t.Context(), t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for text, index := range map[string]string{
		olderTasks(task.Status{State: task.Executing, Hold: task.Paused}):                                                     "task_put_down",
		olderTasks(task.Status{State: task.Queued, Hold: task.Waiting}):                                                       "task_waiting",
		"select id from document where kind = 'Interruptions' and space = $1 and data ->> 'TaskId' = $2 order by created, id": "document_interruption",
	} {
		var plan []string
		args := []any{"a", "b", "c", "d", "e"}[:strings.Count(text, "$")]
		err := db.View(t.Context(), func(tx *store.Tx) error {
			return tx.Query(func(scan func(...any) error) error {
				var n int
				var line string
				err := scan(&n, &n, &n, &line)
				plan = append(plan, line)
				return err
			}, "explain query plan "+text, args...)
		})
		if err != nil || !strings.Contains(plan[0], "INDEX "+index+" ") {
			t.Errorf("%v: want the index %s: %v", err, index, plan)
		}
	}
}
