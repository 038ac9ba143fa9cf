package octostache

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// expression reads a filter chain or a symbol, standing on a non-blank.
func (p *parser) expression(pos int) (*expression, int, bool) {
	s, end, ok := p.symbol(pos)
	bar := end
	if ok {
		bar = p.skip(end)
	} else {
		bar = pos
	}
	x := &expression{symbol: s}
	furthest := max(end, bar)
	for bar < len(p.src) && p.src[bar] == '|' {
		call, next, fits := p.filter(bar + 1)
		furthest = max(furthest, next)
		if !fits {
			break
		}
		x.filters = append(x.filters, call)
		bar = next
	}
	switch {
	case len(x.filters) > 0:
		return x, bar, true
	case ok:
		return x, end, true
	}
	return nil, furthest, false
}

// filter reads a name and its options from behind the '|'.
func (p *parser) filter(pos int) (filterCall, int, bool) {
	name, end := p.word(p.skip(pos))
	if name == "" {
		return filterCall{}, end, false
	}
	call := filterCall{name: name}
	end = p.skip(end)
	for p.limit == nil {
		option, next, ok := p.option(end)
		if !ok {
			break
		}
		call.options = append(call.options, option)
		end = next
	}
	return call, end, true
}

// option reads one filter option. Blanks belong to words and quoted texts, not
// to constructs: #{a} #{b} are not two options.
func (p *parser) option(pos int) (token, int, bool) {
	if p.at(pos, "#{") {
		return p.construct(pos)
	}
	start := p.skip(pos)
	if word, end := p.word(start); word != "" {
		return &textToken{text: word}, p.skip(end), true
	}
	text, end, ok := p.quoted(start)
	if !ok {
		return nil, end, false
	}
	return &textToken{text: text}, p.skip(end), true
}

// quoted reads "text" without # in it, or \"text\" with anything in it.
func (p *parser) quoted(pos int) (string, int, bool) {
	rest := p.src[pos:]
	if inner, ok := strings.CutPrefix(rest, `"`); ok {
		n := strings.IndexAny(inner, `"#`)
		switch {
		case n < 0:
			return "", len(p.src), false
		case inner[n] == '#':
			return "", pos + 1 + n, false
		}
		return inner[:n], pos + n + 2, true
	}
	end, ok := p.literal(pos, `\"`)
	if !ok {
		return "", end, false
	}
	n := strings.Index(p.src[end:], `\"`)
	if n < 0 {
		return "", len(p.src), false
	}
	return p.src[end : end+n], end + n + 2, true
}

// symbol reads a path.
func (p *parser) symbol(pos int) (*symbol, int, bool) {
	first, end, ok := p.identifier(pos)
	if !ok {
		return nil, end, false
	}
	steps := []step{{kind: nameStep, name: first, key: fold(first)}}
	for p.limit == nil {
		st, next, ok := p.trailingStep(end)
		if !ok {
			break
		}
		steps = append(steps, st)
		end = next
	}
	return newSymbol(steps, pos), end, true
}

func (p *parser) trailingStep(pos int) (step, int, bool) {
	if pos >= len(p.src) {
		return step{}, pos, false
	}
	switch p.src[pos] {
	case '.':
		name, end, ok := p.identifier(pos + 1)
		return step{kind: nameStep, name: name, key: fold(name)}, end, ok
	case '[':
		return p.index(pos)
	}
	return step{}, pos, false
}

// index reads [#{symbol}] or [text], where text may hold balanced brackets.
func (p *parser) index(pos int) (step, int, bool) {
	if inner := p.skip(pos + 1); p.at(inner, "#{") {
		sub, end, ok := p.substitution(inner)
		if ok && len(sub.expression.filters) == 0 {
			if end, ok := p.literal(p.skip(end), "]"); ok {
				return step{kind: symbolIndexStep, from: sub.expression.symbol}, end, true
			}
		}
	}
	end, ok := p.closingBracket(pos)
	if !ok {
		return step{}, end, false
	}
	text := strings.TrimSpace(p.src[pos+1 : end])
	return step{kind: indexStep, name: text, key: fold(text)}, end + 1, true
}

// closingBracket finds the ']' that belongs to the '[' at pos. All pairs of the
// text are found in one pass, so that a text full of brackets stays linear.
func (p *parser) closingBracket(pos int) (int, bool) {
	if p.closing == nil {
		p.closing = matchBrackets(p.src)
	}
	end := p.closing[pos]
	return end, end > 0
}

func matchBrackets(src string) []int {
	closing := make([]int, len(src))
	var open []int
	for i := range len(src) {
		switch src[i] {
		case '[':
			open = append(open, i)
		case ']':
			if len(open) > 0 {
				closing[open[len(open)-1]] = i
				open = open[:len(open)-1]
			}
		}
	}
	return closing
}

// identifier reads a name, which may hold blanks, and trims it.
func (p *parser) identifier(pos int) (string, int, bool) {
	end := pos
	for end < len(p.src) {
		size := p.wordRune(end)
		if size == 0 {
			size = p.blankAt(end)
			if size == 0 || p.blankEndsName(end+size) {
				break
			}
		}
		end += size
	}
	return strings.TrimSpace(p.src[pos:end]), end, end > pos
}

// blankEndsName says whether what stands at pos, behind a blank, ends a name:
// the end of the expression, or a keyword with a blank behind it.
func (p *parser) blankEndsName(pos int) bool {
	if pos >= len(p.src) {
		return false
	}
	switch p.src[pos] {
	case '|', '}':
		return pos < len(p.src)-1
	case 'i', '=', '!':
		rest := p.src[pos:]
		if strings.HasPrefix(rest, "in") || strings.HasPrefix(rest, "==") || strings.HasPrefix(rest, "!=") {
			return p.blankAt(pos+2) > 0
		}
	}
	return false
}

// word reads a name without blanks; it is empty when there is none.
func (p *parser) word(pos int) (string, int) {
	end := pos
	for end < len(p.src) {
		size := p.wordRune(end)
		if size == 0 {
			break
		}
		end += size
	}
	return p.src[pos:end], end
}

// wordRune gives the size of the name character at pos, 0 when it is none.
// Characters beyond the basic plane are none.
func (p *parser) wordRune(pos int) int {
	c := p.src[pos]
	if c < utf8.RuneSelf {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
			return 1
		}
		switch c {
		case '_', '-', ':', '/', '~', '(', ')', '@':
			return 1
		}
		return 0
	}
	r, size := utf8.DecodeRuneInString(p.src[pos:])
	if r <= 0xFFFF && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
		return size
	}
	return 0
}

// skip gives the position of the next character that is not white space.
func (p *parser) skip(pos int) int {
	for {
		size := p.blankAt(pos)
		if size == 0 {
			return pos
		}
		pos += size
	}
}

// blankAt gives the size of the white-space character at pos, 0 when it is none.
func (p *parser) blankAt(pos int) int {
	if pos >= len(p.src) {
		return 0
	}
	c := p.src[pos]
	if c < utf8.RuneSelf {
		if c == ' ' || '\t' <= c && c <= '\r' {
			return 1
		}
		return 0
	}
	r, size := utf8.DecodeRuneInString(p.src[pos:])
	if unicode.IsSpace(r) {
		return size
	}
	return 0
}

// fold makes names comparable without regard to case.
func fold(name string) string { return strings.ToLower(name) }
