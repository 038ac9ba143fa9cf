package login

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/secret"
	"github.com/takodeploy/tako/internal/store"
)

// How long browser sessions last: from the sign-in at most, and without a
// request when the user did not ask to be remembered.
const (
	sessionLasts    = 30 * 24 * time.Hour
	sessionIdles    = 12 * time.Hour
	sessionNoteSeen = 10 * time.Minute // how exact "seen" is; each note is a write
)

// The kinds of row in the session table.
const (
	browserKind = "Browser"
	tokenKind   = "Token"
)

// Credentials are what a person signs in with.
type Credentials struct {
	Username string
	Password secret.Text
	Remember bool // stay signed in when the browser is closed
}

// Session is a new session of a browser, or a new access token.
type Session struct {
	Principal Principal
	Token     secret.Text
	Expires   time.Time
	Remember  bool
}

// SignIn begins a session for whoever knows the password.
func (l *Login) SignIn(ctx context.Context, c Credentials, r *http.Request) (Session, error) {
	ip := l.proxies.ClientIP(r)
	username := strings.TrimSpace(c.Username)
	if wait := l.attempts.begin(username, ip, l.now()); wait > 0 {
		return Session{}, fault.New(fault.Unauthenticated, "There were too many failed sign-ins. Try again in %d seconds.", int(math.Ceil(wait.Seconds())))
	}
	var account Account
	var hash string
	err := l.db.View(ctx, func(tx *store.Tx) (err error) {
		var found bool
		account, found, err = l.accounts.ByName(tx, username)
		if err != nil || !found || account.Service {
			return err // a service account has no password to find
		}
		_, err = tx.QueryRow([]any{&hash}, "select hash from password where user_id = $1", account.ID)
		return err
	})
	if err != nil {
		return Session{}, fmt.Errorf("looking for the user who signs in: %w", err)
	}
	good, err := l.passwords.Check(ctx, hash, c.Password)
	if err != nil {
		return Session{}, fmt.Errorf("checking a password: %w", err)
	}
	if !good {
		return Session{}, fault.New(fault.Unauthenticated, "The user name or the password is wrong.")
	}
	l.attempts.succeed(username, ip)
	if !account.Active {
		return Session{}, disabled(account)
	}
	if secret.Outdated(hash) {
		if err := l.renew(ctx, account.ID, hash, c.Password); err != nil {
			return Session{}, err
		}
	}
	idle := sessionIdles
	if c.Remember {
		idle = 0
	}
	s, err := l.begin(ctx, account, browserKind, ByPassword, sessionLasts, idle, r)
	s.Remember = c.Remember
	return s, err
}

// renew stores a password's hash at today's cost.
func (l *Login) renew(ctx context.Context, userID, old string, password secret.Text) error {
	hash, err := l.passwords.Hash(ctx, password)
	if err != nil {
		return fmt.Errorf("hashing a password: %w", err)
	}
	err = l.db.Do(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec("update password set hash = $1 where user_id = $2 and hash = $3", hash, userID, old)
		return err
	})
	if err != nil {
		return fmt.Errorf("storing a password's new hash: %w", err)
	}
	return nil
}

// Begin begins a browser session for a user whose identity was established in
// another way, such as by an external provider; how names the way.
func (l *Login) Begin(ctx context.Context, userID, how string, r *http.Request) (Session, error) {
	return l.beginFor(ctx, userID, browserKind, how, sessionLasts, sessionIdles, r)
}

// IssueToken gives an access token that acts for the user until it expires.
func (l *Login) IssueToken(ctx context.Context, userID string, lasts time.Duration, r *http.Request) (Session, error) {
	return l.beginFor(ctx, userID, tokenKind, ByToken, lasts, 0, r)
}

func (l *Login) beginFor(ctx context.Context, userID, kind, how string, lasts, idle time.Duration, r *http.Request) (Session, error) {
	var account Account
	err := l.db.View(ctx, func(tx *store.Tx) error {
		a, ok, err := l.accounts.ByID(tx, userID)
		switch {
		case err != nil:
			return err
		case !ok:
			return fault.New(fault.NotFound, "There is no user %s.", userID)
		case !a.Active:
			return disabled(a)
		}
		account = a
		return nil
	})
	if err != nil {
		return Session{}, err
	}
	return l.begin(ctx, account, kind, how, lasts, idle, r)
}

func (l *Login) begin(ctx context.Context, a Account, kind, how string, lasts, idle time.Duration, r *http.Request) (Session, error) {
	now := l.now()
	s := Session{
		Principal: Principal{UserID: a.ID, Username: a.Username, DisplayName: a.DisplayName, IsService: a.Service, How: how},
		Token:     secret.NewToken(), Expires: now.Add(lasts),
	}
	s.Principal.SessionID = newID("sessions")
	err := l.db.Do(ctx, func(tx *store.Tx) error {
		// Old rows go here, where rows come from, so that no job is needed.
		if _, err := tx.Exec("delete from session where expires < $1", now.UnixMilli()); err != nil {
			return err
		}
		_, err := tx.Exec(`insert into session (hash, id, kind, user_id, how, created, expires, seen, idle, ip, user_agent)
			values ($1, $2, $3, $4, $5, $6, $7, $6, $8, $9, $10)`,
			secret.Hash(s.Token), s.Principal.SessionID, kind, a.ID, how, now.UnixMilli(), s.Expires.UnixMilli(),
			idle.Milliseconds(), l.proxies.ClientIP(r), shorten(r.UserAgent(), 500))
		return err
	})
	if err != nil {
		return Session{}, fmt.Errorf("beginning a session: %w", err)
	}
	return s, nil
}

// SignOut ends the session of the request, if it has one, and clears the
// cookies. Another site must not be able to sign people out, so that it takes
// the token against forgery as every change does.
func (l *Login) SignOut(ctx context.Context, w http.ResponseWriter, r *http.Request) error {
	c, err := r.Cookie(l.identityCookie())
	if err != nil {
		l.ClearCookies(w)
		return nil
	}
	if err := l.forged(r, secret.Text(c.Value)); err != nil {
		return err
	}
	l.ClearCookies(w)
	hash := secret.Hash(secret.Text(c.Value))
	var userID string
	err = l.db.Do(ctx, func(tx *store.Tx) error {
		found, err := tx.QueryRow([]any{&userID}, "select user_id from session where hash = $1", hash)
		if err != nil || !found {
			return err
		}
		_, err = tx.Exec("delete from session where hash = $1", hash)
		return err
	})
	if err != nil {
		return fmt.Errorf("ending a session: %w", err)
	}
	l.Forget(userID)
	return nil
}

// RevokeSessions ends all sessions and access tokens of a user, except the one
// of the given id, if any.
func (l *Login) RevokeSessions(tx *store.Tx, userID, except string) error {
	if _, err := tx.Exec("delete from session where user_id = $1 and id <> $2", userID, except); err != nil {
		return fmt.Errorf("ending the sessions of %s: %w", userID, err)
	}
	tx.After(func() { l.Forget(userID) })
	return nil
}

func (l *Login) findBrowser(tx *store.Tx, hash string) (Principal, time.Time, error) {
	return l.findSession(tx, hash, browserKind)
}

func (l *Login) findToken(tx *store.Tx, hash string) (Principal, time.Time, error) {
	return l.findSession(tx, hash, tokenKind)
}

// findSession looks up a session; kinds are kept apart, because a cookie is
// guarded against forgery and a token is not.
func (l *Login) findSession(tx *store.Tx, hash, kind string) (Principal, time.Time, error) {
	var p Principal
	var expires, seen, idle int64
	found, err := tx.QueryRow([]any{&p.SessionID, &p.UserID, &p.How, &expires, &seen, &idle},
		"select id, user_id, how, expires, seen, idle from session where hash = $1 and kind = $2", hash, kind)
	if err != nil {
		return Principal{}, time.Time{}, fmt.Errorf("looking for a session: %w", err)
	}
	now := l.now().UnixMilli()
	if !found || now >= expires || idle > 0 && now >= seen+idle {
		what := "session"
		if kind == tokenKind {
			what = "access token"
		}
		return Principal{}, time.Time{}, fault.New(fault.Unauthenticated, "The %s is not valid or has ended. Sign in again.", what)
	}
	if now-seen > sessionNoteSeen.Milliseconds() {
		if err := l.noteSeen(tx.Context(), hash, now); err != nil {
			return Principal{}, time.Time{}, err
		}
	}
	p, err = l.complete(tx, p)
	return p, time.UnixMilli(expires), err
}

func (l *Login) noteSeen(ctx context.Context, hash string, now int64) error {
	err := l.db.Do(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec("update session set seen = $1 where hash = $2", now, hash)
		return err
	})
	if err != nil {
		return fmt.Errorf("noting that a session is in use: %w", err)
	}
	return nil
}

// shorten cuts a text to at most so many bytes.
func shorten(text string, most int) string {
	if len(text) > most {
		text = text[:most]
	}
	return strings.ToValidUTF8(text, "")
}
