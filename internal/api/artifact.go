package api

import (
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

var _ = area(func(a *API) []Route {
	artifact := catalog.Artifacts.Info()
	return []Route{
		{Method: "GET", Pattern: "S/artifacts", Handle: a.artifacts, Query: []string{"order", "regarding", "skip", "take"}, Summary: "List artifacts", Answer: artifact},
		{Method: "POST", Pattern: "S/artifacts", Handle: a.createArtifact, Summary: "Add an artifact to a task", Body: artifact, Answer: artifact},
		{Method: "DELETE", Pattern: "S/artifacts/{id}", Handle: a.deleteArtifact, Summary: "Delete an artifact"},
		{Method: "GET", Pattern: "S/artifacts/{id}/content", Handle: a.artifactContent, Summary: "The content of an artifact"},
		{Method: "PUT", Pattern: "S/artifacts/{id}/content", Handle: a.putArtifactContent, Summary: "Set the content of an artifact"},
		{Method: "POST", Pattern: "S/artifacts/{id}/content", Handle: a.putArtifactContent, Summary: "Set the content of an artifact"},
	}
})

// artifacts lists artifacts; what they regard is a task, or what a task is of.
func (a *API) artifacts(r *Request) (any, error) {
	h := a.crudOf(catalog.Artifacts)
	skip, take, err := r.Paging()
	if err != nil {
		return nil, err
	}
	q := h.query(r)
	q.Skip, q.Take = skip, take
	if strings.EqualFold(r.Q("order"), "desc") {
		q.OrderBy = "created desc, id desc"
	}
	if ids := r.List("regarding"); len(ids) > 0 {
		var tasks []string
		for _, id := range ids {
			if strings.HasPrefix(id, "ServerTasks-") {
				tasks = append(tasks, id)
				continue
			}
			found, _, err := a.Tasks.List(r.Context(), task.Filter{Spaces: []string{r.Space}, Regarding: id})
			if err != nil {
				return nil, err
			}
			for _, t := range found {
				tasks = append(tasks, t.ID)
			}
			if more, err := a.tasksOfRelease(r, id); err != nil {
				return nil, err
			} else {
				tasks = append(tasks, more...)
			}
		}
		if len(tasks) == 0 {
			return r.PageOf("Artifact", nil, 0, skip, take), nil
		}
		q.Where = append(q.Where, anyValue("data ->> 'ServerTaskId'", tasks))
	}
	return h.page(r, q)
}

// tasksOfRelease lists the tasks that have deployed a release.
func (a *API) tasksOfRelease(r *Request, id string) ([]string, error) {
	if !strings.HasPrefix(id, "Releases-") {
		return nil, nil
	}
	var tasks []string
	err := r.View(func(tx *store.Tx) error {
		all, _, err := catalog.Deployments.List(tx, kind.Query{Space: r.Space, Match: map[string]string{"ReleaseId": id}})
		for _, d := range all {
			tasks = append(tasks, d.TaskID)
		}
		return err
	})
	return tasks, err
}

func (a *API) createArtifact(r *Request) (any, error) {
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	made, err := catalog.Artifacts.Decode(body)
	if err != nil {
		return nil, err
	}
	doc := made.(*catalog.Artifact)
	doc.SpaceID, doc.Created = r.Space, kind.Time{}
	doc.ProjectID, doc.EnvironmentID, doc.TenantID = "", "", ""
	if doc.ServerTaskID != "" {
		t, err := a.Tasks.Get(r.Context(), doc.ServerTaskID)
		if fault.Is(err, fault.NotFound) || err == nil && t.SpaceID != r.Space {
			return nil, fault.New(fault.Invalid, "ServerTaskId refers to '%s', which does not exist in space %s.", doc.ServerTaskID, r.Space)
		}
		if err != nil {
			return nil, err
		}
		doc.ProjectID, doc.EnvironmentID, doc.TenantID = t.ProjectID, t.EnvironmentID, t.TenantID
	}
	if err := r.NeedFor("ArtifactCreate", catalog.Artifacts, doc); err != nil {
		return nil, err
	}
	var raw Raw
	err = r.Do(func(tx *store.Tx) error {
		if err := catalog.Artifacts.Put(tx, doc); err != nil {
			return err
		}
		raw, err = catalog.Artifacts.Wire(tx, doc)
		return err
	})
	return Created(raw), err
}

// artifact finds the artifact of the path and asks for a permission on it.
func (a *API) artifact(r *Request, tx *store.Tx, permission string) (*catalog.Artifact, error) {
	doc, err := catalog.Artifacts.GetIn(tx, r.Space, r.Param("id"))
	if err != nil {
		return nil, err
	}
	return doc, r.NeedFor(permission, catalog.Artifacts, doc)
}

func (a *API) deleteArtifact(r *Request) (any, error) {
	var doc *catalog.Artifact
	err := r.Do(func(tx *store.Tx) (err error) {
		if doc, err = a.artifact(r, tx, "ArtifactDelete"); err != nil {
			return err
		}
		return catalog.Artifacts.Remove(tx, doc)
	})
	if err != nil {
		return nil, err
	}
	return nil, a.Blobs.Delete(r.Context(), doc.Blob())
}

func (a *API) artifactContent(r *Request) (any, error) {
	var doc *catalog.Artifact
	err := r.View(func(tx *store.Tx) (err error) {
		doc, err = a.artifact(r, tx, "ArtifactView")
		return err
	})
	if err != nil {
		return nil, err
	}
	content, err := a.Blobs.Open(r.Context(), doc.Blob())
	if fault.Is(err, fault.NotFound) {
		return nil, fault.New(fault.NotFound, "The artifact %s has no content yet.", doc.Filename)
	}
	if err != nil {
		return nil, err
	}
	defer content.Close()
	h := r.W.Header()
	// Whatever it is, a browser must neither run nor guess it.
	h.Set("Content-Type", "application/octet-stream")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": doc.Filename}))
	r.written = true
	http.ServeContent(r.W, r.Request, "", content.Info().Modified, content)
	return Done{}, nil
}

// putArtifactContent takes the content as the body, or as the first file of a
// form.
func (a *API) putArtifactContent(r *Request) (any, error) {
	var doc *catalog.Artifact
	err := r.View(func(tx *store.Tx) (err error) {
		doc, err = a.artifact(r, tx, "ArtifactCreate")
		return err
	})
	if err != nil {
		return nil, err
	}
	var content io.Reader = r.Request.Body
	size := r.ContentLength
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		form, err := r.MultipartReader()
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, err, "The form cannot be read")
		}
		part, err := form.NextPart()
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, err, "The form has no file")
		}
		content, size = part, -1
	}
	if _, err := a.Blobs.Put(r.Context(), doc.Blob(), content, size); err != nil {
		return nil, err
	}
	return wireOf(r, catalog.Artifacts, doc)
}
