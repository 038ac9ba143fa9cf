package step

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
)

// DeployRelease deploys a release of another project and waits for it.
var DeployRelease = Register("Octopus.DeployRelease", ExecutorFunc(runDeployRelease))

// ChildDeployment asks for a deployment to the place that the job is for.
type ChildDeployment struct {
	Project string // id, slug or name
	Version string // of its release
	// Condition is Always, IfNotCurrentVersion or IfNewer.
	Condition string
	// Variables are given to the child; they beat its own.
	Variables map[string]string `json:",omitempty"`
	// Sensitive names the variables whose values hold a secret.
	Sensitive []string `json:",omitempty"`
}

// ChildResult is how a deployment that was asked for has ended.
type ChildResult struct {
	TaskID string `json:"TaskId,omitempty"`
	Error  string `json:",omitempty"`
	// Skipped says why there was nothing to deploy.
	Skipped string `json:",omitempty"`
	// Outputs are what its steps have put out; names have the form
	// Deployment[step].Name and Deployment[step][machine].Name.
	Outputs []Output `json:",omitempty"`
}

func runDeployRelease(ctx context.Context, job *Job) (Outcome, error) {
	if ctx.Err() != nil {
		return stopped(context.Cause(ctx), ""), giveUp(ctx)
	}
	if job.Answer != nil {
		return childEnded(job, "The deployment", "Nothing was deployed. ")
	}
	v := newValues(job)
	want := ChildDeployment{Project: v.text("Octopus.Action.DeployRelease.ProjectId"), Condition: v.text("Octopus.Action.DeployRelease.DeploymentCondition")}
	for _, p := range job.Packages {
		want.Version = p.Version
		if want.Project == "" {
			want.Project = p.PackageID
		}
	}
	if text := v.text("Octopus.Action.DeployRelease.Variables"); text != "" {
		if err := json.Unmarshal([]byte(text), &want.Variables); err != nil {
			return Failure("The variables for the deployment are not a JSON object of texts: %v.", err), nil
		}
	}
	if want.Project == "" || want.Version == "" {
		return Failure("The step does not say which release of which project to deploy."), nil
	}
	for name, text := range want.Variables {
		if job.masked(text) != text {
			want.Sensitive = append(want.Sensitive, name)
		}
	}
	slices.Sort(want.Sensitive)
	data, err := json.Marshal(want)
	if err != nil {
		return Outcome{}, fmt.Errorf("asking for a deployment: %w", err)
	}
	return Outcome{
		State: Paused, Pause: &Pause{Child: &Child{Kind: "Deployment", Data: data}},
		Lines: []Line{{Category: WaitLine, Text: fmt.Sprintf("Deploying release %s of %s, and waiting for it.", want.Version, want.Project)}},
	}, nil
}

// childEnded is the outcome when the task that a job has waited for has ended.
func childEnded(job *Job, what, nothing string) (Outcome, error) {
	var r ChildResult
	if len(job.Answer.Data) > 0 {
		if err := json.Unmarshal(job.Answer.Data, &r); err != nil {
			return Outcome{}, fmt.Errorf("reading how %s has ended: %w", job.Answer.Ref, err)
		}
	}
	named := what
	if r.TaskID != "" {
		named += " (" + r.TaskID + ")"
	}
	if job.Answer.Choice != "Success" {
		text := named + " ended as " + job.Answer.Choice
		if r.Error != "" {
			text += ": " + r.Error
		}
		return Failure("%s", text), nil
	}
	o := Success(r.Outputs...)
	text := named + " has succeeded."
	if r.Skipped != "" {
		text = nothing + r.Skipped
	}
	o.Lines = []Line{{Category: Info, Text: text}}
	return o, nil
}
