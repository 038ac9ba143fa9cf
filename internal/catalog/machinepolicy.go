package catalog

import (
	"fmt"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/timetable"
)

// MachinePolicy says how machines are checked, kept up to date and cleaned up.
// Clients check all of it when they read it, so every part is always there.
type MachinePolicy struct {
	kind.Base
	Name                                          string                    `json:"Name" kind:"required,max=200"`
	Description                                   string                    `json:"Description" kind:"max=4000"`
	IsDefault                                     bool                      `json:"IsDefault" kind:"filter"`
	MachineHealthCheckPolicy                      HealthCheckPolicy         `json:"MachineHealthCheckPolicy"`
	MachineConnectivityPolicy                     MachineConnectivityPolicy `json:"MachineConnectivityPolicy"`
	MachineCleanupPolicy                          CleanupPolicy             `json:"MachineCleanupPolicy"`
	MachineUpdatePolicy                           UpdatePolicy              `json:"MachineUpdatePolicy"`
	MachineRPCCallRetryPolicy                     *RetryPolicy              `json:"MachineRpcCallRetryPolicy"`
	MachinePackageCacheRetentionPolicy            PackageCachePolicy        `json:"MachinePackageCacheRetentionPolicy"`
	PollingRequestQueueTimeout                    string                    `json:"PollingRequestQueueTimeout"`
	PollingRequestMaximumMessageProcessingTimeout string                    `json:"PollingRequestMaximumMessageProcessingTimeout"`
	ConnectionRetrySleepInterval                  string                    `json:"ConnectionRetrySleepInterval"`
	ConnectionRetryCountLimit                     int                       `json:"ConnectionRetryCountLimit"`
	ConnectionRetryTimeLimit                      string                    `json:"ConnectionRetryTimeLimit"`
	ConnectionConnectTimeout                      string                    `json:"ConnectionConnectTimeout"`

	demoted bool // another one takes its place as the default
}

// HealthCheckPolicy says how and when health is checked: at times, or else at
// an interval, or, with neither, only when somebody asks. An interval beside
// times is kept though it counts for nothing, as clients that always send one
// compare. The script policies have two names each, an older and a newer one;
// both say the same.
type HealthCheckPolicy struct {
	TentacleEndpointHealthCheckPolicy *ScriptPolicy `json:"TentacleEndpointHealthCheckPolicy"`
	PowerShellHealthCheckPolicy       *ScriptPolicy `json:"PowerShellHealthCheckPolicy"`
	SSHEndpointHealthCheckPolicy      *ScriptPolicy `json:"SshEndpointHealthCheckPolicy"`
	BashHealthCheckPolicy             *ScriptPolicy `json:"BashHealthCheckPolicy"`
	HealthCheckInterval               *string       `json:"HealthCheckInterval"`
	HealthCheckCron                   *string       `json:"HealthCheckCron"`
	HealthCheckCronTimezone           string        `json:"HealthCheckCronTimezone" kind:"default=UTC"`
	HealthCheckType                   string        `json:"HealthCheckType" kind:"enum=RunScript|OnlyConnectivity"`
}

// ScriptPolicy says which script a health check runs.
type ScriptPolicy struct {
	RunType    string  `json:"RunType" kind:"enum=InheritFromDefault|Inline|OnlyConnectivity"`
	ScriptBody *string `json:"ScriptBody"`
}

// MachineConnectivityPolicy says what it means that a machine is not there.
type MachineConnectivityPolicy struct {
	MachineConnectivityBehavior string `json:"MachineConnectivityBehavior" kind:"enum=ExpectedToBeOnline|MayBeOfflineAndCanBeSkipped"`
}

// CleanupPolicy says whether machines that stay away are deleted.
type CleanupPolicy struct {
	DeleteMachinesBehavior        string `json:"DeleteMachinesBehavior" kind:"enum=DoNotDelete|DeleteUnavailableMachines"`
	DeleteMachinesElapsedTimeSpan string `json:"DeleteMachinesElapsedTimeSpan"`
}

// UpdatePolicy says when what runs on machines is brought up to date.
type UpdatePolicy struct {
	CalamariUpdateBehavior        string `json:"CalamariUpdateBehavior" kind:"enum=UpdateOnDeployment|UpdateOnNewMachine|UpdateAlways"`
	TentacleUpdateBehavior        string `json:"TentacleUpdateBehavior" kind:"enum=NeverUpdate|Update"`
	KubernetesAgentUpdateBehavior string `json:"KubernetesAgentUpdateBehavior" kind:"enum=Update|NeverUpdate|Block"`
	TentacleUpdateAccountID       string `json:"TentacleUpdateAccountId,omitempty" kind:"ref=Accounts"`
}

// RetryPolicy says how long calls to an agent are tried again.
type RetryPolicy struct {
	Enabled                  bool   `json:"Enabled"`
	RetryDuration            string `json:"RetryDuration"`
	HealthCheckRetryDuration string `json:"HealthCheckRetryDuration"`
}

// PackageCachePolicy says how many packages stay on a machine.
type PackageCachePolicy struct {
	Strategy                 string `json:"Strategy" kind:"enum=Default|Quantities"`
	QuantityOfPackagesToKeep *int   `json:"QuantityOfPackagesToKeep"`
	PackageUnit              string `json:"PackageUnit" kind:"enum=Items"`
	QuantityOfVersionsToKeep *int   `json:"QuantityOfVersionsToKeep"`
	VersionUnit              string `json:"VersionUnit" kind:"enum=Items"`
}

// MachinePolicies are the machine policies of a space.
var MachinePolicies = kind.Register(kind.Kind[MachinePolicy]{
	Plural:      "MachinePolicies",
	Singular:    "Machine policy",
	Links:       map[string]string{"Machines": "./machines{?skip,take}"},
	Permissions: rights("MachinePolicy"),
	Rules:       machinePolicyRules,
	Created:     demotePolicies,
	Changed:     func(tx *store.Tx, now, _ *MachinePolicy) error { return demotePolicies(tx, now) },
	Deleting: func(_ *store.Tx, gone *MachinePolicy) error {
		if gone.IsDefault {
			return fault.New(fault.Invalid, "The machine policy '%s' is the default and cannot be deleted. Make another one the default first.", gone.Name)
		}
		return nil
	},
})

// NewMachinePolicy gives a policy with everything as it is by default: the
// template that clients start from.
func NewMachinePolicy() *MachinePolicy {
	hour := "01:00:00"
	p := &MachinePolicy{MachineHealthCheckPolicy: HealthCheckPolicy{HealthCheckInterval: &hour}}
	kind.Of[MachinePolicy]().Complete(p)
	var none fault.Complaints
	p.complete(&none)
	return p
}

func machinePolicyRules(_ *store.Tx, next, old *MachinePolicy, c *fault.Complaints) error {
	if old != nil && old.IsDefault && !next.IsDefault && !next.demoted {
		c.Add("The machine policy '%s' is the default. Make another one the default instead.", old.Name)
	}
	if old != nil {
		next.MachineHealthCheckPolicy.follow(&old.MachineHealthCheckPolicy)
	}
	next.complete(c)
	return nil
}

// complete fills in every part and checks it.
func (p *MachinePolicy) complete(c *fault.Complaints) {
	p.MachineHealthCheckPolicy.complete(c)
	if p.MachineRPCCallRetryPolicy == nil {
		p.MachineRPCCallRetryPolicy = &RetryPolicy{Enabled: true}
	}
	if p.ConnectionRetryCountLimit == 0 {
		p.ConnectionRetryCountLimit = 5
	}
	if p.ConnectionRetryCountLimit < 2 {
		c.Add("ConnectionRetryCountLimit is %d; it must be at least 2.", p.ConnectionRetryCountLimit)
	}
	span(&p.PollingRequestQueueTimeout, "PollingRequestQueueTimeout", "00:02:00", 0, c)
	span(&p.PollingRequestMaximumMessageProcessingTimeout, "PollingRequestMaximumMessageProcessingTimeout", "00:10:00", 0, c)
	span(&p.ConnectionRetrySleepInterval, "ConnectionRetrySleepInterval", "00:00:01", 0, c)
	span(&p.ConnectionRetryTimeLimit, "ConnectionRetryTimeLimit", "00:05:00", 10*time.Second, c)
	span(&p.ConnectionConnectTimeout, "ConnectionConnectTimeout", "00:01:00", 10*time.Second, c)
	span(&p.MachineRPCCallRetryPolicy.RetryDuration, "MachineRpcCallRetryPolicy.RetryDuration", "00:02:30", 0, c)
	span(&p.MachineRPCCallRetryPolicy.HealthCheckRetryDuration, "MachineRpcCallRetryPolicy.HealthCheckRetryDuration", "00:02:30", 0, c)
	span(&p.MachineCleanupPolicy.DeleteMachinesElapsedTimeSpan, "MachineCleanupPolicy.DeleteMachinesElapsedTimeSpan", "00:00:00", 0, c)
	cache := &p.MachinePackageCacheRetentionPolicy
	if cache.Strategy != "Quantities" {
		cache.QuantityOfPackagesToKeep, cache.QuantityOfVersionsToKeep = nil, nil
	} else if cache.QuantityOfVersionsToKeep == nil || *cache.QuantityOfVersionsToKeep < 1 {
		c.Add("MachinePackageCacheRetentionPolicy.QuantityOfVersionsToKeep must be at least 1.")
	}
}

// follow takes over the change of one of a pair of names that say the same.
func (h *HealthCheckPolicy) follow(old *HealthCheckPolicy) {
	pick := func(newer, older **ScriptPolicy, was *ScriptPolicy) {
		if *newer == nil || was != nil && (*newer).same(was) && *older != nil {
			*newer = *older
		}
		*older = *newer
	}
	pick(&h.PowerShellHealthCheckPolicy, &h.TentacleEndpointHealthCheckPolicy, old.PowerShellHealthCheckPolicy)
	pick(&h.BashHealthCheckPolicy, &h.SSHEndpointHealthCheckPolicy, old.BashHealthCheckPolicy)
}

func (s *ScriptPolicy) same(t *ScriptPolicy) bool {
	body := func(p *string) string {
		if p == nil {
			return ""
		}
		return *p
	}
	return s.RunType == t.RunType && body(s.ScriptBody) == body(t.ScriptBody)
}

func (h *HealthCheckPolicy) complete(c *fault.Complaints) {
	for _, pair := range [][2]**ScriptPolicy{
		{&h.PowerShellHealthCheckPolicy, &h.TentacleEndpointHealthCheckPolicy},
		{&h.BashHealthCheckPolicy, &h.SSHEndpointHealthCheckPolicy},
	} {
		if *pair[0] == nil {
			*pair[0] = *pair[1]
		}
		if *pair[0] == nil {
			*pair[0] = &ScriptPolicy{RunType: "InheritFromDefault"}
		}
		if s := *pair[0]; s.RunType == "Inline" && (s.ScriptBody == nil || strings.TrimSpace(*s.ScriptBody) == "") {
			c.Add("MachineHealthCheckPolicy: a script that is Inline must have a ScriptBody.")
		}
		both := **pair[0]
		*pair[1] = &both
	}
	if h.HealthCheckInterval != nil && strings.TrimSpace(*h.HealthCheckInterval) == "" {
		h.HealthCheckInterval = nil
	}
	if h.HealthCheckInterval != nil {
		text := *h.HealthCheckInterval
		span(&text, "MachineHealthCheckPolicy.HealthCheckInterval", "01:00:00", 0, c)
		h.HealthCheckInterval = &text
	}
	if h.HealthCheckCron == nil || strings.TrimSpace(*h.HealthCheckCron) == "" {
		h.HealthCheckCron = nil
		return
	}
	if _, err := timetable.Zone(h.HealthCheckCronTimezone); err != nil {
		c.Add("MachineHealthCheckPolicy.HealthCheckCronTimezone: there is no time zone '%s'.", h.HealthCheckCronTimezone)
	} else if _, err := h.Table(); err != nil {
		c.Add("MachineHealthCheckPolicy.HealthCheckCron: %s", err)
	}
}

// Table is when checks are due by the clock. Seconds may be left out, as they
// often are elsewhere.
func (h *HealthCheckPolicy) Table() (*timetable.Table, error) {
	zone, err := timetable.Zone(h.HealthCheckCronTimezone)
	if err != nil {
		return nil, err
	}
	expression := *h.HealthCheckCron
	if len(strings.Fields(expression)) == 5 {
		expression = "0 " + expression
	}
	return timetable.Cron(expression, zone)
}

// demotePolicies leaves one default.
func demotePolicies(tx *store.Tx, now *MachinePolicy) error {
	if !now.IsDefault {
		return nil
	}
	all, _, err := kind.Of[MachinePolicy]().List(tx, kind.Query{Space: now.SpaceID})
	if err != nil {
		return err
	}
	for _, p := range all {
		if p.ID == now.ID || !p.IsDefault {
			continue
		}
		p.IsDefault, p.demoted = false, true
		if err := kind.Of[MachinePolicy]().Put(tx, p); err != nil {
			return err
		}
	}
	return nil
}

// defaultMachinePolicy gives the id of a space's default policy.
func defaultMachinePolicy(tx *store.Tx, space string) (string, error) {
	all, _, err := kind.Of[MachinePolicy]().List(tx, kind.Query{Space: space})
	if err != nil {
		return "", err
	}
	for _, p := range all {
		if p.IsDefault {
			return p.ID, nil
		}
	}
	return "", fmt.Errorf("the space %s has no default machine policy", space)
}

func seedMachinePolicy(tx *store.Tx, space string) error {
	p := NewMachinePolicy()
	p.SpaceID, p.Name, p.IsDefault = space, "Default Machine Policy", true
	return kind.Of[MachinePolicy]().Put(tx, p)
}
