package api

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestCompressedAnswers(t *testing.T) {
	h := newHarness(t)
	for n := range 80 {
		h.make("environments", map[string]any{"Name": fmt.Sprint("Environment ", n), "Description": strings.Repeat("where things run ", 20)})
	}
	h.project("Shop")
	for _, c := range []struct {
		path, accepts string
		packed        bool
	}{
		{"environments", "gzip", true},
		{"environments", "br, GZIP;q=0.5", true},
		{"environments", "identity", false},
		{"environments", "gzip;q=0, *", false},
		{"environments?take=2", "gzip", false}, // too short
		{"dashboard", "gzip", true},            // put together from texts that are kept
	} {
		path := "/api/Spaces-1/" + c.path
		plain := h.send("GET", path, nil, "Accept-Encoding", "identity")
		got := h.raw(path, c.accepts)
		if packed := got.header.Get("Content-Encoding") == "gzip"; packed != c.packed {
			t.Errorf("%s for who takes %s: compressed is %v, of %d bytes", c.path, c.accepts, packed, len(plain.body))
			continue
		}
		text := got.body
		if c.packed {
			z, err := gzip.NewReader(bytes.NewReader(got.body))
			if err != nil {
				t.Fatal(err)
			}
			if text, err = io.ReadAll(z); err != nil {
				t.Fatal(err)
			}
			if len(got.body)*2 > len(text) || got.header.Get("Content-Length") == fmt.Sprint(len(text)) {
				t.Errorf("%s: %d bytes of %d, said to be %s", c.path, len(got.body), len(text), got.header.Get("Content-Length"))
			}
		}
		if !bytes.Equal(text, plain.body) || got.header.Get("ETag") != plain.header.Get("ETag") {
			t.Errorf("%s for who takes %s is another answer", c.path, c.accepts)
		}
		if vary := strings.Contains(strings.Join(got.header.Values("Vary"), ","), "Accept-Encoding"); vary != (len(text) >= compressFrom) {
			t.Errorf("%s varies: %v", c.path, vary)
		}
		known := h.send("GET", path, nil, "Accept-Encoding", c.accepts, "If-None-Match", got.header.Get("ETag"))
		head := h.send("HEAD", path, nil, "Accept-Encoding", c.accepts)
		if known.status != 304 || head.status != 200 || len(known.body)+len(head.body) > 0 {
			t.Errorf("%s: %d, %d, %q", c.path, known.status, head.status, head.body)
		}
	}
	long := strings.NewReader(`{"Name":"Long","Description":"` + strings.Repeat("x", 2*compressFrom) + `"}`)
	if a := h.send("POST", "/api/Spaces-1/projectgroups", long, "Accept-Encoding", "gzip"); a.header.Get("Content-Encoding") != "" {
		t.Errorf("%d: the answer to a write is compressed", a.status)
	}
}

// raw is an answer as it comes over the wire, for who takes some codings.
func (h *harness) raw(path, accepts string) reply {
	h.Helper()
	q, err := http.NewRequestWithContext(h.Context(), "GET", h.server.URL+path, nil)
	if err != nil {
		h.Fatal(err)
	}
	q.Header.Set("X-Octopus-ApiKey", h.key)
	q.Header.Set("Accept-Encoding", accepts)
	a, err := h.server.Client().Do(q)
	if err != nil {
		h.Fatal(err)
	}
	defer a.Body.Close()
	data, err := io.ReadAll(a.Body)
	if err != nil {
		h.Fatal(err)
	}
	return reply{a.StatusCode, a.Header, data}
}
