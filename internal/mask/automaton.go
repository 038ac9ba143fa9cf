package mask

// An automaton finds every occurrence of a set of patterns in one pass over the
// text (Aho and Corasick's). It does not change once it is built.
//
// Nodes are numbered by depth, the root being 0. Those near the root, where
// ordinary text stays, have a row with the next node for every byte; the others
// have a list of children and the failure link, which keeps secrets of a hundred
// kilobytes affordable.
type automaton struct {
	nodes []node
	rows  [][256]int32
}

// A node stands for the beginning of one or more patterns.
type node struct {
	child   int32 // the first, or 0
	sibling int32 // the next child of the same parent, or 0
	failure int32 // the longest other beginning that this one ends in
	depth   int32 // its length
	match   int32 // the length of the longest pattern that it ends in, or 0
	byte    byte
}

// maxRows bounds the memory of the rows, which take a kilobyte each.
const maxRows = 512

// newAutomaton builds the automaton of the patterns, none of which is empty.
func newAutomaton(patterns []string) *automaton {
	a := &automaton{nodes: numbered(newTrie(patterns))}
	for i := range a.nodes {
		a.link(int32(i))
	}
	return a
}

// newTrie puts the patterns into a tree, in the order in which they come.
func newTrie(patterns []string) []node {
	nodes := []node{{}}
	for _, pattern := range patterns {
		at := int32(0)
		for i := range len(pattern) {
			next := childOf(nodes, at, pattern[i])
			if next == 0 {
				next = int32(len(nodes))
				nodes = append(nodes, node{sibling: nodes[at].child, depth: int32(i + 1), byte: pattern[i]})
				nodes[at].child = next
			}
			at = next
		}
		nodes[at].match = nodes[at].depth
	}
	return nodes
}

// numbered gives the same tree with its nodes in order of depth.
func numbered(tree []node) []node {
	order := make([]int32, 1, len(tree))
	result := make([]node, 1, len(tree))
	result[0] = tree[0]
	for at := 0; at < len(order); at++ {
		last := int32(0)
		for c := tree[order[at]].child; c != 0; c = tree[c].sibling {
			number := int32(len(result))
			order = append(order, c)
			result = append(result, tree[c])
			if last == 0 {
				result[at].child = number
			} else {
				result[last].sibling = number
			}
			result[number].sibling = 0
			last = number
		}
	}
	return result
}

// link sets the failure links of a node's children and gives the node a row if
// there is room. All nodes of less depth are complete by then.
func (a *automaton) link(at int32) {
	for c := a.nodes[at].child; c != 0; c = a.nodes[c].sibling {
		if at != 0 {
			a.nodes[c].failure = a.step(a.nodes[at].failure, a.nodes[c].byte)
		}
		a.nodes[c].match = max(a.nodes[c].match, a.nodes[a.nodes[c].failure].match)
	}
	if len(a.rows) >= maxRows {
		return
	}
	var row [256]int32
	if at != 0 {
		// The failure link leads to a lower number, so its row is there.
		row = a.rows[a.nodes[at].failure]
	}
	for c := a.nodes[at].child; c != 0; c = a.nodes[c].sibling {
		row[a.nodes[c].byte] = c
	}
	a.rows = append(a.rows, row)
}

// step gives the node after one more byte of text.
func (a *automaton) step(at int32, b byte) int32 {
	for int(at) >= len(a.rows) {
		if next := childOf(a.nodes, at, b); next != 0 {
			return next
		}
		at = a.nodes[at].failure
	}
	return a.rows[at][b]
}

// childOf gives the child of a node for a byte, or 0.
func childOf(nodes []node, at int32, b byte) int32 {
	c := nodes[at].child
	for c != 0 && nodes[c].byte != b {
		c = nodes[c].sibling
	}
	return c
}
