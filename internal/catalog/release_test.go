package catalog

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// release creates a release with snapshots, as the server does.
func release(s *shelf, version string) *Release {
	s.t.Helper()
	r := &Release{Version: version, ProjectID: s.project.ID, ChannelID: s.channel().ID}
	s.do(func(tx *store.Tx) (err error) {
		if r.ProjectDeploymentProcessSnapshotID, err = SnapshotProcess(tx, s.project.DeploymentProcessID); err != nil {
			return err
		}
		if r.ProjectVariableSetSnapshotID, err = SnapshotVariables(tx, s.project.VariableSetID); err != nil {
			return err
		}
		put(s.t, tx, Releases, r)
		return nil
	})
	return r
}

func (s *shelf) channel() *Channel {
	s.t.Helper()
	var all []*Channel
	s.do(func(tx *store.Tx) (err error) {
		all, _, err = Channels.List(tx, kind.Query{Space: testSpace, Match: map[string]string{"ProjectId": s.project.ID}})
		return err
	})
	return all[0]
}

// count says how many documents a test's space holds, by kind.
func (s *shelf) count() map[string]int {
	s.t.Helper()
	counts := map[string]int{}
	s.do(func(tx *store.Tx) error {
		for _, table := range []string{"document", "release", "deployment"} {
			err := tx.Query(func(scan func(...any) error) error {
				var name string
				var n int
				err := scan(&name, &n)
				counts[name] = n
				return err
			}, "select kind, count(*) from "+table+" group by kind")
			if err != nil {
				return err
			}
		}
		return nil
	})
	return counts
}

func TestReleaseKey(t *testing.T) {
	same := [][]string{
		{"1.0", "1.0.0", "1.0.0.0", "v1", " 1.00.0 "}, {"2016.01.02", "2016.1.2"}, {"1.0.0-Beta.1", "1.0-beta-01"},
		{"1.0.0-beta.2"}, {"1.0.0+a"}, {"1.0.0+b"}, {"10.0.0"}, {""}, {"1.0.0.1"},
	}
	seen := map[string]string{}
	for _, group := range same {
		key := ReleaseKey(group[0])
		if other, ok := seen[key]; ok {
			t.Errorf("%s and %s have the same key %q", group[0], other, key)
		}
		seen[key] = group[0]
		for _, other := range group[1:] {
			if ReleaseKey(other) != key {
				t.Errorf("%s has the key %q and %s has %q", group[0], key, other, ReleaseKey(other))
			}
		}
	}
	for _, bad := range []string{"latest", "", "1.0 beta", "x1.0", "1.0.0/2", "99999999999.0"} {
		if key := ReleaseKey(bad); key != "" {
			t.Errorf("%q has the key %q", bad, key)
		}
	}
}

func TestReleases(t *testing.T) {
	s := newShelf(t)
	_, err := change(s, DeploymentProcesses, s.project.DeploymentProcessID, packaged("a"))
	s.must(err)
	r := release(s, "1.0.0")
	if r.Assembled.IsZero() {
		t.Error("not assembled")
	}
	body := func(version, more string) string {
		return fmt.Sprintf(`{"Version":%q,"ProjectId":%q,"ChannelId":%q%s}`, version, s.project.ID, s.channel().ID, more)
	}
	tests := map[string]struct{ body, want string }{
		"same":           {body("1.0.0.0", ""), "'1.0.0.0' is already in use"},
		"no version":     {body("soon", ""), "not a version number"},
		"empty":          {body("", ""), "Version must not be empty"},
		"no channel":     {fmt.Sprintf(`{"Version":"2","ProjectId":%q}`, s.project.ID), "ChannelId must not be empty"},
		"no such field":  {body("2", `,"CustomFields":{"a":"b"}`), "no custom field"},
		"absent channel": {fmt.Sprintf(`{"Version":"2","ProjectId":%q,"ChannelId":"Channels-9"}`, s.project.ID), "does not exist"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := create(s, Releases, test.body)
			if !fault.Is(err, fault.Invalid) || !strings.Contains(explain(err), test.want) {
				t.Errorf("want %q, got %s", test.want, explain(err))
			}
		})
	}
	for selected, want := range map[string]string{
		`[{"ActionName":"b","Version":"1"}]`: "SelectedPackages[0]: the deployment process of the release has no package '' of a step 'b'. It has those of 'a', 'Extra' of 'a'.",
		`[{"ActionName":"a","Version":""}]`:  "SelectedPackages[0].Version must not be empty.",
	} {
		if _, err := change(s, Releases, r.ID, `{"SelectedPackages":`+selected+`}`); !fault.Is(err, fault.Invalid) || !strings.Contains(explain(err), want) {
			t.Errorf("%s: want %q, got %s", selected, want, explain(err))
		}
	}
	changed, err := change(s, Releases, r.ID, `{"ReleaseNotes":"new","ProjectId":"Projects-9","ProjectVariableSetSnapshotId":"x","SelectedPackages":[{"StepName":"a","Version":"1"}],"Assembled":"2001-01-01T00:00:00Z"}`)
	s.must(err)
	if changed.ReleaseNotes != "new" || changed.ProjectID != s.project.ID || changed.ProjectVariableSetSnapshotID != r.ProjectVariableSetSnapshotID ||
		changed.SelectedPackages[0].ActionName != "a" || !changed.Assembled.Equal(r.Assembled.Time) {
		t.Errorf("changed to %+v", changed)
	}
	s.do(func(tx *store.Tx) error {
		found, err := FindRelease(tx, testSpace, s.project.ID, "1.0")
		if found == nil || found.ID != r.ID {
			t.Errorf("found %v", found)
		}
		if none, _ := FindRelease(tx, testSpace, s.project.ID, "3"); none != nil {
			t.Errorf("found %v", none)
		}
		return err
	})
	s.refuse(fault.Invalid, "Release '1.0.0'", func(tx *store.Tx) error {
		c := &Channel{ProjectID: s.project.ID, IsDefault: true}
		c.Name = "Other"
		put(t, tx, Channels, c)
		return Channels.Delete(tx, r.ChannelID)
	})
}

func TestSnapshotsAreSharedAndGoWithTheLastRelease(t *testing.T) {
	s := newShelf(t)
	one, two := release(s, "1"), release(s, "2")
	if one.ProjectVariableSetSnapshotID != two.ProjectVariableSetSnapshotID {
		t.Error("the same variables have two snapshots")
	}
	exists := func() (ok bool) {
		s.do(func(tx *store.Tx) error {
			_, err := VariableSets.Get(tx, one.ProjectVariableSetSnapshotID)
			ok = err == nil
			return nil
		})
		return ok
	}
	s.do(func(tx *store.Tx) error { return Releases.Delete(tx, one.ID) })
	if !exists() {
		t.Fatal("a snapshot in use is gone")
	}
	s.do(func(tx *store.Tx) error { return Releases.Delete(tx, two.ID) })
	if exists() {
		t.Error("a snapshot that nobody uses is left")
	}
}

func TestSnapshotsAtOnce(t *testing.T) {
	s := newShelf(t)
	names, errs := make([]string, 8), make([]error, 8)
	var all sync.WaitGroup
	for i := range names {
		all.Go(func() {
			errs[i] = s.db.Do(context.Background(), func(tx *store.Tx) (err error) {
				names[i], err = SnapshotVariables(tx, s.project.VariableSetID)
				return err
			})
		})
	}
	all.Wait()
	for i := range names {
		if errs[i] != nil || names[i] != names[0] {
			t.Errorf("%s, %v", names[i], explain(errs[i]))
		}
	}
}

func TestUpdatedVariablesLeaveNoSnapshot(t *testing.T) {
	s := newShelf(t)
	r := release(s, "1")
	before := r.ProjectVariableSetSnapshotID
	_, err := change(s, VariableSets, s.project.VariableSetID, `{"Version":0,"Variables":[{"Name":"a","Value":"b"}]}`)
	s.must(err)
	s.do(func(tx *store.Tx) (err error) {
		if r.ProjectVariableSetSnapshotID, err = SnapshotVariables(tx, s.project.VariableSetID); err != nil {
			return err
		}
		return Releases.Put(tx, r)
	})
	s.refuse(fault.NotFound, before, func(tx *store.Tx) error {
		_, err := VariableSets.Get(tx, before)
		return err
	})
}

func TestDeployments(t *testing.T) {
	s := newShelf(t)
	r := release(s, "1")
	make := func() *Deployment {
		d := &Deployment{ReleaseID: r.ID, EnvironmentID: s.environment.ID}
		d.Manifest = []Variable{{Name: "Asked", Value: sp("s3cret"), Type: VariableSensitive}, {Name: "Open", Value: sp("o")}}
		s.do(func(tx *store.Tx) error { put(t, tx, Deployments, d); return nil })
		return d
	}
	d, twin := make(), make()
	if d.Name != "Deploy to Production" || twin.Name != d.Name || d.ProjectID != s.project.ID || d.ChannelID != r.ChannelID || d.CreatedOn.IsZero() || d.DeployedBy == "" {
		t.Errorf("created %+v", d)
	}
	if diff := cmp.Diff(map[string]string{"Asked": "s3cret", "Open": "o"}, plains(s, d.ManifestVariableSetID)); diff != "" {
		t.Error(diff)
	}
	w := wire(s, VariableSets, d.ManifestVariableSetID)
	if text := fmt.Sprint(w); strings.Contains(text, "s3cret") {
		t.Errorf("the wire has %s", text)
	}
	if link := wire(s, Deployments, d.ID)["Links"].(map[string]any)["Variables"]; link != "/api/Spaces-1/variables/"+d.ManifestVariableSetID {
		t.Errorf("the link Variables is %v", link)
	}
	d, err := change(s, Deployments, d.ID, `{"ReleaseId":"Releases-9","EnvironmentId":"x","Comments":"c","TaskId":"ServerTasks-9","Created":"2001-01-01T00:00:00Z"}`)
	s.must(err)
	if d.ReleaseID != r.ID || d.EnvironmentID != s.environment.ID || d.TaskID != "" || d.Comments != "c" || d.CreatedOn.Year() < 2020 {
		t.Errorf("changed to %+v", d)
	}
	s.do(func(tx *store.Tx) error {
		all, total, err := Deployments.List(tx, kind.Query{Space: testSpace, Match: map[string]string{"EnvironmentId": s.environment.ID, "ReleaseId": r.ID}})
		if total != 2 || all[0].ID != twin.ID {
			t.Errorf("listed %d, newest first %v", total, all)
		}
		return err
	})
	s.refuse(fault.Invalid, "Deploy to Production", func(tx *store.Tx) error { return Environments.Delete(tx, s.environment.ID) })
	s.do(func(tx *store.Tx) error { return Releases.Delete(tx, r.ID) })
	if left := s.count(); left["Deployments"] != 0 || left["Releases"] != 0 || left["VariableSets"] != 1 || left["DeploymentProcesses"] != 1 {
		t.Errorf("left: %v", left)
	}
}

// stock fills the project with some of everything.
func stock(s *shelf) (runbook *Runbook, snapshot *RunbookSnapshot) {
	s.t.Helper()
	body := fmt.Sprintf(`{"Name":"Beta","ProjectId":%q,"LifecycleId":%q,"Rules":[{"Tag":"^$"}]}`, s.project.ID, s.lifecycle.ID)
	beta, err := create(s, Channels, body)
	s.must(err)
	_, err = change(s, DeploymentProcesses, s.project.DeploymentProcessID, `{"Version":0,"Steps":[`+step("Web", `,"Id":"web","Channels":["`+beta.ID+`"],"Properties":{"P":{"HasValue":true,"NewValue":"s3cret"}},"Packages":[{"PackageId":"W","FeedId":"#{Feed}"}]`)+`]}`)
	s.must(err)
	runbook, err = create(s, Runbooks, fmt.Sprintf(`{"Name":"Restart","ProjectId":%q}`, s.project.ID))
	s.must(err)
	_, err = change(s, RunbookProcesses, runbook.RunbookProcessID, `{"Version":0,"Steps":[`+step("Do", "")+`]}`)
	s.must(err)
	_, err = change(s, VariableSets, s.project.VariableSetID, `{"Version":0,"Variables":[{"Name":"V","Value":"s3cret","Type":"Sensitive","Scope":{"Channel":["`+beta.ID+`"],"Action":["web"],"ProcessOwner":["`+runbook.ID+`","`+s.project.ID+`"]}}]}`)
	s.must(err)
	_, err = change(s, Projects, s.project.ID, `{"Description":"d","CancelQueuedTasks":false,"AutoCreateRelease":true,"ReleaseCreationStrategy":{"ChannelId":"`+beta.ID+`","ReleaseCreationPackage":{"DeploymentAction":"Web","PackageReference":""}}}`)
	s.must(err)
	_, err = create(s, ProjectTriggers, fmt.Sprintf(`{"Name":"T","ProjectId":%q,"Filter":{"FilterType":"MachineFilter"},"Action":{"ActionType":"RunRunbook","RunbookId":%q,"EnvironmentIds":[%q]}}`, s.project.ID, runbook.ID, s.environment.ID))
	s.must(err)
	snapshot = &RunbookSnapshot{Name: "Snapshot 1", RunbookID: runbook.ID}
	s.do(func(tx *store.Tx) (err error) {
		if snapshot.FrozenRunbookProcessID, err = SnapshotRunbookProcess(tx, runbook.RunbookProcessID); err != nil {
			return err
		}
		put(s.t, tx, RunbookSnapshots, snapshot)
		return nil
	})
	return runbook, snapshot
}

func TestRunbooks(t *testing.T) {
	s := newShelf(t)
	runbook, snapshot := stock(s)
	if snapshot.FrozenRunbook == nil || snapshot.FrozenRunbook.Name != "Restart" || snapshot.Assembled.IsZero() || snapshot.ProjectID != s.project.ID {
		t.Errorf("snapshot %+v", snapshot)
	}
	if want := (RunbookRetentionPolicy{100, false, "Items", "Default"}); runbook.RunRetentionPolicy != want {
		t.Errorf("retention %+v", runbook.RunRetentionPolicy)
	}
	if _, err := change(s, Runbooks, runbook.ID, `{"PublishedRunbookSnapshotId":"RunbookSnapshots-9"}`); !fault.Is(err, fault.Invalid) {
		t.Errorf("publishing nothing: %v", err)
	}
	runbook, err := change(s, Runbooks, runbook.ID, `{"PublishedRunbookSnapshotId":"`+snapshot.ID+`","EnvironmentScope":"specified","RunRetentionPolicy":{"QuantityToKeep":5}}`)
	s.must(err)
	if runbook.RunRetentionPolicy.Strategy != "Count" || runbook.EnvironmentScope != "Specified" {
		t.Errorf("changed to %+v", runbook)
	}
	s.refuse(fault.Invalid, "published", func(tx *store.Tx) error { return RunbookSnapshots.Delete(tx, snapshot.ID) })
	run := &RunbookRun{RunbookSnapshotID: snapshot.ID, EnvironmentID: s.environment.ID}
	s.do(func(tx *store.Tx) error { put(t, tx, RunbookRuns, run); return nil })
	if run.RunbookID != runbook.ID || run.ProjectID != s.project.ID || run.Name != "Run Restart in Production" {
		t.Errorf("run %+v", run)
	}
	s.refuse(fault.Invalid, "'T'", func(tx *store.Tx) error { return Runbooks.Delete(tx, runbook.ID) })
	s.do(func(tx *store.Tx) error {
		if err := removeAll(tx, ProjectTriggers, kind.Query{Space: testSpace}, nil); err != nil {
			return err
		}
		return Runbooks.Delete(tx, runbook.ID)
	})
	if left := s.count(); left["Runbooks"]+left["RunbookProcesses"]+left["RunbookSnapshots"]+left["RunbookRuns"] != 0 {
		t.Errorf("left: %v", left)
	}
}

func TestProjectDeletion(t *testing.T) {
	s := newShelf(t)
	bare := s.count()
	s.do(func(tx *store.Tx) error { return Projects.Delete(tx, s.project.ID) })
	for k, n := range s.count() {
		bare[k] = n
	}
	s.project = &Project{LifecycleID: s.lifecycle.ID, ProjectGroupID: s.group.ID}
	s.project.Name = "Shop"
	s.do(func(tx *store.Tx) error { put(t, tx, Projects, s.project); return nil })
	_, snapshot := stock(s)
	r := release(s, "1")
	_, err := create(s, Tenants, fmt.Sprintf(`{"Name":"Customer","ProjectEnvironments":{%q:[%q]}}`, s.project.ID, s.environment.ID))
	s.must(err)
	s.do(func(tx *store.Tx) error {
		put(t, tx, Deployments, &Deployment{ReleaseID: r.ID, EnvironmentID: s.environment.ID})
		put(t, tx, RunbookRuns, &RunbookRun{RunbookSnapshotID: snapshot.ID, EnvironmentID: s.environment.ID})
		return nil
	})
	s.do(func(tx *store.Tx) error { return Projects.Delete(tx, s.project.ID) })
	want := map[string]int{"Environments": 1, "Lifecycles": 1, "ProjectGroups": 1, "Tenants": 1}
	if diff := cmp.Diff(want, s.count()); diff != "" {
		t.Error(diff)
	}
	s.do(func(tx *store.Tx) error {
		dangling := 0
		_, err := tx.QueryRow([]any{&dangling}, "select count(*) from reference where target like 'Projects-%' or source like 'Releases-%' or source like 'Channels-%' or source like '%-s-%'")
		if dangling != 0 {
			t.Errorf("%d references are left", dangling)
		}
		return err
	})
}

// TestCloneOfOtherChannels copies a project whose default channel is not the one
// that it was born with, and one that has a rule for a step's package.
func TestCloneOfOtherChannels(t *testing.T) {
	s := newShelf(t)
	_, err := change(s, DeploymentProcesses, s.project.DeploymentProcessID, `{"Steps":[{"Name":"Site","Properties":{"Octopus.Action.TargetRoles":"web"},"Actions":[{"Name":"Site","ActionType":"Octopus.TentaclePackage",
		"Packages":[{"Name":"","PackageId":"site","FeedId":"#{Feed}"}]}]}]}`)
	s.must(err)
	_, err = create(s, Channels, fmt.Sprintf(`{"Name":"Hot","ProjectId":%q,"IsDefault":true,"Rules":[{"VersionRange":"[1.0,2.0)","ActionPackages":[{"DeploymentAction":"Site","PackageReference":""}]}]}`, s.project.ID))
	s.must(err)
	var channels []*Channel
	s.do(func(tx *store.Tx) error {
		p, err := CloneProject(tx, s.project.ID, CloneRequest{Name: "Copy"})
		if err != nil {
			return err
		}
		channels, _, err = Channels.List(tx, kind.Query{Space: testSpace, Match: map[string]string{"ProjectId": p.ID}, OrderBy: "name_key"})
		return err
	})
	if len(channels) != 2 || channels[0].Name != "Default" || channels[0].IsDefault || channels[1].Name != "Hot" || !channels[1].IsDefault {
		t.Fatalf("channels %+v", channels)
	}
	if rules := channels[1].Rules; len(rules) != 1 || rules[0].VersionRange != "[1.0,2.0)" || rules[0].ActionPackages[0].DeploymentAction != "Site" {
		t.Errorf("rules %+v", rules)
	}
}

func TestCloneProject(t *testing.T) {
	s := newShelf(t)
	runbook, _ := stock(s)
	release(s, "1")
	var p *Project
	s.do(func(tx *store.Tx) (err error) {
		p, err = CloneProject(tx, s.project.ID, CloneRequest{Name: "Copy"})
		return err
	})
	s.do(func(tx *store.Tx) error {
		mine := kind.Query{Space: testSpace, Match: map[string]string{"ProjectId": p.ID}}
		channels, _, err := Channels.List(tx, mine)
		if err != nil {
			return err
		}
		var beta *Channel
		for _, c := range channels {
			if c.Name == "Beta" {
				beta = c
			}
		}
		if len(channels) != 2 || beta == nil || len(beta.Rules) != 1 || beta.ProjectID != p.ID {
			t.Fatalf("channels %+v", channels)
		}
		runbooks, _, err := Runbooks.List(tx, mine)
		if err != nil || len(runbooks) != 1 || runbooks[0].ID == runbook.ID {
			t.Fatalf("runbooks %+v, %v", runbooks, err)
		}
		process := get(t, tx, DeploymentProcesses, p.DeploymentProcessID)
		a := process.Steps[0].Actions[0]
		if diff := cmp.Diff([]string{beta.ID}, a.Channels); diff != "" || a.ID != "web" {
			t.Errorf("step %+v", a)
		}
		if plain, _ := a.Properties["P"].Secret.Open(tx); plain != "s3cret" {
			t.Errorf("the step's secret is %q", plain)
		}
		v := get(t, tx, VariableSets, p.VariableSetID).Variables[0]
		if plain, _ := v.Plain(tx); plain != "s3cret" {
			t.Errorf("the variable is %q", plain)
		}
		want := VariableScope{Channel: []string{beta.ID}, Action: []string{"web"}, ProcessOwner: []string{runbooks[0].ID, p.ID}}
		if diff := cmp.Diff(want, v.Scope); diff != "" {
			t.Error(diff)
		}
		triggers, _, err := ProjectTriggers.List(tx, mine)
		if err != nil || len(triggers) != 2 || triggers[0].ID != creationTriggerID(p.ID) || triggers[1].Action.RunbookID != runbooks[0].ID {
			t.Fatalf("triggers %+v, %v", triggers, err)
		}
		if !triggers[0].IsDisabled || triggers[0].Action.ChannelID != beta.ID || !triggers[1].IsDisabled {
			t.Errorf("triggers %+v", triggers)
		}
		if steps := get(t, tx, RunbookProcesses, runbooks[0].RunbookProcessID).Steps; len(steps) != 1 {
			t.Errorf("the runbook's steps: %+v", steps)
		}
		_, releases, err := Releases.List(tx, mine)
		if p.Name != "Copy" || p.Slug != "copy" || p.Description != "d" || p.ClonedFromProjectID != s.project.ID || p.CancelQueuedTasks ||
			!p.AutoCreateRelease || p.ReleaseCreationStrategy.ChannelID != beta.ID || releases != 0 {
			t.Errorf("copied to %+v with %d releases", p, releases)
		}
		return err
	})
	s.refuse(fault.Invalid, "already in use", func(tx *store.Tx) error {
		_, err := CloneProject(tx, s.project.ID, CloneRequest{Name: "shop"})
		return err
	})
}
