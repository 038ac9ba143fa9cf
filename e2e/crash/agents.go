package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/takodeploy/tako/e2e/process"
)

// agents kills the agents on the targets and on the built-in worker, and now and
// then the server, while deployments run. What an agent ran when it was killed
// nobody may run again unasked: the action is Lost, its step fails and says so,
// unless it has attempts left. Such deployments are counted apart, and all others
// must be as if nothing had happened.
func agents(w *world, calm []log, sum *tally) error {
	began := time.Now()
	w.kills = 0
	clear(w.did)
	tasks, err := w.deployAll("Agent", w.o.agents)
	if err != nil {
		return err
	}
	accidents := []accident{
		{"agents killed", 8, (*world).killAgent},
		{"servers killed", 2, func(w *world) error { return errors.Join(w.signal(syscall.SIGKILL), w.start(true)) }},
	}
	if err := w.harm(accidents, len(tasks)); err != nil {
		return err
	}
	sum.kills += w.kills
	sum.deployments += len(tasks)
	before := sum.vanished
	for _, t := range tasks {
		if err := w.judgeWithout(t, calm[t.shape], sum, killedWith, unknownWith, forgottenWith); err != nil {
			return err
		}
	}
	w.o.say("%s, in %v: an action vanished in %d of %d deployments, and each says so", w.toll(), time.Since(began).Round(time.Second), sum.vanished-before, len(tasks))
	return nil
}

// killAgent kills one of the agent's processes: one that runs jobs, or one that
// only connects to it.
func (w *world) killAgent() error {
	var all []int
	for _, pid := range process.Of(w.dir) {
		if name, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid)); err == nil && strings.HasPrefix(filepath.Base(name), "tako-agent") {
			all = append(all, pid)
		}
	}
	if len(all) == 0 {
		return nil
	}
	slices.Sort(all)
	err := syscall.Kill(all[w.dice.IntN(len(all))], syscall.SIGKILL)
	if errors.Is(err, syscall.ESRCH) {
		return nil
	}
	return err
}

// What the log says of an action whose agent was killed while it ran, or just
// before it wrote down that it would, and of one whose agent forgot it: a server
// that was set back asks for what it had already taken, and an agent that has
// made room for another build meanwhile took that with it, since it must not be
// left on the disk. An action that vanished for any other reason is lost.
const (
	killedWith    = "that ran the job was killed."
	unknownWith   = "It is not known how the job ended."
	forgottenWith = "the agent that kept its output ended since"
)

// judgeWithout judges a deployment that may have lost an action with its agent,
// of which the log then says one of the reasons.
func (w *world) judgeWithout(d deployment, calm log, sum *tally, reasons ...string) error {
	now, err := w.log(d)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(reasons, now.says) {
		return w.judge(d, calm, sum)
	}
	sum.vanished++
	task, err := w.Get("/api/tasks/" + d.task)
	if err != nil {
		return err
	}
	s, least := w.shapes[d.shape], 0
	switch {
	case task["State"] == "Success" && s.state == "Success": // it had an attempt left
		least = 1
		if err := w.judgeArtifacts(d, s.keeps(d.id), sum); err != nil {
			return err
		}
	case task["State"] != "Failed":
		sum.blame(&sum.lost, 1, "%s of %s lost an action and ended as %v: %v", d.task, d.id, task["State"], task["ErrorMessage"])
	}
	for place, most := range s.ran() {
		text, err := os.ReadFile(filepath.Join(w.effects(), d.id+"."+place))
		if err != nil && !os.IsNotExist(err) {
			return err
		}
		sum.scripts++
		sum.between(d.id+"."+place, strings.Fields(string(text)), least, most)
	}
	sum.compareSaid(d.task, calm, now, reasons)
	return nil
}

// compareSaid compares what the scripts of a deployment said that has lost an
// action: each that succeeded has said all, each other the beginning of it. What
// succeeded at its second attempt, since the first vanished, has said all once,
// and of the first as much as was heard.
func (t *tally) compareSaid(name string, calm, now log, reasons []string) {
	for _, place := range slices.Sorted(maps.Keys(now)) {
		whole, ok := calm[place]
		if !ok || len(now[place]) == 0 {
			continue
		}
		want, got := said(whole), said(now[place])
		t.lines += len(got)
		if now[place][0] != "status Success" {
			want = want[:min(len(want), len(got))]
		}
		gaps, extra := differing(want, got)
		here := log{place: now[place]}
		if now[place][0] == "status Success" && 2*len(got) >= len(want) && slices.ContainsFunc(reasons, here.says) {
			gaps = nil
		}
		t.blame(&t.differing, len(gaps)+len(extra), "%s: %s: missing %q, too many %q", name, place, gaps, extra)
	}
}

// said gives the lines that a script said by itself.
func said(lines []string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(line string) bool { return !strings.Contains(line, " says line ") })
}

func (l log) says(what string) bool {
	for _, lines := range l {
		for _, line := range lines {
			if strings.Contains(line, what) {
				return true
			}
		}
	}
	return false
}
