package cluster

import (
	"fmt"
	"testing"
	"time"
)

// lease is for how long a node has a task without renewing its claim.
const lease = 6 * time.Second

// takeover waits until nothing is in a node's hands any more, and gives how
// long that took. Where nodes are full, what is taken over may have to wait for a
// place, and only the end of the lease is waited for.
func (c *cluster) takeover(n *node, since time.Time) time.Duration {
	c.Helper()
	if c.full {
		c.until("the lease of "+n.name+" is over", time.Minute, func() bool { return time.Since(since) > lease+2*time.Second })
		return 0
	}
	c.until("the tasks of "+n.name+" are taken over", 20*time.Second, func() bool { return n.held() == 0 })
	took := time.Since(since)
	if took > 10*time.Second {
		c.Errorf("taking over from %s took %v", n.name, took)
	}
	return took.Round(10 * time.Millisecond)
}

// TestDeploymentsOutliveTheCluster kills a node, makes one stand still beyond
// its lease, drains one, and restarts the database twice, while deployments
// run on SSH targets and on the built-in worker.
func TestDeploymentsOutliveTheCluster(t *testing.T) {
	count := scale("TAKO_CLUSTER_DEPLOYMENTS", 6, 24)
	// One node alone must have room for all, which may be twice its cap.
	c := newCluster(t, 3, fmt.Sprint("TASK_CAP=", max(10, count/2+1)))
	c.furnish(2)
	var tasks []string
	for i := range count {
		name := fmt.Sprintf("Project %d", i)
		c.project(name, script("Prepare", c.ticking(3, ""), ""), script("Install", c.ticking(5, "install"), "web"),
			script("Verify", c.ticking(5, "verify"), ""), script("Finish", c.ticking(3, ""), "web"))
		tasks = append(tasks, c.deploy(name))
	}
	c.until("all targets are at work", time.Minute, func() bool { return c.begun("Install") == 2*count })
	for round := range scale("TAKO_CLUSTER_ROUNDS", 1, 4) {
		c.harm(round)
	}
	c.open("install")
	c.until("all workers are at work", 2*time.Minute, func() bool { return c.begun("Verify") == count })
	for round := range scale("TAKO_CLUSTER_ROUNDS", 1, 4) {
		c.harm(round + 1)
	}
	c.open("verify")
	var sum tally
	for _, task := range tasks {
		c.wait(task, "Success", 3*time.Minute)
		c.judge(task, []string{"Prepare.", "Install.web-1", "Install.web-2", "Verify.", "Finish.web-1", "Finish.web-2"}, &sum)
	}
	lost := c.pg.count("select count(*) from task_step where state = 'Lost'")
	t.Logf("%d deployments, %d scripts: %d doubled, %d missing, %d lost; %d lines, %d differing",
		count, sum.steps, sum.doubled, sum.missing, lost, sum.lines, sum.differing)
}

// TestManyDeploymentsOutliveTheCluster does harm to the cluster again and again
// until many deployments of six steps, on eight SSH targets and on the built-in
// worker, have ended.
func TestManyDeploymentsOutliveTheCluster(t *testing.T) {
	count := scale("TAKO_CLUSTER_MANY", 0, 300)
	if count == 0 {
		t.Skip("it takes many minutes; TAKO_CLUSTER_LONG=1 or a number in TAKO_CLUSTER_MANY has it run")
	}
	c := newCluster(t, 3, "TASK_CAP=8")
	c.full = true
	c.furnish(8)
	for _, n := range c.nodes {
		c.drain(n, true) // so that all are harmed
	}
	tasks := make([]string, count)
	for i := range tasks {
		name, pair := fmt.Sprintf("Project %d", i), fmt.Sprintf("pair-%d", i%4+1)
		c.project(name, script("Prepare", c.ticking(5, ""), ""), script("Install", c.ticking(10, ""), pair), script("Verify", c.ticking(5, ""), ""),
			script("Switch", c.ticking(5, ""), pair), script("Check", c.ticking(10, ""), pair), script("Finish", c.ticking(5, ""), ""))
		tasks[i] = c.deploy(name)
	}
	for _, n := range c.nodes {
		c.drain(n, false)
	}
	began, rounds := time.Now(), 0
	for c.pg.count("select count(*) from task where name = 'Deploy' and hold <> 'Done'") > 0 {
		c.harm(rounds)
		rounds++
	}
	t.Logf("%d rounds in %v: in each a node was killed, one stood still beyond its lease, one drained, and the database restarted twice", rounds, time.Since(began).Round(time.Second))
	var sum tally
	for i, task := range tasks {
		c.wait(task, "Success", time.Minute)
		want := []string{"Prepare.", "Verify.", "Finish."}
		for _, action := range []string{"Install", "Switch", "Check"} {
			want = append(want, fmt.Sprintf("%s.web-%d", action, i%4*2+1), fmt.Sprintf("%s.web-%d", action, i%4*2+2))
		}
		c.judge(task, want, &sum)
	}
	lost := sum.missing + c.pg.count("select count(*) from task where name = 'Deploy' and state <> 'Success'")
	t.Logf("%d scripts and %d lines compared", sum.steps, sum.lines)
	t.Logf("kills %d deployments %d lost %d doubled %d log lines differing %d", rounds, count, lost, sum.doubled, sum.differing)
	if rounds == 0 {
		t.Error("nothing came to harm")
	}
}

// harm does one of each to the cluster.
func (c *cluster) harm(round int) {
	c.Helper()
	at := func(i int) *node { return c.nodes[(round+i)%len(c.nodes)] }
	victim, slow, drained := at(0), at(1), at(2)
	c.drain(drained, true)

	had := victim.held()
	victim.kill()
	took := c.takeover(victim, time.Now())
	c.Logf("%s killed with %d tasks: taken over after %v", victim.name, had, took)

	c.pg.stop("immediate")
	c.pg.start()
	victim.start()

	had = slow.held()
	slow.pause()
	since := time.Now()
	took = c.takeover(slow, since)
	c.until("the lease is over", time.Minute, func() bool { return time.Since(since) > lease+2*time.Second })
	slow.resume()
	c.Logf("%s stood still with %d tasks: taken over after %v", slow.name, had, took)

	c.pg.stop("fast")
	c.pg.start()
	c.drain(drained, false)
}
