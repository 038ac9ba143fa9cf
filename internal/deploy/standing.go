package deploy

import (
	"context"
	"errors"
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

// pastDeployments lists the deployments of a release with how they ended.
func pastDeployments(tx *store.Tx, release string) ([]rule.PastDeployment, error) {
	var all []rule.PastDeployment
	err := tx.Query(func(scan func(...any) error) error {
		var d rule.PastDeployment
		var state string
		err := scan(&d.ID, &d.TaskID, &d.Environment, &d.Tenant, &state)
		d.Success = state == string(task.Success)
		all = append(all, d)
		return err
	}, `select d.id, d.data ->> 'TaskId', d.data ->> 'EnvironmentId', coalesce(d.data ->> 'TenantId', ''), coalesce(t.state, '')
		from deployment d left join task t on t.id = d.data ->> 'TaskId'
		where d.kind = 'Deployments' and d.data ->> 'ReleaseId' = $1 order by d.created`, release)
	if err != nil {
		return nil, fmt.Errorf("listing the deployments of %s: %w", release, err)
	}
	return all, nil
}

// reached lists where deployments of a release were tried, each place once and
// without what the deployments were: whether one succeeded decides where the
// release may go, however many there are.
func reached(tx *store.Tx, release string) ([]rule.PastDeployment, error) {
	var all []rule.PastDeployment
	err := tx.Query(func(scan func(...any) error) error {
		var d rule.PastDeployment
		err := scan(&d.Environment, &d.Tenant, &d.Success)
		all = append(all, d)
		return err
	}, `select p.environment, p.tenant, exists (
			select 1 from deployment d join task t on t.id = d.data ->> 'TaskId'
			where d.kind = 'Deployments' and d.data ->> 'ReleaseId' = $1 and d.data ->> 'EnvironmentId' = p.environment
				and coalesce(d.data ->> 'TenantId', '') = p.tenant and t.state = $2)
		from (select distinct data ->> 'EnvironmentId' as environment, coalesce(data ->> 'TenantId', '') as tenant
			from deployment where kind = 'Deployments' and data ->> 'ReleaseId' = $1) p`, release, string(task.Success))
	if err != nil {
		return nil, fmt.Errorf("listing where %s was deployed: %w", release, err)
	}
	return all, nil
}

// track is everything that decides where a release may go.
type track struct {
	release      *catalog.Release
	project      *catalog.Project
	channel      *catalog.Channel
	lifecycle    *catalog.Lifecycle
	environments []*catalog.Environment
	base         rule.Promotion // without a tenant
}

// trackOf reads everything that decides where a release may go.
func trackOf(tx *store.Tx, r *catalog.Release) (*track, error) { return trackLike(tx, r, nil) }

// trackLike is trackOf beside another release: what is the same for both is not
// read again.
func trackLike(tx *store.Tx, r *catalog.Release, like *track) (*track, error) {
	k := &track{release: r}
	var err error
	if like != nil && like.project.ID == r.ProjectID && like.channel.ID == r.ChannelID {
		k.project, k.channel, k.lifecycle, k.environments = like.project, like.channel, like.lifecycle, like.environments
		k.base = rule.Promotion{Lifecycle: like.base.Lifecycle, Phases: like.base.Phases, Environments: like.base.Environments}
	} else if err = k.read(tx); err != nil {
		return nil, err
	}
	return k, k.come(tx)
}

// come finds how far the release has come.
func (k *track) come(tx *store.Tx) (err error) {
	if k.base.Deployments, err = reached(tx, k.release.ID); err != nil {
		return err
	}
	if k.channel.Type == catalog.EphemeralChannel {
		k.ephemeral()
	}
	for _, d := range k.release.Defects {
		if d.Status == catalog.DefectUnresolved {
			k.base.Prevented, k.base.Defect = true, d.Description
		}
	}
	return nil
}

// read finds what the way of the release is made of.
func (k *track) read(tx *store.Tx) (err error) {
	r := k.release
	if k.project, err = catalog.Projects.Peek(tx, r.ProjectID); err != nil {
		return err
	}
	if k.channel, err = catalog.Channels.Peek(tx, r.ChannelID); err != nil {
		return err
	}
	if k.lifecycle, err = lifecycleOf(tx, k.project, k.channel); err != nil {
		return err
	}
	k.base = rule.Promotion{Lifecycle: k.lifecycle.Name, Phases: phasesOf(k.lifecycle)}
	k.base.Environments, k.environments, err = environmentsOf(tx, r.SpaceID)
	return err
}

func lifecycleOf(tx *store.Tx, project *catalog.Project, channel *catalog.Channel) (*catalog.Lifecycle, error) {
	id := rule.EffectiveLifecycle(channel.LifecycleID, project.LifecycleID)
	l, err := catalog.Lifecycles.Peek(tx, id)
	if fault.Is(err, fault.NotFound) {
		return nil, fault.New(fault.Invalid, "The lifecycle of project '%s' (%s) does not exist any more.", project.Name, id)
	}
	return l, err
}

// progress works out how far the release has come for a tenant; nil is the
// untenanted stream.
func (k *track) progress(tenant *rule.StreamTenant) *rule.Progression {
	in := k.base
	if tenant != nil {
		in.Tenant = tenant.ID
		in.Connected = tenant.Environments
		if len(in.Connected) == 0 && !tenant.Connected {
			in.Connected = []string{}
		}
	}
	return rule.Progress(in)
}

// environment finds one of the space's environments.
func (k *track) environment(id string) *catalog.Environment {
	for _, e := range k.environments {
		if e.ID == id {
			return e
		}
	}
	return nil
}

// stand notes the newest deployment of a project to an environment.
func stand(tx *store.Tx, d *catalog.Deployment) error {
	_, err := tx.Exec(`insert into standing (project, environment, tenant, space, deployment, release, task) values ($1, $2, $3, $4, $5, $6, $7)
		on conflict (project, environment, tenant) do update set deployment = excluded.deployment, release = excluded.release, task = excluded.task`,
		d.ProjectID, d.EnvironmentID, d.TenantID, d.SpaceID, d.ID, d.ReleaseID, d.TaskID)
	if err != nil {
		return fmt.Errorf("noting the newest deployment: %w", err)
	}
	return nil
}

// Remove deletes deployments with all that belongs to them.
func (s *Service) Remove(tx *store.Tx, d *catalog.Deployment) error {
	t, err := task.GetTx(tx, d.TaskID)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	if t != nil && t.Hold != task.Done {
		return fault.New(fault.Conflict, "Deployment %s still runs. Cancel its task (%s) before deleting it.", d.ID, d.TaskID)
	}
	if err := catalog.Deployments.Remove(tx, d); err != nil {
		return err
	}
	if t != nil {
		if err := s.RemoveTask(tx, t); err != nil {
			return err
		}
	}
	return restand(tx, d)
}

// restand finds what is the newest deployment after one was deleted.
func restand(tx *store.Tx, gone *catalog.Deployment) error {
	n, err := tx.Exec("delete from standing where deployment = $1", gone.ID)
	if err != nil {
		return fmt.Errorf("forgetting a deployment: %w", err)
	}
	if n == 0 {
		return nil
	}
	match := map[string]string{"ProjectId": gone.ProjectID, "EnvironmentId": gone.EnvironmentID}
	q := kind.Query{Space: gone.SpaceID, Match: match, Take: 1}
	if gone.TenantID != "" {
		match["TenantId"] = gone.TenantID
	} else {
		q.Where = []store.Where{{SQL: "coalesce(data ->> 'TenantId', '') = ''"}}
	}
	left, _, err := catalog.Deployments.List(tx, q)
	if err != nil || len(left) == 0 {
		return err
	}
	return stand(tx, left[0])
}

// ReportDefect keeps a release from going further than it is.
func (s *Service) ReportDefect(ctx context.Context, releaseID, description string) (*catalog.Release, error) {
	if description = strings.TrimSpace(description); description == "" {
		return nil, fault.New(fault.Invalid, "Description must not be empty.")
	}
	return s.changeDefects(ctx, releaseID, func(r *catalog.Release, by string) error {
		if r.HasUnresolvedDefect() {
			return fault.New(fault.Invalid, "Release %s has an unresolved defect already.", r.Version)
		}
		r.Defects = append(r.Defects, catalog.Defect{
			ID: fmt.Sprintf("Defects-%s-%d", r.ID, len(r.Defects)+1), Description: description, Status: catalog.DefectUnresolved,
			Reported: kind.Now(), ReportedBy: by,
		})
		return nil
	})
}

// ResolveDefect lets a release go on.
func (s *Service) ResolveDefect(ctx context.Context, releaseID string) (*catalog.Release, error) {
	return s.changeDefects(ctx, releaseID, func(r *catalog.Release, by string) error {
		if !r.HasUnresolvedDefect() {
			return fault.New(fault.Invalid, "Release %s has no unresolved defect.", r.Version)
		}
		for i := range r.Defects {
			if d := &r.Defects[i]; d.Status == catalog.DefectUnresolved {
				d.Status, d.Resolved, d.ResolvedBy = catalog.DefectResolved, kind.Now(), by
			}
		}
		return nil
	})
}

func (s *Service) changeDefects(ctx context.Context, releaseID string, change func(r *catalog.Release, by string) error) (*catalog.Release, error) {
	var r *catalog.Release
	err := s.DB.Do(ctx, func(tx *store.Tx) (err error) {
		if r, err = catalog.Releases.Get(tx, releaseID); err != nil {
			return err
		}
		if err := change(r, store.ActorOf(tx.Context()).Username); err != nil {
			return err
		}
		return catalog.Releases.Put(tx, r)
	})
	return r, err
}

// automatic makes the deployments that a lifecycle asks for by itself: those
// of the phases that are open now and were not before. before is the
// deployment that has just succeeded; nil is a release that is new. What
// cannot be deployed is said in the audit trail and keeps nothing else back.
func (s *Service) automatic(tx *store.Tx, r *catalog.Release, before *catalog.Deployment) ([]MadeDeployment, error) {
	k := &track{release: r}
	if err := k.read(tx); err != nil {
		return nil, err
	}
	if k.channel.Type == catalog.EphemeralChannel && k.channel.AutomaticEphemeralEnvironmentDeployments && before == nil {
		return s.branchOff(tx, r, k.channel)
	}
	if k.channel.Type == catalog.EphemeralChannel || !k.automatic() {
		return nil, nil // as for most, whose past need not be looked at
	}
	if err := k.come(tx); err != nil {
		return nil, err
	}
	if before != nil { // its task ends in this very transaction
		k.base.Deployments = append(k.base.Deployments, rule.PastDeployment{ID: before.ID, Environment: before.EnvironmentID, Tenant: before.TenantID, Success: true})
	}
	all, plain, err := tenantsOf(tx, r.SpaceID, r.ProjectID)
	if err != nil {
		return nil, err
	}
	channel := channelOf(k.channel)
	var o *order
	var made []MadeDeployment
	for _, stream := range rule.Streams(rule.TenantMode(k.project.TenantedDeploymentMode), plain, channel.TenantTags) {
		if before != nil && before.TenantID != stream {
			continue
		}
		tenant, entered := k.entered(stream, all, plain, before)
		for _, environment := range entered {
			if o == nil {
				if o, err = s.order(tx, r); err != nil {
					return made, ignoreInvalid(err)
				}
				o.track = k
			}
			p := pair{k.environment(environment), tenant}
			m, err := s.deploy(tx, o, p, &DeployOptions{}, map[string]int{})
			if fault.CodeOf(err) == fault.Invalid {
				if err := s.missed(tx, o, p, err); err != nil {
					return nil, err
				}
				continue
			}
			if err != nil {
				return nil, err
			}
			made = append(made, *m)
		}
	}
	return made, nil
}

// automatic says that there are phases that deploy by themselves.
func (k *track) automatic() bool {
	return slices.ContainsFunc(k.base.Phases, func(p rule.Phase) bool { return len(p.Automatic) > 0 })
}

func ignoreInvalid(err error) error {
	if fault.CodeOf(err) == fault.Invalid {
		return nil
	}
	return err
}

// entered lists the automatic environments that a stream has just reached.
func (k *track) entered(stream string, all []*catalog.Tenant, plain []rule.StreamTenant, last *catalog.Deployment) (*catalog.Tenant, []string) {
	var tenant *catalog.Tenant
	var at *rule.StreamTenant
	for i := range plain {
		if plain[i].ID == stream {
			tenant, at = all[i], &plain[i]
		}
	}
	after := k.progress(at)
	if last == nil {
		return tenant, rule.Entered(nil, after)
	}
	earlier := *k
	earlier.base.Deployments = nil
	for _, d := range k.base.Deployments {
		if d.ID == last.ID {
			d.Success = false
		}
		earlier.base.Deployments = append(earlier.base.Deployments, d)
	}
	return tenant, rule.Entered(earlier.progress(at), after)
}

// missed says that an automatic deployment was not possible.
func (s *Service) missed(tx *store.Tx, o *order, p pair, why error) error {
	reason := why.Error()
	var f *fault.Error
	if errors.As(why, &f) && len(f.Details) > 0 {
		reason = f.Details[0]
	}
	related := []string{o.project.ID, p.environment.ID}
	if p.tenant != nil {
		related = append(related, p.tenant.ID)
	}
	return tx.Append(&store.Event{
		Space: o.project.SpaceID, Category: "AutoDeployBlocked", Document: o.track.release.ID, Related: related,
		Message: fmt.Sprintf("Release %s was not deployed to %s automatically: %s", o.track.release.Version, p.environment.Name, reason),
	})
}

// ephemeralName makes the name of an environment from a channel's template.
func ephemeralName(o *order) (string, error) {
	template := o.channel.EphemeralEnvironmentNameTemplate
	r := o.track.release
	facts := &variable.ReleaseFacts{ID: r.ID, Number: r.Version, Notes: r.ReleaseNotes, Created: r.Assembled.Time, CustomFields: r.CustomFields, ChannelName: o.channel.Name}
	if v := r.VersionControlReference; v != nil {
		facts.Git = variable.GitFacts{Ref: v.GitRef, CommitHash: v.GitCommit, BranchName: rule.ShortReference(v.GitRef)}
	}
	values := append(slices.Clone(o.values), variable.System(variable.Facts{Release: facts, Project: variable.Ref{ID: o.project.ID, Name: o.project.Name}})...)
	name, err := variable.Resolve(values, inProject(o.project.ID, o.channel.ID)).Dictionary().Evaluate(template)
	if err != nil {
		return "", fault.Wrap(fault.Invalid, err, "The template '%s' of the names of ephemeral environments cannot be evaluated", template)
	}
	if strings.Contains(name, "#{") {
		return "", fault.New(fault.Invalid, "The template '%s' of the names of ephemeral environments asks for something that the release does not have: it became '%s'.", template, name)
	}
	name = strings.Map(func(c rune) rune {
		if strings.ContainsRune(`<>:"/\|?*{}`, c) {
			return '-'
		}
		return c
	}, name)
	name = strings.Trim(name, "-_ \t\r\n")
	if n := len([]rune(name)); n == 0 || n > 50 {
		return "", fault.New(fault.Invalid, "The template '%s' of the names of ephemeral environments became '%s', which has %d letters; a name has 1 to 50.", template, name, n)
	}
	return name, nil
}

// branchOff makes the environment that a release of a channel for ephemeral
// environments names, and deploys the release there. What cannot be is said in
// the audit trail.
func (s *Service) branchOff(tx *store.Tx, r *catalog.Release, channel *catalog.Channel) ([]MadeDeployment, error) {
	o, err := s.order(tx, r)
	if err != nil {
		return nil, ignoreInvalid(err)
	}
	name, err := ephemeralName(o)
	at := pair{environment: &catalog.Environment{Named: kind.Named{Name: name}}}
	if err == nil {
		at.environment, err = raise(tx, o.project, channel, name)
	}
	if err == nil {
		// What was just made is part of where the release may go.
		if o, err = s.order(tx, r); err != nil {
			return nil, err
		}
		var m *MadeDeployment
		if m, err = s.deploy(tx, o, at, &DeployOptions{}, map[string]int{}); err == nil {
			return []MadeDeployment{*m}, nil
		}
	}
	if fault.CodeOf(err) != fault.Invalid {
		return nil, err
	}
	if at.environment == nil || at.environment.ID == "" {
		at.environment = &catalog.Environment{Named: kind.Named{Name: "an ephemeral environment"}}
		at.environment.ID = channel.ParentEnvironmentID
	}
	return nil, s.missed(tx, o, at, err)
}
