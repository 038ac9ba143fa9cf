package catalog

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/ssh"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// PublicKey gives the public half of the account's key, as one line of an
// authorized_keys file that ends with the account's name.
func (a *Account) PublicKey(tx *store.Tx) (string, error) {
	if a.AccountType != AccountSSH {
		return "", fault.New(fault.NotFound, "The account '%s' is of the type %s, which has no key pair.", a.Name, a.AccountType)
	}
	key, err := a.PrivateKeyFile.Open(tx)
	if err != nil {
		return "", err
	}
	signer, err := ssh.ParsePrivateKey([]byte(key))
	var locked *ssh.PassphraseMissingError
	if errors.As(err, &locked) {
		passphrase, err := a.PrivateKeyPassphrase.Open(tx)
		if err != nil {
			return "", err
		}
		signer, err = ssh.ParsePrivateKeyWithPassphrase([]byte(key), []byte(passphrase))
		if err != nil {
			return "", fault.New(fault.Invalid, "The passphrase of the account '%s' does not open its private key.", a.Name)
		}
	} else if err != nil {
		return "", fault.New(fault.Invalid, "The private key of the account '%s' cannot be read.", a.Name)
	}
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey()))) + " " + kind.Slugify(a.Name) + "\n", nil
}

// longestPlaceholder is what may stand in place of a key that is put in later,
// as the tests of other people's clients do; no key is as short.
const longestPlaceholder = 100

var blanks = regexp.MustCompile(`\s+`)

// plainKey gives the PEM text of a key that may be in base64, and says what is
// wrong with one that nobody can mean. A short line that is nothing at all is
// taken, and whoever signs in with it is told.
func plainKey(text string) (string, error) {
	text = strings.TrimSpace(strings.TrimPrefix(text, "\ufeff"))
	short := len(text) <= longestPlaceholder && !strings.ContainsAny(text, "\r\n")
	if raw, err := base64.StdEncoding.DecodeString(blanks.ReplaceAllString(text, "")); err == nil && (!short || utf8.Valid(raw)) {
		// A file was sent, as clients send them.
		text, short = strings.TrimSpace(strings.TrimPrefix(string(raw), "\ufeff")), false
	}
	const remedy = "Give the text of the private key's file, which begins with -----BEGIN and ends with PRIVATE KEY-----, or base64 of it"
	block, _ := pem.Decode([]byte(text + "\n"))
	_, _, _, _, public := ssh.ParseAuthorizedKey([]byte(text))
	switch {
	case strings.HasPrefix(text, "PuTTY-"):
		return "", errors.New("is a key in PuTTY's format. Export it from PuTTYgen as an OpenSSH key")
	case block != nil && strings.HasSuffix(block.Type, "PRIVATE KEY"):
		return text + "\n", nil
	case public == nil, block != nil && strings.HasSuffix(block.Type, "PUBLIC KEY"), strings.HasPrefix(text, "---- BEGIN SSH2 PUBLIC KEY"):
		return "", errors.New("is a public key. " + remedy)
	case block != nil:
		return "", fmt.Errorf("is a %s in PEM format, not a private key. %s", block.Type, remedy)
	case strings.HasPrefix(text, "-----BEGIN "):
		return "", errors.New("begins like a key and is none: it is cut off, or its lines are not as they were. " + remedy)
	case strings.Contains(text, "#{"):
		return "", errors.New("refers to a variable, which accounts do not. " + remedy)
	case strings.HasPrefix(text, "/"), strings.HasPrefix(text, "~/"), strings.HasPrefix(text, "file:"):
		return "", errors.New("is the path of a file, and not what is in it. " + remedy)
	case !short:
		return "", errors.New("is not a private key. " + remedy)
	}
	return text, nil
}

// openKey says what is wrong with a key and its passphrase.
func openKey(key, passphrase string) error {
	if block, _ := pem.Decode([]byte(key)); block == nil {
		return nil // a placeholder
	}
	_, err := ssh.ParseRawPrivateKey([]byte(key))
	var locked *ssh.PassphraseMissingError
	switch {
	case errors.As(err, &locked) && passphrase == "":
		return errors.New("is protected by a passphrase. Give it as PrivateKeyPassphrase")
	case errors.As(err, &locked):
		_, err = ssh.ParseRawPrivateKeyWithPassphrase([]byte(key), []byte(passphrase))
		if errors.Is(err, x509.IncorrectPasswordError) {
			return errors.New("does not open with the passphrase. Correct PrivateKeyPassphrase")
		}
	}
	if err != nil {
		return fmt.Errorf("is a private key that cannot be read: %s. Have ssh-keygen -p -f FILE write it anew, in a form that can be, or give another", strings.TrimPrefix(err.Error(), "ssh: "))
	}
	return nil
}
