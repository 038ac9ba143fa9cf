package api

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/takodeploy/tako/internal/catalog"
)

// slowly gives an API a clock that only the test moves.
func slowly(h *harness) (move func(time.Duration)) {
	var mu sync.Mutex
	now := time.Now()
	h.api.limits.now = func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	return func(d time.Duration) { mu.Lock(); defer mu.Unlock(); now = now.Add(d) }
}

// limit changes the built-in policy of a scope.
func (h *harness) limit(scope string, change map[string]any) {
	h.Helper()
	for _, p := range at(h.call(200, "GET", "/api/ratelimitingpolicies", nil), "Items").([]any) {
		if at(p, "ScopeType") == scope {
			policy := p.(map[string]any)
			for member, value := range change {
				policy[member] = value
			}
			h.call(200, "PUT", "/api/ratelimitingpolicies/"+policy["Id"].(string), policy)
			return
		}
	}
	h.Fatalf("there is no policy for %s", scope)
}

func TestRateLimits(t *testing.T) {
	for scope, program := range map[string]bool{catalog.LimitPrograms: true, catalog.LimitStrangers: false} {
		t.Run(scope, func(t *testing.T) {
			h := newHarness(t)
			move := slowly(h)
			eve := h.member("eve", h.role("EnvironmentView"))
			ask := func() reply {
				if program {
					return h.send("GET", "/api/users/me", nil, "X-Octopus-ApiKey", eve)
				}
				return h.send("GET", "/api/users/me", nil, "X-Octopus-ApiKey", "")
			}
			fine := ask().status
			h.limit(scope, map[string]any{"IsEnabled": true, "RequestsPerMinute": 6, "BurstLimit": 3})
			move(time.Hour)
			for i := range 3 {
				if a := ask(); a.status != fine {
					t.Fatalf("request %d: %d %s", i, a.status, a.body)
				}
			}
			for range 2 {
				if a := ask(); a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") != "10" || !strings.Contains(string(a.body), "Try again in 10 seconds") {
					t.Errorf("%d, after %s: %s", a.status, a.header.Get("Retry-After"), a.body)
				}
			}
			move(10 * time.Second)
			if a := ask(); a.status != fine {
				t.Errorf("after the time that it was told: %d", a.status)
			}
			if program { // everybody else goes on
				h.call(200, "GET", "/api/users/me", nil)
			}
			move(time.Hour)
			events := h.call(200, "GET", "/api/events?eventCategories=RateLimitExceeded", nil)
			if at(events, "TotalResults") != 1.0 {
				t.Errorf("%v events", at(events, "TotalResults"))
			}
			move(time.Hour)
			h.limit(scope, map[string]any{"AuditMode": true})
			for range 9 {
				if a := ask(); a.status != fine {
					t.Errorf("in audit mode: %d", a.status)
				}
			}
			h.limit(scope, map[string]any{"IsEnabled": false})
			for range 9 {
				if a := ask(); a.status != fine {
					t.Errorf("disabled: %d", a.status)
				}
			}
		})
	}
}

// A policy that another node changes holds here soon.
func TestRateLimitOfAnotherNode(t *testing.T) {
	h := newHarness(t)
	move := slowly(h)
	h.limit(catalog.LimitPeople, map[string]any{"IsEnabled": true})
	h.call(200, "GET", "/api/users/me", nil)
	if _, on := h.api.limits.policies.Load().enabled[catalog.LimitPeople]; !on {
		t.Error("the change is not known where it was made")
	}
	other := &API{Options: h.api.Options}
	other.limits.now = h.api.limits.now
	seen := func() int {
		set, err := other.currentLimits(&Request{Request: mustRequest(t), api: other})
		if err != nil {
			t.Fatal(err)
		}
		return len(set.enabled)
	}
	if seen() != 1 {
		t.Error("it is not read at first")
	}
	h.limit(catalog.LimitPeople, map[string]any{"IsEnabled": false})
	if seen() != 1 {
		t.Error("it is read at each request")
	}
	move(limitsAge)
	if seen() != 0 {
		t.Error("it is never read again")
	}
}

func mustRequest(t *testing.T) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", "/api", nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRateLimitRefusals(t *testing.T) {
	h := newHarness(t)
	list := h.call(200, "GET", "/api/ratelimitingpolicies?take=1", nil)
	if at(list, "TotalResults") != 3.0 || at(list, "Items", 0, "IsEnabled") != false || at(list, "Items", 0, "IsBuiltIn") != true {
		t.Errorf("%v", list)
	}
	path := "/api/ratelimitingpolicies/" + at(list, "Items", 0, "Id").(string)
	for member, want := range map[string]string{
		"Name": "The name of a built-in rate limiting policy cannot be changed.", "ScopeType": "The scope of a built-in rate limiting policy cannot be changed.",
		"RequestsPerMinute": "RequestsPerMinute is 0: give a number", "BurstLimit": "BurstLimit is -1: give a number",
	} {
		policy := h.call(200, "GET", path, nil).(map[string]any)
		policy[member] = map[string]any{"Name": "Other", "ScopeType": catalog.LimitStrangers, "RequestsPerMinute": 0, "BurstLimit": -1}[member]
		if why := fmt.Sprint(at(h.call(400, "PUT", path, policy), "Errors", 0)); !strings.Contains(why, want) {
			t.Errorf("%s: %s", member, why)
		}
	}
	h.call(403, "GET", "/api/ratelimitingpolicies", nil, "X-Octopus-ApiKey", h.member("eve", h.role("EnvironmentView")))
}

// Callers that come and go do not fill the memory.
func TestRateLimitForgets(t *testing.T) {
	now := time.Now()
	l := &limits{now: func() time.Time { return now }}
	p := &catalog.RateLimitingPolicy{RequestsPerMinute: 60, BurstLimit: 1}
	for i := range 3 * bucketsMax {
		l.take(p, fmt.Sprint(i))
		if len(l.buckets) > bucketsMax {
			t.Fatalf("%d buckets", len(l.buckets))
		}
	}
}
