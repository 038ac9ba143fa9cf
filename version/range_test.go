package version

import (
	"errors"
	"testing"
)

func TestRangeContains(t *testing.T) {
	tests := []struct {
		format  Format
		text    string
		inside  []string
		outside []string
	}{
		{SemVer, "1.0", []string{"1.0", "1.0+build", "2.0-beta", "99"}, []string{"0.9", "1.0-beta"}},
		{SemVer, "[1.0]", []string{"1", "1.0.0.0", "1.0+x"}, []string{"1.0.0.1", "0.9"}},
		{SemVer, "[1.0,2.0)", []string{"1.0", "1.9", "2.0-a"}, []string{"2.0", "0.9", "1.0-a"}},
		{SemVer, "(1.0, 2.0]", []string{"1.0.1", "2.0"}, []string{"1.0", "2.0.1"}},
		{SemVer, " [1.0,) ", []string{"1.0", "7"}, []string{"0.1"}},
		{SemVer, "(,1.0]", []string{"1.0", "0"}, []string{"1.0.1"}},
		{SemVer, "(, )", []string{"1.0", "0-a"}, nil},
		{SemVer, "(1.0,1.0)", nil, []string{"1.0", "1.1"}},
		{Octopus, "[1.0-rc,2)", []string{"1.0-rc_1", "1.5"}, []string{"latest", "1.0-beta"}},
		{Docker, "[1.0,2)", []string{"1.0", "1.5-alpine"}, []string{"latest", "2"}},
		{Lexicographic, "[b,d]", []string{"b", "c", "D"}, []string{"a", "e"}},
		{Maven, "1.0", []string{"0.1", "1.0", "3"}, nil},
		{Maven, "[1.0]", []string{"1.0", "1"}, []string{"1.1"}},
		{Maven, "(,1.0],[1.2,)", []string{"0.9", "1.0", "1.2", "2"}, []string{"1.1"}},
		{Maven, "[1.0,2.0) , [3.0]", []string{"1.0", "2.0-SNAPSHOT", "3.0"}, []string{"2.0", "3.1"}},
		{Maven, "(,9.0.1)", []string{"9.0.0.M22"}, []string{"9.0.1"}},
	}
	for _, tt := range tests {
		r, err := ParseRange(tt.format, tt.text)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		for _, s := range tt.inside {
			if !r.Contains(parse(t, tt.format, s)) {
				t.Errorf("%s %q does not contain %s", tt.format, tt.text, s)
			}
		}
		for _, s := range tt.outside {
			if r.Contains(parse(t, tt.format, s)) {
				t.Errorf("%s %q contains %s", tt.format, tt.text, s)
			}
		}
	}
}

func TestParseRangeRefuses(t *testing.T) {
	tests := map[Format][]string{
		SemVer: {
			"", " ", "abc", "[1.0", "1.0]", "[", "(1.0)", "[1.0)", "(1.0]", "()", "[]", "[ ]", "(,)", "[,]x", "[2.0,1.0]",
			"[1.0,1.0)", "(1.0,1.0]", "[1,2,3]", "1.*", "[1.0,x]", "[1.0,2.0],[3.0,4.0]",
		},
		Maven: {
			"", "(1.0)", "[1.0)", "(1.0]", "(1.0,1.0]", "[1.0,1.0)", "(1.0,1.0)", "[1.1,1.0]", "[1.0,1.2),1.3", "[1.0", "[]", "(,)",
			"[1.0,1.2),(1.1,1.3]", "[1.1,1.3),(1.0,1.2]", "(1.1,1.2],[1.0,1.1)", "[1.0,2.0],(,3.0)", "[1.0,2.0],[99999999999]", "99999999999",
		},
	}
	for format, texts := range tests {
		for _, text := range texts {
			if r, err := ParseRange(format, text); !errors.Is(err, ErrRange) {
				t.Errorf("ParseRange(%s, %q) = %v, %v, want ErrRange", format, text, r, err)
			}
		}
	}
}

func TestRangeReadsOtherFormats(t *testing.T) {
	r, err := ParseRange(SemVer, "[1.0,2.0)")
	if err != nil {
		t.Fatal(err)
	}
	if !r.Contains(parse(t, Docker, "1.5-alpine")) || r.Contains(parse(t, Docker, "latest")) {
		t.Error("a tag is read in the range's format where it can be")
	}
}

func TestRule(t *testing.T) {
	tests := []struct {
		versions, tag, version string
		want                   bool
	}{
		{"", "", "1.0-anything", true},
		{" ", "^$", "1.0+meta", true},
		{"", "^$", "1.0-rc", false},
		{"[1.0,2.0)", "^$", "1.5", true},
		{"[1.0,2.0)", "^$", "2.5", false},
		{"", "^(?!master).+", "1.0-feature.1", true},
		{"", "^(?!master).+", "1.0-master.1", false},
		{"", "beta", "1.0-my-beta.2", true},
		{"", "build", "1.0-rc+build", false},
	}
	for _, tt := range tests {
		rule, err := ParseRule(SemVer, tt.versions, tt.tag)
		if err != nil {
			t.Fatal(err)
		}
		got, err := rule.Admits(parse(t, SemVer, tt.version))
		if err != nil || got != tt.want {
			t.Errorf("rule %q %q on %s: %t, %v, want %t", tt.versions, tt.tag, tt.version, got, err, tt.want)
		}
	}
	if _, err := ParseRule(SemVer, "[", ""); err == nil {
		t.Error("a broken range was accepted")
	}
	if _, err := MatchesTag("(", "x"); err == nil {
		t.Error("a broken pattern was accepted")
	}
}

func TestTagStopsCatastrophe(t *testing.T) {
	_, err := MatchesTag(`^(a+)+$`, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!")
	if err == nil {
		t.Error("an exploding pattern was let run to its end")
	}
}

func FuzzParseRange(f *testing.F) {
	for _, s := range []string{"1.0", "[1.0,2.0)", "(,1.0],[1.2,)", "[", "(,)", "[a,b,c]"} {
		f.Add(s, "1.5")
	}
	f.Fuzz(func(t *testing.T, text, candidate string) {
		for format := SemVer; format <= Lexicographic; format++ {
			r, err := ParseRange(format, text)
			if err != nil {
				if !errors.Is(err, ErrRange) {
					t.Errorf("%q: %v", text, err)
				}
				continue
			}
			if v, err := Parse(format, candidate); err == nil {
				r.Contains(v)
			}
		}
	})
}
