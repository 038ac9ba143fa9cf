package api

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"

	"github.com/takodeploy/tako/internal/fault"
)

// Every JSON answer to a GET has an ETag: the version of what is stored, where
// there is one, and a sum of the answer. The sum is what If-None-Match goes by,
// since an answer can hold more than the document of that version; If-Match goes
// by the version, or by the sum where there is none.

func etag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// tag gives an answer its ETag, unless it has one of its own.
func (r *Request) tag(body []byte) string {
	h := r.W.Header()
	if h.Get("ETag") == "" {
		sum := sha256.Sum256(body)
		text := hex.EncodeToString(sum[:8])
		if r.revision > 0 {
			text = strconv.FormatInt(r.revision, 10) + "-" + text
		}
		h.Set("ETag", `"`+text+`"`)
	}
	return h.Get("ETag")
}

// names tells whether a list of ETags, as If-Match and If-None-Match have them,
// names a tag.
func names(list, tag string) bool {
	for one := range strings.SplitSeq(list, ",") {
		if one = strings.TrimPrefix(strings.TrimSpace(one), "W/"); one == "*" || one == tag {
			return true
		}
	}
	return false
}

// known tells whether the caller of a GET has this very answer already.
func (r *Request) known(code int, body []byte) bool {
	if code != http.StatusOK || len(body) == 0 || r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	return names(r.Header.Get("If-None-Match"), r.tag(body))
}

// match refuses a write whose If-Match names another version than the stored;
// 0 is that of what is not stored yet.
func (r *Request) match(version int64) error {
	want := r.Header.Get("If-Match")
	if want == "" || version == 0 || strings.HasPrefix(want, strings.TrimSuffix(etag(version), `"`)+"-") || names(want, etag(version)) {
		return nil
	}
	return fault.New(fault.Conflict, "The resource is at version %d, but the request is for version %s. Somebody else changed it in the meantime; read it again and repeat the change.", version, want)
}

// unchanged refuses a write whose If-Match names another state than what a GET
// of the same path answers now. A write of what has a version is checked once
// more where nobody comes in between.
func (a *API) unchanged(r *Request) error {
	want := r.Header.Get("If-Match")
	if want == "" || r.reading == nil || r.Method != http.MethodPut && r.Method != http.MethodDelete {
		return nil
	}
	asked := *r.Request
	asked.Method, asked.Body = http.MethodGet, http.NoBody
	look := &Request{Request: &asked, W: &unseen{header: http.Header{}}, ID: r.ID, Space: r.Space, Principal: r.Principal, Rights: r.Rights,
		api: a, implicit: r.implicit, wall: r.wall, params: r.params}
	if r.reading.Permission != "" && look.Need(r.reading.Permission, At{}) != nil {
		return nil // who may not look may still be allowed to write
	}
	value, err := r.reading.Handle(look)
	if err != nil {
		return nil // the write will tell
	}
	if look.W.Header().Get("ETag") != "" || look.written {
		return nil // it has tags of its own, and looks after them
	}
	_, body, err := encode(value)
	switch {
	case err != nil:
		return err
	case look.revision > 0:
		return r.match(look.revision)
	case names(want, look.tag(body)):
		return nil
	}
	return fault.New(fault.Conflict, "The resource is not as it was at %s any more. Somebody else changed it in the meantime; read it again and repeat the change.", want)
}

// unseen takes an answer that nobody gets.
type unseen struct{ header http.Header }

func (u *unseen) Header() http.Header            { return u.header }
func (u *unseen) Write(data []byte) (int, error) { return len(data), nil }
func (u *unseen) WriteHeader(int)                {}
