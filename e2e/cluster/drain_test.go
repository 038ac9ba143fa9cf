package cluster

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// drain tells a node, by way of another, to take nothing new, or to do so again.
func (c *cluster) drain(n *node, on bool) {
	c.Helper()
	c.do("PUT", "/api/octopusservernodes/OctopusServerNodes-"+n.name, object{"IsInMaintenanceMode": on}, nil)
}

// by gives the node that has or had a task.
func (c *cluster) by(task string) string {
	c.Helper()
	name, _ := c.get("/api/tasks/" + task)["ServerNode"].(string)
	return name
}

// TestDrain drains a node: it finishes what it has, takes nothing new, answers
// requests, and comes back.
func TestDrain(t *testing.T) {
	c := newCluster(t, 2, "TASK_CAP=10")
	c.furnish(0)
	const count = 4
	var tasks []string
	for i := range 2 * count {
		c.project(fmt.Sprint("Project ", i), script("Wait", c.ticking(2, "end"), ""))
	}
	for i := range count {
		tasks = append(tasks, c.deploy(fmt.Sprint("Project ", i)))
	}
	c.until("all scripts run", time.Minute, func() bool { return c.begun("Wait") == count })
	drained := c.nodes[0]
	had := drained.held()
	if had == 0 || had == count {
		t.Errorf("%s has %d of %d tasks: the load is not shared", drained.name, had, count)
	}
	c.drain(drained, true)
	for i := range count {
		task := c.deploy(fmt.Sprint("Project ", count+i))
		tasks = append(tasks, task)
		c.until(task+" is taken", time.Minute, func() bool { return c.by(task) != "" })
		if by := c.by(task); by == drained.name {
			t.Errorf("%s took %s although it is drained", by, task)
		}
	}
	if now := drained.held(); now != had {
		t.Errorf("%s has %d tasks and had %d", drained.name, now, had)
	}
	c.open("end")
	var sum tally
	for _, task := range tasks {
		c.wait(task, "Success", time.Minute)
		c.judge(task, []string{"Wait."}, &sum)
	}
	if n := drained.held(); n != 0 || !drained.Healthy() {
		t.Errorf("%s has %d tasks", drained.name, n)
	}
	if o, err := drained.Get("/api/octopusservernodes/" + drained.name); err != nil || o["IsInMaintenanceMode"] != true || o["IsOffline"] != false {
		t.Errorf("%v, %v", o, err)
	}
	// The other one is gone, so that only the drained one could take what comes.
	c.nodes[1].stop()
	task := c.deploy("Project 0")
	why := c.get("/api/tasks/" + task + "/why")
	if !strings.Contains(fmt.Sprint(why), "draining") {
		t.Errorf("the task waits because of %v", why)
	}
	c.drain(drained, false)
	c.wait(task, "Success", time.Minute)
	if by := c.by(task); by != drained.name {
		t.Errorf("%s ran on %s", task, by)
	}
	t.Logf("%d tasks finished on the drained node, %d scripts, %d doubled, %d differing lines", had, sum.steps, sum.doubled, sum.differing)
}

// TestDatabaseRestarts restarts the database again and again, as an
// administrator does and as a crash does, while deployments of many short steps
// run and are created. Nothing that was acknowledged is lost, and what cannot
// be answered meanwhile is refused as unavailable.
func TestDatabaseRestarts(t *testing.T) {
	c := newCluster(t, 2, "TASK_CAP=8")
	c.furnish(1)
	count := scale("TAKO_CLUSTER_DEPLOYMENTS", 6, 20)
	var tasks, want []string
	steps := []object{}
	for i := range 6 {
		role, machine := "", ""
		if i%2 == 1 {
			role, machine = "web", "web-1"
		}
		name := fmt.Sprint("Step", i)
		steps = append(steps, script(name, c.ticking(3, ""), role))
		want = append(want, name+"."+machine)
	}
	for i := range count {
		name := fmt.Sprint("Project ", i)
		c.project(name, steps...)
		tasks = append(tasks, c.deploy(name))
	}
	refused, other := 0, 0
	for i := range scale("TAKO_CLUSTER_RESTARTS", 4, 12) {
		seen := c.pg.count("select count(*) from task_step where state = 'Succeeded'")
		c.until("something happens", time.Minute, func() bool {
			return c.pg.count("select count(*) from task_step where state = 'Succeeded'") > seen || c.pg.count("select count(*) from task where hold <> 'Done'") == 0
		})
		c.pg.stop([]string{"immediate", "fast"}[i%2])
		for _, n := range c.nodes {
			status, text := n.ask("/api/Spaces-1/projects")
			switch {
			case status == http.StatusServiceUnavailable && strings.Contains(text, "database"):
				refused++
			default:
				other++
				t.Errorf("%s answers %d %s without a database", n.name, status, text)
			}
			if status, _ := n.ask("/healthz"); status != http.StatusServiceUnavailable {
				t.Errorf("%s is healthy (%d) without a database", n.name, status)
			}
		}
		c.pg.start()
	}
	var sum tally
	for _, task := range tasks {
		c.wait(task, "Success", 2*time.Minute)
		c.judge(task, want, &sum)
	}
	t.Logf("%d deployments, %d scripts: %d doubled, %d missing, %d lost; %d lines, %d differing; %d requests refused as unavailable, %d otherwise",
		count, sum.steps, sum.doubled, sum.missing, c.pg.count("select count(*) from task_step where state = 'Lost'"), sum.lines, sum.differing, refused, other)
}

// TestRollingRestart restarts one node after the other, as an upgrade does,
// while deployments run: none fails.
func TestRollingRestart(t *testing.T) {
	c := newCluster(t, 3, "TASK_CAP=10")
	c.furnish(1)
	const count = 6
	var tasks []string
	for i := range count {
		name := fmt.Sprint("Project ", i)
		c.project(name, script("Local", c.ticking(3, "local"), ""), script("Remote", c.ticking(3, "remote"), "web"), script("Last", c.ticking(2, ""), ""))
		tasks = append(tasks, c.deploy(name))
	}
	c.until("all scripts run", time.Minute, func() bool { return c.begun("Local") == count })
	for i, n := range c.nodes {
		had := n.held()
		since := time.Now()
		n.stop()
		c.until("the tasks of "+n.name+" go on elsewhere", 10*time.Second, func() bool {
			return n.held() == 0 && c.pg.count("select count(*) from task where hold = 'Held'") == count
		})
		t.Logf("%s was stopped with %d tasks: they go on elsewhere after %v", n.name, had, time.Since(since).Round(10*time.Millisecond))
		n.start()
		if i == 1 {
			c.open("local")
			c.until("all targets are at work", time.Minute, func() bool { return c.begun("Remote") == count })
		}
	}
	c.open("remote")
	var sum tally
	for _, task := range tasks {
		c.wait(task, "Success", time.Minute)
		c.judge(task, []string{"Local.", "Remote.web-1", "Last."}, &sum)
	}
	t.Logf("%d deployments, %d scripts: %d doubled, %d missing, %d differing lines of %d", count, sum.steps, sum.doubled, sum.missing, sum.differing, sum.lines)
}
