package version

import "testing"

// parse reads a version that a test knows to be valid.
func parse(t *testing.T, f Format, s string) Version {
	t.Helper()
	v, err := Parse(f, s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestOrder lists versions in ascending order and compares every pair; versions
// on one line tie.
func TestOrder(t *testing.T) {
	tests := []struct {
		format Format
		order  [][]string
	}{
		{SemVer, [][]string{
			{"0.9"}, {"1.0-1"}, {"1.0-2", "1.0-02"}, {"1.0-10"}, {"1.0-99999999999"}, {"1.0-alpha", "1.0.0-ALPHA"}, {"1.0-alpha.1"},
			{"1", "1.0", "v1.0.0.0", "01"}, {"1.0+a", "1+A"}, {"1.0+b"}, {"1.0.0.1"}, {"1.1", "1.01"}, {"2.0"},
		}},
		{Octopus, [][]string{
			{"latest"}, {"v0.0"}, {"1.0-2"}, {"1.0-beta-2", "1.0-beta.2", "1.0-BETA_2+x", `1.0_beta\2`}, {"1.0-beta.11"},
			{"1.0", "1+a", "1.0.0.0+b"}, {"1.0.0.1"}, {"2"},
		}},
		{Docker, [][]string{{"latest"}, {"1.0-alpine"}, {"1.0"}, {"1.2.3"}}},
		{Lexicographic, [][]string{{"9"}, {"10", "10+x"}, {"a", "A"}, {"a.2", "a-2"}, {"a.10"}, {"b"}}},
		{Maven, [][]string{
			{"qualifier"}, {"1-alpha", "1.0-a0"}, {"1.0-a1", "1-alpha-1"}, {"1.0-beta"}, {"1.0-m2"},
			{"1.0-rc", "1-cr"}, {"1-snapshot", "1.0.0-SNAPSHOT"}, {"1", "1.0", "1.0.0-ga", "1-final", "01"},
			{"1-sp"}, {"1-abc"}, {"1-xyz"}, {"1-1", "1.0-1"}, {"1-2"}, {"1.0.1"}, {"1.1"}, {"20041231"},
		}},
	}
	for _, tt := range tests {
		for i, line := range tt.order {
			for j, other := range tt.order {
				for _, a := range line {
					for _, b := range other {
						got := parse(t, tt.format, a).Compare(parse(t, tt.format, b))
						if want := min(1, max(-1, i-j)); got != want {
							t.Errorf("%s %q against %q is %d, want %d", tt.format, a, b, got, want)
						}
					}
				}
			}
		}
	}
}

func TestCompareAcrossFormats(t *testing.T) {
	semver, octopus, docker := parse(t, SemVer, "1.0-rc.1"), parse(t, Octopus, "1.0-rc-1"), parse(t, Docker, "1.0-rc.1")
	maven, text := parse(t, Maven, "1.0-rc-1"), parse(t, Lexicographic, "rc.1")
	if !octopus.Equal(semver) || !octopus.Equal(docker) || !text.Equal(semver) {
		t.Error("tolerant formats compare numbers and pre-releases whatever the other's format")
	}
	if docker.Compare(octopus) != -1 {
		t.Error("a Docker tag comes before what is none")
	}
	if maven.Compare(semver) != 1 {
		t.Error("Maven sees an empty version in what is no Maven version")
	}
}

func BenchmarkCompareMaven(b *testing.B) {
	v, _ := Parse(Maven, "1.0.3-beta-12-SNAPSHOT")
	w, _ := Parse(Maven, "1.0.3-beta-13")
	for b.Loop() {
		v.Compare(w)
	}
}
