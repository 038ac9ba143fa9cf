package api

import (
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/kind"
)

var _ = area(func(a *API) []Route {
	info := catalog.MachinePolicies.Info()
	return []Route{
		{Method: "GET", Pattern: "S/machinepolicies/template", Handle: a.machinePolicyTemplate, Permission: "MachinePolicyView", Summary: "What a new machine policy begins with", Answer: info},
		{Method: "GET", Pattern: "S/machinepolicies/{id}/machines", Handle: a.policyMachines(catalog.Machines), Query: []string{"isDisabled", "machinePartialName", "skip", "take"}, Summary: "The deployment targets with a policy", Answer: catalog.Machines.Info()},
		{Method: "GET", Pattern: "S/machinepolicies/{id}/workers", Handle: a.policyMachines(catalog.Workers), Query: []string{"isDisabled", "machinePartialName", "skip", "take"}, Summary: "The workers with a policy", Answer: catalog.Workers.Info()},
	}
})

func (a *API) machinePolicyTemplate(r *Request) (any, error) {
	p := catalog.NewMachinePolicy()
	p.SpaceID = r.Space
	return unsaved(r, catalog.MachinePolicies, p)
}

func (a *API) policyMachines(k kind.Any) func(*Request) (any, error) {
	return func(r *Request) (any, error) {
		p, err := findFor(r, catalog.MachinePolicies)
		if err != nil {
			return nil, err
		}
		h := a.crudOf(k)
		q := machineQuery(r, h)
		q.Match["MachinePolicyId"] = p.ID
		return a.machinePage(r, h, q)
	}
}
