package configure

import (
	"slices"
	"strings"
)

// withComments puts a document's comments between its events, each before the
// first event that begins behind it.
func (p yamlPart) withComments(lines []string, events []yamlEvent) []yamlEvent {
	s := &commentScanner{lines: lines, events: events, line: p.from, to: p.to}
	s.scan()
	// Brackets close where they were seen to; only now is that known.
	for i := len(events) - 2; i > 0; i-- {
		if e := &events[i]; e.ends() && !e.flow {
			e.line, e.column = events[i+1].line, events[i+1].column
		}
	}
	var out []yamlEvent
	for _, e := range events {
		// A document's start comes behind the comments above its mark.
		for len(s.comments) > 0 && s.comments[0].before(e) {
			out = append(out, s.comments[0])
			s.comments = s.comments[1:]
		}
		out = append(out, e)
	}
	return append(out, s.comments...)
}

// commentScanner walks a document's text beside its events, which tell it where
// scalars begin that may hold a number sign, and where brackets open.
type commentScanner struct {
	lines    []string
	events   []yamlEvent
	next     int // the event to come
	line, to int
	runes    []rune // of the line
	at       int    // in runes
	open     []int  // events of the brackets that are open, -1 for unknown ones
	comments []yamlEvent
}

func (s *commentScanner) scan() {
	for ; s.line < s.to; s.line++ {
		s.runes, s.at = []rune(s.lines[s.line]), 0
		if len(s.runes) > 0 && s.runes[0] == '%' && s.events != nil && s.line < s.events[0].line-1 {
			continue // a directive
		}
		for s.at < len(s.runes) {
			s.step()
		}
	}
}

// step looks at one character.
func (s *commentScanner) step() {
	if e, i, ok := s.beginning(); ok {
		s.begin(e, i)
		return
	}
	switch c := s.runes[s.at]; {
	case c == '#' && (s.at == 0 || isBlank(s.runes[s.at-1])):
		s.comment()
		return
	case len(s.open) > 0 && (c == '[' || c == '{'):
		s.open = append(s.open, -1)
	case len(s.open) > 0 && (c == ']' || c == '}'):
		s.closeBracket()
	}
	s.at++
}

func isBlank(c rune) bool { return c == ' ' || c == '\t' }

// beginning finds the scalar or bracket that starts at the current place.
func (s *commentScanner) beginning() (*yamlEvent, int, bool) {
	for s.next < len(s.events) {
		e := &s.events[s.next]
		here := yamlEvent{line: s.line + 1, column: s.at + 1}
		if e.kind == yamlScalar && e.style != yamlPlain || e.starts() && e.flow {
			if here.before(*e) {
				return nil, 0, false
			}
			s.next++
			if !e.before(here) {
				return e, s.next - 1, true
			}
			continue
		}
		s.next++
	}
	return nil, 0, false
}

// begin passes a scalar, or notes a bracket.
func (s *commentScanner) begin(e *yamlEvent, index int) {
	s.properties()
	if s.at >= len(s.runes) {
		return
	}
	switch c := s.runes[s.at]; {
	case e.starts():
		// A pair within a list needs no brackets of its own.
		if c == '[' || c == '{' {
			s.open = append(s.open, index)
			s.at++
		}
	case e.style == yamlDouble && c == '"', e.style == yamlSingle && c == '\'':
		s.quoted(c)
	case c == '|' || c == '>':
		s.block(e)
	}
}

// properties passes anchor and tag.
func (s *commentScanner) properties() {
	for s.at < len(s.runes) {
		switch c := s.runes[s.at]; {
		case isBlank(c):
			s.at++
		case c == '&' || c == '!':
			for s.at < len(s.runes) && !isBlank(s.runes[s.at]) {
				s.at++
			}
		default:
			return
		}
	}
}

// quoted passes a quoted scalar, over as many lines as it has.
func (s *commentScanner) quoted(quote rune) {
	for s.at++; ; s.at++ {
		for s.at >= len(s.runes) {
			if s.line++; s.line >= s.to {
				s.runes, s.at = nil, 0
				return
			}
			s.runes, s.at = []rune(s.lines[s.line]), 0
		}
		switch c := s.runes[s.at]; {
		case quote == '"' && c == '\\':
			s.at++
		case c == quote && quote == '\'' && s.at+1 < len(s.runes) && s.runes[s.at+1] == quote:
			s.at++
		case c == quote:
			s.at++
			return
		}
	}
}

// block passes a literal or folded scalar: all lines that are blank or indented
// at least like its first. A comment in its header is lost.
func (s *commentScanner) block(e *yamlEvent) {
	s.at = len(s.runes)
	if strings.Trim(e.value, "\n") == "" {
		return
	}
	indent := -1
	for s.line+1 < s.to {
		line := s.lines[s.line+1]
		if trimmed := strings.TrimLeft(line, " "); trimmed != "" {
			width := len(line) - len(trimmed)
			if indent < 0 {
				// The first line of the text may itself begin with spaces.
				own := strings.TrimLeft(e.value, "\n")
				indent = width - (len(own) - len(strings.TrimLeft(own, " ")))
			}
			if width < indent {
				return
			}
		}
		s.line++
	}
}

func (s *commentScanner) comment() {
	inline := strings.TrimSpace(string(s.runes[:s.at])) != ""
	text := string(s.runes[s.at+1:])
	// What follows the sign is kept, except for the one space that is added.
	s.comments = append(s.comments, yamlEvent{
		kind: yamlComment, line: s.line + 1, column: s.at + 1,
		value: strings.TrimPrefix(text, " "), inline: inline,
	})
	s.at = len(s.runes)
}

// closeBracket notes where the innermost bracket's collection ends.
func (s *commentScanner) closeBracket() {
	opened := s.open[len(s.open)-1]
	s.open = s.open[:len(s.open)-1]
	if opened < 0 {
		return
	}
	depth := 0
	end := slices.IndexFunc(s.events[opened:], func(e yamlEvent) bool {
		if e.starts() {
			depth++
		} else if e.ends() {
			depth--
		}
		return depth == 0
	})
	if end > 0 {
		s.events[opened+end].line, s.events[opened+end].column = s.line+1, s.at+1
	}
}
