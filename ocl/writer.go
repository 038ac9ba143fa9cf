package ocl

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Style is how documents look. The zero value is the usual one: four blanks
// for each level and the tag EOT.
type Style struct {
	Indent     string // of one level
	HeredocTag string
}

// Write prints a document in the usual style, without a newline at its end.
func Write(body Body) (string, error) { return Style{}.Write(body) }

// Write prints a document, without a newline at its end. It fails for what the
// language has no form for: blank names, control characters in keys, values of
// other types.
func (s Style) Write(body Body) (string, error) {
	if s.Indent == "" {
		s.Indent = "    "
	}
	if s.HeredocTag == "" {
		s.HeredocTag = "EOT"
	}
	w := &writer{style: s}
	err := w.body(body, 0)
	return w.out.String(), err
}

type writer struct {
	out   strings.Builder
	style Style
}

func (w *writer) indent(level int) { w.out.WriteString(strings.Repeat(w.style.Indent, level)) }

// body writes elements one below the other; a block has a blank line around it.
func (w *writer) body(body Body, level int) error {
	for i, e := range body {
		_, block := e.(*Block)
		if i > 0 {
			w.out.WriteByte('\n')
			if _, after := body[i-1].(*Block); after || block {
				w.out.WriteByte('\n')
			}
		}
		w.indent(level)
		if err := w.name(e.Title()); err != nil {
			return err
		}
		var err error
		switch e := e.(type) {
		case *Attribute:
			w.out.WriteString(" = ")
			err = w.value(e.Value, level, true)
		case *Block:
			err = w.block(e, level)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", e.Title(), err)
		}
	}
	return nil
}

func (w *writer) block(b *Block, level int) error {
	for _, label := range b.Labels {
		w.out.WriteByte(' ')
		w.quoted(label)
	}
	w.out.WriteString(" {")
	if len(b.Body) > 0 {
		w.out.WriteByte('\n')
		if err := w.body(b.Body, level+1); err != nil {
			return err
		}
		w.out.WriteByte('\n')
		w.indent(level)
	}
	w.out.WriteByte('}')
	return nil
}

// name writes what a name may hold and underscores for the rest.
func (w *writer) name(name string) error {
	if strings.TrimSpace(name) == "" {
		return fmt.Errorf("the name of a block or an attribute must not be blank")
	}
	for i, r := range name {
		if i == 0 && unicode.IsDigit(r) {
			w.out.WriteByte('_')
		}
		if r != '-' && !isName(r) {
			r = '_'
		}
		w.out.WriteRune(r)
	}
	return nil
}

func (w *writer) value(v Value, level int, dictionary bool) error {
	switch v := v.(type) {
	case nil:
		w.out.WriteString("null")
	case bool:
		w.out.WriteString(strconv.FormatBool(v))
	case int64:
		w.out.WriteString(strconv.FormatInt(v, 10))
	case Decimal:
		w.out.WriteString(string(v))
	case string:
		w.text(v, level)
	case Heredoc:
		if !w.heredoc(v, level) {
			w.text(v.Text, level)
		}
	case []string:
		return writeList(w, v, level)
	case []int64:
		return writeList(w, v, level)
	case []Decimal:
		return writeList(w, v, level)
	case Dictionary:
		if !dictionary {
			return fmt.Errorf("a dictionary cannot hold another dictionary")
		}
		return w.dictionary(v, level)
	default:
		return fmt.Errorf("a value of type %T cannot be written", v)
	}
	return nil
}

func writeList[T any](w *writer, items []T, level int) error {
	w.out.WriteByte('[')
	for i, item := range items {
		if i > 0 {
			w.out.WriteString(", ")
		}
		if text, ok := any(item).(string); ok {
			w.quoted(text) // lists hold no heredocs
		} else if err := w.value(item, level, false); err != nil {
			return err
		}
	}
	w.out.WriteByte(']')
	return nil
}

// text writes a text in quotes, or over several lines if it has some.
func (w *writer) text(text string, level int) {
	if !strings.Contains(text, "\n") || !w.heredoc(Heredoc{Text: text, Tag: w.style.HeredocTag, Indented: true}, level) {
		w.quoted(text)
	}
}

// heredoc writes a text over several lines, unless it could not be read back
// from there.
func (w *writer) heredoc(h Heredoc, level int) bool {
	before := ""
	if h.Indented {
		before = strings.Repeat(w.style.Indent, level+2)
	}
	lines := strings.Split(h.Text, "\n")
	if !survives(h, before, lines) {
		return false
	}
	w.out.WriteString("<<")
	if h.Indented {
		w.out.WriteByte('-')
	}
	w.out.WriteString(h.Tag)
	for _, line := range lines {
		w.out.WriteString("\n" + before + line)
	}
	w.out.WriteString("\n" + before + h.Tag)
	return true
}

// survives tells whether a heredoc reads as the text that it was written from:
// its tag does not stand on a line of the text, and lines end alike.
func survives(h Heredoc, before string, lines []string) bool {
	if h.Tag == "" || strings.ContainsFunc(h.Tag, unicode.IsSpace) || h.Tag[0] == '-' && !h.Indented {
		return false
	}
	if strings.TrimFunc(before, isBlank) != "" {
		return true // an indent of other characters is for people to look at
	}
	moved := make([]string, len(lines))
	for i, line := range lines {
		if strings.TrimFunc(line, isBlank) == h.Tag {
			return false
		}
		moved[i] = before + line
	}
	return join(moved, before+h.Tag, h.Indented) == h.Text
}

func (w *writer) dictionary(d Dictionary, level int) error {
	w.out.WriteString("{\n")
	sorted := slices.Clone(d)
	slices.SortStableFunc(sorted, func(a, b Entry) int { return collate(a.Key, b.Key) })
	for _, e := range sorted {
		if strings.ContainsFunc(e.Key, unicode.IsControl) {
			return fmt.Errorf("the key %q has control characters, which keys cannot have", e.Key)
		}
		w.indent(level + 1)
		if strings.ContainsFunc(e.Key, func(r rune) bool { return r == '"' || unicode.IsSpace(r) }) {
			w.quoted(e.Key)
		} else {
			w.out.WriteString(e.Key)
		}
		w.out.WriteString(" = ")
		// A text over several lines stands where it would as an attribute.
		if err := w.value(e.Value, level, false); err != nil {
			return err
		}
		w.out.WriteByte('\n')
	}
	w.indent(level)
	w.out.WriteByte('}')
	return nil
}

var escape = strings.NewReplacer(`\`, `\\`, "\r", `\r`, "\n", `\n`, "\t", `\t`, `"`, `\"`)

func (w *writer) quoted(text string) { w.out.WriteString(`"` + escape.Replace(text) + `"`) }

// signs are in the order in which people's languages sort them: before digits,
// which come before letters.
const signs = "\t\n\v\f\r _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$"

// collate compares keys as people sort words: signs, digits, letters without
// regard to case, and small before capital letters where all else is equal.
func collate(a, b string) int {
	as, bs := []rune(a), []rune(b)
	for i := 0; i < len(as) && i < len(bs); i++ {
		if c := weight(as[i]) - weight(bs[i]); c != 0 {
			return c
		}
	}
	if c := len(as) - len(bs); c != 0 {
		return c
	}
	return strings.Compare(b, a)
}

func weight(r rune) int {
	if sign := strings.IndexRune(signs, r); sign >= 0 {
		return sign
	}
	return len(signs) + int(unicode.ToLower(r))
}
