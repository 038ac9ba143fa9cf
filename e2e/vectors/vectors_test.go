package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// vectorFiles are the files of each kind below the shared vectors; a kind that
// is not listed has one file named like itself.
var vectorFiles = map[string][]string{
	"structured":       {"structured/index.json"},
	"service-messages": {"service-messages.json", "halibut/service_messages.json"},
}

// TestVectors runs every kind against the vectors that lie beside the
// repository, where they do.
func TestVectors(t *testing.T) {
	folder := vectorFolder(t)
	for kind, runKind := range runners {
		files := vectorFiles[kind]
		if files == nil {
			files = []string{kind + ".json"}
		}
		for _, name := range files {
			t.Run(kind+"/"+name, func(t *testing.T) {
				file := filepath.Join(folder, name)
				if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
					t.Skip("there are no such vectors here")
				}
				result, err := runKind(file)
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range result.Failures {
					t.Errorf("%s\n  got:  %s\n  want: %s", f.Name, f.Got, f.Want)
				}
				t.Logf("%d passed, %d failed, %d skipped", result.Passed, len(result.Failures), result.Skipped)
			})
		}
	}
}

// vectorFolder finds the vectors beside the repository, whose root has go.mod.
func vectorFolder(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			break
		}
		parent := filepath.Dir(root)
		if parent == root {
			t.Fatal("no go.mod above the test")
		}
		root = parent
	}
	folder := filepath.Join(root, "..", "shared", "vectors")
	if _, err := os.Stat(folder); err != nil {
		t.Skip("the shared vectors are not here")
	}
	return folder
}
