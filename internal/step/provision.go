package step

import "context"

// ProvisionType is the action that makes an ephemeral environment ready, and
// ProvisionChild what it waits for: the run of a runbook.
const (
	ProvisionType  = "Tako.Provision"
	ProvisionChild = "Provisioning"
)

// Provision runs the runbook that makes an ephemeral environment ready for a
// project, unless it is so already.
var Provision = Register(ProvisionType, ExecutorFunc(func(ctx context.Context, job *Job) (Outcome, error) {
	if ctx.Err() != nil {
		return stopped(context.Cause(ctx), ""), giveUp(ctx)
	}
	if job.Answer != nil {
		return childEnded(job, "The runbook that provisions the environment", "Nothing was provisioned. ")
	}
	return Outcome{
		State: Paused, Pause: &Pause{Child: &Child{Kind: ProvisionChild}},
		Lines: []Line{{Category: WaitLine, Text: "Provisioning the environment, and waiting until it is ready."}},
	}, nil
}))
