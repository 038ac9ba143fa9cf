package catalog

import (
	"fmt"
	"strings"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/version"
)

// BuiltInPackage describes a package in a space's own feed. The package itself
// is a blob.
type BuiltInPackage struct {
	kind.Base
	PackageID     string    `json:"PackageId" kind:"required,max=100,filter"`
	Version       string    `json:"Version" kind:"required,max=350"`
	FileExtension string    `json:"FileExtension"`
	SizeBytes     int64     `json:"PackageSizeBytes"`
	Hash          string    `json:"Hash"`
	Published     kind.Time `json:"Published"`
	Title         string    `json:"Title"`
	Summary       string    `json:"Summary"`
	Description   string    `json:"Description"`
	ReleaseNotes  string    `json:"ReleaseNotes"`
	Blob          string    `json:"Blob" kind:"required"`
}

// BuiltInPackages are the packages in the built-in feeds. The owner of each is
// its package id, the key its version, so that the database itself keeps
// versions apart and in order.
var BuiltInPackages = kind.Register(kind.Kind[BuiltInPackage]{
	Plural:      "BuiltInPackages",
	Singular:    "Package",
	Title:       "Version",
	Hidden:      true,
	Silent:      true, // package feed writes the event, with id and version
	Permissions: kind.Permissions{View: "FeedView", Create: "BuiltInFeedPush", Edit: "BuiltInFeedAdminister", Delete: "BuiltInFeedAdminister"},
	Owner:       func(p *BuiltInPackage) string { return strings.ToLower(p.PackageID) },
	Key:         func(p *BuiltInPackage) string { return VersionKey(p.Version) },
	Rules: func(_ *store.Tx, next, old *BuiltInPackage, c *fault.Complaints) error {
		next.PackageID = strings.TrimSpace(next.PackageID)
		if old != nil {
			next.PackageID, next.Version = old.PackageID, old.Version
		}
		if _, err := parseVersion(next.Version); err != nil {
			c.Add("Version: %s.", err)
		}
		if next.Published.IsZero() {
			next.Published = kind.Now()
		}
		if next.Title == "" {
			next.Title = next.PackageID
		}
		return nil
	},
})

// PackageQuery asks for versions of one package in a space's own feed.
type PackageQuery struct {
	Space, PackageID string
	Skip, Take       int // Take 0 means all
}

// PackageVersions lists the versions of a package, the highest first, and
// counts them.
func PackageVersions(tx *store.Tx, q PackageQuery) ([]*BuiltInPackage, int, error) {
	return BuiltInPackages.List(tx, kind.Query{Space: q.Space, Skip: q.Skip, Take: q.Take, OrderBy: highestFirst(tx), Where: versionsOf(q.PackageID)})
}

// FindPackage finds a package by id and version, however the version is
// written: 1.0 finds 1.0.0. It is nil when there is none.
func FindPackage(tx *store.Tx, space, packageID, text string) (*BuiltInPackage, error) {
	where := append(versionsOf(packageID), store.Where{SQL: "name_key = ?", Args: []any{VersionKey(text)}})
	all, _, err := BuiltInPackages.List(tx, kind.Query{Space: space, Take: 1, Where: where})
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return all[0], nil
}

// PackageIDs lists the ids of the packages in a space's own feed that contain
// a term, and counts them.
func PackageIDs(tx *store.Tx, space, term string, skip, take int) (ids []string, total int, err error) {
	const from = " from document where kind = 'BuiltInPackages' and space = $1 and name_key <> '' and owner like $2 escape '!'"
	like := "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(strings.ToLower(term)) + "%"
	if take <= 0 {
		take = 1<<31 - 1
	}
	err = tx.Query(func(scan func(...any) error) error {
		var owner, id string
		ids = append(ids, "")
		err := scan(&owner, &id)
		ids[len(ids)-1] = id
		return err
	}, "select owner, max(data ->> 'PackageId')"+from+" group by owner order by owner limit $3 offset $4", space, like, take, skip)
	if err != nil {
		return nil, 0, fmt.Errorf("listing package ids: %w", err)
	}
	_, err = tx.QueryRow([]any{&total}, "select count(distinct owner)"+from, space, like)
	return ids, total, err
}

// versionsOf narrows a query to one package id; the second condition lets the
// database use its index of names.
func versionsOf(packageID string) []store.Where {
	return []store.Where{{SQL: "owner = ?", Args: []any{strings.ToLower(packageID)}}, {SQL: "name_key <> ''"}}
}

// highestFirst orders by keys of versions, byte by byte.
func highestFirst(tx *store.Tx) string {
	if tx.Engine() == store.PostgreSQL {
		return `name_key collate "C" desc`
	}
	return "name_key desc"
}

func parseVersion(text string) (version.Version, error) {
	v, err := version.Parse(version.SemVer, text)
	if err != nil {
		return version.Parse(version.Octopus, text)
	}
	return v, nil
}

// VersionKey makes of a version a text that sorts, byte by byte, as versions
// do, and is the same for versions that are the same however written.
func VersionKey(text string) string {
	v, err := parseVersion(text)
	if err != nil {
		return strings.ToLower(text)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%010d.%010d.%010d.%010d", v.Major, v.Minor, v.Patch, v.Revision)
	if v.Prerelease == "" {
		b.WriteByte('~')
	} else {
		b.WriteByte('-')
		for label := range strings.SplitSeq(v.Prerelease, ".") {
			labelKey(&b, label)
		}
	}
	if v.Metadata != "" {
		b.WriteString("+" + strings.ToUpper(v.Metadata))
	}
	return b.String()
}

// labelKey writes a label so that numbers come before text, and small ones
// before large ones. "!" sorts before all that labels are made of.
func labelKey(b *strings.Builder, label string) {
	var n int64
	digits := strings.TrimLeft(label, "0")
	if len(digits) <= 10 && strings.Trim(label, "0123456789") == "" {
		for _, d := range digits {
			n = 10*n + int64(d-'0')
		}
		if n < 1<<31 {
			fmt.Fprintf(b, "1%010d!", n)
			return
		}
	}
	b.WriteString("2" + strings.ToUpper(label) + "!")
}
