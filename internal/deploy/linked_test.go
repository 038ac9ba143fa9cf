package deploy_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/deploy"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/step"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

// tries counts by project and target how often the executor below was called.
var tries sync.Map

// Test.Third fails on each target until it is called for the third time.
var _ = step.Register("Test.Third", step.ExecutorFunc(func(_ context.Context, j *step.Job) (step.Outcome, error) {
	value, _ := tries.LoadOrStore(j.ProjectID+j.Target, new(int))
	n := value.(*int)
	if *n++; *n < 3 {
		return step.Failure("not yet"), nil
	}
	return step.Success(), nil
}))

// questions lists what a task asks, by target.
func (o *office) questions(id string) (all map[string]*catalog.Interruption) {
	o.t.Helper()
	all = map[string]*catalog.Interruption{}
	o.do(func(tx *store.Tx) error {
		pending, err := catalog.PendingInterruptions(tx, space, id)
		for _, i := range pending {
			target := i.CorrelationID[strings.Index(i.CorrelationID, "@")+1:]
			all[target[:strings.Index(target, "#")]] = i
		}
		return err
	})
	return all
}

func (o *office) member(name string) (id string) {
	o.do(func(tx *store.Tx) error {
		u := &catalog.User{Username: name, DisplayName: name, IsActive: true}
		err := catalog.Users.Put(tx, u)
		id = u.ID
		return err
	})
	return id
}

func TestLinkedInterruptions(t *testing.T) { each(t, testLinkedInterruptions) }

// testLinkedInterruptions fails on three targets at once. Somebody decides for
// all of them together, save for one that somebody else has taken.
func testLinkedInterruptions(t *testing.T, o *office) {
	var targets []string
	for _, name := range []string{"web1", "web2", "web3"} {
		m := o.machine(name, o.dev, "web")
		targets = append(targets, m.ID)
		tries.Delete(o.project.ID + m.ID)
	}
	o.process(on("web", catalog.Step{Name: "Third", Actions: []catalog.Action{{Name: "Third", ActionType: "Test.Third"}}}))
	ada, bob := o.member("ada"), o.member("bob")
	o.work()
	guided := true
	id := o.deploy(o.release(deploy.NewRelease{}), deploy.DeployOptions{GuidedFailure: &guided}, "Dev")[0].Task.ID
	asked := func(n int) map[string]*catalog.Interruption {
		var now map[string]*catalog.Interruption
		o.until(id, func(t *task.Task) bool {
			now = o.questions(id)
			return t.Hold == task.Done || t.Hold == task.Paused && len(now) == n
		})
		return now
	}
	first := asked(3)
	linked := 0
	for _, i := range first {
		if i.IsLinkedToOtherInterruption {
			linked++
		}
	}
	if linked != 2 {
		t.Errorf("%d of 3 are linked to another", linked)
	}
	mine := deploy.Answered{ID: first[targets[2]].ID, UserID: bob}
	if _, err := o.service.TakeResponsibility(t.Context(), mine); err != nil {
		t.Fatal(err)
	}
	other := mine
	other.UserID, other.Values = ada, map[string]string{"Guidance": "Retry"}
	if _, err := o.service.Answer(t.Context(), other); !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "'bob'") {
		t.Errorf("somebody else answers: %v", err)
	}
	if _, err := o.service.TakeResponsibility(t.Context(), other); !fault.Is(err, fault.Conflict) {
		t.Errorf("somebody else takes it: %v", err)
	}
	both := deploy.Answered{ID: first[targets[0]].ID, UserID: ada, Values: map[string]string{"Guidance": "Retry", "Notes": "once more", "ApplyToLinkedInterruptions": "True"}}
	if _, err := o.service.Answer(t.Context(), both); err != nil {
		t.Fatal(err)
	}
	// Two were decided together and have failed again; the third still waits.
	var again map[string]*catalog.Interruption
	o.until(id, func(tk *task.Task) bool {
		again = o.questions(id)
		return tk.Hold == task.Paused && len(again) == 3 && again[targets[0]].ID != first[targets[0]].ID && again[targets[1]].ID != first[targets[1]].ID
	})
	if again[targets[2]].ID != first[targets[2]].ID || again[targets[2]].ResponsibleUserID != bob {
		t.Error("the decision was made for a target that was somebody else's")
	}
	o.do(func(tx *store.Tx) error {
		was, err := catalog.Interruptions.Get(tx, first[targets[1]].ID)
		if err != nil {
			return err
		}
		if was.IsPending || was.ResponsibleUserID != ada || was.Form.Values["Notes"] != "once more" || was.Form.Values["Guidance"] != "Retry" {
			t.Errorf("what was decided with the first: %+v", was)
		}
		events, _, err := tx.Events(store.EventQuery{Regarding: []string{id}, Categories: []string{"InterruptionSubmitted", "InterruptionResponsibilityTaken"}, Take: 100})
		var categories []string
		for _, e := range events {
			categories = append(categories, e.Category+" "+e.Comments)
		}
		slices.Sort(categories)
		want := []string{"InterruptionResponsibilityTaken ", "InterruptionSubmitted once more", "InterruptionSubmitted once more"}
		if diff := cmp.Diff(want, categories); diff != "" {
			t.Error(diff)
		}
		return err
	})
	for _, a := range []deploy.Answered{
		{ID: again[targets[2]].ID, UserID: bob, Values: map[string]string{"Guidance": "Exclude"}},
		{ID: again[targets[0]].ID, UserID: ada, Values: map[string]string{"Guidance": "Retry"}},
		{ID: again[targets[1]].ID, UserID: bob, Values: map[string]string{"Guidance": "Ignore"}},
	} {
		if _, err := o.service.Answer(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	if end := o.until(id, done); end.State != task.Success || len(end.Pending) != 0 {
		t.Errorf("%s: %s %v", end.State, end.Error, end.Pending)
	}
}
