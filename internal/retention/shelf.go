// Package retention decides what is kept and removes the rest, a little at a
// time: releases with their deployments, runs of runbooks, packages, what is
// known of builds, old tasks and files that nobody has any more. What is kept
// and why is a pure function; the task Retention carries it out.
package retention

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/rule"
)

// Policy says how much is kept: so many, or for so many days. The zero Policy
// keeps everything.
type Policy struct{ Count, Days int }

// policyOf is a period as a policy. What Default means is the space's to say.
func policyOf(p, fallback catalog.RetentionPeriod) Policy {
	if strings.EqualFold(p.Strategy, catalog.RetainDefault) {
		p = fallback
	}
	switch {
	case p.ShouldKeepForever || strings.EqualFold(p.Strategy, catalog.RetainForever) || p.QuantityToKeep <= 0:
		return Policy{}
	case strings.EqualFold(p.Unit, "Days"):
		return Policy{Days: p.QuantityToKeep}
	}
	return Policy{Count: p.QuantityToKeep}
}

// Forever says that nothing is ever removed.
func (p Policy) Forever() bool { return p == Policy{} }

// String says the policy for people.
func (p Policy) String() string {
	switch {
	case p.Count > 0:
		return fmt.Sprintf("the last %d", p.Count)
	case p.Days > 0:
		return fmt.Sprintf("those of the last %d days", p.Days)
	}
	return "everything"
}

// Phase is one stage on the way of releases.
type Phase struct {
	Name         string
	Environments []string
	Policy       Policy // its own, or what it inherits
}

// phasesOf are the phases of a lifecycle with the policies that hold in them:
// the phase's own, or that of the nearest phase before it that has one, or the
// lifecycle's.
func phasesOf(l *catalog.Lifecycle, environments []rule.LifecycleEnvironment, fallback catalog.RetentionPeriod) []Phase {
	plain := make([]rule.Phase, len(l.Phases))
	for i := range l.Phases {
		p := &l.Phases[i]
		plain[i] = rule.Phase{ID: p.ID, Name: p.Name, Automatic: p.AutomaticDeploymentTargets, Manual: p.OptionalDeploymentTargets}
	}
	policy := policyOf(l.ReleaseRetentionPolicy, fallback)
	var phases []Phase
	for i, p := range rule.EffectivePhases(plain, rule.Usable(environments)) {
		if i < len(l.Phases) && l.Phases[i].ReleaseRetentionPolicy != nil {
			policy = policyOf(*l.Phases[i].ReleaseRetentionPolicy, fallback)
		}
		phases = append(phases, Phase{p.Name, p.Environments, policy})
	}
	return phases
}

// Release is a release as far as keeping it goes.
type Release struct {
	ID, Version, Channel string
	Assembled            time.Time
	Deployments          []Deployment
}

// Deployment is one deployment of a release.
type Deployment struct {
	Environment, Tenant string
	Num                 int64 // in the order of creation
	Success             bool
	Active              bool // it waits, runs, or is put down
}

// Shelf holds the releases that are counted together.
type Shelf struct {
	Now    time.Time
	Policy Policy // the lifecycle's
	Phases []Phase
	// Passing says that the releases are for environments that come and go.
	Passing  bool
	Releases []*Release
	// Shown are the releases on a dashboard and those before them, with why
	// each is kept.
	Shown map[string]string
	// Used are the releases that others need, with why.
	Used map[string]string
}

// Verdict is what becomes of a release, and why.
type Verdict struct {
	*Release
	Delete bool
	Reason string
}

// passingDays is how long a release for passing environments is kept that is
// deployed nowhere.
const passingDays = 3

// Judge decides what becomes of each release, the newest first. Releases that
// are kept for what they are, and not for being among the last, do not count.
func (s *Shelf) Judge() []Verdict {
	ordered := slices.Clone(s.Releases)
	slices.SortStableFunc(ordered, func(a, b *Release) int { return b.Assembled.Compare(a.Assembled) })
	kept := map[string]int{}
	verdicts := make([]Verdict, len(ordered))
	for i, r := range ordered {
		v := &verdicts[i]
		v.Release = r
		active := slices.ContainsFunc(r.Deployments, func(d Deployment) bool { return d.Active })
		switch {
		case active:
			v.Reason = "a deployment of it has not ended"
		case s.Shown[r.ID] != "":
			v.Reason = s.Shown[r.ID]
		case s.Used[r.ID] != "":
			v.Reason = s.Used[r.ID]
		case s.Passing && len(r.Deployments) > 0:
			v.Reason = "it is deployed"
		case s.Passing:
			v.Delete, v.Reason = s.aged(r, passingDays, "it was not deployed")
		default:
			v.Delete, v.Reason = s.apply(r, kept)
		}
	}
	return verdicts
}

// apply judges a release by the policy of the phase that it is in: the last
// that it has reached. The limit of a phase that counts is its own.
func (s *Shelf) apply(r *Release, kept map[string]int) (remove bool, reason string) {
	policy, where := s.Policy, "it was not deployed"
	var reached []*Phase
	for i := range s.Phases {
		p := &s.Phases[i]
		if slices.ContainsFunc(r.Deployments, func(d Deployment) bool { return slices.Contains(p.Environments, d.Environment) }) {
			reached = append(reached, p)
			policy, where = p.Policy, "it is in phase "+p.Name
		}
	}
	if len(reached) == 0 && len(r.Deployments) > 0 {
		where = "it was deployed outside its lifecycle only"
	}
	switch {
	case policy.Forever():
		return false, where + ", which keeps everything"
	case policy.Days > 0:
		return s.aged(r, policy.Days, where)
	case len(reached) == 0:
		return count(kept, "\x00"+where, where, policy.Count)
	}
	remove = true
	var reasons []string
	for _, p := range reached {
		over, why := count(kept, p.Name, "deployed to "+p.Name, cmp.Or(p.Policy.Count, policy.Count))
		remove = remove && over
		reasons = append(reasons, why)
	}
	return remove, strings.Join(reasons, "; ")
}

// count takes one of the places that a limit gives.
func count(kept map[string]int, key, what string, limit int) (over bool, reason string) {
	if n := kept[key]; n < limit {
		kept[key]++
		return false, fmt.Sprintf("%s, of which %d of %d were kept so far", what, n, limit)
	}
	return true, fmt.Sprintf("%s, of which %d of %d are kept already", what, limit, limit)
}

func (s *Shelf) aged(r *Release, days int, where string) (bool, string) {
	if r.Assembled.Before(s.Now.AddDate(0, 0, -days)) {
		return true, fmt.Sprintf("%s, and it is older than %d days", where, days)
	}
	return false, fmt.Sprintf("%s, and it is not older than %d days", where, days)
}

// seat is a place on a dashboard.
type seat struct{ channel, environment, tenant string }

// Shown lists what dashboards show of a project and what could be gone back to:
// the newest deployment to each environment for each tenant, the newest that
// has succeeded, and the release that succeeded there before it. Where channels
// are discrete each has a dashboard of its own.
func Shown(releases []*Release, discrete bool) map[string]string {
	type stay struct {
		*Release
		Deployment
	}
	stays := map[seat][]stay{}
	for _, r := range releases {
		for _, d := range r.Deployments {
			at := seat{environment: d.Environment, tenant: d.Tenant}
			if discrete {
				at.channel = r.Channel
			}
			stays[at] = append(stays[at], stay{r, d})
		}
	}
	shown, before := map[string]string{}, map[string]string{}
	for _, list := range stays {
		slices.SortFunc(list, func(a, b stay) int { return cmp.Compare(b.Num, a.Num) })
		shown[list[0].ID] = "it is on the dashboard"
		worked := slices.DeleteFunc(list, func(s stay) bool { return !s.Success })
		if len(worked) == 0 {
			continue
		}
		shown[worked[0].ID] = "it is on the dashboard"
		if i := slices.IndexFunc(worked, func(s stay) bool { return s.ID != worked[0].ID }); i > 0 {
			before[worked[i].ID] = "a release on the dashboard can be rolled back to it"
		}
	}
	for id, why := range before {
		if shown[id] == "" {
			shown[id] = why
		}
	}
	return shown
}
