package host

import (
	"bytes"
	"sync"
	"unicode/utf8"

	"github.com/takodeploy/tako/internal/runner/wire"
)

// lineWriter cuts a stream into lines and puts them into the log. A part
// without an end waits for the rest or for flush.
type lineWriter struct {
	out  *output
	kind wire.RecordKind

	mu      sync.Mutex
	partial []byte
	lines   [][]byte
}

// Write takes the stream's next bytes. It never fails: what the log cannot
// keep is counted there, and the job goes on.
func (w *lineWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(p)
	w.lines = w.lines[:0]
	for len(p) > 0 {
		end := bytes.IndexByte(p, '\n')
		if end < 0 {
			w.hold(p)
			break
		}
		line := p[:end]
		p = p[end+1:]
		if len(w.partial) > 0 {
			w.partial = append(w.partial, line...)
			line = w.partial
			w.partial = nil
		}
		w.cut(bytes.TrimSuffix(line, []byte("\r")))
	}
	if len(w.lines) > 0 {
		w.out.add(w.kind, w.lines...)
	}
	clear(w.lines)
	return n, nil
}

// cut adds a line, in pieces when it is too long for one.
func (w *lineWriter) cut(line []byte) {
	for len(line) > wire.MaxText {
		n := cutAt(line)
		w.lines = append(w.lines, line[:n])
		line = line[n:]
	}
	w.lines = append(w.lines, line)
}

func (w *lineWriter) hold(p []byte) {
	w.partial = append(w.partial, p...)
	for len(w.partial) > wire.MaxText {
		n := cutAt(w.partial)
		w.lines = append(w.lines, w.partial[:n:n])
		w.partial = append([]byte(nil), w.partial[n:]...)
	}
}

// cutAt is a place within the limit that does not split a character.
func cutAt(b []byte) int {
	n := wire.MaxText
	for back := 0; back < utf8.UTFMax && !utf8.RuneStart(b[n]); back++ {
		n--
	}
	return n
}

// flush puts the last line into the log although nothing ended it, and says so
// of it.
func (w *lineWriter) flush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.partial) > 0 {
		w.out.add(w.kind.Opened(), w.partial)
		w.partial = nil
	}
}
