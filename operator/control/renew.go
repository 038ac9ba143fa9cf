package control

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// renewalKept is how long what came of asking an issuer is remembered. A page asks for
// several things at once with one cookie, and many issuers take a refresh token but
// once and take its second use for a thief's.
const renewalKept = time.Minute

// cookieRoom is what browsers keep of a cookie for certain, less its name and settings.
const cookieRoom = 3800

// renewal is one time that an issuer was asked again.
type renewal struct {
	once sync.Once
	at   time.Time
	user *User // nil: they are let in no more
	next session
}

type renewals struct {
	mu  sync.Mutex
	all map[[sha256.Size]byte]*renewal
}

// of is the one for a session's refresh token, which all who come with it share.
func (r *renewals) of(token string, now time.Time) *renewal {
	r.mu.Lock()
	defer r.mu.Unlock()
	for key, v := range r.all {
		if now.Sub(v.at) > renewalKept {
			delete(r.all, key)
		}
	}
	key := sha256.Sum256([]byte(token))
	if r.all[key] == nil {
		if r.all == nil {
			r.all = map[[sha256.Size]byte]*renewal{}
		}
		r.all[key] = &renewal{at: now}
	}
	return r.all[key]
}

// box closes what a browser keeps and must not read.
func (c *Control) box() (cipher.AEAD, error) {
	block, err := aes.NewCipher(c.mark("box", nil))
	if err != nil {
		return nil, fmt.Errorf("closing what a session is renewed with: %w", err)
	}
	return cipher.NewGCM(block)
}

// believe notes in a session what an issuer said of somebody, and until when.
func (c *Control) believe(s *session, u *User) error {
	s.Role, s.Check = u.Role, c.Now().Add(c.OIDC.Recheck)
	if u.refresh != "" {
		box, err := c.box()
		if err != nil {
			return err
		}
		nonce := make([]byte, box.NonceSize())
		_, _ = rand.Read(nonce) // it cannot fail
		s.Renew = box.Seal(nonce, nonce, []byte(u.refresh), []byte(s.ID))
		sealed, err := c.seal("session", *s)
		if err != nil {
			return err
		}
		if len(sealed) <= cookieRoom {
			return nil
		}
		slog.Warn("a refresh token is too long for a cookie, and is not used", "issuer", c.OIDC.Issuer, "bytes", len(u.refresh))
	}
	s.Renew = nil
	if ends := latest(u.until, s.Check); ends.Before(s.Until) {
		s.Until = ends
	}
	s.Check = s.Until
	return nil
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// refreshOf is what an issuer is asked again with; empty when there is nothing.
func (c *Control) refreshOf(s session) string {
	box, err := c.box()
	if err != nil || len(s.Renew) < box.NonceSize() {
		return ""
	}
	n := box.NonceSize()
	token, err := box.Open(nil, s.Renew[:n], s.Renew[n:], []byte(s.ID))
	if err != nil {
		return ""
	}
	return string(token)
}

// checked is somebody whom an issuer vouches for, with what they may do as it said
// not long ago.
func (c *Control) checked(w http.ResponseWriter, r *http.Request, s session) *User {
	if c.OIDC == nil {
		return nil
	}
	if c.Now().Before(s.Check) {
		return &User{Name: s.Name, Role: s.Role, subject: s.Subject}
	}
	token := c.refreshOf(s)
	if token == "" {
		return nil
	}
	v := c.OIDC.renewals.of(token, c.Now())
	v.once.Do(func() { c.renew(r.Context(), v, s, token) })
	if v.user == nil || v.next.ID == "" {
		return v.user
	}
	if err := c.keep(w, r, v.next); err != nil {
		slog.Error("a session was not renewed", "error", err)
	}
	return v.user
}

// renew asks the issuer what somebody may do by now. While it cannot be asked, they
// may look: what they may do else might have been taken from them.
func (c *Control) renew(ctx context.Context, v *renewal, s session, token string) {
	u, err := c.OIDC.again(ctx, token, s.Subject, c.Now)
	var no *oauth2.RetrieveError
	var own refusal
	switch {
	case errors.As(err, &no) && no.Response != nil && no.Response.StatusCode/100 == 4, errors.As(err, &own) && own.status == http.StatusForbidden:
		slog.Info("somebody is signed out, since the issuer vouches for them no more", "user", s.Name, "error", err)
		return
	case err != nil:
		slog.Warn("the issuer cannot be asked what somebody may do; until it can they may look", "user", s.Name, "error", err)
		v.user = &User{Name: s.Name, Role: Viewer, subject: s.Subject}
		return
	}
	if u.refresh == "" {
		u.refresh = token
	}
	v.user, v.next = u, s
	v.next.Name = u.Name
	if err := c.believe(&v.next, u); err != nil {
		slog.Error("a session was not renewed", "user", s.Name, "error", err)
		v.next = session{}
	}
}

// again asks with a refresh token. An issuer may answer with another identity token,
// or has to be asked who the person is.
func (o *OIDC) again(ctx context.Context, refresh, subject string, now func() time.Time) (*User, error) {
	provider, way, err := o.ask(ctx)
	if err != nil {
		return nil, err
	}
	ctx = o.context(ctx)
	got, err := way.TokenSource(ctx, &oauth2.Token{RefreshToken: refresh}).Token()
	if err != nil {
		return nil, fmt.Errorf("renewing what the issuer said: %w", err)
	}
	var claims map[string]any
	until, who := got.Expiry, ""
	if raw, ok := got.Extra("id_token").(string); ok {
		token, err := provider.Verifier(&oidc.Config{ClientID: o.Client, Now: now}).Verify(ctx, raw)
		if err != nil {
			return nil, refusal{http.StatusForbidden, "the identity token is not good: " + err.Error()}
		}
		until, who, err = token.Expiry, token.Subject, token.Claims(&claims)
		if err != nil {
			return nil, fmt.Errorf("reading an identity token: %w", err)
		}
	} else {
		info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(got))
		if err != nil {
			return nil, fmt.Errorf("asking who somebody is: %w", err)
		}
		if who, err = info.Subject, info.Claims(&claims); err != nil {
			return nil, fmt.Errorf("reading who somebody is: %w", err)
		}
	}
	if who != subject {
		return nil, refusal{http.StatusForbidden, "the issuer speaks of another person"}
	}
	u, err := o.person(who, claims)
	if err == nil {
		u.until, u.refresh = until, got.RefreshToken
	}
	return u, err
}

// letGo has the issuer forget what a session is renewed with, where it can.
func (c *Control) letGo(ctx context.Context, s session) {
	token := c.refreshOf(s)
	if c.OIDC == nil || token == "" {
		return
	}
	if err := c.OIDC.revoke(ctx, token); err != nil {
		slog.Warn("the issuer did not take a refresh token back", "issuer", c.OIDC.Issuer, "error", err)
	}
}

func (o *OIDC) revoke(ctx context.Context, token string) error {
	provider, way, err := o.ask(ctx)
	if err != nil {
		return err
	}
	var known struct {
		Revocation string `json:"revocation_endpoint"`
	}
	if err := provider.Claims(&known); err != nil || known.Revocation == "" {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, issuerAnswer)
	defer cancel()
	form := url.Values{"token": {token}, "token_type_hint": {"refresh_token"}}
	if way.ClientSecret == "" {
		form.Set("client_id", way.ClientID)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, known.Revocation, strings.NewReader(form.Encode()))
	if err != nil {
		return fmt.Errorf("taking a refresh token back: %w", err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if way.ClientSecret != "" {
		request.SetBasicAuth(url.QueryEscape(way.ClientID), url.QueryEscape(way.ClientSecret))
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("taking a refresh token back: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("taking a refresh token back: the issuer answers %s", answer.Status)
	}
	return nil
}
