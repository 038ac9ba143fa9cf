package octostache_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/octostache"
)

// dictionary makes a dictionary of name, value, name, value.
func dictionary(pairs ...string) *octostache.Dictionary {
	d := octostache.New()
	for i := 0; i < len(pairs); i += 2 {
		d.Set(pairs[i], pairs[i+1])
	}
	d.SetClock(func() time.Time { return time.Date(2030, 5, 22, 9, 5, 0, 0, time.UTC) })
	return d
}

// templates are cases of template, result, and whether something was missing.
type templateCase struct {
	template string
	want     string
	missing  []string
}

func check(t *testing.T, d *octostache.Dictionary, cases []templateCase) {
	t.Helper()
	for _, c := range cases {
		got, err := d.Evaluate(c.template)
		var missing []string
		var evaluation *octostache.EvaluationError
		if errors.As(err, &evaluation) {
			missing = evaluation.Missing
			if evaluation.Cause != nil {
				t.Errorf("%s: %v", c.template, err)
			}
		}
		if got != c.want || !cmp.Equal(missing, c.missing) {
			t.Errorf("%s\n  got:  %q, missing %q\n  want: %q, missing %q", c.template, got, missing, c.want, c.missing)
		}
	}
}

func TestSubstitution(t *testing.T) {
	d := dictionary("Foo", "Bar", "Deep", "<#{Foo}>", "a%b", "1", "F[]", "e", "G[abc].N", "1", "Part.Of", "x",
		"Made in X", "1", "Foo  Bar", "two", "Lost", "x#{Nope}", "Bad", "bad #{", "Escaped", "##{Foo}",
		"Step[One]", "Running", "Action.Name", "One", "Q.W", "under", "Nested[a[0]].V", "n")
	d.SetNull("Null")
	check(t, d, []templateCase{
		{template: "plain", want: "plain"},
		{template: "#{foo}", want: "Bar"},
		{template: "#{ Foo }", want: "Bar"},
		{template: "#{Deep}", want: "<Bar>"},
		{template: "##{Foo}", want: "#{Foo}"},
		{template: "###{Foo}", want: "#Bar"},
		{template: "# ## ### #", want: "# ## ### #"},
		{template: "a#b#{Foo}c#", want: "a#bBarc#"},
		{template: "#{Escaped}", want: "#{Foo}"},
		{template: "#{Nope}", want: "#{Nope}", missing: []string{"#{Nope}"}},
		{template: "#{Nope}#{Nope}#{ No.pe }", want: "#{Nope}#{Nope}#{No.pe}", missing: []string{"#{Nope}", "#{No.pe}"}},
		{template: "#{Lost}", want: "x#{Nope}", missing: []string{"#{Nope}"}},
		{template: "#{Bad}", want: "bad #{"},
		{template: "#{Null}", want: ""},
		{template: "#{a}", want: "1"},
		{template: "#{F[]}", want: "e"},
		{template: "#{G[abc]}", want: "abc"},
		{template: "#{G[*].N}", want: "1"},
		{template: "#{Part}", want: "#{Part}", missing: []string{"#{Part}"}},
		{template: "#{Foo  Bar}", want: "two"},
		{template: "#{Step[#{Action.Name}]}", want: "Running"},
		{template: "#{Step[#{Nope}].X}", want: "#{Step[#{Nope}].X}", missing: []string{"#{Step[#{Nope}].X}"}},
		{template: "#{Nested[a[0]].V}", want: "n"},
	})
}

func TestConditional(t *testing.T) {
	d := dictionary("Yes", "true", "No", " FALSE ", "Zero", "0", "Name", "Prod", "Same", "Prod", "elseifY", "v")
	check(t, d, []templateCase{
		{template: "#{if Yes}a#{else}b#{/if}", want: "a"},
		{template: "#{if No}a#{else}b#{/if}", want: "b"},
		{template: "#{if Missing}a#{else}b#{/if}", want: "b"},
		{template: "#{unless No}a#{else}b#{/unless}", want: "a"},
		{template: "#{IF Yes}a#{/if}", want: "a"},
		{template: `#{if Name == "Prod"}a#{/if}`, want: "a"},
		{template: `#{if Name != "Prod"}a#{/if}`, want: ""},
		{template: `#{if "Prod"==Name}a#{/if}`, want: "a"},
		{template: `#{if Name == Same}a#{/if}`, want: "a"},
		{template: `#{if Miss == Other}a#{/if}`, want: "a"},
		{template: `#{if Name == "prod"}a#{else}b#{/if}`, want: "b"},
		{template: `#{if Name == \"Prod\"}a#{/if}`, want: "a"},
		{template: `#{if Name | ToLower == "prod"}a#{/if}`, want: "a"},
		{template: "#{if Zero}a#{elseif No}b#{elseif Yes}c#{else}d#{/if}", want: "c"},
		{template: "#{if Yes}a#{elseifY}b#{/if}", want: "avb"},
		{template: "#{if Name | ToUpper x == Same}a#{else}b#{/if}",
			want:    `#{if Name | ToUpper "x" == Same }a#{else}b#{/if}`,
			missing: []string{`Name | ToUpper "x"`}},
	})
	for _, text := range []string{
		`#{if "a" == "a"}x#{/if}`, "#{if X b", `#{unless Yes}a#{elseif Name == "x"}b#{/unless}`, "a#{/if}",
	} {
		got, err := d.Evaluate(text)
		var parse *octostache.ParseError
		if got != text || !errors.As(err, &parse) {
			t.Errorf("%s gave %q, %v; want a parse error", text, got, err)
		}
	}
}

func TestRepetition(t *testing.T) {
	d := dictionary("P[A].Name", "a", "P[B].Name", "b", "P[B].Roles", "x,y", "L", "1, 2", "Empty", "", "F", "v", "F[1]", "x",
		"Array", `[1, "two", {k: 3}]`, "Object", `{"k":"v","n":{"x":1}}`, "item", "outer")
	check(t, d, []templateCase{
		{template: "#{each p in P}#{p}=#{p.Name};#{/each}", want: "A=a;B=b;"},
		{template: "#{each p in P}#{each r in p.Roles}#{p.Name}#{r} #{/each}#{/each}", want: "bx by "},
		{template: "#{each i in L}[#{i}]#{/each}", want: "[1][ 2]"},
		{template: "#{each i in Empty}[#{i}]#{/each}", want: "[]"},
		{template: "<#{each i in Nope}x#{/each}>", want: "<>"},
		{template: "#{each i in F}[#{i}]#{/each}", want: "[v]"},
		{template: "#{each i in Array}#{i};#{/each}", want: `1;two;{"k":3};`},
		{template: "#{each i in Object}#{i}=#{i.Key}=#{i.Value};#{/each}", want: `k=k=v;n=n={"x":1};`},
		{template: "#{each item in L}#{item}#{/each}#{item}", want: "1 2outer"},
		{template: "#{each i in L}#{Octopus.Template.Each.Index}#{Octopus.Template.Each.First}#{Octopus.Template.Each.Last} #{/each}",
			want: "0TrueFalse 1FalseTrue "},
		{template: "#{each i in L}#{else}#{/each}", want: "#{else}#{else}", missing: []string{"#{else}"}},
	})
}

func TestJSON(t *testing.T) {
	d := dictionary("J", `{name: 'x', "List": [10, 1.50, true, null, {"a": "b"}], /* c */ "Sub": {"b": 1.0},}`,
		"T", `{"a":"#{B}"}`, "B", "z", "Self", `{"a":"#{Self.a}"}`, "Scalar", "12", "Win", `{"a":"j"}`, "Win.a", "v",
		"Big", `[12345678901234567890, 0x1F, 1e3]`, "Junk", `{"a":1} x`)
	check(t, d, []templateCase{
		{template: "#{J.name}", want: "x"},
		{template: "#{J[name]}", want: "x"},
		{template: "[#{J.Name}]", want: "[]"},
		{template: "#{J.List[0]} #{J.List[1]} #{J.List[2]} [#{J.List[3]}] [#{J.List[9]}]", want: "10 1.5 True [] []"},
		{template: "#{J.List}", want: `[10,1.5,true,null,{"a":"b"}]`},
		{template: "#{J.List[4].a}", want: "b"},
		{template: "#{J.Sub}", want: `{"b":1.0}`},
		{template: "#{J.List[x]}", want: "#{J.List[x]}", missing: []string{"#{J.List[x]}"}},
		{template: "#{T.a}", want: "z"},
		{template: "#{Scalar.a}", want: "#{Scalar.a}", missing: []string{"#{Scalar.a}"}},
		{template: "#{Win.a}", want: "v"},
		{template: "#{Big[0]} #{Big[1]} #{Big[2]}", want: "12345678901234567890 31 1000"},
		{template: "#{Junk.a}", want: "#{Junk.a}", missing: []string{"#{Junk.a}"}},
	})
}

func TestCalculation(t *testing.T) {
	d := dictionary("A", "5", "B", "7", "B-2", "hyphen", "Big", "1,000", "X", "x", "Another/Var", "9")
	check(t, d, []templateCase{
		{template: "#{calc A+2}", want: "7"},
		{template: "#{calc 3*2+2*4}", want: "14"},
		{template: "#{calc 10-2-3}", want: "5"},
		{template: "#{calc 2-(B*2)}", want: "-12"},
		{template: "#{calc {B}-2}", want: "5"},
		{template: "#{calc B-2}", want: "#{B-2}"},
		{template: "#{calc 2/{Another/Var}}", want: "0.2222222222222222"},
		{template: "#{calc {Big}*2.5}", want: "2500"},
		{template: "#{calc C + 2}", want: "#{C+2}"},
		{template: "#{calc {X}+(1+2)}", want: "#{X+1+2}"},
		{template: "#{ calc  1 + {A} }", want: "6"},
		{template: "#{calc}", want: "#{calc}", missing: []string{"#{calc}"}},
	})
}

func TestNull(t *testing.T) {
	d := dictionary("N", "#{ | null }", "A", "x")
	for text, want := range map[string]bool{
		"#{ | null}": true, "a#{ | null}b": true, "#{A | null}": true, "#{if A}#{ | null}#{/if}": true,
		"#{if A}y#{else}#{ | null}#{/if}": false, "#{N}": false,
	} {
		_, null, err := d.EvaluateNullable(text)
		if null != want || err != nil {
			t.Errorf("%s: null %v, %v; want %v", text, null, err, want)
		}
	}
	if value, ok := d.Get("N"); ok {
		t.Errorf("Get gave %q, want nothing", value)
	}
}

func TestLenient(t *testing.T) {
	d := dictionary("A", "1", "B", "2")
	for text, want := range map[string]string{
		"#{A} #{ #{B}":          "1 #{ 2",
		"x=\"#{A}\";\"#{":       "x=\"1\";\"#{",
		"a#{/if}#{A}":           "a#{/if}1",
		"#{each x in A}#{B}":    "#{each x in A}#{B}",
		"#{A%}#{B}":             "#{A%}2",
		"#{A | F #{B} | G}#{A}": "#{A | F #{B} | G}1",
		`#{if A == "1"}#{B}`:    `#{if A == "1"}#{B}`,
	} {
		if got, err := d.EvaluateLenient(text); got != want {
			t.Errorf("%s gave %q, %v; want %q", text, got, err, want)
		}
	}
}

func TestLoops(t *testing.T) {
	d := dictionary("A", "#{B}", "B", "#{A}", "Self", "#{Self}", "Twice", "#{C}#{C}", "C", "1")
	for _, text := range []string{"#{A}", "xx#{A}", "#{Self}", "#{Self | ToUpper}", "#{if Self}x#{/if}"} {
		got, err := d.Evaluate(text)
		var loop *octostache.LoopError
		if got != text || !errors.As(err, &loop) {
			t.Errorf("%s gave %q, %v; want a loop", text, got, err)
		}
	}
	_, err := d.Evaluate("#{A}")
	if want := `An attempt to parse the variable symbol "A" appears to have resulted in a self referencing loop (A -> B -> A). Ensure that recursive loops do not exist in the variable values.`; err.Error() != want {
		t.Errorf("the error is %q, want %q", err, want)
	}
	check(t, d, []templateCase{{template: "#{Twice}#{Twice}", want: "1111"}})
}

func TestTemplateString(t *testing.T) {
	for text, want := range map[string]string{
		"#{Foo|ToUpper}":                     "#{Foo | ToUpper}",
		"#{Foo | Substring  1   2 }":         `#{Foo | Substring "1" "2"}`,
		"#{ a . b [ #{ c } ] [ x ] }":        "",
		"#{ a . b[ #{ c } ][ x ] }":          "#{a.b[#{c}][x]}",
		"#{if A}1#{elseif B}2#{else}3#{/if}": "#{if A}1#{else}#{if B}2#{else}3#{/if}#{/if}",
		`#{if "x" != A}1#{/if}`:              `#{if A != "x" }1#{/if}`,
		"#{unless A}1#{/unless}":             "#{if A}#{else}1#{/if}",
		"#{each  a  in  B}##{x}#{/each}":     "#{each a in B}##{x}#{/each}",
		`#{F | Append \"#{x}\"}`:             `#{F | Append "##{x}"}`,
	} {
		tmpl, err := octostache.Parse(text)
		if want == "" {
			if err == nil {
				t.Errorf("%s reads as %s, want a refusal", text, tmpl)
			}
			continue
		}
		if err != nil || tmpl.String() != want {
			t.Errorf("%s reads as %v, %v; want %s", text, tmpl, err, want)
		}
	}
}

func TestArgumentNames(t *testing.T) {
	tmpl, err := octostache.Parse(`#{a.b} #{c | F #{d}} #{e[#{f}]} #{each x in L}#{x.y}#{/each} #{calc g+1} #{if h == "i"}#{j}#{/if}##{k}`)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split("a b c d e f L g h i j", " ")
	if diff := cmp.Diff(want, tmpl.ArgumentNames()); diff != "" {
		t.Error(diff)
	}
}

func TestTruthy(t *testing.T) {
	for value, want := range map[string]bool{
		"": false, "0": false, "no": false, " No ": false, "false": false, "FALSE": false,
		"1": true, " 0": true, "off": true, "null": true, "False!": true, " ": true,
	} {
		if got := octostache.Truthy(value); got != want {
			t.Errorf("Truthy(%q) = %v", value, got)
		}
	}
	d := dictionary("A", "1")
	if !d.Truthy("#{A}") || d.Truthy("#{Missing}") || d.Truthy("#{A}#{ | null}") {
		t.Error("a text is truthy only without errors and nulls")
	}
}

func TestParseErrorPlace(t *testing.T) {
	_, err := octostache.Parse("line\n a #{x%}")
	if err == nil || err.Error() != "the template cannot be parsed at line 2, column 7" {
		t.Error(err)
	}
}
