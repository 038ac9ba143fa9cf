package api

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

func TestStreamRefusesWhatItCannotTell(t *testing.T) {
	h := newHarness(t)
	for query, status := range map[string]int{
		"": 400, "?topics=": 400, "?topics=weather": 400, "?topics=task:": 400, "?topics=task:ServerTasks-9": 404,
		"?topics=task:ServerTasks-9:lines": 400, "?topics=task:ServerTasks-9:log@x": 400, "?topics=task:ServerTasks-9:log@-1": 400,
		"?topics=" + manyTasks(): 400,
	} {
		if a := h.send("GET", "/api/ui/events"+query, nil); a.status != status {
			t.Errorf("%s: %d %s", query, a.status, a.body)
		}
	}
	if a := h.send("GET", "/api/ui/events?topics=tasks", nil, "Sec-Fetch-Site", "cross-site"); a.status != 403 {
		t.Errorf("from another site: %d", a.status)
	}
	if a := h.send("GET", "/api/ui/events?topics=tasks", nil, "X-Octopus-ApiKey", "API-WRONG"); a.status != 401 {
		t.Errorf("with a wrong key: %d", a.status)
	}
}

func manyTasks() string {
	var all []string
	for i := range mostFollowed + 1 {
		all = append(all, fmt.Sprint("task:ServerTasks-", i))
	}
	return strings.Join(all, ",")
}

// TestStreamSaysWhenItCannotGoOn comes with cursors that lead nowhere.
func TestStreamSaysWhenItCannotGoOn(t *testing.T) {
	h := newHarness(t)
	l := h.listen(h.server.URL, "/api/ui/events?topics=tasks")
	ready, _ := l.next()
	c, _ := parseCursor(ready.id)
	ahead := c
	ahead.changes.Xid, ahead.changes.ID = ahead.changes.Xid+1<<40, ahead.changes.ID/2+1<<40 // of a database that was put back
	old := strings.Replace(ready.id, fmt.Sprintf("1.%x", c.issued.Unix()), fmt.Sprintf("1.%x", c.issued.Add(-task.Reach()).Unix()-1), 1)
	for name, text := range map[string]string{"nonsense": "17", "ahead": ahead.String(), "old": old, "negative": strings.Replace(ready.id, "1.", "1.-", 1)} {
		l := h.listen(h.server.URL, "/api/ui/events?topics=tasks", "Last-Event-ID", text)
		if m, _ := l.next(); m.event != "ready" || m.data["Resumed"] != false {
			t.Errorf("%s: %s", name, m.raw)
		}
		if m, _ := l.next(); m.event != "resync" {
			t.Errorf("%s: %s", name, m.raw)
		}
		id := h.enqueue(task.New{})
		l.until("task", is("Id", id))
	}
	l = h.listen(h.server.URL, "/api/ui/events?topics=tasks&after="+ready.id)
	if m, _ := l.next(); m.data["Resumed"] != true {
		t.Errorf("%s", m.raw)
	}
}

// TestStreamEndsWithItsReason has the server stop, and the client lose its key.
func TestStreamEndsWithItsReason(t *testing.T) {
	h := newHarness(t)
	h.api.hub.beat = 5 * time.Millisecond
	key := h.member("eve", h.role("TaskView"))
	l := h.listen(h.server.URL, "/api/ui/events?topics=tasks", "X-Octopus-ApiKey", key)
	l.until("ready", nil)
	if m, _ := l.next(); m.event != "" || m.id == "" || !strings.HasPrefix(m.raw, ":\n") {
		t.Errorf("instead of a heartbeat: %q", m.raw)
	}
	h.do(func(tx *store.Tx) error {
		_, err := tx.Exec("delete from api_key where user_id in (select id from document where kind = 'Users' and name_key = 'eve')")
		return err
	})
	for _, u := range h.call(200, "GET", "/api/users?take=100", nil).(thing)["Items"].([]any) {
		h.api.Login.Forget(fmt.Sprint(at(u, "Id")))
	}
	for ok := true; ok; {
		_, ok = l.next()
	}
	other := h.listen(h.server.URL, "/api/ui/events?topics=tasks")
	other.until("ready", nil)
	h.api.Drain()
	h.api.Drain()
	other.until("drain", nil)
	if m, ok := other.next(); ok {
		t.Errorf("after the end: %s", m.raw)
	}
	if a := h.send("GET", "/api/ui/events?topics=tasks", nil); a.status != 503 {
		t.Errorf("a stream of a server that stops: %d", a.status)
	}
	h.api.hub.mu.Lock()
	defer h.api.hub.mu.Unlock()
	if len(h.api.hub.streams) != 0 || h.api.hub.stop != nil {
		t.Errorf("%v are left", h.api.hub.streams)
	}
}

func TestStreamsAreCounted(t *testing.T) {
	h := newHarness(t)
	var all []*listener
	for range mostStreams {
		l := h.listen(h.server.URL, "/api/ui/events?topics=tasks")
		l.until("ready", nil)
		all = append(all, l)
	}
	if a := h.send("GET", "/api/ui/events?topics=tasks", nil); a.status != 503 {
		t.Errorf("one more: %d", a.status)
	}
	all[0].stop()
	soon(t, "there is room for another stream", func() bool { return h.send("HEAD", "/api/ui/events?topics=tasks", nil).status == 200 })
}
