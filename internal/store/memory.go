package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// memory holds what was read of the documents and settings in SQLite lately, so that what
// is read again and again, and hardly ever changes, is neither fetched nor
// decoded again. PostgreSQL has none: other nodes write there.
//
// What it gives is what the database would give. A unit that writes sees the
// newest state: nobody else can write meanwhile, and what its own transaction
// has changed is not looked for here until that has ended. A unit that reads
// may have begun earlier, so it is given only what has been so since before it
// began. That another process writes, as administration may, is noticed within
// a second.
type memory struct {
	commits atomic.Int64 // transactions that have changed documents
	written atomic.Int64 // transactions that have changed anything

	mu          sync.Mutex
	young, aged map[string]*memo
	size        int              // bytes of documents in young
	kinds       map[string]int64 // the commit that last changed documents of a kind, or rows of a watched table
	lost        int64            // how often everything was forgotten
	floor       int64            // the commit after which nothing was forgotten
	open        changes          // of the transaction that is being written
	ticks       int              // since anything was last dropped for its age
	ticking     *time.Timer
	foreign     int64 // SQLite's count of what other processes have written
}

// memo is one thing that is remembered.
type memo struct {
	value any    // nil: it was changed, and what to is not known here
	kind  string // of a list: whatever changes documents of the kind ends it
	since int64  // the commit since which it has been so, or an earlier reading
	size  int
}

// changes are those of a transaction.
type changes struct {
	values map[string]any // nil: what it will be is not known
	kinds  map[string]bool
	all    bool // there is no telling what was changed
	undone bool // some of it may have been taken back
}

const (
	// memoryMost is how many bytes documents take that are held, in two halves.
	memoryMost = 4 << 20
	// memoSize is what remembering something costs beside its bytes.
	memoSize = 200
	// memoParsed is by how much more than its bytes something takes that is also
	// kept as what was made of it.
	memoParsed = 4
	// memoryTick is how soon what other processes write is noticed.
	memoryTick = time.Second
	// memoryRest is how many ticks make the young aged: what nobody has wanted
	// for twice as long is forgotten.
	memoryRest = 10
)

func newMemory() *memory {
	return &memory{young: map[string]*memo{}, aged: map[string]*memo{}, kinds: map[string]int64{}}
}

func documentKey(table, id string) string { return table + "\x00" + id }

// recall gives what is remembered under a key, as far as the unit may see it.
func (t *Tx) recall(key string) (any, bool) {
	m := t.db.memory
	if m == nil {
		return nil, false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	found := m.young[key]
	if found == nil {
		if found = m.aged[key]; found == nil {
			return nil, false
		}
		m.add(key, found)
	}
	switch {
	case found.value == nil, found.kind != "" && m.kinds[found.kind] > found.since:
		return nil, false
	case m.open.touches(key, found.kind), t.writer == nil && found.since > t.began:
		return nil, false
	}
	return found.value, true
}

// remember keeps what the unit has just read. kind is that of a list's
// documents.
func (t *Tx) remember(key, kind string, value any, size int) {
	m := t.db.memory
	if m == nil || size > memoryMost/16 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	since := t.began
	if t.writer != nil {
		since = m.commits.Load()
	}
	known := m.young[key]
	if known == nil {
		known = m.aged[key]
	}
	// A unit that began before the last change may have read what was before.
	if since < m.floor || known != nil && known.since > since || kind != "" && m.kinds[kind] > since || m.open.touches(key, kind) {
		return
	}
	m.add(key, &memo{value, kind, since, size + memoSize})
	if m.ticking == nil {
		m.ticking = time.AfterFunc(memoryTick, func() { t.db.tick() })
	}
}

// add puts something among the young; when they are many, the aged are
// forgotten. The caller holds mu.
func (m *memory) add(key string, what *memo) {
	if before := m.young[key]; before != nil {
		m.size -= before.size
	}
	m.young[key] = what
	m.size += what.size
	if m.size >= memoryMost/2 {
		m.age()
	}
}

// age forgets the aged and makes the young aged. The caller holds mu.
func (m *memory) age() {
	m.young, m.aged, m.size, m.ticks = map[string]*memo{}, m.young, 0, 0
	m.floor = m.commits.Load()
}

// forget forgets everything. The caller holds mu.
func (m *memory) forget() {
	m.young, m.aged, m.size = map[string]*memo{}, map[string]*memo{}, 0
	m.floor = m.commits.Load()
	m.lost++
}

func (c *changes) touches(key, kind string) bool {
	_, changed := c.values[key]
	return c.all || changed || kind != "" && c.kinds[kind]
}

// changed notes what the transaction that is open makes of a document; value is
// nil if it is not to be remembered.
func (t *Tx) changed(key, kind string, value any) {
	m := t.db.memory
	if m == nil || t.writer == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.open.values == nil {
		m.open.values, m.open.kinds = map[string]any{}, map[string]bool{}
	}
	m.open.values[key] = value
	if kind != "" {
		m.open.kinds[kind] = true
	}
}

// beware looks whether a statement changes documents in a way of its own.
func (t *Tx) beware(text string) {
	if m := t.db.memory; m != nil && t.writer != nil && changesDocuments(text) {
		m.mu.Lock()
		m.open.all = true
		m.mu.Unlock()
	}
}

func changesDocuments(text string) bool {
	if strings.HasPrefix(text, "select ") {
		return false
	}
	for _, verb := range []string{"into ", "update ", "delete from "} {
		for _, rest, found := strings.Cut(text, verb); found; _, rest, found = strings.Cut(rest, verb) {
			table := strings.TrimLeft(rest, `"`)
			if end := strings.IndexAny(table, "\" \t\n("); end >= 0 {
				table = table[:end]
			}
			switch table {
			case "document", "release", "deployment", "reference", "setting":
				return true
			}
		}
	}
	return false
}

// undo notes that a unit of the open transaction has been taken back.
func (m *memory) undo() {
	m.mu.Lock()
	m.open.undone = true
	m.mu.Unlock()
}

// settle takes over what a transaction has changed, once it has ended.
func (m *memory) settle(committed bool, touched uint8) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, table := range watched {
		if touched&(1<<i) != 0 {
			m.kinds[table] = m.commits.Add(1)
		}
	}
	c := m.open
	m.open = changes{}
	if len(c.values) == 0 && !c.all {
		return
	}
	now := m.commits.Add(1)
	if c.all {
		m.forget()
		return
	}
	for kind := range c.kinds {
		m.kinds[kind] = now
	}
	for key, value := range c.values {
		size := memoSize
		d, _ := value.(*Document)
		if d != nil {
			size += memoParsed * len(d.Data)
		}
		if !committed || c.undone || size > memoryMost/16 {
			value = nil
		}
		m.add(key, &memo{value: value, since: now, size: size})
	}
}

// tick looks whether another process has written, and forgets what nobody has
// asked for in a while.
func (db *DB) tick() {
	foreign, err := db.foreignWrites()
	m := db.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ticking == nil { // it was closed
		return
	}
	if err != nil || foreign != m.foreign {
		m.forget()
		m.foreign = foreign
	}
	if m.ticks++; m.ticks >= memoryRest {
		m.age()
	}
	if len(m.young)+len(m.aged) == 0 {
		m.ticking = nil
		return
	}
	m.ticking.Reset(memoryTick)
}

// foreignWrites is SQLite's count of the transactions that others have
// written, as the one connection that writes in this process sees it.
func (db *DB) foreignWrites() (n int64, err error) {
	w := db.writer
	// Not counted among those who wait: the transaction that is left to them
	// would be left to nobody.
	w.gate.Lock()
	defer w.gate.Unlock()
	if w.open != nil { // no other process can write now; the next tick will tell
		return db.memory.foreign, nil
	}
	if w.conn == nil {
		return 0, sql.ErrConnDone
	}
	st, err := w.statement(context.Background(), "pragma data_version")
	if err != nil {
		return 0, err
	}
	return n, st.QueryRow().Scan(&n)
}

func (m *memory) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ticking != nil {
		m.ticking.Stop()
		m.ticking = nil
	}
	m.forget()
}

// asRead is a document that was put as Get would give it.
func (d *Document) asRead() *Document {
	c := *d
	c.References, c.Event, c.made = nil, nil, &made{}
	if c.NameKey == strings.ToLower(c.Name) {
		c.NameKey = ""
	}
	c.Created, c.Modified = time.UnixMilli(c.Created.UnixMilli()).UTC(), time.UnixMilli(c.Modified.UnixMilli()).UTC()
	return &c
}

// made is what somebody has made of a document's data.
type made struct {
	mu    sync.Mutex
	value any
}

// Made gives what make makes of the document, which is made once for all who
// are given the document from memory. Nobody may change it.
func (d *Document) Made(make func() (any, error)) (any, error) {
	if d.made == nil {
		return make()
	}
	d.made.mu.Lock()
	defer d.made.mu.Unlock()
	if d.made.value == nil {
		v, err := make()
		if err != nil {
			return nil, err
		}
		d.made.value = v
	}
	return d.made.value, nil
}

// Survey is Find for lists that hardly ever change. The conditions may look at
// documents of the kind and their references only. Nothing of what it gives
// may be changed.
func (t *Tx) Survey(q Query) ([]*Document, error) {
	where, args := q.build()
	key := fmt.Sprint("list ", q.Table, where, q.OrderBy, q.Skip, q.Take, args)
	if known, ok := t.recall(key); ok {
		return known.([]*Document), nil
	}
	list, err := t.Find(q)
	if err != nil {
		return nil, err
	}
	size := len(key)
	for _, d := range list {
		d.made = &made{}
		size += memoSize + memoParsed*len(d.Data)
	}
	t.remember(key, q.Kind, list, size)
	return list, nil
}
