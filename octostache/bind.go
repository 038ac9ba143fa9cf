package octostache

import (
	"strings"
	"sync/atomic"
)

// node is a place in the tree that variable names span: Octopus.Action[A].Name
// is child octopus, child action, index A, child name.
type node struct {
	value    string
	hasValue bool
	children named
	indexes  named
	index    string     // of an index node, its text
	json     *jsonValue // of a member of a JSON value, itself; value is rendered when asked for
	parsed   atomic.Pointer[parsedValue]
}

// parsedValue remembers how a value reads as a template.
type parsedValue struct {
	template *Template // nil when the value is plain or unparsable text
	err      error     // a limit, which unlike a mistake is not text
}

// textNode is a place that only holds text.
func textNode(text string) *node { return &node{value: text, hasValue: true} }

// jsonNode is a place that holds a member of a JSON value.
func jsonNode(v *jsonValue) *node {
	if v.isCollection() {
		return &node{json: v, hasValue: true}
	}
	return textNode(v.display())
}

// text gives the value.
func (n *node) text() string {
	if n.json != nil && n.value == "" {
		n.value = n.json.display()
	}
	return n.value
}

// templated says whether the value may be a template.
func (n *node) templated() bool {
	switch {
	case !n.hasValue:
		return false
	case n.json != nil:
		return n.json.doc.templated
	}
	return strings.Contains(n.value, "#{")
}

// template parses the value once. A value that cannot be parsed is text.
func (n *node) template() (*Template, error) {
	if !n.templated() {
		return nil, nil
	}
	known := n.parsed.Load()
	if known == nil {
		known = &parsedValue{}
		t, err := Parse(n.text())
		if _, limit := err.(*LimitError); limit {
			known.err = err
		} else if err == nil {
			known.template = t
		}
		n.parsed.Store(known)
	}
	return known.template, known.err
}

// named are nodes by folded name, oldest first. Most nodes have few, for which
// a row is smaller and faster than a map.
type named struct {
	row  []namedNode
	most map[string]*node // all of them, once they are many
}

type namedNode struct {
	key  string
	node *node
}

// manyNames is where a map begins to pay.
const manyNames = 12

func (m *named) get(key string) *node {
	if m.most != nil {
		return m.most[key]
	}
	for i := range m.row {
		if m.row[i].key == key {
			return m.row[i].node
		}
	}
	return nil
}

// put enters or replaces a node.
func (m *named) put(key string, n *node) {
	if m.get(key) != nil {
		for i := range m.row {
			if m.row[i].key == key {
				m.row[i].node = n
			}
		}
	} else {
		m.row = append(m.row, namedNode{key, n})
	}
	switch {
	case m.most != nil:
		m.most[key] = n
	case len(m.row) > manyNames:
		m.most = make(map[string]*node, 2*len(m.row))
		for _, e := range m.row {
			m.most[e.key] = e.node
		}
	}
}

// grove makes the nodes of a tree, many at a time.
type grove struct{ free []node }

func (g *grove) node() *node {
	if len(g.free) == 0 {
		g.free = make([]node, 128)
	}
	n := &g.free[0]
	g.free = g.free[1:]
	return n
}

// insert places a variable in the tree below n. An index node has its index
// for a value until it gets one of its own.
func (g *grove) insert(n *node, path []step, value string) {
	for i := range path {
		st := &path[i]
		group := &n.children
		if st.kind == indexStep {
			group = &n.indexes
		}
		next := group.get(st.key)
		if next == nil {
			next = g.node()
			if st.kind == indexStep {
				next.value, next.hasValue, next.index = st.name, true, st.name
			}
			group.put(st.key, next)
		}
		n = next
	}
	n.value, n.hasValue = value, true
	n.parsed.Store(nil)
}

// namePath reads the longest beginning of a variable's name that is a symbol;
// it is empty when there is none, and then the variable cannot be referred to.
func namePath(name string) []step {
	p := &parser{src: name}
	s, _, ok := p.symbol(p.skip(0))
	if !ok || p.limit != nil || s.dynamic {
		return nil
	}
	return s.steps
}
