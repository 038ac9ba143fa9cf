package deploy

import (
	"encoding/json"
	"fmt"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

// Again says what deploys again what a task has deployed, with the same
// choices and answers.
func (s *Service) Again(tx *store.Tx, t *task.Task) (*NewDeployments, error) {
	var args deployArguments
	if err := json.Unmarshal(t.Arguments, &args); err != nil {
		return nil, fmt.Errorf("reading the arguments of %s: %w", t.ID, err)
	}
	d, err := catalog.Deployments.Get(tx, args.DeploymentID)
	if err != nil {
		return nil, err
	}
	r, err := catalog.Releases.Get(tx, d.ReleaseID)
	if err != nil {
		return nil, err
	}
	again := &NewDeployments{Space: d.SpaceID, Release: r, Environments: []string{d.EnvironmentID}}
	if d.TenantID != "" {
		again.Tenants = []string{d.TenantID}
	}
	again.DeployOptions = DeployOptions{
		GuidedFailure: &d.UseGuidedFailure, ForcePackageRedeployment: d.ForcePackageRedeployment, SkipSteps: d.SkipActions,
		SpecificMachines: d.SpecificMachineIDs, ExcludedMachines: d.ExcludedMachineIDs,
		SpecificTags: d.SpecificTargetTagIDs, ExcludedTags: d.ExcludedTargetTagIDs,
		Priority: d.Priority, Comments: d.Comments, FailTargetDiscovery: d.FailTargetDiscovery, DebugMode: d.DebugMode,
		Variables: map[string]string{},
	}
	if d.ForcePackageDownload {
		again.ForcePackageDownload = &d.ForcePackageDownload
	}
	if d.ManifestVariableSetID == "" {
		return again, nil
	}
	set, err := catalog.VariableSets.Get(tx, d.ManifestVariableSetID)
	if fault.Is(err, fault.NotFound) {
		return again, nil
	}
	if err != nil {
		return nil, err
	}
	for i := range set.Variables {
		v := &set.Variables[i]
		if again.Variables[v.Name], err = v.Plain(tx); err != nil {
			return nil, err
		}
	}
	return again, nil
}

// DeleteRelease deletes a release with its deployments and their tasks.
func (s *Service) DeleteRelease(tx *store.Tx, r *catalog.Release) error {
	all, _, err := catalog.Deployments.List(tx, kind.Query{Space: r.SpaceID, Match: map[string]string{"ReleaseId": r.ID}})
	if err != nil {
		return err
	}
	for _, d := range all {
		if err := s.Remove(tx, d); err != nil {
			return err
		}
	}
	return catalog.Releases.Remove(tx, r)
}
