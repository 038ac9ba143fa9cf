package api

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// description is what the API says of itself, compiled to judge answers with.
// It is the same for every test's server, as the routes are.
var description struct {
	sync.Mutex
	compiler *jsonschema.Compiler
	document object
	answers  map[string]*jsonschema.Schema // by method and path
}

// judge holds an answer of any test against the description.
func (h *harness) judge(method, target string, a reply) {
	h.Helper()
	if a.status < 200 || a.status > 299 || method == http.MethodOptions {
		return
	}
	u, err := url.Parse(target)
	if err != nil {
		return
	}
	route, err := h.api.match(&Request{Request: &http.Request{Method: method, URL: u}, W: httptest.NewRecorder()})
	if err != nil {
		return
	}
	h.note(route)
	if route.Answer == nil || !strings.HasPrefix(a.header.Get("Content-Type"), "application/json") || len(a.body) == 0 {
		return
	}
	schema := h.answerSchema(route)
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(a.body))
	if err != nil {
		h.Errorf("%s %s: %v", method, target, err)
		return
	}
	if err := schema.Validate(value); err != nil {
		h.Errorf("%s %s is not as the API describes it: %v", method, target, err)
	}
}

func (h *harness) answerSchema(route *Route) *jsonschema.Schema {
	h.Helper()
	d := &description
	d.Lock()
	defer d.Unlock()
	if d.compiler == nil {
		raw, err := json.Marshal(h.api.openAPI())
		if err != nil {
			h.Fatal(err)
		}
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
		if err != nil {
			h.Fatal(err)
		}
		d.document = document.(object)
		closeSchemas(d.document)
		d.answers = map[string]*jsonschema.Schema{}
		d.compiler = jsonschema.NewCompiler()
		if err := d.compiler.AddResource("openapi.json", document); err != nil {
			h.Fatal(err)
		}
	}
	path := route.paths()[0]
	at := route.Method + " " + path
	if d.answers[at] == nil {
		escaped := strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(path)
		schema, err := d.compiler.Compile("openapi.json#/paths/" + escaped + "/" + strings.ToLower(route.Method) + "/responses/2XX/content/application~1json/schema")
		if err != nil {
			h.Fatal(err)
		}
		d.answers[at] = schema
	}
	return d.answers[at]
}

// closeSchemas has answers refused that have a member of which the description
// says nothing. Clients are not told so: members may come with a new version.
func closeSchemas(document object) {
	for _, schema := range at(document, "components", "schemas").(object) {
		if schema := schema.(object); schema["properties"] != nil && schema["additionalProperties"] == nil {
			schema["additionalProperties"] = false
		}
	}
}

// TestDescription follows every reference of the description, and looks for
// every route in it.
func TestDescription(t *testing.T) {
	h := newHarness(t)
	got := h.call(200, "GET", "/api/openapi.json", nil).(object)
	if got["openapi"] != "3.1.0" {
		t.Errorf("version %v", got["openapi"])
	}
	components := got["components"].(object)["schemas"].(object)
	var follow func(v any)
	follow = func(v any) {
		switch v := v.(type) {
		case object:
			if to, ok := v["$ref"].(string); ok && components[strings.TrimPrefix(to, "#/components/schemas/")] == nil {
				t.Errorf("%s leads nowhere", to)
			}
			for _, inner := range v {
				follow(inner)
			}
		case []any:
			for _, inner := range v {
				follow(inner)
			}
		}
	}
	follow(got)
	ids := map[string]string{}
	paths := got["paths"].(object)
	for i := range h.api.routes.all {
		r := &h.api.routes.all[i]
		for _, path := range r.paths() {
			op, ok := at(got, "paths", path, strings.ToLower(r.Method)).(object)
			if !ok {
				t.Errorf("%s %s is not described", r.Method, path)
			} else if op["summary"] == "" {
				t.Errorf("%s %s has no summary", r.Method, path)
			}
		}
	}
	for path, item := range paths {
		for method, op := range item.(object) {
			id := op.(object)["operationId"].(string)
			if other := ids[id]; other != "" {
				t.Errorf("%s names both %s and %s %s", id, other, method, path)
			}
			ids[id] = method + " " + path
		}
	}
}
