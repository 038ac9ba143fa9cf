package task

import "sync"

// ChangeKind says what has changed about a task.
type ChangeKind string

// The kinds of changes.
const (
	Enqueued ChangeKind = "Enqueued" // it is in the queue, for the first time or again
	Began    ChangeKind = "Began"    // a node has taken it
	Put      ChangeKind = "Paused"   // it was put down
	Asked    ChangeKind = "Canceled" // somebody wants it to stop
	Ended    ChangeKind = "Ended"    // it has ended
	Advanced ChangeKind = "Advanced" // its records or its log have grown
	Signaled ChangeKind = "Signaled" // an event was appended to it
)

// Change is told after it is committed. It is a hint: who needs the truth
// reads it from the store.
type Change struct {
	Task     string
	Kind     ChangeKind
	Status   Status
	LogLines int64 // how many lines its log has now; of Advanced and Ended
}

func kindOf(act Act) ChangeKind {
	switch act {
	case Claim, Steal:
		return Began
	case PutDown:
		return Put
	case Wake, PutBack:
		return Enqueued
	case Cancel:
		return Asked
	}
	return Ended
}

// Bus hands changes to those in this process who listen. A listener that is
// slow loses the oldest changes and is told so by Missed.
type Bus struct {
	mu        sync.Mutex
	listeners map[*Listener]struct{}
	hints     map[*func(Change)]struct{}
}

// Listener receives changes.
type Listener struct {
	C      chan Change
	bus    *Bus
	missed bool
}

func newBus() *Bus {
	return &Bus{listeners: map[*Listener]struct{}{}, hints: map[*func(Change)]struct{}{}}
}

// hint has f called with each change, at once; f must not block. The result
// ends that.
func (b *Bus) hint(f func(Change)) (remove func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.hints[&f] = struct{}{}
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.hints, &f)
	}
}

// Listen subscribes to all changes; room is how many may wait to be received.
func (b *Bus) Listen(room int) *Listener {
	l := &Listener{C: make(chan Change, room), bus: b}
	b.mu.Lock()
	b.listeners[l] = struct{}{}
	b.mu.Unlock()
	return l
}

// Close ends the subscription.
func (l *Listener) Close() {
	l.bus.mu.Lock()
	delete(l.bus.listeners, l)
	l.bus.mu.Unlock()
}

// Missed reports, once, whether changes were lost because nobody received
// them; the listener then has to look for itself.
func (l *Listener) Missed() bool {
	l.bus.mu.Lock()
	defer l.bus.mu.Unlock()
	missed := l.missed
	l.missed = false
	return missed
}

func (b *Bus) send(c Change) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for hint := range b.hints {
		(*hint)(c)
	}
	for l := range b.listeners {
		for sent := false; !sent; {
			select {
			case l.C <- c:
				sent = true
			default:
				l.missed = true
				select {
				case <-l.C:
				default:
				}
				if cap(l.C) == 0 {
					sent = true
				}
			}
		}
	}
}
