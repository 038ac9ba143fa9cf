package plan

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/task"
)

// Next says what a plan asks for now, given all records and events of its task
// so far. It is pure: no clock and no I/O, so every rule about order,
// conditions, windows, retries and decisions of people can be tested as a
// table, and a restart is nothing but calling it again.
//
// Invariant: a decision to start names a key that has no record, so carrying
// out the decisions in a transaction that writes these records makes it
// impossible to start anything twice.
func Next(plan *Plan, records []task.Record, events []task.Event, eval Eval) []Decision {
	w := newWalk(plan, records, events, eval)
	if w.canceled {
		return w.cancel(records)
	}
	for _, group := range plan.groups() {
		if !w.group(group) {
			return w.out
		}
	}
	// Skips that were decided on the way must be on record before the end.
	w.decide(w.finish())
	return w.out
}

type spot struct{ path, target string }

// walk is one pass over the plan.
type walk struct {
	plan      *Plan
	eval      Eval
	latest    map[spot]*task.Record
	answers   map[string]*task.Event // by interruption or child
	clock     time.Time
	canceled  bool
	excluded  map[string]bool
	revisions []Revision
	passed    map[string]bool // steps of earlier groups
	failures  []failure       // of earlier groups and of this one
	failed    bool            // something in an earlier group has failed
	out       []Decision
}

type failure struct {
	step   *Step
	action *Action
	record *task.Record
}

func newWalk(plan *Plan, records []task.Record, events []task.Event, eval Eval) *walk {
	w := &walk{
		plan: plan, eval: eval, latest: make(map[spot]*task.Record, len(records)),
		answers: map[string]*task.Event{}, excluded: map[string]bool{}, passed: map[string]bool{},
	}
	for i := range records {
		r := &records[i]
		at := spot{r.Path, r.Target}
		if old := w.latest[at]; old == nil || old.Attempt < r.Attempt {
			w.latest[at] = r
		}
	}
	for i := range events {
		w.take(&events[i])
	}
	return w
}

func (w *walk) take(e *task.Event) {
	switch e.Kind {
	case task.EventCancel:
		w.canceled = true
	case task.EventAnswer, task.EventChild:
		w.answers[e.Ref] = e
		if e.Kind == task.EventAnswer && Choice(e.Text) == ChooseExclude && e.Target != "" {
			if _, a := w.plan.Find(e.Path); a != nil && !a.Required {
				w.excluded[e.Target] = true
			}
		}
	case task.EventClock:
		if e.At.After(w.clock) {
			w.clock = e.At
		}
	case task.EventRevision:
		var r Revision
		// A revision that cannot be read was never written by us.
		if json.Unmarshal(e.Data, &r) == nil {
			w.revisions = append(w.revisions, r)
		}
	}
}

func (w *walk) decide(d Decision) { w.out = append(w.out, d) }

func (w *walk) skip(path, target, reason string) { w.leave(path, target, no{reason: reason}) }

func (w *walk) leave(path, target string, why no) {
	w.decide(Decision{Kind: Skip, Key: task.Key{Path: path, Target: target, Attempt: 1}, Reason: why.reason, Warn: why.warn})
}

// no is why something is left out; without a reason it is not.
type no struct {
	reason string
	warn   bool
}

// condition says what an expression has against what it is the condition of.
func (w *walk) condition(expression, path, target string) no {
	is, err := w.eval(expression, path, target)
	switch {
	case err != nil:
		return no{"Its condition \"" + expression + "\" cannot be evaluated and so counts as not true: " + strings.TrimSuffix(err.Error(), ".") + ".", true}
	case !is:
		return no{"Its condition \"" + expression + "\" is not true.", false}
	}
	return no{}
}

// cancel stops what runs and ends the whole when nothing does any more.
func (w *walk) cancel(records []task.Record) []Decision {
	for i := range records {
		if !records[i].State.Ended() {
			w.decide(Decision{Kind: Stop, Key: records[i].Key})
		}
	}
	if len(w.out) == 0 {
		w.decide(Decision{Kind: Finish, State: task.Canceled, Reason: "The task was canceled."})
	}
	return w.out
}

// group walks through steps that start together and reports whether all of
// them have ended. Conditions look at the groups before and not at each other,
// so that the outcome does not depend on which of them is faster.
func (w *walk) group(steps []*Step) bool {
	active, ended := 0, true
	found := len(w.failures)
	for _, s := range steps {
		if active >= w.plan.MaxParallelism && !w.begun(s) {
			w.decide(Decision{Kind: Wait, Key: task.Key{Path: s.Path}, For: ForWindow})
			ended = false
			continue
		}
		if !w.step(s) {
			active++
			ended = false
		}
	}
	if !ended {
		return false
	}
	w.failed = w.failed || len(w.failures) > found
	for _, s := range steps {
		w.passed[s.Path] = true
	}
	return true
}

// begun reports whether any part of the step has a record.
func (w *walk) begun(s *Step) bool {
	if w.latest[spot{s.Path, ""}] != nil {
		return true
	}
	for _, t := range w.targets(s) {
		if w.laneBegun(s, t) {
			return true
		}
	}
	return false
}

func (w *walk) laneBegun(s *Step, target string) bool {
	if w.latest[spot{s.Path, target}] != nil {
		return true
	}
	for i := range s.Actions {
		if w.latest[spot{s.Actions[i].Path, target}] != nil {
			return true
		}
	}
	return false
}

// targets are the step's targets now: the plan's, changed by the revisions
// that steps of earlier groups have made. What a guided failure has excluded
// is left out later, because such a target may have begun already.
func (w *walk) targets(s *Step) []string {
	if !s.OnTargets {
		return []string{""}
	}
	targets := s.Targets
	for i := range w.revisions {
		r := &w.revisions[i]
		if !w.passed[r.After] {
			continue
		}
		targets = slices.Clone(targets)
		for _, t := range r.Add[s.Path] {
			if !slices.Contains(targets, t) {
				targets = append(targets, t)
			}
		}
		targets = slices.DeleteFunc(targets, func(t string) bool { _, out := r.Exclude[t]; return out })
	}
	return targets
}

// step walks through one step and reports whether it has ended.
func (w *walk) step(s *Step) bool {
	if r := w.latest[spot{s.Path, ""}]; r != nil && r.State == task.StepSkipped && s.OnTargets {
		return true
	}
	targets := w.targets(s)
	if !w.begun(s) {
		if reason := w.whyNot(s, targets); reason != "" {
			w.skip(s.Path, "", reason)
			return true
		}
	}
	return w.lanes(s, targets)
}

// whyNot is the reason for which a step that has not begun is left out as a
// whole; empty if it is not.
func (w *walk) whyNot(s *Step, targets []string) string {
	switch {
	case s.Skip != "":
		return s.Skip
	case s.Condition == IfSuccess && w.failed:
		return "It runs only while everything before it has succeeded, and something has failed."
	case s.Condition == IfFailure && !w.failed:
		return "It runs only after a failure, and nothing has failed."
	case !s.OnTargets:
		return ""
	}
	for _, t := range targets {
		if !w.excluded[t] {
			return ""
		}
	}
	if len(s.Roles) > 0 {
		return "No target with any of its tags (" + strings.Join(s.Roles, ", ") + ") is left for this run."
	}
	return "No target is left for this run."
}

// finish is the last decision.
func (w *walk) finish() Decision {
	if len(w.failures) == 0 {
		return Decision{Kind: Finish, State: task.Success}
	}
	return Decision{Kind: Finish, State: task.Failed, Reason: w.message()}
}

// message says what failed first, where, and why.
func (w *walk) message() string {
	f := w.failures[0]
	var b strings.Builder
	fmt.Fprintf(&b, "Step %s", f.step.Path)
	if f.step.Path == acquirePath {
		b.Reset()
		b.WriteString("The acquisition of packages")
	} else {
		fmt.Fprintf(&b, " (%s)", f.action.Name)
	}
	b.WriteString(" failed")
	if f.record.Target != "" {
		fmt.Fprintf(&b, " on %s", w.plan.TargetName(f.record.Target))
	}
	if f.record.Error != "" {
		b.WriteString(": " + strings.TrimRight(f.record.Error, ".\n"))
	}
	b.WriteString(".")
	switch n := len(w.failures) - 1; {
	case n == 1:
		b.WriteString(" One other action failed as well.")
	case n > 1:
		fmt.Fprintf(&b, " %d other actions failed as well.", n)
	}
	return b.String()
}
