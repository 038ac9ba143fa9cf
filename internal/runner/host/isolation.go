package host

import (
	"context"
	"sync"

	"github.com/takodeploy/tako/internal/runner"
)

// isolation holds the fair locks of one machine and account, by name. Jobs
// are let in strictly in the order in which they asked: readers together, a
// writer alone, and a reader that comes after a waiting writer waits too.
type isolation struct {
	mu    sync.Mutex
	locks map[string]*fairLock
}

type fairLock struct {
	queue   []*waiter
	readers int
	writer  bool
	holders map[*waiter]bool // to tell a waiting job for whom it waits
}

type waiter struct {
	job   runner.Ahead // as others are told of it
	full  bool
	ready chan struct{}
	in    bool
}

func newIsolation() *isolation { return &isolation{locks: map[string]*fairLock{}} }

func (i *isolation) lock(name string) *fairLock {
	l := i.locks[name]
	if l == nil {
		l = &fairLock{holders: map[*waiter]bool{}}
		i.locks[name] = l
	}
	return l
}

// admit lets in whoever may go; the caller holds i.mu.
func (l *fairLock) admit() {
	for len(l.queue) > 0 {
		w := l.queue[0]
		if l.writer || w.full && l.readers > 0 {
			return
		}
		l.queue = l.queue[1:]
		if w.full {
			l.writer = true
		} else {
			l.readers++
		}
		w.in = true
		l.holders[w] = true
		close(w.ready)
	}
}

// acquire waits for the lock. waits is called once, with the titles of who
// holds it, when it is not free at once. The returned function gives it back.
func (i *isolation) acquire(ctx context.Context, name string, job runner.Ahead, full bool, waits func(holders []string)) (func(), error) {
	w := &waiter{job: job, full: full, ready: make(chan struct{})}
	i.mu.Lock()
	l := i.lock(name)
	l.queue = append(l.queue, w)
	l.admit()
	var holders []string
	if !w.in {
		for h := range l.holders {
			holders = append(holders, h.job.Title)
		}
	}
	i.mu.Unlock()
	release := func() { i.release(name, w) }
	select {
	case <-w.ready:
		return release, nil
	default:
	}
	waits(holders)
	select {
	case <-w.ready:
		return release, nil
	case <-ctx.Done():
		release()
		return nil, context.Cause(ctx)
	}
}

// release gives the lock back, or the place in the queue.
func (i *isolation) release(name string, w *waiter) {
	i.mu.Lock()
	defer i.mu.Unlock()
	l := i.locks[name]
	if w.in {
		delete(l.holders, w)
		if w.full {
			l.writer = false
		} else {
			l.readers--
		}
	} else {
		for n, q := range l.queue {
			if q == w {
				l.queue = append(l.queue[:n:n], l.queue[n+1:]...)
				break
			}
		}
	}
	l.admit()
	if len(l.queue) == 0 && len(l.holders) == 0 {
		delete(i.locks, name)
	}
}

// ahead lists the jobs for which a ticket waits: those that hold its lock, and
// those whose turn comes before.
func (i *isolation) ahead(ticket string) (jobs []runner.Ahead) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, l := range i.locks {
		for n, w := range l.queue {
			if w.job.Ticket != ticket {
				continue
			}
			for h := range l.holders {
				jobs = append(jobs, h.job)
			}
			for _, before := range l.queue[:n] {
				job := before.job
				job.Waits = true
				jobs = append(jobs, job)
			}
		}
	}
	return jobs
}
