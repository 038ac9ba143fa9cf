package configure

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// The kinds of JSON values.
const (
	jsonNull = iota
	jsonBool
	jsonNumber
	jsonString
	jsonArray
	jsonObject
)

// jsonNode is a JSON value that keeps the order of its members and the spelling
// of its numbers, which encoding/json does not.
type jsonNode struct {
	kind  int
	text  string // of a scalar; a string's is without quotes and escapes
	keys  []string
	items []*jsonNode // of an array or, beside keys, of an object
}

// A jsonReader parses JSON as configuration files have it: comments, commas
// after the last item, single quotes and keys without quotes are let through.
type jsonReader struct {
	text  string
	at    int
	depth int
}

func parseJSON(text string) (*jsonNode, error) {
	r := &jsonReader{text: text}
	n, err := r.value()
	if err == nil {
		err = r.space()
	}
	if err == nil && r.at < len(r.text) {
		err = r.fail("text after the end of the document")
	}
	if err != nil {
		return nil, err
	}
	return n, nil
}

func (r *jsonReader) fail(format string, args ...any) error {
	before := r.text[:min(r.at, len(r.text))]
	line := strings.Count(before, "\n") + 1
	column := len(before) - strings.LastIndexByte(before, '\n')
	return &formatError{fmt.Sprintf("%s at line %d, column %d", fmt.Sprintf(format, args...), line, column)}
}

// space skips white space and comments.
func (r *jsonReader) space() error {
	for r.at < len(r.text) {
		rest := r.text[r.at:]
		switch {
		case strings.IndexByte(" \t\r\n\ufeff", rest[0]) >= 0 && rest[0] < utf8.RuneSelf:
			r.at++
		case strings.HasPrefix(rest, "//"):
			end := strings.IndexAny(rest, "\r\n")
			if end < 0 {
				end = len(rest)
			}
			r.at += end
		case strings.HasPrefix(rest, "/*"):
			end := strings.Index(rest, "*/")
			if end < 0 {
				return r.fail("a comment without an end")
			}
			r.at += end + 2
		default:
			return nil
		}
	}
	return nil
}

func (r *jsonReader) peek() byte {
	if r.at < len(r.text) {
		return r.text[r.at]
	}
	return 0
}

func (r *jsonReader) value() (*jsonNode, error) {
	if err := r.space(); err != nil {
		return nil, err
	}
	if r.depth++; r.depth > 1000 {
		return nil, r.fail("nesting too deep")
	}
	defer func() { r.depth-- }()
	switch c := r.peek(); c {
	case '{':
		return r.object()
	case '[':
		return r.array()
	case '"', '\'':
		text, err := r.quoted(c)
		return &jsonNode{kind: jsonString, text: text}, err
	}
	return r.word()
}

// word reads a number, true, false or null.
func (r *jsonReader) word() (*jsonNode, error) {
	start := r.at
	for r.at < len(r.text) && isWordByte(r.text[r.at]) {
		r.at++
	}
	word := r.text[start:r.at]
	switch word {
	case "null", "undefined":
		return &jsonNode{kind: jsonNull, text: "null"}, nil
	case "true", "false":
		return &jsonNode{kind: jsonBool, text: word}, nil
	case "":
		return nil, r.fail("a value was expected")
	}
	if _, err := strconv.ParseFloat(word, 64); err != nil && !isRangeError(err) || strings.Trim(word, "0123456789+-.eE") != "" {
		r.at = start
		return nil, r.fail("%q is not a value", word)
	}
	return &jsonNode{kind: jsonNumber, text: word}, nil
}

// isRangeError tells a number too big for us, which is still a number.
func isRangeError(err error) bool {
	e, ok := err.(*strconv.NumError) //nolint:errorlint // as strconv returns it
	return ok && e.Err == strconv.ErrRange
}

func isWordByte(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || strings.IndexByte("+-._$", c) >= 0
}

func (r *jsonReader) array() (*jsonNode, error) {
	n := &jsonNode{kind: jsonArray}
	r.at++
	for {
		if err := r.space(); err != nil {
			return nil, err
		}
		if r.peek() == ']' {
			r.at++
			return n, nil
		}
		item, err := r.value()
		if err != nil {
			return nil, err
		}
		n.items = append(n.items, item)
		if err := r.comma(']'); err != nil {
			return nil, err
		}
	}
}

// comma passes a comma, or stops before the end of the list.
func (r *jsonReader) comma(end byte) error {
	if err := r.space(); err != nil {
		return err
	}
	switch r.peek() {
	case ',':
		r.at++
		return nil
	case end:
		return nil
	}
	return r.fail("a comma or %q was expected", end)
}

func (r *jsonReader) object() (*jsonNode, error) {
	n := &jsonNode{kind: jsonObject}
	index := map[string]int{}
	r.at++
	for {
		if err := r.space(); err != nil {
			return nil, err
		}
		if r.peek() == '}' {
			r.at++
			return n, nil
		}
		key, err := r.key()
		if err != nil {
			return nil, err
		}
		item, err := r.value()
		if err != nil {
			return nil, err
		}
		// Of two members with one name the later's value counts.
		if i, twice := index[key]; twice {
			n.items[i] = item
		} else {
			index[key] = len(n.keys)
			n.keys, n.items = append(n.keys, key), append(n.items, item)
		}
		if err := r.comma('}'); err != nil {
			return nil, err
		}
	}
}

// key reads a member's name and the colon after it.
func (r *jsonReader) key() (string, error) {
	var key string
	var err error
	if c := r.peek(); c == '"' || c == '\'' {
		key, err = r.quoted(c)
	} else {
		start := r.at
		for r.at < len(r.text) && isWordByte(r.text[r.at]) {
			r.at++
		}
		if key = r.text[start:r.at]; key == "" {
			err = r.fail("a member's name was expected")
		}
	}
	if err == nil {
		err = r.space()
	}
	if err != nil {
		return "", err
	}
	if r.peek() != ':' {
		return "", r.fail("a colon was expected")
	}
	r.at++
	return key, nil
}

func (r *jsonReader) quoted(quote byte) (string, error) {
	var b strings.Builder
	for r.at++; r.at < len(r.text); {
		c := r.text[r.at]
		switch c {
		case quote:
			r.at++
			return b.String(), nil
		case '\\':
			if err := r.escape(&b); err != nil {
				return "", err
			}
		default:
			b.WriteByte(c)
			r.at++
		}
	}
	return "", r.fail("a string without an end")
}

func (r *jsonReader) escape(b *strings.Builder) error {
	if r.at+1 >= len(r.text) {
		return r.fail("a string without an end")
	}
	c := r.text[r.at+1]
	if i := strings.IndexByte(`bfnrt"'\/`, c); i >= 0 {
		b.WriteByte("\b\f\n\r\t\"'\\/"[i])
		r.at += 2
		return nil
	}
	unit, ok := r.unit(r.at)
	if !ok {
		return r.fail("an unknown escape")
	}
	r.at += 6
	if utf16.IsSurrogate(unit) {
		if low, ok := r.unit(r.at); ok && utf16.DecodeRune(unit, low) != utf8.RuneError {
			r.at += 6
			unit = utf16.DecodeRune(unit, low)
		}
	}
	b.WriteRune(unit)
	return nil
}

// unit reads a \u escape.
func (r *jsonReader) unit(at int) (rune, bool) {
	if at+6 > len(r.text) || r.text[at] != '\\' || r.text[at+1] != 'u' {
		return 0, false
	}
	u, err := strconv.ParseUint(r.text[at+2:at+6], 16, 16)
	return rune(u), err == nil
}

// indented writes a document with two spaces a level.
func (n *jsonNode) indented(newline string) string {
	var b strings.Builder
	n.write(&b, newline)
	return b.String()
}

func (n *jsonNode) write(b *strings.Builder, indent string) {
	switch n.kind {
	case jsonString:
		quoteJSON(b, n.text)
		return
	case jsonArray, jsonObject:
	default:
		b.WriteString(n.text)
		return
	}
	brackets := "[]"
	if n.kind == jsonObject {
		brackets = "{}"
	}
	b.WriteByte(brackets[0])
	inner := indent + "  "
	for i, item := range n.items {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(inner)
		if n.kind == jsonObject {
			quoteJSON(b, n.keys[i])
			b.WriteString(": ")
		}
		item.write(b, inner)
	}
	if len(n.items) > 0 {
		b.WriteString(indent)
	}
	b.WriteByte(brackets[1])
}

// quoteJSON escapes what must be and no more, so that text stays readable.
func quoteJSON(b *strings.Builder, text string) {
	b.WriteByte('"')
	for _, c := range text {
		switch i := strings.IndexRune("\"\\\b\f\n\r\t", c); {
		case i >= 0:
			b.WriteByte('\\')
			b.WriteByte(`"\bfnrt`[i])
		case c < 0x20, c == 0x85, c == 0x2028, c == 0x2029:
			fmt.Fprintf(b, `\u%04x`, c)
		default:
			b.WriteRune(c)
		}
	}
	b.WriteByte('"')
}
