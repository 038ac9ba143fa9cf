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
	again.DeployOptions, err = choicesOf(tx, &d.Execution)
	return again, err
}

// RunAgain says what runs again what a task has run, with the same choices and
// answers.
func (s *Service) RunAgain(tx *store.Tx, r *catalog.RunbookRun) (*NewRuns, error) {
	snapshot, err := catalog.RunbookSnapshots.Get(tx, r.RunbookSnapshotID)
	if err != nil {
		return nil, err
	}
	again := &NewRuns{Snapshot: snapshot, Environments: []string{r.EnvironmentID}}
	if r.TenantID != "" {
		again.Tenants = []string{r.TenantID}
	}
	again.DeployOptions, err = choicesOf(tx, &r.Execution)
	return again, err
}

// RunOf finds the run that a task carries out.
func RunOf(tx *store.Tx, t *task.Task) (*catalog.RunbookRun, error) {
	var args runArguments
	if err := json.Unmarshal(t.Arguments, &args); err != nil {
		return nil, fmt.Errorf("reading the arguments of %s: %w", t.ID, err)
	}
	return catalog.RunbookRuns.Get(tx, args.RunbookRunID)
}

// choicesOf are the choices and answers that an execution was made with.
func choicesOf(tx *store.Tx, x *catalog.Execution) (DeployOptions, error) {
	o := DeployOptions{
		GuidedFailure: &x.UseGuidedFailure, ForcePackageRedeployment: x.ForcePackageRedeployment, SkipSteps: x.SkipActions,
		SpecificMachines: x.SpecificMachineIDs, ExcludedMachines: x.ExcludedMachineIDs,
		SpecificTags: x.SpecificTargetTagIDs, ExcludedTags: x.ExcludedTargetTagIDs,
		Priority: x.Priority, Comments: x.Comments, FailTargetDiscovery: x.FailTargetDiscovery, DebugMode: x.DebugMode,
		Variables: map[string]string{},
	}
	if x.ForcePackageDownload {
		o.ForcePackageDownload = &x.ForcePackageDownload
	}
	if x.ManifestVariableSetID == "" {
		return o, nil
	}
	set, err := catalog.VariableSets.Get(tx, x.ManifestVariableSetID)
	if fault.Is(err, fault.NotFound) {
		return o, nil
	}
	if err != nil {
		return o, err
	}
	for i := range set.Variables {
		v := &set.Variables[i]
		if v.Description == givenByParent || v.Description == givenByTrigger {
			continue // nobody has answered these
		}
		if o.Variables[v.Name], err = v.Plain(tx); err != nil {
			return o, err
		}
	}
	return o, nil
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
