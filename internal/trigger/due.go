package trigger

import (
	"context"
	"fmt"
	"time"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/store"
)

// NextDue is when a trigger looks whether it should fire; zero if none will by
// the clock alone.
func NextDue(ctx context.Context, db *store.DB) (time.Time, error) {
	var text string
	err := db.View(ctx, func(tx *store.Tx) error {
		_, err := tx.QueryRow([]any{&text}, "select coalesce(min(data ->> 'Due'), '') from document where kind = 'TriggerStates' and data ->> 'Due' > ''")
		return err
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("looking for the next trigger: %w", err)
	}
	return (&catalog.TriggerState{Due: text}).DueAt(), nil
}
