// Command crash proves that deployments cannot be killed. It runs many of them
// on real SSH targets and on the built-in worker, while it kills, stops,
// replaces and sets back the built server every few seconds, and then compares
// every state, effect, log line, output and artifact with what an undisturbed
// run of the same process gives.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"
)

// options are how hard the trial is.
type options struct {
	program     string // the built server
	agent       string // the agent beside it
	deployments int
	agents      int           // deployments whose agents are killed
	cap         int           // tasks that run at once
	pause       time.Duration // between accidents, at most
	patience    time.Duration // for the whole
	seed        uint64
	lines       int    // that a script says
	shapes      int    // of deployments, as many as there are unless given
	rebuild     bool   // the upgrade has a server of its own, not only an agent
	postgres    string // the URL of a PostgreSQL server to work on; empty is SQLite
	keep        bool   // leave the folder
	say         func(format string, args ...any)
}

func main() {
	o := options{say: func(format string, args ...any) { fmt.Printf(format+"\n", args...) }}
	flag.StringVar(&o.program, "tako", "bin/tako", "the built `server`")
	flag.StringVar(&o.agent, "agent", "bin/tako-agent", "the built `agent`")
	flag.IntVar(&o.deployments, "n", 300, "how many deployments")
	onPostgres := flag.Bool("postgres", false, "work on the PostgreSQL server that TAKO_TEST_POSTGRES names, as scripts/postgres does")
	flag.IntVar(&o.agents, "agents", 60, "under how many more deployments agents are killed")
	flag.IntVar(&o.cap, "cap", 16, "how many run at once")
	flag.IntVar(&o.lines, "lines", 10, "how many lines a script says")
	flag.DurationVar(&o.pause, "pause", 6*time.Second, "the longest pause between accidents")
	flag.DurationVar(&o.patience, "patience", 45*time.Minute, "how long the whole may take")
	flag.Uint64Var(&o.seed, "seed", rand.Uint64(), "the number that decides what happens when")
	flag.BoolVar(&o.keep, "keep", false, "leave the folder with data and logs")
	flag.Parse()
	o.rebuild = true
	if *onPostgres {
		if o.postgres = os.Getenv("TAKO_TEST_POSTGRES"); o.postgres == "" {
			fmt.Fprintln(os.Stderr, "crash: TAKO_TEST_POSTGRES names no server; scripts/postgres starts one")
			os.Exit(2)
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	sum, err := run(ctx, o, accidental, agents, boundaries("after:1"), boundaries("before:2"))
	if err != nil {
		fmt.Fprintln(os.Stderr, "crash:", err)
		os.Exit(2)
	}
	if !sum.clean() {
		os.Exit(1)
	}
}

// part is a part of a trial: it does harm and notes in the tally what came of
// it. calm are the logs of undisturbed runs, one for each shape.
type part func(w *world, calm []log, sum *tally) error

// run carries parts of a trial out, one after the other, on one server. An
// error means that they could not be; what they have found is in the tally.
func run(ctx context.Context, o options, parts ...part) (sum tally, err error) {
	ctx, stop := context.WithTimeout(ctx, o.patience)
	defer stop()
	o.say("seed %d", o.seed)
	w, err := newWorld(ctx, o)
	if err != nil {
		return sum, err
	}
	defer func() {
		if e := w.close(o.keep); err == nil {
			err = e
		}
	}()
	if err := w.furnish(); err != nil {
		return sum, err
	}
	calm, err := w.undisturbed()
	if err != nil {
		return sum, err
	}
	for _, p := range parts {
		if err := p(w, calm, &sum); err != nil {
			return sum, err
		}
	}
	for _, text := range sum.wrong[:min(len(sum.wrong), 40)] {
		o.say("%s", text)
	}
	o.say("%d scripts, %d lines and %d artifacts compared; the server held %d MiB at most, the folder %d MiB", sum.scripts, sum.lines, sum.artifacts, w.peak>>20, w.size()>>20)
	o.say("%s", sum)
	return sum, nil
}

// accidental lets accidents happen while all deployments run.
func accidental(w *world, calm []log, sum *tally) error {
	began := time.Now()
	tasks, err := w.deployAll("Project", w.o.deployments)
	if err != nil {
		return err
	}
	possible := accidents
	if w.o.postgres != "" { // whose files are not the server's to set back
		possible = slices.DeleteFunc(slices.Clone(accidents), func(a accident) bool { return a.name == backByPowerCut })
	}
	if err := w.harm(possible, len(tasks)); err != nil {
		return err
	}
	w.o.say("the server was %s, in %v", w.toll(), time.Since(began).Round(time.Second))
	sum.kills += w.kills
	sum.deployments += len(tasks)
	judge := w.judge
	if w.did[backByPowerCut] > 0 && w.did["upgraded"] > 0 {
		judge = func(d deployment, calm log, sum *tally) error { return w.judgeWithout(d, calm, sum, forgottenWith) }
	}
	for _, t := range tasks {
		if err := judge(t, calm[t.shape], sum); err != nil {
			return err
		}
	}
	if sum.vanished > 0 {
		w.o.say("%d of them lost an action that a server set back asked for again after an upgrade had replaced its agent, and say so", sum.vanished)
	}
	return nil
}
