package parcel

import (
	"cmp"
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// Package is one of the space's own feed. Its file lies beside the parcel.
type Package struct {
	ID, Version string
	File        string // the name of the file: ID.Version.extension
	Size        int64
	SHA256      string

	Blob string `json:"-"` // where the file is where the parcel was made
}

// packages lists those of the space, or of its chosen projects, in all versions.
func (w *packing) packages(some bool) ([]Package, error) {
	all, _, err := catalog.BuiltInPackages.List(w.tx, kind.Query{Space: w.space.ID, Where: []store.Where{{SQL: "name_key <> ''"}}})
	if err != nil {
		return nil, err
	}
	used := map[string]bool{}
	for id := range w.chosen {
		usedBy(w.all[id].data, used)
	}
	var list []Package
	for _, p := range all {
		if !some || used[strings.ToLower(p.PackageID)] {
			list = append(list, Package{p.PackageID, p.Version, p.PackageID + "." + p.Version + p.FileExtension, p.SizeBytes, p.Hash, p.Blob})
		}
	}
	slices.SortFunc(list, func(a, b Package) int { return cmp.Compare(a.File, b.File) })
	return list, nil
}

// usedBy notes the packages that a resource names, in small letters.
func usedBy(v any, used map[string]bool) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			usedBy(e, used)
		}
	case map[string]any:
		for name, e := range v {
			if id, is := e.(string); is && (name == "PackageId" || name == "Octopus.Action.Package.PackageId") {
				used[strings.ToLower(id)] = true
			}
			usedBy(e, used)
		}
	}
}
