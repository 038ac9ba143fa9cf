package octostache

import (
	"strings"

	"github.com/takodeploy/tako/octostache/internal/dotnet"
)

// calculation is #{calc sum}.
type calculation struct{ sum *chain }

// chain is operands of one precedence, applied from left to right.
type chain struct {
	first operand
	rest  []operation
}

type operation struct {
	operator byte
	operand  operand
}

// operand is a number, a variable, or a chain of another precedence.
type operand struct {
	chain    *chain
	variable *symbol
	number   float64
}

// calcBlock reads "sum }" from behind the keyword.
func (p *parser) calcBlock(pos int) (token, int, bool) {
	pos, ok := p.blanks(pos)
	if !ok {
		return nil, pos, false
	}
	sum, pos, ok := p.sum(pos)
	if !ok {
		return nil, pos, false
	}
	pos, ok = p.literal(p.skip(pos), "}")
	return &calculation{sum: sum}, pos, ok
}

func (p *parser) sum(pos int) (*chain, int, bool) {
	defer p.leave()
	if !p.enter() {
		return nil, pos, false
	}
	return p.chain(pos, "+-", func(pos int) (operand, int, bool) {
		product, end, ok := p.chain(pos, "*/", p.factor)
		if ok && len(product.rest) == 0 {
			return product.first, end, true
		}
		return operand{chain: product}, end, ok
	})
}

// chain reads operands with any of the operators between them. An operator
// that no operand follows is left unread.
func (p *parser) chain(pos int, operators string, read func(int) (operand, int, bool)) (*chain, int, bool) {
	first, end, ok := read(pos)
	if !ok {
		return nil, end, false
	}
	c := &chain{first: first}
	for {
		at := p.skip(end)
		if at >= len(p.src) || strings.IndexByte(operators, p.src[at]) < 0 {
			return c, end, true
		}
		next, behind, ok := read(p.skip(at + 1))
		if !ok {
			return c, end, true
		}
		c.rest = append(c.rest, operation{operator: p.src[at], operand: next})
		end = behind
	}
}

// factor reads a sum in parentheses, a number, a variable in braces, or a
// variable. The first character decides.
func (p *parser) factor(pos int) (operand, int, bool) {
	if pos >= len(p.src) {
		return operand{}, pos, false
	}
	switch c := p.src[pos]; {
	case c == '(':
		inner, end, ok := p.sum(pos + 1)
		if !ok {
			return operand{}, end, false
		}
		end, ok = p.literal(end, ")")
		return operand{chain: inner}, end, ok
	case c == '.' || '0' <= c && c <= '9':
		return p.number(pos)
	case c == '{':
		variable, end, ok := p.symbol(p.skip(pos + 1))
		if !ok {
			return operand{}, end, false
		}
		end, ok = p.literal(p.skip(end), "}")
		return operand{variable: variable}, end, ok
	}
	variable, end, ok := p.symbol(p.skip(pos))
	return operand{variable: variable}, p.skip(end), ok
}

// number reads digits with at most one point, which digits must follow.
func (p *parser) number(pos int) (operand, int, bool) {
	end := p.digits(pos)
	if end < len(p.src) && p.src[end] == '.' {
		point := end
		if end = p.digits(point + 1); end == point+1 {
			return operand{}, end, false
		}
	}
	value, ok := dotnet.ParseDouble(p.src[pos:end])
	return operand{number: value}, end, ok
}

func (p *parser) digits(pos int) int {
	for pos < len(p.src) && '0' <= p.src[pos] && p.src[pos] <= '9' {
		pos++
	}
	return pos
}

// print writes what stands for a calculation that has no result: neither the
// keyword nor blanks, braces and parentheses come back.
func (t *calculation) print(b *strings.Builder) {
	b.WriteString("#{")
	t.sum.print(b)
	b.WriteString("}")
}

func (c *chain) print(b *strings.Builder) {
	c.first.print(b)
	for i := range c.rest {
		b.WriteByte(c.rest[i].operator)
		c.rest[i].operand.print(b)
	}
}

func (o *operand) print(b *strings.Builder) {
	switch {
	case o.chain != nil:
		o.chain.print(b)
	case o.variable != nil:
		b.WriteString(o.variable.text)
	default:
		b.WriteString(dotnet.FormatDouble(o.number))
	}
}

func (t *calculation) arguments(add func(string)) { t.sum.arguments(add) }

func (c *chain) arguments(add func(string)) {
	c.first.arguments(add)
	for i := range c.rest {
		c.rest[i].operand.arguments(add)
	}
}

func (o *operand) arguments(add func(string)) {
	if o.chain != nil {
		o.chain.arguments(add)
	}
	if o.variable != nil {
		o.variable.arguments(add)
	}
}

// result computes the chain; resolve gives a variable's text. Nothing comes of
// a chain with an operand that is missing or no number.
func (c *chain) result(resolve func(*symbol) (string, bool, error)) (float64, bool, error) {
	total, ok, err := c.first.result(resolve)
	for i := 0; ok && i < len(c.rest); i++ {
		var next float64
		if next, ok, err = c.rest[i].operand.result(resolve); !ok {
			break
		}
		switch c.rest[i].operator {
		case '+':
			total += next
		case '-':
			total -= next
		case '*':
			total *= next
		default:
			total /= next
		}
	}
	return total, ok, err
}

func (o *operand) result(resolve func(*symbol) (string, bool, error)) (float64, bool, error) {
	if o.chain != nil {
		return o.chain.result(resolve)
	}
	if o.variable == nil {
		return o.number, true, nil
	}
	text, ok, err := resolve(o.variable)
	if !ok || err != nil {
		return 0, false, err
	}
	value, ok := dotnet.ParseDouble(text)
	return value, ok, nil
}
