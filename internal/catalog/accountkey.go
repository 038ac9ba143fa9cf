package catalog

import (
	"errors"
	"strings"

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
