package deploy

import (
	"context"
	"regexp"
	"strconv"
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/variable"
)

// NewSnapshot is what a snapshot of a runbook is made of.
type NewSnapshot struct {
	Runbook *catalog.Runbook
	Name    string // empty is worked out
	Notes   string
	Publish bool
	// Packages are versions of packages as overrides, such as "Deploy web:1.2".
	Packages []string
	// Selected are versions of packages by action and reference.
	Selected []catalog.SelectedPackage
	// GitResources are Git references as overrides, such as "Deploy web:main".
	GitResources   []string
	SelectedGit    []catalog.SelectedGitResource
	DefaultVersion string // of all packages for which nothing else is said
}

// CreateSnapshot makes a snapshot of a runbook as it is now. Packages for which
// no version is said get the newest that their feeds have.
func (s *Service) CreateSnapshot(ctx context.Context, in NewSnapshot) (*catalog.RunbookSnapshot, error) {
	d := snapshotDraft(in.Runbook)
	d.Packages, d.Selected, d.GitResources, d.SelectedGit, d.DefaultVersion = in.Packages, in.Selected, in.GitResources, in.SelectedGit, in.DefaultVersion
	var err error
	if d.revision, err = s.VariablesAt(ctx, d.Space, in.Runbook.ProjectID, ""); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if err := d.gatherRunbook(tx, in.Runbook); err != nil {
			return err
		}
		if d.project.IsDisabled {
			return fault.New(fault.Invalid, "Project '%s' is disabled, so no snapshot of its runbooks can be created.", d.project.Name)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := s.choosePackages(ctx, d); err != nil {
		return nil, err
	}
	var made *catalog.RunbookSnapshot
	err = s.DB.Do(ctx, func(tx *store.Tx) (err error) {
		made, err = putSnapshot(tx, d, in)
		return err
	})
	return made, err
}

// snapshotDraft begins a draft of a snapshot: that of a release whose channel
// has no rules.
func snapshotDraft(r *catalog.Runbook) *releaseDraft {
	return &releaseDraft{NewRelease: NewRelease{Space: r.SpaceID}, channel: &catalog.Channel{}}
}

// gatherRunbook reads what a snapshot is made from. Variables of a project in
// Git are those of its default branch.
func (d *releaseDraft) gatherRunbook(tx *store.Tx, r *catalog.Runbook) (err error) {
	if d.project, err = catalog.Projects.Get(tx, r.ProjectID); err != nil {
		return err
	}
	process, err := catalog.RunbookProcesses.Get(tx, r.RunbookProcessID)
	if err != nil {
		return err
	}
	if d.values, err = valuesNow(tx, d.project, d.revision); err != nil {
		return err
	}
	d.steps = process.Steps
	d.slots = slotsOf(process.Steps, d.values, variable.Context{Project: d.project.ID, ProcessOwner: r.ID})
	return nil
}

func putSnapshot(tx *store.Tx, d *releaseDraft, in NewSnapshot) (*catalog.RunbookSnapshot, error) {
	runbook, err := catalog.Runbooks.Get(tx, in.Runbook.ID)
	if err != nil {
		return nil, err
	}
	made := &catalog.RunbookSnapshot{Name: strings.TrimSpace(in.Name), Notes: in.Notes, RunbookID: runbook.ID, ProjectID: runbook.ProjectID}
	made.SpaceID, made.SelectedPackages, made.SelectedGitResources = runbook.SpaceID, d.packages(), d.SelectedGit
	if made.Name == "" {
		if made.Name, err = nextSnapshotName(tx, runbook.ID); err != nil {
			return nil, err
		}
	}
	if made.FrozenRunbookProcessID, err = catalog.SnapshotRunbookProcess(tx, runbook.RunbookProcessID); err != nil {
		return nil, err
	}
	if made.ProjectVariableSetSnapshotID, made.LibraryVariableSetSnapshotIDs, err = snapshotVariables(tx, d.project, d.revision); err != nil {
		return nil, err
	}
	if err := catalog.RunbookSnapshots.Put(tx, made); err != nil {
		return nil, err
	}
	if in.Publish {
		runbook.PublishedRunbookSnapshotID = made.ID
		return made, catalog.Runbooks.Put(tx, runbook)
	}
	return made, nil
}

// UpdateSnapshotVariables gives a snapshot the variables of its project as they
// are now.
func (s *Service) UpdateSnapshotVariables(ctx context.Context, snapshot *catalog.RunbookSnapshot, only ...VariableName) error {
	revision, err := s.VariablesAt(ctx, snapshot.SpaceID, snapshot.ProjectID, "")
	if err != nil {
		return err
	}
	return s.DB.Do(ctx, func(tx *store.Tx) error {
		now, err := catalog.RunbookSnapshots.Get(tx, snapshot.ID)
		if err != nil {
			return err
		}
		project, err := catalog.Projects.Get(tx, now.ProjectID)
		if err != nil {
			return err
		}
		if len(only) > 0 {
			err = renewVariables(tx, project, revision, &now.ProjectVariableSetSnapshotID, now.LibraryVariableSetSnapshotIDs, only)
		} else {
			now.ProjectVariableSetSnapshotID, now.LibraryVariableSetSnapshotIDs, err = snapshotVariables(tx, project, revision)
		}
		if err != nil {
			return err
		}
		*snapshot = *now
		return catalog.RunbookSnapshots.Put(tx, snapshot)
	})
}

// FindSnapshot finds a snapshot of a runbook by id or name; "" is the published
// one.
func FindSnapshot(tx *store.Tx, runbook *catalog.Runbook, what string) (*catalog.RunbookSnapshot, error) {
	what = strings.TrimSpace(what)
	if what == "" {
		if runbook.PublishedRunbookSnapshotID == "" {
			return nil, fault.New(fault.Invalid, "Runbook '%s' has no published snapshot. Publish one, or name the snapshot to run.", runbook.Name)
		}
		what = runbook.PublishedRunbookSnapshotID
	}
	found, _, err := catalog.RunbookSnapshots.List(tx, kind.Query{Space: runbook.SpaceID, Take: 1, Where: []store.Where{
		{SQL: "owner = ?", Args: []any{runbook.ID}}, {SQL: "? in (lower(id), lower(name))", Args: []any{strings.ToLower(what)}}}})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, fault.New(fault.NotFound, "Runbook '%s' has no snapshot '%s'.", runbook.Name, what)
	}
	return found[0], nil
}

// numbered are the names that snapshots are given by themselves.
var numbered = regexp.MustCompile(`(?i)^snapshot (\d{1,9})$`)

// nextSnapshotName is the name of the next snapshot of a runbook: one more than
// the highest number that one has.
func nextSnapshotName(tx *store.Tx, runbookID string) (string, error) {
	highest := 0
	err := tx.Query(func(scan func(...any) error) error {
		var name string
		err := scan(&name)
		if m := numbered.FindStringSubmatch(name); m != nil {
			if n, bad := strconv.Atoi(m[1]); bad == nil {
				highest = max(highest, n)
			}
		}
		return err
	}, "select name from document where kind = 'RunbookSnapshots' and owner = $1 and lower(name) like 'snapshot %'", runbookID)
	return "Snapshot " + strconv.Itoa(highest+1), err
}

// SnapshotTemplate says what a snapshot of a runbook needs.
type SnapshotTemplate struct {
	RunbookID         string            `json:"RunbookId"`
	RunbookProcessID  string            `json:"RunbookProcessId"`
	NextNameIncrement string            `json:"NextNameIncrement"`
	Packages          []ReleasePackage  `json:"Packages"`
	GitResources      []TemplateGit     `json:"GitResources"`
	Links             map[string]string `json:"Links"`
}

// SnapshotTemplate says what a snapshot of a runbook needs: versions of
// packages and references of Git dependencies.
func (s *Service) SnapshotTemplate(ctx context.Context, r *catalog.Runbook) (t *SnapshotTemplate, err error) {
	d := snapshotDraft(r)
	if d.revision, err = s.VariablesAt(ctx, d.Space, r.ProjectID, ""); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		t, err = d.snapshotTemplate(tx, r)
		return err
	})
	return t, err
}

func (d *releaseDraft) snapshotTemplate(tx *store.Tx, r *catalog.Runbook) (*SnapshotTemplate, error) {
	if err := d.gatherRunbook(tx, r); err != nil {
		return nil, err
	}
	last, _, err := catalog.RunbookSnapshots.List(tx, kind.Query{Space: r.SpaceID, Take: 1, Match: map[string]string{"RunbookId": r.ID}})
	if err != nil {
		return nil, err
	}
	before := &catalog.RunbookSnapshot{}
	if len(last) > 0 {
		before = last[0]
	}
	t := &SnapshotTemplate{
		RunbookID: r.ID, RunbookProcessID: r.RunbookProcessID, Packages: d.templatePackages(tx, before.SelectedPackages),
		GitResources: templateGit(d.steps, before.SelectedGitResources),
		Links:        map[string]string{"Self": catalog.Runbooks.SelfPath(r.SpaceID, r.ID) + "/runbookSnapshotTemplate"},
	}
	t.NextNameIncrement, err = nextSnapshotName(tx, r.ID)
	return t, err
}

// RunTemplate says where a runbook can be run now.
type RunTemplate struct {
	RunbookID                    string            `json:"RunbookId"`
	RunbookSnapshotID            string            `json:"RunbookSnapshotId,omitempty"`
	IsRunbookProcessModified     bool              `json:"IsRunbookProcessModified"`
	IsVariableSetModified        bool              `json:"IsVariableSetModified"`
	IsLibraryVariableSetModified bool              `json:"IsLibraryVariableSetModified"`
	PromoteTo                    []PromotionTarget `json:"PromoteTo"`
	TenantPromotions             []TenantPromotion `json:"TenantPromotions"`
	Notes                        string            `json:"Notes"`
	Links                        map[string]string `json:"Links"`
}

// RunTemplate says where a snapshot of a runbook can be run now, of the places
// where the caller may run it. Without a snapshot it is about the runbook as it
// is now.
func (s *Service) RunTemplate(tx *store.Tx, runbook *catalog.Runbook, snapshot *catalog.RunbookSnapshot, may func(environment, tenant string) (bool, error)) (*RunTemplate, error) {
	if snapshot == nil {
		return runTemplate(tx, runbook, catalog.Runbooks.SelfPath(runbook.SpaceID, runbook.ID), may)
	}
	project, err := catalog.Projects.Get(tx, runbook.ProjectID)
	if err != nil {
		return nil, err
	}
	o := &playbill{runbook: runbook, snapshot: snapshot, frozen: settingsOf(runbook, snapshot)}
	self := catalog.RunbookSnapshots.SelfPath(snapshot.SpaceID, snapshot.ID)
	t, err := o.template(tx, self, may)
	if err != nil {
		return nil, err
	}
	t.RunbookSnapshotID, t.Notes, t.Links["Self"] = snapshot.ID, snapshot.Notes, self+"/runbookRuns/template"
	return t, t.modified(tx, project, runbook, snapshot)
}

// runTemplate is RunTemplate for a runbook as it is now, which is found at self.
func runTemplate(tx *store.Tx, runbook *catalog.Runbook, self string, may func(environment, tenant string) (bool, error)) (*RunTemplate, error) {
	o := &playbill{runbook: runbook, frozen: catalog.Freeze(runbook)}
	return o.template(tx, self, may)
}

func (o *playbill) template(tx *store.Tx, self string, may func(environment, tenant string) (bool, error)) (*RunTemplate, error) {
	runbook := o.runbook
	t := &RunTemplate{RunbookID: runbook.ID, PromoteTo: []PromotionTarget{}, TenantPromotions: []TenantPromotion{}, Links: map[string]string{"Self": self + "/runbookRunTemplate"}}
	if err := o.fill(tx, nil); err != nil {
		return nil, err
	}
	environments, _, err := catalog.Environments.List(tx, kind.Query{Space: runbook.SpaceID})
	if err != nil {
		return nil, err
	}
	if t.PromoteTo, err = o.open(tx, nil, environments, self, may); err != nil || o.mode == "Untenanted" {
		return t, err
	}
	tenants, _, err := tenantsOf(tx, runbook.SpaceID, runbook.ProjectID)
	if err != nil {
		return nil, err
	}
	for _, tenant := range tenants {
		p := TenantPromotion{Item: Item{tenant.ID, tenant.Name}, Links: map[string]string{}}
		if p.PromoteTo, err = o.open(tx, tenant, environments, self, may); err != nil {
			return nil, err
		}
		t.TenantPromotions = append(t.TenantPromotions, p)
	}
	return t, nil
}

// open lists the environments in which the runbook may be run for a tenant.
func (o *playbill) open(tx *store.Tx, tenant *catalog.Tenant, environments []*catalog.Environment, self string, may func(environment, tenant string) (bool, error)) ([]PromotionTarget, error) {
	targets := []PromotionTarget{}
	for _, e := range environments {
		p := pair{e, tenant}
		if err := o.mayRun(tx, p); fault.CodeOf(err) == fault.Invalid {
			continue
		} else if err != nil {
			return nil, err
		}
		if ok, err := may(e.ID, p.tenantID()); err != nil {
			return nil, err
		} else if !ok {
			continue
		}
		preview := self + "/runbookRuns/preview/" + e.ID
		if tenant != nil {
			preview += "/" + tenant.ID
		}
		targets = append(targets, PromotionTarget{Item{e.ID, e.Name}, map[string]string{"RunbookRunPreview": preview + "{?includeDisabledSteps}"}})
	}
	return targets, nil
}

// modified says what has changed since the snapshot was made.
func (t *RunTemplate) modified(tx *store.Tx, project *catalog.Project, runbook *catalog.Runbook, snapshot *catalog.RunbookSnapshot) error {
	process, err := catalog.RunbookProcesses.Get(tx, runbook.RunbookProcessID)
	if err != nil {
		return err
	}
	t.IsRunbookProcessModified = !isCopy(snapshot.FrozenRunbookProcessID, process.ID, process.Version)
	t.IsVariableSetModified, t.IsLibraryVariableSetModified, err = variablesModified(tx, project, snapshot.ProjectVariableSetSnapshotID, snapshot.LibraryVariableSetSnapshotIDs)
	return err
}
