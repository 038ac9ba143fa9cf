package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/step"
	"github.com/takodeploy/tako/internal/task"
)

// world carries out decisions without doing anything: what an action's outcome
// is comes from a table by "path@target#attempt".
type world struct {
	plan    *Plan
	records []task.Record
	events  []task.Event
	outcome map[string]task.StepState // default: success
	answer  map[string]Choice         // by key of the failed record
	vars    map[string]bool           // truth of "expression@target"
	trace   []string
	most    map[string]int // most targets at once, by step
	end     *Decision
}

func newWorld(plan *Plan) *world {
	return &world{plan: plan, outcome: map[string]task.StepState{}, answer: map[string]Choice{}, vars: map[string]bool{}, most: map[string]int{}}
}

func (w *world) eval(expr, _, target string) (bool, error) {
	if expr == "#{broken}" {
		return false, errors.New("there is no such thing")
	}
	return w.vars[expr+"@"+target], nil
}

func (w *world) find(k task.Key) *task.Record {
	for i := range w.records {
		if w.records[i].Key == k {
			return &w.records[i]
		}
	}
	return nil
}

// settle carries out decisions until only running actions or people are waited
// for; it fails the test if anything would be started twice.
func (w *world) settle(t *testing.T) {
	t.Helper()
	for range 1000 {
		changed := false
		for _, d := range Next(w.plan, w.records, w.events, w.eval) {
			changed = w.carryOut(t, d) || changed
		}
		if !changed || w.end != nil {
			return
		}
	}
	t.Fatal("the plan never settles")
}

func (w *world) carryOut(t *testing.T, d Decision) bool {
	t.Helper()
	switch d.Kind {
	case Start, Skip:
		if w.find(d.Key) != nil {
			t.Fatalf("%s of %s, which has a record", d.Kind, d.Key)
		}
		state := task.StepStarting
		if d.Kind == Skip {
			state = task.StepSkipped
		} else {
			w.trace = append(w.trace, "+"+d.Key.String())
		}
		w.records = append(w.records, task.Record{Key: d.Key, State: state, Reason: d.Reason})
		w.measure(d.Path)
		return true
	case Interrupt:
		w.find(d.Key).Asked = "Interruptions-" + d.Key.String()
		if c := w.answer[d.Key.String()]; c != "" {
			w.events = append(w.events, task.Event{Kind: task.EventAnswer, Key: d.Key, Ref: "Interruptions-" + d.Key.String(), Text: string(c)})
		}
		return true
	case Stop:
		w.find(d.Key).State = task.StepCanceled
		return true
	case Continue:
		w.find(d.Key).State = task.StepSucceeded
		return true
	case Wait:
		if d.For == ForClock {
			w.events = append(w.events, task.Event{Kind: task.EventClock, At: d.Until})
			return true
		}
	case Finish:
		w.end = &d
	}
	return false
}

func (w *world) measure(path string) {
	step, _, _ := strings.Cut(path, ".")
	running := map[string]bool{}
	for _, r := range w.records {
		if s, _, ok := strings.Cut(r.Path, "."); ok && s == step && !r.State.Ended() {
			running[r.Target] = true
		}
	}
	w.most[step] = max(w.most[step], len(running))
}

// running lists what has been started and has not ended.
func (w *world) running() []task.Key {
	var keys []task.Key
	for _, r := range w.records {
		if r.State == task.StepStarting || r.State == task.StepRunning {
			keys = append(keys, r.Key)
		}
	}
	return keys
}

func (w *world) complete(k task.Key) {
	r := w.find(k)
	r.State = w.outcome[k.String()]
	if r.State == "" {
		r.State = task.StepSucceeded
	}
	if r.State == task.StepFailed {
		r.Error = "exit code 1"
	}
	if r.State == task.StepPaused {
		r.Asked = "Interruptions-m" + k.String()
	}
	w.trace = append(w.trace, "-"+k.String())
}

// run plays the plan to its end, completing the oldest running action first.
func (w *world) run(t *testing.T) Decision {
	t.Helper()
	for range 10000 {
		w.settle(t)
		if w.end != nil {
			return *w.end
		}
		keys := w.running()
		if len(keys) == 0 {
			return Decision{Kind: Wait}
		}
		w.complete(keys[0])
	}
	t.Fatal("the plan never ends")
	return Decision{}
}

func (w *world) clone() *world {
	c := *w
	c.records, c.events, c.trace = slices.Clone(w.records), slices.Clone(w.events), slices.Clone(w.trace)
	c.most = map[string]int{}
	return &c
}

// state is what a restart would find.
func (w *world) state() string {
	rows := make([]string, 0, len(w.records)+len(w.events))
	for _, r := range w.records {
		rows = append(rows, r.Key.String()+" "+string(r.State)+" "+r.Asked)
	}
	for _, e := range w.events {
		rows = append(rows, string(e.Kind)+" "+e.Ref+" "+e.Text+e.At.String())
	}
	sort.Strings(rows)
	return strings.Join(rows, "\n")
}

func single(name string, targets ...string) Draft {
	return Draft{Step: Step{Name: name, OnTargets: len(targets) > 0, Targets: targets,
		Actions: []Action{{Name: name, Type: "Octopus.Script"}}}}
}

func (d Draft) when(c Condition, expr ...string) Draft {
	d.Condition, d.Expression = c, strings.Join(expr, "")
	return d
}

func (d Draft) with() Draft          { d.Start = WithPrevious; return d }
func (d Draft) window(n int) Draft   { d.RollingWindow = n; return d }
func (d Draft) child(a Action) Draft { d.Actions = append(slices.Clone(d.Actions), a); return d }
func (d Draft) retries(n int, b time.Duration) Draft {
	d.Actions = slices.Clone(d.Actions)
	d.Actions[0].Retries, d.Actions[0].Backoff = n, b
	return d
}

func compose(t *testing.T, o Options, drafts ...Draft) *Plan {
	t.Helper()
	p, err := Compose(drafts, o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestUnreadableCondition checks that what cannot be evaluated leaves out the
// step or action, with a warning that says why.
func TestUnreadableCondition(t *testing.T) {
	whole := single("a").when(IfVariable, "#{broken}")
	part := single("b")
	part.Actions = slices.Clone(part.Actions)
	part.Actions[0].Condition, part.Actions[0].Expression = IfVariable, "#{broken}"
	w := newWorld(compose(t, Options{}, whole, part))
	warned := 0
	for _, d := range Next(w.plan, nil, nil, w.eval) {
		if d.Kind == Skip && d.Warn && strings.Contains(d.Reason, "cannot be evaluated and so counts as not true: there is no such thing.") {
			warned++
		}
	}
	if end := w.run(t); end.State != task.Success || warned == 0 || len(w.records) != 2 {
		t.Errorf("%s after %d warnings with %v", end.State, warned, w.records)
	}
}

func TestConditions(t *testing.T) {
	for _, tt := range []struct {
		condition Condition
		fails     bool
		truth     bool
		want      bool
	}{
		{IfSuccess, false, false, true}, {IfSuccess, true, false, false},
		{IfFailure, false, false, false}, {IfFailure, true, false, true},
		{IfAlways, false, false, true}, {IfAlways, true, false, true},
		{IfVariable, false, true, true}, {IfVariable, true, true, true},
		{IfVariable, false, false, false}, {IfVariable, true, false, false},
	} {
		t.Run(fmt.Sprintf("%s after failure %v, true %v", tt.condition, tt.fails, tt.truth), func(t *testing.T) {
			w := newWorld(compose(t, Options{}, single("a"), single("b").when(tt.condition, "#{x}")))
			w.vars["#{x}@"] = tt.truth
			want := task.Success
			if tt.fails {
				w.outcome["1.1@#1"], want = task.StepFailed, task.Failed
			}
			end := w.run(t)
			if ran := w.find(task.Key{Path: "2.1", Attempt: 1}) != nil; ran != tt.want {
				t.Errorf("ran: %v, want %v", ran, tt.want)
			}
			if skip := w.find(task.Key{Path: "2", Attempt: 1}); !tt.want && (skip == nil || skip.Reason == "") {
				t.Error("no reason on record for the skipped step")
			}
			if end.State != want {
				t.Errorf("ended %s, want %s", end.State, want)
			}
		})
	}
}

func TestScenarios(t *testing.T) {
	guided := Options{GuidedFailure: true, Targets: []Target{{"a", "web-a"}}}
	for _, tt := range []struct {
		name    string
		opts    Options
		drafts  []Draft
		outcome map[string]task.StepState
		answer  map[string]Choice
		want    []string
		state   task.State
		message string
	}{
		{name: "one after the other", drafts: []Draft{single("a"), single("b")},
			want: []string{"+1.1@#1", "-1.1@#1", "+2.1@#1", "-2.1@#1"}, state: task.Success},
		{name: "together", drafts: []Draft{single("a"), single("b").with(), single("c")},
			want: []string{"+1.1@#1", "+2.1@#1", "-1.1@#1", "-2.1@#1", "+3.1@#1", "-3.1@#1"}, state: task.Success},
		{name: "no more together than allowed", opts: Options{MaxParallelism: 1}, drafts: []Draft{single("a"), single("b").with()},
			want: []string{"+1.1@#1", "-1.1@#1", "+2.1@#1", "-2.1@#1"}, state: task.Success},
		{name: "rolling children", drafts: []Draft{single("a", "x", "y").child(Action{Name: "a2"}).window(1)},
			want: []string{"+1.1@x#1", "-1.1@x#1", "+1.2@x#1", "-1.2@x#1", "+1.1@y#1", "-1.1@y#1", "+1.2@y#1", "-1.2@y#1"}, state: task.Success},
		{name: "sliding window", drafts: []Draft{single("a", "p", "q", "r").window(2)},
			want: []string{"+1.1@p#1", "+1.1@q#1", "-1.1@p#1", "+1.1@r#1", "-1.1@q#1", "-1.1@r#1"}, state: task.Success},
		{name: "rolling stops at a failure", drafts: []Draft{single("a", "p", "q").window(1)},
			outcome: map[string]task.StepState{"1.1@p#1": task.StepFailed},
			want:    []string{"+1.1@p#1", "-1.1@p#1"}, state: task.Failed, message: "Step 1 (a) failed on p: exit code 1."},
		{name: "not rolling goes on", drafts: []Draft{single("a", "p", "q")},
			outcome: map[string]task.StepState{"1.1@p#1": task.StepFailed, "1.1@q#1": task.StepLost},
			want:    []string{"+1.1@p#1", "+1.1@q#1", "-1.1@p#1", "-1.1@q#1"}, state: task.Failed, message: "Step 1 (a) failed on p: exit code 1. One other action failed as well."},
		{name: "retries", drafts: []Draft{single("a").retries(2, time.Minute)},
			outcome: map[string]task.StepState{"1.1@#1": task.StepFailed, "1.1@#2": task.StepLost},
			want:    []string{"+1.1@#1", "-1.1@#1", "+1.1@#2", "-1.1@#2", "+1.1@#3", "-1.1@#3"}, state: task.Success},
		{name: "guided retry", opts: guided, drafts: []Draft{single("a")},
			outcome: map[string]task.StepState{"1.1@#1": task.StepFailed}, answer: map[string]Choice{"1.1@#1": ChooseRetry},
			want: []string{"+1.1@#1", "-1.1@#1", "+1.1@#2", "-1.1@#2"}, state: task.Success},
		{name: "guided fail", opts: guided, drafts: []Draft{single("a"), single("b"), single("c").when(IfFailure)},
			outcome: map[string]task.StepState{"1.1@#1": task.StepFailed}, answer: map[string]Choice{"1.1@#1": ChooseFail},
			want: []string{"+1.1@#1", "-1.1@#1", "+3.1@#1", "-3.1@#1"}, state: task.Failed, message: "Step 1 (a) failed: exit code 1."},
		{name: "guided ignore", opts: guided, drafts: []Draft{single("a").child(Action{Name: "a2"}), single("b")},
			outcome: map[string]task.StepState{"1.1@#1": task.StepFailed}, answer: map[string]Choice{"1.1@#1": ChooseIgnore},
			want: []string{"+1.1@#1", "-1.1@#1", "+1.2@#1", "-1.2@#1", "+2.1@#1", "-2.1@#1"}, state: task.Success},
		{name: "guided exclude", opts: guided, drafts: []Draft{single("a", "a", "b").window(1).child(Action{Name: "a2"}), single("b", "a", "b")},
			outcome: map[string]task.StepState{"1.1@a#1": task.StepFailed}, answer: map[string]Choice{"1.1@a#1": ChooseExclude},
			want: []string{"+1.1@a#1", "-1.1@a#1", "+1.1@b#1", "-1.1@b#1", "+1.2@b#1", "-1.2@b#1", "+2.1@b#1", "-2.1@b#1"}, state: task.Success},
		{name: "guided exclude of the only target", opts: guided, drafts: []Draft{single("a", "a"), single("b", "a")},
			outcome: map[string]task.StepState{"1.1@a#1": task.StepFailed}, answer: map[string]Choice{"1.1@a#1": ChooseExclude},
			want: []string{"+1.1@a#1", "-1.1@a#1"}, state: task.Success},
		{name: "unanswered", opts: guided, drafts: []Draft{single("a", "a", "b").window(1), single("b")},
			outcome: map[string]task.StepState{"1.1@a#1": task.StepFailed}, want: []string{"+1.1@a#1", "-1.1@a#1"}},
		{name: "required is not ignored", opts: guided,
			drafts:  []Draft{{Step: Step{Name: "a", Actions: []Action{{Name: "a", Required: true}}}}},
			outcome: map[string]task.StepState{"1.1@#1": task.StepFailed}, answer: map[string]Choice{"1.1@#1": ChooseIgnore},
			want: []string{"+1.1@#1", "-1.1@#1"}, state: task.Failed, message: "Step 1 (a) failed: exit code 1."},
		{name: "nothing to do", drafts: nil, state: task.Success},
		{name: "no target", drafts: []Draft{{Step: Step{Name: "a", OnTargets: true, Actions: []Action{{Name: "a"}}}}, single("b")},
			want: []string{"+2.1@#1", "-2.1@#1"}, state: task.Success},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(compose(t, tt.opts, tt.drafts...))
			if tt.outcome != nil {
				w.outcome = tt.outcome
			}
			if tt.answer != nil {
				w.answer = tt.answer
			}
			end := w.run(t)
			if diff := cmp.Diff(tt.want, w.trace); diff != "" {
				t.Error(diff)
			}
			if end.State != tt.state || end.Reason != tt.message {
				t.Errorf("ended %q %q, want %q %q", end.State, end.Reason, tt.state, tt.message)
			}
		})
	}
}

func TestCancel(t *testing.T) {
	w := newWorld(compose(t, Options{}, single("a", "p", "q"), single("b").when(IfAlways)))
	w.settle(t)
	w.complete(w.running()[0])
	w.events = append(w.events, task.Event{Kind: task.EventCancel})
	if end := w.run(t); end.State != task.Canceled {
		t.Errorf("ended %s", end.State)
	}
	if diff := cmp.Diff([]string{"+1.1@p#1", "+1.1@q#1", "-1.1@p#1"}, w.trace); diff != "" {
		t.Error(diff)
	}
}

func TestManualPausesAndGoesOn(t *testing.T) {
	manual := single("approve")
	manual.Actions[0].Type, manual.Actions[0].Block = "Octopus.Manual", true
	w := newWorld(compose(t, Options{GuidedFailure: true}, manual, single("b")))
	w.outcome["1.1@#1"] = task.StepPaused
	if end := w.run(t); end.Kind != Wait {
		t.Fatalf("got %v, want a wait", end)
	}
	want := []Decision{{Kind: Wait, Key: task.Key{Path: "1.1", Attempt: 1}, For: ForPerson, Block: true}}
	if diff := cmp.Diff(want, Next(w.plan, w.records, w.events, w.eval)); diff != "" {
		t.Error(diff)
	}
	w.events = append(w.events, task.Event{Kind: task.EventAnswer, Ref: w.records[0].Asked, Text: "Proceed"})
	if end := w.run(t); end.State != task.Success {
		t.Errorf("ended %v", end)
	}
}

func TestRevision(t *testing.T) {
	plan := compose(t, Options{}, single("health", "a", "b"), single("deploy", "a", "b"))
	rev, _ := json.Marshal(Revision{After: "1", Exclude: map[string]string{"a": "it is down"}, Add: map[string][]string{"2": {"c"}}})
	w := newWorld(plan)
	w.events = []task.Event{{Kind: task.EventRevision, Data: rev}}
	w.run(t)
	if diff := cmp.Diff([]string{"+1.1@a#1", "+1.1@b#1", "-1.1@a#1", "-1.1@b#1", "+2.1@b#1", "+2.1@c#1", "-2.1@b#1", "-2.1@c#1"}, w.trace); diff != "" {
		t.Error(diff)
	}
}

// TestWalk goes through every order in which actions can end, in plans small
// enough for that, and restarts from the records at every point of it: each
// path must lead to the same end, and nothing may be started twice.
func TestWalk(t *testing.T) {
	failing := map[string]task.StepState{"1.1@p#1": task.StepFailed, "2.1@#1": task.StepLost, "3.1@#1": task.StepFailed}
	for name, plan := range map[string]*Plan{
		"parallel":  compose(t, Options{}, single("a", "p", "q"), single("b").with().retries(1, 0), single("c").with(), single("d").when(IfFailure), single("e")),
		"guided":    compose(t, Options{GuidedFailure: true}, single("a", "p", "q"), single("b").retries(1, 0), single("d", "p", "q").window(1).child(Action{Name: "d2"})),
		"narrow":    compose(t, Options{MaxParallelism: 2}, single("a", "p", "q"), single("b").with(), single("c").with(), single("d").when(IfAlways)),
		"condition": compose(t, Options{}, single("a", "p", "q", "r").when(IfVariable, "v"), single("b").when(IfVariable, "v")),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(plan)
			w.outcome = failing
			w.answer = map[string]Choice{"1.1@p#1": ChooseExclude, "2.1@#2": ChooseFail}
			w.vars["v@p"] = true
			seen, ends := map[string]bool{}, map[string]bool{}
			walkAll(t, w, seen, ends)
			if len(ends) != 1 {
				t.Errorf("%d different ends: %v", len(ends), ends)
			}
			if len(seen) < 4 {
				t.Errorf("only %d states were seen", len(seen))
			}
		})
	}
}

func walkAll(t *testing.T, w *world, seen, ends map[string]bool) {
	// A crash between any two records: carry out only some of the decisions.
	decisions := Next(w.plan, w.records, w.events, w.eval)
	for i := range decisions {
		c := w.clone()
		for _, d := range decisions[:i+1] {
			c.carryOut(t, d)
		}
		if s := c.state(); !seen[s] {
			seen[s] = true
			walkAll(t, c, seen, ends)
		}
	}
	w = w.clone()
	w.settle(t)
	if w.end != nil {
		ends[string(w.end.State)+"\n"+w.state()] = true
		return
	}
	for _, k := range w.running() {
		c := w.clone()
		c.complete(k)
		if s := c.state(); !seen[s] {
			seen[s] = true
			walkAll(t, c, seen, ends)
		}
	}
}

// TestRandomPlans plays random plans with random outcomes in random order.
func TestRandomPlans(t *testing.T) {
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 1))
		plan, w := randomPlan(t, r)
		for w.end == nil {
			w.settle(t)
			keys := w.running()
			if w.end == nil && len(keys) == 0 {
				t.Fatalf("seed %d: stuck:\n%s", seed, w.state())
			}
			if len(keys) > 0 {
				w.complete(keys[r.IntN(len(keys))])
			}
			r.Shuffle(len(w.records), func(i, j int) { w.records[i], w.records[j] = w.records[j], w.records[i] })
		}
		for i := range plan.Steps {
			if s := plan.Steps[i]; w.most[s.Path] > s.Window {
				t.Fatalf("seed %d: step %s ran on %d targets at once, window %d", seed, s.Path, w.most[s.Path], s.Window)
			}
		}
		failed := slices.ContainsFunc(w.records, func(r task.Record) bool { return r.State == task.StepFailed })
		if !failed && w.end.State != task.Success {
			t.Fatalf("seed %d: %s without a failure", seed, w.end.State)
		}
	}
}

func randomPlan(t *testing.T, r *rand.Rand) (*Plan, *world) {
	conditions := []Condition{IfSuccess, IfSuccess, IfFailure, IfAlways, IfVariable}
	var drafts []Draft
	for i := range 1 + r.IntN(5) {
		d := single(fmt.Sprint("s", i), []string{"a", "b", "c", "d"}[:r.IntN(5)]...).when(conditions[r.IntN(5)], "v")
		if r.IntN(3) == 0 {
			d = d.with()
		}
		if r.IntN(3) == 0 {
			d = d.child(Action{Name: "child"})
		}
		drafts = append(drafts, d.window(r.IntN(4)).retries(r.IntN(3), time.Duration(r.IntN(2))))
	}
	plan := compose(t, Options{GuidedFailure: r.IntN(2) == 0, MaxParallelism: r.IntN(4)}, drafts...)
	w := newWorld(plan)
	choices := []Choice{ChooseFail, ChooseRetry, ChooseIgnore, ChooseExclude}
	for _, s := range plan.Steps {
		for _, a := range s.Actions {
			for _, target := range []string{"", "a", "b", "c", "d"} {
				w.vars["v@"+target] = r.IntN(2) == 0
				for attempt := range 10 {
					k := task.Key{Path: a.Path, Target: target, Attempt: attempt}
					if r.IntN(3) == 0 && attempt < 8 {
						w.outcome[k.String()] = task.StepFailed
					}
					w.answer[k.String()] = choices[r.IntN(4)]
				}
			}
		}
	}
	return plan, w
}

func TestPlanSurvivesJSON(t *testing.T) {
	plan := compose(t, Options{GuidedFailure: true, Targets: []Target{{"a", "A"}}}, single("a", "a").retries(2, time.Second))
	text, err := json.Marshal(plan)
	if err != nil {
		t.Fatal(err)
	}
	var back Plan
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(*plan, back); diff != "" {
		t.Error(diff)
	}
}

func TestAcquisition(t *testing.T) {
	pkg := func(d Draft) Draft {
		d.Actions = slices.Clone(d.Actions)
		d.Actions[0].Packages = []step.Package{{PackageID: "web", Version: "1.0", Acquire: step.ByServer}}
		return d
	}
	must := func(d Draft, r Requirement) Draft { d.Requirement = r; return d }
	for _, tt := range []struct {
		name   string
		drafts []Draft
		want   string
	}{
		{"none needed", []Draft{single("a")}, "1"},
		{"before the first", []Draft{single("a"), pkg(single("b", "x", "y")), pkg(single("c", "y"))}, "1 acquire 2 3"},
		{"before its group", []Draft{single("z"), single("a"), pkg(single("b", "x").with())}, "1 acquire 2 3"},
		{"as early as asked", []Draft{single("z"), must(single("a"), AfterAcquire), pkg(single("b", "x"))}, "1 acquire 2 3"},
		{"not before what must precede", []Draft{single("z"), must(single("a"), BeforeAcquire), pkg(single("b", "x").with())}, "1 2 acquire 3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := compose(t, Options{}, tt.drafts...)
			var got []string
			for _, s := range p.Steps {
				got = append(got, s.Path)
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, " ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}
