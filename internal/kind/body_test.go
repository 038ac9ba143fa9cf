package kind_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
)

// TestMismatches checks that every member that cannot be read is named by its
// path, also inside of lists, maps and types that read themselves.
func TestMismatches(t *testing.T) {
	type order struct {
		kind.Base
		When   *kind.Time               `json:"When"`
		Count  int                      `json:"Count"`
		Parts  []Chapter                `json:"Parts"`
		Notes  map[string]kind.Property `json:"Notes"`
		Ratio  float64                  `json:"Ratio"`
		Scopes map[string][]string      `json:"Scopes"`
	}
	tests := map[string]struct {
		body string
		want []string
	}{
		"list for object":    {`[]`, []string{"The body: a JSON array cannot be read as an object."}},
		"text for object":    {`"x"`, []string{"The body: a JSON string cannot be read as an object."}},
		"fraction for whole": {`{"Count":1.5}`, []string{"Count: a JSON number cannot be read as a whole number."}},
		"number for time":    {`{"When":7}`, []string{"When: a JSON number cannot be read as a date and time such as 2026-11-25T03:17:09Z."}},
		"text for time":      {`{"When":"soon"}`, []string{`When: "soon" is not a date and time such as 2026-11-25T03:17:09.000Z.`}},
		"deep":               {`{"Parts":[{"Tags":["a"]},{"Tags":["a",{}]}]}`, []string{"Parts[1].Tags[1]: a JSON object cannot be read as a text."}},
		"in a map":           {`{"Notes":{"b":["x"]}}`, []string{"Notes.b: a property's value is a text or a sensitive value, not a list."}},
		"in a secret":        {`{"Notes":{"b":{"HasValue":7}}}`, []string{"Notes.b.HasValue: a JSON number cannot be read as true or false."}},
		"list in a map":      {`{"Scopes":{"Machine":"M-1"}}`, []string{"Scopes.Machine: a JSON string cannot be read as a list."}},
		"embedded":           {`{"Links":7}`, []string{"Links: a JSON number cannot be read as an object."}},
		"all at once":        {`{"count":"x","Ratio":true}`, []string{"Ratio: a JSON boolean cannot be read as a number.", "count: a JSON string cannot be read as a whole number."}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var f *fault.Error
			if err := kind.Unmarshal([]byte(test.body), &order{}); !errors.As(err, &f) || f.Code != fault.Invalid {
				t.Fatalf("%v", err)
			}
			if diff := cmp.Diff(test.want, f.Details); diff != "" {
				t.Error(diff)
			}
		})
	}
	var f *fault.Error
	many := `{"Parts":[` + strings.Repeat("7,", 5000) + `7]}`
	if err := kind.Unmarshal([]byte(many), &order{}); !errors.As(err, &f) || len(f.Details) != 20 {
		t.Errorf("of many mistakes %d are told", len(f.Details))
	}
}
