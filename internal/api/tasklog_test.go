package api

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/takodeploy/tako/internal/task"
)

// logged is a harness with a task that has ended and left a log of 3,000 lines.
func logged(t *testing.T) (h *harness, id string) {
	t.Helper()
	h = newHarness(t, func(o *Options) { o.Tasks = task.NewQueue(o.DB, task.Options{Instance: "test", Blobs: o.Blobs}) })
	r := task.NewRunner(h.api.Tasks, task.RunnerOptions{Node: "n", Poll: 20 * time.Millisecond, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	r.Handle("Write", task.HandlerFunc(func(ctx context.Context, x *task.Execution) (task.Outcome, error) {
		var lines []task.Line
		for i := range 3000 {
			lines = append(lines, task.Line{Category: []task.Category{task.Info, task.Verbose, task.Error}[i%3], Text: fmt.Sprintf("line %d of Many %s", i+1, strings.Repeat("x", 100))})
		}
		return task.Outcome{Act: task.Succeed}, x.Save(ctx, task.Save{Plan: []byte("{}"), Outline: &task.Outline{Steps: []task.Place{{Path: "1", Name: "Write", Places: []task.Place{{Path: "1.1", Name: "Write"}}}}}, Logs: []task.Lines{{Path: "1.1", Lines: lines}}})
	}))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = r.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	id = h.enqueue(task.New{Name: "Write", SpaceID: "Spaces-1"})
	soon(t, "the task has ended", func() bool { return at(h.call(200, "GET", "/api/tasks/"+id, nil), "IsCompleted") == true })
	return h, id
}

func TestLogsOverHTTP(t *testing.T) {
	h, id := logged(t)
	before := h.send("GET", "/api/tasks/"+id+"/raw", nil)
	if before.status != 200 || strings.Count(string(before.body), "\n") != 3001 || before.header.Get("ETag") != "" {
		t.Errorf("%d, %d lines", before.status, strings.Count(string(before.body), "\n"))
	}
	for _, where := range []string{"in the table", "in a blob"} {
		t.Run(where, func(t *testing.T) {
			h := &harness{T: t, api: h.api, server: h.server, key: h.key}
			logPages(h, id)
			details(h, id)
		})
		if _, err := h.api.Tasks.Tidy(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	whole := h.send("GET", "/api/tasks/"+id+"/raw", nil)
	if string(whole.body) != string(before.body) || whole.header.Get("Content-Length") != fmt.Sprint(len(before.body)) {
		t.Errorf("the text has changed; its length is %s", whole.header.Get("Content-Length"))
	}
	part := h.send("GET", "/api/Spaces-1/tasks/"+id+"/raw", nil, "Range", "bytes=100000-100099", "If-Range", whole.header.Get("ETag"))
	if part.status != http.StatusPartialContent || string(part.body) != string(before.body[100000:100100]) {
		t.Errorf("%d %q", part.status, part.body)
	}
	if a := h.send("GET", "/api/tasks/"+id+"/raw", nil, "Range", "bytes=-7"); string(a.body) != string(before.body[len(before.body)-7:]) {
		t.Errorf("the end is %q", a.body)
	}
	if a := h.send("GET", "/api/tasks/"+id+"/raw", nil, "If-None-Match", whole.header.Get("ETag")); a.status != http.StatusNotModified {
		t.Errorf("the same again: %d", a.status)
	}
}

func logPages(h *harness, id string) {
	h.Helper()
	for query, want := range map[string]string{
		"?from=17&limit=2":            "17 line 17|18 line 18|next 19",
		"?from=2999":                  "2999 line 2999|3000 line 3000|next 3001",
		"?level=Error&limit=2&from=4": "6 line 6|9 line 9|next 12",
		"?q=LINE+2000+of+many":        "2000 line 2000|next 3001",
		"?path=1.1&limit=1":           "1 line 1|next 2",
		"?path=2":                     "next 1",
		"?from=9999":                  "next 9999",
	} {
		page := h.call(200, "GET", "/api/tasks/"+id+"/log"+query, nil)
		got := ""
		for _, l := range at(page, "Lines").([]any) {
			text, _, _ := strings.Cut(fmt.Sprint(at(l, "MessageText")), " of")
			got += fmt.Sprint(at(l, "Number"), " ", text, "|")
			if at(l, "Node") != id+"/1@server" {
				h.Errorf("%v", l)
			}
		}
		if got += fmt.Sprint("next ", at(page, "Next")); got != want && query != "?path=2" || at(page, "Total") != 3000.0 || at(page, "Ended") != true {
			h.Errorf("%s: %s, want %s: %v", query, got, want, at(page, "Total"))
		}
	}
	for _, query := range []string{"?from=x", "?limit=-1", "?level=Loud"} {
		h.call(400, "GET", "/api/tasks/"+id+"/log"+query, nil)
	}
	a := h.send("GET", "/api/tasks/"+id+"/log?from=5", nil)
	if again := h.send("GET", "/api/tasks/"+id+"/log?from=5", nil, "If-None-Match", a.header.Get("ETag")); again.status != http.StatusNotModified {
		h.Errorf("the same page again: %d", again.status)
	}
	if other := h.send("GET", "/api/tasks/"+id+"/log?from=6", nil, "If-None-Match", a.header.Get("ETag")); other.status != 200 {
		h.Errorf("another page: %d", other.status)
	}
}

// details counts the lines that a task's details give.
func details(h *harness, id string) {
	h.Helper()
	for query, want := range map[string]int{"": 3000, "?verbose=false": 2000, "?tail=10": 10, "?verbose=false&tail=10": 10, "?verbose=true&tail=5000": 3000} {
		lines, verbose, last := 0, 0, 0.0
		var walk func(e any)
		walk = func(e any) {
			for _, l := range at(e, "LogElements").([]any) {
				lines++
				if at(l, "Category") == "Verbose" {
					verbose++
				}
				last = at(l, "Number").(float64)
			}
			for _, c := range at(e, "Children").([]any) {
				walk(c)
			}
		}
		walk(at(h.call(200, "GET", "/api/tasks/"+id+"/details"+query, nil), "ActivityLogs", 0))
		if hide := strings.Contains(query, "verbose=false"); lines != want || hide != (verbose == 0) || last != 3000 {
			h.Errorf("details%s: %d lines, %d of them verbose, the last is %v", query, lines, verbose, last)
		}
	}
}
