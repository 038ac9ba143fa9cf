package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/plan"
	"github.com/takodeploy/tako/internal/run"
	"github.com/takodeploy/tako/internal/step"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
	"github.com/takodeploy/tako/internal/variable"
)

// Source makes the plans of such tasks: one step that runs the script on each
// machine, carried out as steps of deployments are, so that a restart of the
// server neither loses nor repeats it.
type Source struct{ Tools *step.Tools }

// scene is the world around one script.
type scene struct {
	tools *step.Tools
	task  *task.Task
	args  Arguments
}

// Open reads what the task is to do.
func (s Source) Open(_ context.Context, t *task.Task, _ *plan.Plan) (run.Scene, error) {
	c := &scene{tools: s.Tools, task: t}
	if err := json.Unmarshal(t.Arguments, &c.args); err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "The arguments of the script cannot be read")
	}
	return c, nil
}

const (
	stepPath   = "1"
	actionPath = "1.1"
	title      = "Run script"
)

// Plan chooses the machines, at the first pick-up; later ones go on with them.
func (c *scene) Plan(ctx context.Context) (*plan.Plan, error) {
	var found []place
	err := c.tools.Store.View(ctx, func(tx *store.Tx) (err error) {
		found, err = c.args.places(tx, c.task.SpaceID)
		return err
	})
	if err != nil {
		return nil, err
	}
	p := &plan.Plan{MaxParallelism: 1}
	s := plan.Step{
		Path: stepPath, Name: title, Condition: plan.IfSuccess, Start: plan.AfterPrevious, OnTargets: true, Window: plan.DefaultParallelism,
		Actions: []plan.Action{{Path: actionPath, Name: title, Type: "Octopus.Script", Condition: plan.IfSuccess, RunOn: plan.OnTarget, Properties: c.properties()}},
	}
	for _, at := range found {
		if at.Skip != "" {
			p.Notes = append(p.Notes, at.Skip)
			continue
		}
		p.Targets, s.Targets = append(p.Targets, plan.Target{ID: at.ID, Name: at.Name}), append(s.Targets, at.ID)
	}
	if len(s.Targets) == 0 {
		return nil, fault.New(fault.Invalid, "There is no machine any more to run the script on.")
	}
	p.Steps = []plan.Step{s}
	return p, nil
}

func (c *scene) properties() map[string]string {
	return map[string]string{
		"Octopus.Action.Script.ScriptSource": "Inline", "Octopus.Action.Script.Syntax": c.args.Syntax, "Octopus.Action.Script.ScriptBody": c.args.ScriptBody,
	}
}

// Place is the machine itself.
func (c *scene) Place(ctx context.Context, j *step.Job, _ plan.RunOn, _ string) (at step.Place, err error) {
	err = c.tools.Store.View(ctx, func(tx *store.Tx) error {
		if strings.HasPrefix(j.Target, catalog.Workers.Prefix+"-") {
			w, err := catalog.Workers.Get(tx, j.Target)
			if err == nil {
				at = step.Place{ID: w.ID, Name: w.Name, Worker: true}
			}
			return err
		}
		m, err := catalog.Machines.Get(tx, j.Target)
		if err == nil {
			at = step.Place{ID: m.ID, Name: m.Name}
		}
		return err
	})
	if fault.Is(err, fault.NotFound) {
		return at, fault.New(fault.NotFound, "%s is not there any more.", j.Target)
	}
	return at, err
}

// Fill gives the script the variables of its space, task and machine.
func (c *scene) Fill(ctx context.Context, j *step.Job, _ plan.Standing) error {
	f := variable.Facts{
		Task: &variable.TaskFacts{Ref: variable.Ref{ID: c.task.ID, Name: c.task.Description}},
		Step: &variable.StepFacts{Ref: variable.Ref{Name: title}}, Action: &variable.ActionFacts{Ref: variable.Ref{Name: title}, Properties: map[string]variable.Property{}},
	}
	for name, value := range c.properties() {
		f.Action.Properties[name] = variable.Property{Value: value}
	}
	var machine []variable.Value
	err := c.tools.Store.View(ctx, func(tx *store.Tx) error {
		checkup, err := step.CheckupOf(tx, j.Target, j.TaskID)
		machine = checkup.Facts
		return err
	})
	if err != nil {
		return fmt.Errorf("read %s for a script: %w", j.Target, err)
	}
	j.Variables, j.Tools = variable.Resolve(append(machine, variable.System(f)...), variable.Context{}), c.tools
	return nil
}

// Began has nothing to add: that the task was asked for is in the audit trail.
func (c *scene) Began(*store.Tx) error { return nil }

// Secrets are none: what is secret has no place in what is typed here.
func (c *scene) Secrets() []string { return nil }

// Eval is asked nothing: the step has no condition.
func (c *scene) Eval(string, string, string, plan.Standing) (bool, error) { return false, nil }

var errAlone = errors.New("a script of the console asks nobody and starts nothing")

// Interrupt is for steps that ask people.
func (c *scene) Interrupt(*store.Tx, *task.Task, run.Question) error { return errAlone }

// Child is for steps that start other tasks.
func (c *scene) Child(*store.Tx, *task.Task, string, step.Child) error { return errAlone }

// Ended has nothing to add to the task's end.
func (c *scene) Ended(*store.Tx, *task.Task, task.State, plan.Standing) error { return nil }
