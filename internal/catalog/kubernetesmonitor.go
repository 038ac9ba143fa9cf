package catalog

import (
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// KubernetesMonitor is a program in a cluster that watches over what was
// deployed to a target there. What it proves itself with is kept as a hash.
type KubernetesMonitor struct {
	kind.Base
	InstallationID string `json:"InstallationId" kind:"required"`
	MachineID      string `json:"MachineId" kind:"required,ref=Machines,filter"`
	TokenHash      string `json:"TokenHash,omitempty"`
}

// KubernetesMonitors are the monitors of the targets of a space, one for each.
var KubernetesMonitors = kind.Register(kind.Kind[KubernetesMonitor]{
	Plural:      "KubernetesMonitors",
	Singular:    "Kubernetes monitor",
	Path:        "observability/kubernetes-monitors",
	Title:       "MachineId",
	Hidden:      true,
	Permissions: kind.All("MachineView", "MachineEdit"),
	Rules:       monitorRules,
})

func monitorRules(_ *store.Tx, next, _ *KubernetesMonitor, c *fault.Complaints) error {
	checkGUID("InstallationId", &next.InstallationID, true, c)
	return nil
}

// MonitorOf finds the monitor of a target; nil when it has none.
func MonitorOf(tx *store.Tx, machine string) (*KubernetesMonitor, error) {
	all, _, err := kind.Of[KubernetesMonitor]().List(tx, kind.Query{AnySpace: true, Match: map[string]string{"MachineId": machine}, Take: 1})
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return all[0], nil
}

// dropMonitors deletes the monitor of a target with it.
func dropMonitors(tx *store.Tx, gone *Machine) error {
	m, err := MonitorOf(tx, gone.ID)
	if err != nil || m == nil {
		return err
	}
	return kind.Of[KubernetesMonitor]().Delete(tx, m.ID)
}
