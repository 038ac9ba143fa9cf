package api

import (
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/secret"
	"github.com/takodeploy/tako/internal/store"
)

var _ = area(func(a *API) []Route {
	const at = "S/observability/kubernetes-monitors"
	return []Route{
		{Method: "GET", Pattern: at, Handle: a.kubernetesMonitors, Query: []string{"skip", "take"}, Summary: "List Kubernetes monitors"},
		{Method: "POST", Pattern: at, Handle: a.registerKubernetesMonitor, Summary: "Register the Kubernetes monitor of a target, in place of the one before it", Body: registerMonitor{}, Answer: registeredMonitor{}},
		{Method: "GET", Pattern: at + "/{id}", Handle: a.kubernetesMonitor, Summary: "Get a Kubernetes monitor", Answer: monitorAnswer{}},
		{Method: "DELETE", Pattern: at + "/{id}", Handle: a.deleteKubernetesMonitor, Summary: "Delete a Kubernetes monitor"},
	}
})

// monitorDocument is a monitor as clients see it.
type monitorDocument struct {
	ID             string `json:"Id"`
	SpaceID        string `json:"SpaceId"`
	InstallationID string `json:"InstallationId"`
	MachineID      string `json:"MachineId"`
	Links          map[string]string
}

func monitorOf(m *catalog.KubernetesMonitor) monitorDocument {
	return monitorDocument{m.ID, m.SpaceID, m.InstallationID, m.MachineID, m.Links}
}

type monitorAnswer struct{ Resource monitorDocument }

type registerMonitor struct {
	InstallationID              string `json:"InstallationId"`
	MachineID                   string `json:"MachineId"`
	PreserveAuthenticationToken bool
}

// registeredMonitor is told once what the monitor proves itself with.
type registeredMonitor struct {
	Resource              monitorDocument
	AuthenticationToken   *string `json:",omitempty"`
	CertificateThumbprint string  // of the server's own channel to monitors, which it has none of
}

// ofMachine asks for a permission on the target that a monitor belongs to.
func (r *Request) ofMachine(tx *store.Tx, permission, id string) error {
	m, err := catalog.Machines.Find(tx, r.Space, id)
	if err != nil {
		return err
	}
	return r.NeedFor(permission, catalog.Machines, m)
}

func (a *API) kubernetesMonitors(r *Request) (any, error) {
	docs := []monitorDocument{}
	err := r.View(func(tx *store.Tx) error {
		if !r.Rights.Anywhere("MachineView", r.Space) {
			return r.Need("MachineView", At{})
		}
		all, _, err := catalog.KubernetesMonitors.List(tx, kind.Query{Space: r.Space})
		if err != nil {
			return err
		}
		for _, m := range all {
			machine, err := catalog.Machines.Get(tx, m.MachineID)
			if err != nil {
				return err
			}
			if ok, err := r.seesOne(catalog.Machines, machine); err != nil {
				return err
			} else if ok {
				docs = append(docs, monitorOf(m))
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return PageValues(r, "KubernetesMonitor", docs)
}

func (r *Request) findMonitor(tx *store.Tx, permission string) (*catalog.KubernetesMonitor, error) {
	m, err := catalog.KubernetesMonitors.Find(tx, r.Space, r.Param("id"))
	if err != nil {
		return nil, err
	}
	return m, r.ofMachine(tx, permission, m.MachineID)
}

func (a *API) kubernetesMonitor(r *Request) (any, error) {
	var d monitorDocument
	err := r.View(func(tx *store.Tx) error {
		m, err := r.findMonitor(tx, "MachineView")
		if err == nil {
			d = monitorOf(m)
		}
		return err
	})
	return monitorAnswer{d}, err
}

func (a *API) registerKubernetesMonitor(r *Request) (any, error) {
	var want registerMonitor
	if err := r.Read(&want); err != nil {
		return nil, err
	}
	var answer registeredMonitor
	err := r.Do(func(tx *store.Tx) error {
		if err := r.ofMachine(tx, "MachineEdit", want.MachineID); err != nil {
			return err
		}
		m, err := catalog.MonitorOf(tx, want.MachineID)
		if err != nil {
			return err
		}
		if m == nil {
			m = &catalog.KubernetesMonitor{MachineID: want.MachineID}
			m.SpaceID = r.Space
		}
		m.InstallationID = want.InstallationID
		answer = registeredMonitor{}
		if m.TokenHash == "" || !want.PreserveAuthenticationToken {
			token := secret.NewToken()
			text := token.Reveal()
			m.TokenHash, answer.AuthenticationToken = secret.Hash(token), &text
		}
		if err := catalog.KubernetesMonitors.Put(tx, m); err != nil {
			return err
		}
		answer.Resource = monitorOf(m)
		return nil
	})
	return Created(answer), err
}

func (a *API) deleteKubernetesMonitor(r *Request) (any, error) {
	return nil, r.Do(func(tx *store.Tx) error {
		m, err := r.findMonitor(tx, "MachineEdit")
		if err != nil {
			return err
		}
		return catalog.KubernetesMonitors.Delete(tx, m.ID)
	})
}
