package version

import (
	"errors"
	"testing"
)

func TestParse(t *testing.T) {
	tests := []struct {
		format Format
		input  string
		text   string // of the version, when it is not the input
		want   Version
	}{
		{SemVer, "1.2", "", Version{Major: 1, Minor: 2}},
		{SemVer, "v01.002.3.4-rc.1+build.5", "", Version{Major: 1, Minor: 2, Patch: 3, Revision: 4, Prerelease: "rc.1", Metadata: "build.5"}},
		{SemVer, " v1. 2 .3-a ", "1.2.3-a", Version{Major: 1, Minor: 2, Patch: 3, Prerelease: "a"}},
		{SemVer, "1.0-a-b+c-d", "", Version{Major: 1, Prerelease: "a-b", Metadata: "c-d"}},
		{Octopus, "V1.2.3.4.five", "", Version{Major: 1, Minor: 2, Patch: 3, Revision: 4, Prerelease: "five", PrereleasePrefix: "five"}},
		{Octopus, "version1", "", Version{Prerelease: "version1", PrereleasePrefix: "version1"}},
		{Octopus, " v 1 . 2 ", "v1.2", Version{Major: 1, Minor: 2}},
		{Octopus, "1.2beta", "", Version{Major: 1, Minor: 2, Prerelease: "beta", PrereleasePrefix: "beta"}},
		{Octopus, "1.2.3-branch.hi.4+m", "", Version{Major: 1, Minor: 2, Patch: 3, Prerelease: "branch.hi.4", PrereleasePrefix: "branch", PrereleaseCounter: "hi.4", Metadata: "m"}},
		{Octopus, "1..2", "", Version{Major: 1, Prerelease: ".2", PrereleaseCounter: "2"}},
		{Octopus, "+only", "", Version{Metadata: "only"}},
		{Docker, "3.19-alpine", "", Version{Major: 3, Minor: 19, Prerelease: "alpine", PrereleasePrefix: "alpine"}},
		{Lexicographic, "v1.2-x+y+z", "", Version{Prerelease: "v1.2-x", Metadata: "y+z"}},
		{Maven, "1.2.3-4-SNAPSHOT", "", Version{Major: 1, Minor: 2, Patch: 3, Revision: 4, Prerelease: "-SNAPSHOT"}},
		{Maven, "19.0.0.Final", "", Version{Major: 19, Prerelease: "Final"}},
		{Maven, "1_0_alpha", "", Version{Major: 1}},
		{Maven, "", "", Version{}},
		{Maven, "r09", "", Version{Prerelease: "r09"}},
	}
	for _, tt := range tests {
		t.Run(tt.format.String()+" "+tt.input, func(t *testing.T) {
			got, err := Parse(tt.format, tt.input)
			if err != nil {
				t.Fatal(err)
			}
			if tt.text == "" {
				tt.text = tt.input
			}
			tt.want.Format, tt.want.original = tt.format, tt.text
			// Not cmp.Diff, which would call Equal and find ties alike.
			if got != tt.want {
				t.Errorf("got %#v, want %#v", got, tt.want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct {
		format Format
		input  string
		reason error
	}{
		{SemVer, "", ErrInvalid},
		{SemVer, "V1.0", ErrInvalid},
		{SemVer, "1.2.3.4.5", ErrInvalid},
		{SemVer, "1..2", ErrInvalid},
		{SemVer, "1.0-", ErrInvalid},
		{SemVer, "1.0-a..b", ErrInvalid},
		{SemVer, "1.0+", ErrInvalid},
		{SemVer, "1.0-a+b+c", ErrInvalid},
		{SemVer, "1.0_a", ErrInvalid},
		{SemVer, "1.2147483648", ErrTooLarge},
		{Octopus, " ", ErrInvalid},
		{Octopus, "1.2.3-hi there", ErrInvalid},
		{Octopus, "1 2 3", ErrInvalid},
		{Octopus, "1.2.3-ü", ErrInvalid},
		{Octopus, "2147483648", ErrTooLarge},
		{Docker, "a/b", ErrInvalid},
		{Lexicographic, " x", ErrInvalid},
		{Lexicographic, "x y", ErrInvalid},
		{Maven, "99999999999", ErrTooLarge},
		{Maven, "1-99999999999", ErrTooLarge},
		{Format(9), "1.0", ErrInvalid},
	}
	for _, tt := range tests {
		if v, err := Parse(tt.format, tt.input); !errors.Is(err, tt.reason) {
			t.Errorf("Parse(%s, %q) = %v, %v, want %v", tt.format, tt.input, v, err, tt.reason)
		}
	}
}

func TestIsPrerelease(t *testing.T) {
	tests := []struct {
		format Format
		input  string
		want   bool
	}{
		{SemVer, "1.0-a", true},
		{SemVer, "1.0+a", false},
		{Octopus, "latest", true},
		{Docker, "latest", false},
		{Docker, "1.0-latest", true},
		{Lexicographic, "anything", false},
		{Maven, "1.0-SnapShot", true},
		{Maven, "1.0-SNAPSHOT2", false},
		{Maven, "1.0-Alpha2", true},
		{Maven, "1.0-m", false},
		{Maven, "1.0-m1", true},
		{Maven, "1.0-cr", true},
		{Maven, "1.0-sp", false},
	}
	for _, tt := range tests {
		v, err := Parse(tt.format, tt.input)
		if err != nil {
			t.Fatal(err)
		}
		if v.IsPrerelease() != tt.want {
			t.Errorf("%s %q: pre-release is %t, want %t", tt.format, tt.input, !tt.want, tt.want)
		}
	}
}

func TestFormatNames(t *testing.T) {
	for _, f := range []Format{SemVer, Maven, Docker, Octopus, Lexicographic} {
		if got, ok := ParseFormat(f.String()); !ok || got != f {
			t.Errorf("%v is read back as %v, %t", f, got, ok)
		}
	}
	if _, ok := ParseFormat("npm"); ok {
		t.Error("an unknown format was found")
	}
}

// FuzzParse checks that no input panics, that order is antisymmetric, and that
// the text of a version without blanks reads back as an equal version.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"1.2.3-a+b", "v1", "latest", "1.0-4-x", " 1 . 2 ", `a\b_c-d`, "1-0.1"} {
		f.Add(s, "1.0-SNAPSHOT")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		for format := SemVer; format <= Lexicographic; format++ {
			v, err := Parse(format, a)
			if err != nil {
				continue
			}
			if v.Compare(v) != 0 {
				t.Errorf("%s %q differs from itself", format, a)
			}
			if withoutBlanks(a) == a {
				if again, err := Parse(format, v.String()); err != nil || again != v {
					t.Errorf("%s %q reads back as %#v, %v, was %#v", format, v, again, err, v)
				}
			}
			w, err := Parse(format, b)
			if err != nil {
				continue
			}
			if v.Compare(w) != -w.Compare(v) {
				t.Errorf("%s %q and %q: %d and %d", format, a, b, v.Compare(w), w.Compare(v))
			}
		}
	})
}
