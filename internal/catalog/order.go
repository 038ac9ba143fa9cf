package catalog

import (
	"slices"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// bySortOrder lists what people put in order.
const bySortOrder = "cast(data ->> 'SortOrder' as integer), name_key, id"

// last gives the place after all others of a type in a space.
func last[T any](tx *store.Tx, k *kind.Kind[T], space string, place func(*T) *int) (int, error) {
	all, _, err := k.List(tx, kind.Query{Space: space})
	if err != nil {
		return 0, err
	}
	end := -1
	for _, r := range all {
		end = max(end, *place(r))
	}
	return end + 1, nil
}

// arrange puts what a space has of a type in the order of ids; what is not
// named comes after, in the order it had.
func arrange[T any](tx *store.Tx, k *kind.Kind[T], space string, ids []string, id func(*T) string, place func(*T) *int) error {
	all, _, err := k.List(tx, kind.Query{Space: space, OrderBy: bySortOrder})
	if err != nil {
		return err
	}
	var wrong fault.Complaints
	for i, want := range ids {
		if !slices.ContainsFunc(all, func(r *T) bool { return id(r) == want }) {
			wrong.Add("'%s' does not exist in space %s.", want, space)
		}
		if slices.Contains(ids[:i], want) {
			wrong.Add("'%s' is named twice.", want)
		}
	}
	if err := wrong.Err(); err != nil {
		return err
	}
	rank := func(r *T) int {
		if i := slices.Index(ids, id(r)); i >= 0 {
			return i
		}
		return len(ids)
	}
	slices.SortStableFunc(all, func(a, b *T) int { return rank(a) - rank(b) })
	for i, r := range all {
		if *place(r) == i {
			continue
		}
		*place(r) = i
		if err := k.Put(tx, r); err != nil {
			return err
		}
	}
	return nil
}
