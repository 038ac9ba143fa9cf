package configure

import (
	"strconv"
	"strings"
)

// scalarForm says in which styles a text can be written without changing it.
type scalarForm struct {
	multiline, flowPlain, blockPlain, single, block, quotes bool
}

func isYAMLBreak(c rune) bool {
	return c == '\r' || c == '\n' || c == 0x85 || c == 0x2028 || c == 0x2029
}

func isYAMLPrintable(c rune) bool {
	return c == 9 || c == 10 || c == 13 || c >= 0x20 && c <= 0x7e || c == 0x85 ||
		c >= 0xa0 && c <= 0xd7ff || c >= 0xe000 && c <= 0xfffd
}

// formOf examines a text.
func formOf(value string) scalarForm {
	if value == "" {
		return scalarForm{single: true}
	}
	runes := []rune(value)
	s := spacing(runes)
	flowSign, blockSign := signs(runes)
	if strings.HasPrefix(value, "---") || strings.HasPrefix(value, "...") {
		flowSign, blockSign = true, true
	}
	first, last := runes[0], runes[len(runes)-1]
	f := scalarForm{multiline: s.breaks, quotes: strings.ContainsRune(value, '\'')}
	f.single = !s.folds && !s.special
	edge := first == ' ' || last == ' ' || first == '\''
	f.blockPlain = f.single && !edge && !s.breaks && !blockSign
	f.flowPlain = f.single && !edge && !s.breaks && !flowSign
	f.block = !s.blankLines && !s.control && last != ' ' && first != '\t' && strings.Trim(value, "\n") != ""
	return f
}

// spaces is what a text's white space and special characters forbid.
type spaces struct {
	special    bool // something only an escape can write
	control    bool // the same in a block of text
	breaks     bool // more than one line
	folds      bool // white space at the end of a line, which quoting would lose
	blankLines bool // lines of nothing but spaces
}

func spacing(runes []rune) spaces {
	var s spaces
	onlySpaces := false
	for i, c := range runes {
		odd := isYAMLBreak(c) && c != '\n'
		s.special = s.special || odd || !isYAMLPrintable(c)
		s.control = s.control || odd || !isYAMLPrintable(c) && c <= 0xffff
		afterBreak := i > 0 && isYAMLBreak(runes[i-1])
		switch {
		case isBlank(c):
			atBreak := afterBreak || i+1 < len(runes) && isYAMLBreak(runes[i+1])
			s.folds = s.folds || atBreak || c == '\t' && (i == 0 || i == len(runes)-1)
			onlySpaces = onlySpaces || afterBreak
		case isYAMLBreak(c):
			s.breaks = true
			s.blankLines = s.blankLines || onlySpaces
			onlySpaces = false
		default:
			onlySpaces = false
		}
	}
	return s
}

// signs finds characters that would be taken for structure in plain text,
// between brackets and outside of them.
func signs(runes []rune) (flow, block bool) {
	blankAt := func(i int) bool {
		return i < 0 || i >= len(runes) || runes[i] == ' ' || runes[i] == '\t' || runes[i] == 0 || isYAMLBreak(runes[i])
	}
	for i, c := range runes {
		switch {
		case i == 0 && strings.ContainsRune("#,[]{}&*!|>\\\"%@`'", c),
			i == 0 && c == '-' && blankAt(1),
			i > 0 && c == '#' && blankAt(i-1):
			flow, block = true, true
		case c == ':' || i == 0 && c == '?':
			flow = true
			block = block || blankAt(i+1)
		case strings.ContainsRune(",?[]{}", c):
			flow = true
		}
	}
	return flow, block
}

// chooseStyle keeps a scalar's style if its text can be written in it.
func (e *yamlEmitter) chooseStyle(event yamlEvent) yamlStyle {
	f := formOf(event.value)
	style := event.style
	if e.simpleKey && f.multiline {
		style = yamlDouble
	}
	if style == yamlPlain && !event.null {
		if e.flow > 0 && !f.flowPlain || e.flow == 0 && !f.blockPlain {
			style = yamlDouble
			if f.single && !f.quotes {
				style = yamlSingle
			}
		}
	}
	if style == yamlSingle && !f.single {
		style = yamlDouble
	}
	if (style == yamlLiteral || style == yamlFolded) && (!f.block || e.flow > 0 || e.simpleKey) {
		style = yamlDouble
	}
	return style
}

func (e *yamlEmitter) scalar(event yamlEvent, style yamlStyle) {
	value := event.value
	switch {
	case event.null && value == "":
		// Nothing at all is null; between brackets it needs a word.
		if e.flow > 0 || e.simpleKey {
			e.indicator("null", true, false, false)
		}
	case style == yamlPlain:
		e.indicator(value, true, false, false)
	case style == yamlSingle:
		e.singleQuoted(value)
	case style == yamlDouble:
		e.doubleQuoted(value)
	default:
		e.blockScalar(value, style == yamlFolded)
	}
}

func (e *yamlEmitter) singleQuoted(value string) {
	e.indicator("'", true, false, false)
	afterBreak := false
	for _, c := range value {
		if isYAMLBreak(c) {
			if !afterBreak && c == '\n' {
				e.writeBreak()
			}
			e.writeBreak()
			e.indented, afterBreak = true, true
			continue
		}
		if afterBreak && c != ' ' {
			e.writeIndent()
		}
		if c == '\'' {
			e.write("'")
		}
		e.write(string(c))
		e.indented, afterBreak = false, false
	}
	e.indicator("'", false, false, false)
}

// blockScalar writes a literal or folded scalar.
func (e *yamlEmitter) blockScalar(value string, folded bool) {
	head := "|"
	if folded {
		head = ">"
	}
	value = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(value)
	if strings.HasPrefix(value, " ") || strings.HasPrefix(value, "\n") {
		head += strconv.Itoa(e.step)
	}
	switch {
	case !strings.HasSuffix(value, "\n"):
		head += "-"
	case strings.HasSuffix(value, "\n\n"):
		head += "+"
	}
	e.indicator(head, true, false, false)
	e.writeBreak()
	e.indented, e.white = true, true
	lines := strings.Split(value, "\n")
	for i, line := range lines {
		if line != "" {
			e.writeIndent()
			e.write(line)
			e.indented = false
		}
		if i == len(lines)-1 {
			return
		}
		// Folding turns one break between two lines of text into a space, so
		// that it takes two to write one.
		if folded && line != "" && line[0] != ' ' && line[0] != '\t' {
			next := i + 1
			for next < len(lines)-1 && lines[next] == "" {
				next++
			}
			if lines[next] != "" && lines[next][0] != ' ' && lines[next][0] != '\t' {
				e.writeBreak()
			}
		}
		e.writeBreak()
		e.indented = true
	}
}
