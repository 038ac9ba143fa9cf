package projectfile_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/projectfile"
)

func TestRunbook(t *testing.T) {
	const file = `name = "Restart it"
cancel_queued_tasks = true
description = "Turns it off and on"
tags = ["Ring/Gold"]

connectivity_policy {
    allow_deployments_to_no_targets = true
}

process {
    step "stop" {
        name = "Stop"

        action {
            action_type = "Octopus.Script"
            properties = {
                Octopus.Action.Script.ScriptBody = "stop"
                Octopus.Action.Script.Syntax = "Bash"
            }
        }
    }
}

run_retention_policy {
    quantity_to_keep = 5
}`
	r, steps, err := projectfile.ReadRunbook(".octopus/runbooks/restart-it.ocl", []byte(file), space())
	if err != nil {
		t.Fatal(details(err))
	}
	if r.Slug != "restart-it" || r.Name != "Restart it" || !r.CancelQueuedTasks || r.RunRetentionPolicy.QuantityToKeep != 5 || !r.ConnectivityPolicy.AllowDeploymentsToNoTargets || len(steps) != 1 || steps[0].Actions[0].ActionType != "Octopus.Script" {
		t.Errorf("%+v %+v", r, steps)
	}
	again, err := projectfile.WriteRunbook(r, steps, []byte(file), space())
	if err != nil {
		t.Fatal(details(err))
	}
	if diff := cmp.Diff(file, string(again)); diff != "" {
		t.Error(diff)
	}
	if _, _, err := projectfile.ReadRunbook("x.ocl", []byte(`colour = "red"`), space()); err == nil {
		t.Error("an unknown property was taken")
	}
}
