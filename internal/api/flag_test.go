package api

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestFlags asks with values that are neither true nor false.
func TestFlags(t *testing.T) {
	s := newShop(t)
	for query, want := range map[string]string{
		"/api/Spaces-1/interruptions?pendingOnly=maybe":                              "The query value pendingOnly must be true or false; it is \"maybe\".",
		"/api/tasks?active=1":                                                        "The query value active must be true or false; it is \"1\".",
		"/api/tasks?HASPENDINGINTERRUPTIONS=yes":                                     "The query value hasPendingInterruptions must be true or false; it is \"yes\".",
		"/api/Spaces-1/tenants/Tenants-1/commonvariables?includeMissingVariables=no": "The query value includeMissingVariables must be true or false; it is \"no\".",
	} {
		if why := s.refused(400, "GET", query, nil); !strings.Contains(why, want) {
			t.Errorf("%s: %s", query, why)
		}
	}
	for _, query := range []string{"/api/Spaces-1/interruptions?pendingOnly=", "/api/Spaces-1/interruptions?PendingOnly=True", "/api/tasks?active=false&running=TRUE"} {
		s.get(query)
	}
}

// TestFlagsAreKnown reads which query values the package takes for flags.
func TestFlagsAreKnown(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{"hasPendingInterruptions": true, "hasWarningsOrErrors": true} // by a loop
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), e.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) != 1 {
				return true
			}
			on, ok := call.Fun.(*ast.SelectorExpr)
			text, isText := call.Args[0].(*ast.BasicLit)
			if !ok || on.Sel.Name != "Bool" || !isText || text.Kind != token.STRING {
				return true
			}
			name, err := strconv.Unquote(text.Value)
			if err != nil {
				t.Fatal(err)
			}
			seen[name] = true
			return true
		})
	}
	for name := range seen {
		if !slices.Contains(flags, name) {
			t.Errorf("%s is read as a flag, but is not among flags", name)
		}
	}
	for _, name := range flags {
		if !seen[name] {
			t.Errorf("%s is among flags, but nothing reads it", name)
		}
	}
}

// TestTaskTypes asks for no type that no task can have.
func TestTaskTypes(t *testing.T) {
	s := newShop(t)
	var names []string
	for _, one := range s.get("/api/tasks/tasktypes").([]any) {
		names = append(names, s.text(one, "Id"))
	}
	slices.Sort(names)
	if want := []string{"AdHocScript", "Deploy", "Health", "Retention", "RunbookRun", "TestEmail"}; !slices.Equal(names, want) {
		t.Errorf("the types are %v, want %v", names, want)
	}
}
