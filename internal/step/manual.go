package step

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/takodeploy/tako/internal/variable"
)

// The choices of a manual step.
const (
	Proceed = "Proceed"
	Abort   = "Abort"
)

// Manual waits until somebody says that the deployment may go on, or that it
// must not.
var Manual = Register("Octopus.Manual", ExecutorFunc(runManual))

// decision is what a person has entered.
type decision struct {
	Notes  string
	Result string
}

func runManual(ctx context.Context, job *Job) (Outcome, error) {
	if ctx.Err() != nil {
		return stopped(context.Cause(ctx), ""), giveUp(ctx)
	}
	if job.Answer == nil {
		return ask(job), nil
	}
	var d decision
	if len(job.Answer.Data) > 0 {
		if err := json.Unmarshal(job.Answer.Data, &d); err != nil {
			return Outcome{}, fmt.Errorf("reading the answer to %s: %w", job.Answer.Ref, err)
		}
	}
	by := variable.Person{ID: job.Answer.By}
	if job.Tools != nil && job.Tools.People != nil && by.ID != "" {
		var err error
		if by, err = job.Tools.People.Person(ctx, by.ID); err != nil {
			return Outcome{}, err
		}
	}
	choice := job.Answer.Choice
	if choice == "" {
		choice = d.Result
	}
	return decided(job, strings.EqualFold(choice, Proceed), d.Notes, by), nil
}

// ask raises the interruption. The line of the log is part of the outcome, so
// that it is written once, like the interruption.
func ask(job *Job) Outcome {
	v := newValues(job)
	q := &Interruption{
		Title:        job.Action,
		Instructions: v.text("Octopus.Action.Manual.Instructions"),
		TeamIDs:      v.list("Octopus.Action.Manual.ResponsibleTeamIds"),
		Choices:      []string{Proceed, Abort},
	}
	text := "Waiting for somebody to proceed or abort."
	if len(q.TeamIDs) > 0 {
		text = "Waiting for somebody of the responsible teams to proceed or abort."
	}
	return Outcome{State: Paused, Lines: []Line{{Category: WaitLine, Text: text}}, Pause: &Pause{Interruption: q}}
}

func decided(job *Job, approved bool, notes string, by variable.Person) Outcome {
	o := Outcome{State: Succeeded}
	for _, out := range variable.ManualOutputs(job.Action, notes, approved, by) {
		o.Outputs = append(o.Outputs, Output{Name: out.Name, Value: out.Value, Sensitive: out.Sensitive})
	}
	who, verb := name(by), "proceeded"
	line := Line{Category: Info}
	if !approved {
		verb, line.Category = "aborted", Error
		o.State, o.Error = Failed, fmt.Sprintf("%s aborted the deployment here.", who)
		if notes != "" {
			o.Error += " Notes: " + notes
		}
	}
	line.Text = who + " " + verb + "."
	if notes != "" {
		line.Text += " Notes: " + notes
	}
	o.Lines = []Line{line}
	return o
}

// name is what a person is called.
func name(p variable.Person) string {
	for _, text := range []string{p.DisplayName, p.Username, p.ID} {
		if text != "" {
			return text
		}
	}
	return "Somebody"
}
