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

	"github.com/google/go-cmp/cmp"
)

// TestRoutesDeclareTheirQueries reads the source: what a handler written by
// hand takes from the query, itself or through what it calls, and what the
// description says that it takes, are the same.
func TestRoutesDeclareTheirQueries(t *testing.T) {
	s := newSource(t)
	found := 0
	for _, route := range s.routes {
		reads := map[string]bool{}
		s.follow(route.fn, route.handle, reads, map[string]bool{})
		var names []string
		for name := range reads {
			names = append(names, name)
		}
		slices.SortFunc(names, func(x, y string) int { return strings.Compare(strings.ToLower(x), strings.ToLower(y)) })
		found += len(names)
		if diff := cmp.Diff(names, route.query); diff != "" {
			t.Errorf("%s: the handler reads the query values %q; the Query of its route must say the same: %s", route.at, names, diff)
		}
	}
	if len(s.routes) < 200 || found < 100 {
		t.Fatalf("only %d routes with %d query values were found in the source", len(s.routes), found)
	}
}

// source is this package as it is written.
type source struct {
	files     *token.FileSet
	functions map[string]*ast.FuncDecl // methods as Type.name
	methods   map[string][]string      // of a name
	routes    []sourceRoute
}

type sourceRoute struct {
	at     token.Position
	handle ast.Expr
	fn     *ast.FuncDecl // where it is declared, nil outside of functions
	query  []string
}

func newSource(t *testing.T) *source {
	t.Helper()
	names, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	s := &source{files: token.NewFileSet(), functions: map[string]*ast.FuncDecl{}, methods: map[string][]string{}}
	var files []*ast.File
	for _, n := range names {
		if !strings.HasSuffix(n.Name(), ".go") || strings.HasSuffix(n.Name(), "_test.go") || n.Name() == "crud.go" {
			continue
		}
		f, err := parser.ParseFile(s.files, n.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok {
				name := fn.Name.Name
				if fn.Recv != nil {
					full := typeName(fn.Recv.List[0].Type) + "." + name
					s.methods[name] = append(s.methods[name], full)
					name = full
				}
				s.functions[name] = fn
			}
		}
	}
	for _, f := range files {
		for _, d := range f.Decls {
			fn, _ := d.(*ast.FuncDecl)
			ast.Inspect(d, func(n ast.Node) bool {
				if lit, ok := n.(*ast.CompositeLit); ok {
					s.addRoute(lit, fn)
				}
				return true
			})
		}
	}
	return s
}

// addRoute takes in a literal if it is that of a route.
func (s *source) addRoute(lit *ast.CompositeLit, fn *ast.FuncDecl) {
	r := sourceRoute{fn: fn, at: s.files.Position(lit.Pos())}
	pattern := false
	for _, e := range lit.Elts {
		kv, ok := e.(*ast.KeyValueExpr)
		if !ok {
			return
		}
		key, _ := kv.Key.(*ast.Ident)
		switch {
		case key == nil:
			return
		case key.Name == "Pattern":
			pattern = true
		case key.Name == "Handle":
			r.handle = kv.Value
		case key.Name == "Query":
			if list, ok := kv.Value.(*ast.CompositeLit); ok {
				for _, e := range list.Elts {
					r.query = append(r.query, literal(e))
				}
			}
		}
	}
	if pattern && r.handle != nil {
		s.routes = append(s.routes, r)
	}
}

func literal(e ast.Expr) string {
	if l, ok := e.(*ast.BasicLit); ok && l.Kind == token.STRING {
		text, _ := strconv.Unquote(l.Value)
		return text
	}
	return ""
}

func typeName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return typeName(e.X)
	case *ast.IndexExpr:
		return typeName(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

// readers are the methods of Request that take a value from the query.
var readers = []string{"Q", "List", "Int", "Bool", "queryValues"}

// follow collects what an expression or body of fn takes from the query.
func (s *source) follow(fn *ast.FuncDecl, body ast.Node, reads, seen map[string]bool) {
	types := map[string]string{"a": "API"} // where all routes are declared
	note := func(list *ast.FieldList) {
		for _, f := range list.List {
			for _, n := range f.Names {
				types[n.Name] = typeName(f.Type)
			}
		}
	}
	if fn != nil {
		if fn.Recv != nil {
			note(fn.Recv)
		}
		note(fn.Type.Params)
	}
	called := map[*ast.SelectorExpr]bool{}
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			note(n.Type.Params)
		case *ast.CallExpr:
			sel, ok := n.Fun.(*ast.SelectorExpr)
			called[sel] = ok
			if ok && len(n.Args) > 0 && slices.Contains(readers, sel.Sel.Name) && s.isRequest(sel.X, types) {
				if name := literal(n.Args[0]); name != "" {
					reads[name] = true
				}
			}
		case *ast.SelectorExpr:
			of := ""
			if base, ok := n.X.(*ast.Ident); ok {
				of = types[base.Name]
			}
			if of == "" && called[n] && len(s.methods[n.Sel.Name]) == 1 {
				of, _, _ = strings.Cut(s.methods[n.Sel.Name][0], ".")
			}
			s.enter(of+"."+n.Sel.Name, reads, seen)
			s.follow(fn, n.X, reads, seen)
			return false
		case *ast.Ident:
			s.enter(n.Name, reads, seen)
		}
		return true
	})
}

func (s *source) isRequest(e ast.Expr, types map[string]string) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return types[e.Name] == "Request"
	case *ast.SelectorExpr:
		return e.Sel.Name == "r"
	}
	return false
}

func (s *source) enter(name string, reads, seen map[string]bool) {
	fn := s.functions[name]
	if fn == nil || fn.Body == nil || seen[name] || slices.Contains(readers, strings.TrimPrefix(name, "Request.")) {
		return
	}
	seen[name] = true
	s.follow(fn, fn.Body, reads, seen)
}
