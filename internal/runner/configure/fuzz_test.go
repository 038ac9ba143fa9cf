package configure

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// FuzzReplace looks for text that makes any format panic, and for output that
// the same format cannot read or would change again.
func FuzzReplace(f *testing.F) {
	for _, seed := range []string{
		"a: 1\nb: [x, {y: z}] # c\n", "%YAML 1.1\n---\n# c\na: |\n  # t\n...\n---\n- 'it''s'\n", "? {a: 1}\n: &x !t [b]\n", "a: # c\n  \"q\n  r\"\n",
		`{"a": [1, 'x', {b: null,}], /* c */ "d": "\u00e9"}`, "# c\na = 1\\\n  2\nb\\ c:d\n", "<?xml version='1.0'?><a b='c'><!--d--><e/>f<![CDATA[g]]></a>",
	} {
		for i := range formats {
			f.Add(i, seed)
		}
	}
	v := values("a", "new: {v: 1}", "b:0", "é\n#", "/a", "<n/>", "//@b", "\"")
	f.Fuzz(func(t *testing.T, which int, text string) {
		if which < 0 || which >= len(formats) {
			return
		}
		form := formats[which]
		doc, err := form.replace(document{text: text}, v, &quiet{})
		if err != nil {
			var wrong *formatError
			if !errors.As(err, &wrong) {
				t.Fatalf("%s: %v", form.name, err)
			}
			return
		}
		if form.name == "YAML" {
			plain, err := form.replace(document{text: text}, NewVariables(nil, nil), &quiet{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(yamlData(text), yamlData(plain.text)); diff != "" {
				t.Fatalf("%q without a change became %q:\n%s", text, plain.text, diff)
			}
		}
		again, err := form.replace(doc, NewVariables(nil, nil), &quiet{})
		if err != nil {
			t.Fatalf("%s: %q became %q, which cannot be read: %v", form.name, text, doc.text, err)
		}
		if form.name == "YAML" {
			if diff := cmp.Diff(yamlData(doc.text), yamlData(again.text)); diff != "" {
				t.Fatalf("%q became %q and then %q:\n%s", text, doc.text, again.text, diff)
			}
		} else if again.text != doc.text {
			t.Fatalf("%s: %q became %q and then %q", form.name, text, doc.text, again.text)
		}
	})
}

// yamlData reads the first document's kinds, tags and values.
func yamlData(text string) any {
	var n yaml.Node
	if yaml.Unmarshal([]byte(text), &n) != nil {
		return nil
	}
	return plainNode(&n)
}

func plainNode(n *yaml.Node) any {
	children := []any{}
	for _, c := range n.Content {
		children = append(children, plainNode(c))
	}
	value := n.Value
	if n.ShortTag() == "!!null" {
		value = "" // null has several spellings
	}
	return []any{int(n.Kind), n.ShortTag(), value, n.Anchor, children}
}
