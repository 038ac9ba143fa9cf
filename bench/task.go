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
	more, err := b.drains(t, []plan{p}, file, "of one project")
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
	more, err = b.drains(t, plans, file, fmt.Sprintf("of %d projects", projects))
	return append(rows, more...), err
}

// projects is over how many projects deployments are spread that need not wait
// for each other.
const projects = 10

// drains measures how quickly many queued deployments are done.
func (b *bench) drains(t *tako, plans []plan, file, whose string) ([]row, error) {
	var ours, plain, cost, plainCost, agents []float64
	for range b.rounds {
		before, began := cpuOf(t.pid()), time.Now()
		tasks, err := b.drainOnce(t, plans)
		if err != nil {
			return nil, err
		}
		ours = append(ours, float64(b.drain)/time.Since(began).Seconds())
		cost = append(cost, (cpuOf(t.pid())-before).Seconds()*1e3/float64(b.drain))
		agents = append(agents, float64(len(tree(t.pid()))-1))
		for _, task := range tasks { // each has been a success
			if err := t.done(task, time.Minute); err != nil {
				return nil, err
			}
		}
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
		{what: fmt.Sprintf("drain of %d deployments %s, script after script", b.drain, whose), ours: number(median(ours)) + "/s", peer: number(median(plain)) + "/s", ratio: median(ours) / median(plain), target: "≥ 0.5 ×", met: &met},
		inform("processor time per deployment, per script", number(median(cost))+" ms", number(median(plainCost))+" ms"),
		inform("processes of the server's afterwards", number(median(agents)), ""),
	}, nil
}

// drainOnce queues the deployments from four clients, waits until all are done
// and gives their tasks.
func (b *bench) drainOnce(t *tako, plans []plan) (tasks []string, failed error) {
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
	if failed != nil {
		return nil, failed
	}
	return tasks, t.rest(2 * time.Minute)
}
