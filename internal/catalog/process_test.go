package catalog

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// step gives the JSON of a step with one action of its name.
func step(name, more string) string {
	return fmt.Sprintf(`{"Name":%q,"Actions":[{"Name":%q,"ActionType":"Octopus.Script"%s}]}`, name, name, more)
}

func TestProcessIsCompleted(t *testing.T) {
	s := newShelf(t)
	id := s.project.DeploymentProcessID
	body := `{"Version":0,"Steps":[{"Id":"keep-me","Name":"Deploy  web","startTrigger":"startwithprevious","Actions":[
		{"Name":"Deploy web","ActionType":"Acme.Unknown","Inputs":{"a":[1,{"b":null}]},"Mystery":1,
		 "Properties":{"Octopus.Action.Package.PackageId":"Web","Octopus.Action.Package.FeedId":"#{Feed}","Octopus.Action.Package.DownloadOnTentacle":"True","Flag":true,"Made.Up":"é<&>"}}]},
		` + step("Deploy web!", "") + `]}`
	p, err := change(s, DeploymentProcesses, id, body)
	s.must(err)
	first, second := p.Steps[0], p.Steps[1]
	if first.ID != "keep-me" || second.ID == "" || first.Actions[0].ID == "" || first.Slug != "deploy-web" || second.Slug != "deploy-web-1" {
		t.Errorf("completed to %+v and %+v", first, second)
	}
	a := first.Actions[0]
	want := []PackageReference{{ID: a.Packages[0].ID, PackageID: "Web", FeedID: "#{Feed}", AcquisitionLocation: "ExecutionTarget", Properties: map[string]string{}}}
	if diff := cmp.Diff(want, a.Packages); diff != "" {
		t.Error(diff)
	}
	if !a.CanBeUsedForProjectVersioning || !first.RequiresPackagesToBeAcquired || second.RequiresPackagesToBeAcquired || first.StartTrigger != "StartWithPrevious" {
		t.Errorf("flags of %+v", first)
	}
	action := wire(s, DeploymentProcesses, id)["Steps"].([]any)[0].(map[string]any)["Actions"].([]any)[0].(map[string]any)
	if action["ActionType"] != "Acme.Unknown" || action["Properties"].(map[string]any)["Made.Up"] != "é<&>" || action["Properties"].(map[string]any)["Flag"] != "True" {
		t.Errorf("an unknown action became %v", action)
	}
	if diff := cmp.Diff(map[string]any{"a": []any{1.0, map[string]any{"b": nil}}}, action["Inputs"]); diff != "" {
		t.Error(diff)
	}
	// Without ids, steps are known again by their names.
	again, err := change(s, DeploymentProcesses, id, `{"Version":1,"Steps":[`+step("Deploy web!", "")+`,`+step("Deploy  web", `,"Channels":[]`)+`]}`)
	s.must(err)
	if again.Steps[0].ID != second.ID || again.Steps[1].ID != "keep-me" || again.Version != 2 {
		t.Errorf("known again as %s and %s, version %d", again.Steps[0].ID, again.Steps[1].ID, again.Version)
	}
}

func TestProcessRules(t *testing.T) {
	s := newShelf(t)
	tests := map[string]struct{ steps, want string }{
		"same step":           {step("A", "") + "," + step("a", ""), "more than one step"},
		"same action":         {`{"Name":"A","Actions":[{"Name":"x","ActionType":"t"},{"Name":"X","ActionType":"t"}]}`, "more than one action"},
		"no action":           {`{"Name":"A"}`, "has no action"},
		"no type":             {`{"Name":"A","Actions":[{"Name":"x"}]}`, "ActionType (of 'x') must not be empty"},
		"bad condition":       {`{"Name":"A","Condition":"Maybe","Actions":[{"Name":"x","ActionType":"t"}]}`, "not one of"},
		"environment":         {step("A", `,"Environments":["Environments-9"]`), "Steps[0].Actions[0].Environments (of 'A') refers to 'Environments-9', which does not exist"},
		"channel":             {step("A", `,"Channels":["Channels-9"]`), "does not exist"},
		"pool":                {step("A", `,"WorkerPoolId":"WorkerPools-9"`), "Steps[0].Actions[0].WorkerPoolId (of 'A') refers to 'WorkerPools-9', which does not exist"},
		"feed":                {step("A", `,"Packages":[{"PackageId":"Web","FeedId":"Feeds-9"}]`), "Steps[0].Actions[0].Packages[0].FeedId (of 'A') refers to 'Feeds-9', which is no feed of this space"},
		"feed beside another": {step("A", `,"Properties":{"Octopus.Action.Package.FeedId":"Feeds-8"},"Packages":[{"PackageId":"Web","FeedId":"Feeds-9"}]`), "Packages[0].FeedId (of 'A') refers to 'Feeds-9'"},
		"feed of image":       {step("A", `,"Container":{"Image":"alpine","FeedId":"Feeds-9"}`), "Steps[0].Actions[0].Container.FeedId (of 'A') refers to 'Feeds-9', which is no feed of this space"},
		"git credential":      {step("A", `,"GitDependencies":[{"RepositoryUri":"u","DefaultBranch":"b","GitCredentialId":"GitCredentials-9"}]`), "Steps[0].Actions[0].GitDependencies[0].GitCredentialId (of 'A') refers to 'GitCredentials-9', which is no Git credential of this space"},
		"tag":                 {step("A", `,"TenantTags":["no/such"]`), "no tag"},
		"same reference":      {step("A", `,"Packages":[{"Name":"a"},{"Name":"A"}]`), "more than one package reference"},
		"same git":            {step("A", `,"GitDependencies":[{"RepositoryUri":"u","DefaultBranch":"b"},{"RepositoryUri":"u","DefaultBranch":"b"}]`), "more than one Git dependency"},
		"list as property":    {step("A", `,"Properties":{"a":[]}`), "could not be read"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := change(s, DeploymentProcesses, s.project.DeploymentProcessID, `{"Version":0,"Steps":[`+test.steps+`]}`)
			if !fault.Is(err, fault.Invalid) || !strings.Contains(explain(err), test.want) {
				t.Errorf("want %q, got %s", test.want, explain(err))
			}
		})
	}
}

// Clients tell feeds by properties before these are there, and send back what
// came of it.
func TestProcessTakesFeedsOfProperties(t *testing.T) {
	s := newShelf(t)
	id := s.project.DeploymentProcessID
	const properties = `,"Properties":{"Octopus.Action.Package.PackageId":"Web","Octopus.Action.Package.FeedId":"feeds-later"}`
	for version, more := range []string{properties, properties + `,"Packages":[{"PackageId":"Web","FeedId":"feeds-later"}]`} {
		p, err := change(s, DeploymentProcesses, id, fmt.Sprintf(`{"Version":%d,"Steps":[%s]}`, version, step("Web", more)))
		s.must(err)
		if a := p.Steps[0].Actions[0]; len(a.Packages) != 1 || a.Packages[0].FeedID != "feeds-later" {
			t.Errorf("%s became %+v", more, a.Packages)
		}
	}
}

func TestProcessVersionIsOptimistic(t *testing.T) {
	s := newShelf(t)
	id := s.project.DeploymentProcessID
	_, err := change(s, DeploymentProcesses, id, `{"Version":0,"Steps":[]}`)
	s.must(err)
	if _, err := change(s, DeploymentProcesses, id, `{"Version":0,"Steps":[]}`); !fault.Is(err, fault.Conflict) {
		t.Errorf("a stale version: %v", err)
	}
}

func TestProcessKeepsSecrets(t *testing.T) {
	s := newShelf(t)
	id := s.project.DeploymentProcessID
	open := func(p *DeploymentProcess) (plain string) {
		s.do(func(tx *store.Tx) (err error) {
			plain, err = p.Steps[0].Actions[0].Properties["Password"].Secret.Open(tx)
			return err
		})
		return plain
	}
	p, err := change(s, DeploymentProcesses, id, `{"Version":0,"Steps":[`+step("A", `,"Properties":{"Password":{"HasValue":true,"NewValue":"s3cret"}}`)+`]}`)
	s.must(err)
	if open(p) != "s3cret" {
		t.Fatal("the secret is lost")
	}
	body, err := json.Marshal(wire(s, DeploymentProcesses, id))
	s.must(err)
	if strings.Contains(string(body), "s3cret") || strings.Contains(string(body), "Sealed") || strings.Contains(string(body), "Mark") {
		t.Errorf("the wire has %s", body)
	}
	// What was read is sent back whole, as clients do.
	if p, err = change(s, DeploymentProcesses, id, string(body)); err != nil || open(p) != "s3cret" {
		t.Errorf("sent back: %v, %q", err, open(p))
	}
	// A client that does not know ids.
	p, err = change(s, DeploymentProcesses, id, `{"Version":2,"Steps":[`+step("New", "")+`,`+step("A", `,"Properties":{"Password":{"HasValue":true}}`)+`]}`)
	s.must(err)
	p.Steps = p.Steps[1:]
	if open(p) != "s3cret" {
		t.Error("the secret is lost without ids")
	}
	// Nobody can send what only the store may say.
	sealed := p.Steps[0].Actions[0].Properties["Password"].Secret.Sealed
	p, err = change(s, DeploymentProcesses, id, `{"Version":3,"Steps":[`+step("B", `,"Properties":{"Password":{"HasValue":true,"Sealed":"`+sealed+`"}}`)+`]}`)
	s.must(err)
	if open(p) != "" {
		t.Error("a sealed value was taken from a client")
	}
}

func TestProcessSnapshot(t *testing.T) {
	s := newShelf(t)
	id := s.project.DeploymentProcessID
	_, err := change(s, DeploymentProcesses, id, `{"Version":0,"Steps":[`+step("A", `,"Environments":["`+s.environment.ID+`"],"Properties":{"P":{"HasValue":true,"NewValue":"s3cret"}}`)+`]}`)
	s.must(err)
	snap := func() (name string) {
		s.do(func(tx *store.Tx) (err error) {
			name, err = SnapshotProcess(tx, id)
			return err
		})
		return name
	}
	first := snap()
	if !strings.HasPrefix(first, id+"-s-1-") || !IsSnapshot(first) || snap() != first {
		t.Errorf("the snapshot is %s, then %s", first, snap())
	}
	_, err = change(s, DeploymentProcesses, id, `{"Version":1,"Steps":[]}`)
	s.must(err)
	if second := snap(); second == first {
		t.Error("a changed process has the same snapshot")
	}
	s.do(func(tx *store.Tx) error {
		kept := get(t, tx, DeploymentProcesses, first)
		plain, err := kept.Steps[0].Actions[0].Properties["P"].Secret.Open(tx)
		if plain != "s3cret" || kept.Version != 1 || kept.ProjectID != s.project.ID {
			t.Errorf("kept %q in %+v", plain, kept)
		}
		return err
	})
	if _, err := change(s, DeploymentProcesses, first, `{"Version":1,"Steps":[]}`); !fault.Is(err, fault.Invalid) {
		t.Errorf("changing a snapshot: %v", err)
	}
	// A snapshot holds nothing that it names.
	s.do(func(tx *store.Tx) error { return Environments.Delete(tx, s.environment.ID) })
}

func TestActionTemplateVersions(t *testing.T) {
	s := newShelf(t)
	a, err := create(s, ActionTemplates, `{"Name":"Notify","ActionType":"Octopus.Script","Properties":{"Body":"one","Token":{"HasValue":true,"NewValue":"s3cret"}},"Parameters":[{"Name":"To"}]}`)
	s.must(err)
	for _, text := range []string{"two", "three"} {
		_, err = change(s, ActionTemplates, a.ID, `{"ActionType":"Other","Properties":{"Body":"`+text+`"}}`)
		s.must(err)
	}
	s.do(func(tx *store.Tx) error {
		for version, body := range []string{"one", "two", "three"} {
			at, err := ActionTemplateAt(tx, a.ID, version)
			if err != nil {
				return err
			}
			if at.Properties["Body"].Text != body || at.Version != version || at.ID != a.ID || at.ActionType != "Octopus.Script" || at.Parameters[0].ID != a.Parameters[0].ID {
				t.Errorf("version %d is %+v", version, at)
			}
		}
		at, err := ActionTemplateAt(tx, a.ID, 0)
		if err != nil {
			return err
		}
		if plain, err := at.Properties["Token"].Secret.Open(tx); plain != "s3cret" || err != nil {
			t.Errorf("the token is %q, %v", plain, err)
		}
		if _, err := ActionTemplateAt(tx, a.ID, 7); !fault.Is(err, fault.NotFound) {
			t.Errorf("version 7: %v", err)
		}
		if err := ActionTemplates.Delete(tx, a.ID); err != nil {
			return err
		}
		_, total, err := ActionTemplateVersions.List(tx, kind.Query{Space: testSpace})
		if total != 0 {
			t.Errorf("%d versions are left", total)
		}
		return err
	})
}

func TestTriggerRules(t *testing.T) {
	s := newShelf(t)
	tests := map[string]struct{ filter, action, want string }{
		"unknown filter": {`{"FilterType":"Moon"}`, `{"ActionType":"AutoDeploy"}`, "Filter.FilterType"},
		"unknown action": {`{"FilterType":"MachineFilter"}`, `{"ActionType":"Dance"}`, "Action.ActionType"},
		"short cron":     {`{"FilterType":"CronExpressionSchedule","CronExpression":"* * * * *"}`, `{"ActionType":"AutoDeploy"}`, "six fields"},
		"no such zone":   {`{"FilterType":"CronExpressionSchedule","CronExpression":"0 0 6 * * *","Timezone":"Middle/Earth"}`, `{"ActionType":"AutoDeploy"}`, "Filter.Timezone is"},
		"bad cron":       {`{"FilterType":"CronExpressionSchedule","CronExpression":"0 0 25 * * *"}`, `{"ActionType":"AutoDeploy"}`, "Filter.CronExpression '0 0 25 * * *': '25' is no hour"},
		"no interval":    {`{"FilterType":"ContinuousDailySchedule","Interval":"OnceHourly","HourInterval":0}`, `{"ActionType":"AutoDeploy"}`, "Filter.HourInterval is 0"},
		"no day":         {`{"FilterType":"DaysPerMonthSchedule","StartTime":"2026-01-01T09:00:00Z","MonthlyScheduleType":"DateOfMonth","DateOfMonth":"32"}`, `{"ActionType":"AutoDeploy"}`, "Filter.DateOfMonth is"},
		"no weekday":     {`{"FilterType":"DaysPerMonthSchedule","StartTime":"2026-01-01T09:00:00Z","MonthlyScheduleType":"DayOfMonth","DayNumberOfMonth":"L"}`, `{"ActionType":"AutoDeploy"}`, "Filter.DayOfWeek is"},
		"no variables":   {`{"FilterType":"MachineFilter"}`, `{"ActionType":"AutoDeploy","Variables":"red"}`, "Action.Variables is not a JSON object"},
		"no time":        {`{"FilterType":"OnceDailySchedule"}`, `{"ActionType":"AutoDeploy"}`, "StartTime"},
		"bad day":        {`{"FilterType":"OnceDailySchedule","StartTime":"2026-01-01T09:00:00Z","DaysOfWeek":["Moonday"]}`, `{"ActionType":"AutoDeploy"}`, "DaysOfWeek"},
		"no source":      {`{"FilterType":"MachineFilter"}`, `{"ActionType":"DeployLatestRelease"}`, "SourceEnvironmentIds"},
		"no runbook":     {`{"FilterType":"MachineFilter"}`, `{"ActionType":"RunRunbook","EnvironmentIds":["` + s.environment.ID + `"]}`, "RunbookId"},
		"runbook absent": {`{"FilterType":"MachineFilter"}`, `{"ActionType":"RunRunbook","RunbookId":"Runbooks-9","EnvironmentIds":["` + s.environment.ID + `"]}`, "does not exist"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := create(s, ProjectTriggers, fmt.Sprintf(`{"Name":"T","ProjectId":%q,"Filter":%s,"Action":%s}`, s.project.ID, test.filter, test.action))
			if !fault.Is(err, fault.Invalid) || !strings.Contains(explain(err), test.want) {
				t.Errorf("want %q, got %s", test.want, explain(err))
			}
		})
	}
}
