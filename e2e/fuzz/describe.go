package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

type object = map[string]any

// operation is a method on a path that the API describes.
type operation struct {
	method, path string
	queries      []string
	body         object             // the schema of the request's body; nil when none is described
	answer       *jsonschema.Schema // nil when the answer is no described JSON
}

// String names an operation as a person would.
func (o *operation) String() string { return o.method + " " + o.path }

// description is what the API says of itself.
type description struct {
	operations []*operation
	components object
	problem    *jsonschema.Schema
	reads      map[string]*operation // GET by path
}

var pathNames = strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D")

// read takes the API's description in.
func read(raw []byte) (*description, error) {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("the description is no JSON: %w", err)
	}
	var doc struct {
		Paths      map[string]map[string]json.RawMessage
		Components struct{ Schemas object }
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, fmt.Errorf("the description is no OpenAPI: %w", err)
	}
	closed(value)
	c := jsonschema.NewCompiler()
	if err := c.AddResource("openapi.json", value); err != nil {
		return nil, fmt.Errorf("taking in the description: %w", err)
	}
	d := &description{components: doc.Components.Schemas, reads: map[string]*operation{}}
	if d.problem, err = c.Compile("openapi.json#/components/schemas/Error"); err != nil {
		return nil, fmt.Errorf("the schema of errors: %w", err)
	}
	for path, methods := range doc.Paths {
		for method, text := range methods {
			o, err := operationOf(c, method, path, text)
			if err != nil {
				return nil, err
			}
			d.operations = append(d.operations, o)
			if o.method == "GET" {
				d.reads[path] = o
			}
		}
	}
	slices.SortFunc(d.operations, func(a, b *operation) int { return strings.Compare(a.String(), b.String()) })
	return d, nil
}

// closed makes schemas refuse members that they do not name.
func closed(document any) {
	doc, _ := document.(object)
	components, _ := doc["components"].(object)
	schemas, _ := components["schemas"].(object)
	for _, schema := range schemas {
		if schema, ok := schema.(object); ok && schema["properties"] != nil && schema["additionalProperties"] == nil {
			schema["additionalProperties"] = false
		}
	}
}

func operationOf(c *jsonschema.Compiler, method, path string, text []byte) (*operation, error) {
	type content struct {
		Content map[string]struct{ Schema object }
	}
	var said struct {
		Parameters  []struct{ Name, In string }
		RequestBody content
		Responses   map[string]content
	}
	if err := json.Unmarshal(text, &said); err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	o := &operation{method: strings.ToUpper(method), path: path, body: said.RequestBody.Content["application/json"].Schema}
	for _, p := range said.Parameters {
		if p.In == "query" {
			o.queries = append(o.queries, p.Name)
		}
	}
	if said.Responses["2XX"].Content["application/json"].Schema == nil {
		return o, nil
	}
	var err error
	at := "openapi.json#/paths/" + pathNames.Replace(path) + "/" + method + "/responses/2XX/content/application~1json/schema"
	if o.answer, err = c.Compile(at); err != nil {
		return nil, fmt.Errorf("the answer of %s: %w", o, err)
	}
	return o, nil
}

var parameter = regexp.MustCompile(`\{(\w+)\}`)

// collection is the path of the list that an {id} of a path is taken from.
func collection(path string, at int) string { return strings.TrimSuffix(path[:at], "/") }

// resolve follows a reference.
func (d *description) resolve(schema object) object {
	for {
		to, ok := schema["$ref"].(string)
		if !ok {
			return schema
		}
		schema, _ = d.components[strings.TrimPrefix(to, "#/components/schemas/")].(object)
	}
}
