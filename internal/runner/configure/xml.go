package configure

import (
	"os"
	"strings"

	"github.com/takodeploy/tako/internal/runner/configure/xmltree"
)

// readXML reads an XML file, whose declaration may name its charset.
func readXML(path string) (document, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return document{}, err
	}
	guess := charsetOf(raw)
	if name := xmltree.DeclaredEncoding(raw); name != "" && guess.mark == nil {
		// What names its charset in single bytes is not in one of wide ones.
		if c, ok := charsetNamed(name); ok && !strings.HasPrefix(strings.ToLower(name), "utf-") {
			if text, err := c.decode(raw); err == nil {
				return document{path, text, c}, nil
			}
		}
	}
	text, err := guess.decode(raw)
	return document{path, text, guess}, err
}

// fitXML makes a document that has outgrown its charset UTF-8, and its
// declaration say so.
func fitXML(doc document, root *xmltree.Node, write func() string, log Log) document {
	doc.text = write()
	if _, err := doc.charset.encode(doc.text); err == nil {
		return doc
	}
	log.Warnf("The values put into '%s' cannot be written as %s, so the file becomes UTF-8.", doc.path, doc.charset.name)
	for _, n := range root.Children {
		if _, named := n.Attr("encoding"); n.Kind == xmltree.Declaration && named {
			n.SetAttr("encoding", plainUTF8.name)
		}
	}
	doc.charset = plainUTF8
	doc.text = write()
	return doc
}

// replaceXML puts values where the XPath expressions that are their variables'
// names point.
func replaceXML(doc document, v *Variables, log Log) (document, error) {
	root, err := xmltree.Parse(doc.text, false)
	if err != nil {
		return doc, &formatError{err.Error()}
	}
	spaces := prefixes(root, log)
	count := 0
	for _, name := range v.names {
		// Other names are words that would select the elements of that name.
		if !strings.ContainsAny(name, "/:") {
			continue
		}
		path, err := xmltree.CompilePath(name, spaces)
		if err != nil {
			continue
		}
		matches := path.Select(root)
		if len(matches) == 0 {
			continue
		}
		replaced(log, name)
		count++
		value, _ := v.get(name)
		for _, m := range matches {
			putXML(m, name, value, log)
		}
	}
	if count == 0 {
		log.Printf(nothingFound)
	}
	end := newline(doc.text)
	return fitXML(doc, root, func() string { return root.Indented(end) }, log), nil
}

// prefixes collects what the prefixes of a document mean. Where one means two
// things the first counts.
func prefixes(root *xmltree.Node, log Log) map[string]string {
	spaces := map[string]string{}
	root.Elements(func(e *xmltree.Node) {
		for _, a := range e.Attrs {
			if a.Prefix != "xmlns" {
				continue
			}
			known, taken := spaces[a.Local]
			if taken && known != a.Value {
				log.Warnf("The namespace '%s' could not be mapped to the '%s' prefix, as another namespace '%s' is already mapped to that prefix. "+
					"XPath selectors using this prefix may not return the expected nodes. Give all namespaces in the document prefixes of their own.",
					a.Value, a.Local, known)
			}
			if !taken {
				spaces[a.Local] = a.Value
			}
		}
	})
	return spaces
}

// putXML changes one selected node to a value.
func putXML(m xmltree.Match, name, value string, log Log) {
	n := m.Node
	switch {
	case m.Attr >= 0:
		n.Attrs[m.Attr].Value = value
	case n.Kind == xmltree.Element && len(n.Children) == 1 && n.Children[0].Kind == xmltree.CData:
		n.Children[0].Data = value
	case n.Kind == xmltree.Element && n.HasElements():
		content, err := xmltree.ParseContent(value, n, false)
		if err != nil {
			log.Warnf("Could not set the value of the XML element at XPath '%s'. Expected a valid XML fragment. "+
				"Skipping replacement of this element. The error was: %v", name, err)
			return
		}
		n.SetContent(content...)
	case n.Kind == xmltree.Element:
		n.SetText(value)
	case n.Kind == xmltree.Document:
		log.Warnf("The XPath '%s' selects the whole document, which cannot be replaced.", name)
	default:
		n.Data = value
	}
}
