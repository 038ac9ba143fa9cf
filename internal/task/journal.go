package task

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/takodeploy/tako/internal/store"
)

// errFenced says that another holder has the task now: whatever this one still
// wants to write must not be written.
var errFenced = errors.New("another node has taken the task")

// maxBatch is how many writes share a commit at most.
const maxBatch = 64

// write is one thing to be committed. do may be called more than once, also
// after it has succeeded, when the commit that it was part of has not.
type write struct {
	ctx  context.Context
	do   func(*store.Tx) error
	then *follow // nil for none
	err  error
	done chan struct{}
}

// follow is what a commit closes with. Of those of one owner that share a commit
// the last alone runs, after all writes: once, for all of them.
type follow struct {
	owner any
	do    func(*store.Tx) error
}

// journal lets writes of many tasks share commits: while one commit is under
// way, the writes that arrive gather for the next. What a commit costs (a
// flush to disk) is so paid once for all tasks that are busy at the time, and
// a single task pays no delay.
type journal struct {
	store   *store.DB
	mu      sync.Mutex
	waiting []*write
	busy    bool
}

// Do runs do in a transaction, possibly together with others. It returns when
// the transaction is committed, or with do's own error, which undoes only what
// do itself has done.
func (j *journal) Do(ctx context.Context, do func(*store.Tx) error) error {
	return j.DoThen(ctx, do, nil)
}

// DoThen is Do with what its commit closes with.
func (j *journal) DoThen(ctx context.Context, do func(*store.Tx) error, then *follow) error {
	w := &write{ctx: ctx, do: do, then: then, done: make(chan struct{})}
	j.mu.Lock()
	j.waiting = append(j.waiting, w)
	lead := !j.busy
	j.busy = true
	j.mu.Unlock()
	if lead {
		j.lead()
	}
	<-w.done
	return w.err
}

// lead commits what waits until nothing does. The first writer does it for
// those that come while it commits; then one of these goes on, so that nobody
// works for others forever.
func (j *journal) lead() {
	j.mu.Lock()
	batch := j.waiting
	if len(batch) > maxBatch {
		batch = batch[:maxBatch:maxBatch]
	}
	j.waiting = append([]*write(nil), j.waiting[len(batch):]...)
	j.mu.Unlock()

	j.commit(batch)
	for _, w := range batch {
		close(w.done)
	}

	j.mu.Lock()
	more := len(j.waiting) > 0
	j.busy = more
	j.mu.Unlock()
	if more {
		go j.lead()
	}
}

// commit runs a batch in one transaction. If any of its writes fails, each is
// run in a transaction of its own, so that none suffers for another. If the
// commit itself fails it may have taken place all the same, so that nothing may
// be run again by anybody who does not look first.
func (j *journal) commit(batch []*write) {
	if len(batch) == 1 {
		batch[0].err = j.together(batch[0].ctx, batch, nil)
		return
	}
	// The batch outlives any single caller's context.
	failed := false
	err := j.together(context.WithoutCancel(batch[0].ctx), batch, &failed)
	for i, w := range batch {
		if w.err = err; failed {
			w.err = j.together(w.ctx, batch[i:i+1], nil)
		}
	}
}

// together runs writes in one transaction. It notes in failed, unless nil, whether
// one of them has failed, and not the commit.
func (j *journal) together(ctx context.Context, batch []*write, failed *bool) error {
	return j.store.Do(ctx, func(tx *store.Tx) (err error) {
		if failed != nil {
			defer func() { *failed = err != nil }()
		}
		for _, w := range batch {
			if err := tx.For(w.ctx, w.do); err != nil {
				return err
			}
		}
		for i, w := range batch {
			if w.then == nil || slices.ContainsFunc(batch[i+1:], func(o *write) bool { return o.then != nil && o.then.owner == w.then.owner }) {
				continue
			}
			if err := tx.For(w.ctx, w.then.do); err != nil {
				return err
			}
		}
		return nil
	})
}

// crashing ends this process as a kill would, at a commit that a trial has
// chosen: TAKO_CRASH_AT=before:3 right before the third commit of a task's
// progress since the start, after:3 right after it and before anything that
// follows from it. It is for trials only, and nothing when it is not set.
type crashing struct {
	when string
	left atomic.Int64
}

var crash = sync.OnceValue(func() *crashing {
	c := &crashing{}
	when, count, _ := strings.Cut(os.Getenv("TAKO_CRASH_AT"), ":")
	var n int64
	if _, err := fmt.Sscan(count, &n); err != nil || when != "before" && when != "after" {
		return c
	}
	c.when = when
	c.left.Store(n)
	return c
})

// at is passed on each side of every such commit.
func (c *crashing) at(when string) {
	if c.when != when || c.left.Add(-1) != 0 {
		return
	}
	if p, err := os.FindProcess(os.Getpid()); err == nil && p.Kill() == nil {
		select {} // until it takes effect
	}
}
