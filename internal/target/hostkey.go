package target

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
)

// fingerprint is an expected host key, by one of two digests.
type fingerprint struct {
	sha256 string // base64 without padding
	md5    string // lower case hex without colons
}

// parseFingerprint reads "SHA256:…", "MD5:aa:bb:…", and both without their
// prefix, as people copy them from everywhere.
func parseFingerprint(text string) (*fingerprint, error) {
	text = strings.TrimSpace(text)
	if rest, ok := cutPrefixFold(text, "SHA256:"); ok {
		return sha256Form(text, rest)
	}
	rest, _ := cutPrefixFold(text, "MD5:")
	plain := strings.ToLower(strings.NewReplacer(":", "", "-", "", " ", "").Replace(rest))
	if raw, err := hex.DecodeString(plain); err == nil && len(raw) == md5.Size {
		return &fingerprint{md5: plain}, nil
	}
	return sha256Form(text, text)
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		return s[len(prefix):], true
	}
	return s, false
}

func sha256Form(text, digest string) (*fingerprint, error) {
	digest = strings.TrimRight(strings.TrimSpace(digest), "=")
	raw, err := base64.RawStdEncoding.DecodeString(digest)
	if err != nil || len(raw) != sha256.Size {
		return nil, fmt.Errorf("The fingerprint %q is neither SHA256:… nor MD5 in hex.", text)
	}
	return &fingerprint{sha256: digest}, nil
}

func (f *fingerprint) matches(key ssh.PublicKey) bool {
	if f.md5 != "" {
		sum := md5.Sum(key.Marshal())
		return hex.EncodeToString(sum[:]) == f.md5
	}
	sum := sha256.Sum256(key.Marshal())
	return base64.RawStdEncoding.EncodeToString(sum[:]) == f.sha256
}

// hostKeyCheck judges the key that a machine offers and remembers it.
type hostKeyCheck struct {
	expected *fingerprint
	trust    bool
	offered  string // "SHA256:…"
	kind     string // the key's type
	mismatch bool
}

var errHostKey = errors.New("host key is not the expected one")

func (c *hostKeyCheck) check(_ string, _ net.Addr, key ssh.PublicKey) error {
	c.offered, c.kind = ssh.FingerprintSHA256(key), key.Type()
	if c.expected == nil && c.trust || c.expected != nil && c.expected.matches(key) {
		return nil
	}
	c.mismatch = true
	return errHostKey
}

// keyAlgorithms are the host key algorithms, by the type of key they use.
var keyAlgorithms = []struct{ kind, algorithm string }{
	{ssh.KeyAlgoED25519, ssh.KeyAlgoED25519},
	{ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA256},
	{ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA384},
	{ssh.KeyAlgoECDSA521, ssh.KeyAlgoECDSA521},
	{ssh.KeyAlgoRSA, ssh.KeyAlgoRSASHA256},
	{ssh.KeyAlgoRSA, ssh.KeyAlgoRSASHA512},
	{ssh.KeyAlgoRSA, ssh.KeyAlgoRSA},
}

// without leaves out the algorithms of one type of key; nil stands for all.
func without(algorithms []string, kind string) []string {
	left := []string{}
	for _, one := range keyAlgorithms {
		if one.kind != kind && (algorithms == nil || slices.Contains(algorithms, one.algorithm)) {
			left = append(left, one.algorithm)
		}
	}
	return left
}
