package api

import (
	"io"
	"net/http"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// compressFrom is from how many bytes on an answer is compressed: a smaller one
// takes few packets either way. See docs/decisions/031-compression.md.
const compressFrom = 4 << 10

// compressed prepares for an answer of so many bytes and says whether it goes out
// compressed. Only what somebody reads is: answers to writes may tell a new key once,
// and next to text that others choose, the length of what is compressed tells of it.
// The ETag stays, since ours are compared with each other and never used for ranges.
func (r *Request) compressed(size int) bool {
	if size < compressFrom || r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	h := r.W.Header()
	h.Add("Vary", "Accept-Encoding")
	if !takesGzip(r.Header.Values("Accept-Encoding")) {
		return false
	}
	h.Set("Content-Encoding", "gzip")
	h.Del("Content-Length")
	return true
}

// takesGzip reads what codings a caller takes; gzip must be named.
func takesGzip(accepted []string) bool {
	for one := range strings.SplitSeq(strings.Join(accepted, ","), ",") {
		coding, weight, _ := strings.Cut(one, ";")
		if !strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			continue
		}
		weight = strings.TrimPrefix(strings.ReplaceAll(strings.ToLower(weight), " ", ""), "q=")
		return strings.Trim(weight, "0.") != "" || weight == ""
	}
	return false
}

// compress gives a writer that compresses each text that it is given by itself, so
// that nothing is held in memory between two of them. Texts are large.
func compress(w io.Writer) io.WriteCloser {
	z, err := gzip.NewWriterLevel(w, gzip.StatelessCompression)
	if err != nil {
		panic(err) // the level is one of its own
	}
	return z
}
