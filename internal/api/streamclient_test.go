package api

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// message is one server-sent event.
type message struct {
	event, id string
	data      thing
	raw       string
}

// listener reads a stream of events.
type listener struct {
	*testing.T
	header   http.Header
	messages chan message // closed when the stream has ended
	stop     context.CancelFunc
	last     string // the id of the last that next gave
}

// listen opens a stream as the administrator, or with the given headers.
func (h *harness) listen(url, path string, headers ...string) *listener {
	h.Helper()
	ctx, stop := context.WithCancel(h.Context())
	h.Cleanup(stop)
	q, err := http.NewRequestWithContext(ctx, "GET", url+path, nil)
	if err != nil {
		h.Fatal(err)
	}
	q.Header.Set("X-Octopus-ApiKey", h.key)
	for i := 0; i+1 < len(headers); i += 2 {
		q.Header.Set(headers[i], headers[i+1])
	}
	a, err := h.server.Client().Do(q)
	if err != nil {
		h.Fatal(err)
	}
	if a.StatusCode != 200 {
		body, _ := io.ReadAll(a.Body)
		h.Fatalf("%s: %d %s", path, a.StatusCode, body)
	}
	l := &listener{T: h.T, header: a.Header, messages: make(chan message), stop: stop}
	go func() {
		defer close(l.messages)
		defer a.Body.Close()
		lines := bufio.NewReader(a.Body)
		var m message
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				return
			}
			m.raw += line
			switch name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": "); name {
			case "event":
				m.event = value
			case "id":
				m.id = value
			case "data":
				if err := json.Unmarshal([]byte(value), &m.data); err != nil {
					h.Errorf("%v: %s", err, value)
				}
			case "":
				select {
				case l.messages <- m:
				case <-ctx.Done():
					return
				}
				m = message{}
			}
		}
	}()
	return l
}

// next gives the next message; ok is false at the end of the stream.
func (l *listener) next() (m message, ok bool) {
	l.Helper()
	select {
	case m, ok = <-l.messages:
		if m.id != "" {
			l.last = m.id
		}
		return m, ok
	case <-time.After(30 * time.Second):
		l.Fatal("nothing comes")
		return m, false
	}
}

// until gives the next message of a sort that is as wanted.
func (l *listener) until(event string, wanted func(thing) bool) message {
	l.Helper()
	for {
		m, ok := l.next()
		if !ok {
			l.Fatalf("the stream has ended without %s", event)
		}
		if m.event == event && (wanted == nil || wanted(m.data)) {
			return m
		}
	}
}

// is makes a condition: a member has a value.
func is(member, value string) func(thing) bool {
	return func(data thing) bool { s, _ := data[member].(string); return s == value }
}
