package projectfile

import (
	"sort"
	"strings"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/ocl"
)

// writer makes elements and collects what has no form in a file.
type writer struct {
	names Names
	wrong fault.Complaints
	err   error
}

// print finishes a file, over what it may have held before.
func (w *writer) print(b *body, before []byte) ([]byte, error) {
	if w.err != nil {
		return nil, w.err
	}
	if err := w.wrong.Err(); err != nil {
		return nil, err
	}
	elements := b.sorted()
	if was, err := ocl.Parse(string(before)); err == nil {
		elements = keepEmpty(elements, was)
	}
	text, err := ocl.Write(elements)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "This cannot be written to Git: %v.", err)
	}
	return []byte(text), nil
}

// body collects elements; what says no more than its absence is left out.
type body struct {
	w        *writer
	elements ocl.Body
	first    string // an attribute that stands before the others
}

func (w *writer) body() *body { return &body{w: w} }

func (b *body) add(name string, v ocl.Value) {
	b.elements = append(b.elements, &ocl.Attribute{Name: name, Value: v})
}

func (b *body) text(name, text, usual string) {
	if text != "" && text != usual {
		b.add(name, text)
	}
}

func (b *body) flag(name string, on bool) {
	if on {
		b.add(name, true)
	}
}

func (b *body) texts(name string, all []string) {
	if len(all) > 0 {
		b.add(name, all)
	}
}

func (b *body) reference(name, kind, id string) {
	if id != "" {
		b.add(name, b.w.slug(kind, id, name))
	}
}

func (b *body) references(name, kind string, ids []string) {
	var slugs []string
	for _, id := range ids {
		slugs = append(slugs, b.w.slug(kind, id, name))
	}
	b.texts(name, slugs)
}

func (b *body) dictionary(name string, values map[string]string) {
	d := make(ocl.Dictionary, 0, len(values))
	for key, value := range values {
		d = append(d, ocl.Entry{Key: key, Value: value})
	}
	if len(d) > 0 {
		sort.Slice(d, func(i, j int) bool { return d[i].Key < d[j].Key })
		b.add(name, d)
	}
}

// block adds a block, also an empty one.
func (b *body) block(name string, inside *body, labels ...string) {
	if len(labels) == 1 && labels[0] == "" {
		labels = nil
	}
	b.elements = append(b.elements, &ocl.Block{Name: name, Labels: labels, Body: inside.sorted()})
}

// sorted puts attributes before blocks, each by name.
func (b *body) sorted() ocl.Body {
	arrange(b.elements, b.first)
	return b.elements
}

func arrange(elements ocl.Body, first string) {
	rank := func(e ocl.Element) string {
		_, block := e.(*ocl.Block)
		switch {
		case e.Title() == first:
			return "0"
		case block:
			return "2" + e.Title()
		}
		return "1" + e.Title()
	}
	sort.SliceStable(elements, func(i, j int) bool { return rank(elements[i]) < rank(elements[j]) })
}

// keepEmpty adds the attributes that a file had with empty texts. These say no
// more than their absence; without them, a change of one line would change
// others as well.
func keepEmpty(now, was ocl.Body) ocl.Body {
	before, present, added := map[string][]*ocl.Block{}, map[string]bool{}, false
	key := func(b *ocl.Block) string { return b.Name + "\x00" + strings.Join(b.Labels, "\x00") }
	for _, e := range was {
		if b, ok := e.(*ocl.Block); ok {
			before[key(b)] = append(before[key(b)], b)
		}
	}
	for _, e := range now {
		present[e.Title()] = true
		if b, ok := e.(*ocl.Block); ok && len(before[key(b)]) > 0 {
			b.Body = keepEmpty(b.Body, before[key(b)][0].Body)
			before[key(b)] = before[key(b)][1:]
		}
	}
	first := ""
	if len(now) > 0 {
		first = now[0].Title()
	}
	for _, e := range was {
		if a, ok := e.(*ocl.Attribute); ok && a.Value == "" && !present[a.Name] {
			now, added = append(now, a), true
		}
	}
	if added {
		if first != "name" {
			first = ""
		}
		arrange(now, first)
	}
	return now
}

// slug is the slug of a resource; what is worked out later stays as it is.
func (w *writer) slug(kind, id, where string) string {
	if id == "" || strings.Contains(id, "#{") || w.err != nil {
		return id
	}
	slug, ok, err := w.names.Slug(kind, id)
	switch {
	case err != nil:
		w.err = err
	case !ok:
		w.wrong.Add("%s refers to '%s', which does not exist.", where, id)
	}
	return slug
}
