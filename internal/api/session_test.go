package api

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/takodeploy/tako/internal/secret"
	"github.com/takodeploy/tako/internal/store"
)

// TestForgery sends every change with a session's cookie alone, as a page of
// another site would make a browser do.
func TestForgery(t *testing.T) {
	w := newWorld(t)
	me := w.ids["users"]
	hash, err := w.api.Login.HashPassword(t.Context(), secret.Text("Correct-Horse-1"))
	if err != nil {
		t.Fatal(err)
	}
	w.do(func(tx *store.Tx) error { return w.api.Login.SetPassword(tx, me, hash, "") })
	var cookies []string
	var csrf string
	a := w.send("POST", "/api/users/login", strings.NewReader(`{"Username":"ada","Password":"Correct-Horse-1"}`), "X-Octopus-ApiKey", "")
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		cookies = append(cookies, c.Name+"="+c.Value)
		if strings.HasPrefix(c.Name, "Octopus-Csrf-Token") {
			csrf = c.Value
		} else if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode {
			t.Errorf("cookie %v", c)
		}
	}
	if a.status != 200 || len(cookies) != 2 || strings.Contains(string(a.body), "Correct-Horse") {
		t.Fatalf("%d %v %s", a.status, cookies, a.body)
	}
	session := []string{"X-Octopus-ApiKey", "", "Cookie", strings.Join(cookies, "; ")}
	send := func(q request, more ...string) reply {
		data, err := json.Marshal(q.body)
		if err != nil {
			t.Fatal(err)
		}
		return w.send(q.method, q.path, strings.NewReader(string(data)), append(slices.Clone(session), more...)...)
	}
	if a := send(request{method: "GET", path: "/api/users/me"}); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	before := w.snapshot("")
	for _, r := range w.api.routes.all {
		if r.Method == "GET" || slices.Contains([]string{"users/login", "users/register", "token/v1"}, r.Pattern) {
			continue // what is sent proves who it is, or nobody needs to be
		}
		for _, q := range w.requests(r, "/api/Spaces-1") {
			if a := send(q); a.status != 401 {
				t.Errorf("%s %s with a cookie alone: %d %s", q.method, q.path, a.status, a.body)
			}
			// Nor does it help to call a change something else.
			for _, override := range []string{"GET", "HEAD", "OPTIONS", "get", q.method, strings.ToLower(q.method)} {
				post := q
				post.method = "POST"
				if a := send(post, "X-HTTP-Method-Override", override); a.status != 401 {
					t.Errorf("POST %s as %s with a cookie alone: %d %s", q.path, override, a.status, a.body)
				}
			}
			get := q
			get.method = "GET"
			if a := send(get, "X-HTTP-Method-Override", q.method); a.status >= 500 {
				t.Errorf("GET %s as %s: %d %s", q.path, q.method, a.status, a.body)
			}
		}
	}
	w.unchanged("", before)
	made := request{method: "POST", path: "/api/Spaces-1/environments", body: thing{"Name": "Mine"}}
	if a := send(made, "X-Octopus-Csrf-Token", "wrong"); a.status != 401 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := send(made, "X-Octopus-Csrf-Token", csrf); a.status != 201 {
		t.Errorf("%d %s", a.status, a.body)
	}
	gone := request{method: "POST", path: "/api/Spaces-1/environments/mine"}
	if a := send(gone, "X-Octopus-Csrf-Token", csrf, "X-HTTP-Method-Override", "DELETE"); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := send(request{method: "POST", path: "/api/users/logout"}, "X-Octopus-Csrf-Token", csrf); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := send(request{method: "GET", path: "/api/users/me"}); a.status != 401 {
		t.Errorf("signed out: %d", a.status)
	}
}

func TestSignInThrottle(t *testing.T) {
	h := newHarness(t)
	send := func(body string, headers ...string) reply {
		return h.send("POST", "/api/users/login", strings.NewReader(body), append([]string{"X-Octopus-ApiKey", ""}, headers...)...)
	}
	const wrong = `{"Username":"ada","Password":"wrong"}`
	if a := send(wrong, "Sec-Fetch-Site", "cross-site"); a.status != 403 {
		t.Errorf("from another site: %d %s", a.status, a.body)
	}
	first := send(wrong)
	if unknown := send(`{"Username":"nobody","Password":"wrong"}`); unknown.status != 401 || string(unknown.body) != string(first.body) {
		t.Errorf("who exists can be told: %s, %s", unknown.body, first.body)
	}
	for range 6 {
		a := send(wrong)
		if a.status != 401 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		if strings.Contains(string(a.body), "too many") {
			// A header that anybody can write does not make another sender.
			if a := send(wrong, "X-Forwarded-For", "203.0.113.9"); !strings.Contains(string(a.body), "too many") {
				t.Errorf("%d %s", a.status, a.body)
			}
			return
		}
	}
	t.Error("guessing goes on and on")
}

// TestSecretsStay reads everything there is as the one who may see everything:
// no secret comes out, not in lists, not in the audit trail, and not in what a
// change answers.
func TestSecretsStay(t *testing.T) {
	w := newWorld(t)
	check := func(q request, a reply) {
		t.Helper()
		for _, word := range []string{sealed, w.key[:40], "PRIVATE KEY", w.as} {
			if strings.Contains(string(a.body), word) {
				t.Errorf("%s %s tells a secret", q.method, q.path)
			}
		}
		if a.status >= 500 {
			t.Errorf("%s %s: %d %s", q.method, q.path, a.status, a.body)
		}
	}
	for _, r := range w.api.routes.all {
		for _, q := range w.requests(r, "/api/Spaces-1") {
			// The feed is one that cannot be reached.
			if r.Method == "GET" && !strings.Contains(r.Pattern, "feeds/{id}/packages") {
				check(q, w.ask(q, "take=1000&keyword=zeta&verbose=true&packageId="+private))
			}
		}
	}
	for _, collection := range []string{"accounts", "feeds", "certificates", "git-credentials", "proxies", "machines", "subscriptions", "variables"} {
		path := "/api/Spaces-1/" + collection + "/" + w.ids[collection]
		doc := w.get(path).(thing)
		doc["Description"] = "changed"
		q := request{method: "PUT", path: path, body: doc}
		a := w.ask(q, "")
		if a.status != 200 {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
		check(q, a)
	}
	events := request{method: "GET", path: "/api/events"}
	check(events, w.ask(events, "take=1000"))
	check(events, w.ask(events, "take=1000&asCsv=true"))
	user := request{method: "POST", path: "/api/users", body: thing{"Username": "new", "Password": sealed + "-long-enough"}}
	check(user, w.ask(user, ""))
	users := request{method: "GET", path: "/api/users"}
	check(users, w.ask(users, ""))
	if a := w.ask(users, ""); strings.Contains(string(a.body), `"Password"`) || strings.Contains(string(a.body), "argon2") {
		t.Errorf("users: %s", a.body)
	}
	for name, header := range w.send("GET", "/api/Spaces-1/accounts", nil).header {
		if strings.Contains(strings.Join(header, " "), w.as) || name == "Access-Control-Allow-Origin" {
			t.Errorf("header %s: %s", name, header)
		}
	}
}
