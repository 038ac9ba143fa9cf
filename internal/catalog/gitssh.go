package catalog

import (
	"encoding/base64"
	"net"
	"net/url"
	"regexp"
	"strings"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/store"
)

// A GitSSHAddress is what the address of a repository that is reached over SSH
// says.
type GitSSHAddress struct {
	User string // "" when it names none
	Host string // with its port
	Path string
}

var shortSSH = regexp.MustCompile(`^([^@:/\s]+)@(\[[0-9a-fA-F:]+\]|[A-Za-z0-9][A-Za-z0-9.-]*):([^:[:cntrl:]][^[:cntrl:]]*)$`)

// GitOverSSH reads an address such as ssh://git@example.com/shop.git or
// git@example.com:shop.git; ok is false for all others.
func GitOverSSH(address string) (a GitSSHAddress, ok bool) {
	if m := shortSSH.FindStringSubmatch(address); m != nil && !strings.Contains(address, "://") {
		return GitSSHAddress{m[1], net.JoinHostPort(strings.Trim(m[2], "[]"), "22"), m[3]}, true
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "ssh" || u.Hostname() == "" || len(u.Path) < 2 || u.RawQuery+u.Fragment != "" || strings.ContainsAny(u.Path, "\x00\r\n") {
		return a, false
	}
	if _, has := u.User.Password(); has {
		return a, false
	}
	a = GitSSHAddress{u.User.Username(), net.JoinHostPort(u.Hostname(), "22"), u.Path}
	if u.Port() != "" {
		a.Host = u.Host
	}
	if strings.HasPrefix(a.Path, "/~") { // somebody's home
		a.Path = a.Path[1:]
	}
	return a, true
}

// checkSSH checks what a credential has for SSH: a key, and the host keys that
// the servers it is for may show.
func (g *GitCredential) checkSSH(tx *store.Tx, old *GitCredential, c *fault.Complaints) error {
	d, was := &g.Details, &GitCredentialDetails{}
	if old != nil {
		was = &old.Details
	}
	if d.Type != GitKeyPair {
		d.PrivateKeyFile, d.PrivateKeyPassphrase, d.HostKeyFingerprints = nil, nil, nil
		return nil
	}
	if d.HostKeyFingerprints == nil {
		d.HostKeyFingerprints = was.HostKeyFingerprints
	}
	d.HostKeyFingerprints = tidy(d.HostKeyFingerprints)
	for i, print := range d.HostKeyFingerprints {
		text := strings.TrimRight(strings.TrimPrefix(print, "SHA256:"), "=")
		if sum, err := base64.RawStdEncoding.DecodeString(text); err != nil || len(sum) != 32 {
			c.Add("Details.HostKeyFingerprints has '%s', which is no fingerprint such as SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8. `ssh-keygen -lf` prints them.", print)
		}
		d.HostKeyFingerprints[i] = "SHA256:" + text
	}
	d.PrivateKeyFile, d.PrivateKeyPassphrase = held(d.PrivateKeyFile), held(d.PrivateKeyPassphrase)
	return checkKeyPair(tx, "Details.PrivateKeyFile", keyPair{d.PrivateKeyFile, d.PrivateKeyPassphrase}, keyPair{was.PrivateKeyFile, was.PrivateKeyPassphrase}, c)
}
