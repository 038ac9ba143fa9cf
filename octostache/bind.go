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
	children map[string]*node // by folded name
	indexes  map[string]*node // by folded text
	order    []*node          // the indexes, oldest first
	index    string           // of an index node, its text
	json     *jsonValue       // of a member of a JSON value, itself; value is rendered when asked for
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

// child gives the child, made when it does not exist.
func (n *node) child(key string) *node {
	c := n.children[key]
	if c == nil {
		c = &node{}
		n.setChild(key, c)
	}
	return c
}

func (n *node) setChild(key string, c *node) {
	if n.children == nil {
		n.children = map[string]*node{}
	}
	n.children[key] = c
}

// indexed gives the index node, made when it does not exist. Until it has a
// value of its own, its value is its index.
func (n *node) indexed(st *step) *node {
	c := n.indexes[st.key]
	if c == nil {
		c = &node{value: st.name, hasValue: true, index: st.name}
		if n.indexes == nil {
			n.indexes = map[string]*node{}
		}
		n.indexes[st.key] = c
		n.order = append(n.order, c)
	}
	return c
}

// insert places a variable and gives its node, or nil when its path cannot
// stand in the tree.
func (n *node) insert(path []step, value string) *node {
	for i := range path {
		switch st := &path[i]; st.kind {
		case nameStep:
			n = n.child(st.key)
		case indexStep:
			n = n.indexed(st)
		default:
			return nil
		}
	}
	n.value, n.hasValue = value, true
	n.parsed.Store(nil)
	return n
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
