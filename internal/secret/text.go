package secret

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
)

// Stars is what a secret prints instead of itself.
const Stars = "********"

// Text is a secret in memory. However it is printed, logged or marshalled it
// shows stars; only Reveal gives the value, so that a search for that word
// finds every place where a secret leaves its wrapping. It is no key for a map
// that is marshalled: JSON takes a string's kind for a key as it is.
type Text string

// Reveal is the secret itself.
func (t Text) Reveal() string { return string(t) }

// String is stars, or nothing when there is no secret.
func (t Text) String() string {
	if t == "" {
		return ""
	}
	return Stars
}

// GoString is String, so that %#v keeps the secret too.
func (t Text) GoString() string { return t.String() }

// Format prints String whatever the verb, since verbs such as %x or %d would
// otherwise reach the bytes.
func (t Text) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, t.String()) }

// LogValue is String as a slog value.
func (t Text) LogValue() slog.Value { return slog.StringValue(t.String()) }

// MarshalJSON is String as a JSON string; reading JSON takes the plain value.
func (t Text) MarshalJSON() ([]byte, error) { return json.Marshal(t.String()) }

// MarshalText is String; YAML goes this way.
func (t Text) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText takes the plain value.
func (t *Text) UnmarshalText(b []byte) error {
	*t = Text(b)
	return nil
}

// UnmarshalJSON takes the plain value.
func (t *Text) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	*t = Text(s)
	return nil
}
