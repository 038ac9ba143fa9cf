package main

import (
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"time"
)

// component is one part of a product.
type component struct {
	Type    string `json:"type"`
	Name    string `json:"name"`
	Version string `json:"version"`
	PURL    string `json:"purl,omitempty"`
	Sum     []any  `json:"properties,omitempty"`
}

// sbom lists what a program was built from, and what lies beside it, as
// CycloneDX. The program itself says so; nothing is guessed.
func sbom(p product, name string, program []byte, beside []component) ([]byte, error) {
	info, err := buildinfo.Read(bytes.NewReader(program))
	if err != nil {
		return nil, fmt.Errorf("%s does not say what it was built from: %w", p.Binary, err)
	}
	parts := append(beside, component{Type: "library", Name: "std", Version: info.GoVersion, PURL: "pkg:golang/std@" + info.GoVersion})
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		c := component{Type: "library", Name: m.Path, Version: m.Version, PURL: "pkg:golang/" + m.Path + "@" + m.Version}
		if m.Sum != "" {
			c.Sum = []any{map[string]string{"name": "go:sum", "value": m.Sum}}
		}
		parts = append(parts, c)
	}
	return json.MarshalIndent(map[string]any{
		"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
		"metadata": map[string]any{
			"timestamp": p.Made.Format(time.RFC3339),
			"component": component{Type: "application", Name: name, Version: p.Version, PURL: "pkg:golang/github.com/takodeploy/tako@v" + p.Version},
		},
		"components": parts,
	}, "", "  ")
}
