package control

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/yaml"
)

// What a user may do.
const (
	Viewer   = "viewer"   // look
	Operator = "operator" // and change
)

// User is somebody who signs in with a token.
type User struct {
	Name  string `json:"name"`
	Role  string `json:"role"`
	Token string `json:"tokenSHA256"` // its SHA-256 in hexadecimal: the file does not let anybody in

	subject string    // as an issuer calls them, when it is one that vouches for them
	until   time.Time // when what it said ends
	refresh string    // what it is asked again with; empty where it gives none
}

// ReadUsers reads a list of users in YAML.
func ReadUsers(path string) ([]User, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading who may sign in: %w", err)
	}
	var users []User
	if err := yaml.UnmarshalStrict(text, &users); err != nil {
		return nil, fmt.Errorf("reading who may sign in: %w", err)
	}
	for n, u := range users {
		sum, err := hex.DecodeString(u.Token)
		if slices.ContainsFunc(users[:n], func(other User) bool { return other.Name == u.Name }) {
			return nil, fmt.Errorf("user %d of %s has the name %q of another: who is signed in is known by name", n+1, path, u.Name)
		}
		if u.Name == "" || (u.Role != Viewer && u.Role != Operator) || err != nil || len(sum) != sha256.Size {
			return nil, fmt.Errorf("user %d of %s needs a name, the role viewer or operator, and tokenSHA256, the SHA-256 of a token in hexadecimal", n+1, path)
		}
	}
	return users, nil
}

// user is who sent a request; nil when nobody knows. Who sends a token is not
// asked for a cookie.
func (c *Control) user(w http.ResponseWriter, r *http.Request) *User {
	if r.Header.Get("Authorization") == "" {
		return c.bySession(w, r)
	}
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return nil
	}
	return c.byToken(token)
}

func (c *Control) byToken(token string) *User {
	sum := sha256.Sum256([]byte(token))
	var found *User
	for n := range c.Users {
		if want, err := hex.DecodeString(c.Users[n].Token); err == nil && subtle.ConstantTimeCompare(want, sum[:]) == 1 {
			found = &c.Users[n]
		}
	}
	return found
}
