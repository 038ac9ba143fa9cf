package api

import (
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

var _ = area(func(a *API) []Route {
	return []Route{
		{Method: "POST", Pattern: "S/projects", Handle: a.createProject, Query: []string{"clone"}, Summary: "Create a project, or clone one", Body: catalog.Projects.Info(), Answer: catalog.Projects.Info()},
		{Method: "GET", Pattern: "S/projectgroups/{id}/projects", Handle: a.groupProjects, Query: []string{"skip", "take"}, Summary: "The projects of a group", Answer: catalog.Projects.Info()},
		{Method: "GET", Pattern: "S/projects/{id}/channels", Handle: a.projectChannels, Query: []string{"skip", "take"}, Summary: "The channels of a project", Answer: catalog.Channels.Info()},
		{Method: "GET", Pattern: "S/projects/{id}/summary", Handle: a.projectSummary, Summary: "What a project has"},
		{Method: "GET", Pattern: "S/projects/{id}/deploymentsettings", Handle: a.settings, Summary: "How a project deploys", Answer: catalog.DeploymentSettings{}},
		{Method: "PUT", Pattern: "S/projects/{id}/deploymentsettings", Handle: a.updateSettings, Summary: "Change how a project deploys", Body: catalog.DeploymentSettings{}, Answer: catalog.DeploymentSettings{}},
		{Method: "GET", Pattern: "S/projects/{id}/deploymentprocesses", Handle: a.process, Summary: "The process of a project", Answer: catalog.DeploymentProcess{}},
		{Method: "PUT", Pattern: "S/projects/{id}/deploymentprocesses", Handle: a.ofProject(catalog.DeploymentProcesses, "deploymentprocess-").update, Summary: "Change the process of a project", Body: catalog.DeploymentProcesses.Info(), Answer: catalog.DeploymentProcesses.Info()},
		{Method: "GET", Pattern: "S/deploymentprocesses", Handle: a.processes, Query: []string{"skip", "take"}, Summary: "List deployment processes", Answer: catalog.DeploymentProcesses.Info()},
	}
})

// project finds the project of the path and asks for a permission on it.
func (a *API) project(r *Request, tx *store.Tx, permission string) (*catalog.Project, error) {
	p, err := catalog.Projects.Find(tx, r.Space, r.Param("id"))
	if err != nil {
		return nil, err
	}
	return p, r.Need(permission, At{Project: p.ID, Group: p.ProjectGroupID})
}

// createProject creates a project, or with ?clone= a copy of another.
func (a *API) createProject(r *Request) (any, error) {
	source := r.Q("clone")
	if source == "" {
		return a.crudOf(catalog.Projects).create(r)
	}
	var want catalog.CloneRequest
	if err := r.Read(&want); err != nil {
		return nil, err
	}
	var raw []byte
	err := r.Do(func(tx *store.Tx) error {
		from, err := catalog.Projects.Find(tx, r.Space, source)
		if err != nil {
			return err
		}
		for _, permission := range []string{"ProjectView", "ProcessView", "VariableView"} {
			if err := r.Need(permission, At{Project: from.ID, Group: from.ProjectGroupID}); err != nil {
				return err
			}
		}
		group := want.ProjectGroupID
		if group == "" {
			group = from.ProjectGroupID
		}
		if err := r.Need("ProjectCreate", At{Group: group}); err != nil {
			return err
		}
		made, err := catalog.CloneProject(tx, from.ID, want)
		if err != nil {
			return err
		}
		raw, err = catalog.Projects.Wire(tx, made)
		return err
	})
	return Created(Raw(raw)), err
}

// listOf answers a page of one type, narrowed by a member.
func (a *API) listOf(r *Request, k kind.Any, member, value string) (any, error) {
	h := a.crudOf(k)
	skip, take, err := r.Paging()
	if err != nil {
		return nil, err
	}
	q := h.query(r)
	q.Skip, q.Take = skip, take
	q.Match[member] = value
	return h.page(r, q)
}

func (a *API) groupProjects(r *Request) (any, error) {
	var id string
	err := r.View(func(tx *store.Tx) error {
		g, err := catalog.ProjectGroups.Find(tx, r.Space, r.Param("id"))
		if err == nil {
			id = g.ID
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return a.listOf(r, catalog.Projects, "ProjectGroupId", id)
}

func (a *API) projectID(r *Request, permission string) (id string, err error) {
	err = r.View(func(tx *store.Tx) error {
		p, err := a.project(r, tx, permission)
		if err == nil {
			id = p.ID
		}
		return err
	})
	return id, err
}

func (a *API) projectChannels(r *Request) (any, error) {
	id, err := a.projectID(r, "ProcessView")
	if err != nil {
		return nil, err
	}
	return a.listOf(r, catalog.Channels, "ProjectId", id)
}

func (a *API) projectSummary(r *Request) (any, error) {
	var doc map[string]any
	err := r.View(func(tx *store.Tx) error {
		p, err := a.project(r, tx, "ProjectView")
		if err != nil {
			return err
		}
		process, err := catalog.DeploymentProcesses.Get(tx, p.DeploymentProcessID)
		if err != nil {
			return err
		}
		runbooks, err := tx.Count(store.Query{Kind: "Runbooks", Where: []store.Where{{SQL: "data ->> 'ProjectId' = ?", Args: []any{p.ID}}}})
		if err != nil {
			return err
		}
		doc = map[string]any{"HasDeploymentProcess": len(process.Steps) > 0, "HasRunbooks": runbooks > 0, "HasBeenDeployed": false, "StepsCount": len(process.Steps)}
		n, err := tx.Count(store.Query{Table: "deployment", Kind: "Deployments", Where: []store.Where{{SQL: "data ->> 'ProjectId' = ?", Args: []any{p.ID}}}})
		doc["HasBeenDeployed"] = n > 0
		return err
	})
	return doc, err
}

// settings are those of the database, or of the default branch.
func (a *API) settings(r *Request) (any, error) {
	var s *catalog.DeploymentSettings
	inGit := false
	err := r.View(func(tx *store.Tx) error {
		p, err := a.project(r, tx, "ProjectView")
		if err == nil {
			s, inGit = catalog.DeploymentSettingsOf(p), p.IsVersionControlled
		}
		return err
	})
	if err == nil && inGit {
		return a.gitSettings(r)
	}
	return s, err
}

// process is that of the database, or of the default branch.
func (a *API) process(r *Request) (any, error) {
	inGit := false
	err := r.View(func(tx *store.Tx) error {
		p, err := catalog.Projects.Find(tx, r.Space, r.Param("id"))
		inGit = err == nil && p.IsVersionControlled
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case inGit:
		return a.gitProcess(r)
	}
	return a.ofProject(catalog.DeploymentProcesses, "deploymentprocess-").get(r)
}

func (a *API) updateSettings(r *Request) (any, error) {
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	var s *catalog.DeploymentSettings
	err = r.Do(func(tx *store.Tx) error {
		p, err := a.project(r, tx, "ProjectEdit")
		if err != nil {
			return err
		}
		s, err = catalog.PutDeploymentSettings(tx, p.ID, body)
		return err
	})
	return s, err
}

// child answers for the one document of a type that each project has.
type child struct {
	crud
	prefix string
}

func (a *API) ofProject(k kind.Any, prefix string) *child { return &child{*a.crudOf(k), prefix} }

// at points the request at the project's document.
func (c *child) at(r *Request) error {
	return r.View(func(tx *store.Tx) error {
		p, err := catalog.Projects.Find(tx, r.Space, r.Param("id"))
		if err == nil {
			r.params = []string{"id", c.prefix + p.ID}
		}
		return err
	})
}

func (c *child) get(r *Request) (any, error) {
	if err := c.at(r); err != nil {
		return nil, err
	}
	return c.crud.get(r)
}

func (c *child) update(r *Request) (any, error) {
	if err := c.at(r); err != nil {
		return nil, err
	}
	return c.crud.update(r)
}

func (a *API) processes(r *Request) (any, error) {
	return a.liveProcesses(r, catalog.DeploymentProcesses)
}

// liveProcesses lists processes, of which snapshots are none.
func (a *API) liveProcesses(r *Request, k kind.Any) (any, error) {
	h := a.crudOf(k)
	skip, take, err := r.Paging()
	if err != nil {
		return nil, err
	}
	q := h.query(r)
	q.Skip, q.Take = skip, take
	if len(q.IDs) == 0 {
		q.Where = append(q.Where, store.Where{SQL: "owner = ''"})
	}
	return h.page(r, q)
}
