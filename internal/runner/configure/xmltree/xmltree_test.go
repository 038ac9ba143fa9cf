package xmltree

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func parse(t *testing.T, text string, keepSpace bool) *Node {
	t.Helper()
	n, err := Parse(text, keepSpace)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestSourceIsKept(t *testing.T) {
	for _, text := range []string{
		`<?xml version="1.0" encoding="utf-8" standalone="yes"?>` + "\n<!DOCTYPE a>\n<!-- c -->\n<a />\n",
		"<a>\n  <b x=\"1\" y=\"&lt;&quot;&amp;&#xA;\">t &amp; &lt; &gt;</b>\n\t<c></c><d /><![CDATA[<&]]><?pi some data?>\n</a>",
		`<p:a xmlns:p="urn:p" xmlns="urn:d" p:x="1" xml:lang="en"><p:b /></p:a>`,
	} {
		if diff := cmp.Diff(text, parse(t, text, true).String()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestIndented(t *testing.T) {
	cases := []struct{ in, want string }{
		{"<a><b><c/></b>\n\n<d>text</d></a>", "<a>\n  <b>\n    <c />\n  </b>\n  <d>text</d>\n</a>"},
		{"<?xml version='1.0'?><!--x--><a>\n</a>", "<?xml version=\"1.0\"?>\n<!--x-->\n<a></a>"},
		{"<a><b/>mixed<c><d/></c></a>", "<a>\n  <b />mixed<c><d /></c></a>"},
		{"<a xml:space='preserve'> <b/> </a>", "<a xml:space=\"preserve\"> <b /> </a>"},
		{"<a><!--x--><?p?></a>", "<a>\n  <!--x-->\n  <?p?>\n</a>"},
	}
	for _, c := range cases {
		if diff := cmp.Diff(c.want, parse(t, c.in, false).Indented("\n")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.in, diff)
		}
	}
}

func TestPath(t *testing.T) {
	doc := parse(t, `<r xmlns:p="urn:p"><a id="1">x</a><a id="2"><b>y</b></a><p:a id="3"/><d xmlns="urn:d" id="4"><e/></d><?pi data?><!--note--></r>`, false)
	cases := []struct{ path, want string }{
		{"/r/a", "a a"},
		{"//a[@id='2']/b", "b"},
		{"//@id", "@1 @2 @3 @4"},
		{"//p:a", "p:a"},
		{"//*:a", "a a p:a"},
		{"//d", ""},
		{"//*:d/*:e", "e"},
		{"//*[local-name()='d' and namespace-uri()='urn:d']", "d"},
		{"/r/*[2]", "a"},
		{"//a[2]/text()", ""},
		{"//a[1]/text()", "'x"},
		{"//processing-instruction()", "?pi"},
		{"//processing-instruction('pi')", "?pi"},
		{"//processing-instruction(\"no\")", ""},
		{"//comment()", "!note"},
		{"//a | //b", "a a b"},
		{"//a[contains(., ':*:a(')]", ""},
		{"//a[@id='processing-instruction()']", ""},
		{"/r/a[last()]/@id", "@2"},
		{"//b/ancestor::r", "r"},
		{"count(//a)", ""},
	}
	for _, c := range cases {
		p, err := CompilePath(c.path, map[string]string{"p": "urn:p"})
		if err != nil {
			t.Errorf("%s: %v", c.path, err)
			continue
		}
		var got []string
		for _, m := range p.Select(doc) {
			switch {
			case m.Attr >= 0:
				got = append(got, "@"+m.Node.Attrs[m.Attr].Value)
			case m.Node.Kind == Element:
				got = append(got, m.Node.Name())
			case m.Node.Kind == Text:
				got = append(got, "'"+m.Node.Data)
			case m.Node.Kind == Comment:
				got = append(got, "!"+m.Node.Data)
			case m.Node.Kind == Instruction:
				got = append(got, "?"+m.Node.Local)
			}
		}
		if diff := cmp.Diff(c.want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.path, diff)
		}
	}
	for _, bad := range []string{"", "a[", "//q:a", "a b", "//", "$v", "no-such()"} {
		if _, err := CompilePath(bad, map[string]string{}); err == nil {
			t.Errorf("%q was taken for XPath", bad)
		}
	}
}

func TestParseContent(t *testing.T) {
	within := parse(t, `<r xmlns:p="urn:p"><a/></r>`, false).Root().Children[0]
	for text, ok := range map[string]bool{
		"": true, "text": true, "<b/>t<c/>": true, "<p:b/>": true, "<q:b/>": false, "<b>": false, "</a>": false, "<?xml version='1.0'?><b/>": false, "<!DOCTYPE x>": false,
	} {
		if _, err := ParseContent(text, within, false); (err == nil) != ok {
			t.Errorf("%q gives %v", text, err)
		}
	}
}

func TestDeclaredEncoding(t *testing.T) {
	for text, want := range map[string]string{
		`<?xml version="1.0" encoding='iso-8859-2' ?><a/>`: "iso-8859-2", `<?xml version="1.0"?>`: "", "<a/>": "", "": "", "<?xml": "", "<?xml encoding=?>": "",
	} {
		if got := DeclaredEncoding([]byte(text)); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
