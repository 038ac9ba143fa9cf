// Package xmltree holds an XML document as a tree that remembers what
// encoding/xml forgets: prefixes as written, CDATA, the two spellings of an
// empty element, comments, instructions and the declaration. Configuration
// files are changed through it and must come out as they went in.
package xmltree

import (
	"slices"
	"strings"
)

// Kind says what a node is.
type Kind int

// The kinds of nodes.
const (
	Document Kind = iota
	Element
	Text
	CData
	Comment
	Instruction // Local is its target
	Declaration // the <?xml …?> at the front; Attrs are its parts
	Doctype     // Data is what stands between <! and >
)

// Node is one node of a document.
type Node struct {
	Kind     Kind
	Prefix   string // of an element's name
	Local    string
	Attrs    []Attr
	Data     string // of text and the like
	Children []*Node
	Parent   *Node
	// Short is an element without content that is written as one tag.
	Short bool
}

// Attr is an attribute. A namespace declaration is one too, with the prefix
// "xmlns" or, for the default namespace, the local name "xmlns".
type Attr struct {
	Prefix, Local, Value string
}

// Name is the attribute's name as written.
func (a Attr) Name() string { return qualified(a.Prefix, a.Local) }

// Name is the element's name as written.
func (n *Node) Name() string { return qualified(n.Prefix, n.Local) }

func qualified(prefix, local string) string {
	if prefix == "" {
		return local
	}
	return prefix + ":" + local
}

// Namespace is what a prefix means at this node; "" asks for the default one.
func (n *Node) Namespace(prefix string) string {
	if prefix == "xml" {
		return "http://www.w3.org/XML/1998/namespace"
	}
	for at := n; at != nil; at = at.Parent {
		for _, a := range at.Attrs {
			if prefix == "" && a.Prefix == "" && a.Local == "xmlns" || prefix != "" && a.Prefix == "xmlns" && a.Local == prefix {
				return a.Value
			}
		}
	}
	return ""
}

// Attr gives the value of an attribute by its name as written.
func (n *Node) Attr(name string) (string, bool) {
	for _, a := range n.Attrs {
		if a.Name() == name {
			return a.Value, true
		}
	}
	return "", false
}

// SetAttr changes an attribute or adds it at the end.
func (n *Node) SetAttr(name, value string) {
	for i := range n.Attrs {
		if n.Attrs[i].Name() == name {
			n.Attrs[i].Value = value
			return
		}
	}
	prefix, local, found := strings.Cut(name, ":")
	if !found {
		prefix, local = "", name
	}
	n.Attrs = append(n.Attrs, Attr{prefix, local, value})
}

// Root is a document's element.
func (n *Node) Root() *Node {
	for _, c := range n.Children {
		if c.Kind == Element {
			return c
		}
	}
	return nil
}

// Append adds a child at the end.
func (n *Node) Append(child *Node) { n.Insert(len(n.Children), child) }

// Insert adds a child at a position.
func (n *Node) Insert(at int, child *Node) {
	child.Parent = n
	n.Children = slices.Insert(n.Children, at, child)
}

// Index is the node's position among its parent's children.
func (n *Node) Index() int { return slices.Index(n.Parent.Children, n) }

// Remove takes the node out of its parent.
func (n *Node) Remove() {
	if n.Parent == nil {
		return
	}
	n.Parent.Children = slices.Delete(n.Parent.Children, n.Index(), n.Index()+1)
	n.Parent = nil
}

// SetContent replaces all children.
func (n *Node) SetContent(children ...*Node) {
	n.Children, n.Short = nil, false
	for _, c := range children {
		n.Append(c)
	}
}

// SetText makes a text the only content.
func (n *Node) SetText(text string) { n.SetContent(&Node{Kind: Text, Data: text}) }

// HasElements says whether any child is an element.
func (n *Node) HasElements() bool {
	return slices.ContainsFunc(n.Children, func(c *Node) bool { return c.Kind == Element })
}

// InnerText is all text below the node.
func (n *Node) InnerText() string {
	if n.Kind != Element && n.Kind != Document {
		return n.Data
	}
	var b strings.Builder
	for _, c := range n.Children {
		if c.Kind == Element || c.Kind == Text || c.Kind == CData {
			b.WriteString(c.InnerText())
		}
	}
	return b.String()
}

// Clone copies the node and all below it, without a parent.
func (n *Node) Clone() *Node {
	c := *n
	c.Parent, c.Children, c.Attrs = nil, nil, slices.Clone(n.Attrs)
	for _, child := range n.Children {
		c.Append(child.Clone())
	}
	return &c
}

// Elements visits the elements at and below the node, in document order.
func (n *Node) Elements(visit func(*Node)) {
	if n.Kind == Element {
		visit(n)
	}
	for _, c := range slices.Clone(n.Children) {
		c.Elements(visit)
	}
}
