package feed

import (
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/version"
)

// Selection narrows the versions of a package down.
type Selection struct {
	Range  string // NuGet's notation, or Maven's for its feeds
	Tag    string // a pattern for the pre-release
	Filter string // text that the version contains
	// PreReleases says whether those are meant. Nobody said so when it is nil:
	// then all are, except when only the newest version is asked for. That one
	// is a pre-release only if Range or Tag speak of those, or if there is
	// nothing else.
	PreReleases *bool
	Newest      bool
}

// From gives the versions that are selected, the highest first. What cannot be
// read as a version of the format is left out, unless nothing is asked for.
func (s Selection) From(format version.Format, all []Package) ([]Package, error) {
	rule, err := version.ParseRule(format, s.Range, s.Tag)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "The versions cannot be narrowed down")
	}
	picky := s.Range != "" || s.Tag != "" || s.PreReleases != nil || s.Newest
	var kept []Package
	var keys []version.Version
	for i := range all {
		p := &all[i]
		if s.Filter != "" && !strings.Contains(strings.ToLower(p.Version), strings.ToLower(s.Filter)) {
			continue
		}
		v, err := version.Parse(format, p.Version)
		if err != nil {
			if !picky {
				kept, keys = append(kept, *p), append(keys, version.Version{Format: format})
			}
			continue
		}
		if s.PreReleases != nil && !*s.PreReleases && v.IsPrerelease() {
			continue
		}
		ok, err := rule.Admits(v)
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, err, "The pre-release tag cannot be used")
		}
		if ok {
			kept, keys = append(kept, *p), append(keys, v)
		}
	}
	order := make([]int, len(kept))
	for i := range order {
		order[i] = i
	}
	stableLast := s.Newest && s.PreReleases == nil && s.Tag == "" && !strings.Contains(s.Range, "-")
	slices.SortStableFunc(order, func(a, b int) int {
		if pa, pb := keys[a].IsPrerelease(), keys[b].IsPrerelease(); stableLast && pa != pb {
			if pa {
				return 1
			}
			return -1
		}
		return keys[b].Compare(keys[a])
	})
	sorted := make([]Package, len(kept))
	for i, at := range order {
		sorted[i] = kept[at]
	}
	return sorted, nil
}
