package api

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/deploy"
	"github.com/takodeploy/tako/internal/rule"
	"github.com/takodeploy/tako/internal/store"
)

// drawing is a board for one caller.
type drawing struct {
	r                               *Request
	q                               boardQuery
	stock                           stock
	answer                          *patchwork
	projects, environments, tenants map[string]bool
	groups                          map[string]string   // of the projects that are shown
	reach                           map[string][]string // environments that projects of a group go to
	only                            string              // the project, when just one is shown
	shown                           []deploy.Item       // environments
}

// untenanted stands among the tenants that a board is asked for, for what is
// deployed to none.
const untenanted = "untenanted"

// board writes the part of a board that was asked for and that the caller may
// see.
func (a *API) board(r *Request, q boardQuery, b *board) (any, error) {
	whole := q.release == "" && !q.previous && len(q.projects) != 1
	stock, err := a.stock(r, whole)
	if err != nil {
		return nil, err
	}
	d := &drawing{r: r, q: q, stock: stock, projects: map[string]bool{}, environments: map[string]bool{}, tenants: map[string]bool{}, groups: map[string]string{}, reach: map[string][]string{}, answer: newPatchwork()}
	if err := d.frame(b); err != nil {
		return nil, err
	}
	if !whole {
		if err := a.few(d); err != nil {
			return nil, err
		}
	}
	if err := d.items(); err != nil {
		return nil, err
	}
	b.IsFiltered = len(q.projects)+len(q.groups)+len(q.environments)+len(q.tenants)+len(q.tags) > 0
	b.Links = map[string]string{"Self": r.URL.RequestURI()}
	if err := d.rest(b); err != nil {
		return nil, err
	}
	r.sendPatchwork(d.answer)
	return Done{}, nil
}

// few reads the deployments of a board that does not show those of a whole
// space.
func (a *API) few(d *drawing) error {
	var cells []deploy.Cell
	err := d.r.View(func(tx *store.Tx) (err error) {
		switch {
		case d.q.release != "":
			cells, err = a.Deploy.Deployed(tx, d.q.release)
		case len(d.projects) > 0:
			cells, err = a.Deploy.Board(tx, d.r.Space, d.only, d.q.previous)
		}
		return err
	})
	if err != nil {
		return err
	}
	d.stock.cells, err = stocked(nil, cells, d.r.Space)
	return err
}

// list writes a member that is a list; each gives nothing for what is left out.
func (d *drawing) list(before, name string, n int, each func(i int) (patch, error)) error {
	d.answer.open(before + `"` + name + `":[`)
	for i := range n {
		one, err := each(i)
		if err != nil {
			return err
		}
		d.answer.item(one)
	}
	return nil
}

// frame writes all but the deployments.
func (d *drawing) frame(b *board) error {
	s := &d.stock
	for _, e := range s.environments {
		if len(d.q.environments) > 0 && !slices.Contains(d.q.environments, e.ID) {
			continue
		}
		ok, err := d.r.May("EnvironmentView", At{Environments: []string{e.ID}})
		if err != nil {
			return err
		}
		if ok {
			d.shown = append(d.shown, e)
			d.environments[e.ID] = true
		}
	}
	if err := d.list("{", "Projects", len(s.projects), func(i int) (patch, error) { return d.project(&s.projects[i], b.ProjectLimit) }); err != nil {
		return err
	}
	if err := d.list("],", "ProjectGroups", len(s.groups), func(i int) (patch, error) { return d.group(s.groups[i]) }); err != nil {
		return err
	}
	if err := d.list("],", "Environments", len(d.shown), func(i int) (patch, error) { return encodedPatch(d.shown[i]) }); err != nil {
		return err
	}
	d.tenants[""] = slices.ContainsFunc(d.q.tenants, func(t string) bool { return strings.EqualFold(t, untenanted) })
	return d.list("],", "Tenants", len(s.tenants), func(i int) (patch, error) { return d.tenant(&s.tenants[i]) })
}

func (d *drawing) project(p *stockProject, limit *int) (patch, error) {
	q := &d.q
	chosen := len(q.projects)+len(q.groups) == 0 || slices.Contains(q.projects, p.id) || slices.Contains(q.projects, p.slug) || slices.Contains(q.groups, p.group)
	if !chosen || limit != nil && len(d.projects) >= *limit {
		return patch{}, nil
	}
	if ok, err := d.r.May("ProjectView", At{Project: p.id, Group: p.group}); !ok {
		return patch{}, err
	}
	if d.only = p.id; len(d.projects) > 0 {
		d.only = ""
	}
	d.projects[p.id], d.groups[p.id] = true, p.group
	d.reach[p.group] = append(d.reach[p.group], p.environments...)
	return p.encoded, nil
}

func (d *drawing) group(g boardGroup) (patch, error) {
	reach, used := d.reach[g.ID]
	if !used {
		return patch{}, nil
	}
	g.EnvironmentIDs = []string{}
	for _, e := range d.shown {
		if slices.Contains(reach, e.ID) {
			g.EnvironmentIDs = append(g.EnvironmentIDs, e.ID)
		}
	}
	return encodedPatch(g)
}

func (d *drawing) tenant(t *stockTenant) (patch, error) {
	if len(d.q.tenants)+len(d.q.tags) > 0 && !slices.Contains(d.q.tenants, t.id) && (len(d.q.tags) == 0 || !rule.MatchTags(d.q.tags, t.tags)) {
		return patch{}, nil
	}
	if ok, err := d.r.May("TenantView", At{Tenants: []string{t.id}}); !ok {
		return patch{}, err
	}
	d.tenants[t.id] = true
	return t.encoded, nil
}

// isFor is whether deployments for a tenant are shown; "" is none.
func (d *drawing) isFor(tenant string) bool {
	if tenant == "" && len(d.q.tenants)+len(d.q.tags) == 0 {
		return true
	}
	return d.tenants[tenant]
}

func (d *drawing) items() error {
	now := time.Now()
	unlimited := d.r.unlimited("DeploymentView", d.r.Space)
	return d.list("],", "Items", len(d.stock.cells), func(i int) (patch, error) {
		c := d.stock.cells[i]
		if !d.projects[c.project] || !d.environments[c.environment] || !d.isFor(c.tenant) {
			return patch{}, nil
		}
		if !unlimited {
			at := At{Project: c.project, Group: d.groups[c.project], Environments: []string{c.environment}}
			if c.tenant != "" {
				at.Tenants = []string{c.tenant}
			}
			if ok, err := d.r.May("DeploymentView", at); !ok {
				return patch{}, err
			}
		}
		if c.goes == nil {
			return c.encoded, nil
		}
		return encodedItem(c.goes, d.r.Space, now)
	})
}

// rest writes the members that are no lists of what is kept.
func (d *drawing) rest(b *board) error {
	between := "],"
	if b.PreviousItems != nil {
		between = `],"PreviousItems":[],`
	}
	text, err := json.Marshal(struct {
		ProjectLimit *int
		IsFiltered   bool
		Links        map[string]string
	}{b.ProjectLimit, b.IsFiltered, b.Links})
	if err != nil {
		return fmt.Errorf("encoding a board: %w", err)
	}
	d.answer.close(between + string(text[1:]))
	return nil
}
