package rule

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/version"
)

func TestChannelRules(t *testing.T) {
	cases := []struct {
		name    string
		rule    ChannelRule
		format  version.Format
		version string
		want    string // part of the sentence; empty is admitted
	}{
		{"2.3 in the range", ChannelRule{VersionRange: "[1.0,2.0)"}, version.SemVer, "1.5.0", ""},
		{"2.3 outside the range", ChannelRule{VersionRange: "[1.0,2.0)"}, version.SemVer, "2.0.0", "it is outside the range [1.0,2.0)."},
		{"2.3 pre-releases in a range", ChannelRule{VersionRange: "[2.0.0-alpha.1,2.0.0)"}, version.SemVer, "2.0.0-beta", ""},
		{"2.3 stable without metadata", ChannelRule{Tag: "^$"}, version.SemVer, "1.0.0", ""},
		{"2.3 stable refuses a pre-release", ChannelRule{Tag: "^$"}, version.SemVer, "1.0.0-beta", `its pre-release tag "beta" does not match "^$".`},
		{"2.3 stable refuses metadata", ChannelRule{Tag: "^$"}, version.SemVer, "1.0.0+5", `its pre-release tag "+5" does not match "^$".`},
		{"2.3 stable with metadata", ChannelRule{Tag: `^(|\+.*)$`}, version.SemVer, "1.0.0+5", ""},
		{"2.3 stable with metadata refuses a pre-release", ChannelRule{Tag: `^(|\+.*)$`}, version.SemVer, "1.0.0-beta+5", `"beta+5"`},
		{"2.3 any pre-release", ChannelRule{Tag: `^[^\+].*`}, version.SemVer, "1.0.0-beta", ""},
		{"2.3 any pre-release refuses stable", ChannelRule{Tag: `^[^\+].*`}, version.SemVer, "1.0.0", `it has no pre-release tag, and the rule asks for "^[^\\+].*".`},
		{"2.3 patterns may look ahead", ChannelRule{Tag: "^(?!master).+"}, version.SemVer, "1.0.0-master.1", "does not match"},
		{"2.3 range and tag", ChannelRule{VersionRange: "[1.0]", Tag: "^$"}, version.SemVer, "2.0.0-a", "it is outside the range [1.0], and its pre-release tag"},
		{"2.3 Maven ranges for Maven", ChannelRule{VersionRange: "(,1.0],[1.2,)"}, version.Maven, "1.3-SNAPSHOT", ""},
		{"2.3 Maven ranges refuse", ChannelRule{VersionRange: "(,1.0],[1.2,)"}, version.Maven, "1.1", "it is outside the range (,1.0],[1.2,)."},
		{"2.2 version tag", ChannelRule{VersionTag: "-alpine$"}, version.Docker, "1.27-alpine", ""},
		{"2.2 version tag refuses", ChannelRule{VersionTag: "-alpine$"}, version.Docker, "1.27", `it does not match "-alpine$".`},
		{"2.4 order is no matter of membership", ChannelRule{ByPublished: true}, version.SemVer, "1.0", ""},
		{"not a version", ChannelRule{VersionRange: "[1.0]"}, version.SemVer, "latest", "it is not a version that can be compared."},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			tc.rule.Packages = []ChannelPackage{{Action: "Deploy web"}}
			c := Channel{Name: "Stable", Rules: []ChannelRule{tc.rule}}
			selected := []SelectedVersion{
				{PackageSlot{Action: "deploy WEB", PackageID: "Acme.Web", Format: tc.format}, tc.version},
				{PackageSlot{Action: "Other", PackageID: "Other"}, "0.0.1"},
				{PackageSlot{Action: "Deploy web", Reference: "tools"}, "0.0.1"},
			}
			got := strings.Join(c.Violations(selected), "\n")
			if tc.want == "" && got != "" || !strings.Contains(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			if got != "" && !strings.HasPrefix(got, `Version `+tc.version+` of package "Acme.Web" of step "deploy WEB" does not satisfy rule 1 of channel "Stable": `) {
				t.Errorf("sentence %q", got)
			}
		})
	}
}

func TestCheckChannel(t *testing.T) {
	c := Channel{Name: "C", Rules: []ChannelRule{
		{Packages: []ChannelPackage{{"A", ""}, {"A", "tools"}}, VersionRange: "(1.0)"},
		{Packages: []ChannelPackage{{"a", ""}}, Tag: "("},
	}}
	err := CheckChannel(&c, nil)
	var f *fault.Error
	if !errors.As(err, &f) || len(f.Details) != 3 {
		t.Fatalf("got %v", err)
	}
	want := `The package of step "a" is in rules 1 and 2 of channel "C"; a package may be in one rule only.`
	if f.Details[2] != want || !strings.HasPrefix(f.Details[0], `Rule 1 of channel "C": the version range "(1.0)" cannot be read`) {
		t.Errorf("2.2 %q", f.Details)
	}
	maven := Channel{Rules: []ChannelRule{{Packages: []ChannelPackage{{"A", ""}}, VersionRange: "(,1.0],[1.2,)"}}}
	if err := CheckChannel(&maven, func(ChannelPackage) version.Format { return version.Maven }); err != nil {
		t.Errorf("2.3 %v", err)
	}
}

func TestBestChannel(t *testing.T) {
	rule := func(r string) []ChannelRule {
		return []ChannelRule{{Packages: []ChannelPackage{{"A", ""}}, VersionRange: r}}
	}
	channels := []Channel{
		{Name: "Default", Default: true}, {Name: "Two", Rules: rule("[2.0,3.0)")}, {Name: "Also two", Rules: rule("[2.0,3.0)")}, {Name: "Plain"},
	}
	strict := []Channel{{Name: "Default", Default: true, Rules: rule("[1.0]")}, {Name: "Two", Rules: rule("[2.0]")}}
	for _, tc := range []struct {
		name     string
		channels []Channel
		version  string
		want     string
		bad      int
	}{
		{"2.7 most rules", channels, "2.1", "Also two", 0},
		{"2.7 default wins ties", channels, "5.0", "Default", 0},
		{"2.7 another than the default", strict, "2.0", "Two", 0},
		{"2.7 none fits", strict, "3.0", "Default", 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, why, err := BestChannel(tc.channels, []SelectedVersion{{PackageSlot{Action: "A"}, tc.version}})
			if err != nil || got.Name != tc.want || len(why) != tc.bad {
				t.Errorf("got %+v, %q, %v", got, why, err)
			}
		})
	}
	if _, _, err := BestChannel([]Channel{{Name: "x", Rules: rule("[9.0]")}}, []SelectedVersion{{PackageSlot{Action: "A"}, "1.0"}}); err == nil {
		t.Error("2.1 a project has a default channel")
	}
}

func TestChannelTenantsAndGit(t *testing.T) {
	c := Channel{Name: "C", TenantTags: []string{"Ring/Alpha", "Ring/Beta"}, GitReferences: []string{"main", "release/*", "refs/tags/v*"}}
	if !c.AdmitsTenant([]string{"Ring/Beta"}) || c.AdmitsTenant(nil) {
		t.Error("2.8 tenant tags")
	}
	for reference, ok := range map[string]bool{
		"refs/heads/main": true, "main": true, "refs/heads/release/1": true, "refs/heads/release/1/x": false,
		"refs/tags/v1": true, "refs/heads/v1": false, "refs/heads/mainly": false,
	} {
		if got := c.GitViolation(reference); (got == "") != ok {
			t.Errorf("2.6 %s: %q", reference, got)
		}
	}
	if got := (&Channel{}).GitViolation("refs/heads/x"); got != "" {
		t.Errorf("2.6 without patterns: %q", got)
	}
}

func TestLatest(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }
	offered := []OfferedVersion{{Version: "1.0.0", Published: day(5)}, {Version: "1.10.0", Published: day(3)}, {Version: "1.9.0", Published: day(4)}, {Version: "2.0.0-beta", Published: day(9)}, {Version: "junk!", Published: day(8)}}
	for _, tc := range []struct {
		name string
		rule *ChannelRule
		pre  bool
		want string
	}{
		{"19 highest release", nil, false, "1.10.0"},
		{"19 pre-release on request", nil, true, "2.0.0-beta"},
		{"19 pre-release by the rule", &ChannelRule{Tag: "^beta"}, false, "2.0.0-beta"},
		{"19 within the range", &ChannelRule{VersionRange: "[1.0,1.10)"}, false, "1.9.0"},
		{"2.4 most recently published", &ChannelRule{ByPublished: true}, false, "1.0.0"},
		{"19 nothing fits", &ChannelRule{VersionRange: "[7.0]"}, false, ""},
	} {
		got, found, err := Latest(tc.rule, version.SemVer, offered, tc.pre)
		if err != nil || got.Version != tc.want || found != (tc.want != "") {
			t.Errorf("%s: got %+v, %v, %v", tc.name, got, found, err)
		}
	}
}

func FuzzGlob(f *testing.F) {
	f.Add("release/**/x?", "release/a/b/xy")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern)+len(text) > 2000 {
			t.Skip()
		}
		glob(pattern, text)
		if !glob("**", text) {
			t.Errorf("** does not match %q", text)
		}
		if !strings.ContainsAny(text, "*?") && !glob(text, text) {
			t.Errorf("%q does not match itself", text)
		}
	})
}

func TestGlob(t *testing.T) {
	got := map[string]bool{}
	want := map[string]bool{"a*c ac": true, "a*c abc": true, "a*c a/c": false, "a**c a/b/c": true, "a?c abc": true, "a?c a/c": false, "*  ": false, "** a/b": true}
	for text := range want {
		pattern, rest, _ := strings.Cut(text, " ")
		got[text] = glob(pattern, rest)
	}
	want["*  "] = true
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
