// Package login says who sends a request. It owns what proves an identity:
// passwords, API keys, browser sessions and access tokens, all stored as
// one-way hashes in tables of their own, apart from the user documents, so
// that no listing of users can ever show one.
package login

import (
	"context"
	"net/http"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/secret"
	"github.com/takodeploy/tako/internal/store"
)

// The ways in which an identity is established, as the audit names them.
const (
	ByAPIKey   = "API key"
	ByPassword = "Password"
	ByToken    = "Access token"
)

// Principal is who sends a request.
type Principal struct {
	UserID      string
	Username    string
	DisplayName string
	IsService   bool
	How         string // how the identity was established
	KeyID       string // the API key, if it was one
	SessionID   string // the session or access token, if it was one
}

// Account is what login needs to know of a user.
type Account struct {
	ID, Username, DisplayName string
	Active, Service           bool
}

// Accounts finds users. ok is false when there is none.
type Accounts interface {
	ByID(tx *store.Tx, id string) (a Account, ok bool, err error)
	ByName(tx *store.Tx, username string) (a Account, ok bool, err error)
}

// Options are what a Login is made of.
type Options struct {
	DB       *store.DB
	Accounts Accounts
	// Installation ends the cookies' names, so that the cookies of several
	// servers on one host stay apart. Letters and digits.
	Installation string
	// Secure marks the cookies for HTTPS only, also where a proxy has taken
	// the TLS off.
	Secure  bool
	Proxies Proxies
}

// Login tells who sends a request. It is safe for concurrent use.
type Login struct {
	db        *store.DB
	accounts  Accounts
	suffix    string
	secure    bool
	proxies   Proxies
	passwords *secret.Passwords
	known     cache
	attempts  attempts
	issuers   issuers
	now       func() time.Time
}

// New makes a Login.
func New(o Options) *Login {
	l := &Login{
		db: o.DB, accounts: o.Accounts, suffix: o.Installation, secure: o.Secure, proxies: o.Proxies,
		// Two at once keep a small server's memory in bounds; more would not
		// be faster on its cores.
		passwords: secret.NewPasswords(2),
		now:       time.Now,
	}
	l.known.entries = map[string]entry{}
	l.attempts.counts = map[attempt]count{}
	return l
}

// Authenticate tells who sends the request, by its API key, its access token
// or its session cookie. It fails with Unauthenticated when the request names
// nobody, when what it names is not valid, or when a browser's change lacks
// the token against forgery.
func (l *Login) Authenticate(ctx context.Context, r *http.Request) (Principal, error) {
	proof, kind := l.proof(r)
	switch kind {
	case noProof:
		return Principal{}, fault.New(fault.Unauthenticated, "You must be logged in to request this resource. Please provide a valid API key or log in to continue.")
	case keyProof:
		return l.principal(ctx, "k"+secret.Hash(proof), l.findKey)
	case tokenProof:
		return l.principal(ctx, "t"+secret.Hash(proof), l.findToken)
	}
	p, err := l.principal(ctx, "b"+secret.Hash(proof), l.findBrowser)
	if err == nil && !safe(r.Method) {
		err = l.forged(r, proof)
	}
	if err != nil {
		return Principal{}, err
	}
	return p, nil
}

// forged refuses a change that a browser sends without the token that only the
// pages of this server can read.
func (l *Login) forged(r *http.Request, session secret.Text) error {
	if secret.Equal(r.Header.Get(csrfHeader), secret.CSRFToken(session)) {
		return nil
	}
	return fault.New(fault.Unauthenticated,
		"The header %s does not carry the value of the cookie %s, so this change may not come from you. Reload the page and try again.", csrfHeader, l.csrfCookie())
}

// Forget makes the next request of the user look everything up again. It is
// called when a user is disabled, changed or deleted, or loses a key.
func (l *Login) Forget(userID string) { l.known.forget(userID) }

// safe reports whether requests of the method change nothing.
func safe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// finder looks up who a hash stands for, and until when the answer holds.
type finder func(tx *store.Tx, hash string) (Principal, time.Time, error)

// principal tells whom a proof stands for. Key is its hash after a letter that
// keeps the kinds of proof apart.
func (l *Login) principal(ctx context.Context, key string, find finder) (Principal, error) {
	now := l.now()
	if p, ok := l.known.get(key, now); ok {
		return p, nil
	}
	generation := l.known.generation()
	var p Principal
	var until time.Time
	err := l.db.View(ctx, func(tx *store.Tx) (err error) {
		p, until, err = find(tx, key[1:])
		return err
	})
	if err != nil {
		return Principal{}, err
	}
	l.known.put(key, p, until, now, generation)
	return p, nil
}

// complete fills in the user that a proof belongs to.
func (l *Login) complete(tx *store.Tx, p Principal) (Principal, error) {
	a, ok, err := l.accounts.ByID(tx, p.UserID)
	if err != nil {
		return Principal{}, err
	}
	if !ok {
		return Principal{}, fault.New(fault.Unauthenticated, "The user that this sign-in belongs to was deleted.")
	}
	if !a.Active {
		return Principal{}, disabled(a)
	}
	p.Username, p.DisplayName, p.IsService = a.Username, a.DisplayName, a.Service
	return p, nil
}

func disabled(a Account) error {
	return fault.New(fault.Unauthenticated, "The user %s is disabled. Ask an administrator to enable it.", a.Username)
}
