package gitproject

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/projectfile"
	"github.com/takodeploy/tako/internal/store"
)

// variablesInGit says whether the project's variables are in Git too.
func (c *Checkout) variablesInGit() bool {
	s := c.project.PersistenceSettings.ConversionState
	return s != nil && s.VariablesAreInGit
}

// Migrate moves the variables of a project that is in Git without them: to a
// branch, by default the default branch. Secrets stay in the database.
func (s *Service) Migrate(ctx context.Context, p *catalog.Project, branch, message string) (messages []string, err error) {
	if state := p.PersistenceSettings.ConversionState; p.IsVersionControlled && state != nil && state.VariablesAreInGit {
		return nil, fault.New(fault.Invalid, "The variables of project '%s' are in Git already.", p.Name)
	}
	c, err := s.OpenToChange(ctx, p, branch)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	process, err := c.Process(ctx)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	err = c.parse(ctx, func(n names) error {
		set, err := catalog.VariableSets.Get(n.tx, p.VariableSetID)
		if err != nil {
			return err
		}
		files[projectfile.VariablesFile], err = projectfile.WriteVariables(set.Variables, nil, p.ID, process.Steps, n)
		return err
	})
	if err != nil {
		return nil, err
	}
	if messages, err = c.spare(ctx, files); err != nil {
		return nil, err
	}
	if len(files) > 0 {
		if err := c.apply(ctx, files, cmp.Or(strings.TrimSpace(message), "Move variables to Git"), "variables of project "+c.project.Name+" were changed"); err != nil {
			return nil, err
		}
	}
	if _, err := c.read(ctx); err != nil { // what was there already must be readable
		return nil, err
	}
	return messages, s.DB.Do(ctx, func(tx *store.Tx) error { return c.leaveSecrets(tx, p) })
}

// leaveSecrets has a project take its variables from Git, all but the secrets.
func (c *Checkout) leaveSecrets(tx *store.Tx, p *catalog.Project) error {
	now, err := catalog.Projects.Get(tx, p.ID)
	if err != nil {
		return err
	}
	if now.Revision() != p.Revision() {
		return fault.New(fault.Conflict, "Project '%s' has changed while its variables were moved. They are on branch '%s' and are used when you move them again.", p.Name, c.tip.Name)
	}
	set, err := catalog.VariableSets.Get(tx, p.VariableSetID)
	if err != nil {
		return err
	}
	secrets := []catalog.Variable{}
	for _, v := range set.Variables {
		if v.IsSensitive {
			secrets = append(secrets, v)
		}
	}
	set.Variables = secrets
	if err := catalog.VariableSets.Put(tx, set); err != nil {
		return err
	}
	settings := now.PersistenceSettings
	state := *settings.ConversionState
	state.VariablesAreInGit = true
	settings.ConversionState = &state
	now.Convert(settings)
	if err := catalog.Projects.Put(tx, now); err != nil {
		return err
	}
	return tx.Append(&store.Event{Space: p.SpaceID, Category: "Modified", Document: p.ID, Related: []string{p.ID},
		Message: fmt.Sprintf("The variables of project %s were moved to Git, to branch %s of %s (commit %.10s)", p.Name, c.tip.Name, settings.URL, c.Reference.GitCommit)})
}
