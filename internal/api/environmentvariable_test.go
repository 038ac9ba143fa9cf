package api

import "testing"

func TestVariablesOnlyHere(t *testing.T) {
	h := newHarness(t)
	env := h.make("environments", map[string]any{"Name": "Dev"}, map[string]any{"Name": "Prod"})
	project := h.project("Shop")
	set := h.call(200, "GET", "/api/Spaces-1/variables/variableset-"+project, nil).(map[string]any)
	set["Variables"] = []any{
		map[string]any{"Name": "One", "Value": "1", "Scope": map[string]any{"Environment": env[:1]}},
		map[string]any{"Name": "Both", "Value": "2", "Scope": map[string]any{"Environment": env}},
		map[string]any{"Name": "All", "Value": "3"},
	}
	h.call(200, "PUT", "/api/Spaces-1/variables/variableset-"+project, set)
	got := h.call(200, "GET", "/api/Spaces-1/environments/dev/singlyScopedVariableDetails", nil)
	if each(at(got, "VariableMap", project), "Name") != "One" || at(got, "HasUnauthorizedProjectVariables") != false {
		t.Errorf("%v", got)
	}
	got = h.call(200, "GET", "/api/Spaces-1/environments/prod/singlyScopedVariableDetails", nil)
	if len(at(got, "VariableMap").(map[string]any)) != 0 {
		t.Errorf("%v", got)
	}
}
