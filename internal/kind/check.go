package kind

import (
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/store"
)

// Check holds a resource that is stored elsewhere against the rules and tags of
// its type, and completes it as Put would. old is what it was before.
func (k *Kind[T]) Check(tx *store.Tx, r, old *T) error {
	var c fault.Complaints
	if _, err := k.check(tx, r, old, &c); err != nil {
		return err
	}
	if err := c.Err(); err != nil {
		return err
	}
	k.fill(r)
	return nil
}
