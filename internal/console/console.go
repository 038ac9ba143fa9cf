// Package console runs a script that somebody has typed on machines that they
// have chosen, without a project: the task of the script console.
package console

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/health"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// TaskName is the name of the tasks that run such a script.
const TaskName = "AdHocScript"

// Arguments say what runs where. Machines and workers are named, or chosen by
// what they belong to; what is named nowhere is not run on.
type Arguments struct {
	MachineIDs     health.IDList `json:"MachineIds,omitempty"`
	EnvironmentIDs health.IDList `json:"EnvironmentIds,omitempty"`
	TargetRoles    health.IDList `json:"TargetRoles,omitempty"`
	TenantIDs      health.IDList `json:"TenantIds,omitempty"`
	WorkerIDs      health.IDList `json:"WorkerIds,omitempty"`
	WorkerPoolIDs  health.IDList `json:"WorkerPoolIds,omitempty"`
	// TargetType is Machines, Workers or WorkerPools; empty is whatever is named.
	TargetType string `json:",omitempty"`
	ScriptBody string
	Syntax     string `json:",omitempty"` // empty is Bash
	// Asked are the targets that the one who asked was allowed to run the script
	// on, where they were then. Between that and the beginning others may move
	// machines to where he may do nothing. Nil for all that are chosen.
	Asked []Whereabouts `json:",omitempty"`
}

// Whereabouts are what a machine belongs to, as far as rights go by it.
type Whereabouts struct {
	ID             string   `json:"Id"`
	EnvironmentIDs []string `json:"EnvironmentIds"`
	TenantIDs      []string `json:"TenantIds,omitempty"`
	TenantTags     []string `json:",omitempty"`
}

// Confine lets the script run on these targets only, and only while they are
// where they are now.
func (a *Arguments) Confine(machines []*catalog.Machine) {
	a.Asked = make([]Whereabouts, 0, len(machines))
	for _, m := range machines {
		a.Asked = append(a.Asked, Whereabouts{m.ID, m.EnvironmentIDs, m.TenantIDs, m.TenantTags})
	}
}

// strays says why the script may not run on a target any more; "" if it may.
func (a *Arguments) strays(m *catalog.Machine) string {
	if a.Asked == nil {
		return ""
	}
	at := slices.IndexFunc(a.Asked, func(w Whereabouts) bool { return w.ID == m.ID })
	if at < 0 {
		return m.Name + " has come to what was chosen after the script was asked for."
	}
	if w := a.Asked[at]; !same(w.EnvironmentIDs, m.EnvironmentIDs) || !same(w.TenantIDs, m.TenantIDs) || !same(w.TenantTags, m.TenantTags) {
		return m.Name + " has other environments or tenants than when the script was asked for."
	}
	return ""
}

func same(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// Syntaxes are the languages that a script may be in.
var Syntaxes = []string{"Bash", "Python", "PowerShell", "CSharp"}

// Read checks arguments as clients send them.
func Read(raw json.RawMessage) (a Arguments, err error) {
	if err := kind.Unmarshal(raw, &a); err != nil {
		return a, err
	}
	a.Asked = nil // is not the client's to say
	var wrong fault.Complaints
	for _, name := range kind.UnknownMembers(raw, a) { // a misspelt one would have it run on more than was meant
		wrong.Add("Arguments.%s is not known to scripts.", name)
	}
	if strings.TrimSpace(a.ScriptBody) == "" {
		wrong.Add("ScriptBody must not be empty.")
	}
	a.Syntax = cmp.Or(a.Syntax, Syntaxes[0])
	if i := slices.IndexFunc(Syntaxes, func(s string) bool { return strings.EqualFold(s, a.Syntax) }); i >= 0 {
		a.Syntax = Syntaxes[i]
	} else {
		wrong.Add("Syntax is %q; scripts are written in %s.", a.Syntax, strings.Join(Syntaxes, ", "))
	}
	switch strings.ToLower(a.TargetType) {
	case "":
	case "machines":
		a.WorkerIDs, a.WorkerPoolIDs = nil, nil
	case "workers", "workerpools":
		a.MachineIDs, a.EnvironmentIDs, a.TargetRoles, a.TenantIDs = nil, nil, nil, nil
	default:
		wrong.Add("TargetType is %q; scripts run on Machines, Workers and WorkerPools.", a.TargetType)
	}
	return a, wrong.Err()
}

// place is a machine that a script is to run on.
type place struct {
	ID, Name string
	Worker   bool `json:",omitempty"`
	// Skip is why nothing runs there.
	Skip string `json:",omitempty"`
}

// Count checks that what is named is there, and says on how many machines the
// script would run.
func Count(tx *store.Tx, space string, a Arguments) (int, error) {
	found, err := a.places(tx, space)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, p := range found {
		if p.Skip == "" {
			n++
		}
	}
	if n == 0 {
		return 0, fault.New(fault.Invalid, "There is no machine to run the script on: name machines, environments, target tags, workers or worker pools that have some that are not disabled.")
	}
	return n, nil
}

func (a Arguments) places(tx *store.Tx, space string) ([]place, error) {
	if err := a.check(tx, space); err != nil {
		return nil, err
	}
	targets, err := a.targets(tx, space)
	if err != nil {
		return nil, err
	}
	workers, err := a.workers(tx, space)
	return append(targets, workers...), err
}

// check complains of what is named and not there.
func (a Arguments) check(tx *store.Tx, space string) error {
	var names []catalog.Named
	for _, list := range []struct {
		member, kind string
		ids          []string
	}{
		{"MachineIds", "Machines", a.MachineIDs}, {"EnvironmentIds", "Environments", a.EnvironmentIDs}, {"TenantIds", "Tenants", a.TenantIDs},
		{"WorkerIds", "Workers", a.WorkerIDs}, {"WorkerPoolIds", "WorkerPools", a.WorkerPoolIDs},
	} {
		for _, id := range list.ids {
			names = append(names, catalog.Named{Member: "Arguments." + list.member, ID: id, Kinds: []string{list.kind}})
		}
	}
	var wrong fault.Complaints
	if err := catalog.CheckNamed(tx, space, names, &wrong); err != nil {
		return err
	}
	return wrong.Err()
}

// Machines are the deployment targets that a script is to run on, those among
// them that it cannot run on too: the ones that are named, and are in one of the
// environments, have one of the tags and are for one of the tenants.
func Machines(tx *store.Tx, space string, a Arguments) ([]*catalog.Machine, error) {
	wide := len(a.EnvironmentIDs)+len(a.TargetRoles)+len(a.TenantIDs) > 0
	if len(a.MachineIDs) == 0 && !wide {
		return nil, nil
	}
	all, _, err := catalog.Machines.List(tx, kind.Query{Space: space, IDs: a.MachineIDs})
	if err != nil {
		return nil, fmt.Errorf("list the deployment targets of a script: %w", err)
	}
	return slices.DeleteFunc(all, func(m *catalog.Machine) bool {
		return !among(a.EnvironmentIDs, m.EnvironmentIDs) || !among(a.TargetRoles, m.Roles) || !among(a.TenantIDs, m.TenantIDs)
	}), nil
}

func (a Arguments) targets(tx *store.Tx, space string) (found []place, err error) {
	machines, err := Machines(tx, space, a)
	if err != nil {
		return nil, err
	}
	for _, m := range machines {
		p := place{ID: m.ID, Name: m.Name, Skip: a.strays(m)}
		switch {
		case p.Skip != "":
		case m.IsDisabled:
			p.Skip = m.Name + " is disabled."
		case !runnable(m.Endpoint.CommunicationStyle):
			p.Skip = m.Name + " is no machine that scripts run on."
		}
		found = append(found, p)
	}
	return found, nil
}

// workers are those that are named and those of the pools.
func (a Arguments) workers(tx *store.Tx, space string) (found []place, err error) {
	if len(a.WorkerIDs)+len(a.WorkerPoolIDs) == 0 {
		return nil, nil
	}
	all, _, err := catalog.Workers.List(tx, kind.Query{Space: space})
	if err != nil {
		return nil, fmt.Errorf("list the workers of a script: %w", err)
	}
	for _, w := range all {
		if !has(a.WorkerIDs, w.ID) && (len(a.WorkerPoolIDs) == 0 || !among(a.WorkerPoolIDs, w.WorkerPoolIDs)) {
			continue
		}
		p := place{ID: w.ID, Name: w.Name, Worker: true}
		if w.IsDisabled {
			p.Skip = w.Name + " is disabled."
		}
		found = append(found, p)
	}
	return found, nil
}

// runnable says whether scripts can run on a machine of a style itself.
func runnable(style string) bool {
	return slices.Contains([]string{catalog.StyleSSH, catalog.StyleListening, catalog.StylePolling, catalog.StyleKubernetesAgent}, style)
}

func has(list []string, entry string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, entry) })
}

// among says whether one of a list is wanted; nothing wanted leaves all.
func among(wanted, list []string) bool {
	return len(wanted) == 0 || slices.ContainsFunc(list, func(s string) bool { return has(wanted, s) })
}
