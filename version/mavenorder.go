package version

import (
	"cmp"
	"strings"
)

// A mavenItem is one element of a Maven version taken apart: a number, a
// qualifier, or a list that a dash before a digit began.
type mavenItem struct {
	kind      mavenKind
	digits    string      // of a number, without leading zeros; "" is zero
	qualifier string      // of a qualifier, in lower case, aliases resolved
	items     []mavenItem // of a list
}

type mavenKind int

// The kinds in ascending order: against each other, 1-sp < 1-1 < 1.1.
const (
	mavenQualifier mavenKind = iota
	mavenList
	mavenNumber
)

// releaseRank is the rank of the empty qualifier: what is less precedes the
// release, what is more follows it.
const releaseRank = 5

// mavenRanks orders the qualifiers that mean something.
var mavenRanks = map[string]int{
	"alpha": 0, "beta": 1, "milestone": 2, "rc": 3, "snapshot": 4, "": releaseRank, "sp": 6,
}

// unknownRank is the rank of every other qualifier; among them the text decides.
const unknownRank = 7

// compareMaven orders two versions as Apache Maven does.
func compareMaven(a, b string) int {
	return compareMavenLists(parseMavenItems(a), parseMavenItems(b))
}

// mavenSplitter takes a version apart. lists is the chain from the outermost
// list to the one being filled.
type mavenSplitter struct {
	lists [][]mavenItem
}

func (m *mavenSplitter) add(item mavenItem) {
	last := len(m.lists) - 1
	m.lists[last] = append(m.lists[last], item)
}

// normalize drops what counts for nothing at the end of the innermost list.
func (m *mavenSplitter) normalize() {
	last := len(m.lists) - 1
	items := m.lists[last]
	for len(items) > 0 && items[len(items)-1].isNull() {
		items = items[:len(items)-1]
	}
	m.lists[last] = items
}

// parseMavenItems gives the elements of a version, without trailing nulls.
func parseMavenItems(version string) []mavenItem {
	text := strings.ToLower(version)
	m := mavenSplitter{lists: [][]mavenItem{nil}}
	start, inDigits := 0, false
	for i := range len(text) {
		c := text[i]
		switch {
		case c == '.' || c == '-':
			m.add(newMavenItem(text[start:i], inDigits || i == start))
			start = i + 1
			if c == '-' && inDigits {
				m.normalize()
				if start < len(text) && isDigit(text[start]) {
					m.lists = append(m.lists, nil)
				}
			}
		case isDigit(c) != inDigits:
			if i > start {
				item := newMavenItem(text[start:i], inDigits)
				if !inDigits {
					item.qualifier = expandMavenQualifier(item.qualifier)
				}
				m.add(item)
				start = i
			}
			inDigits = !inDigits
		}
	}
	if start < len(text) {
		m.add(newMavenItem(text[start:], inDigits))
	}

	for len(m.lists) > 1 {
		m.normalize()
		inner := m.lists[len(m.lists)-1]
		m.lists = m.lists[:len(m.lists)-1]
		m.add(mavenItem{kind: mavenList, items: inner})
	}
	m.normalize()
	return m.lists[0]
}

// newMavenItem makes a number or a qualifier of a run of characters.
func newMavenItem(text string, number bool) mavenItem {
	if number {
		return mavenItem{kind: mavenNumber, digits: strings.TrimLeft(text, "0")}
	}
	switch text {
	case "ga", "final":
		text = ""
	case "cr":
		text = "rc"
	}
	return mavenItem{kind: mavenQualifier, qualifier: text}
}

// expandMavenQualifier spells out the letters that are short for a qualifier
// when a digit follows them.
func expandMavenQualifier(qualifier string) string {
	switch qualifier {
	case "a":
		return "alpha"
	case "b":
		return "beta"
	case "m":
		return "milestone"
	default:
		return qualifier
	}
}

// isNull says whether the element may be dropped from the end of a list. A list
// that begins with a zero ties with nothing but still differs from other lists.
func (m mavenItem) isNull() bool {
	if m.kind == mavenList {
		return len(m.items) == 0
	}
	return m.compareToNothing() == 0
}

// compareToNothing compares with the end of the other version.
func (m mavenItem) compareToNothing() int {
	switch m.kind {
	case mavenNumber:
		return min(len(m.digits), 1)
	case mavenQualifier:
		return cmp.Compare(mavenRank(m.qualifier), releaseRank)
	default:
		if len(m.items) == 0 {
			return 0
		}
		return m.items[0].compareToNothing()
	}
}

func (m mavenItem) compare(other mavenItem) int {
	if m.kind != other.kind {
		return cmp.Compare(m.kind, other.kind)
	}
	switch m.kind {
	case mavenNumber:
		return cmp.Or(cmp.Compare(len(m.digits), len(other.digits)), strings.Compare(m.digits, other.digits))
	case mavenQualifier:
		return cmp.Or(cmp.Compare(mavenRank(m.qualifier), mavenRank(other.qualifier)), strings.Compare(m.qualifier, other.qualifier))
	default:
		return compareMavenLists(m.items, other.items)
	}
}

func mavenRank(qualifier string) int {
	if rank, known := mavenRanks[qualifier]; known {
		return rank
	}
	return unknownRank
}

func compareMavenLists(a, b []mavenItem) int {
	for i := range max(len(a), len(b)) {
		var c int
		switch {
		case i >= len(b):
			c = a[i].compareToNothing()
		case i >= len(a):
			c = -b[i].compareToNothing()
		default:
			c = a[i].compare(b[i])
		}
		if c != 0 {
			return c
		}
	}
	return 0
}
