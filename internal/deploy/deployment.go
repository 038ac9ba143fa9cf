package deploy

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/gitproject"
	"github.com/takodeploy/tako/internal/rule"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
	"github.com/takodeploy/tako/internal/variable"
)

// NewDeployments is what deployments of a release are made of: one for each
// environment, or for each tenant in the one environment.
type NewDeployments struct {
	Space        string
	Release      *catalog.Release
	Environments []string // ids, slugs or names
	Tenants      []string // ids, slugs or names
	TenantTags   []string // canonical names; whose tags pass is meant too
	DeployOptions
}

// DeployOptions are what a person decides about a deployment or the run of a
// runbook.
type DeployOptions struct {
	GuidedFailure            *bool // nil is what project and environment say
	ForcePackageDownload     *bool // nil is what the project says
	ForcePackageRedeployment bool
	SkipSteps                []string // ids, slugs or names of steps or actions
	SpecificMachines         []string // ids or names
	ExcludedMachines         []string
	SpecificTags             []string // target tags
	ExcludedTags             []string
	Variables                map[string]string // answers by variable name or element id
	QueueTime                time.Time
	Expiry                   time.Time
	Priority                 string // LifecycleDefault, On or Off
	Comments                 string
	UpdateVariables          bool // of the release, before
	FailTargetDiscovery      bool
	DebugMode                string
	// Freezes are those that the deployment is made in spite of, by id or name.
	Freezes      []string
	FreezeReason string
	// FromParent are values that a step of another deployment gives; they beat
	// those of the project.
	FromParent map[string]string
	// ParentSecrets names those of them that hold a secret.
	ParentSecrets []string
	// Trigger is what has made the deployment, where no person has.
	Trigger variable.Ref
	// Parent and ParentKey name the record of the task that waits for it.
	Parent, ParentKey string
	// Allow is asked once for each deployment whether the caller may make it.
	Allow func(tx *store.Tx, project *catalog.Project, environment, tenant string) error

	revision *gitproject.Revision // to update variables from
}

// MadeDeployment is a deployment with its task.
type MadeDeployment struct {
	Deployment *catalog.Deployment
	Task       *task.Task
}

// CreateDeployments makes deployments of a release, all of them or none.
func (s *Service) CreateDeployments(ctx context.Context, in NewDeployments) ([]MadeDeployment, error) {
	var made []MadeDeployment
	if in.UpdateVariables {
		var err error
		if in.revision, err = s.tip(ctx, in.Release.ID); err != nil {
			return nil, err
		}
	}
	err := s.DB.Do(ctx, func(tx *store.Tx) (err error) {
		made, err = s.CreateDeploymentsTx(tx, in)
		return err
	})
	return made, err
}

// CreateDeploymentsTx is CreateDeployments in the caller's transaction.
func (s *Service) CreateDeploymentsTx(tx *store.Tx, in NewDeployments) ([]MadeDeployment, error) {
	r, err := catalog.Releases.Peek(tx, in.Release.ID)
	if err != nil {
		return nil, err
	}
	if in.UpdateVariables {
		if r, err = catalog.Releases.Get(tx, r.ID); err != nil {
			return nil, err
		}
		if err := s.updateVariables(tx, r, in.revision); err != nil {
			return nil, err
		}
	}
	o, err := s.order(tx, r)
	if err != nil {
		return nil, err
	}
	if len(o.steps) == 0 {
		return nil, fault.New(fault.Invalid, "Release %s has no steps, because the deployment process had none when it was created. Add a step and create another release.", r.Version)
	}
	pairs, err := o.pairs(tx, places{in.Environments, in.Tenants, in.TenantTags})
	if err != nil {
		return nil, err
	}
	var made []MadeDeployment
	err = o.visit(tx, pairs, &in.DeployOptions, func(p pair, unknown map[string]int) error {
		m, err := s.deploy(tx, o, p, &in.DeployOptions, unknown)
		if err == nil {
			made = append(made, *m)
		}
		return err
	})
	return made, err
}

// order is what several deployments of one release have in common.
type order struct {
	errand
	track *track
}

func (s *Service) order(tx *store.Tx, r *catalog.Release) (*order, error) {
	k, err := trackOf(tx, r)
	if err != nil {
		return nil, err
	}
	if k.project.IsDisabled {
		return nil, fault.New(fault.Invalid, "Project '%s' is disabled, so it cannot be deployed.", k.project.Name)
	}
	process, err := catalog.DeploymentProcesses.Peek(tx, r.ProjectDeploymentProcessSnapshotID)
	if err != nil {
		return nil, err
	}
	p := process.Governed(k.project)
	o := &order{track: k, errand: errand{
		what: "release", subject: "Project '" + p.Name + "'", verb: "deployed", mode: rule.TenantMode(p.TenantedDeploymentMode),
		project: p, channel: k.channel, owner: p.ID, steps: process.Steps, connectivity: p.ProjectConnectivityPolicy,
		guidedMode: p.DefaultGuidedFailureMode, download: p.ForcePackageDownload, discovery: p.FailTargetDiscovery,
	}}
	o.values, err = readValues(tx, p, r.ProjectVariableSetSnapshotID, r.LibraryVariableSetSnapshotIDs, true)
	return o, err
}

// deploy makes one deployment.
func (s *Service) deploy(tx *store.Tx, o *order, p pair, in *DeployOptions, unknown map[string]int) (*MadeDeployment, error) {
	progress, err := o.mayDeploy(p)
	if err != nil {
		return nil, err
	}
	r := o.track.release
	d := &catalog.Deployment{ReleaseID: r.ID, EnvironmentID: p.environment.ID, TenantID: p.tenantID()}
	d.SpaceID, d.ProjectID, d.ChannelID = r.SpaceID, o.project.ID, o.channel.ID
	var wrong fault.Complaints
	answers, err := s.settle(tx, &o.errand, p, &d.Execution, in, unknown, &wrong)
	if err != nil {
		return nil, err
	}
	if err := thaw(tx, o, p, in, s.now()); fault.CodeOf(err) == fault.Invalid {
		complain(&wrong, err, "")
	} else if err != nil {
		return nil, err
	}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	d.DeploymentFreezeOverrideReason = strings.TrimSpace(in.FreezeReason)
	d.TentacleRetentionPeriod = o.track.retention(d.EnvironmentID)
	if d.Changes, err = changesOf(tx, r, d.EnvironmentID, d.TenantID); err != nil {
		return nil, err
	}
	if d.ChangesMarkdown, err = o.markdown(d.Changes, o.context(p), p); err != nil {
		return nil, err
	}
	return s.enqueue(tx, o, p, d, answers, in, progress)
}

// mayDeploy says whether the release may go there now.
func (o *order) mayDeploy(p pair) (*rule.Progression, error) {
	stream, err := o.admits(p)
	if err != nil {
		return nil, err
	}
	progress := o.track.progress(stream)
	if ok, why := progress.CanDeploy(p.environment.ID); !ok {
		return nil, fault.New(fault.Invalid, "%s", why)
	}
	return progress, nil
}

// retention is how long targets of an environment keep what was deployed: the
// phase says so, or the nearest one before it that does, or the lifecycle.
func (k *track) retention(environment string) *catalog.RetentionPeriod {
	period := k.lifecycle.TentacleRetentionPolicy
	for i, phase := range rule.EffectivePhases(k.base.Phases, rule.Usable(k.base.Environments)) {
		if i < len(k.lifecycle.Phases) && k.lifecycle.Phases[i].TentacleRetentionPolicy != nil {
			period = *k.lifecycle.Phases[i].TentacleRetentionPolicy
		}
		if slices.Contains(phase.Environments, environment) {
			return &period
		}
	}
	return &period
}

// enqueue stores a deployment with its task.
func (s *Service) enqueue(tx *store.Tx, o *order, p pair, d *catalog.Deployment, answers []variable.Value, in *DeployOptions, progress *rule.Progression) (*MadeDeployment, error) {
	n, err := tx.Next("Deployments")
	if err != nil {
		return nil, err
	}
	d.ID = fmt.Sprintf("Deployments-%d", n)
	description := fmt.Sprintf("Deploy %s release %s to %s", o.project.Name, o.track.release.Version, p.environment.Name)
	if p.tenant != nil {
		description += " for " + p.tenant.Name
	}
	usual := o.project.ID + "/" + p.environment.ID
	if p.tenant != nil {
		usual = p.tenant.ID + "/" + usual
	}
	queued := task.New{
		Name: TaskDeploy, Description: description, SpaceID: d.SpaceID, ProjectID: o.project.ID, EnvironmentID: d.EnvironmentID,
		TenantID: d.TenantID, Arguments: deployArguments{d.ID}, CreatedBy: store.ActorOf(tx.Context()).UserID,
		Tag: o.tag(p, answers, o.facts(p), usual), Class: class(in.Priority, progress, d.EnvironmentID), Expiry: in.Expiry,
		Parent: in.Parent, ParentKey: in.ParentKey,
	}
	if in.QueueTime.After(s.now()) {
		queued.QueueTime = in.QueueTime
	} else if o.project.CancelQueuedTasks {
		if queued.InPlaceOf, err = s.supersede(tx, affairOf(d), "release "+o.track.release.Version); err != nil {
			return nil, err
		}
	}
	t, err := s.Queue.EnqueueTx(tx, queued)
	if err != nil {
		return nil, err
	}
	d.TaskID = t.ID
	if err := catalog.Deployments.Put(tx, d); err != nil {
		return nil, err
	}
	if err := stand(tx, d); err != nil {
		return nil, err
	}
	if err := occupy(tx, d, p.environment); err != nil {
		return nil, err
	}
	err = tx.Append(&store.Event{
		Space: d.SpaceID, Category: "DeploymentQueued", Document: d.ID, Message: description + " was queued",
		Related: related(d), Comments: d.Comments,
	})
	return &MadeDeployment{d, t}, err
}

// related are the documents that an event about a deployment is about.
func related(d *catalog.Deployment) []string {
	all := []string{d.ProjectID, d.ReleaseID, d.EnvironmentID, d.ChannelID, d.TaskID}
	if d.TenantID != "" {
		all = append(all, d.TenantID)
	}
	return all
}

func class(priority string, progress *rule.Progression, environment string) task.Class {
	switch {
	case strings.EqualFold(priority, "On"), !strings.EqualFold(priority, "Off") && progress.IsPriority(environment):
		return task.Priority
	}
	return task.Normal
}

// facts are what is known of a deployment before there is one.
func (o *order) facts(p pair) variable.Facts {
	f, r := o.errand.facts(p), o.track.release
	f.Release = &variable.ReleaseFacts{
		ID: r.ID, Number: r.Version, Notes: r.ReleaseNotes, Created: r.Assembled.Time, CustomFields: r.CustomFields, ChannelName: o.channel.Name,
	}
	return f
}
