package catalog

import (
	"net/url"
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// GitCredential is how to sign in to Git repositories.
type GitCredential struct {
	kind.Base
	Name        string               `json:"Name" kind:"required,max=200"`
	Description string               `json:"Description" kind:"max=4000"`
	Details     GitCredentialDetails `json:"Details"`
	// RepositoryRestrictions stay as they are when a change leaves them out.
	RepositoryRestrictions *RepositoryRestrictions `json:"RepositoryRestrictions"`
}

// GitCredentialDetails are a name and a password or token, or a key for
// repositories that are reached over SSH.
type GitCredentialDetails struct {
	Type     string         `json:"Type" kind:"enum=UsernamePassword|SshKeyPair"`
	Username string         `json:"Username"` // over SSH that of the address goes first
	Password kind.Sensitive `json:"Password"`

	PrivateKeyFile       *kind.Sensitive `json:"PrivateKeyFile,omitempty"`
	PrivateKeyPassphrase *kind.Sensitive `json:"PrivateKeyPassphrase,omitempty"`
	// HostKeyFingerprints are of the keys that servers may show; those that show
	// another are not spoken to.
	HostKeyFingerprints []string `json:"HostKeyFingerprints,omitempty"`
}

// GitKeyPair is the type of a credential with a key for SSH.
const GitKeyPair = "SshKeyPair"

// RepositoryRestrictions says for which repositories a credential may be used;
// an address may end in * for all that begin so.
type RepositoryRestrictions struct {
	Enabled             bool     `json:"Enabled"`
	AllowedRepositories []string `json:"AllowedRepositories"`
}

// Allows reports whether the credential may be used for a repository.
func (g *GitCredential) Allows(address string) bool {
	if g.RepositoryRestrictions == nil || !g.RepositoryRestrictions.Enabled {
		return true
	}
	if leadsElsewhere(address) {
		return false
	}
	address = plainRepository(address)
	for _, allowed := range g.RepositoryRestrictions.AllowedRepositories {
		start, any := strings.CutSuffix(plainRepository(allowed), "*")
		if address == start || any && strings.HasPrefix(address, start) {
			return true
		}
	}
	return false
}

// leadsElsewhere reports that an address does not mean what it begins with: it
// goes up again in its path, or what looks like its host is a user name.
func leadsElsewhere(address string) bool {
	path := address
	if u, err := url.Parse(address); err == nil {
		path = u.Path // without escapes
		if u.User != nil && u.Scheme != "ssh" {
			return true
		}
	}
	return slices.ContainsFunc(strings.FieldsFunc(path, func(r rune) bool { return r == '/' || r == '\\' || r == ':' }), func(part string) bool { return part == ".." || part == "." })
}

func plainRepository(url string) string {
	return strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(strings.TrimSpace(url)), "/"), ".git")
}

// GitCredentials are the Git credentials of a space.
var GitCredentials = kind.Register(kind.Kind[GitCredential]{
	Plural:      "GitCredentials",
	Singular:    "Git credential",
	Path:        "git-credentials",
	Links:       map[string]string{"Usage": "./usage"},
	Permissions: kind.All("GitCredentialView", "GitCredentialEdit"),
	Rules: func(tx *store.Tx, next, old *GitCredential, c *fault.Complaints) error {
		return next.check(tx, old, c)
	},
})

func (g *GitCredential) check(tx *store.Tx, old *GitCredential, c *fault.Complaints) error {
	if g.Details.Type != GitKeyPair {
		need("Details.Username", g.Details.Username, c)
	}
	if g.RepositoryRestrictions == nil {
		g.RepositoryRestrictions = &RepositoryRestrictions{}
		if old != nil && old.RepositoryRestrictions != nil {
			*g.RepositoryRestrictions = *old.RepositoryRestrictions
		}
	}
	g.RepositoryRestrictions.AllowedRepositories = tidy(g.RepositoryRestrictions.AllowedRepositories)
	if g.RepositoryRestrictions.Enabled && len(g.RepositoryRestrictions.AllowedRepositories) == 0 {
		c.Add("RepositoryRestrictions.AllowedRepositories must name a repository while the restrictions are enabled.")
	}
	return g.checkSSH(tx, old, c)
}
