package host

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"time"

	"github.com/takodeploy/tako/internal/runner/wire"
)

const (
	// firstDelay lets a quick job's lines and its exit travel together.
	firstDelay = 20 * time.Millisecond
	// batchDelay is the pace of a job that goes on printing.
	batchDelay = 100 * time.Millisecond
	batchSize  = 64 << 10
)

// follow sends the records after the cursor as they come, then the exit.
func (t *ticket) follow(s *wire.Stream, after int64) error {
	r := &logReader{t: t, at: t.start(after), skip: after}
	defer r.close()
	last := time.Time{}
	for {
		size, ended, ok := t.more(s, r.at, last)
		if !ok {
			return nil
		}
		if !ended {
			// What somebody has seen must be there after this process is
			// killed, or the numbers of lines would not agree.
			t.out.spill()
		}
		for r.at < size {
			piece, err := r.next(size)
			if err != nil {
				return err
			}
			if ended && r.at >= size { // what is left and the exit travel together
				return t.sendExit(s, piece)
			}
			if _, err := s.Write(piece); err != nil {
				return nil
			}
		}
		last = time.Now()
		if ended {
			return t.sendExit(s, nil)
		}
	}
}

// logReader gives a log's bytes from a cursor on, whether they are still in
// memory or on disk.
type logReader struct {
	t    *ticket
	at   int64
	skip int64 // records up to this number are left out
	file *os.File
	done func() error // with the file
	buf  []byte
}

func (r *logReader) close() {
	if r.file != nil {
		_ = r.done()
	}
}

// next gives the next piece, which may be empty, and moves on.
func (r *logReader) next(size int64) ([]byte, error) {
	for {
		b, err := r.read(size)
		if err != nil {
			return nil, err
		}
		piece, consumed, err := beyond(b, &r.skip)
		if err != nil {
			return nil, err
		}
		if consumed > 0 {
			r.at += int64(consumed)
			return piece, nil
		}
		r.buf = make([]byte, 2*len(r.buf)) // one record is longer than the buffer
	}
}

func (r *logReader) read(size int64) ([]byte, error) {
	if b, ok := r.t.out.inMemory(r.at); ok {
		return b[:min(int64(len(b)), size-r.at)], nil
	}
	if r.file == nil {
		var err error
		if r.file, r.done, err = r.t.out.open(); err != nil {
			if r.t.gone.Load() {
				return nil, wire.Errorf(wire.CodeNotFound, "Ticket %s was completed.", r.t.name)
			}
			return nil, err
		}
		r.buf = make([]byte, 32<<10)
	}
	n, err := r.file.ReadAt(r.buf[:min(int64(len(r.buf)), size-r.at)], r.at)
	if n == 0 {
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return r.buf[:n], nil
}

// start is where in the log a follower with this cursor begins.
func (t *ticket) start(after int64) int64 {
	t.out.mu.Lock()
	defer t.out.mu.Unlock()
	return t.out.from(after)
}

// beyond leaves out the records up to the cursor. Once past it, pieces go
// through as they are, even if they end in the middle of a record.
func beyond(b []byte, skip *int64) (piece []byte, consumed int, err error) {
	if *skip <= 0 {
		return b, len(b), nil
	}
	rest := b
	for {
		r, next, ok, err := wire.ParseRecord(rest)
		if err != nil {
			return nil, 0, err
		}
		if !ok {
			return nil, len(b) - len(rest), nil
		}
		if r.Seq > *skip {
			*skip = 0
			return rest, len(b), nil
		}
		rest = next
	}
}

// more waits until there is something to send: a batch's worth, a batch's
// time, or the end. It reports false when the follower is gone.
func (t *ticket) more(s *wire.Stream, at int64, last time.Time) (size int64, ended, ok bool) {
	var pace *time.Timer
	var due <-chan time.Time
	defer func() {
		if pace != nil {
			pace.Stop()
		}
	}()
	for {
		t.out.mu.Lock()
		size, ended = t.out.size, t.out.ended
		changed := t.out.wait()
		t.out.mu.Unlock()
		if ended || size-at >= batchSize {
			return size, ended, true
		}
		if size > at && pace == nil {
			pace = time.NewTimer(max(firstDelay, batchDelay-time.Since(last)))
			due = pace.C
		}
		select {
		case <-changed:
		case <-due:
			return size, ended, true
		case <-s.Gone():
			return 0, false, false
		}
	}
}

func (t *ticket) sendExit(s *wire.Stream, rest []byte) error {
	<-t.exited
	data, err := json.Marshal(t.exit)
	if err != nil {
		return err
	}
	record := wire.Record{Kind: wire.RecordExit, Seq: t.exit.Last, Text: data}
	_ = s.WriteLast(wire.AppendRecord(rest[:len(rest):len(rest)], record))
	return nil
}
