package task

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/takodeploy/tako/internal/store"
)

// Look reads the plan of a task, nil if it has none yet, and its records.
func (q *Queue) Look(ctx context.Context, id string) (plan json.RawMessage, records []Record, err error) {
	err = q.store.View(ctx, func(tx *store.Tx) error {
		var text string
		if _, err := tx.QueryRow([]any{&text}, "select plan from task_plan where task = $1", id); err != nil {
			return fmt.Errorf("read the plan of %s: %w", id, err)
		}
		if text != "" {
			plan = json.RawMessage(text)
		}
		records, err = q.readRecords(tx, id)
		return err
	})
	return plan, records, err
}
