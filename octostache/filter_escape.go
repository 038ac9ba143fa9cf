package octostache

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// The replacers are tables, and never changed.
var (
	xmlEntities  = []string{"&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&apos;"}
	xmlReplacer  = strings.NewReplacer(xmlEntities...)
	htmlReplacer = strings.NewReplacer(append(xmlEntities[:len(xmlEntities):len(xmlEntities)], "/", "&#x2F;")...)
	jsonReplacer = strings.NewReplacer(`"`, `\"`, "\r", `\r`, "\t", `\t`, "\n", `\n`, `\`, `\\`)
)

func htmlEscape(s string) string { return htmlReplacer.Replace(s) }
func xmlEscape(s string) string  { return xmlReplacer.Replace(s) }
func jsonEscape(s string) string { return jsonReplacer.Replace(s) }

// yamlSingleQuoteEscape doubles quotes, and lengthens each run of newlines by
// one, because YAML reads a single newline as a blank.
func yamlSingleQuoteEscape(s string) string {
	var b strings.Builder
	inRun := false
	for i := 0; i < len(s); i++ {
		crlf := s[i] == '\r' && i+1 < len(s) && s[i+1] == '\n'
		switch {
		case crlf || s[i] == '\n':
			newline := "\n"
			if crlf {
				newline = "\r\n"
				i++
			}
			if !inRun {
				b.WriteString(newline)
			}
			b.WriteString(newline)
			inRun = true
			continue
		case s[i] == '\'':
			b.WriteString("''")
		default:
			b.WriteByte(s[i])
		}
		inRun = false
	}
	return b.String()
}

func yamlDoubleQuoteEscape(s string) string {
	return escapeRunes(s, func(i int, r rune) string {
		switch r {
		case '\r':
			return `\r`
		case '\n':
			return `\n`
		case '\t':
			return `\t`
		case '\\':
			return `\\`
		case '"':
			return `\"`
		}
		if r < 0x20 || r > 0x7E {
			return unicodeEscape(r)
		}
		return ""
	})
}

func propertiesKeyEscape(s string) string {
	return escapeRunes(s, func(_ int, r rune) string {
		switch r {
		case ' ', ':', '=':
			return `\` + string(r)
		}
		return propertiesEscape(r)
	})
}

func propertiesValueEscape(s string) string {
	return escapeRunes(s, func(i int, r rune) string {
		if r == ' ' && i == 0 {
			return `\ `
		}
		return propertiesEscape(r)
	})
}

// propertiesEscape escapes what keys and values of .properties files have in
// common.
func propertiesEscape(r rune) string {
	switch r {
	case '\\':
		return `\\`
	case '\r':
		return `\r`
	case '\n':
		return `\n`
	case '\t':
		return `\t`
	}
	if r >= 0xFF {
		return unicodeEscape(r)
	}
	return ""
}

// escapeRunes replaces each character for which escape has a text.
func escapeRunes(s string, escape func(i int, r rune) string) string {
	var b strings.Builder
	for i, r := range s {
		if text := escape(i, r); text != "" {
			b.WriteString(text)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// unicodeEscape writes \uxxxx for each UTF-16 unit.
func unicodeEscape(r rune) string {
	if r > 0xFFFF {
		high, low := utf16.EncodeRune(r)
		return `\u` + hex4(uint16(high)) + `\u` + hex4(uint16(low))
	}
	return `\u` + hex4(uint16(r))
}

const (
	uriUnreserved = "-._~"
	uriReserved   = ":/?#[]@!$&'()*+,;="
)

func uriEscape(s string) string     { return percentEscape(s, uriUnreserved+uriReserved) }
func uriDataEscape(s string) string { return percentEscape(s, uriUnreserved) }

// percentEscape escapes everything but letters, digits and the marks to keep.
func percentEscape(s, keep string) string {
	const digits = "0123456789ABCDEF"
	s = strings.ToValidUTF8(s, string(utf8.RuneError))
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if isWordByte(c) || strings.IndexByte(keep, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(digits[c>>4])
		b.WriteByte(digits[c&15])
	}
	return b.String()
}
