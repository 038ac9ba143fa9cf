package main

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/takodeploy/tako/e2e/rest"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

const (
	claims     = 2000 // tasks that are taken and ended
	starts     = 200  // tasks that are started one after the other
	logLines   = 100_000
	logBatch   = 100 // lines that come together
	steps      = 20  // of the deployment whose steps are measured
	logText    = "2026-05-06 12:34:56 INFO  copied the file of another package to where it belongs, and 17 more to go"
	engineTask = "Bench"
)

// engine measures the queue, its logs and what a step costs beyond its script.
func (b *bench) engine() ([]row, error) {
	rows, err := b.stepOverhead()
	if err != nil {
		return nil, err
	}
	engines := []string{""}
	if at := os.Getenv("TAKO_TEST_POSTGRES"); at != "" {
		engines = append(engines, at)
	}
	for i, at := range engines {
		name := []string{"SQLite", "PostgreSQL"}[i]
		var claimed, appended, read, first, last []float64
		for round := range b.rounds {
			m, err := b.measureEngine(fmt.Sprintf("%s-%d", name, round), at)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			claimed, appended, read = append(claimed, m.claimed), append(appended, m.appended), append(read, m.read)
			first, last = append(first, m.p50), append(last, m.p99)
		}
		mib := float64(len(logText)) / (1 << 20)
		rows = append(rows,
			atMost(name+": cause to start of a task, half of them", "ms", median(first), 100),
			atMost(name+": cause to start of a task, 99 of 100", "ms", median(last), 100),
			inform(name+": tasks taken and ended", number(median(claimed))+"/s", ""),
			inform(name+": lines appended to a log", fmt.Sprintf("%s/s, %s MiB/s", number(median(appended)), number(median(appended)*mib)), ""),
			inform(name+": lines read of a log", fmt.Sprintf("%s/s, %s MiB/s", number(median(read)), number(median(read)*mib)), ""))
	}
	return rows, nil
}

// engineRates are what one engine comes to in one round.
type engineRates struct{ claimed, appended, read, p50, p99 float64 }

func (b *bench) measureEngine(name, at string) (m engineRates, err error) {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	if at != "" {
		var drop func()
		if at, drop, err = database(at, name, "template1"); err != nil {
			return m, err
		}
		defer drop()
	}
	db, err := store.Open(ctx, filepath.Join(b.dir, name), at)
	if err != nil {
		return m, err
	}
	defer db.Close()
	q := task.NewQueue(db, task.Options{})
	// They wait in the queue before anybody takes them.
	for i := range claims {
		if _, err := q.Enqueue(ctx, task.New{Name: engineTask, ProjectID: fmt.Sprintf("Projects-%d", i%50)}); err != nil {
			return m, err
		}
	}
	h := &handler{ended: make(chan time.Time, claims), work: make(chan func(context.Context, *task.Execution) error, 1)}
	r := task.NewRunner(q, task.RunnerOptions{Node: "bench", Cap: 50, Log: slog.New(slog.DiscardHandler)})
	r.Handle(engineTask, h)
	gone := make(chan error, 1)
	began := time.Now()
	go func() { gone <- r.Run(ctx) }()
	for range claims {
		<-h.ended
	}
	m.claimed = claims / time.Since(began).Seconds()
	if m.p50, m.p99, err = latency(ctx, q, h); err != nil {
		return m, err
	}
	if err := m.logs(ctx, q, h); err != nil {
		return m, err
	}
	stop()
	return m, <-gone
}

// handler carries out the tasks of the part.
type handler struct {
	ended chan time.Time // when each was started
	work  chan func(context.Context, *task.Execution) error
}

// Run does what is asked of the task, if anything.
func (h *handler) Run(ctx context.Context, x *task.Execution) (task.Outcome, error) {
	began := time.Now()
	var err error
	select {
	case work := <-h.work:
		err = work(ctx, x)
	default:
	}
	h.ended <- began
	return task.Outcome{Act: task.Succeed}, err
}

// latency measures how long a task waits when nothing is in its way.
func latency(ctx context.Context, q *task.Queue, h *handler) (p50, p99 float64, err error) {
	var took []float64
	for range starts {
		asked := time.Now()
		if _, err := q.Enqueue(ctx, task.New{Name: engineTask}); err != nil {
			return 0, 0, err
		}
		took = append(took, (<-h.ended).Sub(asked).Seconds()*1e3)
	}
	slices.Sort(took)
	return took[len(took)/2], took[len(took)*99/100], nil
}

// logs measures writing and reading one long log.
func (m *engineRates) logs(ctx context.Context, q *task.Queue, h *handler) error {
	batch := make([]task.Line, logBatch)
	for i := range batch {
		batch[i] = task.Line{Category: task.Info, Text: logText}
	}
	h.work <- func(ctx context.Context, x *task.Execution) error {
		began := time.Now()
		for range logLines / logBatch {
			if err := x.Later(ctx, task.Save{Logs: []task.Lines{{Path: "1", Lines: batch}}}); err != nil {
				return err
			}
		}
		err := x.Save(ctx, task.Save{})
		m.appended = logLines / time.Since(began).Seconds()
		return err
	}
	t, err := q.Enqueue(ctx, task.New{Name: engineTask})
	if err != nil {
		return err
	}
	<-h.ended
	began, from, lines := time.Now(), int64(1), 0
	for {
		page, err := q.Log(ctx, t.ID, from, 1000, task.Narrow{})
		if err != nil {
			return err
		}
		lines += len(page.Lines)
		if from = page.Next; page.Done {
			break
		}
	}
	if lines != logLines {
		return fmt.Errorf("%d lines of %d were read", lines, logLines)
	}
	m.read = logLines / time.Since(began).Seconds()
	return nil
}

// database makes a database on a server, as a copy of another one.
func database(at, name, template string) (made string, drop func(), err error) {
	server, err := sql.Open("pgx", at)
	if err != nil {
		return "", nil, err
	}
	name = strings.ToLower("bench_" + strings.ReplaceAll(name, "-", "_") + "_" + random()[:8])
	if _, err := server.Exec("create database " + name + " template " + template); err != nil {
		server.Close()
		return "", nil, err
	}
	u, err := url.Parse(at)
	if err != nil {
		return "", nil, err
	}
	u.Path = "/" + name
	return u.String(), func() {
		_, _ = server.Exec("drop database " + name + " with (force)")
		server.Close()
	}, nil
}

// stepOverhead measures what a step takes beyond its script, and of the
// server's processor.
func (b *bench) stepOverhead() ([]row, error) {
	t, err := b.newTako("steps")
	if err != nil {
		return nil, err
	}
	p, err := t.script("Steps", hello)
	if err != nil {
		return nil, err
	}
	if err := t.repeat(&p, steps); err != nil {
		return nil, err
	}
	file := filepath.Join(b.dir, "step.sh")
	if err := os.WriteFile(file, []byte(hello), 0o755); err != nil {
		return nil, err
	}
	var beyond, cost []float64
	for range b.rounds + 1 {
		before, began := fineCPU(t.pid()), time.Now()
		id, err := t.deploy(p)
		if err != nil {
			return nil, err
		}
		if err := t.done(id, time.Minute); err != nil {
			return nil, err
		}
		took, used := time.Since(began), fineCPU(t.pid())-before
		forked := time.Now()
		for range steps {
			if out, err := exec.Command("bash", file).CombinedOutput(); err != nil {
				return nil, fmt.Errorf("%w: %s", err, out)
			}
		}
		beyond = append(beyond, (took-time.Since(forked)).Seconds()*1e3/steps)
		cost = append(cost, used.Seconds()*1e3/steps)
	}
	// The first was to warm up.
	return []row{
		atMost(fmt.Sprintf("time of a step beyond its script, of %d", steps), "ms", median(beyond[1:]), 50),
		inform("of the server's processor", number(median(cost[1:]))+" ms", ""),
	}, nil
}

// repeat gives a project's process its first step several times, and makes a
// release of that.
func (t *tako) repeat(p *plan, times int) error {
	at := space + "/projects/" + p.project + "/deploymentprocesses"
	process, err := t.c.Get(at)
	if err != nil {
		return err
	}
	var all []rest.Object
	for i := range times {
		name := fmt.Sprintf("Step %d", i+1)
		all = append(all, rest.Object{"Name": name, "Condition": "Success", "StartTrigger": "StartAfterPrevious", "Actions": []rest.Object{scriptAction(name, hello)}})
	}
	process["Steps"] = all
	if _, err := t.c.Put(at, process); err != nil {
		return err
	}
	return t.release(p, "2.0.0", nil)
}
