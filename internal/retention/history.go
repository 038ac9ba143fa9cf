package retention

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/rule"
	"github.com/takodeploy/tako/internal/store"
)

// ground is what all projects of a space have in common.
type ground struct {
	space        string
	fallback     catalog.RetentionPeriod
	environments []rule.LifecycleEnvironment
	lifecycles   map[string]*catalog.Lifecycle
}

func groundOf(tx *store.Tx, space string) (*ground, error) {
	g := &ground{space: space, lifecycles: map[string]*catalog.Lifecycle{}}
	var err error
	if g.fallback, err = catalog.DefaultRetention(tx, space, catalog.LifecycleReleaseRetention); err != nil {
		return nil, err
	}
	environments, _, err := catalog.Environments.List(tx, kind.Query{Space: space})
	if err != nil {
		return nil, err
	}
	for _, e := range environments {
		g.environments = append(g.environments, rule.LifecycleEnvironment{
			ID: e.ID, Name: e.Name, SortOrder: e.SortOrder, Ephemeral: e.Type != "" && e.Type != catalog.StaticEnvironment,
		})
	}
	lifecycles, _, err := catalog.Lifecycles.List(tx, kind.Query{Space: space})
	for _, l := range lifecycles {
		g.lifecycles[l.ID] = l
	}
	return g, err
}

// group is a shelf before its releases are known: what is counted together.
// Channels that are discrete are counted each for itself, others with those of
// the same lifecycle.
type group struct {
	Shelf
	name     string
	channels []string
}

// groups sorts the channels of a project.
func (g *ground) groups(project *catalog.Project, channels []*catalog.Channel) []*group {
	byKey := map[string]*group{}
	var all []*group
	for _, c := range channels {
		passing := c.Type == "EphemeralEnvironment"
		id := rule.EffectiveLifecycle(c.LifecycleID, project.LifecycleID)
		l := g.lifecycles[id]
		if l == nil && !passing {
			continue // nobody knows how long they are to be kept
		}
		key, name := "lifecycle "+id, ""
		if project.DiscreteChannelRelease || passing {
			key, name = "channel "+c.ID, c.Name
		}
		at := byKey[key]
		if at == nil {
			at = &group{name: name, Shelf: Shelf{Passing: passing}}
			if !passing {
				at.Policy, at.Phases = policyOf(l.ReleaseRetentionPolicy, g.fallback), phasesOf(l, g.environments, g.fallback)
				at.name = cmp.Or(name, l.Name)
			}
			byKey[key], all = at, append(all, at)
		}
		at.channels = append(at.channels, c.ID)
	}
	return all
}

// forever says that nothing can come of looking at the releases.
func (p *group) forever() bool {
	return !p.Passing && p.Policy.Forever() && !slices.ContainsFunc(p.Phases, func(ph Phase) bool { return !ph.Policy.Forever() })
}

// shelves reads what is to be judged of a project; none where everything is
// kept anyway.
func (g *ground) shelves(tx *store.Tx, project *catalog.Project, now time.Time) ([]*group, error) {
	channels, _, err := catalog.Channels.List(tx, kind.Query{Space: g.space, Match: map[string]string{"ProjectId": project.ID}})
	if err != nil {
		return nil, err
	}
	all := slices.DeleteFunc(g.groups(project, channels), (*group).forever)
	if len(all) == 0 {
		return nil, nil
	}
	releases, err := releasesOf(tx, project.ID)
	if err != nil {
		return nil, err
	}
	shown := Shown(releases, project.DiscreteChannelRelease)
	for _, at := range all {
		at.Now, at.Shown = now, shown
		for _, r := range releases {
			if slices.Contains(at.channels, r.Channel) {
				at.Releases = append(at.Releases, r)
			}
		}
	}
	return all, nil
}

// releasesOf reads the releases of a project with their deployments, and
// nothing else of them.
func releasesOf(tx *store.Tx, project string) ([]*Release, error) {
	var all []*Release
	byID := map[string]*Release{}
	err := tx.Query(func(scan func(...any) error) error {
		r := &Release{}
		var assembled string
		var created int64
		if err := scan(&r.ID, &r.Version, &r.Channel, &assembled, &created); err != nil {
			return err
		}
		r.Assembled = time.UnixMilli(created)
		if t, err := kind.ParseTime(assembled); err == nil && !t.IsZero() {
			r.Assembled = t.Time
		}
		all, byID[r.ID] = append(all, r), r
		return nil
	}, `select id, name, data ->> 'ChannelId', coalesce(data ->> 'Assembled', ''), created from release
		where kind = 'Releases' and owner = $1 order by created desc, length(id) desc, id desc`, project)
	if err != nil {
		return nil, fmt.Errorf("reading the releases of %s: %w", project, err)
	}
	err = tx.Query(func(scan func(...any) error) error {
		var d Deployment
		var release, state, hold string
		err := scan(&release, &d.Environment, &d.Tenant, &d.Num, &state, &hold)
		d.Success, d.Active = state == "Success", hold != "Done"
		if r := byID[release]; r != nil {
			r.Deployments = append(r.Deployments, d)
		}
		return err
	}, `select d.data ->> 'ReleaseId', d.data ->> 'EnvironmentId', coalesce(d.data ->> 'TenantId', ''), coalesce(t.num, 0),
			coalesce(t.state, ''), coalesce(t.hold, 'Done')
		from deployment d left join task t on t.id = d.data ->> 'TaskId' where d.kind = 'Deployments' and d.owner = $1`, project)
	if err != nil {
		return nil, fmt.Errorf("reading the deployments of %s: %w", project, err)
	}
	return all, nil
}

// use is a release that a step of another deploys.
type use struct{ project, key string }

// usesOf finds the releases of a space that other releases deploy, and by
// which. A project that is known only when it is deployed may be any.
func usesOf(tx *store.Tx, space string) (map[use]string, error) {
	var processes []string
	err := tx.Query(func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		processes = append(processes, id)
		return err
	}, "select id from document where kind = 'DeploymentProcesses' and space = $1 and cast(data as text) like '%Octopus.DeployRelease%'", space)
	if err != nil {
		return nil, fmt.Errorf("looking for steps that deploy releases: %w", err)
	}
	uses := map[use]string{}
	for _, id := range processes {
		if !catalog.IsSnapshot(id) {
			continue
		}
		if err := usesBy(tx, space, id, uses); err != nil {
			return nil, err
		}
	}
	return uses, nil
}

// usesBy adds what the releases with one process deploy.
func usesBy(tx *store.Tx, space, process string, uses map[use]string) error {
	p, err := catalog.DeploymentProcesses.Get(tx, process)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	projects := map[string]string{} // action → project
	for i := range p.Steps {
		for j := range p.Steps[i].Actions {
			a := &p.Steps[i].Actions[j]
			if a.ActionType != "Octopus.DeployRelease" {
				continue
			}
			named := a.Properties["Octopus.Action.DeployRelease.ProjectId"].Text
			if named == "" && len(a.Packages) > 0 {
				named = a.Packages[0].PackageID
			}
			child, err := catalog.Projects.Find(tx, space, named)
			switch {
			case strings.Contains(named, "#{"):
				projects[strings.ToLower(a.Name)] = ""
			case fault.Is(err, fault.NotFound):
			case err != nil:
				return err
			default:
				projects[strings.ToLower(a.Name)] = child.ID
			}
		}
	}
	parents, _, err := catalog.Releases.List(tx, kind.Query{Space: space, Refer: map[string][]string{"ProjectDeploymentProcessSnapshotId": {process}}})
	if err != nil {
		return err
	}
	for _, r := range parents {
		for _, s := range r.SelectedPackages {
			if child, ok := projects[strings.ToLower(cmp.Or(s.ActionName, s.StepName))]; ok {
				uses[use{child, catalog.ReleaseKey(s.Version)}] = fmt.Sprintf("release %s of another project deploys it", r.Version)
			}
		}
	}
	return nil
}

// mark notes which releases of a project others need.
func (p *group) mark(project string, uses map[use]string) {
	p.Used = map[string]string{}
	for _, r := range p.Releases {
		key := catalog.ReleaseKey(r.Version)
		if why := cmp.Or(uses[use{project, key}], uses[use{"", key}]); why != "" {
			p.Used[r.ID] = why
		}
	}
}
