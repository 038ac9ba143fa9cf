package gitproject

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/gitrepo"
	"github.com/takodeploy/tako/internal/projectfile"
	"github.com/takodeploy/tako/internal/store"
)

// A Change says how a document of a project is changed.
type Change struct {
	Ref string // a branch
	// Base is the commit that the change was made to; empty is the tip as it is.
	Base    string
	Message string
}

// OpenToChange opens the tip of a branch that may be changed from here.
func (s *Service) OpenToChange(ctx context.Context, p *catalog.Project, ref string) (*Checkout, error) {
	c, err := s.Open(ctx, p, ref, "", 0)
	if err != nil {
		return nil, err
	}
	branch, ok := c.branch()
	switch {
	case !ok:
		err = fault.New(fault.Invalid, "'%s' is not a branch, and changes can only be committed to branches.", ref)
	case p.PersistenceSettings.Protects(branch):
		err = fault.New(fault.Invalid, "Branch '%s' is protected: nothing is committed to it from here. Commit to another branch and merge that.", branch)
	default:
		return c, nil
	}
	c.Close()
	return nil, err
}

// ChangeProcess commits a deployment process; edit changes it within a
// transaction. The checkout is at the new tip afterwards.
func (c *Checkout) ChangeProcess(ctx context.Context, change Change, edit func(tx *store.Tx, p *catalog.DeploymentProcess) error) (*catalog.DeploymentProcess, error) {
	process, err := c.Process(ctx)
	if fault.Is(err, fault.Invalid) { // who replaces a broken file repairs it
		process, err = &catalog.DeploymentProcess{ProjectID: c.project.ID}, nil
		process.ID, process.SpaceID = c.project.DeploymentProcessID, c.project.SpaceID
	}
	if err != nil {
		return nil, err
	}
	err = c.change(ctx, projectfile.ProcessFile, change, "deployment process", func(n names, before []byte) ([]byte, error) {
		next := *process
		next.Steps = append([]catalog.Step{}, process.Steps...)
		if err := edit(n.tx, &next); err != nil {
			return nil, err
		}
		next.InGit()
		if err := catalog.DeploymentProcesses.Check(n.tx, &next, process); err != nil {
			return nil, err
		}
		return projectfile.WriteProcess(next.Steps, before, n)
	})
	if err != nil {
		return nil, err
	}
	return c.Process(ctx)
}

// ChangeSettings commits deployment settings that are changed to a client's
// JSON.
func (c *Checkout) ChangeSettings(ctx context.Context, change Change, body []byte) (*catalog.DeploymentSettings, error) {
	process, err := c.Process(ctx)
	if err != nil {
		return nil, err
	}
	settings, err := c.settings(ctx, process.Steps)
	if fault.Is(err, fault.Invalid) {
		settings, err = catalog.DeploymentSettingsOf(c.project), nil
	}
	if err != nil {
		return nil, err
	}
	err = c.change(ctx, projectfile.SettingsFile, change, "deployment settings", func(n names, before []byte) ([]byte, error) {
		next, err := catalog.MergeDeploymentSettings(n.tx, c.project, settings, body)
		if err != nil {
			return nil, err
		}
		return projectfile.WriteSettings(next, before, process.Steps, n)
	})
	if err != nil {
		return nil, err
	}
	return c.settings(ctx, process.Steps)
}

// ChangeVariables commits variables; edit changes them within a transaction.
// Secrets among them go to the database, for all branches, once the rest is
// committed. Those that are there and are not among them stay.
func (c *Checkout) ChangeVariables(ctx context.Context, change Change, edit func(tx *store.Tx, s *catalog.VariableSet) error) (*catalog.VariableSet, error) {
	process, err := c.Process(ctx)
	if err != nil {
		return nil, err
	}
	set, err := c.Variables(ctx)
	if err != nil {
		return nil, err
	}
	var secrets []catalog.Variable
	err = c.change(ctx, projectfile.VariablesFile, change, "variables", func(n names, before []byte) ([]byte, error) {
		next := *set
		next.Variables = append([]catalog.Variable{}, set.Variables...)
		if err := edit(n.tx, &next); err != nil {
			return nil, err
		}
		secrets = slices.DeleteFunc(slices.Clone(next.Variables), func(v catalog.Variable) bool { return !v.Hidden() })
		next.Variables = slices.DeleteFunc(next.Variables, func(v catalog.Variable) bool { return v.Hidden() })
		if _, err := withSecrets(n.tx, set.ID, secrets); err != nil {
			return nil, err
		}
		next.InGit()
		if err := catalog.VariableSets.Check(n.tx, &next, set); err != nil {
			return nil, err
		}
		return projectfile.WriteVariables(next.Variables, before, c.project.ID, process.Steps, n)
	})
	if err == nil && len(secrets) > 0 {
		err = c.service.DB.Do(ctx, func(tx *store.Tx) error {
			kept, err := withSecrets(tx, set.ID, secrets)
			if err != nil {
				return err
			}
			return catalog.VariableSets.Put(tx, kept)
		})
	}
	if err != nil {
		return nil, err
	}
	return c.Variables(ctx)
}

// withSecrets is the set of the database with secrets put in: each in the place
// of that with its id, or as a new one.
func withSecrets(tx *store.Tx, id string, secrets []catalog.Variable) (*catalog.VariableSet, error) {
	set, err := catalog.VariableSets.Get(tx, id)
	if err != nil {
		return nil, err
	}
	next := *set
	next.Variables = slices.Clone(set.Variables)
	for _, v := range secrets {
		at := slices.IndexFunc(next.Variables, func(had catalog.Variable) bool { return v.ID != "" && had.ID == v.ID })
		if at < 0 {
			next.Variables = append(next.Variables, v)
		} else {
			next.Variables[at] = v
		}
	}
	checked := next
	checked.Variables = slices.Clone(next.Variables)
	return &next, catalog.VariableSets.Check(tx, &checked, set)
}

// change commits one file of the project.
func (c *Checkout) change(ctx context.Context, name string, change Change, what string, write func(n names, before []byte) ([]byte, error)) error {
	before, err := c.file(ctx, name)
	if err != nil {
		return err
	}
	if err := c.current(ctx, name, before, change.Base); err != nil {
		return err
	}
	var after []byte
	if err := c.parse(ctx, func(n names) (err error) { after, err = write(n, before); return err }); err != nil {
		return err
	}
	verb, done := "Update", "changed"
	switch {
	case before == nil:
		verb, done = "Add", "added"
	case after == nil:
		verb, done = "Delete", "deleted"
	}
	message := cmp.Or(strings.TrimSpace(change.Message), verb+" "+what)
	be := "was"
	if strings.HasSuffix(what, "variables") || strings.HasSuffix(what, "settings") {
		be = "were"
	}
	return c.apply(ctx, map[string][]byte{name: after}, message, fmt.Sprintf("%s of project %s %s %s", what, c.project.Name, be, done))
}

// current holds that a file is still as it was at the commit that a change was
// made to. That the branch has moved elsewhere does not matter.
func (c *Checkout) current(ctx context.Context, name string, now []byte, base string) error {
	if base == "" || base == c.Reference.GitCommit {
		return nil
	}
	commit, ok, err := c.Commit(ctx, base)
	if err != nil {
		return err
	}
	if ok {
		was, _, err := c.Read(ctx, commit, c.path(name))
		if err != nil {
			return err
		}
		if bytes.Equal(was, now) {
			return nil
		}
	}
	return fault.New(fault.Conflict, "%s on branch '%s' has changed since commit %.10s: somebody else has committed to it. Read it again and repeat the change.", c.path(name), c.tip.Name, base)
}

// apply commits files to the checkout's branch, which it then is at the tip of.
// done says for the audit trail what was done to what.
func (c *Checkout) apply(ctx context.Context, files map[string][]byte, message, done string) error {
	author, err := c.service.author(ctx)
	if err != nil {
		return err
	}
	paths := map[string][]byte{}
	for name, content := range files {
		paths[c.path(name)] = content
	}
	branch, _ := c.branch()
	tip, err := c.Apply(ctx, gitrepo.Change{Branch: branch, Base: c.Reference.GitCommit, Files: paths, Message: message, Author: author})
	if err != nil || tip == c.Reference.GitCommit {
		return err
	}
	c.tip.Commit, c.Reference.GitCommit, c.files = tip, tip, map[string][]byte{}
	return c.service.DB.Do(ctx, func(tx *store.Tx) error {
		return tx.Append(&store.Event{
			Space: c.project.SpaceID, Category: "Modified", Document: c.project.ID, Related: []string{c.project.ID}, Comments: message,
			Message: fmt.Sprintf("The %s on branch %s (commit %.10s)", done, branch, tip),
		})
	})
}

// author is who changes are committed as: the user that a request is from.
func (s *Service) author(ctx context.Context) (gitrepo.Author, error) {
	now := time.Now
	if s.Now != nil {
		now = s.Now
	}
	actor := store.ActorOf(ctx)
	a := gitrepo.Author{Name: actor.Username, Email: actor.Username, When: now()}
	err := s.DB.View(ctx, func(tx *store.Tx) error {
		u, err := catalog.Users.Get(tx, actor.UserID)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if u.DisplayName != "" {
			a.Name = u.DisplayName
		}
		if u.EmailAddress != "" {
			a.Email = u.EmailAddress
		}
		return nil
	})
	return a, err
}
