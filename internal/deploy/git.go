package deploy

import (
	"context"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/gitproject"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/variable"
)

// revision reads what a release takes from Git; nil for a project that is in
// the database. It may have to ask over the network, so it is never called
// within a transaction.
func (s *Service) revision(ctx context.Context, space, what, ref, commit string) (r *gitproject.Revision, err error) {
	var project *catalog.Project
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		project, err = findProject(tx, space, what)
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case !project.IsVersionControlled && ref+commit != "":
		return nil, fault.New(fault.Invalid, "GitRef and GitCommit must be empty: the process of project '%s' is not in Git.", project.Name)
	case !project.IsVersionControlled:
		return nil, nil
	}
	c, err := s.checkout(ctx, project, ref, commit)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.Revision(ctx)
}

func (s *Service) checkout(ctx context.Context, project *catalog.Project, ref, commit string) (*gitproject.Checkout, error) {
	if s.Git == nil {
		return nil, fault.New(fault.Unavailable, "The process of project '%s' is in Git, and this server has no access to the repository.", project.Name)
	}
	return s.Git.Open(ctx, project, ref, commit, 0)
}

// current reads the steps, values and settings that a release is made from:
// those of a commit, or those of the database as they are now.
func (d *releaseDraft) current(tx *store.Tx) (err error) {
	if d.revision == nil {
		if d.values, err = liveValues(tx, d.project); err != nil {
			return err
		}
		process, err := catalog.DeploymentProcesses.Get(tx, d.project.DeploymentProcessID)
		if err != nil {
			return err
		}
		d.steps = process.Steps
		return nil
	}
	d.project, d.steps = d.revision.Process.Governed(d.project), d.revision.Process.Steps
	set, err := d.revision.Variables(tx)
	if err != nil {
		return err
	}
	libraries, err := librarySetsOf(tx, d.project)
	if err != nil {
		return err
	}
	d.values, err = valuesWith(tx, d.project, set, libraries, false)
	return err
}

// snapshot keeps for a release what it is made of.
func (d *releaseDraft) snapshot(tx *store.Tx, r *catalog.Release) (err error) {
	if d.revision == nil {
		if r.ProjectDeploymentProcessSnapshotID, err = catalog.SnapshotProcess(tx, d.project.DeploymentProcessID); err != nil {
			return err
		}
		r.ProjectVariableSetSnapshotID, r.LibraryVariableSetSnapshotIDs, err = snapshotVariables(tx, d.project)
		return err
	}
	reference := d.revision.Reference
	r.VersionControlReference = &reference
	if r.ProjectDeploymentProcessSnapshotID, err = catalog.KeepProcess(tx, d.revision.Process); err != nil {
		return err
	}
	return keepVariables(tx, d.project, d.revision, r)
}

func keepVariables(tx *store.Tx, project *catalog.Project, revision *gitproject.Revision, r *catalog.Release) error {
	set, err := revision.Variables(tx)
	if err != nil {
		return err
	}
	if r.ProjectVariableSetSnapshotID, err = catalog.KeepVariables(tx, set); err != nil {
		return err
	}
	r.LibraryVariableSetSnapshotIDs, err = snapshotLibraries(tx, project)
	return err
}

// UpdateVariables gives a release the variables of its project as they are
// now; of a project in Git those at the tip of the release's branch.
func (s *Service) UpdateVariables(ctx context.Context, releaseID string) (r *catalog.Release, err error) {
	revision, err := s.tip(ctx, releaseID)
	if err != nil {
		return nil, err
	}
	err = s.DB.Do(ctx, func(tx *store.Tx) (err error) {
		if r, err = catalog.Releases.Get(tx, releaseID); err != nil {
			return err
		}
		return s.updateVariables(tx, r, revision)
	})
	return r, err
}

// tip reads what is at the tip of a release's branch now; nil for a release
// that is not from Git.
func (s *Service) tip(ctx context.Context, releaseID string) (*gitproject.Revision, error) {
	var r *catalog.Release
	err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		r, err = catalog.Releases.Get(tx, releaseID)
		return err
	})
	if err != nil || r.VersionControlReference == nil {
		return nil, err
	}
	return s.revision(ctx, r.SpaceID, r.ProjectID, r.VersionControlReference.GitRef, "")
}

func (s *Service) updateVariables(tx *store.Tx, r *catalog.Release, revision *gitproject.Revision) error {
	project, err := catalog.Projects.Get(tx, r.ProjectID)
	if err != nil {
		return err
	}
	switch {
	case revision != nil:
		err = keepVariables(tx, project, revision, r)
	case r.VersionControlReference != nil:
		err = fault.New(fault.Invalid, "The variables of release %s are in Git and can only be updated by themselves, at /releases/%s/snapshot-variables.", r.Version, r.ID)
	default:
		r.ProjectVariableSetSnapshotID, r.LibraryVariableSetSnapshotIDs, err = snapshotVariables(tx, project)
	}
	if err != nil {
		return err
	}
	return catalog.Releases.Put(tx, r)
}

// valuesWith reads the variables of a project's set and of library sets.
func valuesWith(tx *store.Tx, project *catalog.Project, set *catalog.VariableSet, librarySets []string, open bool) ([]variable.Value, error) {
	values, err := valuesOf(tx, set, variable.FromProject, project.Name, 0, open)
	if err != nil {
		return nil, err
	}
	return addLibraries(tx, values, librarySets, open)
}
