package configure

import (
	"strconv"
	"strings"
)

// replaceYAML puts values into a YAML stream. The document is written anew from
// its events, so that styles, anchors, tags and comments stay and only layout
// is evened out.
func replaceYAML(doc document, v *Variables, log Log) (document, error) {
	events, err := yamlEvents(doc.text, true)
	if err != nil {
		return doc, &formatError{err.Error()}
	}
	indent := commonIndent(events)
	r := &yamlReplacer{in: events, variables: v, log: log}
	for len(r.in) > 0 {
		if e := r.next(); e.kind == yamlDocumentStart {
			r.out = append(r.out, e)
			r.node("")
		} else {
			r.out = append(r.out, e)
		}
	}
	if r.count == 0 {
		log.Printf(nothingFound)
	}
	doc.text = emitYAML(commentsInside(r.out), indent, newline(doc.text))
	return doc, nil
}

// yamlReplacer copies events and exchanges those whose path names a variable.
type yamlReplacer struct {
	in, out   []yamlEvent
	variables *Variables
	log       Log
	count     int
}

// next takes an event off the input, passing comments on.
func (r *yamlReplacer) next() yamlEvent {
	for r.in[0].kind == yamlComment && len(r.in) > 1 {
		r.out = append(r.out, r.in[0])
		r.in = r.in[1:]
	}
	e := r.in[0]
	r.in = r.in[1:]
	return e
}

// peek passes comments on and looks at what follows them.
func (r *yamlReplacer) peek() yamlKind {
	e := r.next()
	r.in = append([]yamlEvent{e}, r.in...)
	return e.kind
}

// node copies or replaces the node at a path.
func (r *yamlReplacer) node(path string) {
	e := r.next()
	name, known := r.variables.find(path)
	if known && path != "" && !reserved(name) && e.kind != yamlAlias {
		r.count++
		replaced(r.log, name)
		value, set := r.variables.get(name)
		if e.kind == yamlScalar {
			r.out = append(r.out, e.withValue(value, set))
		} else {
			r.skip()
			r.out = append(r.out, fragment(e, value, set)...)
		}
		return
	}
	r.out = append(r.out, e)
	switch e.kind {
	case yamlMappingStart:
		r.mapping(path)
	case yamlSequenceStart:
		for i := 0; r.peek() != yamlSequenceEnd; i++ {
			r.node(below(path, strconv.Itoa(i)))
		}
		r.out = append(r.out, r.next())
	}
}

func (r *yamlReplacer) mapping(path string) {
	for r.peek() != yamlMappingEnd {
		key := r.next()
		r.out = append(r.out, key)
		if key.kind == yamlMappingStart || key.kind == yamlSequenceStart {
			r.copy() // a structure as a key has no name that a path could have
		}
		if key.kind == yamlScalar {
			r.node(below(path, key.value))
		} else {
			value := r.next()
			r.out = append(r.out, value)
			if value.kind == yamlMappingStart || value.kind == yamlSequenceStart {
				r.copy()
			}
		}
	}
	r.out = append(r.out, r.next())
}

func below(path, key string) string {
	if path == "" {
		return key
	}
	return path + ":" + key
}

// rest counts the events up to the end of the collection that has just begun.
func (r *yamlReplacer) rest() int {
	depth := 1
	for i, e := range r.in {
		switch e.kind {
		case yamlMappingStart, yamlSequenceStart:
			depth++
		case yamlMappingEnd, yamlSequenceEnd:
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(r.in)
}

func (r *yamlReplacer) skip() { r.in = r.in[r.rest():] }

func (r *yamlReplacer) copy() {
	n := r.rest()
	r.out = append(r.out, r.in[:n]...)
	r.in = r.in[n:]
}

// withValue is the scalar with another value and the same decoration.
func (e yamlEvent) withValue(value string, set bool) yamlEvent {
	e.value, e.null = value, false
	if !set {
		e.value, e.style = "null", yamlPlain
	}
	return e
}

// fragment makes the events that stand in for a collection: the value's own
// structure if it is YAML, else its text.
func fragment(start yamlEvent, value string, set bool) []yamlEvent {
	text := yamlEvent{kind: yamlScalar, anchor: start.anchor, tag: start.tag, value: value, style: yamlDouble}
	if !set {
		text.value, text.style = "null", yamlPlain
		return []yamlEvent{text}
	}
	events, err := yamlEvents(value, false)
	if err != nil || len(events) < 3 || strings.TrimSpace(value) == "" {
		return []yamlEvent{text}
	}
	inner := events[1 : len(events)-1]
	for _, e := range inner {
		if e.kind == yamlDocumentStart {
			return []yamlEvent{text}
		}
	}
	return inner
}

// commentsInside moves a comment line that stands directly before a collection
// to behind its start, so that it is indented like the collection's content. Of
// several comments in a row, pairs belong to the outer level.
func commentsInside(events []yamlEvent) []yamlEvent {
	out := make([]yamlEvent, 0, len(events))
	for i := 0; i < len(events); i++ {
		e := events[i]
		out = append(out, e)
		if e.kind != yamlComment || i+1 == len(events) {
			continue
		}
		i++
		out = append(out, events[i])
		if !e.inline && events[i].starts() {
			out[len(out)-2], out[len(out)-1] = events[i], e
		}
	}
	return out
}

// commonIndent is the step of indentation that a document uses most, two if it
// has none.
func commonIndent(events []yamlEvent) int {
	var counts [10]int
	best, last := 2, 1
	var order []int
	for _, e := range events {
		block := !e.flow && (e.kind == yamlMappingStart || e.kind == yamlSequenceStart)
		switch {
		case block:
			if step := e.column - last; step >= 2 && step <= 9 {
				if counts[step] == 0 {
					order = append(order, step)
				}
				counts[step]++
			}
			last = e.column
		case e.kind != yamlDocumentStart && !(e.flow && e.starts()) && e.column < last:
			last = e.column
		}
	}
	most := 0
	for _, step := range order {
		if counts[step] > most {
			best, most = step, counts[step]
		}
	}
	return best
}
