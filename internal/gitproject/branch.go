package gitproject

import (
	"context"
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/gitrepo"
)

// References lists the branches or the tags of a project's repository.
func (s *Service) References(ctx context.Context, p *catalog.Project, under string, fresh bool) ([]gitrepo.Reference, error) {
	session, err := s.open(ctx, p)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	content := Recently
	if fresh {
		content = 0
	}
	if err := session.Fetch(ctx, content); err != nil {
		return nil, err
	}
	return session.References(ctx, under)
}

// Reference finds a branch, a tag or a commit of a project's repository.
func (s *Service) Reference(ctx context.Context, p *catalog.Project, ref string) (gitrepo.Reference, error) {
	c, err := s.Open(ctx, p, ref, "", Recently)
	if err != nil {
		return gitrepo.Reference{}, err
	}
	defer c.Close()
	return c.tip, nil
}

// CreateBranch makes a branch at what a reference means.
func (s *Service) CreateBranch(ctx context.Context, p *catalog.Project, name, base string) (gitrepo.Reference, error) {
	name = strings.TrimPrefix(strings.TrimSpace(name), gitrepo.Heads)
	c, err := s.Open(ctx, p, strings.TrimSpace(base), "", 0)
	if err != nil {
		return gitrepo.Reference{}, err
	}
	defer c.Close()
	if err := c.CheckBranchName(ctx, name); err != nil {
		return gitrepo.Reference{}, err
	}
	if err := c.Session.CreateBranch(ctx, name, c.Reference.GitCommit); err != nil {
		return gitrepo.Reference{}, err
	}
	return gitrepo.Reference{Name: name, Canonical: gitrepo.Heads + name, Commit: c.Reference.GitCommit}, nil
}

// Check signs in to a repository with settings that a project may get, and
// says what is wrong with them.
func (s *Service) Check(ctx context.Context, p *catalog.Project, settings catalog.PersistenceSettings) error {
	var wrong fault.Complaints
	settings.Check(&wrong)
	if err := wrong.Err(); err != nil {
		return err
	}
	session, err := s.session(ctx, p, &settings)
	if err != nil {
		return err
	}
	defer session.Close()
	if err := session.Check(ctx); err != nil {
		return err
	}
	if err := session.Fetch(ctx, 0); err != nil {
		return err
	}
	all, err := session.References(ctx, gitrepo.Heads)
	if err != nil || len(all) == 0 {
		return err // an empty repository gets its first branch with the first commit
	}
	if _, ok, err := session.Branch(ctx, settings.DefaultBranch); err != nil || !ok {
		if err == nil {
			err = fault.New(fault.Invalid, "'%s' is not a branch of %s.", settings.DefaultBranch, settings.URL)
		}
		return err
	}
	return nil
}
