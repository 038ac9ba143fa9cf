package login

import (
	"sync"
	"time"
)

// freshFor is how long an answer is used without asking the database again. It
// bounds how long another node still lets a disabled user in; on the node that
// disables, Forget makes it immediate.
const freshFor = 2 * time.Second

// mostKnown bounds the memory of a server that many keys are tried on.
const mostKnown = 4096

// cache keeps who recent requests came from, so that a client that sends many
// costs one look-up every few seconds.
type cache struct {
	mu      sync.RWMutex
	entries map[string]entry
	forgets uint64
}

type entry struct {
	principal Principal
	until     time.Time
}

func (c *cache) get(key string, now time.Time) (Principal, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	e, ok := c.entries[key]
	return e.principal, ok && now.Before(e.until)
}

// generation changes with each Forget.
func (c *cache) generation() uint64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.forgets
}

// put keeps an answer that was looked up in the given generation. One that was
// overtaken by a Forget may be out of date and is not kept.
func (c *cache) put(key string, p Principal, until, now time.Time, generation uint64) {
	if fresh := now.Add(freshFor); until.IsZero() || until.After(fresh) {
		until = fresh
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if generation != c.forgets {
		return
	}
	if len(c.entries) >= mostKnown {
		clear(c.entries)
	}
	c.entries[key] = entry{p, until}
}

func (c *cache) forget(userID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forgets++
	for key, e := range c.entries {
		if e.principal.UserID == userID {
			delete(c.entries, key)
		}
	}
}
