package run

import (
	"context"

	"github.com/takodeploy/tako/internal/plan"
	"github.com/takodeploy/tako/internal/step"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

// Source makes plans of one kind of task: deployments, runbook runs, and what
// tests need.
type Source interface {
	// Open gives what a task is carried out with, at each pick-up; the plan is
	// nil at the first. An error that a person can act on (package fault) ends
	// the task with its message.
	Open(ctx context.Context, t *task.Task, p *plan.Plan) (Scene, error)
}

// Scene is the world around a plan: variables, machines, people and other
// tasks. Its methods may be called at the same time.
type Scene interface {
	// Plan computes the plan, at the first pick-up. Its errors are as those of
	// Open.
	Plan(ctx context.Context) (*plan.Plan, error)
	// Began is called in the transaction that stores the plan.
	Began(tx *store.Tx) error
	// Secrets are the values that no log may show.
	Secrets() []string
	// Eval decides a condition. What cannot be evaluated is not true, and the
	// error says why.
	Eval(expression, path, target string, so plan.Standing) (bool, error)
	// Place chooses where an action runs, and an error says why there is
	// nowhere. It must be quick; the choice is committed with the record. A job
	// whose place has an ID already keeps it, and only its name is filled in.
	Place(ctx context.Context, s *step.Job, on plan.RunOn, pool string) (step.Place, error)
	// Fill completes a job: its variables and tools.
	Fill(ctx context.Context, j *step.Job, so plan.Standing) error
	// Interrupt raises an interruption, in the transaction that records it,
	// once per correlation. Its answer comes as an event with that Ref.
	Interrupt(tx *store.Tx, t *task.Task, q Question) error
	// Child creates the task that a record waits for, with the task as its
	// Parent and key as its ParentKey.
	Child(tx *store.Tx, t *task.Task, key string, c step.Child) error
	// Ended is called in the transaction that ends the task.
	Ended(tx *store.Tx, t *task.Task, state task.State, so plan.Standing) error
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
