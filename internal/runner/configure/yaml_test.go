package configure

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// quiet is a log that nobody reads; warned counts the warnings.
type quiet struct {
	warned int
	lines  strings.Builder
}

func (q *quiet) Printf(format string, args ...any)   { fmt.Fprintf(&q.lines, format+"\n", args...) }
func (q *quiet) Verbosef(format string, args ...any) { q.Printf(format, args...) }
func (q *quiet) Warnf(format string, args ...any)    { q.warned++; q.Printf(format, args...) }

// values makes variables of pairs of name and value.
func values(pairs ...string) *Variables {
	var names []string
	byName := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		names = append(names, pairs[i])
		byName[pairs[i]] = pairs[i+1]
	}
	return NewVariables(names, func(name string) (string, bool) {
		if v := byName[name]; v != "\x00null" {
			return v, true
		}
		return "", false
	})
}

// replaceText runs a format's replacement on a text.
func replaceText(t *testing.T, replace func(document, *Variables, Log) (document, error), text string, v *Variables) string {
	t.Helper()
	doc, err := replace(document{path: "file", text: text}, v, &quiet{})
	if err != nil {
		t.Fatal(err)
	}
	return doc.text
}

func TestYAML(t *testing.T) {
	cases := []struct {
		name, in string
		v        *Variables
		want     string
	}{
		{"nothing to do", "a:   1\nb: [x,  y]\n", values(), "a: 1\nb: [x, y]\n"},
		{"case does not matter", "Outer:\n  Inner: 1\n", values("outer:INNER", "2"), "Outer:\n  Inner: 2\n"},
		{"null", "a: text\nb: {c: 1}\n", values("a", "\x00null", "b", "\x00null"), "a: null\nb: null\n"},
		{"empty value", "a: text\nb:\n", values("a", ""), "a: ''\nb:\n"},
		{"structure that is none", "a:\n  b: 1\n", values("a", "{:"), "a: \"{:\"\n"},
		{"blank structure", "a:\n  b: 1\n", values("a", " "), "a: \" \"\n"},
		{"newer version and tags of its own", "%YAML 1.2\n%TAG !y! tag:yaml.org,2002:\n%TAG ! !\n---\na: !y!bool \"false\"\nb: !own 1\n", values("a", "true"), "%YAML 1.2\n%TAG !y! tag:yaml.org,2002:\n%TAG ! !\n---\na: !y!bool \"true\"\nb: !own 1\n"},
		{"several documents", "a: 1\n---\na: 2\n...\n---\nb: 3\n", values("a", "9"), "a: 9\n---\na: 9\n...\n---\nb: 3\n"},
		{"directives", "%YAML 1.1\n%TAG !e! tag:e.org,2000:\n---\na: !e!x 1\n", values("a", "2"), "%YAML 1.1\n%TAG !e! tag:e.org,2000:\n---\na: !e!x 2\n"},
		{
			"comments",
			"# head\na:   # inline\n  b: 1 # one\n#no space\nlist:\n# in list\n- x\n- {k: v} # flow\n# end\n",
			values("a:b", "2", "list:0", "y"),
			"# head\na: # inline\n  b: 2 # one\n  # no space\nlist:\n# in list\n  - y\n  - {k: v} # flow\n  # end\n",
		},
		{"number signs that are none", "a: b#c\nd: 'x # y'\ne: |\n  # text\nf: \"q\n  # r\"\n", values("a", "z"), "a: z\nd: 'x # y'\ne: |\n  # text\nf: \"q # r\"\n"},
		{"comment before a value", "a: # why\n  text\n", values("a", "new"), "a: # why\n  new\n"},
		{"comment line before a value", "a:\n# why\n  text\nb:\n- # what\n  x\n", values("a", "new"), "a:\n# why\n  new\nb: # what\n  - x\n"},
		{"nested lists", "- - a\n  - b\n- k: v\n  l: w\n", values("0:1", "c", "1:l", "x"), "- - a\n  - c\n- k: v\n  l: x\n"},
		{"keys that are structures", "? {a: 1}\n: x\nb: 2\n", values("b", "3"), "? {a: 1}\n: x\nb: 3\n"},
		{"aliases stay", "a: &x 1\nb: *x\n", values("b", "3"), "a: &x 1\nb: *x\n"},
		{"literal", "a: |\n  one\n  two\n", values("a", "x\n  y\n\n"), "a: |+\n  x\n    y\n\n"},
		{"Windows line ends", "a: 1\r\nb: 2\r\n", values("a", "3"), "a: 3\r\nb: 2\r\n"},
		{"null word between brackets", "a: {b: , c: 1}\n", values(), "a: {b: null, c: 1}\n"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := replaceText(t, replaceYAML, c.in, c.v)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if again := replaceText(t, replaceYAML, got, c.v); again != got {
				t.Errorf("a second time gives %q after %q", again, got)
			}
		})
	}
}

func TestYAMLRefuses(t *testing.T) {
	for _, text := range []string{"a: [", "a: b: c", "\"open", "a: *nobody"} {
		if _, err := replaceYAML(document{text: text}, values(), &quiet{}); err == nil {
			t.Errorf("%q was taken for YAML", text)
		}
	}
}

// TestYAMLValues puts awkward values into every kind of scalar and reads them
// back with another parser.
func TestYAMLValues(t *testing.T) {
	styles := []string{
		"k: plain\n", "k: 'single'\n", "k: \"double\"\n", "k: |\n  literal\n", "k: >\n  folded\n",
		"k: {in: flow}\n", "k: [flow]\n", "- - deep\n",
	}
	paths := []string{"k", "k", "k", "k", "k", "k:in", "k:0", "0:0"}
	texts := []string{
		"", " ", "a", "it's", `say "hi"`, "a: b", "a #b", "#c", "- d", "-d", "? e", ":", "a:", "{", "}", "[1]", "*x", "&y", "!t", "|", ">",
		"%z", "@at", "`tick", `back\slash`, `\`, "---", "--- a", "...", "line\nbreak", "end\n", "end\n\n", "\nlead", "  two", "trail ", "a \nb", "a\n b", "a\n\n\nb",
		"tab\tin", "\ttab", "é€", "😎", "\u0085", "\u2028", "\a\x1b", "true", "null", "~", "12", "1e3", "0x1F", "yes", "2020-01-01", "a,b", "x?y", "'", "''", "=", "<<",
		"tab\t\nbreak", "trailing\t", "long " + strings.Repeat("word ", 60) + "end", "\r\n", "a\r\nb\n", "\ufeffbom",
	}
	for i, style := range styles {
		for _, text := range texts {
			got := replaceText(t, replaceYAML, style, values(paths[i], text))
			var tree yaml.Node
			if err := yaml.Unmarshal([]byte(got), &tree); err != nil {
				t.Errorf("%q in %q gives %q, which is not YAML: %v", text, style, got, err)
				continue
			}
			n := &tree
			for n.Kind != yaml.ScalarNode && len(n.Content) > 0 {
				n = n.Content[len(n.Content)-1]
			}
			if n.Value != text {
				t.Errorf("%q in %q gives %q, which reads as %q", text, style, got, n.Value)
			}
		}
	}
}
