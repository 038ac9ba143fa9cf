package catalog

import (
	"slices"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/store"
)

// Named is an id that a client has sent in a member, and the kinds of resource
// that it may be of.
type Named struct {
	Member, ID string
	Kinds      []string
}

// CheckNamed complains of ids of what a space does not have. An empty one names
// nothing.
func CheckNamed(tx *store.Tx, space string, names []Named, c *fault.Complaints) error {
	names = slices.DeleteFunc(names, func(n Named) bool { return n.ID == "" })
	ids := make([]string, len(names))
	for i, n := range names {
		ids[i] = n.ID
	}
	known, err := tx.Lock(ids)
	if err != nil {
		return err
	}
	for _, n := range names {
		if at, there := known[n.ID]; !there || at.Space != space || !slices.Contains(n.Kinds, at.Kind) {
			c.Add("%s refers to '%s', which does not exist in space %s.", n.Member, n.ID, space)
		}
	}
	return nil
}
