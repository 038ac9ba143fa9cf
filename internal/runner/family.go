package runner

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// jobMark names the job in the environment of all that it starts, by the
// job's folder. So a process is found whose parent has ended and which leads
// a session of its own. What is to outlive a cancellation is started with the
// mark set to nothing.
const jobMark = "TAKO_JOB"

func markOf(work string) string { return jobMark + "=" + work }

// marked is the environment of what the job starts.
func (e *Env) marked() []string {
	return append(e.Environ[:len(e.Environ):len(e.Environ)], markOf(e.Work))
}

// Leader is a process that led a session of a job, and when it was made: a
// guard against a pid that was given out again.
type Leader struct {
	PID   int
	Began uint64
}

// family is what a job started and what descends from that: the sessions of
// its programs, what carries its mark, and what was seen to be of it before.
type family struct {
	mark    string
	leaders []Leader
	seen    map[int]member
}

// member is a living process of a family.
type member struct {
	pid, parent, group, session int
	start                       uint64
	name                        string
}

// KillJob kills everything that is left of a job, and says how many.
func KillJob(work string, leaders ...Leader) int {
	f := &family{mark: markOf(work)}
	for _, l := range leaders {
		if now := StartTime(l.PID); l.PID > 1 && (now == 0 || now+startSlack >= l.Began && now <= l.Began+startSlack) {
			f.leaders = append(f.leaders, l)
		}
	}
	left := f.kill(time.Second)
	return len(f.seen) - len(left)
}

// look finds the members that live now.
func (f *family) look() []member {
	if f.seen == nil {
		f.seen = map[int]member{}
	}
	all := processes()
	in := map[int]bool{}
	spared := map[int]bool{}
	for _, p := range all {
		switch marked, spare := f.marked(p); {
		case spare:
			spared[p.pid] = true
		case marked || f.leads(p) || f.seen[p.pid].start == p.start && p.start > 0:
			in[p.pid] = true
		}
	}
	for grown := true; grown; {
		grown = false
		for _, p := range all {
			if in[p.parent] && !in[p.pid] && !spared[p.pid] {
				in[p.pid], grown = true, true
			}
		}
	}
	var living []member
	for _, p := range all {
		if in[p.pid] {
			f.seen[p.pid] = p
			living = append(living, p)
		}
	}
	return living
}

func (f *family) leads(p member) bool {
	return slices.ContainsFunc(f.leaders, func(l Leader) bool {
		return p.session == l.PID && p.start+startSlack >= l.Began
	})
}

// marked reads the environment that a process was started with; of what runs
// as somebody else it cannot be read, and the other signs have to do.
func (f *family) marked(p member) (own, spare bool) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", p.pid))
	if err != nil || !bytes.Contains(data, []byte(jobMark)) {
		return false, false
	}
	for pair := range bytes.SplitSeq(data, []byte{0}) {
		if string(pair) == jobMark+"=" {
			return false, true
		}
		if string(pair) == f.mark {
			own = true
		}
	}
	return own, false
}

// survivor is a member that could not be killed, and why.
type survivor struct {
	member
	err error
}

// kill kills until nothing of the family lives, and says what is left.
func (f *family) kill(patience time.Duration) (left []survivor) {
	over := time.NewTimer(patience)
	defer over.Stop()
	pause := time.NewTicker(10 * time.Millisecond)
	defer pause.Stop()
	for {
		left = nil
		for _, p := range f.look() {
			left = append(left, survivor{p, unix.Kill(p.pid, unix.SIGKILL)})
		}
		if len(left) == 0 {
			return nil
		}
		select {
		case <-over.C:
			return left
		case <-pause.C:
		}
	}
}

// gone waits until nothing of the family lives, or until over.
func (f *family) gone(over <-chan struct{}) {
	pause := time.NewTicker(50 * time.Millisecond)
	defer pause.Stop()
	for len(f.look()) > 0 {
		select {
		case <-over:
			return
		case <-pause.C:
		}
	}
}

// others are those that were seen, without one and without those that are left.
func (f *family) others(leader int, left []survivor) (list []member) {
	for pid, p := range f.seen {
		if pid != leader && !slices.ContainsFunc(left, func(l survivor) bool { return l.pid == pid }) {
			list = append(list, p)
		}
	}
	slices.SortFunc(list, func(a, b member) int { return a.pid - b.pid })
	return list
}

// tellEnded says what was ended beside the script itself, and what was not.
func (e *Env) tellEnded(ended []member, left []survivor) {
	var list []string
	for _, p := range ended {
		list = append(list, fmt.Sprintf("%s (%d)", p.name, p.pid))
	}
	if len(list) > 0 {
		e.Printf("Ended with the script: %s.", shortList(list))
	}
	list = nil
	for _, p := range left {
		why := "it does not react"
		if p.err != nil {
			why = p.err.Error()
		}
		list = append(list, fmt.Sprintf("%s (%d): %s", p.name, p.pid, why))
	}
	if len(list) > 0 {
		e.Errorf("What the script started could not be ended fully and goes on: %s. End it on the machine.", shortList(list))
	}
}

// shortList joins what fits on a line.
func shortList(list []string) string {
	const most = 20
	if len(list) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), len(list)-most)
	}
	return strings.Join(list, ", ")
}

// processes are those that live now, without this one. One that only waits to
// be reaped does not live.
func processes() []member {
	names, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil
	}
	var list []member
	for _, path := range names {
		pid, err := strconv.Atoi(filepath.Base(path))
		if err != nil || pid == os.Getpid() {
			continue
		}
		fields := statFields(pid)
		if len(fields) < 20 || fields[0] == "Z" || fields[0] == "X" {
			continue
		}
		p := member{pid: pid}
		p.parent, _ = strconv.Atoi(fields[1])
		p.group, _ = strconv.Atoi(fields[2])
		p.session, _ = strconv.Atoi(fields[3])
		p.start, _ = strconv.ParseUint(fields[19], 10, 64)
		if name, err := os.ReadFile(path + "/comm"); err == nil {
			p.name = strings.TrimSpace(string(name))
		}
		list = append(list, p)
	}
	return list
}
