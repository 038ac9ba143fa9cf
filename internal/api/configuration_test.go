package api

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/access"
	"github.com/takodeploy/tako/internal/step"
	"github.com/takodeploy/tako/internal/store"
)

func TestConfigurationSections(t *testing.T) {
	h := newHarness(t)
	list := h.call(200, "GET", "/api/configuration", nil)
	if each(list, "Id") != "server maintenance authentication features smtp retentionpolicies webportal" || at(list, "ItemType") != "ConfigurationSection" {
		t.Errorf("%v", list)
	}
	for i := range 7 {
		s := at(list, "Items", i)
		self := at(s, "Links", "Self").(string)
		if d := cmp.Diff(s, h.call(200, "GET", self, nil)); d != "" {
			t.Error(d)
		}
		values := h.call(200, "GET", at(s, "Links", "Values").(string), nil)
		if at(values, "Id") != at(s, "Id") || at(values, "Links", "Self") != at(s, "Links", "Values") {
			t.Errorf("%v", values)
		}
		// What is read can be written as it is, and changes nothing.
		h.call(200, "PUT", at(s, "Links", "Values").(string), values)
		form := h.call(200, "GET", at(s, "Links", "Metadata").(string), nil)
		if at(form, "Types", 0, "Name") != at(s, "Id") || at(form, "Types", 0, "Properties", 0, "Name") == nil {
			t.Errorf("%v", form)
		}
	}
	if n := at(h.call(200, "GET", "/api/events?eventCategories=Modified&documentTypes=configuration", nil), "TotalResults"); n != 0.0 {
		t.Errorf("%v changes are on record before any", n)
	}
	h.call(404, "GET", "/api/configuration/nothing", nil)
	h.call(404, "PUT", "/api/configuration/nothing/values", map[string]any{})
}

func TestConfigurationRefuses(t *testing.T) {
	h := newHarness(t)
	for _, c := range []struct {
		section string
		body    any
		words   string
	}{
		{"server", map[string]any{"ServerUri": "deploy.example.com"}, "ServerUri"},
		{"features", map[string]any{"HelpSidebarSupportLink": "javascript:alert(1)"}, "HelpSidebarSupportLink"},
		{"retentionpolicies", map[string]any{"CronExpression": "every day"}, "CronExpression"},
		{"webportal", map[string]any{"Security": map[string]any{"CorsWhitelist": "https://a.example/path"}}, "CorsWhitelist"},
		{"webportal", map[string]any{"Security": map[string]any{"ReferrerPolicy": "no"}}, "ReferrerPolicy"},
		{"webportal", map[string]any{"Security": map[string]any{"XOptions": map[string]any{"XFrameOptions": "ALLOW-FROM"}}}, "XFrameOptions"},
		{"webportal", map[string]any{"Security": map[string]any{"HttpStrictTransportSecurityMaxAge": -1}}, "MaxAge"},
		{"smtp", map[string]any{"SmtpHost": "mail", "SmtpPort": 0, "SendEmailFrom": "a@b.example"}, "SmtpPort"},
		{"smtp", map[string]any{"SmtpHost": "mail", "SmtpPort": 25, "SendEmailFrom": "somebody"}, "SendEmailFrom"},
		{"smtp", map[string]any{"SmtpHost": "mail", "SmtpPort": 25, "SendEmailFrom": "a@b.example", "Timeout": -1}, "Timeout"},
		{"smtp", map[string]any{"SmtpHost": "mail", "SmtpPort": 25, "SendEmailFrom": "a@b.example", "NewSmtpPassword": "x"}, "SmtpLogin"},
	} {
		path := "/api/configuration/" + c.section + "/values"
		before := h.call(200, "GET", path, nil)
		if got := text(t, h.call(400, "PUT", path, c.body)); !strings.Contains(got, c.words) {
			t.Errorf("%s: %s", c.section, got)
		}
		if d := cmp.Diff(before, h.call(200, "GET", path, nil)); d != "" {
			t.Errorf("%s changed all the same: %s", c.section, d)
		}
	}
	lead := []string{"X-Octopus-ApiKey", h.member("lea", "userroles-projectlead")}
	keeper := []string{"X-Octopus-ApiKey", h.keeper("kim", access.ConfigureServer)}
	h.call(200, "GET", "/api/featuresconfiguration", nil, lead...)
	h.call(200, "GET", "/api/smtpconfiguration/isconfigured", nil, lead...)
	for _, path := range []string{"/api/configuration", "/api/configuration/smtp", "/api/configuration/smtp/values", "/api/configuration/smtp/metadata", "/api/smtpconfiguration"} {
		h.call(403, "GET", path, nil, lead...)
		h.call(200, "GET", path, nil, keeper...)
	}
	for path, status := range map[string]int{"configuration/features/values": 200, "configuration/maintenance/values": 403, "maintenanceconfiguration": 403, "configuration/server/values": 403} {
		h.call(403, "PUT", "/api/"+path, map[string]any{}, lead...)
		h.call(status, "PUT", "/api/"+path, map[string]any{}, keeper...)
	}
}

func TestMailSettings(t *testing.T) {
	h := newHarness(t)
	read := func() (m step.Mail) {
		h.do(func(tx *store.Tx) (err error) {
			m, err = step.GetMail(tx)
			return err
		})
		return m
	}
	if at(h.call(200, "GET", "/api/smtpconfiguration/isconfigured", nil), "IsConfigured") != false {
		t.Error("mail is configured before anybody did")
	}
	const hidden = "p4ss-of-the-mail-server"
	sensitive := func(has bool, value any) any { return map[string]any{"HasValue": has, "NewValue": value} }
	for _, c := range []struct {
		name string
		body map[string]any
		want step.Mail
	}{
		{"as the portal sends it", map[string]any{"SmtpHost": "mail.example", "SmtpPort": 587, "SendEmailFrom": "tako@example.com", "EnableSsl": true, "Timeout": 12000,
			"Details": map[string]any{"CredentialType": "UsernamePassword", "SmtpLogin": "tako", "SmtpPassword": sensitive(true, hidden)}},
			step.Mail{Host: "mail.example", Port: 587, Login: "tako", Password: hidden, From: "tako@example.com", TLS: true, Timeout: 12e9}},
		{"without its secret", map[string]any{"SmtpPort": 465, "SmtpPassword": sensitive(true, nil)},
			step.Mail{Host: "mail.example", Port: 465, Login: "tako", Password: hidden, From: "tako@example.com", TLS: true, Timeout: 12e9}},
		{"as older clients do", map[string]any{"SmtpLogin": "other", "NewSmtpPassword": "newer"},
			step.Mail{Host: "mail.example", Port: 465, Login: "other", Password: "newer", From: "tako@example.com", TLS: true, Timeout: 12e9}},
		{"with nobody", map[string]any{"SmtpLogin": "", "SmtpPassword": sensitive(false, nil), "EnableSsl": false},
			step.Mail{Host: "mail.example", Port: 465, From: "tako@example.com", Timeout: 12e9}},
	} {
		got := h.call(200, "PUT", "/api/smtpconfiguration", c.body)
		if d := cmp.Diff(c.want, read()); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
		if answer := text(t, got); strings.Contains(answer, hidden) || at(got, "SmtpPassword", "HasValue") != (c.want.Password != "") || at(got, "Details", "SmtpLogin") != c.want.Login {
			t.Errorf("%s: %s", c.name, answer)
		}
	}
	if at(h.call(200, "GET", "/api/smtpconfiguration/isconfigured", nil), "IsConfigured") != true {
		t.Error("mail is not configured after all")
	}
	trail := text(t, h.call(200, "GET", "/api/events?documentTypes=configuration", nil))
	if strings.Contains(trail, hidden) || strings.Count(trail, "The mail settings were changed") < 4 {
		t.Errorf("%s", trail)
	}
}

func TestMaintenanceMode(t *testing.T) {
	h := newHarness(t)
	manager := []string{"X-Octopus-ApiKey", h.member("max", access.RoleSpaceManager)}
	make := func(status int, name string, as ...string) string {
		return text(t, h.call(status, "POST", "/api/Spaces-1/environments", map[string]string{"Name": name}, as...))
	}
	make(201, "One", manager...)
	h.call(200, "PUT", "/api/maintenanceconfiguration", map[string]bool{"IsInMaintenanceMode": true})
	if got := make(503, "Two", manager...); !strings.Contains(got, "maintenance mode") {
		t.Error(got)
	}
	h.call(200, "GET", "/api/Spaces-1/environments", nil, manager...)
	h.call(401, "POST", "/api/users/login", map[string]string{"Username": "max", "Password": "wrong"}, "X-Octopus-ApiKey", "")
	make(201, "Three")
	if at(h.call(200, "GET", "/api/serverstatus", nil, manager...), "IsInMaintenanceMode") != true {
		t.Error("the status does not tell")
	}
	h.call(200, "PUT", "/api/configuration/maintenance/values", map[string]bool{"IsInMaintenanceMode": false})
	make(201, "Four", manager...)
}

func TestServerURI(t *testing.T) {
	h := newHarness(t, func(o *Options) { o.URL = "https://started.example" })
	issuer := func() any { return at(h.call(200, "GET", "/.well-known/openid-configuration", nil), "issuer") }
	if issuer() != "https://started.example" {
		t.Error(issuer())
	}
	h.call(200, "PUT", "/api/serverconfiguration", map[string]string{"ServerUri": "https://set.example/"})
	if issuer() != "https://set.example" {
		t.Error(issuer())
	}
}

func TestBrowsers(t *testing.T) {
	h := newHarness(t)
	// As the continuous integration of the Go client sends it.
	set := func(list string, transport bool) {
		h.call(200, "PUT", "/api/configuration/webportal/values", map[string]any{"Security": map[string]any{"CorsWhitelist": list, "ReferrerPolicy": "no-referrer", "ContentSecurityPolicyEnabled": true,
			"HttpStrictTransportSecurityEnabled": transport, "HttpStrictTransportSecurityMaxAge": 31556926, "XOptions": map[string]any{"XFrameOptionAllowFrom": nil, "XFrameOptions": "None"}}})
	}
	const allow = "Access-Control-Allow-Origin"
	if got := h.send("GET", "/api", nil, "Origin", "https://tools.example").header; got.Get(allow) != "" || got.Get("X-Frame-Options") != "SAMEORIGIN" || got.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%v", got)
	}
	set("http://localhost,https://Tools.example", true)
	for origin, want := range map[string]string{"https://tools.example": "https://tools.example", "http://localhost": "http://localhost", "https://tools.example.evil": "", "http://tools.example": "", "null": ""} {
		got := h.send("GET", "/api", nil, "Origin", origin).header
		if got.Get(allow) != want || (got.Get("Access-Control-Allow-Credentials") == "true") != (want != "") || !slices.Contains(got.Values("Vary"), "Origin") {
			t.Errorf("%s: %v", origin, got)
		}
		if got.Get("X-Frame-Options") != "" || got.Get("Strict-Transport-Security") != "max-age=31556926" || got.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%v", got)
		}
		asked := h.send("OPTIONS", "/api/Spaces-1/environments", nil, "X-Octopus-ApiKey", "", "Origin", origin, "Access-Control-Request-Method", "POST")
		if (asked.status == http.StatusNoContent) != (want != "") {
			t.Errorf("%s asks beforehand: %d", origin, asked.status)
		}
	}
	set("*", false)
	got := h.send("GET", "/api", nil, "Origin", "https://any.example").header
	if got.Get(allow) != "*" || got.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("%v", got)
	}
}
