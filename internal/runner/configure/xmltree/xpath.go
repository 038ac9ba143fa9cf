package xmltree

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/antchfx/xpath"
)

// Path is a compiled XPath expression. Beyond XPath 1 it knows *:name, which
// matches a name in any namespace.
type Path struct{ expr *xpath.Expr }

// CompilePath compiles an expression whose prefixes mean what spaces says.
func CompilePath(expression string, spaces map[string]string) (p *Path, err error) {
	// The library panics on some expressions that are not XPath at all.
	defer func() {
		if r := recover(); r != nil {
			p, err = nil, fmt.Errorf("XPath %q: %v", expression, r)
		}
	}()
	if spaces == nil {
		spaces = map[string]string{}
	}
	text := rewrite(expression)
	expr, err := xpath.CompileWithNS(text, spaces)
	if err == nil {
		// The library stops at what it cannot read; within parentheses it has
		// to read all.
		_, err = xpath.CompileWithNS("("+text+")", spaces)
	}
	if err != nil {
		return nil, fmt.Errorf("XPath %q: %w", expression, err)
	}
	return &Path{expr}, nil
}

var (
	stringLiteral = regexp.MustCompile(`"[^"]*"|'[^']*'`)
	anySpace      = regexp.MustCompile(`\*:([\pL_][\pL\pN_.-]*)`)
	namedPI       = regexp.MustCompile(`processing-instruction\s*\(\s*(\x00\d+\x00|[\pL_][\pL\pN_.-]*)\s*\)`)
	anyPI         = regexp.MustCompile(`processing-instruction\s*\(\s*\)`)
	literalMark   = regexp.MustCompile(`\x00(\d+)\x00`)
)

// rewrite expresses what the library does not know by what it does. Literals
// are taken out meanwhile, so that nothing inside them is touched.
func rewrite(expression string) string {
	var literals []string
	e := stringLiteral.ReplaceAllStringFunc(expression, func(s string) string {
		literals = append(literals, s)
		return fmt.Sprintf("\x00%d\x00", len(literals)-1)
	})
	e = anySpace.ReplaceAllString(e, "*[local-name()='$1']")
	e = namedPI.ReplaceAllStringFunc(e, func(s string) string {
		name := namedPI.FindStringSubmatch(s)[1]
		var i int
		if _, err := fmt.Sscanf(name, "\x00%d\x00", &i); err == nil {
			name = strings.Trim(literals[i], `"'`)
		}
		return "node()[local-name()='?" + name + "']"
	})
	e = anyPI.ReplaceAllString(e, "node()[starts-with(local-name(), '?')]")
	return literalMark.ReplaceAllStringFunc(e, func(s string) string {
		var i int
		fmt.Sscanf(s, "\x00%d\x00", &i)
		return literals[i]
	})
}

// Match is what an expression selected: a node, or one of its attributes.
type Match struct {
	Node *Node
	Attr int // index into Node.Attrs; -1 for the node itself
}

// Select gives what the expression selects, seen from a node, in document
// order and each once. An expression that is not about nodes selects nothing.
func (p *Path) Select(from *Node) (matches []Match) {
	defer func() {
		if recover() != nil {
			matches = nil
		}
	}()
	result := p.expr.Evaluate(&navigator{at: Match{from, -1}})
	nodes, ok := result.(*xpath.NodeIterator)
	if !ok {
		return nil
	}
	seen := map[Match]bool{}
	for nodes.MoveNext() {
		m := nodes.Current().(*navigator).at
		if !seen[m] {
			seen[m] = true
			matches = append(matches, m)
		}
	}
	return matches
}

// Nodes is Select without attributes.
func (p *Path) Nodes(from *Node) []*Node {
	var nodes []*Node
	for _, m := range p.Select(from) {
		if m.Attr < 0 {
			nodes = append(nodes, m.Node)
		}
	}
	return nodes
}

// navigator walks a tree for the XPath library.
type navigator struct {
	at    Match
	index int // of the node among its siblings plus one; 0 if not known yet
}

// instructionType is a node type that no test but node() matches.
const instructionType xpath.NodeType = 100

func (v *navigator) NodeType() xpath.NodeType {
	if v.at.Attr >= 0 {
		return xpath.AttributeNode
	}
	switch v.at.Node.Kind {
	case Document:
		return xpath.RootNode
	case Element:
		return xpath.ElementNode
	case Text, CData:
		return xpath.TextNode
	case Comment:
		return xpath.CommentNode
	}
	return instructionType
}

func (v *navigator) LocalName() string {
	switch {
	case v.at.Attr >= 0:
		return v.at.Node.Attrs[v.at.Attr].Local
	case v.at.Node.Kind == Instruction:
		return "?" + v.at.Node.Local
	}
	return v.at.Node.Local
}

// Prefix hides an element in a default namespace from tests without a prefix,
// which mean elements in no namespace.
func (v *navigator) Prefix() string {
	if v.at.Attr >= 0 {
		return v.at.Node.Attrs[v.at.Attr].Prefix
	}
	if p := v.at.Node.Prefix; p != "" || v.at.Node.Kind != Element || v.NamespaceURL() == "" {
		return p
	}
	return "\x00"
}

// NamespaceURL is found by the library through its name.
func (v *navigator) NamespaceURL() string {
	if v.at.Attr < 0 {
		return v.at.Node.Namespace(v.at.Node.Prefix)
	}
	if p := v.at.Node.Attrs[v.at.Attr].Prefix; p != "" {
		return v.at.Node.Namespace(p)
	}
	return ""
}

func (v *navigator) Value() string {
	if v.at.Attr >= 0 {
		return v.at.Node.Attrs[v.at.Attr].Value
	}
	return v.at.Node.InnerText()
}

func (v *navigator) Copy() xpath.NodeNavigator {
	c := *v
	return &c
}

func (v *navigator) MoveToRoot() {
	for v.MoveToParent() {
	}
}

func (v *navigator) MoveToParent() bool {
	if v.at.Attr >= 0 {
		v.at.Attr = -1
		return true
	}
	if v.at.Node.Parent == nil {
		return false
	}
	v.at.Node, v.index = v.at.Node.Parent, 0
	return true
}

func (v *navigator) MoveToNextAttribute() bool {
	for i := v.at.Attr + 1; i < len(v.at.Node.Attrs); i++ {
		// Namespace declarations are not attributes to XPath.
		if a := v.at.Node.Attrs[i]; a.Prefix != "xmlns" && a.Name() != "xmlns" && v.at.Node.Kind == Element {
			v.at.Attr = i
			return true
		}
	}
	return false
}

func (v *navigator) MoveToChild() bool {
	if v.at.Attr >= 0 || len(v.at.Node.Children) == 0 {
		return false
	}
	v.at.Node, v.index = v.at.Node.Children[0], 1
	return true
}

func (v *navigator) MoveToFirst() bool { return v.sibling(func(int) int { return 0 }) }
func (v *navigator) MoveToNext() bool  { return v.sibling(func(i int) int { return i + 1 }) }

func (v *navigator) MoveToPrevious() bool {
	return v.sibling(func(i int) int { return i - 1 })
}

func (v *navigator) sibling(to func(int) int) bool {
	if v.at.Attr >= 0 || v.at.Node.Parent == nil {
		return false
	}
	siblings := v.at.Node.Parent.Children
	if v.index == 0 {
		v.index = v.at.Node.Index() + 1
	}
	next := to(v.index - 1)
	if next < 0 || next >= len(siblings) {
		return false
	}
	v.at.Node, v.index = siblings[next], next+1
	return true
}

func (v *navigator) MoveTo(other xpath.NodeNavigator) bool {
	o, ok := other.(*navigator)
	if ok {
		*v = *o
	}
	return ok
}
