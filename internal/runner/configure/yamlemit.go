package configure

import (
	"fmt"
	"strings"
	"unicode/utf16"
)

// yamlEmitter writes events as the YAML library of the field does, whose output
// people compare against: lists are not indented below their key, characters
// outside the basic plane are escaped, and no line is ever folded.
type yamlEmitter struct {
	b       strings.Builder
	events  []yamlEvent
	newline string
	step    int

	indent    int
	column    int
	flow      int
	mapping   bool // the node is a key or a value
	simpleKey bool
	white     bool // the last thing written was white space
	indented  bool // nothing but indentation is on the line
	hanging   bool // a comment stands between the node to come and its key
}

func emitYAML(events []yamlEvent, step int, newline string) string {
	e := &yamlEmitter{events: events, newline: newline, step: step, indent: -1, white: true, indented: true}
	first, ended := true, true
	for e.comments(false); len(e.events) > 0; e.comments(false) {
		start := e.take()
		e.documentStart(start, first, ended)
		first = false
		e.hanging = e.comments(false)
		e.node(false, false)
		e.comments(false)
		end := e.take()
		e.writeIndent()
		if ended = end.explicit; ended {
			e.indicator("...", true, false, false)
			e.writeIndent()
		}
	}
	return e.b.String()
}

func (e *yamlEmitter) take() yamlEvent {
	event := e.events[0]
	e.events = e.events[1:]
	return event
}

func (e *yamlEmitter) documentStart(start yamlEvent, first, ended bool) {
	if !first && !ended && start.value != "" {
		e.indicator("...", true, false, false)
		e.writeIndent()
	}
	if start.value != "" {
		for line := range strings.SplitSeq(start.value, "\n") {
			e.indicator(line, true, false, false)
			e.writeIndent()
		}
	}
	empty := len(e.events) > 0 && e.events[0].kind == yamlScalar && e.events[0].value == ""
	if start.explicit || !first || start.value != "" || empty {
		e.writeIndent()
		e.indicator("---", true, false, false)
	}
}

// comments writes the comments that come next, if any. Before the first key of
// a mapping they belong to the level of its keys.
func (e *yamlEmitter) comments(firstKey bool) (any bool) {
	for len(e.events) > 0 && e.events[0].kind == yamlComment {
		c := e.take()
		switch {
		case e.flow > 0:
			continue // there is no safe place for it between brackets
		case c.inline:
			e.write(" # " + c.value)
		default:
			outer := e.indent
			if firstKey {
				e.increase(false, false)
			}
			e.writeIndent()
			e.write("# " + c.value)
			e.writeBreak()
			e.indent = outer
		}
		e.indented, any = true, true
	}
	return any
}

func (e *yamlEmitter) node(mapping, simpleKey bool) {
	e.mapping, e.simpleKey = mapping, simpleKey
	event := e.take()
	empty := len(e.events) > 0 && e.events[0].ends()
	block := event.starts() && !event.flow && !empty && e.flow == 0
	hanging := e.hanging
	e.hanging = false
	if hanging && (!block || event.anchor+event.tag != "") {
		if e.column > 0 {
			e.writeBreak()
		}
		e.write(strings.Repeat(" ", max(e.indent, 0)+e.step))
		e.white = true
	}
	if event.kind == yamlAlias {
		e.indicator("*"+event.value, true, false, false)
		if simpleKey {
			e.write(" ") // a colon would be taken for a part of the name
		}
		return
	}
	style := yamlPlain
	if event.kind == yamlScalar {
		style = e.chooseStyle(event)
	}
	if event.anchor != "" {
		e.indicator("&"+event.anchor, true, false, false)
	}
	if event.tag != "" {
		e.indicator(event.tag, true, false, false)
	}
	outer := e.indent
	switch {
	case event.kind == yamlScalar:
		e.increase(true, false)
		e.scalar(event, style)
	case event.kind == yamlSequenceStart && block:
		e.blockSequence()
	case event.kind == yamlSequenceStart:
		e.flowSequence()
	case block:
		e.blockMapping()
	default:
		e.flowMapping()
	}
	e.indent = outer
}

func (e *yamlEmitter) flowSequence() {
	e.dropComments()
	e.indicator("[", true, true, false)
	e.increase(true, false)
	e.flow++
	for i := 0; !e.atEnd(); i++ {
		if i > 0 {
			e.indicator(",", false, false, false)
		}
		e.node(false, false)
	}
	e.flow--
	e.indicator("]", false, false, false)
}

func (e *yamlEmitter) flowMapping() {
	e.dropComments()
	e.indicator("{", true, true, false)
	e.increase(true, false)
	e.flow++
	for i := 0; !e.atEnd(); i++ {
		if i > 0 {
			e.indicator(",", false, false, false)
		}
		if e.fitsKey() {
			e.node(true, true)
			e.indicator(":", false, false, false)
		} else {
			e.indicator("?", true, false, false)
			e.node(true, false)
			e.indicator(":", true, false, false)
		}
		e.hanging = e.comments(false)
		e.node(true, false)
	}
	e.flow--
	e.indicator("}", false, false, false)
}

// dropComments leaves out comments between a bracket and its first item.
func (e *yamlEmitter) dropComments() {
	for len(e.events) > 0 && e.events[0].kind == yamlComment {
		e.take()
	}
}

// atEnd passes comments and takes the end of the collection if it comes next.
func (e *yamlEmitter) atEnd() bool {
	e.comments(false)
	if !e.events[0].ends() {
		return false
	}
	e.take()
	return true
}

func (e *yamlEmitter) blockSequence() {
	mapping := e.mapping
	e.comments(false)
	e.increase(false, mapping && !e.indented)
	for !e.atEnd() {
		e.writeIndent()
		e.indicator("-", true, false, true)
		e.hanging = e.comments(false)
		e.node(false, false)
	}
}

func (e *yamlEmitter) blockMapping() {
	e.comments(true)
	e.increase(false, false)
	for !e.atEnd() {
		e.writeIndent()
		if e.fitsKey() {
			e.node(true, true)
			e.indicator(":", false, false, false)
		} else {
			e.indicator("?", true, false, true)
			e.node(true, false)
			e.writeIndent()
			e.indicator(":", true, false, true)
		}
		e.hanging = e.comments(false)
		e.node(true, false)
	}
}

// fitsKey says that the next node can be written as a key on one line.
func (e *yamlEmitter) fitsKey() bool {
	switch next := e.events[0]; next.kind {
	case yamlScalar:
		return !strings.ContainsAny(next.value, "\r\n\u0085\u2028\u2029") &&
			len(next.anchor)+len(next.tag)+len(utf16.Encode([]rune(next.value))) <= 1024
	case yamlAlias:
		return true
	}
	return e.events[0].starts() && e.events[1].ends()
}

func (e *yamlEmitter) increase(flow, same bool) {
	switch {
	case e.indent < 0 && flow:
		e.indent = e.step
	case e.indent < 0:
		e.indent = 0
	case !same:
		e.indent += e.step
	}
}

func (e *yamlEmitter) writeIndent() {
	indent := max(e.indent, 0)
	if !e.indented || e.column > indent || e.column == indent && !e.white {
		e.writeBreak()
	}
	if e.column < indent {
		e.write(strings.Repeat(" ", indent-e.column))
	}
	e.white, e.indented = true, true
}

func (e *yamlEmitter) indicator(text string, needSpace, white, indented bool) {
	if needSpace && !e.white {
		e.write(" ")
	}
	e.write(text)
	e.white = white
	e.indented = e.indented && indented
}

func (e *yamlEmitter) write(text string) {
	e.b.WriteString(text)
	e.column += len(utf16.Encode([]rune(text)))
}

func (e *yamlEmitter) writeBreak() {
	e.b.WriteString(e.newline)
	e.column = 0
}

// doubleEscapes are the short escapes of double quoted scalars.
var doubleEscapes = map[rune]string{
	0: "0", 7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", 0x1b: "e", '"': `"`, '\\': `\`,
	0x85: "N", 0xa0: "_", 0x2028: "L", 0x2029: "P",
}

func (e *yamlEmitter) doubleQuoted(value string) {
	e.indicator(`"`, true, false, false)
	for _, c := range value {
		short, known := doubleEscapes[c]
		switch {
		case isYAMLPrintable(c) && !isYAMLBreak(c) && c != '"' && c != '\\':
			e.write(string(c))
		case known:
			e.write(`\` + short)
		case c <= 0xff:
			e.write(fmt.Sprintf(`\x%02X`, c))
		case c > 0xffff:
			e.write(fmt.Sprintf(`\U%08X`, c))
		default:
			e.write(fmt.Sprintf(`\u%04X`, c))
		}
	}
	e.indicator(`"`, false, false, false)
}
