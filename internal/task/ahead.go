package task

import (
	"context"
	"fmt"
	"time"

	"github.com/takodeploy/tako/internal/store"
)

// Ahead is what a server has before it.
type Ahead struct {
	Executing int       // tasks that are under way, or wait for somebody within
	Queued    int       // tasks whose time has come, that wait for their turn
	Next      time.Time // when the first of those begins whose time has not come; zero if there is none
}

// Ahead tells what there is to do, now and later.
func (q *Queue) Ahead(ctx context.Context) (Ahead, error) {
	var a Ahead
	now := millis(q.now())
	err := q.store.View(ctx, func(tx *store.Tx) error {
		return tx.Query(func(scan func(...any) error) error {
			var state string
			var due, later, next int64
			if err := scan(&state, &due, &later, &next); err != nil {
				return err
			}
			if State(state) != Queued {
				a.Executing += int(due + later)
				return nil
			}
			a.Queued = int(due)
			if later > 0 {
				a.Next = fromMillis(next)
			}
			return nil
		}, "select state, coalesce(sum(case when queue_time <= $1 then 1 else 0 end), 0), coalesce(sum(case when queue_time > $1 then 1 else 0 end), 0), "+
			"coalesce(min(case when queue_time > $1 then queue_time end), 0) from task where state in ('Queued', 'Executing', 'Cancelling') group by state", now)
	})
	if err != nil {
		return a, fmt.Errorf("looking at what there is to do: %w", err)
	}
	return a, nil
}
