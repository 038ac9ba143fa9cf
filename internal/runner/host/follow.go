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
	var f *os.File
	defer func() {
		if f != nil {
			f.Close()
		}
	}()
	at, skip := t.start(after), after
	last := time.Time{}
	buf := make([]byte, 32<<10)
	for {
		size, ended, ok := t.more(s, at, last)
		if !ok {
			return nil
		}
		if size > at && f == nil {
			var err error
			if f, err = os.Open(t.out.path); err != nil {
				if t.gone.Load() {
					return wire.Errorf(wire.CodeNotFound, "Ticket %s was completed.", t.name)
				}
				return err
			}
		}
		for at < size {
			n, err := f.ReadAt(buf[:min(int64(len(buf)), size-at)], at)
			if n == 0 && err != nil {
				if errors.Is(err, io.EOF) {
					err = io.ErrUnexpectedEOF
				}
				return err
			}
			piece, consumed, err := beyond(buf[:n], &skip)
			if err != nil {
				return err
			}
			if consumed == 0 { // one record is longer than the buffer
				buf = make([]byte, 2*len(buf))
				continue
			}
			at += int64(consumed)
			if _, err := s.Write(piece); err != nil {
				return nil
			}
		}
		last = time.Now()
		if ended {
			return t.sendExit(s)
		}
	}
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

func (t *ticket) sendExit(s *wire.Stream) error {
	<-t.exited
	data, err := json.Marshal(t.exit)
	if err != nil {
		return err
	}
	_, err = s.Write(wire.AppendRecord(nil, wire.Record{Kind: wire.RecordExit, Seq: t.exit.Last, Text: data}))
	if err != nil {
		return nil
	}
	return s.CloseWrite()
}
