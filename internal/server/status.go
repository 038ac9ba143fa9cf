package server

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/takodeploy/tako/internal/trigger"
)

// use counts what is asked of the server, for those who decide whether it can
// sleep or is healthy.
type use struct {
	last     atomic.Int64 // when, in milliseconds
	requests atomic.Int64
}

// begin is called for each request of the API that comes in, end with its
// answer: one that takes long is use at both times.
func (u *use) begin() {
	u.last.Store(time.Now().UnixMilli())
	u.requests.Add(1)
}

func (u *use) end() { u.last.Store(time.Now().UnixMilli()) }

// status is the document at /statusz.
type status struct {
	Version      string
	LastRequest  *time.Time // of the API
	Executing    int        // tasks that are under way, or wait for somebody within
	Queued       int        // tasks that wait for their turn
	NextDue      *time.Time // when a task or trigger is due next
	Requests     int64      // since the start
	ServerErrors int64      // of them, that failed for reasons of the server's own
}

// statusz tells what the server has to do, now and next.
func (s *Server) statusz(w http.ResponseWriter, r *http.Request, u *use, failures int64) {
	doc := status{Version: s.version, Requests: u.requests.Load(), ServerErrors: failures}
	if last := u.last.Load(); last > 0 {
		t := time.UnixMilli(last).UTC()
		doc.LastRequest = &t
	}
	ahead, err := s.queue.Ahead(r.Context())
	if err == nil {
		doc.Executing, doc.Queued, doc.NextDue = ahead.Executing, ahead.Queued, earlier(doc.NextDue, ahead.Next)
		var due time.Time
		due, err = trigger.NextDue(r.Context(), s.db)
		doc.NextDue = earlier(doc.NextDue, due)
	}
	if err != nil {
		slog.Warn("the server cannot tell what it has to do", "error", err)
		http.Error(w, "the database cannot be reached", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(doc) // whoever asked has gone, then
}

// earlier is the earlier of two times, the second of which may be none.
func earlier(a *time.Time, b time.Time) *time.Time {
	if b.IsZero() || a != nil && a.Before(b) {
		return a
	}
	return &b
}
