package plan

import (
	"slices"
	"strconv"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/step"
)

// DefaultParallelism is how many targets or parallel steps run at once when
// nobody has said otherwise.
const DefaultParallelism = 10

// maxRetries is the most that an action may be retried without asking.
const maxRetries = 3

// AcquireType is the action type of the block that fetches packages.
const AcquireType = "Tako.AcquirePackages"

// acquirePath is the path of that block; it has no number, so that the
// numbers of the steps stay those of the process.
const acquirePath = "acquire"

// Requirement says on which side of the package acquisition a step runs.
type Requirement string

// The package requirements of a step.
const (
	LetUsDecide   Requirement = "LetOctopusDecide"
	BeforeAcquire Requirement = "BeforePackageAcquisition"
	AfterAcquire  Requirement = "AfterPackageAcquisition"
)

// Draft is a step on its way into a plan: what the process says, before paths,
// defaults and the acquisition of packages are worked out.
type Draft struct {
	Step
	Requirement Requirement
	// RollingWindow is the step's own Octopus.Action.MaxParallelism; 0 is none.
	RollingWindow int
	// OwnConcurrency marks a step that brings its own limit (a health check)
	// and ignores the window.
	OwnConcurrency bool
	// UserSkip is set when the person who deploys chose to leave the step out.
	UserSkip bool
}

// Options are what holds for a whole plan.
type Options struct {
	GuidedFailure bool
	// MaxParallelism is the variable Octopus.Action.MaxParallelism; 0 is unset.
	MaxParallelism int
	// AcquireParallelism is Octopus.Acquire.MaxParallelism; 0 is unset.
	AcquireParallelism int
	Targets            []Target
	Notes              []string
}

// neverRetried are the action types to which retries and timeouts do not
// apply: they wait for something else, which has its own.
var neverRetried = []string{"Octopus.DeployRelease", "Octopus.HealthCheck", "Octopus.Manual", "Octopus.Email"}

// Compose makes a plan of drafts: it numbers steps and actions, fills in the
// defaults, and puts the acquisition of packages before the first step that
// needs it. Everything that is wrong with the drafts is reported at once.
func Compose(drafts []Draft, o Options) (*Plan, error) {
	p := &Plan{
		GuidedFailure: o.GuidedFailure, MaxParallelism: orDefault(o.MaxParallelism),
		Targets: o.Targets, Notes: slices.Clone(o.Notes),
	}
	var wrong fault.Complaints
	for i := range drafts {
		p.Steps = append(p.Steps, finish(&drafts[i], i+1, o.MaxParallelism, p, &wrong))
	}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	at := acquireAt(drafts)
	if at < 0 {
		return p, nil
	}
	block := acquireStep(p.Steps, orDefault(o.AcquireParallelism))
	if block == nil {
		return p, nil
	}
	// What the block was put in front of must not start together with it.
	p.Steps[at].Start = AfterPrevious
	p.Steps = slices.Insert(p.Steps, at, *block)
	return p, nil
}

func orDefault(n int) int {
	if n <= 0 {
		return DefaultParallelism
	}
	return n
}

// finish completes one step; set is the variable that the window overrides.
func finish(d *Draft, number, set int, p *Plan, wrong *fault.Complaints) Step {
	s := d.Step
	s.Path = strconv.Itoa(number)
	if s.Condition == "" {
		s.Condition = IfSuccess
	}
	if s.Start == "" {
		s.Start = AfterPrevious
	}
	s.Window = p.MaxParallelism
	switch {
	case d.OwnConcurrency:
		s.Window = max(len(s.Targets), DefaultParallelism)
	case d.RollingWindow > 0:
		s.Window = d.RollingWindow
		if set > d.RollingWindow {
			p.Notes = append(p.Notes, "Step \""+s.Name+"\" has a window of "+strconv.Itoa(d.RollingWindow)+
				", which overrides the variable Octopus.Action.MaxParallelism.")
		}
	}
	s.Rolling = s.OnTargets && (d.RollingWindow > 0 || len(s.Actions) > 1)
	s.Actions = slices.Clone(s.Actions)
	required := false
	for i := range s.Actions {
		a := &s.Actions[i]
		a.Path = s.Path + "." + strconv.Itoa(i+1)
		fillAction(a, s.OnTargets)
		required = required || a.Required
	}
	if len(s.Actions) == 0 {
		wrong.Add("Step %q has no action.", s.Name)
	}
	if d.UserSkip {
		if required {
			wrong.Add("Step %q is required and cannot be skipped.", s.Name)
		}
		s.Skip = "It was left out of this run."
	}
	return s
}

func fillAction(a *Action, onTargets bool) {
	if a.Condition == "" {
		a.Condition = IfSuccess
	}
	if a.RunOn == "" {
		a.RunOn = OnServer
		if onTargets {
			a.RunOn = OnTarget
		}
	}
	if slices.Contains(neverRetried, a.Type) {
		a.Retries, a.Backoff, a.Timeout = 0, 0, 0
	}
	if a.Type == "Octopus.Manual" {
		a.Unguided = true
	}
	a.Retries = max(0, min(a.Retries, maxRetries))
}

// acquireAt is the index of the step before which packages are acquired, -1 if
// no step needs any. A step that runs together with others has the block
// before the first of them, or it would tear the group apart.
func acquireAt(drafts []Draft) int {
	for i := range drafts {
		d := &drafts[i]
		if d.Skip != "" || d.UserSkip || d.Requirement == BeforeAcquire {
			continue
		}
		if d.Requirement != AfterAcquire && !needsPackages(&d.Step) {
			continue
		}
		for i > 0 && drafts[i].Start == WithPrevious && drafts[i-1].Requirement != BeforeAcquire {
			i--
		}
		return i
	}
	return -1
}

func needsPackages(s *Step) bool {
	for i := range s.Actions {
		if s.Actions[i].Skip == "" && len(acquired(&s.Actions[i])) > 0 {
			return true
		}
	}
	return false
}

func acquired(a *Action) []step.Package {
	return slices.DeleteFunc(slices.Clone(a.Packages), func(p step.Package) bool { return p.Acquire == step.ByNobody })
}

// acquireStep is the block itself: one record for each target that needs
// packages, and one with no target if something off the targets needs them.
func acquireStep(steps []Step, window int) *Step {
	var targets []string
	for i := range steps {
		s := &steps[i]
		if s.Skip != "" || !needsPackages(s) {
			continue
		}
		on := s.Targets
		if !s.OnTargets {
			on = []string{""}
		}
		for _, t := range on {
			if !slices.Contains(targets, t) {
				targets = append(targets, t)
			}
		}
	}
	if len(targets) == 0 {
		return nil
	}
	return &Step{
		Path: acquirePath, Name: "Acquire packages", Condition: IfSuccess, Start: AfterPrevious,
		OnTargets: true, Targets: targets, Window: window,
		Actions: []Action{{
			Path: acquirePath + ".1", Name: "Acquire packages", Type: AcquireType,
			Condition: IfSuccess, RunOn: OnServer,
		}},
	}
}

// PackagesFor lists the packages that a target's actions use; the empty target
// stands for what does not run per target.
func (p *Plan) PackagesFor(target string) []step.Package {
	var found []step.Package
	for i := range p.Steps {
		s := &p.Steps[i]
		if s.Skip != "" || (s.OnTargets && !slices.Contains(s.Targets, target)) || (!s.OnTargets && target != "") {
			continue
		}
		for j := range s.Actions {
			if s.Actions[j].Skip != "" {
				continue
			}
			for _, pkg := range acquired(&s.Actions[j]) {
				same := func(q step.Package) bool {
					return q.PackageID == pkg.PackageID && q.Version == pkg.Version && q.FeedID == pkg.FeedID && q.Acquire == pkg.Acquire
				}
				if !slices.ContainsFunc(found, same) {
					found = append(found, pkg)
				}
			}
		}
	}
	return found
}
