package catalog

import (
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/timetable"
)

// Subscription sends what the audit trail records to people and programs.
type Subscription struct {
	kind.Base
	Name                          string            `json:"Name" kind:"required,max=200"`
	Type                          string            `json:"Type" kind:"enum=Event"`
	IsDisabled                    bool              `json:"IsDisabled"`
	EventNotificationSubscription EventNotification `json:"EventNotificationSubscription"`
}

// EventNotification says which events go where.
type EventNotification struct {
	Filter                              EventFilter `json:"Filter"`
	EmailTeams                          []string    `json:"EmailTeams" kind:"ref=Teams?"`
	EmailFrequencyPeriod                string      `json:"EmailFrequencyPeriod"`
	EmailPriority                       string      `json:"EmailPriority" kind:"enum=Normal|Low|High"`
	EmailDigestLastProcessed            *kind.Time  `json:"EmailDigestLastProcessed,omitempty"`
	EmailDigestLastProcessedEventAutoID *int64      `json:"EmailDigestLastProcessedEventAutoId,omitempty"`
	EmailShowDatesInTimeZoneID          string      `json:"EmailShowDatesInTimeZoneId" kind:"default=UTC"`
	WebhookURI                          string      `json:"WebhookURI"`
	WebhookTeams                        []string    `json:"WebhookTeams" kind:"ref=Teams?"`
	WebhookTimeout                      string      `json:"WebhookTimeout"`
	WebhookHeaderKey                    string      `json:"WebhookHeaderKey"`
	WebhookHeaderValue                  string      `json:"WebhookHeaderValue"`
	WebhookLastProcessed                *kind.Time  `json:"WebhookLastProcessed,omitempty"`
	WebhookLastProcessedEventAutoID     *int64      `json:"WebhookLastProcessedEventAutoId,omitempty"`
	// SlackWebhookURL is the address of an incoming webhook of Slack, which posts
	// into one channel. Who knows it may post, so it is a secret.
	SlackWebhookURL                     *kind.Sensitive `json:"SlackWebhookUrl,omitempty"`
	SlackChannelIDs                     []string        `json:"SlackChannelIds"`
	SlackChannelNames                   []string        `json:"SlackChannelNames"`
	SlackFrequencyPeriod                string          `json:"SlackFrequencyPeriod"`
	SlackDigestFormat                   string          `json:"SlackDigestFormat" kind:"enum=Summary|Detailed"`
	SlackDigestLastProcessed            *kind.Time      `json:"SlackDigestLastProcessed,omitempty"`
	SlackDigestLastProcessedEventAutoID *int64          `json:"SlackDigestLastProcessedEventAutoId,omitempty"`
}

// EventFilter narrows events; an empty list narrows nothing.
type EventFilter struct {
	Users           []string `json:"Users"`
	Projects        []string `json:"Projects"`
	ProjectGroups   []string `json:"ProjectGroups"`
	Environments    []string `json:"Environments"`
	EventGroups     []string `json:"EventGroups"`
	EventCategories []string `json:"EventCategories"`
	EventAgents     []string `json:"EventAgents"`
	Tenants         []string `json:"Tenants"`
	Tags            []string `json:"Tags"`
	DocumentTypes   []string `json:"DocumentTypes"`
}

// Subscriptions are the subscriptions of a space.
var Subscriptions = kind.Register(kind.Kind[Subscription]{
	Plural:      "Subscriptions",
	Permissions: rights("Subscription"),
	Created:     func(tx *store.Tx, made *Subscription) error { return made.Arm(tx) },
	Changed:     subscriptionChanged,
	Deleting:    subscriptionDeleting,
	Rules: func(_ *store.Tx, next, _ *Subscription, c *fault.Complaints) error {
		n := &next.EventNotificationSubscription
		span(&n.EmailFrequencyPeriod, "EmailFrequencyPeriod", "01:00:00", 0, c)
		span(&n.SlackFrequencyPeriod, "SlackFrequencyPeriod", "01:00:00", 0, c)
		span(&n.WebhookTimeout, "WebhookTimeout", "00:00:10", time.Second, c)
		if _, err := timetable.Zone(n.EmailShowDatesInTimeZoneID); err != nil {
			c.Add("EmailShowDatesInTimeZoneId is '%s', which is not the name of a time zone.", n.EmailShowDatesInTimeZoneID)
		}
		if strings.ContainsAny(n.WebhookHeaderKey, " :\r\n\t") || strings.ContainsAny(n.WebhookHeaderValue, "\r\n") {
			c.Add("WebhookHeaderKey and WebhookHeaderValue must be the name and the value of a header of HTTP.")
		}
		if given(n.SlackWebhookURL) && !isURL(*n.SlackWebhookURL.NewValue, "http", "https") {
			c.Add("SlackWebhookUrl is not an address of the web: give that of an incoming webhook of Slack.")
		}
		if n.WebhookURI != "" && !isURL(n.WebhookURI, "http", "https") {
			c.Add("WebhookURI is '%s', which is not an address of the web.", n.WebhookURI)
		}
		return nil
	},
})
