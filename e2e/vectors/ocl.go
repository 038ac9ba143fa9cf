package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/takodeploy/tako/ocl"
)

var _ = register("ocl", runOCL)

// oclVector is one vector; which members it has depends on its kind.
type oclVector struct {
	Name        string            `json:"name"`
	Kind        string            `json:"kind"`
	Input       string            `json:"input"`
	Tree        []json.RawMessage `json:"tree"`
	Tag         string            `json:"tag"`
	Lines       []string          `json:"lines"`
	EndTagLine  string            `json:"endTagLine"`
	Expected    any               `json:"expected"`
	ExpectError any               `json:"expectError"`
	Options     struct {
		IndentDepth int    `json:"indentDepth"`
		IndentChar  string `json:"indentChar"`
		HeredocTag  string `json:"heredocTag"`
	} `json:"options"`
}

// oclJudges compute what a vector of each kind asks for. The parts of a heredoc
// are judged through whole documents, because the library has no use for them
// apart.
var oclJudges = map[string]func(oclVector) (any, error){
	"parse":        func(v oclVector) (any, error) { return parseTree(v.Input) },
	"write":        judgeOCLWrite,
	"heredocStart": judgeHeredocStart,
	"heredocEnd":   judgeHeredocEnd,
	"unindent":     judgeUnindent,
	"snakeCase":    func(v oclVector) (any, error) { return ocl.SnakeCase(v.Input), nil },
}

// runOCL runs a file of vectors of the ocl library.
func runOCL(file string) (Result, error) {
	vectors, err := loadVectors[oclVector](file)
	if err != nil {
		return Result{}, err
	}
	var r Result
	for _, v := range vectors {
		judge, known := oclJudges[v.Kind]
		if !known {
			r.Skip()
			continue
		}
		got, err := judge(v)
		judgeOCL(&r, v, got, err)
	}
	return r, nil
}

var placeInError = regexp.MustCompile(`\(Line (\d+), Column (\d+)\)`)

// judgeOCL compares an outcome with what the vector expects of it. Of an
// expected error with a place the place counts, not the words.
func judgeOCL(r *Result, v oclVector, got any, err error) {
	switch wantsError := v.ExpectError != nil && v.ExpectError != false; {
	case wantsError && err == nil:
		r.Fail(v.Name, canonical(got), "an error")
	case wantsError:
		text, _ := v.ExpectError.(string)
		place := placeInError.FindStringSubmatch(text)
		if wrong := (*ocl.Error)(nil); place != nil && errors.As(err, &wrong) {
			r.Check(v.Name, fmt.Sprint(wrong.Line, wrong.Column), place[1]+" "+place[2])
			return
		}
		r.Passed++
	case err != nil:
		r.Fail(v.Name, "error: "+err.Error(), canonical(v.Expected))
	default:
		r.Check(v.Name, got, v.Expected)
	}
}

func parseTree(text string) (any, error) {
	body, err := ocl.Parse(text)
	if err != nil {
		return nil, err
	}
	return treeOf(body), nil
}

// treeOf is the form that vectors have for a document.
func treeOf(body ocl.Body) []any {
	tree := []any{}
	for _, e := range body {
		switch e := e.(type) {
		case *ocl.Attribute:
			tree = append(tree, map[string]any{"attr": e.Name, "value": valueOf(e.Value)})
		case *ocl.Block:
			labels := append([]string{}, e.Labels...)
			tree = append(tree, map[string]any{"block": e.Name, "labels": labels, "children": treeOf(e.Body)})
		}
	}
	return tree
}

func valueOf(v ocl.Value) any {
	switch v := v.(type) {
	case ocl.Decimal:
		return map[string]any{"$decimal": string(v)}
	case ocl.Heredoc:
		return map[string]any{"$heredoc": v.Text, "tag": v.Tag, "indented": v.Indented}
	case ocl.Dictionary:
		entries := []any{}
		for _, e := range v {
			entries = append(entries, []any{e.Key, valueOf(e.Value)})
		}
		return map[string]any{"$dict": entries}
	case []ocl.Decimal:
		items := []any{}
		for _, item := range v {
			items = append(items, valueOf(item))
		}
		return items
	}
	return v
}

func judgeOCLWrite(v oclVector) (any, error) {
	body, err := bodyOf(v.Tree)
	if err != nil {
		return nil, err
	}
	style := ocl.Style{HeredocTag: v.Options.HeredocTag}
	if o := v.Options; o.IndentDepth > 0 || o.IndentChar != "" {
		if o.IndentDepth == 0 {
			o.IndentDepth = 4
		}
		if o.IndentChar == "" {
			o.IndentChar = " "
		}
		style.Indent = strings.Repeat(o.IndentChar, o.IndentDepth)
	}
	return style.Write(body)
}

// bodyOf reads the form that vectors have for a document.
func bodyOf(tree []json.RawMessage) (ocl.Body, error) {
	var body ocl.Body
	for _, raw := range tree {
		var e struct {
			Attr     *string           `json:"attr"`
			Value    json.RawMessage   `json:"value"`
			Block    string            `json:"block"`
			Labels   []string          `json:"labels"`
			Children []json.RawMessage `json:"children"`
		}
		if err := json.Unmarshal(raw, &e); err != nil {
			return nil, err
		}
		if e.Attr != nil {
			value, err := oclValue(e.Value)
			if err != nil {
				return nil, err
			}
			body = append(body, &ocl.Attribute{Name: *e.Attr, Value: value})
			continue
		}
		children, err := bodyOf(e.Children)
		if err != nil {
			return nil, err
		}
		body = append(body, &ocl.Block{Name: e.Block, Labels: e.Labels, Body: children})
	}
	return body, nil
}

func oclValue(raw json.RawMessage) (ocl.Value, error) {
	text := strings.TrimSpace(string(raw))
	switch {
	case text == "" || text == "null":
		return nil, nil
	case text == "true" || text == "false":
		return text == "true", nil
	case text[0] == '"':
		var s string
		return s, json.Unmarshal(raw, &s)
	case text[0] == '[':
		return oclList(raw)
	case text[0] == '{':
		return oclObject(raw)
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, nil
	}
	return ocl.Decimal(text), nil
}

func oclList(raw json.RawMessage) (ocl.Value, error) {
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		return nil, err
	}
	texts, whole, decimals := []string{}, []int64{}, []ocl.Decimal{}
	for _, item := range items {
		value, err := oclValue(item)
		if err != nil {
			return nil, err
		}
		switch value := value.(type) {
		case string:
			texts = append(texts, value)
		case int64:
			whole = append(whole, value)
		case ocl.Decimal:
			decimals = append(decimals, value)
		default:
			return nil, fmt.Errorf("a list holds %s", item)
		}
	}
	switch {
	case len(whole) > 0:
		return whole, nil
	case len(decimals) > 0:
		return decimals, nil
	}
	return texts, nil
}

func oclObject(raw json.RawMessage) (ocl.Value, error) {
	var o struct {
		Decimal  *string             `json:"$decimal"`
		Heredoc  *string             `json:"$heredoc"`
		Tag      string              `json:"tag"`
		Indented bool                `json:"indented"`
		Dict     [][]json.RawMessage `json:"$dict"`
	}
	if err := json.Unmarshal(raw, &o); err != nil {
		return nil, err
	}
	switch {
	case o.Decimal != nil:
		return ocl.Decimal(*o.Decimal), nil
	case o.Heredoc != nil:
		return ocl.Heredoc{Text: *o.Heredoc, Tag: o.Tag, Indented: o.Indented}, nil
	}
	d := ocl.Dictionary{}
	for _, pair := range o.Dict {
		if len(pair) != 2 {
			return nil, fmt.Errorf("a dictionary has the entry %s", pair)
		}
		var key string
		if err := json.Unmarshal(pair[0], &key); err != nil {
			return nil, err
		}
		value, err := oclValue(pair[1])
		if err != nil {
			return nil, err
		}
		d = append(d, ocl.Entry{Key: key, Value: value})
	}
	return d, nil
}

// readHeredoc reads the one heredoc that a document consists of.
func readHeredoc(text string) (ocl.Heredoc, error) {
	body, err := ocl.Parse("Foo = " + text)
	if err != nil {
		return ocl.Heredoc{}, err
	}
	if a, ok := body[0].(*ocl.Attribute); ok && len(body) == 1 {
		if h, ok := a.Value.(ocl.Heredoc); ok {
			return h, nil
		}
	}
	return ocl.Heredoc{}, errors.New("there is no heredoc")
}

// judgeHeredocStart closes what the vector opens, with the tag that it expects.
func judgeHeredocStart(v oclVector) (any, error) {
	want, _ := v.Expected.(map[string]any)
	tag, _ := want["tag"].(string)
	h, err := readHeredoc(v.Input + tag)
	return map[string]any{"tag": h.Tag, "indented": h.Indented}, err
}

// judgeHeredocEnd measures an end line by how far it moves a line that stands
// further right.
func judgeHeredocEnd(v oclVector) (any, error) {
	const far = 50
	line, _, _ := strings.Cut(v.Input, "\n")
	h, err := readHeredoc("<<-" + v.Tag + "\n" + strings.Repeat("\t", far) + "x\n" + line)
	if err != nil {
		return nil, err
	}
	return line[:far+1-len(h.Text)] + h.Tag, nil
}

func judgeUnindent(v oclVector) (any, error) {
	tag := strings.TrimSpace(v.EndTagLine)
	if end := v.EndTagLine; tag == "" {
		tag, v.EndTagLine = "T", end+"T"
	}
	h, err := readHeredoc("<<-" + tag + "\n" + strings.Join(append(v.Lines, v.EndTagLine), "\n"))
	if err != nil || len(v.Lines) == 0 {
		return []string{}, err
	}
	return strings.Split(h.Text, "\n"), nil
}
