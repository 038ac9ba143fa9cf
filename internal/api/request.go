package api

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/takodeploy/tako/internal/access"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/login"
	"github.com/takodeploy/tako/internal/store"
)

// Request is an HTTP request with what was found out about it.
type Request struct {
	*http.Request
	W         http.ResponseWriter
	ID        string // for the log and for error answers
	Space     string // id of the space it is about, "" for the system
	Principal login.Principal
	Rights    *access.Set

	api      *API
	implicit bool // the path named no space
	wall     bool // what is asked for lies in the space
	params   []string
	query    map[string][]string
	written  bool
	reading  *Route // the GET of the same path
	revision int64  // of what a GET answers, where that has one
}

// Param gives a parameter of the path.
func (r *Request) Param(name string) string {
	for i := 0; i+1 < len(r.params); i += 2 {
		if r.params[i] == name {
			return r.params[i+1]
		}
	}
	return ""
}

func (r *Request) queryValues(name string) []string {
	if r.query == nil {
		r.query = map[string][]string{}
		values, _ := url.ParseQuery(r.URL.RawQuery)
		for k, v := range values {
			k = strings.ToLower(k)
			r.query[k] = append(r.query[k], v...)
		}
	}
	return r.query[strings.ToLower(name)]
}

// Q gives a query value; names match in any case, "" is the same as absent.
func (r *Request) Q(name string) string {
	for _, v := range r.queryValues(name) {
		if v != "" {
			return v
		}
	}
	return ""
}

// List gives the values of a query name, split at commas.
func (r *Request) List(name string) []string {
	var all []string
	for _, v := range r.queryValues(name) {
		for _, part := range strings.Split(v, ",") {
			if part = strings.TrimSpace(part); part != "" {
				all = append(all, part)
			}
		}
	}
	return all
}

// Int gives a whole number of the query, fallback when it is absent.
func (r *Request) Int(name string, fallback int) (int, error) {
	v := r.Q(name)
	if v == "" {
		return fallback, nil
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 0 {
		return 0, fault.Complaints{fmt.Sprintf("The query value %s must be a whole number from 0; it is %q.", name, v)}.Err()
	}
	return n, nil
}

// Bool gives a flag of the query; false when it is absent. Its name must be one
// of flags, so that nothing but true and false arrives here.
func (r *Request) Bool(name string) bool { return strings.EqualFold(r.Q(name), "true") }

// flags are the names of query values that are true or false.
var flags = []string{
	"active", "archived", "asCsv", "excludeDifference", "force", "hasPendingInterruptions", "hasWarningsOrErrors", "hideEmptyEnvironments", "hideEmptyWorkerPools",
	"ignoreChannelRules", "includeDetail", "includeDisabledSteps", "includeMissingVariables", "includeMultipleVersions", "includeNotes", "includePreRelease",
	"includePrivateKey", "includeReleaseNotes", "includeSystem", "latest", "partialMatch", "pendingOnly", "refresh", "replace", "running", "showAll", "verbose",
}

// flagged refuses flags that are neither true nor false: what was meant cannot
// be known, and false would be taken for it in silence.
func (r *Request) flagged() error {
	var wrong fault.Complaints
	for _, name := range flags {
		if v := r.Q(name); v != "" && !strings.EqualFold(v, "true") && !strings.EqualFold(v, "false") {
			wrong.Add("The query value %s must be true or false; it is %q.", name, v)
		}
	}
	return wrong.Err()
}

// maxBody bounds JSON bodies; packages and artifacts are streamed elsewhere.
const maxBody = 32 << 20

// Body reads the whole request body.
func (r *Request) Body() ([]byte, error) {
	data, err := io.ReadAll(http.MaxBytesReader(r.W, r.Request.Body, maxBody))
	if err != nil {
		return nil, unread(err)
	}
	return data, nil
}

// unread says why a body could not be read to its end.
func unread(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return fault.New(fault.TooLarge, "The request body has more than %d bytes, which is the most that is read here. Send less at once.", large.Limit)
	}
	return fault.Wrap(fault.Invalid, err, "The request body could not be read.")
}

// Read decodes the JSON body.
func (r *Request) Read(into any) error {
	body, err := r.Body()
	if err != nil {
		return err
	}
	return kind.Unmarshal(body, into)
}

// View reads from the store for this request.
func (r *Request) View(f func(*store.Tx) error) error { return r.api.DB.View(r.Context(), f) }

// Do writes to the store for this request, in the caller's name.
func (r *Request) Do(f func(*store.Tx) error) error { return r.api.DB.Do(r.Context(), f) }

// Base is the path under which the request's space lies.
func (r *Request) Base() string {
	if r.Space == "" {
		return "/api"
	}
	return "/api/" + r.Space
}

// Raw is an answer that is JSON already.
type Raw []byte

// MarshalJSON gives the bytes as they are.
func (r Raw) MarshalJSON() ([]byte, error) { return r, nil }

// Status is an answer with a status other than 200.
type Status struct {
	Code  int
	Value any
}

// Created is an answer with status 201.
func Created(v any) Status { return Status{http.StatusCreated, v} }

// Done is an answer that the handler has written itself.
type Done struct{}

func (r *Request) write(value any) error {
	if _, ok := value.(Done); ok {
		return nil
	}
	code, body, err := encode(value)
	if err != nil {
		return err
	}
	if r.known(code, body) {
		code, body = http.StatusNotModified, nil
	}
	r.send(code, body)
	return nil
}

func encode(value any) (code int, body []byte, err error) {
	code = http.StatusOK
	if s, ok := value.(Status); ok {
		code, value = s.Code, s.Value
	}
	switch v := value.(type) {
	case nil:
	case Raw:
		body = v
	default:
		if body, err = json.Marshal(v); err != nil {
			return 0, nil, fmt.Errorf("encoding the answer: %w", err)
		}
	}
	return code, body, nil
}

func (r *Request) send(code int, body []byte) {
	h := r.W.Header()
	if len(body) > 0 {
		h.Set("Content-Type", "application/json; charset=utf-8")
	}
	if code != http.StatusNotModified {
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	h.Set("Cache-Control", "no-cache")
	packed := code == http.StatusOK && r.compressed(len(body))
	r.written = true
	r.W.WriteHeader(code)
	// A client that hung up learns nothing more; there is nobody to tell.
	switch {
	case r.Method == http.MethodHead:
	case packed:
		z := compress(r.W)
		_, _ = z.Write(body)
		_ = z.Close()
	default:
		_, _ = r.W.Write(body)
	}
}

func requestID(r *http.Request) string {
	if id := r.Header.Get("X-Request-Id"); id != "" && len(id) <= 64 {
		return id
	}
	var b [8]byte
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

func stack() string { return string(debug.Stack()) }
