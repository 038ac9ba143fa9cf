package api

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/deploy"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/rule"
	"github.com/takodeploy/tako/internal/store"
)

var _ = area(func(a *API) []Route {
	return []Route{
		{Method: "GET", Pattern: "S/dashboard", Handle: a.dashboard, Summary: "What is where", Answer: board{}},
		{Method: "GET", Pattern: "S/dashboard/dynamic", Handle: a.dynamicDashboard, Summary: "What of some projects is in some environments", Answer: board{}},
		{Method: "GET", Pattern: "S/dashboardconfiguration", Handle: a.dashboardConfiguration, Summary: "What one's dashboard shows", Answer: boardConfiguration{}},
		{Method: "PUT", Pattern: "S/dashboardconfiguration", Handle: a.setDashboardConfiguration, Summary: "Change what one's dashboard shows", Body: boardConfiguration{}, Answer: boardConfiguration{}},
	}
})

// board is what is where, with what it takes to draw it.
type board struct {
	Projects      []boardProject
	ProjectGroups []boardGroup
	Environments  []deploy.Item
	Tenants       []boardTenant
	Items         []boardItem
	PreviousItems []boardItem `json:",omitzero"` // absent of a board that has them among its items
	ProjectLimit  *int
	IsFiltered    bool
	Links         map[string]string
}

type boardProject struct {
	deploy.Item
	Slug                           string
	ProjectGroupID                 string   `json:"ProjectGroupId"`
	EnvironmentIDs                 []string `json:"EnvironmentIds"`
	TenantedDeploymentMode         string
	CanPerformUntenantedDeployment bool
	IsDisabled                     bool
	Links                          map[string]string
}

type boardGroup struct {
	deploy.Item
	EnvironmentIDs []string `json:"EnvironmentIds"`
	Links          map[string]string
}

type boardTenant struct {
	deploy.Item
	ProjectEnvironments map[string][]string
	TenantTags          []string
	IsDisabled          bool
	Links               map[string]string
}

// boardItem is one deployment of a board.
type boardItem struct {
	ID                       string `json:"Id"`
	ProjectID                string `json:"ProjectId"`
	EnvironmentID            string `json:"EnvironmentId"`
	ReleaseID                string `json:"ReleaseId"`
	DeploymentID             string `json:"DeploymentId"`
	TaskID                   string `json:"TaskId"`
	TenantID                 string `json:"TenantId,omitempty"`
	ChannelID                string `json:"ChannelId"`
	ReleaseVersion           string
	Created                  kind.Time
	QueueTime                kind.Time
	StartTime                kind.Time
	CompletedTime            kind.Time
	State                    string
	HasPendingInterruptions  bool
	PendingInterruptionTypes []string
	HasPendingPreconditions  bool
	PendingPreconditionTypes []string
	HasWarningsOrErrors      bool
	ErrorMessage             string
	Duration                 string
	IsCurrent                bool
	IsPrevious               bool
	IsCompleted              bool
	Links                    map[string]string
}

func itemOf(c *deploy.Cell, space string, now time.Time) boardItem {
	t := &c.Task
	b := boardItem{
		ID: c.DeploymentID, ProjectID: c.ProjectID, EnvironmentID: c.EnvironmentID, ReleaseID: c.ReleaseID, DeploymentID: c.DeploymentID,
		TaskID: t.ID, TenantID: c.TenantID, ChannelID: c.ChannelID, ReleaseVersion: c.Version, Created: kind.Time{Time: c.Created},
		QueueTime: kind.Time{Time: t.QueueTime}, StartTime: kind.Time{Time: t.Started}, CompletedTime: kind.Time{Time: t.Completed},
		State: string(t.State), HasPendingInterruptions: len(t.Pending) > 0, PendingInterruptionTypes: append([]string{}, t.Pending...),
		PendingPreconditionTypes: []string{}, HasWarningsOrErrors: t.Warnings, ErrorMessage: t.Error, Duration: lasted(t.Duration(now)),
		IsCurrent: c.IsCurrent, IsPrevious: c.IsPrevious, IsCompleted: t.State.Final(),
	}
	base := "/api/" + space
	b.Links = map[string]string{
		"Self": base + "/deployments/" + c.DeploymentID, "Release": base + "/releases/" + c.ReleaseID, "Task": "/api/tasks/" + t.ID,
	}
	if c.TenantID != "" {
		b.Links["Tenant"] = base + "/tenants/" + c.TenantID
	}
	return b
}

// boardQuery narrows a board.
type boardQuery struct {
	projects, groups, environments, tenants, tags []string
	release                                       string
	previous                                      bool
}

// boardConfiguration is what a user wants to see.
type boardConfiguration struct {
	ID                      string   `json:"Id"`
	IncludedProjectGroupIDs []string `json:"IncludedProjectGroupIds"`
	IncludedProjectIDs      []string `json:"IncludedProjectIds"`
	IncludedEnvironmentIDs  []string `json:"IncludedEnvironmentIds"`
	IncludedTenantIDs       []string `json:"IncludedTenantIds"`
	IncludedTenantTags      []string
	IncludedProjectTags     []string
	ProjectLimit            *int
	Links                   map[string]string
}

func (r *Request) boardSetting() string { return "dashboard/" + r.Space + "/" + r.Principal.UserID }

func (r *Request) boardConfiguration(tx *store.Tx) (c boardConfiguration, err error) {
	text, err := tx.Setting(r.boardSetting())
	if err != nil {
		return c, err
	}
	if text != "" {
		if err := json.Unmarshal([]byte(text), &c); err != nil {
			return c, fmt.Errorf("reading the configuration of a dashboard: %w", err)
		}
	}
	c.ID = "dashboardconfiguration-" + r.Principal.UserID
	c.Links = map[string]string{"Self": r.Base() + "/dashboardconfiguration"}
	for _, list := range []*[]string{&c.IncludedProjectGroupIDs, &c.IncludedProjectIDs, &c.IncludedEnvironmentIDs, &c.IncludedTenantIDs, &c.IncludedTenantTags, &c.IncludedProjectTags} {
		*list = append([]string{}, *list...)
	}
	return c, nil
}

func (a *API) dashboardConfiguration(r *Request) (any, error) {
	var c boardConfiguration
	err := r.View(func(tx *store.Tx) (err error) {
		c, err = r.boardConfiguration(tx)
		return err
	})
	return c, err
}

func (a *API) setDashboardConfiguration(r *Request) (any, error) {
	var c boardConfiguration
	if err := r.Read(&c); err != nil {
		return nil, err
	}
	c.Links = nil
	text, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("storing the configuration of a dashboard: %w", err)
	}
	err = r.Do(func(tx *store.Tx) error {
		if err := tx.SetSetting(r.boardSetting(), string(text)); err != nil {
			return err
		}
		c, err = r.boardConfiguration(tx)
		return err
	})
	return c, err
}

func (a *API) dashboard(r *Request) (any, error) {
	b := board{PreviousItems: []boardItem{}}
	err := r.View(func(tx *store.Tx) error {
		c, err := r.boardConfiguration(tx)
		if err != nil {
			return err
		}
		q := boardQuery{release: r.Q("releaseId"), tenants: r.List("selectedTenants"), tags: r.List("selectedTags")}
		if id := r.Q("projectId"); id != "" {
			q.projects = []string{id}
		} else if !r.Bool("showAll") {
			q.projects, q.groups, q.environments = c.IncludedProjectIDs, c.IncludedProjectGroupIDs, c.IncludedEnvironmentIDs
			if len(q.tenants)+len(q.tags) == 0 {
				q.tenants, q.tags = c.IncludedTenantIDs, c.IncludedTenantTags
			}
			b.ProjectLimit = c.ProjectLimit
		}
		return a.board(r, tx, q, &b)
	})
	return b, err
}

func (a *API) dynamicDashboard(r *Request) (any, error) {
	var b board
	err := r.View(func(tx *store.Tx) error {
		q := boardQuery{projects: r.List("projects"), environments: r.List("environments"), previous: strings.EqualFold(r.Q("includePrevious"), "true") || strings.Contains(r.Q("includePrevious"), "Previous")}
		return a.board(r, tx, q, &b)
	})
	return b, err
}

// board fills a board with what the caller may see.
func (a *API) board(r *Request, tx *store.Tx, q boardQuery, b *board) error {
	b.IsFiltered = len(q.projects)+len(q.groups)+len(q.environments)+len(q.tenants)+len(q.tags) > 0
	b.Links = map[string]string{"Self": r.URL.RequestURI()}
	environments, _, err := catalog.Environments.List(tx, kind.Query{Space: r.Space, IDs: q.environments})
	if err != nil {
		return err
	}
	b.Environments = []deploy.Item{}
	for _, e := range environments {
		if ok, err := r.May("EnvironmentView", At{Environments: []string{e.ID}}); err != nil {
			return err
		} else if ok {
			b.Environments = append(b.Environments, deploy.Item{ID: e.ID, Name: e.Name})
		}
	}
	if err := a.boardProjects(r, tx, q, b); err != nil {
		return err
	}
	if err := r.boardTenants(tx, q, b); err != nil {
		return err
	}
	return a.boardItems(r, tx, q, b)
}

func (a *API) boardProjects(r *Request, tx *store.Tx, q boardQuery, b *board) error {
	projects, _, err := catalog.Projects.List(tx, kind.Query{Space: r.Space})
	if err != nil {
		return err
	}
	groups, _, err := catalog.ProjectGroups.List(tx, kind.Query{Space: r.Space})
	if err != nil {
		return err
	}
	channels, _, err := catalog.Channels.List(tx, kind.Query{Space: r.Space})
	if err != nil {
		return err
	}
	ways, err := deploy.WaysOf(tx, r.Space)
	if err != nil {
		return err
	}
	ofProject := map[string][]*catalog.Channel{}
	for _, c := range channels {
		ofProject[c.ProjectID] = append(ofProject[c.ProjectID], c)
	}
	b.Projects, b.ProjectGroups = []boardProject{}, []boardGroup{}
	used := map[string]bool{}
	for _, p := range projects {
		chosen := len(q.projects)+len(q.groups) == 0 || slices.Contains(q.projects, p.ID) || slices.Contains(q.projects, p.Slug) || slices.Contains(q.groups, p.ProjectGroupID)
		if !chosen || b.ProjectLimit != nil && len(b.Projects) >= *b.ProjectLimit {
			continue
		}
		if ok, err := r.May("ProjectView", At{Project: p.ID, Group: p.ProjectGroupID}); err != nil {
			return err
		} else if !ok {
			continue
		}
		used[p.ProjectGroupID] = true
		self := catalog.Projects.SelfPath(p.SpaceID, p.ID)
		b.Projects = append(b.Projects, boardProject{
			Item: deploy.Item{ID: p.ID, Name: p.Name}, Slug: p.Slug, ProjectGroupID: p.ProjectGroupID, EnvironmentIDs: environmentsOf(ways, p, ofProject[p.ID]),
			TenantedDeploymentMode: p.TenantedDeploymentMode, CanPerformUntenantedDeployment: p.TenantedDeploymentMode != catalog.Tenanted,
			IsDisabled: p.IsDisabled, Links: map[string]string{"Self": self, "Logo": self + "/logo"},
		})
	}
	for _, g := range groups {
		if !used[g.ID] {
			continue
		}
		group := boardGroup{Item: deploy.Item{ID: g.ID, Name: g.Name}, EnvironmentIDs: []string{}, Links: map[string]string{"Self": catalog.ProjectGroups.SelfPath(g.SpaceID, g.ID)}}
		for _, e := range b.Environments {
			in := func(p boardProject) bool {
				return p.ProjectGroupID == g.ID && slices.Contains(p.EnvironmentIDs, e.ID)
			}
			if slices.ContainsFunc(b.Projects, in) {
				group.EnvironmentIDs = append(group.EnvironmentIDs, e.ID)
			}
		}
		b.ProjectGroups = append(b.ProjectGroups, group)
	}
	return nil
}

// environmentsOf lists the environments that releases of a project can go to.
func environmentsOf(ways *deploy.Ways, p *catalog.Project, channels []*catalog.Channel) []string {
	if len(channels) == 1 {
		_, ids := ways.Of(p, channels[0])
		return append([]string{}, ids...)
	}
	all := []string{}
	for _, c := range channels {
		_, ids := ways.Of(p, c)
		for _, id := range ids {
			if !slices.Contains(all, id) {
				all = append(all, id)
			}
		}
	}
	return all
}

func (r *Request) boardTenants(tx *store.Tx, q boardQuery, b *board) error {
	b.Tenants = []boardTenant{}
	tenants, _, err := catalog.Tenants.List(tx, kind.Query{Space: r.Space})
	if err != nil {
		return err
	}
	for _, t := range tenants {
		if len(q.tenants)+len(q.tags) > 0 && !slices.Contains(q.tenants, t.ID) && (len(q.tags) == 0 || !rule.MatchTags(q.tags, t.TenantTags)) {
			continue
		}
		if ok, err := r.May("TenantView", At{Tenants: []string{t.ID}}); err != nil {
			return err
		} else if !ok {
			continue
		}
		self := catalog.Tenants.SelfPath(t.SpaceID, t.ID)
		b.Tenants = append(b.Tenants, boardTenant{
			Item: deploy.Item{ID: t.ID, Name: t.Name}, ProjectEnvironments: t.ProjectEnvironments, TenantTags: t.TenantTags,
			IsDisabled: t.IsDisabled, Links: map[string]string{"Self": self, "Logo": self + "/logo"},
		})
	}
	return nil
}

func (a *API) boardItems(r *Request, tx *store.Tx, q boardQuery, b *board) error {
	b.Items = []boardItem{}
	project := ""
	if len(b.Projects) == 1 {
		project = b.Projects[0].ID
	}
	var cells []deploy.Cell
	var err error
	if q.release != "" {
		cells, err = a.Deploy.Deployed(tx, q.release)
	} else {
		cells, err = a.Deploy.Board(tx, r.Space, project, q.previous)
	}
	if err != nil {
		return err
	}
	now := time.Now()
	on := drawnOn(b)
	for i := range cells {
		c := &cells[i]
		ok, err := r.onBoard(c, q, on)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		b.Items = append(b.Items, itemOf(c, r.Space, now))
	}
	return nil
}

// drawn are the ids of what a board shows.
type drawn struct{ projects, environments, tenants map[string]bool }

func drawnOn(b *board) drawn {
	d := drawn{map[string]bool{}, map[string]bool{}, map[string]bool{}}
	for i := range b.Projects {
		d.projects[b.Projects[i].ID] = true
	}
	for i := range b.Environments {
		d.environments[b.Environments[i].ID] = true
	}
	for i := range b.Tenants {
		d.tenants[b.Tenants[i].ID] = true
	}
	return d
}

// onBoard says whether a deployment is on a board, and may be seen.
func (r *Request) onBoard(c *deploy.Cell, q boardQuery, on drawn) (bool, error) {
	if !on.projects[c.ProjectID] || !on.environments[c.EnvironmentID] {
		return false, nil
	}
	if (c.TenantID != "" || len(q.tenants)+len(q.tags) > 0) && !on.tenants[c.TenantID] {
		return false, nil
	}
	if r.unlimited("DeploymentView", r.Space) {
		return true, nil
	}
	at := At{Project: c.ProjectID, Environments: []string{c.EnvironmentID}}
	if c.TenantID != "" {
		at.Tenants = []string{c.TenantID}
	}
	return r.May("DeploymentView", at)
}
