package retention_test

import (
	"testing"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/deploy"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// TestRunsGo keeps the last two runs of a runbook in each environment, with
// their tasks, and all runs of one that keeps them forever.
func TestRunsGo(t *testing.T) {
	each(t, func(a *attic) {
		service := &deploy.Service{DB: a.db, Queue: a.queue, Blobs: a.blobs}
		var environments []string
		two, forever := &catalog.Runbook{}, &catalog.Runbook{}
		two.RunRetentionPolicy = catalog.RunbookRetentionPolicy{QuantityToKeep: 2, Strategy: "Count"}
		forever.RunRetentionPolicy = catalog.RunbookRetentionPolicy{ShouldKeepForever: true}
		a.do(func(tx *store.Tx) error {
			environments = nil
			for _, name := range []string{"Dev", "Test", "Prod"} {
				e := &catalog.Environment{}
				e.Name, e.SpaceID = name, kind.DefaultSpace
				if err := catalog.Environments.Put(tx, e); err != nil {
					return err
				}
				environments = append(environments, e.ID)
			}
			group, err := catalog.ProjectGroups.Find(tx, kind.DefaultSpace, "Default Project Group")
			if err != nil {
				return err
			}
			lifecycle, err := catalog.Lifecycles.Find(tx, kind.DefaultSpace, "Default Lifecycle")
			if err != nil {
				return err
			}
			p := &catalog.Project{ProjectGroupID: group.ID, LifecycleID: lifecycle.ID}
			p.Name, p.SpaceID = "Shop", kind.DefaultSpace
			if err := catalog.Projects.Put(tx, p); err != nil {
				return err
			}
			for name, r := range map[string]*catalog.Runbook{"Two": two, "Forever": forever} {
				r.Name, r.SpaceID, r.ProjectID = name, kind.DefaultSpace, p.ID
				if err := catalog.Runbooks.Put(tx, r); err != nil {
					return err
				}
				process, err := catalog.RunbookProcesses.Get(tx, r.RunbookProcessID)
				if err != nil {
					return err
				}
				process.Steps = []catalog.Step{{Name: "Do", Actions: []catalog.Action{{Name: "Do", ActionType: "Octopus.Manual"}}}}
				if err := catalog.RunbookProcesses.Put(tx, process); err != nil {
					return err
				}
			}
			return nil
		})
		a.work(deploy.TaskRunbookRun)
		for _, r := range []*catalog.Runbook{two, forever} {
			s, err := service.CreateSnapshot(a.Context(), deploy.NewSnapshot{Runbook: r, Publish: true})
			if err != nil {
				a.Fatal(err)
			}
			for range 4 {
				made, err := service.CreateRuns(a.Context(), deploy.NewRuns{Snapshot: s, Environments: environments})
				if err != nil {
					a.Fatal(err)
				}
				for _, m := range made {
					a.await(m.Task.ID)
				}
			}
		}
		kept := func(r *catalog.Runbook) (n int) {
			a.do(func(tx *store.Tx) error {
				_, total, err := catalog.RunbookRuns.List(tx, kind.Query{Space: kind.DefaultSpace, Match: map[string]string{"RunbookId": r.ID}})
				n = total
				return err
			})
			return n
		}
		if a.retain(); kept(two) != 6 || kept(forever) != 12 || a.count(deploy.TaskRunbookRun) != 18 {
			a.Errorf("%d and %d runs with %d tasks are left", kept(two), kept(forever), a.count(deploy.TaskRunbookRun))
		}
	})
}
