// Package health checks the health of machines: the task that does it, and the
// schedule of machine policies that asks for it.
package health

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/plan"
	"github.com/takodeploy/tako/internal/run"
	"github.com/takodeploy/tako/internal/step"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

// TaskName is the name of the tasks that check the health of machines.
const TaskName = "Health"

// Arguments say which machines a task checks; without any it checks all
// of its space.
type Arguments struct {
	MachineIDs      IDList   `json:"MachineIds,omitempty"`
	EnvironmentID   string   `json:"EnvironmentId,omitempty"`
	WorkerPoolID    string   `json:"WorkerpoolId,omitempty"`
	MachinePolicyID string   `json:"MachinePolicyId,omitempty"`
	RestrictedTo    string   `json:"RestrictedTo,omitempty"` // DeploymentTargets or Workers
	Timeout         TimeSpan `json:"Timeout,omitempty"`
	MachineTimeout  TimeSpan `json:"MachineTimeout,omitempty"`
}

// Read reads arguments as clients send them. What is not known is refused: a
// misspelt member left out would have all machines checked instead of one.
func Read(raw json.RawMessage) (a Arguments, err error) {
	if err := kind.Unmarshal(raw, &a); err != nil {
		return a, err
	}
	var wrong fault.Complaints
	for _, name := range kind.UnknownMembers(raw, a) {
		wrong.Add("Arguments.%s is not known to health checks. They know %s.", name, strings.Join(kind.Members(a), ", "))
	}
	return a, wrong.Err()
}

// Check complains of what is named and not there: a check that goes past a
// misspelt machine would say that all is well.
func (a *Arguments) Check(tx *store.Tx, space string) error {
	names := []catalog.Named{
		{Member: "Arguments.EnvironmentId", ID: a.EnvironmentID, Kinds: []string{"Environments"}},
		{Member: "Arguments.WorkerpoolId", ID: a.WorkerPoolID, Kinds: []string{"WorkerPools"}},
		{Member: "Arguments.MachinePolicyId", ID: a.MachinePolicyID, Kinds: []string{"MachinePolicies"}},
	}
	for _, id := range a.MachineIDs {
		names = append(names, catalog.Named{Member: "Arguments.MachineIds", ID: id, Kinds: []string{"Machines", "Workers"}})
	}
	var wrong fault.Complaints
	if err := catalog.CheckNamed(tx, space, names, &wrong); err != nil {
		return err
	}
	return wrong.Err()
}

// IDList is a list of ids, which clients also send as one text with commas.
type IDList []string

// UnmarshalJSON reads either form.
func (l *IDList) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) == nil {
		*l = strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == ';' })
		return nil
	}
	return json.Unmarshal(data, (*[]string)(l))
}

// TimeSpan is a length of time as the wire has it; what is none is 0.
type TimeSpan time.Duration

// UnmarshalJSON reads "00:05:00".
func (s *TimeSpan) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil || strings.TrimSpace(text) == "" {
		return err
	}
	d, err := catalog.ParseTimeSpan(text)
	*s = TimeSpan(d)
	return err
}

// MarshalJSON is the inverse of UnmarshalJSON.
func (s TimeSpan) MarshalJSON() ([]byte, error) {
	return json.Marshal(catalog.FormatTimeSpan(time.Duration(s)))
}

// Checker carries out the tasks that check the health of machines.
type Checker struct {
	Tools *step.Tools
	// Parallel is how many machines are checked at once; 0 is ten.
	Parallel int
}

// patient is a machine whose health is to be checked.
type patient struct {
	ID   string
	Name string
	// Optional says that it may be away without anything being wrong.
	Optional bool `json:",omitempty"`
}

// healthPath is the one step of a health check's tree.
const healthPath = "1"

// round is one pick-up of a task that checks health.
type round struct {
	*Checker
	x        *task.Execution
	args     Arguments
	patients []patient
	records  map[string]task.Record
	canceled bool
}

// result is what became of one check.
type result struct {
	patient patient
	health  step.Health
	err     error
	began   time.Time
}

// Run checks each machine that has not been checked yet. A check that was cut
// off by a restart is made again: it changes nothing on the machine.
func (c *Checker) Run(ctx context.Context, x *task.Execution) (task.Outcome, error) {
	r := &round{Checker: c, x: x, records: map[string]task.Record{}}
	if err := json.Unmarshal(x.Task.Arguments, &r.args); err != nil {
		return task.Outcome{Act: task.Fail, Error: "The arguments of the health check cannot be read: " + err.Error()}, nil
	}
	for _, rec := range x.Records {
		r.records[rec.Target] = rec
	}
	if err := r.open(ctx); err != nil {
		if fault.Mendable(err) {
			return task.Outcome{Act: task.Fail, Error: err.Error()}, nil
		}
		return task.Outcome{}, err
	}
	if err := r.checkAll(ctx); err != nil {
		return task.Outcome{}, err
	}
	return r.outcome(), nil
}

// open chooses the machines at the first pick-up; later ones go on with them.
func (r *round) open(ctx context.Context) error {
	if r.x.Plan != nil {
		return json.Unmarshal(r.x.Plan, &r.patients)
	}
	err := r.x.View(ctx, func(tx *store.Tx) (err error) {
		r.patients, err = patients(tx, r.x.Task.SpaceID, r.args)
		return err
	})
	if err != nil {
		return err
	}
	plan, err := json.Marshal(r.patients)
	if err != nil {
		return fmt.Errorf("store the plan of a health check: %w", err)
	}
	o := &task.Outline{Steps: []task.Place{{Path: healthPath, Name: "Check health"}}, Targets: map[string]string{}}
	for _, p := range r.patients {
		o.Targets[p.ID] = p.Name
	}
	if len(r.patients) == 0 {
		r.x.Say("", "", task.Info, "There are no machines to check.")
	}
	return r.x.Save(ctx, task.Save{Plan: plan, Outline: o})
}

// patients chooses the machines that the arguments mean. A machine that is
// disabled is left alone unless it is named.
func patients(tx *store.Tx, space string, a Arguments) ([]patient, error) {
	optional, err := mayBeAway(tx, space)
	if err != nil {
		return nil, err
	}
	var list []patient
	take := func(b *kind.Base, name string, c *catalog.Condition, within bool) {
		if len(a.MachineIDs) > 0 {
			within = slices.Contains(a.MachineIDs, b.ID)
		} else {
			within = within && !c.IsDisabled && (a.MachinePolicyID == "" || c.MachinePolicyID == a.MachinePolicyID)
		}
		if within {
			list = append(list, patient{ID: b.ID, Name: name, Optional: optional[c.MachinePolicyID]})
		}
	}
	onlyWorkers := strings.EqualFold(a.RestrictedTo, "Workers") || a.WorkerPoolID != "" && a.EnvironmentID == ""
	onlyTargets := strings.EqualFold(a.RestrictedTo, "DeploymentTargets") || strings.EqualFold(a.RestrictedTo, "Machines") || a.EnvironmentID != "" && a.WorkerPoolID == ""
	if !onlyWorkers || len(a.MachineIDs) > 0 {
		all, _, err := catalog.Machines.List(tx, kind.Query{Space: space})
		if err != nil {
			return nil, err
		}
		for _, m := range all {
			take(&m.Base, m.Name, &m.Condition, a.EnvironmentID == "" || slices.Contains(m.EnvironmentIDs, a.EnvironmentID))
		}
	}
	if !onlyTargets || len(a.MachineIDs) > 0 {
		all, _, err := catalog.Workers.List(tx, kind.Query{Space: space})
		if err != nil {
			return nil, err
		}
		for _, w := range all {
			take(&w.Base, w.Name, &w.Condition, a.WorkerPoolID == "" || slices.Contains(w.WorkerPoolIDs, a.WorkerPoolID))
		}
	}
	return list, nil
}

// mayBeAway lists the policies whose machines may be unavailable.
func mayBeAway(tx *store.Tx, space string) (map[string]bool, error) {
	all, _, err := catalog.MachinePolicies.List(tx, kind.Query{Space: space})
	if err != nil {
		return nil, err
	}
	optional := map[string]bool{}
	for _, p := range all {
		optional[p.ID] = p.MachineConnectivityPolicy.MachineConnectivityBehavior == "MayBeOfflineAndCanBeSkipped"
	}
	return optional, nil
}

// checkAll checks several machines at a time and commits each finding with
// the machine's change.
func (r *round) checkAll(ctx context.Context) error {
	work, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	if r.args.Timeout > 0 {
		limit := time.AfterFunc(r.x.Task.Started.Add(time.Duration(r.args.Timeout)).Sub(r.x.Now()), func() { stop(step.ErrTimedOut) })
		defer limit.Stop()
	}
	results := make(chan result)
	waiting := slices.DeleteFunc(slices.Clone(r.patients), func(p patient) bool { return r.records[p.ID].State.Ended() })
	limit, running := r.Parallel, 0
	if limit <= 0 {
		limit = plan.DefaultParallelism
	}
	canceled := r.x.Canceled()
	for len(waiting) > 0 || running > 0 {
		for running < limit && len(waiting) > 0 && work.Err() == nil {
			if err := r.begin(ctx, waiting[0]); err != nil {
				stop(err)
				r.drain(results, running)
				return err
			}
			go r.check(work, waiting[0], results)
			waiting, running = waiting[1:], running+1
		}
		if running == 0 {
			return r.leaveOut(ctx, work, waiting)
		}
		select {
		case got := <-results:
			running--
			if err := r.end(ctx, work, got); err != nil {
				stop(err)
				r.drain(results, running)
				return err
			}
		case <-canceled:
			r.canceled, canceled = true, nil
			stop(step.ErrCanceled)
		}
	}
	return ctx.Err()
}

func (r *round) drain(results <-chan result, running int) {
	for range running {
		<-results
	}
}

// begin puts on record that a machine is being checked.
func (r *round) begin(ctx context.Context, p patient) error {
	rec := r.records[p.ID]
	if rec.State == task.StepStarting {
		return nil // it was begun by a process that is gone
	}
	rec = task.Record{Key: task.Key{Path: healthPath, Target: p.ID, Attempt: 1}, State: task.StepStarting, Started: r.x.Now()}
	r.records[p.ID] = rec
	return r.x.Save(ctx, task.Save{Records: []task.Record{rec}})
}

// check looks at one machine.
func (r *round) check(ctx context.Context, p patient, results chan<- result) {
	got := result{patient: p}
	var c step.Checkup
	got.err = r.x.View(ctx, func(tx *store.Tx) (err error) {
		c, err = step.CheckupOf(tx, p.ID, r.x.Task.ID)
		return err
	})
	if got.err == nil {
		if r.args.MachineTimeout > 0 {
			c.Timeout = time.Duration(r.args.MachineTimeout)
		}
		got.health, got.err = step.Examine(ctx, r.Tools, c)
	}
	results <- got
}

// end commits what was found, with the log and the machine's change.
func (r *round) end(ctx, work context.Context, got result) error {
	rec := r.records[got.patient.ID]
	rec.Ended = r.x.Now()
	s := task.Save{}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case work.Err() != nil && got.err != nil:
		rec.State, rec.Error = task.StepCanceled, r.why(work)
	case fault.Is(got.err, fault.NotFound):
		rec.State, rec.Error = task.StepFailed, got.patient.Name+" is not there any more."
	case got.err != nil:
		return got.err
	default:
		rec.State = task.StepSucceeded
		if got.health.Status == catalog.Unhealthy || got.health.Status == catalog.Unavailable && !got.patient.Optional {
			rec.State, rec.Error = task.StepFailed, got.health.Summary
		}
		rec.Warnings = got.health.Status != catalog.Healthy
		id, health, at := got.patient.ID, got.health, r.x.Now()
		s.Then = append(s.Then, func(tx *store.Tx) error { return step.RecordHealth(tx, id, health, at) })
	}
	s.Records = []task.Record{rec}
	if len(got.health.Lines) > 0 {
		s.Logs = []task.Lines{{Path: rec.Path, Target: rec.Target, Lines: run.Lines(got.health.Lines)}}
	}
	if err := r.x.Save(ctx, s); err != nil {
		return fmt.Errorf("record the health of %s: %w", got.patient.ID, err)
	}
	r.records[got.patient.ID] = rec
	return nil
}

// why is the reason for which checks were cut off.
func (r *round) why(work context.Context) string {
	if errors.Is(context.Cause(work), step.ErrTimedOut) {
		return "The time for the health check was up."
	}
	return "The health check was canceled."
}

// leaveOut puts on record what was not begun any more.
func (r *round) leaveOut(ctx, work context.Context, waiting []patient) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var s task.Save
	for _, p := range waiting {
		rec := r.records[p.ID]
		rec.Key, rec.Ended = task.Key{Path: healthPath, Target: p.ID, Attempt: 1}, r.x.Now()
		if rec.State == "" {
			rec.State, rec.Reason, rec.Started = task.StepSkipped, r.why(work), rec.Ended
		} else {
			rec.State, rec.Error = task.StepCanceled, r.why(work)
		}
		r.records[p.ID] = rec
		s.Records = append(s.Records, rec)
	}
	return r.x.Save(ctx, s)
}

// outcome sums up: a machine that is not well makes the task fail, so that
// somebody looks.
func (r *round) outcome() task.Outcome {
	if r.canceled {
		return task.Outcome{Act: task.Stop}
	}
	bad, undone := 0, 0
	for _, p := range r.patients {
		switch r.records[p.ID].State {
		case task.StepFailed:
			bad++
		case task.StepCanceled, task.StepSkipped:
			undone++
		}
	}
	switch {
	case undone > 0:
		return task.Outcome{Act: task.RunOut, Error: fmt.Sprintf("The time was up before %d of %d machines were checked.", undone, len(r.patients))}
	case bad == 1 && len(r.patients) == 1:
		return task.Outcome{Act: task.Fail, Error: fmt.Sprintf("%s is not well: %s", r.patients[0].Name, r.records[r.patients[0].ID].Error)}
	case bad > 0:
		return task.Outcome{Act: task.Fail, Error: fmt.Sprintf("%d of %d machines are not well.", bad, len(r.patients))}
	}
	return task.Outcome{Act: task.Succeed}
}
