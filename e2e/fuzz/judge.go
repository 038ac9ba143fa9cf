package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
	length int64 // as said before the body; -1 when not
}

// wrong says what no answer may be; "" when this one is as it should.
func (w *world) wrong(o *operation, a answer) string {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(a.body))
	isJSON := strings.HasPrefix(a.header.Get("Content-Type"), "application/json")
	switch {
	case a.status >= 500 && (a.status != http.StatusServiceUnavailable || !asksOthers(o)):
		return fmt.Sprintf("%d", a.status)
	case a.status < 200 || a.status >= 300 && a.status < 400 && a.status != http.StatusNotModified:
		return fmt.Sprintf("%d, which clients do not follow", a.status)
	case a.status >= 400 && !isJSON:
		return fmt.Sprintf("%d, but of type %q", a.status, a.header.Get("Content-Type"))
	case a.status >= 400 && err != nil:
		return fmt.Sprintf("%d without a JSON body: %v", a.status, err)
	case a.status >= 400:
		return w.wrongProblem(a, value)
	case o.method == "DELETE" && a.status != http.StatusOK:
		return fmt.Sprintf("%d where clients want 200", a.status)
	case len(a.body) == 0:
		if a.length < 0 && !strings.HasPrefix(a.header.Get("Content-Type"), "text/event-stream") {
			return "an empty answer without a length"
		}
		return ""
	case isJSON && err != nil:
		return fmt.Sprintf("no JSON: %v", err)
	case isJSON && !utf8.Valid(a.body):
		return "JSON that is no UTF-8"
	case isJSON && o.answer != nil:
		if err := o.answer.Validate(value); err != nil {
			return fmt.Sprintf("outside of the schema: %v", err)
		}
	}
	return ""
}

// asksOthers tells operations whose answer is another server's, which may be
// out of reach: a feed's, or that of a project's Git repository.
func asksOthers(o *operation) bool {
	return strings.Contains(o.path, "/feeds/{id}/") || strings.Contains(o.path, "/projects/{id}/git/") || strings.Contains(o.path, "/{gitRef}/")
}

// wrongProblem judges the body of a refusal. The answers of OAuth have a shape
// of their own.
func (w *world) wrongProblem(a answer, value any) string {
	var said struct {
		ErrorMessage     string
		Errors           *[]string
		Error            string `json:"error"`
		ErrorDescription string `json:"error_description"`
	}
	if err := json.Unmarshal(a.body, &said); err == nil && said.Error != "" && said.ErrorDescription != "" {
		return ""
	}
	if err := w.problem.Validate(value); err != nil {
		return fmt.Sprintf("%d, no description of an error: %v", a.status, err)
	}
	switch {
	case said.ErrorMessage == "":
		return fmt.Sprintf("%d with an empty ErrorMessage", a.status)
	case a.status == http.StatusBadRequest && (said.Errors == nil || len(*said.Errors) == 0):
		return "400 without Errors"
	case a.status == http.StatusNotFound && said.Errors != nil:
		return "404 with Errors, which hide the status from clients"
	}
	for _, inside := range []string{"sql:", "SQL logic", "SQLSTATE", "runtime error", "goroutine ", "json: ", "reflect.", "internal/"} {
		if strings.Contains(string(a.body), inside) {
			return fmt.Sprintf("%d that speaks of the server's inside (%q)", a.status, inside)
		}
	}
	return ""
}
