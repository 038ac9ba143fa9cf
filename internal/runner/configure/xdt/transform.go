package xdt

import (
	"fmt"
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/runner/configure/xmltree"
)

// transform carries out one Transform attribute. found are the elements that
// its element means, parents the places that they are looked for in.
func (a *applier) transform(text string, e *xmltree.Node, parents, found []*xmltree.Node) error {
	name, arguments, err := parseCall(text)
	if err != nil {
		return err
	}
	switch name {
	case "Insert", "InsertIfMissing", "InsertBefore", "InsertAfter":
		return a.insert(name, arguments, e, parents, found)
	}
	act, known := map[string]func() error{
		"Replace":          func() error { return a.replace(e, found) },
		"Remove":           func() error { return a.remove(found[:1]) },
		"RemoveAll":        func() error { return a.remove(found) },
		"SetAttributes":    func() error { return a.setAttributes(arguments, e, found) },
		"RemoveAttributes": func() error { return a.removeAttributes(arguments, found) },
	}[name]
	if !known {
		return fmt.Errorf("there is no transform %q", name)
	}
	if len(found) == 0 {
		a.warn("No element in the source document matches '%s'", describe(e))
		return nil
	}
	a.result.Steps = append(a.result.Steps, fmt.Sprintf("Executing %s on '%s'", name, describe(e)))
	return act()
}

// describe names an element of the transform by its path and what it looks for.
func describe(e *xmltree.Node) string {
	path := ""
	for at := e; at != nil && at.Kind == xmltree.Element; at = at.Parent {
		step := "/" + at.Name()
		if locator, ok := attribute(at, "Locator"); ok {
			step += "[" + locator + "]"
		}
		path = step + path
	}
	return path
}

func (a *applier) insert(name, arguments string, e *xmltree.Node, parents, found []*xmltree.Node) error {
	if len(parents) == 0 {
		return fmt.Errorf("no element in the source document matches '%s'", describe(e.Parent))
	}
	a.result.Steps = append(a.result.Steps, fmt.Sprintf("Executing %s on '%s'", name, describe(e)))
	content := scrub(e)
	switch name {
	case "InsertIfMissing":
		if len(found) > 0 {
			return nil
		}
		fallthrough
	case "Insert":
		parent := parents[0]
		at := len(parent.Children)
		// Stay before the line end that precedes the closing tag.
		if at > 0 && at != 1 && isSpace(parent.Children[at-1]) {
			at--
		}
		insertAt(parent, at, content)
		return nil
	}
	from := parents
	if strings.HasPrefix(arguments, "/") {
		from = []*xmltree.Node{a.target}
	}
	siblings, err := a.find(e, from, arguments)
	if err != nil {
		return err
	}
	if len(siblings) == 0 || siblings[0].Parent == nil {
		return fmt.Errorf("the argument '%s' did not match any elements", arguments)
	}
	sibling := siblings[0]
	if name == "InsertBefore" {
		at := sibling.Index()
		if at > 0 && isSpace(sibling.Parent.Children[at-1]) {
			at--
		}
		insertAt(sibling.Parent, at, content)
	} else {
		insertAt(sibling.Parent, sibling.Index()+1, content)
	}
	return nil
}

// insertAt puts an element in, on a line of its own if its neighbours are.
func insertAt(parent *xmltree.Node, at int, content *xmltree.Node) {
	parent.Short = false
	for i, c := range parent.Children {
		if i > 0 && c.Kind == xmltree.Element && isSpace(parent.Children[i-1]) {
			parent.Insert(at, &xmltree.Node{Kind: xmltree.Text, Data: parent.Children[i-1].Data})
			at++
			break
		}
	}
	parent.Insert(at, content)
}

func isSpace(n *xmltree.Node) bool {
	return n.Kind == xmltree.Text && strings.TrimSpace(n.Data) == ""
}

// scrub copies an element of the transform without the language's attributes
// and the declaration of their prefix.
func scrub(e *xmltree.Node) *xmltree.Node {
	c := e.Clone()
	c.Parent = e.Parent // for the meaning of prefixes
	c.Elements(func(n *xmltree.Node) {
		n.Attrs = slices.DeleteFunc(n.Attrs, func(at xmltree.Attr) bool {
			if at.Prefix == "xmlns" {
				return at.Value == Namespace
			}
			return at.Prefix != "" && lookup(n, e, at.Prefix) == Namespace
		})
	})
	c.Parent = nil
	return c
}

// lookup finds what a prefix means in a copy whose declarations may have been
// taken out on the way; those of the original count then.
func lookup(n, original *xmltree.Node, prefix string) string {
	if space := n.Namespace(prefix); space != "" {
		return space
	}
	return original.Namespace(prefix)
}

func (a *applier) replace(e *xmltree.Node, found []*xmltree.Node) error {
	old := found[0]
	at, parent := old.Index(), old.Parent
	old.Remove()
	parent.Insert(at, scrub(e))
	return nil
}

// remove takes elements out, with the white space that indented them.
func (a *applier) remove(found []*xmltree.Node) error {
	for _, n := range found {
		if n.Parent == nil {
			continue // went with an element above it
		}
		if at := n.Index(); at > 0 && isSpace(n.Parent.Children[at-1]) {
			n.Parent.Children[at-1].Remove()
		}
		n.Remove()
	}
	return nil
}

func (a *applier) setAttributes(arguments string, e *xmltree.Node, found []*xmltree.Node) error {
	names := list(arguments)
	var attrs []xmltree.Attr
	for _, at := range e.Attrs {
		own := at.Prefix == "xmlns" || at.Name() == "xmlns" || at.Prefix != "" && e.Namespace(at.Prefix) == Namespace
		if !own && (len(names) == 0 || slices.Contains(names, at.Name())) {
			attrs = append(attrs, at)
		}
	}
	for _, name := range names {
		if !slices.ContainsFunc(attrs, func(at xmltree.Attr) bool { return at.Name() == name }) {
			a.warn("The argument '%s' did not match any attributes", name)
		}
	}
	if len(attrs) == 0 {
		a.warn("No attributes found to set")
	}
	for _, n := range found {
		for _, at := range attrs {
			n.SetAttr(at.Name(), at.Value)
		}
	}
	return nil
}

func (a *applier) removeAttributes(arguments string, found []*xmltree.Node) error {
	names := list(arguments)
	for _, n := range found {
		before := len(n.Attrs)
		n.Attrs = slices.DeleteFunc(n.Attrs, func(at xmltree.Attr) bool {
			declares := at.Prefix == "xmlns" || at.Name() == "xmlns"
			return slices.Contains(names, at.Name()) || len(names) == 0 && !declares
		})
		if len(n.Attrs) == before {
			a.warn("No attributes found to remove")
		}
	}
	return nil
}
