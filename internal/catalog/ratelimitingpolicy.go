package catalog

import (
	"fmt"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// Who a rate limiting policy is for.
const (
	LimitStrangers = "Unauthenticated"    // whoever is not signed in, by address
	LimitPeople    = "AuthenticatedHuman" // who has signed in with a browser, by user
	LimitPrograms  = "AuthenticatedAgent" // who comes with a key or token, by user
)

// RateLimitingPolicy is how many requests are answered to somebody.
type RateLimitingPolicy struct {
	kind.Base
	Name              string `json:"Name" kind:"required,max=200"`
	IsBuiltIn         bool   `json:"IsBuiltIn" kind:"readonly"`
	IsEnabled         bool   `json:"IsEnabled"`
	ScopeType         string `json:"ScopeType" kind:"required,enum=Unauthenticated|AuthenticatedHuman|AuthenticatedAgent"`
	RequestsPerMinute int    `json:"RequestsPerMinute"`
	// BurstLimit is how many requests may come at once.
	BurstLimit int `json:"BurstLimit"`
	// AuditMode lets requests pass that are too many, and only notes them.
	AuditMode bool `json:"AuditMode"`
}

// RateLimitingPolicies are the policies, one for each sort of callers.
var RateLimitingPolicies = kind.Register(kind.Kind[RateLimitingPolicy]{
	Plural:      "RateLimitingPolicies",
	Singular:    "Rate limiting policy",
	System:      true,
	Hidden:      true,
	Permissions: kind.All("ConfigureServer", "ConfigureServer"),
	Rules: func(_ *store.Tx, next, old *RateLimitingPolicy, c *fault.Complaints) error {
		if old != nil && old.IsBuiltIn {
			if next.Name != old.Name {
				c.Add("The name of a built-in rate limiting policy cannot be changed.")
			}
			if next.ScopeType != old.ScopeType {
				c.Add("The scope of a built-in rate limiting policy cannot be changed.")
			}
		}
		const most = 1_000_000
		for name, n := range map[string]int{"RequestsPerMinute": next.RequestsPerMinute, "BurstLimit": next.BurstLimit} {
			if n < 1 || n > most {
				c.Add("%s is %d: give a number from 1 to %d; to set no limit, disable the policy.", name, n, most)
			}
		}
		return nil
	},
})

// seedLimits makes the built-in policies, all of them disabled: whether and how
// much to limit is for who knows the callers.
func seedLimits(tx *store.Tx) error {
	have, _, err := RateLimitingPolicies.List(tx, kind.Query{})
	if err != nil || len(have) > 0 {
		return err
	}
	for _, p := range []RateLimitingPolicy{
		{Name: "Requests of people", ScopeType: LimitPeople}, {Name: "Requests of programs", ScopeType: LimitPrograms}, {Name: "Requests of who is not signed in", ScopeType: LimitStrangers},
	} {
		p.IsBuiltIn, p.RequestsPerMinute, p.BurstLimit = true, 200, 200
		if err := RateLimitingPolicies.Put(tx, &p); err != nil {
			return fmt.Errorf("creating the policy '%s': %w", p.Name, err)
		}
	}
	return nil
}
