package api

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/store"
)

// issuer is a small issuer of identity tokens: discovery, keys, signatures.
type issuer struct {
	t      *testing.T
	server *httptest.Server
	asked  atomic.Int32

	mu   sync.Mutex
	keys map[string]*rsa.PrivateKey
}

func newIssuer(t *testing.T) *issuer {
	i := &issuer{t: t, keys: map[string]*rsa.PrivateKey{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		i.asked.Add(1)
		i.answer(w, map[string]any{"issuer": i.server.URL, "jwks_uri": i.server.URL + "/keys", "id_token_signing_alg_values_supported": []string{"RS256"}})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		i.mu.Lock()
		defer i.mu.Unlock()
		set := jose.JSONWebKeySet{}
		for id, k := range i.keys {
			set.Keys = append(set.Keys, jose.JSONWebKey{Key: k.Public(), KeyID: id, Algorithm: "RS256", Use: "sig"})
		}
		i.answer(w, set)
	})
	i.server = httptest.NewServer(mux)
	t.Cleanup(i.server.Close)
	i.rotate("one")
	return i
}

func (i *issuer) answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		i.t.Error(err)
	}
}

// rotate makes a key of that id the only one.
func (i *issuer) rotate(id string) {
	i.t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		i.t.Fatal(err)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = map[string]*rsa.PrivateKey{id: k}
}

// token signs claims with the key of that id.
func (i *issuer) token(id string, claims map[string]any) string {
	i.t.Helper()
	i.mu.Lock()
	key := i.keys[id]
	i.mu.Unlock()
	return sign(i.t, jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: id}}, claims)
}

func sign(t *testing.T, key jose.SigningKey, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(key, nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(body)
	if err != nil {
		t.Fatal(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// claims are those of a good token, changed.
func (i *issuer) claims(audience string, change map[string]any) map[string]any {
	c := map[string]any{"iss": i.server.URL, "sub": "repo:acme/web:ref:refs/heads/main", "aud": audience,
		"iat": time.Now().Unix(), "exp": time.Now().Add(5 * time.Minute).Unix()}
	maps.Copy(c, change)
	return c
}

// robot makes a service account with a role in the default space.
func (h *harness) robot(name string) (id string) {
	h.Helper()
	h.member(name, "userroles-projectviewer")
	h.do(func(tx *store.Tx) error {
		u, err := catalog.Users.Find(tx, "", name)
		if err != nil {
			return err
		}
		// A person cannot become a service account, so that this one is new.
		s := &catalog.User{Username: name + "-robot", IsActive: true, IsService: true}
		if err := catalog.Users.Put(tx, s); err != nil {
			return err
		}
		team, err := catalog.Teams.Find(tx, "", "Team of "+name)
		if err != nil {
			return err
		}
		team.MemberUserIDs = []string{u.ID, s.ID}
		id = s.ID
		return catalog.Teams.Put(tx, team)
	})
	h.api.forgetRights()
	return id
}

func (h *harness) exchange(account, token string) any {
	return h.exchangeBody(map[string]string{"grant_type": grantExchange, "audience": account, "subject_token": token, "subject_token_type": tokenTypeJWT})
}

func (h *harness) exchangeBody(body any) any {
	h.Helper()
	data := text(h.T, body)
	a := h.send("POST", "/api/token/v1", strings.NewReader(data), "X-Octopus-ApiKey", "", "Content-Type", "application/json")
	v := a.json(h)
	if (a.status == http.StatusOK) != (at(v, "error") == nil) || a.status != http.StatusOK && a.status != http.StatusBadRequest {
		h.Errorf("%d: %s", a.status, a.body)
	}
	return v
}

func TestTokenExchange(t *testing.T) {
	h := newHarness(t)
	robot, i := h.robot("ci"), newIssuer(t)
	identities := "/api/serviceaccounts/" + robot + "/oidcidentities"
	h.call(201, "POST", identities+"/create/v1", map[string]string{"Name": "Builds", "Issuer": i.server.URL + "/", "Subject": "repo:acme/*:ref:refs/heads/main"})
	config := h.call(200, "GET", "/.well-known/openid-configuration", nil, "X-Octopus-ApiKey", "")
	if at(config, "token_endpoint") != h.server.URL+"/api/token/v1" || at(config, "issuer") != h.server.URL {
		t.Errorf("%v", config)
	}

	got := h.exchange(robot, i.token("one", i.claims(robot, nil)))
	token, _ := at(got, "access_token").(string)
	delete(got.(map[string]any), "access_token")
	want := map[string]any{"issued_token_type": tokenTypeAccess, "token_type": "Bearer", "expires_in": 3600.0}
	if d := cmp.Diff(want, got); d != "" || token == "" {
		t.Fatalf("%q %s", token, d)
	}
	bearer := []string{"X-Octopus-ApiKey", "", "Authorization", "Bearer " + token}
	if me := h.call(200, "GET", "/api/users/me", nil, bearer...); at(me, "Id") != robot {
		t.Errorf("the token is of %v", at(me, "Id"))
	}
	h.call(200, "GET", "/api/Spaces-1/projects", nil, bearer...)
	h.call(403, "POST", "/api/Spaces-1/environments", map[string]string{"Name": "E"}, bearer...)

	// A new key of the issuer is found without a restart.
	i.rotate("two")
	if got := h.exchange(robot, i.token("two", i.claims(robot, nil))); at(got, "access_token") == nil {
		t.Errorf("after a rotation: %v", got)
	}
	form := url.Values{"grant_type": {grantExchange}, "audience": {robot}, "subject_token": {i.token("two", i.claims(robot, nil))}, "subject_token_type": {tokenTypeJWT}}
	if a := h.send("POST", "/api/token/v1", strings.NewReader(form.Encode()), "X-Octopus-ApiKey", "", "Content-Type", "application/x-www-form-urlencoded"); a.status != 200 {
		t.Errorf("a form: %s", a.body)
	}
	if i.asked.Load() != 1 {
		t.Errorf("the issuer was asked %d times what it is", i.asked.Load())
	}

	h.do(func(tx *store.Tx) error {
		u, err := catalog.Users.Get(tx, robot)
		if err != nil {
			return err
		}
		u.IsActive = false
		tx.After(func() { h.api.Login.Forget(robot) })
		return catalog.Users.Put(tx, u)
	})
	h.call(401, "GET", "/api/users/me", nil, bearer...)
	if got := h.exchange(robot, i.token("two", i.claims(robot, nil))); at(got, "error") != "invalid_grant" {
		t.Errorf("of a disabled account: %v", got)
	}
}

func TestTokenExchangeRefuses(t *testing.T) {
	h := newHarness(t)
	robot, other, i, stranger := h.robot("ci"), h.robot("other"), newIssuer(t), newIssuer(t)
	create := "/api/serviceaccounts/" + robot + "/oidcidentities/create/v1"
	h.call(201, "POST", create, map[string]string{"Name": "Builds", "Issuer": i.server.URL, "Subject": "repo:acme/*:ref:refs/heads/main"})
	h.call(201, "POST", create, map[string]string{"Name": "Nightly", "Issuer": i.server.URL, "Subject": "nightly", "Audience": "api://tako"})
	good := func(change map[string]any) string { return i.token("one", i.claims(robot, change)) }
	forger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	confused := sign(t, jose.SigningKey{Algorithm: jose.HS256, Key: []byte(strings.Repeat("k", 32))}, i.claims(robot, nil))
	for name, c := range map[string]struct {
		account, token, code, words string
	}{
		"another account":     {other, good(nil), "invalid_grant", "No OIDC identity"},
		"a person":            {"Users-1", good(nil), "invalid_grant", "No OIDC identity"},
		"no account":          {"Users-999", good(nil), "invalid_grant", "No OIDC identity"},
		"another subject":     {robot, good(map[string]any{"sub": "repo:acme/web:pull_request"}), "invalid_grant", "No OIDC identity"},
		"another issuer":      {robot, stranger.token("one", stranger.claims(robot, nil)), "invalid_grant", "No OIDC identity"},
		"a forged issuer":     {robot, stranger.token("one", i.claims(robot, nil)), "invalid_grant", "not good"},
		"a forged key":        {robot, sign(t, jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: forger, KeyID: "one"}}, i.claims(robot, nil)), "invalid_grant", "not good"},
		"a shared key":        {robot, confused, "invalid_grant", "not good"},
		"out of date":         {robot, good(map[string]any{"exp": time.Now().Add(-time.Hour).Unix()}), "invalid_grant", "expired"},
		"not yet":             {robot, good(map[string]any{"nbf": time.Now().Add(time.Hour).Unix()}), "invalid_grant", "not good"},
		"another audience":    {robot, good(map[string]any{"aud": "api://tako"}), "invalid_grant", "audience"},
		"not its audience":    {robot, good(map[string]any{"sub": "nightly"}), "invalid_grant", "api://tako"},
		"an audience of many": {robot, good(map[string]any{"sub": "nightly", "aud": []string{"x", "api://tako"}}), "", ""},
		"no token":            {robot, "x.y.z", "invalid_request", "JWT"},
		"an API key":          {robot, h.key, "invalid_request", "JWT"},
		"nothing":             {robot, "", "invalid_request", "empty"},
	} {
		got := h.exchange(c.account, c.token)
		code, _ := at(got, "error").(string)
		words, _ := at(got, "error_description").(string)
		if code != c.code || !strings.Contains(words, c.words) {
			t.Errorf("%s: %v", name, got)
		}
	}
	if stranger.asked.Load() != 0 {
		t.Error("an issuer was asked that no identity names")
	}
	for name, c := range map[string]struct {
		body any
		code string
	}{
		"another grant":      {map[string]string{"grant_type": "password", "audience": robot, "subject_token": "x", "subject_token_type": tokenTypeJWT}, "unsupported_grant_type"},
		"another token type": {map[string]string{"grant_type": grantExchange, "audience": robot, "subject_token": "x", "subject_token_type": "saml"}, "invalid_request"},
		"no object":          {[]int{1}, "invalid_request"},
	} {
		if got := h.exchangeBody(c.body); at(got, "error") != c.code {
			t.Errorf("%s: %v", name, got)
		}
	}
	i.server.Close()
	h2 := newHarness(t) // it knows nothing of the issuer yet
	robot = h2.robot("ci")
	h2.call(201, "POST", "/api/serviceaccounts/"+robot+"/oidcidentities/create/v1", map[string]string{"Name": "B", "Issuer": i.server.URL, "Subject": "*"})
	if got := h2.exchange(robot, good(map[string]any{"aud": robot})); at(got, "error") != "temporarily_unavailable" {
		t.Errorf("of an issuer that is away: %v", got)
	}
}
