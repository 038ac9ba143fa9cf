package octostache

import (
	"math/big"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/takodeploy/tako/octostache/internal/dotnet"
)

// parseJSON reads JSON the tolerant way that variables are written: names
// without quotes, single quotes, comments and trailing commas. It gives nil
// for anything else.
func parseJSON(text string) *jsonValue {
	p := &jsonParser{src: text, doc: &jsonDocument{}}
	p.blanks()
	// Only objects and arrays have members to offer.
	if p.pos >= len(text) || text[p.pos] != '{' && text[p.pos] != '[' {
		return nil
	}
	v := p.value()
	p.blanks()
	if v == nil || p.bad || p.pos < len(text) {
		return nil
	}
	return v
}

type jsonParser struct {
	src   string
	doc   *jsonDocument
	pos   int
	depth int
	bad   bool
}

// fail notes that the text is not JSON.
func (p *jsonParser) fail() *jsonValue {
	p.bad = true
	return nil
}

func (p *jsonParser) peek() byte {
	if p.pos < len(p.src) {
		return p.src[p.pos]
	}
	return 0
}

// blanks skips white space and comments.
func (p *jsonParser) blanks() {
	for p.pos < len(p.src) {
		rest := p.src[p.pos:]
		switch {
		case strings.HasPrefix(rest, "//"):
			n := strings.IndexAny(rest, "\r\n")
			if n < 0 {
				n = len(rest)
			}
			p.pos += n
		case strings.HasPrefix(rest, "/*"):
			n := strings.Index(rest[2:], "*/")
			if n < 0 {
				p.bad = true
				p.pos = len(p.src)
				return
			}
			p.pos += n + 4
		default:
			r, size := utf8.DecodeRuneInString(rest)
			if !unicode.IsSpace(r) {
				return
			}
			p.pos += size
		}
	}
}

func (p *jsonParser) value() *jsonValue {
	p.blanks()
	switch c := p.peek(); {
	case c == '{':
		return p.nested(p.object)
	case c == '[':
		return p.nested(p.array)
	case c == '"' || c == '\'':
		text, ok := p.quoted(c)
		if !ok {
			return p.fail()
		}
		p.doc.templated = p.doc.templated || strings.Contains(text, "#{")
		return &jsonValue{doc: p.doc, kind: jsonString, text: text}
	}
	return p.word()
}

func (p *jsonParser) nested(read func() *jsonValue) *jsonValue {
	if p.depth++; p.depth > maxJSONDepth {
		return p.fail()
	}
	defer func() { p.depth-- }()
	p.pos++
	return read()
}

func (p *jsonParser) object() *jsonValue {
	v := &jsonValue{doc: p.doc, kind: jsonObject, byName: map[string]int{}}
	for {
		p.blanks()
		if p.peek() == '}' {
			p.pos++
			return v
		}
		name, ok := p.name()
		if !ok {
			return p.fail()
		}
		p.doc.templated = p.doc.templated || strings.Contains(name, "#{")
		p.blanks()
		if p.peek() != ':' {
			return p.fail()
		}
		p.pos++
		member := p.value()
		if member == nil {
			return p.fail()
		}
		if at, known := v.byName[name]; known {
			v.members[at].value = member
		} else {
			v.byName[name] = len(v.members)
			v.members = append(v.members, jsonMember{name, member})
		}
		if !p.separator('}') {
			return p.fail()
		}
	}
}

func (p *jsonParser) array() *jsonValue {
	v := &jsonValue{doc: p.doc, kind: jsonArray}
	for {
		p.blanks()
		if p.peek() == ']' {
			p.pos++
			return v
		}
		element := p.value()
		if element == nil {
			return p.fail()
		}
		v.members = append(v.members, jsonMember{value: element})
		if !p.separator(']') {
			return p.fail()
		}
	}
}

// separator skips a comma; the closing bracket may stand in its place.
func (p *jsonParser) separator(closing byte) bool {
	p.blanks()
	if p.peek() == ',' {
		p.pos++
		return true
	}
	return p.peek() == closing
}

// name reads a property name, quoted or not.
func (p *jsonParser) name() (string, bool) {
	if c := p.peek(); c == '"' || c == '\'' {
		return p.quoted(c)
	}
	start := p.pos
	for p.pos < len(p.src) {
		r, size := utf8.DecodeRuneInString(p.src[p.pos:])
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' && r != '$' {
			break
		}
		p.pos += size
	}
	return p.src[start:p.pos], p.pos > start
}

// quoted reads a string from its opening quote.
func (p *jsonParser) quoted(quote byte) (string, bool) {
	p.pos++
	rest := p.src[p.pos:]
	if n := strings.IndexByte(rest, quote); n >= 0 && strings.IndexByte(rest[:n], '\\') < 0 {
		p.pos += n + 1
		return rest[:n], true
	}
	var b strings.Builder
	for p.pos < len(p.src) {
		c := p.src[p.pos]
		p.pos++
		switch c {
		case quote:
			return b.String(), true
		case '\\':
			if !p.escape(&b) {
				return "", false
			}
		default:
			b.WriteByte(c)
		}
	}
	return "", false
}

// escape reads what follows a backslash.
func (p *jsonParser) escape(b *strings.Builder) bool {
	c := p.peek()
	p.pos++
	switch c {
	case 'b':
		b.WriteByte('\b')
	case 'f':
		b.WriteByte('\f')
	case 'n':
		b.WriteByte('\n')
	case 'r':
		b.WriteByte('\r')
	case 't':
		b.WriteByte('\t')
	case '"', '\'', '\\', '/':
		b.WriteByte(c)
	case 'u':
		unit, ok := p.hex()
		if !ok {
			return false
		}
		if utf16.IsSurrogate(unit) && strings.HasPrefix(p.src[p.pos:], `\u`) {
			p.pos += 2
			low, ok := p.hex()
			if !ok {
				return false
			}
			unit = utf16.DecodeRune(unit, low)
		}
		b.WriteRune(unit)
	default:
		return false
	}
	return true
}

func (p *jsonParser) hex() (rune, bool) {
	if p.pos+4 > len(p.src) {
		return 0, false
	}
	value, err := strconv.ParseUint(p.src[p.pos:p.pos+4], 16, 16)
	p.pos += 4
	return rune(value), err == nil
}

// word reads true, false, null and numbers.
func (p *jsonParser) word() *jsonValue {
	start := p.pos
	for p.pos < len(p.src) && strings.IndexByte("+-.", p.src[p.pos]) >= 0 || isWordByte(p.peek()) {
		p.pos++
	}
	switch text := p.src[start:p.pos]; text {
	case "true":
		return &jsonValue{kind: jsonTrue}
	case "false":
		return &jsonValue{kind: jsonFalse}
	case "null", "undefined":
		return &jsonValue{kind: jsonNull}
	case "NaN", "Infinity", "-Infinity":
		return &jsonValue{kind: jsonNumber, text: text, number: text}
	default:
		return p.number(text)
	}
}

func isWordByte(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func (p *jsonParser) number(text string) *jsonValue {
	if text == "" || !strings.ContainsAny(text[:1], "0123456789-.") {
		return p.fail()
	}
	if len(text) > 400 {
		return p.fail()
	}
	// A leading zero makes it hexadecimal or octal.
	base := 10
	digits := strings.TrimPrefix(text, "-")
	switch {
	case strings.HasPrefix(digits, "0x") || strings.HasPrefix(digits, "0X"):
		base, digits = 16, digits[2:]
	case len(digits) > 1 && digits[0] == '0' && !strings.ContainsAny(digits, ".eE"):
		base = 8
	}
	if base != 10 || !strings.ContainsAny(digits, ".eE") {
		whole, ok := new(big.Int).SetString(digits, base)
		if !ok || strings.ContainsAny(digits, "+-_") {
			return p.fail()
		}
		if strings.HasPrefix(text, "-") {
			whole.Neg(whole)
		}
		return &jsonValue{kind: jsonNumber, text: whole.String(), number: whole.String()}
	}
	value, err := strconv.ParseFloat(text, 64)
	if err != nil || strings.ContainsAny(text, "_xX") {
		return p.fail()
	}
	shown := dotnet.FormatDouble(value)
	compact := shown
	if !strings.ContainsAny(compact, ".EN") {
		compact += ".0"
	}
	return &jsonValue{kind: jsonNumber, text: compact, number: shown}
}
