package api

import (
	"time"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/deploy"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/rule"
	"github.com/takodeploy/tako/internal/store"
)

var _ = area(func(a *API) []Route {
	return []Route{
		{Method: "GET", Pattern: "S/projects/{id}/progression", Handle: a.progression, Query: []string{"releaseHistoryCount"}, Summary: "The releases of a project and where they are", Answer: projectProgression{}},
	}
})

// projectProgression is the overview of a project's releases.
type projectProgression struct {
	Environments          []deploy.Item
	ChannelEnvironments   map[string][]deploy.Item
	LifecycleEnvironments map[string][]deploy.Item
	Releases              []releaseProgress
	Links                 map[string]string
}

type releaseProgress struct {
	Release                 Raw
	Channel                 Raw
	Deployments             map[string][]boardItem
	NextDeployments         []string
	HasUnresolvedDefect     bool
	ReleaseRetentionPeriod  catalog.RetentionPeriod
	TentacleRetentionPeriod catalog.RetentionPeriod
	Links                   map[string]string
}

// shownReleases is how many releases an overview shows when nobody says.
const shownReleases = 10

func (a *API) progression(r *Request) (any, error) {
	count, err := r.Int("releaseHistoryCount", shownReleases)
	if err != nil {
		return nil, err
	}
	p := projectProgression{ChannelEnvironments: map[string][]deploy.Item{}, LifecycleEnvironments: map[string][]deploy.Item{}, Environments: []deploy.Item{}, Releases: []releaseProgress{}}
	err = r.View(func(tx *store.Tx) error {
		project, err := a.project(r, tx, "ReleaseView")
		if err != nil {
			return err
		}
		p.Links = map[string]string{"Self": catalog.Projects.SelfPath(project.SpaceID, project.ID) + "/progression"}
		channels, _, err := catalog.Channels.List(tx, kind.Query{Space: r.Space, Match: map[string]string{"ProjectId": project.ID}})
		if err != nil {
			return err
		}
		lifecycles := map[string]*catalog.Lifecycle{}
		if err := a.columns(tx, project, channels, &p, lifecycles); err != nil {
			return err
		}
		releases, err := a.Deploy.ShownReleases(tx, r.Space, project.ID, count)
		if err != nil {
			return err
		}
		progressions := a.Deploy.Progressions(tx)
		for _, rel := range releases {
			progress, err := progressions(rel)
			if err != nil {
				return err
			}
			row, err := a.row(r, tx, rel, progress, channels, lifecycles)
			if err != nil {
				return err
			}
			p.Releases = append(p.Releases, row)
		}
		return nil
	})
	return p, err
}

// columns are the environments of the project's channels.
func (a *API) columns(tx *store.Tx, project *catalog.Project, channels []*catalog.Channel, p *projectProgression, lifecycles map[string]*catalog.Lifecycle) error {
	all, _, err := catalog.Environments.List(tx, kind.Query{Space: project.SpaceID})
	if err != nil {
		return err
	}
	ways, err := deploy.WaysOf(tx, project.SpaceID)
	if err != nil {
		return err
	}
	used := map[string]bool{}
	for _, c := range channels {
		l, ids := ways.Of(project, c)
		if l == nil {
			continue
		}
		lifecycles[c.ID] = l
		items := []deploy.Item{}
		for _, id := range ids {
			used[id] = true
			for _, e := range all {
				if e.ID == id {
					items = append(items, deploy.Item{ID: e.ID, Name: e.Name})
				}
			}
		}
		p.ChannelEnvironments[c.ID], p.LifecycleEnvironments[l.ID] = items, items
	}
	for _, e := range all {
		if used[e.ID] {
			p.Environments = append(p.Environments, deploy.Item{ID: e.ID, Name: e.Name})
		}
	}
	return nil
}

// row is one release of the overview.
func (a *API) row(r *Request, tx *store.Tx, rel *catalog.Release, progress *rule.Progression, channels []*catalog.Channel, lifecycles map[string]*catalog.Lifecycle) (releaseProgress, error) {
	row := releaseProgress{Deployments: map[string][]boardItem{}, HasUnresolvedDefect: rel.HasUnresolvedDefect(), NextDeployments: []string{}, Links: map[string]string{}}
	var err error
	if row.Release, err = catalog.Releases.Wire(tx, rel); err != nil {
		return row, err
	}
	for _, c := range channels {
		if c.ID != rel.ChannelID {
			continue
		}
		if row.Channel, err = catalog.Channels.Wire(tx, c); err != nil {
			return row, err
		}
		if l := lifecycles[c.ID]; l != nil {
			row.ReleaseRetentionPeriod, row.TentacleRetentionPeriod = l.ReleaseRetentionPolicy, l.TentacleRetentionPolicy
		}
	}
	row.NextDeployments = append(row.NextDeployments, progress.NextDeployments...)
	cells, err := a.Deploy.Deployed(tx, rel.ID)
	now := time.Now()
	for i := range cells {
		c := &cells[i]
		at := At{Project: c.ProjectID, Environments: []string{c.EnvironmentID}}
		if c.TenantID != "" {
			at.Tenants = []string{c.TenantID}
		}
		if ok, err := r.May("DeploymentView", at); err != nil {
			return row, err
		} else if ok {
			row.Deployments[c.EnvironmentID] = append(row.Deployments[c.EnvironmentID], itemOf(c, r.Space, now))
		}
	}
	return row, err
}
