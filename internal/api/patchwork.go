package api

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"net/http"
	"strconv"
	"sync"
)

// patchwork is an answer put together from texts most of which are kept from one
// answer to the next: none is copied before it is sent, and what tells answers
// apart is made of the sums of the texts, so that a client that has the answer
// already costs no look at it.
type patchwork struct {
	texts [][]byte
	size  int
	sum   hash.Hash
	first bool // the next item is the first of its list
}

// patch is a text that is kept, with its sum.
type patch struct {
	text []byte
	sum  [16]byte
}

func patchOf(text []byte) patch {
	sum := sha256.Sum256(text)
	return patch{text, [16]byte(sum[:])}
}

// frames are the lists of texts that patchworks had; a large one has thousands.
var frames sync.Pool

func newPatchwork() *patchwork {
	p := &patchwork{sum: sha256.New()}
	if old, _ := frames.Get().(*[][]byte); old != nil {
		p.texts = (*old)[:0]
	}
	return p
}

func (p *patchwork) add(one patch) {
	p.texts = append(p.texts, one.text)
	p.size += len(one.text)
	p.sum.Write(one.sum[:])
}

// open begins a list with a text.
func (p *patchwork) open(text string) {
	p.add(patchOf([]byte(text)))
	p.first = true
}

// item adds one to the list; an empty one is none.
func (p *patchwork) item(one patch) {
	if len(one.text) == 0 {
		return
	}
	if !p.first {
		p.texts = append(p.texts, comma)
		p.size += len(comma)
	}
	p.first = false
	p.add(one)
}

var comma = []byte{','}

// close ends a list with a text.
func (p *patchwork) close(text string) { p.add(patchOf([]byte(text))) }

// sheet is in what pieces a patchwork is written.
const sheet = 64 << 10

var sheets = sync.Pool{New: func() any { s := make([]byte, 0, sheet); return &s }}

// sendPatchwork writes the answer, which nobody may use any more.
func (r *Request) sendPatchwork(p *patchwork) {
	h := r.W.Header()
	if h.Get("ETag") == "" {
		h.Set("ETag", `"`+hex.EncodeToString(p.sum.Sum(nil)[:8])+`"`)
	}
	h.Set("Cache-Control", "no-cache")
	r.written = true
	if names(r.Header.Get("If-None-Match"), h.Get("ETag")) {
		r.W.WriteHeader(http.StatusNotModified)
	} else {
		h.Set("Content-Type", "application/json; charset=utf-8")
		h.Set("Content-Length", strconv.Itoa(p.size))
		packed := r.compressed(p.size)
		r.W.WriteHeader(http.StatusOK)
		switch {
		case r.Method == http.MethodHead:
		case packed:
			z := compress(r.W)
			p.write(z)
			_ = z.Close()
		default:
			p.write(r.W)
		}
	}
	clear(p.texts)
	frames.Put(&p.texts)
}

func (p *patchwork) write(w io.Writer) {
	s := sheets.Get().(*[]byte)
	defer sheets.Put(s)
	for _, text := range p.texts {
		for len(text) > 0 {
			n := copy((*s)[len(*s):sheet], text)
			*s, text = (*s)[:len(*s)+n], text[n:]
			if len(*s) < sheet {
				break
			}
			// A client that hung up learns nothing more; there is nobody to tell.
			if _, err := w.Write(*s); err != nil {
				*s = (*s)[:0]
				return
			}
			*s = (*s)[:0]
		}
	}
	_, _ = w.Write(*s)
	*s = (*s)[:0]
}
