package api

import (
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/deploy"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

var _ = area(func(a *API) []Route {
	return []Route{
		{Method: "POST", Pattern: "S/projects/{id}/environments/ephemeral", Handle: a.raiseEnvironment, Summary: "Make an ephemeral environment for a project", Body: newEphemeral{}, Answer: madeEphemeral{}},
		{Method: "GET", Pattern: "S/projects/{id}/environments/ephemeral/{environment}/status", Handle: a.ephemeralStatus, Summary: "How far an ephemeral environment is for a project", Answer: ephemeralStatus{}},
		{Method: "POST", Pattern: "S/projects/{id}/environments/ephemeral/{environment}/deprovision", Handle: a.leaveEnvironment, Summary: "Take an ephemeral environment down for a project", Answer: leftEphemeral{}},
		{Method: "POST", Pattern: "S/environments/ephemeral/{id}/deprovision", Handle: a.deprovision, Summary: "Take an ephemeral environment down and remove it", Answer: deprovisioned{}},
	}
})

// newEphemeral asks for an ephemeral environment.
type newEphemeral struct{ EnvironmentName string }

type madeEphemeral struct {
	ID string `json:"Id"`
}

type ephemeralStatus struct{ Status deploy.EphemeralState }

// deprovisioningRun is a run that takes an ephemeral environment down.
type deprovisioningRun struct {
	RunbookRunID string `json:"RunbookRunId"`
	TaskID       string `json:"TaskId"`
}

// leftEphemeral names the run that takes the environment down for a project;
// none where there is nothing to run.
type leftEphemeral struct {
	DeprovisioningRun *deprovisioningRun `json:",omitempty"`
}

type deprovisioned struct{ DeprovisioningRuns []deprovisioningRun }

func (a *API) raiseEnvironment(r *Request) (any, error) {
	var c newEphemeral
	if err := r.Read(&c); err != nil {
		return nil, err
	}
	var made madeEphemeral
	err := r.Do(func(tx *store.Tx) error {
		p, err := a.project(r, tx, "ProjectView")
		if err != nil {
			return err
		}
		if err := r.NeedFor("EnvironmentCreate", catalog.Environments, &catalog.Environment{Named: kind.Named{Base: kind.Base{SpaceID: r.Space}}}); err != nil {
			return err
		}
		e, err := deploy.Raise(tx, p, c.EnvironmentName)
		if err == nil {
			made.ID = e.ID
		}
		return err
	})
	return Created(made), err
}

// ephemeral finds the ephemeral environment that a part of the path names.
func ephemeral(r *Request, tx *store.Tx, part, permission string) (*catalog.Environment, error) {
	e, err := catalog.Environments.Find(tx, r.Space, r.Param(part))
	if err != nil {
		return nil, err
	}
	if err := r.NeedFor(permission, catalog.Environments, e); err != nil {
		return nil, err
	}
	if e.Type != catalog.EphemeralEnvironment {
		return nil, fault.New(fault.NotFound, "The environment '%s' is no ephemeral environment.", e.Name)
	}
	return e, nil
}

func (a *API) ephemeralStatus(r *Request) (any, error) {
	var answer ephemeralStatus
	err := r.View(func(tx *store.Tx) error {
		p, err := a.project(r, tx, "ProjectView")
		if err != nil {
			return err
		}
		e, err := ephemeral(r, tx, "environment", "EnvironmentView")
		if err != nil {
			return err
		}
		u, err := catalog.FindEnvironmentUse(tx, p.ID, e.ID)
		if err == nil {
			answer.Status, err = deploy.StateOf(tx, u)
		}
		return err
	})
	return answer, err
}

// leave takes an environment down, for one project or for all.
func (a *API) leave(r *Request, tx *store.Tx, e *catalog.Environment, p *catalog.Project) ([]deprovisioningRun, error) {
	if a.Deploy == nil {
		return nil, fault.New(fault.Unavailable, "This server runs no runbooks.")
	}
	runs, err := a.Deploy.Deprovision(tx, deploy.Leaving{Environment: e, Project: p, Allow: func(of *catalog.Project) error {
		return r.Need("RunbookRunCreate", At{Project: of.ID, Group: of.ProjectGroupID, Environments: []string{e.ID}})
	}})
	all := []deprovisioningRun{}
	for _, m := range runs {
		all = append(all, deprovisioningRun{m.Run.ID, m.Task.ID})
	}
	return all, err
}

func (a *API) leaveEnvironment(r *Request) (any, error) {
	var answer leftEphemeral
	err := r.Do(func(tx *store.Tx) error {
		p, err := a.project(r, tx, "ProjectView")
		if err != nil {
			return err
		}
		e, err := ephemeral(r, tx, "environment", "EnvironmentDelete")
		if err != nil {
			return err
		}
		runs, err := a.leave(r, tx, e, p)
		answer.DeprovisioningRun = nil
		if len(runs) > 0 {
			answer.DeprovisioningRun = &runs[0]
		}
		return err
	})
	return answer, err
}

func (a *API) deprovision(r *Request) (any, error) {
	var answer deprovisioned
	err := r.Do(func(tx *store.Tx) error {
		e, err := ephemeral(r, tx, "id", "EnvironmentDelete")
		if err == nil {
			answer.DeprovisioningRuns, err = a.leave(r, tx, e, nil)
		}
		return err
	})
	return answer, err
}
