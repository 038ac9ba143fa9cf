// Package octostache evaluates templates of the form "Hello #{Name | ToUpper}"
// against a dictionary of variables.
//
// Deployment processes, configuration files and the values of variables
// themselves are written in this language, so one evaluator with one set of
// rules serves them all. The package does no I/O, and hostile templates end in
// an error instead of exhausting the stack or the memory.
package octostache

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// Dictionary holds variables and evaluates texts against them. Names ignore
// case and keep the order in which they were first set. Any number of
// goroutines may read a dictionary; setting needs it alone.
type Dictionary struct {
	entries []entry
	byName  map[string]int // folded name to position in entries
	filters map[string]Filter
	clock   func() time.Time

	// guard protects what reading builds: the tree and the cache.
	guard  sync.Mutex
	tree   *node
	grove  grove
	cache  *cache
	places []place // that the next variables get
}

// entry is one variable.
type entry struct {
	name  string
	value string
	null  bool
	place *place // shared with clones
}

// place is where a name stands in the tree, which is found when first asked for:
// most dictionaries evaluate nothing that needs the tree.
type place struct {
	once sync.Once
	path []step // nil when no template can name it
}

func (e *entry) path() []step {
	e.place.once.Do(func() { e.place.path = namePath(e.name) })
	return e.place.path
}

// New makes an empty dictionary.
func New() *Dictionary {
	return &Dictionary{byName: map[string]int{}, cache: newCache(), clock: time.Now}
}

// Set gives a variable a value.
func (d *Dictionary) Set(name, value string) { d.put(entry{name: name, value: value}) }

// SetNull makes a variable exist without a value: Get does not find it, and a
// template sees it as the empty text.
func (d *Dictionary) SetNull(name string) { d.put(entry{name: name, null: true}) }

func (d *Dictionary) put(e entry) {
	key := fold(e.name)
	at, known := d.byName[key]
	if known {
		old := &d.entries[at]
		old.value, old.null = e.value, e.null
		// Another name may share the node, so only a rebuilt tree is right.
		d.tree = nil
		return
	}
	if len(d.places) == 0 {
		d.places = make([]place, max(8, min(cap(d.entries)-len(d.entries), 128)))
	}
	e.place, d.places = &d.places[0], d.places[1:]
	d.byName[key] = len(d.entries)
	d.entries = append(d.entries, e)
	if d.tree != nil {
		d.bind(&d.entries[len(d.entries)-1])
	}
}

// Grow makes room for so many more variables.
func (d *Dictionary) Grow(n int) {
	d.entries = slices.Grow(d.entries, n)
	if len(d.byName) == 0 {
		d.byName = make(map[string]int, n)
	}
}

// Remove forgets a variable.
func (d *Dictionary) Remove(name string) {
	at, known := d.byName[fold(name)]
	if !known {
		return
	}
	d.entries = slices.Delete(d.entries, at, at+1)
	delete(d.byName, fold(name))
	for key, position := range d.byName {
		if position > at {
			d.byName[key] = position - 1
		}
	}
	d.tree = nil
}

// AddFilter makes a filter of the host's available to templates. A filter that
// the language already has keeps its meaning.
func (d *Dictionary) AddFilter(name string, filter Filter) {
	if d.filters == nil {
		d.filters = map[string]Filter{}
	}
	d.filters[fold(name)] = filter
}

// SetClock replaces the clock that the date filters read; its location is the
// local time zone of dates without one.
func (d *Dictionary) SetClock(now func() time.Time) { d.clock = now }

// Clone makes an independent copy with the same variables, filters and clock.
func (d *Dictionary) Clone() *Dictionary {
	c := &Dictionary{
		entries: append(make([]entry, 0, len(d.entries)+len(d.entries)/4+8), d.entries...), // it is made to be added to
		byName:  maps.Clone(d.byName),
		clock:   d.clock,
		cache:   d.cache,
	}
	for name, filter := range d.filters {
		c.AddFilter(name, filter)
	}
	return c
}

// Names gives the names of all variables in the order they were first set.
func (d *Dictionary) Names() []string {
	names := make([]string, len(d.entries))
	for i := range d.entries {
		names[i] = d.entries[i].name
	}
	return names
}

// Len gives the number of variables.
func (d *Dictionary) Len() int { return len(d.entries) }

// Raw gives a variable's value without evaluating it.
func (d *Dictionary) Raw(name string) (string, bool) {
	at, ok := d.byName[fold(name)]
	if !ok || d.entries[at].null {
		return "", false
	}
	return d.entries[at].value, true
}

// root gives the tree of all variables, built when first needed.
func (d *Dictionary) root() *node {
	d.guard.Lock()
	defer d.guard.Unlock()
	if d.tree == nil {
		d.tree = &node{}
		for i := range d.entries {
			d.bind(&d.entries[i])
		}
	}
	return d.tree
}

// bind places one variable in the tree.
func (d *Dictionary) bind(e *entry) {
	if path := e.path(); path != nil {
		d.grove.insert(d.tree, path, e.value)
	}
}
