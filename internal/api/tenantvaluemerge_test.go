package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// street is a village whose first tenant has values, with clients that read
// all of them, change some and write all of them back.
type street struct {
	*village
	path string
}

func newStreet(t *testing.T) *street {
	s := &street{newVillage(t), "/api/Spaces-1/tenants/acme/variables"}
	s.write(s.read(), s.url, "https://dev", s.region, "north")
	return s
}

func (s *street) read() map[string]any { return s.call(200, "GET", s.path, nil).(map[string]any) }

// change sets values, those of the project in the first environment; "" takes
// one away.
func (s *street) change(doc map[string]any, pairs ...string) map[string]any {
	delete(doc, "ConcurrencyToken") // as clients that do not know of it
	for i := 0; i < len(pairs); i += 2 {
		values := at(doc, "ProjectVariables", s.project, "Variables", s.environments[0])
		if pairs[i] != s.url && pairs[i] != s.password {
			values = at(doc, "LibraryVariables", s.library, "Variables")
		}
		if pairs[i+1] == "" {
			delete(values.(map[string]any), pairs[i])
			continue
		}
		values.(map[string]any)[pairs[i]] = pairs[i+1]
	}
	return doc
}

func (s *street) write(doc map[string]any, pairs ...string) {
	s.call(200, "PUT", s.path, s.change(doc, pairs...))
}

// has checks the values for the address, the region and the brand.
func (s *street) has(what, want string) {
	s.Helper()
	doc := s.read()
	project, library := at(doc, "ProjectVariables", s.project, "Variables", s.environments[0]), at(doc, "LibraryVariables", s.library, "Variables")
	var all []string
	for _, v := range []any{at(project, s.url), at(library, s.region), at(library, s.brandID)} {
		if v == nil {
			v = "-"
		}
		all = append(all, fmt.Sprint(v))
	}
	if got := strings.Join(all, " "); got != want {
		s.Errorf("%s: %s, want %s", what, got, want)
	}
}

// What one client has changed, the next does not take back.
func TestWholeWritesOfTenantVariables(t *testing.T) {
	for name, c := range map[string]struct {
		a, b func(*street) []string
		want string
	}{
		"two that were not there": {func(s *street) []string { return []string{s.brandID, "red"} }, func(s *street) []string { return []string{s.password, "hidden"} }, "https://dev north red"},
		"two that were there":     {func(s *street) []string { return []string{s.url, "https://new"} }, func(s *street) []string { return []string{s.region, "south"} }, "https://new south -"},
		"one away, one new":       {func(s *street) []string { return []string{s.url, ""} }, func(s *street) []string { return []string{s.brandID, "red"} }, "- north red"},
		"one new, one away":       {func(s *street) []string { return []string{s.brandID, "red"} }, func(s *street) []string { return []string{s.url, ""} }, "- north red"},
		"the same":                {func(s *street) []string { return []string{s.region, "east"} }, func(s *street) []string { return []string{s.region, "west"} }, "https://dev west -"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStreet(t)
			first, second := s.read(), s.read()
			s.write(first, c.a(s)...)
			s.write(second, c.b(s)...)
			s.has(name, c.want)
		})
	}
}

// Who has read what is there replaces it, and so does who has read nothing.
func TestWritesOfTenantVariablesReplace(t *testing.T) {
	s := newStreet(t)
	s.write(s.read(), s.brandID, "red")
	s.write(s.read(), s.brandID, "")
	s.has("taken away again", "https://dev north -")
	s.write(s.read(), s.brandID, "red")
	s.has("red", "https://dev north red")

	s = newStreet(t)
	doc := map[string]any{"LibraryVariables": map[string]any{s.library: map[string]any{"Variables": map[string]any{s.brandID: "blue"}}}}
	s.call(200, "PUT", s.path, doc)
	s.has("written unread", "https://dev - blue")
}

// With the token of what it read a write is held against that alone, however
// long ago that was and whatever else was read and written since.
func TestTokensOfTenantVariables(t *testing.T) {
	s := newStreet(t)
	tokened := func(doc map[string]any, pairs ...string) map[string]any {
		token := doc["ConcurrencyToken"]
		return with(s.change(doc, pairs...), "ConcurrencyToken", token)
	}
	other, same, away := s.read(), s.read(), s.read()
	for _, pairs := range [][]string{{s.region, "south"}, {s.region, "east", s.brandID, "blue"}, {s.region, "south", s.brandID, ""}} {
		s.call(200, "PUT", s.path, tokened(s.read(), pairs...))
	}
	s.has("in between", "https://dev south -")
	for range readingsMost + 1 { // more than a server remembers of who has read what
		s.read()
	}
	s.call(200, "PUT", s.path, tokened(other, s.brandID, "red"))
	s.has("another value", "https://dev south red")
	s.call(409, "PUT", s.path, tokened(same, s.region, "west"))
	s.has("the same value", "https://dev south red")
	s.call(200, "PUT", s.path, tokened(away, s.url, ""))
	s.has("one away", "- south red")
	s.call(409, "PUT", s.path, with(s.read(), "ConcurrencyToken", "999"))
	s.call(400, "PUT", s.path, with(s.read(), "ConcurrencyToken", "yesterday"))
}

// The newer form, in which values have ids and scopes.
func TestScopedWritesOfTenantVariables(t *testing.T) {
	s := newStreet(t)
	path := "/api/Spaces-1/tenants/" + s.acme + "/commonvariables"
	read := func() []any { return at(s.call(200, "GET", path, nil), "Variables").([]any) }
	write := func(all []any) { s.call(200, "PUT", path, map[string]any{"Variables": all}) }
	value := func(template, value string, environments ...string) map[string]any {
		return map[string]any{"LibraryVariableSetId": s.library, "TemplateId": template, "Value": value, "Scope": map[string]any{"EnvironmentIds": environments}}
	}
	token := func() any { return s.call(200, "GET", path, nil).(map[string]any)["ConcurrencyToken"] }
	old, kept := token(), read()
	first, second, third := read(), read(), read()
	write(append(first, value(s.brandID, "red")))
	write(append(second, value(s.region, "dev", s.environments[0])))
	write(third[:0])
	s.has("two new and one away", "https://dev - red")
	if got := each(map[string]any{"Items": s.call(200, "GET", path, nil).(map[string]any)["Variables"]}, "Value"); got != "dev red" {
		t.Error(got)
	}
	s.call(409, "PUT", path, map[string]any{"ConcurrencyToken": old, "Variables": append(kept, value(s.brandID, "blue"))})
	s.call(200, "PUT", path, map[string]any{"ConcurrencyToken": old, "Variables": kept})
	s.has("nothing changed", "https://dev - red")
	s.call(200, "PUT", path, map[string]any{"ConcurrencyToken": token(), "Variables": []any{}})
	s.has("all away", "https://dev - -")
}

// Tools that work in parallel all get what they wrote.
func TestParallelWritesOfTenantVariables(t *testing.T) {
	s := newStreet(t)
	pairs := [][]string{{s.url, "https://new"}, {s.password, "hidden"}, {s.region, "south"}, {s.brandID, "red"}}
	docs := make([]map[string]any, len(pairs))
	for i := range docs {
		docs[i] = s.change(s.read(), pairs[i]...)
	}
	errs := make(chan error, len(docs))
	for _, doc := range docs {
		go func() {
			a := s.send(http.MethodPut, s.path, strings.NewReader(text(t, doc)))
			if a.status != 200 {
				errs <- fmt.Errorf("%d %s", a.status, a.body)
				return
			}
			errs <- nil
		}()
	}
	for range docs {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	s.has("all of them", "https://new south red")
	if d := cmp.Diff(keptSecret, at(s.read(), "ProjectVariables", s.project, "Variables", s.environments[0], s.password)); d != "" {
		t.Error(d)
	}
}
