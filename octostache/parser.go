package octostache

import (
	"strings"
)

// Parse reads a template, refusing it when any part makes no sense.
func Parse(text string) (*Template, error) {
	p := &parser{src: text}
	tokens, end := p.template(0)
	if p.limit != nil {
		return nil, p.limit
	}
	if end < len(text) {
		_, reached, _ := p.token(end)
		return nil, parseErrorAt(text, reached)
	}
	return &Template{tokens: tokens}, nil
}

// ParseLenient reads a template, keeping the stretches that make no sense as
// they are. It fails only at a limit.
func ParseLenient(text string) (*Template, error) {
	p := &parser{src: text}
	var tokens []token
	for pos := 0; pos < len(text); {
		t, end, ok := p.token(pos)
		if p.limit != nil {
			return nil, p.limit
		}
		if end == pos {
			break
		}
		if !ok {
			t = &textToken{text: text[pos:end]}
		}
		tokens = append(tokens, t)
		pos = end
		p.forget()
	}
	return &Template{tokens: tokens}, nil
}

// parser reads one text with ordered choice and backtracking. Its methods take
// a position and give what they read, where they stopped, and whether they
// succeeded; where they failed, the position is the furthest one reached.
//
// Invariant: every construct is read at most once per position, because an
// unclosed block is read again as a variable and would otherwise double the
// work at each level.
type parser struct {
	src     string
	memo    map[int]constructAt
	subs    map[int]substitutionAt
	closing []int // of every '[', its matching ']'
	depth   int
	work    int // tokens read, those read again included
	limit   error
}

type constructAt struct {
	token token
	end   int
	ok    bool
}

type substitutionAt struct {
	token *substitution
	end   int
	ok    bool
}

// enter counts a level of nesting; leave gives it back.
func (p *parser) enter() bool {
	if p.depth >= maxNesting {
		p.limit = &LimitError{What: "nested constructs"}
	}
	p.depth++
	return p.limit == nil
}

func (p *parser) leave() { p.depth-- }

// at says whether s stands at pos.
func (p *parser) at(pos int, s string) bool { return strings.HasPrefix(p.src[pos:], s) }

// literal reads s; a failure reports how far it matched.
func (p *parser) literal(pos int, s string) (end int, ok bool) {
	for i := range len(s) {
		if pos+i >= len(p.src) || p.src[pos+i] != s[i] {
			return pos + i, false
		}
	}
	return pos + len(s), true
}

// keyword reads an ASCII lower-case word in any case.
func (p *parser) keyword(pos int, word string) (end int, ok bool) {
	for i := range len(word) {
		if pos+i >= len(p.src) || p.src[pos+i]|0x20 != word[i]|0x20 {
			return pos + i, false
		}
	}
	return pos + len(word), true
}

// opening reads "#{" that does not begin a closing tag.
func (p *parser) opening(pos int) (end int, ok bool) {
	if p.at(pos, "#{/") {
		return pos, false
	}
	return p.literal(pos, "#{")
}

// blanks reads at least one white-space character.
func (p *parser) blanks(pos int) (end int, ok bool) {
	end = p.skip(pos)
	return end, end > pos
}

// template reads tokens to the first that cannot be read.
func (p *parser) template(pos int) ([]token, int) { return p.body(pos, nil) }

// body reads tokens to the first that cannot be read or at which stop says so.
func (p *parser) body(pos int, stop func(pos int) bool) (tokens []token, end int) {
	for pos < len(p.src) && p.limit == nil && (stop == nil || !stop(pos)) {
		t, end, ok := p.token(pos)
		if !ok {
			break
		}
		tokens = append(tokens, t)
		pos = end
		p.forget()
	}
	return tokens, pos
}

// forget drops what was remembered once nothing can come back to it.
func (p *parser) forget() {
	if p.depth == 0 && len(p.memo)+len(p.subs) > 0 {
		p.memo, p.subs = nil, nil
	}
}

// token reads a construct or literal text.
func (p *parser) token(pos int) (token, int, bool) {
	if p.work++; p.work > 10_000+2*len(p.src) {
		p.limit = &LimitError{What: "backtracking"}
		return nil, pos, false
	}
	if !p.at(pos, "#{") {
		return p.text(pos)
	}
	t, end, ok := p.construct(pos)
	if ok {
		return t, end, true
	}
	// Text gives up one character after the '#' it cannot read.
	return nil, max(end, pos+1), false
}

// text reads up to the next "#{" that is not escaped.
func (p *parser) text(pos int) (token, int, bool) {
	start, plain := pos, pos // src[plain:pos] is yet to be written to b
	var b strings.Builder
	for pos < len(p.src) {
		next := strings.IndexByte(p.src[pos:], '#')
		if next < 0 {
			pos = len(p.src)
			break
		}
		pos += next
		rest := p.src[pos:]
		switch {
		case strings.HasPrefix(rest, "###{") && len(rest) > 4:
			b.WriteString(p.src[plain : pos+1])
			pos += 2
			plain = pos
		case strings.HasPrefix(rest, "##{"):
			b.WriteString(p.src[plain:pos])
			b.WriteString("#{")
			pos += 3
			plain = pos
		case strings.HasPrefix(rest, "#{"):
			return finishText(&b, p.src[plain:pos]), pos, pos > start
		default:
			pos = min(pos+2, len(p.src))
		}
	}
	return finishText(&b, p.src[plain:pos]), pos, pos > start
}

// finishText avoids a copy when the text held no escape.
func finishText(b *strings.Builder, rest string) token {
	if b.Len() == 0 {
		return &textToken{text: rest}
	}
	b.WriteString(rest)
	return &textToken{text: b.String()}
}

// construct reads whatever "#{" begins at pos: the first of conditional, calc,
// each and substitution that fits.
func (p *parser) construct(pos int) (token, int, bool) {
	if known, ok := p.memo[pos]; ok {
		return known.token, known.end, known.ok
	}
	defer p.leave()
	if !p.enter() {
		return nil, pos, false
	}
	t, end, ok := p.choose(pos)
	if p.limit != nil {
		return nil, end, false
	}
	if p.depth == 1 {
		return t, end, ok
	}
	if p.memo == nil {
		p.memo = map[int]constructAt{}
	}
	p.memo[pos] = constructAt{t, end, ok}
	return t, end, ok
}

func (p *parser) choose(pos int) (token, int, bool) {
	inner, ok := p.opening(pos)
	if !ok {
		return nil, inner, false
	}
	furthest := inner
	// The keyword decides; without one of them only a substitution is left.
	word := p.skip(inner)
	furthest = max(furthest, word)
	for _, block := range [...]struct {
		keyword string
		read    func(p *parser, pos int) (token, int, bool)
	}{
		{"if", (*parser).ifBlock},
		{"unless", (*parser).unlessBlock},
		{"calc", (*parser).calcBlock},
		{"each", (*parser).eachBlock},
	} {
		end, ok := p.keyword(word, block.keyword)
		furthest = max(furthest, end)
		if !ok {
			continue
		}
		t, end, ok := block.read(p, end)
		if ok {
			return t, end, true
		}
		furthest = max(furthest, end)
	}
	s := p.substitutionRest(word)
	if !s.ok {
		return nil, max(furthest, s.end), false
	}
	return s.token, s.end, true
}

// substitution reads "#{ expression }" where nothing else may stand.
func (p *parser) substitution(pos int) (*substitution, int, bool) {
	if known, ok := p.subs[pos]; ok {
		return known.token, known.end, known.ok
	}
	defer p.leave()
	if !p.enter() {
		return nil, pos, false
	}
	var result substitutionAt
	result.end, result.ok = p.opening(pos)
	if result.ok {
		result = p.substitutionRest(p.skip(result.end))
	}
	if p.subs == nil {
		p.subs = map[int]substitutionAt{}
	}
	p.subs[pos] = result
	return result.token, result.end, result.ok
}

func (p *parser) substitutionRest(pos int) substitutionAt {
	x, end, ok := p.expression(pos)
	if !ok {
		return substitutionAt{end: end}
	}
	end, ok = p.literal(p.skip(end), "}")
	if !ok {
		return substitutionAt{end: end}
	}
	return substitutionAt{token: &substitution{expression: x}, end: end, ok: true}
}
