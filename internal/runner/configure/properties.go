package configure

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
)

// replaceProperties puts values into a Java properties file. Everything but the
// values that change stays as it is, byte for byte.
func replaceProperties(doc document, v *Variables, log Log) (document, error) {
	var b strings.Builder
	count := 0
	for rest := doc.text; rest != ""; {
		var line string
		line, rest = logicalLine(rest)
		entry, ok := splitEntry(line)
		if !ok {
			b.WriteString(line)
			continue
		}
		key, err := unescapeProperty(entry.key)
		if err != nil {
			return doc, err
		}
		name, known := v.find(key)
		if !known || strings.HasPrefix(strings.ToLower(key), "octopus") {
			b.WriteString(line)
			continue
		}
		replaced(log, name)
		count++
		value, _ := v.get(name)
		if entry.separator == "" {
			entry.separator = ":"
		}
		b.WriteString(entry.indent + entry.key + entry.separator + escapeProperty(value) + entry.end)
	}
	if count == 0 {
		log.Printf(nothingFound)
	}
	doc.text = b.String()
	return doc, nil
}

// logicalLine cuts off the first line with its line end, together with the
// lines that continue it.
func logicalLine(text string) (line, rest string) {
	at := 0
	comment := strings.HasPrefix(strings.TrimLeft(text, " \t\f\r\n"), "#") || strings.HasPrefix(strings.TrimLeft(text, " \t\f\r\n"), "!")
	for {
		end := strings.IndexAny(text[at:], "\r\n")
		if end < 0 {
			return text, ""
		}
		end += at
		next := end + 1
		if strings.HasPrefix(text[end:], "\r\n") {
			next++
		}
		if strings.TrimLeft(text[:end], " \t\f") == "" || comment || !continues(text[at:end]) {
			return text[:next], text[next:]
		}
		at = next
	}
}

// continues says that a line ends with an odd number of backslashes.
func continues(line string) bool {
	return (len(line)-len(strings.TrimRight(line, `\`)))%2 == 1
}

// entry is a logical line in its parts, as spelled.
type entry struct {
	indent, key, separator, value, end string
}

// splitEntry takes a line apart; false for blank lines and comments.
func splitEntry(line string) (entry, bool) {
	body := strings.TrimRight(line, "\r\n")
	e := entry{end: line[len(body):]}
	trimmed := strings.TrimLeft(body, " \t\f")
	e.indent = body[:len(body)-len(trimmed)]
	if trimmed == "" || trimmed[0] == '#' || trimmed[0] == '!' {
		return e, false
	}
	at := keyEnd(trimmed)
	e.key = trimmed[:at]
	start := at
	at = skipBlank(trimmed, at)
	if at < len(trimmed) && (trimmed[at] == '=' || trimmed[at] == ':') {
		at = skipBlank(trimmed, at+1)
	}
	e.separator, e.value = trimmed[start:at], trimmed[at:]
	return e, true
}

// keyEnd is where a key ends: at a separator or a blank that is not escaped. A
// continued line's indentation belongs to the key's spelling, not to its name.
func keyEnd(text string) int {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			if width := lineEnd(text[i+1:]); width > 0 {
				i += width
				for i+1 < len(text) && strings.IndexByte(" \t\f", text[i+1]) >= 0 {
					i++
				}
			} else {
				i++
			}
		case ' ', '\t', '\f', '=', ':':
			return i
		}
	}
	return len(text)
}

// skipBlank passes blanks and continued line ends.
func skipBlank(text string, at int) int {
	for at < len(text) {
		switch {
		case strings.IndexByte(" \t\f", text[at]) >= 0:
			at++
		case text[at] == '\\' && lineEnd(text[at+1:]) > 0:
			at += 1 + lineEnd(text[at+1:])
		default:
			return at
		}
	}
	return at
}

func lineEnd(text string) int {
	switch {
	case strings.HasPrefix(text, "\r\n"):
		return 2
	case strings.HasPrefix(text, "\n"), strings.HasPrefix(text, "\r"):
		return 1
	}
	return 0
}

// unescapeProperty gives the meaning of a key's spelling.
func unescapeProperty(text string) (string, error) {
	var units []uint16
	add := func(s string) { units = append(units, utf16.Encode([]rune(s))...) }
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			start := i
			for i+1 < len(text) && text[i+1] != '\\' {
				i++
			}
			add(text[start : i+1])
			continue
		}
		if i++; i >= len(text) {
			break
		}
		if width := lineEnd(text[i:]); width > 0 {
			for i += width; i < len(text) && strings.IndexByte(" \t\f", text[i]) >= 0; i++ {
			}
			i--
			continue
		}
		if text[i] == 'u' {
			unit, err := strconv.ParseUint(text[i+1:min(i+5, len(text))], 16, 16)
			if err != nil || i+5 > len(text) {
				return "", &formatError{fmt.Sprintf("%q is not a \\u escape", text[i-1:min(i+5, len(text))])}
			}
			units = append(units, uint16(unit))
			i += 4
			continue
		}
		if at := strings.IndexByte("nrtf", text[i]); at >= 0 {
			add("\n\r\t\f"[at : at+1])
			continue
		}
		r := []rune(text[i:])[0]
		add(string(r))
		i += len(string(r)) - 1
	}
	return string(utf16.Decode(units)), nil
}

// escapeProperty spells a value.
func escapeProperty(value string) string {
	var b strings.Builder
	if strings.HasPrefix(value, " ") {
		b.WriteByte('\\')
	}
	for _, unit := range utf16.Encode([]rune(value)) {
		switch unit {
		case '\\':
			b.WriteString(`\\`)
		case '\r':
			b.WriteString(`\r`)
		case '\n':
			b.WriteString(`\n`)
		case '\t':
			b.WriteString(`\t`)
		default:
			if unit >= 0xff {
				fmt.Fprintf(&b, `\u%04x`, unit)
			} else {
				b.WriteRune(rune(unit))
			}
		}
	}
	return b.String()
}
