package projectfile

import (
	"maps"
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/ocl"
)

// The properties that name the step template of an action.
const (
	templateID      = "Octopus.Action.Template.Id"
	templateVersion = "Octopus.Action.Template.Version"
)

// referring are the properties that hold references, with the kinds of these.
var referring = map[string]string{
	"Octopus.Action.Package.FeedId":            "Feeds",
	"Octopus.Action.Azure.AccountId":           "Accounts",
	"Octopus.Action.Manual.ResponsibleTeamIds": "Teams",
}

// ReadProcess reads the steps of a deployment process.
func ReadProcess(file string, content []byte, names Names) ([]catalog.Step, error) {
	steps := []catalog.Step{}
	err := read(file, content, names, "deployment process", func(r *reader) table { return r.steps(&steps) })
	return steps, err
}

func (r *reader) steps(into *[]catalog.Step) table {
	seen := map[string]bool{}
	return table{
		"step": r.labelled(1, func(b *ocl.Block, slug string) {
			s := catalog.Step{Slug: kind.Slugify(slug), Name: slug, Condition: "Success", StartTrigger: "StartAfterPrevious", PackageRequirement: "LetOctopusDecide", Properties: map[string]kind.Property{}}
			s.ID = StepID(s.Slug)
			if s.Slug == "" || seen[s.Slug] {
				r.complain(b, "Each step must have a label of its own, which is its slug; '%s' is not.", slug)
			}
			seen[s.Slug] = true
			r.fields(b.Body, "step", r.step(&s))
			for i := range s.Actions {
				if s.Actions[i].Name == "" {
					s.Actions[i].Name = s.Name
				}
			}
			if len(s.Actions) == 0 {
				r.complain(b, "The step '%s' has no action.", s.Name)
			}
			*into = append(*into, s)
		}),
		"process_template": func(e ocl.Element) {
			r.complain(e, "Process templates are not known here. Put the steps of the template into the file.")
		},
	}
}

func (r *reader) step(s *catalog.Step) table {
	return table{
		"name":                r.text(&s.Name),
		"condition":           r.oneOf(&s.Condition, "Success", "Failure", "Always", "Variable"),
		"start_trigger":       r.oneOf(&s.StartTrigger, "StartAfterPrevious", "StartWithPrevious"),
		"package_requirement": r.oneOf(&s.PackageRequirement, "LetOctopusDecide", "BeforePackageAcquisition", "AfterPackageAcquisition"),
		"properties":          r.properties(&s.Properties),
		"action": r.labelled(1, func(b *ocl.Block, slug string) {
			if slug == "" {
				slug = s.Slug
			}
			a := catalog.Action{Slug: kind.Slugify(slug), Condition: "Success", Properties: map[string]kind.Property{}}
			a.ID = ActionID(a.Slug)
			r.fields(b.Body, "action", r.action(&a))
			r.template(b, &a)
			if a.ActionType == "" {
				r.complain(b, "The action must have an action_type.")
			}
			s.Actions = append(s.Actions, a)
		}),
	}
}

func (r *reader) action(a *catalog.Action) table {
	return table{
		"name":                  r.text(&a.Name),
		"action_type":           r.text(&a.ActionType),
		"notes":                 r.text(&a.Notes),
		"condition":             r.oneOf(&a.Condition, "Success", "Variable"),
		"is_disabled":           r.flag(&a.IsDisabled),
		"is_required":           r.flag(&a.IsRequired),
		"channels":              r.references("Channels", &a.Channels),
		"environments":          r.references("Environments", &a.Environments),
		"excluded_environments": r.references("Environments", &a.ExcludedEnvironments),
		"tenant_tags":           r.texts(&a.TenantTags),
		"worker_pool":           r.reference("WorkerPools", &a.WorkerPoolID),
		"worker_pool_variable":  r.text(&a.WorkerPoolVariable),
		"properties":            r.properties(&a.Properties),
		"container": r.inBlock(func() table {
			return table{"feed": r.reference("Feeds", &a.Container.FeedID), "image": r.text(&a.Container.Image), "git_url": r.text(&a.Container.GitURL), "dockerfile": r.text(&a.Container.Dockerfile)}
		}),
		"packages":         r.labelled(1, func(b *ocl.Block, name string) { r.packageReference(a, b, name) }),
		"git_dependencies": r.labelled(1, func(b *ocl.Block, name string) { r.gitDependency(a, b, name) }),
	}
}

func (r *reader) packageReference(a *catalog.Action, b *ocl.Block, name string) {
	p := catalog.PackageReference{ID: stableID("package", a.Slug, name), Name: name, AcquisitionLocation: "Server"}
	properties := map[string]kind.Property{}
	r.fields(b.Body, b.Name, table{
		"acquisition_location": r.text(&p.AcquisitionLocation), "feed": r.reference("Feeds", &p.FeedID), "package_id": r.text(&p.PackageID),
		"version": r.text(&p.Version), "properties": r.properties(&properties),
	})
	p.Properties = map[string]string{}
	for key, value := range properties {
		p.Properties[key] = value.Text
	}
	a.Packages = append(a.Packages, p)
}

func (r *reader) gitDependency(a *catalog.Action, b *ocl.Block, name string) {
	g := catalog.GitDependency{Name: name}
	r.fields(b.Body, b.Name, table{
		"default_branch": r.text(&g.DefaultBranch), "file_path_filters": r.texts(&g.FilePathFilters), "git_credential_id": r.text(&g.GitCredentialID),
		"git_credential_type": r.text(&g.GitCredentialType), "git_hub_connection_id": r.text(&g.GitHubConnectionID), "repository_uri": r.text(&g.RepositoryURI),
	})
	a.GitDependencies = append(a.GitDependencies, g)
}

// properties reads texts by key, with slugs as the ids of what they mean.
func (r *reader) properties(into *map[string]kind.Property) func(ocl.Element) {
	return r.value(func(e ocl.Element, v ocl.Value) bool {
		d, ok := v.(ocl.Dictionary)
		for _, entry := range d {
			at := &ocl.Attribute{Name: entry.Key, At: entry.At}
			text, isText := ocl.Text(entry.Value)
			switch {
			case entry.Value == nil:
				continue
			case !isText:
				r.complain(at, "%s must be text in quotes.", entry.Key)
			}
			if of, refers := referring[entry.Key]; refers {
				text = r.list(at, of, text)
			}
			(*into)[entry.Key] = kind.Property{Text: text}
		}
		return ok
	}, "a list of keys with values, in { and }")
}

func (r *reader) list(e ocl.Element, kind, slugs string) string {
	if strings.Contains(slugs, "#{") {
		return slugs
	}
	var ids []string
	for _, slug := range strings.Split(slugs, ",") {
		ids = append(ids, r.lookup(e, kind, strings.TrimSpace(slug)))
	}
	return strings.Join(ids, ",")
}

// template completes an action that is made from a step template, of which its
// file has the parameters alone.
func (r *reader) template(e ocl.Element, a *catalog.Action) {
	id := a.Properties[templateID].Text
	if id == "" || r.err != nil {
		return
	}
	t, err := r.names.Template(id, a.Properties[templateVersion].Text)
	if err != nil {
		r.err = err
		return
	}
	if t == nil {
		r.complain(e, "The step template '%s', version %s, does not exist.", id, a.Properties[templateVersion].Text)
		return
	}
	a.ActionType = t.ActionType
	maps.Copy(a.Properties, t.Properties)
	for _, p := range t.Packages {
		if !slices.ContainsFunc(a.Packages, func(have catalog.PackageReference) bool { return have.Name == p.Name }) {
			p.ID = stableID("package", a.Slug, p.Name)
			a.Packages = append(a.Packages, p)
		}
	}
	for _, g := range t.GitDependencies {
		if !slices.ContainsFunc(a.GitDependencies, func(have catalog.GitDependency) bool { return have.Name == g.Name }) {
			a.GitDependencies = append(a.GitDependencies, g)
		}
	}
}

// WriteProcess writes the steps of a deployment process over a file that may
// be there already.
func WriteProcess(steps []catalog.Step, before []byte, names Names) ([]byte, error) {
	w := &writer{names: names}
	b := w.body()
	w.steps(b, steps)
	return w.print(b, before)
}

func (w *writer) steps(b *body, steps []catalog.Step) {
	for i := range steps {
		s := &steps[i]
		in := w.body()
		in.text("name", s.Name, "")
		in.text("condition", s.Condition, "Success")
		in.text("start_trigger", s.StartTrigger, "StartAfterPrevious")
		in.text("package_requirement", s.PackageRequirement, "LetOctopusDecide")
		w.properties(in, "step '"+s.Name+"'", s.Properties)
		for j := range s.Actions {
			label := s.Actions[j].Slug
			if label == s.Slug {
				label = ""
			}
			in.block("action", w.action(s, &s.Actions[j]), label)
		}
		b.block("step", in, s.Slug)
	}
}

func (w *writer) action(s *catalog.Step, a *catalog.Action) *body {
	b := w.body()
	b.text("name", a.Name, s.Name)
	template := w.template(a)
	if template == nil {
		template = &catalog.ActionTemplate{}
		b.text("action_type", a.ActionType, "")
	}
	b.text("notes", a.Notes, "")
	b.text("condition", a.Condition, "Success")
	b.flag("is_disabled", a.IsDisabled)
	b.flag("is_required", a.IsRequired)
	b.references("channels", "Channels", a.Channels)
	b.references("environments", "Environments", a.Environments)
	b.references("excluded_environments", "Environments", a.ExcludedEnvironments)
	b.texts("tenant_tags", a.TenantTags)
	b.reference("worker_pool", "WorkerPools", a.WorkerPoolID)
	b.text("worker_pool_variable", a.WorkerPoolVariable, "")
	own := map[string]kind.Property{}
	for key, value := range a.Properties {
		if _, theirs := template.Properties[key]; !theirs {
			own[key] = value
		}
	}
	w.properties(b, "action '"+a.Name+"'", own)
	if a.Container != (catalog.ActionContainer{}) {
		c := w.body()
		c.reference("feed", "Feeds", a.Container.FeedID)
		c.text("image", a.Container.Image, "")
		c.text("git_url", a.Container.GitURL, "")
		c.text("dockerfile", a.Container.Dockerfile, "")
		b.block("container", c)
	}
	for i := range a.Packages {
		p := &a.Packages[i]
		if !slices.ContainsFunc(template.Packages, func(t catalog.PackageReference) bool { return samePackage(&t, p) }) {
			b.block("packages", w.packageReference(p), p.Name)
		}
	}
	for i := range a.GitDependencies {
		b.block("git_dependencies", w.gitDependency(&a.GitDependencies[i]), a.GitDependencies[i].Name)
	}
	if a.StepPackageVersion != "" || a.Inputs != nil {
		w.wrong.Add("Action '%s' is of a step package, which has no form in Git.", a.Name)
	}
	return b
}

func samePackage(a, b *catalog.PackageReference) bool {
	return a.Name == b.Name && a.PackageID == b.PackageID && a.FeedID == b.FeedID && a.AcquisitionLocation == b.AcquisitionLocation && maps.Equal(a.Properties, b.Properties)
}

func (w *writer) packageReference(p *catalog.PackageReference) *body {
	b := w.body()
	b.text("acquisition_location", p.AcquisitionLocation, "")
	b.reference("feed", "Feeds", p.FeedID)
	b.text("package_id", p.PackageID, "")
	b.text("version", p.Version, "")
	b.dictionary("properties", p.Properties)
	return b
}

func (w *writer) gitDependency(g *catalog.GitDependency) *body {
	b := w.body()
	b.text("default_branch", g.DefaultBranch, "")
	b.texts("file_path_filters", g.FilePathFilters)
	b.text("git_credential_id", g.GitCredentialID, "")
	b.text("git_credential_type", g.GitCredentialType, "")
	b.text("git_hub_connection_id", g.GitHubConnectionID, "")
	b.text("repository_uri", g.RepositoryURI, "")
	return b
}

// template gives the step template that an action is made from, if any.
func (w *writer) template(a *catalog.Action) *catalog.ActionTemplate {
	id := a.Properties[templateID].Text
	if id == "" || w.err != nil {
		return nil
	}
	t, err := w.names.Template(id, a.Properties[templateVersion].Text)
	w.err = err
	return t
}

func (w *writer) properties(b *body, where string, properties map[string]kind.Property) {
	texts := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(properties)) {
		p := properties[key]
		if p.Secret != nil {
			w.wrong.Add("The property %s of %s is sensitive, and secrets are not written to Git. Put the secret into a sensitive variable and refer to that.", key, where)
			continue
		}
		texts[key] = p.Text
		if of, refers := referring[key]; refers && p.Text != "" && !strings.Contains(p.Text, "#{") {
			var slugs []string
			for _, id := range strings.Split(p.Text, ",") {
				slugs = append(slugs, w.slug(of, strings.TrimSpace(id), key))
			}
			texts[key] = strings.Join(slugs, ",")
		}
	}
	b.dictionary("properties", texts)
}
