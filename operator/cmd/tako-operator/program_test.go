package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/yaml"

	"github.com/takodeploy/tako/operator/chart/charttest"
	"github.com/takodeploy/tako/operator/control"
)

// TestTheChartStartsTheProgram with arguments and settings that it understands,
// whatever it is given.
func TestTheChartStartsTheProgram(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"secret/users.yaml": fmt.Sprintf("- {name: otto, role: operator, tokenSHA256: %x}\n", sha256.Sum256([]byte("do"))),
		"secret/sessionKey": strings.Repeat("k", 48),
		"uses/uses.yaml":    "- {name: acme}\n",
		"tls/tls.crt":       "",
		"tls/tls.key":       "",
	} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	for name, values := range map[string]string{"as it is": "control: {enabled: true, existingSecret: mine}", "everything": charttest.Everything} {
		t.Run(name, func(t *testing.T) {
			v, err := charttest.Values(values)
			if err != nil {
				t.Fatal(err)
			}
			documents, err := charttest.Render(v)
			if err != nil {
				t.Fatal(err)
			}
			seen := 0
			for _, document := range documents {
				var d appsv1.Deployment
				if err := yaml.Unmarshal([]byte(document), &d); err == nil && d.Kind == "Deployment" {
					seen++
					starts(t, dir, &d)
				}
			}
			if seen != 3 {
				t.Errorf("%d deployments", seen)
			}
		})
	}
}

// starts reads the arguments and settings of a deployment as the program would,
// with its files in a folder.
func starts(t *testing.T, dir string, d *appsv1.Deployment) {
	t.Helper()
	c := d.Spec.Template.Spec.Containers[0]
	for _, e := range c.Env {
		if e.ValueFrom == nil {
			t.Setenv(e.Name, e.Value)
		}
	}
	args := c.Args
	for n := range args {
		for _, m := range c.VolumeMounts {
			args[n] = strings.ReplaceAll(args[n], "="+m.MountPath+"/", "="+filepath.Join(dir, m.MountPath)+"/")
		}
	}
	program.Control, program.Operate, program.Gateway = desk{}, operate{}, front{}
	parser, err := kong.New(&program)
	if err != nil {
		t.Fatal(err)
	}
	k, err := parser.Parse(args)
	if err != nil || "tako-"+strings.Replace(k.Command(), "operate", "operator", 1) != d.Name {
		t.Fatalf("%s with %q: %v", d.Name, args, err)
	}
	asked := map[string]bool{}
	for _, f := range k.Model.Leaves(false) {
		for _, flag := range f.Flags {
			for _, e := range flag.Envs {
				asked[e] = true
			}
		}
	}
	for _, e := range c.Env {
		if !asked[e.Name] {
			t.Errorf("%s is given %s, which nothing reads", d.Name, e.Name)
		}
	}
	if d.Name == "tako-control" {
		if err := program.Control.admit(&control.Control{}); err != nil {
			t.Error(err)
		}
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
