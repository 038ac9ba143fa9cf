package deploy

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/rule"
	"github.com/takodeploy/tako/internal/step"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

// Ephemeral environments are made for a branch and taken down with it: see
// docs/decisions/024-ephemeral-environments.md.

// EphemeralState is how far an ephemeral environment is for a project.
type EphemeralState string

// The states of an ephemeral environment, as on the wire.
const (
	NotProvisioned       EphemeralState = "NotProvisioned"
	Provisioning         EphemeralState = "Provisioning"
	Provisioned          EphemeralState = "Provisioned"
	ProvisioningFailed   EphemeralState = "ProvisioningFailed"
	Deprovisioning       EphemeralState = "Deprovisioning"
	DeprovisioningFailed EphemeralState = "DeprovisioningFailed"
)

// StateOf says how far an environment is for the project of a use; nil is a
// project that does not use it.
func StateOf(tx *store.Tx, u *catalog.EnvironmentUse) (EphemeralState, error) {
	if u == nil {
		return NotProvisioned, nil
	}
	if u.DeprovisioningRun != "" {
		t, err := taskOfRun(tx, u.DeprovisioningRun)
		if err != nil {
			return "", err
		}
		if t != nil && t.Hold != task.Done {
			return Deprovisioning, nil
		}
		return DeprovisioningFailed, nil // one that succeeds takes the use with it
	}
	if u.ProvisioningRun != "" {
		t, err := taskOfRun(tx, u.ProvisioningRun)
		switch {
		case err != nil:
			return "", err
		case t != nil && t.Hold != task.Done:
			return Provisioning, nil
		case t != nil && t.State != task.Success:
			return ProvisioningFailed, nil
		}
		return Provisioned, nil
	}
	if u.Deployed {
		return Provisioned, nil
	}
	return NotProvisioned, nil
}

// taskOfRun is the task of a run of a runbook; nil if either is gone.
func taskOfRun(tx *store.Tx, id string) (*task.Task, error) {
	r, err := catalog.RunbookRuns.Get(tx, id)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	t, err := task.GetTx(tx, r.TaskID)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	return t, err
}

// Raise makes an ephemeral environment for a project, or lets the project use
// one that is there.
func Raise(tx *store.Tx, project *catalog.Project, name string) (*catalog.Environment, error) {
	channels, err := channelsOf(tx, project)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(channels, func(c *catalog.Channel) bool { return c.Type == catalog.EphemeralChannel })
	if at < 0 {
		return nil, fault.New(fault.Invalid, "Project '%s' has no channel of the type EphemeralEnvironment. Create one that names a parent environment first.", project.Name)
	}
	return raise(tx, project, channels[at], name)
}

// raise is Raise for the releases of a channel.
func raise(tx *store.Tx, project *catalog.Project, channel *catalog.Channel, name string) (*catalog.Environment, error) {
	if name = strings.TrimSpace(name); name == "" {
		return nil, fault.New(fault.Invalid, "EnvironmentName must not be empty.")
	}
	e, err := catalog.Environments.Find(tx, project.SpaceID, name)
	switch {
	case fault.Is(err, fault.NotFound):
		e = &catalog.Environment{Type: catalog.EphemeralEnvironment, ParentEnvironmentID: channel.ParentEnvironmentID}
		e.Name, e.SpaceID = name, project.SpaceID
		if err := catalog.Environments.Put(tx, e); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, err
	case e.Type != catalog.EphemeralEnvironment || e.ParentEnvironmentID != channel.ParentEnvironmentID:
		return nil, fault.New(fault.Invalid, "There is an environment '%s' already, which is no ephemeral environment of the parent of channel '%s'. Choose another name.", e.Name, channel.Name)
	}
	_, err = catalog.UseEnvironment(tx, project.SpaceID, project.ID, e.ID)
	return e, err
}

// ephemeral lets a release of a channel for ephemeral environments go to those
// of the channel's parent, and nowhere else.
func (k *track) ephemeral() {
	// The parent, which takes no releases, keeps the phase from having every
	// environment while there are none that are meant.
	phase := rule.Phase{ID: k.channel.ID, Name: k.channel.Name, Optional: true, Minimum: 1, Manual: []string{k.channel.ParentEnvironmentID}}
	for i, e := range k.environments {
		if e.Type == catalog.EphemeralEnvironment && e.ParentEnvironmentID == k.channel.ParentEnvironmentID {
			k.base.Environments[i].Ephemeral = false
			phase.Manual = append(phase.Manual, e.ID)
		}
	}
	k.base.Lifecycle, k.base.Phases = "channel "+k.channel.Name, []rule.Phase{phase}
}

// occupy notes that a project has deployed to an ephemeral environment.
func occupy(tx *store.Tx, d *catalog.Deployment, environment *catalog.Environment) error {
	if environment.Type != catalog.EphemeralEnvironment {
		return nil
	}
	u, err := catalog.UseEnvironment(tx, d.SpaceID, d.ProjectID, d.EnvironmentID)
	if err != nil {
		return err
	}
	u.Deployed = true
	return catalog.EnvironmentUses.Put(tx, u)
}

// provisioning is the step that comes before all others where a project has a
// runbook that makes its ephemeral environments ready.
func (g *occasion) provisioning() []catalog.Step {
	if g.environment.Type != catalog.EphemeralEnvironment || g.project.ProvisioningRunbookID == "" {
		return nil
	}
	const name = "Provision the environment"
	return []catalog.Step{{ID: "provision", Name: name, Slug: "provision", Actions: []catalog.Action{{
		ID: "provision", Name: name, Slug: "provision", ActionType: step.ProvisionType, IsRequired: true,
	}}}}
}

// provision runs the runbook that makes the environment ready, or says why it
// need not.
func (g *occasion) provision(tx *store.Tx, t *task.Task, key string) (skipped string, err error) {
	u, err := catalog.UseEnvironment(tx, g.project.SpaceID, g.project.ID, g.environment.ID)
	if err != nil {
		return "", err
	}
	if u.ProvisioningRun != "" {
		state, err := StateOf(tx, u)
		switch {
		case err != nil:
			return "", err
		case state == Provisioned:
			return "The environment is provisioned already.", nil
		case state != ProvisioningFailed && state != DeprovisioningFailed:
			return "", fault.New(fault.Conflict, "The environment is in the state %s. Deploy again when that has ended.", state)
		}
	}
	snapshot, err := publishedOf(tx, g.project, g.project.ProvisioningRunbookID)
	if err != nil {
		return "", err
	}
	made, err := g.CreateRunsTx(tx, NewRuns{Snapshot: snapshot, Environments: []string{g.environment.ID}, DeployOptions: DeployOptions{Parent: t.ID, ParentKey: key}})
	if err != nil {
		return "", err
	}
	u.ProvisioningRun, u.DeprovisioningRun = made[0].Run.ID, ""
	return "", catalog.EnvironmentUses.Put(tx, u)
}

// publishedOf is the published snapshot of a runbook of a project.
func publishedOf(tx *store.Tx, project *catalog.Project, runbook string) (*catalog.RunbookSnapshot, error) {
	b, err := FindRunbook(tx, project, runbook)
	if err != nil {
		return nil, err
	}
	return FindSnapshot(tx, b, "")
}

// Leaving is what takes an ephemeral environment down for a project.
type Leaving struct {
	Environment *catalog.Environment
	// Project is who leaves; nil are all, and then the environment goes.
	Project *catalog.Project
	// Allow is asked whether a runbook of a project may be run there.
	Allow func(project *catalog.Project) error
}

// Deprovision takes an ephemeral environment down: the runbooks of the projects
// that use it are run, and when the last has succeeded the environment is gone.
func (s *Service) Deprovision(tx *store.Tx, in Leaving) ([]MadeRun, error) {
	q := kind.Query{Space: in.Environment.SpaceID, Match: map[string]string{"EnvironmentId": in.Environment.ID}}
	if in.Project != nil {
		q.Match["ProjectId"] = in.Project.ID
	}
	uses, _, err := catalog.EnvironmentUses.List(tx, q)
	if err != nil {
		return nil, err
	}
	if in.Project != nil && len(uses) == 0 {
		return nil, fault.New(fault.NotFound, "Project '%s' does not use the environment '%s'.", in.Project.Name, in.Environment.Name)
	}
	var made []MadeRun
	for _, u := range uses {
		m, err := s.leave(tx, in, u)
		if err != nil {
			return nil, err
		}
		if m != nil {
			made = append(made, *m)
		}
	}
	if len(made) > 0 {
		return made, nil
	}
	return nil, s.vacate(tx, in.Environment.ID, "")
}

// leave takes an environment down for one project. Without a runbook it is done
// at once.
func (s *Service) leave(tx *store.Tx, in Leaving, u *catalog.EnvironmentUse) (*MadeRun, error) {
	project, err := catalog.Projects.Get(tx, u.ProjectID)
	if err != nil {
		return nil, err
	}
	state, err := StateOf(tx, u)
	if err != nil {
		return nil, err
	}
	switch {
	case state == Deprovisioning: // it is under way
		r, err := catalog.RunbookRuns.Get(tx, u.DeprovisioningRun)
		if err != nil {
			return nil, err
		}
		t, err := task.GetTx(tx, r.TaskID)
		return &MadeRun{r, t}, err
	case state == NotProvisioned || project.DeprovisioningRunbookID == "":
		return nil, catalog.EnvironmentUses.Remove(tx, u)
	}
	if busy, err := busyIn(tx, u.EnvironmentID, u.ProjectID); err != nil || busy != "" {
		return nil, errors.Join(err, fault.New(fault.Conflict, "%s is at work in the environment '%s'. Let it end, or cancel it, before the environment is deprovisioned.", busy, in.Environment.Name))
	}
	if in.Allow != nil {
		if err := in.Allow(project); err != nil {
			return nil, err
		}
	}
	snapshot, err := publishedOf(tx, project, project.DeprovisioningRunbookID)
	if err != nil {
		return nil, err
	}
	made, err := s.CreateRunsTx(tx, NewRuns{Snapshot: snapshot, Environments: []string{in.Environment.ID}})
	if err != nil {
		return nil, err
	}
	u.DeprovisioningRun = made[0].Run.ID
	return &made[0], catalog.EnvironmentUses.Put(tx, u)
}

// busyIn gives a task that works in an environment, for a project or for any.
func busyIn(tx *store.Tx, environment, project string) (id string, err error) {
	_, err = tx.QueryRow([]any{&id}, "select id from task where environment = $1 and hold <> 'Done' and $2 in ('', project) order by num limit 1", environment, project)
	if err != nil {
		return "", fmt.Errorf("looking for tasks in %s: %w", environment, err)
	}
	return id, nil
}

// left removes the use that a run has taken down with success, and the
// environment if it was the last.
func (s *Service) left(tx *store.Tx, r *catalog.RunbookRun) (gone bool, err error) {
	uses, _, err := catalog.EnvironmentUses.List(tx, kind.Query{Space: r.SpaceID, Match: map[string]string{"DeprovisioningRun": r.ID}})
	if err != nil || len(uses) == 0 {
		return false, err
	}
	for _, u := range uses {
		if err := catalog.EnvironmentUses.Remove(tx, u); err != nil {
			return false, err
		}
	}
	err = s.vacate(tx, r.EnvironmentID, r.TaskID)
	if code := fault.CodeOf(err); err != nil && (code == fault.Invalid || code == fault.Conflict) {
		slog.Warn("an ephemeral environment stays", "environment", r.EnvironmentID, "error", err)
		return false, nil
	}
	_, err = catalog.Environments.Get(tx, r.EnvironmentID)
	if fault.Is(err, fault.NotFound) {
		return true, nil
	}
	return false, err
}

// vacate removes an ephemeral environment that no project uses any more, with
// what was deployed to it. The task of the run that took it down stays, since
// somebody may wait for it.
func (s *Service) vacate(tx *store.Tx, id, last string) error {
	e, err := catalog.Environments.Get(tx, id)
	if err != nil {
		return err
	}
	uses, _, err := catalog.EnvironmentUses.List(tx, kind.Query{Space: e.SpaceID, Match: map[string]string{"EnvironmentId": id}, Take: 1})
	if err != nil || len(uses) > 0 {
		return err
	}
	there := kind.Query{Space: e.SpaceID, Match: map[string]string{"EnvironmentId": id}}
	deployments, _, err := catalog.Deployments.List(tx, there)
	if err != nil {
		return err
	}
	for _, d := range deployments {
		if err := s.Remove(tx, d); err != nil {
			return err
		}
	}
	runs, _, err := catalog.RunbookRuns.List(tx, there)
	if err != nil {
		return err
	}
	for _, r := range runs {
		remove := s.RemoveRun
		if r.TaskID == last {
			remove = catalog.RunbookRuns.Remove
		}
		if err := remove(tx, r); err != nil {
			return err
		}
	}
	if err := dismiss(tx, e); err != nil {
		return err
	}
	return catalog.Environments.Remove(tx, e)
}

// dismiss removes the deployment targets of an environment that were nowhere
// else: they were made for it.
func dismiss(tx *store.Tx, e *catalog.Environment) error {
	all, _, err := catalog.Machines.List(tx, kind.Query{Space: e.SpaceID, Refer: map[string][]string{"EnvironmentIds": {e.ID}}})
	if err != nil {
		return err
	}
	for _, m := range all {
		m.EnvironmentIDs = slices.DeleteFunc(m.EnvironmentIDs, func(id string) bool { return id == e.ID })
		change := catalog.Machines.Put
		if len(m.EnvironmentIDs) == 0 {
			change = catalog.Machines.Remove
		}
		if err := change(tx, m); err != nil {
			return err
		}
	}
	return nil
}

// idleDays is how long ephemeral environments last without being used where
// their parent says nothing.
const idleDays = 7

// Reap deprovisions the ephemeral environments that nobody has used for as long
// as their parents allow.
func (s *Service) Reap(ctx context.Context) error {
	var due []*catalog.Environment
	err := s.DB.View(ctx, func(tx *store.Tx) error {
		all, _, err := catalog.Environments.List(tx, kind.Query{AnySpace: true, Match: map[string]string{"Type": catalog.EphemeralEnvironment}})
		if err != nil {
			return err
		}
		for _, e := range all {
			late, err := s.outlived(tx, e)
			if err != nil {
				return err
			}
			if late {
				due = append(due, e)
			}
		}
		return nil
	})
	for _, e := range due {
		err = errors.Join(err, s.DB.Do(ctx, func(tx *store.Tx) error {
			if late, err := s.outlived(tx, e); err != nil || !late {
				return err
			}
			_, err := s.Deprovision(tx, Leaving{Environment: e})
			if code := fault.CodeOf(err); err != nil && code != fault.Internal {
				slog.Warn("an ephemeral environment that nobody uses stays", "environment", e.ID, "error", err)
				return nil
			}
			return err
		}))
	}
	return err
}

// outlived says that an environment is due to go: nobody has used it for as long
// as its parent allows, and nothing is at work there.
func (s *Service) outlived(tx *store.Tx, e *catalog.Environment) (bool, error) {
	parent, err := catalog.Environments.Get(tx, e.ParentEnvironmentID)
	if err != nil {
		return false, err
	}
	idle := idleDays * 24 * time.Hour
	if r := parent.AutomaticDeprovisioningRule; r != nil {
		idle = time.Duration(r.ExpiryDays)*24*time.Hour + time.Duration(r.ExpiryHours)*time.Hour
	}
	if idle <= 0 {
		return false, nil
	}
	last := e.Created().Time
	var newest int64
	if _, err := tx.QueryRow([]any{&newest}, "select coalesce(max(created), 0) from deployment where space = $1 and data ->> 'EnvironmentId' = $2", e.SpaceID, e.ID); err != nil {
		return false, fmt.Errorf("looking for what was deployed to %s: %w", e.ID, err)
	}
	if at := time.UnixMilli(newest); at.After(last) {
		last = at
	}
	if s.now().Sub(last) < idle {
		return false, nil
	}
	busy, err := busyIn(tx, e.ID, "")
	return busy == "", err
}
