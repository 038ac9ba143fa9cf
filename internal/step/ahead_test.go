package step

import (
	"context"
	"strings"
	"testing"

	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/internal/target"
)

// TestOrphanMakesWay has a job wait on a machine for one whose task was given
// up while the machine was out of reach.
func TestOrphanMakesWay(t *testing.T) {
	reach := localReach(t)
	orphan := newBench(t, reach)
	left := bash("echo started; sleep 600")
	left.Action, left.Ticket, left.Place = "d", "orphan", Place{ID: "Machines-1", Name: "web"}
	left.Tools = &Tools{Installation: "here"}
	alive, letGo := context.WithCancel(context.Background())
	go func() {
		orphan.await("the script's start", func() bool { return len(orphan.lines) > 0 })
		letGo()
	}()
	first := of(orphan.job(left, false), "ServerTasks-306")
	first.Alive = alive
	if _, err := Script.Run(alive, first); err == nil {
		t.Fatal("the first job was not let go of")
	}

	b := newBench(t, reach)
	job := bash("echo mine")
	job.Place = left.Place
	job.Tools = &Tools{Installation: "here", Fate: func(_ context.Context, task, ticket string) (string, error) {
		if task != "ServerTasks-306" || ticket != "orphan" {
			t.Errorf("asked for %s of %s", ticket, task)
		}
		return "has ended as Canceled", nil
	}}
	o, err := Script.Run(context.Background(), of(b.job(job, false), "ServerTasks-307"))
	if err != nil || o.State != Succeeded || b.text(Info) != "Info: mine\n" {
		t.Errorf("%+v, %v\n%s", o, err, b.text())
	}
	want := "Highlight: \"d\" of ServerTasks-306, which has ended as Canceled, still ran here and was ended.\n"
	if got := b.text(Highlight); got != want || !strings.Contains(b.text(WaitLine), "another job uses this machine") {
		t.Error(b.text())
	}
}

func of(job *Job, task string) *Job {
	job.TaskID = task
	return job
}

// asked is a way that is asked for what runs there and told to end it.
type asked struct {
	target.Transport
	canceled []string
}

func (a *asked) Cancel(_ context.Context, ticket string) error {
	a.canceled = append(a.canceled, ticket)
	return nil
}

// TestWhatIsSeenThroughStays asks for jobs that nobody but their own task ends.
func TestWhatIsSeenThroughStays(t *testing.T) {
	final := func(context.Context, string, string) (string, error) { return "has ended as Canceled", nil }
	for name, c := range map[string]struct {
		owner runner.Owner
		waits bool
		fate  func(context.Context, string, string) (string, error)
		said  string
	}{
		"final":       {runner.Owner{Installation: "here", Task: "ServerTasks-306"}, false, final, "still ran here"},
		"queued":      {runner.Owner{Installation: "here", Task: "ServerTasks-306"}, true, final, "still waited here for its turn"},
		"another's":   {runner.Owner{Installation: "there", Task: "ServerTasks-306"}, false, final, ""},
		"nobody's":    {runner.Owner{}, false, final, ""},
		"its own":     {runner.Owner{Installation: "here", Task: "ServerTasks-1"}, false, final, ""},
		"living":      {runner.Owner{Installation: "here", Task: "ServerTasks-306"}, false, func(context.Context, string, string) (string, error) { return "", nil }, ""},
		"not legible": {runner.Owner{Installation: "here", Task: "ServerTasks-306"}, false, func(context.Context, string, string) (string, error) { return "", errDied }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, nil)
			way := &asked{}
			r := &remote{way: way, job: b.job(Job{Tools: &Tools{Installation: "here", Fate: c.fate}}, false)}
			err := r.endOrphan(t.Context(), runner.Ahead{Ticket: "t", Title: "it", Owner: c.owner, Waits: c.waits})
			if ended := c.said != ""; (err == nil) != ended || (len(way.canceled) == 1) != ended || ended != strings.Contains(b.text(Highlight), c.said+" and was ended.") {
				t.Errorf("%v, %v\n%s", err, way.canceled, b.text())
			}
		})
	}
}
