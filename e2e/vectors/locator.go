package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/takodeploy/tako/internal/runner/configure"
)

// The kind transform-locator asks which transform files a definition has for
// the configuration files of a package.
var _ = register("transform-locator", runTransformLocator)

type locatorVector struct {
	Name                string
	Files               []string
	Transform           string
	ExtractionDirectory string
	Expected            []struct {
		Source     string
		Transforms []string
	}
}

func runTransformLocator(file string) (Result, error) {
	list, err := loadVectors[locatorVector](file)
	if err != nil {
		return Result{}, err
	}
	var r Result
	for _, v := range list {
		if err := v.run(&r); err != nil {
			return r, fmt.Errorf("vector %s: %w", v.Name, err)
		}
	}
	return r, nil
}

// run lays a vector's files out below a folder that stands for its drive c:.
func (v locatorVector) run(r *Result) error {
	drive, err := os.MkdirTemp("", "vector")
	if err != nil {
		return err
	}
	defer os.RemoveAll(drive)
	here := func(text string) string {
		return strings.ReplaceAll(strings.ReplaceAll(text, `c:\`, drive+`/`), `\`, "/")
	}
	for _, name := range v.Files {
		if err := os.MkdirAll(filepath.Dir(here(name)), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(here(name), nil, 0o600); err != nil {
			return err
		}
	}
	root := v.ExtractionDirectory
	if root == "" {
		root = `c:\temp`
	}
	got, want := map[string][]string{}, map[string][]string{}
	for _, e := range v.Expected {
		found, err := configure.TransformsFor(here(v.Transform), here(e.Source), here(root))
		if err != nil {
			return err
		}
		got[e.Source] = append([]string{}, found...)
		want[e.Source] = []string{}
		for _, t := range e.Transforms {
			want[e.Source] = append(want[e.Source], here(t))
		}
	}
	r.Check(v.Name, got, want)
	return nil
}
