package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// gapList is what all tenants of a space lack. It is the same for everybody; who
// may see what is found out for each answer.
type gapList struct {
	mark    string // under which it was read
	owners  string // versions of what asks tenants for values
	tenants []*tenantGaps
}

// tenantGaps is what one tenant lacks, encoded. It is never changed: whoever
// finds that it is another now makes another.
type tenantGaps struct {
	tenant store.Version
	values int64 // the version of its values; 0 when it has none
	places []At
	whole  patch // none when nothing is missing
	gaps   []gap
}

// gap is where in the whole text one missing variable lies.
type gap struct {
	environment string // "" when it is missing in all
	from, to    int
}

// tenantGapsSize is what the gaps of a tenant take beside their text, and
// gapSize one of them.
const tenantGapsSize, gapSize = 300, 40

var gapOwners = []string{"Projects", "LibraryVariableSets"}

// missingOf gives what tenants of the caller's space lack, those that lack
// nothing among them.
func (a *API) missingOf(r *Request) ([]*tenantGaps, error) {
	at := a.gaps.of(r.Space)
	at.mu.Lock()
	defer at.mu.Unlock()
	changed := false
	err := r.View(func(tx *store.Tx) (err error) {
		changed, err = at.held.renew(tx, r.Space)
		return err
	})
	if err != nil {
		at.held = gapList{}
		return nil, err
	}
	if changed {
		size := 0
		for _, t := range at.held.tenants {
			size += tenantGapsSize + len(t.whole.text) + gapSize*len(t.gaps)
		}
		a.gaps.fit(r.Space, at, size)
	}
	return at.held.tenants, nil
}

// renew finds out what is missing now. Tenants for which nothing has changed
// keep what they have.
func (g *gapList) renew(tx *store.Tx, space string) (changed bool, err error) {
	mark, err := tx.Mark(append([]string{"Tenants", "TenantVariables"}, gapOwners...)...)
	if err != nil || mark != "" && g.mark == mark {
		return false, err
	}
	owners, err := tx.Versions(space, gapOwners...)
	if err != nil {
		return false, err
	}
	known := make(map[string]*tenantGaps, len(g.tenants))
	if owners == g.owners {
		for _, t := range g.tenants {
			known[t.tenant.ID] = t
		}
	}
	tenants, err := catalog.Tenants.Listed(tx, kind.Query{Space: space})
	if err != nil {
		return false, err
	}
	values, err := catalog.TenantVariableSets.Listed(tx, kind.Query{Space: space})
	if err != nil {
		return false, err
	}
	version := make(map[string]int64, len(values))
	for _, v := range values {
		version[v.ID] = v.Version
	}
	var templates catalog.Templates
	now, stale, err := renewed(tenants, known, func(g *tenantGaps, v store.Version) bool {
		return g.tenant == v && g.values == version[catalog.TenantVariablesID(v.ID)]
	}, func(ids []string) error { return gapsOf(tx, space, ids, &templates, known) })
	if err != nil {
		return false, err
	}
	changed = stale > 0 || len(now) != len(g.tenants)
	g.mark, g.owners, g.tenants = mark, owners, now
	return changed, nil
}

// gapsOf finds out what some tenants lack and puts it where it is known.
func gapsOf(tx *store.Tx, space string, ids []string, templates *catalog.Templates, known map[string]*tenantGaps) error {
	tenants, _, err := catalog.Tenants.List(tx, kind.Query{Space: space, IDs: ids})
	if err != nil {
		return err
	}
	stored, err := catalog.AllTenantVariables(tx, space, tenants)
	if err != nil {
		return err
	}
	for _, t := range tenants {
		owners, err := templates.Owners(tx, t)
		if err != nil {
			return err
		}
		if known[t.ID], err = encodedGaps(&ledger{t, stored[t.ID], owners}); err != nil {
			return err
		}
	}
	return nil
}

// encodedGaps encodes what a tenant lacks.
func encodedGaps(l *ledger) (*tenantGaps, error) {
	t := &tenantGaps{
		tenant: store.Version{ID: l.tenant.ID, Version: l.tenant.Revision()}, values: l.stored.Revision(),
		places: places(catalog.Tenants, l.tenant),
	}
	missing := l.missing("", "")
	if len(missing) == 0 {
		return t, nil
	}
	frame, err := json.Marshal(tenantMissing{l.tenant.ID, []missingVariable{}, map[string]string{"Self": l.tenant.Links["Self"]}})
	if err != nil {
		return nil, fmt.Errorf("encoding what %s lacks: %w", l.tenant.ID, err)
	}
	before, after, _ := bytes.Cut(frame, []byte("[]")) // the only list of it
	text := append(slices.Clone(before), '[')
	t.gaps = make([]gap, len(missing))
	for i := range missing {
		one, err := json.Marshal(missing[i])
		if err != nil {
			return nil, fmt.Errorf("encoding what %s lacks: %w", l.tenant.ID, err)
		}
		if i > 0 {
			text = append(text, ',')
		}
		t.gaps[i] = gap{missing[i].EnvironmentID, len(text), len(text) + len(one)}
		text = append(text, one...)
	}
	t.whole = patchOf(append(append(text, ']'), after...))
	return t, nil
}

// in gives what of it is missing in an environment; nil if nothing is.
func (t *tenantGaps) in(environment string) (text []byte) {
	for _, g := range t.gaps {
		if g.environment != "" && g.environment != environment {
			continue
		}
		if text == nil {
			text = slices.Clone(t.whole.text[:t.gaps[0].from])
		} else {
			text = append(text, ',')
		}
		text = append(text, t.whole.text[g.from:g.to]...)
	}
	if text != nil {
		text = append(text, t.whole.text[t.gaps[len(t.gaps)-1].to:]...)
	}
	return text
}
