package step

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/internal/variable"
)

func TestBuild(t *testing.T) {
	began := time.Now()
	job := &Job{
		TaskID: "ServerTasks-1", Action: "Deploy", Place: Place{ID: "Machines-1"}, Started: began, Deadline: began.Add(time.Minute),
		Properties: map[string]string{"Octopus.Action.Setting": "raw #{Zeta}", "zeta": "not this"},
		Packages: []Package{
			{PackageID: "Web", Version: "1.0", FeedID: "Feeds-1"},
			{Reference: "Kit", PackageID: "Kit", Version: "2.0", FeedID: "Feeds-2", Extract: true},
		},
		// The order of definition matters to templates that go through names.
		Variables: variable.Resolve([]variable.Value{{Name: "Zeta", Value: "1"}, {Name: "Alpha", Value: "hidden", Sensitive: true}}, variable.Context{}),
	}
	far, before := build(job, "script", nil)
	want := []runner.Variable{
		{Name: "Zeta", Value: "1"}, {Name: "Alpha", Value: "hidden", Sensitive: true}, {Name: "Octopus.Action.Setting", Value: "raw #{Zeta}"},
		{Name: "Octopus.Action.Package.PackageId", Value: "Web"}, {Name: "Octopus.Action.Package.PackageVersion", Value: "1.0"},
		{Name: "Octopus.Action.Package.FeedId", Value: "Feeds-1"}, {Name: "Octopus.Action.Package[Kit].Extract", Value: "True"},
		{Name: "Octopus.Action.Package[Kit].PackageId", Value: "Kit"}, {Name: "Octopus.Action.Package[Kit].PackageVersion", Value: "2.0"},
		{Name: "Octopus.Action.Package[Kit].FeedId", Value: "Feeds-2"},
	}
	if diff := cmp.Diff(want, far.Variables); diff != "" {
		t.Error(diff)
	}
	if far.Title != `"Deploy" of ServerTasks-1` || far.Timeout <= 0 || far.Timeout > time.Minute || far.Limit != time.Minute || before != nil {
		t.Errorf("%q, %v, %v", far.Title, far.Timeout, before)
	}
}

func TestBypassOfIsolation(t *testing.T) {
	target, worker := Place{ID: "Machines-1"}, Place{ID: "Workers-1", Worker: true}
	tests := []struct {
		bypass string
		place  Place
		want   string
	}{
		{"", target, runner.IsolationFull}, {"", worker, runner.IsolationNone}, {"", Place{}, runner.IsolationNone},
		{"True", target, runner.IsolationNone}, {"False", target, runner.IsolationFull}, {"False", worker, runner.IsolationFull},
		{"#{Other}", target, runner.IsolationNone},
	}
	for _, tt := range tests {
		values := []variable.Value{{Name: "Other", Value: "yes"}}
		if tt.bypass != "" {
			values = append(values, variable.Value{Name: "OctopusBypassDeploymentMutex", Value: tt.bypass})
		}
		far, _ := build(&Job{Place: tt.place, Variables: variable.Resolve(values, variable.Context{})}, "script", nil)
		if far.Isolation.Level != tt.want {
			t.Errorf("%q on %+v: %s", tt.bypass, tt.place, far.Isolation.Level)
		}
	}
}

func TestPrintedVariables(t *testing.T) {
	job := &Job{Variables: variable.Resolve([]variable.Value{
		{Name: "OctopusPrintVariables", Value: "True"}, {Name: "OctopusPrintEvaluatedVariables", Value: "True"},
		{Name: "A", Value: "#{B}"}, {Name: "B", Value: "b"}, {Name: "C", Value: "hidden", Sensitive: true},
	}, variable.Context{})}
	_, before := build(job, "script", nil)
	var got []string
	for _, l := range before {
		got = append(got, string(l.Category)+": "+l.Text)
	}
	want := []string{
		"Warning: Variables are printed because a variable asks for it. Turn that off when you have seen them: it fills the log.",
		"Verbose: These variables are given to the action:",
		"Verbose: [OctopusPrintVariables] = 'True'", "Verbose: [OctopusPrintEvaluatedVariables] = 'True'",
		"Verbose: [A] = '#{B}'", "Verbose: [B] = 'b'", "Verbose: [C] = '********'",
		"Verbose: These are the variables with their expressions evaluated:",
		"Verbose: [OctopusPrintVariables] = 'True'", "Verbose: [OctopusPrintEvaluatedVariables] = 'True'",
		"Verbose: [A] = 'b'", "Verbose: [B] = 'b'", "Verbose: [C] = '********'",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
