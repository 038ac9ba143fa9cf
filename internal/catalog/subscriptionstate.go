package catalog

import (
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// A SubscriptionState is how far a subscription has come in the audit trail. It
// is written when a delivery has arrived: whoever stops before that delivers
// again, so that none is lost.
type SubscriptionState struct {
	kind.Base
	SubscriptionID string        `json:"SubscriptionId" kind:"filter"`
	Webhook        DeliveryState `json:"Webhook"`
	Email          DeliveryState `json:"Email"`
	Slack          DeliveryState `json:"Slack"`
	// Served are the members who have been sent the digest that is under way.
	Served []string `json:"Served"`
	// Holder is the node that delivers now, until HeldUntil.
	Holder    string `json:"Holder"`
	HeldUntil string `json:"HeldUntil"`
}

// DeliveryState is how far one of a subscription's ways of delivery has come.
type DeliveryState struct {
	Xid int64 `json:"Xid"`
	ID  int64 `json:"Id"`
	// Due is when the next delivery may be tried, as DueText writes it; "" is now.
	Due           string     `json:"Due"`
	Failures      int        `json:"Failures"` // in a row
	LastError     string     `json:"LastError"`
	LastDelivered *kind.Time `json:"LastDelivered"`
}

// Position is the place in the audit trail behind the last event that was
// delivered or was not asked for.
func (d *DeliveryState) Position() store.Position { return store.Position{Xid: d.Xid, ID: d.ID} }

// Pass notes that everything up to a place in the audit trail is done.
func (d *DeliveryState) Pass(p store.Position) { d.Xid, d.ID = p.Xid, p.ID }

// SubscriptionStates holds the states of all subscriptions.
var SubscriptionStates = kind.Register(kind.Kind[SubscriptionState]{
	Plural:   "SubscriptionStates",
	Singular: "Subscription state",
	Title:    "SubscriptionId",
	Hidden:   true,
	Silent:   true,
	Repeats:  true,
})

// SubscriptionStateID is the id of a subscription's state.
func SubscriptionStateID(subscription string) string { return "subscriptionstate-" + subscription }

// Arm has a subscription that is new, or was switched on, begin at the end of
// the audit trail: what happened before counts no more.
func (s *Subscription) Arm(tx *store.Tx) error {
	state, err := SubscriptionStates.Get(tx, SubscriptionStateID(s.ID))
	if fault.Is(err, fault.NotFound) {
		state, err = &SubscriptionState{SubscriptionID: s.ID}, nil
		state.ID, state.SpaceID = SubscriptionStateID(s.ID), s.SpaceID
	}
	if err != nil {
		return err
	}
	end, err := tx.EventsEnd()
	if err != nil {
		return err
	}
	state.Webhook, state.Email, state.Slack, state.Served = DeliveryState{}, DeliveryState{}, DeliveryState{}, nil
	state.Webhook.Pass(end)
	state.Email.Pass(end)
	state.Slack.Pass(end)
	return SubscriptionStates.Put(tx, state)
}

// subscriptionChanged begins again what was switched on, or has a way of
// delivery that it had not.
func subscriptionChanged(tx *store.Tx, now, old *Subscription) error {
	if old.IsDisabled && !now.IsDisabled {
		return now.Arm(tx)
	}
	was, is := &old.EventNotificationSubscription, &now.EventNotificationSubscription
	state, err := SubscriptionStates.Get(tx, SubscriptionStateID(now.ID))
	if fault.Is(err, fault.NotFound) {
		return now.Arm(tx)
	}
	if err != nil {
		return err
	}
	end, err := tx.EventsEnd()
	if err != nil {
		return err
	}
	if was.WebhookURI != is.WebhookURI {
		state.Webhook.Due, state.Webhook.Failures = "", 0 // another address may answer
		if was.WebhookURI == "" {
			state.Webhook.Pass(end)
		}
	}
	if len(was.EmailTeams) == 0 && len(is.EmailTeams) > 0 {
		state.Email = DeliveryState{}
		state.Email.Pass(end)
	}
	slacked := was.SlackWebhookURL != nil && was.SlackWebhookURL.HasValue
	switch {
	case is.SlackWebhookURL == nil || !is.SlackWebhookURL.HasValue:
	case !slacked:
		state.Slack = DeliveryState{}
		state.Slack.Pass(end)
	case was.SlackWebhookURL.Sealed != is.SlackWebhookURL.Sealed:
		state.Slack.Due, state.Slack.Failures = "", 0
	}
	return SubscriptionStates.Put(tx, state)
}

func subscriptionDeleting(tx *store.Tx, gone *Subscription) error {
	state, err := SubscriptionStates.Get(tx, SubscriptionStateID(gone.ID))
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return SubscriptionStates.Remove(tx, state)
}
