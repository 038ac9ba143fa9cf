package configure

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// yamlKind says what an event of a YAML stream is.
type yamlKind int

const (
	yamlDocumentStart yamlKind = iota
	yamlDocumentEnd
	yamlMappingStart
	yamlMappingEnd
	yamlSequenceStart
	yamlSequenceEnd
	yamlScalar
	yamlAlias
	yamlComment
)

// yamlStyle says how a scalar is written.
type yamlStyle int

const (
	yamlPlain yamlStyle = iota
	yamlSingle
	yamlDouble
	yamlLiteral
	yamlFolded
)

// yamlEvent is one event of a YAML stream, as its parser would report it.
type yamlEvent struct {
	kind         yamlKind
	line, column int // where it starts, both from 1
	anchor, tag  string
	value        string // of a scalar, alias or comment; the directives of a document
	style        yamlStyle
	null         bool // an empty plain scalar, which means null
	flow         bool // a collection in brackets
	inline       bool // a comment behind something
	explicit     bool // a document's start or end that is spelled out
}

func (e yamlEvent) starts() bool {
	return e.kind == yamlMappingStart || e.kind == yamlSequenceStart
}

func (e yamlEvent) ends() bool {
	return e.kind == yamlMappingEnd || e.kind == yamlSequenceEnd
}

func (e yamlEvent) before(o yamlEvent) bool {
	return e.line < o.line || e.line == o.line && e.column < o.column
}

// yamlEvents parses a stream. yaml/v3 gives trees with neither directives nor
// document marks nor exact places of comments, so those are read from the text.
func yamlEvents(text string, comments bool) ([]yamlEvent, error) {
	lines := splitLines(text)
	var all []yamlEvent
	for _, part := range yamlDocuments(lines) {
		events, err := part.events(lines)
		if err != nil {
			return nil, err
		}
		if comments {
			events = part.withComments(lines, events)
		}
		all = append(all, events...)
	}
	return all, nil
}

func splitLines(text string) []string {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	return strings.Split(text, "\n")
}

// yamlPart is the stretch of lines that one document takes, marks included.
type yamlPart struct {
	from, to   int // lines, to exclusive
	end        int // the line that ends it, where it can be told
	body       int // the line where the content may begin
	explicit   bool
	ended      bool // with a mark of its own
	directives []string
}

// yamlDocuments cuts a stream at its marks, which nothing else can look like:
// not even a block of text may hold them at the start of a line.
func yamlDocuments(lines []string) []yamlPart {
	var parts []yamlPart
	part := yamlPart{}
	started := false // something other than comments and blanks was seen
	finish := func(to, next int) {
		part.to = to
		if started || part.explicit {
			parts = append(parts, part)
			part = yamlPart{from: next, body: next}
		}
		started = false
	}
	for i, line := range lines {
		switch {
		case isMark(line, "---"):
			if started || part.explicit {
				finish(i, i)
			}
			part.explicit, part.body = true, i
		case isMark(line, "..."):
			if started || part.explicit {
				part.ended, part.end = true, i
				finish(i+1, i+1)
			}
		case strings.HasPrefix(line, "%") && !started && !part.explicit:
			part.directives = append(part.directives, strings.TrimRight(line, " \t"))
		case strings.TrimSpace(line) != "" && !strings.HasPrefix(strings.TrimSpace(line), "#"):
			started = true
		}
	}
	finish(len(lines), len(lines))
	if part.to > part.from && len(parts) > 0 {
		parts[len(parts)-1].to = part.to // what trails behind the last document
	} else if len(parts) == 0 {
		parts = append(parts, yamlPart{to: len(lines)})
	}
	return parts
}

func isMark(line, mark string) bool {
	return strings.HasPrefix(line, mark) && (len(line) == 3 || line[3] == ' ' || line[3] == '\t')
}

// readable has documents of YAML 1.2 say that they are of 1.1, for the parser,
// which reads both and refuses to be told of the newer.
func readable(lines []string) []string {
	for i, line := range lines {
		if strings.HasPrefix(line, "%YAML 1.") {
			lines = slices.Clone(lines)
			lines[i] = "%YAML 1.1"
			return lines
		}
		if !strings.HasPrefix(line, "%") && !strings.HasPrefix(line, "#") && strings.TrimSpace(line) != "" {
			return lines // directives stand before everything else
		}
	}
	return lines
}

// events gives a document's events without comments.
func (p yamlPart) events(lines []string) ([]yamlEvent, error) {
	// Blank lines keep the parser's line numbers true.
	source := strings.Repeat("\n", p.from) + strings.Join(readable(lines[p.from:p.to]), "\n")
	if p.to < len(lines) {
		source += "\n"
	}
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(source), &root); err != nil {
		return nil, fmt.Errorf("%s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if root.Kind == 0 && !p.explicit {
		return nil, nil
	}
	start := yamlEvent{kind: yamlDocumentStart, line: p.body + 1, column: 1, explicit: p.explicit, value: strings.Join(p.directives, "\n")}
	if !p.explicit {
		start.line, start.column = root.Content[0].Line, root.Content[0].Column
	}
	events := []yamlEvent{start}
	if root.Kind == 0 || len(root.Content) == 0 {
		events = append(events, yamlEvent{kind: yamlScalar, line: p.body + 1, column: 4, null: true})
	} else {
		events = appendNode(events, root.Content[0], p.directives)
	}
	end := p.to
	if p.ended {
		end = p.end
	}
	events = append(events, yamlEvent{kind: yamlDocumentEnd, line: end + 1, column: 1, explicit: p.ended})
	// A block collection ends where the next thing begins.
	for i := len(events) - 2; i > 0; i-- {
		if events[i].ends() && events[i].line == 0 {
			events[i].line, events[i].column = events[i+1].line, events[i+1].column
		}
	}
	return events, nil
}

// appendNode flattens a tree into events.
func appendNode(events []yamlEvent, n *yaml.Node, directives []string) []yamlEvent {
	e := yamlEvent{line: n.Line, column: n.Column, anchor: n.Anchor, flow: n.Style&yaml.FlowStyle != 0}
	if n.Style&yaml.TaggedStyle != 0 {
		e.tag = spellTag(n.Tag, directives)
	}
	switch n.Kind {
	case yaml.AliasNode:
		e.kind, e.value, e.anchor = yamlAlias, n.Value, ""
		return append(events, e)
	case yaml.ScalarNode:
		e.kind, e.value, e.flow = yamlScalar, n.Value, false
		e.style = scalarStyle(n.Style)
		e.null = n.Value == "" && e.style == yamlPlain
		return append(events, e)
	}
	end := yamlEvent{kind: yamlSequenceEnd, flow: e.flow}
	e.kind = yamlSequenceStart
	if n.Kind == yaml.MappingNode {
		e.kind, end.kind = yamlMappingStart, yamlMappingEnd
	}
	events = append(events, e)
	for _, child := range n.Content {
		events = appendNode(events, child, directives)
	}
	return append(events, end)
}

func scalarStyle(s yaml.Style) yamlStyle {
	switch {
	case s&yaml.DoubleQuotedStyle != 0:
		return yamlDouble
	case s&yaml.SingleQuotedStyle != 0:
		return yamlSingle
	case s&yaml.LiteralStyle != 0:
		return yamlLiteral
	case s&yaml.FoldedStyle != 0:
		return yamlFolded
	}
	return yamlPlain
}

// spellTag writes a tag with the handles that the document declares.
func spellTag(tag string, directives []string) string {
	long := tag // the parser shortens those of YAML itself
	if rest, ok := strings.CutPrefix(tag, "!!"); ok {
		long = "tag:yaml.org,2002:" + rest
	}
	for _, d := range directives {
		if f := strings.Fields(d); len(f) == 3 && f[0] == "%TAG" && strings.HasPrefix(long, f[2]) {
			return f[1] + escapeTag(long[len(f[2]):])
		}
	}
	for _, known := range [][2]string{{"tag:yaml.org,2002:", "!!"}, {"!!", "!!"}, {"!", "!"}} {
		if rest, ok := strings.CutPrefix(tag, known[0]); ok {
			return known[1] + escapeTag(rest)
		}
	}
	return "!<" + escapeTag(tag) + ">"
}

// escapeTag writes what has a meaning of its own around tags as escapes.
func escapeTag(text string) string {
	var b strings.Builder
	for i := range len(text) {
		c := text[i]
		if c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || strings.IndexByte("-_.~*'()/:;?@&=+$#", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
