package api

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// TestConditionalReads reads each single resource that the API describes: it
// has an ETag, and who names that is told that there is nothing new.
func TestConditionalReads(t *testing.T) {
	w := newWorld(t)
	tried := 0
	for _, r := range w.api.routes.all {
		page, all := r.listed()
		if r.Method != http.MethodGet || page || all || r.Answer == nil {
			continue
		}
		for _, q := range w.requests(r, "/api/Spaces-1") {
			a := w.send("GET", q.path, nil)
			if a.status != 200 || !strings.HasPrefix(a.header.Get("Content-Type"), "application/json") {
				continue // the world has none of these
			}
			tag := a.header.Get("ETag")
			if tag == "" {
				t.Errorf("GET %s: no ETag", r.Pattern)
				continue
			}
			again := w.send("GET", q.path, nil)
			if !bytes.Equal(a.body, again.body) {
				continue // it tells of what goes on, as of the time that has passed
			}
			tried++
			for _, want := range []string{tag, "W/" + tag, `"x", ` + tag} {
				a := w.send("GET", q.path, nil, "If-None-Match", want)
				if a.status == 200 && a.header.Get("ETag") != tag {
					break // it has changed just now
				}
				if a.status != 304 || len(a.body) != 0 {
					t.Errorf("GET %s with If-None-Match: %s: %d %.200s", r.Pattern, want, a.status, a.body)
				}
			}
			if a := w.send("GET", q.path, nil, "If-None-Match", `"x"`); a.status != 200 {
				t.Errorf("GET %s with another tag: %d", r.Pattern, a.status)
			}
		}
	}
	if tried < 100 {
		t.Errorf("only %d resources were tried", tried)
	}
}

// TestStaleWrites changes and deletes each resource with the tag of another
// state: it is refused and nothing has happened. With the tag of the present
// state a change is not refused for that.
func TestStaleWrites(t *testing.T) {
	w := newWorld(t)
	tried := 0
	for _, r := range w.api.routes.all {
		if r.Method != http.MethodPut && r.Method != http.MethodDelete {
			continue
		}
		for _, q := range w.requests(r, "/api/Spaces-1") {
			read := w.send("GET", q.path, nil)
			tag := read.header.Get("ETag")
			if read.status != 200 || tag == "" || !strings.HasPrefix(read.header.Get("Content-Type"), "application/json") {
				continue
			}
			body, err := json.Marshal(q.body)
			if err != nil {
				t.Fatal(err)
			}
			tried++
			before := w.snapshot("")
			if a := w.send(r.Method, q.path, bytes.NewReader(body), "If-Match", `"987654"`); a.status != 409 {
				t.Errorf("%s %s with a stale If-Match: %d %.200s", r.Method, r.Pattern, a.status, a.body)
				continue
			}
			if w.snapshot("") != before {
				t.Errorf("%s %s with a stale If-Match has changed something", r.Method, r.Pattern)
			}
			if r.Method == http.MethodDelete {
				continue
			}
			if a := w.send("PUT", q.path, bytes.NewReader(read.body), "If-Match", tag); a.status == 409 && strings.Contains(string(a.body), "read it again") {
				t.Errorf("PUT %s with the tag of the present state: %s", r.Pattern, a.body)
			}
		}
	}
	if tried < 60 {
		t.Errorf("only %d writes were tried", tried)
	}
}
