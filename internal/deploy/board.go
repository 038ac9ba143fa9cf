package deploy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/rule"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

// Cell is a deployment as boards show it.
type Cell struct {
	DeploymentID, ReleaseID, Version, ChannelID string
	ProjectID, EnvironmentID, TenantID          string
	Created                                     time.Time
	Task                                        task.Task // without what no board shows
	IsCurrent, IsPrevious                       bool
}

const (
	cellColumns = `d.id, r.id, r.name, r.data ->> 'ChannelId', d.owner, d.data ->> 'EnvironmentId', coalesce(d.data ->> 'TenantId', ''), d.created` + cellTask
	cellTask    = `,
	t.id, t.num, t.state, t.queue_time, t.started, t.completed, t.pending, t.warnings, t.error`
)

func scanCell(scan func(...any) error) (Cell, error) {
	var c Cell
	var created, queued, started, completed, warnings int64
	var state, pending string
	err := scan(&c.DeploymentID, &c.ReleaseID, &c.Version, &c.ChannelID, &c.ProjectID, &c.EnvironmentID, &c.TenantID, &created,
		&c.Task.ID, &c.Task.Num, &state, &queued, &started, &completed, &pending, &warnings, &c.Task.Error)
	c.Created = moment(created)
	c.Task.State, c.Task.Warnings = task.State(state), warnings != 0
	c.Task.QueueTime, c.Task.Started, c.Task.Completed = moment(queued), moment(started), moment(completed)
	if pending != "" {
		c.Task.Pending = strings.Split(pending, ",")
	}
	return c, err
}

func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// cells reads deployments for boards; more begins behind "from".
func cells(tx *store.Tx, more string, args ...any) ([]Cell, error) {
	return cellsOf(tx, cellColumns+" from "+more, args...)
}

func cellsOf(tx *store.Tx, columns string, args ...any) ([]Cell, error) {
	var all []Cell
	err := tx.Query(func(scan func(...any) error) error {
		c, err := scanCell(scan)
		all = append(all, c)
		return err
	}, "select "+columns, args...)
	if err != nil {
		return nil, fmt.Errorf("reading a board: %w", err)
	}
	return all, nil
}

// Board lists what was deployed last to each environment of each project of a
// space, for each tenant and for none; an empty project is all of them. With
// previous it also gives, where the last one did not succeed, the last that did.
func (s *Service) Board(tx *store.Tx, space, project string, previous bool) ([]Cell, error) {
	board, err := standing(tx, space, project)
	if err != nil {
		return nil, err
	}
	for i := range board {
		board[i].IsCurrent = true
	}
	if !previous {
		return board, nil
	}
	for _, c := range slices.Clone(board) {
		ids, err := successes(tx, c.ProjectID, c.EnvironmentID, c.TenantID, c.Task.Num, 1)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			found, err := cells(tx, "deployment d join release r on r.id = d.data ->> 'ReleaseId' join task t on t.id = d.data ->> 'TaskId' where d.id = $1", id)
			if err != nil {
				return nil, err
			}
			for _, before := range found {
				before.IsPrevious = true
				board = append(board, before)
			}
		}
	}
	return board, nil
}

// Place is a deployment that is the last one somewhere, with what its release
// is called.
type Place struct{ DeploymentID, Version, ChannelID string }

// Places lists what Board would, as far as it takes to know what has changed.
func (s *Service) Places(tx *store.Tx, space string) ([]Place, error) {
	releases, err := releasesOf(tx, "space = $1", space)
	if err != nil {
		return nil, err
	}
	var all []Place
	err = tx.Query(func(scan func(...any) error) error {
		var id, release string
		err := scan(&id, &release)
		if r, ok := releases[release]; ok {
			all = append(all, Place{id, r[0], r[1]})
		}
		return err
	}, "select deployment, release from standing where space = $1", space)
	if err != nil {
		return nil, fmt.Errorf("reading what is where: %w", err)
	}
	return all, nil
}

// At reads deployments that are the last ones somewhere.
func (s *Service) At(tx *store.Tx, ids []string) ([]Cell, error) {
	var all []Cell
	for some := range slices.Chunk(ids, 200) {
		args := make([]any, len(some))
		holes := make([]string, len(some))
		for i, id := range some {
			args[i], holes[i] = id, fmt.Sprintf("$%d", i+1)
		}
		found, err := cells(tx, "deployment d join release r on r.id = d.data ->> 'ReleaseId' join task t on t.id = d.data ->> 'TaskId' where d.id in ("+strings.Join(holes, ", ")+")", args...)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	for i := range all {
		all[i].IsCurrent = true
	}
	return all, nil
}

// standing lists what was deployed last. Few releases are in many places: each
// is read once.
func standing(tx *store.Tx, space, project string) ([]Cell, error) {
	where, arg := "space = $1", space
	if project != "" {
		where, arg = "project = $1", project
	}
	releases, err := releasesOf(tx, where, arg)
	if err != nil {
		return nil, err
	}
	board, err := cellsOf(tx, `d.id, s.release, '', '', s.project, s.environment, s.tenant, d.created`+cellTask+`
		from standing s join deployment d on d.id = s.deployment join task t on t.id = s.task where s.`+where, arg)
	if err != nil {
		return nil, err
	}
	known := board[:0]
	for _, c := range board {
		if r, ok := releases[c.ReleaseID]; ok { // another may have come since
			c.Version, c.ChannelID = r[0], r[1]
			known = append(known, c)
		}
	}
	return known, nil
}

// releasesOf gives the versions and channels of the releases that are somewhere.
func releasesOf(tx *store.Tx, where, arg string) (map[string][2]string, error) {
	releases := map[string][2]string{}
	err := tx.Query(func(scan func(...any) error) error {
		var id, name, channel string
		err := scan(&id, &name, &channel)
		releases[id] = [2]string{name, channel}
		return err
	}, "select id, name, coalesce(data ->> 'ChannelId', '') from release where id in (select release from standing where "+where+")", arg)
	if err != nil {
		return nil, fmt.Errorf("reading the releases of a board: %w", err)
	}
	return releases, nil
}

// Deployed lists the last deployment of a release to each place, the newest
// first.
func (s *Service) Deployed(tx *store.Tx, releaseID string) ([]Cell, error) {
	all, err := cells(tx, `deployment d join release r on r.id = d.data ->> 'ReleaseId' join task t on t.id = d.data ->> 'TaskId'
		where d.kind = 'Deployments' and d.data ->> 'ReleaseId' = $1 order by t.num desc`, releaseID)
	if err != nil {
		return nil, err
	}
	seen := map[[2]string]bool{}
	return slices.DeleteFunc(all, func(c Cell) bool {
		at := [2]string{c.EnvironmentID, c.TenantID}
		known := seen[at]
		seen[at] = true
		return known
	}), nil
}

// ReleaseProgression works out how far a release has come. Of a project that
// is deployed for tenants only it is told over all of them.
func (s *Service) ReleaseProgression(tx *store.Tx, r *catalog.Release) (*rule.Progression, error) {
	return s.Progressions(tx)(r)
}

// Progressions is ReleaseProgression for many releases, one after the other.
func (s *Service) Progressions(tx *store.Tx) func(*catalog.Release) (*rule.Progression, error) {
	var last *track
	return func(r *catalog.Release) (*rule.Progression, error) {
		k, err := trackLike(tx, r, last)
		if err != nil {
			return nil, err
		}
		last = k
		return k.overall(tx)
	}
}

// overall works out how far the release has come.
func (k *track) overall(tx *store.Tx) (*rule.Progression, error) {
	var err error
	if k.base.Deployments, err = pastDeployments(tx, k.release.ID); err != nil {
		return nil, err
	}
	if !rule.TenantMode(k.project.TenantedDeploymentMode).AllowsTenant("") {
		for i := range k.base.Deployments {
			k.base.Deployments[i].Tenant = ""
		}
	}
	return k.progress(nil), nil
}

// ShownReleases lists the releases of a project that its overview shows: the
// newest ones, and those that are somewhere now.
func (s *Service) ShownReleases(tx *store.Tx, space, project string, newest int) ([]*catalog.Release, error) {
	shown, _, err := catalog.Releases.List(tx, kind.Query{Space: space, Take: max(newest, 1), Where: []store.Where{{SQL: "owner = ?", Args: []any{project}}}})
	if err != nil {
		return nil, err
	}
	board, err := s.Board(tx, space, project, true)
	if err != nil {
		return nil, err
	}
	var more []string
	for _, c := range board {
		known := func(r *catalog.Release) bool { return r.ID == c.ReleaseID }
		if !slices.ContainsFunc(shown, known) && !slices.Contains(more, c.ReleaseID) {
			more = append(more, c.ReleaseID)
		}
	}
	if len(more) == 0 {
		return shown, nil
	}
	older, _, err := catalog.Releases.List(tx, kind.Query{Space: space, IDs: more})
	return append(shown, older...), err
}

// Ways are the lifecycles of a space, for boards that ask for many.
type Ways struct {
	lifecycles   map[string]*catalog.Lifecycle
	environments []rule.LifecycleEnvironment
	known        map[string][]string
}

// WaysOf reads the lifecycles of a space.
func WaysOf(tx *store.Tx, space string) (*Ways, error) {
	all, _, err := catalog.Lifecycles.List(tx, kind.Query{Space: space})
	if err != nil {
		return nil, err
	}
	w := &Ways{lifecycles: map[string]*catalog.Lifecycle{}, known: map[string][]string{}}
	for _, l := range all {
		w.lifecycles[l.ID] = l
	}
	w.environments, _, err = environmentsOf(tx, space)
	return w, err
}

// Of gives the lifecycle of releases of a channel, nil if it is gone, and the
// environments that they go through.
func (w *Ways) Of(project *catalog.Project, channel *catalog.Channel) (*catalog.Lifecycle, []string) {
	l := w.lifecycles[rule.EffectiveLifecycle(channel.LifecycleID, project.LifecycleID)]
	if l == nil {
		return nil, nil
	}
	ids, ok := w.known[l.ID]
	if !ok {
		ids = rule.LifecycleEnvironments(phasesOf(l), w.environments)
		w.known[l.ID] = ids
	}
	return l, ids
}

// RunCell is the run of a runbook as boards show it.
type RunCell struct {
	RunID, RunbookID, RunbookName, SnapshotID, SnapshotName string
	ProjectID, EnvironmentID, TenantID                      string
	Created                                                 time.Time
	Task                                                    task.Task
}

// LastRuns lists the newest run of a runbook in each environment, for each
// tenant and for none.
func (s *Service) LastRuns(tx *store.Tx, runbookID string) ([]RunCell, error) {
	var all []RunCell
	err := tx.Query(func(scan func(...any) error) error {
		var c RunCell
		var created, queued, started, completed, warnings int64
		var state, pending string
		err := scan(&c.RunID, &c.RunbookID, &c.RunbookName, &c.SnapshotID, &c.SnapshotName, &c.ProjectID, &c.EnvironmentID, &c.TenantID, &created,
			&c.Task.ID, &c.Task.Num, &state, &queued, &started, &completed, &pending, &warnings, &c.Task.Error)
		c.Created = moment(created)
		c.Task.State, c.Task.Warnings = task.State(state), warnings != 0
		c.Task.QueueTime, c.Task.Started, c.Task.Completed = moment(queued), moment(started), moment(completed)
		if pending != "" {
			c.Task.Pending = strings.Split(pending, ",")
		}
		all = append(all, c)
		return err
	}, `select d.id, b.id, b.name, s.id, s.name, d.owner, d.environment, d.tenant, d.created,
		t.id, t.num, t.state, t.queue_time, t.started, t.completed, t.pending, t.warnings, t.error
		from (select id, owner, created, data ->> 'RunbookId' as runbook, data ->> 'RunbookSnapshotId' as snapshot, data ->> 'TaskId' as task,
				data ->> 'EnvironmentId' as environment, coalesce(data ->> 'TenantId', '') as tenant,
				row_number() over (partition by data ->> 'EnvironmentId', coalesce(data ->> 'TenantId', '') order by created desc, length(id) desc, id desc) as nth
			from deployment where kind = 'RunbookRuns' and data ->> 'RunbookId' = $1) d
		join document b on b.id = d.runbook join document s on s.id = d.snapshot join task t on t.id = d.task
		where d.nth = 1 order by d.created desc`, runbookID)
	if err != nil {
		return nil, fmt.Errorf("reading the last runs of %s: %w", runbookID, err)
	}
	return all, nil
}
