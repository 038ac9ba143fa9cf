package api

import (
	"crypto/subtle"
	"io"
	"net/http"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/trigger"
)

var _ = area(func(a *API) []Route {
	return []Route{
		{Method: "POST", Pattern: "S/webhook/{id}", Handle: a.callTrigger, Open: true, Summary: "Let a trigger fire that waits for calls; the caller knows its secret (X-Octopus-Webhook-Secret) or has an API key"},
	}
})

// webhookCalls bounds how often all triggers of the node together are called, how
// often any one sender tries to, and how often it is written down that somebody
// was refused. Who is refused takes nothing from those who may call.
var webhookCalls = &catalog.RateLimitingPolicy{RequestsPerMinute: 60, BurstLimit: 60}

// largestCall bounds what a caller sends along.
const largestCall = 5 << 20

func (a *API) callTrigger(r *Request) (any, error) {
	if wait := a.limits.take(webhookCalls, "webhooks from "+a.Proxies.ClientIP(r.Request)); wait > 0 {
		return nil, &throttled{wait}
	}
	t, err := a.called(r)
	if err != nil {
		return nil, err
	}
	if wait := a.limits.take(webhookCalls, "webhooks"); wait > 0 {
		return nil, &throttled{wait}
	}
	if err := a.maintained(r, &Route{}); err != nil {
		return nil, err
	}
	if _, err := io.Copy(io.Discard, http.MaxBytesReader(r.W, r.Request.Body, largestCall)); err != nil {
		return nil, unread(err)
	}
	var allow trigger.Allow
	if r.Principal.UserID != "" {
		if allow, err = r.mayFire(t); err != nil {
			return nil, err
		}
	}
	w := trigger.Watch{DB: a.DB, Deploy: a.Deploy}
	if err := w.Call(r.Context(), t, allow); err != nil {
		return nil, err
	}
	r.written = true
	r.W.WriteHeader(http.StatusOK)
	return Done{}, nil
}

// called finds the trigger that is called and makes sure that the caller may.
// Who may not learns nothing of what there is.
func (a *API) called(r *Request) (*catalog.ProjectTrigger, error) {
	var t *catalog.ProjectTrigger
	var secret string
	err := r.View(func(tx *store.Tx) error {
		found, _, err := catalog.ProjectTriggers.List(tx, kind.Query{Space: r.Space, Take: 1,
			Where: []store.Where{{SQL: "data -> 'Filter' ->> 'WebhookId' = ?", Args: []any{r.Param("id")}}}})
		if err != nil || len(found) == 0 {
			return err
		}
		t = found[0]
		secret, err = t.Filter.Secret.Open(tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	if t != nil && t.Filter.RequireAPIKey != nil && *t.Filter.RequireAPIKey {
		if err := a.identify(r); err != nil || r.Principal.KeyID != "" {
			return t, err
		}
	} else if t != nil && secret != "" && subtle.ConstantTimeCompare([]byte(r.Header.Get("X-Octopus-Webhook-Secret")), []byte(secret)) == 1 {
		r.Request = r.Request.WithContext(store.WithActor(r.Context(), a.stranger(r)))
		return t, nil
	}
	if t != nil && a.limits.take(webhookCalls, "refused webhooks") == 0 {
		err := a.DB.Do(store.WithActor(r.Context(), a.stranger(r)), func(tx *store.Tx) error {
			return tx.Append(&store.Event{Space: t.SpaceID, Category: "TriggerCallRefused", Document: t.ID, Related: []string{t.ProjectID},
				Message: "Trigger '" + t.Name + "' was called without the right secret or key"})
		})
		if err != nil {
			return nil, err
		}
	}
	return nil, fault.New(fault.Unauthenticated, "No trigger can be called with this address and what was sent along. Send the trigger's secret in the header X-Octopus-Webhook-Secret, or an API key in X-Octopus-ApiKey, as the trigger asks.")
}

// stranger is who calls without an account.
func (a *API) stranger(r *Request) store.Actor {
	actor := store.System
	actor.Established, actor.IP, actor.UserAgent = "Webhook", a.Proxies.ClientIP(r.Request), r.UserAgent()
	return actor
}

// mayFire makes sure that the caller may do what a trigger does; the result asks
// the same for each place.
func (r *Request) mayFire(t *catalog.ProjectTrigger) (trigger.Allow, error) {
	permission := "DeploymentCreate"
	switch t.Action.ActionType {
	case catalog.ActionRunRunbook:
		permission = "RunbookRunCreate"
	case catalog.ActionCreateRelease, catalog.ActionDeployNew:
		if err := r.Need("ReleaseCreate", At{Project: t.ProjectID}); err != nil {
			return nil, err
		}
	}
	return func(_ *store.Tx, p *catalog.Project, environment, tenant string) error {
		at := At{Project: p.ID, Group: p.ProjectGroupID, Environments: []string{environment}}
		if tenant != "" {
			at.Tenants = []string{tenant}
		}
		return r.Need(permission, at)
	}, nil
}
