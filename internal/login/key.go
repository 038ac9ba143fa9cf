package login

import (
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/secret"
	"github.com/takodeploy/tako/internal/store"
)

// KeyLasts is how long an API key lasts when nothing else is asked for.
const KeyLasts = 180 * 24 * time.Hour

// Key is an API key as it is shown; the key itself is shown once, by CreateKey.
type Key struct {
	ID, UserID    string
	Purpose, Hint string
	Created       time.Time
	Expires       time.Time // zero for never
}

// NewKey is what is asked for when an API key is created.
type NewKey struct {
	UserID  string
	Purpose string
	Expires time.Time   // KeyLasts from now when zero
	Forever bool        // never expires, whatever Expires says
	By      Principal   // who asks; a key cannot make one that outlives it
	Value   secret.Text // a key chosen beforehand; minted when empty
}

func newID(prefix string) string { return prefix + "-" + rand.Text() }

// CreateKey creates an API key and gives it, this once, in clear.
func (l *Login) CreateKey(tx *store.Tx, n NewKey) (Key, secret.Text, error) {
	now := l.now().UTC().Truncate(time.Millisecond)
	k := Key{ID: newID("apikeys"), UserID: n.UserID, Purpose: strings.TrimSpace(n.Purpose), Created: now, Expires: n.Expires.UTC().Truncate(time.Millisecond)}
	switch {
	case n.Forever:
		k.Expires = time.Time{}
	case n.Expires.IsZero():
		k.Expires = now.Add(KeyLasts)
	}
	if err := l.checkKey(tx, n, &k, now); err != nil {
		return Key{}, "", err
	}
	value := n.Value
	if value == "" {
		value = secret.NewAPIKey()
	}
	k.Hint = secret.APIKeyHint(value)
	_, err := tx.Exec(`insert into api_key (id, hash, user_id, purpose, hint, created, expires, noticed) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
		k.ID, secret.Hash(value), k.UserID, k.Purpose, k.Hint, millis(k.Created), millis(k.Expires), alreadySaid(k.Created, k.Expires))
	if store.Duplicate(err) {
		return Key{}, "", fault.New(fault.Conflict, "This API key is in use already; give another one.")
	}
	if err != nil {
		return Key{}, "", fmt.Errorf("creating an API key for %s: %w", n.UserID, err)
	}
	return k, value, l.keyEvent(tx, "Created", k, "API key "+k.label()+" was created")
}

// checkKey refuses a key of wrong form or life. Asked for nothing certain, a
// key that another key makes lasts as long as that one if that is shorter.
func (l *Login) checkKey(tx *store.Tx, n NewKey, k *Key, now time.Time) error {
	if n.Value != "" && !secret.IsAPIKey(n.Value.Reveal()) {
		return fault.New(fault.Invalid, "An API key is API- followed by upper-case letters and digits.")
	}
	if len(k.Purpose) > 1000 {
		return fault.New(fault.Invalid, "The purpose of an API key has at most 1000 characters.")
	}
	if !k.Expires.IsZero() && !k.Expires.After(now) {
		return fault.New(fault.Invalid, "The API key would expire in the past; give a later time.")
	}
	if n.By.KeyID == "" {
		return nil
	}
	by, err := l.keyByID(tx, n.By.KeyID)
	if err != nil || by.Expires.IsZero() || !k.Expires.IsZero() && !k.Expires.After(by.Expires) {
		return err
	}
	if n.Expires.IsZero() && !n.Forever {
		k.Expires = by.Expires
		return nil
	}
	return fault.New(fault.Invalid, "The API key would last longer than the one that creates it, which expires on %s.", by.Expires.Format(time.RFC3339))
}

// label names a key for people.
func (k Key) label() string {
	if k.Purpose != "" {
		return k.Purpose + " (" + k.Hint + ")"
	}
	return k.Hint
}

func (l *Login) keyEvent(tx *store.Tx, category string, k Key, message string) error {
	return tx.Append(&store.Event{Category: category, Document: k.ID, Related: []string{k.UserID}, Message: message})
}

const keyColumns = "select id, user_id, purpose, hint, created, expires from api_key"

func scanKey(scan func(...any) error) (Key, error) {
	var k Key
	var created, expires int64
	err := scan(&k.ID, &k.UserID, &k.Purpose, &k.Hint, &created, &expires)
	k.Created, k.Expires = moment(created), moment(expires)
	return k, err
}

// keys reads the keys that a query gives.
func keys(tx *store.Tx, text string, args ...any) ([]Key, error) {
	list := []Key{}
	err := tx.Query(func(scan func(...any) error) error {
		k, err := scanKey(scan)
		list = append(list, k)
		return err
	}, text, args...)
	if err != nil {
		return nil, fmt.Errorf("reading API keys: %w", err)
	}
	return list, nil
}

// Keys gives a user's API keys, oldest first.
func (l *Login) Keys(tx *store.Tx, userID string) ([]Key, error) {
	return keys(tx, keyColumns+" where user_id = $1 order by created, id", userID)
}

// Key gives one of a user's API keys.
func (l *Login) Key(tx *store.Tx, userID, id string) (Key, error) {
	k, err := l.keyByID(tx, id)
	if err == nil && k.UserID != userID {
		err = fault.New(fault.NotFound, "The user has no API key %s.", id)
	}
	return k, err
}

func (l *Login) keyByID(tx *store.Tx, id string) (Key, error) {
	list, err := keys(tx, keyColumns+" where id = $1", id)
	if err != nil {
		return Key{}, err
	}
	if len(list) == 0 {
		return Key{}, fault.New(fault.NotFound, "There is no API key %s.", id)
	}
	return list[0], nil
}

// DeleteKey removes one of a user's API keys; it is refused from then on.
func (l *Login) DeleteKey(tx *store.Tx, userID, id string) error {
	k, err := l.Key(tx, userID, id)
	if err != nil {
		return err
	}
	if _, err := tx.Exec("delete from api_key where id = $1", id); err != nil {
		return fmt.Errorf("deleting the API key %s: %w", id, err)
	}
	tx.After(func() { l.Forget(userID) })
	return l.keyEvent(tx, "Deleted", k, "API key "+k.label()+" was deleted")
}

// findKey looks up an API key by its hash.
func (l *Login) findKey(tx *store.Tx, hash string) (Principal, time.Time, error) {
	list, err := keys(tx, keyColumns+" where hash = $1", hash)
	if err != nil {
		return Principal{}, time.Time{}, err
	}
	if len(list) == 0 {
		return Principal{}, time.Time{}, fault.New(fault.Unauthenticated, "The API key you provided was not valid. Check it for typing errors, or create a new one in your profile.")
	}
	k := list[0]
	if !k.Expires.IsZero() && !l.now().Before(k.Expires) {
		return Principal{}, time.Time{}, fault.New(fault.Unauthenticated, "The API key %s expired on %s. Create a new one in your profile.", k.Hint, k.Expires.Format(time.RFC3339))
	}
	p, err := l.complete(tx, Principal{UserID: k.UserID, How: ByAPIKey, KeyID: k.ID})
	return p, k.Expires, err
}

// millis and moment turn times into what tables hold, 0 for none.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
