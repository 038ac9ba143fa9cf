package api

import (
	"encoding/json"
	"net/mail"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/setting"
	"github.com/takodeploy/tako/internal/step"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

// Whoever may set up mail may see whether it works.
var _ = starts(step.MailTrialTask, func(_ *API, r *Request, _ string, arguments json.RawMessage) (task.New, error) {
	if err := r.Need(configure, At{System: true}); err != nil {
		return task.New{}, err
	}
	var want step.MailTrial
	if err := kind.Unmarshal(arguments, &want); err != nil {
		return task.New{}, err
	}
	return task.New{Description: "Send a test message to " + want.EmailAddress}, want.Check()
})

// mailValues are the settings for mail as clients see them. The sign-in is in
// two places: clients differ in where they look for it.
type mailValues struct {
	SMTPHost      string `json:"SmtpHost"`
	SMTPPort      int    `json:"SmtpPort"`
	SendEmailFrom string
	SMTPLogin     string    `json:"SmtpLogin"`
	SMTPPassword  withheld  `json:"SmtpPassword"`
	NewPassword   string    `json:"NewSmtpPassword,omitempty"` // goes in only
	EnableSSL     bool      `json:"EnableSsl"`
	Timeout       int       // milliseconds
	Details       mailLogin // as in SMTPLogin and SMTPPassword
}

type mailLogin struct {
	CredentialType string
	SMTPLogin      string   `json:"SmtpLogin"`
	SMTPPassword   withheld `json:"SmtpPassword"`
	NewPassword    string   `json:"NewSmtpPassword,omitempty"`
}

// withheld is a value that goes in and does not come out.
type withheld struct {
	HasValue bool
	NewValue *string
	Hint     *string
}

// over gives what becomes of a secret.
func (w withheld) over(old string) string {
	switch {
	case w.NewValue != nil && *w.NewValue != "":
		return *w.NewValue
	case w.HasValue:
		return old
	}
	return ""
}

const mailTimeout = 30 * time.Second

func mailValuesOf(m step.Mail) mailValues {
	if m.Timeout == 0 {
		m.Timeout = mailTimeout
	}
	if m.Port == 0 {
		m.Port = 25
	}
	hidden := withheld{HasValue: m.Password != ""}
	return mailValues{SMTPHost: m.Host, SMTPPort: m.Port, SendEmailFrom: m.From, SMTPLogin: m.Login, SMTPPassword: hidden,
		EnableSSL: m.TLS || m.Security == "tls" || m.Security == "starttls", Timeout: int(m.Timeout.Milliseconds()),
		Details: mailLogin{CredentialType: "UsernamePassword", SMTPLogin: m.Login, SMTPPassword: hidden}}
}

func viewMail(tx *store.Tx) (any, error) {
	m, err := step.GetMail(tx)
	return mailValuesOf(m), err
}

func changeMail(tx *store.Tx, body []byte) error {
	old, err := step.GetMail(tx)
	if err != nil {
		return err
	}
	before := mailValuesOf(old)
	v := before
	if err := kind.Unmarshal(body, &v); err != nil {
		return err
	}
	next := step.Mail{Host: v.SMTPHost, Port: v.SMTPPort, From: v.SendEmailFrom, TLS: v.EnableSSL, Timeout: time.Duration(v.Timeout) * time.Millisecond}
	if v.EnableSSL == before.EnableSSL {
		next.TLS, next.Security = old.TLS, old.Security // as exact as before
	}
	// Where the two places differ, the one that was changed counts.
	next.Login, next.Password = v.SMTPLogin, v.SMTPPassword.over(old.Password)
	if v.SMTPLogin == before.SMTPLogin {
		next.Login = v.Details.SMTPLogin
	}
	if v.SMTPPassword == before.SMTPPassword {
		next.Password = v.Details.SMTPPassword.over(old.Password)
	}
	for _, p := range []string{v.NewPassword, v.Details.NewPassword} {
		if p != "" {
			next.Password = p
		}
	}
	var wrong fault.Complaints
	checkMail(&next, v.Timeout, &wrong)
	if len(wrong) > 0 {
		return wrong.Err()
	}
	if err := step.PutMail(tx, next); err != nil {
		return err
	}
	changes, err := setting.Differences(before, mailValuesOf(next))
	if err != nil {
		return err
	}
	if len(changes) == 0 && old.Password == next.Password {
		return nil
	}
	return setting.Record(tx, "smtp", changes)
}

func checkMail(m *step.Mail, timeout int, wrong *fault.Complaints) {
	if m.Host == "" {
		return
	}
	if m.Port < 1 || m.Port > 65535 {
		wrong.Add("SmtpPort is %d: give a port, usually 587, 465 or 25.", m.Port)
	}
	if _, err := mail.ParseAddress(m.From); err != nil {
		wrong.Add("SendEmailFrom is '%s': give the mail address that mails come from.", m.From)
	}
	if timeout < 0 || timeout > 10*60*1000 {
		wrong.Add("Timeout is %d: give a number of milliseconds up to 600000; 0 is 30 seconds.", timeout)
	}
	if m.Password != "" && m.Login == "" {
		wrong.Add("SmtpLogin is missing although there is a password: give both or neither.")
	}
}

type mailConfigured struct {
	IsConfigured bool
	Links        map[string]string
}

// mailConfigured tells pages whether anything that sends mail can work.
func (a *API) mailConfigured(r *Request) (any, error) {
	var m step.Mail
	err := r.View(func(tx *store.Tx) (err error) {
		m, err = step.GetMail(tx)
		return err
	})
	return mailConfigured{m.Host != "" && m.From != "", map[string]string{"Self": "/api/smtpconfiguration/isconfigured"}}, err
}
