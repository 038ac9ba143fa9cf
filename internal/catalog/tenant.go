package catalog

import (
	"fmt"
	"maps"
	"slices"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// Tenant is a customer, site or the like that has deployments of its own.
type Tenant struct {
	kind.Named
	Description         string              `json:"Description" kind:"max=4000"`
	TenantTags          []string            `json:"TenantTags"`
	ProjectEnvironments map[string][]string `json:"ProjectEnvironments"`
	ClonedFromTenantID  string              `json:"ClonedFromTenantId,omitempty" kind:"ref=Tenants?,filter"`
	IsDisabled          bool                `json:"IsDisabled"`
	Icon                *Icon               `json:"Icon,omitempty"`
}

// Tenants are the tenants of a space.
var Tenants = kind.Register(kind.Kind[Tenant]{
	Plural: "Tenants",
	Links: map[string]string{
		"Variables": "./variables",
		"Logo":      "./logo",
		"Web":       "/app#/<SpaceId>/tenants/<Id>",
	},
	Permissions: rights("Tenant"),
	Scopes:      map[string]string{"tenant": "Id"},
	Rules:       tenantRules,
	Owned:       []string{"TenantVariables"},
	Deleting:    dropTenantVariables,
	References: func(t *Tenant) []store.Reference {
		refs := tagReferences(t.SpaceID, "TenantTags", t.TenantTags)
		for project, environments := range t.ProjectEnvironments {
			refs = append(refs, store.Reference{Field: "ProjectEnvironments", Target: project})
			for _, e := range environments {
				refs = append(refs, store.Reference{Field: "ProjectEnvironments", Target: e})
			}
		}
		return refs
	},
})

func tenantRules(tx *store.Tx, next, old *Tenant, c *fault.Complaints) error {
	if old != nil {
		next.ClonedFromTenantID = old.ClonedFromTenantID
	}
	if err := checkPairs(tx, next.SpaceID, "ProjectEnvironments", next.ProjectEnvironments, c); err != nil {
		return err
	}
	return checkTags(tx, next.SpaceID, "Tenant", "TenantTags", &next.TenantTags, c)
}

// checkPairs checks a map of projects to environments. An empty space stands
// for any.
func checkPairs(tx *store.Tx, space, member string, pairs map[string][]string, c *fault.Complaints) error {
	var ids []string
	for project, environments := range pairs {
		pairs[project] = append([]string{}, tidy(environments)...)
		ids = append(append(ids, project), environments...)
	}
	exist, err := tx.Lock(ids)
	if err != nil {
		return err
	}
	there := func(id, plural string) bool {
		p, ok := exist[id]
		return ok && p.Kind == plural && (space == "" || p.Space == space)
	}
	for _, project := range slices.Sorted(maps.Keys(pairs)) {
		if !there(project, "Projects") {
			c.Add("%s refers to the project '%s', which does not exist.", member, project)
			continue // its environments are those of its space
		}
		for _, e := range pairs[project] {
			if !there(e, "Environments") || exist[e].Space != exist[project].Space {
				c.Add("%s refers to the environment '%s', which does not exist.", member, e)
			}
		}
	}
	return nil
}

// DisconnectTenants takes a project or an environment out of all tenants, as its
// deletion does.
func DisconnectTenants(tx *store.Tx, space, gone string) error {
	connected, _, err := kind.Of[Tenant]().List(tx, kind.Query{Space: space, Refer: map[string][]string{"ProjectEnvironments": {gone}}})
	if err != nil {
		return err
	}
	for _, t := range connected {
		delete(t.ProjectEnvironments, gone)
		for project, environments := range t.ProjectEnvironments {
			t.ProjectEnvironments[project] = slices.DeleteFunc(environments, func(id string) bool { return id == gone })
		}
		if err := kind.Of[Tenant]().Put(tx, t); err != nil {
			return fmt.Errorf("disconnecting %s from %s: %w", t.ID, gone, err)
		}
		if err := dropTenantValues(tx, t, gone); err != nil {
			return err
		}
	}
	return nil
}
