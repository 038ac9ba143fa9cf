package step

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/octostache"
)

// build makes the job for the far end, and the lines that say beforehand what
// it was given, if that is asked for.
func build(job *Job, command string, packages []runner.Package) (runner.Job, []Line) {
	vars, d := variables(job)
	far := runner.Job{Command: command, Title: title(job), Owner: owner(job), Variables: vars, Packages: packages, Isolation: isolation(job, d)}
	if !job.Deadline.IsZero() {
		// The server counts too; this is for when it is away.
		far.Timeout, far.Limit = max(time.Until(job.Deadline), time.Second), job.Deadline.Sub(job.Started)
	}
	return far, printed(vars, d)
}

// title is what others who wait for the machine are told it is busy with.
func title(job *Job) string {
	if job.Action == "" {
		return job.TaskID
	}
	return fmt.Sprintf("%q of %s", job.Action, job.TaskID)
}

// owner lets others who wait for the machine find out whether the task that the
// job is for still sees it through.
func owner(job *Job) runner.Owner {
	if job.Tools == nil || job.Tools.Installation == "" {
		return runner.Owner{}
	}
	return runner.Owner{Installation: job.Tools.Installation, Task: job.TaskID}
}

// variables are all that hold for the job, with what is known only here: the
// action's settings and the packages at the versions that were chosen. They
// keep the order of their definition. The dictionary has the same.
func variables(job *Job) ([]runner.Variable, *octostache.Dictionary) {
	d := octostache.New()
	if job.Variables != nil {
		d = job.Variables.Dictionary()
	}
	for _, name := range slices.Sorted(maps.Keys(job.Properties)) {
		if _, known := d.Raw(name); !known {
			d.Set(name, job.Properties[name])
		}
	}
	for _, p := range job.Packages {
		base := "Octopus.Action.Package"
		if p.Reference != "" {
			base += "[" + p.Reference + "]"
			d.Set(base+".Extract", boolean(p.Extract))
		}
		d.Set(base+".PackageId", p.PackageID)
		d.Set(base+".PackageVersion", p.Version)
		d.Set(base+".FeedId", p.FeedID)
	}
	list := make([]runner.Variable, 0, d.Len())
	for _, name := range d.Names() {
		v := runner.Variable{Name: name}
		v.Value, _ = d.Raw(name)
		if job.Variables != nil {
			resolved, found := job.Variables.Lookup(name)
			v.Sensitive = found && resolved.Sensitive
		}
		list = append(list, v)
	}
	return list, d
}

func boolean(b bool) string {
	if b {
		return "True"
	}
	return "False"
}

// isolation decides which other jobs may run on the machine meanwhile. Targets
// are for one at a time and workers for many, unless the variable decides.
func isolation(job *Job, d *octostache.Dictionary) runner.Isolation {
	alone := job.Place.ID != "" && !job.Place.Worker
	if bypass, ok := d.Get("OctopusBypassDeploymentMutex"); ok && strings.TrimSpace(bypass) != "" {
		alone = !octostache.Truthy(bypass)
	}
	if alone {
		return runner.Isolation{Level: runner.IsolationFull}
	}
	return runner.Isolation{Level: runner.IsolationNone}
}

// printed lists the variables for the log, raw or evaluated, if people have
// asked for it by a variable.
func printed(vars []runner.Variable, d *octostache.Dictionary) []Line {
	var lines []Line
	add := func(title string, value func(v runner.Variable) string) {
		lines = append(lines, Line{Category: Verbose, Text: title})
		for _, v := range vars {
			text := value(v)
			if v.Sensitive {
				text = "********"
			}
			lines = append(lines, Line{Category: Verbose, Text: fmt.Sprintf("[%s] = '%s'", v.Name, text)})
		}
	}
	warn := func() {
		lines = append(lines, Line{Category: Warning, Text: "Variables are printed because a variable asks for it. Turn that off when you have seen them: it fills the log."})
	}
	if d.Flag("OctopusPrintVariables", false) {
		warn()
		add("These variables are given to the action:", func(v runner.Variable) string { return v.Value })
	}
	if d.Flag("OctopusPrintEvaluatedVariables", false) {
		if lines == nil {
			warn()
		}
		add("These are the variables with their expressions evaluated:", func(v runner.Variable) string {
			text, _ := d.Get(v.Name)
			return text
		})
	}
	return lines
}
