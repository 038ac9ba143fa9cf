package octostache

import (
	"errors"
	"strconv"
	"strings"

	"github.com/takodeploy/tako/octostache/internal/dotnet"
)

// formatDouble writes the result of a calculation.
func formatDouble(value float64) string { return dotnet.FormatDouble(value) }

// found is what a path leads to: the text its value evaluated to, or, when the
// node has no value or one that is no template, the node itself.
type found struct {
	evaluated string
	node      *node
}

// text gives the value, if there is one.
func (f *found) text() (string, bool) {
	if f.node == nil {
		return f.evaluated, true
	}
	return f.node.text(), f.node.hasValue
}

// item is one element of a collection.
type item struct {
	node      *node
	indexNode bool
}

// resolve gives the text a symbol stands for, nil for none. Tokens missed
// inside the variable's own value are noted.
func (e *evaluation) resolve(s *scope, sym *symbol, c *collector) (*string, error) {
	f, missing, err := e.walk(s, sym)
	if err != nil {
		return nil, err
	}
	c.miss(missing...)
	if f == nil {
		return nil, nil
	}
	text, ok := f.text()
	if !ok {
		return nil, nil
	}
	return &text, nil
}

// walk follows a symbol's path in a scope and its parents. The symbol stands
// on each scope's stack meanwhile, so that its own value cannot ask for it.
func (e *evaluation) walk(s *scope, sym *symbol) (*found, []string, error) {
	if err := e.step(); err != nil {
		return nil, nil, err
	}
	if err := s.checkLoop(sym); err != nil {
		return nil, nil, err
	}
	s.stack = append(s.stack, sym)
	defer func() { s.stack = s.stack[:len(s.stack)-1] }()

	if sym.dynamic {
		var err error
		if sym, err = e.withIndexes(s, sym); err != nil || sym == nil {
			return nil, nil, err
		}
	}
	n := s.names
	for i := range sym.steps {
		next, err := e.follow(s, n, &sym.steps[i])
		if err != nil {
			return nil, nil, err
		}
		if next == nil {
			if s.parent == nil {
				return nil, nil, nil
			}
			return e.walk(s.parent, sym)
		}
		n = next
	}
	return e.value(s, n)
}

// checkLoop says whether the symbol is already being resolved.
func (s *scope) checkLoop(sym *symbol) error {
	for at := s; at != nil; at = at.parent {
		for _, busy := range at.stack {
			if busy.position != sym.position || busy.text != sym.text {
				continue
			}
			loop := &LoopError{Symbol: sym.text}
			for _, b := range at.stack {
				loop.Path = append(loop.Path, b.text)
			}
			return loop
		}
	}
	return nil
}

// withIndexes replaces the indexes that are symbols by their values. It gives
// nil when one of them has none.
func (e *evaluation) withIndexes(s *scope, sym *symbol) (*symbol, error) {
	steps := make([]step, len(sym.steps))
	copy(steps, sym.steps)
	for i := range steps {
		if steps[i].kind != symbolIndexStep {
			continue
		}
		f, _, err := e.walk(s, steps[i].from)
		if err != nil || f == nil {
			return nil, err
		}
		text, ok := f.text()
		if !ok {
			return nil, nil
		}
		steps[i] = step{kind: indexStep, name: text, key: fold(text)}
	}
	return newSymbol(steps, sym.position), nil
}

// follow takes one step of a path: to what the dictionary has there, else into
// the value as JSON. It gives nil for a miss.
func (e *evaluation) follow(s *scope, n *node, st *step) (*node, error) {
	if n == nil {
		return nil, nil
	}
	var next *node
	switch {
	case st.kind == nameStep:
		next = n.children.get(st.key)
	case st.name == "*" && len(n.indexes.row) > 0:
		next = n.indexes.row[0].node
	default:
		next = n.indexes.get(st.key)
	}
	if next != nil {
		return next, nil
	}
	if !n.hasValue || n.value == "" && n.json == nil || st.name == "" {
		return nil, nil
	}
	v, err := e.jsonOf(s, n)
	if err != nil || v == nil {
		return nil, err
	}
	return v.member(st.name), nil
}

// jsonOf reads a node's value, evaluated, as JSON. It is nil when the value is
// not JSON or leads back to itself.
func (e *evaluation) jsonOf(s *scope, n *node) (*jsonValue, error) {
	templated := n.templated()
	if n.json != nil && !templated {
		return n.json, nil
	}
	if known, ok := e.json[n]; ok {
		return known, nil
	}
	text := n.text()
	caught := e.loops
	if templated {
		f, _, err := e.value(s, n)
		var loop *LoopError
		if errors.As(err, &loop) {
			e.loops++
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		text, _ = f.text()
	}
	if err := e.spend(len(text)); err != nil {
		return nil, err
	}
	v := parseJSON(text)
	if !templated || caught == e.loops && s.parent == nil {
		if e.json == nil {
			e.json = map[*node]*jsonValue{}
		}
		e.json[n] = v
	}
	return v, nil
}

// value evaluates what a node holds, in a scope below the one it was found in.
// Values of the dictionary's tree depend on nothing else, so each is evaluated
// once: values that double each other do not double the work.
func (e *evaluation) value(s *scope, n *node) (*found, []string, error) {
	t, err := n.template()
	if err != nil {
		return nil, nil, err
	}
	if t == nil {
		return &found{node: n}, nil, nil
	}
	known, ok := e.values[n]
	if !ok {
		if err := e.enter(); err != nil {
			return nil, nil, err
		}
		defer e.leave()
		caught := e.loops
		c := newCollector()
		if err := e.tokens(&scope{parent: s}, t.tokens, c); err != nil {
			return nil, nil, err
		}
		known = evaluated{text: c.out.String(), missing: c.missing}
		if s.parent == nil && caught == e.loops {
			if e.values == nil {
				e.values = map[*node]evaluated{}
			}
			e.values[n] = known
		}
	}
	return &found{evaluated: known.text}, known.missing, nil
}

// items gives the elements of a collection.
func (e *evaluation) items(s *scope, collection *symbol, c *collector) ([]item, error) {
	f, missing, err := e.walk(s, collection)
	if err != nil || f == nil {
		return nil, err
	}
	c.miss(missing...)
	if f.node != nil {
		if items, ok := f.node.ownItems(); ok {
			return items, nil
		}
	}
	text, ok := f.text()
	if !ok {
		return nil, nil
	}
	if err := e.spend(len(text)); err != nil {
		return nil, err
	}
	if v := parseJSON(text); v != nil {
		return v.items(), nil
	}
	var items []item
	for part := range strings.SplitSeq(text, ",") {
		items = append(items, item{node: textNode(part)})
	}
	return items, nil
}

// ownItems gives the elements that are there without reading a value: those of
// a JSON value, or the index nodes of a node that has no value of its own.
func (n *node) ownItems() ([]item, bool) {
	if n.json != nil {
		return n.json.items(), true
	}
	if len(n.indexes.row) == 0 || n.hasValue && !n.templated() {
		return nil, false
	}
	items := make([]item, len(n.indexes.row))
	for i, index := range n.indexes.row {
		items[i] = item{node: index.node, indexNode: true}
	}
	return items, true
}

// eachNames are the names every iteration has.
func eachNames(i, count int) *node {
	each := parentNode("index", textNode(strconv.Itoa(i)))
	each.children.put("first", truthNode(i == 0))
	each.children.put("last", truthNode(i == count-1))
	return parentNode("octopus", parentNode("template", parentNode("each", each)))
}

func truthNode(is bool) *node {
	if is {
		return textNode("True")
	}
	return textNode("False")
}

// parentNode is a place that holds nothing but a child.
func parentNode(key string, child *node) *node {
	n := &node{}
	n.children.put(key, child)
	return n
}
