package catalog

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

func TestContracts(t *testing.T) {
	project := func(s *shelf, name, more string) string {
		return fmt.Sprintf(`{"Name":%q,"ProjectGroupId":%q,"LifecycleId":%q,"Slug":"","Unknown":1%s}`, name, s.group.ID, s.lifecycle.ID, more)
	}
	owned := func(s *shelf, name, more string) string {
		return fmt.Sprintf(`{"Name":%q,"ProjectId":%q%s}`, name, s.project.ID, more)
	}
	tests := map[string]func(*shelf){
		"project group": func(s *shelf) {
			contract(s, ProjectGroups, `{"Name":"A"}`, `{"Name":"B"}`, `{"Description":"x"}`, func(g *ProjectGroup) any { return g.Name + g.Description })
			s.refuse(fault.Invalid, "'Shop'", func(tx *store.Tx) error { return ProjectGroups.Delete(tx, s.group.ID) })
		},
		"project": func(s *shelf) {
			contract(s, Projects, project(s, "A", ""), project(s, "B", ""), `{"IsDisabled":true}`, func(p *Project) any { return fmt.Sprint(p.Name, p.IsDisabled) })
		},
		"channel": func(s *shelf) {
			contract(s, Channels, owned(s, "Beta", ""), owned(s, "Alpha", ""), `{"Description":"x"}`, func(c *Channel) any { return c.Name + c.Description })
		},
		"library variable set": func(s *shelf) {
			contract(s, LibraryVariableSets, `{"Name":"A"}`, `{"Name":"B"}`, `{"Description":"x"}`, func(l *LibraryVariableSet) any { return l.Name + l.Description })
		},
		"runbook": func(s *shelf) {
			contract(s, Runbooks, owned(s, "A", ""), owned(s, "B", ""), `{"Description":"x"}`, func(r *Runbook) any { return r.Name + r.Description })
		},
		"step template": func(s *shelf) {
			contract(s, ActionTemplates, `{"Name":"A","ActionType":"Octopus.Script"}`, `{"Name":"B","ActionType":"X"}`, `{"Description":"x"}`, func(a *ActionTemplate) any { return a.Name + a.Description })
		},
		"trigger": func(s *shelf) {
			more := `,"Filter":{"FilterType":"cronexpressionschedule","CronExpression":"0 0 6 * * MON"},"Action":{"ActionType":"AutoDeploy"}`
			contract(s, ProjectTriggers, owned(s, "A", more), owned(s, "B", more), `{"IsDisabled":true}`, func(p *ProjectTrigger) any { return fmt.Sprint(p.Name, p.IsDisabled, p.Filter) })
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test(newShelf(t)) })
	}
}

func TestProjectIsBornComplete(t *testing.T) {
	s := newShelf(t)
	w := wire(s, Projects, "shop")
	want := map[string]any{
		"VariableSetId": "variableset-" + s.project.ID, "DeploymentProcessId": "deploymentprocess-" + s.project.ID,
		"PersistenceSettings": map[string]any{"Type": "Database"}, "TenantedDeploymentMode": "Untenanted",
		"VersioningStrategy": map[string]any{"Template": defaultVersioning}, "Slug": "shop",
	}
	for member, value := range want {
		if diff := cmp.Diff(value, w[member]); diff != "" {
			t.Errorf("%s: %s", member, diff)
		}
	}
	s.do(func(tx *store.Tx) error {
		p := get(t, tx, DeploymentProcesses, s.project.DeploymentProcessID)
		v := get(t, tx, VariableSets, s.project.VariableSetID)
		channels, _, err := Channels.List(tx, kind.Query{Space: testSpace, Match: map[string]string{"ProjectId": s.project.ID}})
		if p.ProjectID != s.project.ID || v.OwnerID != s.project.ID || len(channels) != 1 || !channels[0].IsDefault || channels[0].Name != "Default" {
			t.Errorf("born with %+v, %+v, %+v", p, v, channels)
		}
		return err
	})
	for _, k := range []kind.Any{DeploymentProcesses, VariableSets} {
		s.refuse(fault.Invalid, "comes with its", func(tx *store.Tx) error {
			r, err := k.Decode([]byte(`{"Id":"variableset-Projects-9"}`))
			if err != nil {
				return err
			}
			return k.PutAny(tx, r)
		})
	}
	s.refuse(fault.Invalid, "goes with its", func(tx *store.Tx) error { return DeploymentProcesses.Delete(tx, s.project.DeploymentProcessID) })
	s.refuse(fault.Invalid, "goes with its", func(tx *store.Tx) error { return VariableSets.Delete(tx, s.project.VariableSetID) })
}

func TestProjectRules(t *testing.T) {
	tests := map[string]struct{ body, want string }{
		"no name":            {`{"Name":" "}`, "Name must not be empty"},
		"no group":           {`{"ProjectGroupId":""}`, "ProjectGroupId must not be empty"},
		"group of nothing":   {`{"ProjectGroupId":"ProjectGroups-99"}`, "does not exist"},
		"unknown mode":       {`{"TenantedDeploymentMode":"Some"}`, "not one of"},
		"two versionings":    {`{"VersioningStrategy":{"Template":"1.i","DonorPackage":{"DeploymentAction":"x"}}}`, "either"},
		"release of nothing": {`{"AutoCreateRelease":true}`, "ReleaseCreationStrategy"},
		"set of nothing":     {`{"IncludedLibraryVariableSetIds":["LibraryVariableSets-9"]}`, "does not exist"},
		"twin templates":     {`{"Templates":[{"Name":"a"},{"Name":"A"}]}`, "more than one parameter"},
		"tag of nothing":     {`{"ProjectTags":["a/b"]}`, "no tag"},
	}
	s := newShelf(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := change(s, Projects, s.project.ID, test.body)
			if !fault.Is(err, fault.Invalid) || !strings.Contains(explain(err), test.want) {
				t.Errorf("want %q, got %s", test.want, explain(err))
			}
		})
	}
	p, err := change(s, Projects, s.project.ID, `{"tenanteddeploymentmode":"tenanted","PersistenceSettings":{"Type":"VersionControlled"},"VariableSetId":"x","Unknown":{}}`)
	s.must(err)
	if p.TenantedDeploymentMode != "Tenanted" || p.PersistenceSettings.Type != InDatabase || p.VariableSetID == "x" || p.IsVersionControlled {
		t.Errorf("changed to %+v", p)
	}
}

func TestSensitiveTemplateDefault(t *testing.T) {
	s := newShelf(t)
	p, err := change(s, Projects, s.project.ID, `{"Templates":[{"Name":"Password","DefaultValue":"s3cret","DisplaySettings":{"Octopus.ControlType":"Sensitive"}}]}`)
	s.must(err)
	id := p.Templates[0].ID
	w := wire(s, Projects, p.ID)
	got := w["Templates"].([]any)[0].(map[string]any)["DefaultValue"]
	if diff := cmp.Diff(map[string]any{"HasValue": true, "NewValue": nil}, got); diff != "" {
		t.Error(diff)
	}
	p, err = change(s, Projects, s.project.ID, `{"Templates":[{"Name":"password","Label":"x","DefaultValue":{"HasValue":true},"DisplaySettings":{"Octopus.ControlType":"Sensitive"}}]}`)
	s.must(err)
	s.do(func(tx *store.Tx) error {
		plain, err := p.Templates[0].DefaultValue.Secret.Open(tx)
		if plain != "s3cret" || p.Templates[0].ID != id {
			t.Errorf("kept %q under %s, was %s", plain, p.Templates[0].ID, id)
		}
		return err
	})
}

// TestCreationStep names the action whose package creates releases: its id is
// read back, as clients that manage it expect.
func TestCreationStep(t *testing.T) {
	s := newShelf(t)
	process, err := change(s, DeploymentProcesses, s.project.DeploymentProcessID, `{"Steps":[{"Name":"Web","Actions":[{"Name":"Web","ActionType":"Octopus.Script"}]}]}`)
	s.must(err)
	p, err := change(s, Projects, s.project.ID, `{"AutoCreateRelease":true,"ReleaseCreationStrategy":{"ReleaseCreationPackage":{"DeploymentAction":"Web","PackageReference":""}}}`)
	s.must(err)
	if got, want := p.ReleaseCreationStrategy.ReleaseCreationPackageStepID, process.Steps[0].Actions[0].ID; got != want {
		t.Errorf("the step is %q, not %q", got, want)
	}
}

func TestDeploymentSettingsAgree(t *testing.T) {
	s := newShelf(t)
	var settings *DeploymentSettings
	s.do(func(tx *store.Tx) (err error) {
		settings, err = PutDeploymentSettings(tx, s.project.ID, []byte(`{"Id":"x","ProjectId":"Projects-9","ConnectivityPolicy":{"SkipMachineBehavior":"skipunavailablemachines","AllowDeploymentsToNoTargets":true},"defaultGuidedFailureMode":"On","CancelQueuedTasks":false,"VersioningStrategy":{"DonorPackage":{"DeploymentAction":"Web"}}}`))
		return err
	})
	s.do(func(tx *store.Tx) error {
		p := get(t, tx, Projects, s.project.ID)
		if diff := cmp.Diff(DeploymentSettingsOf(p), settings, cmp.Comparer(func(a, b kind.Time) bool { return a.Equal(b.Time) })); diff != "" {
			t.Error(diff)
		}
		got := []any{p.ProjectConnectivityPolicy.SkipMachineBehavior, p.DefaultGuidedFailureMode, p.CancelQueuedTasks, p.CancelRunningTasks, p.VersioningStrategy.Template, p.Name}
		if diff := cmp.Diff([]any{"SkipUnavailableMachines", "On", false, true, "", "Shop"}, got); diff != "" {
			t.Error(diff)
		}
		return nil
	})
}

func TestChannels(t *testing.T) {
	s := newShelf(t)
	defaults := func() (names []string) {
		s.do(func(tx *store.Tx) error {
			all, _, err := Channels.List(tx, kind.Query{Space: testSpace})
			for _, c := range all {
				if c.IsDefault {
					names = append(names, c.Name)
				}
			}
			return err
		})
		return names
	}
	body := fmt.Sprintf(`{"ProjectId":%q,"Name":"Beta","IsDefault":true,"LifecycleId":%q}`, s.project.ID, s.lifecycle.ID)
	beta, err := create(s, Channels, body)
	s.must(err)
	if diff := cmp.Diff([]string{"Beta"}, defaults()); diff != "" {
		t.Error(diff)
	}
	s.refuse(fault.Invalid, "default channel", func(tx *store.Tx) error { return Channels.Delete(tx, beta.ID) })
	if _, err := change(s, Channels, beta.ID, `{"IsDefault":false}`); !fault.Is(err, fault.Invalid) {
		t.Errorf("a project without a default channel: %v", err)
	}
	s.refuse(fault.Invalid, "Standard", func(tx *store.Tx) error { return Lifecycles.Delete(tx, s.lifecycle.ID) })
	_, err = change(s, DeploymentProcesses, s.project.DeploymentProcessID, packaged("a"))
	s.must(err)
	rules := map[string]struct{ rule, want string }{
		"good":       {`{"VersionRange":"[1.0,2.0)","Tag":"^$","ActionPackages":[{"DeploymentAction":"a","PackageReference":""}]}`, ""},
		"bad range":  {`{"VersionRange":"[1.0"}`, "version range"},
		"bad tag":    {`{"Tag":"("}`, "regular expression"},
		"two rules":  {`{"ActionPackages":[{"DeploymentAction":"a"}]},{"ActionPackages":[{"DeploymentAction":"A","PackageReference":""}]}`, "more than one version rule"},
		"net syntax": {`{"Tag":"^(?<name>a)(?!b)$"}`, ""},
	}
	for name, test := range rules {
		t.Run(name, func(t *testing.T) {
			_, err := change(s, Channels, beta.ID, `{"Rules":[`+test.rule+`]}`)
			if test.want == "" && err != nil || test.want != "" && !strings.Contains(explain(err), test.want) {
				t.Errorf("want %q, got %s", test.want, explain(err))
			}
		})
	}
}
