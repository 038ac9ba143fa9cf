package cluster

import (
	"fmt"
	"testing"
	"time"
)

// TestDatabaseFailsOver kills the server of the database while deployments run,
// and has its standby take its place: nothing that was acknowledged is lost, and
// the nodes go on there by themselves.
func TestDatabaseFailsOver(t *testing.T) {
	path := program(t)
	pg := newPostgres(t)
	pg.replicate()
	c := newClusterOn(t, pg, path, 2, "TASK_CAP=20")
	c.furnish(1)
	count := scale("TAKO_CLUSTER_FAILOVER", 4, 20)
	var tasks []string
	begin := func(name string) {
		c.project(name, script("Remote", c.ticking(3, "over"), "web"), script("Local", c.ticking(3, ""), ""), script("Last", c.ticking(3, ""), "web"))
		tasks = append(tasks, c.deploy(name))
	}
	for i := range count {
		begin(fmt.Sprint("Project ", i))
	}
	c.until("all targets are at work", 2*time.Minute, func() bool { return c.begun("Remote") == count })
	pg.failOver()
	since := time.Now()
	begin("Afterwards")
	c.until("a deployment is at work that was created afterwards", 2*time.Minute, func() bool { return c.begun("Remote") == count+1 })
	t.Logf("a deployment was created and at work %v after the standby took over", time.Since(since).Round(time.Millisecond))
	c.open("over")
	var sum tally
	for _, task := range tasks {
		c.wait(task, "Success", 2*time.Minute)
		c.judge(task, []string{"Remote.web-1", "Local.", "Last.web-1"}, &sum)
	}
	t.Logf("%d deployments, %d scripts: %d doubled, %d missing, %d lost; %d lines, %d differing",
		len(tasks), sum.steps, sum.doubled, sum.missing, c.pg.count("select count(*) from task_step where state = 'Lost'"), sum.lines, sum.differing)
}
