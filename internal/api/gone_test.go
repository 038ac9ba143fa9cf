package api

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A client that closes its side of the connection may still read: an empty
// answer of 200 would tell it that all is well.
func TestClosedConnectionIsNoSuccess(t *testing.T) {
	h := newHarness(t)
	gone, cancel := context.WithCancel(h.Context())
	cancel()
	for _, path := range []string{"/api/Spaces-1/dashboard", "/api/Spaces-1/environments"} {
		q := httptest.NewRequestWithContext(gone, http.MethodGet, path, nil)
		q.Header.Set("X-Octopus-ApiKey", h.key)
		w := httptest.NewRecorder()
		h.api.ServeHTTP(w, q)
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "The connection was closed before") {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	if n := h.api.Failures(); n != 0 {
		t.Errorf("%d failures of the server", n)
	}
}
