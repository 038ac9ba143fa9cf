// Package projectfile turns the documents of projects into the OCL files that
// they are under version control, and back.
//
// Files name what lies outside of them by slugs. Whoever calls lends the Names
// of one project's space; a name that means nothing there is an error with the
// file and the line. The package does no I/O of its own.
package projectfile

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/ocl"
)

// The files of a project, under its base path.
const (
	SchemaFile    = "schema_version.ocl"
	ProcessFile   = "deployment_process.ocl"
	SettingsFile  = "deployment_settings.ocl"
	VariablesFile = "variables.ocl"
)

// SchemaVersion is the version of the layout that is written.
const SchemaVersion = 10

// Schema is the content of the file that tells the version of the layout.
func Schema() []byte { return fmt.Appendf(nil, "version = %d", SchemaVersion) }

// Names knows what the slugs in files mean. The kinds are the plural names of
// resources, such as Environments.
type Names interface {
	// ID finds a resource by its slug; ok is false where there is none. An id
	// or a name, as older files have, will do as well.
	ID(kind, slug string) (id string, ok bool, err error)
	// Slug gives the slug of a resource; ok is false where there is none.
	Slug(kind, id string) (slug string, ok bool, err error)
	// Template gives a version of a step template; nil where there is none.
	Template(id, version string) (*catalog.ActionTemplate, error)
}

// StepID and its likes give what has only a slug in its file an id that is the
// same on every branch.
func StepID(slug string) string   { return stableID("step", slug) }
func ActionID(slug string) string { return stableID("action", slug) }

func stableID(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// reader reads one file and collects what is wrong with it.
type reader struct {
	file  string
	names Names
	wrong fault.Complaints
	err   error // of the names, which ends the reading
}

// read parses a file and hands its elements to fields.
func read(file string, content []byte, names Names, what string, fields func(r *reader) table) error {
	body, err := ocl.Parse(string(content))
	if err != nil {
		return fault.New(fault.Invalid, "%s, %v.", file, err)
	}
	r := &reader{file: file, names: names}
	r.fields(body, what, fields(r))
	if r.err != nil {
		return r.err
	}
	return r.wrong.Err()
}

func (r *reader) complain(e ocl.Element, format string, args ...any) {
	r.wrong.Add("%s, line %d: %s", r.file, e.Where().Line, fmt.Sprintf(format, args...))
}

// A table says what becomes of each element of a body.
type table map[string]func(ocl.Element)

// fields hands every element to its entry in the table.
func (r *reader) fields(body ocl.Body, what string, t table) {
	for _, e := range body {
		found := false
		for name, take := range t {
			if ocl.SameName(name, e.Title()) {
				found = true
				take(e)
				break
			}
		}
		if !found {
			r.complain(e, "The property '%s' was not found on '%s'.", e.Title(), what)
		}
	}
}

// value hands over the value of an attribute.
func (r *reader) value(take func(e ocl.Element, v ocl.Value) bool, form string) func(ocl.Element) {
	return func(e ocl.Element) {
		a, ok := e.(*ocl.Attribute)
		if !ok || a.Value != nil && !take(e, a.Value) {
			r.complain(e, "%s must be %s.", e.Title(), form)
		}
	}
}

func (r *reader) text(into *string) func(ocl.Element) {
	return r.value(func(_ ocl.Element, v ocl.Value) bool {
		text, ok := ocl.Text(v)
		*into = text
		return ok
	}, "text in quotes")
}

// oneOf reads a text of a few, in their own case.
func (r *reader) oneOf(into *string, all ...string) func(ocl.Element) {
	return r.value(func(_ ocl.Element, v ocl.Value) bool {
		text, _ := ocl.Text(v)
		for _, one := range all {
			if strings.EqualFold(one, text) {
				*into = one
				return true
			}
		}
		return false
	}, "one of "+strings.Join(all, ", "))
}

func (r *reader) flag(into *bool) func(ocl.Element) {
	return r.value(func(_ ocl.Element, v ocl.Value) (ok bool) {
		*into, ok = v.(bool)
		return ok
	}, "true or false")
}

func (r *reader) number(into *int) func(ocl.Element) {
	return r.value(func(_ ocl.Element, v ocl.Value) bool {
		n, ok := v.(int64)
		*into = int(n)
		return ok
	}, "a whole number")
}

func (r *reader) texts(into *[]string) func(ocl.Element) {
	return r.value(func(_ ocl.Element, v ocl.Value) (ok bool) {
		*into, ok = v.([]string)
		return ok
	}, "a list of texts")
}

// reference reads a slug as the id of what it means. Text that is worked out
// later is left as it is.
func (r *reader) reference(kind string, into *string) func(ocl.Element) {
	return r.value(func(e ocl.Element, v ocl.Value) bool {
		slug, ok := ocl.Text(v)
		*into = r.lookup(e, kind, slug)
		return ok
	}, "text in quotes")
}

func (r *reader) references(kind string, into *[]string) func(ocl.Element) {
	return r.value(func(e ocl.Element, v ocl.Value) bool {
		slugs, ok := v.([]string)
		for _, slug := range slugs {
			*into = append(*into, r.lookup(e, kind, slug))
		}
		return ok
	}, "a list of texts")
}

// called is what people call one of a kind.
var called = map[string]string{
	"Environments": "an environment", "Channels": "a channel", "Feeds": "a feed", "WorkerPools": "a worker pool", "Machines": "a deployment target",
	"Accounts": "an account", "Teams": "a team", "Runbooks": "a runbook",
}

func (r *reader) lookup(e ocl.Element, kind, slug string) string {
	if slug == "" || strings.Contains(slug, "#{") || r.err != nil {
		return slug
	}
	id, ok, err := r.names.ID(kind, slug)
	switch {
	case err != nil:
		r.err = err
	case !ok:
		r.complain(e, "%s '%s' does not exist. Create %s with this slug, or change the file.", e.Title(), slug, called[kind])
	}
	return id
}

// inBlock reads a block without labels.
func (r *reader) inBlock(t func() table) func(ocl.Element) {
	return r.labelled(0, func(b *ocl.Block, _ string) { r.fields(b.Body, b.Name, t()) })
}

// labelled reads a block with up to so many labels.
func (r *reader) labelled(most int, take func(b *ocl.Block, label string)) func(ocl.Element) {
	return func(e ocl.Element) {
		b, ok := e.(*ocl.Block)
		switch {
		case !ok:
			r.complain(e, "%s must be a block, with { and } and no =.", e.Title())
			return
		case len(b.Labels) > most:
			r.complain(e, "The block %s has %d labels, but takes %d.", b.Name, len(b.Labels), most)
			return
		}
		take(b, strings.Join(b.Labels, ""))
	}
}
