package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"
)

// hello is the script of the deployments, and of the plain processes that they
// are compared with.
const hello = "echo hello\n"

// task measures deployments of one small script against processes that run
// the same script.
func (b *bench) task() ([]row, error) {
	t, err := b.newTako("task")
	if err != nil {
		return nil, err
	}
	p, err := t.script("Task", hello)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(b.dir, "hello.sh")
	if err := os.WriteFile(file, []byte(hello), 0o755); err != nil {
		return nil, err
	}
	var ours, plain, ack []float64
	for i := range 30 + 3 {
		began := time.Now()
		task, err := t.deploy(p)
		if err != nil {
			return nil, err
		}
		accepted := time.Since(began)
		if err := t.done(task, time.Minute); err != nil {
			return nil, err
		}
		took := time.Since(began)
		forked := time.Now()
		if out, err := exec.Command("bash", file).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%w: %s", err, out)
		}
		if i < 3 {
			continue // to warm up
		}
		ours, ack, plain = append(ours, took.Seconds()*1e3), append(ack, accepted.Seconds()*1e3), append(plain, time.Since(forked).Seconds()*1e3)
	}
	rows := []row{
		compare("trigger to done", "ms", median(ours), median(plain), 50),
		atMost("trigger to done", "ms", median(ours), 100),
		inform("trigger to its answer", number(median(ack))+" ms", ""),
	}
	more, err := b.drains(t, []plan{p}, file, 5, "of one project")
	if err != nil {
		return nil, err
	}
	rows = append(rows, more...)
	plans := []plan{p}
	for i := 1; i < projects; i++ {
		if p, err = t.script(fmt.Sprintf("Task %d", i), hello); err != nil {
			return nil, err
		}
		plans = append(plans, p)
	}
	for _, limit := range []int{5, projects} {
		if more, err = b.drains(t, plans, file, limit, fmt.Sprintf("of %d projects, at most %d at once", projects, limit)); err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

// projects is over how many projects deployments are spread that need not wait
// for each other.
const projects = 10

// drains measures how quickly queued deployments are done: when all have been
// queued before the first begins, which is the loop's case, and while they are
// being queued. limit is the node's task cap; a node begins with 5.
func (b *bench) drains(t *tako, plans []plan, file string, limit int, whose string) ([]row, error) {
	if err := t.node("MaxConcurrentTasks", limit); err != nil {
		return nil, err
	}
	var ours, mixed, plain, cost, mixedCost, plainCost, agents []float64
	for range b.rounds {
		for _, waiting := range []bool{true, false} {
			took, spent, err := b.drainOnce(t, plans, waiting)
			if err != nil {
				return nil, err
			}
			rate, each := float64(b.drain)/took.Seconds(), spent.Seconds()*1e3/float64(b.drain)
			if waiting {
				ours, cost = append(ours, rate), append(cost, each)
			} else {
				mixed, mixedCost = append(mixed, rate), append(mixedCost, each)
			}
		}
		agents = append(agents, float64(len(tree(t.pid()))-1))
		mine, began := cpuOf(os.Getpid()), time.Now()
		for range b.drain {
			if out, err := exec.Command("bash", file).CombinedOutput(); err != nil {
				return nil, fmt.Errorf("%w: %s", err, out)
			}
		}
		plain = append(plain, float64(b.drain)/time.Since(began).Seconds())
		plainCost = append(plainCost, (cpuOf(os.Getpid())-mine).Seconds()*1e3/float64(b.drain))
	}
	met := median(ours) >= median(plain)/2
	return []row{
		{what: fmt.Sprintf("drain of %d queued deployments %s, script after script", b.drain, whose), ours: number(median(ours)) + "/s", peer: number(median(plain)) + "/s", ratio: median(ours) / median(plain), target: "≥ 0.5 ×", met: &met},
		inform("processor time per deployment, per script", number(median(cost))+" ms", number(median(plainCost))+" ms"),
		inform("queued by four clients and drained meanwhile", number(median(mixed))+"/s", ""),
		inform("processor time per deployment, with its request", number(median(mixedCost))+" ms", ""),
		inform("processes of the server's afterwards", number(median(agents)), ""),
	}, nil
}

// drainOnce queues the deployments, waits until all are done, and gives how
// long that took and what processor time the server and its agent spent. If
// they are to wait, nothing begins and nothing is counted before all are queued.
func (b *bench) drainOnce(t *tako, plans []plan, waiting bool) (took, spent time.Duration, err error) {
	if waiting {
		if err := t.node("IsInMaintenanceMode", true); err != nil {
			return 0, 0, err
		}
	}
	before, began := cpuOf(t.pid()), time.Now()
	tasks, err := b.queue(t, plans)
	if err != nil {
		return 0, 0, err
	}
	if waiting {
		before, began = cpuOf(t.pid()), time.Now()
		if err := t.node("IsInMaintenanceMode", false); err != nil {
			return 0, 0, err
		}
	}
	if err := t.rest(2 * time.Minute); err != nil {
		return 0, 0, err
	}
	took, spent = time.Since(began), cpuOf(t.pid())-before
	for _, task := range tasks { // each has been a success
		if err := t.done(task, time.Minute); err != nil {
			return 0, 0, err
		}
	}
	return took, spent, nil
}

// queue queues the deployments from four clients and gives their tasks.
func (b *bench) queue(t *tako, plans []plan) (tasks []string, failed error) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	for client := range 4 {
		wg.Go(func() {
			for i := range b.drain / 4 {
				task, err := t.deploy(plans[(4*i+client)%len(plans)])
				mu.Lock()
				tasks = append(tasks, task)
				if err != nil {
					failed = err
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return tasks, failed
}
