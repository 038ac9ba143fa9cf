package catalog

import (
	"fmt"
	"strings"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// How long things are kept.
const (
	RetainDefault = "Default" // as the space says
	RetainForever = "Forever"
	RetainCount   = "Count" // so many days or items
)

// What a space has default retention policies for.
const (
	LifecycleReleaseRetention  = "LifecycleRelease"
	LifecycleTentacleRetention = "LifecycleTentacle"
	RunbookRunRetention        = "RunbookRetention"
)

// RetentionPeriod says how long something is kept. Clients of before Strategy
// know only the other members, so these always agree with it.
type RetentionPeriod struct {
	Strategy          string `json:"Strategy"`
	Unit              string `json:"Unit" kind:"enum=Items|Days"`
	QuantityToKeep    int    `json:"QuantityToKeep"`
	ShouldKeepForever bool   `json:"ShouldKeepForever"`
}

// complete finds the strategy that the other members mean and makes those
// agree with it. fallback is what Default stands for.
func (p *RetentionPeriod) complete(member string, fallback RetentionPeriod, c *fault.Complaints) {
	if p.Unit == "" {
		p.Unit = "Items"
	}
	switch {
	case p.QuantityToKeep < 0:
		c.Add("%s.QuantityToKeep is %d; it must not be negative.", member, p.QuantityToKeep)
	case p.Strategy == "" && (p.ShouldKeepForever || p.QuantityToKeep == 0):
		p.Strategy = RetainForever
	case p.Strategy == "":
		p.Strategy = RetainCount
	}
	switch {
	case strings.EqualFold(p.Strategy, RetainDefault):
		*p = RetentionPeriod{RetainDefault, fallback.Unit, fallback.QuantityToKeep, fallback.ShouldKeepForever}
	case strings.EqualFold(p.Strategy, RetainForever):
		*p = RetentionPeriod{RetainForever, p.Unit, 0, true}
	case strings.EqualFold(p.Strategy, RetainCount):
		p.Strategy, p.ShouldKeepForever = RetainCount, false
		if p.QuantityToKeep == 0 {
			c.Add("%s.QuantityToKeep must be at least 1 when the strategy is Count.", member)
		}
	default:
		c.Add("%s.Strategy is %q, which is not one of Default, Forever, Count.", member, p.Strategy)
	}
}

// RetentionPolicy is what a space keeps where nothing more precise is said.
type RetentionPolicy struct {
	kind.Base
	Name           string `json:"Name" kind:"required,max=200"`
	RetentionType  string `json:"RetentionType" kind:"required,enum=LifecycleRelease|LifecycleTentacle|RunbookRetention,filter"`
	Strategy       string `json:"Strategy" kind:"enum=Forever|Count"`
	QuantityToKeep int    `json:"QuantityToKeep"`
	Unit           string `json:"Unit" kind:"enum=Items|Days"`
}

// RetentionPolicies are the default policies of the spaces, one for each type.
var RetentionPolicies = kind.Register(kind.Kind[RetentionPolicy]{
	Plural:      "RetentionPolicies",
	Singular:    "Retention policy",
	Permissions: kind.All("LifecycleView", "LifecycleEdit"),
	Key:         func(p *RetentionPolicy) string { return strings.ToLower(p.RetentionType) },
	Rules: func(_ *store.Tx, next, old *RetentionPolicy, c *fault.Complaints) error {
		if old != nil {
			next.RetentionType, next.Name = old.RetentionType, old.Name
		}
		p := next.Period()
		p.complete("Policy", RetentionPeriod{}, c)
		next.Strategy, next.QuantityToKeep, next.Unit = p.Strategy, p.QuantityToKeep, p.Unit
		return nil
	},
	Deleting: func(_ *store.Tx, gone *RetentionPolicy) error {
		return fault.New(fault.Invalid, "The retention policy '%s' is the default of its space and cannot be deleted.", gone.Name)
	},
})

// Period is the policy as other resources have theirs.
func (p *RetentionPolicy) Period() RetentionPeriod {
	return RetentionPeriod{Strategy: p.Strategy, Unit: p.Unit, QuantityToKeep: p.QuantityToKeep, ShouldKeepForever: p.Strategy == RetainForever}
}

// DefaultRetention gives what the strategy Default means in a space.
func DefaultRetention(tx *store.Tx, space, retentionType string) (RetentionPeriod, error) {
	found, _, err := kind.Of[RetentionPolicy]().List(tx, kind.Query{Space: space, Match: map[string]string{"RetentionType": retentionType}})
	if err != nil {
		return RetentionPeriod{}, err
	}
	if len(found) == 0 {
		return RetentionPeriod{Strategy: RetainForever, Unit: "Items", ShouldKeepForever: true}, nil
	}
	return found[0].Period(), nil
}

func seedRetention(tx *store.Tx, space string) error {
	for _, p := range []RetentionPolicy{
		{Name: "Default release retention", RetentionType: LifecycleReleaseRetention, Strategy: RetainForever},
		{Name: "Default target retention", RetentionType: LifecycleTentacleRetention, Strategy: RetainForever},
		{Name: "Default runbook retention", RetentionType: RunbookRunRetention, Strategy: RetainCount, Unit: "Items", QuantityToKeep: 100},
	} {
		p.ID, p.SpaceID = fmt.Sprintf("%sDefault-%s", p.RetentionType, space), space
		if err := kind.Of[RetentionPolicy]().Put(tx, &p); err != nil {
			return err
		}
	}
	return nil
}
