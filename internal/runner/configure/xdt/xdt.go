// Package xdt applies XML document transforms, the language in which .NET
// configuration files are changed for an environment: elements of a second
// document that carry the attributes Transform and Locator.
package xdt

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/runner/configure/xmltree"
)

// Namespace is the one that the language's attributes are in.
const Namespace = "http://schemas.microsoft.com/XML-Document-Transform"

// Result is what an application of a transform has to report.
type Result struct {
	Steps    []string // what was done
	Warnings []string // what had nothing to act on
}

// Apply changes the target document as the transform says. An error is a
// mistake in the transform; the target is then changed in part.
func Apply(target, transform *xmltree.Node) (Result, error) {
	a := &applier{target: target}
	for _, root := range transform.Children {
		if root.Kind != xmltree.Element {
			continue
		}
		if err := a.element(root, []*xmltree.Node{target}); err != nil {
			return a.result, err
		}
	}
	return a.result, nil
}

type applier struct {
	target *xmltree.Node
	result Result
	quiet  int // depth of elements that suppress warnings
}

func (a *applier) warn(format string, args ...any) {
	if a.quiet == 0 {
		a.result.Warnings = append(a.result.Warnings, fmt.Sprintf(format, args...))
	}
}

// element carries out one element of the transform and those inside it.
// parents are the places in the target where its parent was found.
func (a *applier) element(e *xmltree.Node, parents []*xmltree.Node) error {
	if e.Namespace(e.Prefix) == Namespace {
		return fmt.Errorf("<%s>: transforms from .NET assemblies cannot be used here", e.Name())
	}
	if suppress, ok := attribute(e, "SupressWarnings"); ok && strings.EqualFold(suppress, "true") {
		a.quiet++
		defer func() { a.quiet-- }()
	}
	found, err := a.locate(e, parents)
	if err != nil {
		return err
	}
	if text, ok := attribute(e, "Transform"); ok {
		if err := a.transform(text, e, parents, found); err != nil {
			return fmt.Errorf("<%s>: %w", e.Name(), err)
		}
		// What was just put in or taken out changes what there is to find.
		if found, err = a.locate(e, parents); err != nil {
			return err
		}
	}
	for _, child := range e.Children {
		if child.Kind != xmltree.Element {
			continue
		}
		if err := a.element(child, found); err != nil {
			return err
		}
	}
	return nil
}

// attribute reads an attribute of the language.
func attribute(e *xmltree.Node, local string) (string, bool) {
	for _, at := range e.Attrs {
		if at.Local == local && at.Prefix != "" && at.Prefix != "xmlns" && e.Namespace(at.Prefix) == Namespace {
			return at.Value, true
		}
	}
	return "", false
}

var call = regexp.MustCompile(`(?s)^\s*([\w.]+)\s*(?:\((.*)\))?\s*$`)

// parseCall takes "Name(arguments)" apart.
func parseCall(text string) (name, arguments string, err error) {
	m := call.FindStringSubmatch(text)
	if m == nil {
		return "", "", fmt.Errorf("%q is not a name with arguments", text)
	}
	return m[1], strings.TrimSpace(m[2]), nil
}

// list splits arguments at their commas.
func list(arguments string) []string {
	var items []string
	for item := range strings.SplitSeq(arguments, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

// locate finds the target's elements that an element of the transform means.
func (a *applier) locate(e *xmltree.Node, parents []*xmltree.Node) ([]*xmltree.Node, error) {
	step := fmt.Sprintf("*[local-name()=%s and namespace-uri()=%s]", quote(e.Local), quote(e.Namespace(e.Prefix)))
	text, ok := attribute(e, "Locator")
	if !ok {
		return a.find(e, parents, step)
	}
	name, arguments, err := parseCall(text)
	if err != nil {
		return nil, fmt.Errorf("<%s>: locator %w", e.Name(), err)
	}
	switch name {
	case "Match":
		if arguments == "" {
			return nil, fmt.Errorf("<%s>: the locator Match needs the names of attributes", e.Name())
		}
		for _, key := range list(arguments) {
			value, ok := e.Attr(key)
			if !ok {
				return nil, fmt.Errorf("<%s>: no attribute '%s' exists for the Match locator", e.Name(), key)
			}
			step += fmt.Sprintf("[@%s=%s]", key, quote(value))
		}
		return a.find(e, parents, step)
	case "Condition":
		return a.find(e, parents, step+"["+arguments+"]")
	case "XPath":
		if strings.HasPrefix(arguments, "/") {
			parents = []*xmltree.Node{a.target}
		}
		return a.find(e, parents, arguments)
	}
	return nil, fmt.Errorf("<%s>: there is no locator %q", e.Name(), name)
}

// quote makes an XPath literal; one cannot hold both kinds of quotes.
func quote(text string) string {
	if !strings.Contains(text, "'") {
		return "'" + text + "'"
	}
	if !strings.Contains(text, `"`) {
		return `"` + text + `"`
	}
	parts := strings.Split(text, "'")
	return "concat('" + strings.Join(parts, `',"'",'`) + "')"
}

// find evaluates an expression from each of several places.
func (a *applier) find(e *xmltree.Node, from []*xmltree.Node, expression string) ([]*xmltree.Node, error) {
	path, err := xmltree.CompilePath(expression, a.spaces(e))
	if err != nil {
		return nil, fmt.Errorf("<%s>: %w", e.Name(), err)
	}
	var found []*xmltree.Node
	for _, n := range from {
		for _, m := range path.Nodes(n) {
			if m.Kind == xmltree.Element && !slices.Contains(found, m) {
				found = append(found, m)
			}
		}
	}
	return found, nil
}

// spaces are the prefixes that an expression in the transform may use: those in
// scope there, then the target's.
func (a *applier) spaces(e *xmltree.Node) map[string]string {
	spaces := map[string]string{}
	for at := e; at != nil; at = at.Parent {
		declared(at, spaces)
	}
	if root := a.target.Root(); root != nil {
		declared(root, spaces)
	}
	return spaces
}

func declared(n *xmltree.Node, spaces map[string]string) {
	for _, at := range n.Attrs {
		if at.Prefix != "xmlns" {
			continue
		}
		if _, known := spaces[at.Local]; !known {
			spaces[at.Local] = at.Value
		}
	}
}
