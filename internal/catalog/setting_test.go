package catalog

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/store"
)

// TestSettings checks that numbers and conditions that can never be read are
// refused with the step and the property, and those of variables are not.
func TestSettings(t *testing.T) {
	s := newShelf(t)
	tests := map[string]struct {
		step, action string // properties
		want         []string
	}{
		"good": {`"Octopus.Action.MaxParallelism":" 3 ","Octopus.Step.ConditionVariableExpression":"#{if A}True#{/if}"`,
			`"Octopus.Action.AutoRetry.MaximumCount":"2","Octopus.Action.AutoRetry.MinimumBackoff":15,"Octopus.Action.ExecutionTimeout.Minutes":""`, nil},
		"by variables":     {`"Octopus.Action.MaxParallelism":"#{Window}"`, `"Octopus.Action.AutoRetry.MaximumCount":"#{Times}"`, nil},
		"window":           {`"Octopus.Action.MaxParallelism":"many"`, ``, []string{"Step 'A'", "Octopus.Action.MaxParallelism", `"many"`, "whole number"}},
		"negative retries": {``, `"Octopus.Action.AutoRetry.MaximumCount":"-1"`, []string{"Action 'A'", "AutoRetry.MaximumCount", `"-1"`, "from 0"}},
		"backoff":          {``, `"Octopus.Action.AutoRetry.MinimumBackoff":"1.5"`, []string{"AutoRetry.MinimumBackoff", "1.5"}},
		"timeout":          {``, `"Octopus.Action.ExecutionTimeout.Minutes":"99999999999999999999"`, []string{"ExecutionTimeout.Minutes"}},
		"all of them":      {`"Octopus.Action.MaxParallelism":"x"`, `"Octopus.Action.ExecutionTimeout.Minutes":"y","Octopus.Action.AutoRetry.MaximumCount":"z"`, []string{`"x"`, `"y"`, `"z"`}},
		"step condition":   {`"Octopus.Step.ConditionVariableExpression":"#{if A"`, ``, []string{"Step 'A'", "run condition", "Octopus.Step.ConditionVariableExpression", "line 1"}},
		"action condition": {``, `"Octopus.Action.ConditionVariableExpression":"#{A"`, []string{"Action 'A'", "run condition", "cannot be"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			body := fmt.Sprintf(`{"Steps":[{"Name":"A","Properties":{%s},"Actions":[{"Name":"A","ActionType":"Octopus.Script","Properties":{%s}}]}]}`, test.step, test.action)
			_, err := change(s, DeploymentProcesses, s.project.DeploymentProcessID, body)
			if test.want == nil && err != nil || test.want != nil && !fault.Is(err, fault.Invalid) {
				t.Fatal(explain(err))
			}
			for _, part := range test.want {
				if !strings.Contains(explain(err), part) {
					t.Errorf("%q is not in %s", part, explain(err))
				}
			}
		})
	}
}

// packaged is the JSON of a process whose actions each need a package.
func packaged(names ...string) string {
	var steps []string
	for _, n := range names {
		id := "id-of-" + n
		if cut := strings.IndexByte(n, '='); cut >= 0 {
			n, id = n[:cut], "id-of-"+n[cut+1:]
		}
		steps = append(steps, fmt.Sprintf(`{"Name":%q,"Actions":[{"Id":%q,"Name":%q,"ActionType":"Octopus.TentaclePackage","Packages":[{"PackageId":"P","FeedId":"#{Feed}"},{"Name":"Extra","PackageId":"Q","FeedId":"#{Feed}"}]}]}`, n, id, n))
	}
	return `{"Steps":[` + strings.Join(steps, ",") + `]}`
}

// TestRulesNamePackages checks which packages version rules can name, and that
// rules go with actions that are given other names and stay for those that go.
func TestRulesNamePackages(t *testing.T) {
	s := newShelf(t)
	process := func(names ...string) {
		t.Helper()
		_, err := change(s, DeploymentProcesses, s.project.DeploymentProcessID, packaged(names...))
		s.must(err)
	}
	process("Web", "Service")
	channel, err := create(s, Channels, `{"Name":"Beta","ProjectId":"`+s.project.ID+`"}`)
	s.must(err)
	rule := func(pairs ...string) string {
		var all []string
		for i := 0; i+1 < len(pairs); i += 2 {
			all = append(all, fmt.Sprintf(`{"VersionRange":"[1,2)","ActionPackages":[{"DeploymentAction":%q,"PackageReference":%q}]}`, pairs[i], pairs[i+1]))
		}
		return `{"Rules":[` + strings.Join(all, ",") + `]}`
	}
	for name, test := range map[string]struct {
		rules string
		want  []string
	}{
		"unknown step":         {rule("Wbe", ""), []string{"Version rule 1", "'Wbe'", "It has those of 'Web', 'Extra' of 'Web', 'Service', 'Extra' of 'Service'."}},
		"unknown package":      {rule("Web", "", "Web", "Other"), []string{"Version rule 2", "'Other'", "'Web'"}},
		"twice":                {rule("Web", "Extra", "web", "extra"), []string{"more than one version rule"}},
		"twice by name and id": {rule("Web", "", "id-of-Web", ""), []string{"more than one version rule"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := change(s, Channels, channel.ID, test.rules)
			for _, part := range test.want {
				if !fault.Is(err, fault.Invalid) || !strings.Contains(explain(err), part) {
					t.Errorf("%q is not in %s", part, explain(err))
				}
			}
		})
	}
	_, err = change(s, Channels, channel.ID, rule("Web", "", "Service", "Extra"))
	s.must(err)
	names := func() string {
		var all []string
		s.do(func(tx *store.Tx) error {
			for _, r := range get(t, tx, Channels, channel.ID).Rules {
				all = append(all, r.ActionPackages[0].DeploymentAction)
			}
			return nil
		})
		return strings.Join(all, " ")
	}
	process("Service=Web", "Web=Service") // they change their names with each other
	if names() != "Service Web" {
		t.Errorf("the rules name %s", names())
	}
	process("Site=Web")
	if names() != "Site Web" {
		t.Errorf("the rules name %s", names())
	}
	// What the process has lost does not keep the channel from being changed by
	// a client that sends back what it read, and does not let in more of it.
	data, err := json.Marshal(wire(s, Channels, channel.ID))
	s.must(err)
	_, err = change(s, Channels, channel.ID, string(data))
	s.must(err)
	if names() != "Site Web" {
		t.Errorf("the rules name %s", names())
	}
	if _, err = change(s, Channels, channel.ID, rule("Site", "", "Web", "")); !fault.Is(err, fault.Invalid) {
		t.Errorf("a package that went and was in no rule: %v", err)
	}
}

// TestVersionOfChange checks that a stale version is refused, and an absent one
// or null taken for the present one.
func TestVersionOfChange(t *testing.T) {
	s := newShelf(t)
	id := s.project.DeploymentProcessID
	for body, code := range map[string]fault.Code{`{"Version":7,"Steps":[]}`: fault.Conflict, `{"Steps":[]}`: 0, `{"Version":null,"Steps":[]}`: 0} {
		_, err := change(s, DeploymentProcesses, id, body)
		if err != nil && code == 0 || code != 0 && !fault.Is(err, code) {
			t.Errorf("%s: %v", body, err)
		}
	}
	s.do(func(tx *store.Tx) error {
		if v := get(t, tx, DeploymentProcesses, id).Version; v != 2 {
			t.Errorf("version %d after two changes", v)
		}
		return nil
	})
}
