package login

import (
	"net/http"
	"testing"
	"time"
)

func TestGuessing(t *testing.T) {
	d := open(t)
	// The pauses alone are under test, not the hashing of a hundred passwords.
	try := func(user, ip string) time.Duration { return d.attempts.begin(user, ip, d.clock) }
	for i := range 5 {
		if wait := try("alice", "192.0.2.1"); wait != 0 {
			t.Fatalf("try %d waits %v", i+1, wait)
		}
	}
	if wait := try("ALICE", "192.0.2.1"); wait != firstPause {
		t.Errorf("the sixth try waits %v", wait)
	}
	if wait := try("alice", "192.0.2.2"); wait != 0 {
		t.Errorf("from elsewhere it waits %v", wait)
	}
	if wait := try("bob", "192.0.2.1"); wait != 0 {
		t.Errorf("another user waits %v", wait)
	}
	_, err := d.SignIn(t.Context(), Credentials{Username: "alice", Password: alicesPassword}, from("192.0.2.1"))
	refused(t, err, "Try again in 5 seconds")
	d.clock = d.clock.Add(firstPause)
	if wait := try("alice", "192.0.2.1"); wait != 0 {
		t.Errorf("after the pause it waits %v", wait)
	}
	if wait := try("alice", "192.0.2.1"); wait != 2*firstPause {
		t.Errorf("the next pause is %v", wait)
	}
	d.clock = d.clock.Add(2 * firstPause)
	if _, err := d.SignIn(t.Context(), Credentials{Username: "alice", Password: alicesPassword}, from("192.0.2.1")); err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		if wait := try("alice", "192.0.2.1"); wait != 0 {
			t.Errorf("try %d after a good one waits %v", i+1, wait)
		}
	}
}

func from(ip string) *http.Request {
	r := request("POST")
	r.RemoteAddr = ip + ":1234"
	return r
}

func TestGuessingManyUsers(t *testing.T) {
	now := time.Now()
	tries := func(user func(int) string, ip func(int) string) int {
		a := attempts{counts: map[attempt]count{}}
		for i := range 10_000 {
			if a.begin(user(i), ip(i), now) > 0 {
				return i
			}
		}
		return -1
	}
	one := func(s string) func(int) string { return func(int) string { return s } }
	each := func(prefix string) func(int) string {
		return func(i int) string { return prefix + time.Duration(i).String() }
	}
	if got := tries(each("user"), one("192.0.2.1")); got != 30 {
		t.Errorf("one sender tried %d users", got)
	}
	if got := tries(each("user"), func(i int) string { return "2001:db8::" + string("0123456789abcdef"[i%16]) }); got != 30 {
		t.Errorf("one IPv6 network tried %d users", got)
	}
	if got := tries(one("alice"), each("sender")); got != 50 {
		t.Errorf("one user was tried %d times", got)
	}
	a := attempts{counts: map[attempt]count{}}
	for i := range 30_000 {
		a.begin(each("u")(i), each("s")(i), now)
	}
	if len(a.counts) > mostAttempts {
		t.Errorf("%d counts", len(a.counts))
	}
}

func TestClientIP(t *testing.T) {
	proxies, err := ParseProxies([]string{"10.0.0.0/8", "::1", "192.0.2.7"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ peer, forwarded, want string }{
		{"198.51.100.1:99", "", "198.51.100.1"},
		{"198.51.100.1:99", "203.0.113.9", "198.51.100.1"}, // no proxy of ours
		{"10.1.2.3:99", "203.0.113.9", "203.0.113.9"},
		{"10.1.2.3:99", "", "10.1.2.3"},
		{"10.1.2.3:99", "6.6.6.6, 203.0.113.9, 10.9.9.9", "203.0.113.9"},
		{"10.1.2.3:99", "10.9.9.9, 10.8.8.8", "10.9.9.9"},
		{"10.1.2.3:99", "203.0.113.9, nonsense", "10.1.2.3"},
		{"[::1]:99", "[2001:db8::1]:443", "2001:db8::1"},
		{"[::ffff:192.0.2.7]:99", "203.0.113.9:1234", "203.0.113.9"},
		{"@", "203.0.113.9", "@"},
	} {
		r := request("GET")
		r.RemoteAddr = c.peer
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if got := proxies.ClientIP(r); got != c.want {
			t.Errorf("%s for %q: %s, want %s", c.peer, c.forwarded, got, c.want)
		}
	}
	if _, err := ParseProxies([]string{"here"}); err == nil {
		t.Error("a proxy called here")
	}
}
