package api

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/deploy"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

var _ = area(func(a *API) []Route {
	return []Route{
		{Method: "GET", Pattern: "S/dashboard", Handle: a.dashboard, Query: []string{"projectId", "releaseId", "selectedTags", "selectedTenants", "showAll"}, Summary: "What is where", Answer: board{}},
		{Method: "GET", Pattern: "S/dashboard/dynamic", Handle: a.dynamicDashboard, Query: []string{"environments", "includePrevious", "projects"}, Summary: "What of some projects is in some environments", Answer: board{}},
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
	q := boardQuery{release: r.Q("releaseId"), tenants: r.List("selectedTenants"), tags: r.List("selectedTags")}
	if id := r.Q("projectId"); id != "" {
		q.projects = []string{id}
	} else if !r.Bool("showAll") {
		var c boardConfiguration
		err := r.View(func(tx *store.Tx) (err error) {
			c, err = r.boardConfiguration(tx)
			return err
		})
		if err != nil {
			return nil, err
		}
		q.projects, q.groups, q.environments = c.IncludedProjectIDs, c.IncludedProjectGroupIDs, c.IncludedEnvironmentIDs
		if len(q.tenants)+len(q.tags) == 0 {
			q.tenants, q.tags = c.IncludedTenantIDs, c.IncludedTenantTags
		}
		b.ProjectLimit = c.ProjectLimit
	}
	return a.board(r, q, &b)
}

func (a *API) dynamicDashboard(r *Request) (any, error) {
	return a.board(r, boardQuery{projects: r.List("projects"), environments: r.List("environments"), previous: strings.EqualFold(r.Q("includePrevious"), "true") || strings.Contains(r.Q("includePrevious"), "Previous")}, &board{})
}
