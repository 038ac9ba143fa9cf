package kube

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/sha1"
	"crypto/subtle"
	"crypto/tls"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
)

// socket is the client's side of a WebSocket (RFC 6455), as far as the API
// server needs it: binary messages, each of one frame when written.
type socket struct {
	conn   net.Conn
	reader *bufio.Reader

	mu  sync.Mutex // of writing
	buf []byte

	left  int64 // of the frame being read
	final bool  // the frame being read is its message's last
}

const (
	opBinary = 2
	opClose  = 8
	opPing   = 9
	opPong   = 10

	maxControl = 125
	// maxChunk is how much of a message is sent in one frame.
	maxChunk = 32 << 10
)

// dialSocket opens a WebSocket under one of the protocols.
func (c *Cluster) dialSocket(ctx context.Context, path, protocols string) (*socket, error) {
	at, err := url.Parse(c.Address)
	if err != nil {
		return nil, fmt.Errorf("reading the API server's address: %w", err)
	}
	conn, err := (&net.Dialer{Timeout: answerTime}).DialContext(ctx, "tcp", at.Host)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	if at.Scheme == "https" {
		config := c.TLS.Clone()
		config.NextProtos = []string{"http/1.1"}
		if config.ServerName == "" {
			config.ServerName = at.Hostname()
		}
		conn = tls.Client(conn, config)
	}
	s, err := c.upgrade(ctx, conn, path, protocols)
	if err == nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return s, nil
}

// upgrade turns a connection of HTTP into a WebSocket.
func (c *Cluster) upgrade(ctx context.Context, conn net.Conn, path, protocols string) (*socket, error) {
	r, err := c.request(ctx, http.MethodGet, path, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Del("Accept") // what is said is no JSON
	var nonce [16]byte
	_, _ = rand.Read(nonce[:])
	key := base64.StdEncoding.EncodeToString(nonce[:])
	r.Header.Set("Connection", "Upgrade")
	r.Header.Set("Upgrade", "websocket")
	r.Header.Set("Sec-WebSocket-Version", "13")
	r.Header.Set("Sec-WebSocket-Key", key)
	r.Header.Set("Sec-WebSocket-Protocol", protocols)
	if err := r.Write(conn); err != nil {
		return nil, err
	}
	reader := bufio.NewReaderSize(conn, 32<<10)
	answer, err := http.ReadResponse(reader, r)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusSwitchingProtocols {
		defer answer.Body.Close()
		if err := refusal(answer); err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("the API server answers %s and opens no WebSocket", answer.Status)
	}
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	if answer.Header.Get("Sec-WebSocket-Accept") != base64.StdEncoding.EncodeToString(sum[:]) {
		return nil, errors.New("the answer to the opening of a WebSocket is not for it")
	}
	return &socket{conn: conn, reader: reader}, nil
}

// write sends one frame: a first byte, if any, and the data.
func (s *socket) write(op byte, first []byte, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(first) + len(data)
	b := append(s.buf[:0], 0x80|op)
	switch {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	var mask [64]byte // the four bytes again and again, so that many are masked at once
	_, _ = rand.Read(mask[:4])
	for at := 4; at < len(mask); at += 4 {
		copy(mask[at:], mask[:4])
	}
	b = append(b, mask[:4]...)
	start := len(b)
	b = append(append(b, first...), data...)
	for at := start; at < len(b); at += len(mask) {
		end := min(at+len(mask), len(b))
		subtle.XORBytes(b[at:end], b[at:end], mask[:end-at])
	}
	s.buf = b
	_, err := s.conn.Write(b)
	return err
}

// frame reads the head of the next frame that carries a message's bytes, and
// does what control frames ask for. io.EOF is the peer's farewell.
func (s *socket) frame() error {
	for {
		var head [8]byte
		if _, err := io.ReadFull(s.reader, head[:2]); err != nil {
			return err
		}
		final, op, masked, size := head[0]&0x80 != 0, head[0]&0xf, head[1]&0x80 != 0, int64(head[1]&0x7f)
		switch size {
		case 126:
			if _, err := io.ReadFull(s.reader, head[:2]); err != nil {
				return err
			}
			size = int64(binary.BigEndian.Uint16(head[:2]))
		case 127:
			if _, err := io.ReadFull(s.reader, head[:8]); err != nil {
				return err
			}
			size = int64(binary.BigEndian.Uint64(head[:8]))
		}
		if masked || size < 0 || op >= opClose && size > maxControl {
			return errors.New("the API server sends a frame that makes no sense")
		}
		if op < opClose {
			s.left, s.final = size, final
			return nil
		}
		data := make([]byte, size)
		if _, err := io.ReadFull(s.reader, data); err != nil {
			return err
		}
		switch op {
		case opClose:
			_ = s.write(opClose, nil, data)
			return io.EOF
		case opPing:
			if err := s.write(opPong, nil, data); err != nil {
				return err
			}
		}
	}
}

// errMessageEnd says that the current message has no more bytes.
var errMessageEnd = errors.New("end of the message")

// next goes on to the next message and gives its first byte.
func (s *socket) next() (byte, error) {
	for s.left == 0 {
		if err := s.frame(); err != nil {
			return 0, err
		}
	}
	s.left--
	return s.reader.ReadByte()
}

// read gives bytes of the current message.
func (s *socket) read(p []byte) (int, error) {
	for s.left == 0 {
		if s.final {
			return 0, errMessageEnd
		}
		if err := s.frame(); err != nil {
			return 0, err
		}
	}
	n, err := s.reader.Read(p[:min(int64(len(p)), s.left)])
	s.left -= int64(n)
	return n, err
}

// Close hangs up.
func (s *socket) Close() error {
	return s.conn.Close()
}
