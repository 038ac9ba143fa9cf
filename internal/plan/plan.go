// Package plan holds the heart of a deployment: a value and a pure function. A
// Plan says what is to be done, and Next says, from the plan and what has
// happened so far, what to do now. Nothing here has a clock or does I/O.
package plan

import (
	"encoding/json"
	"time"

	"github.com/takodeploy/tako/internal/step"
)

// Plan is what a deployment or runbook run will do: an immutable value,
// computed once at the first pick-up from the release's snapshots and stored
// with the task. What changes later (the targets, after a health check) is
// appended as a Revision event and never rewritten here.
type Plan struct {
	// GuidedFailure asks a person what to do when an action fails.
	GuidedFailure bool `json:",omitempty"`
	// MaxParallelism limits how many parallel steps run at once.
	MaxParallelism int
	Steps          []Step
	// Targets names every target that a step mentions.
	Targets []Target `json:",omitempty"`
	// Notes are sentences for the head of the log: what was left out and why.
	Notes []string `json:",omitempty"`
}

// Target is a machine (or what stands for one) that steps run on.
type Target struct {
	ID   string
	Name string
}

// Condition decides whether a step or an action runs.
type Condition string

// The conditions. An action knows Success and Variable only.
const (
	IfSuccess  Condition = "Success"  // nothing has failed before
	IfFailure  Condition = "Failure"  // something has failed before
	IfAlways   Condition = "Always"   // in any case
	IfVariable Condition = "Variable" // the expression is true, whatever has failed
)

// StartTrigger decides when a step starts relative to the one before it.
type StartTrigger string

// The start triggers.
const (
	AfterPrevious StartTrigger = "StartAfterPrevious"
	WithPrevious  StartTrigger = "StartWithPrevious"
)

// RunOn says where an action's work happens.
type RunOn string

// The places where an action can run.
const (
	OnServer          RunOn = "Server"          // in the server itself
	OnWorker          RunOn = "Worker"          // on a worker, once
	OnTarget          RunOn = "Target"          // on each target
	OnWorkerForTarget RunOn = "WorkerForTarget" // on a worker, once for each target
)

// Step is one step of a plan: its actions run in order on each of its targets,
// on several targets at once as far as its window allows.
type Step struct {
	Path       string // "3", or a word for a step that Tako added
	ID         string `json:",omitempty"`
	Name       string
	Condition  Condition
	Expression string `json:",omitempty"` // of condition Variable
	Start      StartTrigger
	// OnTargets says that the step runs per target; with no targets left it is
	// then skipped, whereas a step without it runs once.
	OnTargets bool     `json:",omitempty"`
	Targets   []string `json:",omitempty"` // ids, in the order in which they start
	// Roles are the target tags by which the targets were chosen; a revision
	// of the plan uses them to choose again.
	Roles []string `json:",omitempty"`
	// Window is how many targets run at once.
	Window int
	// Rolling says that a failure on one target keeps others from starting.
	Rolling bool `json:",omitempty"`
	// Skip is why the step does not apply, decided when the plan was made.
	Skip    string `json:",omitempty"`
	Actions []Action
}

// Action is one piece of work on each target of its step.
type Action struct {
	Path       string // "3.1"
	ID         string `json:",omitempty"`
	Name       string
	Type       string // the action type that the executors are registered under
	Condition  Condition
	Expression string `json:",omitempty"`
	RunOn      RunOn
	WorkerPool string `json:",omitempty"`
	// Required takes Ignore and Exclude away from the choices of a guided failure.
	Required bool `json:",omitempty"`
	// Unguided says that its failure is a decision already (a manual step that
	// was aborted) and nobody is asked about it.
	Unguided bool          `json:",omitempty"`
	Skip     string        `json:",omitempty"`
	Retries  int           `json:",omitempty"`
	Backoff  time.Duration `json:",omitempty"` // before each retry
	Timeout  time.Duration `json:",omitempty"` // measured from the record's start
	// Block keeps other deployments of the same concurrency tag out while the
	// action waits for a person.
	Block      bool              `json:",omitempty"`
	Properties map[string]string `json:",omitempty"`
	Packages   []step.Package    `json:",omitempty"`
	// Extra is for the action type's own needs.
	Extra json.RawMessage `json:",omitempty"`
}

// Revision is a change of the targets for the steps after the step that found
// it, appended in the transaction that ends that step.
type Revision struct {
	// After is the path of the step that found the change.
	After string
	// Exclude leaves targets out of every later step; the value says why.
	Exclude map[string]string `json:",omitempty"`
	// Targets names targets that the plan does not know.
	Targets []Target `json:",omitempty"`
	// Add gives later steps, by path, further targets.
	Add map[string][]string `json:",omitempty"`
}

// Choice is what a person decides about a failed action.
type Choice string

// The choices of a guided failure.
const (
	ChooseFail    Choice = "Fail"
	ChooseRetry   Choice = "Retry"
	ChooseIgnore  Choice = "Ignore"
	ChooseExclude Choice = "Exclude"
)

// Choices lists what a person may decide about a failure of the action on a
// target; an empty target is an action that does not run per target.
func (a *Action) Choices(target string) []Choice {
	choices := []Choice{ChooseFail, ChooseRetry}
	if a.Required {
		return choices
	}
	choices = append(choices, ChooseIgnore)
	if target != "" {
		choices = append(choices, ChooseExclude)
	}
	return choices
}

// Find gives the step and the action at a path; the action is nil for the path
// of a step.
func (p *Plan) Find(path string) (*Step, *Action) {
	for i := range p.Steps {
		s := &p.Steps[i]
		if s.Path == path {
			return s, nil
		}
		for j := range s.Actions {
			if s.Actions[j].Path == path {
				return s, &s.Actions[j]
			}
		}
	}
	return nil, nil
}

// TargetName gives the name of a target, or its id if the plan has none.
func (p *Plan) TargetName(id string) string {
	for _, t := range p.Targets {
		if t.ID == id {
			return t.Name
		}
	}
	return id
}

// groups splits the steps into runs of steps that start together.
func (p *Plan) groups() [][]*Step {
	var groups [][]*Step
	for i := range p.Steps {
		s := &p.Steps[i]
		if i == 0 || s.Start != WithPrevious {
			groups = append(groups, nil)
		}
		last := len(groups) - 1
		groups[last] = append(groups[last], s)
	}
	return groups
}
