// Package issuertest is a small issuer of OpenID Connect for tests: it signs real
// tokens, and holds those who come to PKCE, the client and the way back.
package issuertest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// The client that the issuer knows.
const (
	Client = "control"
	Secret = "client-secret"
)

// Issuer signs everybody in as the person that it was told of last.
type Issuer struct {
	URL string
	// Back is where people may be sent back to.
	Back string
	// Change has a token be other than it should be.
	Change func(claims map[string]any)
	// Sign has it be signed with another key.
	Key *rsa.PrivateKey

	// Refresh has it give tokens to be asked again with, each good for once; Silent
	// has it then say who the person is only when it is asked for that.
	Refresh, Silent bool
	// Now is its clock.
	Now func() time.Time

	own    *rsa.PrivateKey
	server *httptest.Server
	mu     sync.Mutex
	person map[string]any
	codes  map[string]asked
	fresh  map[string]bool // refresh tokens that are good
	access string          // that opens what it knows of the person
	again  int
}

// Again is how often it was asked again.
func (i *Issuer) Again() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.again
}

// asked is what somebody came with, by the code they were given.
type asked struct {
	nonce, challenge string
	person           map[string]any
}

// New starts an issuer.
func New(back string) (*Issuer, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	i := &Issuer{Back: back, Key: key, Now: time.Now, own: key, codes: map[string]asked{}, fresh: map[string]bool{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", i.configuration)
	mux.HandleFunc("GET /keys", i.keys)
	mux.HandleFunc("GET /authorize", i.authorize)
	mux.HandleFunc("POST /token", i.token)
	mux.HandleFunc("POST /revoke", i.revoke)
	mux.HandleFunc("GET /userinfo", i.userinfo)
	i.server = httptest.NewServer(mux)
	i.URL = i.server.URL
	return i, nil
}

// Close ends it.
func (i *Issuer) Close() { i.server.Close() }

// Person is who signs in from now on, as claims; nobody when nil.
func (i *Issuer) Person(claims map[string]any) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.person = claims
}

func say(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // whoever asked has gone
}

func (i *Issuer) configuration(w http.ResponseWriter, _ *http.Request) {
	say(w, http.StatusOK, map[string]any{"issuer": i.URL, "authorization_endpoint": i.URL + "/authorize", "token_endpoint": i.URL + "/token", "jwks_uri": i.URL + "/keys",
		"revocation_endpoint": i.URL + "/revoke", "userinfo_endpoint": i.URL + "/userinfo", "id_token_signing_alg_values_supported": []string{"RS256"}, "response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"}})
}

func (i *Issuer) keys(w http.ResponseWriter, _ *http.Request) {
	say(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: i.own.Public(), KeyID: "one", Algorithm: "RS256", Use: "sig"}}})
}

func (i *Issuer) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("client_id") != Client || q.Get("redirect_uri") != i.Back || q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" || q.Get("code_challenge") == "" {
		http.Error(w, "not as this issuer wants it: "+r.URL.RawQuery, http.StatusBadRequest)
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	back := url.Values{"state": {q.Get("state")}}
	if i.person == nil {
		back.Set("error", "access_denied")
		back.Set("error_description", "nobody signed in")
	} else {
		code := rand.Text()
		i.codes[code] = asked{q.Get("nonce"), q.Get("code_challenge"), i.person}
		back.Set("code", code)
	}
	http.Redirect(w, r, i.Back+"?"+back.Encode(), http.StatusFound)
}

func (i *Issuer) token(w http.ResponseWriter, r *http.Request) {
	id, secret, ok := r.BasicAuth()
	if !ok {
		id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if r.PostFormValue("grant_type") == "refresh_token" {
		i.again++
		token := r.PostFormValue("refresh_token")
		good := i.fresh[token] && i.person != nil && id == Client && secret == Secret
		delete(i.fresh, token)
		if !good {
			say(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
			return
		}
		i.grant(w, asked{person: i.person}, !i.Silent)
		return
	}
	code := i.codes[r.PostFormValue("code")]
	delete(i.codes, r.PostFormValue("code"))
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if id != Client || secret != Secret || r.PostFormValue("redirect_uri") != i.Back || code.challenge == "" || code.challenge != base64.RawURLEncoding.EncodeToString(sum[:]) {
		say(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
		return
	}
	i.grant(w, code, true)
}

func (i *Issuer) grant(w http.ResponseWriter, to asked, tells bool) {
	i.access = rand.Text()
	answer := map[string]any{"access_token": i.access, "token_type": "Bearer", "expires_in": 300}
	if tells {
		signed, err := i.signed(to)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		answer["id_token"] = signed
	}
	if i.Refresh {
		token := rand.Text()
		i.fresh[token], answer["refresh_token"] = true, token
	}
	say(w, http.StatusOK, answer)
}

func (i *Issuer) revoke(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if id, secret, ok := r.BasicAuth(); !ok || id != Client || secret != Secret {
		say(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client"})
		return
	}
	delete(i.fresh, r.PostFormValue("token"))
}

func (i *Issuer) userinfo(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if r.Header.Get("Authorization") != "Bearer "+i.access {
		say(w, http.StatusUnauthorized, map[string]string{"error": "invalid_token"})
		return
	}
	say(w, http.StatusOK, i.person)
}

func (i *Issuer) signed(code asked) (string, error) {
	now := i.Now()
	claims := map[string]any{"iss": i.URL, "aud": Client, "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(), "nonce": code.nonce}
	for name, value := range code.person {
		claims[name] = value
	}
	if i.Change != nil {
		i.Change(claims)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: i.Key}, (&jose.SignerOptions{}).WithHeader("kid", "one"))
	if err != nil {
		return "", err
	}
	return jwt.Signed(signer).Claims(claims).Serialize()
}
