package api

import (
	"bytes"
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/access"
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/login"
	"github.com/takodeploy/tako/internal/secret"
	"github.com/takodeploy/tako/internal/store"
)

var _ = area(func(a *API) []Route {
	return []Route{
		{Method: "POST", Pattern: "users/login", Handle: a.signIn, Open: true, Summary: "Sign in with a password"},
		{Method: "POST", Pattern: "users/logout", Handle: a.signOut, Open: true, Summary: "Sign out"},
		{Method: "GET", Pattern: "authentication", Handle: a.authentication, Open: true, Summary: "How people can sign in"},
		{Method: "GET", Pattern: "users/authentication", Handle: a.ownAuthentication, Summary: "How the caller can sign in"},
		{Method: "GET", Pattern: "users/authentication/{id}", Handle: a.userAuthentication, Summary: "How a user can sign in"},
		{Method: "GET", Pattern: "users/me", Handle: a.me, Summary: "Who is asking", Answer: catalog.Users.Info()},
		{Method: "GET", Pattern: "users", Handle: a.listUsers, Permission: "", Query: []string{"filter", "skip", "take"}, Summary: "List users"},
		{Method: "POST", Pattern: "users", Handle: a.createUser, Summary: "Create a user"},
		{Method: "GET", Pattern: "users/{id}", Handle: a.getUser, Summary: "Get a user"},
		{Method: "PUT", Pattern: "users/{id}", Handle: a.updateUser, Summary: "Change a user"},
		{Method: "DELETE", Pattern: "users/{id}", Handle: a.deleteUser, Summary: "Delete a user"},
		{Method: "GET", Pattern: "users/{id}/spaces", Handle: a.userSpaces, Summary: "The spaces a user can see"},
		{Method: "GET", Pattern: "users/{id}/teams", Handle: a.userTeams, Summary: "The teams a user is in"},
		{Method: "PUT", Pattern: "users/{id}/revoke-sessions", Handle: a.revokeSessions, Summary: "End all sessions of a user"},
		{Method: "GET", Pattern: "externalsecuritygroupproviders", Handle: a.groupProviders, Summary: "The providers whose groups can be in teams", Answer: []string{}},
		{Method: "GET", Pattern: "permissions/all", Handle: a.permissions, Summary: "Every permission there is"},
	}
})

func (a *API) signIn(r *Request) (any, error) {
	var c struct {
		Username, Password string
		RememberMe         bool
	}
	if site := r.Header.Get("Sec-Fetch-Site"); site == "cross-site" {
		// Another site could sign a visitor in as somebody else.
		return nil, fault.New(fault.Forbidden, "Signing in takes a page of this server; the request comes from another site.")
	}
	if err := r.Read(&c); err != nil {
		return nil, err
	}
	s, err := a.Login.SignIn(r.Context(), login.Credentials{Username: c.Username, Password: secret.Text(c.Password), Remember: c.RememberMe}, r.Request)
	if err != nil {
		return nil, err
	}
	a.Login.SetCookies(r.W, r.Request, s)
	return a.userDocument(r, s.Principal.UserID)
}

func (a *API) signOut(r *Request) (any, error) {
	return nil, a.Login.SignOut(r.Context(), r.W, r.Request)
}

func (a *API) authentication(*Request) (any, error) {
	return map[string]any{
		"AnyAuthenticationProvidersSupportPasswordManagement": true,
		"AutoLoginEnabled": false,
		"AuthenticationProviders": []map[string]any{{
			"Name": "Username / Password", "IdentityType": "Guest", "FormsLoginEnabled": true, "FormsUsernameIdentityType": "Username",
			"SupportsGroupManagement": false, "CSSLinks": []string{}, "JavascriptLinks": []string{}, "Links": map[string]string{},
		}},
		"Links": map[string]string{"Self": "/api/authentication"},
	}, nil
}

// groupProviders are none: people sign in with passwords, and are put into teams
// by name.
func (a *API) groupProviders(*Request) (any, error) { return []string{}, nil }

// userAuthentication says how a user can sign in, and whether the caller may
// change it.
func (a *API) userAuthentication(r *Request) (any, error) {
	id, err := r.aboutUser("UserView")
	if err != nil {
		return nil, err
	}
	return a.authenticationOf(r, id)
}

func (a *API) ownAuthentication(r *Request) (any, error) {
	return a.authenticationOf(r, r.Principal.UserID)
}

func (a *API) authenticationOf(r *Request, id string) (any, error) {
	all, err := a.authentication(r)
	if err != nil {
		return nil, err
	}
	may, err := r.May("UserEdit", At{System: true})
	return map[string]any{
		"AuthenticationProviders":             all.(map[string]any)["AuthenticationProviders"],
		"CanCurrentUserEditIdentitiesForUser": may,
		"Links":                               map[string]string{"Self": "/api/users/authentication/" + id},
	}, err
}

// userDocument is a user as the wire has it.
func (a *API) userDocument(r *Request, id string) (any, error) {
	var raw []byte
	err := r.View(func(tx *store.Tx) (err error) {
		u, err := catalog.Users.Get(tx, id)
		if err != nil {
			return err
		}
		u.IsRequestor = id == r.Principal.UserID || r.Principal.UserID == ""
		raw, err = catalog.Users.Wire(tx, u)
		return err
	})
	return Raw(raw), err
}

func (a *API) me(r *Request) (any, error) { return a.userDocument(r, r.Principal.UserID) }

// marked tells the user who asks from the others in a list of users.
func (h *crud) marked(r *Request, items [][]byte) [][]byte {
	if h.info.Plural != "Users" {
		return items
	}
	own := []byte(`"Id":"` + r.Principal.UserID + `"`)
	for i, item := range items {
		if bytes.Contains(item, own) {
			items[i] = bytes.Replace(item, []byte(`"IsRequestor":false`), []byte(`"IsRequestor":true`), 1)
		}
	}
	return items
}

// aboutUser finds the user of the path; whoever asks about another needs the
// permission.
func (r *Request) aboutUser(permission string) (string, error) {
	id := r.Param("id")
	if strings.EqualFold(id, "me") || id == r.Principal.UserID {
		return r.Principal.UserID, nil
	}
	if err := r.Need(permission, At{System: true}); err != nil {
		return "", err
	}
	err := r.View(func(tx *store.Tx) error {
		u, err := catalog.Users.Find(tx, "", id)
		if err == nil {
			id = u.ID
		}
		return err
	})
	return id, err
}

func (a *API) getUser(r *Request) (any, error) {
	id, err := r.aboutUser("UserView")
	if err != nil {
		return nil, err
	}
	return a.userDocument(r, id)
}

func (a *API) listUsers(r *Request) (any, error) {
	if err := r.Need("UserView", At{System: true}); err != nil {
		return nil, err
	}
	h := a.crudOf(catalog.Users)
	skip, take, err := r.Paging()
	if err != nil {
		return nil, err
	}
	q := h.query(r)
	q.Skip, q.Take = skip, take
	if filter := r.Q("filter"); filter != "" {
		like := "%" + strings.ToLower(filter) + "%"
		q.Where = append(q.Where, store.Where{SQL: "name_key like ? or lower(data ->> 'DisplayName') like ? or lower(data ->> 'EmailAddress') like ?", Args: []any{like, like, like}})
	}
	return h.page(r, q)
}

func (a *API) createUser(r *Request) (any, error) {
	if err := r.Need("UserEdit", At{System: true}); err != nil {
		return nil, err
	}
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	v, err := catalog.Users.Decode(body)
	if err != nil {
		return nil, err
	}
	u := v.(*catalog.User)
	if !strings.Contains(strings.ToLower(string(body)), `"isactive"`) {
		u.IsActive = true
	}
	set, err := a.newPassword(r, u)
	if err != nil {
		return nil, err
	}
	u.ID = ""
	var raw []byte
	err = r.Do(func(tx *store.Tx) error {
		c := *u
		if err := catalog.Users.Put(tx, &c); err != nil {
			return err
		}
		if err := set(tx, c.ID); err != nil {
			return err
		}
		raw, err = catalog.Users.Wire(tx, &c)
		return err
	})
	return Created(Raw(raw)), err
}

// newPassword hashes the password that came with a user, if one did, and gives
// what stores it.
func (a *API) newPassword(r *Request, u *catalog.User) (func(*store.Tx, string) error, error) {
	password := u.TakePassword()
	if password == "" || u.IsService {
		return func(*store.Tx, string) error { return nil }, nil
	}
	hash, err := a.Login.HashPassword(r.Context(), password)
	if err != nil {
		return nil, err
	}
	return func(tx *store.Tx, id string) error { return a.Login.SetPassword(tx, id, hash, r.Principal.SessionID) }, nil
}

func (a *API) updateUser(r *Request) (any, error) {
	id, err := r.aboutUser("UserEdit")
	if err != nil {
		return nil, err
	}
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	sent, err := catalog.Users.Decode(body)
	if err != nil {
		return nil, err
	}
	set, err := a.newPassword(r, sent.(*catalog.User))
	if err != nil {
		return nil, err
	}
	var raw []byte
	err = r.Do(func(tx *store.Tx) error {
		u, err := catalog.Users.Get(tx, id)
		if err != nil {
			return err
		}
		if err := r.guardUser(tx, id); err != nil {
			return err
		}
		was := *u
		if err := catalog.Users.Merge(body, u); err != nil {
			return err
		}
		u.TakePassword()
		if ok, err := r.May("UserEdit", At{System: true}); err != nil {
			return err
		} else if !ok && (u.IsActive != was.IsActive || u.Username != was.Username) {
			return r.Need("UserEdit", At{System: true})
		}
		if err := catalog.Users.Put(tx, u); err != nil {
			return err
		}
		if err := set(tx, id); err != nil {
			return err
		}
		tx.After(func() { a.Login.Forget(id); a.forgetRights() })
		u.IsRequestor = id == r.Principal.UserID
		raw, err = catalog.Users.Wire(tx, u)
		return err
	})
	return Raw(raw), err
}

func (a *API) deleteUser(r *Request) (any, error) {
	if err := r.Need("UserEdit", At{System: true}); err != nil {
		return nil, err
	}
	id, err := r.aboutUser("UserEdit")
	if err != nil {
		return nil, err
	}
	return nil, r.Do(func(tx *store.Tx) error {
		if err := r.guardUser(tx, id); err != nil {
			return err
		}
		if err := a.Login.DeleteUser(tx, id); err != nil {
			return err
		}
		tx.After(func() { a.Login.Forget(id); a.forgetRights() })
		return catalog.Users.Delete(tx, id)
	})
}

func (a *API) userSpaces(r *Request) (any, error) {
	id, err := r.aboutUser("UserView")
	if err != nil {
		return nil, err
	}
	rights, err := a.rightsOf(r.Context(), id)
	if err != nil {
		return nil, err
	}
	var items [][]byte
	err = r.View(func(tx *store.Tx) error {
		all, _, err := catalog.Spaces.List(tx, kind.Query{})
		if err != nil {
			return err
		}
		for _, s := range all {
			if !slices.Contains(rights.Spaces(), s.ID) && !rights.Allows("SpaceView", access.Resource{}) || !r.mayTellOf(id, s.ID) {
				continue
			}
			raw, err := catalog.Spaces.Wire(tx, s)
			if err != nil {
				return err
			}
			items = append(items, raw)
		}
		return nil
	})
	return Raw(join(items)), err
}

// teamItem is a team as lists of a user's teams have it.
type teamItem struct {
	ID                     string `json:"Id"`
	Name                   string
	SpaceID                *string `json:"SpaceId"`
	ExternalSecurityGroups []catalog.NamedReference
	IsDirectlyAssigned     bool
}

func (a *API) userTeams(r *Request) (any, error) {
	id, err := r.aboutUser("TeamView")
	if err != nil {
		return nil, err
	}
	return a.teamsSeen(r, id)
}

// teamsSeen are the teams that somebody is in, for who asks: of others, only
// those that the caller may see.
func (a *API) teamsSeen(r *Request, user string) ([]teamItem, error) {
	items, err := a.teamsOf(r, user)
	if err != nil || user == r.Principal.UserID {
		return items, err
	}
	seen := []teamItem{}
	for _, t := range items {
		at := At{System: t.SpaceID == nil}
		if t.SpaceID != nil {
			at.Space = *t.SpaceID
		}
		ok, err := r.May("TeamView", at)
		if err != nil {
			return nil, err
		}
		if ok {
			seen = append(seen, t)
		}
	}
	return seen, nil
}

// mayTellOf says whether the caller may learn what another user may do in a
// space: whoever could look the user's teams and roles up there.
func (r *Request) mayTellOf(user, space string) bool {
	return user == r.Principal.UserID || r.Rights.Anywhere(access.TeamView, space) || r.Rights.Allows(access.SpaceView, access.Resource{})
}

func (a *API) teamsOf(r *Request, user string) ([]teamItem, error) {
	items := []teamItem{}
	err := r.View(func(tx *store.Tx) error {
		all, _, err := catalog.Teams.List(tx, kind.Query{AnySpace: true})
		if err != nil {
			return err
		}
		for _, t := range all {
			if t.ID != access.TeamEveryone && !slices.Contains(t.MemberUserIDs, user) {
				continue
			}
			item := teamItem{ID: t.ID, Name: t.Name, ExternalSecurityGroups: t.ExternalSecurityGroups, IsDirectlyAssigned: true}
			if t.SpaceID != "" {
				item.SpaceID = &t.SpaceID
			}
			items = append(items, item)
		}
		return nil
	})
	return items, err
}

func (a *API) revokeSessions(r *Request) (any, error) {
	id, err := r.aboutUser("UserEdit")
	if err != nil {
		return nil, err
	}
	return nil, r.Do(func(tx *store.Tx) error {
		if err := r.guardUser(tx, id); err != nil {
			return err
		}
		tx.After(func() { a.Login.Forget(id) })
		return a.Login.RevokeSessions(tx, id, "")
	})
}
