package xmltree

import (
	"strings"
)

// Indented writes a document with two spaces a level and every element on a
// line of its own, except in content that mixes elements with text. It suits
// documents that were parsed without their white space.
func (n *Node) Indented(newline string) string {
	w := &writer{newline: newline, indent: true}
	w.document(n)
	return w.b.String()
}

// String writes a document as it is, white space included.
func (n *Node) String() string { return n.Source("\n") }

// Source is String with a line end of one's choice.
func (n *Node) Source(newline string) string {
	w := &writer{newline: newline}
	if n.Kind == Document {
		w.document(n)
	} else {
		w.node(n, 0, true)
	}
	return w.b.String()
}

type writer struct {
	b       strings.Builder
	newline string
	indent  bool
}

func (w *writer) document(n *Node) {
	for i, c := range n.Children {
		if w.indent && i > 0 {
			w.b.WriteString(w.newline)
		}
		w.node(c, 0, false)
	}
}

// node writes a node; depth and mixed say how the content around it is laid out.
func (w *writer) node(n *Node, depth int, mixed bool) {
	switch n.Kind {
	case Element:
		w.element(n, depth, mixed)
	case Text:
		w.text(escapeText(n.Data))
	case CData:
		w.text("<![CDATA[" + strings.ReplaceAll(n.Data, "]]>", "]]]]><![CDATA[>") + "]]>")
	case Comment:
		w.text("<!--" + n.Data + "-->")
	case Doctype:
		w.text("<!" + n.Data + ">")
	case Instruction:
		w.text("<?" + strings.TrimRight(n.Local+" "+n.Data, " ") + "?>")
	case Declaration:
		w.b.WriteString("<?xml")
		w.attrs(n.Attrs)
		w.b.WriteString("?>")
	}
}

// text writes something whose lines end as the document's do.
func (w *writer) text(s string) {
	if w.newline != "\n" {
		s = strings.ReplaceAll(s, "\n", w.newline)
	}
	w.b.WriteString(s)
}

func (w *writer) attrs(attrs []Attr) {
	for _, a := range attrs {
		w.b.WriteString(" " + a.Name() + `="` + escapeAttr(a.Value) + `"`)
	}
}

func (w *writer) element(n *Node, depth int, mixed bool) {
	w.b.WriteString("<" + n.Name())
	w.attrs(n.Attrs)
	if len(n.Children) == 0 && n.Short {
		w.b.WriteString(" />")
		return
	}
	w.b.WriteByte('>')
	for _, c := range n.Children {
		if c.Kind == Text || c.Kind == CData {
			mixed = true // from here on; what came before is laid out already
		} else if w.indent && !mixed {
			w.line(depth + 1)
		}
		w.node(c, depth+1, mixed)
	}
	if w.indent && !mixed && len(n.Children) > 0 {
		w.line(depth)
	}
	w.b.WriteString("</" + n.Name() + ">")
}

func (w *writer) line(depth int) {
	w.b.WriteString(w.newline + strings.Repeat("  ", depth))
}

var (
	textEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	attrEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "\n", "&#xA;", "\r", "&#xD;")
)

func escapeText(s string) string { return textEscapes.Replace(s) }
func escapeAttr(s string) string { return attrEscapes.Replace(s) }
