package run

import (
	"cmp"
	"slices"
	"sync"

	"github.com/takodeploy/tako/internal/task"
)

// book is what a run knows of its records. Jobs write into it while they run;
// the loop reads it.
type book struct {
	mu      sync.Mutex
	records map[task.Key]task.Record
}

func newBook(records []task.Record) *book {
	b := &book{records: make(map[task.Key]task.Record, len(records))}
	for _, r := range records {
		b.records[r.Key] = r
	}
	return b
}

func (b *book) get(k task.Key) (task.Record, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r, ok := b.records[k]
	return r, ok
}

func (b *book) put(r task.Record) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.records[r.Key] = r
}

// list gives all records in a fixed order.
func (b *book) list() []task.Record {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := make([]task.Record, 0, len(b.records))
	for _, r := range b.records {
		list = append(list, r)
	}
	slices.SortFunc(list, func(x, y task.Record) int {
		return cmp.Or(x.Started.Compare(y.Started), cmp.Compare(x.Path, y.Path), cmp.Compare(x.Target, y.Target), cmp.Compare(x.Attempt, y.Attempt))
	})
	return list
}
