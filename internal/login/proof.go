package login

import (
	"net/http"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/secret"
)

// The names that clients know.
const (
	keyHeader      = "X-Octopus-ApiKey"
	nugetHeader    = "X-NuGet-ApiKey"
	csrfHeader     = "X-Octopus-Csrf-Token"
	identityPrefix = "OctopusIdentificationToken_"
	csrfPrefix     = "Octopus-Csrf-Token_"
)

func (l *Login) identityCookie() string { return identityPrefix + l.suffix }
func (l *Login) csrfCookie() string     { return csrfPrefix + l.suffix }

type proofKind int

const (
	noProof proofKind = iota
	keyProof
	tokenProof
	cookieProof
)

// proof gives what the request proves its sender's identity with. What is said
// on purpose wins over the cookie that a browser adds by itself; empty headers,
// which some clients send, say nothing.
func (l *Login) proof(r *http.Request) (secret.Text, proofKind) {
	for _, header := range []string{keyHeader, nugetHeader} {
		if key := r.Header.Get(header); key != "" {
			return secret.Text(key), keyProof
		}
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if token = strings.TrimSpace(token); strings.EqualFold(scheme, "Bearer") && token != "" {
		if secret.IsAPIKey(token) {
			return secret.Text(token), keyProof
		}
		return secret.Text(token), tokenProof
	}
	// Package clients know no header of ours; they send the key as a password.
	if _, password, ok := r.BasicAuth(); ok && secret.IsAPIKey(password) {
		return secret.Text(password), keyProof
	}
	if c, err := r.Cookie(l.identityCookie()); err == nil && c.Value != "" {
		return secret.Text(c.Value), cookieProof
	}
	return "", noProof
}

// SetCookies gives the browser its session: the token, which no script can
// read, and the value that the page's scripts send back with each change.
func (l *Login) SetCookies(w http.ResponseWriter, r *http.Request, s Session) {
	l.setCookie(w, r, l.identityCookie(), s.Token.Reveal(), true, s)
	l.setCookie(w, r, l.csrfCookie(), secret.CSRFToken(s.Token), false, s)
}

func (l *Login) setCookie(w http.ResponseWriter, r *http.Request, name, value string, hidden bool, s Session) {
	c := &http.Cookie{
		Name: name, Value: value, Path: "/", HttpOnly: hidden, SameSite: http.SameSiteLaxMode,
		Secure: l.secure || r.TLS != nil,
	}
	if s.Remember {
		c.Expires = s.Expires
		c.MaxAge = int(s.Expires.Sub(l.now()) / time.Second)
	}
	http.SetCookie(w, c)
}

// ClearCookies makes the browser forget its session.
func (l *Login) ClearCookies(w http.ResponseWriter) {
	for _, name := range []string{l.identityCookie(), l.csrfCookie()} {
		http.SetCookie(w, &http.Cookie{Name: name, Path: "/", MaxAge: -1, HttpOnly: name == l.identityCookie(), SameSite: http.SameSiteLaxMode})
	}
}
