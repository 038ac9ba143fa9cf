package catalog

import (
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// What is known of a machine's health.
const (
	Healthy     = "Healthy"
	HasWarnings = "HasWarnings"
	Unhealthy   = "Unhealthy"
	Unavailable = "Unavailable"
	Unknown     = "Unknown"
)

// Condition is what targets and workers have in common: what the server has
// found out about a machine, and how it is reached.
type Condition struct {
	Thumbprint             string   `json:"Thumbprint,omitempty" kind:"filter"`
	URI                    string   `json:"Uri,omitempty"`
	IsDisabled             bool     `json:"IsDisabled"`
	MachinePolicyID        string   `json:"MachinePolicyId" kind:"ref=MachinePolicies,filter"`
	Status                 string   `json:"Status" kind:"readonly,enum=Unknown|Online|Offline|NeedsUpgrade|CalamariNeedsUpgrade|Disabled"`
	HealthStatus           string   `json:"HealthStatus" kind:"readonly,enum=Unknown|Healthy|Unavailable|HasWarnings|Unhealthy,filter"`
	HasLatestCalamari      bool     `json:"HasLatestCalamari" kind:"readonly"`
	StatusSummary          string   `json:"StatusSummary" kind:"readonly"`
	IsInProcess            bool     `json:"IsInProcess" kind:"readonly"`
	OperatingSystem        string   `json:"OperatingSystem" kind:"readonly"`
	OperatingSystemVersion string   `json:"OperatingSystemVersion" kind:"readonly"`
	ShellName              string   `json:"ShellName" kind:"readonly"`
	ShellVersion           string   `json:"ShellVersion" kind:"readonly"`
	Architecture           string   `json:"Architecture" kind:"readonly"`
	SkipInitialHealthCheck bool     `json:"SkipInitialHealthCheck"`
	Endpoint               Endpoint `json:"Endpoint"`
}

// Machine is a deployment target.
type Machine struct {
	kind.Named
	Condition
	EnvironmentIDs                  []string `json:"EnvironmentIds" kind:"ref=Environments,within=environment"`
	Roles                           []string `json:"Roles"`
	TenantedDeploymentParticipation string   `json:"TenantedDeploymentParticipation"`
	TenantIDs                       []string `json:"TenantIds" kind:"ref=Tenants,within=tenant"`
	TenantTags                      []string `json:"TenantTags"`
}

// Machines are the deployment targets of a space.
var Machines = kind.Register(kind.Kind[Machine]{
	Plural: "Machines",
	Links: map[string]string{
		"Connection":    "./connection",
		"TasksTemplate": "./tasks{?skip,take,type}",
	},
	Permissions: rights("Machine"),
	Rules:       machineRules,
	Owned:       []string{"KubernetesMonitors"},
	Deleting:    dropMonitors,
	References: func(m *Machine) []store.Reference {
		return tagReferences(m.SpaceID, "TenantTags", m.TenantTags)
	},
})

func machineRules(tx *store.Tx, next, old *Machine, c *fault.Complaints) error {
	var before *Condition
	if old != nil {
		before = &old.Condition
	}
	if err := next.Condition.complete(tx, next.SpaceID, before, c); err != nil {
		return err
	}
	next.EnvironmentIDs, next.TenantIDs, next.Roles = tidy(next.EnvironmentIDs), tidy(next.TenantIDs), tidy(next.Roles)
	if len(next.EnvironmentIDs) == 0 {
		c.Add("EnvironmentIds must name at least one environment.")
	}
	if len(next.Roles) == 0 {
		c.Add("Roles must name at least one target tag.")
	}
	participate(&next.TenantedDeploymentParticipation, next.TenantIDs, next.TenantTags, c)
	return checkTags(tx, next.SpaceID, "", "TenantTags", &next.TenantTags, c)
}

// complete checks the endpoint and fills in what a new machine has.
func (m *Condition) complete(tx *store.Tx, space string, old *Condition, c *fault.Complaints) (err error) {
	if m.MachinePolicyID == "" {
		if m.MachinePolicyID, err = defaultMachinePolicy(tx, space); err != nil {
			return err
		}
	}
	if old == nil || old.HealthStatus == "" {
		if m.StatusSummary == "" {
			m.StatusSummary = "This machine was recently added. Please run a health check."
		}
		for _, text := range []*string{&m.OperatingSystem, &m.ShellName, &m.ShellVersion} {
			if *text == "" {
				*text = "Unknown"
			}
		}
	}
	// Another address or certificate than before makes the machine's own
	// members, which clients send back, out of date.
	if old != nil && (m.Endpoint.URI != old.Endpoint.URI || m.Endpoint.Thumbprint != old.Endpoint.Thumbprint || m.Endpoint.CommunicationStyle != old.Endpoint.CommunicationStyle) {
		if m.URI == old.URI {
			m.URI = ""
		}
		if m.Thumbprint == old.Thumbprint {
			m.Thumbprint = ""
		}
	}
	m.Status = m.status()
	return endpointRules(tx, &m.Endpoint, &m.Thumbprint, &m.URI, c)
}

// status sums up the machine in the words of before there was HealthStatus.
func (m *Condition) status() string {
	switch {
	case m.IsDisabled:
		return "Disabled"
	case m.HealthStatus == Healthy || m.HealthStatus == HasWarnings:
		return "Online"
	case m.HealthStatus == Unhealthy || m.HealthStatus == Unavailable:
		return "Offline"
	}
	return "Unknown"
}
