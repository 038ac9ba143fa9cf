package mask

import (
	"fmt"
	"html"
	"net/url"
	"strings"
	"unicode/utf16"
)

// escapings are the ways in which programs write a text into JSON, XML or the
// words of a shell: a secret is the same secret there. They do not change the
// order of the text, so that they hold for each line on its own.
var escapings = []func(string) string{
	jsonWith(nil, false, "%04x"),
	jsonWith(strings.NewReplacer("/", `\/`), false, "%04x"),
	jsonWith(strings.NewReplacer("<", `\u003c`, ">", `\u003e`, "&", `\u0026`, "\u2028", `\u2028`, "\u2029", `\u2029`), false, "%04x"),
	jsonWith(strings.NewReplacer("<", `\u003c`, ">", `\u003e`, "&", `\u0026`, "'", `\u0027`), false, "%04x"),
	jsonWith(nil, true, "%04x"),
	jsonWith(strings.NewReplacer(`\"`, `\u0022`, "<", `\u003C`, ">", `\u003E`, "&", `\u0026`, "'", `\u0027`, "+", `\u002B`, "`", `\u0060`), true, "%04X"),
	strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace,
	strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace,
	strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&apos;").Replace,
	html.EscapeString,
	strings.NewReplacer("'", `'\''`).Replace,
	strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "'", `\'`).Replace,
}

// addressings are how a secret looks as part of an address. Only secrets of
// one line are written so.
var addressings = []func(string) string{
	url.QueryEscape,
	url.PathEscape,
	func(s string) string { return url.UserPassword("", s).String()[1:] },
	func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") },
}

// jsonWith writes text as the inside of a JSON string, then what more is
// escaped there, and everything beyond ASCII if asked.
func jsonWith(more *strings.Replacer, ascii bool, hex string) func(string) string {
	return func(s string) string {
		var b strings.Builder
		for _, r := range s {
			switch short := strings.IndexRune("\b\f\n\r\t", r); {
			case r == '"' || r == '\\':
				b.WriteRune('\\')
				b.WriteRune(r)
			case short >= 0:
				b.WriteByte('\\')
				b.WriteByte("bfnrt"[short])
			case r < ' ' || r == 127 && ascii || ascii && r > 127 && r < 0x10000:
				fmt.Fprintf(&b, `\u`+hex, r)
			case ascii && r > 127:
				high, low := utf16.EncodeRune(r)
				fmt.Fprintf(&b, `\u`+hex+`\u`+hex, high, low)
			default:
				b.WriteRune(r)
			}
		}
		if more == nil {
			return b.String()
		}
		return more.Replace(b.String())
	}
}
