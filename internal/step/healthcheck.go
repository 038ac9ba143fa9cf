package step

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/store"
)

// HealthCheck checks the targets of the step while a deployment runs. Those
// that are not well fail it, or are left out of what follows; those that are
// may join what follows.
var HealthCheck = Register("Octopus.HealthCheck", ExecutorFunc(runHealthCheck))

func runHealthCheck(ctx context.Context, job *Job) (Outcome, error) {
	if ctx.Err() != nil {
		return stopped(context.Cause(ctx), ""), giveUp(ctx)
	}
	if job.Target == "" {
		return Failure("A health check needs deployment targets; the step %q names no target tags.", job.StepName), nil
	}
	if job.Tools == nil || job.Tools.Store == nil || job.Tools.Reach == nil {
		return Failure("This server has no way to any machine."), nil
	}
	v := newValues(job)
	var c Checkup
	var roles []string
	err := job.Tools.Store.View(ctx, func(tx *store.Tx) (err error) {
		if c, err = CheckupOf(tx, job.Target, job.Ticket); err != nil {
			return err
		}
		m, err := catalog.Machines.Get(tx, job.Target)
		if err == nil {
			roles = m.Roles
		}
		return err
	})
	if err != nil {
		return failed(ctx, err)
	}
	c.Connectivity = c.Connectivity || strings.EqualFold(strings.TrimSpace(v.text("Octopus.Action.HealthCheck.Type")), "ConnectionTest")
	h, err := Examine(ctx, job.Tools, c)
	if err != nil {
		return failed(ctx, err)
	}
	at := time.Now().UTC()
	record := func(tx *store.Tx) error { return RecordHealth(tx, job.Target, h, at) }
	if err := job.Take(ctx, Batch{Then: []func(*store.Tx) error{record}}); err != nil {
		return Outcome{}, err
	}
	return concluded(job, v, c, h, roles), nil
}

// concluded says what a finding means for the deployment.
func concluded(job *Job, v values, c Checkup, h Health, roles []string) Outcome {
	o := Outcome{State: Succeeded, Lines: h.Lines}
	if h.Status == catalog.Healthy || h.Status == catalog.HasWarnings {
		if strings.EqualFold(strings.TrimSpace(v.text("Octopus.Action.HealthCheck.IncludeMachinesInDeployment")), "IncludeCheckedMachines") {
			o.Revision = &Revision{Include: []Included{{Target: Target{ID: job.Target, Name: c.Name}, Roles: roles}}}
		}
		return o
	}
	why := fmt.Sprintf("%s is %s. %s", c.Name, strings.ToLower(h.Status), h.Summary)
	if !strings.EqualFold(strings.TrimSpace(v.text("Octopus.Action.HealthCheck.ErrorHandling")), "TreatExceptionsAsWarnings") {
		o.State, o.Error = Failed, why
		return o
	}
	// It is no error of the deployment any more.
	for i := range o.Lines {
		if o.Lines[i].Category == Error || o.Lines[i].Category == Fatal {
			o.Lines[i].Category = Warning
		}
	}
	o.Lines = append(o.Lines, Line{Category: Warning, Text: fmt.Sprintf("%s is left out of the steps that follow.", c.Name)})
	o.Revision = &Revision{Exclude: map[string]string{job.Target: why}}
	return o
}
