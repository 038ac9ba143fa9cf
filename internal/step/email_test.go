package step

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/variable"
)

// mailbox is a real SMTP server that keeps what it is given.
type mailbox struct {
	mu       sync.Mutex
	messages []delivered
	login    string // required with the password "pass", unless empty
	refuse   string // a recipient that is not accepted
}

type delivered struct {
	from string
	to   []string
	text string
}

func (b *mailbox) NewSession(*smtp.Conn) (smtp.Session, error) { return &mailSession{box: b}, nil }

type mailSession struct {
	box  *mailbox
	auth bool
	now  delivered
}

func (s *mailSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *mailSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != s.box.login || password != "pass" {
			return errors.New("wrong")
		}
		s.auth = true
		return nil
	}), nil
}

func (s *mailSession) Mail(from string, _ *smtp.MailOptions) error {
	if s.box.login != "" && !s.auth {
		return smtp.ErrAuthRequired
	}
	s.now = delivered{from: from}
	return nil
}

func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if to == s.box.refuse {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
	}
	s.now.to = append(s.now.to, to)
	return nil
}

func (s *mailSession) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	s.now.text = string(data)
	s.box.mu.Lock()
	s.box.messages = append(s.box.messages, s.now)
	s.box.mu.Unlock()
	return err
}

func (s *mailSession) Reset()        {}
func (s *mailSession) Logout() error { return nil }

// newMailbox starts the server and gives the settings that lead to it.
func newMailbox(t *testing.T, box *mailbox, security string) Mail {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := smtp.NewServer(box)
	s.Domain, s.AllowInsecureAuth = "mail.test", true
	settings := Mail{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, From: "Tako <tako@example.test>", Security: security}
	if security != "none" {
		s.TLSConfig, settings.Trust = certificate(t)
	}
	if security == "tls" {
		l = tls.NewListener(l, s.TLSConfig)
	}
	if security == "always" {
		settings.Security, settings.TLS = "", true
	}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { s.Close() })
	return settings
}

// certificate makes one for 127.0.0.1, and what trusts it.
func certificate(t *testing.T) (server, trust *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, &tls.Config{RootCAs: roots}
}

type crowd map[string][]variable.Person // by team

func (c crowd) Person(_ context.Context, id string) (variable.Person, error) {
	for _, team := range c {
		for _, p := range team {
			if p.ID == id {
				return p, nil
			}
		}
	}
	return variable.Person{ID: id}, nil
}

func (c crowd) Members(_ context.Context, _ string, teams []string) ([]variable.Person, error) {
	var all []variable.Person
	for _, t := range teams {
		all = append(all, c[t]...)
	}
	return all, nil
}

var people = crowd{"Teams-1": {
	{ID: "Users-1", Username: "ann", DisplayName: "Ann", EmailAddress: "ann@example.test"},
	{ID: "Users-2", Username: "bob", DisplayName: "Bob"},
}}

func emailJob(properties map[string]string) Job {
	values := []variable.Value{{Name: "Octopus.Project.Name", Value: "Webshöp"}, {Name: "Steps", Value: "one,two"}}
	all := map[string]string{}
	for name, value := range properties {
		all["Octopus.Action.Email."+name] = value
	}
	return Job{
		Action: "Mail", Type: "Octopus.Email", Ticket: "ticket1", Properties: all, Started: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC),
		Variables: variable.Resolve(values, variable.Context{}),
	}
}

// send runs the executor with settings for mail.
func (b *bench) send(ctx context.Context, job Job, settings Mail) Outcome {
	b.t.Helper()
	job.Tools = &Tools{People: people, Mail: func(context.Context) (Mail, error) { return settings, nil }}
	o, err := Email.Run(ctx, b.job(job, false))
	if err != nil {
		b.t.Fatal(err)
	}
	return o
}

func TestEmail(t *testing.T) {
	for _, security := range []string{"", "none", "starttls", "tls", "always"} {
		box := &mailbox{login: "me"}
		settings := newMailbox(t, box, security)
		settings.Login, settings.Password = "me", "pass"
		b := newBench(t, nil)
		job := emailJob(map[string]string{
			"To": "carl@example.test; ann@example.test", "ToTeamIds": "Teams-1", "CC": "dora@example.test", "Bcc": "eve@example.test",
			"Subject": "#{Octopus.Project.Name}\r\nis out", "Body": "#{each s in Steps}<b>#{s}</b>#{/each}", "IsHtml": "True", "Priority": "High",
		})
		for range 2 { // the second stands for one after a crash
			if o := b.send(context.Background(), job, settings); o.State != Succeeded {
				t.Fatalf("%+v", o)
			}
		}
		if len(box.messages) != 2 {
			t.Fatalf("%d messages", len(box.messages))
		}
		got := box.messages[0]
		slices.Sort(got.to)
		if diff := cmp.Diff([]string{"ann@example.test", "carl@example.test", "dora@example.test", "eve@example.test"}, got.to); diff != "" {
			t.Error(diff)
		}
		if box.messages[1].text != got.text {
			t.Errorf("the second message differs:\n%s\n%s", got.text, box.messages[1].text)
		}
		checkMessage(t, got.text)
	}
}

func checkMessage(t *testing.T, text string) {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		t.Error(err)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil {
		t.Error(err)
	}
	got := []string{
		subject, strings.TrimSpace(string(body)), m.Header.Get("Message-ID"), m.Header.Get("From"), m.Header.Get("Importance"),
		m.Header.Get("Content-Type"), m.Header.Get("Bcc"), m.Header.Get("Date"),
	}
	want := []string{
		"Webshöp is out", "<b>one</b><b>two</b>", "<ticket1@example.test>", `"Tako" <tako@example.test>`, "high",
		"text/html; charset=UTF-8", "", "Sun, 01 Nov 2026 12:00:00 +0000",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEmailFails(t *testing.T) {
	open := newMailbox(t, &mailbox{refuse: "nobody@example.test"}, "none")
	closed := newMailbox(t, &mailbox{login: "me"}, "none")
	nowhere := Mail{Host: "127.0.0.1", Port: 1, From: "a@example.test"}
	tests := []struct {
		name       string
		settings   Mail
		properties map[string]string
		want       string
	}{
		{"not set up", Mail{}, nil, "need a host and a sender"},
		{"nobody", open, map[string]string{"Subject": "x"}, "has nobody to go to"},
		{"no address", open, map[string]string{"To": "not an address"}, "To holds something that is not an e-mail address"},
		{"refused", open, map[string]string{"To": "nobody@example.test"}, "no such user"},
		{"not signed in", closed, map[string]string{"To": "ann@example.test"}, "Please authenticate"},
		{"no server", nowhere, map[string]string{"To": "ann@example.test"}, "connection refused"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := newBench(t, nil).send(context.Background(), emailJob(tt.properties), tt.settings)
			if o.State != Failed || !strings.Contains(o.Error, tt.want) {
				t.Errorf("got %s %q", o.State, o.Error)
			}
		})
	}
}
