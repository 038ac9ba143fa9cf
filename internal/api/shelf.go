package api

import (
	"slices"
	"sync"
	"time"

	"github.com/takodeploy/tako/internal/store"
)

// shelves keep something for each space whose like was asked for lately, from
// one look to the next.
type shelves[T any] struct {
	mu     sync.Mutex
	spaces map[string]*shelf[T]
}

// shelf holds what is kept for one space. It begins as the zero value.
type shelf[T any] struct {
	mu     sync.Mutex // whoever reads for many has the others wait for it
	held   T
	size   int // bytes
	forget *time.Timer
}

const (
	// shelfLasts is how long something is kept that nobody asks for. What the
	// server gives back when it has come to rest counts on this.
	shelfLasts = 20 * time.Second
	// shelvesMost is how many bytes the shelves of one sort may take.
	shelvesMost = 64 << 20
)

// of gives the shelf of a space.
func (s *shelves[T]) of(space string) *shelf[T] {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h := s.spaces[space]; h != nil {
		h.forget.Reset(shelfLasts)
		return h
	}
	if s.spaces == nil {
		s.spaces = map[string]*shelf[T]{}
	}
	h := &shelf[T]{}
	h.forget = time.AfterFunc(shelfLasts, func() { s.drop(space, h) })
	s.spaces[space] = h
	return h
}

func (s *shelves[T]) drop(space string, h *shelf[T]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.spaces[space] == h {
		delete(s.spaces, space)
	}
}

// fit drops shelves until what is left is small enough: those of other spaces
// first.
func (s *shelves[T]) fit(space string, h *shelf[T], size int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h.size = size
	total := 0
	for _, other := range s.spaces {
		total += other.size
	}
	for name, other := range s.spaces {
		if total > shelvesMost && other != h {
			total -= other.size
			delete(s.spaces, name)
		}
	}
	if total > shelvesMost {
		delete(s.spaces, space)
	}
}

// renewedAtOnce is how many documents one statement reads of those that have
// changed.
const renewedAtOnce = 256

// renewed brings what is kept of documents to the state of those that are stored
// now, in their order, and reports how many were read for it. What is not fresh is
// read again: read puts it where it is known. What is gone is known no longer.
func renewed[T any](stored []store.Version, known map[string]*T, fresh func(*T, store.Version) bool, read func(ids []string) error) (now []*T, stale int, err error) {
	var ids []string
	for _, v := range stored {
		if k := known[v.ID]; k == nil || !fresh(k, v) {
			ids = append(ids, v.ID)
			delete(known, v.ID)
		}
	}
	for some := range slices.Chunk(ids, renewedAtOnce) {
		if err := read(some); err != nil {
			return nil, 0, err
		}
	}
	now = make([]*T, 0, len(stored))
	for _, v := range stored {
		if k := known[v.ID]; k != nil {
			now = append(now, k)
		}
	}
	return now, len(ids), nil
}
