package api

import (
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/deploy"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/rule"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

var _ = area(func(a *API) []Route {
	release := catalog.Releases.Info()
	return []Route{
		{Method: "POST", Pattern: "S/releases", Handle: a.createRelease, Query: []string{"ignoreChannelRules"}, Summary: "Create a release", Body: release, Answer: release},
		{Method: "DELETE", Pattern: "S/releases/{id}", Handle: a.deleteRelease, Summary: "Delete a release with its deployments"},
		{Method: "GET", Pattern: "S/projects/{id}/releases", Handle: a.projectReleases, Query: []string{"searchByVersion", "skip", "take"}, Summary: "The releases of a project", Answer: release},
		{Method: "GET", Pattern: "S/projects/{id}/releases/{version}", Handle: a.projectRelease, Summary: "A release of a project by version", Answer: release},
		{Method: "GET", Pattern: "S/projects/{id}/channels/{channel}/releases", Handle: a.channelReleases, Query: []string{"searchByVersion", "skip", "take"}, Summary: "The releases of a channel", Answer: release},
		{Method: "GET", Pattern: "S/channels/{id}/releases", Handle: a.channelReleases, Query: []string{"searchByVersion", "skip", "take"}, Summary: "The releases of a channel", Answer: release},
		{Method: "GET", Pattern: "S/channels/{id}/releases/{version}", Handle: a.channelRelease, Summary: "A release of a channel by version", Answer: release},
		{Method: "GET", Pattern: "S/releases/{id}/defects", Handle: a.defects, Query: []string{"skip", "take"}, Summary: "What keeps a release from going further", Answer: pageOfAny{defectDocument{}}},
		{Method: "POST", Pattern: "S/releases/{id}/defects", Handle: a.reportDefect, Summary: "Keep a release from going further", Body: reportedDefect{}, Answer: defectDocument{}},
		{Method: "POST", Pattern: "S/releases/{id}/defects/resolve", Handle: a.resolveDefect, Summary: "Let a release go on", Answer: defectDocument{}},
		{Method: "POST", Pattern: "S/releases/{id}/snapshot-variables", Handle: a.snapshotVariables, Summary: "Give a release the variables as they are now", Answer: release},
		{Method: "GET", Pattern: "S/releases/{id}/progression", Handle: a.releaseProgression, Summary: "How far a release has come", Answer: lifecycleProgression{}},
		{Method: "GET", Pattern: "S/releases/{id}/missingpackages", Handle: a.missingPackages, Summary: "The packages of a release that are not in their feeds any more"},
	}
})

// release finds the release of the path and asks for a permission on it.
func (a *API) release(r *Request, tx *store.Tx, permission string) (*catalog.Release, error) {
	rel, err := catalog.Releases.Get(tx, r.Param("id"))
	if fault.Is(err, fault.NotFound) || err == nil && rel.SpaceID != r.Space {
		return nil, fault.New(fault.NotFound, "There is no release '%s' in this space.", r.Param("id"))
	}
	if err != nil {
		return nil, err
	}
	return rel, r.Need(permission, At{Project: rel.ProjectID})
}

// viewRelease is release for handlers that do the rest elsewhere.
func (a *API) viewRelease(r *Request, permission string) (rel *catalog.Release, err error) {
	err = r.View(func(tx *store.Tx) error {
		rel, err = a.release(r, tx, permission)
		return err
	})
	return rel, err
}

// wireOf gives the wire form of a resource.
func wireOf(r *Request, k kind.Any, resource any) (raw Raw, err error) {
	err = r.View(func(tx *store.Tx) error {
		raw, err = k.Wire(tx, resource)
		return err
	})
	return raw, err
}

// createRelease takes a release as clients of before the commands send it.
func (a *API) createRelease(r *Request) (any, error) {
	var in catalog.Release
	if err := r.Read(&in); err != nil {
		return nil, err
	}
	var wrong fault.Complaints
	if in.ProjectID == "" {
		wrong.Add("ProjectId must not be empty.")
	}
	if strings.TrimSpace(in.Version) == "" {
		wrong.Add("Version must not be empty.")
	}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	project, err := a.projectNamed(r, in.ProjectID, "ReleaseCreate")
	if err != nil {
		return nil, err
	}
	var from catalog.GitReference
	if in.VersionControlReference != nil {
		from = *in.VersionControlReference
	}
	made, err := a.Deploy.CreateRelease(r.Context(), deploy.NewRelease{
		Space: r.Space, Project: project.ID, GitRef: from.GitRef, GitCommit: from.GitCommit, Channel: in.ChannelID, Version: in.Version, Selected: in.SelectedPackages, SelectedGit: in.SelectedGitResources, Notes: in.ReleaseNotes,
		CustomFields: in.CustomFields, IgnoreRules: in.IgnoreChannelRules || r.Bool("ignoreChannelRules"),
	})
	if err != nil {
		return nil, err
	}
	raw, err := wireOf(r, catalog.Releases, made.Release)
	return Created(raw), err
}

func (a *API) deleteRelease(r *Request) (any, error) {
	return nil, r.Do(func(tx *store.Tx) error {
		rel, err := a.release(r, tx, "ReleaseDelete")
		if err != nil {
			return err
		}
		return a.Deploy.DeleteRelease(tx, rel)
	})
}

// releasesWhere lists releases that a condition holds for.
func (a *API) releasesWhere(r *Request, sql string, value any) (any, error) {
	h := a.crudOf(catalog.Releases)
	skip, take, err := r.Paging()
	if err != nil {
		return nil, err
	}
	q := h.query(r)
	q.Skip, q.Take = skip, take
	q.Where = append(q.Where, store.Where{SQL: sql, Args: []any{value}})
	if part := strings.TrimSpace(r.Q("searchByVersion")); part != "" {
		q.Where = append(q.Where, store.Where{SQL: "lower(name) like ? escape '!'", Args: []any{"%" + escapeLike(strings.ToLower(part)) + "%"}})
	}
	return h.page(r, q)
}

func escapeLike(s string) string {
	return strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(s)
}

func (a *API) projectReleases(r *Request) (any, error) {
	id, err := a.projectID(r, "ReleaseView")
	if err != nil {
		return nil, err
	}
	return a.releasesWhere(r, "owner = ?", id)
}

func (a *API) projectRelease(r *Request) (any, error) {
	id, err := a.projectID(r, "ReleaseView")
	if err != nil {
		return nil, err
	}
	var raw Raw
	err = r.View(func(tx *store.Tx) error {
		rel, err := releaseOf(tx, r.Space, id, r.Param("version"))
		if err != nil {
			return err
		}
		raw, err = catalog.Releases.Wire(tx, rel)
		return err
	})
	return raw, err
}

func (a *API) channelOfPath(r *Request, permission string) (c *catalog.Channel, err error) {
	id := r.Param("channel")
	if id == "" {
		id = r.Param("id")
	}
	err = r.View(func(tx *store.Tx) error {
		c, err = catalog.Channels.Find(tx, r.Space, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return c, r.Need(permission, At{Project: c.ProjectID})
}

func (a *API) channelReleases(r *Request) (any, error) {
	c, err := a.channelOfPath(r, "ReleaseView")
	if err != nil {
		return nil, err
	}
	return a.releasesWhere(r, "data ->> 'ChannelId' = ?", c.ID)
}

func (a *API) channelRelease(r *Request) (any, error) {
	c, err := a.channelOfPath(r, "ReleaseView")
	if err != nil {
		return nil, err
	}
	var raw Raw
	err = r.View(func(tx *store.Tx) error {
		rel, err := releaseOf(tx, r.Space, c.ProjectID, r.Param("version"))
		if err != nil {
			return err
		}
		if rel.ChannelID != c.ID {
			return fault.New(fault.NotFound, "Release %s is not of channel '%s'.", rel.Version, c.Name)
		}
		raw, err = catalog.Releases.Wire(tx, rel)
		return err
	})
	return raw, err
}

// defectDocument is a defect as the wire has it.
type defectDocument struct {
	catalog.Defect
	Links map[string]string
}

func defectOf(rel *catalog.Release, d catalog.Defect) defectDocument {
	return defectDocument{d, map[string]string{"Self": catalog.Releases.SelfPath(rel.SpaceID, rel.ID) + "/defects"}}
}

func (a *API) defects(r *Request) (any, error) {
	rel, err := a.viewRelease(r, "ReleaseView")
	if err != nil {
		return nil, err
	}
	documents := []defectDocument{}
	for _, d := range rel.Defects {
		documents = append(documents, defectOf(rel, d))
	}
	return PageValues(r, "Defect", documents)
}

// reportedDefect is what somebody says who reports a defect.
type reportedDefect struct{ Description string }

func (a *API) reportDefect(r *Request) (any, error) {
	var c reportedDefect
	if err := r.Read(&c); err != nil {
		return nil, err
	}
	rel, err := a.viewRelease(r, "DefectReport")
	if err != nil {
		return nil, err
	}
	rel, err = a.Deploy.ReportDefect(r.Context(), rel.ID, c.Description)
	if err != nil {
		return nil, err
	}
	return Created(defectOf(rel, rel.Defects[len(rel.Defects)-1])), nil
}

func (a *API) resolveDefect(r *Request) (any, error) {
	rel, err := a.viewRelease(r, "DefectResolve")
	if err != nil {
		return nil, err
	}
	rel, err = a.Deploy.ResolveDefect(r.Context(), rel.ID)
	if err != nil {
		return nil, err
	}
	return defectOf(rel, rel.Defects[len(rel.Defects)-1]), nil
}

func (a *API) snapshotVariables(r *Request) (any, error) {
	rel, err := a.viewRelease(r, "ReleaseEdit")
	if err != nil {
		return nil, err
	}
	if rel, err = a.Deploy.UpdateVariables(r.Context(), rel.ID); err != nil {
		return nil, err
	}
	return wireOf(r, catalog.Releases, rel)
}

// lifecycleProgression says how far a release has come.
type lifecycleProgression struct {
	Phases                         []phaseProgression
	NextDeployments                []string
	NextDeploymentsMinimumRequired int
	Links                          map[string]string
}

type phaseProgression struct {
	ID                                 string `json:"Id"`
	Name                               string
	Blocked                            bool
	Progress                           rule.PhaseProgress
	Environments                       []string
	AutomaticDeploymentTargets         []string
	OptionalDeploymentTargets          []string
	MinimumEnvironmentsBeforePromotion int
	IsOptionalPhase                    bool
	IsPriorityPhase                    bool
	Deployments                        []phaseDeployment
}

type phaseDeployment struct {
	Task       *taskDocument
	Deployment Raw
}

func (a *API) releaseProgression(r *Request) (any, error) {
	answer := lifecycleProgression{Phases: []phaseProgression{}}
	err := r.View(func(tx *store.Tx) error {
		rel, err := a.release(r, tx, "ReleaseView")
		if err != nil {
			return err
		}
		p, err := a.Deploy.ReleaseProgression(tx, rel)
		if err != nil {
			return err
		}
		answer.NextDeployments = append([]string{}, p.NextDeployments...)
		answer.NextDeploymentsMinimumRequired = p.NextDeploymentsMinimumRequired
		answer.Links = map[string]string{"Self": catalog.Releases.SelfPath(rel.SpaceID, rel.ID) + "/progression"}
		for i := range p.Phases {
			phase, err := phaseOf(r, tx, &p.Phases[i])
			if err != nil {
				return err
			}
			answer.Phases = append(answer.Phases, phase)
		}
		return nil
	})
	return answer, err
}

// phaseOf is a phase with those of its deployments, and their tasks, that the
// caller may see.
func phaseOf(r *Request, tx *store.Tx, s *rule.PhaseState) (phaseProgression, error) {
	p := phaseProgression{
		ID: s.ID, Name: s.Name, Blocked: s.Blocked, Progress: s.Progress, Environments: append([]string{}, s.Environments...),
		AutomaticDeploymentTargets: append([]string{}, s.Automatic...), OptionalDeploymentTargets: append([]string{}, s.Manual...),
		MinimumEnvironmentsBeforePromotion: s.Minimum, IsOptionalPhase: s.Optional, IsPriorityPhase: s.Priority, Deployments: []phaseDeployment{},
	}
	for _, d := range s.Deployments {
		deployment, err := catalog.Deployments.Get(tx, d.ID)
		if err != nil {
			return p, err
		}
		if ok, err := r.seesOne(catalog.Deployments, deployment); err != nil {
			return p, err
		} else if !ok {
			continue
		}
		one := phaseDeployment{}
		if one.Deployment, err = catalog.Deployments.Wire(tx, deployment); err != nil {
			return p, err
		}
		t, err := task.GetTx(tx, d.TaskID)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return p, err
		}
		may := false
		if t != nil {
			if may, err = r.May("TaskView", taskAt(t)); err != nil {
				return p, err
			}
		}
		if may {
			document := taskOf(t, time.Now())
			one.Task = &document
		}
		p.Deployments = append(p.Deployments, one)
	}
	return p, nil
}

func (a *API) missingPackages(r *Request) (any, error) {
	rel, err := a.viewRelease(r, "ReleaseView")
	if err != nil {
		return nil, err
	}
	missing, err := a.Deploy.MissingPackages(r.Context(), rel)
	return map[string]any{"Packages": missing}, err
}
