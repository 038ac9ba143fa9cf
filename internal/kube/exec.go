package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"sync"
)

// Session is a program that runs in a container, with its standard input and
// output here. Reading and writing may happen at the same time.
type Session struct {
	ws *socket

	channel byte // of the message being read
	open    bool // a message is being read

	mu    sync.Mutex
	said  []byte // the end of what came on standard error
	ended []byte // the API server's last word
}

// The channels of a session: the first byte of each message.
const (
	stdin  = 0
	stdout = 1
	status = 3
)

// Exec starts a program in a container of a pod.
func (c *Cluster) Exec(ctx context.Context, pod, container string, command ...string) (*Session, error) {
	q := url.Values{"container": {container}, "command": command, "stdin": {"true"}, "stdout": {"true"}, "stderr": {"true"}}
	ws, err := c.dialSocket(ctx, c.pods(pod, "exec")+"?"+q.Encode(), "v5.channel.k8s.io, v4.channel.k8s.io")
	if err != nil {
		return nil, err
	}
	return &Session{ws: ws}, nil
}

// mostSaid is how much of standard error is kept.
const mostSaid = 2 << 10

// Read gives what the program writes to standard output. At its end the error
// is io.EOF, or says why it could not be run.
func (s *Session) Read(p []byte) (int, error) {
	var aside [512]byte
	for {
		if !s.open {
			channel, err := s.ws.next()
			if err != nil {
				return 0, s.farewell(err)
			}
			s.channel, s.open = channel, true
		}
		into := p
		if s.channel != stdout {
			into = aside[:]
		}
		n, err := s.ws.read(into)
		switch {
		case errors.Is(err, errMessageEnd):
			s.open = false
		case n > 0 && s.channel == stdout:
			return n, nil
		case err != nil:
			return 0, s.farewell(err)
		default:
			s.note(into[:n])
		}
	}
}

// note keeps what is said beside standard output.
func (s *Session) note(data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.channel == status {
		s.ended = append(s.ended, data[:min(len(data), mostSaid-min(len(s.ended), mostSaid))]...)
		return
	}
	s.said = append(s.said, data...)
	s.said = s.said[max(0, len(s.said)-mostSaid):]
}

// Said is the end of what the program wrote to standard error.
func (s *Session) Said() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.TrimSpace(string(s.said))
}

// farewell is why there is no more to read.
func (s *Session) farewell(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var last struct{ Status, Message string }
	if json.Unmarshal(s.ended, &last) == nil && last.Status == "Failure" {
		return fmt.Errorf("the program ended: %s", last.Message)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return io.EOF
	}
	return err
}

// Write gives the program standard input.
func (s *Session) Write(p []byte) (n int, err error) {
	for len(p) > 0 {
		part := p[:min(len(p), maxChunk)]
		if err := s.ws.write(opBinary, []byte{stdin}, part); err != nil {
			return n, err
		}
		n, p = n+len(part), p[len(part):]
	}
	return n, nil
}

// Close lets go of the program: its standard input ends.
func (s *Session) Close() error { return s.ws.Close() }
