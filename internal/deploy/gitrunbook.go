package deploy

import (
	"context"
	"fmt"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/gitproject"
	"github.com/takodeploy/tako/internal/rule"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/variable"
)

// NewGitRuns is what runs of a runbook in Git are made of.
type NewGitRuns struct {
	Project   *catalog.Project
	Runbook   string // slug or name
	Ref       string // a branch, a tag or a commit
	Commit    string // of the branch; empty is its tip
	Packages  []string
	Resources []string // Git references as overrides
	Version   string   // of all packages for which nothing else is said
	NewRuns
	// Approve is asked whether the caller may run what is at the reference. What is
	// at the tip of the default branch is what was approved.
	Approve func(atTip bool) error
}

// CreateGitRuns runs a runbook as it is at a reference. A snapshot keeps what it
// was, so that the runs never ask the repository.
func (s *Service) CreateGitRuns(ctx context.Context, in NewGitRuns) ([]MadeRun, error) {
	c, err := s.checkout(ctx, in.Project, in.Ref, in.Commit)
	if err != nil {
		return nil, err
	}
	b, revision, err := c.RunbookRevision(ctx, in.Runbook)
	atTip := c.AtTip()
	c.Close()
	if err != nil {
		return nil, err
	}
	if in.Approve != nil {
		if err := in.Approve(atTip); err != nil {
			return nil, err
		}
	}
	d, err := s.gitDraft(ctx, b, revision)
	if err != nil {
		return nil, err
	}
	d.Packages, d.GitResources, d.DefaultVersion = in.Packages, in.Resources, in.Version
	if err := s.choosePackages(ctx, d); err != nil {
		return nil, err
	}
	var made []MadeRun
	err = s.DB.Do(ctx, func(tx *store.Tx) error {
		snapshot, err := putGitSnapshot(tx, d, b)
		if err != nil {
			return err
		}
		runs := in.NewRuns
		runs.Snapshot = snapshot
		made, err = s.CreateRunsTx(tx, runs)
		return err
	})
	return made, err
}

// gitDraft begins a draft of a snapshot of a runbook in Git.
func (s *Service) gitDraft(ctx context.Context, b *gitproject.Runbook, revision *gitproject.Revision) (*releaseDraft, error) {
	d := snapshotDraft(b.Runbook)
	d.revision = revision
	err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		if d.project, err = catalog.Projects.Get(tx, b.ProjectID); err != nil {
			return err
		}
		if d.project.IsDisabled {
			return fault.New(fault.Invalid, "Project '%s' is disabled, so its runbooks cannot be run.", d.project.Name)
		}
		if d.values, err = valuesNow(tx, d.project, revision); err != nil {
			return err
		}
		d.steps = b.Process.Steps
		d.slots = slotsOf(d.steps, d.values, variable.Context{Project: d.project.ID, ProcessOwner: catalog.GitRunbookID(d.project.ID, b.Slug)})
		return nil
	})
	return d, err
}

// putGitSnapshot keeps what a runbook in Git was at a commit.
func putGitSnapshot(tx *store.Tx, d *releaseDraft, b *gitproject.Runbook) (*catalog.RunbookSnapshot, error) {
	shadow, err := catalog.ShadowRunbook(tx, b.Runbook)
	if err != nil {
		return nil, err
	}
	reference := d.revision.Reference
	made := &catalog.RunbookSnapshot{
		RunbookID: shadow.ID, ProjectID: shadow.ProjectID, GitReference: &reference,
		Notes: fmt.Sprintf("%s at commit %.10s of %s", shadow.Name, reference.GitCommit, rule.ShortReference(reference.GitRef)),
	}
	made.SpaceID, made.SelectedPackages, made.SelectedGitResources = shadow.SpaceID, d.packages(), d.SelectedGit
	if made.Name, err = nextSnapshotName(tx, shadow.ID); err != nil {
		return nil, err
	}
	if made.FrozenRunbookProcessID, err = catalog.KeepRunbookProcess(tx, shadow, b.Process.Steps); err != nil {
		return nil, err
	}
	if made.ProjectVariableSetSnapshotID, made.LibraryVariableSetSnapshotIDs, err = snapshotVariables(tx, d.project, d.revision); err != nil {
		return nil, err
	}
	return made, catalog.RunbookSnapshots.Put(tx, made)
}

// GitSnapshotTemplate says what a run of a runbook in Git needs.
func (s *Service) GitSnapshotTemplate(ctx context.Context, b *gitproject.Runbook, revision *gitproject.Revision) (*SnapshotTemplate, error) {
	d, err := s.gitDraft(ctx, b, revision)
	if err != nil {
		return nil, err
	}
	t := &SnapshotTemplate{
		RunbookID: b.ID, RunbookProcessID: b.RunbookProcessID, GitResources: templateGit(d.steps, nil), Links: map[string]string{},
	}
	err = s.DB.View(ctx, func(tx *store.Tx) (err error) {
		t.Packages = d.templatePackages(tx, nil)
		t.NextNameIncrement, err = nextSnapshotName(tx, catalog.GitRunbookID(b.ProjectID, b.Slug))
		return err
	})
	return t, err
}

// GitRunPreviews says what runs of a runbook in Git would do.
func (s *Service) GitRunPreviews(tx *store.Tx, b *gitproject.Runbook, revision *gitproject.Revision, wanted []PreviewOf, disabled bool) ([]RunPreview, error) {
	o := &playbill{runbook: b.Runbook, frozen: catalog.Freeze(b.Runbook)}
	if err := o.fill(tx, b.Process.Steps); err != nil {
		return nil, err
	}
	o.owner = catalog.GitRunbookID(b.ProjectID, b.Slug)
	var err error
	if o.values, err = valuesNow(tx, o.project, revision); err != nil {
		return nil, err
	}
	return o.previews(tx, wanted, disabled)
}

// GitRunTemplate says where a runbook in Git, found at self, can be run now.
func (s *Service) GitRunTemplate(tx *store.Tx, b *gitproject.Runbook, self string, may func(environment, tenant string) (bool, error)) (*RunTemplate, error) {
	return runTemplate(tx, b.Runbook, self, may)
}
