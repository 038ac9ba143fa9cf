package ocl

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// deepest is how far blocks may be nested. Files of people stay under ten; the
// bound keeps a hostile one from growing the stack.
const deepest = 100

// Parse reads a document. A text of blanks alone is an empty one. The error of
// a text that is not OCL is an *Error.
func Parse(text string) (Body, error) {
	p := &parser{text: strings.TrimPrefix(text, "\ufeff")}
	body, err := p.body(0)
	if err != nil {
		return nil, err
	}
	if p.rest() != "" {
		return nil, p.fail("a name of a block or an attribute must stand here, not %s", p.next())
	}
	return body, nil
}

// parser walks through a text once.
type parser struct {
	text  string
	at    int   // offset of what comes next
	lines []int // offsets at which the lines before at begin
}

func (p *parser) rest() string { return p.text[p.at:] }

// fail makes the error that the text is wrong at what comes next.
func (p *parser) fail(format string, args ...any) error {
	return &Error{Position: p.position(p.at), Message: fmt.Sprintf(format, args...)}
}

// position counts the lines up to an offset.
func (p *parser) position(at int) Position {
	if p.lines == nil {
		p.lines = []int{0}
	}
	for last := p.lines[len(p.lines)-1]; last <= at; {
		end := strings.IndexByte(p.text[last:], '\n')
		if end < 0 {
			break
		}
		last += end + 1
		p.lines = append(p.lines, last)
	}
	line, found := slices.BinarySearch(p.lines, at)
	if !found {
		line--
	}
	return Position{Line: line + 1, Column: utf8.RuneCountInString(p.text[p.lines[line]:at]) + 1}
}

// next describes what comes next, for complaints.
func (p *parser) next() string {
	switch r, _ := utf8.DecodeRuneInString(p.rest()); {
	case p.rest() == "":
		return "the end of the file"
	case r == '\n' || strings.HasPrefix(p.rest(), "\r\n"):
		return "the end of the line"
	default:
		return strconv.QuoteRune(r)
	}
}

// eat goes past a text, if it comes next.
func (p *parser) eat(text string) bool {
	if !strings.HasPrefix(p.rest(), text) {
		return false
	}
	p.at += len(text)
	return true
}

// take goes past the characters that belong and returns them.
func (p *parser) take(belongs func(rune) bool) string {
	rest := p.rest()
	end := strings.IndexFunc(rest, func(r rune) bool { return !belongs(r) })
	if end < 0 {
		end = len(rest)
	}
	p.at += end
	return rest[:end]
}

func isBlank(r rune) bool { return r != '\n' && unicode.IsSpace(r) }

func isName(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

// blanks goes past the blanks of the line, space past those of any line.
func (p *parser) blanks() { p.take(isBlank) }
func (p *parser) space()  { p.take(unicode.IsSpace) }

// body reads blocks and attributes up to what is neither.
func (p *parser) body(depth int) (Body, error) {
	var body Body
	for {
		p.space()
		at := p.at
		name := p.take(isName)
		if name == "" {
			return body, nil
		}
		element, err := p.element(name, p.position(at), depth)
		if err != nil {
			return nil, err
		}
		body = append(body, element)
	}
}

func (p *parser) element(name string, at Position, depth int) (Element, error) {
	p.blanks()
	if p.eat("=") {
		p.blanks()
		value, err := p.value(true)
		return &Attribute{Name: name, Value: value, At: at}, err
	}
	block := &Block{Name: name, At: at}
	for strings.HasPrefix(p.rest(), `"`) {
		label, err := p.quoted()
		if err != nil {
			return nil, err
		}
		block.Labels = append(block.Labels, label)
		p.blanks()
	}
	if depth == deepest {
		return nil, p.fail("blocks are nested more than %d deep", deepest)
	}
	if !p.eat("{") {
		if block.Labels == nil {
			return nil, p.fail(`after the name "%s" comes = for an attribute, or { on the same line for a block, not %s`, name, p.next())
		}
		return nil, p.fail(`after the labels of the block "%s" comes { on the same line, not %s`, name, p.next())
	}
	return block, p.inside(block, depth)
}

// inside reads what a block holds, and its end.
func (p *parser) inside(block *Block, depth int) error {
	p.blanks()
	if !strings.HasPrefix(p.rest(), "\n") && !strings.HasPrefix(p.rest(), "}") {
		return p.fail(`what is in the block "%s" begins on a line of its own, after the {, but here is %s`, block.Name, p.next())
	}
	body, err := p.body(depth + 1)
	if err != nil {
		return err
	}
	if !p.eat("}") {
		return p.fail(`the block "%s" of line %d ends with }, but here is %s`, block.Name, block.At.Line, p.next())
	}
	block.Body = body
	return nil
}

// value reads what is behind an =. A dictionary is one only of an attribute.
func (p *parser) value(dictionary bool) (Value, error) {
	switch rest := p.rest(); {
	case strings.HasPrefix(rest, `"`):
		return p.quoted()
	case strings.HasPrefix(rest, "<<"):
		return p.heredoc()
	case strings.HasPrefix(rest, "["):
		return p.list()
	case strings.HasPrefix(rest, "{") && dictionary:
		return p.dictionary()
	case strings.HasPrefix(rest, "{"):
		return nil, p.fail("a dictionary cannot hold another dictionary")
	case strings.HasPrefix(rest, "-"), rest != "" && isDigit(rune(rest[0])):
		return p.number()
	}
	at := p.at
	switch word := p.take(isName); word {
	case "null":
		return nil, nil
	case "true", "false":
		return word == "true", nil
	}
	p.at = at
	return nil, p.fail(`a value must stand here: text in quotes, a number, true, false, null, [ ], { } or <<, not %s`, p.next())
}

// quoted reads a text in quotes.
func (p *parser) quoted() (string, error) {
	p.at++
	var text strings.Builder
	for {
		rest := p.rest()
		end := strings.IndexAny(rest, "\"\\\r\n")
		if end < 0 {
			p.at = len(p.text)
			return "", p.fail(`text in quotes must end with " before the file does`)
		}
		text.WriteString(rest[:end])
		p.at += end
		switch rest[end] {
		case '"':
			p.at++
			return text.String(), nil
		case '\\':
			r, err := p.escaped()
			if err != nil {
				return "", err
			}
			text.WriteByte(r)
		default:
			return "", p.fail(`text in quotes must end with " before its line does`)
		}
	}
}

func (p *parser) escaped() (byte, error) {
	escapes := map[rune]byte{'r': '\r', 'n': '\n', 't': '\t', '\\': '\\', '"': '"'}
	r, size := utf8.DecodeRuneInString(p.text[p.at+1:])
	meant, ok := escapes[r]
	if !ok {
		return 0, p.fail(`Unrecognised character escape: \%s. Text in quotes has \r \n \t \\ and \" only`, p.text[p.at+1:p.at+1+size])
	}
	p.at += 1 + size
	return meant, nil
}

// number reads an integer, or a decimal if it has a fraction.
func (p *parser) number() (Value, error) {
	at := p.at
	p.eat("-")
	if p.take(isDigit) == "" {
		return nil, p.fail("a digit must stand behind the -, not %s", p.next())
	}
	if point := p.at; p.eat(".") {
		if p.take(isDigit) == "" {
			p.at = point + 1
			return nil, p.fail("a digit must stand behind the point, not %s", p.next())
		}
		return Decimal(p.text[at:p.at]), p.alone()
	}
	n, err := strconv.ParseInt(p.text[at:p.at], 10, 32)
	if err != nil {
		text := p.text[at:p.at]
		p.at = at
		return nil, p.fail("the number %.40s does not fit into 32 bits. Put it in quotes", text)
	}
	return n, p.alone()
}

// alone holds that a number ends where its digits do.
func (p *parser) alone() error {
	r, size := utf8.DecodeRuneInString(p.rest())
	if size > 0 && (isName(r) || r == '.') {
		return p.fail("a number cannot go on with %s", p.next())
	}
	return nil
}

// list reads values of one kind in brackets.
func (p *parser) list() (Value, error) {
	p.at++
	p.space()
	if p.eat("]") {
		return []string{}, nil
	}
	var items []Value
	for {
		first := p.rest()
		if !strings.HasPrefix(first, `"`) && !strings.HasPrefix(first, "-") && (first == "" || !isDigit(rune(first[0]))) {
			return nil, p.fail("a list holds texts in quotes or numbers, but here is %s", p.next())
		}
		at := p.at
		item, err := p.value(false)
		if err != nil {
			return nil, err
		}
		if len(items) > 0 && fmt.Sprintf("%T", item) != fmt.Sprintf("%T", items[0]) {
			p.at = at
			return nil, p.fail("a list holds values of one kind: texts, integers or decimals")
		}
		items = append(items, item)
		p.space()
		switch {
		case p.eat("]"):
			return ofOneKind(items), nil
		case !p.eat(","):
			return nil, p.fail("between the values of a list stands a comma, and ] at its end, but here is %s", p.next())
		}
		p.space()
	}
}

func ofOneKind(items []Value) Value {
	switch items[0].(type) {
	case string:
		return listOf[string](items)
	case int64:
		return listOf[int64](items)
	default:
		return listOf[Decimal](items)
	}
}

func listOf[T any](items []Value) []T {
	list := make([]T, len(items))
	for i, item := range items {
		list[i] = item.(T)
	}
	return list
}

// dictionary reads keys with values in braces.
func (p *parser) dictionary() (Value, error) {
	p.at++
	d, seen := Dictionary{}, map[string]bool{}
	for {
		p.space()
		at := p.at
		key, ok, err := p.key()
		switch {
		case err != nil:
			return nil, err
		case !ok:
			p.at = at
			if p.eat("}") {
				return d, nil
			}
			return nil, p.fail("a key with = and a value on the same line must stand here, or the } of the dictionary, not %s", p.next())
		case seen[key]:
			p.at = at
			return nil, p.fail(`the dictionary has the key "%s" twice`, key)
		}
		seen[key] = true
		p.blanks()
		value, err := p.value(false)
		if err != nil {
			return nil, err
		}
		d = append(d, Entry{Key: key, Value: value, At: p.position(at)})
	}
}

// key reads a key and the = behind it; ok is false where there is none. A key
// without quotes goes up to the next blank, so that it may hold an = and even
// be a brace.
func (p *parser) key() (key string, ok bool, err error) {
	if strings.HasPrefix(p.rest(), `"`) {
		if key, err = p.quoted(); err != nil {
			return "", false, err
		}
	} else {
		key = p.take(func(r rune) bool { return r != '"' && !unicode.IsSpace(r) })
	}
	p.blanks()
	return key, p.eat("="), nil
}
