package catalog

import (
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// An EnvironmentUse says that a project uses an ephemeral environment, and by
// which runs of its runbooks it was made ready and is taken down. How these go
// is their tasks' to tell.
type EnvironmentUse struct {
	kind.Base
	ProjectID     string `json:"ProjectId" kind:"filter"`
	EnvironmentID string `json:"EnvironmentId" kind:"filter"`
	// Deployed says that something was deployed there.
	Deployed          bool   `json:"Deployed"`
	ProvisioningRun   string `json:"ProvisioningRun,omitempty"`
	DeprovisioningRun string `json:"DeprovisioningRun,omitempty" kind:"filter"`
}

// EnvironmentUses holds which projects use which ephemeral environments.
var EnvironmentUses = kind.Register(kind.Kind[EnvironmentUse]{
	Plural:   "EnvironmentUses",
	Singular: "Use of an environment",
	Title:    "EnvironmentId",
	Hidden:   true,
	Silent:   true,
	Repeats:  true,
})

// FindEnvironmentUse finds how a project uses an environment; nil if it does
// not.
func FindEnvironmentUse(tx *store.Tx, project, environment string) (*EnvironmentUse, error) {
	return found(EnvironmentUses.Get(tx, environmentUseID(project, environment)))
}

// UseEnvironment notes that a project uses an environment.
func UseEnvironment(tx *store.Tx, space, project, environment string) (*EnvironmentUse, error) {
	u, err := FindEnvironmentUse(tx, project, environment)
	if u != nil || err != nil {
		return u, err
	}
	u = &EnvironmentUse{ProjectID: project, EnvironmentID: environment}
	u.ID, u.SpaceID = environmentUseID(project, environment), space
	return u, EnvironmentUses.Put(tx, u)
}

func environmentUseID(project, environment string) string {
	return "environmentuse-" + project + "-" + environment
}

// checkEphemeral complains of a channel that has no place for its releases.
func (c *Channel) checkEphemeral(tx *store.Tx, wrong *fault.Complaints) error {
	if c.Type != EphemeralChannel {
		return nil
	}
	parent, err := found(kind.Of[Environment]().Get(tx, c.ParentEnvironmentID))
	switch {
	case err != nil:
		return err
	case parent == nil || parent.Type != ParentEnvironment || parent.SpaceID != c.SpaceID:
		wrong.Add("ParentEnvironmentId must name a parent environment: releases of a channel for ephemeral environments go to its children.")
	case c.AutomaticEphemeralEnvironmentDeployments && c.EphemeralEnvironmentNameTemplate == "":
		wrong.Add("EphemeralEnvironmentNameTemplate must not be empty where releases are deployed automatically: it names their environments.")
	}
	return nil
}
