package control

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// sessionCookie holds who is signed in at the page. It is sealed and not kept
// here, so that any replica that has the key believes it.
const sessionCookie = "tako_control"

// Lasts is how long somebody stays signed in at the page.
const Lasts = 8 * time.Hour

// session is what the cookie says. Of somebody with a token only the name counts:
// what they may do is looked up for each request.
type session struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Role    string    `json:"role,omitempty"`
	Subject string    `json:"subject,omitempty"` // as the issuer calls them; empty for who has a token
	Token   []byte    `json:"token,omitempty"`   // tells whether the token is still the one that they signed in with
	Until   time.Time `json:"until"`
	// Check is when an issuer is asked again what somebody may do, by Renew.
	Check time.Time `json:"check,omitzero"`
	Renew []byte    `json:"renew,omitempty"`
}

// seal writes something down so that nobody else can have written it, nor used it
// for another purpose.
func (c *Control) seal(purpose string, v any) (string, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("sealing %s: %w", purpose, err)
	}
	b := base64.RawURLEncoding
	return b.EncodeToString(text) + "." + b.EncodeToString(c.mark(purpose, text)), nil
}

func (c *Control) mark(purpose string, text []byte) []byte {
	h := hmac.New(sha256.New, c.Key)
	_, _ = h.Write([]byte(purpose + "\x00")) // never fails
	_, _ = h.Write(text)
	return h.Sum(nil)
}

// open reads what was sealed for a purpose, and says whether it was.
func (c *Control) open(purpose, sealed string, into any) bool {
	said, mark, _ := strings.Cut(sealed, ".")
	b := base64.RawURLEncoding
	text, err1 := b.DecodeString(said)
	sum, err2 := b.DecodeString(mark)
	return err1 == nil && err2 == nil && len(c.Key) > 0 && hmac.Equal(sum, c.mark(purpose, text)) && json.Unmarshal(text, into) == nil
}

// admit notes that somebody signs in and gives them the cookie.
func (c *Control) admit(w http.ResponseWriter, r *http.Request, u *User) error {
	if err := c.note(r.Context(), Entry{User: u.Name, Subject: u.subject, Did: "sign in"}); err != nil {
		return err
	}
	s := session{ID: rand.Text(), Name: u.Name, Subject: u.subject, Until: c.Now().Add(Lasts)}
	if u.subject == "" {
		s.Token = c.mark("token", []byte(u.Token))
	} else if err := c.believe(&s, u); err != nil {
		return err
	}
	return c.keep(w, r, s)
}

// keep has a browser keep a session.
func (c *Control) keep(w http.ResponseWriter, r *http.Request, s session) error {
	sealed, err := c.seal("session", s)
	if err != nil {
		return err
	}
	http.SetCookie(w, &http.Cookie{Name: sessionCookie, Value: sealed, Path: "/", Expires: s.Until, HttpOnly: true, Secure: secure(r), SameSite: http.SameSiteStrictMode})
	return nil
}

// secure says whether a request came by HTTPS. Who lies about it harms nobody
// else.
func secure(r *http.Request) bool {
	return r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https"
}

// bySession is who a request's cookie says; nil when nobody.
func (c *Control) bySession(w http.ResponseWriter, r *http.Request) *User {
	s, ok := c.session(r)
	if !ok {
		return nil
	}
	if s.Subject != "" {
		return c.checked(w, r, s)
	}
	for n := range c.Users {
		if c.Users[n].Name == s.Name && hmac.Equal(s.Token, c.mark("token", []byte(c.Users[n].Token))) {
			return &c.Users[n]
		}
	}
	return nil
}

// session is that of a request, if it has one that is good.
func (c *Control) session(r *http.Request) (s session, ok bool) {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil || !c.open("session", cookie.Value, &s) || !c.Now().Before(s.Until) {
		return s, false
	}
	_, left := c.ended.Load(s.ID)
	return s, !left
}

// ways are the ways to sign in, which the page offers to who is not yet.
func (c *Control) ways(w http.ResponseWriter, _ *http.Request) {
	ways := map[string]any{"token": len(c.Users) > 0}
	if c.OIDC != nil {
		ways["oidc"] = c.OIDC.Name
	}
	answer(w, ways, nil)
}

// signIn gives a session to who has a token.
func (c *Control) signIn(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	var said struct {
		Token string `json:"token"`
	}
	if err := read(r, &said); err != nil {
		answer(w, nil, err)
		return
	}
	u := c.byToken(said.Token)
	if u == nil {
		answer(w, nil, refusal{http.StatusUnauthorized, "Nobody has this token. Compare it, letter by letter, with the one that you were given."})
		return
	}
	if err := c.admit(w, r, u); err != nil {
		answer(w, nil, err)
		return
	}
	answer(w, who(u), nil)
}

// signOut takes the cookie back, and has a copy of it be good for nothing: at once
// here, and where another replica believes it, when the issuer is asked next, who has
// taken back by then what it is asked with.
func (c *Control) signOut(w http.ResponseWriter, r *http.Request) {
	if s, ok := c.session(r); ok {
		c.ended.Range(func(id, until any) bool {
			if t, ok := until.(time.Time); ok && t.Before(c.Now()) {
				c.ended.Delete(id)
			}
			return true
		})
		c.ended.Store(s.ID, s.Until)
		c.letGo(r.Context(), s)
	}
	http.SetCookie(w, &http.Cookie{Name: sessionCookie, Path: "/", MaxAge: -1, HttpOnly: true, Secure: secure(r), SameSite: http.SameSiteStrictMode})
	answer(w, map[string]any{}, nil)
}
