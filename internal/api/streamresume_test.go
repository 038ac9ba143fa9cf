package api

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/login"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

// node is another server of the same database: another node of a cluster, or,
// where there can be only one, the one after a restart.
func (h *harness) node() (*API, *httptest.Server) {
	h.Helper()
	db := h.api.DB
	if db.Engine == store.PostgreSQL {
		other, err := store.Open(h.Context(), "", db.URL)
		if err != nil {
			h.Fatal(err)
		}
		h.Cleanup(func() { _ = other.Close() })
		other.Key = db.Key
		db = other
	}
	a, err := New(Options{DB: db, Login: login.New(login.Options{DB: db, Accounts: login.Users{}, Installation: "test"}), Blobs: h.api.Blobs,
		Tasks: task.NewQueue(db, task.Options{Instance: "test"}), Version: "2026.1.0", Node: "another"})
	if err != nil {
		h.Fatal(err)
	}
	s := httptest.NewServer(a)
	h.Cleanup(s.Close)
	return a, s
}

// What changes between the reading of a page and the beginning of its stream is
// told, and the page need not read again.
func TestStreamBeginsWhereAPageWasRead(t *testing.T) {
	h := newHarness(t)
	h.enqueue(task.New{SpaceID: "Spaces-1", ProjectID: "Projects-1"})
	at := h.call(200, "GET", "/api/ui/position", nil).(thing)["At"].(string)
	id := h.enqueue(task.New{SpaceID: "Spaces-1", ProjectID: "Projects-7"})
	l := h.listen(h.server.URL, "/api/Spaces-1/ui/events?topics=tasks&after="+url.QueryEscape(at))
	if first, _ := l.next(); first.event != "ready" || first.data["Resumed"] != true {
		t.Errorf("the stream begins with %q", first.raw)
	}
	if m, _ := l.next(); m.event != "task" || m.data["Id"] != id {
		t.Errorf("%q is told first", m.raw)
	}
}

// told is what a client has been told of what the tables have.
type told struct {
	tasks, groups []string
	lines         []string
}

func (g *told) take(m message) {
	switch m.event {
	case "task":
		g.tasks = append(g.tasks, fmt.Sprint(m.data["Id"], " ", m.data["Change"], " ", m.data["State"]))
	case "resource":
		g.groups = append(g.groups, fmt.Sprint(m.data["Id"], " ", m.data["Change"]))
	case "log":
		for i, l := range m.data["Lines"].([]any) {
			if n := m.data["From"].(float64) + float64(i); at(l, "Number") != n {
				n = -n
			}
			g.lines = append(g.lines, fmt.Sprint(at(l, "Number"), " ", at(l, "MessageText")))
		}
	}
}

// settled reports whether every task that changed has come to its end.
func (g *told) settled() bool {
	states := map[string]string{}
	for _, change := range g.tasks {
		words := strings.Fields(change)
		states[words[0]] = words[2]
	}
	for _, state := range states {
		if state == string(task.Queued) || state == string(task.Executing) || state == string(task.Cancelling) {
			return false
		}
	}
	return len(states) > 0
}

// truth reads from the tables what there is to tell.
func (h *harness) truth(id string, changes, events store.Position) (g told) {
	h.Helper()
	err := h.api.DB.View(h.Context(), func(tx *store.Tx) error {
		list, err := task.ChangesSince(tx, changes, 1<<20)
		if err != nil {
			return err
		}
		for _, f := range list {
			g.tasks = append(g.tasks, fmt.Sprint(f.Task, " ", f.Kind, " ", f.Status.State))
		}
		trail, err := tx.EventsSince(events, 1<<20)
		for _, e := range trail {
			g.groups = append(g.groups, e.Document+" "+e.Category)
		}
		return err
	})
	if err != nil {
		h.Fatal(err)
	}
	lines, err := h.api.Tasks.Lines(h.Context(), id, 1, 1<<20)
	if err != nil {
		h.Fatal(err)
	}
	for _, l := range lines {
		g.lines = append(g.lines, fmt.Sprint(l.Number, " ", l.Text))
	}
	return g
}

// busy changes tasks and resources until it has done so often enough.
func (h *harness) busy(writers, each int) {
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range each {
				t, err := h.api.Tasks.Enqueue(h.Context(), task.New{Name: "Idle", SpaceID: "Spaces-1"})
				if err == nil {
					_, err = h.api.Tasks.Cancel(h.Context(), t.ID)
				}
				if err != nil {
					h.Error(err)
				}
				vain := errors.New("in vain")
				err = h.api.DB.Do(h.Context(), func(tx *store.Tx) error {
					g := &catalog.ProjectGroup{}
					g.Name, g.SpaceID = fmt.Sprint("Group ", w, " ", i), kind.DefaultSpace
					if err := catalog.ProjectGroups.Put(tx, g); err != nil {
						return err
					}
					if i%4 == 0 {
						return vain
					}
					return nil
				})
				if err != nil && !errors.Is(err, vain) {
					h.Error(err)
				}
			}
		})
	}
	all.Wait()
}

// TestStreamsGoOnWhereTheyBrokeOff breaks connections, restarts servers and
// goes from node to node while much happens, and compares what the client was
// told with the tables.
func TestStreamsGoOnWhereTheyBrokeOff(t *testing.T) {
	h := newHarness(t)
	w := h.writer(h.api.Tasks)
	id := h.enqueue(task.New{Name: "Write", SpaceID: "Spaces-1"})
	w.lines <- "first"
	path := "/api/Spaces-1/ui/events?topics=tasks,resources,task:" + id + ":log"
	l := h.listen(h.server.URL, path)
	ready, _ := l.next()
	l.stop()
	begun, ok := parseCursor(ready.id)
	if !ok {
		t.Fatal(ready.id)
	}
	written := make(chan struct{})
	go func() {
		defer close(written)
		var both sync.WaitGroup
		both.Go(func() { h.busy(4, 40) })
		both.Go(func() {
			for i := range 600 {
				w.lines <- fmt.Sprint("line ", i)
			}
			close(w.lines)
		})
		both.Wait()
	}()

	var got, want told
	nodeAPI, node := h.node()
	r := rand.New(rand.NewPCG(5, 6))
	last, complete := ready.id, false
	var deadline time.Time // for what is still to come once all is written
	for turn := 0; !complete; turn++ {
		if turn%5 == 4 { // restart the node
			nodeAPI.Drain()
			nodeAPI, node = h.node()
		}
		url := []string{h.server.URL, node.URL}[turn%2]
		l := h.listen(url, path, "Last-Event-ID", last)
		for n := 1 + r.IntN(60); n > 0 && !complete; n-- {
			m, ok := l.next()
			if !ok {
				break
			}
			if m.event == "resync" {
				t.Fatalf("the stream could not go on from %s", last)
			}
			got.take(m)
			select {
			case <-written:
				want = h.truth(id, begun.changes, begun.events)
				complete = want.settled() && len(got.tasks) >= len(want.tasks) && len(got.groups) >= len(want.groups) && len(got.lines) >= len(want.lines)
				if deadline.IsZero() {
					deadline = time.Now().Add(time.Minute)
				}
				if !complete && time.Now().After(deadline) {
					t.Fatalf("%d of %d changes, %d of %d resources and %d of %d lines came, and no more", len(got.tasks), len(want.tasks), len(got.groups), len(want.groups), len(got.lines), len(want.lines))
				}
			default:
			}
		}
		last = l.last
		l.stop()
	}
	if diff := cmp.Diff(want.tasks, got.tasks); diff != "" {
		t.Errorf("tasks: %.2000s", diff)
	}
	if diff := cmp.Diff(want.groups, got.groups); diff != "" {
		t.Errorf("resources: %.2000s", diff)
	}
	if diff := cmp.Diff(want.lines, got.lines); diff != "" {
		t.Errorf("lines: %.2000s", diff)
	}
	if len(want.tasks) < 320 || len(want.groups) < 120 || len(want.lines) != 601 {
		t.Errorf("only %d changes, %d resources and %d lines", len(want.tasks), len(want.groups), len(want.lines))
	}
	// Nothing is left: the next that is told is the next that happens.
	l = h.listen(node.URL, path, "Last-Event-ID", last)
	next := h.enqueue(task.New{SpaceID: "Spaces-1"})
	for {
		m, _ := l.next()
		if m.event == "resource" || m.event == "log" && len(m.data["Lines"].([]any)) > 0 || m.event == "task" && m.data["Id"] != next {
			t.Errorf("told again: %s", m.raw)
		}
		if m.event == "task" && m.data["Id"] == next {
			break
		}
	}
}

// TestStreamFollowsATaskOfAnotherNode has one node write and another tell.
func TestStreamFollowsATaskOfAnotherNode(t *testing.T) {
	h := newHarness(t)
	w := h.writer(h.api.Tasks)
	id := h.enqueue(task.New{Name: "Write", SpaceID: "Spaces-1"})
	_, node := h.node()
	l := h.listen(node.URL, "/api/ui/events?topics=task:"+id+":log")
	l.until("activity", nil)
	var took []time.Duration
	for i := range 10 {
		text := fmt.Sprint("line ", i)
		said := time.Now()
		w.lines <- text
		if m := l.until("log", nil); at(m.data, "Lines", 0, "MessageText") != text {
			t.Errorf("%v", m.data)
		}
		took = append(took, time.Since(said))
	}
	slices.Sort(took)
	t.Logf("a line said on another node reached the client after %s in the median, %s at worst", took[len(took)/2], took[len(took)-1])
	close(w.lines)
	l.until("log", func(data thing) bool { return data["Ended"] == true })
}

// lazy is a client that does not read, with little room on the way to it.
func (h *harness) lazy(path string) net.Conn {
	h.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(h.server.URL, "http://"))
	if err != nil {
		h.Fatal(err)
	}
	h.Cleanup(func() { _ = c.Close() })
	if err := c.(*net.TCPConn).SetReadBuffer(64 << 10); err != nil {
		h.Fatal(err)
	}
	fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: tako\r\nX-Octopus-ApiKey: %s\r\n\r\n", path, h.key)
	return c
}

// wake reads what the server had to say until it has ended, or until the last
// of some tasks has come.
func wake(c net.Conn, last string) (ids []string, cursor string, err error) {
	if err := c.(*net.TCPConn).SetReadBuffer(4 << 20); err != nil {
		return nil, "", err
	}
	a, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return nil, "", err
	}
	defer c.Close() // closing the body would read on
	lines := bufio.NewReaderSize(a.Body, 1<<20)
	id, of := "", ""
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return ids, cursor, err
		}
		switch {
		case strings.HasPrefix(line, "id: "):
			id = strings.TrimSpace(line[4:])
		case strings.HasPrefix(line, `data: {"Id":"ServerTasks-`):
			of = strings.SplitN(line, `"`, 5)[3]
		case line == "\n":
			cursor = id // the event is whole
			if of != "" {
				ids = append(ids, of)
			}
			if of != "" && of == last {
				return ids, cursor, nil
			}
			of = ""
		}
	}
}

// flood enqueues so many tasks that neither buffers nor the hub keep them.
func (h *harness) flood() (ids []string) {
	h.Helper()
	text := strings.Repeat("much ", 200)
	for range 18 {
		h.do(func(tx *store.Tx) error {
			for range 300 {
				t, err := h.api.Tasks.EnqueueTx(tx, task.New{Name: "X", SpaceID: "Spaces-1", Description: text})
				if err != nil {
					return err
				}
				ids = append(ids, t.ID)
			}
			return nil
		})
	}
	return ids
}

// TestSlowReadersHoldNobodyUp has one client read nothing while another gets
// everything. The slow one misses nothing, whether it is waited for or has to
// come back.
func TestSlowReadersHoldNobodyUp(t *testing.T) {
	const path = "/api/ui/events?topics=tasks"
	for name, patience := range map[string]time.Duration{"waited for": time.Hour, "given up": 50 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			h.api.hub.patience = patience
			slow := h.lazy(path)
			streams := func() (n int) {
				h.api.hub.mu.Lock()
				defer h.api.hub.mu.Unlock()
				for _, one := range h.api.hub.streams {
					n += one
				}
				return n
			}
			soon(t, "the slow one reads", func() bool { return streams() > 0 })
			h.api.hub.patience = time.Hour
			fast := h.listen(h.server.URL, path)
			fast.until("ready", nil)
			ids := h.flood()
			for _, id := range ids {
				if m := fast.until("task", nil); m.data["Id"] != id {
					t.Fatalf("%v instead of %s", m.data["Id"], id)
				}
			}
			h.api.hub.mu.Lock()
			if n := len(h.api.hub.changes.list); n > remembered*5/4 {
				t.Errorf("%d changes are remembered", n)
			}
			h.api.hub.mu.Unlock()
			if name == "given up" { // it was, once nobody is left but the fast one
				soon(t, "the slow one was given up", func() bool { return streams() <= 1 })
			}
			got, cursor, err := wake(slow, ids[len(ids)-1])
			if name == "given up" {
				if err == nil || len(got) == 0 {
					t.Fatalf("%d changes came, %v", len(got), err)
				}
				back := h.listen(h.server.URL, path, "Last-Event-ID", cursor)
				for len(got) < len(ids) {
					got = append(got, fmt.Sprint(back.until("task", nil).data["Id"]))
				}
			} else if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(ids, got); diff != "" {
				t.Errorf("the slow client: %.1000s", diff)
			}
		})
	}
}
