package api

import (
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"

	"github.com/takodeploy/tako/internal/fault"
)

// TestFailuresAreTheServersOwn counts what no caller can mend, and nothing else.
func TestFailuresAreTheServersOwn(t *testing.T) {
	a := &API{}
	for n, test := range []struct {
		err    error
		status int
		want   int64
	}{
		{fault.New(fault.Invalid, "no"), http.StatusBadRequest, 0},
		{errors.New("the disk burns"), http.StatusInternalServerError, 1},
		{fault.New(fault.Unavailable, "in maintenance"), http.StatusServiceUnavailable, 1},
		{errPanic, http.StatusInternalServerError, 2},
		{fault.Wrap(fault.Unavailable, &fs.PathError{Op: "write", Path: "/srv/secret/place", Err: syscall.ENOSPC}, "There is no space left to store packages/x"), http.StatusServiceUnavailable, 3},
	} {
		w := httptest.NewRecorder()
		a.fail(&Request{Request: httptest.NewRequest(http.MethodGet, "/api", nil), W: w, api: a, ID: "1"}, test.err)
		if w.Code != test.status || a.Failures() != test.want {
			t.Errorf("%d: %v is answered with %d, and %d failures are counted", n, test.err, w.Code, a.Failures())
		}
		if body := w.Body.String(); strings.Contains(body, "/") {
			t.Errorf("%v is answered with a path: %s", test.err, body)
		}
	}
}
