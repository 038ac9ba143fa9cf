package gitrepo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/fault"
)

// A Change is a commit that is to be made on a branch.
type Change struct {
	Branch string
	// Base is the commit that the change was made to. The branch must still
	// be there; if it is empty, the branch must not exist.
	Base string
	// Parent is the commit that a new branch begins at, if any.
	Parent  string
	Files   map[string][]byte // nil content removes a file
	Message string
	Author  Author
}

// An Author is who a commit is by.
type Author struct {
	Name, Email string
	When        time.Time
}

// Apply commits a change and pushes it, all or nothing, and gives the new tip.
// A branch that has moved since is a Conflict. A change that changes nothing
// makes no commit.
func (s *Session) Apply(ctx context.Context, c Change) (tip string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.prepare(ctx); err != nil {
		return "", err
	}
	parent := c.Base
	if parent == "" {
		parent = c.Parent
	}
	tree, err := s.writeTree(ctx, parent, c.Files)
	if err != nil {
		return "", err
	}
	if parent != "" {
		same, err := s.git(ctx, nil, "rev-parse", "--verify", "--end-of-options", parent+"^{tree}")
		if err != nil {
			return "", err
		}
		if strings.TrimSpace(string(same)) == tree {
			if c.Base != "" {
				return c.Base, nil
			}
			return parent, s.push(ctx, c.Branch, parent, "")
		}
	}
	commit, err := s.writeCommit(ctx, c, tree, parent)
	if err != nil {
		return "", err
	}
	return commit, s.push(ctx, c.Branch, commit, c.Base)
}

// writeTree makes the tree that follows from a commit's by changing files.
func (s *Session) writeTree(ctx context.Context, parent string, files map[string][]byte) (string, error) {
	scratch, err := os.MkdirTemp(s.dir, "index-")
	if err != nil {
		return "", fmt.Errorf("making room for a Git index: %w", err)
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	index := []string{"GIT_INDEX_FILE=" + filepath.Join(scratch, "index")}
	if parent != "" {
		if _, err := s.gitWith(ctx, index, nil, "read-tree", parent); err != nil {
			return "", err
		}
	}
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	sort.Strings(names)
	var info strings.Builder
	for _, name := range names {
		if name != path.Clean(name) || path.IsAbs(name) || strings.HasPrefix(name, "../") || name == ".." {
			return "", fmt.Errorf("the path %q does not lie in a repository", name)
		}
		if files[name] == nil {
			fmt.Fprintf(&info, "0 %s\t%s\x00", strings.Repeat("0", 40), name)
			continue
		}
		blob, err := s.git(ctx, files[name], "hash-object", "-w", "--stdin")
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&info, "100644 %s\t%s\x00", strings.TrimSpace(string(blob)), name)
	}
	if _, err := s.gitWith(ctx, index, []byte(info.String()), "update-index", "-z", "--index-info"); err != nil {
		return "", err
	}
	// Contents of the other files may lie at the server alone.
	tree, err := s.gitWith(ctx, index, nil, "write-tree", "--missing-ok")
	return strings.TrimSpace(string(tree)), err
}

func (s *Session) writeCommit(ctx context.Context, c Change, tree, parent string) (string, error) {
	args := []string{"commit-tree", "--no-gpg-sign", tree}
	if parent != "" {
		args = append(args, "-p", parent)
	}
	stamp := fmt.Sprintf("@%d +0000", c.Author.When.Unix())
	who := []string{
		"GIT_AUTHOR_NAME=" + plainName(c.Author.Name), "GIT_AUTHOR_EMAIL=" + plainName(c.Author.Email), "GIT_AUTHOR_DATE=" + stamp,
		"GIT_COMMITTER_NAME=" + plainName(c.Author.Name), "GIT_COMMITTER_EMAIL=" + plainName(c.Author.Email), "GIT_COMMITTER_DATE=" + stamp,
	}
	out, err := s.gitWith(ctx, who, []byte(strings.TrimRight(c.Message, "\n")+"\n"), args...)
	return strings.TrimSpace(string(out)), err
}

// plainName leaves out what would end a name early in a commit.
func plainName(name string) string {
	return strings.TrimSpace(strings.NewReplacer("<", "", ">", "", "\n", " ", "\x00", "").Replace(name))
}

// push moves a branch at the server, if it is still where it was.
func (s *Session) push(ctx context.Context, branch, commit, was string) error {
	ref := Heads + branch
	out, err := s.remotely(ctx, "push", "--porcelain", "--no-verify", "--force-with-lease="+ref+":"+was, "origin", commit+":"+ref)
	var failed *gitError
	switch {
	case errors.As(err, &failed):
		return s.refused(branch, was, err)
	case err != nil:
		return err
	case was == "" && bytes.Contains(out, []byte("[up to date]")):
		return taken(branch, nil) // it is there, by chance at the same commit
	}
	_, err = s.git(ctx, nil, "update-ref", ref, commit)
	return err
}

// refused says why the server has not taken a push.
func (s *Session) refused(branch, was string, cause error) error {
	var failed *gitError
	if !errors.As(cause, &failed) {
		return cause
	}
	s.fetched = time.Time{} // what is known of the branches is not true any more
	switch said := failed.said + " " + failed.Error(); {
	case strings.Contains(said, "stale info"), strings.Contains(said, "reference already exists"), strings.Contains(said, "fetch first"), strings.Contains(said, "cannot lock ref"):
		if was == "" {
			return taken(branch, cause)
		}
		return fault.Wrap(fault.Conflict, cause, "Branch '%s' has moved since: somebody else has committed to it. Read it again and repeat the change.", branch)
	}
	return fault.Wrap(fault.Invalid, cause, "The Git repository has refused the change to branch '%s': %s", branch, plainMessage(failed.said))
}

func taken(branch string, cause error) error {
	return fault.Wrap(fault.Conflict, cause, "The Git repository has a branch '%s' already.", branch)
}

// CreateBranch makes a branch at a commit.
func (s *Session) CreateBranch(ctx context.Context, name, commit string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.push(ctx, name, commit, "")
}

// CheckBranchName says whether git takes a name for a branch.
func (s *Session) CheckBranchName(ctx context.Context, name string) error {
	s.mu.Lock()
	err := s.prepare(ctx)
	s.mu.Unlock()
	if err != nil {
		return err
	}
	_, err = s.git(ctx, nil, "check-ref-format", Heads+name)
	if failed := (*gitError)(nil); errors.As(err, &failed) || err == nil && strings.HasPrefix(name, "-") {
		return fault.New(fault.Invalid, "'%s' cannot be the name of a branch: give letters, digits, '-', '_', '.' and '/', and no '..' or end in '.lock'.", name)
	}
	return err
}
