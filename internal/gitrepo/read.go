package gitrepo

import (
	"bytes"
	"context"
	"errors"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/fault"
)

// A Reference is a branch or a tag with its commit.
type Reference struct {
	Name      string // without refs/heads/ or refs/tags/
	Canonical string
	Commit    string
}

// The places of branches and tags.
const (
	Heads = "refs/heads/"
	Tags  = "refs/tags/"
)

// References lists the branches or the tags of the mirror, by name.
func (s *Session) References(ctx context.Context, under string) ([]Reference, error) {
	out, err := s.git(ctx, nil, "for-each-ref", "--format=%(refname) %(objectname) %(*objectname)", under)
	if err != nil {
		return nil, err
	}
	var all []Reference
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		// A tag with a text of its own names its commit third.
		all = append(all, Reference{Name: strings.TrimPrefix(fields[0], under), Canonical: fields[0], Commit: fields[len(fields)-1]})
	}
	return all, nil
}

// Branch finds a branch of the mirror; ok is false where there is none.
func (s *Session) Branch(ctx context.Context, name string) (r Reference, ok bool, err error) {
	return s.reference(ctx, Heads, name)
}

// Tag finds a tag of the mirror; ok is false where there is none.
func (s *Session) Tag(ctx context.Context, name string) (r Reference, ok bool, err error) {
	return s.reference(ctx, Tags, name)
}

func (s *Session) reference(ctx context.Context, under, name string) (r Reference, ok bool, err error) {
	all, err := s.References(ctx, under)
	if err != nil {
		return r, false, err
	}
	i := slices.IndexFunc(all, func(r Reference) bool { return r.Name == name })
	if i < 0 {
		return r, false, nil
	}
	return all[i], true, nil
}

var hash = regexp.MustCompile(`^[0-9a-fA-F]{7,64}$`)

// Resolve finds the commit that a branch, a tag or a hash means, written in
// full as refs/heads/… or short. A branch comes before a tag of its name.
func (s *Session) Resolve(ctx context.Context, ref string) (Reference, error) {
	ref = strings.TrimSpace(ref)
	for _, under := range []string{Heads, Tags} {
		name, full := strings.CutPrefix(ref, under)
		if !full && strings.HasPrefix(ref, "refs/") {
			continue
		}
		if r, ok, err := s.reference(ctx, under, name); ok || err != nil {
			return r, err
		}
	}
	if hash.MatchString(ref) {
		commit, ok, err := s.Commit(ctx, ref)
		if err != nil {
			return Reference{}, err
		}
		if ok {
			return Reference{Name: commit, Canonical: commit, Commit: commit}, nil
		}
	}
	return Reference{}, fault.New(fault.NotFound, "The Git repository %s has no branch, tag or commit '%s'.", s.url, ref)
}

// Commit gives the full hash of a commit; ok is false where there is none.
func (s *Session) Commit(ctx context.Context, text string) (full string, ok bool, err error) {
	if !hash.MatchString(text) {
		return "", false, nil
	}
	out, err := s.git(ctx, nil, "rev-parse", "--quiet", "--verify", "--end-of-options", text+"^{commit}")
	var failed *gitError
	if errors.As(err, &failed) {
		return "", false, nil
	}
	return strings.TrimSpace(string(out)), err == nil, err
}

// largestFile bounds what is read of a file: documents are small.
const largestFile = 10 << 20

// Read gives a file as of a commit; ok is false where there is none.
func (s *Session) Read(ctx context.Context, commit, file string) (content []byte, ok bool, err error) {
	entries, err := s.tree(ctx, commit, file)
	if err != nil || len(entries) == 0 {
		return nil, false, err
	}
	e := entries[0]
	if e.kind != "blob" || e.mode == "120000" {
		return nil, false, fault.New(fault.Invalid, "%s of the Git repository %s is not a file.", file, s.url)
	}
	// A content that the mirror lacks comes from the server now.
	content, err = s.remotely(ctx, "cat-file", "blob", e.hash)
	if errors.Is(err, errTooLong) {
		return nil, false, fault.New(fault.Invalid, "%s of the Git repository %s is larger than %d MB.", file, s.url, largestFile>>20)
	}
	return content, err == nil, err
}

// Files lists the files that lie in a folder itself as of a commit, by their
// paths.
func (s *Session) Files(ctx context.Context, commit, folder string) ([]string, error) {
	entries, err := s.tree(ctx, commit, path.Clean(folder)+"/")
	var files []string
	for _, e := range entries {
		if e.kind == "blob" && e.mode != "120000" {
			files = append(files, e.path)
		}
	}
	return files, err
}

// Changed lists the files that differ between two commits, by their paths.
func (s *Session) Changed(ctx context.Context, from, to string) ([]string, error) {
	out, err := s.git(ctx, nil, "diff-tree", "-r", "-z", "--name-only", "--no-renames", "--end-of-options", from, to)
	if err != nil {
		return nil, err
	}
	return strings.FieldsFunc(string(out), func(r rune) bool { return r == 0 }), nil
}

type treeEntry struct{ mode, kind, hash, path string }

func (s *Session) tree(ctx context.Context, commit, at string) ([]treeEntry, error) {
	out, err := s.git(ctx, nil, "--literal-pathspecs", "ls-tree", "-z", "--end-of-options", commit, at)
	if err != nil {
		return nil, err
	}
	var entries []treeEntry
	for _, line := range bytes.Split(out, []byte{0}) {
		about, name, ok := strings.Cut(string(line), "\t")
		if fields := strings.Fields(about); ok && len(fields) == 3 {
			entries = append(entries, treeEntry{fields[0], fields[1], fields[2], name})
		}
	}
	return entries, nil
}
