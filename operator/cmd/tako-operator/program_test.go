package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"sigs.k8s.io/yaml"

	"github.com/takodeploy/tako/operator/manifests"
)

// TestTheManifestStartsTheProgram with arguments that it understands.
func TestTheManifestStartsTheProgram(t *testing.T) {
	text, err := manifests.Operator()
	if err != nil {
		t.Fatal(err)
	}
	users := filepath.Join(t.TempDir(), "users.yaml")
	list := fmt.Sprintf("- {name: otto, role: operator, tokenSHA256: %x}\n", sha256.Sum256([]byte("do")))
	if err := os.WriteFile(users, []byte(list), 0o600); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for document := range strings.SplitSeq(text, "\n---\n") {
		var d struct {
			Kind     string
			Metadata struct{ Name string }
			Spec     struct {
				Template struct {
					Spec struct{ Containers []struct{ Args []string } }
				}
			}
		}
		if err := yaml.Unmarshal([]byte(document), &d); err != nil {
			t.Fatal(err)
		}
		if d.Kind != "Deployment" {
			continue
		}
		seen++
		args := d.Spec.Template.Spec.Containers[0].Args
		for n := range args {
			args[n] = strings.ReplaceAll(args[n], "/users/users.yaml", users)
		}
		parser, err := kong.New(&program)
		if err != nil {
			t.Fatal(err)
		}
		if k, err := parser.Parse(args); err != nil || "tako-"+strings.Replace(k.Command(), "operate", "operator", 1) != d.Metadata.Name {
			t.Errorf("%s with %q: %v", d.Metadata.Name, args, err)
		}
	}
	if seen != 3 {
		t.Errorf("%d deployments", seen)
	}
}

func TestBill(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	uses := write("uses.yaml", "- {name: acme, awake: 1, memory: 20}\n")
	for _, test := range []struct {
		name string
		bill bill
		says string
	}{
		{"known prices", bill{Uses: uses, Sharers: 1000}, ""},
		{"prices of one's own", bill{Uses: uses, Sharers: 1, Prices: write("prices.yaml", "name: x\n")}, "no date or no source"},
		{"a field that is none", bill{Uses: write("other.yaml", "- {name: acme, ram: 20}\n"), Sharers: 1}, "unknown field"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := test.bill.Run()
			if test.says == "" && err != nil || test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says)) {
				t.Error(err)
			}
		})
	}
}
