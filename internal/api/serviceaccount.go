package api

import (
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

var _ = area(func(a *API) []Route {
	const at = "serviceaccounts/{account}/oidcidentities"
	one := catalog.OIDCIdentities.Info()
	return []Route{
		{Method: "GET", Pattern: at + "/v1", Handle: a.oidcIdentities, Query: []string{"skip", "take"}, Summary: "The OIDC identities of a service account", Answer: oidcIdentityList{}},
		{Method: "POST", Pattern: at + "/create/v1", Handle: a.createOIDCIdentity, Summary: "Let an issuer speak for a service account", Body: one, Answer: one},
		{Method: "GET", Pattern: at + "/{id}/v1", Handle: a.oidcIdentity, Summary: "Get an OIDC identity of a service account", Answer: one},
		{Method: "PUT", Pattern: at + "/{id}/v1", Handle: a.updateOIDCIdentity, Summary: "Change an OIDC identity of a service account", Body: one, Answer: one},
		{Method: "DELETE", Pattern: at + "/{id}/v1", Handle: a.deleteOIDCIdentity, Summary: "Delete an OIDC identity of a service account"},
	}
})

// oidcIdentityList is a service account's identities, with what somebody needs
// to know who sets up the issuer: the server and the audience of its tokens.
type oidcIdentityList struct {
	ServerURL      string `json:"ServerUrl"`
	ExternalID     string `json:"ExternalId"`
	Count          int
	OidcIdentities []Raw
}

// origin is how people reach the server: as is set, as it was started, or else
// as whoever asks does.
func (r *Request) origin() (string, error) {
	v, err := r.api.live.Values(r.Context())
	for _, known := range []string{v.Server.ServerURI, r.api.URL} {
		if known != "" {
			return strings.TrimRight(known, "/"), err
		}
	}
	return r.api.Proxies.Origin(r.Request), err
}

func (a *API) oidcIdentities(r *Request) (any, error) {
	skip, take, err := r.Paging()
	if err != nil {
		return nil, err
	}
	origin, err := r.origin()
	if err != nil {
		return nil, err
	}
	list := oidcIdentityList{ServerURL: origin, OidcIdentities: []Raw{}}
	err = r.View(func(tx *store.Tx) error {
		u, err := r.serviceAccount(tx)
		if err != nil {
			return err
		}
		list.ExternalID = u.ID
		items, total, err := catalog.OIDCIdentities.ListRaw(tx, kind.Query{Match: map[string]string{"ServiceAccountId": u.ID}, Skip: skip, Take: max(take, 1)})
		list.Count = total
		for _, item := range items[:min(take, len(items))] {
			list.OidcIdentities = append(list.OidcIdentities, item)
		}
		return err
	})
	return list, err
}

// serviceAccount finds the account of the path. Whom it trusts is only for who
// may change users: everybody sees that there are users, but issuers and
// subjects tell of projects in spaces that not everybody may know of.
func (r *Request) serviceAccount(tx *store.Tx) (*catalog.User, error) {
	if err := r.Need("UserEdit", At{System: true}); err != nil {
		return nil, err
	}
	u, err := catalog.Users.Find(tx, "", r.Param("account"))
	if err == nil && !u.IsService {
		return nil, fault.New(fault.Invalid, "The user '%s' is a person. OIDC identities are for service accounts.", u.Username)
	}
	return u, err
}

// findIdentity finds the identity of the path within its account.
func (r *Request) findIdentity(tx *store.Tx) (*catalog.OIDCIdentity, error) {
	u, err := r.serviceAccount(tx)
	if err != nil {
		return nil, err
	}
	i, err := catalog.OIDCIdentities.Find(tx, "", r.Param("id"))
	if err == nil && i.ServiceAccountID != u.ID {
		return nil, fault.New(fault.NotFound, "The service account '%s' has no OIDC identity '%s'.", u.Username, r.Param("id"))
	}
	return i, err
}

func (a *API) oidcIdentity(r *Request) (any, error) {
	var raw []byte
	err := r.View(func(tx *store.Tx) error {
		i, err := r.findIdentity(tx)
		if err != nil {
			return err
		}
		raw, err = catalog.OIDCIdentities.Wire(tx, i)
		return err
	})
	return Raw(raw), err
}

func (a *API) createOIDCIdentity(r *Request) (any, error) {
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	var raw []byte
	err = r.Do(func(tx *store.Tx) error {
		u, err := r.serviceAccount(tx)
		if err != nil {
			return err
		}
		i := &catalog.OIDCIdentity{}
		if err := catalog.OIDCIdentities.Merge(body, i); err != nil {
			return err
		}
		i.ID, i.ServiceAccountID = "", u.ID
		raw, err = r.putIdentity(tx, i)
		return err
	})
	return Created(Raw(raw)), err
}

func (a *API) updateOIDCIdentity(r *Request) (any, error) {
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	var raw []byte
	err = r.Do(func(tx *store.Tx) error {
		i, err := r.findIdentity(tx)
		if err != nil {
			return err
		}
		if err := r.match(i.Revision()); err != nil {
			return err
		}
		if err := catalog.OIDCIdentities.Replace(body, i); err != nil {
			return err
		}
		raw, err = r.putIdentity(tx, i)
		return err
	})
	return Raw(raw), err
}

// putIdentity stores an identity. It lets somebody be the account, so that it
// takes all that the account may do.
func (r *Request) putIdentity(tx *store.Tx, i *catalog.OIDCIdentity) ([]byte, error) {
	if err := r.guardUser(tx, i.ServiceAccountID); err != nil {
		return nil, err
	}
	if err := catalog.OIDCIdentities.Put(tx, i); err != nil {
		return nil, err
	}
	return catalog.OIDCIdentities.Wire(tx, i)
}

func (a *API) deleteOIDCIdentity(r *Request) (any, error) {
	return nil, r.Do(func(tx *store.Tx) error {
		i, err := r.findIdentity(tx)
		if err != nil {
			return err
		}
		if err := r.guardUser(tx, i.ServiceAccountID); err != nil {
			return err
		}
		return catalog.OIDCIdentities.Delete(tx, i.ID)
	})
}
