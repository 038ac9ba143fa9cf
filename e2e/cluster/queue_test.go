package cluster

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// start is when a task was queued and started, by which node.
type start struct {
	task, project, node string
	queued, started     int64 // Unix milliseconds
}

func (c *cluster) starts() (all []start) {
	c.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, c.pg.url())
	if err != nil {
		c.Fatal(err)
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, "select id, project, node, queue_time, started from task where name = 'Deploy' order by started, num")
	if err != nil {
		c.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var s start
		if err := rows.Scan(&s.task, &s.project, &s.node, &s.queued, &s.started); err != nil {
			c.Fatal(err)
		}
		all = append(all, s)
	}
	if err := rows.Err(); err != nil {
		c.Fatal(err)
	}
	return all
}

// places is how many tasks the two nodes run at once.
const places = 20

// TestNoTaskRunsTwice fills the queue with deployments of many projects, one
// project after the other, and lets two nodes empty it. Each script makes a
// folder of its own, which the file system allows once. Then single
// deployments measure how soon one starts.
func TestNoTaskRunsTwice(t *testing.T) {
	c := newCluster(t, 2, fmt.Sprint("TASK_CAP=", places/2))
	c.furnish(0)
	projects, each := scale("TAKO_CLUSTER_PROJECTS", 6, 50), scale("TAKO_CLUSTER_EACH", 8, 20)
	body := fmt.Sprintf(`task="$(get_octopusvariable Octopus.Task.Id)"; mkdir "%[1]s/$task" || touch "%[1]s/$task.again"`, c.effect)
	// A newer deployment takes the place of one that waits for the same
	// environment, so that each has its own.
	var environments []string
	for i := range each {
		environments = append(environments, id(c.post(space+"/environments", object{"Name": fmt.Sprint("E", i)})))
	}
	c.lifecycle = id(c.post(space+"/lifecycles", object{"Name": "All", "Phases": []object{{"Name": "All", "OptionalDeploymentTargets": environments}}}))
	for i := range projects {
		c.project(fmt.Sprint("Project ", i), script("Mark", body, ""))
	}
	for _, n := range c.nodes {
		c.drain(n, true)
	}
	began := time.Now()
	var all sync.WaitGroup
	for i := range projects {
		for e := range each {
			all.Go(func() { c.deployTo(i, e) })
		}
		all.Wait()
	}
	total := projects * each
	t.Logf("%d deployments of %d projects queued in %v", total, projects, time.Since(began).Round(time.Millisecond))
	began = time.Now()
	for _, n := range c.nodes {
		c.drain(n, false)
	}
	c.until("the queue is empty", 10*time.Minute, func() bool {
		return c.pg.count("select count(*) from task where hold <> 'Done'") == 0
	})
	took := time.Since(began)
	t.Logf("drained in %v: %.1f a second", took.Round(time.Millisecond), float64(total)/took.Seconds())
	c.once(total)
	c.fair(c.starts(), projects, each)
	c.latency(scale("TAKO_CLUSTER_SINGLES", 30, 300))
}

func (c *cluster) deployTo(project, environment int) {
	n := c.nodes[project%len(c.nodes)]
	_, err := n.Post(space+"/deployments/create/untenanted/v1", object{"SpaceIdOrName": "Spaces-1", "ProjectName": fmt.Sprint("Project ", project),
		"ReleaseVersion": "1.0.0", "EnvironmentNames": []string{fmt.Sprint("E", environment)}})
	if err != nil {
		c.Error(err)
	}
}

// once checks that each of the tasks ran once and succeeded.
func (c *cluster) once(total int) {
	c.Helper()
	entries, err := os.ReadDir(c.effect)
	if err != nil {
		c.Fatal(err)
	}
	ran, again := 0, 0
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".again") {
			again++
		} else {
			ran++
		}
	}
	bad := c.pg.count("select count(*) from task where name = 'Deploy' and state <> 'Success'")
	if ran != total || again != 0 || bad != 0 {
		c.Errorf("of %d tasks %d ran, %d twice, and %d did not succeed", total, ran, again, bad)
	}
	c.Logf("%d tasks ran, %d twice, %d failed", ran, again, bad)
}

// fair checks that no project has to wait until those before it are done.
func (c *cluster) fair(starts []start, projects, each int) {
	c.Helper()
	half := starts[:len(starts)/2]
	got, nodes := map[string]int{}, map[string]int{}
	for _, s := range half {
		got[s.project]++
	}
	for _, s := range starts {
		nodes[s.node]++
	}
	early := map[string]bool{}
	for _, s := range starts[:min(len(starts), 2*places)] {
		early[s.project] = true
	}
	least, most := each, 0
	for _, n := range got {
		least, most = min(least, n), max(most, n)
	}
	c.Logf("when half had started, each of %d projects had started %d to %d of its %d; by node: %v", len(got), least, most, each, nodes)
	c.Logf("%d of %d projects are among the first %d starts", len(early), projects, 2*places)
	if len(early) < min(projects, places/2) {
		c.Errorf("the projects were not served alike: %v", got)
	}
	if len(nodes) != len(c.nodes) {
		c.Errorf("not every node took part: %v", nodes)
	}
}

// latency deploys when nothing else is to do, by way of each node, and prints
// how long it takes until a node starts.
func (c *cluster) latency(count int) {
	c.Helper()
	before := map[string]bool{}
	for _, s := range c.starts() {
		before[s.task] = true
	}
	for i := range count {
		c.deployTo(i%2, 0)
		c.until("nothing is to do", time.Minute, func() bool { return c.pg.count("select count(*) from task where hold <> 'Done'") == 0 })
	}
	var took []int64
	for _, s := range c.starts() {
		if !before[s.task] {
			took = append(took, s.started-s.queued)
		}
	}
	slices.Sort(took)
	if len(took) != count {
		c.Fatalf("%d of %d were started", len(took), count)
	}
	c.Logf("from cause to start over %d deployments: median %d ms, p99 %d ms, worst %d ms", count, took[count/2], took[count*99/100], took[count-1])
	left, _ := filepath.Glob(filepath.Join(c.effect, "*.again"))
	if len(left) > 0 {
		c.Errorf("ran twice: %v", left)
	}
}
