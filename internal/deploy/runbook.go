package deploy

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/rule"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
	"github.com/takodeploy/tako/internal/variable"
)

// TaskRunbookRun is the name of the tasks that run runbooks.
const TaskRunbookRun = "RunbookRun"

// runArguments are the arguments of a task that runs a runbook.
type runArguments struct {
	RunbookRunID string `json:"RunbookRunId,omitempty"`
}

// NewRuns is what runs of a runbook are made of: one for each environment, or
// for each tenant in each environment.
type NewRuns struct {
	Snapshot     *catalog.RunbookSnapshot
	Environments []string // ids, slugs or names
	Tenants      []string // ids, slugs or names
	TenantTags   []string // canonical names; whose tags pass is meant too
	DeployOptions
}

// MadeRun is a run of a runbook with its task.
type MadeRun struct {
	Run  *catalog.RunbookRun
	Task *task.Task
}

// CreateRuns makes runs of a runbook, all of them or none.
func (s *Service) CreateRuns(ctx context.Context, in NewRuns) ([]MadeRun, error) {
	var made []MadeRun
	err := s.DB.Do(ctx, func(tx *store.Tx) (err error) {
		made, err = s.CreateRunsTx(tx, in)
		return err
	})
	return made, err
}

// CreateRunsTx is CreateRuns in the caller's transaction.
func (s *Service) CreateRunsTx(tx *store.Tx, in NewRuns) ([]MadeRun, error) {
	o, err := s.playbill(tx, in.Snapshot)
	if err != nil {
		return nil, err
	}
	if o.project.IsDisabled {
		return nil, fault.New(fault.Invalid, "Project '%s' is disabled, so its runbooks cannot be run.", o.project.Name)
	}
	if len(o.steps) == 0 {
		return nil, fault.New(fault.Invalid, "%s has no steps in snapshot '%s'. Add a step to the runbook and create another snapshot.", o.subject, in.Snapshot.Name)
	}
	pairs, err := o.pairs(tx, places{in.Environments, in.Tenants, in.TenantTags})
	if err != nil {
		return nil, err
	}
	var made []MadeRun
	err = o.visit(tx, pairs, &in.DeployOptions, func(p pair, unknown map[string]int) error {
		m, err := s.runOnce(tx, o, p, &in.DeployOptions, unknown)
		if err == nil {
			made = append(made, *m)
		}
		return err
	})
	return made, err
}

// playbill is what several runs of one snapshot of a runbook have in common.
type playbill struct {
	errand
	runbook  *catalog.Runbook
	snapshot *catalog.RunbookSnapshot
	frozen   *catalog.FrozenRunbook
}

func (s *Service) playbill(tx *store.Tx, snapshot *catalog.RunbookSnapshot) (*playbill, error) {
	runbook, err := catalog.Runbooks.Get(tx, snapshot.RunbookID)
	if err != nil {
		return nil, err
	}
	process, err := catalog.RunbookProcesses.Get(tx, snapshot.FrozenRunbookProcessID)
	if err != nil {
		return nil, err
	}
	o := &playbill{runbook: runbook, snapshot: snapshot, frozen: settingsOf(runbook, snapshot)}
	if err := o.fill(tx, process.Steps); err != nil {
		return nil, err
	}
	o.values, err = readValues(tx, o.project, snapshot.ProjectVariableSetSnapshotID, snapshot.LibraryVariableSetSnapshotIDs, true)
	return o, err
}

// draft is the playbill of a runbook as it is now, without a snapshot.
func (s *Service) draft(tx *store.Tx, runbook *catalog.Runbook) (*playbill, error) {
	process, err := catalog.RunbookProcesses.Get(tx, runbook.RunbookProcessID)
	if err != nil {
		return nil, err
	}
	o := &playbill{runbook: runbook, frozen: catalog.Freeze(runbook)}
	if err := o.fill(tx, process.Steps); err != nil {
		return nil, err
	}
	o.values, err = liveValues(tx, o.project)
	return o, err
}

// settingsOf gives the settings that runs of a snapshot go by.
func settingsOf(runbook *catalog.Runbook, snapshot *catalog.RunbookSnapshot) *catalog.FrozenRunbook {
	if snapshot.FrozenRunbook != nil {
		return snapshot.FrozenRunbook
	}
	return catalog.Freeze(runbook)
}

func (o *playbill) fill(tx *store.Tx, steps []catalog.Step) error {
	project, err := catalog.Projects.Get(tx, o.runbook.ProjectID)
	o.errand = errand{
		what: "runbook", subject: "Runbook '" + o.runbook.Name + "'", verb: "run", mode: rule.TenantMode(o.frozen.MultiTenancyMode),
		project: project, owner: o.runbook.ID, steps: steps, connectivity: o.frozen.ConnectivityPolicy,
		guidedMode: o.frozen.DefaultGuidedFailureMode, download: o.frozen.ForcePackageDownload, discovery: o.frozen.FailTargetDiscovery,
	}
	return err
}

// facts are what is known of a run before there is one.
func (o *playbill) facts(p pair) variable.Facts {
	f := o.errand.facts(p)
	f.Runbook = &variable.RunbookFacts{Runbook: variable.Ref{ID: o.runbook.ID, Name: o.frozen.Name}}
	if s := o.snapshot; s != nil {
		f.Runbook.Snapshot, f.Runbook.SnapshotNotes = variable.Ref{ID: s.ID, Name: s.Name}, s.Notes
	}
	return f
}

// mayRun refuses places where the runbook does not run.
func (o *playbill) mayRun(tx *store.Tx, p pair) error {
	if _, err := o.admits(p); err != nil {
		return err
	}
	if p.environment.Type == catalog.ParentEnvironment {
		return fault.New(fault.Invalid, "'%s' is a parent environment, in which nothing runs. Name one of its ephemeral environments.", p.environment.Name)
	}
	ids, everywhere, err := reach(tx, o.project, o.frozen)
	if err != nil || everywhere || slices.Contains(ids, p.environment.ID) || p.environment.ParentEnvironmentID != "" && slices.Contains(ids, p.environment.ParentEnvironmentID) {
		return err
	}
	return fault.New(fault.Invalid, "%s does not run in environment '%s': its environment scope is %s.", o.subject, p.environment.Name, o.frozen.EnvironmentScope)
}

// reach lists the environments that a runbook may run in.
func reach(tx *store.Tx, project *catalog.Project, f *catalog.FrozenRunbook) (ids []string, everywhere bool, err error) {
	switch f.EnvironmentScope {
	case "Specified":
		return f.Environments, false, nil
	case "FromProjectLifecycles":
	default:
		return nil, true, nil
	}
	channels, err := channelsOf(tx, project)
	if err != nil {
		return nil, false, err
	}
	ways, err := WaysOf(tx, project.SpaceID)
	if err != nil {
		return nil, false, err
	}
	for _, c := range channels {
		if c.Type == catalog.EphemeralChannel {
			ids = append(ids, c.ParentEnvironmentID)
			continue
		}
		_, more := ways.Of(project, c)
		ids = append(ids, more...)
	}
	return ids, false, nil
}

// RunbookEnvironments lists the environments that a runbook may run in, in
// their order.
func (s *Service) RunbookEnvironments(tx *store.Tx, runbook *catalog.Runbook) ([]*catalog.Environment, error) {
	project, err := catalog.Projects.Get(tx, runbook.ProjectID)
	if err != nil {
		return nil, err
	}
	ids, everywhere, err := reach(tx, project, catalog.Freeze(runbook))
	if err != nil {
		return nil, err
	}
	all, _, err := catalog.Environments.List(tx, kind.Query{Space: runbook.SpaceID})
	return slices.DeleteFunc(all, func(e *catalog.Environment) bool {
		return e.Type == catalog.ParentEnvironment ||
			!everywhere && !slices.Contains(ids, e.ID) && (e.ParentEnvironmentID == "" || !slices.Contains(ids, e.ParentEnvironmentID))
	}), err
}

// FindRunbook finds a runbook of a project by id, name or slug.
func FindRunbook(tx *store.Tx, project *catalog.Project, what string) (*catalog.Runbook, error) {
	all, _, err := catalog.Runbooks.List(tx, kind.Query{Space: project.SpaceID, Match: map[string]string{"ProjectId": project.ID}})
	if err != nil {
		return nil, err
	}
	what = strings.TrimSpace(what)
	for _, is := range []func(*catalog.Runbook) string{
		func(r *catalog.Runbook) string { return r.ID }, func(r *catalog.Runbook) string { return r.Name }, func(r *catalog.Runbook) string { return r.Slug },
	} {
		for _, r := range all {
			if strings.EqualFold(is(r), what) {
				return r, nil
			}
		}
	}
	return nil, fault.New(fault.NotFound, "Project '%s' has no runbook '%s'.", project.Name, what)
}

// runOnce makes one run.
func (s *Service) runOnce(tx *store.Tx, o *playbill, p pair, in *DeployOptions, unknown map[string]int) (*MadeRun, error) {
	if err := o.mayRun(tx, p); err != nil {
		return nil, err
	}
	r := &catalog.RunbookRun{
		RunbookSnapshotID: o.snapshot.ID, RunbookID: o.runbook.ID, ProjectID: o.project.ID, EnvironmentID: p.environment.ID, TenantID: p.tenantID(),
	}
	r.SpaceID = o.project.SpaceID
	var wrong fault.Complaints
	answers, err := s.settle(tx, &o.errand, p, &r.Execution, in, unknown, &wrong)
	if err != nil {
		return nil, err
	}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	n, err := tx.Next("RunbookRuns")
	if err != nil {
		return nil, err
	}
	r.ID = fmt.Sprintf("RunbookRuns-%d", n)
	description := fmt.Sprintf("Run %s of %s in %s", o.frozen.Name, o.project.Name, p.environment.Name)
	if p.tenant != nil {
		description += " for " + p.tenant.Name
	}
	queued := task.New{
		Name: TaskRunbookRun, Description: description, SpaceID: r.SpaceID, ProjectID: o.project.ID, EnvironmentID: r.EnvironmentID,
		TenantID: r.TenantID, RunbookID: o.runbook.ID, Arguments: runArguments{r.ID}, CreatedBy: store.ActorOf(tx.Context()).UserID,
		// Runs of one runbook do not exclude each other unless a variable says so.
		Tag: o.tag(p, answers, o.facts(p), "RunbookRun/"+r.ID), Expiry: in.Expiry, Parent: in.Parent, ParentKey: in.ParentKey,
	}
	if strings.EqualFold(in.Priority, "On") {
		queued.Class = task.Priority
	}
	if in.QueueTime.After(s.now()) {
		queued.QueueTime = in.QueueTime
	} else if o.runbook.CancelQueuedTasks {
		if queued.InPlaceOf, err = s.supersede(tx, affairOfRun(r), "runbook "+o.frozen.Name); err != nil {
			return nil, err
		}
	}
	t, err := s.Queue.EnqueueTx(tx, queued)
	if err != nil {
		return nil, err
	}
	r.TaskID = t.ID
	if err := catalog.RunbookRuns.Put(tx, r); err != nil {
		return nil, err
	}
	err = tx.Append(&store.Event{
		Space: r.SpaceID, Category: "RunbookRunQueued", Document: r.ID, Message: description + " was queued",
		Related: relatedRun(r), Comments: r.Comments,
	})
	return &MadeRun{r, t}, err
}

// relatedRun are the documents that an event about a run is about.
func relatedRun(r *catalog.RunbookRun) []string {
	all := []string{r.ProjectID, r.RunbookID, r.RunbookSnapshotID, r.EnvironmentID, r.TaskID}
	if r.TenantID != "" {
		all = append(all, r.TenantID)
	}
	return all
}

// RemoveRun deletes a run of a runbook with its task.
func (s *Service) RemoveRun(tx *store.Tx, r *catalog.RunbookRun) error {
	t, err := task.GetTx(tx, r.TaskID)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	if t != nil && t.Hold != task.Done {
		return fault.New(fault.Conflict, "Runbook run %s still runs. Cancel its task (%s) before deleting it.", r.ID, r.TaskID)
	}
	if err := catalog.RunbookRuns.Remove(tx, r); err != nil || t == nil {
		return err
	}
	return s.RemoveTask(tx, t)
}

// RemoveRuns deletes all runs that a member says belong together.
func (s *Service) RemoveRuns(tx *store.Tx, space, member, id string) error {
	all, _, err := catalog.RunbookRuns.List(tx, kind.Query{Space: space, Match: map[string]string{member: id}})
	if err != nil {
		return err
	}
	for _, r := range all {
		if err := s.RemoveRun(tx, r); err != nil {
			return err
		}
	}
	return nil
}

// RunPreviews says what runs of a snapshot would do. Without a snapshot it is
// about the runbook as it is now.
func (s *Service) RunPreviews(tx *store.Tx, runbook *catalog.Runbook, snapshot *catalog.RunbookSnapshot, wanted []PreviewOf, disabled bool) ([]RunPreview, error) {
	var o *playbill
	var err error
	if snapshot != nil {
		o, err = s.playbill(tx, snapshot)
	} else {
		o, err = s.draft(tx, runbook)
	}
	if err != nil {
		return nil, err
	}
	return o.previews(tx, wanted, disabled)
}

// previews says what runs would do at some places.
func (o *playbill) previews(tx *store.Tx, wanted []PreviewOf, disabled bool) ([]RunPreview, error) {
	previews := make([]RunPreview, 0, len(wanted))
	for _, w := range wanted {
		p, err := w.pair(tx, o.project.SpaceID)
		if err != nil {
			return nil, err
		}
		v, err := o.preview(tx, p, disabled)
		if err != nil {
			return nil, err
		}
		if err := o.mayRun(tx, p); fault.CodeOf(err) == fault.Invalid {
			v.Blocked = err.Error()
		} else if err != nil {
			return nil, err
		}
		previews = append(previews, v)
	}
	return previews, nil
}
