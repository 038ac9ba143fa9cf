package variable

import (
	"cmp"
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/fault"
)

// The display settings that prompts use, by their wire names.
const (
	ControlTypeSetting   = "Octopus.ControlType"
	SelectOptionsSetting = "Octopus.SelectOptions"
)

// Element is one question asked when a deployment is created.
type Element struct {
	ID          string // the variable's id, by which the answer is submitted
	Name        string // the variable's name
	Label       string
	Description string
	Required    bool
	Sensitive   bool
	Type        string
	Display     map[string]string // with ControlTypeSetting always filled
	Default     string            // empty for a sensitive one
	HasDefault  bool

	value Value
}

// Caption is what the question is called: its label, or else the name.
func (e *Element) Caption() string { return cmp.Or(e.Label, e.Name) }

// Option is one choice of a drop-down.
type Option struct{ Value, Label string }

// Options are the choices of a drop-down, one per line as "value|label".
func (e *Element) Options() []Option {
	var options []Option
	for line := range strings.Lines(e.Display[SelectOptionsSetting]) {
		line = strings.TrimRight(line, "\r\n")
		if strings.TrimSpace(line) == "" {
			continue
		}
		value, label, split := strings.Cut(line, "|")
		if !split {
			label = value
		}
		options = append(options, Option{Value: strings.TrimSpace(value), Label: strings.TrimSpace(label)})
	}
	return options
}

// Form is every question that a deployment asks, sorted by caption.
type Form struct{ Elements []Element }

// Prompts finds the questions of a deployment. Steps and machines are not
// looked at, because they are not known when it is created; of several prompted
// values of one name that differ in nothing else, the most specific is asked for.
func Prompts(values []Value, ctx Context) Form {
	p := newPlace(&ctx)
	type slot struct {
		rank Rank
		v    *Value
	}
	best := map[string]slot{}
	for i := range values {
		v := &values[i]
		if v.Prompt == nil || v.Name == "" {
			continue
		}
		m := newMatcher(v)
		rank, ok := m.matchFixed(&p)
		if !ok {
			continue
		}
		key := strings.Join([]string{fold(v.Name), strings.Join(m.action, ","), strings.Join(m.machine, ","),
			strings.Join(m.role, ","), strings.Join(m.targetRole, ",")}, "\x00")
		if old, found := best[key]; !found || rank > old.rank || rank == old.rank && tieBreak(v, old.v) < 0 {
			best[key] = slot{rank, v}
		}
	}
	var form Form
	for _, s := range best {
		form.Elements = append(form.Elements, newElement(s.v))
	}
	slices.SortFunc(form.Elements, func(a, b Element) int {
		return cmp.Or(strings.Compare(fold(a.Caption()), fold(b.Caption())), strings.Compare(fold(a.Name), fold(b.Name)), strings.Compare(a.ID, b.ID))
	})
	return form
}

// newElement makes the question for a prompted value.
func newElement(v *Value) Element {
	e := Element{
		ID: v.ID, Name: v.Name, Label: strings.TrimSpace(v.Prompt.Label), Description: v.Prompt.Description,
		Required: v.Prompt.Required, Sensitive: v.IsSensitive(), Type: cmp.Or(v.Type, TypeString),
		HasDefault: v.Value != "", Display: map[string]string{}, value: *v,
	}
	for name, setting := range v.Prompt.Display {
		e.Display[name] = setting
	}
	if e.Display[ControlTypeSetting] == "" {
		e.Display[ControlTypeSetting] = controlType(&e)
	}
	if !e.Sensitive {
		e.Default = v.Value
	}
	return e
}

// controlType is the control that fits a value when its author chose none.
func controlType(e *Element) string {
	switch {
	case e.Sensitive:
		return "Sensitive"
	case e.Type == TypeString:
		return "SingleLineText"
	}
	return e.Type
}

// Apply takes what was submitted, by element id or by variable name without
// regard to case, and gives the variables of the deployment. A question left
// out takes its default; a required one must not end up blank. Unknown lists
// what was submitted but not asked, which a caller deploying to several
// environments at once may judge only over all of them.
func (f *Form) Apply(submitted map[string]string) (values []Value, unknown []string, err error) {
	byName := make(map[string]string, len(submitted))
	for name, value := range submitted {
		byName[fold(name)] = value
	}
	var complaints fault.Complaints
	known := map[string]bool{}
	for i := range f.Elements {
		e := &f.Elements[i]
		known[fold(e.ID)], known[fold(e.Name)] = true, true
		text, given := byName[fold(e.ID)]
		if !given || e.ID == "" {
			text, given = byName[fold(e.Name)]
		}
		if !given || e.Sensitive && text == "" {
			text = e.value.Value
		}
		if e.Required && strings.TrimSpace(text) == "" {
			complaints.Add("A value is required for variable %q.", e.Caption())
			continue
		}
		values = append(values, e.answer(text))
	}
	for name := range submitted {
		if !known[fold(name)] {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	return values, unknown, complaints.Err()
}

// answer is the variable that an entered value becomes: limited to the same
// places as the question, but stronger than anything defined.
func (e *Element) answer(text string) Value {
	v := e.value
	v.Value, v.Source, v.Prompt = text, FromPrompt, nil
	v.Scope.User = true
	return v
}
