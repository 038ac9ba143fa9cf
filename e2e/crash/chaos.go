package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// accident is something that happens to the server.
type accident struct {
	name   string
	weight int
	do     func(w *world) error
}

const backByPowerCut = "set back by a power cut"

var accidents = []accident{
	{"killed", 8, func(w *world) error { return errors.Join(w.signal(syscall.SIGKILL), w.start(true)) }},
	{"killed while it starts", 2, (*world).killEarly},
	{"stopped", 2, func(w *world) error { return errors.Join(w.signal(syscall.SIGTERM), w.start(true)) }},
	{backByPowerCut, 3, (*world).cutPower},
	{"upgraded", 2, (*world).upgrade},
}

// harm lets accidents happen until the tasks have ended.
func (w *world) harm(accidents []accident, tasks int) error {
	sum := 0
	for _, a := range accidents {
		sum += a.weight
	}
	for {
		pause := w.o.pause/5 + time.Duration(w.dice.Int64N(int64(w.o.pause*4/5)))
		for until := time.Now().Add(pause); time.Now().Before(until); {
			left, err := w.left()
			if err != nil || left == 0 {
				return err
			}
			if err := w.sleep(min(time.Second, time.Until(until))); err != nil {
				return err
			}
		}
		roll := w.dice.IntN(sum)
		i := 0
		for ; roll >= accidents[i].weight; i++ {
			roll -= accidents[i].weight
		}
		if err := accidents[i].do(w); err != nil {
			return fmt.Errorf("while it was %s: %w", accidents[i].name, err)
		}
		w.did[accidents[i].name]++
		w.kills++
		if left, err := w.left(); err == nil && w.kills%10 == 0 {
			w.o.say("%d accidents, %d of %d deployments left", w.kills, left, tasks)
		}
	}
}

// left is how many tasks have not ended.
func (w *world) left() (int, error) {
	list, err := w.Get("/api/tasks?name=Deploy&states=Queued,Executing,Cancelling&take=1")
	if err != nil {
		return 0, err
	}
	n, _ := list["TotalResults"].(float64)
	return int(n), nil
}

// killEarly kills the server and then its successor while that starts.
func (w *world) killEarly() error {
	if err := errors.Join(w.signal(syscall.SIGKILL), w.start(false)); err != nil {
		return err
	}
	if err := w.sleep(time.Duration(w.dice.Int64N(int64(1500 * time.Millisecond)))); err != nil {
		return err
	}
	return errors.Join(w.signal(syscall.SIGKILL), w.start(true))
}

// upgrade puts the other build in the place of this one, with a kill in the
// middle of its work or after a stop in good order.
func (w *world) upgrade() error {
	how := []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM}[w.dice.IntN(2)]
	if err := w.signal(how); err != nil {
		return err
	}
	w.now, w.next = w.next, w.now
	return w.start(true)
}

// cutPower sets the database back to what was on its disk a moment before the
// server was killed. What the far ends have done since is more than the server
// then knows.
func (w *world) cutPower() error {
	if err := w.copyStore(); err != nil {
		return err
	}
	if err := w.sleep(time.Duration(w.dice.Int64N(int64(time.Second)))); err != nil {
		return err
	}
	if err := w.signal(syscall.SIGKILL); err != nil {
		return err
	}
	for _, name := range storeFiles {
		err := os.Rename(filepath.Join(w.dir, "copy", name), filepath.Join(w.data(), name))
		if errors.Is(err, fs.ErrNotExist) {
			err = os.Remove(filepath.Join(w.data(), name))
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return w.start(true)
}

// storeFiles are the database as it is on disk; the index of its log is made
// anew from the log.
var storeFiles = []string{"tako.db", "tako.db-wal", "tako.db-shm"}

// copyStore copies the database at one instant: the server stands still
// meanwhile, as a disk does when the power goes.
func (w *world) copyStore() error {
	if err := os.MkdirAll(filepath.Join(w.dir, "copy"), 0o700); err != nil {
		return err
	}
	pid := w.Pid()
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		return err
	}
	defer syscall.Kill(pid, syscall.SIGCONT)
	err := w.until("the server stands still", time.Minute, func() (bool, error) {
		threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
		for _, thread := range threads {
			text, err := os.ReadFile(thread)
			if _, state, _ := strings.Cut(string(text), ") "); err != nil || !strings.HasPrefix(state, "T") {
				return false, nil
			}
		}
		return len(threads) > 0, nil
	})
	if err != nil {
		return err
	}
	for _, name := range storeFiles[:2] {
		data, err := os.ReadFile(filepath.Join(w.data(), name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := errors.Join(err, os.WriteFile(filepath.Join(w.dir, "copy", name), data, 0o600)); err != nil {
			return err
		}
	}
	return nil
}

// toll says what was done.
func (w *world) toll() string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(w.did)) {
		parts = append(parts, fmt.Sprintf("%d times %s", w.did[name], name))
	}
	return strings.Join(parts, ", ")
}
