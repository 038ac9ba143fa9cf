package plan

import (
	"time"

	"github.com/takodeploy/tako/internal/task"
)

// lane is how far a step has come on one target.
type lane struct {
	ended   bool
	failed  bool
	pending bool // a failure on it awaits a decision
}

// lanes walks through a step's targets as far as its window allows and reports
// whether all have ended. The window slides: the next target starts as soon as
// any of those before it has ended.
func (w *walk) lanes(s *Step, targets []string) bool {
	active, ended := 0, true
	var broken, pending string // targets that keep others of a rolling step out
	var held []string
	for _, t := range targets {
		if !w.laneBegun(s, t) {
			held = append(held, t)
			continue
		}
		l := w.lane(s, t)
		if !l.ended {
			active++
			ended = false
		}
		if l.failed && broken == "" {
			broken = t
		}
		if l.pending {
			pending = t
		}
	}
	for _, t := range held {
		switch {
		case w.excluded[t]:
		case s.Rolling && broken != "":
			w.skip(s.Path, t, "It failed on "+w.plan.TargetName(broken)+", and a rolling step then starts on no further target.")
		case active >= s.Window || (s.Rolling && pending != ""):
			ended = false
			w.decide(Decision{Kind: Wait, Key: task.Key{Path: s.Path, Target: t}, For: ForWindow})
		default:
			if s.Condition == IfVariable {
				if why := w.condition(s.Expression, s.Path, t); why.reason != "" {
					w.leave(s.Path, t, why)
					continue
				}
			}
			if l := w.lane(s, t); !l.ended {
				active++
				ended = false
			}
		}
	}
	return ended
}

// lane walks through a step's actions on one target until one has not ended.
func (w *walk) lane(s *Step, target string) lane {
	if w.latest[spot{s.Path, target}] != nil {
		return lane{ended: true} // the step was skipped on this target
	}
	var l lane
	for i := range s.Actions {
		a := &s.Actions[i]
		r := w.latest[spot{a.Path, target}]
		if r == nil {
			if w.excluded[target] && target != "" {
				break
			}
			if why := w.whyNotAction(a, target, l.failed); why.reason != "" {
				w.leave(a.Path, target, why)
				continue
			}
			w.decide(Decision{Kind: Start, Key: task.Key{Path: a.Path, Target: target, Attempt: 1}})
			return l
		}
		switch w.record(a, r) {
		case open:
			return l
		case asking:
			l.pending = true
			return l
		case bad:
			l.failed = true
			w.failures = append(w.failures, failure{s, a, r})
		}
	}
	l.ended = true
	return l
}

func (w *walk) whyNotAction(a *Action, target string, failed bool) no {
	switch {
	case a.Skip != "":
		return no{reason: a.Skip}
	case a.Condition == IfVariable:
		return w.condition(a.Expression, a.Path, target)
	case failed:
		return no{reason: "An earlier part of the step has failed."}
	}
	return no{}
}

// verdict is what a record means for its lane.
type verdict int

const (
	good   verdict = iota // the lane goes on
	bad                   // the lane has failed here
	open                  // the lane waits here
	asking                // the lane waits here for a person to decide on a failure
)

// record judges the latest attempt of an action and decides what follows.
func (w *walk) record(a *Action, r *task.Record) verdict {
	switch r.State {
	case task.StepSucceeded, task.StepSkipped:
		return good
	case task.StepStarting, task.StepRunning:
		w.decide(Decision{Kind: Wait, Key: r.Key, For: ForRunning})
		return open
	case task.StepPaused:
		w.paused(a, r)
		return open
	case task.StepCanceled:
		return bad
	}
	if r.Attempt <= a.Retries {
		at := time.Time{}
		if a.Backoff > 0 {
			at = r.Ended.Add(a.Backoff)
		}
		w.retry(r, at)
		return open
	}
	return w.guided(a, r)
}

func (w *walk) retry(r *task.Record, at time.Time) {
	next := r.Key
	next.Attempt++
	if w.clock.Before(at) {
		w.decide(Decision{Kind: Wait, Key: next, For: ForClock, Until: at})
		return
	}
	w.decide(Decision{Kind: Start, Key: next})
}

// paused decides on a record that waits for something outside.
func (w *walk) paused(a *Action, r *task.Record) {
	wait := Decision{Kind: Wait, Key: r.Key}
	switch {
	case r.Asked != "":
		if e := w.answers[r.Asked]; e != nil {
			w.decide(Decision{Kind: Continue, Key: r.Key, Event: e})
			return
		}
		wait.For, wait.Block = ForPerson, a.Block
	case r.Child != "":
		if e := w.answers[r.Child]; e != nil {
			w.decide(Decision{Kind: Continue, Key: r.Key, Event: e})
			return
		}
		// A parent that let others in while its child runs would not be one
		// deployment any more.
		wait.For, wait.Block = ForChild, true
	default:
		if !w.clock.Before(r.WakeAt) {
			w.decide(Decision{Kind: Continue, Key: r.Key})
			return
		}
		wait.For, wait.Until, wait.Block = ForClock, r.WakeAt, true
	}
	w.decide(wait)
}

// guided decides on an action that has failed for good unless a person
// decides otherwise.
func (w *walk) guided(a *Action, r *task.Record) verdict {
	if r.Asked == "" {
		if !w.plan.GuidedFailure || a.Unguided {
			return bad
		}
		w.decide(Decision{Kind: Interrupt, Key: r.Key, Reason: r.Error, Choices: a.Choices(r.Target)})
		return asking
	}
	e := w.answers[r.Asked]
	if e == nil {
		w.decide(Decision{Kind: Wait, Key: r.Key, For: ForPerson})
		return asking
	}
	switch Choice(e.Text) {
	case ChooseRetry:
		w.retry(r, time.Time{})
		return open
	case ChooseIgnore:
		if !a.Required {
			return good
		}
	case ChooseExclude:
		if !a.Required && r.Target != "" {
			return good // the lane ends because the target is excluded
		}
	}
	return bad
}
