package octostache

import (
	"strconv"
	"strings"

	"github.com/takodeploy/tako/octostache/internal/dotnet"
)

// jsonValue is a JSON value with its members in order.
type jsonValue struct {
	doc     *jsonDocument
	kind    jsonKind
	text    string // of a string, or a number as compact JSON
	number  string // of a number, as a template shows it
	members []jsonMember
	byName  map[string]int // of an object; the last of equal names counts
}

// jsonDocument is what all values of one text have in common.
type jsonDocument struct {
	templated bool // some string in it may be a template
}

type jsonMember struct {
	name  string
	value *jsonValue
}

type jsonKind uint8

const (
	jsonNull jsonKind = iota
	jsonTrue
	jsonFalse
	jsonNumber
	jsonString
	jsonArray
	jsonObject
)

func (v *jsonValue) isCollection() bool { return v.kind == jsonArray || v.kind == jsonObject }

// member gives a property of an object, whose case counts, or an element of an
// array. What an object or array lacks is the empty text; a scalar has no
// members at all, not even lacking ones.
func (v *jsonValue) member(name string) *node {
	switch v.kind {
	case jsonObject:
		if at, ok := v.byName[name]; ok {
			return jsonNode(v.members[at].value)
		}
		return textNode("")
	case jsonArray:
		i, ok := dotnet.ParseInt(name)
		switch {
		case !ok || i < 0:
			return nil
		case i < len(v.members):
			return jsonNode(v.members[i].value)
		}
		return textNode("")
	}
	return nil
}

// items gives the elements of an array, or the properties of an object as
// names with a Key and a Value.
func (v *jsonValue) items() []item {
	items := make([]item, len(v.members))
	for i, m := range v.members {
		n := jsonNode(m.value)
		if v.kind == jsonObject {
			pair := textNode(m.name)
			pair.children.put("key", textNode(m.name))
			pair.children.put("value", n)
			n = pair
		}
		items[i] = item{node: n}
	}
	return items
}

// display is the value as a template shows it.
func (v *jsonValue) display() string {
	switch v.kind {
	case jsonNull:
		return ""
	case jsonTrue:
		return "True"
	case jsonFalse:
		return "False"
	case jsonString:
		return v.text
	case jsonNumber:
		return v.number
	}
	var b strings.Builder
	v.compact(&b)
	return b.String()
}

// compact writes the value as JSON without blanks.
func (v *jsonValue) compact(b *strings.Builder) {
	switch v.kind {
	case jsonNull:
		b.WriteString("null")
	case jsonTrue:
		b.WriteString("true")
	case jsonFalse:
		b.WriteString("false")
	case jsonNumber:
		b.WriteString(v.text)
	case jsonString:
		writeJSONString(b, v.text)
	case jsonArray:
		b.WriteByte('[')
		for i, m := range v.members {
			if i > 0 {
				b.WriteByte(',')
			}
			m.value.compact(b)
		}
		b.WriteByte(']')
	case jsonObject:
		b.WriteByte('{')
		for i, m := range v.members {
			if i > 0 {
				b.WriteByte(',')
			}
			writeJSONString(b, m.name)
			b.WriteByte(':')
			m.value.compact(b)
		}
		b.WriteByte('}')
	}
}

// writeJSONString quotes a string, escaping no more than it must.
func writeJSONString(b *strings.Builder, s string) {
	b.WriteByte('"')
	for _, r := range s {
		switch r {
		case '"', '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case '\b':
			b.WriteString(`\b`)
		case '\f':
			b.WriteString(`\f`)
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		case '\t':
			b.WriteString(`\t`)
		default:
			if r < 0x20 || r == 0x85 || r == 0x2028 || r == 0x2029 {
				b.WriteString(`\u` + hex4(uint16(r)))
				continue
			}
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
}

// hex4 writes four lower-case hexadecimal digits.
func hex4(unit uint16) string {
	text := strconv.FormatUint(uint64(unit), 16)
	return "0000"[len(text):] + text
}
