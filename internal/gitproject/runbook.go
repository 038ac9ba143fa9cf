package gitproject

import (
	"context"
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/projectfile"
)

// A Runbook is a runbook of a project in Git as of a commit. Its id is its slug.
type Runbook struct {
	*catalog.Runbook
	Process *catalog.RunbookProcess
}

// slugs lists the runbooks that there are, by their slugs.
func (c *Checkout) slugs(ctx context.Context) ([]string, error) {
	if c.Reference.GitCommit == "" {
		return nil, nil // an empty repository
	}
	files, err := c.Files(ctx, c.Reference.GitCommit, c.path(projectfile.RunbookFolder))
	if err != nil {
		return nil, err
	}
	var all []string
	for _, f := range files {
		if slug, ok := projectfile.RunbookSlug(f); ok {
			all = append(all, slug)
		}
	}
	return all, nil
}

// Runbooks gives the runbooks of the project, by name. One whose file is broken
// is among them under its slug, with what is wrong as its description: it hides
// none of the others, and can be repaired.
func (c *Checkout) Runbooks(ctx context.Context) ([]*Runbook, error) {
	slugs, err := c.slugs(ctx)
	if err != nil {
		return nil, err
	}
	var all []*Runbook
	for _, slug := range slugs {
		b, err := c.readRunbook(ctx, slug)
		if fault.Is(err, fault.Invalid) {
			wrong := err
			if b, err = c.blankRunbook(ctx, slug); err == nil {
				b.Description = "This runbook cannot be read: " + wrong.Error()
			}
		}
		if err != nil {
			return nil, err
		}
		all = append(all, b)
	}
	slices.SortStableFunc(all, func(a, b *Runbook) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return all, nil
}

// Runbook gives a runbook by its slug or its name.
func (c *Checkout) Runbook(ctx context.Context, what string) (*Runbook, error) {
	slug, err := c.slugOf(ctx, what)
	if err != nil {
		return nil, err
	}
	return c.readRunbook(ctx, slug)
}

// slugOf finds the slug of a runbook by its slug or its name.
func (c *Checkout) slugOf(ctx context.Context, what string) (string, error) {
	what = strings.TrimPrefix(strings.TrimSpace(what), "RunbookProcess-")
	slugs, err := c.slugs(ctx)
	if err != nil {
		return "", err
	}
	for _, slug := range slugs {
		if strings.EqualFold(slug, what) {
			return slug, nil
		}
	}
	all, err := c.Runbooks(ctx)
	if err != nil {
		return "", err
	}
	for _, b := range all {
		if strings.EqualFold(b.Name, what) {
			return b.Slug, nil
		}
	}
	return "", fault.New(fault.NotFound, "Project '%s' has no runbook '%s' at '%s'.", c.project.Name, what, c.tip.Name)
}

func (c *Checkout) readRunbook(ctx context.Context, slug string) (*Runbook, error) {
	content, err := c.needed(ctx, projectfile.RunbookFile(slug))
	if err != nil {
		return nil, err
	}
	return c.parseRunbook(ctx, slug, content)
}

// blankRunbook is what a runbook is as long as its file says nothing.
func (c *Checkout) blankRunbook(ctx context.Context, slug string) (*Runbook, error) {
	return c.parseRunbook(ctx, slug, nil)
}

func (c *Checkout) parseRunbook(ctx context.Context, slug string, content []byte) (*Runbook, error) {
	b := &Runbook{}
	err := c.parse(ctx, func(n names) error {
		var steps []catalog.Step
		var err error
		if b.Runbook, steps, err = projectfile.ReadRunbook(c.path(projectfile.RunbookFile(slug)), content, n); err != nil {
			return err
		}
		c.complete(b, slug, steps)
		return nil
	})
	return b, err
}

// complete fills in what is not in the file.
func (c *Checkout) complete(b *Runbook, slug string, steps []catalog.Step) {
	b.ID, b.SpaceID, b.ProjectID, b.Slug, b.RunbookProcessID = slug, c.project.SpaceID, c.project.ID, slug, "RunbookProcess-"+slug
	b.Process = &catalog.RunbookProcess{RunbookID: slug, ProjectID: c.project.ID, Steps: steps}
	b.Process.ID, b.Process.SpaceID = b.RunbookProcessID, c.project.SpaceID
}

// CreateRunbook commits a new runbook.
func (c *Checkout) CreateRunbook(ctx context.Context, change Change, made *catalog.Runbook) (*Runbook, error) {
	if strings.TrimSpace(made.Name) == "" {
		return nil, fault.New(fault.Invalid, "Name must not be empty.")
	}
	slugs, err := c.slugs(ctx)
	if err != nil {
		return nil, err
	}
	slug := kind.Slugify(made.Name)
	if made.Slug != "" {
		slug = kind.Slugify(made.Slug)
	}
	if slug == "" || slices.Contains(slugs, slug) {
		return nil, fault.New(fault.Invalid, "There is a runbook '%s' on branch '%s' already. Choose another name.", slug, c.tip.Name)
	}
	if err := c.freeName(ctx, made.Name, slug); err != nil {
		return nil, err
	}
	b := &Runbook{Runbook: made}
	c.complete(b, slug, nil)
	return b, c.writeRunbook(ctx, change, b, nil, "runbook "+made.Name)
}

// freeName holds that no other runbook has a name: runs are asked for by it.
func (c *Checkout) freeName(ctx context.Context, name, slug string) error {
	all, err := c.Runbooks(ctx)
	if err != nil {
		return err
	}
	for _, b := range all {
		if b.Slug != slug && strings.EqualFold(strings.TrimSpace(b.Name), strings.TrimSpace(name)) {
			return fault.New(fault.Invalid, "The name '%s' is already in use by runbook '%s' on branch '%s'. Please choose another one.", strings.TrimSpace(name), b.Slug, c.tip.Name)
		}
	}
	return nil
}

// ChangeRunbook commits a change of a runbook, its process or both.
func (c *Checkout) ChangeRunbook(ctx context.Context, change Change, what string, edit func(b *Runbook) error) (*Runbook, error) {
	slug, err := c.slugOf(ctx, what)
	if err != nil {
		return nil, err
	}
	b, err := c.readRunbook(ctx, slug)
	if fault.Is(err, fault.Invalid) { // who replaces a broken file repairs it
		b, err = c.blankRunbook(ctx, slug)
	}
	if err != nil {
		return nil, err
	}
	was := *b.Runbook
	process := *b.Process
	process.Steps = slices.Clone(b.Process.Steps)
	old := &Runbook{&was, &process}
	if err := edit(b); err != nil {
		return nil, err
	}
	c.complete(b, slug, b.Process.Steps)
	// Two that got the same name by a merge can be changed until one is renamed.
	if !strings.EqualFold(b.Name, was.Name) {
		if err := c.freeName(ctx, b.Name, slug); err != nil {
			return nil, err
		}
	}
	if err := c.writeRunbook(ctx, change, b, old, "runbook "+b.Name); err != nil {
		return nil, err
	}
	return c.readRunbook(ctx, slug)
}

func (c *Checkout) writeRunbook(ctx context.Context, change Change, b, old *Runbook, what string) error {
	return c.change(ctx, projectfile.RunbookFile(b.Slug), change, what, func(n names, before []byte) ([]byte, error) {
		if err := catalog.CheckGitRunbook(n.tx, b.Runbook, b.Process, old != nil); err != nil {
			return nil, err
		}
		return projectfile.WriteRunbook(b.Runbook, b.Process.Steps, before, n)
	})
}

// DeleteRunbook commits that a runbook is no more.
func (c *Checkout) DeleteRunbook(ctx context.Context, change Change, what string) error {
	slug, err := c.slugOf(ctx, what)
	if err != nil {
		return err
	}
	name := slug
	switch b, err := c.readRunbook(ctx, slug); {
	case err == nil:
		name = b.Name
	case !fault.Is(err, fault.Invalid): // a broken one can be deleted all the same
		return err
	}
	return c.change(ctx, projectfile.RunbookFile(slug), change, "runbook "+name, func(names, []byte) ([]byte, error) { return nil, nil })
}

// RunbookRevision is what a run of a runbook takes from Git: the runbook and the
// variables of the commit.
func (c *Checkout) RunbookRevision(ctx context.Context, what string) (*Runbook, *Revision, error) {
	b, err := c.Runbook(ctx, what)
	if err != nil {
		return nil, nil, err
	}
	r, err := c.OnlyVariables(ctx)
	return b, r, err
}

// AtTip says that the checkout is at the tip of the default branch.
func (c *Checkout) AtTip() bool {
	branch, ok := c.branch()
	return ok && branch == c.project.PersistenceSettings.DefaultBranch
}

// runbookID is the id that a runbook in Git has in scopes of variables and in
// its runs, if there is such a runbook.
func (c *Checkout) runbookID(ctx context.Context, slug string) (string, bool, error) {
	slugs, err := c.slugs(ctx)
	if err != nil || !slices.Contains(slugs, strings.ToLower(slug)) {
		return "", false, err
	}
	return catalog.GitRunbookID(c.project.ID, strings.ToLower(slug)), true, nil
}

// runbookSlug is the inverse of runbookID.
func (c *Checkout) runbookSlug(ctx context.Context, id string) (string, bool, error) {
	slugs, err := c.slugs(ctx)
	for _, slug := range slugs {
		if catalog.GitRunbookID(c.project.ID, slug) == id {
			return slug, true, nil
		}
	}
	return "", false, err
}
