package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/encoding/unicode/utf32"
	"golang.org/x/text/transform"

	xunicode "golang.org/x/text/encoding/unicode"

	"github.com/takodeploy/tako/internal/runner/configure/xmltree"
)

// structuredAssertion is one thing to check of a result; the fields that are
// set say what.
type structuredAssertion struct {
	XPath               string
	Equals              *string
	FirstEquals         *string
	Absent              bool
	StartsWith          *string
	Contains            *string
	EqualsIgnoringSpace *string `json:"equalsIgnoringWhitespace"`
	NoError             bool
	NoWarnings          bool
	LogContains         *string
	unknown             bool
}

// UnmarshalJSON notes an assertion that says something unheard of, so that it
// is not taken for one that holds.
func (a *structuredAssertion) UnmarshalJSON(text []byte) error {
	type plain structuredAssertion
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	err := decoder.Decode((*plain)(a))
	if err != nil && strings.Contains(err.Error(), "unknown field") {
		a.unknown = true
		return nil
	}
	return err
}

// judge compares what came with what was wanted; a vector counts once.
func (v structuredVector) judge(folder string, got []byte, problem error, log *structuredLog, r *Result) error {
	if v.ExpectError {
		r.Check(v.Name, problem != nil, true)
		return nil
	}
	if problem != nil {
		r.Fail(v.Name, "error: "+problem.Error(), "no error")
		return nil
	}
	if v.Expected != "" {
		want, err := os.ReadFile(filepath.Join(folder, v.Expected))
		if err != nil {
			return err
		}
		return v.compare(got, want, r)
	}
	if slices.ContainsFunc(v.Assert, func(a structuredAssertion) bool { return a.unknown }) {
		r.Skip()
		return nil
	}
	text := structuredText(got)
	for i, a := range v.Assert {
		if complaint := a.check(text, log); complaint != "" {
			r.Fail(v.Name, complaint+"\n"+text, fmt.Sprintf("assertion %d to hold", i+1))
			return nil
		}
	}
	r.Passed++
	return nil
}

// compare looks at two files with the strictness that the vector asks for.
func (v structuredVector) compare(got, want []byte, r *Result) error {
	g, w := structuredText(got), structuredText(want)
	switch v.Compare {
	case "bytes":
		g, w = fmt.Sprintf("%q", got), fmt.Sprintf("%q", want)
	case "json-structural":
		g, w = structuredJSON(g), structuredJSON(w)
	case "text-ignoring-bom-and-eol":
		if v.Kind == "configTransform" {
			// The expectation was written by a program that lays XML out anew.
			g, w = structuredXML(g), structuredXML(w)
		}
	default:
		return fmt.Errorf("unknown comparison %q", v.Compare)
	}
	if g != w {
		r.Fail(v.Name, g, w)
		return nil
	}
	r.Passed++
	return nil
}

// structuredText decodes by the byte order mark and evens line ends out.
func structuredText(raw []byte) string {
	decoder := xunicode.BOMOverride(transform.Nop)
	if strings.HasPrefix(string(raw), "\xff\xfe\x00\x00") {
		decoder = utf32.UTF32(utf32.LittleEndian, utf32.ExpectBOM).NewDecoder()
	}
	text, _, err := transform.Bytes(decoder, raw)
	if err != nil {
		text = raw
	}
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}

func structuredJSON(text string) string {
	var tree any
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&tree); err != nil {
		return "not JSON: " + text
	}
	return canonical(tree)
}

func structuredXML(text string) string {
	tree, err := xmltree.Parse(text, false)
	if err != nil {
		return "not XML: " + text
	}
	return tree.Indented("\n")
}

// check gives a complaint, or "" when the assertion holds.
func (a structuredAssertion) check(text string, log *structuredLog) string {
	squeeze := func(s string) string {
		return strings.Map(func(c rune) rune {
			if unicode.IsSpace(c) {
				return -1
			}
			return c
		}, s)
	}
	switch {
	case a.XPath != "":
		return a.checkXPath(text)
	case a.StartsWith != nil && !strings.HasPrefix(text, *a.StartsWith):
		return "another beginning"
	case a.Contains != nil && !strings.Contains(text, *a.Contains):
		return "the text is not there"
	case a.EqualsIgnoringSpace != nil && squeeze(text) != squeeze(*a.EqualsIgnoringSpace):
		return "another text"
	case a.Equals != nil && text != *a.Equals:
		return "another text"
	case a.NoWarnings && log.warnings > 0:
		return "warnings: " + log.lines.String()
	case a.LogContains != nil && !strings.Contains(log.lines.String(), *a.LogContains):
		return "the log says: " + log.lines.String()
	}
	return ""
}

func (a structuredAssertion) checkXPath(text string) string {
	tree, err := xmltree.Parse(text, true)
	if err != nil {
		return err.Error()
	}
	path, err := xmltree.CompilePath(a.XPath, nil)
	if err != nil {
		return err.Error()
	}
	var values []string
	for _, m := range path.Select(tree) {
		if m.Attr >= 0 {
			values = append(values, m.Node.Attrs[m.Attr].Value)
		} else {
			values = append(values, m.Node.InnerText())
		}
	}
	switch {
	case a.Absent && len(values) > 0, !a.Absent && len(values) == 0:
		return fmt.Sprintf("%s finds %q", a.XPath, values)
	case a.Equals != nil && values[0] != *a.Equals, a.FirstEquals != nil && values[0] != *a.FirstEquals:
		return fmt.Sprintf("%s finds %q", a.XPath, values)
	}
	return ""
}
