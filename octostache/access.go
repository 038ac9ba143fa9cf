package octostache

import (
	"errors"
	"fmt"
	"strings"

	"github.com/takodeploy/tako/octostache/internal/dotnet"
)

// ErrNoValue is the reason when a required variable has no value.
var ErrNoValue = errors.New("the variable has no value")

// Get gives a variable's evaluated value. It is not found when the variable is
// missing or null, or when its value evaluates to null. Tokens that could not
// be evaluated stay in the text; Lookup tells of them.
func (d *Dictionary) Get(name string) (string, bool) {
	value, ok, _ := d.Lookup(name)
	return value, ok
}

// Lookup is Get with the error of the evaluation.
func (d *Dictionary) Lookup(name string) (string, bool, error) {
	raw, ok := d.Raw(name)
	if !ok {
		return "", false, nil
	}
	value, null, err := d.EvaluateNullable(raw)
	return value, !null, err
}

// Require gives a variable's evaluated value, which must not be empty.
func (d *Dictionary) Require(name string) (string, error) {
	value, _ := d.Get(name)
	if value == "" {
		return "", fmt.Errorf("the variable %q is required: %w", name, ErrNoValue)
	}
	return value, nil
}

// Flag gives a variable as a truth value: "true" or "false" in any case. It is
// def when the variable is anything else.
func (d *Dictionary) Flag(name string, def bool) bool {
	value, _ := d.Get(name)
	switch value = strings.TrimSpace(value); {
	case strings.EqualFold(value, "true"):
		return true
	case strings.EqualFold(value, "false"):
		return false
	}
	return def
}

// Int gives a variable as a 32-bit number.
func (d *Dictionary) Int(name string) (int, bool) {
	value, ok := d.Get(name)
	if !ok {
		return 0, false
	}
	return dotnet.ParseInt(value)
}

// Strings gives a variable as a list: the evaluated value split at any of the
// separators, a comma unless others are given, trimmed, without empty items.
func (d *Dictionary) Strings(name string, separators ...rune) []string {
	value, _ := d.Get(name)
	if len(separators) == 0 {
		separators = []rune{','}
	}
	var items []string
	for _, item := range strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(string(separators), r) }) {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

// Paths gives a variable as a list of lines.
func (d *Dictionary) Paths(name string) []string { return d.Strings(name, '\r', '\n') }

// Truthy evaluates a text and says whether the result is truthy. A text with
// any error is not.
func (d *Dictionary) Truthy(text string) bool {
	value, null, err := d.EvaluateNullable(text)
	return err == nil && !null && Truthy(value)
}

// Truthy says whether a text counts as true: all do but the empty text, "0",
// and, whatever their case and the blanks around them, "no" and "false".
func Truthy(value string) bool {
	if value == "" || value == "0" {
		return false
	}
	word := strings.TrimSpace(value)
	return !strings.EqualFold(word, "no") && !strings.EqualFold(word, "false")
}

// Indexes gives the indexes of a collection, such as the package names of
// Octopus.Action.Package[name]. A collection that is a JSON array or object or
// a comma-separated list gives its items.
func (d *Dictionary) Indexes(collection string) []string {
	path := namePath(collection)
	if path == nil {
		return nil
	}
	e := d.newEvaluation("")
	items, err := e.items(e.root, newSymbol(path, 0), newCollector())
	if err != nil {
		return nil
	}
	var indexes []string
	for _, item := range items {
		switch {
		case item.indexNode:
			indexes = append(indexes, item.node.index)
		case item.node.hasValue:
			indexes = append(indexes, item.node.text())
		}
	}
	return indexes
}
