package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/takodeploy/tako/e2e/rest"
	"github.com/takodeploy/tako/internal/target/sshdtest"
)

// crowd is a server that has many deployments in hand at once, each of which
// waits for a script on an SSH target.
type crowd struct {
	*fleet
	marks string // where scripts leave a sign that they run
	gate  *os.File
	plans []plan
}

// many measures what a server takes that has many deployments in hand, all of
// which wait for remote work. The scripts wait for a lock that this process
// holds, so that they take no processor time themselves.
func (b *bench) many() ([]row, error) {
	if err := sshdtest.Available(); err != nil {
		return nil, err
	}
	c, err := b.newCrowd()
	if err != nil {
		return nil, err
	}
	defer c.gate.Close()
	before, err := memoryOf(c.t.pid())
	if err != nil {
		return nil, err
	}
	began, cpu := time.Now(), fineCPU(c.t.pid())
	var tasks []string
	for i := range b.crowd {
		task, err := c.t.deploy(c.plans[i])
		if err != nil {
			return nil, err
		}
		tasks = append(tasks, task)
	}
	if err := c.begun(len(tasks), 10*time.Minute); err != nil {
		return nil, err
	}
	started, startCPU := time.Since(began), fineCPU(c.t.pid())-cpu
	time.Sleep(b.rest / 4)
	cpu = fineCPU(c.t.pid())
	time.Sleep(b.rest / 2)
	cpu = fineCPU(c.t.pid()) - cpu
	waiting, err := memoryOf(c.t.pid())
	if err != nil {
		return nil, err
	}
	began, endCPU := time.Now(), fineCPU(c.t.pid())
	if err := syscall.Flock(int(c.gate.Fd()), syscall.LOCK_UN); err != nil {
		return nil, err
	}
	for _, task := range tasks {
		if err := c.t.done(task, 10*time.Minute); err != nil {
			return nil, err
		}
	}
	ended, endCPU := time.Since(began), fineCPU(c.t.pid())-endCPU
	most, err := highest(c.t.pid())
	if err != nil {
		return nil, err
	}
	perTask := func(d time.Duration) string { return number(float64(d.Milliseconds())/float64(len(tasks))) + " ms" }
	return []row{
		atMost(fmt.Sprintf("resident with %d deployments in hand", len(tasks)), "MiB", waiting.rss, 300),
		atMost("the most that was resident, at the beginning or the end of all", "MiB", most, 300),
		inform("resident before", number(before.rss)+" MiB", ""),
		inform("processor while all wait", number(100*cpu.Seconds()/(b.rest/2).Seconds())+" % of a core", ""),
		inform("until the last script ran", number(started.Seconds())+" s", ""),
		inform("from the end of the scripts to the end of the last deployment", number(ended.Seconds())+" s", ""),
		inform("the server's processor time for a deployment: to begin, to end", perTask(startCPU)+", "+perTask(endCPU), ""),
	}, nil
}

func (b *bench) newCrowd() (*crowd, error) {
	const machines = 5
	c := &crowd{fleet: &fleet{b: b, dir: filepath.Join(b.dir, "many-machines")}, marks: filepath.Join(b.dir, "many-marks")}
	if err := os.Mkdir(c.marks, 0o777); err != nil {
		return nil, err
	}
	var err error
	if c.gate, err = os.Create(filepath.Join(b.dir, "many-gate")); err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(c.gate.Fd()), syscall.LOCK_EX); err != nil {
		return nil, err
	}
	if c.t, err = b.newTako("many"); err != nil {
		return nil, err
	}
	b.later(c.leave)
	node, err := c.t.first("/api/octopusservernodes?take=1")
	if err != nil {
		return nil, err
	}
	node["MaxConcurrentTasks"] = b.crowd + 10
	if _, err := c.t.c.Put("/api/octopusservernodes/"+id(node), node); err != nil {
		return nil, err
	}
	for i := range machines {
		s, err := sshdtest.Start(sshdtest.Options{Dir: filepath.Join(c.dir, fmt.Sprint(i))})
		if err != nil {
			return nil, err
		}
		b.later(s.Stop)
		c.machines = append(c.machines, s)
	}
	body := fmt.Sprintf("touch \"%s/$(get_octopusvariable Octopus.Task.Id)\"\nflock --shared %q true\n", c.marks, c.gate.Name())
	for i := range b.crowd { // deployments of one project exclude each other
		p, err := c.project(fmt.Sprintf("Many %d", i), fmt.Sprintf("fleet-%d", i%machines), body)
		if err != nil {
			return nil, err
		}
		c.plans = append(c.plans, p)
	}
	c.plan = c.plans[0]
	return c, c.register()
}

// project makes a project whose scripts may run on a target beside others.
func (c *crowd) project(name, role, body string) (plan, error) {
	action := scriptAction(name, body)
	action["Properties"].(rest.Object)["Octopus.Action.RunOnServer"] = "false"
	p, err := c.t.project(name, rest.Object{"Octopus.Action.TargetRoles": role}, action)
	if err != nil {
		return p, err
	}
	set, err := c.t.c.Get(space + "/variables/variableset-" + p.project)
	if err != nil {
		return p, err
	}
	set["Variables"] = []rest.Object{{"Name": "OctopusBypassDeploymentMutex", "Value": "True", "Type": "String", "Scope": rest.Object{}}}
	if _, err := c.t.c.Put(space+"/variables/variableset-"+p.project, set); err != nil {
		return p, err
	}
	return p, c.t.release(&p, "1.0.0", nil)
}

// begun waits until so many scripts run.
func (c *crowd) begun(want int, patience time.Duration) error {
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		all, err := os.ReadDir(c.marks)
		if err != nil || len(all) == want {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d of %d scripts run after %v", len(all), want, patience)
		}
	}
}

// highest gives the most that was ever resident, in MiB.
func highest(pid int) (float64, error) {
	for line := range strings.Lines(read(fmt.Sprintf("/proc/%d/status", pid))) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "VmHWM:" {
			n, err := strconv.ParseFloat(fields[1], 64)
			return n / 1024, err
		}
	}
	return 0, fmt.Errorf("process %d says nothing of its memory", pid)
}
