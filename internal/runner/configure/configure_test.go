package configure

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// lay writes files below a fresh folder.
func lay(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, body := range files {
		p := filepath.Join(dir, filepath.FromSlash(name))
		must(t, os.MkdirAll(filepath.Dir(p), 0o755))
		must(t, os.WriteFile(p, []byte(body), 0o640))
	}
	return dir
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	body, err := os.ReadFile(filepath.Join(dir, name))
	must(t, err)
	return string(body)
}

func TestJSON(t *testing.T) {
	cases := []struct {
		name, in string
		v        *Variables
		want     string
	}{
		{"no path", "{\n}", values("a", "1"), "{}"},
		{"types follow what is there", "{\n\"n\":1,\"b\":true,\"s\":\"x\",\"z\":null,\"f\":1.5}", values("n", "2", "b", "FALSE", "s", "3", "z", "4", "f", "7"), "{\n  \"n\": 2,\n  \"b\": false,\n  \"s\": \"3\",\n  \"z\": \"4\",\n  \"f\": 7\n}"},
		{"what does not fit is text", "{\n\"n\":1,\"b\":true}", values("n", "many", "b", "maybe"), "{\n  \"n\": \"many\",\n  \"b\": \"maybe\"\n}"},
		{"fractions", "{\n\"a\":1,\"b\":1,\"c\":1}", values("a", "1.50", "b", "1e20", "c", " 5 "), "{\n  \"a\": 1.5,\n  \"b\": 1E+20,\n  \"c\": 5\n}"},
		{"null", "{\n\"s\":\"x\",\"n\":1}", values("s", "\x00null", "n", "\x00null"), "{\n  \"s\": null,\n  \"n\": 1\n}"},
		{"lists", "[\n{\"a\":1},2]", values("0:A", "5", "1", "6"), "[\n  {\n    \"a\": 5\n  },\n  6\n]"},
		{"object for object", "{\n\"o\":{\"a\":1},\"l\":[1]}", values("o", "{\"b\": [1, {}]}", "l", "not json"), "{\n  \"o\": {\n    \"b\": [\n      1,\n      {}\n    ]\n  },\n  \"l\": [\n    1\n  ]\n}"},
		{"a part of what was replaced is gone", "{\n\"o\":{\"a\":1}}", values("o", "{\"a\":2}", "o:a", "3"), "{\n  \"o\": {\n    \"a\": 2\n  }\n}"},
		{"system names", "{\n\"OctopusX\":1,\"Octopus\":{\"a\":1}}", values("OctopusX", "2", "Octopus", "{}", "Octopus:a", "3"), "{\n  \"OctopusX\": 1,\n  \"Octopus\": {\n    \"a\": 3\n  }\n}"},
		{"lenient", "// c\n{ /* x */ a: 'it\\'s', \"b\": [1,2,], }\n", values("a", "q\"\n\u2028"), "{\n  \"a\": \"q\\\"\\n\\u2028\",\n  \"b\": [\n    1,\n    2\n  ]\n}"},
		{"numbers keep their spelling", "{\n\"a\": 1.10, \"b\": 12345678901234567890}", values(), "{\n  \"a\": 1.10,\n  \"b\": 12345678901234567890\n}"},
		{"escapes", "{\n\"a\": \"\\u00e9\\ud83d\\ude0e\\/\\t\"}", values(), "{\n  \"a\": \"é😎/\\t\"\n}"},
		{"twice the same member", "{\n\"a\":1,\"a\":2}", values("a", "3"), "{\n  \"a\": 3\n}"},
		{"one line becomes many", "{\"a\":1}", values(), "{\r\n  \"a\": 1\r\n}"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, replaceText(t, replaceJSON, c.in, c.v)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	for _, text := range []string{"", "{", "[1", "{\"a\" 1}", "{} x", "nope", "\"open", "{\"a\":}", "[1 2]", strings.Repeat("[", 2000), `"\u12"`, "/*"} {
		var wrong *formatError
		if _, err := replaceJSON(document{text: text}, values(), &quiet{}); !errors.As(err, &wrong) {
			t.Errorf("%q gives %v, want a complaint about the format", text, err)
		}
	}
}

func TestProperties(t *testing.T) {
	const in = "# a=1\n! b=2\r\na = 1\nb:2\n  c  3\\\n   and more\nd\\ e=x\n\\u0066=old\ng\n\nh=end"
	v := values("a", " lead", "b", "t\tn\nb\\", "c", "é😎", "d e", "", "f", "new", "g", "v", "h", "last")
	want := "# a=1\n! b=2\r\na = \\ lead\nb:t\\tn\\nb\\\\\n  c  é\\ud83d\\ude0e\nd\\ e=\n\\u0066=new\ng:v\n\nh=last"
	if diff := cmp.Diff(want, replaceText(t, replaceProperties, in, v)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(in, replaceText(t, replaceProperties, in, values("zzz", "1"))); diff != "" {
		t.Errorf("untouched text changed:\n%s", diff)
	}
	if _, err := replaceProperties(document{text: `\u12g=1`}, values(), &quiet{}); err == nil {
		t.Error("a broken escape passed")
	}
}

func TestXML(t *testing.T) {
	const in = `<?xml version="1.0"?><r xmlns:p="urn:p"><a k="1">x</a><p:b>y</p:b><c xmlns="urn:d">z</c><!--n--></r>`
	cases := []struct{ path, value, want string }{
		{"/r/a/@k", `"<&`, `k="&quot;&lt;&amp;"`},
		{"/r/a", "<b>", "<a k=\"1\">&lt;b&gt;</a>"},
		{"//p:b", "new", "<p:b>new</p:b>"},
		{"//c", "new", `<c xmlns="urn:d">z</c>`},
		{"//*:c", "new", `<c xmlns="urn:d">new</c>`},
		{"//comment()", "new", "<!--new-->"},
		{"/r", "<q/>t", "<q />t</r>"},
		{"/r", "<q>", `<a k="1">x</a>`},
		{"/r/nothing", "new", `<a k="1">x</a>`},
		{"not:declared", "new", `<a k="1">x</a>`},
		{"a/b[", "new", `<a k="1">x</a>`},
		{"count(/r)", "new", `<a k="1">x</a>`},
		{"r", "new", `<a k="1">x</a>`},
	}
	for _, c := range cases {
		if got := replaceText(t, replaceXML, in, values(c.path, c.value)); !strings.Contains(got, c.want) {
			t.Errorf("%s = %s gives\n%s\nwithout %s", c.path, c.value, got, c.want)
		}
	}
	for _, text := range []string{"", "x", "<a>", "<a></b>", "<a/><b/>", "<a b='1' b='2'/>", "<a>&nbsp;</a>", "<a/>text"} {
		var wrong *formatError
		if _, err := replaceXML(document{text: text}, values(), &quiet{}); !errors.As(err, &wrong) {
			t.Errorf("%q gives %v, want a complaint about the format", text, err)
		}
	}
}

func TestStructured(t *testing.T) {
	dir := lay(t, map[string]string{
		"app.json": "{\n\"a\":1}", "conf/x.yaml": "a: 1\n", "conf/deep/y.yml": "a: 1\n", "conf.xml": "<a>1</a>",
		"noname": "a=1\n", "other": "a: 1\nb: 2\n", "json.yaml": "{\n\"a\": 1}", "folder/in": "x", "left.yaml": "a: 1\n",
	})
	log := &quiet{}
	must(t, Structured(dir, StructuredOptions{
		Targets:   []string{"*.json", `conf\**\*.y*ml`, "CONF.xml", "other", "json.yaml", "folder", "missing*"},
		Variables: values("a", "2", "/a", "3"),
	}, log))
	want := map[string]string{
		"app.json": "{\n  \"a\": 2\n}", "conf/x.yaml": "a: 2\n", "conf/deep/y.yml": "a: 2\n", "conf.xml": "<a>3</a>",
		"other": "a: 2\nb: 2\n", "json.yaml": "{\n  \"a\": 2\n}", "left.yaml": "a: 1\n",
	}
	for name, body := range want {
		if diff := cmp.Diff(body, read(t, dir, name)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if log.warned != 2 {
		t.Errorf("%d warnings, want one for the folder and one for what is missing:\n%s", log.warned, log.lines.String())
	}
	info, err := os.Stat(filepath.Join(dir, "app.json"))
	must(t, err)
	if info.Mode().Perm() != 0o640 {
		t.Errorf("the file's mode became %o", info.Mode().Perm())
	}
}

func TestStructuredFails(t *testing.T) {
	dir := lay(t, map[string]string{"a.json": "{", "b.yaml": "a: [", "c.yaml": "a: 1"})
	for name, o := range map[string]StructuredOptions{
		"a.json": {}, "b.yaml": {}, "c.yaml": {Only: "JSON"}, "missing": {},
	} {
		o.Variables = values("a", "2")
		if err := StructuredFile(filepath.Join(dir, name), o, &quiet{}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s gives %v, want an error that names it", name, err)
		}
	}
	if got := read(t, dir, "b.yaml"); got != "a: [" {
		t.Errorf("a file that failed became %q", got)
	}
}

func TestEncodings(t *testing.T) {
	cases := []struct{ name, in, want string }{
		{"utf-8", "a: é\n", "a: é!\n"},
		{"utf-8 with a mark", "\xef\xbb\xbfa: é\n", "\xef\xbb\xbfa: é!\n"},
		{"utf-16", "\xff\xfea\x00:\x00 \x00\xe9\x00\n\x00", "\xff\xfea\x00:\x00 \x00\xe9\x00!\x00\n\x00"},
		{"utf-16, the other way round", "\xfe\xff\x00a\x00:\x00 \x00x\x00\n", "\xfe\xff\x00a\x00:\x00 \x00\xe9\x00!\x00\n"},
		{"windows-1252", "a: \xe9\n", "a: \xe9!\n"},
	}
	for _, c := range cases {
		dir := lay(t, map[string]string{"f.yaml": c.in})
		must(t, StructuredFile(filepath.Join(dir, "f.yaml"), StructuredOptions{Variables: values("a", "é!")}, &quiet{}))
		if got := read(t, dir, "f.yaml"); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	log := &quiet{}
	dir := lay(t, map[string]string{"f.yaml": "a: \xe9\n"})
	must(t, StructuredFile(filepath.Join(dir, "f.yaml"), StructuredOptions{Variables: values("a", "Ω")}, log))
	if got := read(t, dir, "f.yaml"); got != "a: Ω\n" || log.warned != 1 {
		t.Errorf("%q with %d warnings, want UTF-8 and one", got, log.warned)
	}
}

func TestSubstitute(t *testing.T) {
	evaluate := func(text string) (string, error) {
		var err error
		if strings.Contains(text, "#{bad}") {
			err = errors.New("bad has no value")
		}
		return strings.ReplaceAll(text, "#{x}", "é"), err
	}
	dir := lay(t, map[string]string{"a.txt": "1 #{x}", "sub/b.txt": "#{bad}#{x}\r\n", "c.md": "#{x}"})
	extra := lay(t, map[string]string{"e.txt": "#{x}"})
	log := &quiet{}
	o := SubstituteOptions{Targets: []string{"**/*.txt", "none"}, Extra: []string{extra}, Evaluate: evaluate}
	must(t, Substitute(dir, o, log))
	for name, want := range map[string]string{"a.txt": "1 é", "sub/b.txt": "#{bad}é\r\n", "c.md": "#{x}"} {
		if got := read(t, dir, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if got := read(t, extra, "e.txt"); got != "é" || log.warned != 1 {
		t.Errorf("%q, %d warnings", got, log.warned)
	}
	o.Strict, o.Quiet, o.Targets = true, true, []string{"none", "sub/*"}
	if err := Substitute(dir, o, log); err == nil || log.warned != 1 {
		t.Errorf("error %v, %d warnings; want an error and no further warning", err, log.warned)
	}
	o = SubstituteOptions{Evaluate: evaluate, Encoding: "utf-16"}
	must(t, SubstituteFile(filepath.Join(dir, "a.txt"), o, log))
	if got := read(t, dir, "a.txt"); got != "\xff\xfe1\x00 \x00\xe9\x00" {
		t.Errorf("as utf-16 it is %q", got)
	}
	o.Encoding = "no such"
	must(t, SubstituteFile(filepath.Join(dir, "c.md"), o, log))
	if got := read(t, dir, "c.md"); got != "é" {
		t.Errorf("with an unknown charset it is %q", got)
	}
}

func TestReplaceFileKeepsLinks(t *testing.T) {
	dir := lay(t, map[string]string{"real/f": "old"})
	must(t, os.Symlink("real/f", filepath.Join(dir, "link")))
	must(t, os.Chmod(filepath.Join(dir, "real/f"), 0o440))
	must(t, replaceFile(filepath.Join(dir, "link"), []byte("new")))
	info, err := os.Lstat(filepath.Join(dir, "link"))
	must(t, err)
	if info.Mode()&fs.ModeSymlink == 0 || read(t, dir, "real/f") != "new" {
		t.Errorf("the link became %s and its target %q", info.Mode(), read(t, dir, "real/f"))
	}
	entries, err := os.ReadDir(filepath.Join(dir, "real"))
	must(t, err)
	if len(entries) != 1 {
		t.Errorf("something was left behind: %v", entries)
	}
}

func TestGlob(t *testing.T) {
	dir := lay(t, map[string]string{
		"a.txt": "", "B.TXT": "", "sub/c.txt": "", "sub/deep/d.txt": "", "sub/e1.md": "", "sub/e2.md": "", "[id].js": "", "x{y}": "",
	})
	cases := []struct {
		pattern string
		want    []string
	}{
		{"a.txt", []string{"a.txt"}},
		{"A.*", []string{"a.txt"}},
		{"*.txt", []string{"B.TXT", "a.txt"}},
		{"**/*.txt", []string{"B.TXT", "a.txt", "sub/c.txt", "sub/deep/d.txt"}},
		{`sub\*.txt`, []string{"sub/c.txt"}},
		{"./sub/../a.txt", []string{"a.txt"}},
		{"sub/**", []string{"sub/c.txt", "sub/deep/d.txt", "sub/e1.md", "sub/e2.md"}},
		{"sub/e[2-3].md", []string{"sub/e2.md"}},
		{"sub/e[!2].md", []string{"sub/e1.md"}},
		{"sub/e?.md", []string{"sub/e1.md", "sub/e2.md"}},
		{"{a,sub/{c,no}}.txt", []string{"a.txt", "sub/c.txt"}},
		{"[id].js", []string{"[id].js"}},
		{"x{y}", []string{"x{y}"}},
		{"sub", nil},
		{"no/*", nil},
		{"", nil},
		{"*[", nil},
		{filepath.Join(dir, "sub", "*.txt"), []string{"sub/c.txt"}},
	}
	for _, c := range cases {
		got, err := Files(dir, c.pattern)
		must(t, err)
		for i := range got {
			got[i], err = filepath.Rel(dir, got[i])
			must(t, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" && len(c.want)+len(got) > 0 {
			t.Errorf("%s (-want +got):\n%s", c.pattern, diff)
		}
	}
}
