package server

import (
	"context"
	"log/slog"
	"strings"
	"sync"

	"github.com/takodeploy/tako/internal/api"
)

// mostRecent is how many lines of the log stay at hand.
const mostRecent = 500

// recent holds the latest lines of this node's log.
type recent struct {
	mu    sync.Mutex
	lines []api.LogEntry
	count int
}

func (r *recent) add(e api.LogEntry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count++
	e.Number = r.count
	if len(r.lines) < mostRecent {
		r.lines = append(r.lines, e)
		return
	}
	r.lines[(r.count-1)%mostRecent] = e
}

// latest gives the lines, newest first.
func (r *recent) latest() []api.LogEntry {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := len(r.lines)
	all := make([]api.LogEntry, n)
	for i := range all {
		all[i] = r.lines[(r.count-1-i)%n]
	}
	return all
}

// remembering is a log handler whose lines stay at hand.
type remembering struct {
	slog.Handler
	lines *recent
	with  string // what was said beforehand of each line
	group string
}

// levelNames are the categories that clients know.
var levelNames = map[slog.Level]string{slog.LevelDebug: "Verbose", slog.LevelInfo: "Info", slog.LevelWarn: "Warning", slog.LevelError: "Error"}

// Handle implements slog.Handler.
func (h *remembering) Handle(ctx context.Context, r slog.Record) error {
	var detail strings.Builder
	detail.WriteString(h.with)
	r.Attrs(func(a slog.Attr) bool {
		detail.WriteString(h.group + a.Key + "=" + a.Value.Resolve().String() + "\n")
		return true
	})
	h.lines.add(api.LogEntry{Category: levelNames[r.Level], OccurredAt: r.Time.UTC(), MessageText: r.Message, Detail: detail.String()})
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h *remembering) WithAttrs(attrs []slog.Attr) slog.Handler {
	next := *h
	next.Handler = h.Handler.WithAttrs(attrs)
	for _, a := range attrs {
		next.with += h.group + a.Key + "=" + a.Value.Resolve().String() + "\n"
	}
	return &next
}

// WithGroup implements slog.Handler.
func (h *remembering) WithGroup(name string) slog.Handler {
	next := *h
	next.Handler, next.group = h.Handler.WithGroup(name), h.group+name+"."
	return &next
}
