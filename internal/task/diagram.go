package task

import (
	"fmt"
	"slices"
	"strings"
)

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
