// Package mask replaces secrets in a stream of text.
//
// A task's log must not show a value that is stored as sensitive, even when the
// value is split over two writes. A Masker therefore holds back just as much of
// the end of the text as may still become a secret, and gives out the rest at
// once. Occurrences that overlap are replaced together, so that no remainder of
// one stays beside the other.
package mask

import (
	"strings"
	"unicode/utf8"
)

// Mask is what stands in the place of a secret.
const Mask = "********"

// Masker replaces secrets in one stream. It is not safe for concurrent use, but
// the maskers that Fork makes may be used in parallel.
type Masker struct {
	secrets *secrets
	machine *automaton

	state   int32
	held    string // text not given out yet, from where a secret may begin
	covered int    // how many bytes of held a mask given out already stands for
	spans   []span // secrets found in held, in order, apart from each other
}

// A span is the place of one or more overlapping secrets.
type span struct{ start, end int }

// New gives a Masker of the secrets. Those too short to be masked are not; see
// Short.
func New(values []string) *Masker {
	m := &Masker{secrets: &secrets{}}
	m.Add(values...)
	return m
}

// Fork gives a Masker for another stream of the same secrets: one that is added
// to any of them holds for all.
func (m *Masker) Fork() *Masker { return &Masker{secrets: m.secrets} }

// Add masks further secrets in what is fed from now on, and in what is held.
func (m *Masker) Add(values ...string) { m.secrets.add(values) }

// Short lists the values that are not masked because text would be full of them
// by chance: those of less than four characters, not counting white space
// around them. Empty values are no secrets at all.
func (m *Masker) Short() []string { return m.secrets.shortOnes() }

// Feed takes the next piece of text and gives out what can be shown.
func (m *Masker) Feed(chunk string) string {
	m.renew()
	text, from := chunk, 0
	if m.held != "" {
		text, from = m.held+chunk, len(m.held)
	}
	m.search(text, from)
	return m.give(text, len(text)-int(m.machine.nodes[m.state].depth))
}

// Flush gives out what was held back. What is fed afterwards is a new text.
func (m *Masker) Flush() string {
	m.renew()
	out := m.give(m.held, len(m.held))
	m.state, m.covered = 0, 0
	return out
}

// Cut is Flush for a text that something has broken off: if it ends in the
// beginning of a secret, that is masked too, since the rest was on its way. A
// beginning of less than minCharacters is shown: it tells as little as a secret
// of that length, and many a word ends so by chance.
func (m *Masker) Cut() string {
	m.renew()
	// What is held ends in the longest text that a secret begins with.
	begun := m.held[len(m.held)-int(m.machine.nodes[m.state].depth):]
	if utf8.RuneCountInString(begun) >= minCharacters {
		m.note(span{len(m.held) - len(begun), len(m.held)})
	}
	return m.Flush()
}

// renew takes up secrets that were added, which may be in what is held.
func (m *Masker) renew() {
	machine := m.secrets.automaton()
	if machine == m.machine {
		return
	}
	m.machine, m.state, m.spans = machine, 0, m.spans[:0]
	m.search(m.held, 0)
}

// search runs over the text from a place on and notes where secrets are.
func (m *Masker) search(text string, from int) {
	machine, state := m.machine, m.state
	for i := from; i < len(text); i++ {
		state = machine.step(state, text[i])
		if length := machine.nodes[state].match; length > 0 {
			m.note(span{i + 1 - int(length), i + 1})
		}
	}
	m.state = state
}

// note adds a secret, joining it with those that it overlaps. It ends last of
// all, so only its beginning has to be compared.
func (m *Masker) note(s span) {
	for n := len(m.spans); n > 0 && m.spans[n-1].end > s.start; n-- {
		s.start = min(s.start, m.spans[n-1].start)
		m.spans = m.spans[:n-1]
	}
	if s.start < m.covered {
		m.covered = s.end
		return
	}
	m.spans = append(m.spans, s)
}

// give gives out the text up to a place at or after which any secret to come
// begins, and holds the rest. A secret that reaches beyond the place is given
// out too; should it turn out to overlap a later one, that adds nothing.
func (m *Masker) give(text string, upTo int) string {
	if len(m.spans) == 0 && m.covered == 0 {
		m.held = strings.Clone(text[upTo:])
		return text[:upTo]
	}
	var out strings.Builder
	given := 0
	for given < len(m.spans) && m.spans[given].start <= upTo {
		s := m.spans[given]
		out.WriteString(text[m.covered:s.start])
		out.WriteString(Mask)
		m.covered = s.end
		given++
	}
	if m.covered < upTo {
		out.WriteString(text[m.covered:upTo])
	}
	m.held = strings.Clone(text[upTo:])
	m.covered = max(0, m.covered-upTo)
	m.spans = append(m.spans[:0], m.spans[given:]...)
	for i := range m.spans {
		m.spans[i].start -= upTo
		m.spans[i].end -= upTo
	}
	return out.String()
}
