package rule

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/takodeploy/tako/internal/fault"
)

// detailsOf is an error with its details.
func detailsOf(err error) string {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.Error() + " " + strings.Join(f.Details, " ")
	}
	if err == nil {
		return ""
	}
	return err.Error()
}

// processSlots are the packages of a process.
func processSlots() []PackageSlot {
	return []PackageSlot{
		{Step: "Deploy web", Action: "Deploy web", PackageID: "Acme.Web"},
		{Step: "Deploy web", Action: "Deploy web", Reference: "tools", PackageID: "Acme.Tools"},
		{Step: "Deploy api", Action: "Deploy api", PackageID: "Acme.Web"},
		{Step: "Run", Action: "Run", Reference: "nginx", PackageID: "library/nginx"},
		{Step: "Java", Action: "Java", PackageID: "com.acme:lib"},
	}
}

func TestSelectVersions(t *testing.T) {
	cases := []struct {
		name      string
		overrides []string
		byDefault string
		want      string // versions, "-" where nothing was asked for
	}{
		{"10 nothing", nil, "", "- - - - -"},
		{"10 default", nil, "9.0", "9.0 9.0 9.0 9.0 9.0"},
		{"10 package", []string{"Acme.Web:1.0"}, "9.0", "1.0 9.0 1.0 9.0 9.0"},
		{"10 step", []string{"Deploy web:1.0"}, "", "1.0 1.0 - - -"},
		{"10 step and reference", []string{"Deploy web:tools:1.0"}, "", "- 1.0 - - -"},
		{"10 step and its own package", []string{"Deploy web::1.0"}, "", "1.0 - - - -"},
		{"10 package and reference", []string{"Acme.Tools:tools:1.0"}, "", "- 1.0 - - -"},
		{"10 any", []string{"*:1.0"}, "9.0", "1.0 1.0 1.0 1.0 1.0"},
		{"10 lone version", []string{"1.0"}, "", "1.0 1.0 1.0 1.0 1.0"},
		{"10 empty name", []string{":1.0"}, "", "1.0 1.0 1.0 1.0 1.0"},
		{"10 any step, one reference", []string{"*:nginx:1.0"}, "", "- - - 1.0 -"},
		{"10 one step, any reference", []string{"Deploy web:*:1.0"}, "", "1.0 1.0 - - -"},
		{"10 slash and equals separate", []string{"Deploy web/tools=1.0", "Acme.Web=2.0"}, "", "2.0 1.0 2.0 - -"},
		{"10 case", []string{"DEPLOY WEB:TOOLS:1.0-Beta+x"}, "", "- 1.0-Beta+x - - -"},
		{"10 escaped separators", []string{`com.acme\:lib:1.0`, `library\/nginx:2.0`}, "", "- - - 2.0 1.0"},
		{"10 unescaped separators in a known package", []string{"com.acme:lib:1.0", "library/nginx:2.0"}, "", "- - - 2.0 1.0"},
		{"10 unescaped with a reference", []string{"library/nginx:nginx:2.0"}, "", "- - - 2.0 -"},
		{"10 precise beats general, whatever the order", []string{"Deploy web:tools:3.0", "Deploy web:2.0", "Acme.Web:1.0", "*:0.1"}, "", "2.0 3.0 1.0 0.1 0.1"},
		{"10 the last of equals", []string{"Acme.Web:1.0", "Acme.Web:2.0"}, "", "2.0 - 2.0 - -"},
		{"10 blanks around", []string{" Deploy web : 1.0 "}, "", "1.0 1.0 - - -"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			got, err := SelectVersions(processSlots(), tc.overrides, tc.byDefault)
			if err != nil {
				t.Fatal(err)
			}
			for i := range got {
				if got[i] == "" {
					got[i] = "-"
				}
			}
			if diff := cmp.Diff(tc.want, strings.Join(got, " ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSelectVersionsRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"Acme.Wbe:1.0": `does not mean any package of the process. Its packages are package "Acme.Web" of step "Deploy web", package "Acme.Tools" (tools of step "Deploy web")`,
		"Acme.Web:":    "has no version",
		"":             "has no version",
		"Acme.Web:a b": `"a b" is not a version`,
	} {
		_, err := SelectVersions(processSlots(), []string{text}, "")
		if err == nil || !strings.Contains(detailsOf(err), want) {
			t.Errorf("%q: %v", text, detailsOf(err))
		}
	}
	if _, err := SelectVersions(nil, []string{"*:1.0", "2.0"}, ""); err != nil {
		t.Errorf("* may mean nothing: %v", err)
	}
}

func FuzzParseOverride(f *testing.F) {
	for _, seed := range []string{"a:b:1.0", `a\:b:1`, "::5", `\`, "a=/:", "*:1", `x\\:1`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 500 {
			t.Skip()
		}
		o, err := ParseOverride(text)
		if err != nil {
			return
		}
		if o.Version == "" || strings.ContainsAny(o.Version, " \t\r\n") {
			t.Errorf("%q gives version %q", text, o.Version)
		}
		for i := range o.Hits(processSlots()) {
			if i < 0 || i >= len(processSlots()) {
				t.Errorf("%q hits slot %d", text, i)
			}
		}
	})
}
