package feed

import (
	"context"
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/version"
)

// Query asks for packages in a space's own feed.
type Query struct {
	Space     string
	PackageID string // exactly this one, in any case
	Filter    string // text that the package's id contains
	Latest    bool   // of each package, only the highest version
	Skip      int
	Take      int // 0 means all
}

// List lists packages by id, and the highest version of each first. It counts
// all that the query asks for.
func (b *BuiltIn) List(ctx context.Context, q Query) (found []*catalog.BuiltInPackage, total int, err error) {
	err = b.DB.View(ctx, func(tx *store.Tx) error {
		key := "name_key"
		if tx.Engine() == store.PostgreSQL {
			key = `name_key collate "C"`
		}
		where := []store.Where{{SQL: "name_key <> ''"}}
		if q.PackageID != "" {
			where = append(where, store.Where{SQL: "owner = ?", Args: []any{strings.ToLower(q.PackageID)}})
		}
		if q.Filter != "" {
			like := "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(strings.ToLower(q.Filter)) + "%"
			where = append(where, store.Where{SQL: "owner like ? escape '!'", Args: []any{like}})
		}
		if q.Latest {
			where = append(where, store.Where{SQL: "name_key = (select max(" + strings.Replace(key, "name_key", "o.name_key", 1) + ") from document o where o.kind = 'BuiltInPackages' and o.space = document.space and o.owner = document.owner)"})
		}
		found, total, err = catalog.BuiltInPackages.List(tx, kind.Query{Space: q.Space, Where: where, OrderBy: "owner, " + key + " desc", Skip: q.Skip, Take: q.Take})
		return err
	})
	return found, total, err
}

// ByWireID finds a package by the id that clients know, packages-Id.Version,
// whose first part may be missing.
func (b *BuiltIn) ByWireID(ctx context.Context, space, id string) (p *catalog.BuiltInPackage, err error) {
	err = b.DB.View(ctx, func(tx *store.Tx) error {
		plain, prefixed := strings.CutPrefix(id, "packages-")
		if p, err = byDots(tx, space, plain); p != nil || err != nil {
			return err
		}
		if prefixed {
			p, err = byDots(tx, space, id) // the package itself is called packages-…
		}
		return err
	})
	if err == nil && p == nil {
		return nil, fault.New(fault.NotFound, "The package '%s' is not in the built-in feed.", id)
	}
	return p, err
}

// byDots tries every dot that a version may follow.
func byDots(tx *store.Tx, space, text string) (*catalog.BuiltInPackage, error) {
	for at := 1; at < len(text)-1; at++ {
		if text[at] != '.' || text[at+1] < '0' || text[at+1] > '9' {
			continue
		}
		if _, err := version.Parse(version.SemVer, text[at+1:]); err != nil {
			continue
		}
		p, err := catalog.FindPackage(tx, space, text[:at], text[at+1:])
		if p != nil || err != nil {
			return p, err
		}
	}
	return nil, nil
}

// Statistics counts what a space's own feed has.
func (b *BuiltIn) Statistics(ctx context.Context, space string) (packages int, err error) {
	err = b.DB.View(ctx, func(tx *store.Tx) error {
		packages, err = tx.Count(store.Query{Kind: "BuiltInPackages", Where: []store.Where{{SQL: "space = ?", Args: []any{space}}}})
		return err
	})
	return packages, err
}
