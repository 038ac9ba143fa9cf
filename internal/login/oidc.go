package login

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/secret"
	"github.com/takodeploy/tako/internal/store"
)

// ByOIDC is how an identity is established by an issuer that a service account
// trusts, as the audit names it.
const ByOIDC = "OpenID Connect"

// ExchangeLasts is how long an access token lasts that was got for an identity
// token.
const ExchangeLasts = time.Hour

// claims are what an identity token says before anybody has vouched for it.
type claims struct {
	Issuer  string `json:"iss"`
	Subject string `json:"sub"`
}

// Exchange gives an access token of a service account to whoever holds an
// identity token that one of the account's OIDC identities describes. No
// issuer is asked that no identity names, and until a signature has been
// verified no answer says what there is.
func (l *Login) Exchange(ctx context.Context, serviceAccount string, token secret.Text, r *http.Request) (Session, error) {
	said, err := claimsOf(token.Reveal())
	if err != nil {
		return Session{}, fault.Wrap(fault.Invalid, err, "The subject token is not an identity token in the form of a JWT")
	}
	matching, err := l.identitiesFor(ctx, serviceAccount, said)
	if err != nil {
		return Session{}, err
	}
	if len(matching) == 0 {
		return Session{}, fault.New(fault.Unauthenticated,
			"No OIDC identity of the service account '%s' is for the issuer '%s' and the subject '%s'. Compare them, letter by letter, with the identities of the account.", serviceAccount, said.Issuer, said.Subject)
	}
	verified, err := l.issuers.verify(ctx, said.Issuer, token.Reveal())
	if err != nil {
		return Session{}, err
	}
	wanted := make([]string, len(matching))
	for i, m := range matching {
		wanted[i] = audienceOf(m)
		if slices.Contains(verified.Audience, wanted[i]) {
			return l.beginFor(ctx, m.ServiceAccountID, tokenKind, ByOIDC, ExchangeLasts, 0, r)
		}
	}
	return Session{}, fault.New(fault.Unauthenticated, "The identity token is for the audience '%s', but must be for '%s'.", strings.Join(verified.Audience, "', '"), strings.Join(wanted, "' or '"))
}

// audienceOf is whom a token must be made for: the service account, unless its
// identity says otherwise.
func audienceOf(i *catalog.OIDCIdentity) string {
	if i.Audience != "" {
		return i.Audience
	}
	return i.ServiceAccountID
}

// identitiesFor finds the identities of an account that describe a token.
func (l *Login) identitiesFor(ctx context.Context, account string, said claims) ([]*catalog.OIDCIdentity, error) {
	var matching []*catalog.OIDCIdentity
	err := l.db.View(ctx, func(tx *store.Tx) error {
		a, ok, err := l.accounts.ByID(tx, account)
		if err != nil || !ok || !a.Service || !a.Active {
			return err
		}
		all, _, err := catalog.OIDCIdentities.List(tx, kind.Query{Match: map[string]string{"ServiceAccountId": a.ID}})
		for _, i := range all {
			if strings.TrimSuffix(i.Issuer, "/") == strings.TrimSuffix(said.Issuer, "/") && likeSubject(i.Subject, said.Subject) {
				matching = append(matching, i)
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("looking for OIDC identities: %w", err)
	}
	return matching, nil
}

// likeSubject compares a subject with a pattern, in which * stands for any
// text and ? for one character. Case matters, as it does to issuers.
func likeSubject(pattern, subject string) bool {
	p, s := []rune(pattern), []rune(subject)
	star, after := -1, 0 // the last * seen, and how much of s it has taken
	i, j := 0, 0
	for j < len(s) {
		switch {
		case i < len(p) && p[i] == '*':
			star, after = i, j
			i++
		case i < len(p) && (p[i] == '?' || p[i] == s[j]):
			i++
			j++
		case star >= 0:
			after++
			i, j = star+1, after
		default:
			return false
		}
	}
	for i < len(p) && p[i] == '*' {
		i++
	}
	return i == len(p)
}

func claimsOf(token string) (claims, error) {
	var c claims
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return c, errors.New("it does not have three parts with full stops between them")
	}
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return c, fmt.Errorf("its second part is not base64url: %w", err)
	}
	if err := json.Unmarshal(body, &c); err != nil {
		return c, fmt.Errorf("its second part is not JSON: %w", err)
	}
	return c, nil
}

// issuers remembers what issuers say of themselves, for a while.
type issuers struct {
	mu    sync.Mutex
	known map[string]issuer
}

type issuer struct {
	provider *oidc.Provider
	until    time.Time
}

const (
	issuerKnown  = time.Hour
	issuerAnswer = 10 * time.Second
	issuerSays   = 1 << 20 // bytes that are read of an answer
)

// verify checks a token's signature and times.
func (i *issuers) verify(ctx context.Context, name, token string) (*oidc.IDToken, error) {
	// The provider keeps the context for its keys, so it must outlive the
	// request; each call is bounded by the client instead.
	ctx = oidc.ClientContext(context.WithoutCancel(ctx), &http.Client{Timeout: issuerAnswer, Transport: bounded{http.DefaultTransport}})
	p, err := i.provider(ctx, name)
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "The issuer %s could not be asked for its keys", name)
	}
	verified, err := p.Verifier(&oidc.Config{SkipClientIDCheck: true}).Verify(ctx, token)
	if err != nil {
		return nil, fault.Wrap(fault.Unauthenticated, err, "The identity token is not good")
	}
	return verified, nil
}

func (i *issuers) provider(ctx context.Context, name string) (*oidc.Provider, error) {
	now := time.Now()
	i.mu.Lock()
	k, ok := i.known[name]
	i.mu.Unlock()
	if ok && now.Before(k.until) {
		return k.provider, nil
	}
	p, err := oidc.NewProvider(ctx, name)
	if err != nil {
		return nil, err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.known == nil {
		i.known = map[string]issuer{}
	}
	i.known[name] = issuer{p, now.Add(issuerKnown)}
	return p, nil
}

// bounded reads only so much of an answer.
type bounded struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	a, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		a.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(a.Body, issuerSays), a.Body}
	}
	return a, err
}
