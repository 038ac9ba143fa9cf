package subscription

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/takodeploy/tako/internal/access"
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/setting"
	"github.com/takodeploy/tako/internal/store"
)

// message is what a program is sent, one for each event.
type message struct {
	Timestamp kind.Time
	EventType string
	Payload   payload
}

type payload struct {
	ServerURI           string `json:"ServerUri"`
	ServerAuditURI      string `json:"ServerAuditUri"`
	BatchProcessingDate kind.Time
	Subscription        json.RawMessage
	Event               any
	BatchID             string `json:"BatchId"`
	TotalEventsInBatch  int
	EventNumberInBatch  int
}

// webhook sends a subscription's program what has happened, one event after the
// other.
func (p *Pump) webhook(ctx context.Context, s *catalog.Subscription) error {
	w := &way{Pump: p, s: s, name: "webhook", of: func(s *catalog.SubscriptionState) *catalog.DeliveryState { return &s.Webhook }}
	var err error
	if w.lasts, err = lengthOf(s.EventNotificationSubscription.WebhookTimeout); err != nil {
		return err
	}
	state, ok, err := w.due(ctx)
	if err != nil || !ok {
		return err
	}
	at := state.Webhook.Position()
	for ctx.Err() == nil {
		found, end, err := w.next(ctx, at, batch)
		if err != nil || len(found) == 0 {
			return err
		}
		err = w.send(ctx, found, end)
		if errors.Is(err, errNotNow) {
			return nil
		}
		if err != nil {
			return err
		}
		at = end
	}
	return nil
}

// send sends a batch. After each event it is written down how far it came.
func (w *way) send(ctx context.Context, found []store.Recorded, end store.Position) error {
	if err := w.note(ctx, true, func(*catalog.SubscriptionState, *catalog.DeliveryState) {}); err != nil {
		return err
	}
	admitted, base, wire, err := w.frame(ctx)
	if err != nil {
		return err
	}
	for i := range found {
		e := &found[i]
		last := i == len(found)-1
		at := e.At
		if last {
			at = end
		}
		if admitted {
			m := message{Timestamp: kind.Time{Time: w.now().UTC()}, EventType: "SubscriptionPayload", Payload: payload{
				ServerURI: base, ServerAuditURI: base + "/app#/configuration/audit", BatchProcessingDate: kind.Time{Time: w.now().UTC()},
				Subscription: wire, Event: w.Document(&e.Event), TotalEventsInBatch: len(found), EventNumberInBatch: i + 1,
				// The same for the same event, so that who is told twice can know it.
				BatchID: uuid.NewSHA1(uuid.NameSpaceURL, fmt.Appendf(nil, "%s/%d", w.s.ID, e.ID)).String(),
			}}
			if err := w.post(ctx, m); err != nil {
				if ctx.Err() != nil {
					return nil // it is sent again by whoever comes next
				}
				return w.failed(ctx, err)
			}
		}
		if err := w.arrived(ctx, at, !last); err != nil {
			return err
		}
	}
	return nil
}

// frame reads what all messages of a batch have in common. Events are kept from
// programs whose teams may not see them.
func (w *way) frame(ctx context.Context) (admitted bool, base string, wire json.RawMessage, err error) {
	err = w.DB.View(ctx, func(tx *store.Tx) (err error) {
		if base, err = setting.Address(tx, w.URL); err != nil {
			return err
		}
		if wire, err = catalog.Subscriptions.Wire(tx, w.s); err != nil {
			return err
		}
		teams := w.s.EventNotificationSubscription.WebhookTeams
		admitted = len(teams) == 0
		for _, id := range teams {
			team, err := catalog.Teams.Get(tx, id)
			if fault.Is(err, fault.NotFound) {
				continue // it sees nothing any more
			}
			if err != nil {
				return err
			}
			grants, err := catalog.GrantsOfTeam(tx, team)
			if err != nil {
				return err
			}
			admitted = admitted || access.Compile(grants).Reach("EventView", w.s.SpaceID).All
		}
		return nil
	})
	return admitted, base, wire, err
}

// post sends one message; the answer must be a success.
func (w *way) post(ctx context.Context, m message) error {
	n := &w.s.EventNotificationSubscription
	body, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("encoding an event: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, w.lasts)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, n.WebhookURI, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("the address of the webhook: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Tako")
	if n.WebhookHeaderKey != "" {
		r.Header.Set(n.WebhookHeaderKey, n.WebhookHeaderValue)
	}
	answer, err := w.client().Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 1<<20)) // so that the connection can be used again
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return fmt.Errorf("%s answered %s", n.WebhookURI, answer.Status)
	}
	return nil
}

// client never follows a redirect: that would be an answer of somebody else.
func (p *Pump) client() *http.Client {
	if p.HTTP != nil {
		return p.HTTP
	}
	return &http.Client{Timeout: 10 * time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}
