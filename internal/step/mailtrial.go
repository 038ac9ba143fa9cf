package step

import (
	"context"
	"errors"
	"fmt"
	netmail "net/mail"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/takodeploy/tako/internal/fault"
)

// MailTrialTask is the name of the tasks that send one message, to see whether
// mail works.
const MailTrialTask = "TestEmail"

// MailTrial are the arguments of such a task.
type MailTrial struct {
	EmailAddress string
}

// Check complains of an address that is none.
func (m MailTrial) Check() error {
	if _, err := netmail.ParseAddress(m.EmailAddress); err != nil {
		return fault.New(fault.Invalid, "EmailAddress is %q, which is not an e-mail address: give the one that the message goes to.", m.EmailAddress)
	}
	return nil
}

// SendTrial sends a message that says that mail works.
func (s Mail) SendTrial(ctx context.Context, to, id string, at time.Time) error {
	if s.Host == "" || s.From == "" {
		return errors.New("this server is not set up to send e-mail: the settings for SMTP need a host and a sender")
	}
	m := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := m.From(s.From); err != nil {
		return fmt.Errorf("the sender %q in the settings for SMTP is not an e-mail address", s.From)
	}
	if err := m.To(to); err != nil {
		return fmt.Errorf("%q is not an e-mail address", to)
	}
	m.Subject("Tako can send mail")
	m.SetBodyString(mail.TypeTextPlain, "Somebody wanted to see whether this server can send mail. It can.\r\n")
	m.SetMessageIDWithValue(id + "@" + domain(s.From))
	m.SetDateWithValue(at)
	return s.Send(ctx, m)
}
