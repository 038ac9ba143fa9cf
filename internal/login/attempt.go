package login

import (
	"strings"
	"sync"
	"time"
)

// How guessing is slowed down. Each failed sign-in counts for the user and
// sender together, for the sender whoever is tried, and for the user whoever
// tries. Beyond what is free, each doubles the pause. The last pause is short:
// else anybody could lock anybody else out.
var brakes = [...]struct {
	free int
	most time.Duration
}{
	{5, 15 * time.Minute}, // this user from this sender
	{30, 15 * time.Minute},
	{50, 20 * time.Second},
}

const (
	firstPause   = 5 * time.Second
	forgetAfter  = 30 * time.Minute
	mostAttempts = 20_000
)

// attempt says what failures are counted for: which brake, whom, from where.
type attempt struct {
	brake        int
	user, sender string
}

type count struct {
	failed int
	last   time.Time
	until  time.Time // no further try before this
}

// attempts counts failed sign-ins.
type attempts struct {
	mu     sync.Mutex
	counts map[attempt]count
}

func attemptsOf(user, ip string) [len(brakes)]attempt {
	user = strings.ToLower(user)
	if len(user) > 100 {
		user = user[:100]
	}
	sender := neighbourhood(ip)
	return [...]attempt{{0, user, sender}, {1, "", sender}, {2, user, ""}}
}

// begin counts a try as failed, until succeed takes that back, so that tries
// at the same time do not all pass; or it says how long to wait.
func (a *attempts) begin(user, ip string, now time.Time) (wait time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	tries := attemptsOf(user, ip)
	for _, t := range tries {
		wait = max(wait, a.counts[t].until.Sub(now))
	}
	if wait > 0 {
		return wait
	}
	for _, t := range tries {
		c := a.counts[t]
		if now.Sub(c.last) > forgetAfter {
			c = count{}
		}
		c.failed++
		c.last = now
		brake := brakes[t.brake]
		if over := c.failed - brake.free; over >= 0 {
			c.until = now.Add(min(firstPause<<min(over, 20), brake.most))
		}
		a.counts[t] = c
	}
	a.bound(now)
	return 0
}

// succeed forgets the failures of the user from there, and takes the try back
// from the other counts: a good password among many bad ones must not free a
// sender that guesses.
func (a *attempts) succeed(user, ip string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	tries := attemptsOf(user, ip)
	delete(a.counts, tries[0])
	for _, t := range tries[1:] {
		c := a.counts[t]
		c.failed--
		c.until = time.Time{}
		if c.failed <= 0 {
			delete(a.counts, t)
			continue
		}
		a.counts[t] = c
	}
}

// bound keeps the memory of a flood of names in bounds: first the forgotten
// go, then whoever has not failed often.
func (a *attempts) bound(now time.Time) {
	if len(a.counts) <= mostAttempts {
		return
	}
	for t, c := range a.counts {
		if now.Sub(c.last) > forgetAfter {
			delete(a.counts, t)
		}
	}
	for t, c := range a.counts {
		if len(a.counts) <= mostAttempts*3/4 {
			return
		}
		if c.failed < brakes[t.brake].free {
			delete(a.counts, t)
		}
	}
}
