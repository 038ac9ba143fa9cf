package subscription

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/setting"
	"github.com/takodeploy/tako/internal/step"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/timetable"
)

var errNoMail = errors.New("this server is not set up to send e-mail: the settings for SMTP need a host and a sender")

// email sends the members of a subscription's teams a digest of what has
// happened, no sooner after the last one than the subscription says.
func (p *Pump) email(ctx context.Context, s *catalog.Subscription) error {
	w := &way{Pump: p, s: s, name: "email", lasts: 5 * time.Minute, of: func(s *catalog.SubscriptionState) *catalog.DeliveryState { return &s.Email }}
	return w.digests(ctx, s.EventNotificationSubscription.EmailFrequencyPeriod, w.mail)
}

// digests sends one digest after the other, the first no sooner after the last
// one than a period.
func (w *way) digests(ctx context.Context, every string, send func(ctx context.Context, found []store.Recorded, end store.Position) error) error {
	state, ok, err := w.due(ctx)
	if err != nil || !ok {
		return err
	}
	period, err := lengthOf(every)
	if err != nil {
		return err
	}
	d := w.of(state)
	begun := d == &state.Email && len(state.Served) > 0 // some members have it already
	if d.LastDelivered != nil && !begun && w.now().Before(d.LastDelivered.Add(period)) {
		return nil
	}
	at := d.Position()
	for first := true; ctx.Err() == nil; first = false {
		found, end, err := w.next(ctx, at, digest)
		// The first event of a digest waits for those that come within the period.
		if err != nil || len(found) == 0 || first && !begun && len(found) < digest && w.now().Before(found[0].Occurred.Add(period)) {
			return err
		}
		if err := send(ctx, found, end); err != nil {
			if errors.Is(err, errNotNow) {
				return nil
			}
			return err
		}
		at = end
		if len(found) < digest {
			return nil
		}
	}
	return nil
}

// mail sends one digest, to each member by itself. Who has it is written down,
// so that nobody is sent it again when it has to be tried again for others.
func (w *way) mail(ctx context.Context, found []store.Recorded, end store.Position) error {
	var served []string
	if err := w.note(ctx, true, func(s *catalog.SubscriptionState, _ *catalog.DeliveryState) { served = slices.Clone(s.Served) }); err != nil {
		return err
	}
	var to []*catalog.User
	var base string
	err := w.DB.View(ctx, func(tx *store.Tx) (err error) {
		if base, err = setting.Address(tx, w.URL); err != nil {
			return err
		}
		to, err = people(tx, w.s.SpaceID, w.s.EventNotificationSubscription.EmailTeams)
		return err
	})
	if err != nil {
		return err
	}
	server, err := w.Mail(ctx)
	if err != nil {
		return err
	}
	for _, u := range to {
		if slices.Contains(served, u.ID) {
			continue
		}
		if server.Host == "" || server.From == "" {
			return w.failed(ctx, errNoMail)
		}
		if err := w.mailTo(ctx, server, u, found, base); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			var refused *mail.SendError
			if !errors.As(err, &refused) || refused.IsTemp() || refused.Reason != mail.ErrSMTPRcptTo {
				return w.failed(ctx, err)
			}
			// An address that there is not must not keep the others waiting for ever.
			slog.Warn("a member is not sent the digest of a subscription", "subscription", w.s.ID, "user", u.ID, "error", err)
		}
		err := w.note(ctx, true, func(s *catalog.SubscriptionState, _ *catalog.DeliveryState) { s.Served = append(s.Served, u.ID) })
		if err != nil {
			return err
		}
	}
	return w.arrived(ctx, end, false)
}

var importance = map[string]mail.Importance{"Low": mail.ImportanceLow, "High": mail.ImportanceHigh}

// mailTo sends the digest to one member.
func (w *way) mailTo(ctx context.Context, server step.Mail, u *catalog.User, found []store.Recorded, base string) error {
	n := &w.s.EventNotificationSubscription
	m := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := m.From(server.From); err != nil {
		return fmt.Errorf("the sender %q in the settings for SMTP: %w", server.From, err)
	}
	if err := m.To(u.EmailAddress); err != nil {
		slog.Warn("a member has an e-mail address that is none", "user", u.ID)
		return nil
	}
	what := fmt.Sprintf("%d events", len(found))
	if len(found) == 1 {
		what = "1 event"
	}
	m.Subject(strings.Join(strings.Fields(fmt.Sprintf("%s: %s", w.s.Name, what)), " "))
	text, err := digestText(n.EmailShowDatesInTimeZoneID, found, base)
	if err != nil {
		return err
	}
	m.SetBodyString(mail.TypeTextPlain, text)
	if i, ok := importance[n.EmailPriority]; ok {
		m.SetImportance(i)
	}
	// The same for the same digest, so that what is sent twice is known as that.
	m.SetMessageIDWithValue(fmt.Sprintf("%s.%d.%s@tako", w.s.ID, found[len(found)-1].ID, u.ID))
	m.SetDateWithValue(found[len(found)-1].Occurred)
	return server.Send(ctx, m)
}

// digestText tells of events, the oldest first.
func digestText(zone string, found []store.Recorded, base string) (string, error) {
	at, err := timetable.Zone(zone)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for i := range found {
		e := &found[i]
		fmt.Fprintf(&b, "%s  %s\n", e.Occurred.In(at).Format("2006-01-02 15:04:05 MST"), e.Message)
		if e.Actor.Username != "" {
			fmt.Fprintf(&b, "    by %s\n", e.Actor.Username)
		}
		if e.Comments != "" {
			fmt.Fprintf(&b, "    %s\n", strings.Join(strings.Fields(e.Comments), " "))
		}
	}
	if base != "" {
		fmt.Fprintf(&b, "\nThe audit trail: %s/app#/configuration/audit\n", base)
	}
	return b.String(), nil
}
