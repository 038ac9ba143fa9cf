package control

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// later is a control plane and an issuer whose clocks can be put on together.
func later(t *testing.T) (*signing, *atomic.Int64) {
	t.Helper()
	s := signsIn(t)
	var on atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(on.Load())) }
	s.Control.Now, s.issuer.Now = now, now
	s.OIDC.Recheck = 15 * time.Minute
	return s, &on
}

// role is what somebody may do; empty when they are not signed in.
func (s *signing) role(b *http.Client) string {
	s.Helper()
	_, me := get(s.T, b, s.url+"/api/me")
	for _, role := range []string{Viewer, Operator} {
		if strings.Contains(me, `"role":"`+role+`"`) {
			return role
		}
	}
	return ""
}

// TestARoleIsAskedForAgain: what was taken from somebody at the issuer they have not
// for long, with a refresh token or without.
func TestARoleIsAskedForAgain(t *testing.T) {
	for _, c := range []struct {
		name            string
		refresh, silent bool
		becomes         map[string]any
		away            bool // the issuer
		soon, then      string
	}{
		{"nothing changed", true, false, vera("platform"), false, Operator, Operator},
		{"nothing changed, and it is asked who they are", true, true, vera("platform"), false, Operator, Operator},
		{"may only look by now", true, false, vera("support"), false, Operator, Viewer},
		{"may only look by now, and it is asked who they are", true, true, vera("support"), false, Operator, Viewer},
		{"is in no group any more", true, false, vera(), false, Operator, ""},
		{"is not there any more", true, false, nil, false, Operator, ""},
		{"another person", true, false, map[string]any{"sub": "78", "email": "vera@example.com", "groups": []any{"platform"}}, false, Operator, ""},
		{"another person, and it is asked who they are", true, true, map[string]any{"sub": "78", "email": "vera@example.com", "groups": []any{"platform"}}, false, Operator, ""},
		{"the issuer is away", true, false, vera("platform"), true, Operator, Viewer},
		{"no refresh token", false, false, vera("platform"), false, Operator, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, on := later(t)
			s.issuer.Refresh, s.issuer.Silent = c.refresh, c.silent
			s.issuer.Person(vera("platform"))
			b := browser(t)
			get(t, b, s.url+"/api/sign-in/oidc")
			s.issuer.Person(c.becomes)
			if c.away {
				s.issuer.Close()
			}
			on.Store(int64(14 * time.Minute))
			if role := s.role(b); role != c.soon {
				t.Errorf("after 14 minutes: %q", role)
			}
			for range 3 { // also with the cookie that came of it
				on.Add(int64(16 * time.Minute))
				if role := s.role(b); role != c.then {
					t.Errorf("after %s: %q", time.Duration(on.Load()), role)
				}
			}
			on.Store(int64(Lasts + time.Minute))
			if role := s.role(b); role != "" {
				t.Errorf("after all: %q", role)
			}
		})
	}
}

// TestAskedOnceForAll that a page wants at the same time: a refresh token is good once.
func TestAskedOnceForAll(t *testing.T) {
	s, on := later(t)
	s.issuer.Refresh = true
	s.issuer.Person(vera("platform"))
	b := browser(t)
	get(t, b, s.url+"/api/sign-in/oidc")
	on.Store(int64(time.Hour))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/api/instances", nil)
			if err != nil {
				t.Error(err)
				return
			}
			answer, err := b.Do(request)
			if err != nil {
				t.Error(err)
				return
			}
			defer answer.Body.Close()
			if answer.StatusCode != http.StatusOK {
				t.Error(answer.Status)
			}
		})
	}
	all.Wait()
	if n := s.issuer.Again(); n != 1 {
		t.Errorf("the issuer was asked %d times", n)
	}
}

// TestACopyOfACookie is good for nothing once somebody has signed out: here at once,
// and at another replica when it asks the issuer.
func TestACopyOfACookie(t *testing.T) {
	s, on := later(t)
	s.issuer.Refresh = true
	s.issuer.Person(vera("platform"))
	b := browser(t)
	get(t, b, s.url+"/api/sign-in/oidc")
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/api/sign-out", nil)
	if err != nil {
		t.Fatal(err)
	}
	copied := b.Jar.Cookies(request.URL)
	if len(copied) != 1 || strings.Contains(copied[0].Value, "refresh") {
		t.Fatalf("%v", copied)
	}
	answer, err := b.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	other := with(t)
	other.Now, other.OIDC = s.Control.Now, &OIDC{Issuer: s.OIDC.Issuer, Client: s.OIDC.Client, Secret: s.OIDC.Secret, NameClaim: "email", Claim: "groups", Operators: []string{"platform"}, URL: s.url, Recheck: time.Minute}
	if answer := visit(t, other, "GET", "/api/me", "", copied, nil); answer.StatusCode != http.StatusOK {
		t.Error("at another replica, before it has asked:", answer.Status)
	}
	if answer := visit(t, s.Control, "GET", "/api/me", "", copied, nil); answer.StatusCode != http.StatusUnauthorized {
		t.Error("here:", answer.Status)
	}
	on.Store(int64(16 * time.Minute))
	if answer := visit(t, other, "GET", "/api/me", "", copied, nil); answer.StatusCode != http.StatusUnauthorized {
		t.Error("at another replica:", answer.Status)
	}
}
