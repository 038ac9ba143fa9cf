package gitproject

import (
	"context"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/projectfile"
	"github.com/takodeploy/tako/internal/store"
)

// parse reads files with the names of the project's space.
func (c *Checkout) parse(ctx context.Context, read func(n names) error) error {
	return c.service.DB.View(ctx, func(tx *store.Tx) error { return read(names{tx, c.project, c, ctx}) })
}

func (c *Checkout) path(name string) string { return c.project.PersistenceSettings.File(name) }

// Process gives the deployment process.
func (c *Checkout) Process(ctx context.Context) (*catalog.DeploymentProcess, error) {
	content, err := c.needed(ctx, projectfile.ProcessFile)
	if err != nil {
		return nil, err
	}
	process := &catalog.DeploymentProcess{ProjectID: c.project.ID}
	process.ID, process.SpaceID = c.project.DeploymentProcessID, c.project.SpaceID
	err = c.parse(ctx, func(n names) (err error) {
		process.Steps, err = projectfile.ReadProcess(c.path(projectfile.ProcessFile), content, n)
		return err
	})
	return process, err
}

// Settings gives the deployment settings.
func (c *Checkout) Settings(ctx context.Context) (*catalog.DeploymentSettings, error) {
	process, err := c.Process(ctx)
	if err != nil {
		return nil, err
	}
	return c.settings(ctx, process.Steps)
}

func (c *Checkout) settings(ctx context.Context, steps []catalog.Step) (*catalog.DeploymentSettings, error) {
	content, err := c.needed(ctx, projectfile.SettingsFile)
	if err != nil {
		return nil, err
	}
	var settings *catalog.DeploymentSettings
	err = c.parse(ctx, func(n names) error {
		read, err := projectfile.ReadSettings(c.path(projectfile.SettingsFile), content, steps, n)
		if err == nil {
			settings = catalog.DeploymentSettingsOf((&catalog.DeploymentProcess{Settings: read}).Governed(c.project))
		}
		return err
	})
	return settings, err
}

// Variables gives the variables that are in Git: all but those that are
// sensitive.
func (c *Checkout) Variables(ctx context.Context) (*catalog.VariableSet, error) {
	if !c.variablesInGit() {
		return nil, fault.New(fault.Invalid, "The variables of project '%s' are not in Git: they are at /projects/%s/variables. Move them there with /projects/%s/git/migrate-variables.", c.project.Name, c.project.ID, c.project.ID)
	}
	return c.read(ctx)
}

func (c *Checkout) read(ctx context.Context) (*catalog.VariableSet, error) {
	content, err := c.needed(ctx, projectfile.VariablesFile)
	if err != nil {
		return nil, err
	}
	set := &catalog.VariableSet{OwnerID: c.project.ID, ProjectID: c.project.ID}
	set.ID, set.SpaceID = c.project.VariableSetID, c.project.SpaceID
	err = c.parse(ctx, func(n names) (err error) {
		set.Variables, err = projectfile.ReadVariables(c.path(projectfile.VariablesFile), content, c.project.ID, n)
		return err
	})
	return set, err
}

// A Revision is all that a release takes from Git.
type Revision struct {
	Reference catalog.GitReference
	Process   *catalog.DeploymentProcess // with Settings
	variables *catalog.VariableSet       // nil where they are in the database
	set       string                     // in the database
}

// Revision reads all documents of the project.
func (c *Checkout) Revision(ctx context.Context) (r *Revision, err error) {
	r = &Revision{Reference: c.Reference}
	if r.Process, err = c.Process(ctx); err != nil {
		return nil, err
	}
	if r.Process.Settings, err = c.settings(ctx, r.Process.Steps); err != nil {
		return nil, err
	}
	r.Process.Settings.Links, r.Process.Settings.LastModifiedOn = nil, nil
	return r, r.take(ctx, c)
}

// take reads the variables, if they are in Git.
func (r *Revision) take(ctx context.Context, c *Checkout) (err error) {
	r.set = c.project.VariableSetID
	if c.variablesInGit() {
		r.variables, err = c.Variables(ctx)
	}
	return err
}

// OnlyVariables reads the variables alone, for what has its process elsewhere.
func (c *Checkout) OnlyVariables(ctx context.Context) (r *Revision, err error) {
	r = &Revision{Reference: c.Reference}
	return r, r.take(ctx, c)
}

// Variables gives the variables of the commit with the secrets of the database.
func (r *Revision) Variables(tx *store.Tx) (*catalog.VariableSet, error) {
	secrets, err := catalog.VariableSets.Get(tx, r.set)
	if err != nil || r.variables == nil {
		return secrets, err
	}
	all := *r.variables
	all.Variables = append([]catalog.Variable{}, r.variables.Variables...)
	for _, v := range secrets.Variables {
		if v.IsSensitive {
			all.Variables = append(all.Variables, v)
		}
	}
	return &all, nil
}

// ScopeValues lists what the scopes of the variables may name: actions are
// those of the commit.
func (c *Checkout) ScopeValues(ctx context.Context, set *catalog.VariableSet) (values *catalog.ScopeValues, err error) {
	process, err := c.Process(ctx)
	if fault.Is(err, fault.Invalid) {
		process, err = &catalog.DeploymentProcess{}, nil // variables can be edited while the process is broken
	}
	if err != nil {
		return nil, err
	}
	err = c.parse(ctx, func(n names) error {
		values, err = catalog.ScopeValuesOf(n.tx, set)
		return err
	})
	if err != nil {
		return nil, err
	}
	values.Actions = []catalog.ScopeValue{}
	for _, s := range process.Steps {
		for _, a := range s.Actions {
			values.Actions = append(values.Actions, catalog.ScopeValue{ID: a.ID, Name: a.Name})
		}
	}
	return values, nil
}
