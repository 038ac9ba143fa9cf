package trigger

import (
	"context"
	"fmt"
	"slices"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/deploy"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/rule"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
	"github.com/takodeploy/tako/internal/variable"
)

// act does what the trigger is for.
func (o *occasion) act(ctx context.Context) error { return o.actWith(ctx, &result{}) }

// actWith is act for who knows something of the result already.
func (o *occasion) actWith(ctx context.Context, r *result) error {
	switch o.trigger.Action.ActionType {
	case catalog.ActionDeployNew, catalog.ActionCreateRelease:
		return o.newRelease(ctx, r)
	}
	return o.DB.Do(ctx, func(tx *store.Tx) error {
		r := &result{seen: r.seen} // this may run more than once
		held, err := o.hold(tx)
		if err != nil {
			return err
		}
		if held != nil {
			held.seen = r.seen
			return o.take(tx, held)
		}
		switch o.trigger.Action.ActionType {
		case catalog.ActionDeployLatest, catalog.ActionDeployTo:
			err = o.deployLatest(tx, r)
		case catalog.ActionRunRunbook:
			err = o.runRunbooks(tx, r)
		default:
			r.missed = append(r.missed, fmt.Sprintf("a %s trigger cannot %s.", o.trigger.Filter.FilterType, o.trigger.Action.ActionType))
		}
		if err != nil {
			return err
		}
		return o.take(tx, r)
	})
}

// options are what all that a trigger starts has in common.
func (o *occasion) options() (deploy.DeployOptions, error) {
	answers, err := o.trigger.Action.Answers()
	return deploy.DeployOptions{
		Variables: answers, Trigger: variable.Ref{ID: o.trigger.ID, Name: o.trigger.Name},
		Comments: "Started by the trigger '" + o.trigger.Name + "'", Allow: o.allow,
	}, err
}

// tenants are those that the trigger is for: those named and those whose tags
// pass. A nil tenant is the untenanted stream, for triggers that name none.
func (o *occasion) tenants(tx *store.Tx) ([]*catalog.Tenant, error) {
	a := &o.trigger.Action
	if len(a.TenantIDs)+len(a.TenantTags) == 0 {
		return []*catalog.Tenant{nil}, nil
	}
	all, _, err := catalog.Tenants.List(tx, kind.Query{Space: o.project.SpaceID, Refer: map[string][]string{"ProjectEnvironments": {o.project.ID}}})
	return slices.DeleteFunc(all, func(t *catalog.Tenant) bool {
		return t.IsDisabled || !slices.Contains(a.TenantIDs, t.ID) && (len(a.TenantTags) == 0 || !rule.MatchTags(a.TenantTags, t.TenantTags))
	}), err
}

func connected(t *catalog.Tenant, project, environment string) bool {
	return t == nil || slices.Contains(t.ProjectEnvironments[project], environment)
}

// of begins a sentence about one of several tenants.
func of(t *catalog.Tenant) string {
	if t == nil {
		return ""
	}
	return "for " + t.Name + ", "
}

func tenantID(t *catalog.Tenant) string {
	if t == nil {
		return ""
	}
	return t.ID
}

// deployLatest deploys the latest release: of those that are in the source
// environments, or of all where the trigger names no source.
func (o *occasion) deployLatest(tx *store.Tx, r *result) error {
	a := &o.trigger.Action
	target := a.DestinationEnvironmentID
	if target == "" {
		target = a.EnvironmentID
	}
	tenants, err := o.tenants(tx)
	if err != nil {
		return err
	}
	if len(tenants) == 0 {
		r.missed = append(r.missed, "none of the tenants that it is for is connected to the project.")
	}
	for _, t := range tenants {
		release, err := o.latest(tx, t)
		if err != nil {
			return err
		}
		if release == nil {
			r.missed = append(r.missed, of(t)+"there is no release to deploy"+o.from()+".")
			continue
		}
		if again := a.ShouldRedeployWhenReleaseIsCurrent; again != nil && !*again {
			there, err := lastSuccess(tx, o.project.ID, target, tenantID(t), false, "")
			if err != nil {
				return err
			}
			if there != nil && there.release == release.ID {
				r.missed = append(r.missed, of(t)+"release "+release.Version+" is there already.")
				continue
			}
		}
		if err := o.deploy(tx, release, target, t, r); err != nil {
			return err
		}
	}
	return nil
}

// from says where releases are looked for.
func (o *occasion) from() string {
	if len(o.trigger.Action.SourceEnvironmentIDs) == 0 {
		return ""
	}
	return ": none has been deployed successfully to where it comes from"
}

// deploy deploys a release to one place.
func (o *occasion) deploy(tx *store.Tx, release *catalog.Release, environment string, t *catalog.Tenant, r *result) error {
	options, err := o.options()
	if err != nil {
		return r.miss("", err)
	}
	in := deploy.NewDeployments{Space: release.SpaceID, Release: release, Environments: []string{environment}, DeployOptions: options}
	if t != nil {
		in.Tenants = []string{t.ID}
	}
	made, err := o.Deploy.CreateDeploymentsTx(tx, in)
	if err != nil {
		return r.miss(of(t)+"release "+release.Version+" cannot be deployed. ", err)
	}
	for _, m := range made {
		r.add(m.Task)
	}
	return nil
}

// latest finds the release that is to be deployed for a tenant; nil if there is
// none. A tenant that is not connected to any source gets what others have
// there; its lifecycle decides whether it may.
func (o *occasion) latest(tx *store.Tx, t *catalog.Tenant) (*catalog.Release, error) {
	a := &o.trigger.Action
	if len(a.SourceEnvironmentIDs) == 0 {
		q := kind.Query{Space: o.project.SpaceID, Take: 1, Match: map[string]string{"ProjectId": o.project.ID}}
		if a.ChannelID != "" {
			q.Match["ChannelId"] = a.ChannelID
		}
		found, _, err := catalog.Releases.List(tx, q)
		if err != nil || len(found) == 0 {
			return nil, err
		}
		return found[0], nil
	}
	anybody := t != nil && !slices.ContainsFunc(a.SourceEnvironmentIDs, func(e string) bool { return connected(t, o.project.ID, e) })
	var best *catalog.Release
	for _, e := range a.SourceEnvironmentIDs {
		there, err := lastSuccess(tx, o.project.ID, e, tenantID(t), anybody, a.ChannelID)
		if err != nil {
			return nil, err
		}
		if there == nil {
			continue
		}
		release, err := catalog.Releases.Get(tx, there.release)
		if err != nil {
			return nil, err
		}
		if best == nil || release.Created().After(best.Created().Time) {
			best = release
		}
	}
	return best, nil
}

// success is a deployment that has succeeded.
type success struct{ task, deployment, release string }

// lastSuccess finds the last successful deployment of a project to a place,
// where it is asked of releases of a channel; nil if there is none. anybody is
// for every tenant and for none.
func lastSuccess(tx *store.Tx, project, environment, tenant string, anybody bool, channel string) (*success, error) {
	s := &success{}
	everybody := 0
	if anybody {
		everybody = 1
	}
	found, err := tx.QueryRow([]any{&s.task, &s.deployment, &s.release}, `select t.id, d.id, d.data ->> 'ReleaseId'
		from task t join deployment d on d.id = t.arguments ->> 'DeploymentId'
		where t.project = $1 and t.environment = $2 and (t.tenant = $3 or $4 = 1) and t.name = $5 and t.state = $6
			and ($7 = '' or d.data ->> 'ChannelId' = $7) order by t.num desc limit 1`,
		project, environment, tenant, everybody, deploy.TaskDeploy, string(task.Success), channel)
	if err != nil {
		return nil, fmt.Errorf("looking for what is in %s: %w", environment, err)
	}
	if !found {
		return nil, nil
	}
	return s, nil
}

// newRelease makes a release, and deploys it if the trigger says so.
func (o *occasion) newRelease(ctx context.Context, known *result) error {
	a := &o.trigger.Action
	var held *result
	err := o.DB.View(ctx, func(tx *store.Tx) (err error) {
		held, err = o.hold(tx)
		return err
	})
	if err != nil {
		return err
	}
	if held != nil {
		held.seen = known.seen
		return o.DB.Do(ctx, func(tx *store.Tx) error { return o.take(tx, held) })
	}
	in := deploy.NewRelease{
		Space: o.project.SpaceID, Project: o.project.ID, Channel: a.ChannelID, Notes: "Created by the trigger '" + o.trigger.Name + "'",
		Then: func(tx *store.Tx, made *deploy.MadeRelease) error {
			return o.released(tx, made, &result{seen: known.seen})
		},
	}
	if v := a.VersionControlReference; v != nil {
		in.GitRef, in.GitCommit = v.GitRef, v.GitCommit
	}
	_, err = o.Deploy.CreateRelease(ctx, in)
	if code := fault.CodeOf(err); err == nil || code != fault.Invalid && code != fault.NotFound && code != fault.Unavailable {
		return err
	}
	r := &result{seen: known.seen}
	if err := r.miss("no release can be created. ", fault.Wrap(fault.Invalid, err, "%s", reasonOf(err))); err != nil {
		return err
	}
	return o.DB.Do(ctx, func(tx *store.Tx) error { return o.take(tx, r) })
}

// released goes on when the release is there, in the unit that makes it.
func (o *occasion) released(tx *store.Tx, made *deploy.MadeRelease, r *result) error {
	r.fired = true
	r.started = append(r.started, "release "+made.Release.Version)
	for _, m := range made.Automatic {
		r.add(m.Task)
	}
	if o.trigger.Action.ActionType == catalog.ActionDeployNew {
		tenants, err := o.tenants(tx)
		if err != nil {
			return err
		}
		for _, t := range tenants {
			if err := o.deploy(tx, made.Release, o.trigger.Action.EnvironmentID, t, r); err != nil {
				return err
			}
		}
	}
	return o.take(tx, r)
}

// runRunbooks runs the published snapshots of the runbooks that the trigger
// names, in each environment and for each tenant.
func (o *occasion) runRunbooks(tx *store.Tx, r *result) error {
	books, err := o.books(tx)
	if err != nil {
		return err
	}
	if len(books) == 0 {
		r.missed = append(r.missed, "the project has no runbook that it is for.")
	}
	tenants, err := o.tenants(tx)
	if err != nil {
		return err
	}
	for _, b := range books {
		snapshot, err := deploy.FindSnapshot(tx, b, "")
		if err != nil {
			if err := r.miss("", err); err != nil {
				return err
			}
			continue
		}
		for _, e := range o.trigger.Action.EnvironmentIDs {
			for _, t := range tenants {
				if !connected(t, o.project.ID, e) {
					continue
				}
				if err := o.runRunbook(tx, snapshot, e, t, r); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// books are the runbooks that the trigger names by id or by tags.
func (o *occasion) books(tx *store.Tx) ([]*catalog.Runbook, error) {
	a := &o.trigger.Action
	if a.RunbookID != "" {
		b, err := catalog.Runbooks.Get(tx, a.RunbookID)
		return []*catalog.Runbook{b}, err
	}
	all, _, err := catalog.Runbooks.List(tx, kind.Query{Space: o.project.SpaceID, Match: map[string]string{"ProjectId": o.project.ID}})
	return slices.DeleteFunc(all, func(b *catalog.Runbook) bool { return !rule.MatchTags(a.RunbookTags, b.RunbookTags) }), err
}

func (o *occasion) runRunbook(tx *store.Tx, snapshot *catalog.RunbookSnapshot, environment string, t *catalog.Tenant, r *result) error {
	options, err := o.options()
	if err != nil {
		return r.miss("", err)
	}
	in := deploy.NewRuns{Snapshot: snapshot, Environments: []string{environment}, DeployOptions: options}
	if t != nil {
		in.Tenants = []string{t.ID}
	}
	made, err := o.Deploy.CreateRunsTx(tx, in)
	if err != nil {
		return r.miss(of(t), err)
	}
	for _, m := range made {
		r.add(m.Task)
	}
	return nil
}
