package login

import (
	"context"
	"fmt"
	"time"

	"github.com/takodeploy/tako/internal/store"
)

// noNotice stands in a key's row until its first notice.
const noNotice = 9999

// notices are what is said before a key expires, and when; the last says that
// it did. A key that was made to last less skips the earlier ones.
var notices = []struct {
	days     int64
	category string
	says     string
}{
	{20, "ApiKeyExpiry20DayWarning", "expires in less than 20 days"},
	{10, "ApiKeyExpiry10DayWarning", "expires in less than 10 days"},
	{-1, "ApiKeyExpired", "has expired"},
}

// alreadySaid gives the stage from which notices start for a key that lasts so
// long: who asks for a week knows that it is less than ten days.
func alreadySaid(created, expires time.Time) int64 {
	said := int64(noNotice)
	for _, stage := range notices {
		if stage.days > 0 && expires.Sub(created) <= time.Duration(stage.days)*24*time.Hour {
			said = stage.days
		}
	}
	return said
}

// NoticeKeys records an audit event for each API key that came near its expiry
// or passed it since the last call, once for each stage, and gives how many.
func (l *Login) NoticeKeys(ctx context.Context) (int, error) {
	n := 0
	err := l.db.Do(ctx, func(tx *store.Tx) error {
		n = 0
		// The latest stage first: a server that was off for long says only
		// what is true now.
		for i := len(notices) - 1; i >= 0; i-- {
			stage := notices[i]
			before := l.now().Add(time.Duration(max(stage.days, 0)) * 24 * time.Hour)
			due, err := keys(tx, keyColumns+" where expires > 0 and expires <= $1 and noticed > $2 order by expires, id", before.UnixMilli(), stage.days)
			if err != nil {
				return err
			}
			for _, k := range due {
				if _, err := tx.Exec("update api_key set noticed = $1 where id = $2", stage.days, k.ID); err != nil {
					return fmt.Errorf("noting that the expiry of %s was announced: %w", k.ID, err)
				}
				if err := l.keyEvent(tx, stage.category, k, "API key "+k.label()+" "+stage.says); err != nil {
					return err
				}
			}
			n += len(due)
		}
		return nil
	})
	return n, err
}
