package deploy

import (
	"context"

	"github.com/takodeploy/tako/internal/step"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

// Source makes plans of one kind of task: deployments, runbook runs, and what
// tests need.
type Source interface {
	// Plan computes the plan of a task at its first pick-up. An error that a
	// person can act on (package fault) ends the task with its message.
	Plan(ctx context.Context, t *task.Task) (*Plan, error)
	// Open gives what the plan is carried out with, at each pick-up.
	Open(ctx context.Context, t *task.Task, p *Plan) (Scene, error)
}

// Scene is the world around a plan: variables, machines, people and other
// tasks. Its methods may be called at the same time.
type Scene interface {
	// Secrets are the values that no log may show.
	Secrets() []string
	// Eval decides a condition.
	Eval(expression, path, target string, so Standing) bool
	// Place chooses where an action runs, and an error says why there is
	// nowhere. It must be quick; the choice is committed with the record. A job
	// whose place has an ID already keeps it, and only its name is filled in.
	Place(ctx context.Context, s *step.Job, on RunOn, pool string) (step.Place, error)
	// Fill completes a job: its variables and tools.
	Fill(ctx context.Context, j *step.Job, so Standing) error
	// Interrupt raises an interruption, in the transaction that records it,
	// once per correlation. Its answer comes as an event with that Ref.
	Interrupt(tx *store.Tx, t *task.Task, q Question) error
	// Child creates the task that a record waits for, with the task as its
	// Parent and key as its ParentKey.
	Child(tx *store.Tx, t *task.Task, key string, c step.Child) error
	// Ended is called in the transaction that ends the task.
	Ended(tx *store.Tx, t *task.Task, state task.State, so Standing) error
}

// The types of interruptions.
const (
	ManualIntervention = "ManualIntervention"
	GuidedFailure      = "GuidedFailure"
)

// Question is an interruption to be raised.
type Question struct {
	// Correlation names it: Ref of the event that answers it.
	Correlation string
	Key         task.Key
	Type        string
	Step        string // the step's name
	Action      string // the action's name
	Target      string // the target's name, if it is about one
	step.Interruption
}

// Standing is how far a plan has come, as variables and conditions see it.
type Standing struct {
	Plan    *Plan
	Records []task.Record // must not be changed
}

// Failures lists the records that have failed for good, in the order of the
// plan: those that a retry or a person has not made good.
func (p Standing) Failures() []*task.Record {
	latest := map[spot]*task.Record{}
	for i := range p.Records {
		r := &p.Records[i]
		if old := latest[spot{r.Path, r.Target}]; old == nil || old.Attempt < r.Attempt {
			latest[spot{r.Path, r.Target}] = r
		}
	}
	var failed []*task.Record
	for i := range p.Records {
		r := &p.Records[i]
		bad := r.State == task.StepFailed || r.State == task.StepLost || r.State == task.StepCanceled
		if !bad || r.Ignored || latest[spot{r.Path, r.Target}] != r {
			continue
		}
		if _, a := p.Plan.Find(r.Path); a != nil && r.State != task.StepCanceled && r.Attempt <= a.Retries {
			continue // it will be tried again
		}
		failed = append(failed, r)
	}
	return failed
}

// Error is what Octopus.Deployment.Error says: empty while nothing has failed.
func (p Standing) Error() string {
	failed := p.Failures()
	if len(failed) == 0 {
		return ""
	}
	s, a := p.Plan.Find(failed[0].Path)
	w := walk{plan: p.Plan}
	for _, r := range failed {
		if a == nil {
			continue
		}
		w.failures = append(w.failures, failure{s, a, r})
	}
	if len(w.failures) == 0 {
		return "A step has failed."
	}
	return w.message()
}

// outline names a plan's steps for people.
func outline(p *Plan) *task.Outline {
	o := &task.Outline{Targets: make(map[string]string, len(p.Targets))}
	for _, t := range p.Targets {
		o.Targets[t.ID] = t.Name
	}
	for i := range p.Steps {
		s := &p.Steps[i]
		place := task.Place{Path: s.Path, Name: s.label()}
		for j := range s.Actions {
			a := &s.Actions[j]
			place.Places = append(place.Places, task.Place{Path: a.Path, Name: "Step " + a.Path + ": " + a.Name})
		}
		o.Steps = append(o.Steps, place)
	}
	return o
}

func (s *Step) label() string {
	if s.Path == acquirePath {
		return s.Name
	}
	return "Step " + s.Path + ": " + s.Name
}
