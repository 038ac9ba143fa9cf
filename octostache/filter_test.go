package octostache_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/takodeploy/tako/octostache"
)

// filterCase is an input, the filters on it, and the result; "-" stands for a
// token that stays.
type filterCase struct{ input, filters, want string }

func checkFilters(t *testing.T, cases []filterCase) {
	t.Helper()
	for _, c := range cases {
		d := dictionary("In", c.input, "Re", `^\w(?=b)`, "Blank", " ")
		got, err := d.Evaluate("#{In | " + c.filters + "}")
		var evaluation *octostache.EvaluationError
		if errors.As(err, &evaluation) && evaluation.Cause == nil {
			got = "-"
		}
		if got != c.want || evaluation != nil && evaluation.Cause != nil {
			t.Errorf("%q | %s = %q, %v; want %q", c.input, c.filters, got, err, c.want)
		}
	}
}

func TestTextFilters(t *testing.T) {
	checkFilters(t, []filterCase{
		{"aBc", "ToUpper", "ABC"}, {"aBc", "tolower", "abc"}, {"a", "ToUpper x", "-"}, {"a", "Unknown", "-"},
		{" a ", "Trim", "a"}, {" a ", "Trim start", "a "}, {" a ", "Trim END", " a"}, {"a", "Trim both", "-"},
		{"abcdef", "Truncate 3", "abc..."}, {"abc", "Truncate 3", "abc"}, {"abc", "Truncate 0", "..."},
		{"abc", `Truncate 1 ""`, "a"}, {"abc", "Truncate -1", "-"}, {"abc", "Truncate", "-"},
		{"a😎c", "Truncate 3", "a😎..."},
		{"Octopus Deploy", "Substring 7", "Octopus"}, {"Octopus Deploy", "Substring 8 6", "Deploy"},
		{"abc", "Substring 3 5", ""}, {"abc", "Substring 4 1", "-"}, {"abc", "Substring 1 99", "bc"},
		{"abc", "Substring 1 2 3", "-"}, {"abc", "Substring x", "-"}, {"äöü", "Substring 1 1", "ö"},
		{"a\nb", "Indent", "    a\n    b"}, {"a\nb", "Indent 2", "  a\n  b"}, {"a\nb", "Indent /1", "a\n b"},
		{"a\nb", "Indent 1/2", " a\n  b"}, {"a\nb", "Indent 256", "256a\n256b"}, {"a", "Indent //", "//a"},
		{"a\nb", `Indent "- " "  "`, "- a\n  b"}, {"a", "Indent a b c", "-"}, {"", "Indent", ""},
		{"abc", "StartsWith ab", "true"}, {"abc", "EndsWith ab", "false"}, {"abc", "Contains", "-"}, {"abc", "Contains a b", "-"},
		{"a", `Append " " #{In} b`, "a ab"}, {"a", "Prepend b", "ba"}, {"a", "Append", "-"},
		{"a", "Append #{each x in In}<#{x}>#{/each}", "a<a>"},
		{"a", "ToUpper | Append b | Prepend c", "cAb"},
		{"a", "Unknown | Append b", "b"},
	})
	check(t, dictionary(), []templateCase{
		{template: "#{ | Append x}", want: "x"},
		{template: "#{ | Prepend}", want: "#{ | Prepend}", missing: []string{"#{ | Prepend}"}},
		{template: "#{ | Indent}", want: "#{ | Indent}", missing: []string{"#{ | Indent}"}},
	})
}

func TestEscapeFilters(t *testing.T) {
	checkFilters(t, []filterCase{
		{`&<>"'/`, "HtmlEscape", "&amp;&lt;&gt;&quot;&apos;&#x2F;"}, {`&<>"'/`, "XmlEscape", "&amp;&lt;&gt;&quot;&apos;/"},
		{"\"\\\r\n\t/é", "JsonEscape", `\"\\\r\n\t/é`}, {"a", "JsonEscape x", "-"},
		{"it's\n\nso\r\nb", "YamlSingleQuoteEscape", "it''s\n\n\nso\r\n\r\nb"},
		{"\t\"\\é😎~", "YamlDoubleQuoteEscape", `\t\"\\\u00e9\ud83d\ude0e~`},
		{" a=b:c\\\u00ff\u0100", "PropertiesKeyEscape", `\ a\=b\:c\\\u00ff\u0100`},
		{" a b=\tþÿ", "PropertiesValueEscape", `\ a b=\tþ\u00ff`},
		{"A b:c+d/e%é", "UriEscape", "A%20b:c+d/e%25%C3%A9"}, {"A b:c+d/e~", "UriDataEscape", "A%20b%3Ac%2Bd%2Fe~"},
		{"Foo Bar", "ToBase64", "Rm9vIEJhcg=="}, {"Foo", "ToBase64 unicode", "RgBvAG8A"}, {"Foo", "ToBase64 ascii", "-"},
		{"Rm9vIEJhcg==", "FromBase64", "Foo Bar"}, {"RgBvAG8A", "FromBase64 Unicode", "Foo"}, {"Rm9v", "FromBase64 x", "-"},
	})
}

func TestHashFilters(t *testing.T) {
	checkFilters(t, []filterCase{
		{"", "Md5", "d41d8cd98f00b204e9800998ecf8427e"}, {"", "Sha1 4", "da39a3ee"}, {"", "Sha256 utf-8 3", "e3b0c4"},
		{"", "Sha384 3 UNICODE", "38b060"}, {"", "Sha512 2", "cf83"}, {"a", "Md5 99", "0cc175b9c0f1b6a831c399e269772661"},
		{"YQ==", "Md5 base64", "0cc175b9c0f1b6a831c399e269772661"}, {"a", "Md5 base64", "-"}, {"a", "Md5 0", "-"},
		{"a", "Md5 -1", "-"}, {"a", "Md5 x", "-"}, {"a", "Md5 1 2", "-"}, {"a", "Md5 1 utf8 x", "-"},
	})
}

func TestRegexFilters(t *testing.T) {
	checkFilters(t, []filterCase{
		{"abc", "Match b", "true"}, {"abc", "Match B", "false"}, {"abc", "Match #{Re}", "true"}, {"abc", "Match a b", "-"},
		{"ababa", "Replace a x", "xbxbx"}, {"abc", "Replace a", "bc"}, {"abc", "Replace", "-"},
		{"John Smith", `Replace "(\w+) (?<last>\w+)" "$2 ${last} $1 $9 ${x} $$"`, "Smith Smith John $9 ${x} $"},
		{"abc", "Replace b \"[$&'$'$`$_]\"", "a[b'ca" + "abc]c"},
	})
	check(t, dictionary("In", "ab"), []templateCase{{template: `#{In | Replace "" x}`, want: "xaxbx"}})
}

func TestDateFilters(t *testing.T) {
	checkFilters(t, []filterCase{
		{"2030/05/22 09:05:00", `Format Date "HH dd-MMM-yyy"`, "09 22-May-2030"},
		{"2030/05/22 09:05:00", `Format "yyyy-MM-dd zzz"`, "2030-05-22 +00:00"},
		{"2030-05-22T09:05:00+02:00", `Format DateTimeOffset "O"`, "2030-05-22T09:05:00.0000000+02:00"},
		{"2030-05-22T09:05:00+02:00", `Format DateTime "HH K"`, "07 +00:00"},
		{"2030-05-22 09:05:00", "AddHours 2", "2030-05-22T11:05:00.0000000"},
		{"2030-05-22T09:05:00Z", "AddDays -1", "2030-05-21T09:05:00.0000000Z"},
		{"2030-05-22T09:05:00+02:00", `AddHours "1.5"`, "2030-05-22T10:35:00.0000000+02:00"},
		{"2030-05-22", "AddHours x", "-"}, {"hello", "AddHours 1", "-"}, {"2030-05-22", "AddHours", "-"}, {"2030-05-22", "AddDays 9999999", "-"},
		{"hello", "Format yyyy", "-"}, {"23.4", "Format F2", "23.40"}, {"23.4", "Format Double C", "¤23.40"},
		{"7", "Format Int 000", "007"}, {"7.5", "Format Int 000", "-"}, {"7", "Format Decimal Q", "-"}, {"7", "Format Nothing 0", "-"},
		{"7", "Format", "-"}, {"7", "Format a b c", "-"}, {"x", "NowDate", "-"},
	})
	check(t, dictionary(), []templateCase{
		{template: "#{ | NowDate}", want: "2030-05-22T09:05:00.0000000"},
		{template: "#{ | NowDateUtc}", want: "2030-05-22T09:05:00.0000000Z"},
		{template: "#{ | NowDate HH:mm}", want: "09:05"},
		{template: "#{ | NowDate | AddHours 2 | Format Date HH}", want: "11"},
	})
}

func TestURIFilters(t *testing.T) {
	const uri = "https://user:pw@octopus.com/docs/a%20b?filter=faq#top"
	checkFilters(t, []filterCase{
		{uri, "UriPart AbsolutePath", "/docs/a%20b"}, {uri, "UriPart Path", "/docs/a b"}, {uri, "UriPart absoluteuri", uri},
		{uri, "UriPart Authority", "octopus.com"}, {uri, "UriPart HostAndPort", "octopus.com:443"}, {uri, "UriPart Port", "443"},
		{uri, "UriPart Fragment", "#top"}, {uri, "UriPart PathAndQuery", "/docs/a%20b?filter=faq"}, {uri, "UriPart UserInfo", "user:pw"},
		{uri, "UriPart SchemeAndServer", "https://octopus.com"}, {uri, "UriPart HostNameType", "Dns"}, {uri, "UriPart IsDefaultPort", "true"},
		{"http://localhost:81", "UriPart IsLoopback", "true"}, {"http://localhost:81", "UriPart Authority", "localhost:81"},
		{"http://10.0.0.1", "UriPart HostNameType", "IPv4"}, {"http://[::1]/", "UriPart DnsSafeHost", "::1"},
		{"/docs", "UriPart Host", "[UriPart Host error: This operation is not supported for a relative URI.]"},
		{"/docs", "UriPart IsAbsoluteUri", "false"}, {uri, "UriPart", "[UriPart error: no argument given]"},
		{uri, "UriPart Bar", "[UriPart Bar error: argument 'Bar' not supported]"}, {"http://", "UriPart Host", "http://"},
	})
}

func TestMarkdownFilters(t *testing.T) {
	checkFilters(t, []filterCase{
		{"_yeah!_", "Markdown", "<p><em>yeah!</em></p>\n\n"},
		{"https://octopus.com", "MarkdownToHtml", "<p><a href=\"https://octopus.com\">https://octopus.com</a></p>\n\n"},
		{"~~a~~ b~c~ d^e^ ++f++ ==g== +h+", "Markdown", "<p><del>a</del> b<sub>c</sub> d<sup>e</sup> <ins>f</ins> <mark>g</mark> +h+</p>\n\n"},
		{"a\\\nb", "Markdown", "<p>a<br />\nb</p>\n\n"},
		{"|A|\n|:-:|\n|1|", "Markdown", "<table>\n<thead>\n<tr>\n<th style=\"text-align: center;\">A</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td style=\"text-align: center;\">1</td>\n</tr>\n</tbody>\n</table>\n\n"},
		{"a", "Markdown x", "-"},
	})
}

func TestVersionFilters(t *testing.T) {
	const v = "V1.2.3.4-branch-hithere.2+meta"
	checkFilters(t, []filterCase{
		{v, "VersionMajor", "1"}, {v, "VersionMinor", "2"}, {v, "VersionPatch", "3"}, {v, "VersionRevision", "4"},
		{v, "VersionPreRelease", "branch-hithere.2"}, {v, "VersionPreReleasePrefix", "branch"},
		{v, "VersionPreReleaseCounter", "hithere.2"}, {v, "VersionMetadata", "meta"}, {"latest", "VersionMajor", "0"},
	})
}

// What a filter cannot even judge ends the evaluation.
func TestRefusals(t *testing.T) {
	d := dictionary("In", "not base64!", "Version", "1.%", "Open", "(")
	for _, text := range []string{
		"#{In | FromBase64}", "#{Version | VersionMajor}", "#{In | Match #{Open}}", "#{In | Replace #{Open} x}", "#{ | NowDate Q}",
		"a#{if In | FromBase64 == In}x#{/if}",
	} {
		got, err := d.Evaluate(text)
		var refusal *octostache.FilterError
		if got != text || !errors.As(err, &refusal) {
			t.Errorf("%s gave %q, %v; want a refusal", text, got, err)
		}
	}
	if _, err := d.Evaluate("#{In | FromBase64}"); !strings.HasPrefix(err.Error(), "filter FromBase64: ") {
		t.Error(err)
	}
}
