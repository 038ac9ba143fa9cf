package step

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/variable"
)

func manualJob(answer *Answer) Job {
	return Job{
		Action: "Approve", Type: "Octopus.Manual", Answer: answer, Tools: &Tools{People: people},
		Properties: map[string]string{
			"Octopus.Action.Manual.Instructions":       "Look at #{Url}",
			"Octopus.Action.Manual.ResponsibleTeamIds": "Teams-1, Teams-2",
		},
		Variables: variable.Resolve([]variable.Value{{Name: "Url", Value: "http://shop"}}, variable.Context{}),
	}
}

func TestManualAsks(t *testing.T) {
	b := newBench(t, nil)
	got, err := Manual.Run(context.Background(), b.job(manualJob(nil), false))
	if err != nil {
		t.Fatal(err)
	}
	want := Outcome{
		State: Paused, Lines: []Line{{Category: WaitLine, Text: "Waiting for somebody of the responsible teams to proceed or abort."}},
		Pause: &Pause{Interruption: &Interruption{
			Title: "Approve", Instructions: "Look at http://shop", TeamIDs: []string{"Teams-1", "Teams-2"}, Choices: []string{"Proceed", "Abort"},
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestManualIsAnswered(t *testing.T) {
	outputs := func(approved, notes string) []Output {
		return []Output{
			{Name: "Manual.Notes", Value: notes}, {Name: "Manual.Approved", Value: approved},
			{Name: "Manual.ResponsibleUser.Id", Value: "Users-1"}, {Name: "Manual.ResponsibleUser.Username", Value: "ann"},
			{Name: "Manual.ResponsibleUser.DisplayName", Value: "Ann"}, {Name: "Manual.ResponsibleUser.EmailAddress", Value: "ann@example.test"},
		}
	}
	tests := []struct {
		name   string
		answer Answer
		want   Outcome
	}{
		{"proceed", Answer{Choice: "Proceed", By: "Users-1", Data: json.RawMessage(`{"Notes":"fine"}`)}, Outcome{
			State: Succeeded, Outputs: outputs("True", "fine"), Lines: []Line{{Category: Info, Text: "Ann proceeded. Notes: fine"}},
		}},
		{"in the form", Answer{By: "Users-1", Data: json.RawMessage(`{"Result":"Proceed"}`)}, Outcome{
			State: Succeeded, Outputs: outputs("True", ""), Lines: []Line{{Category: Info, Text: "Ann proceeded."}},
		}},
		{"abort", Answer{Choice: "Abort", By: "Users-1", Data: json.RawMessage(`{"Notes":"not now"}`)}, Outcome{
			State: Failed, Error: "Ann aborted the deployment here. Notes: not now", Outputs: outputs("False", "not now"),
			Lines: []Line{{Category: Error, Text: "Ann aborted. Notes: not now"}},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, nil)
			got, err := Manual.Run(context.Background(), b.job(manualJob(&tt.answer), true))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestManualIsCanceled(t *testing.T) {
	ctx, stop := context.WithCancelCause(context.Background())
	stop(ErrCanceled)
	o, err := Manual.Run(ctx, newBench(t, nil).job(manualJob(nil), true))
	if err != nil || o.State != Canceled {
		t.Errorf("%+v, %v", o, err)
	}
}
