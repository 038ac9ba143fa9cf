package api

import (
	"encoding/json"
	"strings"

	"github.com/takodeploy/tako/internal/access"
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

var _ = area(func(a *API) []Route {
	return []Route{
		{Method: "GET", Pattern: "S/search", Handle: a.searchSpace, Query: []string{"keyword"}, Summary: "Find resources of a space by their names"},
		{Method: "GET", Pattern: "S/retentionpolicies", Handle: a.retentionPolicies, Query: []string{"RetentionType"}, Summary: "The default retention policies of a space, or the one of a type", Answer: json.RawMessage{}},
	}
})

// searched are the types that people look for by name.
var searched = []kind.Any{
	catalog.Projects, catalog.ProjectGroups, catalog.Runbooks, catalog.Environments, catalog.Tenants, catalog.TagSets, catalog.Machines, catalog.Workers,
	catalog.WorkerPools, catalog.Lifecycles, catalog.LibraryVariableSets, catalog.Accounts, catalog.Certificates, catalog.Feeds, catalog.ActionTemplates,
	catalog.MachinePolicies, catalog.Proxies, catalog.GitCredentials,
}

// mostFound is how much of each type a search gives.
const mostFound = 20

type searchResult struct {
	ID   string `json:"Id"`
	Name string
	Type string
	// Links lead to what was found.
	Links map[string]string
}

func (a *API) searchSpace(r *Request) (any, error) {
	results := []searchResult{}
	keyword := strings.TrimSpace(r.Q("keyword"))
	if keyword == "" {
		return results, nil
	}
	err := r.View(func(tx *store.Tx) error {
		for _, k := range searched {
			h := a.crudOf(k)
			if view := h.info.Permissions.View; view != "" && !r.Rights.Anywhere(access.Permission(view), r.Space) {
				continue
			}
			items, _, err := h.visible(r, tx, kind.Query{Space: r.Space, PartialName: keyword, Take: mostFound})
			if err != nil {
				return err
			}
			for _, item := range items {
				found := searchResult{Type: h.info.Singular}
				if err := kind.Unmarshal(item, &found); err != nil {
					return err
				}
				found.Type, found.Links = h.info.Singular, map[string]string{"Self": found.Links["Self"]}
				results = append(results, found)
			}
		}
		return nil
	})
	return results, err
}

// retentionPolicies gives one policy, without an envelope, when a type is asked
// for.
func (a *API) retentionPolicies(r *Request) (any, error) {
	h := a.crudOf(catalog.RetentionPolicies)
	wanted := r.Q("RetentionType")
	if wanted == "" {
		return h.list(r)
	}
	var items [][]byte
	err := r.View(func(tx *store.Tx) (err error) {
		items, _, err = h.visible(r, tx, kind.Query{Space: r.Space, Where: []store.Where{{SQL: "lower(data ->> 'RetentionType') = ?", Args: []any{strings.ToLower(wanted)}}}})
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return nil, fault.New(fault.NotFound, "There is no retention policy of the type %q; there are %s, %s and %s.", wanted,
			catalog.LifecycleReleaseRetention, catalog.LifecycleTentacleRetention, catalog.RunbookRunRetention)
	}
	return Raw(items[0]), nil
}
