package catalog

import (
	"fmt"
	"strings"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// Lifecycle says in which order a release goes through environments. One
// without phases goes through all environments of the space in their order.
type Lifecycle struct {
	kind.Named
	Description             string          `json:"Description" kind:"max=4000"`
	ReleaseRetentionPolicy  RetentionPeriod `json:"ReleaseRetentionPolicy"`
	TentacleRetentionPolicy RetentionPeriod `json:"TentacleRetentionPolicy"`
	Phases                  []Phase         `json:"Phases"`
}

// Phase is one stage of a lifecycle. One without environments has all that no
// earlier phase names.
type Phase struct {
	ID                                 string           `json:"Id"`
	Name                               string           `json:"Name" kind:"required,max=200"`
	AutomaticDeploymentTargets         []string         `json:"AutomaticDeploymentTargets" kind:"ref=Environments"`
	OptionalDeploymentTargets          []string         `json:"OptionalDeploymentTargets" kind:"ref=Environments"`
	MinimumEnvironmentsBeforePromotion int              `json:"MinimumEnvironmentsBeforePromotion"`
	IsOptionalPhase                    bool             `json:"IsOptionalPhase"`
	IsPriorityPhase                    bool             `json:"IsPriorityPhase"`
	ReleaseRetentionPolicy             *RetentionPeriod `json:"ReleaseRetentionPolicy"`
	TentacleRetentionPolicy            *RetentionPeriod `json:"TentacleRetentionPolicy"`
}

// Environments lists the environments that the phase names.
func (p *Phase) Environments() []string {
	return append(append([]string{}, p.AutomaticDeploymentTargets...), p.OptionalDeploymentTargets...)
}

// Lifecycles are the ways of releases through environments.
var Lifecycles = kind.Register(kind.Kind[Lifecycle]{
	Plural:      "Lifecycles",
	Links:       map[string]string{"Projects": "./projects", "Preview": "./preview"},
	Permissions: rights("Lifecycle"),
	Rules:       lifecycleRules,
})

func lifecycleRules(tx *store.Tx, next, _ *Lifecycle, c *fault.Complaints) error {
	release, err := DefaultRetention(tx, next.SpaceID, LifecycleReleaseRetention)
	if err != nil {
		return err
	}
	target, err := DefaultRetention(tx, next.SpaceID, LifecycleTentacleRetention)
	if err != nil {
		return err
	}
	for _, p := range []struct {
		member   string
		period   *RetentionPeriod
		fallback RetentionPeriod
	}{{"ReleaseRetentionPolicy", &next.ReleaseRetentionPolicy, release}, {"TentacleRetentionPolicy", &next.TentacleRetentionPolicy, target}} {
		if p.period.Strategy == "" && p.period.QuantityToKeep == 0 && !p.period.ShouldKeepForever {
			p.period.Strategy = RetainDefault
		}
		p.period.complete(p.member, p.fallback, c)
	}
	return phaseRules(tx, next, release, target, c)
}

// phaseRules checks the phases against one another.
func phaseRules(tx *store.Tx, l *Lifecycle, release, target RetentionPeriod, c *fault.Complaints) error {
	names, phaseOf := map[string]bool{}, map[string]string{}
	for i := range l.Phases {
		p := &l.Phases[i]
		where := fmt.Sprintf("Phases[%d]", i)
		if key := strings.ToLower(strings.TrimSpace(p.Name)); names[key] && key != "" {
			c.Add("%s: the lifecycle has two phases of the name '%s'.", where, p.Name)
		} else {
			names[key] = true
		}
		if p.ID == "" {
			n, err := tx.Next("Phases")
			if err != nil {
				return err
			}
			p.ID = fmt.Sprintf("Phases-%d", n)
		}
		p.AutomaticDeploymentTargets, p.OptionalDeploymentTargets = tidy(p.AutomaticDeploymentTargets), tidy(p.OptionalDeploymentTargets)
		environments := p.Environments()
		for _, e := range environments {
			if other, taken := phaseOf[e]; taken {
				c.Add("%s: the environment '%s' is in the phase '%s' already; it can be in one phase once.", where, e, other)
			}
			phaseOf[e] = p.Name
		}
		if p.MinimumEnvironmentsBeforePromotion < 0 || len(environments) > 0 && p.MinimumEnvironmentsBeforePromotion > len(environments) {
			c.Add("%s.MinimumEnvironmentsBeforePromotion is %d, but the phase has %d environments.", where, p.MinimumEnvironmentsBeforePromotion, len(environments))
		}
		if p.ReleaseRetentionPolicy != nil {
			p.ReleaseRetentionPolicy.complete(where+".ReleaseRetentionPolicy", release, c)
		}
		if p.TentacleRetentionPolicy != nil {
			p.TentacleRetentionPolicy.complete(where+".TentacleRetentionPolicy", target, c)
		}
	}
	return staticOnly(tx, phaseOf, c)
}

// staticOnly refuses environments that come and go.
func staticOnly(tx *store.Tx, environments map[string]string, c *fault.Complaints) error {
	for id := range environments {
		e, err := found(kind.Of[Environment]().Get(tx, id))
		if err != nil {
			return err
		}
		if e != nil && e.Type != StaticEnvironment {
			c.Add("The environment '%s' is not static, so it cannot be in a lifecycle.", e.Name)
		}
	}
	return nil
}

func seedLifecycle(tx *store.Tx, space string) error {
	if err := seedRetention(tx, space); err != nil {
		return err
	}
	l := &Lifecycle{}
	l.SpaceID, l.Name = space, "Default Lifecycle"
	return kind.Of[Lifecycle]().Put(tx, l)
}
