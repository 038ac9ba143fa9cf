// Package task is the durable engine: the queue of tasks, who holds which, the
// records of what each has done so far, and their logs.
//
// Kill any process at any moment and every committed task finishes, and nothing
// that reached its target runs twice: a record is committed before the work
// that it stands for begins, and every write of a holder is fenced by an epoch
// that moves on when another takes the task.
package task

import (
	"fmt"
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/fault"
)

// State is what the wire calls a task's state.
type State string

// The states of a task.
const (
	Queued     State = "Queued"
	Executing  State = "Executing"
	Cancelling State = "Cancelling"
	Success    State = "Success"
	Failed     State = "Failed"
	Canceled   State = "Canceled"
	TimedOut   State = "TimedOut"
)

// States lists every state of a task, in the order of a task's life.
var States = []State{Queued, Executing, Cancelling, Success, Failed, Canceled, TimedOut}

// Final reports whether nothing more will happen to a task in this state by
// itself.
func (s State) Final() bool {
	return s == Success || s == Failed || s == Canceled || s == TimedOut
}

// Hold says where a task is, which its state alone does not: a task that
// executes is in the hands of a node, or was put down until something
// happens, or is in the queue again after it happened.
type Hold string

// The places a task can be in.
const (
	Waiting Hold = "Waiting" // in the queue, for the first time or again
	Held    Hold = "Held"    // a node has it under a lease
	Paused  Hold = "Paused"  // put down: costs nothing until it is woken
	Done    Hold = "Done"    // finished
)

// Status is a task's state together with where the task is.
type Status struct {
	State State
	Hold  Hold
}

// String gives "Executing, Paused".
func (s Status) String() string { return string(s.State) + ", " + string(s.Hold) }

// Act is something that happens to a task.
type Act string

// What can happen to a task.
const (
	Claim   Act = "claim"   // a node takes it from the queue
	Steal   Act = "steal"   // its node's lease ran out and another takes it
	PutDown Act = "pause"   // its handler put it down until something happens
	PutBack Act = "yield"   // its node stops and gives it back to the queue
	Wake    Act = "wake"    // what it waited for happened
	Cancel  Act = "cancel"  // somebody wants it to stop
	Expire  Act = "expire"  // it was not started in time
	Abandon Act = "abandon" // somebody gives up waiting for its cancellation
	Succeed Act = "succeed"
	Fail    Act = "fail"
	Stop    Act = "stop"     // its handler has carried out the cancellation
	RunOut  Act = "time out" // it took too long
	MarkOK  Act = "mark as succeeded"
	MarkBad Act = "mark as failed"
)

// Move is one legal change.
type Move struct {
	From Status
	Act  Act
	To   Status
}

// Moves is the table of all legal changes of a task. Next to it there is no
// other place that knows them.
var Moves = []Move{
	{Status{Queued, Waiting}, Claim, Status{Executing, Held}},
	{Status{Queued, Waiting}, Cancel, Status{Canceled, Done}},
	{Status{Queued, Waiting}, Expire, Status{TimedOut, Done}},

	{Status{Executing, Held}, Succeed, Status{Success, Done}},
	{Status{Executing, Held}, Fail, Status{Failed, Done}},
	{Status{Executing, Held}, RunOut, Status{TimedOut, Done}},
	{Status{Executing, Held}, Cancel, Status{Cancelling, Held}},
	{Status{Executing, Held}, Steal, Status{Executing, Held}},
	{Status{Executing, Held}, PutDown, Status{Executing, Paused}},
	{Status{Executing, Held}, PutBack, Status{Executing, Waiting}},

	{Status{Executing, Paused}, Wake, Status{Executing, Waiting}},
	{Status{Executing, Paused}, Cancel, Status{Cancelling, Waiting}},
	{Status{Executing, Waiting}, Claim, Status{Executing, Held}},
	{Status{Executing, Waiting}, Cancel, Status{Cancelling, Waiting}},

	{Status{Cancelling, Waiting}, Claim, Status{Cancelling, Held}},
	{Status{Cancelling, Waiting}, Abandon, Status{Canceled, Done}},
	{Status{Cancelling, Held}, Stop, Status{Canceled, Done}},
	{Status{Cancelling, Held}, Fail, Status{Failed, Done}},
	{Status{Cancelling, Held}, Succeed, Status{Success, Done}}, // it was faster
	{Status{Cancelling, Held}, Steal, Status{Cancelling, Held}},
	{Status{Cancelling, Held}, PutBack, Status{Cancelling, Waiting}},
	{Status{Cancelling, Held}, Abandon, Status{Canceled, Done}},

	{Status{Success, Done}, MarkBad, Status{Failed, Done}},
	{Status{Failed, Done}, MarkOK, Status{Success, Done}},
	{Status{Canceled, Done}, MarkOK, Status{Success, Done}},
	{Status{Canceled, Done}, MarkBad, Status{Failed, Done}},
	{Status{TimedOut, Done}, MarkOK, Status{Success, Done}},
	{Status{TimedOut, Done}, MarkBad, Status{Failed, Done}},
}

// After gives the status that follows when act happens, or a Conflict that
// says why it cannot.
func (s Status) After(act Act) (Status, error) {
	for _, m := range Moves {
		if m.From == s && m.Act == act {
			return m.To, nil
		}
	}
	return s, fault.New(fault.Conflict, "A task that %s cannot be %s.", s.State.said(), done[act])
}

// said is what a task in this state does, or has done.
func (s State) said() string {
	switch s {
	case Queued:
		return "is queued"
	case Executing:
		return "is executing"
	case Cancelling:
		return "is being canceled"
	case Success:
		return "has succeeded"
	case Failed:
		return "has failed"
	case Canceled:
		return "was canceled"
	}
	return "has timed out"
}

// done is what a task is after each act.
var done = map[Act]string{
	Claim: "claimed", Steal: "taken over", PutDown: "paused", PutBack: "given back", Wake: "woken", Cancel: "canceled", Expire: "expired", Abandon: "abandoned",
	Succeed: "ended with success", Fail: "ended with a failure", Stop: "ended as canceled", RunOut: "timed out", MarkOK: "marked as succeeded", MarkBad: "marked as failed",
}

// ending gives the act that ends a run of a task in this status when its
// handler asks for one. What cannot be is answered all the same: an outcome
// that were refused would leave the task to be taken up again for ever. What is
// being canceled ends as canceled, and what must not end so has failed.
func (s Status) ending(asked Act) Act {
	if _, err := s.After(asked); err == nil {
		return asked
	}
	if s.State == Cancelling {
		return Stop
	}
	return Fail
}

// from lists the statuses in which act is legal; the SQL of the queue is made
// from it, so that the table stays the only place that knows.
func from(act Act) []Move {
	var found []Move
	for _, m := range Moves {
		if m.Act == act {
			found = append(found, m)
		}
	}
	return found
}

// StepState is the state of one record: of one action on one target, once.
type StepState string

// The states of a record.
const (
	StepStarting  StepState = "Starting"  // committed; may or may not have reached its target
	StepRunning   StepState = "Running"   // its target has acknowledged it
	StepPaused    StepState = "Paused"    // waits for a person, a child task or a clock
	StepSucceeded StepState = "Succeeded" // ended well
	StepFailed    StepState = "Failed"    // ended badly
	StepCanceled  StepState = "Canceled"  // stopped on request, or given up after the request
	StepLost      StepState = "Lost"      // vanished with its host, outcome unknown
	StepSkipped   StepState = "Skipped"   // never started, for the record's reason
)

// Ended reports whether the record will not change any more.
func (s StepState) Ended() bool {
	switch s {
	case StepStarting, StepRunning, StepPaused, "":
		return false
	}
	return true
}

// stepMoves is the table of legal changes of a record; "" is a record that
// does not exist yet.
var stepMoves = map[StepState][]StepState{
	"":           {StepStarting, StepSkipped},
	StepStarting: {StepStarting, StepRunning, StepPaused, StepSucceeded, StepFailed, StepCanceled, StepLost},
	StepRunning:  {StepRunning, StepPaused, StepSucceeded, StepFailed, StepCanceled, StepLost},
	StepPaused:   {StepPaused, StepRunning, StepSucceeded, StepFailed, StepCanceled},
}

// CanBecome reports whether a record in state s may be in state to next.
func (s StepState) CanBecome(to StepState) bool {
	for _, legal := range stepMoves[s] {
		if legal == to {
			return true
		}
	}
	return false
}

//go:generate go run ./diagram ../../docs/states.md

// Page is the page of the documentation that shows the tables of legal changes.
func Page() string {
	return "# The states of tasks and steps\n\n" +
		"Written by `make generate` from the tables in `internal/task/state.go`.\n\n" +
		"## A task\n\n" +
		"Its state is what clients see. Where it is says who has it: it waits in the\n" +
		"queue, a node holds it, it was put down until something happens, or it is done.\n\n" +
		"```mermaid\n" + Diagram() + "```\n\n" +
		"## An action on a target\n\n" +
		"Each attempt has a record of its own. It is on record before it begins.\n\n" +
		"```mermaid\n" + StepDiagram() + "```\n"
}

// Diagram prints the table of a task's legal changes as a Mermaid state
// diagram.
func Diagram() string {
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n    [*] --> Queued_Waiting: enqueue\n")
	name := func(s Status) string { return string(s.State) + "_" + string(s.Hold) }
	for _, m := range Moves {
		fmt.Fprintf(&b, "    %s --> %s: %s\n", name(m.From), name(m.To), m.Act)
	}
	for _, s := range States {
		if s.Final() {
			fmt.Fprintf(&b, "    %s --> [*]\n", name(Status{s, Done}))
		}
	}
	return b.String()
}

// StepDiagram prints the life of a record as a Mermaid state diagram.
func StepDiagram() string {
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n")
	var ends []StepState
	for _, from := range []StepState{"", StepStarting, StepRunning, StepPaused} {
		for _, to := range stepMoves[from] {
			switch from {
			case to:
			case "":
				fmt.Fprintf(&b, "    [*] --> %s\n", to)
			default:
				fmt.Fprintf(&b, "    %s --> %s\n", from, to)
			}
			if to.Ended() && !slices.Contains(ends, to) {
				ends = append(ends, to)
			}
		}
	}
	for _, s := range ends {
		fmt.Fprintf(&b, "    %s --> [*]\n", s)
	}
	return b.String()
}
