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
		{Method: "GET", Pattern: "S/progression/runbooks/taskRuns", Handle: a.lastTaskRuns, Query: []string{"projectIds", "runbookIds"}, Summary: "The last runs of runbooks in each environment", Answer: runBoard{}},
		{Method: "GET", Pattern: "S/progression/runbooks/{id}", Handle: a.runbookProgression, Summary: "The last runs of a runbook in each environment", Answer: runbookProgression{}},
	}
})

// runbookProgression is the overview of a runbook.
type runbookProgression struct {
	Environments []deploy.Item
	RunbookRuns  map[string][]runItem // by environment
	Links        map[string]string
}

// runBoard lists the last runs of several runbooks.
type runBoard struct {
	Items []runItem
	Links map[string]string
}

// runItem is one run of a board.
type runItem struct {
	ID                       string `json:"Id"`
	RunID                    string `json:"RunId"`
	ProjectID                string `json:"ProjectId"`
	EnvironmentID            string `json:"EnvironmentId"`
	TenantID                 string `json:"TenantId,omitempty"`
	RunbookID                string `json:"RunbookId"`
	RunbookName              string
	RunbookSnapshotID        string `json:"RunbookSnapshotId"`
	RunbookSnapshotName      string
	TaskID                   string `json:"TaskId"`
	Created                  kind.Time
	QueueTime                kind.Time
	StartTime                kind.Time
	CompletedTime            kind.Time
	State                    string
	HasPendingInterruptions  bool
	PendingInterruptionTypes []string
	HasWarningsOrErrors      bool
	ErrorMessage             string
	Duration                 string
	IsCompleted              bool
	Links                    map[string]string
}

func runItemOf(c *deploy.RunCell, space string, now time.Time) runItem {
	t := &c.Task
	base := "/api/" + space
	return runItem{
		ID: c.RunID, RunID: c.RunID, ProjectID: c.ProjectID, EnvironmentID: c.EnvironmentID, TenantID: c.TenantID,
		RunbookID: c.RunbookID, RunbookName: c.RunbookName, RunbookSnapshotID: c.SnapshotID, RunbookSnapshotName: c.SnapshotName,
		TaskID: t.ID, Created: kind.Time{Time: c.Created}, QueueTime: kind.Time{Time: t.QueueTime}, StartTime: kind.Time{Time: t.Started},
		CompletedTime: kind.Time{Time: t.Completed}, State: string(t.State), HasPendingInterruptions: len(t.Pending) > 0,
		PendingInterruptionTypes: append([]string{}, t.Pending...), HasWarningsOrErrors: t.Warnings, ErrorMessage: t.Error,
		Duration: lasted(t.Duration(now)), IsCompleted: t.State.Final(),
		Links: map[string]string{
			"Self": base + "/runbookRuns/" + c.RunID, "Task": "/api/tasks/" + t.ID, "Runbook": base + "/runbooks/" + c.RunbookID,
			"RunbookSnapshot": base + "/runbookSnapshots/" + c.SnapshotID,
		},
	}
}

// lastRuns lists the last runs of a runbook that the caller may see.
func (a *API) lastRuns(r *Request, tx *store.Tx, runbookID string) ([]runItem, error) {
	cells, err := a.Deploy.LastRuns(tx, runbookID)
	if err != nil {
		return nil, err
	}
	items, now := []runItem{}, time.Now()
	for i := range cells {
		c := &cells[i]
		at := At{Project: c.ProjectID, Environments: []string{c.EnvironmentID}}
		if c.TenantID != "" {
			at.Tenants = []string{c.TenantID}
		}
		if ok, err := r.May("RunbookRunView", at); err != nil {
			return nil, err
		} else if ok {
			items = append(items, runItemOf(c, r.Space, now))
		}
	}
	return items, nil
}

func (a *API) runbookProgression(r *Request) (any, error) {
	p := runbookProgression{Environments: []deploy.Item{}, RunbookRuns: map[string][]runItem{}}
	err := r.View(func(tx *store.Tx) error {
		b, err := a.runbook(r, tx, "RunbookView")
		if err != nil {
			return err
		}
		p.Links = map[string]string{"Self": r.Base() + "/progression/runbooks/" + b.ID}
		environments, err := a.Deploy.RunbookEnvironments(tx, b)
		if err != nil {
			return err
		}
		for _, e := range environments {
			if ok, err := r.seesOne(catalog.Environments, e); err != nil {
				return err
			} else if ok {
				p.Environments = append(p.Environments, deploy.Item{ID: e.ID, Name: e.Name})
			}
		}
		items, err := a.lastRuns(r, tx, b.ID)
		for _, i := range items {
			p.RunbookRuns[i.EnvironmentID] = append(p.RunbookRuns[i.EnvironmentID], i)
		}
		return err
	})
	return p, err
}

// lastTaskRuns lists the last runs of the runbooks that projectIds, runbookIds,
// environmentIds and tenantIds leave.
func (a *API) lastTaskRuns(r *Request) (any, error) {
	board := runBoard{Items: []runItem{}, Links: map[string]string{"Self": r.Base() + "/progression/runbooks/taskRuns{?projectIds,runbookIds,environmentIds,tenantIds}"}}
	among := func(name, id string) bool {
		wanted := r.List(name)
		return len(wanted) == 0 || rule.ContainsFold(wanted, id)
	}
	err := r.View(func(tx *store.Tx) error {
		q := kind.Query{Space: r.Space, IDs: r.List("runbookIds")}
		if ids := r.List("projectIds"); len(ids) > 0 {
			q.Where = append(q.Where, anyValue("data ->> 'ProjectId'", ids))
		}
		all, _, err := catalog.Runbooks.List(tx, q)
		if err != nil {
			return err
		}
		for _, b := range all {
			if ok, err := r.seesOne(catalog.Runbooks, b); err != nil {
				return err
			} else if !ok {
				continue
			}
			items, err := a.lastRuns(r, tx, b.ID)
			if err != nil {
				return err
			}
			for _, i := range items {
				if among("environmentIds", i.EnvironmentID) && among("tenantIds", i.TenantID) {
					board.Items = append(board.Items, i)
				}
			}
		}
		return nil
	})
	return board, err
}
