package api

import (
	"net/http"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/login"
	"github.com/takodeploy/tako/internal/store"
)

var _ = area(func(a *API) []Route {
	return []Route{
		{Method: "GET", Pattern: "users/{id}/apikeys", Handle: a.listKeys, Query: []string{"skip", "take"}, Summary: "List a user's API keys"},
		{Method: "GET", Pattern: "users/{id}/apikeys/{key}", Handle: a.getKey, Summary: "Get an API key, without its secret"},
		{Method: "POST", Pattern: "users/{id}/apikeys", Handle: a.createKey, Summary: "Create an API key"},
		{Method: "DELETE", Pattern: "users/{id}/apikeys/{key}", Handle: a.deleteKey, Summary: "Delete an API key"},
	}
})

// keyDocument is an API key as the wire has it, without its secret.
type keyDocument struct {
	ID      string `json:"Id"`
	Purpose string
	UserID  string `json:"UserId"`
	Created kind.Time
	Expires *kind.Time
	APIKey  any `json:"ApiKey"`
	Links   map[string]string
}

func keyOf(k login.Key) keyDocument {
	hint := k.Hint
	d := keyDocument{ID: k.ID, Purpose: k.Purpose, UserID: k.UserID, Created: kind.Time{Time: k.Created},
		APIKey: map[string]any{"HasValue": true, "NewValue": nil, "Hint": hint},
		Links:  map[string]string{"Self": "/api/users/" + k.UserID + "/apikeys/" + k.ID}}
	if !k.Expires.IsZero() {
		d.Expires = &kind.Time{Time: k.Expires}
	}
	return d
}

func (a *API) listKeys(r *Request) (any, error) {
	id, err := r.aboutUser("UserEdit")
	if err != nil {
		return nil, err
	}
	docs := []keyDocument{}
	err = r.View(func(tx *store.Tx) error {
		keys, err := a.Login.Keys(tx, id)
		for _, k := range keys {
			docs = append(docs, keyOf(k))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return PageValues(r, "ApiKey", docs)
}

func (a *API) getKey(r *Request) (any, error) {
	id, err := r.aboutUser("UserEdit")
	if err != nil {
		return nil, err
	}
	var d keyDocument
	err = r.View(func(tx *store.Tx) error {
		k, err := a.Login.Key(tx, id, r.Param("key"))
		d = keyOf(k)
		return err
	})
	return d, err
}

func (a *API) createKey(r *Request) (any, error) {
	id, err := r.aboutUser("UserEdit")
	if err != nil {
		return nil, err
	}
	var want struct {
		Purpose string
		Expires *kind.Time
	}
	if err := r.Read(&want); err != nil {
		return nil, err
	}
	n := login.NewKey{UserID: id, Purpose: want.Purpose, By: r.Principal}
	if want.Expires != nil {
		n.Expires = want.Expires.Time
		if !n.Expires.IsZero() && n.Expires.Before(time.Now()) {
			return nil, fault.New(fault.Invalid, "Expires must lie in the future; it is %s.", n.Expires.Format(time.RFC3339))
		}
	}
	var d keyDocument
	err = r.Do(func(tx *store.Tx) error {
		if err := r.guardUser(tx, id); err != nil {
			return err
		}
		k, text, err := a.Login.CreateKey(tx, n)
		if err != nil {
			return err
		}
		d = keyOf(k)
		d.APIKey = string(text)
		return tx.Append(&store.Event{Category: "Created", Document: k.ID, Related: []string{id}, Message: "API key '" + k.Purpose + "' was created"})
	})
	return Status{http.StatusCreated, d}, err
}

func (a *API) deleteKey(r *Request) (any, error) {
	id, err := r.aboutUser("UserEdit")
	if err != nil {
		return nil, err
	}
	return nil, r.Do(func(tx *store.Tx) error {
		if err := r.guardUser(tx, id); err != nil {
			return err
		}
		tx.After(func() { a.Login.Forget(id) })
		if err := a.Login.DeleteKey(tx, id, r.Param("key")); err != nil {
			return err
		}
		return tx.Append(&store.Event{Category: "Deleted", Document: r.Param("key"), Related: []string{id}, Message: "API key was deleted"})
	})
}
