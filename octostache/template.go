package octostache

import (
	"slices"
	"strings"
)

// Template is a parsed text. It is immutable and may be shared.
type Template struct {
	tokens []token
}

// String prints the template in its canonical form: blanks normalised, literal
// filter options quoted, elseif spelled as nested conditionals.
func (t *Template) String() string {
	var b strings.Builder
	writeTokens(&b, t.tokens)
	return b.String()
}

// ArgumentNames gives the names a template asks for, each once, in order of
// appearance. The parts of a dotted path count one by one, and what stands in
// the body of an each is left out, because its names depend on the collection.
func (t *Template) ArgumentNames() []string {
	var names []string
	seen := map[string]bool{}
	add := func(name string) {
		if !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	for _, tok := range t.tokens {
		tok.arguments(add)
	}
	return slices.Clip(names)
}

// A token is one piece of a template.
type token interface {
	// print writes the canonical text.
	print(b *strings.Builder)
	// arguments reports the names the token asks for.
	arguments(add func(string))
}

// textToken is literal text, with the escapes already undone.
type textToken struct{ text string }

// substitution is #{expression}.
type substitution struct{ expression *expression }

// conditional is #{if}, #{unless}, and each clause of an elseif chain; for an
// unless the branches are swapped by the parser.
type conditional struct {
	condition condition
	truthy    []token
	falsy     []token
}

// condition compares left with a text or with another expression, or asks
// whether left is truthy.
type condition struct {
	left      *expression
	operator  string      // "", "==" or "!="
	rightText string      // when right is nil
	right     *expression // nil compares with rightText
}

// repetition is #{each enumerator in collection}.
type repetition struct {
	enumerator string
	key        string // the enumerator, folded for lookup
	collection *symbol
	body       []token
}

// expression is a symbol passed through filters. The symbol is nil when a
// filter chain begins without one.
type expression struct {
	symbol  *symbol
	filters []filterCall
}

// filterCall is one | Name option option.
type filterCall struct {
	name    string
	options []token
}

// symbol is a path such as Octopus.Action[Name].Value.
type symbol struct {
	steps    []step
	text     string // canonical
	position int    // in the text it was read from; loops are told by it
	dynamic  bool   // some index is itself a symbol
}

// step is one part of a path.
type step struct {
	kind stepKind
	name string  // identifier or literal index
	key  string  // name, folded for lookup
	from *symbol // for symbolIndex
}

type stepKind uint8

const (
	nameStep        stepKind = iota // .name
	indexStep                       // [text]
	symbolIndexStep                 // [#{symbol}]
)

// newSymbol completes a symbol from its steps.
func newSymbol(steps []step, position int) *symbol {
	s := &symbol{steps: steps, position: position}
	if len(steps) == 1 && steps[0].kind == nameStep {
		s.text = steps[0].name
		return s
	}
	var b strings.Builder
	for i, st := range steps {
		switch st.kind {
		case nameStep:
			if i > 0 {
				b.WriteByte('.')
			}
			b.WriteString(st.name)
		case indexStep:
			b.WriteString("[" + st.name + "]")
		case symbolIndexStep:
			s.dynamic = true
			b.WriteString("[#{" + st.from.text + "}]")
		}
	}
	s.text = b.String()
	return s
}

func writeTokens(b *strings.Builder, tokens []token) {
	for _, t := range tokens {
		t.print(b)
	}
}

func (t *textToken) print(b *strings.Builder) {
	b.WriteString(strings.ReplaceAll(t.text, "#{", "##{"))
}

func (t *substitution) print(b *strings.Builder) {
	b.WriteString("#{")
	t.expression.print(b)
	b.WriteString("}")
}

func (t *conditional) print(b *strings.Builder) {
	b.WriteString("#{if ")
	t.condition.print(b)
	b.WriteString("}")
	writeTokens(b, t.truthy)
	if len(t.falsy) > 0 {
		b.WriteString("#{else}")
		writeTokens(b, t.falsy)
	}
	b.WriteString("#{/if}")
}

func (c *condition) print(b *strings.Builder) {
	c.left.print(b)
	if c.operator == "" {
		return
	}
	b.WriteString(" " + c.operator + " ")
	if c.right != nil {
		c.right.print(b)
	} else {
		b.WriteString(`"` + c.rightText + `"`)
	}
	b.WriteByte(' ')
}

func (t *repetition) print(b *strings.Builder) {
	b.WriteString("#{each " + t.enumerator + " in " + t.collection.text + "}")
	writeTokens(b, t.body)
	b.WriteString("#{/each}")
}

func (x *expression) print(b *strings.Builder) {
	if x.symbol != nil {
		b.WriteString(x.symbol.text)
	}
	for i := range x.filters {
		f := &x.filters[i]
		b.WriteString(" | " + f.name)
		for _, option := range f.options {
			b.WriteByte(' ')
			if text, literal := option.(*textToken); literal {
				b.WriteByte('"')
				text.print(b)
				b.WriteByte('"')
				continue
			}
			option.print(b)
		}
	}
}

// canonical is the printed form of anything that prints.
func canonical(t interface{ print(*strings.Builder) }) string {
	var b strings.Builder
	t.print(&b)
	return b.String()
}

func (t *textToken) arguments(func(string)) {}

func (t *substitution) arguments(add func(string)) { t.expression.arguments(add) }

func (t *conditional) arguments(add func(string)) {
	t.condition.left.arguments(add)
	switch {
	case t.condition.right != nil:
		t.condition.right.arguments(add)
	case t.condition.operator != "":
		add(t.condition.rightText)
	}
	for _, tok := range t.truthy {
		tok.arguments(add)
	}
	for _, tok := range t.falsy {
		tok.arguments(add)
	}
}

func (t *repetition) arguments(add func(string)) { t.collection.arguments(add) }

func (x *expression) arguments(add func(string)) {
	if x.symbol != nil {
		x.symbol.arguments(add)
	}
	for i := range x.filters {
		for _, option := range x.filters[i].options {
			option.arguments(add)
		}
	}
}

func (s *symbol) arguments(add func(string)) {
	for _, st := range s.steps {
		switch st.kind {
		case nameStep:
			add(st.name)
		case symbolIndexStep:
			st.from.arguments(add)
		}
	}
}
