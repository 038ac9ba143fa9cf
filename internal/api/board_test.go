package api

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// TestLargeBoard shows that the boards of a large space do not depend on its
// history: 300 projects, 100 environments, 3,000 places deployed to, each 10
// times. It takes a while, so it has to be asked for.
func TestLargeBoard(t *testing.T) {
	if os.Getenv("TAKO_BENCH") == "" {
		t.Skip("set TAKO_BENCH=1 to measure boards")
	}
	s := newClient(t)
	s.do(seedLargeSpace)
	for _, path := range []string{"/api/Spaces-1/dashboard?showAll=true", "/api/Spaces-1/projects/Projects-7/progression", "/api/Spaces-1/tasks?take=30",
		"/api/Spaces-1/deployments?take=30", "/api/Spaces-1/dashboard/dynamic?projects=Projects-7&includePrevious=true", "/api/Spaces-1/deployments?projects=Projects-7&taskState=Success&take=30"} {
		var spent []time.Duration
		var size int
		for range 20 {
			begin := time.Now()
			a := s.send("GET", path, nil)
			spent = append(spent, time.Since(begin))
			if size = len(a.body); a.status != 200 {
				t.Fatalf("%s: %d: %s", path, a.status, a.body)
			}
		}
		slices.Sort(spent)
		t.Logf("%-60s median %v, slowest %v, %d bytes", path, spent[10], spent[19], size)
	}
}

func seedLargeSpace(tx *store.Tx) error {
	group, err := catalog.ProjectGroups.Find(tx, kind.DefaultSpace, "default-project-group")
	if err != nil {
		return err
	}
	lifecycle, err := catalog.Lifecycles.Find(tx, kind.DefaultSpace, "default-lifecycle")
	if err != nil {
		return err
	}
	for i := range 100 {
		e := &catalog.Environment{}
		e.Name, e.SpaceID = fmt.Sprintf("Environment %d", i), kind.DefaultSpace
		if err := catalog.Environments.Put(tx, e); err != nil {
			return err
		}
	}
	task := 0
	for i := range 300 {
		p := &catalog.Project{ProjectGroupID: group.ID, LifecycleID: lifecycle.ID}
		p.Name, p.SpaceID = fmt.Sprintf("Project %d", i), kind.DefaultSpace
		if err := catalog.Projects.Put(tx, p); err != nil {
			return err
		}
		release := fmt.Sprintf("Releases-%d", i+1)
		if _, err := tx.Exec(`insert into release (id, kind, space, owner, name, name_key, slug, version, shape, created, modified, data)
			values ($1, 'Releases', 'Spaces-1', $2, '1.0.0', '1.0.0', '', 1, '', 1, 1, $3)`, release, p.ID, fmt.Sprintf(`{"Id":%q,"ProjectId":%q,"ChannelId":"Channels-%d","Version":"1.0.0"}`, release, p.ID, i+1)); err != nil {
			return err
		}
		for place := range 10 {
			for range 10 {
				task++
				d, k, e := fmt.Sprintf("Deployments-%d", task), fmt.Sprintf("ServerTasks-%d", task), fmt.Sprintf("Environments-%d", (i+place*10)%100+1)
				if _, err := tx.Exec(`insert into deployment (id, kind, space, owner, name, name_key, slug, version, shape, created, modified, data)
					values ($1, 'Deployments', 'Spaces-1', $2, '', $1, '', 1, '', $4, $4, $3)`, d, p.ID,
					fmt.Sprintf(`{"Id":%q,"ProjectId":%q,"ReleaseId":%q,"EnvironmentId":%q,"TaskId":%q}`, d, p.ID, release, e, k), task); err != nil {
					return err
				}
				if _, err := tx.Exec(`insert into task (id, num, name, description, space, project, environment, tenant, runbook, arguments, created_by, light, tag, queue_time, parent, parent_key,
					state, hold, class, place_rank, place, expiry, started, updated, completed, wake_at, node, epoch, lease, error, warnings, pending, why, log_lines, log_bytes)
					values ($1, $2, 'Deploy', '', 'Spaces-1', $3, $4, '', '', $5, '', 0, '', 1, '', '', 'Success', 'Done', 2, 6, 1, 0, 1, 1, 2, 0, '', 1, 0, '', 0, '', '', 0, 0)`,
					k, task, p.ID, e, fmt.Sprintf(`{"DeploymentId":%q}`, d)); err != nil {
					return err
				}
				if _, err := tx.Exec(`insert into standing (project, environment, tenant, space, deployment, release, task) values ($1, $2, '', 'Spaces-1', $3, $4, $5)
					on conflict (project, environment, tenant) do update set deployment = excluded.deployment, task = excluded.task`, p.ID, e, d, release, k); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
