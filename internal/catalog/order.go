package catalog

import (
	"fmt"
	"slices"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// bySortOrder lists what people put in order.
const bySortOrder = sortOrder + ", name_key, id"

const sortOrder = "cast(data ->> 'SortOrder' as integer)"

// last gives the place after all others of a type in a space.
func last[T any](tx *store.Tx, k *kind.Kind[T], space string) (int, error) {
	end := -1
	_, err := tx.QueryRow([]any{&end}, "select "+sortOrder+" from document where kind = '"+k.Plural+"' and space = $1 order by "+sortOrder+" desc limit 1", space)
	if err != nil {
		return 0, fmt.Errorf("looking for the last of the %s: %w", k.Plural, err)
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
