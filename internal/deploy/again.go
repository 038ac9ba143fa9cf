package deploy

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

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

// RemoveTask removes a task that has ended with its log, its questions and its
// artifacts.
func (s *Service) RemoveTask(tx *store.Tx, t *task.Task) error {
	if t.Hold != task.Done {
		return fault.New(fault.Conflict, "Task %s has not ended. Cancel it before it is deleted.", t.ID)
	}
	mine := kind.Query{Space: t.SpaceID, Match: map[string]string{"TaskId": t.ID}}
	questions, _, err := catalog.Interruptions.List(tx, mine)
	if err != nil {
		return err
	}
	for _, i := range questions {
		if err := catalog.Interruptions.Remove(tx, i); err != nil {
			return err
		}
	}
	mine.Match = map[string]string{"ServerTaskId": t.ID}
	artifacts, _, err := catalog.Artifacts.List(tx, mine)
	if err != nil {
		return err
	}
	for _, a := range artifacts {
		if err := catalog.Artifacts.Remove(tx, a); err != nil {
			return err
		}
		tx.After(func() { s.discard(a.Blob()) })
	}
	return task.Purge(tx, t.ID)
}

// discard removes a file that nothing refers to any more. One that stays is
// found and removed by retention.
func (s *Service) discard(name string) {
	if s.Blobs == nil {
		return
	}
	if err := s.Blobs.Delete(context.Background(), name); err != nil {
		slog.Warn("a file that is not needed any more stays for a while", "file", name, "error", err)
	}
}
