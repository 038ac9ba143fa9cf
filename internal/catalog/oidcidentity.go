package catalog

import (
	"net/netip"
	"net/url"
	"strings"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// OIDCIdentity lets whoever holds a token of an issuer with a certain subject
// act as a service account.
type OIDCIdentity struct {
	kind.Base
	Name             string `json:"Name" kind:"required,max=200"`
	ServiceAccountID string `json:"ServiceAccountId" kind:"required,ref=Users,filter"`
	Issuer           string `json:"Issuer" kind:"required"`
	Subject          string `json:"Subject" kind:"required"`
	Audience         string `json:"Audience,omitempty"`
}

// isLocal reports whether an address of the web is on this machine.
func isLocal(text string) bool {
	u, err := url.Parse(text)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
}

// OIDCIdentities are the identities of service accounts.
var OIDCIdentities = kind.Register(kind.Kind[OIDCIdentity]{
	Plural:      "OidcIdentities",
	Singular:    "OIDC identity",
	Prefix:      "ServiceAccountOidcIdentities",
	System:      true,
	Hidden:      true,
	Links:       map[string]string{"Self": "/api/serviceaccounts/<ServiceAccountId>/oidcidentities/<Id>/v1"},
	Permissions: kind.All("UserView", "UserEdit"),
	Owner:       func(o *OIDCIdentity) string { return o.ServiceAccountID },
	Rules: func(tx *store.Tx, next, old *OIDCIdentity, c *fault.Complaints) error {
		if old != nil {
			next.ServiceAccountID = old.ServiceAccountID
		}
		next.Issuer = strings.TrimSuffix(strings.TrimSpace(next.Issuer), "/")
		switch {
		case next.Issuer == "":
		case !isURL(next.Issuer, "https", "http"):
			c.Add("Issuer is '%s', which is not an address of the web.", next.Issuer)
		case !isURL(next.Issuer, "https") && !isLocal(next.Issuer):
			c.Add("Issuer is '%s': give an address that begins with https://, because anybody on the way could speak for one without TLS.", next.Issuer)
		}
		account, err := found(kind.Of[User]().Get(tx, next.ServiceAccountID))
		if err != nil {
			return err
		}
		if account != nil && !account.IsService {
			c.Add("ServiceAccountId: '%s' is a person, not a service account.", account.Username)
		}
		return nil
	},
})
