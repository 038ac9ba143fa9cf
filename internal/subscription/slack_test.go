package subscription_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// channel is what an incoming webhook of Slack is: it takes a JSON with a text,
// and answers ok or what it has against it.
type channel struct {
	*httptest.Server
	mu    sync.Mutex
	texts []string
	busy  int // messages that are refused first
}

func newChannel(t *testing.T) *channel {
	c := &channel{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		defer c.mu.Unlock()
		var said map[string]string
		body, _ := io.ReadAll(r.Body)
		switch err := json.Unmarshal(body, &said); {
		case r.Method != http.MethodPost || r.URL.Path != "/services/T0/B0/word":
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, "no_service")
		case err != nil || r.Header.Get("Content-Type") != "application/json" || len(said) != 1 || said["text"] == "":
			t.Errorf("%s %v: %s", r.Header.Get("Content-Type"), err, body)
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, "invalid_payload")
		case c.busy > 0:
			c.busy--
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
			fmt.Fprint(w, "rate_limited")
		default:
			c.texts = append(c.texts, said["text"])
			fmt.Fprint(w, "ok")
		}
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *channel) said() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string{}, c.texts...)
}

func slackAt(address string, change func(n *catalog.EventNotification)) func(s *catalog.Subscription) {
	return func(s *catalog.Subscription) {
		n := &s.EventNotificationSubscription
		secret := kind.NewSensitive(address + "/services/T0/B0/word")
		n.SlackWebhookURL, n.SlackFrequencyPeriod = &secret, "01:00:00"
		n.Filter.EventCategories = []string{"DeploymentSucceeded", "DeploymentFailed"}
		change(n)
	}
}

func TestSlack(t *testing.T) { each(t, testSlack) }

func testSlack(p *post) {
	c := newChannel(p.T)
	brief := p.subscribe(slackAt(c.URL, func(*catalog.EventNotification) {}))
	p.deliver()
	ok := store.Event{Category: "DeploymentSucceeded", Message: "Deploy to Prod <1.0.0> succeeded"}
	p.tell(ok)
	p.tell(store.Event{Category: "DeploymentFailed", Message: "Deploy to Prod failed"})
	p.tell(ok)
	p.tell(store.Event{Category: "LoginSucceeded", Message: "Nobody asked"})
	p.deliver()
	if got := c.said(); len(got) != 0 {
		p.Fatalf("told before the period is over: %q", got)
	}
	p.later(time.Hour + time.Minute) // the events bear the machine's own time, which has gone on
	p.deliver()
	p.deliver()
	const trail = "\n<https://tako.test/app#/configuration/audit|The audit trail>"
	want := []string{"*News*: 3 events\n• 2 × DeploymentSucceeded\n• 1 × DeploymentFailed" + trail}
	if diff := cmp.Diff(want, c.said()); diff != "" {
		p.Fatalf("-want +got\n%s", diff)
	}

	// What is refused is told later, once; who looks is told why, but not where.
	c.mu.Lock()
	c.busy = 2
	c.mu.Unlock()
	p.do(func(tx *store.Tx) error {
		s, err := catalog.Subscriptions.Get(tx, brief.ID)
		if err != nil {
			return err
		}
		s.EventNotificationSubscription.SlackDigestFormat, s.EventNotificationSubscription.SlackFrequencyPeriod = "Detailed", "00:00:00"
		return catalog.Subscriptions.Put(tx, s)
	})
	p.tell(ok)
	p.deliver()
	if why := p.state(brief).Slack; why.Failures != 1 || !strings.Contains(why.LastError, "Slack answered 429 Too Many Requests: rate_limited") {
		p.Fatalf("the state is %+v", why)
	}
	for range 2 {
		p.deliver() // it is not tried again at once
		p.later(30 * time.Second)
		p.deliver()
	}
	got := c.said()
	if len(got) != 2 || !strings.HasPrefix(got[1], "*News*: 1 event\n• 20") || !strings.HasSuffix(got[1], " UTC  Deploy to Prod &lt;1.0.0&gt; succeeded, by system"+trail) {
		p.Fatalf("it was told %q", got)
	}
	if s := p.state(brief).Slack; s.Failures != 0 || s.LastError != "" {
		p.Errorf("the state is %+v", s)
	}
}

// TestSlackKeepsItsAddress holds that the address of a webhook, with which
// anybody can post, is told nobody when Slack cannot be reached.
func TestSlackKeepsItsAddress(t *testing.T) {
	each(t, func(p *post) {
		c := newChannel(p.T)
		c.Close()
		s := p.subscribe(slackAt(c.URL, func(n *catalog.EventNotification) { n.SlackFrequencyPeriod = "00:00:00" }))
		p.tell(store.Event{Category: "DeploymentFailed", Message: "Deploy to Prod failed"})
		p.later(time.Minute)
		p.deliver()
		if why := p.state(s).Slack; why.Failures != 1 || !strings.Contains(why.LastError, "Slack could not be reached") || strings.Contains(why.LastError, "word") {
			p.Errorf("the state is %+v", why)
		}
	})
}

// TestSlackBeginsWhenItIsSet holds that a channel is not told what happened
// before it was named.
func TestSlackBeginsWhenItIsSet(t *testing.T) {
	each(t, func(p *post) {
		c := newChannel(p.T)
		s := p.subscribe(func(*catalog.Subscription) {})
		p.tell(store.Event{Category: "DeploymentFailed", Message: "before"})
		p.do(func(tx *store.Tx) error {
			s, err := catalog.Subscriptions.Get(tx, s.ID)
			if err != nil {
				return err
			}
			slackAt(c.URL, func(n *catalog.EventNotification) {
				n.SlackFrequencyPeriod, n.SlackDigestFormat = "00:00:00", "Detailed"
			})(s)
			return catalog.Subscriptions.Put(tx, s)
		})
		p.tell(store.Event{Category: "DeploymentFailed", Message: "after"})
		p.later(time.Minute)
		p.deliver()
		if got := strings.Join(c.said(), "\n"); !strings.Contains(got, "1 event") || !strings.Contains(got, "after") || strings.Contains(got, "before") {
			p.Errorf("it was told %q", got)
		}
	})
}
