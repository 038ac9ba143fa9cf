package api

import (
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/store"
)

var _ = area(func(a *API) []Route {
	info := catalog.TagSets.Info()
	return []Route{
		{Method: "GET", Pattern: "S/tagsets", Handle: a.listTagSets, Query: []string{"scopes", "skip", "take"}, Summary: "List tag sets", Answer: info},
		{Method: "PUT", Pattern: "S/tagsets/sortorder", Handle: a.arrange("TagSetEdit", catalog.ArrangeTagSets), Summary: "Put the tag sets in an order"},
	}
})

// listTagSets also takes what the tags are for: the client that asks trusts
// the answer.
func (a *API) listTagSets(r *Request) (any, error) {
	h := a.crudOf(catalog.TagSets)
	skip, take, err := r.Paging()
	if err != nil {
		return nil, err
	}
	q := h.query(r)
	q.Skip, q.Take = skip, take
	var some []string
	var args []any
	for _, scope := range r.List("scopes") {
		some, args = append(some, "lower(cast(data -> 'Scopes' as text)) like ? escape '!'"), append(args, holding(scope))
	}
	if len(some) > 0 {
		q.Where = append(q.Where, store.Where{SQL: strings.Join(some, " or "), Args: args})
	}
	return h.page(r, q)
}
