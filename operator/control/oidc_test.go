package control

import (
	"crypto/rand"
	"crypto/rsa"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/takodeploy/tako/operator/control/issuertest"
)

// signing is a control plane that an issuer vouches for people at.
type signing struct {
	*testing.T
	*Control
	issuer *issuertest.Issuer
	url    string
}

func signsIn(t *testing.T) *signing {
	t.Helper()
	c := with(t)
	c.Now = time.Now // as the issuer's
	server := httptest.NewUnstartedServer(nil)
	address := "http://" + server.Listener.Addr().String()
	issuer, err := issuertest.New(address + callback)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(issuer.Close)
	c.OIDC = &OIDC{Issuer: issuer.URL, Client: issuertest.Client, Secret: issuertest.Secret, Name: "Acme", Scopes: []string{"email"}, NameClaim: "email", Claim: "groups",
		Viewers: []string{"support"}, Operators: []string{"platform"}, URL: address}
	server.Config.Handler = c.Handler()
	server.Start()
	t.Cleanup(server.Close)
	return &signing{t, c, issuer, server.URL}
}

// browser keeps cookies.
func browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar}
}

// get gives where an address led to in the end, and what was there.
func get(t *testing.T, b *http.Client, url string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := b.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, html.UnescapeString(string(text))
}

func vera(groups ...any) map[string]any {
	return map[string]any{"sub": "77", "email": "vera@example.com", "email_verified": true, "groups": groups}
}

// TestSignInByIssuer: who comes back from the issuer may do what their groups may.
func TestSignInByIssuer(t *testing.T) {
	for _, test := range []struct {
		name   string
		claims map[string]any
		with   func(*OIDC)
		role   string // or
		says   string // why not
	}{
		{"one who may look", vera("support", "staff"), nil, Viewer, ""},
		{"one who may change", vera("platform"), nil, Operator, ""},
		{"one who may do both", vera("support", "platform"), nil, Operator, ""},
		{"a group that is not listed", vera("Platform"), nil, "", "none of your groups"},
		{"no group", vera(), nil, "", "none of your groups"},
		{"a single role", map[string]any{"sub": "1", "email": "o@example.com", "role": "platform"}, func(o *OIDC) { o.Claim = "role" }, Operator, ""},
		{"roles within another claim", map[string]any{"sub": "1", "email": "o@example.com", "realm_access": map[string]any{"roles": []any{"support"}}}, func(o *OIDC) { o.Claim = "realm_access.roles" }, Viewer, ""},
		{"a claim with a full stop in its name", map[string]any{"sub": "1", "email": "o@example.com", "https://acme.example.com/roles": []any{"support"}}, func(o *OIDC) { o.Claim = "https://acme.example.com/roles" }, Viewer, ""},
		{"no subject", map[string]any{"email": "otto", "groups": []any{"support"}}, nil, "", "by which subject"},
		{"no name", map[string]any{"sub": "1", "groups": []any{"platform"}}, nil, "", `no "email"`},
		{"an address of somebody else", map[string]any{"sub": "1", "email": "otto@example.com", "email_verified": false, "groups": []any{"platform"}}, nil, "", "has not verified"},
		{"who gave up", nil, nil, "", "access_denied (nobody signed in)"},
		{"a secret of somebody else", vera("platform"), func(o *OIDC) { o.Secret = "other" }, "", "did not say who you are"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := signsIn(t)
			if test.with != nil {
				test.with(s.OIDC)
			}
			s.issuer.Person(test.claims)
			b := browser(t)
			answer, text := get(t, b, s.url+"/api/sign-in/oidc")
			_, me := get(t, b, s.url+"/api/me")
			if test.says != "" {
				if answer.StatusCode < 400 || !strings.Contains(text, test.says) || !strings.Contains(me, "Sign in") {
					t.Errorf("%d %s\n%s", answer.StatusCode, text, me)
				}
				return
			}
			name, _ := test.claims["email"].(string)
			if answer.Request.URL.Path != "/" || answer.StatusCode != http.StatusOK || !strings.Contains(me, `"name":"`+name+`"`) || !strings.Contains(me, `"role":"`+test.role+`"`) {
				t.Errorf("%s: %d %s\n%s", answer.Request.URL, answer.StatusCode, me, text)
			}
			all, err := s.entries(t.Context(), s.Now())
			if err != nil || len(all) != 1 || all[0].User != name || all[0].Subject != test.claims["sub"] || all[0].Did != "sign in" {
				t.Errorf("%+v %v", all, err)
			}
		})
	}
}

// TestTokensThatAreNotGood are not believed, whatever they say.
func TestTokensThatAreNotGood(t *testing.T) {
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*issuertest.Issuer){
		"signed by another":  func(i *issuertest.Issuer) { i.Key = other },
		"for another client": func(i *issuertest.Issuer) { i.Change = func(c map[string]any) { c["aud"] = "shop" } },
		"of another issuer": func(i *issuertest.Issuer) {
			i.Change = func(c map[string]any) { c["iss"] = "https://evil.example.com" }
		},
		"of an earlier visit": func(i *issuertest.Issuer) { i.Change = func(c map[string]any) { c["nonce"] = "old" } },
		"without a nonce":     func(i *issuertest.Issuer) { i.Change = func(c map[string]any) { delete(c, "nonce") } },
		"that is out of date": func(i *issuertest.Issuer) {
			i.Change = func(c map[string]any) { c["exp"] = time.Now().Add(-time.Hour).Unix() }
		},
		"that is as it should be": nil,
	} {
		t.Run(name, func(t *testing.T) {
			s := signsIn(t)
			s.issuer.Person(vera("platform"))
			b := browser(t)
			if spoil != nil {
				spoil(s.issuer)
			}
			answer, text := get(t, b, s.url+"/api/sign-in/oidc")
			me, _ := get(t, b, s.url+"/api/me")
			if good := spoil == nil; good != (me.StatusCode == http.StatusOK) || !good && !strings.Contains(text, "is not good") {
				t.Errorf("%d %s; then %d", answer.StatusCode, text, me.StatusCode)
			}
		})
	}
}

// TestTheWayBack is only for who left from here.
func TestTheWayBack(t *testing.T) {
	s := signsIn(t)
	s.issuer.Person(vera("platform"))
	stays := browser(t)
	var came string // the way back, which is not gone
	stays.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.Path, callback) {
			came = r.URL.String()
			return http.ErrUseLastResponse
		}
		return nil
	}
	get(t, stays, s.url+"/api/sign-in/oidc")
	if came == "" {
		t.Fatal("the issuer sent nobody back")
	}
	for name, b := range map[string]*http.Client{"somebody else": browser(t), "somebody who left too": browser(t)} {
		if name == "somebody who left too" {
			s.issuer.Person(nil)
			get(t, b, s.url+"/api/sign-in/oidc")
			s.issuer.Person(vera("platform"))
		}
		if answer, text := get(t, b, came); answer.StatusCode != http.StatusBadRequest || !strings.Contains(text, "was not begun here") {
			t.Errorf("%s: %d %s", name, answer.StatusCode, text)
		}
	}
	s.Control.Now = func() time.Time { return time.Now().Add(flowLasts + time.Second) }
	if answer, text := get(t, stays, came); answer.StatusCode != http.StatusBadRequest || !strings.Contains(text, "ten minutes") {
		t.Errorf("late: %d %s", answer.StatusCode, text)
	}
}

// TestTheIssuerMayBeAway: those with tokens sign in all the same, and the others
// when it is there again.
func TestTheIssuerMayBeAway(t *testing.T) {
	s := signsIn(t)
	there := s.OIDC.Issuer
	s.OIDC.Issuer = "http://127.0.0.1:1"
	b := browser(t)
	if answer, text := get(t, b, s.url+"/api/sign-in/oidc"); answer.StatusCode != http.StatusBadGateway || !strings.Contains(text, "does not answer as an issuer") {
		t.Errorf("%d %s", answer.StatusCode, text)
	}
	s.OIDC.Issuer = there
	s.issuer.Person(vera("platform"))
	if answer, text := get(t, b, s.url+"/api/sign-in/oidc"); answer.StatusCode != http.StatusOK {
		t.Errorf("%d %s", answer.StatusCode, text)
	}
	// Whoever was signed in by an issuer is not when none vouches any more.
	s.Control.OIDC = nil
	if answer, _ := get(t, b, s.url+"/api/me"); answer.StatusCode != http.StatusUnauthorized {
		t.Error(answer.Status)
	}
}

func TestCheckOfSettings(t *testing.T) {
	good := func() *OIDC {
		return &OIDC{Issuer: "https://id.example.com", Client: "x", URL: "https://cloud.example.com", Viewers: []string{"a"}}
	}
	for says, spoil := range map[string]func(*OIDC){
		"":              func(*OIDC) {},
		"--oidc-client": func(o *OIDC) { o.Client = "" },
		"--url":         func(o *OIDC) { o.URL = "cloud.example.com" },
		"--oidc-viewer": func(o *OIDC) { o.Viewers = nil },
	} {
		o := good()
		spoil(o)
		if err := o.Check(); (says == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", says, err)
		}
	}
}
