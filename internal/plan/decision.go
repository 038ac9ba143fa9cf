package plan

import (
	"time"

	"github.com/takodeploy/tako/internal/task"
)

// DecisionKind says what a Decision asks of the runtime.
type DecisionKind string

// The kinds of decisions.
const (
	Start     DecisionKind = "Start"     // commit a Starting record, then start it
	Continue  DecisionKind = "Continue"  // what a paused record waited for has happened
	Skip      DecisionKind = "Skip"      // commit a Skipped record with the reason
	Wait      DecisionKind = "Wait"      // nothing to do here until something happens
	Interrupt DecisionKind = "Interrupt" // ask a person about the failed record
	Stop      DecisionKind = "Stop"      // cancel the record
	Finish    DecisionKind = "Finish"    // the whole has ended
)

// WaitFor says what a Wait is for.
type WaitFor string

// What can be waited for.
const (
	ForRunning WaitFor = "Running" // an action that runs
	ForPerson  WaitFor = "Person"  // an interruption
	ForChild   WaitFor = "Child"   // another task
	ForClock   WaitFor = "Clock"   // a time
	ForWindow  WaitFor = "Window"  // a place among those that run at once
)

// Decision is one thing to do now.
type Decision struct {
	Kind DecisionKind
	// Key names the record it is about; a step as a whole has the step's path.
	task.Key
	Reason  string      // of Skip, Interrupt and Finish, for a person
	For     WaitFor     // of Wait
	Until   time.Time   // of a Wait for a clock
	Block   bool        // of a Wait for a person: other deployments stay out
	Event   *task.Event // of Continue: what happened
	State   task.State  // of Finish
	Choices []Choice    // of Interrupt
	Warn    bool        // of Skip: it was hardly meant to be so
}

// Eval decides a condition's expression for an action or step on a target. What
// cannot be evaluated is not true, and the error says why.
type Eval func(expression, path, target string) (bool, error)
