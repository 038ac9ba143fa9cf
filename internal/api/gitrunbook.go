package api

import (
	"encoding/json"
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/deploy"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/gitproject"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

var _ = area(func(a *API) []Route {
	runbook, process := catalog.Runbooks.Info(), catalog.RunbookProcesses.Info()
	const on = "S/projects/{id}/{gitRef}"
	const one = on + "/runbooks/{runbook}"
	return []Route{
		{Method: "GET", Pattern: on + "/runbooks", Handle: a.gitRunbooks, Query: []string{"partialName", "skip", "take"}, Summary: "The runbooks of a project on a branch", Answer: runbook},
		{Method: "POST", Pattern: on + "/runbooks/v2", Handle: a.createGitRunbook, Summary: "Commit a new runbook", Body: runbook, Answer: runbook},
		{Method: "GET", Pattern: one, Handle: a.gitRunbook, Summary: "A runbook on a branch", Answer: runbook},
		{Method: "PUT", Pattern: one, Handle: a.updateGitRunbook, Summary: "Commit a change of a runbook", Body: runbook, Answer: runbook},
		{Method: "DELETE", Pattern: one, Handle: a.deleteGitRunbook, Query: []string{"changeDescription"}, Summary: "Commit that a runbook is no more"},
		{Method: "GET", Pattern: on + "/runbookProcesses/{runbook}", Handle: a.gitRunbookProcess, Summary: "The process of a runbook on a branch", Answer: process},
		{Method: "PUT", Pattern: on + "/runbookProcesses/{runbook}", Handle: a.updateGitRunbookProcess, Summary: "Commit a change of the process of a runbook", Body: process, Answer: process},
		{Method: "GET", Pattern: one + "/environments", Handle: a.gitRunbookEnvironments, Summary: "The environments that a runbook on a branch may run in", Answer: []catalog.Environment{}},
		{Method: "GET", Pattern: one + "/runbookSnapshotTemplate", Handle: a.gitSnapshotTemplate, Summary: "What a run of a runbook on a branch needs", Answer: deploy.SnapshotTemplate{}},
		{Method: "GET", Pattern: one + "/runbookRunTemplate", Handle: a.gitRunTemplate, Summary: "Where a runbook on a branch can be run", Answer: deploy.RunTemplate{}},
		{Method: "GET", Pattern: one + "/runbookRuns/preview/{environment}", Handle: a.gitRunPreview, Query: []string{"includeDisabledSteps"}, Summary: "What a run of a runbook on a branch would do", Answer: deploy.RunPreview{}},
		{Method: "GET", Pattern: one + "/runbookRuns/preview/{environment}/{tenant}", Handle: a.gitRunPreview, Query: []string{"includeDisabledSteps"}, Summary: "What a run of a runbook on a branch would do", Answer: deploy.RunPreview{}},
		{Method: "POST", Pattern: one + "/runbookRuns/previews", Handle: a.gitRunPreviews, Summary: "What runs of a runbook on a branch would do", Body: wantedPreviews{}, Answer: []deploy.RunPreview{}},
		{Method: "POST", Pattern: one + "/run/v1", Handle: a.runGitRunbookHere, Summary: "Run a runbook on a branch", Body: runGitRunbook{}, Answer: createdRuns{}},
	}
})

// runGitRunbook is the command that runs a runbook in Git.
type runGitRunbook struct {
	runRunbook
	GitRef         string
	GitCommit      string
	PackageVersion string
	Packages       []string
	GitResources   []string
}

// gitRunbookOf gives the wire form of a runbook in Git.
func gitRunbookOf(r *Request, p *catalog.Project, c *gitproject.Checkout, b *gitproject.Runbook) ([]byte, error) {
	raw, err := wireOf(r, catalog.Runbooks, b.Runbook)
	if err != nil {
		return nil, err
	}
	self := gitPath(p, c, "runbooks/"+b.Slug)
	return withLinks(raw, map[string]string{
		"Self": self, "RunbookSnapshotTemplate": self + "/runbookSnapshotTemplate", "RunbookRunPreview": self + "/runbookRuns/preview/{environment}{/tenant}{?includeDisabledSteps}",
		"RunbookProcesses": gitPath(p, c, "runbookProcesses/"+b.RunbookProcessID), "CreateRunbookRun": self + "/run/v1", "RunbookSnapshots": catalog.Projects.SelfPath(p.SpaceID, p.ID) + "/runbookSnapshots",
		"RunbookRuns": "/api/" + p.SpaceID + "/runbookRuns?runbooks=" + catalog.GitRunbookID(p.ID, b.Slug),
	})
}

func gitRunbookProcessOf(r *Request, p *catalog.Project, c *gitproject.Checkout, b *gitproject.Runbook) (any, error) {
	raw, err := wireOf(r, catalog.RunbookProcesses, b.Process)
	if err != nil {
		return nil, err
	}
	r.at(c)
	linked, err := withLinks(raw, map[string]string{"Self": gitPath(p, c, "runbookProcesses/"+b.RunbookProcessID), "Runbook": gitPath(p, c, "runbooks/"+b.Slug),
		"RunbookSnapshotTemplate": gitPath(p, c, "runbooks/"+b.Slug+"/runbookSnapshotTemplate")})
	return Raw(linked), err
}

// onBranch answers with something of the runbook of the path.
func (a *API) onBranch(r *Request, answer func(p *catalog.Project, c *gitproject.Checkout, b *gitproject.Runbook) (any, error)) (any, error) {
	p, c, err := a.checkout(r, "RunbookView")
	if err != nil {
		return nil, err
	}
	defer c.Close()
	b, err := c.Runbook(r.Context(), r.Param("runbook"))
	if err != nil {
		return nil, err
	}
	r.at(c)
	return answer(p, c, b)
}

func (a *API) gitRunbooks(r *Request) (any, error) {
	p, c, err := a.checkout(r, "RunbookView")
	if err != nil {
		return nil, err
	}
	defer c.Close()
	all, err := c.Runbooks(r.Context())
	if err != nil {
		return nil, err
	}
	r.at(c)
	items := [][]byte{}
	for _, b := range all {
		if !strings.Contains(strings.ToLower(b.Name), strings.ToLower(r.Q("partialName"))) {
			continue
		}
		raw, err := gitRunbookOf(r, p, c, b)
		if err != nil {
			return nil, err
		}
		items = append(items, raw)
	}
	return r.PageFrom("Runbook", items)
}

func (a *API) gitRunbook(r *Request) (any, error) {
	return a.onBranch(r, func(p *catalog.Project, c *gitproject.Checkout, b *gitproject.Runbook) (any, error) {
		raw, err := gitRunbookOf(r, p, c, b)
		return Raw(raw), err
	})
}

func (a *API) createGitRunbook(r *Request) (any, error) {
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	made := &catalog.Runbook{}
	p, c, how, err := a.change(r, "RunbookEdit", body, made)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	b, err := c.CreateRunbook(r.Context(), how, made)
	if err != nil {
		return nil, err
	}
	r.at(c)
	raw, err := gitRunbookOf(r, p, c, b)
	return Created(Raw(raw)), err
}

func (a *API) updateGitRunbook(r *Request) (any, error) {
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	p, c, how, err := a.change(r, "RunbookEdit", body, &catalog.Runbook{})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	b, err := c.ChangeRunbook(r.Context(), how, r.Param("runbook"), func(b *gitproject.Runbook) error { return catalog.Runbooks.Merge(body, b.Runbook) })
	if err != nil {
		return nil, err
	}
	r.at(c)
	raw, err := gitRunbookOf(r, p, c, b)
	return Raw(raw), err
}

func (a *API) deleteGitRunbook(r *Request) (any, error) {
	_, c, how, err := a.change(r, "RunbookEdit", []byte("{}"), &catalog.Runbook{})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	how.Message = r.Q("changeDescription")
	return nil, c.DeleteRunbook(r.Context(), how, r.Param("runbook"))
}

func (a *API) gitRunbookProcess(r *Request) (any, error) {
	return a.onBranch(r, func(p *catalog.Project, c *gitproject.Checkout, b *gitproject.Runbook) (any, error) {
		return gitRunbookProcessOf(r, p, c, b)
	})
}

func (a *API) updateGitRunbookProcess(r *Request) (any, error) {
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	p, c, how, err := a.change(r, "RunbookEdit", body, &catalog.RunbookProcess{})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	b, err := c.ChangeRunbook(r.Context(), how, r.Param("runbook"), func(b *gitproject.Runbook) error { return catalog.RunbookProcesses.Replace(body, b.Process) })
	if err != nil {
		return nil, err
	}
	return gitRunbookProcessOf(r, p, c, b)
}

func (a *API) gitRunbookEnvironments(r *Request) (any, error) {
	return a.onBranch(r, func(_ *catalog.Project, _ *gitproject.Checkout, b *gitproject.Runbook) (any, error) {
		return a.placesOf(r, b.Runbook)
	})
}

func (a *API) gitSnapshotTemplate(r *Request) (any, error) {
	return a.onBranch(r, func(p *catalog.Project, c *gitproject.Checkout, b *gitproject.Runbook) (any, error) {
		revision, err := c.OnlyVariables(r.Context())
		if err != nil {
			return nil, err
		}
		t, err := a.Deploy.GitSnapshotTemplate(r.Context(), b, revision)
		if err == nil {
			t.Links["Self"] = gitPath(p, c, "runbooks/"+b.Slug+"/runbookSnapshotTemplate")
		}
		return t, err
	})
}

func (a *API) gitRunTemplate(r *Request) (any, error) {
	return a.onBranch(r, func(p *catalog.Project, c *gitproject.Checkout, b *gitproject.Runbook) (t any, err error) {
		err = r.View(func(tx *store.Tx) (err error) {
			t, err = a.Deploy.GitRunTemplate(tx, b, gitPath(p, c, "runbooks/"+b.Slug), r.mayRun(b.ProjectID))
			return err
		})
		return t, err
	})
}

func (a *API) gitPreviews(r *Request, wanted []deploy.PreviewOf, disabled bool) (all []deploy.RunPreview, err error) {
	_, err = a.onBranch(r, func(_ *catalog.Project, c *gitproject.Checkout, b *gitproject.Runbook) (any, error) {
		revision, err := c.OnlyVariables(r.Context())
		if err != nil {
			return nil, err
		}
		return nil, r.View(func(tx *store.Tx) error {
			all, err = a.Deploy.GitRunPreviews(tx, b, revision, wanted, disabled)
			return err
		})
	})
	return all, err
}

func (a *API) gitRunPreview(r *Request) (any, error) {
	all, err := a.gitPreviews(r, []deploy.PreviewOf{{EnvironmentID: r.Param("environment"), TenantID: r.Param("tenant")}}, r.Bool("includeDisabledSteps"))
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

func (a *API) gitRunPreviews(r *Request) (any, error) {
	var c wantedPreviews
	if err := r.Read(&c); err != nil {
		return nil, err
	}
	return a.gitPreviews(r, c.DeploymentPreviews, c.IncludeDisabledSteps)
}

func (a *API) runGitRunbook(r *Request) (any, error) {
	var c runGitRunbook
	if err := r.Read(&c); err != nil {
		return nil, err
	}
	p, err := a.projectNamed(r, c.ProjectName, "ProjectView")
	if err != nil {
		return nil, err
	}
	return a.runAt(r, p, &c)
}

// runGitRunbookHere runs the runbook of the path. Older clients send the places
// and choices of each run in a list.
func (a *API) runGitRunbookHere(r *Request) (any, error) {
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	var c runGitRunbook
	if err := kind.Unmarshal(body, &c); err != nil {
		return nil, err
	}
	var older struct {
		Runs []struct{ EnvironmentID, TenantID string }
	}
	if json.Unmarshal(body, &older) == nil {
		for _, one := range older.Runs {
			c.EnvironmentNames = append(c.EnvironmentNames, one.EnvironmentID)
			if one.TenantID != "" {
				c.Tenants = append(c.Tenants, one.TenantID)
			}
		}
	}
	p, err := a.gitProject(r, "ProjectView")
	if err != nil {
		return nil, err
	}
	c.GitRef, c.RunbookName = r.Param("gitRef"), r.Param("runbook")
	return a.runAt(r, p, &c)
}

// runAt runs a runbook in Git. What is not at the tip of the default branch may
// be run by who may change the runbook.
func (a *API) runAt(r *Request, p *catalog.Project, c *runGitRunbook) (any, error) {
	switch {
	case !p.IsVersionControlled:
		return nil, fault.New(fault.Invalid, "The runbooks of project '%s' are not in Git: run them with runbook-runs/create/v1.", p.Name)
	case strings.TrimSpace(c.RunbookName) == "":
		return nil, fault.New(fault.Invalid, "RunbookName must not be empty.")
	}
	in := deploy.NewGitRuns{Project: p, Runbook: c.RunbookName, Ref: c.GitRef, Commit: c.GitCommit, Packages: c.Packages, Resources: c.GitResources, Version: c.PackageVersion}
	in.Environments, in.Tenants, in.TenantTags, in.DeployOptions = c.EnvironmentNames, c.Tenants, c.TenantTags, c.options()
	in.Comments = c.Notes
	if c.EnvironmentName != "" {
		in.Environments = append(in.Environments, c.EnvironmentName)
	}
	in.Approve = func(atTip bool) error {
		if atTip {
			return nil
		}
		return r.Need("RunbookEdit", At{Project: p.ID, Group: p.ProjectGroupID})
	}
	in.Allow = func(_ *store.Tx, p *catalog.Project, environment, tenant string) error {
		at := At{Project: p.ID, Group: p.ProjectGroupID, Environments: []string{environment}}
		if tenant != "" {
			at.Tenants = []string{tenant}
		}
		return r.Need("RunbookRunCreate", at)
	}
	made, err := a.Deploy.CreateGitRuns(r.Context(), in)
	if err != nil {
		return nil, err
	}
	return Created(runsMade(made)), nil
}
