package server

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/takodeploy/tako/internal/store"
)

// TestLiveWithoutItsDatabase is what a server is that must not be restarted:
// it is alive, but not ready.
func TestLiveWithoutItsDatabase(t *testing.T) {
	db, err := store.Open(context.Background(), t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{db: db}
	db.Close()
	for path, want := range map[string]int{"/livez": http.StatusOK, "/healthz": http.StatusServiceUnavailable} {
		w := httptest.NewRecorder()
		s.handler(nil).ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != want {
			t.Errorf("%s answers %d", path, w.Code)
		}
	}
}
