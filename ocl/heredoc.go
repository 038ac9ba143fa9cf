package ocl

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// heredoc reads a text between tags: all lines up to the one that holds the
// tag and nothing else.
func (p *parser) heredoc() (Value, error) {
	at := p.at
	p.at += len("<<")
	h := Heredoc{Indented: p.eat("-")}
	h.Tag = p.take(func(r rune) bool { return !unicode.IsSpace(r) })
	p.blanks()
	if !p.eat("\n") {
		return nil, p.fail("the text begins on the line after <<%s, but here is %s", h.Tag, p.next())
	}
	var lines []string
	for {
		line, more, _ := strings.Cut(p.rest(), "\n")
		if strings.TrimFunc(line, isBlank) == h.Tag {
			p.at += len(line)
			p.eat("\n")
			h.Text = join(lines, line, h.Indented)
			return h, nil
		}
		if len(line) == len(p.rest()) {
			p.at = at
			return nil, p.fail(`the text that begins here with <<%s has no line at its end with "%s" alone`, h.Tag, h.Tag)
		}
		lines = append(lines, line)
		p.at = len(p.text) - len(more)
	}
}

// join makes the text of the lines of a heredoc.
func join(lines []string, end string, indented bool) string {
	separator := "\n"
	for i, line := range lines {
		trimmed := strings.TrimRight(line, "\r")
		if trimmed != line && i < len(lines)-1 {
			separator = "\r\n"
		}
		lines[i] = trimmed
	}
	if indented {
		lines = unindent(lines, end)
	}
	return strings.Join(lines, separator)
}

// unindent takes from every line as many characters as the end line and all
// lines that are not blank have blanks in front.
func unindent(lines []string, end string) []string {
	least := indent(end)
	for _, line := range lines {
		least = min(least, indent(line))
	}
	moved := make([]string, len(lines))
	for i, line := range lines {
		for n := 0; n < least && line != ""; n++ {
			_, size := utf8.DecodeRuneInString(line)
			line = line[size:]
		}
		moved[i] = line
	}
	return moved
}

const boundless = int(^uint(0) >> 1)

// indent counts the blanks in front of a line; a blank line has no bound.
func indent(line string) int {
	n := 0
	for _, r := range line {
		if !unicode.IsSpace(r) {
			return n
		}
		n++
	}
	return boundless
}
