package xmltree

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Parse reads a document. Unless keepSpace is set, text that is only white
// space is left out, except below xml:space="preserve".
func Parse(text string, keepSpace bool) (*Node, error) {
	doc := &Node{Kind: Document}
	if err := parseInto(doc, text, keepSpace); err != nil {
		return nil, err
	}
	roots := 0
	for _, c := range doc.Children {
		switch c.Kind {
		case Element:
			roots++
		case Text, CData:
			if strings.TrimSpace(c.Data) != "" {
				return nil, fmt.Errorf("the document has text outside its root element")
			}
		}
	}
	if roots != 1 {
		return nil, fmt.Errorf("the document has %d root elements", roots)
	}
	return doc, nil
}

// ParseContent reads what may stand inside an element, in the place of whose
// content it is meant; the element's prefixes may be used.
func ParseContent(text string, within *Node, keepSpace bool) ([]*Node, error) {
	holder := &Node{Kind: Element, Parent: within}
	if err := parseInto(holder, text, keepSpace); err != nil {
		return nil, err
	}
	var bad error
	for _, c := range holder.Children {
		if c.Kind == Declaration || c.Kind == Doctype {
			return nil, errors.New("a declaration or document type inside of an element")
		}
		c.Elements(func(e *Node) {
			if e.Prefix != "" && e.Namespace(e.Prefix) == "" {
				bad = fmt.Errorf("the prefix %q is not declared", e.Prefix)
			}
		})
	}
	return holder.Children, bad
}

// parseInto appends the nodes of a text to a holder.
func parseInto(holder *Node, text string, keepSpace bool) error {
	d := xml.NewDecoder(strings.NewReader(text))
	// The text is decoded already, whatever its declaration says.
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	at := holder
	keep := []bool{keepSpace}
	for {
		start := d.InputOffset()
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		source := text[start:d.InputOffset()]
		switch t := token.(type) {
		case xml.StartElement:
			e := element(t, strings.HasSuffix(source, "/>"))
			if err := checkAttrs(e); err != nil {
				return err
			}
			at.Append(e)
			at = e
			keep = append(keep, keepsSpace(e, keep[len(keep)-1]))
		case xml.EndElement:
			if at == holder || at.Prefix != t.Name.Space || at.Local != t.Name.Local {
				return fmt.Errorf("line %d: the tag </%s> closes nothing", line(text, start), qualified(t.Name.Space, t.Name.Local))
			}
			at = at.Parent
			keep = keep[:len(keep)-1]
		default:
			if n := leaf(token, source); n.Kind != Text || keep[len(keep)-1] || strings.Trim(source, " \t\r\n") != "" {
				at.Append(n)
			}
		}
	}
	if at != holder {
		return fmt.Errorf("the element <%s> is not closed", at.Name())
	}
	return nil
}

func line(text string, offset int64) int { return strings.Count(text[:offset], "\n") + 1 }

func element(t xml.StartElement, short bool) *Node {
	e := &Node{Kind: Element, Prefix: t.Name.Space, Local: t.Name.Local, Short: short}
	for _, a := range t.Attr {
		e.Attrs = append(e.Attrs, Attr{a.Name.Space, a.Name.Local, a.Value})
	}
	return e
}

func checkAttrs(e *Node) error {
	for i, a := range e.Attrs {
		for _, b := range e.Attrs[:i] {
			if a.Name() == b.Name() {
				return fmt.Errorf("the element <%s> has two attributes %s", e.Name(), a.Name())
			}
		}
	}
	return nil
}

func keepsSpace(e *Node, inherited bool) bool {
	switch v, _ := e.Attr("xml:space"); v {
	case "preserve":
		return true
	case "default":
		return false
	}
	return inherited
}

// leaf makes a node of anything but an element.
func leaf(token xml.Token, source string) *Node {
	switch t := token.(type) {
	case xml.Comment:
		return &Node{Kind: Comment, Data: string(t)}
	case xml.Directive:
		return &Node{Kind: Doctype, Data: string(t)}
	case xml.ProcInst:
		if t.Target == "xml" {
			return &Node{Kind: Declaration, Attrs: pseudoAttrs(string(t.Inst))}
		}
		return &Node{Kind: Instruction, Local: t.Target, Data: string(t.Inst)}
	case xml.CharData:
		if strings.HasPrefix(source, "<![CDATA[") {
			return &Node{Kind: CData, Data: string(t)}
		}
		return &Node{Kind: Text, Data: string(t)}
	}
	return &Node{Kind: Text}
}

// pseudoAttrs takes a declaration apart.
func pseudoAttrs(text string) []Attr {
	var attrs []Attr
	for {
		name, rest, ok := strings.Cut(strings.TrimSpace(text), "=")
		rest = strings.TrimSpace(rest)
		if !ok || rest == "" || rest[0] != '"' && rest[0] != '\'' {
			return attrs
		}
		value, after, ok := strings.Cut(rest[1:], rest[:1])
		if !ok {
			return attrs
		}
		attrs = append(attrs, Attr{Local: strings.TrimSpace(name), Value: value})
		text = after
	}
}

// DeclaredEncoding is the encoding that a document's declaration names, read
// from its first bytes without decoding them; "" when it names none.
func DeclaredEncoding(raw []byte) string {
	head := string(raw[:min(len(raw), 400)])
	if !strings.HasPrefix(head, "<?xml") {
		return ""
	}
	head, _, ok := strings.Cut(head[len("<?xml"):], "?>")
	if !ok {
		return ""
	}
	for _, a := range pseudoAttrs(head) {
		if a.Local == "encoding" {
			return a.Value
		}
	}
	return ""
}
