package api

import (
	"regexp"
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/deploy"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

var _ = area(func(a *API) []Route {
	runbook, process, snapshot := catalog.Runbooks.Info(), catalog.RunbookProcesses.Info(), catalog.RunbookSnapshots.Info()
	books, processes := a.runbookCrud(), a.crudOf(catalog.RunbookProcesses)
	return []Route{
		{Method: "GET", Pattern: "S/runbooks", Handle: a.runbooks, Query: []string{"projectIds", "skip", "take"}, Summary: "List runbooks", Answer: runbook},
		{Method: "GET", Pattern: "S/runbooks/{id}", Handle: books.byID(books.get), Summary: "Get a runbook", Answer: runbook},
		{Method: "PUT", Pattern: "S/runbooks/{id}", Handle: books.byID(books.update), Summary: "Change a runbook", Body: runbook, Answer: runbook},
		{Method: "DELETE", Pattern: "S/runbooks/{id}", Handle: a.deleteRunbook, Summary: "Delete a runbook with its snapshots and runs"},
		{Method: "GET", Pattern: "S/runbooks/{id}/environments", Handle: a.runbookEnvironments, Summary: "The environments that a runbook may run in", Answer: []catalog.Environment{}},

		{Method: "GET", Pattern: "S/projects/{id}/runbooks", Handle: a.projectRunbooks, Query: []string{"skip", "take"}, Summary: "The runbooks of a project", Answer: runbook},
		{Method: "POST", Pattern: "S/projects/{id}/runbooks", Handle: a.createProjectRunbook, Summary: "Create a runbook of a project", Body: runbook, Answer: runbook},
		{Method: "GET", Pattern: "S/projects/{id}/runbooks/{runbook}", Handle: a.inProject(books.get), Summary: "A runbook of a project", Answer: runbook},
		{Method: "PUT", Pattern: "S/projects/{id}/runbooks/{runbook}", Handle: a.inProject(books.update), Summary: "Change a runbook of a project", Body: runbook, Answer: runbook},
		{Method: "DELETE", Pattern: "S/projects/{id}/runbooks/{runbook}", Handle: a.deleteRunbook, Summary: "Delete a runbook of a project"},
		{Method: "GET", Pattern: "S/projects/{id}/runbooks/{runbook}/environments", Handle: a.runbookEnvironments, Summary: "The environments that a runbook may run in", Answer: []catalog.Environment{}},

		{Method: "GET", Pattern: "S/runbookProcesses", Handle: a.runbookProcesses, Query: []string{"skip", "take"}, Summary: "List processes of runbooks", Answer: process},
		{Method: "GET", Pattern: "S/projects/{id}/runbookProcesses/{process}", Handle: a.processInProject(processes.get), Summary: "The process of a runbook", Answer: process},
		{Method: "PUT", Pattern: "S/projects/{id}/runbookProcesses/{process}", Handle: a.processInProject(processes.update), Summary: "Change the process of a runbook", Body: process, Answer: process},

		{Method: "GET", Pattern: "S/runbooks/{id}/runbookSnapshotTemplate", Handle: a.snapshotTemplate, Summary: "What a snapshot of a runbook needs", Answer: deploy.SnapshotTemplate{}},
		{Method: "GET", Pattern: "S/runbooks/{id}/runbookSnapshots", Handle: a.runbookSnapshots, Query: []string{"searchByName", "skip", "take"}, Summary: "The snapshots of a runbook", Answer: snapshot},
		{Method: "GET", Pattern: "S/runbooks/{id}/runbookSnapshots/{snapshot}", Handle: a.runbookSnapshot, Summary: "A snapshot of a runbook", Answer: snapshot},
		{Method: "GET", Pattern: "S/projects/{id}/runbooks/{runbook}/runbookSnapshotTemplate", Handle: a.snapshotTemplate, Summary: "What a snapshot of a runbook needs", Answer: deploy.SnapshotTemplate{}},
		{Method: "GET", Pattern: "S/projects/{id}/runbooks/{runbook}/runbookSnapshots", Handle: a.runbookSnapshots, Query: []string{"searchByName", "skip", "take"}, Summary: "The snapshots of a runbook", Answer: snapshot},
		{Method: "GET", Pattern: "S/projects/{id}/runbooks/{runbook}/runbookSnapshots/{snapshot}", Handle: a.runbookSnapshot, Summary: "A snapshot of a runbook", Answer: snapshot},
		{Method: "GET", Pattern: "S/projects/{id}/runbookSnapshots", Handle: a.projectSnapshots, Query: []string{"searchByName", "skip", "take"}, Summary: "The snapshots of a project's runbooks", Answer: snapshot},
		{Method: "GET", Pattern: "S/projects/{id}/runbookSnapshots/{snapshot}", Handle: a.projectSnapshot, Summary: "A snapshot of a project's runbook", Answer: snapshot},
		{Method: "POST", Pattern: "S/projects/{id}/runbookSnapshots", Handle: a.createSnapshot, Query: []string{"publish"}, Summary: "Make a snapshot of a runbook", Body: snapshot, Answer: snapshot},
		{Method: "POST", Pattern: "S/runbookSnapshots", Handle: a.createSnapshot, Query: []string{"publish"}, Summary: "Make a snapshot of a runbook", Body: snapshot, Answer: snapshot},
		{Method: "DELETE", Pattern: "S/runbookSnapshots/{id}", Handle: a.deleteSnapshot, Summary: "Delete a snapshot of a runbook with its runs"},
		{Method: "POST", Pattern: "S/runbookSnapshots/{id}/snapshot-variables", Handle: a.refreshSnapshot, Summary: "Give a snapshot the variables as they are now", Answer: snapshot},
	}
})

// runbookCrud answers for runbooks. Outside their project they are found by id
// only: each project may have its own "Restart", and a client that asks for a
// name here goes on to ask the project that it means.
func (a *API) runbookCrud() *bookCrud { return &bookCrud{a.crudOf(catalog.Runbooks)} }

type bookCrud struct{ *crud }

// runbookID also fits the runbooks that runs of runbooks in Git are counted with.
var runbookID = regexp.MustCompile(`(?i)^Runbooks-(\d+|git[0-9a-f]{16})$`)

func (b *bookCrud) byID(handle func(*Request) (any, error)) func(*Request) (any, error) {
	return func(r *Request) (any, error) {
		if !runbookID.MatchString(r.Param("id")) {
			return nil, fault.New(fault.NotFound, "There is no runbook with the id '%s' in this space.", r.Param("id"))
		}
		return handle(r)
	}
}

// runbook finds the runbook of the path and asks for a permission on it.
func (a *API) runbook(r *Request, tx *store.Tx, permission string) (*catalog.Runbook, error) {
	if what := r.Param("runbook"); what != "" {
		project, err := catalog.Projects.Find(tx, r.Space, r.Param("id"))
		if err != nil {
			return nil, err
		}
		if err := r.Need(permission, At{Project: project.ID, Group: project.ProjectGroupID}); err != nil {
			return nil, err
		}
		return deploy.FindRunbook(tx, project, what)
	}
	b, err := catalog.Runbooks.Get(tx, r.Param("id"))
	if fault.Is(err, fault.NotFound) || err == nil && b.SpaceID != r.Space {
		return nil, fault.New(fault.NotFound, "There is no runbook with the id '%s' in this space.", r.Param("id"))
	}
	if err != nil {
		return nil, err
	}
	return b, r.Need(permission, At{Project: b.ProjectID})
}

// inProject answers for a runbook of a project as for the runbook itself.
func (a *API) inProject(handle func(*Request) (any, error)) func(*Request) (any, error) {
	return func(r *Request) (any, error) {
		err := r.View(func(tx *store.Tx) error {
			b, err := a.runbook(r, tx, "RunbookView")
			if err == nil {
				r.params = []string{"id", b.ID}
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		return handle(r)
	}
}

// processInProject answers for the process of a runbook of a project.
func (a *API) processInProject(handle func(*Request) (any, error)) func(*Request) (any, error) {
	return func(r *Request) (any, error) {
		id, err := a.projectID(r, "RunbookView")
		if err != nil {
			return nil, err
		}
		what := r.Param("process")
		err = r.View(func(tx *store.Tx) error {
			p, err := catalog.RunbookProcesses.Get(tx, what)
			if fault.Is(err, fault.NotFound) || err == nil && (p.ProjectID != id || p.SpaceID != r.Space) {
				return fault.New(fault.NotFound, "The project has no process '%s'.", what)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		r.params = []string{"id", what}
		return handle(r)
	}
}

func (a *API) runbooks(r *Request) (any, error) {
	h := a.crudOf(catalog.Runbooks)
	skip, take, err := r.Paging()
	if err != nil {
		return nil, err
	}
	q := h.query(r)
	q.Skip, q.Take = skip, take
	q.Where = append(q.Where, catalog.NotInGit())
	if ids := r.List("projectIds"); len(ids) > 0 {
		q.Where = append(q.Where, anyValue("data ->> 'ProjectId'", ids))
	}
	return h.page(r, q)
}

func (a *API) projectRunbooks(r *Request) (any, error) {
	id, err := a.projectID(r, "RunbookView")
	if err != nil {
		return nil, err
	}
	h := a.crudOf(catalog.Runbooks)
	skip, take, err := r.Paging()
	if err != nil {
		return nil, err
	}
	q := h.query(r)
	q.Skip, q.Take, q.Match["ProjectId"] = skip, take, id
	q.Where = append(q.Where, catalog.NotInGit())
	return h.page(r, q)
}

// createProjectRunbook creates a runbook of the project of the path, whatever
// the body says of projects.
func (a *API) createProjectRunbook(r *Request) (any, error) {
	id, err := a.projectID(r, "RunbookView")
	if err != nil {
		return nil, err
	}
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	res, err := catalog.Runbooks.Decode(body)
	if err != nil {
		return nil, err
	}
	res.(*catalog.Runbook).ProjectID = id
	return a.crudOf(catalog.Runbooks).add(r, res)
}

func (a *API) deleteRunbook(r *Request) (any, error) {
	return nil, r.Do(func(tx *store.Tx) error {
		b, err := a.runbook(r, tx, "RunbookEdit")
		if err != nil {
			return err
		}
		if err := a.Deploy.RemoveRuns(tx, b.SpaceID, "RunbookId", b.ID); err != nil {
			return err
		}
		return catalog.Runbooks.Remove(tx, b)
	})
}

func (a *API) runbookEnvironments(r *Request) (any, error) {
	var b *catalog.Runbook
	err := r.View(func(tx *store.Tx) (err error) {
		b, err = a.runbook(r, tx, "RunbookView")
		return err
	})
	if err != nil {
		return nil, err
	}
	return a.placesOf(r, b)
}

// placesOf lists the environments that a runbook may run in, of those that the
// caller may see.
func (a *API) placesOf(r *Request, b *catalog.Runbook) (any, error) {
	all := []Raw{}
	err := r.View(func(tx *store.Tx) error {
		environments, err := a.Deploy.RunbookEnvironments(tx, b)
		if err != nil {
			return err
		}
		for _, e := range environments {
			if ok, err := r.seesOne(catalog.Environments, e); err != nil {
				return err
			} else if !ok {
				continue
			}
			raw, err := catalog.Environments.Wire(tx, e)
			if err != nil {
				return err
			}
			all = append(all, raw)
		}
		return nil
	})
	return all, err
}

// runbookProcesses lists processes, of which snapshots are none.
func (a *API) runbookProcesses(r *Request) (any, error) {
	return a.liveProcesses(r, catalog.RunbookProcesses)
}

func (a *API) snapshotTemplate(r *Request) (any, error) {
	var b *catalog.Runbook
	err := r.View(func(tx *store.Tx) (err error) {
		b, err = a.runbook(r, tx, "RunbookView")
		return err
	})
	if err != nil {
		return nil, err
	}
	return a.Deploy.SnapshotTemplate(r.Context(), b)
}

// snapshotsWhere lists the snapshots that a condition holds for.
func (a *API) snapshotsWhere(r *Request, member, id string) (any, error) {
	h := a.crudOf(catalog.RunbookSnapshots)
	skip, take, err := r.Paging()
	if err != nil {
		return nil, err
	}
	q := h.query(r)
	q.Skip, q.Take = skip, take
	q.Match[member] = id
	if part := strings.TrimSpace(r.Q("searchByName")); part != "" {
		q.PartialName = part
	}
	return h.page(r, q)
}

func (a *API) runbookSnapshots(r *Request) (any, error) {
	var b *catalog.Runbook
	err := r.View(func(tx *store.Tx) (err error) {
		b, err = a.runbook(r, tx, "RunbookView")
		return err
	})
	if err != nil {
		return nil, err
	}
	return a.snapshotsWhere(r, "RunbookId", b.ID)
}

func (a *API) projectSnapshots(r *Request) (any, error) {
	id, err := a.projectID(r, "RunbookView")
	if err != nil {
		return nil, err
	}
	return a.snapshotsWhere(r, "ProjectId", id)
}

func (a *API) runbookSnapshot(r *Request) (raw any, err error) {
	err = r.View(func(tx *store.Tx) error {
		b, err := a.runbook(r, tx, "RunbookView")
		if err != nil {
			return err
		}
		s, err := deploy.FindSnapshot(tx, b, r.Param("snapshot"))
		if err != nil {
			return err
		}
		raw, err = wire(tx, s)
		return err
	})
	return raw, err
}

func wire(tx *store.Tx, s *catalog.RunbookSnapshot) (Raw, error) {
	return catalog.RunbookSnapshots.Wire(tx, s)
}

// projectSnapshot finds a snapshot of a project by id or name; of those of
// several runbooks that have one name it is the newest.
func (a *API) projectSnapshot(r *Request) (raw any, err error) {
	err = r.View(func(tx *store.Tx) error {
		p, err := a.project(r, tx, "RunbookView")
		if err != nil {
			return err
		}
		what := strings.ToLower(r.Param("snapshot"))
		found, _, err := catalog.RunbookSnapshots.List(tx, kind.Query{Space: r.Space, Take: 1, Match: map[string]string{"ProjectId": p.ID},
			Where: []store.Where{{SQL: "? in (lower(id), lower(name))", Args: []any{what}}}})
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return fault.New(fault.NotFound, "Project '%s' has no runbook snapshot '%s'.", p.Name, r.Param("snapshot"))
		}
		raw, err = wire(tx, found[0])
		return err
	})
	return raw, err
}

func (a *API) createSnapshot(r *Request) (any, error) {
	var in catalog.RunbookSnapshot
	if err := r.Read(&in); err != nil {
		return nil, err
	}
	var b *catalog.Runbook
	err := r.View(func(tx *store.Tx) (err error) {
		b, err = catalog.Runbooks.Get(tx, in.RunbookID)
		if fault.Is(err, fault.NotFound) || err == nil && b.SpaceID != r.Space {
			return fault.New(fault.Invalid, "RunbookId refers to '%s', which does not exist in space %s.", in.RunbookID, r.Space)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := r.Need("RunbookEdit", At{Project: b.ProjectID}); err != nil {
		return nil, err
	}
	if in.ProjectID != "" && !strings.EqualFold(in.ProjectID, b.ProjectID) {
		return nil, fault.New(fault.Invalid, "ProjectId is '%s', but runbook '%s' is of project %s.", in.ProjectID, b.Name, b.ProjectID)
	}
	made, err := a.Deploy.CreateSnapshot(r.Context(), deploy.NewSnapshot{
		Runbook: b, Name: in.Name, Notes: in.Notes, Selected: in.SelectedPackages, SelectedGit: in.SelectedGitResources,
		Publish: slices.ContainsFunc(r.List("publish"), func(v string) bool { return strings.EqualFold(v, "true") }),
	})
	if err != nil {
		return nil, err
	}
	raw, err := wireOf(r, catalog.RunbookSnapshots, made)
	return Created(raw), err
}

// snapshot finds the snapshot of the path and asks for a permission on it.
func (a *API) snapshot(r *Request, tx *store.Tx, permission string) (*catalog.RunbookSnapshot, error) {
	s, err := catalog.RunbookSnapshots.Get(tx, r.Param("id"))
	if fault.Is(err, fault.NotFound) || err == nil && s.SpaceID != r.Space {
		return nil, fault.New(fault.NotFound, "There is no runbook snapshot '%s' in this space.", r.Param("id"))
	}
	if err != nil {
		return nil, err
	}
	return s, r.Need(permission, At{Project: s.ProjectID})
}

func (a *API) deleteSnapshot(r *Request) (any, error) {
	return nil, r.Do(func(tx *store.Tx) error {
		s, err := a.snapshot(r, tx, "RunbookEdit")
		if err != nil {
			return err
		}
		if err := a.Deploy.RemoveRuns(tx, s.SpaceID, "RunbookSnapshotId", s.ID); err != nil {
			return err
		}
		return catalog.RunbookSnapshots.Remove(tx, s)
	})
}

func (a *API) refreshSnapshot(r *Request) (any, error) {
	var s *catalog.RunbookSnapshot
	err := r.View(func(tx *store.Tx) (err error) {
		s, err = a.snapshot(r, tx, "RunbookEdit")
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := a.Deploy.UpdateSnapshotVariables(r.Context(), s); err != nil {
		return nil, err
	}
	return wireOf(r, catalog.RunbookSnapshots, s)
}
