package variable

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOutputs(t *testing.T) {
	outs := []Output{
		{Action: "Build", MachineID: "Machines-1", MachineName: "web-1", Name: "Url", Value: "one"},
		{Action: "Build", MachineID: "Machines-2", MachineName: "web-2", Name: "Url", Value: "two"},
		{Action: "Build", MachineID: "Machines-1", MachineName: "web-1", Name: "Url", Value: "one again", Sensitive: true},
		{Action: "Notify", Name: "Sent", Value: "yes"},
		{Action: "Notify", Name: "", Value: "nameless"},
	}
	ix := NewIndex(Outputs(outs))
	cases := []struct{ name, machine, variable, want string }{
		{"6a by step and machine", "Machines-1", "Octopus.Action[Build].Output[web-2].Url", "two"},
		{"6b for the same machine", "Machines-2", "Octopus.Action[Build].Output.Url", "two"},
		{"6b last value of the same machine", "Machines-1", "Octopus.Action[Build].Output.Url", "one again"},
		{"6c elsewhere the last writer", "Machines-3", "Octopus.Action[Build].Output.Url", "one again"},
		{"6c without a machine", "", "octopus.action[notify].output.sent", "yes"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			r := ix.For(Context{}).At(Spot{Machine: tc.machine})
			got, ok := r.Lookup(tc.variable)
			if !ok || got.Value != tc.want {
				t.Errorf("got %+v, want %q", got, tc.want)
			}
			if len(r.Warnings()) != 0 {
				t.Errorf("warnings %q", r.Warnings())
			}
		})
	}
	r := ix.For(Context{}).At(Spot{})
	if v, _ := r.Lookup("Octopus.Action[Build].Output[web-1].Url"); !v.Sensitive || v.Type != TypeSensitive {
		t.Errorf("6 sensitive flag: %+v", v)
	}
	if v, _ := r.Lookup("Octopus.Action[Build].Output[web-2].Url"); v.Sensitive {
		t.Errorf("6 sensitive flag: %+v", v)
	}
}

func TestChildAndManualOutputs(t *testing.T) {
	got := map[string]string{}
	for _, v := range ChildOutputs("Deploy child", []Output{{Action: "Run", MachineName: "web-1", Name: "X", Value: "1"}}) {
		got[v.Name] = v.Value
	}
	for _, v := range Outputs(ManualOutputs("Sign off", "fine", true, Person{ID: "Users-1", Username: "alice", DisplayName: "Alice", EmailAddress: "a@example.com"})) {
		got[v.Name] = v.Value
	}
	want := map[string]string{
		"Octopus.Action[Deploy child].Output.Deployment[Run].X":               "1",
		"Octopus.Action[Deploy child].Output.Deployment[Run][web-1].X":        "1",
		"Octopus.Action[Sign off].Output.Manual.Notes":                        "fine",
		"Octopus.Action[Sign off].Output.Manual.Approved":                     "True",
		"Octopus.Action[Sign off].Output.Manual.ResponsibleUser.Id":           "Users-1",
		"Octopus.Action[Sign off].Output.Manual.ResponsibleUser.Username":     "alice",
		"Octopus.Action[Sign off].Output.Manual.ResponsibleUser.DisplayName":  "Alice",
		"Octopus.Action[Sign off].Output.Manual.ResponsibleUser.EmailAddress": "a@example.com",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
