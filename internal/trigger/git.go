package trigger

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/gitproject"
	"github.com/takodeploy/tako/internal/gitrepo"
	"github.com/takodeploy/tako/internal/store"
)

// source is a Git dependency that a trigger watches.
type source struct {
	name             string // of the action and the dependency
	dependency       catalog.GitDependency
	include, exclude []string
}

// commits lets a trigger fire when a commit on the default branch of a Git
// dependency changes files that it is for. The first look only takes note.
func (o *occasion) commits(ctx context.Context) error {
	if o.project.IsDisabled {
		return o.DB.Do(ctx, func(tx *store.Tx) error { return o.take(tx, &result{quiet: true}) })
	}
	sources, err := o.sources(ctx)
	if err != nil {
		return o.unseen(ctx, err)
	}
	now, changed := maps.Clone(o.state.Seen), false
	if now == nil {
		now = map[string]string{}
	}
	for _, s := range sources {
		tip, relevant, err := o.tip(ctx, &s)
		if err != nil {
			if !fault.Mendable(err) {
				return err
			}
			return o.unseen(ctx, err)
		}
		now[s.name], changed = tip, changed || relevant
	}
	if !changed {
		return o.DB.Do(ctx, func(tx *store.Tx) error { return o.take(tx, &result{quiet: true, seen: now}) })
	}
	return o.actWith(ctx, &result{seen: now})
}

// sources finds the Git dependencies that the trigger names, or all where it
// names none.
func (o *occasion) sources(ctx context.Context) (all []source, err error) {
	if o.Deploy.Git == nil {
		return nil, fault.New(fault.Unavailable, "This server has no access to Git repositories.")
	}
	process, err := o.process(ctx)
	if err != nil {
		return nil, err
	}
	wanted := o.trigger.Filter.Sources
	for i := range process.Steps {
		for _, a := range process.Steps[i].Actions {
			for _, g := range a.GitDependencies {
				s := source{name: a.Name + "/" + g.Name, dependency: g}
				at := slices.IndexFunc(wanted, func(w catalog.GitTriggerSource) bool {
					return (strings.EqualFold(w.DeploymentActionSlug, a.Slug) || strings.EqualFold(w.DeploymentActionSlug, a.Name)) && strings.EqualFold(w.GitDependencyName, g.Name)
				})
				if at < 0 && len(wanted) > 0 {
					continue
				}
				if at >= 0 {
					s.include, s.exclude = wanted[at].IncludeFilePaths, wanted[at].ExcludeFilePaths
				}
				all = append(all, s)
			}
		}
	}
	if len(all) == 0 {
		return nil, fault.New(fault.Invalid, "The process of project '%s' has none of the Git dependencies that the trigger is for.", o.project.Name)
	}
	return all, nil
}

// process reads the process of the project, wherever that is.
func (o *occasion) process(ctx context.Context) (p *catalog.DeploymentProcess, err error) {
	if o.project.IsVersionControlled {
		checkout, err := o.Deploy.Git.Open(ctx, o.project, "", "", feedEvery)
		if err != nil {
			return nil, err
		}
		defer checkout.Close()
		return checkout.Process(ctx)
	}
	err = o.DB.View(ctx, func(tx *store.Tx) error {
		p, err = catalog.DeploymentProcesses.Get(tx, o.project.DeploymentProcessID)
		return err
	})
	return p, err
}

// tip finds the newest commit of a source, and whether what has changed since
// the last look is for the trigger.
func (o *occasion) tip(ctx context.Context, s *source) (commit string, relevant bool, err error) {
	remote := gitrepo.Remote{Owner: o.project.ID + "/triggers", URL: s.dependency.RepositoryURI}
	if id := s.dependency.GitCredentialID; id != "" {
		if err := o.DB.View(ctx, func(tx *store.Tx) error {
			return gitproject.SignIn(tx, o.project.SpaceID, "GitCredentialId", id, &remote)
		}); err != nil {
			return "", false, err
		}
	}
	session := o.Deploy.Git.Repositories.Repository(remote)
	defer session.Close()
	if err := session.Fetch(ctx, 0); err != nil {
		return "", false, err
	}
	branch, ok, err := session.Branch(ctx, s.dependency.DefaultBranch)
	if err != nil {
		return "", false, err
	}
	if !ok {
		return "", false, fault.New(fault.Invalid, "The Git repository %s has no branch '%s'.", remote.URL, s.dependency.DefaultBranch)
	}
	before := o.state.Seen[s.name]
	if before == "" || before == branch.Commit {
		return branch.Commit, false, nil
	}
	// Where history was rewritten nobody knows what has changed.
	if _, known, err := session.Commit(ctx, before); err != nil || !known {
		return branch.Commit, true, err
	}
	files, err := session.Changed(ctx, before, branch.Commit)
	if err != nil {
		return "", false, fmt.Errorf("finding what has changed in %s: %w", remote.URL, err)
	}
	return branch.Commit, slices.ContainsFunc(files, s.covers), nil
}

// covers says whether the trigger is for a file.
func (s *source) covers(file string) bool {
	matches := func(pattern string) bool { return matchPath(pattern, file) }
	return (len(s.include) == 0 || slices.ContainsFunc(s.include, matches)) && !slices.ContainsFunc(s.exclude, matches)
}

// matchPath matches a path with a pattern in which ** stands for any folders, *
// for anything within a name and ? for one letter. A pattern that names a folder
// is for all that is in it.
func matchPath(pattern, file string) bool {
	var b strings.Builder
	pattern = strings.Trim(strings.ReplaceAll(pattern, `\`, "/"), "/")
	for rest := pattern; rest != ""; {
		switch {
		case strings.HasPrefix(rest, "**/"):
			b.WriteString("(?:.*/)?")
			rest = rest[3:]
		case strings.HasPrefix(rest, "**"):
			b.WriteString(".*")
			rest = rest[2:]
		case rest[0] == '*':
			b.WriteString("[^/]*")
			rest = rest[1:]
		case rest[0] == '?':
			b.WriteString("[^/]")
			rest = rest[1:]
		default:
			b.WriteString(regexp.QuoteMeta(rest[:1]))
			rest = rest[1:]
		}
	}
	ok, err := regexp.MatchString("^"+b.String()+"(?:/.*)?$", file)
	return ok && err == nil
}
