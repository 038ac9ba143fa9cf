package octostache

import (
	"sync"

	"github.com/dlclark/regexp2"
)

// cacheSize is how many texts of each sort are remembered; beyond it the
// oldest half is forgotten.
const cacheSize = 512

// maxCachedText keeps whole files out of the memory.
const maxCachedText = 64 << 10

// cache remembers parsed templates and compiled regular expressions. A
// dictionary shares it with its clones, so that the targets of a deployment
// parse each text once.
type cache struct {
	strict  memory[*Template]
	lenient memory[*Template]
	regexes memory[*regexp2.Regexp]
}

func newCache() *cache { return &cache{} }

// memory holds the results of a pure function of a text.
type memory[V any] struct {
	guard sync.Mutex
	known map[string]remembered[V]
	order []string
}

type remembered[V any] struct {
	value V
	err   error
}

// get gives the remembered result, or makes and remembers it.
func (m *memory[V]) get(text string, create func(string) (V, error)) (V, error) {
	if len(text) > maxCachedText {
		return create(text)
	}
	m.guard.Lock()
	r, ok := m.known[text]
	m.guard.Unlock()
	if ok {
		return r.value, r.err
	}
	r.value, r.err = create(text)
	m.guard.Lock()
	defer m.guard.Unlock()
	if m.known == nil {
		m.known = map[string]remembered[V]{}
	}
	if _, ok := m.known[text]; !ok {
		if len(m.order) >= cacheSize {
			for _, old := range m.order[:cacheSize/2] {
				delete(m.known, old)
			}
			m.order = append(m.order[:0:0], m.order[cacheSize/2:]...)
		}
		m.known[text] = r
		m.order = append(m.order, text)
	}
	return r.value, r.err
}
