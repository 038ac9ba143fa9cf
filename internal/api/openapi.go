package api

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/takodeploy/tako/internal/kind"
)

// The API describes itself, as OpenAPI 3.1, from the routes that it answers and
// the Go types that it reads and writes.
var _ = area(func(a *API) []Route {
	describe := sync.OnceValues(func() ([]byte, error) { return json.Marshal(a.openAPI()) })
	return []Route{
		{Method: "GET", Pattern: "openapi.json", Open: true, Summary: "This description", Handle: func(r *Request) (any, error) {
			data, err := describe()
			return Raw(data), err
		}},
	}
})

type object = map[string]any

// Describe gives the description of the API without a server.
func Describe(version string) ([]byte, error) {
	a := &API{Options: Options{Version: version}, routes: &router{}}
	a.addRoutes()
	return json.MarshalIndent(a.openAPI(), "", " ")
}

// openAPI builds the description.
func (a *API) openAPI() object {
	s := schemas{}
	paths := object{}
	for i := range a.routes.all {
		r := &a.routes.all[i]
		for _, path := range r.paths() {
			at, _ := paths[path].(object)
			if at == nil {
				at = object{}
				paths[path] = at
			}
			method := strings.ToLower(r.Method)
			if at[method] == nil { // a later route gives way to an earlier one
				at[method] = s.operation(r, path)
			}
		}
	}
	s["Error"] = errorSchema
	return object{
		"openapi": "3.1.0",
		"info":    object{"title": "Tako", "version": a.Version, "description": "Lists take skip, take and ids. Names are compared without case. PUT and DELETE may come as POST with X-HTTP-Method-Override."},
		"paths":   paths,
		"components": object{
			"schemas": object(s),
			"securitySchemes": object{
				"key":     object{"type": "apiKey", "in": "header", "name": "X-Octopus-ApiKey"},
				"session": object{"type": "apiKey", "in": "cookie", "name": "OctopusIdentificationToken"},
			},
		},
		"security": []object{{"key": []string{}}, {"session": []string{}}},
	}
}

var errorSchema = object{
	"type": "object", "required": []string{"ErrorMessage"},
	"properties": object{
		"ErrorMessage": object{"type": "string", "description": "what is wrong, in a sentence"},
		"Errors":       object{"type": "array", "items": object{"type": "string"}, "description": "each complaint"},
		"RequestId":    object{"type": "string", "description": "what the server's log names the request by, of what the server could not do"},
	},
}

// paths gives where a route is found below the server's address.
func (r *Route) paths() []string {
	prefix, rest, _ := strings.Cut(r.Pattern, "/")
	rest = strings.ReplaceAll(rest, "*}", "}")
	switch prefix {
	case "S":
		return []string{strings.TrimSuffix("/api/{spaceId}/"+rest, "/")}
	case "M":
		return []string{"/api/{spaceId}/" + rest, "/api/" + rest}
	}
	return []string{strings.TrimSuffix("/api/"+strings.ReplaceAll(r.Pattern, "*}", "}"), "/")}
}

var (
	pathParameter = regexp.MustCompile(`\{(\w+)\}`)
	noWord        = regexp.MustCompile(`[^A-Za-z0-9]+`)
)

// operation describes a route at one of its paths.
func (s schemas) operation(r *Route, path string) object {
	op := object{"summary": r.Summary, "operationId": operationID(r.Method, path)}
	parameters := []object{}
	for _, m := range pathParameter.FindAllStringSubmatch(path, -1) {
		parameters = append(parameters, object{"name": m[1], "in": "path", "required": true, "schema": object{"type": "string"}})
	}
	for _, name := range r.queries() {
		parameters = append(parameters, object{"name": name, "in": "query", "schema": object{"type": "string"}})
	}
	if len(parameters) > 0 {
		op["parameters"] = parameters
	}
	if r.Body != nil {
		op["requestBody"] = object{"content": object{"application/json": object{"schema": s.of(r.Body)}}}
	}
	if r.Open {
		op["security"] = []object{}
	}
	if r.Permission != "" {
		op["description"] = "Takes the permission " + r.Permission + "."
	}
	answer := object{"description": "done"}
	if r.Answer != nil {
		answer["content"] = object{"application/json": object{"schema": s.answer(r)}}
	}
	op["responses"] = object{
		"2XX":     answer,
		"default": object{"description": "refused", "content": object{"application/json": object{"schema": reference("Error")}}},
	}
	return op
}

func operationID(method, path string) string {
	words := noWord.Split(path, -1)
	id := strings.ToLower(method)
	for _, w := range words[2:] {
		if w != "" {
			id += strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return id
}

// pageOfAny is the Answer of a route whose pages hold what is no kind, or a kind
// that the route is not named by.
type pageOfAny struct{ item any }

// listed says whether the route's answer is a page or an array of its type.
func (r *Route) listed() (page, all bool) {
	if _, ok := r.Answer.(pageOfAny); ok {
		return true, false
	}
	info, ok := r.Answer.(kind.Info)
	if !ok || r.Method != http.MethodGet {
		return false, false
	}
	last := r.Pattern[strings.LastIndexByte(r.Pattern, '/')+1:]
	ofKind := info.Path[strings.LastIndexByte(info.Path, '/')+1:]
	return strings.EqualFold(last, ofKind), last == "all"
}

func (r *Route) queries() []string {
	names := r.listQueries()
	for _, name := range r.Query {
		if !slices.ContainsFunc(names, func(known string) bool { return strings.EqualFold(known, name) }) {
			names = append(names, name)
		}
	}
	return names
}

// listQueries are those that every list takes.
func (r *Route) listQueries() []string {
	page, all := r.listed()
	info, _ := r.Answer.(kind.Info)
	if of, ok := r.Answer.(pageOfAny); ok {
		info, _ = of.item.(kind.Info)
	}
	switch {
	case page:
		return append([]string{"skip", "take", "ids", "partialName"}, filterNames(info)...)
	case all:
		return append([]string{"ids", "partialName"}, filterNames(info)...)
	}
	return nil
}

// filterNames writes filters as clients do.
func filterNames(info kind.Info) []string {
	names := slices.Clone(info.Filters)
	for i, n := range names {
		names[i] = strings.ToLower(n[:1]) + n[1:]
	}
	return names
}

func (s schemas) answer(r *Route) object {
	of := r.Answer
	if p, ok := of.(pageOfAny); ok {
		of = p.item
	}
	item := s.of(of)
	switch page, all := r.listed(); {
	case all:
		return object{"type": "array", "items": item}
	case page:
		number := object{"type": "integer"}
		return object{"type": "object", "required": []string{"Items", "TotalResults"}, "properties": object{
			"ItemType": object{"type": "string"}, "TotalResults": number, "ItemsPerPage": number, "NumberOfPages": number, "LastPageNumber": number,
			"Items": object{"type": "array", "items": item}, "Links": object{"type": "object"},
		}}
	}
	return item
}
