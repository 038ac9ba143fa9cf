package subscription_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/step"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/store/storetest"
	"github.com/takodeploy/tako/internal/subscription"
)

const space = "Spaces-1"

// post is a server with subscriptions, and a clock of its own.
type post struct {
	*testing.T
	db   *store.DB
	pump *subscription.Pump
	mu   *sync.Mutex
	now  time.Time
	mail step.Mail
}

func each(t *testing.T, test func(p *post)) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		if err := kind.Prepare(db); err != nil {
			t.Fatal(err)
		}
		p := &post{T: t, db: db, mu: &sync.Mutex{}, now: time.Now()}
		p.do(func(tx *store.Tx) error {
			_, err := catalog.Seed(tx, catalog.AdminSeed{Username: "ada"})
			return err
		})
		p.pump = p.node("one")
		test(p)
	})
}

// node is a node of the server.
func (p *post) node(name string) *subscription.Pump {
	return &subscription.Pump{DB: p.db, Node: name, URL: "https://tako.test", Now: p.clock,
		Document: func(e *store.Event) any { return map[string]any{"Message": e.Message, "Category": e.Category} },
		Mail:     func(context.Context) (step.Mail, error) { return p.mail, nil }}
}

func (p *post) clock() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}

func (p *post) later(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now = p.now.Add(d)
}

func (p *post) do(f func(tx *store.Tx) error) {
	p.Helper()
	if err := p.db.Do(context.Background(), f); err != nil {
		p.Fatal(err)
	}
}

func (p *post) subscribe(change func(s *catalog.Subscription)) *catalog.Subscription {
	p.Helper()
	s := &catalog.Subscription{Name: "News"}
	s.SpaceID = space
	change(s)
	p.do(func(tx *store.Tx) error { return catalog.Subscriptions.Put(tx, s) })
	return s
}

func (p *post) tell(e store.Event) {
	p.Helper()
	p.do(func(tx *store.Tx) error {
		one := e
		one.Space = space
		return tx.Append(&one)
	})
}

// deliver lets everything be delivered that is due.
func (p *post) deliver() {
	p.Helper()
	if err := p.pump.Tick(p.Context()); err != nil {
		p.Fatal(err)
	}
	p.pump.Wait()
}

// program takes messages over HTTP.
type program struct {
	*httptest.Server
	mu     sync.Mutex
	got    []string
	ids    []string
	header []string
	answer func(n int) int // the status for the nth message
	count  int
}

func newProgram(t *testing.T) *program {
	g := &program{answer: func(int) int { return 200 }}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var m struct {
			EventType string
			Payload   struct {
				ServerUri, BatchId string
				Subscription       map[string]any
				Event              map[string]string
			}
		}
		body, _ := io.ReadAll(r.Body)
		if err := json.Unmarshal(body, &m); err != nil || m.EventType != "SubscriptionPayload" || m.Payload.ServerUri != "https://tako.test" || m.Payload.Subscription["Name"] != "News" {
			t.Errorf("%v: %s", err, body)
		}
		g.mu.Lock()
		defer g.mu.Unlock()
		g.count++
		status := g.answer(g.count)
		w.WriteHeader(status)
		if status < 300 {
			g.got, g.ids = append(g.got, m.Payload.Event["Message"]), append(g.ids, m.Payload.BatchId)
			g.header = append(g.header, r.Header.Get("X-Secret"))
		}
	}))
	t.Cleanup(g.Close)
	return g
}

func (g *program) messages() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.got)
}

func TestWebhook(t *testing.T) { each(t, testWebhook) }

func testWebhook(p *post) {
	g := newProgram(p.T)
	p.tell(store.Event{Message: "before"})
	p.subscribe(func(s *catalog.Subscription) {
		n := &s.EventNotificationSubscription
		n.WebhookURI, n.WebhookHeaderKey, n.WebhookHeaderValue = g.URL, "X-Secret", "open"
		n.Filter.EventCategories = []string{"DeploymentSucceeded", "DeploymentFailed"}
	})
	for i := range 3 {
		p.tell(store.Event{Category: "DeploymentSucceeded", Message: fmt.Sprint("good ", i)})
		p.tell(store.Event{Category: "DeploymentQueued", Message: "not asked for"})
	}
	p.deliver()
	p.deliver()
	if diff := cmp.Diff([]string{"good 0", "good 1", "good 2"}, g.messages()); diff != "" {
		p.Error(diff)
	}
	if g.header[0] != "open" || g.ids[0] == g.ids[1] {
		p.Error(g.header, g.ids)
	}
}

// What does not arrive is tried again, later and later, in order, and nothing is
// lost.
func TestWebhookIsTriedAgain(t *testing.T) { each(t, testWebhookIsTriedAgain) }

func testWebhookIsTriedAgain(p *post) {
	g := newProgram(p.T)
	g.answer = func(n int) int {
		if n == 2 || n == 3 {
			return 503
		}
		return 202
	}
	s := p.subscribe(func(s *catalog.Subscription) {
		s.EventNotificationSubscription.WebhookURI, s.EventNotificationSubscription.Filter.EventCategories = g.URL, []string{"Any"}
	})
	for _, text := range []string{"a", "b", "c"} {
		p.tell(store.Event{Category: "Any", Message: text})
	}
	tries := func() int {
		g.mu.Lock()
		defer g.mu.Unlock()
		return g.count
	}
	p.deliver()
	p.deliver() // not due
	if got := p.state(s); got.Webhook.Failures != 1 || !strings.Contains(got.Webhook.LastError, "503") || tries() != 2 {
		p.Errorf("%d tries, %+v", tries(), got.Webhook)
	}
	p.later(5 * time.Second)
	p.deliver()
	p.later(5 * time.Second)
	p.deliver() // the second pause is longer
	if got := p.state(s); got.Webhook.Failures != 2 {
		p.Errorf("%+v", got.Webhook)
	}
	p.later(5 * time.Second)
	p.deliver()
	if diff := cmp.Diff([]string{"a", "b", "c"}, g.messages()); diff != "" {
		p.Error(diff)
	}
	if got := p.state(s); got.Webhook.Failures != 0 || got.Webhook.LastDelivered == nil || got.Holder != "" {
		p.Errorf("%+v", got)
	}
}

func (p *post) state(s *catalog.Subscription) (state *catalog.SubscriptionState) {
	p.Helper()
	p.do(func(tx *store.Tx) (err error) {
		state, err = catalog.SubscriptionStates.Get(tx, catalog.SubscriptionStateID(s.ID))
		return err
	})
	return state
}

// A node that dies after it has sent and before it has written that down leaves
// the delivery to the next, which makes it again and goes on.
func TestWebhookOutlivesItsNode(t *testing.T) { each(t, testWebhookOutlivesItsNode) }

func testWebhookOutlivesItsNode(p *post) {
	arrived, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	g := newProgram(p.T)
	g.answer = func(int) int { return 200 }
	dying := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		once.Do(func() { close(arrived) })
		<-goOn
	}))
	defer dying.Close()
	s := p.subscribe(func(s *catalog.Subscription) {
		s.EventNotificationSubscription.WebhookURI = dying.URL
		s.EventNotificationSubscription.Filter.EventCategories = []string{"Any"}
	})
	p.tell(store.Event{Category: "Any", Message: "first"})
	p.tell(store.Event{Category: "Any", Message: "second"})
	ctx, kill := context.WithCancel(p.Context())
	if err := p.pump.Tick(ctx); err != nil {
		p.Fatal(err)
	}
	<-arrived
	kill()
	p.pump.Wait() // it has given up before there is an answer
	close(goOn)
	// The one that died holds it for a while; then another takes it.
	p.do(func(tx *store.Tx) error {
		s.EventNotificationSubscription.WebhookURI = g.URL
		return catalog.Subscriptions.Put(tx, s)
	})
	p.pump = p.node("two")
	p.deliver()
	if got := g.messages(); len(got) > 0 {
		p.Error("it was taken from a node that may be alive:", got)
	}
	p.later(time.Minute)
	p.deliver()
	if diff := cmp.Diff([]string{"first", "second"}, g.messages()); diff != "" {
		p.Error(diff)
	}
}

func TestFilters(t *testing.T) { each(t, testFilters) }

func testFilters(p *post) {
	var group, project, tenant string
	p.do(func(tx *store.Tx) error {
		g, err := catalog.ProjectGroups.Find(tx, space, "Default Project Group")
		if err != nil {
			return err
		}
		l, err := catalog.Lifecycles.Find(tx, space, "Default Lifecycle")
		if err != nil {
			return err
		}
		set := &catalog.TagSet{Tags: []catalog.Tag{{Name: "Gold"}}}
		set.Name, set.SpaceID = "Ring", space
		if err := catalog.TagSets.Put(tx, set); err != nil {
			return err
		}
		pr := &catalog.Project{ProjectGroupID: g.ID, LifecycleID: l.ID}
		pr.Name, pr.SpaceID = "Shop", space
		if err := catalog.Projects.Put(tx, pr); err != nil {
			return err
		}
		tn := &catalog.Tenant{TenantTags: []string{"Ring/Gold"}}
		tn.Name, tn.SpaceID = "Acme", space
		err = catalog.Tenants.Put(tx, tn)
		group, project, tenant = g.ID, pr.ID, tn.ID
		return err
	})
	for name, c := range map[string]struct {
		filter catalog.EventFilter
		yes    []store.Event
		no     []store.Event
	}{
		"project":   {catalog.EventFilter{Projects: []string{project}}, []store.Event{{Document: project}, {Related: []string{project}}}, []store.Event{{Document: "Projects-99"}}},
		"group":     {catalog.EventFilter{ProjectGroups: []string{group}}, []store.Event{{Related: []string{project}}, {Document: group}}, []store.Event{{Document: "Projects-99"}}},
		"place":     {catalog.EventFilter{Environments: []string{"Environments-1"}, Tenants: []string{tenant}}, []store.Event{{Related: []string{"Environments-1", tenant}}}, []store.Event{{Related: []string{"Environments-1"}}, {Related: []string{tenant}}}},
		"tags":      {catalog.EventFilter{Tags: []string{"Ring/Gold"}}, []store.Event{{Related: []string{tenant}}}, []store.Event{{Related: []string{"Tenants-99"}}}},
		"documents": {catalog.EventFilter{DocumentTypes: []string{"Machines"}}, []store.Event{{Document: "Machines-1"}}, []store.Event{{Document: "Workers-1"}}},
		"machines":  {catalog.EventFilter{EventGroups: []string{"MachineHealthChanged"}}, []store.Event{{Category: "MachineHealthy", Document: "Machines-1"}}, []store.Event{{Category: "MachineEnabled", Document: "Machines-1"}, {Category: "DeploymentFailed"}}},
		"machine":   {catalog.EventFilter{EventGroups: []string{"Machine"}}, []store.Event{{Category: "Created", Document: "Machines-1"}}, []store.Event{{Category: "Created", Document: "Projects-1"}}},
		"nobody":    {catalog.EventFilter{Users: []string{"Users-99"}}, nil, []store.Event{{Category: "Any"}}},
		"agents":    {catalog.EventFilter{EventAgents: []string{"curl"}}, nil, []store.Event{{Category: "Any"}}},
	} {
		p.Run(name, func(t *testing.T) {
			q := *p
			q.T = t
			g := newProgram(t)
			s := q.subscribe(func(s *catalog.Subscription) {
				s.EventNotificationSubscription.WebhookURI, s.EventNotificationSubscription.Filter = g.URL, c.filter
			})
			var want []string
			for i, e := range slices.Concat(c.yes, c.no) {
				e.Message = fmt.Sprintf("%d %s %s %v", i, e.Category, e.Document, e.Related)
				if i < len(c.yes) {
					want = append(want, e.Message)
				}
				q.tell(e)
			}
			q.deliver()
			if diff := cmp.Diff(want, g.messages()); diff != "" {
				t.Error(diff)
			}
			q.do(func(tx *store.Tx) error { return catalog.Subscriptions.Delete(tx, s.ID) })
		})
	}
}

// box is an SMTP server.
type box struct {
	mu     sync.Mutex
	refuse string
	down   bool
	all    []letter
}

type letter struct {
	to   string
	text string
}

func (b *box) NewSession(*smtp.Conn) (smtp.Session, error) { return &session{box: b}, nil }

type session struct {
	box *box
	to  string
}

func (s *session) Mail(string, *smtp.MailOptions) error { return nil }

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	if to == s.box.refuse {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
	}
	s.to = to
	return nil
}

func (s *session) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	if s.box.down {
		return &smtp.SMTPError{Code: 451, Message: "later"}
	}
	s.box.all = append(s.box.all, letter{s.to, string(text)})
	return err
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

func (b *box) letters() []letter {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.all)
}

func (p *post) newBox() *box {
	b := &box{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		p.Fatal(err)
	}
	s := smtp.NewServer(b)
	s.Domain = "mail.test"
	go func() {
		if err := s.Serve(l); err != nil && !errors.Is(err, net.ErrClosed) && !errors.Is(err, smtp.ErrServerClosed) {
			p.Error(err)
		}
	}()
	p.Cleanup(func() { s.Close() })
	p.mail = step.Mail{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, From: "tako@example.test", Security: "none"}
	return b
}

func TestDigest(t *testing.T) { each(t, testDigest) }

func testDigest(p *post) {
	b := p.newBox()
	team := p.readers("ann", "bob")
	s := p.subscribe(func(s *catalog.Subscription) {
		n := &s.EventNotificationSubscription
		n.EmailTeams, n.EmailFrequencyPeriod, n.EmailShowDatesInTimeZoneID = []string{team}, "01:00:00", "Europe/Berlin"
		n.Filter.EventCategories = []string{"Any"}
	})
	p.now = time.Now()
	for i := range 3 {
		p.tell(store.Event{Category: "Any", Message: fmt.Sprint("news ", i)})
	}
	p.deliver()
	if got := b.letters(); len(got) != 0 {
		p.Fatal("it did not wait for the period", got)
	}
	// A server that is down for a while loses nothing, and who has it is not told twice.
	b.mu.Lock()
	b.down = true
	b.mu.Unlock()
	p.later(61 * time.Minute)
	p.deliver()
	if got := p.state(s).Email; got.Failures != 1 || got.LastError == "" {
		p.Errorf("%+v", got)
	}
	b.mu.Lock()
	b.down = false
	b.mu.Unlock()
	p.later(time.Minute)
	p.deliver()
	p.deliver()
	letters := b.letters()
	if len(letters) != 2 || letters[0].to != "ann@example.test" || letters[1].to != "bob@example.test" {
		p.Fatalf("%v", letters)
	}
	for _, text := range []string{"Subject: News: 3 events", "news 0", "news 1", "news 2", "CET", "https://tako.test/app#/configuration/audit"} {
		if !strings.Contains(letters[0].text, text) {
			p.Errorf("%q is not in\n%s", text, letters[0].text)
		}
	}
	// A long digest is several mails; an address that is refused holds up nobody.
	b.mu.Lock()
	b.refuse = "ann@example.test"
	b.mu.Unlock()
	for i := range 150 {
		p.tell(store.Event{Category: "Any", Message: fmt.Sprint("more ", i)})
	}
	p.later(2 * time.Hour)
	p.deliver()
	letters = b.letters()[2:]
	if len(letters) != 2 || !strings.Contains(letters[0].text, "100 events") || !strings.Contains(letters[1].text, "50 events") || letters[0].to != "bob@example.test" {
		p.Fatalf("%d letters: %.300v", len(letters), letters)
	}
}

// readers makes a team of users who may see the audit trail, with one in it who
// is switched off.
func (p *post) readers(names ...string) (id string) {
	p.Helper()
	p.do(func(tx *store.Tx) error {
		team := &catalog.Team{}
		team.Name, team.SpaceID = "Readers", space
		for _, name := range append(names, "off") {
			u := &catalog.User{Username: name, EmailAddress: name + "@example.test", IsActive: name != "off"}
			if err := catalog.Users.Put(tx, u); err != nil {
				return err
			}
			team.MemberUserIDs = append(team.MemberUserIDs, u.ID)
		}
		if err := catalog.Teams.Put(tx, team); err != nil {
			return err
		}
		id = team.ID
		grant := &catalog.ScopedUserRole{TeamID: team.ID, UserRoleID: "userroles-spacemanager"}
		grant.SpaceID = space
		return catalog.ScopedUserRoles.Put(tx, grant)
	})
	return id
}

// Who may not see the audit trail is told nothing of it, and holds up nobody.
func TestDigestIsForWhoMaySee(t *testing.T) {
	each(t, func(p *post) {
		b := p.newBox()
		var id string
		p.do(func(tx *store.Tx) error {
			u := &catalog.User{Username: "blind", EmailAddress: "blind@example.test", IsActive: true}
			if err := catalog.Users.Put(tx, u); err != nil {
				return err
			}
			team := &catalog.Team{MemberUserIDs: []string{u.ID}}
			team.Name, team.SpaceID = "Blind", space
			err := catalog.Teams.Put(tx, team)
			id = team.ID
			return err
		})
		s := p.subscribe(func(s *catalog.Subscription) {
			s.EventNotificationSubscription.EmailTeams, s.EventNotificationSubscription.EmailFrequencyPeriod = []string{id}, "00:00:00"
			s.EventNotificationSubscription.Filter.EventCategories = []string{"Any"}
		})
		before := p.state(s).Email.Position()
		p.tell(store.Event{Category: "Any", Message: "secret"})
		p.later(time.Minute)
		p.deliver()
		if got := p.state(s).Email; len(b.letters()) != 0 || !got.Position().After(before) {
			p.Error(b.letters(), got)
		}
	})
}

// What happened while a subscription was switched off is not told afterwards.
func TestSwitchedOff(t *testing.T) {
	each(t, func(p *post) {
		g := newProgram(p.T)
		s := p.subscribe(func(s *catalog.Subscription) {
			s.EventNotificationSubscription.WebhookURI, s.IsDisabled = g.URL, true
			s.EventNotificationSubscription.Filter.EventCategories = []string{"Any"}
		})
		p.tell(store.Event{Category: "Any", Message: "off"})
		p.deliver()
		p.do(func(tx *store.Tx) error {
			s.IsDisabled = false
			return catalog.Subscriptions.Put(tx, s)
		})
		p.tell(store.Event{Category: "Any", Message: "on"})
		p.deliver()
		if diff := cmp.Diff([]string{"on"}, g.messages()); diff != "" {
			p.Error(diff)
		}
	})
}

// A team that cannot be read is not one that may see nothing: the event waits.
func TestWebhookWaitsForItsTeams(t *testing.T) {
	each(t, func(p *post) {
		g := newProgram(p.T)
		team := p.readers("eve")
		p.subscribe(func(s *catalog.Subscription) {
			s.EventNotificationSubscription.WebhookURI, s.EventNotificationSubscription.WebhookTeams = g.URL, []string{team}
			s.EventNotificationSubscription.Filter.EventCategories = []string{"Any"}
		})
		p.tell(store.Event{Category: "Any", Message: "kept"})
		put := func(value string) {
			p.do(func(tx *store.Tx) error {
				_, err := tx.Exec("update document set data = $1 where id = $2", value, team)
				return err
			})
		}
		var good string
		p.do(func(tx *store.Tx) error {
			_, err := tx.QueryRow([]any{&good}, "select data from document where id = $1", team)
			return err
		})
		put(`{"MemberUserIds": 7}`)
		p.deliver()
		if got := g.messages(); len(got) > 0 {
			p.Error(got)
		}
		put(good)
		p.later(time.Hour)
		p.deliver()
		if diff := cmp.Diff([]string{"kept"}, g.messages()); diff != "" {
			p.Error(diff)
		}
	})
}
