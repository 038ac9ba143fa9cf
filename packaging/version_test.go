package main

import (
	"regexp"
	"testing"
)

// TestOneVersion is in all that is installed.
func TestOneVersion(t *testing.T) {
	of := func(path, pattern string) string {
		t.Helper()
		found := regexp.MustCompile(`(?m)` + pattern).FindSubmatch(read(t, path))
		if found == nil {
			t.Fatalf("%s names no version", path)
		}
		return string(found[1])
	}
	want := of("../Makefile", `^VERSION \?= (\S+)$`)
	for path, pattern := range map[string]string{
		"Dockerfile":                   `^ARG VERSION=(\S+)$`,
		"helm/tako/Chart.yaml":         `^appVersion: (\S+)$`,
		"../operator/chart/Chart.yaml": `^appVersion: (\S+)$`,
		"../scripts/kubernetes":        `^version=\$\{VERSION:-(\S+)\}$`,
		"../cmd/tako/main.go":          `^var version = "(\S+)"$`,
	} {
		if got := of(path, pattern); got != want {
			t.Errorf("%s is of version %s, and the Makefile of %s", path, got, want)
		}
	}
}
