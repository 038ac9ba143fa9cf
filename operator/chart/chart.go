// Package chart holds what a cluster must be given before instances can be made in
// it: the definitions of their resources, and the Helm chart that brings these with
// the operator, the gateway, the control plane and what each of them may do.
package chart

import (
	"embed"
	"fmt"
	"strings"
)

//go:generate go tool controller-gen object crd paths=../cloud/... output:crd:dir=definitions

//go:embed definitions
var files embed.FS

// CRDs is the definitions of the resources, as one text.
func CRDs() (string, error) {
	entries, err := files.ReadDir("definitions")
	if err != nil {
		return "", fmt.Errorf("reading the definitions: %w", err)
	}
	var all strings.Builder
	for _, e := range entries {
		text, err := files.ReadFile("definitions/" + e.Name())
		if err != nil {
			return "", fmt.Errorf("reading the definitions: %w", err)
		}
		all.Write(text)
	}
	return all.String(), nil
}
