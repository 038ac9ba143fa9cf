package step

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/variable"
)

// checked is a target or worker as its health is concerned.
type checked struct {
	base      *kind.Base
	name      string
	condition *catalog.Condition
	related   []string
	facts     variable.MachineFacts
	put       func(tx *store.Tx) error
}

// findChecked reads a target or worker.
func findChecked(tx *store.Tx, id string) (*checked, error) {
	if strings.HasPrefix(id, catalog.Workers.Prefix+"-") {
		w, err := catalog.Workers.Get(tx, id)
		if err != nil {
			return nil, err
		}
		return &checked{&w.Base, w.Name, &w.Condition, w.WorkerPoolIDs, variable.MachineFacts{},
			func(tx *store.Tx) error { return catalog.Workers.Put(tx, w) }}, nil
	}
	m, err := catalog.Machines.Get(tx, id)
	if err != nil {
		return nil, err
	}
	return &checked{&m.Base, m.Name, &m.Condition, m.EnvironmentIDs, variable.MachineFacts{Roles: m.Roles},
		func(tx *store.Tx) error { return catalog.Machines.Put(tx, m) }}, nil
}

// CheckupOf says how the health of a target or worker is checked, by its
// policy. The ticket is made from run, which names the occasion.
func CheckupOf(tx *store.Tx, id, run string) (Checkup, error) {
	m, err := findChecked(tx, id)
	if err != nil {
		return Checkup{}, err
	}
	space, err := catalog.Spaces.Get(tx, m.base.SpaceID)
	if err != nil {
		return Checkup{}, err
	}
	sum := sha256.Sum256([]byte(run + "\x00" + id))
	facts := m.facts
	facts.Ref = variable.Ref{ID: id, Name: m.name}
	facts.Hostname = m.condition.Endpoint.Host
	c := Checkup{
		ID: id, Name: m.name, SpaceID: m.base.SpaceID, Ticket: "health-" + hex.EncodeToString(sum[:16]),
		Nothing: m.condition.Endpoint.CommunicationStyle == catalog.StyleNone,
		Facts:   variable.System(variable.Facts{Space: variable.Ref{ID: space.ID, Name: space.Name}, Machine: &facts}),
	}
	policy, err := catalog.MachinePolicies.Get(tx, m.condition.MachinePolicyID)
	if fault.Is(err, fault.NotFound) {
		return c, nil
	}
	if err != nil {
		return c, err
	}
	return c, c.follow(tx, policy)
}

// follow takes over what a policy says. A script that is inherited is that of
// the space's default policy, and the agent's own check where that has none.
func (c *Checkup) follow(tx *store.Tx, policy *catalog.MachinePolicy) error {
	if policy.MachineHealthCheckPolicy.HealthCheckType == "OnlyConnectivity" {
		c.Connectivity = true
		return nil
	}
	script := policy.MachineHealthCheckPolicy.BashHealthCheckPolicy
	if script == nil || script.RunType == "InheritFromDefault" && !policy.IsDefault {
		all, _, err := catalog.MachinePolicies.List(tx, kind.Query{Space: policy.SpaceID, Match: map[string]string{"IsDefault": "true"}})
		if err != nil {
			return err
		}
		for _, p := range all {
			if p.IsDefault {
				script = p.MachineHealthCheckPolicy.BashHealthCheckPolicy
			}
		}
	}
	switch {
	case script == nil:
	case script.RunType == "OnlyConnectivity":
		c.Connectivity = true
	case script.RunType == "Inline" && script.ScriptBody != nil:
		c.Script = *script.ScriptBody
	}
	return nil
}

// LastCheck is when a machine's health was last checked, and since when it is
// as it is.
type LastCheck struct {
	Checked time.Time
	Status  string
	Since   time.Time
}

// healthSetting names what is kept of a machine's checks beside its document,
// which changes only when the findings do.
func healthSetting(id string) string { return "machine-health/" + id }

// LastCheckOf reads when a machine was last checked; the zero value if never.
func LastCheckOf(tx *store.Tx, id string) (last LastCheck, err error) {
	text, err := tx.Setting(healthSetting(id))
	if err != nil || text == "" {
		return last, err
	}
	if err := json.Unmarshal([]byte(text), &last); err != nil {
		return last, fmt.Errorf("reading the last check of %s: %w", id, err)
	}
	return last, nil
}

// PutLastCheck stores when a machine was last checked.
func PutLastCheck(tx *store.Tx, id string, last LastCheck) error {
	data, err := json.Marshal(last)
	if err != nil {
		return fmt.Errorf("storing the last check of %s: %w", id, err)
	}
	return tx.SetSetting(healthSetting(id), string(data))
}

// machineEvents are the audit categories of a change to a status.
var machineEvents = map[string]string{
	catalog.Healthy: "MachineHealthy", catalog.HasWarnings: "MachineHasWarnings",
	catalog.Unhealthy: "MachineUnhealthy", catalog.Unavailable: "MachineUnavailable",
}

// RecordHealth stores what a check has found, in the caller's transaction, and
// raises an event when the status is another one than before. A machine that
// is gone has no health.
func RecordHealth(tx *store.Tx, id string, h Health, at time.Time) error {
	m, err := findChecked(tx, id)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	last, err := LastCheckOf(tx, id)
	if err != nil {
		return err
	}
	changed := m.condition.HealthStatus != h.Status
	last.Checked, last.Status = at, h.Status
	if changed || last.Since.IsZero() {
		last.Since = at
	}
	if err := PutLastCheck(tx, id, last); err != nil {
		return err
	}
	before := *m.condition
	m.condition.HealthStatus, m.condition.StatusSummary = h.Status, h.Summary
	if h.Host.OS != "" {
		m.describe(h)
	}
	if !reflect.DeepEqual(*m.condition, before) {
		if err := m.put(tx); err != nil {
			return err
		}
	}
	if !changed {
		return nil
	}
	return tx.Append(&store.Event{
		Space: m.base.SpaceID, Category: machineEvents[h.Status], Document: id, Related: m.related,
		Message: fmt.Sprintf("Machine %s is %s: %s", m.name, strings.ToLower(words(h.Status)), h.Summary),
	})
}

// describe takes over what the machine says of itself.
func (m *checked) describe(h Health) {
	c := m.condition
	c.OperatingSystem, c.OperatingSystemVersion, c.Architecture = h.Host.OS, h.Host.Kernel, h.Host.Arch
	if h.Host.Distribution != "" {
		c.OperatingSystem = h.Host.Distribution
	}
	c.ShellName, c.ShellVersion, c.HasLatestCalamari = "Bash", "Unknown", true
	if len(h.Host.Shells) > 0 {
		c.ShellName = h.Host.Shells[0]
	}
}

// words puts blanks between the words of a status.
func words(status string) string {
	if status == catalog.HasWarnings {
		return "healthy with warnings"
	}
	return status
}
