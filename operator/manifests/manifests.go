// Package manifests holds what a cluster must be given before an operator can
// work in it.
package manifests

import (
	"embed"
	"fmt"
	"strings"
)

//go:generate go tool controller-gen object crd paths=../cloud/... output:crd:dir=.

//go:embed *.yaml
var files embed.FS

// CRDs is the definitions of the resources, as one text.
func CRDs() (string, error) {
	entries, err := files.ReadDir(".")
	if err != nil {
		return "", fmt.Errorf("reading the definitions: %w", err)
	}
	var all strings.Builder
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), "cloud.tako.dev_") {
			continue
		}
		text, err := files.ReadFile(e.Name())
		if err != nil {
			return "", fmt.Errorf("reading the definitions: %w", err)
		}
		all.Write(text)
	}
	return all.String(), nil
}

// Operator is operator and gateway themselves, and their rights, as one text.
func Operator() (string, error) {
	text, err := files.ReadFile("operator.yaml")
	if err != nil {
		return "", fmt.Errorf("reading the operator's manifest: %w", err)
	}
	return string(text), nil
}
