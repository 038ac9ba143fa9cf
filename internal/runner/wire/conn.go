package wire

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// ErrClosed is the error of every stream of a connection that is gone.
var ErrClosed = errors.New("connection lost")

// Window is how many bytes the accepting side takes in advance on a stream.
const Window = 1 << 20

// Conn carries streams over one pair of pipes. One side opens streams, the
// other accepts them.
type Conn struct {
	reader *bufio.Reader
	closer io.Closer
	accept func(*Stream) // nil on the side that opens

	write struct {
		sync.Mutex
		to  io.Writer
		buf []byte
	}

	mu      sync.Mutex
	streams map[uint32]*Stream
	next    uint32
	err     error
	changed time.Time // when the last stream came or went

	done     chan struct{}
	lastRead atomic.Int64 // unix nanoseconds of the last frame
	spoke    atomic.Bool  // there was one
}

// NewConn runs a conversation over r and w, both closed through c. accept is
// called in a goroutine of its own for each stream that the peer opens; it
// is nil on the side that opens them.
func NewConn(r io.Reader, w io.Writer, c io.Closer, accept func(*Stream)) *Conn {
	conn := &Conn{
		reader: bufio.NewReaderSize(r, headerSize+maxPayload), closer: c, accept: accept,
		streams: map[uint32]*Stream{}, done: make(chan struct{}), changed: time.Now(),
	}
	conn.write.to = w
	conn.write.buf = make([]byte, headerSize+maxPayload)
	conn.lastRead.Store(time.Now().UnixNano())
	go conn.readLoop()
	return conn
}

// Done is closed when the connection is gone.
func (c *Conn) Done() <-chan struct{} { return c.done }

// Err says why the connection is gone.
func (c *Conn) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Close ends the connection and every stream on it.
func (c *Conn) Close() error {
	c.fail(ErrClosed)
	return nil
}

// Busy reports how many streams are open and since when that is so.
func (c *Conn) Busy() (streams int, since time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.streams), c.changed
}

// Ask starts a stream with a request that is all this side has to say.
// window is how many bytes of the answer may be under way before they are
// read.
func (c *Conn) Ask(request []byte, window int) (*Stream, error) {
	return c.begin(request, window, frameOpen|endFlag)
}

// Open starts a stream with a request after which this side writes on.
func (c *Conn) Open(request []byte, window int) (*Stream, error) {
	return c.begin(request, window, frameOpen)
}

func (c *Conn) begin(request []byte, window int, kind frameKind) (*Stream, error) {
	if len(request)+4 > maxPayload {
		return nil, fmt.Errorf("request of %d bytes is too long", len(request))
	}
	c.mu.Lock()
	if c.err != nil {
		c.mu.Unlock()
		return nil, c.err
	}
	c.next++
	s := newStream(c, c.next, Window)
	s.grant = window
	s.endSent = kind&endFlag != 0
	c.streams[s.id] = s
	c.changed = time.Now()
	c.mu.Unlock()
	payload := binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(request)), uint32(window))
	if err := c.send(s.id, kind, append(payload, request...)); err != nil {
		return nil, err
	}
	return s, nil
}

// Ping asks the peer for a sign of life.
func (c *Conn) Ping() error { return c.send(0, framePing, nil) }

// Quiet is how long nothing has come from the peer.
func (c *Conn) Quiet() time.Duration {
	return time.Since(time.Unix(0, c.lastRead.Load()))
}

// Heard reports whether anything has come from the peer since.
func (c *Conn) Heard(since time.Time) bool {
	return c.spoke.Load() && c.Quiet() < time.Since(since)
}

func (c *Conn) send(stream uint32, kind frameKind, payload []byte) error {
	c.write.Lock()
	defer c.write.Unlock()
	buf := c.write.buf[:headerSize+len(payload)]
	putHeader(buf, stream, kind, len(payload))
	copy(buf[headerSize:], payload)
	if _, err := c.write.to.Write(buf); err != nil {
		err = fmt.Errorf("%w: %w", ErrClosed, err)
		c.fail(err)
		return err
	}
	return nil
}

func (c *Conn) fail(err error) {
	c.mu.Lock()
	if c.err != nil {
		c.mu.Unlock()
		return
	}
	c.err = err
	streams := c.streams
	c.streams = map[uint32]*Stream{}
	c.mu.Unlock()
	c.closer.Close()
	for _, s := range streams {
		s.abort(err)
	}
	close(c.done)
}

func (c *Conn) forget(id uint32) {
	c.mu.Lock()
	if _, ok := c.streams[id]; ok {
		delete(c.streams, id)
		c.changed = time.Now()
	}
	c.mu.Unlock()
}

var buffers = sync.Pool{New: func() any { b := make([]byte, maxPayload); return &b }}

func takeBuffer(n int) []byte {
	if n < 2048 {
		return make([]byte, n)
	}
	return (*buffers.Get().(*[]byte))[:n]
}

func giveBuffer(b []byte) {
	if cap(b) == maxPayload {
		b = b[:maxPayload]
		buffers.Put(&b)
	}
}

func (c *Conn) readLoop() {
	head := make([]byte, headerSize)
	for {
		f, err := readFrame(c.reader, head, takeBuffer)
		if err == nil {
			c.lastRead.Store(time.Now().UnixNano())
			c.spoke.Store(true)
			err = c.dispatch(f)
		}
		if err != nil {
			if errors.Is(err, io.EOF) {
				c.fail(ErrClosed)
			} else {
				c.fail(fmt.Errorf("%w: %w", ErrClosed, err))
			}
			return
		}
	}
}

func (c *Conn) dispatch(f frame) error {
	switch f.kind &^ endFlag {
	case framePing:
		return c.send(0, framePong, nil)
	case framePong:
		return nil
	case frameOpen:
		return c.open(f)
	}
	c.mu.Lock()
	s := c.streams[f.stream]
	c.mu.Unlock()
	if s == nil { // ended on this side while the frame was under way
		giveBuffer(f.payload)
		return nil
	}
	return s.take(f)
}

func (c *Conn) open(f frame) error {
	if c.accept == nil || len(f.payload) < 4 {
		return errors.New("peer opened a stream where none was expected")
	}
	s := newStream(c, f.stream, int(binary.BigEndian.Uint32(f.payload)))
	s.grant = Window
	s.ended = f.kind&endFlag != 0
	s.request = append([]byte(nil), f.payload[4:]...)
	giveBuffer(f.payload)
	c.mu.Lock()
	if _, taken := c.streams[s.id]; taken {
		c.mu.Unlock()
		return fmt.Errorf("peer opened stream %d twice", s.id)
	}
	c.streams[s.id] = s
	c.changed = time.Now()
	c.mu.Unlock()
	go c.accept(s)
	return nil
}
