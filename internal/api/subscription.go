package api

import (
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

var _ = area(func(a *API) []Route {
	return []Route{
		{Method: "GET", Pattern: "S/subscriptions/{id}/status", Handle: a.subscriptionStatus, Summary: "How the deliveries of a subscription go", Answer: subscriptionStatus{}},
	}
})

// subscriptionStatus says how the deliveries of a subscription go.
type subscriptionStatus struct {
	Webhook deliveryStatus
	Email   deliveryStatus
	Slack   deliveryStatus
}

type deliveryStatus struct {
	LastDelivered *kind.Time
	Failures      int    // in a row
	LastError     string // of them
	NextTry       string // after a failure
}

func deliveryOf(d *catalog.DeliveryState) deliveryStatus {
	return deliveryStatus{d.LastDelivered, d.Failures, d.LastError, d.Due}
}

func (a *API) subscriptionStatus(r *Request) (any, error) {
	s, err := findFor(r, catalog.Subscriptions)
	if err != nil {
		return nil, err
	}
	var answer subscriptionStatus
	err = r.View(func(tx *store.Tx) error {
		state, err := catalog.SubscriptionStates.Get(tx, catalog.SubscriptionStateID(s.ID))
		if err == nil {
			answer = subscriptionStatus{deliveryOf(&state.Webhook), deliveryOf(&state.Email), deliveryOf(&state.Slack)}
		}
		return err
	})
	return answer, err
}
