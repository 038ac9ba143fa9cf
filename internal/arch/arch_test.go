// Package arch keeps the house in order: imports point one way.
package arch

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/takodeploy/tako/"

// rooms lists every package of the product in dependency order: a room may
// import only what stands above it and what its own line allows. "" in allowed
// means anything above.
var rooms = []struct {
	name    string
	allowed []string
}{
	{"octostache", []string{"version"}},
	{"version", nil},
	{"ocl", nil},
	{"octodiff", nil},
	{"halibut", nil},
	{"internal/fault", nil},
	{"internal/footprint", nil},
	{"internal/mask", nil},
	{"internal/secret", []string{"internal/fault"}},
	{"internal/config", []string{"internal/fault", "internal/secret"}},
	{"internal/store", []string{"internal/fault", "internal/secret"}},
	{"internal/blob", []string{"internal/fault"}},
	{"internal/gitrepo", []string{"internal/fault"}},
	{"internal/kind", []string{"internal/fault", "internal/store", "internal/secret"}},
	{"internal/timetable", []string{"internal/fault"}},
	{"internal/setting", []string{"internal/timetable", "internal/fault", "internal/store"}},
	{"internal/masterkey", []string{"internal/kind", "internal/fault", "internal/store", "internal/secret"}},
	{"internal/access", []string{"internal/fault"}},
	{"internal/catalog", []string{"internal/timetable", "internal/kind", "internal/store", "internal/fault", "internal/secret", "internal/access", "internal/runner", "octostache", "version"}},
	{"internal/parcel", []string{"internal/catalog", "internal/kind", "internal/store", "internal/fault", "internal/secret", "internal/access"}},
	{"internal/projectfile", []string{"ocl", "internal/catalog", "internal/kind", "internal/fault"}},
	{"internal/gitproject", []string{"internal/projectfile", "internal/gitrepo", "internal/catalog", "internal/kind", "internal/store", "internal/fault"}},
	{"internal/login", []string{"internal/kind", "internal/store", "internal/fault", "internal/secret", "internal/access", "internal/catalog"}},
	{"internal/variable", []string{"octostache", "internal/catalog", "internal/fault"}},
	{"internal/runner", []string{"octostache", "version", "internal/fault", "internal/footprint"}},
	{"internal/feed", []string{"internal/catalog", "internal/blob", "internal/fault", "internal/store", "internal/kind", "internal/runner", "version"}},
	{"internal/kube", nil},
	{"internal/target", []string{"halibut", "internal/kube", "internal/catalog", "internal/runner", "internal/fault", "internal/kind", "internal/store"}},
	{"internal/task", []string{"internal/store", "internal/blob", "internal/catalog", "internal/fault", "internal/mask", "internal/runner"}},
	{"internal/step", []string{"internal/access", "internal/task", "internal/target", "internal/feed", "internal/variable", "internal/catalog", "internal/runner", "internal/mask", "internal/fault", "internal/store", "internal/kind", "internal/blob", "octostache", "version", "internal/secret"}},
	{"internal/plan", []string{"internal/task", "internal/step", "internal/fault"}},
	{"internal/rule", []string{"internal/feed", "internal/variable", "internal/fault", "version"}},
	{"internal/run", []string{"internal/plan", "internal/task", "internal/step", "internal/store", "internal/fault"}},
	{"internal/health", []string{"internal/plan", "internal/run", "internal/task", "internal/step", "internal/catalog", "internal/kind", "internal/store", "internal/fault"}},
	{"internal/console", []string{"internal/health", "internal/plan", "internal/run", "internal/task", "internal/step", "internal/variable", "internal/catalog", "internal/kind", "internal/store", "internal/fault"}},
	{"internal/deploy", []string{""}},
	{"internal/retention", []string{"internal/deploy", "internal/feed", "internal/rule", "internal/task", "internal/catalog", "internal/kind", "internal/store", "internal/blob", "internal/setting", "internal/fault"}},
	{"internal/trigger", []string{"internal/deploy", "internal/gitproject", "internal/gitrepo", "internal/rule", "internal/task", "internal/variable", "internal/catalog", "internal/kind", "internal/store", "internal/fault", "version"}},
	{"internal/subscription", []string{"internal/trigger", "internal/step", "internal/setting", "internal/timetable", "internal/access", "internal/catalog", "internal/kind", "internal/store", "internal/fault"}},
	{"internal/backup", []string{"internal/store", "internal/blob", "internal/fault", "internal/secret"}},
	{"internal/api", []string{""}},
	{"internal/webui", nil},
	{"internal/admin", []string{""}},
	{"internal/server", []string{""}},
	{"cmd", []string{""}},
	{"e2e", []string{""}},
	{"bench", []string{""}},
	{"packaging", nil},
}

// agent is what the program on targets must never link.
var agent = []string{"internal/store", "internal/api", "internal/kind", "internal/catalog", "internal/target"}

type listed struct {
	ImportPath, Dir     string
	GoFiles             []string
	Imports, Deps       []string
	Name                string
	Incomplete, DepOnly bool
}

func list(t *testing.T, args ...string) []listed {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Dir,Imports,Deps,Name,GoFiles"}, args...)...)
	cmd.Dir = "../.."
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var all []listed
	d := json.NewDecoder(bytes.NewReader(out))
	for {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func room(path string) int {
	rel, ok := strings.CutPrefix(path, module)
	if !ok {
		return -1
	}
	return slices.IndexFunc(rooms, func(r struct {
		name    string
		allowed []string
	}) bool {
		return rel == r.name || strings.HasPrefix(rel, r.name+"/")
	})
}

func TestImportsPointOneWay(t *testing.T) {
	for _, p := range list(t, "./...") {
		from := room(p.ImportPath)
		if from < 0 {
			if strings.HasPrefix(p.ImportPath, module) && !strings.HasSuffix(p.ImportPath, "internal/arch") {
				t.Errorf("%s is in no room of the house plan", p.ImportPath)
			}
			continue
		}
		for _, i := range p.Imports {
			to := room(i)
			if to < 0 || to == from {
				continue
			}
			allowed := rooms[from].allowed
			if slices.Contains(allowed, rooms[to].name) || len(allowed) == 1 && allowed[0] == "" && to < from {
				continue
			}
			t.Errorf("%s must not import %s", p.ImportPath, i)
		}
	}
}

func TestAgentLinksNoServer(t *testing.T) {
	for _, p := range list(t, "./cmd/tako-agent") {
		for _, d := range p.Deps {
			if i := room(d); i >= 0 && slices.Contains(agent, rooms[i].name) {
				t.Errorf("the agent links %s", d)
			}
		}
	}
}

func TestPackageNamesSaySomething(t *testing.T) {
	for _, p := range list(t, "./...") {
		switch p.Name {
		case "util", "utils", "common", "helper", "helpers", "types", "models", "shared", "base":
			t.Errorf("%s is called %s, which says nothing", p.ImportPath, p.Name)
		}
	}
}

// Sizes that one can still read at a sitting.
const (
	mostLines    = 500 // of a file
	mostFuncLine = 60  // of a function
	mostFiles    = 25  // of a package, tests apart
)

// TestFilesStayReadable holds the product to the sizes of the house plan. The
// catalog and the API have one file for each resource and area, however many
// there are.
func TestFilesStayReadable(t *testing.T) {
	for _, p := range list(t, "./...") {
		if n := len(p.GoFiles); n > mostFiles && !strings.HasSuffix(p.ImportPath, "internal/catalog") && !strings.HasSuffix(p.ImportPath, "internal/api") {
			t.Errorf("%s has %d files", p.ImportPath, n)
		}
		for _, name := range p.GoFiles {
			path := filepath.Join(p.Dir, name)
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, path, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			line := func(p token.Pos) int { return set.Position(p).Line }
			if n := line(file.End()); n > mostLines {
				t.Errorf("%s has %d lines", path, n)
			}
			for _, d := range file.Decls {
				if f, ok := d.(*ast.FuncDecl); ok && line(f.End())-line(f.Pos())+1 > mostFuncLine {
					t.Errorf("%s: %s has %d lines", path, f.Name.Name, line(f.End())-line(f.Pos())+1)
				}
			}
		}
	}
}
