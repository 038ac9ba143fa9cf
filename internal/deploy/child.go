package deploy

import (
	"encoding/json"
	"fmt"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/step"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

// childDeployment is what a step that deploys a release asks for.
type childDeployment struct {
	ReleaseID     string `json:"ReleaseId"`
	EnvironmentID string `json:"EnvironmentId"`
	TenantID      string `json:"TenantId"`
	Variables     map[string]string
}

// Child creates the task that a record waits for.
func (g *occasion) Child(tx *store.Tx, t *task.Task, key string, c step.Child) error {
	if c.Kind != "Deployment" {
		return fault.New(fault.Invalid, "This server cannot start a %s from a step.", c.Kind)
	}
	var want childDeployment
	if err := json.Unmarshal(c.Data, &want); err != nil {
		return fmt.Errorf("reading what step %s is to deploy: %w", key, err)
	}
	r, err := catalog.Releases.Get(tx, want.ReleaseID)
	if err != nil {
		return err
	}
	in := NewDeployments{Space: r.SpaceID, Release: r, Environments: []string{want.EnvironmentID}}
	if want.TenantID != "" {
		in.Tenants = []string{want.TenantID}
	}
	in.Variables = want.Variables
	in.Parent, in.ParentKey = t.ID, key
	_, err = g.CreateDeploymentsTx(tx, in)
	return err
}
