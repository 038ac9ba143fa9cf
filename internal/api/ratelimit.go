package api

import (
	"fmt"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

var _ = area(func(a *API) []Route {
	const at = "ratelimitingpolicies"
	info := catalog.RateLimitingPolicies.Info()
	h := a.crudOf(catalog.RateLimitingPolicies)
	return []Route{
		{Method: "GET", Pattern: at, Handle: h.list, Permission: configure, Summary: "How many requests are answered to whom", Answer: info},
		{Method: "GET", Pattern: at + "/{id}", Handle: h.get, Permission: configure, Summary: "A rate limiting policy", Answer: info},
		{Method: "PUT", Pattern: at + "/{id}", Handle: h.update, Permission: configure, Summary: "Change how many requests are answered", Body: info, Answer: info},
	}
})

const (
	limitsAge  = 5 * time.Second // how long policies are remembered that another node may change
	bucketsMax = 10_000          // from so many callers on, those at rest are forgotten
	// How seldom it is audited that a policy was exceeded.
	auditEvery, auditModeEvery = 15 * time.Minute, 5 * time.Minute
)

// limits count requests against the rate limiting policies: each caller has a
// bucket that fills with time, and each request takes a drop. Every node counts
// for itself.
type limits struct {
	now      func() time.Time // nil for the clock
	policies atomic.Pointer[limitSet]
	reading  sync.Mutex

	mu      sync.Mutex
	buckets map[string]*bucket
	audited map[string]time.Time
}

// limitSet are the policies in force by what they are for.
type limitSet struct {
	read    time.Time
	enabled map[string]*catalog.RateLimitingPolicy
}

type bucket struct {
	drops float64
	at    time.Time
}

// throttled says that a caller has asked too much, and when to ask again.
type throttled struct{ after time.Duration }

func (e *throttled) Error() string {
	return fmt.Sprintf("Too many requests. Try again in %d seconds.", e.seconds())
}

func (e *throttled) seconds() int { return int(math.Ceil(e.after.Seconds())) }

func (l *limits) clock() time.Time {
	if l.now != nil {
		return l.now()
	}
	return time.Now()
}

// forget has the policies read anew.
func (l *limits) forget() { l.policies.Store(nil) }

// current gives the policies; while they are read, who comes goes by the old.
func (a *API) currentLimits(r *Request) (*limitSet, error) {
	l := &a.limits
	set, now := l.policies.Load(), l.clock()
	if set != nil && now.Sub(set.read) < limitsAge {
		return set, nil
	}
	if set != nil && !l.reading.TryLock() {
		return set, nil
	}
	if set == nil {
		l.reading.Lock()
	}
	defer l.reading.Unlock()
	fresh := &limitSet{read: now, enabled: map[string]*catalog.RateLimitingPolicy{}}
	err := r.View(func(tx *store.Tx) error {
		all, _, err := catalog.RateLimitingPolicies.List(tx, kind.Query{})
		for _, p := range all {
			if p.IsEnabled {
				fresh.enabled[p.ScopeType] = p
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the rate limiting policies: %w", err)
	}
	l.policies.Store(fresh)
	return fresh, nil
}

// throttle refuses a request of who has asked too much of late.
func (a *API) throttle(r *Request) error {
	set, err := a.currentLimits(r)
	if err != nil || len(set.enabled) == 0 {
		return err
	}
	scope, who := catalog.LimitStrangers, a.Proxies.ClientIP(r.Request)
	switch {
	case r.Principal.UserID == "":
	case r.Principal.KeyID != "" || r.Principal.IsService:
		scope, who = catalog.LimitPrograms, r.Principal.UserID
	default:
		scope, who = catalog.LimitPeople, r.Principal.UserID
	}
	p := set.enabled[scope]
	if p == nil {
		return nil
	}
	wait := a.limits.take(p, scope+" "+who)
	if wait == 0 {
		return nil
	}
	if a.limits.due(p) {
		slog.Warn("a caller asks more than a rate limiting policy allows", "policy", p.Name, "caller", who, "refused", !p.AuditMode)
		err := r.Do(func(tx *store.Tx) error {
			return tx.Append(&store.Event{Category: "RateLimitExceeded", Document: p.ID, Message: fmt.Sprintf("%s asked more than the %d requests per minute of the policy '%s'", who, p.RequestsPerMinute, p.Name)})
		})
		if err != nil {
			return fmt.Errorf("noting that a rate limiting policy was exceeded: %w", err)
		}
	}
	if p.AuditMode {
		return nil
	}
	return &throttled{wait}
}

// take takes a drop out of a caller's bucket. If there is none it says when
// there will be.
func (l *limits) take(p *catalog.RateLimitingPolicy, who string) (wait time.Duration) {
	now, perSecond, size := l.clock(), float64(p.RequestsPerMinute)/60, float64(p.BurstLimit)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.buckets == nil || len(l.buckets) >= bucketsMax {
		l.sweep(now)
	}
	b := l.buckets[who]
	if b == nil {
		b = &bucket{drops: size, at: now}
		l.buckets[who] = b
	}
	b.drops = min(size, b.drops+now.Sub(b.at).Seconds()*perSecond)
	b.at = now
	if b.drops >= 1 {
		b.drops--
		return 0
	}
	return time.Duration((1 - b.drops) / perSecond * float64(time.Second))
}

// sweep forgets who has not asked for a minute, or everybody, if it must.
func (l *limits) sweep(now time.Time) {
	for who, b := range l.buckets {
		if now.Sub(b.at) > time.Minute {
			delete(l.buckets, who)
		}
	}
	if l.buckets == nil || len(l.buckets) >= bucketsMax {
		l.buckets = map[string]*bucket{}
	}
}

// due reports whether it is time to note again that a policy is exceeded.
func (l *limits) due(p *catalog.RateLimitingPolicy) bool {
	pause := auditEvery
	if p.AuditMode {
		pause = auditModeEvery
	}
	now := l.clock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if last, ever := l.audited[p.ID]; ever && now.Sub(last) < pause {
		return false
	}
	if l.audited == nil {
		l.audited = map[string]time.Time{}
	}
	l.audited[p.ID] = now
	return true
}
