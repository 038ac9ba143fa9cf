package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/takodeploy/tako/internal/blob"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/store"
)

var errPanic = errors.New("the handler panicked")

type methodError struct{ method, allowed string }

func (e *methodError) Error() string {
	return fmt.Sprintf("%s is not possible here; possible: %s.", e.method, e.allowed)
}

// problem is the error document of the wire. Errors is left out where there
// are none: clients of the Go library lose the status of an answer that has an
// empty list.
type problem struct {
	ErrorMessage string   `json:"ErrorMessage"`
	Errors       []string `json:"Errors,omitempty"`
	RequestID    string   `json:"RequestId,omitempty"`
}

// tell takes the words of a fault.
func (p *problem) tell(f *fault.Error) {
	p.ErrorMessage, p.Errors = f.Message, f.Details
	if f.Cause != nil && len(f.Details) == 0 && f.Code != fault.Conflict {
		p.ErrorMessage = f.Error()
	}
	if (f.Code == fault.Invalid || f.Code == fault.Conflict) && len(p.Errors) == 0 {
		p.Errors = []string{p.ErrorMessage}
	}
}

// Failures is how many requests were not answered as they should have been, for
// reasons of the server's own.
func (a *API) Failures() int64 { return a.failed.Load() }

// fail writes an error answer and logs what is nobody's fault but ours.
func (a *API) fail(r *Request, err error) {
	if r.written {
		// The answer has begun: breaking the connection is the only way left
		// to say that it is not whole.
		slog.Warn("an answer was broken off", "request", r.ID, "path", r.URL.Path, "error", err)
		panic(http.ErrAbortHandler)
	}
	p := problem{ErrorMessage: err.Error()}
	code := fault.CodeOf(err).Status()
	var f *fault.Error
	var m *methodError
	var t *throttled
	switch {
	case store.Unreachable(err):
		a.failed.Add(1)
		code = http.StatusServiceUnavailable
		p.ErrorMessage = "The database cannot be reached at the moment. Try again a little later; what is running goes on."
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			p.ErrorMessage += " Look first whether the request has taken effect."
		}
		slog.Warn("a request met no database", "request", r.ID, "method", r.Method, "path", r.URL.Path, "error", err)
	case blob.Full(err):
		// Where it should have gone says nothing to whoever asks, and all to
		// whoever makes room.
		a.failed.Add(1)
		code, p.ErrorMessage = http.StatusServiceUnavailable, "The server has no space left to store this, and has kept nothing of it. Ask whoever looks after the server to make room, then try again."
		slog.Error("there is no space left to store something: make room where packages, artifacts and logs are kept", "request", r.ID, "method", r.Method, "path", r.URL.Path, "error", err)
	case errors.As(err, &t):
		code = http.StatusTooManyRequests
		r.W.Header().Set("Retry-After", strconv.Itoa(t.seconds()))
	case errors.As(err, &m):
		code = http.StatusMethodNotAllowed
	case errors.As(err, &f):
		p.tell(f)
		if f.Code == fault.Damaged {
			a.failed.Add(1)
			slog.Error("something stored is damaged", "request", r.ID, "method", r.Method, "path", r.URL.Path, "error", err)
		}
	case errors.Is(err, context.Canceled) && r.Context().Err() != nil:
		// Who only closed their own side still reads.
		code, p.ErrorMessage = http.StatusBadRequest, "The connection was closed before the request was answered. Keep it open for writing too until the answer is there."
	default:
		a.failed.Add(1)
		slog.Error("a request failed", "request", r.ID, "method", r.Method, "path", r.URL.Path, "error", err)
		p.ErrorMessage = "Something went wrong in the server. Its log tells more under request " + r.ID + "."
	}
	if code >= 500 {
		p.RequestID = r.ID
	}
	if code == http.StatusServiceUnavailable {
		r.W.Header().Set("Retry-After", "2")
	}
	body, err := json.Marshal(p)
	if err != nil {
		body = []byte(`{"ErrorMessage":"The error could not be described."}`)
	}
	r.send(code, body)
}
