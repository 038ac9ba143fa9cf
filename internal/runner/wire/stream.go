package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
)

// Stream is one exchange of a Conn: a request, bytes both ways, an end.
type Stream struct {
	conn    *Conn
	id      uint32
	request []byte
	grant   int // bytes the peer may have under way to us

	mu       sync.Mutex
	cond     sync.Cond
	queue    [][]byte // received, not yet read
	head     int      // read from queue[0]
	eaten    int      // read, not yet granted again
	queued   int      // bytes in queue
	credit   int      // bytes we may still send
	ended    bool     // the peer sends no more
	endSent  bool
	err      error
	released bool
	gone     chan struct{}
}

func newStream(c *Conn, id uint32, credit int) *Stream {
	s := &Stream{conn: c, id: id, credit: credit, gone: make(chan struct{})}
	s.cond.L = &s.mu
	return s
}

// Request is what the peer opened the stream with.
func (s *Stream) Request() []byte { return s.request }

func (s *Stream) take(f frame) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch f.kind &^ endFlag {
	case frameData:
		if s.queued+len(f.payload) > s.grant {
			return errors.New("peer sent more than its window")
		}
		if s.err != nil {
			giveBuffer(f.payload)
			return nil
		}
		if len(f.payload) > 0 {
			s.queued += len(f.payload)
			s.queue = append(s.queue, f.payload)
		}
		s.ended = s.ended || f.kind&endFlag != 0
	case frameEnd:
		s.ended = true
	case frameReset:
		s.breakWith(fmt.Errorf("%w: %s", ErrClosed, f.payload))
	case frameWindow:
		if len(f.payload) != 4 {
			return errors.New("window frame is malformed")
		}
		s.credit += int(binary.BigEndian.Uint32(f.payload))
	default:
		return errors.New("frame of an unknown kind")
	}
	s.cond.Broadcast()
	return nil
}

// Read reads what the peer sent; io.EOF after its end.
func (s *Stream) Read(p []byte) (int, error) {
	s.mu.Lock()
	for len(s.queue) == 0 && !s.ended && s.err == nil {
		s.cond.Wait()
	}
	if len(s.queue) == 0 {
		defer s.mu.Unlock()
		if s.err != nil {
			return 0, s.err
		}
		return 0, io.EOF
	}
	n := 0
	for n < len(p) && len(s.queue) > 0 {
		m := copy(p[n:], s.queue[0][s.head:])
		n, s.head = n+m, s.head+m
		if s.head == len(s.queue[0]) {
			giveBuffer(s.queue[0])
			s.queue[0] = nil
			s.queue, s.head = s.queue[1:], 0
		}
	}
	s.queued -= n
	s.eaten += n
	grant := 0
	if s.eaten >= s.grant/2 && !s.ended && s.err == nil {
		grant, s.eaten = s.eaten, 0
	}
	s.mu.Unlock()
	if grant > 0 {
		var b [4]byte
		binary.BigEndian.PutUint32(b[:], uint32(grant))
		// A write that fails ends the stream; the next Read reports it.
		_ = s.conn.send(s.id, frameWindow, b[:])
	}
	return n, nil
}

// Buffered is how many bytes Read would give without waiting.
func (s *Stream) Buffered() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queued
}

// Write sends bytes, waiting for the peer's window.
func (s *Stream) Write(p []byte) (int, error) { return s.write(p, false) }

// WriteLast sends bytes and that no more come.
func (s *Stream) WriteLast(p []byte) error {
	_, err := s.write(p, true)
	return err
}

func (s *Stream) write(p []byte, last bool) (int, error) {
	n := 0
	for n < len(p) || last {
		s.mu.Lock()
		for s.credit == 0 && s.err == nil {
			s.cond.Wait()
		}
		if s.err != nil {
			s.mu.Unlock()
			return n, s.err
		}
		m := min(len(p)-n, s.credit, maxPayload)
		s.credit -= m
		kind := frameData
		if last && n+m == len(p) {
			kind, s.endSent = frameData|endFlag, true
		}
		s.mu.Unlock()
		if err := s.conn.send(s.id, kind, p[n:n+m]); err != nil {
			return n, err
		}
		if n += m; kind != frameData {
			break
		}
	}
	return n, nil
}

// CloseWrite tells the peer that no more comes.
func (s *Stream) CloseWrite() error {
	s.mu.Lock()
	if s.endSent || s.err != nil {
		defer s.mu.Unlock()
		if s.ended { // the peer has said all it had to say and left first
			return nil
		}
		return s.err
	}
	s.endSent = true
	s.mu.Unlock()
	return s.conn.send(s.id, frameEnd, nil)
}

// Close gives the stream up. A peer that is still at it is told.
func (s *Stream) Close() error {
	s.mu.Lock()
	if s.released {
		s.mu.Unlock()
		return nil
	}
	s.released = true
	clean := s.endSent && s.ended
	broken := s.err != nil
	s.breakWith(ErrClosed)
	for _, b := range s.queue {
		giveBuffer(b)
	}
	s.queue, s.queued = nil, 0
	s.mu.Unlock()
	s.conn.forget(s.id)
	if !clean && !broken {
		_ = s.conn.send(s.id, frameReset, []byte("given up by the other side"))
	}
	return nil
}

func (s *Stream) abort(err error) {
	s.mu.Lock()
	s.breakWith(err)
	s.mu.Unlock()
}

// Gone is closed when the stream can no longer be used.
func (s *Stream) Gone() <-chan struct{} { return s.gone }

// breakWith records why the stream is over; the caller holds the lock.
func (s *Stream) breakWith(err error) {
	if s.err == nil {
		s.err = err
		close(s.gone)
	}
	s.cond.Broadcast()
}
