package setting

import (
	"cmp"
	"net/url"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/timetable"
)

// ServerValues say how people reach the server.
type ServerValues struct {
	ServerURI string `json:"ServerUri"` // "" for what the server was started with
}

// MaintenanceValues say whether only administrators may change anything.
type MaintenanceValues struct {
	IsInMaintenanceMode bool
}

// AuthenticationValues say how people sign in.
type AuthenticationValues struct {
	// IsAutoLoginEnabled would sign people in by whatever provider there is, without asking.
	IsAutoLoginEnabled bool
}

// Check complains of what the server could not obey.
func (v AuthenticationValues) Check(c *fault.Complaints) {
	if v.IsAutoLoginEnabled {
		c.Add("IsAutoLoginEnabled must be false: this server always asks people who they are.")
	}
}

// FeatureValues switch parts of the server on and off.
type FeatureValues struct {
	IsBuiltInWorkerEnabled            bool
	IsCommunityActionTemplatesEnabled bool
	IsHelpSidebarEnabled              bool
	HelpSidebarSupportLink            string
	HelpSidebarSupportLinkLabel       string
}

// RetentionValues say when the policies of retention are applied, by the clock
// of UTC.
type RetentionValues struct {
	CronExpression string
}

// PortalValues are what browsers are told.
type PortalValues struct {
	Security PortalSecurity
}

// PortalSecurity is what browsers must mind.
type PortalSecurity struct {
	// CorsWhitelist are the origins whose pages may use the API, with commas
	// between them; * is any, without its visitors' sessions.
	CorsWhitelist                      string
	ReferrerPolicy                     string
	ContentSecurityPolicyEnabled       bool
	HTTPStrictTransportSecurityEnabled bool  `json:"HttpStrictTransportSecurityEnabled"`
	HTTPStrictTransportSecurityMaxAge  int64 `json:"HttpStrictTransportSecurityMaxAge"`
	XOptions                           FrameOptions
}

// FrameOptions say which pages may show the server's in a frame.
type FrameOptions struct {
	XFrameOptionAllowFrom string
	XFrameOptions         string
}

// The sections there are.
var (
	Server         = Section[ServerValues]{Name: "server"}
	Maintenance    = Section[MaintenanceValues]{Name: "maintenance"}
	Authentication = Section[AuthenticationValues]{Name: "authentication"}
	Features       = Section[FeatureValues]{Name: "features", First: FeatureValues{IsBuiltInWorkerEnabled: true, IsCommunityActionTemplatesEnabled: true, IsHelpSidebarEnabled: true}}
	Retention      = Section[RetentionValues]{Name: "retentionpolicies", First: RetentionValues{CronExpression: "0 */4 * * *"}}
	Portal         = Section[PortalValues]{Name: "webportal", First: PortalValues{PortalSecurity{
		ReferrerPolicy: "no-referrer", ContentSecurityPolicyEnabled: true, HTTPStrictTransportSecurityMaxAge: 31556926,
		XOptions: FrameOptions{XFrameOptions: "SAMEORIGIN"},
	}}}
)

// Address is how people reach the server: what is set, or else what the server
// was started with.
func Address(tx *store.Tx, started string) (string, error) {
	v, err := Server.Get(tx)
	if v.ServerURI != "" {
		started = v.ServerURI
	}
	return strings.TrimRight(started, "/"), err
}

// Check complains of what the server could not obey.
func (v ServerValues) Check(c *fault.Complaints) {
	if v.ServerURI == "" {
		return
	}
	if u, err := url.Parse(v.ServerURI); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.Fragment != "" {
		c.Add("ServerUri is '%s': give the whole address by which people reach the server, such as https://deploy.example.com.", v.ServerURI)
	}
}

// Check complains of what the server could not obey.
func (v FeatureValues) Check(c *fault.Complaints) {
	if v.HelpSidebarSupportLink == "" {
		return
	}
	if u, err := url.Parse(v.HelpSidebarSupportLink); err != nil || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "mailto" {
		c.Add("HelpSidebarSupportLink is '%s': give an address that begins with https://, http:// or mailto:.", v.HelpSidebarSupportLink)
	}
}

// Check complains of what the server could not obey.
func (v RetentionValues) Check(c *fault.Complaints) {
	if _, err := v.Schedule(); err != nil {
		c.Add("CronExpression is '%s', which cannot be read: give minute, hour, day of the month, month and day of the week, such as 0 */4 * * *.", v.CronExpression)
	}
}

// schedules are expressions that have names.
var schedules = map[string]string{
	"@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
	"@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
}

// Schedule reads the expression, which names no seconds.
func (v RetentionValues) Schedule() (*timetable.Table, error) {
	expression := cmp.Or(schedules[v.CronExpression], v.CronExpression)
	if n := len(strings.Fields(expression)); n != 5 {
		return nil, fault.New(fault.Invalid, "CronExpression must have five fields; '%s' has %d.", expression, n)
	}
	return timetable.Cron("0 "+expression, time.UTC)
}

// referrers are the policies that browsers know.
var referrers = map[string]bool{
	"": true, "no-referrer": true, "no-referrer-when-downgrade": true, "origin": true, "origin-when-cross-origin": true,
	"same-origin": true, "strict-origin": true, "strict-origin-when-cross-origin": true, "unsafe-url": true,
}

// Check complains of what the server could not obey.
func (v PortalValues) Check(c *fault.Complaints) {
	for _, origin := range v.Security.Origins() {
		if u, err := url.Parse(origin); origin != "*" && (err != nil || u.Host == "" || u.Scheme == "" || !strings.EqualFold(u.Scheme+"://"+u.Host, origin)) {
			c.Add("CorsWhitelist has '%s': give origins such as https://tools.example.com, without a path, with commas between them, or *.", origin)
		}
	}
	if !referrers[v.Security.ReferrerPolicy] {
		c.Add("ReferrerPolicy is '%s', which browsers do not know: give no-referrer, same-origin or strict-origin, for instance.", v.Security.ReferrerPolicy)
	}
	if v.Security.HTTPStrictTransportSecurityMaxAge < 0 {
		c.Add("HttpStrictTransportSecurityMaxAge is negative: give a number of seconds.")
	}
	switch strings.ToUpper(v.Security.XOptions.XFrameOptions) {
	case "", "NONE", "SAMEORIGIN", "DENY":
	default:
		c.Add("XFrameOptions is '%s': give SAMEORIGIN, DENY or None; browsers do not know ALLOW-FROM any more.", v.Security.XOptions.XFrameOptions)
	}
}

// Origins are the origins whose pages may use the API.
func (s PortalSecurity) Origins() []string {
	var all []string
	for _, o := range strings.FieldsFunc(s.CorsWhitelist, func(r rune) bool { return r == ',' || r == ' ' || r == ';' }) {
		all = append(all, strings.TrimRight(o, "/"))
	}
	return all
}
