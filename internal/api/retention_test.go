package api

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// versions lists the versions of the releases that there are, oldest first.
func (s *shop) versions() []string {
	list := strings.Fields(each(s.get("/api/Spaces-1/projects/"+s.Project+"/releases?take=1000"), "Version"))
	slices.Reverse(list)
	return list
}

// release makes a release and deploys it without its steps.
func (s *shop) ship(version string, environments ...string) (release string, tasks []string) {
	s.Helper()
	release = s.text(s.post("/api/Spaces-1/releases/create/v1", thing{"ProjectName": "Web shop", "ReleaseVersion": version}), "ReleaseId")
	for _, e := range environments {
		made := s.post("/api/Spaces-1/deployments/create/untenanted/v1", thing{"ProjectName": "Web shop", "ReleaseVersion": version,
			"EnvironmentNames": []string{e}, "SkipStepNames": []string{"Sign off"}})
		task := s.text(made, "DeploymentServerTasks.0.ServerTaskId")
		s.until("/api/tasks/"+task, "State", "Success")
		tasks = append(tasks, task)
	}
	return release, tasks
}

// retain applies the policies of the space and gives the log.
func (s *shop) retain() string {
	s.Helper()
	task := s.text(s.post("/api/tasks", thing{"Name": "Retention", "SpaceId": "Spaces-1"}), "Id")
	end := s.until("/api/tasks/"+task, "IsCompleted", "true")
	log := string(s.send("GET", "/api/tasks/"+task+"/raw", nil).body)
	if s.text(end, "State") != "Success" {
		s.Fatalf("%v\n%s", end, log)
	}
	return log
}

// keeping gives the lifecycle two phases that keep so many releases.
func (s *shop) keeping(n int) {
	s.Helper()
	lifecycle := s.get("/api/Spaces-1/lifecycles/default-lifecycle").(thing)
	lifecycle["ReleaseRetentionPolicy"] = thing{"Strategy": "Count", "Unit": "Items", "QuantityToKeep": n}
	lifecycle["Phases"] = []thing{{"Name": "Staging", "OptionalDeploymentTargets": []string{s.Dev}}, {"Name": "Production", "OptionalDeploymentTargets": []string{s.Prod}}}
	s.put("/api/Spaces-1/lifecycles/"+s.text(lifecycle, "Id"), lifecycle)
}

// TestRetentionOfReleases makes 15 releases: six went to both phases, three to
// the first, and six nowhere.
func TestRetentionOfReleases(t *testing.T) {
	s := newShop(t, manual)
	s.work()
	s.keeping(3)
	first, tasks := s.ship("0.0.1", "Dev", "Prod")
	report := s.text(s.post("/api/Spaces-1/artifacts", thing{"Filename": "report.txt", "ServerTaskId": tasks[0]}), "Id")
	s.want(200, "PUT", "/api/Spaces-1/artifacts/"+report+"/content", "content")
	var all []string
	for n := 2; n <= 15; n++ {
		var where []string
		if n <= 9 {
			where = append(where, "Dev")
		}
		if n <= 6 {
			where = append(where, "Prod")
		}
		s.ship(fmt.Sprintf("0.0.%d", n), where...)
	}
	log := s.retain()
	for n := 2; n <= 15; n++ {
		if n < 10 || n > 12 {
			all = append(all, fmt.Sprintf("0.0.%d", n))
		}
	}
	if diff := cmp.Diff(all, s.versions()); diff != "" {
		t.Errorf("%s\n%s", diff, log)
	}
	for _, want := range []string{
		"keeping the last 3 that were not deployed, the last 3 of phase Staging, the last 3 of phase Production",
		"Web shop 0.0.9 is kept: it is on the dashboard", "Web shop 0.0.8 is kept: a release on the dashboard can be rolled back to it",
		"Web shop 0.0.12 was removed with 0 deployments: it was not deployed, of which 3 of 3 are kept already",
		"Web shop 0.0.1 was removed with 2 deployments", "4 of 15 releases were removed",
	} {
		if !strings.Contains(log, want) {
			t.Errorf("the log does not say %q:\n%s", want, log)
		}
	}
	// With the release went its deployments, tasks, artifacts and files.
	s.refused(404, "GET", "/api/Spaces-1/releases/"+first, nil)
	s.refused(404, "GET", "/api/Spaces-1/artifacts/"+report, nil)
	for _, task := range tasks {
		s.refused(404, "GET", "/api/tasks/"+task, nil)
	}
	if _, err := s.api.Blobs.Stat(t.Context(), "artifacts/"+report); !fault.Is(err, fault.NotFound) {
		t.Errorf("the file of the artifact: %v", err)
	}
	if deployments := s.get("/api/Spaces-1/deployments?take=1000"); s.text(deployments, "TotalResults") != "13" {
		t.Error(s.text(deployments, "TotalResults"))
	}
	// The audit trail stays, and says who is gone.
	if events := s.get("/api/Spaces-1/events?regarding=" + first); !strings.Contains(each(events, "Category"), "Deleted") || !strings.Contains(each(events, "Category"), "Created") {
		t.Error(each(events, "Category"))
	}
	// Once more there is nothing to do.
	if log := s.retain(); len(s.versions()) != len(all) || !strings.Contains(log, "0 of 11 releases were removed") {
		t.Error(log)
	}
}

// TestRetentionLeavesWhatRuns keeps an old release while a deployment of it
// waits for somebody, and after that no longer.
func TestRetentionLeavesWhatRuns(t *testing.T) {
	s := newShop(t, manual)
	s.work()
	s.keeping(1)
	s.ship("1.0.0")
	made := s.post("/api/Spaces-1/deployments/create/untenanted/v1", thing{"ProjectName": "Web shop", "ReleaseVersion": "1.0.0", "EnvironmentNames": []string{"Dev"}})
	waits := s.text(made, "DeploymentServerTasks.0.ServerTaskId")
	s.until("/api/tasks/"+waits, "HasPendingInterruptions", "true")
	for _, v := range []string{"2.0.0", "3.0.0", "4.0.0"} {
		s.ship(v, "Dev")
	}
	s.ship("5.0.0")
	log := s.retain()
	if diff := cmp.Diff([]string{"1.0.0", "2.0.0", "3.0.0", "4.0.0", "5.0.0"}, s.versions()); diff != "" {
		t.Errorf("%s\n%s", diff, log)
	}
	if !strings.Contains(log, "Web shop 1.0.0 is kept: a deployment of it has not ended") {
		t.Error(log)
	}
	s.want(200, "POST", "/api/tasks/"+waits+"/cancel", nil)
	s.until("/api/tasks/"+waits, "State", "Canceled")
	log = s.retain()
	if diff := cmp.Diff([]string{"2.0.0", "3.0.0", "4.0.0", "5.0.0"}, s.versions()); diff != "" {
		t.Errorf("%s\n%s", diff, log)
	}
	if interruptions := s.get("/api/Spaces-1/interruptions?regarding=" + waits); s.text(interruptions, "TotalResults") != "0" {
		t.Error("the question of the deployment stays")
	}
}

// TestRetentionKeepsWhatOthersDeploy keeps a release that a release of another
// project deploys.
func TestRetentionKeepsWhatOthersDeploy(t *testing.T) {
	s := newShop(t, manual)
	s.work()
	for _, v := range []string{"1.0.0", "1.1.0", "1.2.0"} {
		s.ship(v)
	}
	group, lifecycle := s.text(s.get("/api/Spaces-1/projectgroups/default-project-group"), "Id"), s.text(s.get("/api/Spaces-1/lifecycles/default-lifecycle"), "Id")
	suite := s.text(s.post("/api/Spaces-1/projects", thing{"Name": "Suite", "LifecycleId": lifecycle, "ProjectGroupId": group}), "Id")
	process := s.get("/api/Spaces-1/deploymentprocesses/deploymentprocess-" + suite).(thing)
	process["Steps"] = []thing{{"Name": "Shop", "Actions": []thing{{"Name": "Shop", "ActionType": "Octopus.DeployRelease",
		"Properties": thing{"Octopus.Action.DeployRelease.ProjectId": s.Project},
		"Packages":   []thing{{"PackageId": s.Project, "FeedId": "feeds-builtin"}}}}}}
	s.put("/api/Spaces-1/deploymentprocesses/deploymentprocess-"+suite, process)
	s.do(func(tx *store.Tx) error {
		channels, _, err := catalog.Channels.List(tx, kind.Query{Space: kind.DefaultSpace, Match: map[string]string{"ProjectId": suite}})
		if err != nil {
			return err
		}
		r := &catalog.Release{Version: "7.0", ProjectID: suite, ChannelID: channels[0].ID, SelectedPackages: []catalog.SelectedPackage{{ActionName: "Shop", Version: "1.0"}}}
		r.SpaceID = kind.DefaultSpace
		if r.ProjectDeploymentProcessSnapshotID, err = catalog.SnapshotProcess(tx, "deploymentprocess-"+suite); err != nil {
			return err
		}
		return catalog.Releases.Put(tx, r)
	})
	s.keeping(1)
	log := s.retain()
	if diff := cmp.Diff([]string{"1.0.0", "1.2.0"}, s.versions()); diff != "" || !strings.Contains(log, "Web shop 1.0.0 is kept: release 7.0 of another project deploys it") {
		t.Errorf("%s\n%s", diff, log)
	}
}

// TestRetentionOfRunbookRuns keeps ten runs of each environment.
func TestRetentionOfRunbookRuns(t *testing.T) {
	s := newShop(t, manual)
	s.work()
	test := s.text(s.post("/api/Spaces-1/environments", thing{"Name": "Test"}), "Id")
	s.do(func(tx *store.Tx) error {
		b := &catalog.Runbook{ProjectID: s.Project, RunRetentionPolicy: catalog.RunbookRetentionPolicy{Strategy: "Count", Unit: "Items", QuantityToKeep: 10}}
		b.SpaceID, b.Name = kind.DefaultSpace, "Restart"
		if err := catalog.Runbooks.Put(tx, b); err != nil {
			return err
		}
		snapshot := &catalog.RunbookSnapshot{Name: "one", RunbookID: b.ID}
		snapshot.SpaceID = kind.DefaultSpace
		if err := catalog.RunbookSnapshots.Put(tx, snapshot); err != nil {
			return err
		}
		for range 12 {
			for _, e := range []string{s.Dev, test, s.Prod} {
				run := &catalog.RunbookRun{RunbookSnapshotID: snapshot.ID, EnvironmentID: e}
				run.SpaceID = kind.DefaultSpace
				if err := catalog.RunbookRuns.Put(tx, run); err != nil {
					return err
				}
			}
		}
		return nil
	})
	log := s.retain()
	left := map[string]int{}
	s.do(func(tx *store.Tx) error {
		runs, _, err := catalog.RunbookRuns.List(tx, kind.Query{Space: kind.DefaultSpace})
		for _, r := range runs {
			left[r.EnvironmentID]++
		}
		return err
	})
	if diff := cmp.Diff(map[string]int{s.Dev: 10, test: 10, s.Prod: 10}, left); diff != "" || !strings.Contains(log, "6 of 36 runs were removed") {
		t.Errorf("%s\n%s", diff, log)
	}
}
