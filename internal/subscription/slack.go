package subscription

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/setting"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/timetable"
)

// slack posts digests of what has happened into a channel of Slack, by an
// incoming webhook.
func (p *Pump) slack(ctx context.Context, s *catalog.Subscription) error {
	w := &way{Pump: p, s: s, name: "slack", lasts: time.Minute, of: func(s *catalog.SubscriptionState) *catalog.DeliveryState { return &s.Slack }}
	return w.digests(ctx, s.EventNotificationSubscription.SlackFrequencyPeriod, w.chat)
}

// chat posts one digest. Slack gives no way to know one that comes twice.
func (w *way) chat(ctx context.Context, found []store.Recorded, end store.Position) error {
	if err := w.note(ctx, true, func(*catalog.SubscriptionState, *catalog.DeliveryState) {}); err != nil {
		return err
	}
	n := &w.s.EventNotificationSubscription
	var base, address string
	err := w.DB.View(ctx, func(tx *store.Tx) (err error) {
		if base, err = setting.Address(tx, w.URL); err != nil {
			return err
		}
		address, err = n.SlackWebhookURL.Open(tx)
		return err
	})
	if err != nil {
		return err
	}
	text, err := slackText(w.s, found, base)
	if err != nil {
		return err
	}
	if err := w.say(ctx, address, text); err != nil {
		if ctx.Err() != nil {
			return nil // it is sent again by whoever comes next
		}
		return w.failed(ctx, err)
	}
	return w.arrived(ctx, end, false)
}

// say posts a text. What is wrong never tells the address, which is a secret.
func (w *way) say(ctx context.Context, address, text string) error {
	body, err := json.Marshal(map[string]string{"text": text})
	if err != nil {
		return fmt.Errorf("encoding a message: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, w.lasts)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return errors.New("SlackWebhookUrl is not an address of the web")
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Tako")
	answer, err := w.client().Do(r)
	var without *url.Error
	if errors.As(err, &without) {
		return fmt.Errorf("Slack could not be reached: %w", without.Err)
	}
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(answer.Body, 200))
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("Slack answered %s: %s", answer.Status, strings.TrimSpace(string(said)))
	}
	return nil
}

// slackEscape is what Slack wants said otherwise.
var slackEscape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// longestLine is what is told of one event: a hundred of them fit into a message.
const longestLine = 300

// slackText tells of events: each by itself, the oldest first, or how many there
// were of which category.
func slackText(s *catalog.Subscription, found []store.Recorded, base string) (string, error) {
	n := &s.EventNotificationSubscription
	at, err := timetable.Zone(n.EmailShowDatesInTimeZoneID)
	if err != nil {
		return "", err
	}
	what := fmt.Sprintf("%d events", len(found))
	if len(found) == 1 {
		what = "1 event"
	}
	lines := []string{"*" + slackEscape.Replace(strings.Join(strings.Fields(s.Name), " ")) + "*: " + what}
	if n.SlackDigestFormat == "Detailed" {
		for i := range found {
			e := &found[i]
			line := e.Occurred.In(at).Format("2006-01-02 15:04:05 MST") + "  " + strings.Join(strings.Fields(e.Message), " ")
			if e.Actor.Username != "" {
				line += ", by " + e.Actor.Username
			}
			if r := []rune(line); len(r) > longestLine {
				line = string(r[:longestLine]) + "…"
			}
			lines = append(lines, "• "+slackEscape.Replace(line))
		}
	} else {
		lines = append(lines, counted(found)...)
	}
	if base != "" {
		lines = append(lines, "<"+base+"/app#/configuration/audit|The audit trail>")
	}
	return strings.Join(lines, "\n"), nil
}

// counted tells how many events there are of each category, the most first.
func counted(found []store.Recorded) (lines []string) {
	count := map[string]int{}
	var names []string
	for i := range found {
		c := found[i].Category
		if count[c]++; count[c] == 1 {
			names = append(names, c)
		}
	}
	slices.SortStableFunc(names, func(a, b string) int { return count[b] - count[a] })
	for _, name := range names {
		lines = append(lines, fmt.Sprintf("• %d × %s", count[name], slackEscape.Replace(name)))
	}
	return lines
}
