package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/takodeploy/tako/octostache"
)

var _ = register("octostache", runOctostache)

// templateVector is one vector; which members it has depends on its mode.
type templateVector struct {
	Name          string           `json:"name"`
	Mode          string           `json:"mode"`
	Exclude       string           `json:"exclude"` // why it cannot be judged
	Template      string           `json:"template"`
	Variables     orderedVariables `json:"variables"`
	VariableName  string           `json:"variableName"`
	Collection    string           `json:"collection"`
	YAMLKey       string           `json:"yamlKey"`
	HaltOnError   *bool            `json:"haltOnError"`
	Normalize     []string         `json:"normalize"`
	Expected      any              `json:"expected"`
	ExpectedOneOf []any            `json:"expectedOneOf"`
	ExpectedSet   []string         `json:"expectedSet"`
	Contains      []string         `json:"contains"`
	NotContains   []string         `json:"notContains"`
	ExpectError   *bool            `json:"expectError"`
	ParseError    *bool            `json:"parseError"`
	ErrorMessage  string           `json:"errorMessage"`
	MissingTokens []string         `json:"missingTokens"`
	Throws        any              `json:"throws"`
}

// orderedVariables keeps the order of a JSON object, which iteration shows.
type orderedVariables struct{ *octostache.Dictionary }

// UnmarshalJSON reads the object in its order.
func (v *orderedVariables) UnmarshalJSON(text []byte) error {
	v.Dictionary = octostache.New()
	return v.Load(text)
}

// runOctostache runs a file of vectors of the template language.
func runOctostache(file string) (Result, error) {
	vectors, err := loadVectors[templateVector](file)
	if err != nil {
		return Result{}, err
	}
	var result Result
	for _, v := range vectors {
		if v.Exclude != "" {
			result.Skip()
			continue
		}
		if v.Variables.Dictionary == nil {
			v.Variables.Dictionary = octostache.New()
		}
		v.judge(&result)
	}
	return result, nil
}

// judge runs one vector and counts its outcome.
func (v *templateVector) judge(result *Result) {
	got, err := v.evaluate()
	if complaint := v.judgeError(err); complaint != "" {
		result.Fail(v.Name, fmt.Sprintf("%v with error %v", canonical(got), err), complaint)
		return
	}
	switch {
	case v.throws() || v.Mode == "parse" && v.Expected == nil:
		result.Passed++
	case v.Contains != nil || v.NotContains != nil:
		v.judgeMembers(result, got)
	case v.ExpectedSet != nil:
		names, _ := got.([]string)
		result.Check(v.Name, sorted(names), sorted(v.ExpectedSet))
	case v.ExpectedOneOf != nil:
		for _, want := range v.ExpectedOneOf {
			if canonical(v.normalized(got)) == canonical(want) {
				result.Passed++
				return
			}
		}
		result.Fail(v.Name, canonical(got), "one of "+canonical(v.ExpectedOneOf))
	default:
		result.Check(v.Name, v.normalized(got), v.Expected)
	}
}

func sorted(names []string) []string {
	names = slices.Clone(names)
	slices.Sort(names)
	return append([]string{}, names...)
}

// throws says whether the vector wants the evaluation to end without a result.
func (v *templateVector) throws() bool { return v.Throws != nil && v.Throws != false }

// judgeError compares the error with what the vector says about errors, and
// gives what is amiss.
func (v *templateVector) judgeError(err error) string {
	var evaluation *octostache.EvaluationError
	var parse *octostache.ParseError
	thrown := errors.As(err, &evaluation) && evaluation.Cause != nil && !errors.As(err, &parse)
	switch {
	case thrown != v.throws():
		return fmt.Sprintf("throws: %v", v.throws())
	case v.ExpectError != nil && *v.ExpectError != (err != nil):
		return fmt.Sprintf("an error: %v", *v.ExpectError)
	case v.ParseError != nil && *v.ParseError != (err != nil):
		return fmt.Sprintf("a parse error: %v", *v.ParseError)
	case v.ErrorMessage != "" && (err == nil || err.Error() != v.ErrorMessage):
		return v.ErrorMessage
	case v.MissingTokens != nil && (evaluation == nil || !slices.Equal(evaluation.Missing, v.MissingTokens)):
		return "missing tokens " + canonical(v.MissingTokens)
	}
	return ""
}

// judgeMembers checks a list for what it must and must not hold.
func (v *templateVector) judgeMembers(result *Result, got any) {
	names, _ := got.([]string)
	for _, name := range v.Contains {
		if !slices.Contains(names, name) {
			result.Fail(v.Name, canonical(names), "with "+name)
			return
		}
	}
	for _, name := range v.NotContains {
		if slices.Contains(names, name) {
			result.Fail(v.Name, canonical(names), "without "+name)
			return
		}
	}
	result.Passed++
}

// normalized applies what the vector wants done before comparing.
func (v *templateVector) normalized(got any) any {
	text, ok := got.(string)
	if !ok {
		return got
	}
	for _, rule := range v.Normalize {
		switch rule {
		case "strip-quotes":
			text = strings.ReplaceAll(text, `"`, "")
		case "trim":
			text = strings.TrimSpace(text)
		}
	}
	return text
}

// lenient says whether the vector wants unparsable stretches kept.
func (v *templateVector) lenient() bool { return v.HaltOnError != nil && !*v.HaltOnError }

// evaluate computes what the vector's mode asks for.
func (v *templateVector) evaluate() (any, error) {
	d := v.Variables.Dictionary
	switch v.Mode {
	case "evaluate":
		return v.evaluateText()
	case "truthy":
		return d.Truthy(v.Template), nil
	case "get":
		if v.VariableName == "" { // the template stands for a variable's value
			return v.evaluateText()
		}
		return orNull(d.Get(v.VariableName)), nil
	case "getRaw":
		return orNull(d.Raw(v.VariableName)), nil
	case "getFlag":
		return d.Flag(v.VariableName, false), nil
	case "getInt32":
		return orNull(d.Int(v.VariableName)), nil
	case "getIndexes":
		return d.Indexes(v.Collection), nil
	case "saveAsString":
		return d.Save(), nil
	case "parse", "toString", "argumentNames":
		return v.parse()
	case "yamlRoundTrip":
		return v.roundTrip()
	}
	return nil, fmt.Errorf("there is no mode %q", v.Mode)
}

// orNull turns what was not found into null.
func orNull[T any](value T, ok bool) any {
	if !ok {
		return nil
	}
	return value
}

func (v *templateVector) evaluateText() (any, error) {
	if v.lenient() {
		return v.Variables.EvaluateLenient(v.Template)
	}
	text, null, err := v.Variables.EvaluateNullable(v.Template)
	return orNull(text, !null), err
}

// parse reads the template and gives its names or its canonical text.
func (v *templateVector) parse() (any, error) {
	parse := octostache.Parse
	if v.lenient() {
		parse = octostache.ParseLenient
	}
	t, err := parse(v.Template)
	if err != nil {
		return nil, err
	}
	if v.Mode == "argumentNames" || v.Contains != nil {
		return t.ArgumentNames(), nil
	}
	return t.String(), nil
}

// roundTrip evaluates YAML and reads a key of it.
func (v *templateVector) roundTrip() (any, error) {
	text, err := v.Variables.Evaluate(v.Template)
	if err != nil {
		return text, err
	}
	var values map[string]string
	if err := yaml.Unmarshal([]byte(text), &values); err != nil {
		return text, err
	}
	// Expectations have newlines in one form only.
	return strings.ReplaceAll(values[v.YAMLKey], "\r\n", "\n"), nil
}
