package api

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/deploy"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

// stock is what boards of a space are put together from, encoded: a large board
// is looked at again and again, and little of it has changed since. It is the
// same for everybody; who may see what is found out for each answer.
type stock struct {
	environments []deploy.Item
	groups       []boardGroup
	projects     []stockProject
	tenants      []stockTenant
	cells        []*stockCell // of the whole space; nil where only some are wanted
}

type stockProject struct {
	id, slug, group string
	environments    []string
	encoded         patch
}

type stockTenant struct {
	id      string
	tags    []string
	encoded patch
}

// stockCell is a deployment of a board. It is never changed: whoever finds that
// it is another now makes another.
type stockCell struct {
	id, version, channel         string
	project, environment, tenant string

	encoded patch        // of a deployment whose task has ended
	goes    *deploy.Cell // of one whose task goes on: how long it has lasted is told anew each time
}

// stockCellSize is what a cell takes beside its text.
const stockCellSize = 300

// stockroom holds the stock of one space, and the marks under which what it is
// made of was read.
type stockroom struct {
	stock stock

	scenery, versions string // all but the cells
	places            string // which deployments are where, and what their releases are called
	tasks             string
	markings          int64
}

var sceneryKinds = []string{"Environments", "Lifecycles", "ProjectGroups", "Projects", "Channels", "Tenants"}

// stock gives what boards of the caller's space are made of; whole has the
// cells of all projects with it.
func (a *API) stock(r *Request, whole bool) (stock, error) {
	at := a.stocks.of(r.Space)
	at.mu.Lock()
	defer at.mu.Unlock()
	h, changed := &at.held, false
	err := r.View(func(tx *store.Tx) error {
		var marks [3]string
		for i, of := range [][]string{sceneryKinds, {"standing", "Releases"}, {"task"}} {
			var err error
			if marks[i], err = tx.Mark(of...); err != nil {
				return err
			}
		}
		anew, err := h.setScenery(tx, r.Space, marks[0])
		if err != nil || !whole {
			changed = anew
			return err
		}
		cells, err := h.setCells(a.Deploy, tx, r.Space, marks[1], marks[2])
		changed = anew || cells
		return err
	})
	if err != nil {
		h.scenery, h.versions, h.places, h.stock.cells = "", "", "", nil
		return stock{}, err
	}
	if changed {
		a.stocks.fit(r.Space, at, h.stock.size())
	}
	return h.stock, nil
}

func (h *stockroom) setScenery(tx *store.Tx, space, mark string) (changed bool, err error) {
	if mark != "" && h.scenery == mark {
		return false, nil
	}
	versions, err := tx.Versions(space, sceneryKinds...)
	if err != nil {
		return false, err
	}
	if h.scenery == "" || h.versions != versions {
		h.scenery = ""
		if err := h.stock.setScenery(tx, space); err != nil {
			return false, err
		}
		changed = true
	}
	h.scenery, h.versions = mark, versions
	return changed, nil
}

// stockAtOnce is how many deployments are looked up one by one rather than all
// being read.
const stockAtOnce = 1000

// setCells finds out what is where now. A deployment whose task has ended stays
// what it was until somebody gives the task another state, which is counted.
func (h *stockroom) setCells(s *deploy.Service, tx *store.Tx, space, places, tasks string) (changed bool, err error) {
	markings, err := task.Markings(tx)
	if err != nil {
		return false, err
	}
	same := places != "" && h.places == places
	if same && tasks != "" && h.tasks == tasks {
		return false, nil
	}
	kept, wanted, all := h.stock.cells, []string(nil), h.stock.cells == nil || h.markings != markings
	if !all && !same {
		now, err := s.Places(tx, space)
		if err != nil {
			return false, err
		}
		kept, wanted = sorted(kept, now)
		changed = len(kept) != len(h.stock.cells)
	}
	if !all {
		n := len(kept)
		kept = slices.DeleteFunc(slices.Clone(kept), func(c *stockCell) bool {
			if c.goes != nil {
				wanted = append(wanted, c.id)
			}
			return c.goes != nil
		})
		changed = changed || len(wanted) > 0 || len(kept) != n
		all = len(wanted) > stockAtOnce
	}
	if all || len(wanted) > 0 {
		var cells []deploy.Cell
		if all {
			kept, changed = nil, true
			cells, err = s.Board(tx, space, "", false)
		} else {
			cells, err = s.At(tx, wanted)
		}
		if err != nil {
			return false, err
		}
		if kept, err = stocked(kept, cells, space); err != nil {
			return false, err
		}
	}
	if kept == nil {
		kept = []*stockCell{}
	}
	h.stock.cells, h.places, h.tasks, h.markings = kept, places, tasks, markings
	return changed, nil
}

// sorted gives those of some cells that are still where they were, and the ids
// of the deployments that are not among them.
func sorted(cells []*stockCell, now []deploy.Place) (kept []*stockCell, wanted []string) {
	known := make(map[string]*stockCell, len(cells))
	for _, c := range cells {
		known[c.id] = c
	}
	kept = make([]*stockCell, 0, len(now))
	for _, p := range now {
		if c := known[p.DeploymentID]; c != nil && c.version == p.Version && c.channel == p.ChannelID {
			kept = append(kept, c)
		} else {
			wanted = append(wanted, p.DeploymentID)
		}
	}
	return kept, wanted
}

// stocked adds cells to those that are kept, the latest deployment first: the
// order must not tell which of them were known and which were read again.
func stocked(kept []*stockCell, cells []deploy.Cell, space string) ([]*stockCell, error) {
	made := make([]stockCell, len(cells))
	for i := range cells {
		c, one := &cells[i], &made[i]
		*one = stockCell{id: c.DeploymentID, version: c.Version, channel: c.ChannelID, project: c.ProjectID, environment: c.EnvironmentID, tenant: c.TenantID}
		kept = append(kept, one)
		if !c.Task.State.Final() || c.Task.Completed.IsZero() {
			goes := *c // cells are large
			one.goes = &goes
			continue
		}
		var err error
		if one.encoded, err = encodedItem(c, space, time.Time{}); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(kept, func(a, b *stockCell) int {
		return cmp.Or(len(b.id)-len(a.id), strings.Compare(b.id, a.id))
	})
	return kept, nil
}

func (s *stock) size() (n int) {
	for i := range s.projects {
		n += len(s.projects[i].encoded.text)
	}
	for i := range s.tenants {
		n += len(s.tenants[i].encoded.text)
	}
	for _, c := range s.cells {
		n += stockCellSize + len(c.encoded.text)
	}
	return n
}

func encodedItem(c *deploy.Cell, space string, now time.Time) (patch, error) {
	return encodedPatch(itemOf(c, space, now))
}

func encodedPatch(v any) (patch, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return patch{}, fmt.Errorf("encoding a part of a board: %w", err)
	}
	return patchOf(text), nil
}

// setScenery reads all but the cells.
func (s *stock) setScenery(tx *store.Tx, space string) error {
	environments, _, err := catalog.Environments.List(tx, kind.Query{Space: space})
	if err != nil {
		return err
	}
	s.environments = make([]deploy.Item, len(environments))
	for i, e := range environments {
		s.environments[i] = deploy.Item{ID: e.ID, Name: e.Name}
	}
	groups, _, err := catalog.ProjectGroups.List(tx, kind.Query{Space: space})
	if err != nil {
		return err
	}
	s.groups = make([]boardGroup, len(groups))
	for i, g := range groups {
		s.groups[i] = boardGroup{Item: deploy.Item{ID: g.ID, Name: g.Name}, Links: map[string]string{"Self": catalog.ProjectGroups.SelfPath(g.SpaceID, g.ID)}}
	}
	if err := s.setProjects(tx, space); err != nil {
		return err
	}
	return s.setTenants(tx, space)
}

func (s *stock) setProjects(tx *store.Tx, space string) error {
	projects, _, err := catalog.Projects.List(tx, kind.Query{Space: space})
	if err != nil {
		return err
	}
	channels, _, err := catalog.Channels.List(tx, kind.Query{Space: space})
	if err != nil {
		return err
	}
	ways, err := deploy.WaysOf(tx, space)
	if err != nil {
		return err
	}
	ofProject := map[string][]*catalog.Channel{}
	for _, c := range channels {
		ofProject[c.ProjectID] = append(ofProject[c.ProjectID], c)
	}
	s.projects = make([]stockProject, len(projects))
	for i, p := range projects {
		self := catalog.Projects.SelfPath(p.SpaceID, p.ID)
		one := boardProject{
			Item: deploy.Item{ID: p.ID, Name: p.Name}, Slug: p.Slug, ProjectGroupID: p.ProjectGroupID, EnvironmentIDs: environmentsOf(ways, p, ofProject[p.ID]),
			TenantedDeploymentMode: p.TenantedDeploymentMode, CanPerformUntenantedDeployment: p.TenantedDeploymentMode != catalog.Tenanted,
			IsDisabled: p.IsDisabled, Links: map[string]string{"Self": self, "Logo": self + "/logo"},
		}
		s.projects[i] = stockProject{id: p.ID, slug: p.Slug, group: p.ProjectGroupID, environments: one.EnvironmentIDs}
		if s.projects[i].encoded, err = encodedPatch(one); err != nil {
			return err
		}
	}
	return nil
}

func (s *stock) setTenants(tx *store.Tx, space string) error {
	tenants, _, err := catalog.Tenants.List(tx, kind.Query{Space: space})
	if err != nil {
		return err
	}
	s.tenants = make([]stockTenant, len(tenants))
	for i, t := range tenants {
		self := catalog.Tenants.SelfPath(t.SpaceID, t.ID)
		s.tenants[i] = stockTenant{id: t.ID, tags: t.TenantTags}
		if s.tenants[i].encoded, err = encodedPatch(boardTenant{
			Item: deploy.Item{ID: t.ID, Name: t.Name}, ProjectEnvironments: t.ProjectEnvironments, TenantTags: t.TenantTags,
			IsDisabled: t.IsDisabled, Links: map[string]string{"Self": self, "Logo": self + "/logo"},
		}); err != nil {
			return err
		}
	}
	return nil
}

// environmentsOf lists the environments that releases of a project can go to.
func environmentsOf(ways *deploy.Ways, p *catalog.Project, channels []*catalog.Channel) []string {
	all, seen := []string{}, map[string]bool{}
	for _, c := range channels {
		_, ids := ways.Of(p, c)
		for _, id := range ids {
			if !seen[id] {
				all, seen[id] = append(all, id), true
			}
		}
	}
	return all
}
