// Package subscription delivers what the audit trail records to whoever has
// subscribed to it: each event to a program, and digests of them to people.
//
// How far a subscription has come is in the store (catalog.SubscriptionState)
// and moves on only when a delivery has arrived. So each delivery is made at
// least once, whatever nodes there are and whenever they are killed.
package subscription

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/step"
	"github.com/takodeploy/tako/internal/store"
)

const (
	every   = 2 * time.Second  // it is looked for what is to be delivered
	batch   = 200              // events are read at once
	digest  = 100              // events go into one mail at most
	behind  = 2000             // events may be passed over before that is written down
	firstly = 5 * time.Second  // until a delivery that failed is tried again; then twice as long
	longest = time.Hour        // between two tries
	hold    = 30 * time.Second // beyond the time of a delivery, for which a node holds a subscription
)

// Pump delivers. Any number of nodes may run one at the same time.
type Pump struct {
	DB *store.DB
	// Node is what this node is called.
	Node string
	// URL is how people reach the server, as it was started.
	URL string
	// Document gives an event as clients know it.
	Document func(*store.Event) any
	// Mail gives how this server sends e-mail.
	Mail func(ctx context.Context) (step.Mail, error)
	// HTTP sends to programs; nil is a client of its own.
	HTTP *http.Client
	// Now is the clock; nil is time.Now.
	Now func() time.Time

	none store.Lull // in which no subscription is enabled

	mu   sync.Mutex
	busy map[string]bool           // subscriptions that are being delivered
	seen map[string]store.Position // up to where nothing was found, by subscription and way
	work sync.WaitGroup
}

func (p *Pump) now() time.Time {
	if p.Now != nil {
		return p.Now()
	}
	return time.Now()
}

// Run delivers until the context ends.
func (p *Pump) Run(ctx context.Context) error {
	ctx = store.WithActor(ctx, store.System)
	defer p.work.Wait()
	if err := p.adopt(ctx); err != nil && ctx.Err() == nil {
		slog.Warn("subscriptions that have no state yet cannot be looked for", "error", err)
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := p.Tick(ctx); err != nil && ctx.Err() == nil {
			slog.Warn("subscriptions could not be looked at and are tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// adopt gives states to subscriptions that were made when there were none.
func (p *Pump) adopt(ctx context.Context) error {
	return p.DB.Do(ctx, func(tx *store.Tx) error {
		all, _, err := catalog.Subscriptions.List(tx, kind.Query{AnySpace: true, Where: []store.Where{
			{SQL: "not exists (select 1 from document s where s.kind = 'SubscriptionStates' and s.data ->> 'SubscriptionId' = document.id)"}}})
		if err != nil {
			return err
		}
		for _, s := range all {
			if err := s.Arm(tx); err != nil {
				return err
			}
		}
		return nil
	})
}

// Tick begins to deliver what there is, each subscription for itself, so that
// one that is slow holds up no other.
func (p *Pump) Tick(ctx context.Context) error {
	looked, lasts := p.none.Lasts(p.DB, p.now())
	if lasts {
		return nil
	}
	var all []*catalog.Subscription
	err := p.DB.View(ctx, func(tx *store.Tx) (err error) {
		all, _, err = catalog.Subscriptions.List(tx, kind.Query{AnySpace: true})
		return err
	})
	none := err == nil
	for _, s := range all {
		none = none && s.IsDisabled
		if s.IsDisabled || !p.enter(s.ID) {
			continue
		}
		p.work.Go(func() {
			defer p.leave(s.ID)
			if err := p.serve(ctx, s); err != nil && ctx.Err() == nil {
				slog.Warn("a subscription could not be served and is tried again", "subscription", s.ID, "error", err)
			}
		})
	}
	if none {
		p.none.Begin(looked, time.Time{})
	}
	return err
}

// Wait returns when nothing is being delivered.
func (p *Pump) Wait() { p.work.Wait() }

func (p *Pump) enter(id string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.busy == nil {
		p.busy, p.seen = map[string]bool{}, map[string]store.Position{}
	}
	free := !p.busy[id]
	p.busy[id] = true
	return free
}

func (p *Pump) leave(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.busy, id)
}

// serve delivers what is due of a subscription.
func (p *Pump) serve(ctx context.Context, s *catalog.Subscription) error {
	n := &s.EventNotificationSubscription
	var failed []error
	if n.WebhookURI != "" {
		failed = append(failed, p.webhook(ctx, s))
	}
	if len(n.EmailTeams) > 0 {
		failed = append(failed, p.email(ctx, s))
	}
	if n.SlackWebhookURL != nil && n.SlackWebhookURL.HasValue {
		failed = append(failed, p.slack(ctx, s))
	}
	return errors.Join(failed...)
}

// way is one way of delivery of a subscription.
type way struct {
	*Pump
	s     *catalog.Subscription
	name  string
	of    func(*catalog.SubscriptionState) *catalog.DeliveryState
	lasts time.Duration // one delivery at most
}

// due reads the state, and says whether anything may be delivered now.
func (w *way) due(ctx context.Context) (state *catalog.SubscriptionState, ok bool, err error) {
	err = w.DB.View(ctx, func(tx *store.Tx) (err error) {
		state, err = catalog.SubscriptionStates.Get(tx, catalog.SubscriptionStateID(w.s.ID))
		return err
	})
	if fault.Is(err, fault.NotFound) {
		return nil, false, nil // it was deleted
	}
	if err != nil {
		return nil, false, err
	}
	return state, w.of(state).Due <= catalog.DueText(w.now()) && !w.heldElsewhere(state), nil
}

func (w *way) heldElsewhere(s *catalog.SubscriptionState) bool {
	return s.Holder != "" && s.Holder != w.Node && s.HeldUntil > catalog.DueText(w.now())
}

// errNotNow ends an attempt: another node delivers, the subscription is gone, or
// a delivery did not arrive and is tried again later.
var errNotNow = errors.New("it is not delivered now")

// note changes the state, and holds the subscription for this node while more
// is to come.
func (w *way) note(ctx context.Context, more bool, change func(s *catalog.SubscriptionState, d *catalog.DeliveryState)) error {
	return w.DB.Do(ctx, func(tx *store.Tx) error {
		s, err := catalog.SubscriptionStates.Get(tx, catalog.SubscriptionStateID(w.s.ID))
		if fault.Is(err, fault.NotFound) || err == nil && w.heldElsewhere(s) {
			return errNotNow
		}
		if err != nil {
			return err
		}
		change(s, w.of(s))
		s.Holder, s.HeldUntil = "", ""
		if more {
			s.Holder, s.HeldUntil = w.Node, catalog.DueText(w.now().Add(w.lasts+hold))
		}
		return catalog.SubscriptionStates.Put(tx, s)
	})
}

// failed notes that a delivery did not arrive, and when it is tried again. It
// always gives an error, since nothing behind that delivery may be done before.
func (w *way) failed(ctx context.Context, why error) error {
	err := w.note(context.WithoutCancel(ctx), false, func(_ *catalog.SubscriptionState, d *catalog.DeliveryState) {
		pause := longest
		if d.Failures < 10 {
			pause = min(firstly<<d.Failures, longest)
		}
		d.Failures++
		d.LastError, d.Due = why.Error(), catalog.DueText(w.now().Add(pause))
		slog.Warn("a delivery of a subscription did not arrive and is tried again", "subscription", w.s.ID, "way", w.name, "failures", d.Failures, "after", pause, "error", why)
	})
	if err == nil {
		err = errNotNow
	}
	return err
}

// arrived notes that everything up to a place has arrived.
func (w *way) arrived(ctx context.Context, at store.Position, more bool) error {
	return w.note(context.WithoutCancel(ctx), more, func(s *catalog.SubscriptionState, d *catalog.DeliveryState) {
		d.Pass(at)
		d.Failures, d.LastError, d.Due = 0, "", ""
		d.LastDelivered = &kind.Time{Time: w.now().UTC()}
		if d == &s.Email {
			s.Served = nil // that digest is done
		}
	})
}

// next reads the events that are to be delivered next, limit at most, and up to
// where the trail was read.
func (w *way) next(ctx context.Context, from store.Position, limit int) (found []store.Recorded, end store.Position, err error) {
	key := w.name + " " + w.s.ID
	w.mu.Lock()
	at := w.seen[key]
	w.mu.Unlock()
	if !at.After(from) {
		at = from
	}
	err = w.DB.View(ctx, func(tx *store.Tx) error {
		m := matcherOf(w.s)
		for len(found) == 0 {
			list, err := tx.TrailSince(at, batch)
			if err != nil || len(list) == 0 {
				return err
			}
			for i := range list {
				ok, err := m.wants(tx, &list[i].Event)
				if err != nil {
					return err
				}
				if ok && len(found) == limit {
					return nil
				}
				if ok {
					found = append(found, list[i])
				}
				at = list[i].At
			}
		}
		return nil
	})
	if err != nil || len(found) > 0 {
		return found, at, err
	}
	w.mu.Lock()
	w.seen[key] = at
	w.mu.Unlock()
	if at.ID-from.ID > behind || at.Xid-from.Xid > behind {
		err := w.note(ctx, false, func(_ *catalog.SubscriptionState, d *catalog.DeliveryState) { d.Pass(at) })
		if errors.Is(err, errNotNow) {
			err = nil
		}
		return nil, at, err
	}
	return nil, at, nil
}

// lengthOf reads a length of time of a subscription, which its rules have
// checked.
func lengthOf(text string) (time.Duration, error) {
	d, err := catalog.ParseTimeSpan(text)
	if err != nil {
		return 0, fmt.Errorf("reading a length of time: %w", err)
	}
	return d, nil
}
