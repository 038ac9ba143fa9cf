package version

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParsePackageFile(t *testing.T) {
	tests := []struct {
		name string
		want PackageFile
	}{
		{"Acme.Web.1.2.3.zip", PackageFile{ID: "Acme.Web", Version: "1.2.3", Extension: ".zip"}},
		{"Foo.123.1.0.0.zip", PackageFile{ID: "Foo", Version: "123.1.0.0", Extension: ".zip"}},
		{"a/b\\Foo.1.tar.gz", PackageFile{ID: "Foo", Version: "1", Extension: ".tar.gz"}},
		{"Foo.1.0-rc.1+b.2.nupkg", PackageFile{ID: "Foo", Version: "1.0-rc.1+b.2", Extension: ".nupkg"}},
		{"Foo.1.2.3.4.5.zip", PackageFile{ID: "Foo", Version: "1.2.3.4", Extension: ".5.zip"}},
		{"1.0.zip", PackageFile{ID: "1", Version: "0", Extension: ".zip"}},
		{"Foo2.0.zip", PackageFile{ID: "Foo2", Version: "0", Extension: ".zip"}},
		{"Grüße.1.0.ZIP", PackageFile{ID: "Grüße", Version: "1.0", Extension: ".ZIP"}},
		{"a%2Fb@M1.0%3A2@XYZ.tar.gz", PackageFile{ID: "a/b", Version: "1.0:2", Format: Maven, Extension: ".tar.gz", CacheBuster: "XYZ"}},
		{"x@Olatest@1.zip", PackageFile{ID: "x", Version: "latest", Format: Octopus, Extension: ".zip", CacheBuster: "1"}},
		{"x@Labc@1.zip", PackageFile{ID: "x", Version: "abc", Format: Lexicographic, Extension: ".zip", CacheBuster: "1"}},
		{"100%@S1.0@1.zip", PackageFile{ID: "100%", Version: "1.0", Extension: ".zip", CacheBuster: "1"}},
	}
	for _, tt := range tests {
		got, err := ParsePackageFile(tt.name)
		if err != nil {
			t.Error(err)
			continue
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func TestParsePackageFileRefuses(t *testing.T) {
	for _, name := range []string{
		"", "Acme.zip", "1.zip", "Acme.1", "Acme.1.0.tar.", ".1.0.zip", "A-.1.zip", "A.99999999999.zip", "A.1.0.0-ü.zip",
		"a@1.0@b.zip", "a@X1.0@b.zip", "a@@b.zip", "a@S1.0@b", "a@S1.0@b@c.zip", "a@Sx@b.zip", "A.x.tar",
	} {
		if got, err := ParsePackageFile(name); !errors.Is(err, ErrPackageFile) {
			t.Errorf("ParsePackageFile(%q) = %+v, %v", name, got, err)
		}
	}
}

func TestCachedFileName(t *testing.T) {
	const hash = "0123456789abcdef0123456789abcdef01234567"
	got := CachedFileName("My/Pack@ge", parse(t, SemVer, "1.0-a+b"), hash, "zip")
	if want := "My%2FPack%40ge@S1.0-a+b@0123456789ABCDEF0123456789ABCDEF.zip"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	derived, err := ParseCachedFileName(CachedFileName("x", parse(t, Docker, "latest"), "etag", ".tar"))
	if err != nil || len(derived.CacheBuster) != 32 || derived.Format != Octopus || derived.Version != "latest" {
		t.Errorf("got %+v, %v", derived, err)
	}
	if _, err := ParseCachedFileName("Acme.1.0.zip"); !errors.Is(err, ErrPackageFile) {
		t.Errorf("got %v", err)
	}
}

func TestPackageNameFromPath(t *testing.T) {
	for path, want := range map[string]string{"": "", "a": "a", "a/b-c": "b-c", "a/b/": ""} {
		if got := PackageNameFromPath(path); got != want {
			t.Errorf("%q gives %q, want %q", path, got, want)
		}
	}
}

func TestCoordinate(t *testing.T) {
	want := Coordinate{Group: "g", Artifact: "a", Version: "1", Packaging: "jar", Classifier: "sources"}
	whole, err := ParseCoordinate("g:a:1:jar:sources")
	if err != nil || whole != want {
		t.Errorf("got %+v, %v", whole, err)
	}
	joined, err := ParsePackageCoordinate(whole.String(), "1")
	if err != nil || joined != want {
		t.Errorf("got %+v, %v", joined, err)
	}
	for _, bad := range []string{"", "g", "g:a", ":a:1", "g: :1", "g:a:1:2:3:4"} {
		if _, err := ParseCoordinate(bad); !errors.Is(err, ErrCoordinate) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := ParsePackageCoordinate("g", "1"); !errors.Is(err, ErrCoordinate) {
		t.Errorf("got %v", err)
	}
}

// FuzzPackageFile checks that names of cached files read back what they were
// made of, and that no other name panics.
func FuzzPackageFile(f *testing.F) {
	f.Add("Acme.Web", "1.2.3-rc+x", "Acme.Web.1.2.3.tar.gz")
	f.Add("a%2f@", "v1", "a@S1@x.zip")
	f.Fuzz(func(t *testing.T, id, text, name string) {
		if file, err := ParsePackageFile(name); err == nil && (file.Version == "" && file.Format != Maven || file.Extension == "") {
			t.Errorf("%q gives %+v", name, file)
		}
		v, err := Parse(SemVer, text)
		if err != nil {
			return
		}
		file, err := ParseCachedFileName(CachedFileName(id, v, "etag", ".zip"))
		if err != nil || file.ID != id || file.Version != strings.TrimSpace(v.String()) {
			t.Errorf("%q %q reads back as %+v, %v", id, text, file, err)
		}
	})
}
