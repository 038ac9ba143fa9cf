package server

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
)

func TestStatusTellsOfUse(t *testing.T) {
	s, err := New(t.Context(), local(t.TempDir()), "1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	read := func() (doc status) {
		t.Helper()
		answer, err := http.Get("http://" + s.Addr().String() + "/statusz")
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if err := json.NewDecoder(answer.Body).Decode(&doc); err != nil {
			t.Fatal(err)
		}
		return doc
	}
	if doc := read(); doc.Version != "1.2.3" || doc.LastRequest != nil || doc.Requests != 0 || doc.Executing != 0 {
		t.Errorf("at first: %+v", doc)
	}
	answer, err := http.Get("http://" + s.Addr().String() + "/api")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if doc := read(); doc.LastRequest == nil || doc.Requests != 1 || doc.ServerErrors != 0 {
		t.Errorf("after a request: %+v", doc)
	}
}

// TestAStartRefusesToBeginEmpty says so of a server that had data once.
func TestAStartRefusesToBeginEmpty(t *testing.T) {
	cfg := local(t.TempDir())
	cfg.Backup.To, cfg.Backup.Restore = t.TempDir(), "required"
	if s, err := New(t.Context(), cfg, "1.2.3"); err == nil {
		s.close()
		t.Fatal("it began empty")
	}
}
