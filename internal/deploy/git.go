package deploy

import (
	"context"
	"maps"
	"slices"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/gitproject"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/variable"
)

// revision reads what a release takes from Git; nil for a project that is in
// the database. It may have to ask over the network, so it is never called
// within a transaction.
func (s *Service) revision(ctx context.Context, space, what, ref, commit string) (*gitproject.Revision, error) {
	return s.read(ctx, space, what, ref, commit, (*gitproject.Checkout).Revision)
}

// VariablesAt reads the variables of a project at a reference, by default its
// default branch; nil for a project that is in the database. Like all that asks
// over the network it is never called within a transaction.
func (s *Service) VariablesAt(ctx context.Context, space, what, ref string) (*gitproject.Revision, error) {
	return s.read(ctx, space, what, ref, "", (*gitproject.Checkout).OnlyVariables)
}

func (s *Service) read(ctx context.Context, space, what, ref, commit string, read func(*gitproject.Checkout, context.Context) (*gitproject.Revision, error)) (*gitproject.Revision, error) {
	var project *catalog.Project
	err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
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
	return read(c, ctx)
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
	if d.revision != nil {
		d.project, d.steps = d.revision.Process.Governed(d.project), d.revision.Process.Steps
	} else {
		process, err := catalog.DeploymentProcesses.Get(tx, d.project.DeploymentProcessID)
		if err != nil {
			return err
		}
		d.steps = process.Steps
	}
	d.values, err = valuesNow(tx, d.project, d.revision)
	return err
}

// snapshot keeps for a release what it is made of.
func (d *releaseDraft) snapshot(tx *store.Tx, r *catalog.Release) (err error) {
	if d.revision == nil {
		r.ProjectDeploymentProcessSnapshotID, err = catalog.SnapshotProcess(tx, d.project.DeploymentProcessID)
	} else {
		reference := d.revision.Reference
		r.VersionControlReference = &reference
		r.ProjectDeploymentProcessSnapshotID, err = catalog.KeepProcess(tx, d.revision.Process)
	}
	if err != nil {
		return err
	}
	r.ProjectVariableSetSnapshotID, r.LibraryVariableSetSnapshotIDs, err = snapshotVariables(tx, d.project, d.revision)
	return err
}

// valuesNow reads the variables of a project as they are now, secrets closed.
// Those of a project in Git are of a revision.
func valuesNow(tx *store.Tx, project *catalog.Project, revision *gitproject.Revision) ([]variable.Value, error) {
	if revision == nil {
		return liveValues(tx, project)
	}
	set, err := revision.Variables(tx)
	if err != nil {
		return nil, err
	}
	libraries, err := librarySetsOf(tx, project)
	if err != nil {
		return nil, err
	}
	return valuesWith(tx, project, set, libraries, false)
}

// snapshotVariables keeps the variables of a project as they are. Those of a
// project in Git are of a revision.
func snapshotVariables(tx *store.Tx, project *catalog.Project, revision *gitproject.Revision) (own string, libraries []string, err error) {
	if revision == nil {
		own, err = catalog.SnapshotVariables(tx, project.VariableSetID)
	} else {
		var set *catalog.VariableSet
		if set, err = revision.Variables(tx); err == nil {
			own, err = catalog.KeepVariables(tx, set)
		}
	}
	if err != nil {
		return "", nil, err
	}
	live, err := librarySetsOf(tx, project)
	if err != nil {
		return "", nil, err
	}
	for _, id := range live {
		snapshot, err := catalog.SnapshotVariables(tx, id)
		if err != nil {
			return "", nil, err
		}
		libraries = append(libraries, snapshot)
	}
	return own, libraries, nil
}

// A VariableName names the variables of an owner, a project or a library variable
// set, that have a name.
type VariableName struct {
	Name    string
	OwnerID string `json:"OwnerId"`
}

// renewVariables gives snapshots the variables of some names as they are now
// and leaves them all others.
func renewVariables(tx *store.Tx, project *catalog.Project, revision *gitproject.Revision, own *string, libraries []string, names []VariableName) error {
	var wrong fault.Complaints
	of := map[string][]string{}
	for i, n := range names {
		if n.Name == "" || n.OwnerID == "" {
			wrong.Add("Variables[%d] must have a Name and an OwnerId.", i)
		}
		of[n.OwnerID] = append(of[n.OwnerID], n.Name)
	}
	renew := func(owner, live string, snapshot *string) error {
		if len(of[owner]) == 0 {
			return nil
		}
		var set *catalog.VariableSet
		var err error
		if owner == project.ID && revision != nil {
			set, err = revision.Variables(tx)
		} else {
			set, err = catalog.VariableSets.Get(tx, live)
		}
		if err != nil {
			return err
		}
		var unknown []string
		*snapshot, unknown, err = catalog.RenewVariables(tx, *snapshot, set, of[owner])
		for _, name := range unknown {
			wrong.Add("There is no variable '%s' of %s, and there was none when the snapshot was taken.", name, owner)
		}
		delete(of, owner)
		return err
	}
	if err := renew(project.ID, project.VariableSetID, own); err != nil {
		return err
	}
	for i := range libraries {
		frozen, err := catalog.VariableSets.Get(tx, libraries[i])
		if err == nil {
			err = renew(frozen.OwnerID, catalog.LiveID(libraries[i]), &libraries[i])
		}
		if err != nil {
			return err
		}
	}
	for _, owner := range slices.Sorted(maps.Keys(of)) {
		wrong.Add("The snapshot has no variables of '%s'.", owner)
	}
	return wrong.Err()
}

// UpdateVariables gives a release the variables of its project as they are now,
// or only those of some names; of a project in Git those at the tip of the
// release's branch.
func (s *Service) UpdateVariables(ctx context.Context, releaseID string, only ...VariableName) (r *catalog.Release, err error) {
	revision, err := s.tip(ctx, releaseID)
	if err != nil {
		return nil, err
	}
	err = s.DB.Do(ctx, func(tx *store.Tx) (err error) {
		if r, err = catalog.Releases.Get(tx, releaseID); err != nil {
			return err
		}
		return s.updateVariables(tx, r, revision, only...)
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
	return s.VariablesAt(ctx, r.SpaceID, r.ProjectID, r.VersionControlReference.GitRef)
}

func (s *Service) updateVariables(tx *store.Tx, r *catalog.Release, revision *gitproject.Revision, only ...VariableName) error {
	project, err := catalog.Projects.Get(tx, r.ProjectID)
	if err != nil {
		return err
	}
	if r.VersionControlReference != nil && revision == nil {
		return fault.New(fault.Invalid, "The variables of release %s are in Git and can only be updated by themselves, at /releases/%s/snapshot-variables.", r.Version, r.ID)
	}
	if len(only) > 0 {
		err = renewVariables(tx, project, revision, &r.ProjectVariableSetSnapshotID, r.LibraryVariableSetSnapshotIDs, only)
	} else {
		r.ProjectVariableSetSnapshotID, r.LibraryVariableSetSnapshotIDs, err = snapshotVariables(tx, project, revision)
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
