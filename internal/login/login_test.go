package login

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/secret"
	"github.com/takodeploy/tako/internal/store"
)

// book is a list of users in memory.
type book struct {
	mu    sync.Mutex
	users map[string]Account
	asked int
}

func (b *book) ByID(_ *store.Tx, id string) (Account, bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked++
	a, ok := b.users[id]
	return a, ok, nil
}

func (b *book) ByName(_ *store.Tx, name string) (Account, bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, a := range b.users {
		if strings.EqualFold(a.Username, name) {
			return a, true, nil
		}
	}
	return Account{}, false, nil
}

func (b *book) change(id string, f func(*Account)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	a := b.users[id]
	f(&a)
	b.users[id] = a
}

// desk is a Login with a clock that the test sets.
type desk struct {
	*Login
	t     *testing.T
	book  *book
	clock time.Time
}

const alicesPassword secret.Text = "correct horse battery"

func open(t *testing.T) *desk {
	t.Helper()
	db := openStore(t)
	b := &book{users: map[string]Account{
		"Users-1": {ID: "Users-1", Username: "alice", DisplayName: "Alice", Active: true},
		"Users-2": {ID: "Users-2", Username: "robot", DisplayName: "Robot", Active: true, Service: true},
		"Users-3": {ID: "Users-3", Username: "bob", DisplayName: "Bob", Active: true},
	}}
	proxies, err := ParseProxies([]string{"10.0.0.0/8"})
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{Login: New(Options{DB: db, Accounts: b, Installation: "abc", Proxies: proxies}), t: t, book: b, clock: time.Now()}
	d.now = func() time.Time { return d.clock }
	hash, err := d.HashPassword(t.Context(), alicesPassword)
	if err != nil {
		t.Fatal(err)
	}
	d.do(func(tx *store.Tx) error { return d.SetPassword(tx, "Users-1", hash, "") })
	return d
}

func (d *desk) do(f func(tx *store.Tx) error) {
	d.t.Helper()
	if err := d.db.Do(d.t.Context(), f); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) view(f func(tx *store.Tx) error) {
	d.t.Helper()
	if err := d.db.View(d.t.Context(), f); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) key(n NewKey) (Key, secret.Text) {
	d.t.Helper()
	var k Key
	var value secret.Text
	d.do(func(tx *store.Tx) (err error) {
		k, value, err = d.CreateKey(tx, n)
		return err
	})
	return k, value
}

func request(method string, headers ...string) *http.Request {
	r := httptest.NewRequest(method, "/api/users/me", nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

// refused checks that an error refuses with Unauthenticated in these words.
func refused(t *testing.T, err error, words string) {
	t.Helper()
	if !fault.Is(err, fault.Unauthenticated) || !strings.Contains(err.Error(), words) {
		t.Errorf("error %v, want one with %q", err, words)
	}
}

func (d *desk) signIn(c Credentials, r *http.Request) (*http.Response, Session) {
	d.t.Helper()
	s, err := d.SignIn(d.t.Context(), c, r)
	if err != nil {
		d.t.Fatal(err)
	}
	w := httptest.NewRecorder()
	d.SetCookies(w, r, s)
	return w.Result(), s
}

func TestKeyInEveryPlace(t *testing.T) {
	d := open(t)
	k, value := d.key(NewKey{UserID: "Users-1", Purpose: "build"})
	want := Principal{UserID: "Users-1", Username: "alice", DisplayName: "Alice", How: ByAPIKey, KeyID: k.ID}
	basic := request("GET")
	basic.SetBasicAuth("whoever", value.Reveal())
	cookie := request("POST", keyHeader, value.Reveal(), "Cookie", "OctopusIdentificationToken_abc=stale")
	for name, r := range map[string]*http.Request{
		"header":                  request("POST", keyHeader, value.Reveal()),
		"package client's header": request("PUT", nugetHeader, value.Reveal()),
		"bearer":                  request("DELETE", "Authorization", "bearer "+value.Reveal()),
		"basic":                   basic,
		"beside a stale cookie":   cookie,
	} {
		got, err := d.Authenticate(t.Context(), r)
		if d := cmp.Diff(want, got); err != nil || d != "" {
			t.Errorf("%s: %v %s", name, err, d)
		}
	}
}

func TestNobody(t *testing.T) {
	d := open(t)
	notKey := request("GET")
	notKey.SetBasicAuth("alice", alicesPassword.Reveal())
	for name, c := range map[string]struct {
		r     *http.Request
		words string
	}{
		"nothing":            {request("GET"), "must be logged in"},
		"empty header":       {request("GET", keyHeader, ""), "must be logged in"},
		"basic password":     {notKey, "must be logged in"},
		"other server":       {request("GET", "Cookie", "OctopusIdentificationToken_xyz=1"), "must be logged in"},
		"unknown key":        {request("GET", keyHeader, "API-ABC"), "API key you provided was not valid"},
		"unknown token":      {request("GET", "Authorization", "Bearer abc"), "access token is not valid"},
		"unknown session":    {request("GET", "Cookie", "OctopusIdentificationToken_abc=1"), "session is not valid"},
		"unknown key bearer": {request("GET", "Authorization", "Bearer API-ABC"), "API key you provided was not valid"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := d.Authenticate(t.Context(), c.r)
			refused(t, err, c.words)
		})
	}
}

func TestDisabledAndDeleted(t *testing.T) {
	d := open(t)
	_, value := d.key(NewKey{UserID: "Users-1"})
	r := request("GET", keyHeader, value.Reveal())
	ask := func() error { _, err := d.Authenticate(t.Context(), r); return err }
	if err := ask(); err != nil {
		t.Fatal(err)
	}
	d.book.change("Users-1", func(a *Account) { a.Active = false })
	d.Forget("Users-1")
	refused(t, ask(), "The user alice is disabled")
	_, err := d.SignIn(t.Context(), Credentials{Username: "alice", Password: alicesPassword}, request("POST"))
	refused(t, err, "The user alice is disabled")
	_, err = d.Begin(t.Context(), "Users-1", "OIDC", request("POST"))
	refused(t, err, "disabled")

	d.book.change("Users-1", func(a *Account) { a.Active = true })
	if err := ask(); err != nil {
		t.Errorf("enabled again: %v", err)
	}
	d.do(func(tx *store.Tx) error { return d.DeleteUser(tx, "Users-1") })
	refused(t, ask(), "was not valid")
	_, err = d.SignIn(t.Context(), Credentials{Username: "alice", Password: alicesPassword}, request("POST"))
	refused(t, err, "user name or the password is wrong")
	if _, err := d.Begin(t.Context(), "Users-9", "OIDC", request("POST")); !fault.Is(err, fault.NotFound) {
		t.Errorf("a user that is not there: %v", err)
	}
}

// TestAnotherNode lets another Login on the same database disable a user; this
// one notices within moments.
func TestAnotherNode(t *testing.T) {
	d := open(t)
	k, value := d.key(NewKey{UserID: "Users-1"})
	r := request("GET", keyHeader, value.Reveal())
	for range 100 {
		if _, err := d.Authenticate(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if d.book.asked != 1 {
		t.Errorf("%d look-ups for 100 requests", d.book.asked)
	}
	other := New(Options{DB: d.db, Accounts: d.book})
	d.do(func(tx *store.Tx) error { return other.DeleteKey(tx, "Users-1", k.ID) })
	d.clock = d.clock.Add(freshFor)
	_, err := d.Authenticate(t.Context(), r)
	refused(t, err, "was not valid")
}

func TestCacheForgetsWhatWasOvertaken(t *testing.T) {
	c := cache{entries: map[string]entry{}}
	now := time.Now()
	before := c.generation()
	c.forget("Users-1")
	c.put("k1", Principal{UserID: "Users-1"}, time.Time{}, now, before)
	if _, ok := c.get("k1", now); ok {
		t.Error("an answer from before the change was kept")
	}
	for i := range mostKnown + 10 {
		c.put("k"+strings.Repeat("x", i%7)+time.Duration(i).String(), Principal{}, time.Time{}, now, c.generation())
	}
	if len(c.entries) > mostKnown {
		t.Errorf("%d entries", len(c.entries))
	}
}

func TestBrowserSession(t *testing.T) {
	d := open(t)
	response, s := d.signIn(Credentials{Username: " Alice ", Password: alicesPassword}, request("POST"))
	cookies := map[string]*http.Cookie{}
	for _, c := range response.Cookies() {
		cookies[c.Name] = c
	}
	identity, csrf := cookies["OctopusIdentificationToken_abc"], cookies["Octopus-Csrf-Token_abc"]
	if len(response.Cookies()) != 2 || identity == nil || csrf == nil {
		t.Fatalf("cookies %v", response.Cookies())
	}
	if !identity.HttpOnly || csrf.HttpOnly || identity.Secure || identity.MaxAge != 0 || identity.Path != "/" || identity.SameSite != http.SameSiteLaxMode {
		t.Errorf("cookies %v", cookies)
	}
	ask := func(method string, headers ...string) error {
		r := request(method, headers...)
		r.AddCookie(identity)
		r.AddCookie(csrf)
		got, err := d.Authenticate(t.Context(), r)
		if err == nil {
			want := Principal{UserID: "Users-1", Username: "alice", DisplayName: "Alice", How: ByPassword, SessionID: s.Principal.SessionID}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
		}
		return err
	}
	for _, method := range []string{"GET", "HEAD", "OPTIONS"} {
		if err := ask(method); err != nil {
			t.Errorf("%s: %v", method, err)
		}
	}
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE"} {
		refused(t, ask(method), "X-Octopus-Csrf-Token")
		refused(t, ask(method, csrfHeader, "wrong"), "X-Octopus-Csrf-Token")
		refused(t, ask(method, csrfHeader, identity.Value), "X-Octopus-Csrf-Token")
		if err := ask(method, csrfHeader, csrf.Value); err != nil {
			t.Errorf("%s: %v", method, err)
		}
	}
	_, err := d.Authenticate(t.Context(), request("POST", "Authorization", "Bearer "+identity.Value))
	refused(t, err, "access token is not valid")

	r := request("POST")
	r.AddCookie(identity)
	refused(t, d.SignOut(t.Context(), httptest.NewRecorder(), r), "X-Octopus-Csrf-Token")
	if err := ask("GET"); err != nil {
		t.Errorf("somebody else signed us out: %v", err)
	}
	r.Header.Set(csrfHeader, csrf.Value)
	w := httptest.NewRecorder()
	if err := d.SignOut(t.Context(), w, r); err != nil {
		t.Fatal(err)
	}
	for _, c := range w.Result().Cookies() {
		if c.MaxAge >= 0 || c.Value != "" {
			t.Errorf("cookie %v after signing out", c)
		}
	}
	refused(t, ask("GET"), "session is not valid")
	if err := d.SignOut(t.Context(), w, request("POST")); err != nil {
		t.Errorf("signing out without a session: %v", err)
	}
}

func TestSessionEnds(t *testing.T) {
	d := open(t)
	for _, c := range []struct {
		name     string
		remember bool
		steps    []time.Duration // a request after each
		end      time.Duration   // and then none after this
	}{
		{"idle", false, nil, sessionIdles},
		{"in use", false, []time.Duration{sessionIdles - time.Hour, sessionIdles - time.Hour, sessionIdles - time.Hour}, sessionIdles},
		{"remembered", true, []time.Duration{sessionLasts - time.Hour}, time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			response, s := d.signIn(Credentials{Username: "alice", Password: alicesPassword, Remember: c.remember}, request("POST"))
			if got := response.Cookies()[0].MaxAge; (got > 0) != c.remember {
				t.Errorf("Max-Age %d", got)
			}
			r := request("GET")
			r.AddCookie(&http.Cookie{Name: "OctopusIdentificationToken_abc", Value: s.Token.Reveal()})
			for _, step := range c.steps {
				d.clock = d.clock.Add(step)
				if _, err := d.Authenticate(t.Context(), r); err != nil {
					t.Fatalf("after %v: %v", step, err)
				}
			}
			d.clock = d.clock.Add(c.end)
			_, err := d.Authenticate(t.Context(), r)
			refused(t, err, "has ended")
		})
	}
	n := 0
	d.clock = d.clock.Add(sessionLasts)
	d.signIn(Credentials{Username: "alice", Password: alicesPassword}, request("POST"))
	d.view(func(tx *store.Tx) error {
		_, err := tx.QueryRow([]any{&n}, "select count(*) from session")
		return err
	})
	if n != 1 {
		t.Errorf("%d rows; ended sessions stay", n)
	}
}

func TestTokens(t *testing.T) {
	d := open(t)
	s, err := d.IssueToken(t.Context(), "Users-2", time.Hour, request("POST"))
	if err != nil {
		t.Fatal(err)
	}
	r := request("POST", "Authorization", "Bearer "+s.Token.Reveal())
	got, err := d.Authenticate(t.Context(), r)
	want := Principal{UserID: "Users-2", Username: "robot", DisplayName: "Robot", IsService: true, How: ByToken, SessionID: s.Principal.SessionID}
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Errorf("%v %s", err, d)
	}
	_, err = d.Authenticate(t.Context(), request("GET", "Cookie", "OctopusIdentificationToken_abc="+s.Token.Reveal()))
	refused(t, err, "session is not valid")
	d.clock = d.clock.Add(time.Hour)
	_, err = d.Authenticate(t.Context(), r)
	refused(t, err, "access token is not valid")
}

func TestPasswords(t *testing.T) {
	d := open(t)
	for _, bad := range []secret.Text{"", "short", secret.Text(strings.Repeat("x", 257))} {
		if _, err := d.HashPassword(t.Context(), bad); !fault.Is(err, fault.Invalid) {
			t.Errorf("a password of %d characters: %v", len(bad), err)
		}
	}
	_, first := d.signIn(Credentials{Username: "alice", Password: alicesPassword}, request("POST"))
	_, second := d.signIn(Credentials{Username: "alice", Password: alicesPassword}, request("POST"))
	hash, err := d.HashPassword(t.Context(), "another horse")
	if err != nil {
		t.Fatal(err)
	}
	d.do(func(tx *store.Tx) error { return d.SetPassword(tx, "Users-1", hash, second.Principal.SessionID) })
	for s, want := range map[*Session]bool{&first: false, &second: true} {
		_, err := d.Authenticate(t.Context(), request("GET", "Cookie", "OctopusIdentificationToken_abc="+s.Token.Reveal()))
		if (err == nil) != want {
			t.Errorf("session %s after a new password: %v", s.Principal.SessionID, err)
		}
	}
	_, err = d.SignIn(t.Context(), Credentials{Username: "alice", Password: alicesPassword}, request("POST"))
	refused(t, err, "wrong")
	d.signIn(Credentials{Username: "alice", Password: "another horse"}, request("POST"))
	for id, want := range map[string]bool{"Users-1": true, "Users-2": false} {
		d.view(func(tx *store.Tx) error {
			got, err := d.HasPassword(tx, id)
			if got != want {
				t.Errorf("%s has a password: %v", id, got)
			}
			return err
		})
	}
}

// TestOldHash signs in with a hash made at another cost, which is then renewed.
func TestOldHash(t *testing.T) {
	d := open(t)
	const old = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	d.do(func(tx *store.Tx) error { return d.SetPassword(tx, "Users-3", PasswordHash{old}, "") })
	for range 2 {
		d.signIn(Credentials{Username: "bob", Password: "password"}, request("POST"))
	}
	var now string
	d.view(func(tx *store.Tx) error {
		_, err := tx.QueryRow([]any{&now}, "select hash from password where user_id = 'Users-3'")
		return err
	})
	if secret.Outdated(now) {
		t.Errorf("the hash is still %s", now)
	}
}

func TestServiceAccountsHaveNoPassword(t *testing.T) {
	d := open(t)
	hash, err := d.HashPassword(t.Context(), "robots have none")
	if err != nil {
		t.Fatal(err)
	}
	d.do(func(tx *store.Tx) error { return d.SetPassword(tx, "Users-2", hash, "") })
	_, err = d.SignIn(t.Context(), Credentials{Username: "robot", Password: "robots have none"}, request("POST"))
	refused(t, err, "wrong")
}

func TestManyRequestsAtOnce(t *testing.T) {
	d := open(t)
	_, value := d.key(NewKey{UserID: "Users-1"})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				if _, err := d.Authenticate(ctx, request("GET", keyHeader, value.Reveal())); err != nil {
					t.Error(err)
					return
				}
				d.Forget("Users-1")
			}
		})
	}
	wg.Wait()
}
