package login

import (
	"context"
	"fmt"
	"unicode/utf8"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/secret"
	"github.com/takodeploy/tako/internal/store"
)

// Lengths of a password in characters. What a password is made of is left to
// people; only the length makes guessing hopeless. The upper bound keeps a
// request from costing much.
const (
	minPassword = 8
	maxPassword = 256
)

// PasswordHash is a checked and hashed password, ready to be stored.
type PasswordHash struct{ text string }

// HashPassword checks a new password and hashes it. This takes a while and so
// happens before the transaction that stores it.
func (l *Login) HashPassword(ctx context.Context, password secret.Text) (PasswordHash, error) {
	n := utf8.RuneCountInString(password.Reveal())
	if n < minPassword || n > maxPassword {
		return PasswordHash{}, fault.New(fault.Invalid, "The password has %d characters; it must have from %d to %d.", n, minPassword, maxPassword)
	}
	text, err := l.passwords.Hash(ctx, password)
	if err != nil {
		return PasswordHash{}, fmt.Errorf("hashing a password: %w", err)
	}
	return PasswordHash{text}, nil
}

// SetPassword stores a user's new password and ends the user's sessions,
// except the one of the given id, if any.
func (l *Login) SetPassword(tx *store.Tx, userID string, h PasswordHash, keepSession string) error {
	_, err := tx.Exec(`insert into password (user_id, hash, changed) values ($1, $2, $3)
		on conflict (user_id) do update set hash = excluded.hash, changed = excluded.changed`, userID, h.text, l.now().UnixMilli())
	if err != nil {
		return fmt.Errorf("storing the password of %s: %w", userID, err)
	}
	return l.RevokeSessions(tx, userID, keepSession)
}

// HasPassword reports whether the user can sign in with a password.
func (l *Login) HasPassword(tx *store.Tx, userID string) (bool, error) {
	var one int
	found, err := tx.QueryRow([]any{&one}, "select 1 from password where user_id = $1", userID)
	if err != nil {
		return false, fmt.Errorf("looking for the password of %s: %w", userID, err)
	}
	return found, nil
}

// DeleteUser removes everything that proves the user's identity: password,
// keys, sessions and tokens.
func (l *Login) DeleteUser(tx *store.Tx, userID string) error {
	for _, table := range []string{"password", "api_key", "session"} {
		if _, err := tx.Exec("delete from "+table+" where user_id = $1", userID); err != nil {
			return fmt.Errorf("deleting how %s signs in: %w", userID, err)
		}
	}
	tx.After(func() { l.Forget(userID) })
	return nil
}
