package api

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/takodeploy/tako/internal/kind"
)

// bodyType is the type of a route's JSON body; nil when none is declared.
func bodyType(r Route) reflect.Type {
	t := reflect.TypeOf(r.Body)
	if info, ok := r.Body.(kind.Info); ok {
		t = info.Type
	}
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil || t.Kind() != reflect.Struct {
		return nil
	}
	return t
}

// partial are the routes that take a whole document and read only what can be
// changed of it.
var partial = map[string]bool{"M/tasks": true, "S/projects/{id}/deploymentsettings": true}

// mistyped are values that some member of a type cannot take, by the path of
// that member.
func mistyped(t reflect.Type, depth int) map[string]any {
	all := map[string]any{}
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" || !f.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		ft := f.Type
		for ft.Kind() == reflect.Pointer {
			ft = ft.Elem()
		}
		value := reflect.New(ft)
		_, own := value.Interface().(json.Unmarshaler)
		switch {
		case own:
			for _, wrong := range []any{[]any{map[string]any{}}, map[string]any{"HasValue": 7}, 7} {
				data, _ := json.Marshal(wrong)
				if json.Unmarshal(data, value.Interface()) != nil {
					all[name] = wrong
				}
			}
		case ft.Kind() == reflect.Interface:
		case ft.Kind() == reflect.Struct && depth > 0:
			all[name] = "text"
			for inner, wrong := range mistyped(ft, depth-1) {
				all[name+"."+inner] = map[string]any{inner: wrong}
			}
		case ft.Kind() == reflect.Struct, ft.Kind() == reflect.Map:
			all[name] = 7
		case ft.Kind() == reflect.Slice && ft.Elem().Kind() == reflect.Struct && depth > 0:
			all[name] = map[string]any{}
			for inner, wrong := range mistyped(ft.Elem(), depth-1) {
				all[name+"[0]."+inner] = []any{map[string]any{inner: wrong}}
			}
		case ft.Kind() == reflect.Slice:
			all[name] = true
		default:
			all[name] = []any{map[string]any{}}
		}
	}
	return all
}

// replaced is a body with one member set to another value.
func replaced(body any, path string, value any) thing {
	made := thing{}
	if old, ok := body.(thing); ok {
		for k, v := range old {
			made[k] = v
		}
	}
	name := path
	if cut := strings.IndexAny(path, ".["); cut >= 0 {
		name = path[:cut]
	}
	made[name] = value
	return made
}

// TestWrongTypes sends every member of every body as what it is not: the answer
// names the member by its path and speaks no word of the server's inside.
func TestWrongTypes(t *testing.T) {
	w := newWorld(t)
	before := w.snapshot("")
	tried := 0
	for _, r := range w.api.routes.all {
		of := bodyType(r)
		if of == nil || partial[r.Pattern] {
			continue
		}
		for _, q := range w.requests(r, "/api/Spaces-1") {
			for path, wrong := range mistyped(of, 1) {
				tried++
				data, err := json.Marshal(replaced(q.body, path, wrong))
				if err != nil {
					t.Fatal(err)
				}
				a := w.send(q.method, q.path, bytes.NewReader(data))
				if a.status == 404 && strings.Contains(r.Pattern, "{") {
					continue // the world has none of these
				}
				var said struct {
					Errors      []string
					Description string `json:"error_description"` // where OAuth says the shape
				}
				err = json.Unmarshal(a.body, &said)
				if said.Description != "" {
					said.Errors = append(said.Errors, said.Description)
				}
				if a.status != 400 || err != nil || len(said.Errors) == 0 {
					t.Errorf("%s %s with a wrong %s: %d %.300s", q.method, r.Pattern, path, a.status, a.body)
					continue
				}
				all := strings.Join(said.Errors, " ")
				if name := path[strings.LastIndexByte(path, '.')+1:]; !strings.Contains(all, name) || !strings.Contains(all, path[:min(len(path), 4)]) {
					t.Errorf("%s %s with a wrong %s: the answer does not name it: %s", q.method, r.Pattern, path, all)
				}
				for _, inside := range []string{"json:", "Go ", "reflect", "catalog.", "kind.", "api.", "unmarshal"} {
					if strings.Contains(all, inside) {
						t.Errorf("%s %s with a wrong %s: the answer says %q: %s", q.method, r.Pattern, path, inside, all)
					}
				}
			}
		}
	}
	if tried < 500 {
		t.Errorf("only %d members were tried", tried)
	}
	w.unchanged("", before)
}

// TestNulls sends null for every member, and lists of null: whatever the answer,
// it is not the server that fails.
func TestNulls(t *testing.T) {
	w := newWorld(t)
	for _, r := range w.api.routes.all {
		of := bodyType(r)
		if of == nil {
			continue
		}
		for _, q := range w.requests(r, "/api/Spaces-1") {
			for path := range mistyped(of, 0) {
				for _, value := range []any{nil, []any{nil}, thing{"a": nil}} {
					data, err := json.Marshal(replaced(q.body, path, value))
					if err != nil {
						t.Fatal(err)
					}
					if a := w.send(q.method, q.path, bytes.NewReader(data)); a.status >= 500 && a.status != 503 {
						t.Errorf("%s %s with %s: %d %.300s", q.method, r.Pattern, data[:min(len(data), 200)], a.status, a.body)
					}
				}
			}
		}
	}
}

// TestBodyIsTooLarge sends one byte more than is read.
func TestBodyIsTooLarge(t *testing.T) {
	h := newHarness(t)
	a := h.send("POST", "/api/Spaces-1/environments", bytes.NewReader(make([]byte, maxBody+1)))
	if a.status != 413 || !strings.Contains(string(a.body), `"ErrorMessage":"The request body has more than 33554432 bytes`) {
		t.Errorf("%d %s", a.status, a.body)
	}
}
