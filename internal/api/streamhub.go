package api

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

// hub reads what happens, once for all streams of this node, and only while
// there are any. Streams have a position each and take from the hub what lies
// behind it, so that nothing piles up for one that is slow: when it has fallen
// behind what the hub remembers it reads the tables itself.
type hub struct {
	db    *store.DB
	tasks *task.Queue

	mu      sync.Mutex
	streams map[string]int // by user
	stop    func()         // ends the reader, nil when there is none
	news    chan struct{}  // closed and replaced when there is something new
	drained chan struct{}  // closed when the server stops
	changes ring[task.Followed]
	events  ring[store.Happened]
	watched map[string]*watched

	patience time.Duration // how long a client may take nothing
	beat     time.Duration // between heartbeats
}

// watched is a task whose log or records somebody follows.
type watched struct {
	streams int
	size    task.LogSize
	version int64 // goes up whenever it has grown
}

// remembered is how many entries of each table the hub keeps.
const remembered = 4096

// ring keeps the newest entries of a table that is only appended to.
type ring[T interface{ Place() store.Position }] struct {
	list []T
	from store.Position // behind which the list is complete
	end  store.Position
}

func (g *ring[T]) reset(at store.Position) { *g = ring[T]{from: at, end: at} }

func (g *ring[T]) add(list []T) {
	for _, e := range list {
		g.list = append(g.list, e)
		g.end = e.Place()
	}
	if over := len(g.list) - remembered; over > remembered/4 {
		g.from = g.list[over-1].Place()
		g.list = append([]T(nil), g.list[over:]...)
	}
}

// after gives at most limit entries behind a position; known is false when
// some of them may have been dropped.
func (g *ring[T]) after(p store.Position, limit int) (list []T, known bool) {
	if g.from.After(p) {
		return nil, false
	}
	low, high := 0, len(g.list)
	for low < high {
		if mid := (low + high) / 2; g.list[mid].Place().After(p) {
			high = mid
		} else {
			low = mid + 1
		}
	}
	return g.list[low:min(len(g.list), low+limit):min(len(g.list), low+limit)], true
}

func newHub(db *store.DB, tasks *task.Queue) *hub {
	return &hub{db: db, tasks: tasks, streams: map[string]int{}, news: make(chan struct{}), drained: make(chan struct{}),
		watched: map[string]*watched{}, patience: 30 * time.Second, beat: 15 * time.Second}
}

// mostStreams is how many streams one user may have at a time.
const mostStreams = 30

// join counts a stream of a user in, and reports whether it may be.
func (h *hub) join(ctx context.Context, user string) (ok bool, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	select {
	case <-h.drained:
		return false, nil
	default:
	}
	if h.streams[user] >= mostStreams {
		return false, nil
	}
	if h.stop == nil {
		if err := h.start(ctx); err != nil {
			return false, err
		}
	}
	h.streams[user]++
	return true, nil
}

// leave counts a stream out. The reader goes with the last.
func (h *hub) leave(user string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.streams[user]--; h.streams[user] == 0 {
		delete(h.streams, user)
	}
	if len(h.streams) == 0 && h.stop != nil {
		h.stop()
		h.stop = nil
	}
}

// drain ends all streams, and lets none begin.
func (h *hub) drain() {
	h.mu.Lock()
	defer h.mu.Unlock()
	select {
	case <-h.drained:
	default:
		close(h.drained)
	}
}

// start begins reading at the ends of the tables.
func (h *hub) start(ctx context.Context) error {
	changes, events, err := h.ends(ctx)
	if err != nil {
		return err
	}
	h.changes.reset(changes)
	h.events.reset(events)
	reading, cancel := context.WithCancel(context.Background())
	h.stop = cancel
	go h.run(reading)
	return nil
}

// watch follows the log and the records of a task until the result is called.
func (h *hub) watch(id string) (remove func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	w := h.watched[id]
	if w == nil {
		w = &watched{}
		h.watched[id] = w
	}
	w.streams++
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if w.streams--; w.streams == 0 {
			delete(h.watched, id)
		}
	}
}

// versions tells how often each of some tasks has grown, and gives what is
// closed when anything more happens.
func (h *hub) versions(ids []string) (map[string]int64, <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	versions := make(map[string]int64, len(ids))
	for _, id := range ids {
		if w := h.watched[id]; w != nil {
			versions[id] = w.version
		}
	}
	return versions, h.news
}

// Entries are read this many at a time.
const pageOfNews = 500

// pollNews is how often the tables are looked at without a hint: the truth is
// there, whoever has written it.
func (h *hub) pollNews() time.Duration {
	if h.db.Engine == store.PostgreSQL {
		return 200 * time.Millisecond // other nodes write too
	}
	return time.Second
}

// run reads until ctx ends.
func (h *hub) run(ctx context.Context) {
	bus := h.tasks.Bus().Listen(1024)
	defer bus.Close()
	appended := make(chan struct{}, 1)
	defer h.db.Watch(func() {
		select {
		case appended <- struct{}{}:
		default:
		}
	})()
	poll := time.NewTicker(h.pollNews())
	defer poll.Stop()
	for ctx.Err() == nil {
		polled, tables := false, true
		var grown []string
		select {
		case <-ctx.Done():
			return
		case <-appended:
		case <-poll.C:
			polled = true
		case c := <-bus.C:
			tables = h.note(c, &grown)
			for more := true; more; {
				select {
				case c := <-bus.C:
					tables = h.note(c, &grown) || tables
				default:
					more = false
				}
			}
		}
		if bus.Missed() {
			polled = true
		}
		if err := h.read(ctx, polled, tables || polled, grown); err != nil && ctx.Err() == nil {
			slog.Warn("what happens cannot be read for those who watch; it is tried again", "error", err)
		}
	}
}

// note takes a hint: it collects tasks that have grown and reports whether
// there may be something in the tables.
func (h *hub) note(c task.Change, grown *[]string) bool {
	if c.Task != "" {
		*grown = append(*grown, c.Task)
	}
	return c.Kind != task.Advanced && c.Kind != task.Signaled
}

// read reads what is new and tells the streams.
func (h *hub) read(ctx context.Context, polled, tables bool, grown []string) error {
	h.mu.Lock()
	changesEnd, eventsEnd, ids := h.changes.end, h.events.end, make([]string, 0, len(h.watched))
	for id := range h.watched {
		ids = append(ids, id)
	}
	h.mu.Unlock()
	var changes []task.Followed
	var events []store.Happened
	var sizes map[string]task.LogSize
	err := h.db.View(ctx, func(tx *store.Tx) (err error) {
		if !tables {
			return nil
		}
		if changes, err = task.ChangesSince(tx, changesEnd, pageOfNews); err != nil {
			return err
		}
		events, err = tx.EventsSince(eventsEnd, pageOfNews)
		return err
	})
	if err == nil && polled {
		sizes, err = h.tasks.LogSizes(ctx, ids)
	}
	if err != nil || !h.take(ctx, changes, events, sizes, grown) {
		return err
	}
	if len(changes) == pageOfNews || len(events) == pageOfNews {
		return h.read(ctx, false, true, nil)
	}
	return nil
}

// take adds what was read and wakes the streams if it is anything.
func (h *hub) take(ctx context.Context, changes []task.Followed, events []store.Happened, sizes map[string]task.LogSize, grown []string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if ctx.Err() != nil {
		return false // another reader may have begun
	}
	h.changes.add(changes)
	h.events.add(events)
	anything := len(changes)+len(events) > 0
	for _, id := range grown {
		if w := h.watched[id]; w != nil {
			w.version++
			anything = true
		}
	}
	for id, size := range sizes {
		if w := h.watched[id]; w != nil && w.size != size {
			w.size = size
			w.version++
			anything = true
		}
	}
	if anything {
		close(h.news)
		h.news = make(chan struct{})
	}
	return anything
}

// changesAfter reads changes behind a position, from the table if need be.
func (h *hub) changesAfter(ctx context.Context, p store.Position, limit int) (list []task.Followed, err error) {
	h.mu.Lock()
	list, known := h.changes.after(p, limit)
	h.mu.Unlock()
	if known {
		return list, nil
	}
	err = h.db.View(ctx, func(tx *store.Tx) (err error) {
		list, err = task.ChangesSince(tx, p, limit)
		return err
	})
	return list, err
}

// eventsAfter reads audit events behind a position, from the table if need be.
func (h *hub) eventsAfter(ctx context.Context, p store.Position, limit int) (list []store.Happened, err error) {
	h.mu.Lock()
	list, known := h.events.after(p, limit)
	h.mu.Unlock()
	if known {
		return list, nil
	}
	err = h.db.View(ctx, func(tx *store.Tx) (err error) {
		list, err = tx.EventsSince(p, limit)
		return err
	})
	return list, err
}

// ends are the positions behind everything that has happened.
func (h *hub) ends(ctx context.Context) (changes, events store.Position, err error) {
	err = h.db.View(ctx, func(tx *store.Tx) error {
		if changes, err = task.ChangesEnd(tx); err != nil {
			return err
		}
		events, err = tx.EventsEnd()
		return err
	})
	return changes, events, err
}
