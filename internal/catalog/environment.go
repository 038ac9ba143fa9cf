package catalog

import (
	"encoding/json"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// The sorts of environments.
const (
	StaticEnvironment    = "Static"
	ParentEnvironment    = "Parent"
	EphemeralEnvironment = "Ephemeral"
)

// Environment is a group of deployment targets to which a release is deployed
// as a whole. Parent environments hold what ephemeral ones share.
type Environment struct {
	kind.Named
	Description                 string              `json:"Description" kind:"max=4000"`
	SortOrder                   int                 `json:"SortOrder"`
	UseGuidedFailure            bool                `json:"UseGuidedFailure"`
	AllowDynamicInfrastructure  bool                `json:"AllowDynamicInfrastructure"`
	ExtensionSettings           []ExtensionSettings `json:"ExtensionSettings"`
	EnvironmentTags             []string            `json:"EnvironmentTags"`
	Type                        string              `json:"Type" kind:"enum=Static|Parent|Ephemeral,filter"`
	ParentEnvironmentID         string              `json:"ParentEnvironmentId,omitempty" kind:"ref=Environments"`
	AutomaticDeprovisioningRule *DeprovisioningRule `json:"AutomaticDeprovisioningRule,omitempty"`
}

// ExtensionSettings are what an integration keeps with a resource. The server
// does not look into the values.
type ExtensionSettings struct {
	ExtensionID string          `json:"ExtensionId"`
	Values      json.RawMessage `json:"Values"`
}

// DeprovisioningRule says how long an ephemeral environment stays unused.
type DeprovisioningRule struct {
	ExpiryDays  int `json:"ExpiryDays"`
	ExpiryHours int `json:"ExpiryHours"`
}

// Environments are where releases are deployed to.
var Environments = kind.Register(kind.Kind[Environment]{
	Plural:      "Environments",
	Order:       bySortOrder,
	Links:       map[string]string{"Machines": "./machines{?skip,take,partialName,roles,isDisabled,healthStatuses,commStyles,tenantIds,tenantTags,shellNames}"},
	Permissions: rights("Environment"),
	Scopes:      map[string]string{"environment": "Id"},
	Rules:       environmentRules,
	// That a tenant may be deployed there is no use of it.
	Deleting: func(tx *store.Tx, gone *Environment) error {
		if err := removeAll(tx, EnvironmentUses, kind.Query{Space: gone.SpaceID, Match: map[string]string{"EnvironmentId": gone.ID}}, nil); err != nil {
			return err
		}
		return DisconnectTenants(tx, gone.SpaceID, gone.ID)
	},
	References: func(e *Environment) []store.Reference {
		return tagReferences(e.SpaceID, "EnvironmentTags", e.EnvironmentTags)
	},
})

// ArrangeEnvironments puts the environments of a space in an order.
func ArrangeEnvironments(tx *store.Tx, space string, ids []string) error {
	return arrange(tx, Environments, space, ids, func(e *Environment) string { return e.ID }, environmentPlace)
}

func environmentPlace(e *Environment) *int { return &e.SortOrder }

func environmentRules(tx *store.Tx, next, old *Environment, c *fault.Complaints) (err error) {
	if old == nil && next.SortOrder == 0 {
		if next.SortOrder, err = last(tx, kind.Of[Environment](), next.SpaceID); err != nil {
			return err
		}
	}
	if old != nil {
		next.Type = old.Type
	}
	for i := range next.ExtensionSettings {
		if len(next.ExtensionSettings[i].Values) == 0 {
			next.ExtensionSettings[i].Values = json.RawMessage("{}")
		}
	}
	if next.Type == EphemeralEnvironment {
		parent, err := found(kind.Of[Environment]().Get(tx, next.ParentEnvironmentID))
		if err != nil {
			return err
		}
		if parent == nil || parent.Type != ParentEnvironment {
			c.Add("ParentEnvironmentId must name a parent environment.")
		}
	} else if next.ParentEnvironmentID != "" {
		c.Add("Only an ephemeral environment has a parent environment.")
	}
	return checkTags(tx, next.SpaceID, "Environment", "EnvironmentTags", &next.EnvironmentTags, c)
}
