package configure

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDotNet(t *testing.T) {
	const config = "<?xml version=\"1.0\" encoding=\"windows-1252\"?>\r\n<configuration>\r\n  <appSettings>\r\n    <add key=\"A\" value=\"old\" />\r\n    <add key='none'/>\r\n  </appSettings>\r\n" +
		"  <connectionStrings><add name=\"Db\" connectionString=\"\" providerName=\"x\" /></connectionStrings>\r\n" +
		"  <applicationSettings><My><setting name=\"S\"><value>old</value></setting><setting name=\"T\" /></My></applicationSettings>\r\n</configuration>"
	dir := lay(t, map[string]string{"web.config": config, "sub/App.CONFIG": config, "used.config": config, "other.xml": config, "plain.config": "<a  b='1'/>"})
	log := &quiet{}
	o := DotNetOptions{Variables: values("a", "n\"&", "NONE", "added", "db", "Server=é", "s", "<v>", "t", "\x00null"), Skip: []string{filepath.Join(dir, "used.config")}}
	must(t, DotNet(dir, o, log))
	want := strings.NewReplacer(`value="old"`, `value="n&quot;&amp;"`, `key='none'/>`, `key="none" value="added" />`, `connectionString=""`, "connectionString=\"Server=\xe9\"",
		"<value>old</value>", "<value>&lt;v&gt;</value>", `<setting name="T" />`, `<setting name="T"><value></value></setting>`).Replace(config)
	for name, body := range map[string]string{"web.config": want, "sub/App.CONFIG": want, "used.config": config, "other.xml": config, "plain.config": "<a  b='1'/>"} {
		if diff := cmp.Diff(body, read(t, dir, name)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if strings.Contains(log.lines.String(), "Server=") {
		t.Error("a value was written to the log")
	}
	broken := lay(t, map[string]string{"web.config": "<a>"})
	if err := DotNet(broken, o, log); err == nil || !strings.Contains(err.Error(), "web.config") {
		t.Errorf("a broken file gives %v", err)
	}
	o.IgnoreErrors = true
	must(t, DotNet(broken, o, log))
}

const xdtSpace = `xmlns:xdt="http://schemas.microsoft.com/XML-Document-Transform"`

func TestTransform(t *testing.T) {
	set := func(v string) string {
		return `<c ` + xdtSpace + `><a v="` + v + `" xdt:Transform="SetAttributes" /></c>`
	}
	add := `<c ` + xdtSpace + `><n xdt:Transform="Insert" /></c>`
	lone := `<c><a v="0" /></c>`
	cases := []struct {
		name    string
		files   map[string]string
		o       TransformOptions
		want    map[string]string // files that changed
		applied []string
	}{
		{
			"automatic, in order", map[string]string{"web.config": lone, "sub/app.config": lone, "web.Release.config": set("r"), "web.Dev.config": set("d"), "sub/app.dev.config": add},
			TransformOptions{Automatic: []string{"Release", "Dev"}},
			map[string]string{"web.config": `<c><a v="d" /></c>`, "sub/app.config": `<c><a v="0" /><n /></c>`}, []string{"sub/app.dev.config", "web.Release.config", "web.Dev.config"},
		},
		{
			"explicit first, each pair once", map[string]string{"web.config": lone, "web.Release.config": add},
			TransformOptions{Automatic: []string{"Release"}, Explicit: []string{"web.Release.config => web.config"}},
			map[string]string{"web.config": `<c><a v="0" /><n /></c>`}, []string{"web.Release.config"},
		},
		{
			"by name only", map[string]string{"web.config": lone, "web.Foo.config": add}, TransformOptions{Explicit: []string{"Foo"}},
			map[string]string{"web.config": `<c><a v="0" /><n /></c>`}, []string{"web.Foo.config"},
		},
		{
			"wildcards and other endings", map[string]string{"a.xml": lone, "b.xml": lone, "a.Foo.xml": add, "t/b.Bar.xml": add},
			TransformOptions{Explicit: []string{"*.Foo.xml => *.xml", `t\*.Bar.xml => b.xml`, "none => nothing"}},
			map[string]string{"a.xml": `<c><a v="0" /><n /></c>`, "b.xml": `<c><a v="0" /><n /></c>`}, []string{"a.Foo.xml", "t/b.Bar.xml"},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := lay(t, c.files)
			applied, err := Transform(dir, c.o, &quiet{})
			must(t, err)
			for i := range applied {
				applied[i], err = filepath.Rel(dir, applied[i])
				must(t, err)
			}
			if diff := cmp.Diff(c.applied, applied); diff != "" {
				t.Errorf("applied (-want +got):\n%s", diff)
			}
			for name, body := range c.files {
				if changed, ok := c.want[name]; ok {
					body = changed
				}
				if diff := cmp.Diff(body, read(t, dir, name)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
			}
		})
	}
}

func TestTransformErrors(t *testing.T) {
	missing := `<c ` + xdtSpace + `><x xdt:Transform="Remove" /></c>`
	wrong := `<c ` + xdtSpace + `><a xdt:Transform="Nonsense" /></c>`
	cases := []struct {
		transform     string
		o             TransformOptions
		fails, warned bool
	}{
		{missing, TransformOptions{}, false, true},
		{missing, TransformOptions{WarningsFail: true}, true, true},
		{missing, TransformOptions{WarningsFail: true, IgnoreErrors: true}, false, true},
		{wrong, TransformOptions{}, true, false},
		{wrong, TransformOptions{IgnoreErrors: true}, false, true},
		{"<c", TransformOptions{}, true, false},
	}
	for _, c := range cases {
		dir := lay(t, map[string]string{"web.config": "<c><a /></c>", "web.Foo.config": c.transform})
		c.o.Explicit = []string{"Foo"}
		log := &quiet{}
		_, err := Transform(dir, c.o, log)
		if (err != nil) != c.fails || (log.warned > 0) != c.warned {
			t.Errorf("%s with %+v: %v, %d warnings", c.transform, c.o, err, log.warned)
		}
		if got := read(t, dir, "web.config"); c.fails && got != "<c><a /></c>" {
			t.Errorf("a transform that failed left %s", got)
		}
	}
}
