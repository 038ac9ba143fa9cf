package main

import (
	"fmt"
	"syscall"
	"time"
)

// boundaries takes one deployment across every boundary at which its progress
// is recorded: each life of the server ends there. After the first commit of a
// life nothing that follows from it has been done; before the second,
// everything that follows from the first has, and nothing of it is on record.
func boundaries(point string) part {
	return func(w *world, calm []log, sum *tally) error {
		lives, err := w.walk(point, calm, sum)
		w.o.say("one deployment took %d lives of a server that dies at %s", lives, point)
		return err
	}
}

// walk gives how many lives of the server a deployment took.
func (w *world) walk(point string, calm []log, sum *tally) (lives int, err error) {
	name := "Walk " + point
	if err := w.project(name, w.shapes[0]); err != nil {
		return 0, err
	}
	// It is not to start before the server that dies is there.
	d, err := w.deploy(name, 0, object{"RunAt": time.Now().Add(5 * time.Second).UTC().Format(time.RFC3339Nano)})
	if err != nil {
		return 0, err
	}
	if err := w.signal(syscall.SIGTERM); err != nil {
		return 0, err
	}
	for done := false; !done; {
		if err := w.start(false, "TAKO_CRASH_AT="+point); err != nil {
			return lives, err
		}
		err := w.until("the server dies at a boundary, or the deployment has ended", 2*time.Minute, func() (bool, error) {
			task, err := w.Get("/api/tasks/" + d.task)
			done = err == nil && task["IsCompleted"] == true
			return done || w.Gone(), nil
		})
		if err != nil {
			return lives, err
		}
		lives++
	}
	if !w.Gone() {
		if err := w.signal(syscall.SIGKILL); err != nil {
			return lives, err
		}
	}
	if err := w.start(true); err != nil {
		return lives, err
	}
	sum.kills += lives - 1
	sum.deployments++
	if lives < 20 {
		return lives, fmt.Errorf("the server died only %d times %s a commit: the boundaries are not all there", lives-1, point)
	}
	return lives, w.judge(d, calm[0], sum)
}
