package feed

import (
	"context"
	"strings"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/runner"
)

// guarded keeps ids and versions that would lead elsewhere away from a feed
// that makes addresses of them.
type guarded struct{ Feed }

func sane(text string) error {
	bad := len(text) > 500 || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' || r == '?' || r == '#' })
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '/' || r == ':' }) {
		bad = bad || part == "." || part == ".."
	}
	if bad {
		return fault.New(fault.Invalid, "%q cannot be the id or the version of a package.", text)
	}
	return nil
}

func (g guarded) Versions(ctx context.Context, id string) ([]Package, error) {
	if err := sane(id); err != nil || id == "" {
		return nil, err
	}
	return g.Feed.Versions(ctx, id)
}

func (g guarded) Search(ctx context.Context, term string, skip, take int) ([]Package, int, error) {
	if err := sane(term); err != nil {
		return nil, 0, err
	}
	return g.Feed.Search(ctx, term, skip, take)
}

func (g guarded) Open(ctx context.Context, id, version string) (runner.Package, Opener, error) {
	for _, text := range []string{id, version} {
		if err := sane(text); err != nil || text == "" {
			return runner.Package{}, nil, fault.New(fault.Invalid, "%q %q is not the id and the version of a package.", id, version)
		}
	}
	return g.Feed.Open(ctx, id, version)
}
