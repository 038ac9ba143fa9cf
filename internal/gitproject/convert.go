package gitproject

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/gitrepo"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/projectfile"
	"github.com/takodeploy/tako/internal/store"
)

// A Conversion moves a project from the database to Git.
type Conversion struct {
	Settings catalog.PersistenceSettings
	Message  string
	Branch   string // of the first commit; empty is the default branch
	// KeepVariables leaves the variables in the database, from where Migrate moves
	// them later.
	KeepVariables bool
}

// Convert writes the documents of a project to its repository and has it live
// there from then on. Files that the folder has already are not touched: the
// project takes them over, and the answer says so.
func (s *Service) Convert(ctx context.Context, p *catalog.Project, in Conversion) (messages []string, err error) {
	if p.IsVersionControlled {
		return nil, fault.New(fault.Invalid, "Project '%s' is in Git already.", p.Name)
	}
	branch, err := s.prepare(p, &in)
	if err != nil {
		return nil, err
	}
	session, err := s.session(ctx, p, &in.Settings)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	next := *p
	next.Convert(in.Settings)
	c := &Checkout{Session: session, service: s, project: &next, files: map[string][]byte{}}
	base, found, err := c.start(ctx, branch, in.Settings.DefaultBranch)
	if err != nil {
		return nil, err
	}
	files, err := c.documents(ctx, p)
	if err == nil {
		messages, err = c.spare(ctx, files)
	}
	if err != nil {
		return nil, err
	}
	author, err := s.author(ctx)
	if err != nil {
		return nil, err
	}
	change := gitrepo.Change{Branch: branch, Files: map[string][]byte{}, Message: in.Message, Author: author}
	if found {
		change.Base = base
	} else {
		change.Parent = base
	}
	for name, content := range files {
		change.Files[c.path(name)] = content
	}
	tip, err := c.Apply(ctx, change)
	if err != nil {
		return nil, err
	}
	c.tip = gitrepo.Reference{Name: branch, Canonical: gitrepo.Heads + branch, Commit: tip}
	c.Reference, c.files = catalog.GitReference{GitRef: c.tip.Canonical, GitCommit: tip}, map[string][]byte{}
	if _, err := c.Revision(ctx); err != nil { // what was there already must be readable
		return nil, err
	}
	return messages, s.settle(ctx, p, in.Settings, branch, tip)
}

// spare takes out of files those that there are already, and tells of them.
func (c *Checkout) spare(ctx context.Context, files map[string][]byte) (messages []string, err error) {
	for name := range files {
		there, err := c.file(ctx, name)
		if err != nil {
			return nil, err
		}
		if there != nil {
			delete(files, name)
			messages = append(messages, fmt.Sprintf("%s is in the repository already and was not changed; the project uses it as it is.", c.path(name)))
		}
	}
	return messages, nil
}

// prepare checks what a conversion is asked to do, and gives its branch.
func (s *Service) prepare(p *catalog.Project, in *Conversion) (branch string, err error) {
	var wrong fault.Complaints
	in.Settings.Type = catalog.InVersionControl
	in.Settings.ConversionState = &catalog.ConversionState{VariablesAreInGit: !in.KeepVariables}
	in.Settings.Check(&wrong)
	branch = strings.TrimPrefix(strings.TrimSpace(in.Branch), gitrepo.Heads)
	if branch == "" {
		branch = in.Settings.DefaultBranch
	}
	if in.Settings.Protects(branch) {
		wrong.Add("Branch '%s' is protected, so the first commit cannot go there. Name another branch in InitialCommitBranchName, and merge that.", branch)
	}
	if in.Message = strings.TrimSpace(in.Message); in.Message == "" {
		in.Message = "Initial commit of deployment process"
	}
	return branch, wrong.Err()
}

// start finds the commit that a conversion begins at: the tip of its branch,
// or of the default branch, or none in an empty repository.
func (c *Checkout) start(ctx context.Context, branch, standard string) (base string, found bool, err error) {
	if err := c.CheckBranchName(ctx, branch); err != nil {
		return "", false, err
	}
	if err := c.Fetch(ctx, 0); err != nil {
		return "", false, err
	}
	for _, name := range []string{branch, standard} {
		tip, ok, err := c.Session.Branch(ctx, name)
		if err != nil {
			return "", false, err
		}
		if ok {
			c.tip, c.Reference = tip, catalog.GitReference{GitRef: tip.Canonical, GitCommit: tip.Commit}
			return tip.Commit, name == branch, nil
		}
	}
	all, err := c.References(ctx, gitrepo.Heads)
	if err != nil {
		return "", false, err
	}
	if len(all) > 0 {
		return "", false, fault.New(fault.Invalid, "PersistenceSettings.DefaultBranch '%s' is not a branch of %s.", standard, c.project.PersistenceSettings.URL)
	}
	c.files = map[string][]byte{projectfile.SchemaFile: nil, projectfile.ProcessFile: nil, projectfile.SettingsFile: nil, projectfile.VariablesFile: nil}
	return "", false, nil
}

// documents are the files of a project as it is in the database.
func (c *Checkout) documents(ctx context.Context, p *catalog.Project) (files map[string][]byte, err error) {
	files = map[string][]byte{projectfile.SchemaFile: projectfile.Schema()}
	err = c.parse(ctx, func(n names) error {
		process, err := catalog.DeploymentProcesses.Get(n.tx, p.DeploymentProcessID)
		if err != nil {
			return err
		}
		set, err := catalog.VariableSets.Get(n.tx, p.VariableSetID)
		if err != nil {
			return err
		}
		var wrong fault.Complaints
		part := func(name string, content []byte, err error) error {
			var f *fault.Error
			switch {
			case fault.Is(err, fault.Invalid) && errors.As(err, &f) && len(f.Details) > 0:
				wrong = append(wrong, f.Details...)
			case fault.Is(err, fault.Invalid):
				wrong.Add("%s", err.Error())
			case err != nil:
				return err
			}
			files[name] = content
			return nil
		}
		content, err := projectfile.WriteProcess(process.Steps, nil, n)
		if err := part(projectfile.ProcessFile, content, err); err != nil {
			return err
		}
		content, err = projectfile.WriteSettings(catalog.DeploymentSettingsOf(p), nil, process.Steps, n)
		if err := part(projectfile.SettingsFile, content, err); err != nil {
			return err
		}
		if !c.project.PersistenceSettings.ConversionState.VariablesAreInGit {
			return wrong.Err()
		}
		content, err = projectfile.WriteVariables(set.Variables, nil, p.ID, process.Steps, n)
		if err := part(projectfile.VariablesFile, content, err); err != nil {
			return err
		}
		return wrong.Err()
	})
	return files, err
}

// settle has the project live in Git. What stays behind of its variables is
// scoped to actions by the ids that these have in Git.
func (s *Service) settle(ctx context.Context, p *catalog.Project, settings catalog.PersistenceSettings, branch, tip string) error {
	return s.DB.Do(ctx, func(tx *store.Tx) error {
		now, err := catalog.Projects.Get(tx, p.ID)
		if err != nil {
			return err
		}
		if now.Revision() != p.Revision() {
			return fault.New(fault.Conflict, "Project '%s' has changed while it was converted. Its documents are on branch '%s' and are used when you convert it again.", p.Name, branch)
		}
		process, err := catalog.DeploymentProcesses.Get(tx, p.DeploymentProcessID)
		if err != nil {
			return err
		}
		ids := map[string]string{}
		for _, step := range process.Steps {
			for _, a := range step.Actions {
				ids[a.ID] = projectfile.ActionID(a.Slug)
			}
		}
		set, err := catalog.VariableSets.Get(tx, p.VariableSetID)
		if err != nil {
			return err
		}
		kept := []catalog.Variable{}
		for _, v := range set.Variables {
			if !v.IsSensitive && settings.ConversionState.VariablesAreInGit {
				continue
			}
			v.Scope.Action = append([]string{}, v.Scope.Action...)
			for i, id := range v.Scope.Action {
				if ids[id] != "" {
					v.Scope.Action[i] = ids[id]
				}
			}
			kept = append(kept, v)
		}
		set.Variables = kept
		if err := catalog.VariableSets.Put(tx, set); err != nil {
			return err
		}
		// Runbooks that there are keep their runs and snapshots, and stay; where there
		// are none, those to come are in Git too.
		_, books, err := catalog.Runbooks.List(tx, kind.Query{Space: p.SpaceID, Match: map[string]string{"ProjectId": p.ID}, Take: 1})
		if err != nil {
			return err
		}
		settings.ConversionState.RunbooksAreInGit = books == 0
		now.Convert(settings)
		if err := catalog.Projects.Put(tx, now); err != nil {
			return err
		}
		return tx.Append(&store.Event{Space: p.SpaceID, Category: "Modified", Document: p.ID, Related: []string{p.ID},
			Message: fmt.Sprintf("Project %s was moved to Git, to branch %s of %s (commit %.10s)", p.Name, branch, settings.URL, tip)})
	})
}
