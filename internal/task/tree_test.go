package task

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// drawn is a tree in lines: what each element is called and how it stands, and
// how many lines it has.
func drawn(e *Element, depth int) string {
	text := fmt.Sprintf("%s%s %s %s %d\n", strings.Repeat("  ", depth), e.ID, e.Name, e.Status, len(e.LogElements))
	for _, c := range e.Children {
		text += drawn(c, depth+1)
	}
	return text
}

// The octopus command line prints the lines of what is below a step, and never
// the step's own.
func TestLinesOfTheServerAreBelowTheirStep(t *testing.T) {
	q := NewQueue(open(t), Options{})
	ctx := t.Context()
	if err := q.Join(ctx, "n", 9); err != nil {
		t.Fatal(err)
	}
	must[*Task](t)(q.Enqueue(ctx, New{Name: "X", Description: "all"}))
	task := must[[]*Task](t)(q.Claim(ctx, "n", time.Minute))[0]
	x := &Execution{Task: *task, q: q, mask: newMasks(), stop: func(error) {}}
	at := x.Now()
	one := func(path, name string) Place { return Place{path, name, []Place{{path + ".1", name, nil}}} }
	line := func(path string) Lines { return Lines{path, "", []Line{{Category: Info, Text: "hello"}}} }
	err := x.Save(ctx, Save{
		Plan: []byte(`{}`),
		Records: []Record{
			{Key: Key{"1.1", "", 1}, State: StepSucceeded, Started: at, Ended: at},
			{Key: Key{"2.1", "", 1}, State: StepSkipped, Reason: "not now", Ended: at},
			{Key: Key{"3.1", "", 1}, State: StepRunning, Progress: 30, Message: "a third", Started: at},
			{Key: Key{"5.1", "", 1}, State: StepSucceeded, Started: at, Ended: at},
		},
		Outline: &Outline{Steps: []Place{one("1", "Say"), one("2", "Skip"), one("3", "Run"), one("4", "Wait"),
			{"5", "Two", []Place{{"5.1", "A", nil}, {"5.2", "B", nil}}}}},
		Logs: []Lines{line("1.1"), line("2.1"), line("3.1"), line("5.1")},
	})
	if err != nil {
		t.Fatal(err)
	}
	root := must[*Details](t)(q.Details(ctx, task.ID, 0, Narrow{})).Root
	want := strings.ReplaceAll(`$ all Running 0
  $/1 Say Success 0
    $/1@server Server Success 1
  $/2 Skip Skipped 0
    $/2@server Server Skipped 1
  $/3 Run Running 0
    $/3@server Server Running 1
  $/4 Wait Pending 0
  $/5 Two Running 0
    $/5.1 A Success 1
    $/5.2 B Pending 0
`, "$", task.ID)
	if d := cmp.Diff(want, drawn(root, 0)); d != "" {
		t.Error(d)
	}
	if skip, run := root.Children[1], root.Children[2]; skip.ProgressMessage != "not now" || run.ProgressMessage != "a third" || run.ProgressPercentage != 30 || run.Started == nil {
		t.Errorf("%+v %+v", skip, run)
	}
}
