package secret

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strings"
)

// apiKeyPrefix starts every API key; clients refuse keys without it before
// they send anything.
const apiKeyPrefix = "API-"

// NewAPIKey mints an API key: the prefix and 130 random bits in upper-case
// letters and digits, the only characters that clients accept.
func NewAPIKey() Text { return Text(apiKeyPrefix + rand.Text()) }

// IsAPIKey reports whether text has the form of an API key: the prefix, then
// one or more upper-case letters and digits.
func IsAPIKey(text string) bool {
	rest, ok := strings.CutPrefix(text, apiKeyPrefix)
	if !ok || rest == "" {
		return false
	}
	for _, c := range []byte(rest) {
		if (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// APIKeyHint is the beginning of an API key, enough for its owner to tell it
// from the others and far too little to guess the rest.
func APIKeyHint(key Text) string {
	const shown = len(apiKeyPrefix) + 4
	s := key.Reveal()
	if len(s) < 3*shown {
		return Stars
	}
	return s[:shown] + "..."
}

// NewToken mints a session token, 260 random bits that are safe in a cookie.
func NewToken() Text { return Text(rand.Text() + rand.Text()) }

// Hash is the one-way hash under which an API key or token is stored and found
// again. It is fast on purpose: the input is random and long, so guessing is
// hopeless at any speed, and it is computed on every request. It does not
// depend on the master key, so rotating that leaves every key valid.
func Hash(token Text) string {
	sum := sha256.Sum256([]byte("tako token\x00" + token.Reveal()))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// CSRFToken is the value that a page must send back with each change made
// under the session; it follows from the token and cannot lead back to it.
func CSRFToken(token Text) string {
	sum := sha256.Sum256([]byte("tako csrf\x00" + token.Reveal()))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// Equal compares two texts in a time that tells nothing of where they differ.
func Equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
