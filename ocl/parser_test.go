package ocl_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/takodeploy/tako/ocl"
)

// anywhere compares documents without their places.
var anywhere = cmp.Options{
	cmpopts.IgnoreFields(ocl.Attribute{}, "At"), cmpopts.IgnoreFields(ocl.Block{}, "At"),
	cmpopts.IgnoreFields(ocl.Entry{}, "At"), cmpopts.EquateEmpty(),
}

func attribute(name string, value ocl.Value) *ocl.Attribute {
	return &ocl.Attribute{Name: name, Value: value}
}

func block(name string, labels []string, body ...ocl.Element) *ocl.Block {
	return &ocl.Block{Name: name, Labels: labels, Body: body}
}

func TestParse(t *testing.T) {
	tests := map[string]struct {
		text string
		want ocl.Body
	}{
		"nothing":             {"", nil},
		"blanks":              {" \t \r\n \t ", nil},
		"a byte order mark":   {"\ufeffa = 1", ocl.Body{attribute("a", int64(1))}},
		"words":               {"a = null\nb = true\nc = false", ocl.Body{attribute("a", nil), attribute("b", true), attribute("c", false)}},
		"no blanks":           {`a="x"`, ocl.Body{attribute("a", "x")}},
		"escapes":             {`a = "\r\n\t\\\"#{x}"`, ocl.Body{attribute("a", "\r\n\t\\\"#{x}")}},
		"numbers":             {"a = -12\nb = 1.50\nc = -0.5", ocl.Body{attribute("a", int64(-12)), attribute("b", ocl.Decimal("1.50")), attribute("c", ocl.Decimal("-0.5"))}},
		"least integer":       {"a = -2147483648", ocl.Body{attribute("a", int64(-2147483648))}},
		"lists":               {"a = [\"x\",\n  \"y\"\n]\nb = [1, -2]\nc = [1.5]\nd = [ ]", ocl.Body{attribute("a", []string{"x", "y"}), attribute("b", []int64{1, -2}), attribute("c", []ocl.Decimal{"1.5"}), attribute("d", []string{})}},
		"two on a line":       {"a = 1 b = 2", ocl.Body{attribute("a", int64(1)), attribute("b", int64(2))}},
		"names of any tongue": {"größe_2 = 1", ocl.Body{attribute("größe_2", int64(1))}},
		"empty blocks":        {"a {}\nb { }\nc {\n\n}", ocl.Body{block("a", nil), block("b", nil), block("c", nil)}},
		"labels":              {`a "x" "y\"z" {}`, ocl.Body{block("a", []string{"x", `y"z`})}},
		"nested":              {"a {\n b \"l\" {\n c = 1\n }\n d = 2\n}", ocl.Body{block("a", nil, block("b", []string{"l"}, attribute("c", int64(1))), attribute("d", int64(2)))}},
		"carriage returns":    {"a = 1\r\nb {\r\n  c = \"x\"\r\n}\r\n", ocl.Body{attribute("a", int64(1)), block("b", nil, attribute("c", "x"))}},
		"dictionary": {"p = {\n  Octopus.A = \"1\"\n  \"b c\" = null\n  e=f = [\"x\"]\n  } = true\n}", ocl.Body{attribute("p", ocl.Dictionary{
			{Key: "Octopus.A", Value: "1"}, {Key: "b c"}, {Key: "e=f", Value: []string{"x"}}, {Key: "}", Value: true}})}},
		"dictionary on a line": {`p = { a = "1" b = 2 }`, ocl.Body{attribute("p", ocl.Dictionary{{Key: "a", Value: "1"}, {Key: "b", Value: int64(2)}})}},
		"empty dictionary":     {"p = {\n}\nq = {}", ocl.Body{attribute("p", ocl.Dictionary{}), attribute("q", ocl.Dictionary{})}},
		"heredoc in a dictionary": {"p = {\n    a = <<-EOT\n        x\n        EOT\n}", ocl.Body{attribute("p", ocl.Dictionary{
			{Key: "a", Value: ocl.Heredoc{Text: "x", Tag: "EOT", Indented: true}}})}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := ocl.Parse(test.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, anywhere); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestParseHeredoc(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"nothing":                    {"<<T\nT", ""},
		"one empty line":             {"<<T\n\nT\n", ""},
		"blanks stay":                {"<<T\n \n \nT", " \n "},
		"the tag within a line":      {"<<T\nA T\nT B\nTT\nT", "A T\nT B\nTT"},
		"blanks around the last tag": {"<<T \t\nx\n  T \t\n", "x"},
		"an odd tag":                 {"<<!!\nx\n!!", "x"},
		"carriage returns":           {"<<T\r\na\r\nb\r\nT\r\n", "a\r\nb"},
		"no carriage returns":        {"<<T\na\nb\r\nT", "a\nb"},
		"moved by the last tag":      {"<<-T\n  A\n   B\n  T", "A\n B"},
		"moved by the least line":    {"<<-T\n  A\nB\n     T", "  A\nB"},
		"blank lines do not count":   {"<<-T\n    A\n  \n\n      B\n    T", "A\n\n\n  B"},
		"tabs count as one":          {"<<-T\n\t\tA\n    B\n  T", "A\n  B"},
		"nothing to move by":         {"<<-T\n \n  \n   T", "\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			body, err := ocl.Parse("a = " + test.text)
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := ocl.Text(body[0].(*ocl.Attribute).Value); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestParseWrong holds the place of each mistake, and a word of its reason.
func TestParseWrong(t *testing.T) {
	tests := map[string]struct {
		text         string
		line, column int
		word         string
	}{
		"a comment":                   {"// hi\na = 1", 1, 1, "'/'"},
		"a name with a dash":          {"a-b = 1", 1, 2, "="},
		"a name alone":                {"a", 1, 2, "end of the file"},
		"a value on the next line":    {"a =\n1", 1, 4, "value"},
		"an unknown word":             {"a = yes", 1, 5, "value"},
		"quotes over lines":           {"\n\n  a = \"Bar\n ", 3, 11, "its line"},
		"quotes without end":          {`a = "x`, 1, 7, "before the file"},
		"an unknown escape":           {`a = "\q"`, 1, 6, `Unrecognised character escape: \q`},
		"a large number":              {"a = 2147483648", 1, 5, "32 bits"},
		"an exponent":                 {"a = 1e3", 1, 6, "'e'"},
		"no fraction":                 {"a = 1.", 1, 7, "point"},
		"three parts":                 {"a = 1.2.3", 1, 8, "number"},
		"a mixed list":                {`a = ["x", 1]`, 1, 11, "one kind"},
		"a trailing comma":            {`a = ["x",]`, 1, 10, "list"},
		"no comma":                    {`a = ["x" "y"]`, 1, 10, "comma"},
		"a nested list":               {`a = [["x"]]`, 1, 6, "list"},
		"a list of words":             {`a = [true]`, 1, 6, "list"},
		"a brace on the next line":    {"b\n{\n}", 1, 2, "same line"},
		"a label without a brace":     {`b "x"`, 1, 6, "labels"},
		"content behind the brace":    {"b { a = 1 }", 1, 5, "line of its own"},
		"a block without end":         {"b {\n  a = 1\n", 3, 1, "of line 1"},
		"an end too many":             {"a = 1\n}", 2, 1, "'}'"},
		"a dictionary in another":     {"p = {\n a = {\n }\n}", 2, 6, "another dictionary"},
		"a key twice":                 {"p = {\n a = 1\n a = 2\n}", 3, 2, "twice"},
		"a key without a value":       {"p = {\n a\n}", 2, 2, "key"},
		"a dictionary without end":    {"p = {\n a = 1\n", 3, 1, "end of the file"},
		"a heredoc without end":       {"a = <<T\nx\n", 1, 5, `"T" alone`},
		"text behind a tag":           {"a = <<T x\nT", 1, 9, "line after"},
		"a heredoc in a list":         {"a = [<<T\nT\n]", 1, 6, "list"},
		"columns count characters":    {"größe = ?", 1, 9, "'?'"},
		"blocks without end of depth": {strings.Repeat("a {\n", 200), 101, 3, "deep"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			body, err := ocl.Parse(test.text)
			var wrong *ocl.Error
			if !errors.As(err, &wrong) {
				t.Fatalf("read %v, %v", body, err)
			}
			if wrong.Line != test.line || wrong.Column != test.column || !strings.Contains(wrong.Message, test.word) {
				t.Errorf("got %v, want line %d, column %d, saying %q", wrong, test.line, test.column, test.word)
			}
		})
	}
}

func TestPlaces(t *testing.T) {
	body, err := ocl.Parse("a = 1\n\nb {\n  ü = {\n    k = 2\n  }\n}")
	if err != nil {
		t.Fatal(err)
	}
	b := body[1].(*ocl.Block)
	inner := b.Body[0].(*ocl.Attribute)
	got := []ocl.Position{body[0].Where(), b.Where(), inner.Where(), inner.Value.(ocl.Dictionary)[0].At}
	want := []ocl.Position{{Line: 1, Column: 1}, {Line: 3, Column: 1}, {Line: 4, Column: 3}, {Line: 5, Column: 5}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
