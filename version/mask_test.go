package version

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestApplyMask(t *testing.T) {
	tests := []struct{ mask, current, want string }{
		{"1.2.i", "", "1.2.0"},
		{"c.c.i", "1.2.3", "1.2.4"},
		{"c.i.c", "1.2.3", "1.3.0"},
		{"i.c.c", "1.2.3", "2.0.3"},
		{"i.i.i", "1.2.3", "2.0.0"},
		{"vi.c.c", "1.2.3-x", "v2.0.3"},
		{"c.i", "1.2.3.4", "1.3.0"},
		{"i", "1.2.3.4", "2.0"},
		{"c.c.i", "nonsense!", "0.0.1"},
		{"c.c.i", "v1.2.3+meta", "1.2.4"},
		{"1.0.0-beta.i", "1.0.0-beta.9", "1.0.0-beta.10"},
		{"1.0.0-beta.i", "1.0.0-beta.99999999999", "1.0.0-beta.1"},
		{"1.0.0-i.rest.c", "1.0.0-4.x.5", "1.0.0-5.0.5"},
		{"1.0.0+i.c", "1.0.0+4.5", "1.0.0+5.0"},
		{"-beta.i", "1.0-beta.1", "-beta.2"},
		{" 1 . 2 ", "1.0", "1.2"},
		{"1.2.3_i", "1.2.3_4", "1.2.3_i"},
	}
	for _, tt := range tests {
		got, err := ApplyMask(tt.mask, tt.current)
		if err != nil || got != tt.want {
			t.Errorf("ApplyMask(%q, %q) = %q, %v, want %q", tt.mask, tt.current, got, err, tt.want)
		}
	}
	for _, bad := range []string{"", "a/b", "1.2.3-x y", "-", "i.99999999999"} {
		if got, err := ApplyMask(bad, "1.0"); err == nil {
			t.Errorf("ApplyMask(%q) = %q, want an error", bad, got)
		}
	}
	if got, err := ApplyMask("i", "2147483647"); err == nil {
		t.Errorf("a number too large became %q", got)
	}
}

func TestIsMask(t *testing.T) {
	for text, want := range map[string]bool{
		"c.i": true, "i": true, "vc.0": true, "1.0-rc.i": true, "1.0+build.c": true,
		"1.0-i": false, "1.0-i.rc": false, "1.0": false, "": false, "1.0-rci": false, "ii.0": false, "1.2.3.4.i": false, "c. i": false,
	} {
		if IsMask(text) != want {
			t.Errorf("IsMask(%q) is %t", text, !want)
		}
	}
}

func TestLatestMatchingMask(t *testing.T) {
	versions := []string{"1.2.3+a", "1.2.10", "no/version", "1.3.0-rc", "1.2.10+b", "v1.3", "2.0"}
	tests := []struct {
		mask string
		want []string
	}{
		{"1.2.i", []string{"1.2.10", "1.2.10+b"}},
		{"1.i", []string{"v1.3"}},
		{"i", []string{"2.0"}},
		{"1.2.3", []string{"1.2.3+a"}},
		{"3.i", nil},
		{"99999999999.i", nil},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, LatestMatchingMask(tt.mask, versions)); diff != "" {
			t.Errorf("%s: %s", tt.mask, diff)
		}
	}
}

// FuzzApplyMask checks that what a mask gives is a version and that a version
// without substitutes at the end of a chain stays one.
func FuzzApplyMask(f *testing.F) {
	f.Add("c.c.i-a.i", "1.2.3-a.4")
	f.Add("vi", "")
	f.Add("1+c.i", "1-2+3.4")
	f.Fuzz(func(t *testing.T, mask, current string) {
		next, err := ApplyMask(mask, current)
		if err != nil {
			return
		}
		if _, err := Parse(Octopus, next); err != nil {
			t.Errorf("ApplyMask(%q, %q) = %q: %v", mask, current, next, err)
		}
		LatestMatchingMask(mask, []string{current, next})
	})
}
