// Package secret keeps what must not be read: the master key, the values
// sealed with it, and the one-way hashes of passwords, API keys and session
// tokens. It knows nothing of documents or requests, so that what it promises
// can be tested alone.
package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"golang.org/x/crypto/argon2"
)

// keySize is the size of a master key in bytes: AES-256. Sixteen bytes, the
// size that comparable servers hand out, are accepted when given.
const keySize = 32

// sealPrefix names the format; a later format takes a prefix of its own.
const sealPrefix = "sealed1."

// SealedMark begins every sealed value, wherever it is stored.
const SealedMark = sealPrefix

// The ways in which opening a sealed value goes wrong.
var (
	ErrNotSealed  = errors.New("the value is not in the sealed format")
	ErrUnknownKey = errors.New("the value was sealed with a master key that this server does not have")
	ErrTampered   = errors.New("the value was changed, cut short or moved from elsewhere since it was sealed")
)

// Key is a master key. Working keys for each purpose are derived from it, so
// that no two purposes share one. A Key is safe for concurrent use.
type Key struct {
	raw      []byte
	id       string
	aead     cipher.AEAD
	print    []byte
	previous map[string]*Key
}

// NewKey makes a random master key.
func NewKey() *Key {
	raw := make([]byte, keySize)
	rand.Read(raw) // never fails: the runtime stops the program instead
	k, err := newKey(raw)
	if err != nil {
		panic(err) // unreachable: the size is right
	}
	return k
}

// ParseKey reads a master key from its base64 text, as Text gives it.
func ParseKey(text string) (*Key, error) {
	text = strings.TrimSpace(text)
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, errors.New("the master key is not base64 text")
	}
	if len(raw) != keySize && len(raw) != keySize/2 {
		return nil, fmt.Errorf("the master key has %d bytes; it must be base64 of %d (or %d) bytes", len(raw), keySize, keySize/2)
	}
	return newKey(raw)
}

func newKey(raw []byte) (*Key, error) {
	k := &Key{raw: raw, previous: map[string]*Key{}}
	sealing, err := k.derive("seal", keySize)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(sealing)
	if err != nil {
		return nil, fmt.Errorf("preparing the cipher: %w", err)
	}
	if k.aead, err = cipher.NewGCMWithRandomNonce(block); err != nil {
		return nil, fmt.Errorf("preparing the cipher: %w", err)
	}
	if k.print, err = k.derive("fingerprint", keySize); err != nil {
		return nil, err
	}
	id, err := k.derive("id", 4)
	if err != nil {
		return nil, err
	}
	k.id = hex.EncodeToString(id)
	return k, nil
}

// NewSalt gives a salt for KeyOf.
func NewSalt() []byte {
	salt := make([]byte, saltSize)
	rand.Read(salt)
	return salt
}

// KeyOf gives the key that belongs to a password: for values that leave for a
// place where anybody may try passwords, so it costs more than a sign-in does.
func KeyOf(password Text, salt []byte) (*Key, error) {
	return newKey(argon2.IDKey([]byte(password.Reveal()), salt, 4, 64*1024, 1, keySize))
}

// derive gives the working key of one purpose.
func (k *Key) derive(purpose string, size int) ([]byte, error) {
	b, err := hkdf.Key(sha256.New, k.raw, nil, "tako "+purpose, size)
	if err != nil {
		return nil, fmt.Errorf("deriving the key for %s: %w", purpose, err)
	}
	return b, nil
}

// WithPrevious gives a key that seals as k does and also opens what the older
// keys sealed: the state of a server between a rotation's start and its end.
func (k *Key) WithPrevious(older ...*Key) *Key {
	both := *k
	both.previous = make(map[string]*Key, len(k.previous)+len(older))
	for id, o := range k.previous {
		both.previous[id] = o
	}
	for _, o := range older {
		both.previous[o.id] = o
	}
	return &both
}

// ID names the key without telling anything of it; each sealed value carries
// the id of its key.
func (k *Key) ID() string { return k.id }

// Text is the base64 form that ParseKey reads.
func (k *Key) Text() Text { return Text(base64.StdEncoding.EncodeToString(k.raw)) }

// String names the key by its id.
func (k *Key) String() string { return "master key " + k.id }

// GoString is String, so that %#v keeps the key too.
func (k *Key) GoString() string { return k.String() }

// Format is String whatever the verb.
func (k *Key) Format(f fmt.State, _ rune) { fmt.Fprint(f, k.String()) }

// LogValue is String as a slog value.
func (k *Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

// Seal encrypts plain under the key. The context says where the value belongs
// (a kind and field, say); only Open with the same context gives it back, so a
// sealed value that was copied elsewhere is of no use there. The result is
// text that is safe in JSON and SQL.
func (k *Key) Seal(context, plain string) string {
	sealed := k.aead.Seal(nil, nil, []byte(plain), associated(k.id, context))
	return sealPrefix + k.id + "." + base64.RawURLEncoding.EncodeToString(sealed)
}

// Open gives back what Seal was given.
func (k *Key) Open(context, sealed string) (string, error) {
	id, body, ok := split(sealed)
	if !ok {
		return "", ErrNotSealed
	}
	use := k
	if id != k.id {
		if use, ok = k.previous[id]; !ok {
			return "", fmt.Errorf("%w (it names key %s, this is %s)", ErrUnknownKey, id, k.id)
		}
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(body)
	if err != nil {
		return "", ErrTampered
	}
	plain, err := use.aead.Open(nil, nil, raw, associated(id, context))
	if err != nil {
		return "", ErrTampered
	}
	return string(plain), nil
}

// Reseal moves a sealed value to this key; changed is false when it is there
// already.
func (k *Key) Reseal(context, sealed string) (result string, changed bool, err error) {
	if id, _, ok := split(sealed); ok && id == k.id {
		return sealed, false, nil
	}
	plain, err := k.Open(context, sealed)
	if err != nil {
		return "", false, err
	}
	return k.Seal(context, plain), true, nil
}

// IsSealed reports whether text has the form that Seal gives.
func IsSealed(text string) bool {
	_, _, ok := split(text)
	return ok
}

// Fingerprint is a keyed one-way mark of a sensitive value: equal values under
// one key and context have equal marks, which shows in the audit that a value
// changed without telling either value.
func (k *Key) Fingerprint(context, plain string) string {
	mac := hmac.New(sha256.New, k.print)
	mac.Write(associated(context, plain))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:12])
}

// associated joins two texts so that no other pair gives the same bytes.
func associated(a, b string) []byte {
	return fmt.Appendf(nil, "%d:%s%s", len(a), a, b)
}

func split(sealed string) (id, body string, ok bool) {
	rest, ok := strings.CutPrefix(sealed, sealPrefix)
	if !ok {
		return "", "", false
	}
	return strings.Cut(rest, ".")
}
