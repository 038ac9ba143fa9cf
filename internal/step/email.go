package step

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
)

// Mail is how this server sends e-mail.
type Mail struct {
	Host     string
	Port     int // 0 is 25, or 465 when Security is tls
	Login    string
	Password string
	From     string
	// TLS requires an encrypted connection: from the start on port 465, else
	// by STARTTLS. Without it, encryption is used when the server offers it.
	TLS bool
	// Security, unless empty, says it more exactly: "tls" encrypts from the
	// start, "starttls" requires STARTTLS, "none" never encrypts.
	Security string
	Timeout  time.Duration // 0 is 30 s
	// Trust, unless nil, is used in place of the system's certificates.
	Trust *tls.Config
}

// Email sends an e-mail. The Message-ID is made from the record, so that a
// message that is sent again after a crash is recognised as the same.
var Email = Register("Octopus.Email", ExecutorFunc(runEmail))

func runEmail(ctx context.Context, job *Job) (Outcome, error) {
	if ctx.Err() != nil {
		return stopped(context.Cause(ctx), ""), giveUp(ctx)
	}
	if job.Tools == nil || job.Tools.Mail == nil {
		return Failure("This server is not set up to send e-mail."), nil
	}
	server, err := job.Tools.Mail(ctx)
	if err != nil {
		return failed(ctx, err)
	}
	if server.Host == "" || server.From == "" {
		return Failure("This server is not set up to send e-mail: the settings for SMTP need a host and a sender."), nil
	}
	msg, count, err := compose(ctx, job, server)
	if err != nil {
		return failed(ctx, err)
	}
	if count == 0 {
		return Failure("The e-mail has nobody to go to: no address is set, and the teams have no members with one."), nil
	}
	// The server at the other end may repeat what it is told.
	if err := job.Take(ctx, Batch{Secrets: []string{server.Password}}); err != nil {
		return Outcome{}, err
	}
	if err := server.Send(ctx, msg); err != nil {
		if ctx.Err() != nil {
			return failed(ctx, err)
		}
		return Failure("The e-mail was not sent: %v", err), nil
	}
	o := Success()
	o.Lines = []Line{{Category: Info, Text: fmt.Sprintf("The e-mail was sent to %s.", plural(count, "address", "addresses"))}}
	return o, nil
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

var importance = map[string]mail.Importance{
	"low": mail.ImportanceLow, "normal": mail.ImportanceNormal, "high": mail.ImportanceHigh,
}

// compose makes the message and counts whom it goes to.
func compose(ctx context.Context, job *Job, server Mail) (*mail.Msg, int, error) {
	v := newValues(job)
	m := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := m.From(server.From); err != nil {
		return nil, 0, invalid("The sender %q in the settings for SMTP is not an e-mail address.", server.From)
	}
	count := 0
	for _, kind := range []struct {
		name string
		add  func(...string) error
	}{{"To", m.To}, {"CC", m.Cc}, {"Bcc", m.Bcc}} {
		all, err := addresses(ctx, job, v, kind.name)
		if err != nil {
			return nil, 0, err
		}
		if len(all) == 0 {
			continue
		}
		if err := kind.add(all...); err != nil {
			return nil, 0, invalid("%s holds something that is not an e-mail address: %v.", kind.name, err)
		}
		count += len(all)
	}
	// Line breaks in a subject would end the header.
	m.Subject(strings.Join(strings.Fields(v.text("Octopus.Action.Email.Subject")), " "))
	contentType := mail.TypeTextPlain
	if v.flag("Octopus.Action.Email.IsHtml") {
		contentType = mail.TypeTextHTML
	}
	m.SetBodyString(contentType, v.text("Octopus.Action.Email.Body"))
	if i, ok := importance[strings.ToLower(strings.TrimSpace(v.text("Octopus.Action.Email.Priority")))]; ok && i != mail.ImportanceNormal {
		m.SetImportance(i)
	}
	m.SetMessageIDWithValue(job.Ticket + "@" + domain(server.From))
	// A message that is sent again is the same in everything.
	m.SetDateWithValue(job.Started)
	return m, count, nil
}

// addresses are those that are named and those of the teams' members.
func addresses(ctx context.Context, job *Job, v values, kind string) ([]string, error) {
	all := v.list("Octopus.Action.Email." + kind)
	teams := v.list("Octopus.Action.Email." + kind + "TeamIds")
	if len(teams) > 0 {
		if job.Tools.People == nil {
			return nil, invalid("The e-mail goes to teams, and this server knows of none.")
		}
		members, err := job.Tools.People.Members(ctx, job.SpaceID, teams)
		if err != nil {
			return nil, err
		}
		for _, p := range members {
			if p.EmailAddress != "" {
				all = append(all, p.EmailAddress)
			}
		}
	}
	var once []string
	for _, a := range all {
		if !slices.ContainsFunc(once, func(b string) bool { return strings.EqualFold(a, b) }) {
			once = append(once, a)
		}
	}
	return once, nil
}

// domain is the part of an address after the @.
func domain(address string) string {
	address = strings.TrimRight(address, "> ")
	if at := strings.LastIndexByte(address, '@'); at >= 0 && at < len(address)-1 {
		return address[at+1:]
	}
	return "tako"
}

// Send talks to the SMTP server.
func (s Mail) Send(ctx context.Context, m *mail.Msg) error {
	err := s.send(ctx, m, mail.SMTPAuthAutoDiscover)
	if errors.Is(err, mail.ErrNoSupportedAuthDiscovered) && !s.TLS && (s.Security == "" || s.Security == "none") {
		// The server knows no encryption and the settings ask for none: its
		// owner has decided.
		err = s.send(ctx, m, mail.SMTPAuthPlainNoEnc)
	}
	if err != nil {
		return s.explain(err)
	}
	return nil
}

func (s Mail) send(ctx context.Context, m *mail.Msg, auth mail.SMTPAuthType) error {
	c, err := s.client(auth)
	if err != nil {
		return err
	}
	return c.DialAndSendWithContext(ctx, m)
}

func (s Mail) client(auth mail.SMTPAuthType) (*mail.Client, error) {
	timeout := s.Timeout
	if timeout == 0 {
		timeout = 30 * time.Second
	}
	options := []mail.Option{mail.WithTimeout(timeout), mail.WithTLSPolicy(mail.TLSOpportunistic)}
	port := s.Port
	switch {
	case s.Security == "tls", s.Security == "" && s.TLS && port == 465:
		options = append(options, mail.WithSSL())
	case s.Security == "starttls", s.Security == "" && s.TLS:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	case s.Security == "none":
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	}
	if port == 0 {
		port = 25
		if s.Security == "tls" {
			port = 465
		}
	}
	options = append(options, mail.WithPort(port))
	if s.Trust != nil {
		trust := s.Trust.Clone()
		trust.ServerName = s.Host
		options = append(options, mail.WithTLSConfig(trust))
	}
	if s.Login != "" {
		options = append(options, mail.WithSMTPAuth(auth), mail.WithUsername(s.Login), mail.WithPassword(s.Password))
	}
	c, err := mail.NewClient(s.Host, options...)
	if err != nil {
		return nil, fmt.Errorf("the settings for SMTP: %w", err)
	}
	return c, nil
}

// explain puts where it happened before what happened.
func (s Mail) explain(err error) error {
	port := s.Port
	if port == 0 {
		port = 25
	}
	at := net.JoinHostPort(s.Host, fmt.Sprint(port))
	var network net.Error
	if errors.As(err, &network) && network.Timeout() {
		return fmt.Errorf("the SMTP server %s did not answer in time: %w", at, err)
	}
	return fmt.Errorf("the SMTP server %s: %w", at, err)
}
