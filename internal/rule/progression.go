package rule

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Phase is one stage of a lifecycle.
type Phase struct {
	ID, Name  string
	Automatic []string // environments deployed to on entering the phase
	Manual    []string // environments deployed to on request
	Minimum   int      // environments that must succeed to pass; 0 are all
	Optional  bool     // need not be passed
	Priority  bool     // its deployments jump the queue
}

// LifecycleEnvironment is an environment of the space. One made for a branch,
// or the parent of such, takes no part in lifecycles.
type LifecycleEnvironment struct {
	ID, Name  string
	SortOrder int
	Ephemeral bool
}

// PastDeployment is a deployment of the release, in whatever state.
type PastDeployment struct {
	ID, TaskID  string
	Environment string
	Tenant      string // empty is untenanted
	Success     bool   // ended well
}

// Promotion is everything that decides how far a release may go.
type Promotion struct {
	Lifecycle    string // its name, for sentences
	Phases       []Phase
	Environments []LifecycleEnvironment // all of the space
	Deployments  []PastDeployment       // all of the release, of every tenant
	// Tenant is for whom the release progresses; each tenant, and the
	// untenanted stream, does so on its own.
	Tenant string
	// Connected are the environments that the tenant is connected to; nil are
	// all. An environment without the tenant is not required of it.
	Connected []string
	// Prevented says that the release has an unresolved defect, and Defect what
	// it is.
	Prevented bool
	Defect    string
}

// PhaseProgress is how far a phase has come.
type PhaseProgress string

// The states of a phase, as on the wire.
const (
	PhasePending  PhaseProgress = "Pending"  // not reached
	PhaseCurrent  PhaseProgress = "Current"  // reached, not passed
	PhaseComplete PhaseProgress = "Complete" // passed
)

// PhaseState is a phase with what has happened in it.
type PhaseState struct {
	Phase
	Environments []string // in sort order, whether listed or implied
	Progress     PhaseProgress
	Blocked      bool // closed by an unresolved defect
	Required     int  // environments that must succeed, for this tenant
	Succeeded    int  // environments that have
	Deployments  []PastDeployment
}

// Open says whether the release may be deployed within the phase.
func (s *PhaseState) Open() bool { return s.Progress != PhasePending && !s.Blocked }

// Progression is how far a release has come, and what is next.
type Progression struct {
	Phases []PhaseState
	// NextDeployments are the environments that are due, in order.
	NextDeployments []string
	// NextDeploymentsMinimumRequired is how many of them must succeed to pass
	// the phase that holds the release up.
	NextDeploymentsMinimumRequired int

	in       Promotion
	names    map[string]string
	deployed map[string]bool // environments with a deployment of any outcome
	done     map[string]bool // environments with a successful one
}

// EffectiveLifecycle is the lifecycle of a release: its channel's, or else the
// project's.
func EffectiveLifecycle(channel, project string) string { return cmp.Or(channel, project) }

// Progress works out how far a release has come for one tenant.
func Progress(in Promotion) *Progression {
	p := &Progression{in: in, names: map[string]string{}, deployed: map[string]bool{}, done: map[string]bool{}}
	environments := Usable(in.Environments)
	for _, e := range environments {
		p.names[e.ID] = e.Name
	}
	var mine []PastDeployment
	for _, d := range in.Deployments {
		if d.Tenant != in.Tenant {
			continue
		}
		mine = append(mine, d)
		p.deployed[d.Environment] = true
		p.done[d.Environment] = p.done[d.Environment] || d.Success
	}
	reached := true
	for i, phase := range EffectivePhases(in.Phases, environments) {
		s := PhaseState{Phase: phase.Phase, Environments: phase.Environments}
		p.count(&s, mine)
		passed := s.Succeeded >= s.Required
		switch {
		case !reached:
			s.Progress = PhasePending
		case passed:
			s.Progress = PhaseComplete
		default:
			s.Progress = PhaseCurrent
		}
		s.Blocked = in.Prevented && i > 0 && !p.anyDone(s.Environments)
		reached = reached && (passed || s.Optional)
		p.Phases = append(p.Phases, s)
	}
	p.next()
	return p
}

// usable are the environments that lifecycles know, in sort order.
func Usable(all []LifecycleEnvironment) []LifecycleEnvironment {
	out := slices.DeleteFunc(slices.Clone(all), func(e LifecycleEnvironment) bool { return e.Ephemeral })
	slices.SortStableFunc(out, func(a, b LifecycleEnvironment) int {
		return cmp.Or(cmp.Compare(a.SortOrder, b.SortOrder), strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID))
	})
	return out
}

// fullPhase is a phase with the environments that it really has.
type fullPhase struct {
	Phase
	Environments []string
}

// effectivePhases fills in what a lifecycle leaves open: one without phases has
// one per environment, and a phase without environments has every one that no
// earlier phase lists.
func EffectivePhases(phases []Phase, environments []LifecycleEnvironment) []fullPhase {
	var out []fullPhase
	if len(phases) == 0 {
		for _, e := range environments {
			out = append(out, fullPhase{Phase{ID: e.ID, Name: e.Name, Manual: []string{e.ID}}, []string{e.ID}})
		}
		return out
	}
	listed := map[string]bool{}
	for _, phase := range phases {
		mine := map[string]bool{}
		for _, id := range slices.Concat(phase.Automatic, phase.Manual) {
			mine[id] = true
		}
		full := fullPhase{Phase: phase}
		for _, e := range environments {
			if mine[e.ID] || len(mine) == 0 && !listed[e.ID] {
				full.Environments = append(full.Environments, e.ID)
			}
		}
		for id := range mine {
			listed[id] = true
		}
		out = append(out, full)
	}
	return out
}

// LifecycleEnvironments lists the environments of a lifecycle, in the order in
// which a release reaches them.
func LifecycleEnvironments(phases []Phase, environments []LifecycleEnvironment) []string {
	var out []string
	for _, phase := range EffectivePhases(phases, Usable(environments)) {
		for _, id := range phase.Environments {
			if !slices.Contains(out, id) {
				out = append(out, id)
			}
		}
	}
	return out
}

// connected says whether the tenant is in an environment.
func (p *Progression) connected(environment string) bool {
	return p.in.Tenant == "" || p.in.Connected == nil || slices.Contains(p.in.Connected, environment)
}

// count fills in how many environments must succeed, how many have, and which
// deployments took place. A minimum greater than the phase is the whole phase.
func (p *Progression) count(s *PhaseState, mine []PastDeployment) {
	there := 0
	for _, id := range s.Environments {
		if p.connected(id) {
			there++
		}
		if p.done[id] {
			s.Succeeded++
		}
	}
	s.Required = there
	if s.Minimum > 0 && s.Minimum < there {
		s.Required = s.Minimum
	}
	for _, d := range mine {
		if slices.Contains(s.Environments, d.Environment) {
			s.Deployments = append(s.Deployments, d)
		}
	}
}

// anyDone says whether one of the environments has a successful deployment.
func (p *Progression) anyDone(environments []string) bool {
	return slices.ContainsFunc(environments, func(id string) bool { return p.done[id] })
}

// next lists what is due: in every phase that is reached and not passed, the
// environments without a successful deployment.
func (p *Progression) next() {
	for i := range p.Phases {
		s := &p.Phases[i]
		if s.Progress != PhaseCurrent {
			continue
		}
		if !s.Blocked {
			for _, id := range p.due(s) {
				if !slices.Contains(p.NextDeployments, id) {
					p.NextDeployments = append(p.NextDeployments, id)
				}
			}
		}
		if !s.Optional {
			if !s.Blocked {
				p.NextDeploymentsMinimumRequired = s.Required - s.Succeeded
			}
			return
		}
	}
}

// due are the environments of a phase that still lack a successful deployment.
func (p *Progression) due(s *PhaseState) []string {
	var ids []string
	for _, id := range s.Environments {
		if !p.done[id] && p.connected(id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// CanDeploy says whether the release may be deployed to an environment now,
// and if not, why, in one sentence.
func (p *Progression) CanDeploy(environment string) (bool, string) {
	var held *PhaseState
	for i := range p.Phases {
		s := &p.Phases[i]
		if !slices.Contains(s.Environments, environment) {
			continue
		}
		if s.Open() && p.connected(environment) {
			return true, ""
		}
		// The first phase that has the environment gives the reason, but one that
		// is reached and closed by a defect says more than one far away.
		if held == nil || held.Progress == PhasePending && s.Progress != PhasePending {
			held = s
		}
	}
	return false, p.reason(environment, held)
}

// reason says why an environment is closed; held is the phase that has it.
func (p *Progression) reason(environment string, held *PhaseState) string {
	name := fmt.Sprintf("%q", p.name(environment))
	switch {
	case held == nil:
		return fmt.Sprintf("Environment %s is not part of lifecycle %q, so the release cannot be deployed there.", name, p.in.Lifecycle)
	case !p.connected(environment):
		return fmt.Sprintf("The tenant is not connected to environment %s.", name)
	case held.Blocked && held.Progress != PhasePending:
		why := ""
		if p.in.Defect != "" {
			why = fmt.Sprintf(" (%s)", strings.TrimRight(p.in.Defect, ". "))
		}
		return fmt.Sprintf("The release has an unresolved defect%s, and phase %q, which has environment %s, has no successful deployment yet.", why, held.Name, name)
	}
	gate := p.gate()
	return fmt.Sprintf("Environment %s is in phase %q, which is not reached yet: %s.", name, held.Name, p.wants(gate))
}

// gate is the phase that holds the release up; nil if none does.
func (p *Progression) gate() *PhaseState {
	for i := range p.Phases {
		if s := &p.Phases[i]; s.Progress == PhaseCurrent && !s.Optional {
			return s
		}
	}
	return nil
}

// wants says what a phase needs to be passed.
func (p *Progression) wants(gate *PhaseState) string {
	if gate == nil {
		return "an earlier phase is not complete"
	}
	due := p.due(gate)
	names := make([]string, len(due))
	for i, id := range due {
		names[i] = p.name(id)
	}
	lacking := gate.Required - gate.Succeeded
	if lacking >= len(due) {
		return fmt.Sprintf("phase %q first needs a successful deployment to %s", gate.Name, Quoted(names, "and"))
	}
	return fmt.Sprintf("phase %q first needs successful deployments to %d of %s", gate.Name, lacking, Quoted(names, "and"))
}

// name is what a person calls an environment.
func (p *Progression) name(environment string) string {
	return cmp.Or(p.names[environment], environment)
}

// IsPriority says whether deployments to an environment jump the queue: some
// open phase that has it says so.
func (p *Progression) IsPriority(environment string) bool {
	return slices.ContainsFunc(p.Phases, func(s PhaseState) bool {
		return s.Priority && s.Open() && slices.Contains(s.Environments, environment)
	})
}

// Entered lists the automatic environments of the phases that are open now and
// were not before, except those that have a deployment already. A nil before is
// a release that has just been created. Both must come from the same lifecycle;
// optional phases deploy nothing on their own.
func Entered(before, after *Progression) []string {
	var due []string
	for i := range after.Phases {
		s := &after.Phases[i]
		if s.Optional || !s.Open() || before != nil && i < len(before.Phases) && before.Phases[i].Open() {
			continue
		}
		for _, id := range s.Environments {
			if slices.Contains(s.Automatic, id) && !after.deployed[id] && after.connected(id) && !slices.Contains(due, id) {
				due = append(due, id)
			}
		}
	}
	return due
}
