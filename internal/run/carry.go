package run

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/takodeploy/tako/internal/plan"
	"github.com/takodeploy/tako/internal/step"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

// carryOut prepares one decision for the commit.
func (n *run) carryOut(ctx context.Context, d plan.Decision, w *waits) {
	switch d.Kind {
	case plan.Start:
		n.begin(ctx, d)
	case plan.Continue:
		if r, ok := n.book.get(d.Key); ok && n.flights[d.Key] == nil {
			n.board(r, d.Event, true)
		}
	case plan.Skip:
		n.skip(d)
	case plan.Interrupt:
		n.interrupt(d)
		w.asked = append(w.asked, GuidedFailure)
	case plan.Stop:
		n.stop(d.Key)
	case plan.Finish:
		n.finish(d)
	case plan.Wait:
		w.add(d)
		switch d.For {
		case plan.ForRunning:
			if r, ok := n.book.get(d.Key); ok && n.flights[d.Key] == nil {
				n.board(r, nil, true)
			}
		case plan.ForPerson:
			w.asked = append(w.asked, n.typeOf(d.Key))
		}
	}
}

// save adds a record to the next commit.
func (n *run) save(r task.Record) {
	n.book.put(r)
	n.next.Records = slices.DeleteFunc(n.next.Records, func(old task.Record) bool { return old.Key == r.Key })
	n.next.Records = append(n.next.Records, r)
}

// say adds a line to the next commit, so that it is there if and only if what
// it tells is on record.
func (n *run) say(k task.Key, c task.Category, text string) {
	n.next.Logs = append(n.next.Logs, task.Lines{Path: k.Path, Target: k.Target, Lines: []task.Line{{Category: c, Text: text}}})
}

// begin makes the record of an action that is to start. Nothing of it happens
// before the record is committed.
func (n *run) begin(ctx context.Context, d plan.Decision) {
	_, a := n.plan.Find(d.Path)
	r := task.Record{Key: d.Key, State: task.StepStarting, Ticket: n.x.Ticket(d.Key), Started: n.x.Now()}
	if d.Attempt > 1 {
		n.say(d.Key, task.Info, "Attempt "+strconv.Itoa(d.Attempt)+".")
	}
	trouble := ""
	if _, known := step.Find(a.Type); !known {
		trouble = "This server has nothing that carries out steps of the type " + a.Type + "."
	} else {
		place, err := n.scene.Place(ctx, n.job(r), a.RunOn, a.WorkerPool)
		if err != nil {
			trouble = err.Error()
		} else if place.Worker {
			r.Worker = place.ID
		}
	}
	if trouble == "" {
		n.save(r)
		n.board(r, nil, false)
		return
	}
	r.State, r.Error, r.Ended = task.StepFailed, trouble, n.x.Now()
	n.say(d.Key, task.Fatal, trouble)
	n.save(r)
	n.again = true
}

// skip makes the record of what is left out.
func (n *run) skip(d plan.Decision) {
	now := n.x.Now()
	as := task.Info
	if d.Warn {
		as = task.Warning
	}
	n.say(d.Key, as, "Skipped. "+d.Reason)
	n.save(task.Record{Key: d.Key, State: task.StepSkipped, Reason: d.Reason, Started: now, Ended: now})
}

// correlation names the interruption of a record. A record that asks again
// gets another one.
func (n *run) correlation(r *task.Record) string {
	if r.Asked != "" {
		return r.Asked + "+"
	}
	return n.x.Task.ID + "/" + r.Key.String()
}

// interrupt asks a person about a failed action.
func (n *run) interrupt(d plan.Decision) {
	r, _ := n.book.get(d.Key)
	s, a := n.plan.Find(d.Path)
	r.Asked = n.correlation(&r)
	q := Question{
		Correlation: r.Asked, Key: r.Key, Type: GuidedFailure, Step: s.Name, Action: a.Name, Target: n.targetName(d.Target),
		Interruption: step.Interruption{Title: "What shall be done about the failure of \"" + a.Name + "\"?", Instructions: r.Error},
	}
	for _, c := range d.Choices {
		q.Choices = append(q.Choices, string(c))
	}
	n.say(d.Key, task.WaitLine, "It has failed, and somebody is asked what to do.")
	n.save(r)
	n.raise(q)
	n.again = true
}

func (n *run) raise(q Question) {
	t := &n.x.Task
	// What people are asked is kept as it is shown.
	q.Title, q.Instructions = n.x.Masked(q.Title), n.x.Masked(q.Instructions)
	n.next.Then = append(n.next.Then, func(tx *store.Tx) error { return n.scene.Interrupt(tx, t, q) })
}

func (n *run) targetName(id string) string {
	if id == "" {
		return ""
	}
	return n.plan.TargetName(id)
}

// typeOf is the type of the interruption that a record waits for.
func (n *run) typeOf(k task.Key) string {
	if r, ok := n.book.get(k); ok && r.State == task.StepPaused {
		return ManualIntervention
	}
	return GuidedFailure
}

// stop ends one record because the task is being canceled. What runs is told
// so and lands later; what may run at a far end, unseen by this process, is
// attached to first.
func (n *run) stop(k task.Key) {
	if f := n.flights[k]; f != nil {
		f.cancel(n.asked())
		return
	}
	r, _ := n.book.get(k)
	if r.State == task.StepPaused {
		r.State, r.Ended = task.StepCanceled, n.x.Now()
		n.save(r)
		n.again = true
		return
	}
	f := n.board(r, nil, true)
	f.cause = n.asked()
}

// finish ends the task.
func (n *run) finish(d plan.Decision) {
	o := &task.Outcome{Error: d.Reason}
	switch d.State {
	case task.Success:
		o.Act = task.Succeed
	case task.Canceled:
		o.Act, o.Error = task.Stop, ""
		n.say(task.Key{}, task.Warning, d.Reason)
	default:
		o.Act = task.Fail
		n.say(task.Key{}, task.Fatal, d.Reason)
	}
	n.next.Outcome = o
	records := slices.Clone(n.book.list())
	for i := range records {
		// What is told of the end goes to the audit trail, which shows no secrets.
		records[i].Error = n.x.Masked(records[i].Error)
	}
	t, so := &n.x.Task, plan.Standing{Plan: n.plan, Records: records}
	n.next.Then = append(n.next.Then, func(tx *store.Tx) error { return n.scene.Ended(tx, t, d.State, so) })
}

// noteAnswers marks the failures that somebody has decided to ignore.
func (n *run) noteAnswers() {
	for _, e := range n.x.Events {
		if e.Kind != task.EventAnswer || plan.Choice(e.Text) != plan.ChooseIgnore && plan.Choice(e.Text) != plan.ChooseExclude {
			continue
		}
		r, ok := n.book.get(e.Key)
		_, a := n.plan.Find(e.Path)
		if !ok || r.Ignored || r.Asked != e.Ref || a == nil || a.Required {
			continue
		}
		r.Ignored = true
		n.say(e.Key, task.Info, map[plan.Choice]string{
			plan.ChooseIgnore: "The failure is ignored, as was decided.", plan.ChooseExclude: "The target is left out from here on, as was decided.",
		}[plan.Choice(e.Text)])
		n.save(r)
	}
}

// land takes up what a flight has come to.
func (n *run) land(f *flight) {
	delete(n.flights, f.key)
	if f.lost {
		return // it was let go of, and the record stays as it is
	}
	r, _ := n.book.get(f.key)
	o := f.outcome
	logs := task.Lines{Path: f.key.Path, Target: f.key.Target, Lines: Lines(o.Lines)}
	r.ExitCode = o.ExitCode
	r.Outputs = n.merge(r.Outputs, o.Outputs)
	r.Error = o.Error
	switch o.State {
	case step.Succeeded:
		r.State = task.StepSucceeded
	case step.Canceled:
		r.State = task.StepCanceled
	case step.Lost:
		r.State = task.StepLost
	case step.Paused:
		n.pauseAt(&r, o.Pause)
	default:
		r.State = task.StepFailed
	}
	if r.State == task.StepFailed || r.State == task.StepLost {
		logs.Lines = append(logs.Lines, task.Line{Category: task.Fatal, Text: r.Error})
	}
	if p := o.Pause; p != nil && p.Child != nil && o.State == step.Succeeded {
		n.child(r.Key, *p.Child)
	}
	if r.State.Ended() {
		r.Ended = n.x.Now()
	}
	for _, l := range logs.Lines {
		r.Warnings = r.Warnings || l.Category == task.Warning || l.Category == task.Error
	}
	if len(logs.Lines) > 0 {
		n.next.Logs = append(n.next.Logs, logs)
	}
	if o.Done != nil {
		n.forget = append(n.forget, o.Done)
	}
	n.revise(&r, o.Revision)
	n.save(r)
}

// pauseAt notes what a record waits for, and raises or creates it.
func (n *run) pauseAt(r *task.Record, p *step.Pause) {
	r.State = task.StepPaused
	s, a := n.plan.Find(r.Path)
	switch {
	case p == nil:
		r.State, r.Error = task.StepFailed, "The step paused without saying for what."
	case p.Interruption != nil:
		r.Asked = n.correlation(r)
		r.Child, r.WakeAt = "", zero
		n.raise(Question{
			Correlation: r.Asked, Key: r.Key, Type: ManualIntervention, Step: s.Name, Action: a.Name,
			Target: n.targetName(r.Target), Interruption: *p.Interruption,
		})
	case p.Child != nil:
		r.Child = r.Key.String()
		r.Asked, r.WakeAt = "", zero
		n.child(r.Key, *p.Child)
	default:
		r.WakeAt = p.Until
		r.Asked, r.Child = "", ""
	}
}

func (n *run) child(k task.Key, c step.Child) {
	t := &n.x.Task
	n.next.Then = append(n.next.Then, func(tx *store.Tx) error { return n.scene.Child(tx, t, k.String(), c) })
}

// revise appends a change of the targets to the plan, with the record that
// has found it.
func (n *run) revise(r *task.Record, v *step.Revision) {
	if v == nil || !r.State.Ended() {
		return
	}
	own, _ := n.plan.Find(r.Path)
	rev := plan.Revision{After: own.Path, Exclude: v.Exclude}
	for _, in := range v.Include {
		rev.Targets = append(rev.Targets, plan.Target{ID: in.ID, Name: in.Name})
		for i := range n.plan.Steps {
			s := &n.plan.Steps[i]
			if s.OnTargets && slices.ContainsFunc(s.Roles, func(role string) bool { return slices.Contains(in.Roles, role) }) {
				if rev.Add == nil {
					rev.Add = map[string][]string{}
				}
				rev.Add[s.Path] = append(rev.Add[s.Path], in.ID)
			}
		}
	}
	data, err := json.Marshal(rev)
	if err != nil {
		return // strings only; cannot fail
	}
	n.fresh = append(n.fresh, task.Event{Kind: task.EventRevision, Key: r.Key, At: n.x.Now(), Data: data})
}
