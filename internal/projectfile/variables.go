package projectfile

import (
	"slices"
	"strconv"
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/ocl"
)

// types are the types that variables in files may have, with the kind of
// resource that their values name by slug, if any.
var types = map[string]string{
	catalog.VariableString: "", "Certificate": "", "WorkerPool": "WorkerPools",
	"AmazonWebServicesAccount": "Accounts", "AzureAccount": "Accounts", "UsernamePasswordAccount": "Accounts", "GenericOidcAccount": "Accounts", "GoogleCloudAccount": "Accounts",
}

// deploymentProcess is how a scope names the deployment process; runbooks are
// named with a prefix.
const (
	deploymentProcess = "deployment-process"
	runbookProcess    = "runbook/"
)

// ReadVariables reads the variables of a project.
func ReadVariables(file string, content []byte, project string, names Names) ([]catalog.Variable, error) {
	all := []catalog.Variable{}
	err := read(file, content, names, "variables", func(r *reader) table {
		return table{"variable": r.labelled(1, func(b *ocl.Block, name string) {
			if strings.TrimSpace(name) == "" {
				r.complain(b, "A variable must have its name as a label.")
			}
			r.variable(b, project, name, &all)
		})}
	})
	return all, err
}

func (r *reader) variable(b *ocl.Block, project, name string, all *[]catalog.Variable) {
	kindOf := catalog.VariableString
	names := make([]string, 0, len(types))
	for one := range types {
		names = append(names, one)
	}
	slices.Sort(names)
	from := len(*all)
	r.fields(b.Body, "variable", table{
		"type": r.oneOf(&kindOf, names...),
		"value": r.labelled(1, func(b *ocl.Block, label string) {
			v := catalog.Variable{ID: stableID("variable", name, strconv.Itoa(len(*all)-from)), Name: name, IsEditable: true}
			if len(b.Labels) == 1 {
				v.Value = &label
			}
			r.fields(b.Body, "value", r.variableValue(&v, project))
			*all = append(*all, v)
		}),
	})
	for i := from; i < len(*all); i++ {
		v := &(*all)[i]
		v.Type = kindOf
		if of := types[kindOf]; of != "" && v.Value != nil {
			id := r.lookup(b, of, *v.Value)
			v.Value = &id
		}
	}
}

func (r *reader) variableValue(v *catalog.Variable, project string) table {
	s := &v.Scope
	return table{
		"value": r.value(func(_ ocl.Element, value ocl.Value) bool {
			text, ok := ocl.Text(value)
			v.Value = &text
			return ok
		}, "text"),
		"description": r.text(&v.Description),
		"environment": r.references("Environments", &s.Environment),
		"channel":     r.references("Channels", &s.Channel),
		"machine":     r.references("Machines", &s.Machine),
		"role":        r.texts(&s.Role),
		"tenant_tag":  r.texts(&s.TenantTag),
		"action": r.value(func(_ ocl.Element, value ocl.Value) bool {
			slugs, ok := value.([]string)
			for _, slug := range slugs {
				s.Action = append(s.Action, ActionID(slug))
			}
			return ok
		}, "a list of texts"),
		"process": r.value(func(e ocl.Element, value ocl.Value) bool {
			slugs, ok := value.([]string)
			for _, slug := range slugs {
				s.ProcessOwner = append(s.ProcessOwner, r.process(e, project, slug))
			}
			return ok
		}, "a list of texts"),
		"prompt": r.inBlock(func() table {
			v.Prompt = &catalog.Prompt{}
			return table{
				"label": r.text(&v.Prompt.Label), "description": r.text(&v.Prompt.Description), "required": r.flag(&v.Prompt.Required),
				"display_settings": r.display(v.Prompt),
			}
		}),
	}
}

func (r *reader) process(e ocl.Element, project, slug string) string {
	if slug == deploymentProcess {
		return project
	}
	runbook, ok := strings.CutPrefix(slug, runbookProcess)
	if !ok {
		r.complain(e, "process '%s' must be %s, or %s with the slug of a runbook.", slug, deploymentProcess, runbookProcess)
		return ""
	}
	return r.lookup(e, "Runbooks", runbook)
}

func (r *reader) display(p *catalog.Prompt) func(ocl.Element) {
	return r.value(func(_ ocl.Element, v ocl.Value) bool {
		d, ok := v.(ocl.Dictionary)
		p.DisplaySettings = map[string]string{}
		for _, e := range d {
			text, isText := ocl.Text(e.Value)
			ok = ok && isText
			p.DisplaySettings[e.Key] = text
		}
		return ok
	}, "a list of keys with texts, in { and }")
}

// WriteVariables writes the variables of a project, but those that are
// sensitive, over a file that may be there already. Scopes name actions, which are those of the same commit.
func WriteVariables(all []catalog.Variable, before []byte, project string, steps []catalog.Step, names Names) ([]byte, error) {
	w := &writer{names: names}
	b := w.body()
	actions := map[string]string{}
	for i := range steps {
		for j := range steps[i].Actions {
			a := &steps[i].Actions[j]
			actions[a.ID], actions[ActionID(a.Slug)] = a.Slug, a.Slug
		}
	}
	blocks := map[string]*body{}
	var order []*catalog.Variable
	for i := range all {
		v := &all[i]
		if v.IsSensitive {
			continue
		}
		key := v.Name + "\x00" + v.Type
		if blocks[key] == nil {
			blocks[key] = w.body()
			blocks[key].text("type", v.Type, catalog.VariableString)
			order = append(order, v)
		}
		w.variableValue(blocks[key], v, project, actions)
	}
	for _, v := range order {
		b.block("variable", blocks[v.Name+"\x00"+v.Type], v.Name)
	}
	return w.print(b, before)
}

func (w *writer) variableValue(into *body, v *catalog.Variable, project string, actions map[string]string) {
	where := "The scope of variable '" + v.Name + "'"
	b := w.body()
	var labels []string
	if v.Value != nil {
		value := *v.Value
		if of := types[v.Type]; of != "" {
			value = w.slug(of, value, "Variable '"+v.Name+"'")
		}
		if strings.Contains(value, "\n") {
			b.add("value", value)
		} else {
			labels = []string{value}
		}
	}
	s := v.Scope
	b.text("description", v.Description, "")
	b.references("environment", "Environments", s.Environment)
	b.references("channel", "Channels", s.Channel)
	b.references("machine", "Machines", s.Machine)
	b.texts("role", s.Role)
	b.texts("tenant_tag", s.TenantTag)
	var slugs, processes []string
	for _, id := range s.Action {
		if actions[id] == "" {
			w.wrong.Add("%s refers to the step '%s', which is not in the deployment process.", where, id)
		}
		slugs = append(slugs, actions[id])
	}
	b.texts("action", slugs)
	for _, id := range s.ProcessOwner {
		if id == project {
			processes = append(processes, deploymentProcess)
		} else {
			processes = append(processes, runbookProcess+w.slug("Runbooks", id, where))
		}
	}
	b.texts("process", processes)
	if p := v.Prompt; p != nil {
		prompt := w.body()
		prompt.add("description", p.Description)
		prompt.dictionary("display_settings", p.DisplaySettings)
		prompt.text("label", p.Label, "")
		prompt.flag("required", p.Required)
		b.block("prompt", prompt)
	}
	into.elements = append(into.elements, &ocl.Block{Name: "value", Labels: labels, Body: b.sorted()})
}
