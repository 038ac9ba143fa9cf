package control

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// visit sends a request of a browser, with what it keeps.
func visit(t *testing.T, c *Control, method, path, body string, cookies []*http.Cookie, headers map[string]string) *http.Response {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	for _, k := range cookies {
		request.AddCookie(k)
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	answer := httptest.NewRecorder()
	c.Handler().ServeHTTP(answer, request)
	return answer.Result()
}

func signedIn(t *testing.T, c *Control, token string) []*http.Cookie {
	t.Helper()
	answer := visit(t, c, "POST", "/api/sign-in", `{"token":"`+token+`"}`, nil, map[string]string{"X-Forwarded-Proto": "https"})
	cookies := answer.Cookies()
	if answer.StatusCode != http.StatusOK || len(cookies) != 1 {
		t.Fatal(answer.Status, cookies)
	}
	if k := cookies[0]; !k.HttpOnly || !k.Secure || k.SameSite != http.SameSiteStrictMode || k.Path != "/" || strings.Contains(k.Value, token) {
		t.Errorf("%+v", k)
	}
	return cookies
}

// TestSession of somebody with a token, who may do at the page what they may with
// the token, and no more.
func TestSession(t *testing.T) {
	c := with(t)
	if answer := visit(t, c, "POST", "/api/sign-in", `{"token":"wrong"}`, nil, nil); answer.StatusCode != http.StatusUnauthorized || len(answer.Cookies()) > 0 {
		t.Error(answer.Status)
	}
	viewer, operator := signedIn(t, c, "see"), signedIn(t, c, "do")
	for _, test := range []struct {
		name    string
		cookies []*http.Cookie
		change  func(*Control)
		headers map[string]string
		status  int
	}{
		{"nobody", nil, nil, nil, 401},
		{"one who may look", viewer, nil, nil, 403},
		{"one who may change", operator, nil, nil, 200},
		{"from the page itself", operator, nil, map[string]string{"Sec-Fetch-Site": "same-origin"}, 200},
		{"from another page", operator, nil, map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
		{"from a neighbour", operator, nil, map[string]string{"Sec-Fetch-Site": "same-site", "Origin": "https://other.example.com"}, 403},
		{"with a token that is wrong", operator, nil, map[string]string{"Authorization": "Bearer wrong"}, 401},
		{"after the session", operator, func(c *Control) { now := c.Now(); c.Now = func() time.Time { return now.Add(Lasts) } }, nil, 401},
		{"just before its end", operator, func(c *Control) { now := c.Now(); c.Now = func() time.Time { return now.Add(Lasts - time.Second) } }, nil, 200},
		{"at another control plane", operator, func(c *Control) { c.Key = []byte("another key of thirty-two bytes!") }, nil, 401},
		{"where there is no key", operator, func(c *Control) { c.Key = nil }, nil, 401},
		{"who was taken off the list", operator, func(c *Control) { c.Users = c.Users[:1] }, nil, 401},
		{"who may only look by now", operator, func(c *Control) { c.Users = []User{{Name: "otto", Role: Viewer, Token: sum("do")}} }, nil, 403},
		{"what was sealed for something else", func() []*http.Cookie {
			sealed, err := c.seal("flow", session{Name: "otto", Until: c.Now().Add(time.Hour)})
			if err != nil {
				t.Fatal(err)
			}
			return []*http.Cookie{{Name: sessionCookie, Value: sealed}}
		}(), nil, nil, 401},
		{"what was written otherwise", []*http.Cookie{{Name: sessionCookie, Value: "x" + operator[0].Value[1:]}}, nil, nil, 401},
		{"what says nothing", []*http.Cookie{{Name: sessionCookie, Value: "."}}, nil, nil, 401},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := with(t)
			if test.change != nil {
				test.change(c)
			}
			if answer := visit(t, c, "PATCH", "/api/instances/acme", `{"suspended":true}`, test.cookies, test.headers); answer.StatusCode != test.status {
				t.Error(answer.Status)
			}
		})
	}
}

// TestSessionOfATokenThatWasTakenBack: who has seen somebody's token is out when
// the token is replaced, also where they had signed in with it.
func TestSessionOfATokenThatWasTakenBack(t *testing.T) {
	c := with(t)
	cookies := signedIn(t, c, "do")
	c.Users[1].Token = sum("do otherwise")
	if answer := visit(t, c, "GET", "/api/me", "", cookies, nil); answer.StatusCode != http.StatusUnauthorized {
		t.Error(answer.Status)
	}
	if answer := visit(t, c, "GET", "/api/me", "", signedIn(t, c, "do otherwise"), nil); answer.StatusCode != http.StatusOK {
		t.Error(answer.Status)
	}
}

func TestSignOut(t *testing.T) {
	answer := visit(t, with(t), "POST", "/api/sign-out", "", signedIn(t, with(t), "do"), nil)
	if k := answer.Cookies(); len(k) != 1 || k[0].Name != sessionCookie || k[0].MaxAge >= 0 || k[0].Value != "" {
		t.Errorf("%v", k)
	}
}

// TestThePage and its parts come with what keeps others' scripts out; nothing of
// it is within the text itself, which the policy would not let run.
func TestThePage(t *testing.T) {
	c := with(t)
	for path, is := range map[string]string{"/": "text/html", "/main.js": "javascript", "/style.css": "text/css", "/icon.svg": "image/svg"} {
		answer := visit(t, c, "GET", path, "", nil, nil)
		if policy := answer.Header.Get("Content-Security-Policy"); answer.StatusCode != http.StatusOK || !strings.Contains(answer.Header.Get("Content-Type"), is) ||
			!strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: %s %v", path, answer.Status, answer.Header)
		}
	}
	if answer := visit(t, c, "GET", "/api/nothing", "", nil, nil); answer.StatusCode != http.StatusNotFound || answer.Header.Get("Content-Type") != "application/json" {
		t.Error(answer.Status, answer.Header)
	}
}
