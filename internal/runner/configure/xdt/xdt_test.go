package xdt

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/runner/configure/xmltree"
)

// apply transforms a document below <c> with the content of a transform's <c>.
func apply(t *testing.T, target, transform string) (string, Result, error) {
	t.Helper()
	doc, err := xmltree.Parse("<c>"+target+"</c>", true)
	if err != nil {
		t.Fatal(err)
	}
	instructions, err := xmltree.Parse(`<c xmlns:x="`+Namespace+`">`+transform+"</c>", true)
	if err != nil {
		t.Fatal(err)
	}
	result, err := Apply(doc, instructions)
	text := doc.String()
	return strings.TrimSuffix(strings.TrimPrefix(text, "<c>"), "</c>"), result, err
}

func TestApply(t *testing.T) {
	cases := []struct{ name, target, transform, want string }{
		{"no transform", `<a k="1" />`, `<a k="2" />`, `<a k="1" />`},
		{"replace", `<a><b /></a><z />`, `<a x:Transform="Replace"><n x:y="1" k="v" /></a>`, `<a><n k="v" /></a><z />`},
		{"replace the first", `<a k="1" /><a k="2" />`, `<a x:Transform="Replace">n</a>`, `<a>n</a><a k="2" />`},
		{"remove the first", `<a k="1" /><a k="2" />`, `<a x:Transform="Remove" />`, `<a k="2" />`},
		{"remove all", `<a k="1" /><b /><a k="2" />`, `<a x:Transform="RemoveAll" />`, `<b />`},
		{"remove with its line", "\n  <a />\n  <b />\n", `<a x:Transform="Remove" />`, "\n  <b />\n"},
		{"match", `<a k="1" v="o" /><a k="2" v="o" />`, `<a k="2" v="n" x:Transform="SetAttributes" x:Locator="Match(k)" />`, `<a k="1" v="o" /><a k="2" v="n" />`},
		{"match with quotes", `<a k="it's &quot;1&quot;" />`, `<a k="it's &quot;1&quot;" x:Transform="Remove" x:Locator="Match(k)" />`, ``},
		{"match by two", `<a k="1" l="1" /><a k="1" l="2" />`, `<a k="1" l="2" x:Transform="Remove" x:Locator="Match(k, l)" />`, `<a k="1" l="1" />`},
		{"condition", `<a k="1" /><a k="2" />`, `<a x:Transform="Remove" x:Locator="Condition(@k='2' or contains(@k, '3'))" />`, `<a k="1" />`},
		{"xpath", `<a><b k="1" /></a><b k="2" />`, `<q x:Transform="Remove" x:Locator="XPath(/c/b)" />`, `<a><b k="1" /></a>`},
		{"relative xpath", `<a><b k="1" /></a><b k="2" />`, `<q x:Transform="Remove" x:Locator="XPath(a/b)" />`, `<a></a><b k="2" />`},
		{"locator on a parent", `<a k="1"><b /></a><a k="2"><b /></a>`, `<a k="2" x:Locator="Match(k)"><b x:Transform="Remove" /></a>`, `<a k="1"><b /></a><a k="2"></a>`},
		{"insert", "\n  <a />\n", `<b x:Transform="Insert"><d /></b>`, "\n  <a />\n  <b><d /></b>\n"},
		{"insert into nothing", ``, `<b x:Transform="Insert" />`, `<b />`},
		{"insert if missing", `<a k="1" />`, `<a k="1" x:Transform="InsertIfMissing" x:Locator="Match(k)" /><a k="2" x:Transform="InsertIfMissing" x:Locator="Match(k)" />`, `<a k="1" /><a k="2" />`},
		{"insert before", "\n  <a />\n  <b />\n", `<n x:Transform="InsertBefore(/c/b)" />`, "\n  <a />\n  <n />\n  <b />\n"},
		{"insert after", "\n  <a />\n  <b />\n", `<n x:Transform="InsertAfter(/c/a)" />`, "\n  <a />\n  <n />\n  <b />\n"},
		{"insert after, relative", `<a /><b />`, `<n x:Transform="InsertAfter(a[1])" />`, `<a /><n /><b />`},
		{"set some attributes", `<a k="1" />`, `<a k="2" l="3" x:Transform="SetAttributes(l)" />`, `<a k="1" l="3" />`},
		{"set on all", `<a /><a />`, `<a k="1" x:Transform="SetAttributes" />`, `<a k="1" /><a k="1" />`},
		{"remove attributes", `<a k="1" l="2" m="3" />`, `<a x:Transform="RemoveAttributes(k,m)" />`, `<a l="2" />`},
		{"remove all attributes", `<a xmlns:p="urn:p" k="1" l="2" />`, `<a x:Transform="RemoveAttributes" />`, `<a xmlns:p="urn:p" />`},
		{"namespaces must be equal", `<a xmlns="urn:d" k="1" /><a k="2" />`, `<a xmlns="urn:d" x:Transform="Remove" />`, `<a k="2" />`},
		{"in order", `<a k="1" />`, `<a x:Transform="Remove" /><a k="2" x:Transform="Insert" />`, `<a k="2" />`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, result, err := apply(t, c.target, c.transform)
			if err != nil || len(result.Warnings) > 0 {
				t.Fatalf("%v, warnings %q", err, result.Warnings)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestApplyWarns(t *testing.T) {
	for _, transform := range []string{
		`<n x:Transform="Remove" />`, `<n x:Transform="Replace" />`, `<n x:Transform="SetAttributes" />`, `<a x:Transform="SetAttributes" />`,
		`<a x:Transform="SetAttributes(q)" k="1" />`, `<a x:Transform="RemoveAttributes(q)" />`,
	} {
		if _, result, err := apply(t, "<a />", transform); err != nil || len(result.Warnings) == 0 {
			t.Errorf("%s: %v, %q", transform, err, result.Warnings)
		}
		quiet := strings.Replace(transform, " x:", ` x:SupressWarnings="true" x:`, 1)
		if _, result, _ := apply(t, "<a />", quiet); len(result.Warnings) > 0 {
			t.Errorf("%s: %q", quiet, result.Warnings)
		}
	}
}

func TestApplyRefuses(t *testing.T) {
	for _, transform := range []string{
		`<a x:Transform="Nonsense" />`, `<a x:Transform="(" />`, `<a x:Transform="Remove" x:Locator="Nonsense(k)" />`, `<a x:Transform="Remove" x:Locator="Match(k)" />`,
		`<a x:Transform="Remove" x:Locator="Match" />`, `<a x:Transform="Remove" x:Locator="Condition(@k=)" />`, `<n><m x:Transform="Insert" /></n>`,
		`<n x:Transform="InsertAfter(/c/none)" />`, `<x:Import assembly="a" />`,
	} {
		if text, _, err := apply(t, "<a />", transform); err == nil {
			t.Errorf("%s was accepted and gave %s", transform, text)
		}
	}
}
