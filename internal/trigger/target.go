package trigger

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/deploy"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/rule"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
	"github.com/takodeploy/tako/internal/variable"
)

// machines lets a trigger fire for the machines to which something has happened
// that it waits for.
func (o *occasion) machines(ctx context.Context) error {
	var chosen []*catalog.Machine
	err := o.DB.View(ctx, func(tx *store.Tx) (err error) {
		chosen, err = o.affected(tx)
		return err
	})
	if err != nil {
		return err
	}
	switch {
	case len(chosen) == 0:
		return o.DB.Do(ctx, func(tx *store.Tx) error { return o.take(tx, &result{quiet: true}) })
	case o.trigger.Action.ActionType != catalog.ActionAutoDeploy:
		return o.act(ctx)
	}
	return o.DB.Do(ctx, func(tx *store.Tx) error {
		r := &result{}
		if o.project.IsDisabled {
			r.missed = append(r.missed, "project '"+o.project.Name+"' is disabled.")
			return o.take(tx, r)
		}
		if err := o.deployTo(tx, chosen, r); err != nil {
			return err
		}
		r.quiet = len(r.started)+len(r.missed) == 0
		return o.take(tx, r)
	})
}

// affected are the machines, as they are now, that the trigger is to look at.
func (o *occasion) affected(tx *store.Tx) (all []*catalog.Machine, err error) {
	f := &o.trigger.Filter
	seen := map[string]bool{}
	for _, e := range o.events {
		if seen[e.Document] || !wanted(f, e) {
			continue
		}
		seen[e.Document] = true
		m, err := catalog.Machines.Get(tx, e.Document)
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		has := func(role string) bool { return rule.ContainsFold(m.Roles, role) }
		if len(f.Roles) > 0 && !slices.ContainsFunc(f.Roles, has) || len(o.environmentsOf(m)) == 0 {
			continue
		}
		all = append(all, m)
	}
	return all, nil
}

// environmentsOf are the environments of a machine that the trigger is for.
func (o *occasion) environmentsOf(m *catalog.Machine) []string {
	if len(o.trigger.Filter.EnvironmentIDs) == 0 {
		return m.EnvironmentIDs
	}
	return slices.DeleteFunc(slices.Clone(m.EnvironmentIDs), func(e string) bool { return !slices.Contains(o.trigger.Filter.EnvironmentIDs, e) })
}

// deployTo deploys to machines what is in their environments, for each tenant
// and for none. Machines of one place are deployed to together.
func (o *occasion) deployTo(tx *store.Tx, machines []*catalog.Machine, r *result) error {
	at := map[string][]*catalog.Machine{}
	var environments []string
	for _, m := range machines {
		if m.IsDisabled {
			continue
		}
		for _, e := range o.environmentsOf(m) {
			if at[e] == nil {
				environments = append(environments, e)
			}
			at[e] = append(at[e], m)
		}
	}
	for _, e := range environments {
		tenants, err := o.streams(tx, e)
		if err != nil {
			return err
		}
		for _, tenant := range tenants {
			if err := o.bring(tx, e, tenant, at[e], r); err != nil {
				return err
			}
		}
	}
	return nil
}

// streams lists for whom the project has been deployed to an environment: ids
// of tenants, and "" for none.
func (o *occasion) streams(tx *store.Tx, environment string) (tenants []string, err error) {
	err = tx.Query(func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		tenants = append(tenants, id)
		return err
	}, "select distinct tenant from task where project = $1 and environment = $2 and name = $3 and state = $4 order by tenant",
		o.project.ID, environment, deploy.TaskDeploy, string(task.Success))
	if err != nil {
		return nil, fmt.Errorf("looking for whom %s is deployed: %w", o.project.ID, err)
	}
	return tenants, nil
}

// bring deploys to machines what was deployed last to their environment with
// success, with the same choices, unless they have it or will have it.
func (o *occasion) bring(tx *store.Tx, environment, tenant string, machines []*catalog.Machine, r *result) error {
	last, err := lastSuccess(tx, o.project.ID, environment, tenant, false, "")
	if err != nil || last == nil {
		return err
	}
	t, err := task.GetTx(tx, last.task)
	if err != nil {
		return err
	}
	again, err := o.Deploy.Again(tx, t)
	if err != nil {
		return err
	}
	process, err := catalog.DeploymentProcesses.Get(tx, again.Release.ProjectDeploymentProcessSnapshotID)
	if err != nil {
		return err
	}
	var who *catalog.Tenant
	if tenant != "" {
		if who, err = catalog.Tenants.Get(tx, tenant); fault.Is(err, fault.NotFound) {
			return nil
		} else if err != nil {
			return err
		}
	}
	have, err := o.covered(tx, last.release, environment, tenant)
	if err != nil {
		return err
	}
	var ids []string
	for _, m := range machines {
		if wants(process.Steps, m, who) && !have(m.ID) {
			ids = append(ids, m.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	again.SpecificMachines, again.ExcludedMachines, again.SpecificTags, again.ExcludedTags = ids, nil, nil, nil
	again.Trigger = variable.Ref{ID: o.trigger.ID, Name: o.trigger.Name}
	again.Comments = "Started by the trigger '" + o.trigger.Name + "' for machines that have become available"
	if err := o.thaw(tx, again, environment, tenant); err != nil {
		return err
	}
	made, err := o.Deploy.CreateDeploymentsTx(tx, *again)
	if err != nil {
		return r.miss("release "+again.Release.Version+" cannot be deployed. ", err)
	}
	for _, m := range made {
		r.add(m.Task)
	}
	return nil
}

// wants says whether a process has something to do on a machine for a tenant.
func wants(steps []catalog.Step, m *catalog.Machine, tenant *catalog.Tenant) bool {
	tenancy := rule.Tenancy{Mode: rule.TenantMode(m.TenantedDeploymentParticipation), TenantIDs: m.TenantIDs, TenantTags: m.TenantTags}
	id, tags := tenantID(tenant), []string(nil)
	if tenant != nil {
		tags = tenant.TenantTags
	}
	return tenancy.Refuses(id, tags) == "" && slices.ContainsFunc(steps, func(s catalog.Step) bool {
		return slices.ContainsFunc(strings.Split(s.Properties["Octopus.Action.TargetRoles"].Text, ","), func(role string) bool {
			return rule.ContainsFold(m.Roles, strings.TrimSpace(role))
		})
	})
}

// thaw lets the deployment be made in spite of freezes: they do not hold back
// what brings new machines up to where others are.
func (o *occasion) thaw(tx *store.Tx, in *deploy.NewDeployments, environment, tenant string) error {
	frozen, err := deploy.FreezesAt(tx, o.project.ID, environment, tenant, o.now)
	for _, f := range frozen {
		in.Freezes = append(in.Freezes, f.ID)
		in.FreezeReason = "Machines that become available get what is deployed already"
	}
	return err
}

// covered tells the machines that have a release already, or are about to.
func (o *occasion) covered(tx *store.Tx, release, environment, tenant string) (func(machine string) bool, error) {
	match := map[string]string{"ReleaseId": release, "EnvironmentId": environment}
	q := kind.Query{Space: o.project.SpaceID, Match: match}
	if tenant != "" {
		match["TenantId"] = tenant
	} else {
		q.Where = []store.Where{{SQL: "coalesce(data ->> 'TenantId', '') = ''"}}
	}
	all, _, err := catalog.Deployments.List(tx, q)
	if err != nil {
		return nil, err
	}
	again := o.trigger.Action.ShouldRedeployWhenMachineHasBeenDeployedTo
	redeploy := again != nil && *again
	have, soon, everybody := map[string]bool{}, map[string]bool{}, false
	for _, d := range all {
		t, err := task.GetTx(tx, d.TaskID)
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		switch {
		case t.State == task.Success:
			for _, id := range d.DeployedToMachineIDs {
				have[id] = true
			}
		case !t.State.Final() && len(d.SpecificMachineIDs) > 0:
			for _, id := range d.SpecificMachineIDs {
				soon[id] = true
			}
		case t.State == task.Queued:
			everybody = true // it has not chosen its machines yet
		}
	}
	return func(id string) bool { return soon[id] || everybody || have[id] && !redeploy }, nil
}
